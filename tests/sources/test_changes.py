from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from blameline.store import Store

WHOLE = """- id: chg-003
  at: 2026-03-14T09:12:00Z
  recorded_at: 2026-03-14T09:40:00Z
  uncertainty: PT30M
  kind: prompt_edit
  component: support/system-prompt
  from: 1.10
  to: v12
  scope: {cloud.region: eu-west-1}
  rollout: [{at: 2026-03-14T09:12:00Z, percent: 10}, {at: 2026-03-15T09:00:00Z, percent: 100}]
  reverts: chg-001
  team: support-ai
  summary: shorten refund policy wording
  diff: |
    - a
    + b
"""


def test_every_field(store: Store, take) -> None:
    assert take({"c.yaml": WHOLE}).problems == ()
    (change,) = store.changes()
    assert (change.id, change.layer, change.from_, change.to) == ("chg-003", "prompt", "1.10", "v12")
    assert change.uncertainty == timedelta(minutes=30)
    assert change.scope == {"cloud.region": "eu-west-1"}
    assert [stage.percent for stage in change.rollout] == [10, 100]
    assert change.diff == "- a\n+ b\n"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a", '{"at": "2026-03-14T09:12:00", "kind": "deploy", "to": 2, "scope": {"r": "x"}}\n'),
        ("b", '[\n {"at": "2026-03-14T09:12:00Z", "kind": "deploy", "to": 2, "scope": {"r": "x"}}\n]'),
        ("c", "at,kind,to,scope\n2026-03-14 09:12:00,deploy,2,r=x\n"),
        ("d", 'at;kind;to;scope\n2026-03-14T11:12:00+02:00;deploy;2;{"r": "x"}\n'),
        ("e", "changes:\n  - {at: 2026-03-14T09:12:00Z, kind: deploy, to: 2, scope: {r: x}}\n"),
        ("f", '{"changes": [\n{"at": "2026-03-14T09:12:00Z", "kind": "deploy", "to": 2, "scope": {"r": "x"}}]}'),
    ],
)
def test_the_same_change_in_any_form(store: Store, take, name: str, text: str) -> None:
    assert take({name: text}).problems == ()
    (change,) = store.changes()
    assert (change.at, change.to, change.layer, change.scope) == (
        datetime(2026, 3, 14, 9, 12, tzinfo=UTC),
        "2",
        "deploy",
        {"r": "x"},
    )
    assert change.id.startswith("chg-")


def test_bad_records_are_told_with_their_line(store: Store, take) -> None:
    text = "- at: 2026-03-14\n  kind: promt_edit\n- kind: deploy\n- {at: later, kind: deploy}\n- {at: 2026-03-15, kind: deploy}\n- word\n"
    found = take({"c.yaml": text})
    assert len(store.changes()) == 1
    assert [problem.line for problem in found.problems] == [1, 3, 4, 6]
    assert "did you mean 'prompt_edit'?" in found.problems[0].message


@pytest.mark.parametrize(
    "text",
    ["- {at: 2026-03-15, kind: deploy, summary: !!python/object/apply:os.system [ls]}\n",
     "- {at: 2026-03-15, kind: deploy}\n- &a [*a]\n",
     "- at: 2026-03-15\n  kind: deploy\n- &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
         f"- &{chr(98 + n)} [{','.join(['*' + chr(97 + n)] * 10)}]\n" for n in range(9))],
    ids=["tag", "loop", "bomb"],
)  # fmt: skip
def test_tags_and_bombs_are_refused(take, store: Store, text: str) -> None:
    found = take({"c.yaml": text})
    assert store.changes() == ()
    assert [problem.message for problem in found.problems if "refused" in problem.message]


def test_ids_are_stable_and_conflicts_are_told(store: Store, take) -> None:
    take({"a.yaml": "- {at: 2026-03-15, kind: deploy, to: a}\n- {id: x, at: 2026-03-15, kind: deploy, to: a}\n"})
    first = [change.id for change in store.changes()]
    found = take(
        {"b.yaml": "# again\n- {at: 2026-03-15, kind: deploy, to: a}\n- {id: x, at: 2026-03-15, kind: deploy, to: b}\n"}
    )
    assert [change.id for change in store.changes()] == first
    assert [(problem.source, "'x' stands for different things" in problem.message) for problem in found.problems] == [
        ("a.yaml", True), ("b.yaml", True)
    ]  # fmt: skip


def test_a_broken_yaml_file_is_one_problem(take) -> None:
    found = take({"c.yaml": "- at: 2026-03-15\n  kind: deploy\n- at: [\n"})
    assert len(found.problems) == 1
    assert "not YAML" in found.problems[0].message


def rows(*written: str) -> str:
    """Changes one a line, each with an id of its own, the last one as it should be."""
    whole = [*written, "at: 2026-03-15, uncertainty: 30m"]
    return "".join(f"- {{id: c{n}, kind: deploy, {one}}}\n" for n, one in enumerate(whole))


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("-PT30M", "below zero"), ("-30m", "below zero"), ("P999999999D", "longer than 3653 days"),
        ("99999999999d", "longer than 3653 days"), ("11 years", "write it as 30m"), ("3 months", "write it as 30m"),
        ("3M", "write it as 30m"), ("1h30m", "write it as 30m"), ("half an hour", "write it as 30m"),
    ],
)  # fmt: skip
def test_an_uncertainty_that_is_none_is_told(store: Store, take, written: str, said: str) -> None:
    found = take({"c.yaml": rows(f"at: 2026-03-14, uncertainty: {written}")})
    assert [(problem.source, problem.line) for problem in found.problems] == [("c.yaml", 1)]
    assert "'uncertainty'" in found.problems[0].message
    assert said in found.problems[0].message
    assert [change.id for change in store.changes()] == ["c1"]


@pytest.mark.parametrize("written", ["-1800", "true", "1e300", '"P999999999D"'])
def test_a_number_of_seconds_is_bounded_too(store: Store, take, written: str) -> None:
    row = '{"at": "2026-03-14T10:00:00Z", "kind": "deploy", "uncertainty": %s}\n'
    found = take({"c.jsonl": row % written + row % "1800"})
    assert [problem.line for problem in found.problems] == [1]
    assert [change.uncertainty for change in store.changes()] == [timedelta(minutes=30)]


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("PT30M", 1800), ("30m", 1800), ("30 Minutes", 1800), ("1.5h", 5400), ("2 hrs", 7200), ("1D", 86400),
        ("2 weeks", 1209600), ("90s", 90), ("01:30", 5400), ("3653d", 315619200), ("0s", 0), ("100 ms", 1), ("PT0.2S", 1),
    ],
)  # fmt: skip
def test_an_uncertainty_as_people_say_it(store: Store, take, written: str, seconds: int) -> None:
    assert take({"c.yaml": rows(f"at: 2026-03-14, uncertainty: {written}")}).problems == ()
    assert store.changes()[0].uncertainty == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("written", "at"),
    [
        ("20260314", datetime(2026, 3, 14, tzinfo=UTC)),
        ("20260314T0912Z", datetime(2026, 3, 14, 9, 12, tzinfo=UTC)),
        ("20260314T101200+0100", datetime(2026, 3, 14, 9, 12, tzinfo=UTC)),
        ("1773479520", datetime(2026, 3, 14, 9, 12, tzinfo=UTC)),
        ("1773479520.5", datetime(2026, 3, 14, 9, 12, 0, 500_000, tzinfo=UTC)),
        ("1773479520000", datetime(2026, 3, 14, 9, 12, tzinfo=UTC)),
        ("2200-12-31", datetime(2200, 12, 31, tzinfo=UTC)),
    ],
)
def test_digits_are_a_date_or_a_count_since_1970(store: Store, take, written: str, at: datetime) -> None:
    files = {
        "c.yaml": f"- {{id: a, kind: deploy, at: {written}}}\n",
        "c.csv": f"id,kind,at\nb,deploy,{written}\n",
        "c.jsonl": f'{{"id": "c", "kind": "deploy", "at": "{written}"}}\n',
        "n.jsonl": f'{{"id": "d", "kind": "deploy", "at": {written}}}\n' if written.isdigit() else "",
    }
    assert take({name: text for name, text in files.items() if text}).problems == ()
    assert {change.at for change in store.changes()} == {at}


@pytest.mark.parametrize(
    "written",
    ["2026", "0", "202603", "20261314", "99999999", "202603140912", "20260314091200", "-5", "20260314 later",
     "1969-12-31", "0001-01-01T00:00Z", "2201-01-01"],
)  # fmt: skip
def test_a_moment_that_nobody_means_is_told(store: Store, take, written: str) -> None:
    found = take({"c.yaml": rows(f"at: {written}", f"at: 2026-03-14, rollout: [{{at: {written}, percent: 5}}]")})
    assert [problem.line for problem in found.problems] == [1, 2]
    for problem in found.problems:
        assert "write it as 2026-03-14 or 2026-03-14T09:12Z" in problem.message
    assert [change.id for change in store.changes()] == ["c2"]


def test_two_values_of_one_attribute_are_told(store: Store, take) -> None:
    found = take(
        {
            "c.csv": "id,at,kind,scope\na,2026-03-14,deploy,region=eu;region=us\n"
            "b,2026-03-14,deploy,region=eu; region=eu;tier=free\n",
            "c.yaml": rows("at: 2026-03-14, scope: {region: [eu, us]}"),
        }
    )
    assert [(problem.source, problem.line) for problem in found.problems] == [("c.csv", 2), ("c.yaml", 1)]
    for problem in found.problems:
        assert "'scope': an attribute has one value here" in problem.message
    assert {change.id: change.scope for change in store.changes()} == {
        "b": {"region": "eu", "tier": "free"},
        "c1": {},
    }


@pytest.mark.parametrize(
    ("more", "hours"),
    [({}, 24), ({"at": "2026-03-14T00:00Z"}, None), ({"at": "20260314"}, 24), ({"uncertainty": "2h"}, 2),
     ({"rollout": [{"at": "2026-03-14T09:00Z", "percent": 10}]}, None)],
)  # fmt: skip
def test_a_day_alone_is_uncertain_by_a_day(store: Store, take, more: dict, hours: int | None) -> None:
    assert take({"changes.json": json.dumps([{"at": "2026-03-14", "kind": "prompt_edit", **more}])}).problems == ()
    (change,) = store.changes()
    assert change.at == datetime(2026, 3, 14, tzinfo=UTC)
    assert change.uncertainty == (None if hours is None else timedelta(hours=hours))
