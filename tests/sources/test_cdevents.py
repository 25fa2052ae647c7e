from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from blameline.intake import load
from blameline.records import Manifest
from blameline.sources import Found, discover
from blameline.sources.cdevents import CDEvents
from blameline.sources.heads import File, look

if TYPE_CHECKING:
    from collections.abc import Iterable

    from blameline.store import Store

HERE = Path(__file__).parent / "fixtures" / "cdevents"
EVENTS = (HERE / "events.jsonl").read_text(encoding="utf-8")
GIVEN = [json.loads(line) for line in EVENTS.splitlines()]
ACTS = ("service.deployed", "service.upgraded", "service.rolledback", "service.removed", "environment.modified")
WRAPPED = ["events.jsonl", "cloudevents.structured.json", "cloudevents.binary.jsonl"]


def text(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8")


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC)


def test_every_fixture_is_known() -> None:
    names = {path.name for path in HERE.iterdir() if path.suffix in {".json", ".jsonl"}}
    found = {part.file.source: part.reader.name for part in discover([HERE]) if isinstance(part, Found)}
    assert found == dict.fromkeys(names, "cdevents")


@pytest.mark.parametrize("name", WRAPPED)
def test_the_same_events_in_any_wrapper(store: Store, take, name: str) -> None:
    assert take({name: text(name)}).problems == ()
    acting = [event for event in GIVEN if event["context"]["type"].removeprefix("dev.cdevents.").startswith(ACTS)]
    moved = [event for event in GIVEN if event["subject"]["content"].get("changed")]
    assert len(store.changes()) == len(acting) + len(moved)
    assert {change.id.rpartition("-e-")[2] for change in store.changes()} == {
        event["context"]["id"].removeprefix("e-") for event in [*acting, *moved]
    }
    assert [alert.id for alert in store.alerts()] == ["inc-1", "inc-2"]
    assert [run.run_id for run in store.eval_runs()] == ["suite-run-1", "suite-run-2"]


def test_a_deploy_field_by_field(store: Store, take) -> None:
    take({"a.jsonl": EVENTS})
    changes = {change.id.rpartition("-")[2]: change for change in store.changes()}
    first, second = changes["1"], changes["2"]
    assert (first.kind, first.layer, first.component, first.to) == ("deploy", "deploy", "service/support", "1.9.0")
    assert first.scope == {"deployment.environment.name": "prod"}
    assert (second.at, second.to) == (at(14, 8, 12), "2.0.0")
    assert changes["4"].to == "234fd47e07d1004f0aed9c"
    assert (changes["5"].to, changes["5"].summary) == (None, "service service/old removed (it no longer runs)")
    assert (changes["6"].kind, changes["6"].scope) == ("infra_change", {"deployment.environment.name": "production"})
    assert (changes["16"].component, changes["16"].to) == ("prod", "a8f3c21")


def test_a_roll_back_reverts_the_deploy_that_stood(store: Store, take) -> None:
    take({"a.jsonl": "".join(line + "\n" for line in reversed(EVENTS.splitlines()))})
    assert {change.id: change.reverts for change in store.changes() if change.reverts} == {
        "cdevents-service.rolledback-e-3": "cdevents-service.upgraded-e-2"
    }


def test_an_incident_is_one_alert_with_its_end(store: Store, take) -> None:
    take({"a.jsonl": EVENTS})
    first, second = store.alerts()
    assert (first.system, first.kind, first.at, first.resolved_at) == (
        "cdevents",
        "incident",
        at(15, 2, 10),
        at(15, 10, 20),
    )
    assert (first.title, first.severity, first.service) == ("answers got worse", "high", "support")
    assert first.labels == {"deployment.environment.name": "prod"}
    assert (second.title, second.resolved_at) == ("slow, says @…", None)


def test_a_suite_is_an_eval_run_when_it_says_how_it_ended(store: Store, take) -> None:
    take({"a.jsonl": EVENTS, "b.json": text("testsuiterun_finished.json")})
    runs = {run.run_id: run for run in store.eval_runs()}
    assert (runs["suite-run-1"].suite, runs["suite-run-1"].status, runs["suite-run-1"].reason) == (
        "refunds-regression", "completed", None)  # fmt: skip
    assert (runs["suite-run-2"].suite, runs["suite-run-2"].status) == ("9", "skipped")
    assert runs["myTestSuiteRun123"].reason == "failure: Host 123.34.23.32 not found"
    assert not [run for run in runs.values() if run.slices]


@pytest.mark.parametrize("name", ["change_merged.json", "artifact_published.json"])
def test_what_does_not_act_is_passed_over(store: Store, take, name: str) -> None:
    found = take({name: text(name)})
    assert (found.problems, store.changes(), store.alerts()) == ((), (), ())


@pytest.mark.parametrize("name", ["service_deployed.json", "service_deployed.v0.4.1.json", "service_upgraded.json"])
def test_the_conformance_examples(store: Store, take, name: str) -> None:
    given = json.loads(text(name))
    assert take({name: text(name)}).problems == ()
    (change,) = store.changes()
    assert change.at == datetime.fromisoformat(given["context"]["timestamp"])
    assert change.component == given["subject"]["id"]
    assert change.to == given["subject"]["content"]["artifactId"].partition("@")[2].replace("%3A", ":")


@pytest.mark.parametrize("kind", ["dev.cdevents.service.deployed.v1", "dev.cdevents.service.deployed.0.1.0-draft"])
def test_old_types(store: Store, take, kind: str) -> None:
    event = {**GIVEN[0], "context": {**GIVEN[0]["context"], "type": kind}}
    assert take({"a.json": json.dumps(event, indent=1)}).problems == ()
    assert len(store.changes()) == 1


def test_nobody_is_kept_and_again_changes_nothing(store: Store, case: Path, take) -> None:
    take({name: text(name) for name in WRAPPED})
    kept = (store.changes(), store.alerts(), store.eval_runs())
    assert "mona" not in str(kept)
    (case / "again.json").write_text(json.dumps({"events": GIVEN}))
    assert load(store, [case]).problems == ()
    assert [change.model_copy(update={"source": ""}) for change in store.changes()] == [
        change.model_copy(update={"source": ""}) for change in kept[0]
    ]
    assert len(store.alerts()) == len(kept[1])


def test_bad_events_are_told_and_the_rest_is_read(store: Store, take) -> None:
    good = GIVEN[0]
    context = good["context"]
    rows = [
        good,
        {**good, "context": {**context, "timestamp": "0001-01-01T00:00:00+05:00"}},
        {**good, "context": {**context, "id": None}},
        {**good, "subject": []},
        {**good, "context": {**context, "type": "dev.cdevents"}},
        {"x": 1},
        {"specversion": "1.0", "type": "com.example.other", "source": "x", "id": "1", "data": {}},
    ]
    found = take({"a.jsonl": "\n".join(map(json.dumps, rows)) + '\n{"cut'})
    assert [problem.line for problem in found.problems] == [2, 3, 4, 5, 6, 8]
    assert len(store.changes()) == 1


def survives(folder: Path, rows: Iterable[dict]) -> None:
    """Read rows that may hold anything; whatever comes out can be written down."""
    path = folder / "a.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    for part in CDEvents().read(File(path, path.name, look(path)), Manifest(), lenient=False):
        part.model_dump_json().encode()


@pytest.mark.parametrize("odd", [None, [], {}, "", "\ud800", -1, 2**80, True, [[[]]], {"a": {"b": []}}, float("nan")])
def test_hostile_values_never_raise(tmp_path: Path, odd: object) -> None:
    rows = []
    for event in GIVEN:
        rows += [{**event, key: odd} for key in event]
        for part in ("context", "subject"):
            rows += [{**event, part: {**event[part], key: odd}} for key in event[part]]
        content = event["subject"]["content"]
        rows += [{**event, "subject": {**event["subject"], "content": {**content, key: odd}}} for key in content]
    rows += [{"headers": {"ce-type": odd}, "body": odd}, {"data": odd, "type": "dev.cdevents.service.deployed.0.1.0"}]
    survives(tmp_path, [*GIVEN, *rows])


@pytest.mark.parametrize(
    "record",
    [
        {
            "specversion": "1.0",
            "type": "com.example.deployed",
            "source": "x",
            "id": "1",
            "data": {"context": {"type": "x"}},
        },
        {"context": {"type": "page"}, "subject": {"id": "x"}, "note": "nothing"},
    ],
)
def test_a_look_alike_is_left_alone(tmp_path: Path, record: dict) -> None:
    (tmp_path / "a.jsonl").write_text(json.dumps(record) + "\n")
    assert not [part for part in discover([tmp_path]) if isinstance(part, Found) and part.reader.name == "cdevents"]
