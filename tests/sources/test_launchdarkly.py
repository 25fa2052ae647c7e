from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from blameline.intake import load
from blameline.records import Manifest
from blameline.sources import Found, discover
from blameline.sources.heads import File, look
from blameline.sources.launchdarkly import LaunchDarklyAudit

if TYPE_CHECKING:
    from collections.abc import Iterable

    from blameline.records import Change
    from blameline.store import Store

HERE = Path(__file__).parent / "fixtures" / "launchdarkly"
ENTRIES = (HERE / "entries.jsonl").read_text(encoding="utf-8")
LISTING = (HERE / "auditlog.json").read_text(encoding="utf-8")
PEOPLE = ("Mona", "mona", "example.org")


@pytest.fixture
def found(store: Store, take) -> dict[str, Change]:
    assert take({"entries.jsonl": ENTRIES, "auditlog.json": LISTING}).problems == ()
    return {change.id.removeprefix("launchdarkly-"): change for change in store.changes()}


def test_every_fixture_is_known() -> None:
    known = {part.file.source: part.reader.name for part in discover([HERE]) if isinstance(part, Found)}
    assert known == {"auditlog.json": "launchdarkly", "entries.jsonl": "launchdarkly"}


def test_one_change_for_each_entry_that_serves_something(found: dict[str, Change]) -> None:
    given = [*map(json.loads, ENTRIES.splitlines()), *json.loads(LISTING)["items"]]
    quiet = {entry["_id"] for entry in given if entry["kind"] == "member" or "updateTags" in str(entry["accesses"])}
    assert set(found) == {entry["_id"] for entry in given} - quiet | {"a2-sampling_change"}
    for entry in given:
        if entry["_id"] not in quiet:
            assert found[entry["_id"]].at == datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=entry["date"])


def test_a_flag_names_its_key_and_environment(found: dict[str, Change]) -> None:
    change = found["l1"]
    assert (change.kind, change.layer, change.component) == ("flag_change", "deploy", "model-route")
    assert change.scope == {"deployment.environment.name": "production"}
    assert (change.from_, change.to) == ("gpt-4o-2024-08-06", "gpt-4o")
    assert str(change.summary).startswith("updated the flag Model route: Changed the default variation")
    assert str(change.summary).endswith(": cost experiment")
    assert found["l6"].scope == {}


@pytest.mark.parametrize(
    ("number", "step", "percent"),
    [("e1", ("pinned", "alias"), [10.0]), ("e2", ("pinned", "alias"), []), ("e3", ("alias", "pinned"), [])],
    ids=["a share", "all", "off"],
)
def test_what_was_served_by_default(found: dict[str, Change], number: str, step: tuple, percent: list) -> None:
    change = found[number]
    assert (change.from_, change.to) == step
    assert [(stage.at, stage.percent) for stage in change.rollout] == [(change.at, share) for share in percent]


@pytest.mark.parametrize(
    ("number", "kind", "step"),
    [
        ("a1", "prompt_edit", (None, None)),
        ("a2", "model_swap", ("OpenAI.gpt-4o", "OpenAI.gpt-5-mini")),
        ("a2-sampling_change", "sampling_change", (None, None)),
        ("l4", "prompt_edit", (None, None)),
        ("l5", "flag_change", ("main", "terse")),
    ],
)
def test_an_ai_config_by_what_was_touched(found: dict[str, Change], number: str, kind: str, step: tuple) -> None:
    change = found[number]
    assert (change.kind, change.component, (change.from_, change.to)) == (kind, "support", step)


def test_the_difference_of_a_prompt_is_kept(found: dict[str, Change]) -> None:
    assert str(found["a1"].diff).endswith("-Refunds take 14 days.\n+Refunds take 30 days.")


def test_nobody_is_kept_and_again_changes_nothing(store: Store, case: Path, found: dict[str, Change]) -> None:
    kept = store.changes()
    assert not [one for one in PEOPLE for change in kept if one in change.model_dump_json()]
    items = json.loads(LISTING)["items"]
    (case / "pages.jsonl").write_text("".join(json.dumps({"items": [item]}) + "\n" for item in items))
    (case / "list.json").write_text(json.dumps(items))
    (case / "one.json").write_text(json.dumps(items[0]))
    again = load(store, [case])
    assert (again.problems, store.changes()) == ((), kept)
    assert {file.format for file in again.files} == {"launchdarkly"}


def test_bad_entries_are_told_and_the_rest_is_read(store: Store, take) -> None:
    good = json.loads(ENTRIES.splitlines()[0])
    rows = [
        good,
        {**good, "date": None},
        {**good, "date": "0001-01-01T00:00:00+05:00"},
        {**good, "_id": ""},
        {"items": [3]},
    ]
    found = take({"a.jsonl": "\n".join(map(json.dumps, rows)) + '\n{"cut'})
    assert [problem.line for problem in found.problems] == [2, 3, 4, 5, 6]
    assert len(store.changes()) == 1


def survives(folder: Path, rows: Iterable[dict]) -> None:
    """Read rows that may hold anything; whatever comes out can be written down."""
    path = folder / "a.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    for part in LaunchDarklyAudit().read(File(path, path.name, look(path)), Manifest(), lenient=False):
        part.model_dump_json().encode()


@pytest.mark.parametrize("odd", [None, [], {}, "", "\ud800", -1, 2**80, True, [[[]]], {"a": {"b": []}}, float("nan")])
def test_hostile_values_never_raise(tmp_path: Path, odd: object) -> None:
    rows = []
    for entry in map(json.loads, ENTRIES.splitlines()):
        rows += [{**entry, "_id": f"{entry['_id']}{key}", key: odd} for key in entry if key != "kind"]
        for side in ("previousVersion", "currentVersion"):
            rows += [{**entry, side: {**entry[side], key: odd}} for key in entry[side]]
            flags = entry[side].get("environments", {}).get("production", {})
            rows += [
                {**entry, side: {**entry[side], "environments": {"production": {**flags, key: odd}}}} for key in flags
            ]
    survives(tmp_path, [json.loads(ENTRIES.splitlines()[0]), *rows])


def test_deep_nesting_never_raises(take) -> None:
    entry = json.loads(ENTRIES.splitlines()[-1])
    for depth in (50, 500, 900, 960, 980, 990):
        text = json.dumps({**entry, "_id": str(depth), "x": 0}).replace(
            '"x": 0', f'"previousVersion": {"[" * depth + "]" * depth}'
        )
        take({f"{depth}.jsonl": json.dumps(entry) + "\n" + text + "\n"})


@pytest.mark.parametrize(
    "record",
    [
        {"_id": "1", "date": 1773479520123, "kind": "deploy"},
        {"_id": "1", "date": 1773479520123, "kind": "x", "member": "someone"},
        {"id": "1", "date": 1773479520123, "kind": "flag", "accesses": [], "titleVerb": "x"},
    ],
)
def test_a_look_alike_is_left_alone(tmp_path: Path, record: dict) -> None:
    (tmp_path / "a.jsonl").write_text(json.dumps(record) + "\n")
    assert not [part for part in discover([tmp_path]) if isinstance(part, Found) and part.reader.name == "launchdarkly"]
