"""Every finding about a guard, planted: the guard that fired, and each way to miss."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import get_args

import numpy as np
import pytest

from blameline.cells import Cells
from blameline.cells.read import VOLUME
from blameline.coverage import guards
from blameline.records import EvalRun, Finding, Interval, Onset, Shift, Slice, SliceEffect

START = datetime(2026, 3, 1, tzinfo=UTC)
ONSET = START + timedelta(days=10)
REFUND, OTHER = {"app.task": "refund"}, {"app.task": "billing"}


def shift(**more):
    onset = Onset(estimate=ONSET, low=ONSET - timedelta(hours=3), high=ONSET + timedelta(hours=3))
    given = {
        "id": "shift-1", "signal": "answer_correct", "direction": "worse", "moved": "app", "onset": onset,
        "before": 0.9, "after": 0.7, "delta": Interval(estimate=-0.2, low=-0.22, high=-0.18),
    }  # fmt: skip
    return Shift(**{**given, **more})


@pytest.fixture
def traffic():
    """Two kinds of request, in equal parts, every hour of twenty days."""
    buckets = 480
    n = np.full(2 * buckets, 50.0)
    return Cells(
        signal=VOLUME, origin=START, width=3600, buckets=buckets, bucket=np.tile(np.arange(buckets), 2),
        segment=np.repeat([0, 1], buckets), version=np.zeros(2 * buckets, dtype=np.int64), n=n, total=n, square=n,
        segments=(REFUND, OTHER), versions=({},),
    )  # fmt: skip


def run(day, passed, n=200, **more):
    given = {
        "run_id": f"r-{day}", "suite": "nightly", "gating": True,
        "at": START + timedelta(days=day),
        "slices": tuple(Slice(segment=one, n=n // 2, passed=passed // 2) for one in (REFUND, OTHER)),
        "case_dates": ("2026-02-01",),
    }  # fmt: skip
    return EvalRun(**{**given, **more})


def runs(after, *, days=(1, 3, 5, 7, 9, 11, 13), before=180, n=200, **more):
    """Runs every other day that pass ``before`` of ``n`` until the onset and ``after`` from then on."""
    return [run(day, before if day < 10 else after, n, **(more if day > 10 else {})) for day in days]


PLANTED = {
    "caught": runs(140),
    "not_gating": runs(140, gating=False),
    "blind_judge": runs(180),
    "underpowered": runs(6, before=6, n=8),
    "overridden": runs(140, status="overridden", reason="released by hand"),
    "not_run": runs(0, status="skipped", reason="the queue was full", slices=()),
    "no_case": runs(100, n=100, slices=(Slice(segment={"app.task": "greeting"}, n=50, passed=45),)),
    "stale": runs(180, case_dates=("2025-03-01", "2025-06-30")),
}


@pytest.mark.parametrize("finding", get_args(Finding))
def test_each_finding_is_given(traffic, finding):
    (guard,) = guards(PLANTED[finding], shift(), traffic)
    assert guard.finding == finding, guard.because
    assert guard.guard == "nightly"
    assert guard.shift == "shift-1"
    assert guard.because


@pytest.mark.parametrize("finding", get_args(Finding))
def test_the_order_of_the_runs_does_not_matter(traffic, finding):
    first = guards(PLANTED[finding], shift(), traffic)
    for order in list(permutations(PLANTED[finding]))[:: 5040 // 6]:
        assert guards(order, shift(), traffic) == first


def test_a_guard_says_why_with_its_numbers(traffic):
    said = {finding: guards(PLANTED[finding], shift(), traffic)[0].because for finding in PLANTED}
    assert "90% before, 70% after (1000 and 400 cases)" in said["caught"]
    assert "blocks nothing" in said["not_gating"]
    assert "released by hand" in said["overridden"]
    assert "the queue was full" in said["not_run"]
    assert "2025-06-30" in said["stale"]


def test_no_run_at_all_after_the_onset(traffic):
    (guard,) = guards(runs(0, days=(1, 3, 5)), shift(), traffic)
    assert (guard.finding, guard.because) == ("not_run", "it did not run while the quality was down (no run on record)")


def test_a_run_after_the_quality_came_back_was_no_guard(traffic):
    (guard,) = guards(runs(140), shift(ended=ONSET + timedelta(hours=12)), traffic)
    assert guard.finding == "not_run"


def test_only_the_slice_that_got_worse_counts(traffic):
    """Billing is fine in both; the suite has cases for billing only, and refunds got worse."""
    only_billing = [run(day, 0, slices=(Slice(segment=OTHER, n=100, passed=90),)) for day in (1, 5, 9, 11)]
    assert guards(only_billing, shift(segment=REFUND), traffic)[0].finding == "no_case"
    effects = (
        SliceEffect(segment=REFUND, delta=Interval(estimate=-0.4, low=-0.5, high=-0.3), n=400),
        SliceEffect(segment=OTHER, delta=Interval(estimate=0.0, low=-0.1, high=0.1), n=400),
    )
    assert guards(only_billing, shift(by_segment=effects), traffic)[0].finding == "no_case"
    assert guards(only_billing, shift(), traffic)[0].finding != "no_case"


def test_each_suite_has_its_own_finding(traffic):
    other = [one.model_copy(update={"suite": "weekly", "run_id": f"w-{one.run_id}"}) for one in PLANTED["blind_judge"]]
    found = guards([*other, *PLANTED["caught"]], shift(), traffic)
    assert [(one.guard, one.finding) for one in found] == [("nightly", "caught"), ("weekly", "blind_judge")]
    assert guards([], shift(), traffic) == ()


def test_a_run_without_results_is_no_comparison(traffic):
    empty = [run(day, 0, slices=()) for day in (1, 5, 11)]
    assert guards(empty, shift(), traffic)[0].finding == "not_run"
