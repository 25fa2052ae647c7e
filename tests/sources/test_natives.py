from __future__ import annotations

import json
from typing import TYPE_CHECKING

from blameline.records import SignalSetting

if TYPE_CHECKING:
    from blameline.store import Store

RUN = {
    "run_id": "r-101", "suite": "refunds-regression", "at": "2026-03-10T06:00:00Z", "judge": "gpt-5-mini@2026-02-01", "gating": True,  # noqa: E501
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


def test_replays(store: Store, take) -> None:
    rows = [json.dumps(REPLAY), json.dumps({**REPLAY, "score": float("nan")}), json.dumps({**REPLAY, "score": "bad"})]
    found = take({"r.jsonl": "\n".join(rows)})
    columns = store.replays()
    assert (columns["config"][0], columns["score"][0], columns["run"][0]) == (REPLAY["config"], 0.0, "1")
    assert [problem.line for problem in found.problems] == [2, 3]


def test_the_manifest_uses_what_it_can(store: Store, take) -> None:
    text = (
        "service: s\nparadigm: robot\nsegmnts: [a]\nreported_at: 2026-03-15T02:10:00\nfields: {prompt: a.b, promt: [x], model: []}\n"  # noqa: E501
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
