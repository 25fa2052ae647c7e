"""Alertmanager: a notification is sent again and again, and the alert is still one."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from blameline.intake import load
from blameline.sources.alertmanager import AlertmanagerWebhook
from blameline.sources.heads import look

if TYPE_CHECKING:
    from blameline.records import Alert
    from blameline.store import Store

SENT = Path(__file__).parent / "fixtures" / "alertmanager"
LINES = (SENT / "webhook_0.25.jsonl").read_text()
DOCUMENT = (SENT / "webhook_v4.json").read_text()


def alert(store: Store, name: str) -> Alert:
    return next(one for one in store.alerts() if one.labels["alertname"] == name)


def test_real_notifications_repeat_and_the_alert_is_one(store: Store, take) -> None:
    documents = [json.loads(line) for line in LINES.splitlines()]
    sent = [one for document in documents for one in document["alerts"]]
    distinct = {(one["fingerprint"], one["startsAt"]) for one in sent}
    assert (len(sent), len(distinct)) == (12, 4)
    found = take({"webhook.jsonl": LINES})
    assert [(file.format, file.rows) for file in found.files] == [("alertmanager", len(distinct))]
    assert {one.id for one in store.alerts()} == {fingerprint for fingerprint, _ in distinct}
    cut = [number for number, document in enumerate(documents, 1) if document["truncatedAlerts"]]
    assert [(problem.line, problem.message) for problem in found.problems] == [
        (cut[0], 'the list is incomplete: 1 alerts were cut from the notification for {}:{alertname="LLMSlow"}')
    ]


def test_meaning(store: Store, take) -> None:
    take({"webhook.jsonl": LINES})
    (over,) = (one for line in LINES.splitlines() for one in json.loads(line)["alerts"] if one["status"] == "resolved")
    low = alert(store, "LLMGroundednessLow")
    assert (low.system, low.kind, low.severity, low.service) == ("alertmanager", "alert", "page", "support-bot")
    assert low.title == "LLMGroundednessLow: groundedness pass rate < 0.9"
    assert low.resolved_at == datetime.fromisoformat(over["endsAt"])
    assert low.labels == {"alertname": "LLMGroundednessLow", "service": "support-bot", "severity": "page",
                          "tenant": "acme"}  # fmt: skip
    cost = alert(store, "LLMCostHigh")
    assert (cost.resolved_at, cost.title, cost.service) == (None, "LLMCostHigh: spend doubled", "support-bot")
    assert "owner" not in cost.labels, "a person is not kept"


def test_what_the_api_lists_is_the_same_alerts_and_not_over(store: Store, take) -> None:
    found = take({"api.json": (SENT / "api_v2_0.25.json").read_text()})
    assert (found.problems, found.alerts) == ((), 5)
    assert {one.resolved_at for one in store.alerts()} == {None}, "endsAt is when an alert would time out"
    assert take({"webhook.jsonl": LINES}).alerts == 0, "the API cuts the start to milliseconds"
    assert alert(store, "LLMGroundednessLow").resolved_at


def test_a_zero_end_and_nine_digits(store: Store, take) -> None:
    assert take({"one.json": DOCUMENT}).problems == ()
    (one,) = store.alerts()
    assert one.at == datetime(2026, 11, 20, 15, 47, 47, 377000, tzinfo=UTC)
    assert one.resolved_at is None


def test_the_order_of_the_files_never_matters(store: Store, take) -> None:
    first, second = json.loads(DOCUMENT), json.loads(DOCUMENT)
    second["alerts"][0] |= {"status": "resolved", "endsAt": "2026-11-20T16:00:00Z"}
    take({"a.json": json.dumps(second), "b.json": json.dumps(first)})
    (one,) = store.alerts()
    assert one.resolved_at == datetime(2026, 11, 20, 16, tzinfo=UTC)


def test_an_alert_that_fires_again_later_is_another(store: Store, take) -> None:
    again = DOCUMENT.replace("2026-11-20T15:47:47.377363608Z", "2026-11-21T09:00:00Z")
    take({"a.json": DOCUMENT, "b.json": again})
    assert [one.at.day for one in store.alerts()] == [20, 21]
    assert len({one.id for one in store.alerts()}) == 1


def test_bad_alerts_are_told_with_their_line(store: Store, take) -> None:
    good = json.loads(DOCUMENT)["alerts"][0]
    bad = [
        {**good, "startsAt": "0001-01-01T00:00:00Z"},
        {**good, "fingerprint": None, "labels": []},
        "word",
        {**good, "fingerprint": "f2", "status": "resolved"},
        {
            **good,
            "fingerprint": None,
            "labels": {"a": [1], "b": {"c": 1}, "alertname": "Old\ud800"},
            "annotations": [3],
        },
        {**good, "fingerprint": "f3", "status": {"x": 1}, "endsAt": 2**80, "labels": None},
    ]
    text = '{"receiver": "r", "groupKey": "g", "truncatedAlerts": NaN, "alerts": [\n'
    found = take({"a.json": text + ",\n".join(json.dumps(one) for one in bad) + "\n]}"})
    assert sorted(one.title.partition(":")[0] for one in store.alerts()) == ["LLMGroundednessLow", "Old?", "f3"]
    assert sorted((problem.line, problem.message) for problem in found.problems) == [
        (2, "the alert has no start that can be read"),
        (3, "the alert has no labels"),
        (4, "not a record: a JSON object is expected"),
        (5, "the alert LLMGroundednessLow is resolved, but its end cannot be used: '0001-01-01T00:00:00Z'"),
    ]


def test_a_release_without_fingerprints_knows_an_alert_by_its_labels(store: Store, take) -> None:
    old = json.loads(DOCUMENT)
    del old["alerts"][0]["fingerprint"]
    take({"a.jsonl": f"{json.dumps(old)}\n{json.dumps(old)}\n"})
    assert len(store.alerts()) == 1


@pytest.mark.parametrize(
    "text",
    ['{"alerts": [{"id": "P", "type": "alert", "alert_key": "k", "created_at": "2026-01-01T00:00:00Z"}]}',
     '{"status": "firing", "alerts": [{"labels": {"a": "b"}, "activeAt": "2026-01-01T00:00:00Z"}]}',
     '{"labels": {"a": "b"}, "startsAt": "2026-01-01"}'],
    ids=["pagerduty", "prometheus", "calendar"],
)  # fmt: skip
def test_look_alikes_are_left_alone(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(text)
    assert not AlertmanagerWebhook().sniff(path, look(path))


def test_loading_twice_changes_nothing(store: Store, take, case: Path) -> None:
    take({"a.jsonl": LINES, "b.json": DOCUMENT})
    before = store.alerts()
    again = load(store, [case])
    assert (again.alerts, again.problems) == (0, store.loaded().problems)
    assert take({"c.jsonl": LINES + "\n"}).alerts == 0
    assert store.alerts() == before
