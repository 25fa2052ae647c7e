from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from blameline.intake import load
from blameline.sources import Found, discover
from conftest import FIXTURES

if TYPE_CHECKING:
    from pathlib import Path

    from blameline.store import Store

FOLDER = FIXTURES / "deepeval"
DATED = "test_run_20261124_141744.json"
WRAPPED = "latest_test_run.json"


def case_of(success: object = True, **more: object) -> dict:
    metric = {"name": "m", "success": success, "evaluationModel": "judge-1"}
    return {"name": "c", "input": "q", "success": success, "metricsData": [metric], **more}


def test_a_test_run(store: Store, take) -> None:
    found = take({DATED: (FOLDER / DATED).read_bytes()})
    (run,) = store.eval_runs()
    wanted: dict[str, list[bool]] = {}
    broken = 0
    for one in json.loads((FOLDER / DATED).read_text())["testCases"]:
        if any(metric.get("error") for metric in one["metricsData"]):
            broken += 1
        else:
            wanted.setdefault(one["metadata"]["task"], []).append(one["success"])
    assert broken == 1
    assert {one.segment["task"]: (one.n, one.passed) for one in run.slices} == {
        task: (len(passed), sum(passed)) for task, passed in wanted.items()
    }
    assert (run.suite, run.judge, run.prompt_version) == ("refunds-regression", "gpt-5-mini", "00.00.07")
    assert (run.status, run.gating) == ("completed", False)
    assert run.at.isoformat() == "2026-11-24T14:17:44+00:00"
    assert run.reason == (
        "1 case left out: a judge failed; the export holds no time of the run: the time is the one in the file's name, "
        "taken as UTC; model m-2026-02"
    )
    assert [problem.message.partition(":")[0] for problem in found.problems] == ["the export holds no time of the run"]


def test_the_wrapper_is_the_same_run_at_the_time_of_its_file(store: Store, case: Path, take) -> None:
    (case / WRAPPED).write_bytes((FOLDER / WRAPPED).read_bytes())
    os.utime(case / WRAPPED, (1_770_000_000, 1_770_000_000))
    first = take({})
    (run,) = store.eval_runs()
    assert run.at.timestamp() == 1_770_000_000
    assert "the time is that of the file itself" in run.reason
    assert len(first.problems) == 1
    again = take({"later/" + DATED: (FOLDER / DATED).read_bytes()})
    (known,) = store.eval_runs()
    assert (known.run_id, known.at.isoformat()) == (run.run_id, "2026-11-24T14:17:44+00:00")
    assert all("the export holds no time" in problem.message for problem in again.problems)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_copies_at_several_times_are_one_run_whatever_the_order(store: Store, tmp_path: Path, order: tuple) -> None:
    copies = [("a/latest.json", 1_770_000_000), ("b/latest.json", 1_760_000_000), (f"c/{DATED}", 1_780_000_000)]
    told = []
    for name, at in (copies[place] for place in order):
        path = tmp_path / name
        path.parent.mkdir()
        path.write_bytes((FOLDER / DATED).read_bytes())
        os.utime(path, (at, at))
        load(store, [path])
        told.append({one.at.timestamp() for one in store.eval_runs()})
    known = datetime(2026, 11, 24, 14, 17, 44, tzinfo=UTC).timestamp()
    times = {"a": 1_770_000_000, "b": 1_760_000_000, "c": known}
    seen = [{copies[place][0][0] for place in order[: n + 1]} for n in range(3)]
    assert told == [{known if "c" in names else min(times[name] for name in names)} for names in seen]
    assert (store.loaded().eval_runs, len({problem.message for problem in store.problems()})) == (1, 2)


def test_one_run_under_two_dates_is_told(store: Store, take) -> None:
    found = take({f"test_run_2026031{n}_060000.json": (FOLDER / DATED).read_bytes() for n in (0, 1)})
    (run,) = store.eval_runs()
    assert run.at.isoformat() == "2026-03-10T06:00:00+00:00"
    assert sum(f"the eval run id '{run.run_id}'" in problem.message for problem in found.problems) == 2


def test_loading_twice_changes_nothing(store: Store, take) -> None:
    take({DATED: (FOLDER / DATED).read_bytes()})
    before = store.eval_runs()
    assert take({}).eval_runs == 0
    assert store.eval_runs() == before


@pytest.mark.parametrize(
    ("one", "counts", "why"),
    [
        (case_of(), [(1, 1)], None),
        (case_of(success=False), [(1, 0)], None),
        (case_of(success=None), [], "no metric gave a verdict"),
        (case_of(success=False, metricsData=[{"name": "m", "success": False, "error": "x"}]), [], "a judge failed"),
        (
            case_of(success=False, metricsData=[{"success": False, "error": "x"}, {"success": False, "score": 0.1}]),
            [(1, 0)],
            None,
        ),
        (case_of(metricsData=[{"success": False, "error": "x", "flaky": True}]), [(1, 1)], None),
        (case_of(metricsData=7, metadata=[], tags=3), [(1, 1)], None),
    ],
)
def test_verdicts(store: Store, take, one: dict, counts: list, why: str | None) -> None:
    take({"2026-03-10.json": json.dumps({"testRunData": {"testCases": [one], "testPassed": 1}})})
    (run,) = store.eval_runs()
    assert [(part.n, part.passed) for part in run.slices] == counts
    assert run.status == ("completed" if counts else "error")
    assert (f"1 case left out: {why}" in run.reason) if why else ("left out" not in run.reason)


def test_tags_and_turns(store: Store, take) -> None:
    cases = [case_of(turns=[], tags=["region:eu", "nightly", "task=refund", 3], scenario="s")]
    take({"2026-03-10.json": json.dumps({"testCases": [], "conversationalTestCases": cases, "datasetAlias": "talks"})})
    (run,) = store.eval_runs()
    assert [dict(one.segment) for one in run.slices] == [{"region": "eu", "task": "refund"}]
    assert run.suite == "talks"


def test_several_prompts(store: Store, take) -> None:
    prompts = [{"alias": "a", "version": "1"}, {"alias": "b", "hash": "0123456789abcdef"}, 7, {"alias": "c"}]
    take({"2026-03-10.json": json.dumps({"testCases": [case_of()], "prompts": prompts})})
    (run,) = store.eval_runs()
    assert run.prompt_version == "a@1, b@0123456789ab"


def test_bad_cases_are_told_and_the_rest_counts(store: Store, take) -> None:
    deep: list = []
    for _ in range(900):
        deep = [deep]
    rows = [
        case_of(),
        case_of(success="yes"),
        7,
        None,
        case_of(metadata={"task": "\ud800"}),
        case_of(actualOutput=deep),
    ]
    text = '{"testCases": [\n' + ",\n".join(json.dumps(row) for row in rows) + "\n]}"
    found = take({"2026-03-10.json": text})
    (run,) = store.eval_runs()
    assert sum(one.n for one in run.slices) == 3
    assert [problem.line for problem in found.problems if problem.line] == [3, 4, 5]
    cut = take({"2026-03-11.json": text[:-30]})
    assert any("the file ends early" in problem.message for problem in cut.problems)
    assert [one.status for one in store.eval_runs()] == ["completed", "error"]


def test_innocent_lookalikes(case: Path) -> None:
    (case / "a.json").write_text(json.dumps({"testCases": [{"name": "login", "status": "passed"}]}))
    (case / "b.json").write_text(json.dumps({"testRunData": {"id": 1}}))
    names = [part.reader.name for part in discover([case]) if isinstance(part, Found)]
    assert "deepeval" not in names
