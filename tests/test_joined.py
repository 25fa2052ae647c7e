"""One change, alert or run of which several files tell: the same, whether its pieces lie in one file or in many."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from blameline.intake import load
from blameline.records import Alert, Change, Problem
from blameline.store import Store

FIXTURES = Path(__file__).parent / "sources" / "fixtures"
STREAMS = {
    "cdevents": "cdevents/events.jsonl",
    "github": "github/deliveries.jsonl",
    "langfuse_prompts": "langfuse/prompt_events.jsonl",
    "openlineage": "openlineage/runs.ndjson",
    "pagerduty": "pagerduty/webhooks_v3.jsonl",
    "pagerduty events": "pagerduty/events_v2.jsonl",
}
HERE = "https://api.github.com/repos/acme/assistant/deployments"


def at(hour: int, minute: int = 0, day: int = 14) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC)


def moment(hour: int, minute: int = 0, day: int = 14) -> str:
    return at(hour, minute, day).strftime("%Y-%m-%dT%H:%M:%SZ")


class Told:
    """What a case file says after some loads, one after the other."""

    def __init__(self, *loads: dict[str, str]) -> None:
        self.changes: tuple[Change, ...]
        self.alerts: tuple[Alert, ...]
        self.problems: tuple[Problem, ...] = ()
        with TemporaryDirectory() as folder, Store.open(Path(folder) / "case.duckdb") as store:
            for number, files in enumerate(loads):
                place = Path(folder) / str(number)
                place.mkdir()
                for name, text in files.items():
                    (place / name).write_text(text, encoding="utf-8")
                load(store, [place])
            self.changes, self.alerts = store.changes(), store.alerts()
            self.runs, self.problems = store.eval_runs(), store.problems()
            self.pieces = [piece for (piece,) in store.sql("SELECT piece FROM pieces").rows]

    @property
    def said(self) -> tuple[object, ...]:
        """All of it, wherever it lay."""
        records = (*self.changes, *self.alerts, *self.runs)
        return (
            [record.model_copy(update={"source": ""}) for record in records],
            sorted(problem.message for problem in self.problems),
        )


def each_way(files: dict[str, str]) -> Told:
    """The files at once, in two loads, and those the other way round: always the same."""
    found = Told(files)
    names = list(files)
    apart = [{name: files[name] for name in part} for part in (names[::2], names[1::2])]
    assert found.said == Told(*apart).said == Told(*apart[::-1], files).said
    return found


@pytest.mark.parametrize("name", STREAMS)
def test_one_file_an_event_is_one_file_of_all(name: str) -> None:
    lines = [line for line in (FIXTURES / STREAMS[name]).read_text(encoding="utf-8").splitlines() if line.strip()]
    whole = Told({"all.jsonl": "\n".join(lines)})
    good = [line for line in lines if not any(problem.line == lines.index(line) + 1 for problem in whole.problems)]
    assert whole.changes or whole.alerts
    assert (
        each_way({f"{n:03}.json": line for n, line in enumerate(good)}).said
        == Told({"all.jsonl": "\n".join(good)}).said
    )


def deployment(number: int, version: str, hour: int) -> dict[str, object]:
    return {
        "url": f"{HERE}/{number}", "id": number, "sha": str(number % 10) * 40, "ref": version, "task": "deploy",
        "environment": "production", "description": "prompt v12", "creator": {"login": "mona"},
        "created_at": moment(hour), "statuses_url": f"{HERE}/{number}/statuses",
    }  # fmt: skip


def status(number: int, state: str, hour: int, minute: int) -> list[dict[str, object]]:
    return [{
        "id": number, "state": state, "environment": "production", "created_at": moment(hour, minute),
        "creator": {"login": "mona"}, "deployment_url": f"{HERE}/{number}",
    }]  # fmt: skip


def test_a_deployment_and_its_statuses() -> None:
    files = {
        "deployments.json": json.dumps([deployment(11, "v2.1.0", 9), deployment(12, "v2.2.0", 10)]),
        "statuses_11.json": json.dumps(status(11, "success", 9, 40)),
        "statuses_12.json": json.dumps(status(12, "failure", 10, 40)),
    }
    (change,) = each_way(files).changes
    assert (change.id, change.at, change.to, change.uncertainty) == ("github-deployment-11", at(9, 40), "v2.1.0", None)
    assert "prompt v12" in (change.summary or "")
    without = each_way({"deployments.json": files["deployments.json"]}).changes
    assert ["(no status is on record)" in (one.summary or "") for one in without] == [True, True]


def test_nobody_is_in_the_pieces(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "deployments.json").write_text(json.dumps([deployment(11, "v2.1.0", 9)]))
    with Store.open(tmp_path / "case.duckdb") as store:
        load(store, [tmp_path / "in"])
        (piece,) = store.sql("SELECT piece FROM pieces").rows
    assert "v2.1.0" in piece[0]
    assert "mona" not in piece[0]


def page(edited: int, state: str, **more: object) -> str:
    update = {
        "id": "u",
        "status": state,
        "body": "x" * (900 if state == "identified" else 5),
        "created_at": moment(edited),
    }
    incident = {
        "id": "inc1", "name": "Elevated errors", "status": state, "impact": "major", "created_at": moment(9),
        "started_at": moment(9), "updated_at": moment(edited), "incident_updates": [update], **more,
    }  # fmt: skip
    return json.dumps({"page": {"id": "p", "name": "OpenAI", "url": "https://x.example"}, "incidents": [incident]})


def test_two_downloads_of_a_status_page() -> None:
    pages = {"monday.json": page(10, "identified"), "tuesday.json": page(13, "resolved", resolved_at=moment(12))}
    found = each_way(pages)
    assert [stage.at for stage in found.changes[0].rollout] == [at(9), at(12)]
    assert found.problems == ()


def test_an_incident_and_its_log_entries() -> None:
    incident = {
        "id": "PT4KHLK", "type": "incident", "summary": "[#7] Quality dropped", "title": "Quality dropped",
        "created_at": moment(9, 25), "updated_at": moment(9, 25), "status": "triggered", "urgency": "high",
        "last_status_change_at": moment(9, 25), "service": {"id": "S1", "summary": "bot"},
    }  # fmt: skip
    entry = {
        "agent": {"type": "user_reference", "summary": "Mona"},
        "channel": {"type": "web"},
        "incident": {"id": "PT4KHLK"},
    }
    entries = [
        {**entry, "type": "resolve_log_entry", "created_at": moment(12, 25)},
        {**entry, "type": "acknowledge_log_entry", "created_at": moment(9, 35)},
    ]
    files = {
        "incidents.json": json.dumps({"incidents": [incident], "more": False, "offset": 0}),
        "log.json": json.dumps({"log_entries": entries, "more": False, "offset": 0}),
    }
    found = each_way(files)
    (alert,) = found.alerts
    assert (alert.at, alert.acknowledged_at, alert.resolved_at) == (at(9, 25), at(9, 35), at(12, 25))
    assert (alert.title, found.problems) == ("Quality dropped", ())
    resolved = {**incident, "title": "Over", "status": "resolved", "updated_at": moment(12), "resolved_at": moment(12)}
    copies = {name: json.dumps({"incidents": [one]}) for name, one in (("a.json", incident), ("b.json", resolved))}
    assert [(one.title, one.resolved_at) for one in each_way(copies).alerts] == [("Over", at(12))]


def test_a_firing_alert_and_its_end() -> None:
    def notification(state: str, ends: str, value: str) -> str:
        one = {
            "status": state, "labels": {"alertname": "LowQuality"}, "annotations": {"summary": f"answer_correct is {value}"},
            "startsAt": moment(9, 20), "endsAt": ends, "fingerprint": "c6eadffa33fcdf37",
        }  # fmt: skip
        return json.dumps({"version": "4", "groupKey": "{}", "receiver": "hook", "status": state, "alerts": [one]})

    firing, over = (
        notification("firing", "0001-01-01T00:00:00Z", "0.7112837465, below 0.85 for the last 15 minutes"),
        notification("resolved", moment(11), "0.9"),
    )
    assert [alert.resolved_at for alert in each_way({"1.json": firing, "2.json": over}).alerts] == [at(11)]


def test_an_end_without_a_beginning_is_told() -> None:
    lines = (FIXTURES / "cdevents" / "incident_resolved.json").read_text(encoding="utf-8")
    found = each_way({"resolved.json": lines})
    assert len(found.alerts) == 1
    assert [
        problem.message.endswith("was raised is not on record: its end is taken") for problem in found.problems
    ] == [True]


def test_a_file_read_again_takes_its_pieces_back() -> None:
    deployments, rules = json.dumps([deployment(11, "v2.1.0", 9)]), "redact: {patterns: ['v2[.]1[.]0']}"
    found = Told({"deployments.json": deployments}, {"incident.yaml": rules})
    assert found.said == Told({"deployments.json": deployments, "incident.yaml": rules}).said
    assert found.changes[0].to != "v2.1.0"
    assert not any("v2.1.0" in piece for piece in found.pieces)
