from __future__ import annotations

import gzip
import json
import os
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from blameline.sources import Found, discover
from conftest import FIXTURES

if TYPE_CHECKING:
    from pathlib import Path

    from blameline.store import Store

FOLDER = FIXTURES / "promptfoo"
GARBLED = "Could not extract JSON from llm-rubric response"


def counted(results: list[dict]) -> dict[tuple[str, int], Counter]:
    """Passed, failed, broken by provider and column, from plain JSON."""
    found: dict[tuple[str, int], Counter] = {}
    for one in results:
        column = found.setdefault((one["provider"]["id"], one["promptIdx"]), Counter())
        broken = one["failureReason"] == 2 or (one["gradingResult"] or {}).get("reason") == GARBLED
        column["broken" if broken else "passed" if one["success"] else "failed"] += 1
    return found


def results(name: str) -> list[dict]:
    text = (FOLDER / name).read_text()
    return (
        [json.loads(line) for line in text.splitlines()]
        if name.endswith("l")
        else json.loads(text)["results"]["results"]
    )


def readers(folder: Path) -> list[str]:
    return [part.reader.name for part in discover([folder]) if isinstance(part, Found)]


@pytest.mark.parametrize("name", ["v3.json", "v3.jsonl"])
def test_columns_are_runs(store: Store, take, name: str) -> None:
    found = take({name: (FOLDER / name).read_bytes()})
    wanted = counted(results(name))
    assert found.eval_runs == len(wanted) == 4
    shown = {
        (run.prompt_version, "echo" in run.suite): (
            sum(one.n for one in run.slices),
            sum(one.passed for one in run.slices),
        )
        for run in store.eval_runs()
    }
    assert shown == {
        (f"v1{column % 2 + 1}", provider == "echo"): (many["passed"] + many["failed"], many["passed"])
        for (provider, column), many in wanted.items()
    }
    assert {run.judge for run in store.eval_runs()} == {"file://grader.js"}
    assert not any(run.gating for run in store.eval_runs())


def test_errors_are_no_failures(store: Store, take) -> None:
    take({"v3.json": (FOLDER / "v3.json").read_bytes()})
    run = next(run for run in store.eval_runs() if run.run_id.endswith("#2"))
    assert run.suite == "refunds-regression [file://app.js, v11]"
    assert run.at.isoformat() == "2026-11-24T14:20:56.654000+00:00"
    assert run.reason == (
        "1 case left out: an error of the provider or the harness; 1 case left out: the judge failed; "
        "1 answers came from promptfoo's cache"
    )
    assert {(one.segment["task"], one.segment["region"]): (one.n, one.passed) for one in run.slices} == {
        ("refund", "eu"): (1, 1), ("refund", "us"): (1, 0), ("status", "eu"): (1, 1),
    }  # fmt: skip


def test_the_manifest_names_the_segments(store: Store, take) -> None:
    take({"v3.json": (FOLDER / "v3.json").read_bytes(), "incident.yaml": "segments: [app.task, tenant.id]\n"})
    assert {frozenset(one.segment) for run in store.eval_runs() for one in run.slices} == {frozenset({"app.task"})}


def test_lines_have_the_time_of_the_file(store: Store, case: Path, take) -> None:
    os.utime((case / "v3.jsonl").parent)
    (case / "v3.jsonl").write_bytes((FOLDER / "v3.jsonl").read_bytes())
    os.utime(case / "v3.jsonl", (1_770_000_000, 1_770_000_000))
    found = take({})
    assert {run.at.timestamp() for run in store.eval_runs()} == {1_770_000_000}
    assert all("time is that of the file itself" in run.reason for run in store.eval_runs())
    assert ["time is that of the file itself" in problem.message for problem in found.problems] == [True]
    assert all(run.run_id.startswith("promptfoo-") for run in store.eval_runs())


def test_a_date_in_the_name_goes_before_the_time_of_the_file(store: Store, take) -> None:
    take({"nightly-2026-03-10T06:00:00.jsonl": (FOLDER / "v3.jsonl").read_bytes()})
    assert {run.at.isoformat() for run in store.eval_runs()} == {"2026-03-10T06:00:00+00:00"}


def test_the_older_shape_counts_once(store: Store, take) -> None:
    whole = json.loads((FOLDER / "v2_with_table.json").read_text())
    assert whole["results"]["version"] == 2
    assert whole["results"]["table"]["body"]
    take({"a.json": json.dumps(whole)})
    wanted = Counter(one["provider"]["id"] for one in whole["results"]["results"] if "gradingResult" in one)
    runs = store.eval_runs()
    assert {run.suite: sum(one.n for one in run.slices) for run in runs} == {
        f"refunds-regression [{name}]": n for name, n in wanted.items()
    }
    assert wanted == {"echo": 3, "app-v12": 2}
    assert "an error of the provider" in next(run for run in runs if "app" in run.suite).reason


def test_a_table_alone_says_the_same(store: Store, take) -> None:
    whole = json.loads((FOLDER / "v2_with_table.json").read_text())
    del whole["results"]["results"]
    take({"a.json": json.dumps(whole, indent=1)})
    assert {run.suite: [(dict(s.segment), s.n, s.passed) for s in run.slices] for run in store.eval_runs()} == {
        "refunds-regression [echo]": [({"task": "refund"}, 2, 1), ({"task": "status"}, 1, 0)],
        "refunds-regression [app-v12]": [({"task": "refund"}, 2, 1)],
    }


def test_what_was_cut_out_is_told(store: Store, take) -> None:
    found = take({"a.json": (FOLDER / "export.trimmed.json").read_bytes()})
    (run,) = store.eval_runs()
    assert (run.run_id, run.prompt_version) == ("eval-WJi-2025-10-01T20:08:11", "cd59d97e5a39")
    assert [(one.n, one.passed) for one in run.slices] == [(1, 0)]  # ``error`` is filled, and an assertion failed
    assert ["counted 2 results and the file holds 1" in problem.message for problem in found.problems] == [True]


def test_bad_results_are_told_and_the_rest_counts(store: Store, take) -> None:
    lines = (FOLDER / "v3.jsonl").read_text().splitlines()
    bad = json.loads(lines[0])
    worse = {
        **json.loads(lines[1]),
        "vars": [],
        "testCase": 7,
        "gradingResult": [],
        "response": None,
        "prompt": "\ud800",
    }
    rows = [
        *lines,
        json.dumps({**bad, "success": "yes"}),
        "{cut",
        "[1]",
        json.dumps(worse),
        json.dumps({**bad, "success": None}),
    ]
    found = take({"2026-03-10.jsonl": "\n".join(rows)})
    assert [problem.line for problem in found.problems if problem.line] == [21, 22, 23, 25]
    assert sum(one.n for run in store.eval_runs() for one in run.slices) == 15


@pytest.mark.parametrize(
    "whole",
    [
        {"evalId": 3, "results": {"version": 3, "timestamp": [1], "results": [{"success": True}]}},
        {
            "evalId": "e",
            "results": {"version": 3, "timestamp": "0001-01-01T00:00:00+14:00", "results": [{"success": True}]},
        },
        {"evalId": "e", "results": {"version": 3, "prompts": 7, "stats": 1, "results": [7, None, [], {"success": 1}]}},
        {"evalId": "e", "results": {"version": 3, "prompts": [[]], "results": {"a": 1}}, "config": [], "metadata": 1},
        {"evalId": "e", "results": {"version": 3, "table": {"head": [], "body": [1, {"outputs": [1, {"pass": 2}]}]}}},
    ],
)
def test_wrong_types_are_told(store: Store, take, whole: dict) -> None:
    found = take({"a.json": json.dumps(whole)})
    assert found.problems
    assert not store.eval_runs()


def test_damage_is_told_and_what_came_before_it_counts(store: Store, take) -> None:
    text = (FOLDER / "v3.json").read_text()
    found = take({"a.json": text[: text.rfind('"promptIdx"')]})
    assert sum(one.n for run in store.eval_runs() for one in run.slices) > 10
    assert any("the file ends early" in problem.message for problem in found.problems)
    deep = '{"evalId": "e", "results": {"version": 3, "results": [' + "[" * 100_000
    assert any("nested too deeply" in problem.message for problem in take({"b.json": deep}).problems)


def test_loading_twice_changes_nothing(store: Store, take) -> None:
    files = {
        "v3.json": (FOLDER / "v3.json").read_bytes(),
        "v3.json.gz": gzip.compress((FOLDER / "v3.json").read_bytes()),
    }
    first = take(files)
    before = store.eval_runs()
    assert (first.eval_runs, take({}).eval_runs) == (4, 0)
    assert store.eval_runs() == before
    assert not first.problems


def with_ids(results: list[dict], first: int = 0) -> list[dict]:
    """Results as newer versions write them: each with an id of its own."""
    return [{**one, "id": f"{first + n:08x}-0000-4000-8000-000000000000"} for n, one in enumerate(results)]


def lines(results: list[dict]) -> str:
    return "".join(json.dumps(one) + "\n" for one in results)


def whole(results: list[dict], **more: object) -> str:
    said = json.loads((FOLDER / "v3.json").read_text())
    return json.dumps({**said, "results": {**said["results"], "results": results}, **more})


@pytest.mark.parametrize("first", ["a.json", "a.jsonl"])
def test_the_same_results_as_json_and_as_lines_are_the_same_runs(store: Store, take, first: str) -> None:
    told = with_ids(results("v3.json"))
    files = {"a.json": whole(told), "a.jsonl": lines([{**one, "latencyMs": 0} for one in told])}
    assert take({first: files[first]}).eval_runs == 4
    assert take(files).eval_runs == 0
    assert {run.source for run in store.eval_runs()} == {"a.json"}
    assert {run.at.isoformat() for run in store.eval_runs()} == {"2026-11-24T14:20:56.654000+00:00"}
    assert [run.run_id.partition("#")[2] for run in store.eval_runs()] == ["0", "1", "2", "3"]
    assert not any("stands for different things" in problem.message for problem in store.problems())
    others = {"b.jsonl": lines(with_ids(results("v3.json"), first=100)), "c.json": whole(told, evalId="eval-other")}
    assert take(others).eval_runs == 8


@pytest.mark.parametrize("ids", [True, False])
def test_lines_in_another_order_are_the_same_runs(store: Store, take, ids: bool) -> None:
    told = with_ids(results("v3.jsonl")) if ids else results("v3.jsonl")
    found = take({"a.jsonl": lines(told), "b.jsonl": lines(told[::-1])})
    assert found.eval_runs == len(store.eval_runs()) == 4
    assert all("the export holds no time" in problem.message for problem in found.problems)
    assert take({"c.jsonl": lines(told[1:])}).eval_runs == 1  # a result less is another run


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_of_copies_at_several_times_the_earliest_counts(store: Store, case: Path, take, order: tuple) -> None:
    times = (1_760_000_000, 1_770_000_000)
    for n, place in enumerate(order):
        path = case / str(place) / "a.jsonl"
        path.parent.mkdir()
        path.write_bytes((FOLDER / "v3.jsonl").read_bytes())
        os.utime(path, (times[place], times[place]))
        assert take({}).eval_runs == (0 if n else 4)
    assert {run.at.timestamp() for run in store.eval_runs()} == {1_760_000_000}
    assert all("time is that of the file itself" in problem.message for problem in store.problems())


def test_a_copy_of_what_holds_its_time_is_no_other_file(case: Path, take) -> None:
    take({"a.json": (FOLDER / "v3.json").read_bytes()})
    os.utime(case / "a.json", (1_760_000_000, 1_760_000_000))
    assert [one.reason for one in take({}).skipped] == ["already loaded"]


def test_innocent_lookalikes(case: Path) -> None:
    for name, record in {
        "a.json": {"results": [{"id": 1, "success": True}]},
        "b.json": {"evalId": "x", "score": 1},
        "c.jsonl": {"vars": {}, "success": True, "testCase": "login"},
        "d.json": {"results": {"version": 1, "timestamp": "2026-01-01"}},
    }.items():
        (case / name).write_text(json.dumps(record))
    assert "promptfoo" not in readers(case)
