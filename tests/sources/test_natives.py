from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
import yaml

from blameline.records import SignalSetting

if TYPE_CHECKING:
    from blameline.store import Store

RUN = {
    "run_id": "r-101", "suite": "refunds-regression", "at": "2026-03-10T06:00:00Z", "judge": "gpt-5-mini@2026-02-01", "gating": True,
    "status": "completed", "prompt_version": "v11", "slices": [{"segment": {"app.task": "refund"}, "n": 40, "passed": 37}],
    "case_dates": ["2025-11-02", "2026-01-20"],
}  # fmt: skip
REPLAY = {
    "case_id": "t-77",
    "signal": "answer_correct",
    "score": 0,
    "config": {"prompt": "v12", "model": "m"},
    "run": 1,
}


def test_eval_runs(store: Store, take) -> None:
    skipped = {"run_id": 102, "suite": "s", "at": "2026-03-11T06:00:00", "status": "skipped", "reason": "flaky"}
    bad = [{"run_id": "x", "suite": "s"}, {**RUN, "status": "maybe"}]
    found = take({"e.jsonl": "\n".join(json.dumps(row) for row in [RUN, skipped, *bad]) + "\n{cut"})
    first, second = store.eval_runs()
    assert (first.run_id, first.gating, first.slices[0].passed) == ("r-101", True, 37)
    assert (second.run_id, second.status, second.reason) == ("102", "skipped", "flaky")
    assert [problem.line for problem in found.problems] == [3, 4, 5]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"slices": [{"segment": {}, "n": 3, "passed": 4}]}, "'slices': 4 passed of 3"),
        ({"slices": [{"segment": {}, "n": -3}]}, "'slices.0.n'"),
        ({"slices": [{"segment": {}, "n": float("nan")}]}, "'slices.0.n'"),
        ({"slices": [{"segment": {}, "n": 2**80, "passed": "many"}]}, "'slices.0.passed'"),
        ({"slices": {"n": 1}}, "'slices'"),
        ({"slices": "[{cut"}, "'slices'"),
        ({"slices": [7]}, "'slices.0'"),
        ({"at": "0001-01-01T00:00:00+14:00"}, "no such moment in UTC"),
        ({"at": 2**80}, "'at'"),
        ({"at": ["2026-03-10"]}, "'at'"),
        ({"gating": "perhaps"}, "'gating'"),
        ({"run_id": ["r"]}, "'run_id'"),
        ({"case_dates": 20260310}, "'case_dates'"),
        ({"judge": {"name": "j"}}, "'judge'"),
    ],
)
def test_eval_runs_that_cannot_be_used(store: Store, take, more: dict, said: str) -> None:
    found = take({"e.jsonl": "\n".join(json.dumps(row) for row in [{**RUN, **more}, {**RUN, "run_id": "good"}])})
    assert [run.run_id for run in store.eval_runs()] == ["good"]
    assert [(problem.line, said in problem.message) for problem in found.problems] == [(1, True)]


def test_the_time_of_an_eval_run_is_a_date_or_a_count_since_1970(store: Store, take) -> None:
    times = [20260310, "20260310", "20260310T0600Z", 1773122400, 1773122400000, 2026, "2026", "1960-01-01"]
    found = take({"e.jsonl": "\n".join(json.dumps({**RUN, "run_id": f"{n}", "at": at}) for n, at in enumerate(times))})
    assert [(run.run_id, f"{run.at:%m-%d %H}") for run in store.eval_runs()] == [
        ("0", "03-10 00"), ("1", "03-10 00"), ("2", "03-10 06"), ("3", "03-10 06"), ("4", "03-10 06")
    ]  # fmt: skip
    assert {run.at.year for run in store.eval_runs()} == {2026}
    assert [problem.line for problem in found.problems] == [6, 7, 8]


def test_eval_runs_of_one_id_that_differ_are_told(store: Store, take) -> None:
    found = take({"e.jsonl": "\n".join(json.dumps(row) for row in [RUN, RUN, {**RUN, "judge": "other"}])})
    assert [run.judge for run in store.eval_runs()] == [RUN["judge"]]
    assert ["the eval run id 'r-101'" in problem.message for problem in found.problems] == [True]


@pytest.mark.parametrize("name", ["e.jsonl", "e.json", "mapped.json", "e.yaml", "e.csv"])
def test_eval_runs_in_every_container(store: Store, take, name: str) -> None:
    slices = [{"segment": {"app.task": "refund", "vip": True, "tenant": None}, "n": 40, "passed": 37}]
    rows = [{**RUN, "run_id": run_id, "slices": slices} for run_id in ("1", "2")]
    table = io.StringIO()
    writer = csv.DictWriter(table, list(RUN))
    writer.writeheader()
    writer.writerows({key: json.dumps(v) if isinstance(v, list) else v for key, v in row.items()} for row in rows)
    texts = {
        "e.jsonl": "\n".join(json.dumps(row) for row in rows),
        "e.json": json.dumps(rows, indent=1),
        "mapped.json": json.dumps({"runs": rows}),
        "e.yaml": yaml.safe_dump(rows),
        "e.csv": table.getvalue(),
    }
    found = take({name: texts[name]})
    assert [run.run_id for run in store.eval_runs()] == ["1", "2"]
    assert all(dict(run.slices[0].segment) == {"app.task": "refund", "vip": "true"} for run in store.eval_runs())
    assert {run.case_dates for run in store.eval_runs()} == {("2025-11-02", "2026-01-20")}
    assert not found.problems


def test_many_unknown_keys_of_an_eval_run_are_told_once(store: Store, take) -> None:
    rows = [json.dumps({**RUN, "run_id": f"{n}", **{f"k{k}": 1 for k in range(200)}}) for n in range(3)]
    found = take({"e.jsonl": "\n".join(rows)})
    assert len(store.eval_runs()) == 3
    assert len(found.problems) <= 150


def test_replays(store: Store, take) -> None:
    rows = [json.dumps(REPLAY), json.dumps({**REPLAY, "score": float("nan")}), json.dumps({**REPLAY, "score": "bad"})]
    found = take({"r.jsonl": "\n".join(rows)})
    columns = store.replays()
    assert (columns["config"][0], columns["score"][0], columns["run"][0]) == (REPLAY["config"], 0.0, "1")
    assert [problem.line for problem in found.problems] == [2, 3]


def test_the_manifest_uses_what_it_can(store: Store, take) -> None:
    text = (
        "service: s\nparadigm: robot\nsegmnts: [a]\nreported_at: 2026-03-15T02:10:00\nfields: {prompt: a.b, promt: [x], model: []}\n"
        "signals: {a: {better: lower}, b: }\nwindow: {from: 2026-03-01}\n"
    )
    found = take({"incident.yaml": text})
    manifest = store.manifest()
    assert (manifest.service, manifest.paradigm) == ("s", None)
    assert manifest.signals == {"a": SignalSetting(better="lower"), "b": SignalSetting()}
    assert manifest.fields == {"prompt": ("a.b",), "model": ()}
    assert len(found.problems) == 3
    assert any("did you mean 'segments'?" in problem.message for problem in found.problems)
    assert any("did you mean 'prompt'?" in problem.message for problem in found.problems)


def test_the_manifest_s_times_are_dates(store: Store, take) -> None:
    found = take({"incident.yaml": "service: s\nreported_at: 2026\nwindow: {from: 20260301, to: 2026-03-21}\n"})
    manifest = store.manifest()
    assert manifest.window.from_ == datetime(2026, 3, 1, tzinfo=UTC)
    assert manifest.reported_at is None
    assert ["'reported_at'" in problem.message for problem in found.problems] == [True]
