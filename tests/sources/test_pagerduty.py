"""PagerDuty: incidents and their log entries become alerts, change events become changes, and nobody is named."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from blameline.intake import load
from blameline.sources.heads import look
from blameline.sources.pagerduty import PagerDutyIncidents
from blameline.sources.pagerduty_changes import PagerDutyChanges

if TYPE_CHECKING:
    from blameline.records import Alert
    from blameline.store import Store

ANSWERS = Path(__file__).parent / "fixtures" / "pagerduty"
CHANGES = ("related_change_events.json", "events_v2_change.json")


def said(name: str) -> str:
    return (ANSWERS / name).read_text()


def at(hour: int, minute: int, second: int = 0, day: int = 14) -> datetime:
    return datetime(2026, 3, day, hour, minute, second, tzinfo=UTC)


def alert(store: Store, number: str) -> Alert:
    (one,) = (one for one in store.alerts() if one.id == number)
    return one


@pytest.mark.parametrize("name", sorted(path.name for path in ANSWERS.glob("*.json*")))
def test_exactly_one_source_knows_each_file(name: str) -> None:
    path = ANSWERS / name
    head = look(path)
    yes = (PagerDutyChanges().sniff(path, head), PagerDutyIncidents().sniff(path, head))
    assert yes == ((True, False) if name in CHANGES else (False, True))


def test_incidents(store: Store, take) -> None:
    listed = json.loads(said("incidents.json"))["incidents"]
    found = take({"incidents.json": said("incidents.json")})
    assert (found.problems, found.alerts) == ((), len(listed))
    done = alert(store, "QDONE01")
    assert (done.system, done.kind, done.title) == ("pagerduty", "incident", "Groundedness below 0.9")
    assert (done.at, done.acknowledged_at, done.resolved_at) == (at(10, 2, 11), None, at(15, 40))
    assert (done.severity, done.service, done.labels["urgency"], done.labels["team"]) == (
        "P2", "Support bot", "high", "Support AI",
    )  # fmt: skip
    still = alert(store, "QOPEN02")
    assert (still.acknowledged_at, still.resolved_at, still.severity) == (at(11, 10), None, "high")
    late = alert(store, "QLATE03")
    assert (late.resolved_at, late.service) == (at(2, 0, day=15), "PX"), (
        "resolved_at is null: the last change of status"
    )


def test_log_entries_are_the_timeline(store: Store, take) -> None:
    found = take({"log.json": said("log_entries.json")})
    one = alert(store, "QDONE01")
    assert (one.at, one.acknowledged_at, one.resolved_at) == (at(10, 2, 11), at(10, 9), at(15, 40))
    assert (one.title, one.service) == ("Groundedness below 0.9", "Support bot")
    (problem,) = found.problems
    assert problem.message == "when the incident QELSE09 was raised is not on record: its first step is taken"
    assert alert(store, "QELSE09").at == at(8, 0, day=13)


def test_incident_and_log_entries_of_one_file_are_one_alert(store: Store, take) -> None:
    entries = json.loads(said("log_entries.json"))["log_entries"][:-1]
    lines = [json.loads(said("incident.json")), *entries, *json.loads(said("incidents.json"))["incidents"][:1]]
    for name, order in {"a.jsonl": lines, "b.jsonl": lines[::-1]}.items():
        assert take({name: "".join(json.dumps(line) + "\n" for line in order)}).problems == ()
        one = alert(store, "QDONE01")
        assert (one.at, one.acknowledged_at, one.resolved_at) == (at(10, 2, 11), at(10, 9), at(15, 40))
        assert (one.severity, one.labels["incident_number"]) == ("P2", "41")


def test_webhooks_tell_when(store: Store, take) -> None:
    take({"hooks.jsonl": said("webhooks_v3.jsonl")})
    one = alert(store, "QDONE01")
    assert (one.at, one.acknowledged_at, one.resolved_at) == (at(10, 2, 11), at(10, 9), at(15, 40))


def test_alerts_of_an_incident(store: Store, take) -> None:
    take({"alerts.json": said("incident_alerts.json")})
    one = alert(store, "PALERT1")
    assert (one.kind, one.severity, one.service, one.labels) == (
        "alert",
        "critical",
        "Support bot",
        {"incident": "QDONE01"},
    )
    assert one.resolved_at is None, "resolved, and nobody says when"


def test_events_that_were_sent(store: Store, take) -> None:
    found = take({"events.jsonl": said("events_v2.jsonl")})
    first, second = store.alerts()
    assert first.id == second.id == "groundedness/support-bot"
    assert first.at == datetime(2026, 3, 14, 10, 2, 11, 315000, tzinfo=UTC), "+0000 without a colon"
    assert (first.acknowledged_at, first.resolved_at, first.severity) == (at(10, 20), at(11, 0), "critical")
    assert (second.at, second.resolved_at) == (at(9, 0, day=16), None), "raised again after its end"
    assert first.service == "support-bot"
    (problem,) = found.problems
    assert (problem.line, problem.message.endswith("has no time that can be read")) == (6, True)


def test_change_events(store: Store, take) -> None:
    listed = json.loads(said("related_change_events.json"))["change_events"]
    found = take({name: said(name) for name in CHANGES})
    assert (found.problems, found.changes) == ((), len(listed) + 1)
    build, sent, deploy = store.changes()
    assert (deploy.id, deploy.kind, deploy.layer) == (f"pagerduty-{listed[0]['id']}", "deploy", "deploy")
    assert (deploy.at, deploy.component, deploy.to) == (at(9, 12), "Support bot", "2026.3.2")
    assert deploy.diff == "version: 2026.3.2\nenvironment: production"
    assert (build.kind, build.component) == ("infra_change", "PSUPBOT")
    assert sent.kind == "deploy", "its link says so"
    assert sent.at == datetime(2026, 3, 14, 8, 42, 58, 315000, tzinfo=UTC)
    assert (sent.component, sent.diff) == ("prod-build-agent-1", "build_state: passed\nbuild_number: 220")


def test_the_id_of_a_sent_change_follows_from_what_it_says(store: Store, take) -> None:
    other = json.loads(said("events_v2_change.json")) | {"routing_key": "f" * 32}
    take({"a.json": said("events_v2_change.json"), "b.json": json.dumps(other)})
    assert len(store.changes()) == 1


def test_nobody_is_named_and_no_key_is_kept(store: Store, take) -> None:
    take({path.name: path.read_text() for path in ANSWERS.glob("*.json*")})
    kept = "".join(one.model_dump_json() for one in (*store.alerts(), *store.changes()))
    for word in ("Somebody", "somebody@", "0123456789abcdef"):
        assert word in "".join(path.read_text() for path in ANSWERS.glob("*.json*"))
        assert word not in kept


def test_bad_pieces_are_told_with_their_line(store: Store, take) -> None:
    good = json.loads(said("incidents.json"))["incidents"][0]
    rows = [
        good,
        {**good, "id": "A", "created_at": "0001-01-01T00:00:00+09:00"},
        {**good, "id": "B", "resolved_at": "2020-01-01T00:00:00Z"},
        {
            **good,
            "id": "C",
            "priority": [1],
            "service": "x",
            "teams": {"a": 1},
            "title": {"b": 2},
            "acknowledgements": 7,
        },
        {"type": "acknowledge_log_entry", "created_at": "2026-03-14T10:00:00Z", "incident": []},
        {"event_action": ["trigger"], "dedup_key": "k", "payload": {"timestamp": "2026-03-14T10:00:00Z"}},
        {"event": {"event_type": "incident.triggered", "occurred_at": 5, "data": {"type": "incident"}}},
        {"something": "else"},
    ]
    found = take({"incidents.jsonl": "".join(json.dumps(row) + "\n" for row in rows) + "7\n{cut"})
    assert sorted(one.id for one in store.alerts()) == ["B", "C", "QDONE01"]
    assert alert(store, "B").resolved_at is None
    assert [problem.line for problem in found.problems] == [2, 3, 5, 6, 7, 8, 9, 10]


def test_bad_change_events_are_told(store: Store, take) -> None:
    rows = [{"timestamp": "noon", "summary": "a"}, {"payload": []}, {"summary": ["x"], "timestamp": "2026-03-14T10:00:00Z"},
            {"event_action": "trigger", "payload": {"timestamp": "2026-03-14T10:00:00Z"}}]  # fmt: skip
    text = '{"more": false, "change_events": [\n' + ",\n".join(json.dumps(row) for row in rows) + ",\n3]}"
    found = take({"events.json": text})
    assert [one.summary for one in store.changes()] == [None]
    assert [problem.line for problem in found.problems] == [2, 3, 5, 6]


@pytest.mark.parametrize(
    "text",
    ['{"incidents": [{"id": "a", "incident_updates": [], "created_at": "2026-01-01T00:00:00Z"}]}',
     '{"event": {"type": "x"}, "created_at": "2026-01-01"}', '{"payload": {"summary": "s"}, "routing": 1}',
     '{"alerts": [{"fingerprint": "f", "startsAt": "2026-01-01T00:00:00Z", "labels": {}}]}'],
    ids=["statuspage", "an event", "a payload", "alertmanager"],
)  # fmt: skip
def test_look_alikes_are_left_alone(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(text)
    head = look(path)
    assert not PagerDutyIncidents().sniff(path, head)
    assert not PagerDutyChanges().sniff(path, head)


def test_loading_twice_changes_nothing(store: Store, take, case: Path) -> None:
    take({path.name: path.read_text() for path in ANSWERS.glob("*.json*")})
    before = store.alerts(), store.changes()
    again = load(store, [case])
    assert (again.alerts, again.changes) == (0, 0)
    assert (store.alerts(), store.changes()) == before


def test_who_is_mentioned_in_a_title_is_not_kept(store: Store, case: Path) -> None:
    when, service = "2026-03-01T10:00:00Z", {"id": "S", "summary": "bot"}
    whole = {
        "id": "P1",
        "type": "incident",
        "title": "ask @alice",
        "created_at": when,
        "urgency": "high",
        "service": service,
    }
    sent = {"routing_key": "r", "event_action": "trigger", "dedup_key": "k"}
    fired = {
        "labels": {"alertname": "Bad"},
        "annotations": {"summary": "call @alice or alice@example.org"},
        "startsAt": when,
    }
    event = {"type": "change_event", "id": "C", "timestamp": when, "summary": "deployed by @alice"}
    files = {
        "incident.json": {"incident": whole},
        "sent.json": {
            **sent,
            "payload": {"summary": "ask @alice", "severity": "error", "timestamp": when, "source": "s"},
        },
        "fired.json": {"alerts": [fired], "groupKey": "g", "receiver": "r"},
        "event.json": {"change_events": [event], "more": False},
    }
    for name, document in files.items():
        (case / name).write_text(json.dumps(document), encoding="utf-8")
    load(store, [case], content="full")
    assert {one.title for one in store.alerts()} == {"ask @…", "Bad: call @… or …"}
    assert [one.summary for one in store.changes()] == ["deployed by @…"]
