from __future__ import annotations

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
