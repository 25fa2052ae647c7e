"""Prompt changes out of Langfuse: when a label moved, and never when the version was made."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from test_langfuse import fixture


def events() -> list[dict]:
    return [json.loads(line) for line in fixture("prompt_events.jsonl").splitlines()]


def lines(*found: dict) -> str:
    return "".join(json.dumps(event) + "\n" for event in found)


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def test_the_label_moved_long_after_the_version_was_made(take, store):
    take({"hook.json": lines(events()[3])})
    (change,) = store.changes()
    told = events()[3]
    assert change.at == moment(told["prompt"]["updatedAt"])
    assert change.at - moment(told["prompt"]["createdAt"]) > timedelta(days=2)
    assert change.recorded_at == moment(told["timestamp"])
    assert (change.kind, change.layer, change.component) == ("prompt_edit", "prompt", "support-answer")
    assert (change.from_, change.to) == (None, "7")
    assert change.summary == "label production moved to version 7: loosen refusal"
    assert change.uncertainty == timedelta(minutes=1)


def test_a_history_of_events(take, store):
    """Seven events: the label's leaving is told by its arrival, and an update that moved no label is no change."""
    loaded = take({"hooks.jsonl": fixture("prompt_events.jsonl")})
    assert (loaded.changes, loaded.problems) == (5, ())
    told = {change.id: change for change in store.changes()}
    assert {key: (change.from_, change.to, change.summary) for key, change in told.items()} == {
        "langfuse-evt-1": (None, "6", "version 6 made, and label production moved to it"),
        "langfuse-evt-2": ("6", "7", "version 7 made, and label latest moved to it: loosen refusal"),
        "langfuse-evt-4": ("6", "7", "label production moved to version 7: loosen refusal"),
        "langfuse-evt-6": ("7", None, "label production taken off version 7"),
        "langfuse-evt-7": ("6", None, "version 6 deleted"),
    }
    assert "-Refuse when unsure." in (told["langfuse-evt-4"].diff or "").splitlines()
    assert told["langfuse-evt-1"].diff is None


def test_the_order_of_events_in_a_file_does_not_matter(take, store):
    take({"hooks.jsonl": lines(*reversed(events()))})
    assert [change.id for change in store.changes()] == [f"langfuse-evt-{number}" for number in (1, 2, 4, 6, 7)]
    assert store.changes()[2].from_ == "6"


def test_a_label_that_leaves_and_arrives_nowhere(take, store):
    take({"hooks.jsonl": lines(events()[0], events()[2])})
    assert [change.summary for change in store.changes()][1] == "label production taken off version 6"


def test_the_same_event_by_webhook_and_by_github_is_one_change(take, store):
    loaded = take({"a.json": lines(events()[3])})
    assert loaded.changes == 1
    (before,) = store.changes()
    again = take({"b.json": fixture("prompt_dispatch.json")})
    assert (again.changes, again.problems) == (0, ())
    assert store.changes() == (before,)


def test_the_audit_log(take, store):
    loaded = take({"audit.csv": fixture("audit_logs.csv")})
    assert (loaded.changes, loaded.problems) == (4, ())
    assert [(change.id, change.from_, change.to, change.summary) for change in store.changes()] == [
        ("langfuse-aud-1", None, "7", "version 7 made, and label latest moved to it"),
        ("langfuse-aud-3", None, "7", "label production moved to version 7"),
        ("langfuse-aud-5", "7", "6", "label production moved to version 6"),
        ("langfuse-aud-6", "7", None, "version 7 deleted"),
    ]
    assert store.changes()[1].at == moment("2026-11-20T14:58:02.020Z")


def test_a_list_of_prompts(take, store):
    loaded = take({"prompts.json": fixture("api_prompts.json")})
    listed = json.loads(fixture("api_prompts.json"))["data"]
    assert loaded.changes == len(listed)
    told = {change.component: change for change in store.changes()}
    for prompt in listed:
        assert told[prompt["name"]].at == moment(prompt["lastUpdatedAt"])
        assert told[prompt["name"]].to == str(max(prompt["versions"]))
    assert told["support-answer"].summary == "version 7, labelled production and latest, last updated"


def test_versions_with_times(take, store):
    """The raw rows of a prompt: the one that a label points at, at the time of its last update."""
    versions = [
        {**event["prompt"], "prompt": [{"role": "system", "content": "Hi"}]} for event in (events()[2], events()[3])
    ]
    loaded = take({"versions.json": json.dumps(versions)})
    assert (loaded.changes, loaded.problems) == (1, ())
    (change,) = store.changes()
    assert (change.to, change.at) == ("7", moment(versions[1]["updatedAt"]))


@pytest.mark.parametrize("name", ["prompt_events.jsonl", "prompt_dispatch.json", "audit_logs.csv", "api_prompts.json"])
def test_nobody_is_named(take, store, name):
    take({name: fixture(name)})
    assert store.changes()
    kept = " ".join(change.model_dump_json() for change in store.changes())
    assert not any(person in kept for person in ("Someone", "someone@", "cmuser9", "OWNER"))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"timestamp": "soon", "prompt": {"name": "x", "version": 1, "labels": []}}, "time is not usable"),
        (
            {"timestamp": "0001-01-01T00:00:00+05:00", "prompt": {"name": "x", "version": 1, "labels": []}},
            "no such moment",
        ),
        ({"prompt": {"version": 1, "labels": []}}, "no name, or no version"),
        ({"prompt": {"name": "x", "version": None, "labels": []}}, "no name, or no version"),
        ({"prompt": "x"}, "not a prompt event"),
    ],
)
def test_bad_events_are_told_with_their_line(take, store, changed, said):
    loaded = take({"hooks.jsonl": lines(events()[3], {**events()[0], **changed}) + lines(events()[6])})
    assert loaded.changes == 2
    assert [problem.line for problem in loaded.problems] == [2]
    assert said in loaded.problems[0].message


@pytest.mark.parametrize(
    "prompt",
    [
        {"labels": "production"},
        {"labels": None, "config": [1], "commitMessage": 7, "prompt": {"deep": [[[1]]]}},
        {"labels": [None, {"a": 1}, "production"]},
    ],
)
def test_odd_events_do_not_stop_the_rest(take, store, prompt):
    odd = {**events()[0], "prompt": {**events()[0]["prompt"], **prompt}}
    loaded = take({"hooks.jsonl": lines(odd, events()[3])})
    assert not loaded.problems
    assert "langfuse-evt-4" in {change.id for change in store.changes()}


def test_loading_twice_changes_nothing(take, store):
    take({"hooks.jsonl": fixture("prompt_events.jsonl")})
    before = store.changes()
    again = take({"zz-copy.jsonl": fixture("prompt_events.jsonl") + b"\n"})
    assert (again.changes, again.problems) == (0, ())
    assert store.changes() == before
