"""Status pages: what a provider posted becomes an interval, and a quiet page is no fault."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from blameline.intake import load
from blameline.sources.heads import look
from blameline.sources.statuspage import StatuspageIncidents

if TYPE_CHECKING:
    from blameline.records import Change
    from blameline.store import Store

PAGES = Path(__file__).parent / "fixtures" / "statuspage"


def posted(name: str) -> str:
    return (PAGES / name).read_text()


def change(store: Store, number: str) -> Change:
    return next(one for one in store.changes() if one.id == f"statuspage-{number}")


@pytest.mark.parametrize(
    ("name", "missing"),
    [("claude_summary_incident.json", 0), ("quiet_summary.json", 0), ("incidents_full.json", 0),
     ("compatible_incidents.json", 0), ("maintenances.json", 1)],
)  # fmt: skip
def test_every_incident_comes_once(store: Store, take, name: str, missing: int) -> None:
    document = json.loads(posted(name))
    ids = {one["id"] for key in ("incidents", "scheduled_maintenances") for one in document.get(key, [])}
    found = take({name: posted(name)})
    assert found.problems == ()
    assert len(store.changes()) == len(ids) - missing
    assert [(file.format, file.rows) for file in found.files] == [("statuspage", len(ids) - missing)]


def test_an_incident_that_is_over_is_an_interval(store: Store, take) -> None:
    take({"incidents.json": posted("incidents_full.json")})
    one = change(store, "l0wfwnhd33vx")
    assert (one.kind, one.layer, one.component) == ("provider_update", "model", "Modelhaus: Chat :: Large models")
    assert one.at == datetime(2026, 3, 14, 12, 20, tzinfo=UTC)
    assert one.recorded_at == datetime(2026, 3, 14, 12, 57, 26, 256000, tzinfo=UTC)
    assert one.uncertainty == timedelta(minutes=37, seconds=26), "it was posted late by as much"
    ended = datetime(2026, 3, 14, 14, 5, 42, 914000, tzinfo=UTC)
    assert [(stage.at, stage.percent) for stage in one.rollout] == [(one.at, 100), (ended, 0)]
    assert one.summary == "Elevated error rates on the API (major, resolved)", "the later edit, not the first copy"
    assert one.diff == "resolved: This incident has been resolved.\nRequests succeed again."


def test_an_open_incident_has_no_end_whatever_its_impact_says(store: Store, take) -> None:
    take({"incidents.json": posted("incidents_full.json")})
    one = change(store, "m1nor00open0")
    assert one.rollout == ()
    assert one.at == datetime(2026, 3, 14, 7, 30, tzinfo=UTC), "what the first update shows, before it was created"
    assert one.uncertainty == timedelta(minutes=30)
    assert one.component == "Modelhaus: Embeddings", "named by an update, the other one has null"
    assert one.diff
    assert one.diff.startswith("monitoring: A fix is out.")
    assert one.diff.endswith("… (cut)")


def test_a_real_page_with_a_mild_indicator_and_an_incident(store: Store, take) -> None:
    text = posted("claude_summary_incident.json").replace('"minor"', '"none"').replace("partial_outage", "operational")
    take({"summary.json": text})
    (one,) = store.changes()
    assert (one.at, one.recorded_at) == (datetime(2026, 9, 29, 14, 21, 37, 188000, tzinfo=UTC),) * 2
    assert one.uncertainty == timedelta(minutes=15)
    assert one.component.startswith("Claude: claude.ai, Claude Console (platform.claude.com), ")
    assert one.summary.endswith("and the Claude API (major, investigating)")


def test_compatible_pages(store: Store, take) -> None:
    take({"incidents.json": posted("compatible_incidents.json")})
    over = change(store, "01K8Z3J5Q4N6T7V8W9X0Y1Z2A3")
    assert [stage.at.hour * 60 + stage.at.minute for stage in over.rollout] == [720, 810], (
        "from the update: no resolved_at"
    )
    assert over.component == "status.compatible.example"
    assert change(store, "01K8Z3J5Q4N6T7V8W9X0Y1Z2B1").rollout == ()


def test_a_maintenance_that_took_place_is_an_interval_from_its_planned_start(store: Store, take) -> None:
    take({"maintenances.json": posted("maintenances.json")})
    (one,) = store.changes()
    assert [stage.at.isoformat()[:16] for stage in one.rollout] == ["2026-03-01T02:00", "2026-03-01T03:05"]
    assert (one.kind, one.summary) == ("provider_update", "Database upgrade (maintenance, completed)")


@pytest.mark.parametrize("form", ["lines", "list", "bare list", "one line"])
def test_any_form_of_the_same_page(store: Store, take, form: str) -> None:
    document = json.loads(posted("incidents_full.json"))
    written = {
        "lines": "".join(json.dumps({**document, "incidents": [one]}) + "\n" for one in document["incidents"]),
        "list": json.dumps([document, document], indent=1),
        "bare list": json.dumps(document["incidents"], indent=1),
        "one line": json.dumps(document),
    }
    assert take({"pages": written[form]}).problems == ()
    assert [one.id for one in store.changes()] == ["statuspage-m1nor00open0", "statuspage-l0wfwnhd33vx"]
    assert change(store, "l0wfwnhd33vx").summary == "Elevated error rates on the API (major, resolved)"


def test_bad_incidents_are_told_with_their_line(store: Store, take) -> None:
    good = {"id": "g", "name": "n", "status": "resolved", "created_at": "2026-03-01T00:00:00Z",
            "resolved_at": "2026-03-01T01:00:00Z", "incident_updates": []}  # fmt: skip
    bad = [
        {**good, "id": None},
        {**good, "id": "a", "created_at": "0001-01-01T00:00:00+02:00"},
        {**good, "id": "b", "resolved_at": "2026-02-01T01:00:00Z"},
        {
            **good,
            "id": "c",
            "status": ["x"],
            "name": {"a": 1},
            "components": "x",
            "incident_updates": [None, {"body": 3}],
        },
        "word",
        good,
    ]
    page = '{"page": {"id": "p", "name": "P", "url": "https://p.example"}, "incidents": [\n'
    found = take({"incidents.json": page + ",\n".join(json.dumps(one) for one in bad) + "\n]}\n"})
    assert sorted(one.id for one in store.changes()) == ["statuspage-b", "statuspage-c", "statuspage-g"]
    assert sorted((problem.line, problem.message) for problem in found.problems) == [
        (2, "the incident has no id"),
        (3, "the incident a has no time that can be read"),
        (4, "the incident b ended before it began: its end is left out"),
        (6, "not a record: a JSON object is expected"),
    ]


@pytest.mark.parametrize(
    "text",
    ['{"page": {"id": "p", "name": "P"}, "incidents": null, "status": {"indicator": "none"}}',
     '{"page": {"id": "p", "name": "P"}, "status": {"indicator": "major"}}', '{"page": {"id": "p", "url": 3}, "incidents": {}}'],
)  # fmt: skip
def test_a_page_without_incidents_is_no_fault(store: Store, take, text: str) -> None:
    assert take({"summary.json": text}).problems == ()
    assert store.changes() == ()


@pytest.mark.parametrize(
    "text",
    ['{"incidents": [{"id": "Q1", "urgency": "high", "created_at": "2026-01-01T00:00:00Z", "service": {}}]}',
     '{"page": {"number": 1, "size": 20}, "incidents": [{"id": 1}]}', '{"status": {"indicator": "none"}, "components": []}'],
    ids=["pagerduty", "paging", "no page"],
)  # fmt: skip
def test_look_alikes_are_left_alone(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(text)
    assert not StatuspageIncidents().sniff(path, look(path))


def test_a_truncated_page_is_one_problem_and_loading_twice_changes_nothing(store: Store, take, case: Path) -> None:
    found = take({"a.json": posted("incidents_full.json"), "b.json": posted("incidents_full.json")[:4000]})
    assert [problem.source for problem in found.problems] == ["b.json"]
    before, problems = store.changes(), found.problems
    assert load(store, [case]).changes == 0
    assert store.changes() == before
    again = take({"c.json": posted("incidents_full.json") + "\n"})
    assert again.problems == problems, "the same incident from another file is the same record"
