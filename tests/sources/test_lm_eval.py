from __future__ import annotations

import json
import os
import shutil
from itertools import permutations
from typing import TYPE_CHECKING

import pytest

from blameline.intake import load
from blameline.sources import Found, discover
from blameline.store import Store
from conftest import FIXTURES

if TYPE_CHECKING:
    from pathlib import Path

FOLDER = FIXTURES / "lm_eval"
RESULTS = "results_2026-11-24T14-21-04.898965.json"
SAMPLES = "samples_refunds_mc_2026-11-24T14-21-04.898965.jsonl"


def results(**more: object) -> dict:
    return {**json.loads((FOLDER / RESULTS).read_text()), **more}


def test_a_task_is_a_run_and_a_group_is_not(store: Store, take) -> None:
    found = take({"r.json": (FOLDER / RESULTS).read_bytes()})
    told = results()
    runs = {run.suite: run for run in store.eval_runs()}
    assert runs.keys() == told["n-samples"].keys() == {"refunds_mc", "status_gen", "perplexed"}
    right = round(told["results"]["refunds_mc"]["acc,none"] * 9)
    assert [(dict(s.segment), s.n, s.passed) for s in runs["refunds_mc"].slices] == [({}, 9, right)]
    assert [(s.n, s.passed) for s in runs["status_gen"].slices] == [(9, 0)]
    assert [(s.n, s.passed) for s in runs["perplexed"].slices] == [(9, None)]
    assert all(run.at.timestamp() == pytest.approx(told["date"], abs=1e-5) for run in runs.values())
    assert runs["refunds_mc"].reason == (
        f"passed by acc, task version 2.0, task hash {told['task_hashes']['refunds_mc'][:12]}, model {told['model_name']}"
    )
    assert runs["perplexed"].reason.startswith("passed by nothing: bits_per_byte, word_perplexity count no passes")
    assert not found.problems


def test_the_samples_beside_give_the_segments(store: Store, take) -> None:
    names = [RESULTS, SAMPLES, "samples_perplexed_2026-11-24T14-21-04.898965.jsonl"]
    found = take({name: (FOLDER / name).read_bytes() for name in names})
    wanted: dict[tuple[str, str], list[float]] = {}
    for line in (FOLDER / SAMPLES).read_text().splitlines():
        row = json.loads(line)
        wanted.setdefault((row["doc"]["task"], row["doc"]["region"]), []).append(row["acc"])
    run = next(run for run in store.eval_runs() if run.suite == "refunds_mc")
    assert {(s.segment["task"], s.segment["region"]): (s.n, s.passed) for s in run.slices} == {
        segment: (len(scores), sum(scores)) for segment, scores in wanted.items()
    }
    assert (found.eval_runs, found.problems) == (3, ())
    assert take({}).eval_runs == 0


def test_samples_that_do_not_agree_are_told(store: Store, take) -> None:
    lines = (FOLDER / SAMPLES).read_text().splitlines()
    odd = [json.dumps({**json.loads(lines[0]), "acc": value}) for value in (None, "1", 0.5)]
    found = take({RESULTS: (FOLDER / RESULTS).read_bytes(), SAMPLES: "\n".join([*lines, *odd, "{cut"])})
    run = next(run for run in store.eval_runs() if run.suite == "refunds_mc")
    assert sum(one.n for one in run.slices) == 10
    assert "2 cases left out: no acc for the sample" in run.reason
    assert "the results count 9 cases and the samples beside them 12" in run.reason
    assert [(problem.source, problem.line) for problem in found.problems] == [(SAMPLES, 13)]


def in_every_order(folder: Path, places: list[str]) -> tuple[Store, list[list[str]]]:
    """The store that loads of some places leave, one place a load, and what all orders of them make of the rows."""
    held, store = [], None
    for n, order in enumerate(permutations(places)):
        store = Store.open(folder / f"{n}.duckdb")
        for name in order:
            load(store, [folder / name])
        rows = [store.sql(f"SELECT * FROM {table} ORDER BY ALL").rows for table in ("eval_runs", "problems", "files")]  # noqa: S608  names are ours
        held.append([repr(store.eval_runs()), *map(repr, rows)])
    assert store is not None
    return store, held


def laid(folder: Path, files: dict[str, str | bytes]) -> Path:
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def test_results_alone_and_with_their_samples_are_one_run_in_every_order(tmp_path: Path) -> None:
    both = {name: (FOLDER / name).read_bytes() for name in (RESULTS, SAMPLES)}
    laid(tmp_path / "alone", {RESULTS: both[RESULTS]})
    laid(tmp_path / "both", both)
    laid(tmp_path / "samples", {SAMPLES: both[SAMPLES]})
    store, held = in_every_order(tmp_path, ["alone", "both", "samples"])
    assert all(one == held[0] for one in held)
    runs = {run.suite: run for run in store.eval_runs()}
    assert len(runs) == len(store.eval_runs()) == store.loaded().eval_runs == 3
    assert {"task", "region"} == {name for one in runs["refunds_mc"].slices for name in one.segment}
    assert [problem.message.partition(" without")[0] for problem in store.problems()] == ["samples of lm-eval"]
    shutil.copytree(tmp_path / "both", tmp_path / "copy", copy_function=shutil.copy)
    again = load(store, [tmp_path / "copy"])
    assert {one.reason for one in again.skipped} == {"already loaded"}


def test_samples_that_are_cut_do_not_go_before_whole_ones(tmp_path: Path) -> None:
    whole = (FOLDER / SAMPLES).read_text()
    few = "".join(whole.splitlines(keepends=True)[:4])
    for name, samples in {"whole": whole, "cut": few}.items():
        laid(tmp_path / name, {RESULTS: (FOLDER / RESULTS).read_bytes(), SAMPLES: samples})
    store, held = in_every_order(tmp_path, ["cut", "whole"])
    assert held[0] == held[1]
    run = next(run for run in store.eval_runs() if run.suite == "refunds_mc")
    assert sum(one.n for one in run.slices) == 9
    assert {problem.message.partition(" stands")[0] for problem in store.problems()} == {
        f"the eval run id '{run.run_id}'"
    }


def test_results_without_a_date_are_one_run_at_the_earliest_time_of_a_copy(tmp_path: Path) -> None:
    text = json.dumps(results(date=None))
    for name, at in {"a": 1_770_000_000, "b": 1_760_000_000}.items():
        os.utime(laid(tmp_path / name, {"r.json": text}) / "r.json", (at, at))
    store, held = in_every_order(tmp_path, ["a", "b"])
    assert held[0] == held[1]
    assert [run.at.timestamp() for run in store.eval_runs()] == [1_760_000_000] * 3
    assert all("time is that of the file itself" in problem.message for problem in store.problems())


def test_samples_without_their_results_are_told(take) -> None:
    found = take({SAMPLES: (FOLDER / SAMPLES).read_bytes()})
    assert [problem.message.partition(" without")[0] for problem in found.problems] == ["samples of lm-eval"]


@pytest.mark.parametrize(
    ("measured", "counts", "wanted"),
    [
        ({"acc,none": 0.5}, {"effective": 10, "original": 900}, (10, 5)),
        ({"exact_match,strict-match": 0.25, "exact_match,flexible-extract": 0.5}, {"effective": 8}, (8, 2)),
        ({"acc,none": float("nan")}, {"effective": 8}, (8, None)),
        ({"acc,none": 41.0}, {"effective": 8}, (8, None)),
        ({"acc,none": True, "mc1,none": 0.5}, {"original": 8}, (8, 4)),
        ({"f1,none": 0.5}, {"effective": 8}, (8, None)),
    ],
)
def test_only_shares_count_passes(store: Store, take, measured: dict, counts: dict, wanted: tuple) -> None:
    take({"r.json": json.dumps(results(results={"t": {"alias": "t", **measured}}, **{"n-samples": {"t": counts}}))})
    (run,) = store.eval_runs()
    assert [(one.n, one.passed) for one in run.slices] == [wanted]


def test_wrong_types_are_told(store: Store, take) -> None:
    measured = {"t": {"alias": "t", "acc,none": 0.5}}
    bad = {
        "a": results(date="soon", results=measured),
        "b": results(results={**measured, "u": [1]}, **{"n-samples": {"t": {"effective": -4, "original": 2.5}}}),
        "c": results(date=float("nan"), results=measured, config=[], versions=3, task_hashes=[], group_subtasks=1),
        "d": results(results={"t": {"alias": "t", "acc,none": 0.5}}, date=None),
    }
    found = take({f"{name}.json": json.dumps(one) for name, one in bad.items()})
    told = {problem.source: problem.message for problem in found.problems}
    assert told.keys() == {"a.json", "b.json", "c.json", "d.json"}
    assert told["b.json"] == "the task 'u' is not usable: an object is expected"
    assert "time is that of the file itself" in told["d.json"]
    runs = {run.source: run for run in store.eval_runs()}
    assert runs["b.json"].slices == ()
    assert "do not say how many cases" in runs["b.json"].reason
    assert runs.keys() == {"b.json", "d.json"}


def test_results_are_known_by_their_start(store: Store, take) -> None:
    long = results(configs={"t": {"description": "x" * 200_000}})
    assert take({"long.json": json.dumps(long, indent=2)}).eval_runs == 3


def test_innocent_lookalikes(case: Path) -> None:
    (case / "a.json").write_text(json.dumps({"results": {"t": {"acc": 0.5, "alias": "t"}}, "date": 1.0}))
    (case / "b.jsonl").write_text(json.dumps({"doc_id": 1, "doc": {"text": "x"}, "target": "y"}) + "\n")
    assert [
        part.reader.name for part in discover([case]) if isinstance(part, Found) and part.reader.name == "lm_eval"
    ] == []
