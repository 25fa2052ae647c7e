"""Which guard should have caught the shift, and why it did not.

Eval runs, the shift and the traffic come in; one finding a suite comes out. A guard that missed explains why nobody noticed,
never why the answers got worse: this room and ``evidence`` do not see each other.
"""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from scipy.special import ndtr

from blameline.records import EvalRun, Finding, Guard, Shift

if TYPE_CHECKING:
    from collections.abc import Sequence

    from blameline.cells import Cells

ALPHA = 1.645
"""A run counts as failed when its pass rate falls this many standard errors below the runs before (one-sided 5%)."""
STALE = timedelta(days=180)
COVERED = 0.05


def guards(runs: Sequence[EvalRun], shift: Shift, traffic: Cells) -> tuple[Guard, ...]:
    """What each suite did about one shift for the worse, by suite."""
    return tuple(
        _finding(suite, [run for run in runs if run.suite == suite], shift, traffic)
        for suite in sorted({run.suite for run in runs})
    )


def _finding(suite: str, runs: list[EvalRun], shift: Shift, traffic: Cells) -> Guard:
    until = shift.ended or datetime.max.replace(tzinfo=UTC)
    runs = sorted(runs, key=lambda run: (run.at, run.run_id))
    before = [run for run in runs if run.at < shift.onset.estimate and run.status == "completed"]
    during = [run for run in runs if shift.onset.estimate <= run.at < until]
    ran = [run for run in during if run.status in {"completed", "overridden"}]

    def said(finding: Finding, because: str) -> Guard:
        return Guard(guard=suite, finding=finding, because=because, shift=shift.id)

    overruled = [run for run in during if run.status == "overridden"]
    if overruled:
        return said(
            "overridden", f"its run {overruled[0].run_id} was overruled: {overruled[0].reason or 'no reason on record'}"
        )
    if not ran:
        missed = [run for run in during if run.status in {"skipped", "error"}]
        why = (
            f"{len(missed)} runs {missed[0].status}: {missed[0].reason or 'no reason on record'}"
            if missed
            else "no run on record"
        )
        return said("not_run", f"it did not run while the quality was down ({why})")
    covered = _covered(ran[0], shift, traffic)
    if covered < COVERED:
        return said("no_case", f"its cases stand for {covered:.0%} of the traffic that got worse")
    old = _newest_case(ran[0])
    if old is not None and shift.onset.estimate.date() - old > STALE:
        return said(
            "stale", f"its newest case is from {old}, {(shift.onset.estimate.date() - old).days} days before the onset"
        )
    size, base = _counts(ran, shift), _counts(before[-5:], shift)
    if not size[0] or not base[0]:
        return said("not_run", "it recorded no results to compare before and after the onset")
    p0, p1 = base[1] / base[0], size[1] / size[0]
    error = math.sqrt(max(p0 * (1 - p0), 0.01) * (1 / size[0] + 1 / base[0]))
    drop = abs(shift.delta.estimate)
    power = float(ndtr(drop / error - ALPHA))
    numbers = f"pass rate {p0:.0%} before, {p1:.0%} after ({base[0]} and {size[0]} cases)"
    if (p0 - p1) / error > ALPHA:
        gates = any(run.gating for run in ran)
        return said(
            "caught" if gates else "not_gating", f"it fell: {numbers}" + ("" if gates else ", and it blocks nothing")
        )
    if power < 0.5:
        return said("underpowered", f"with so few cases it would fire in {power:.0%} of such drops; {numbers}")
    return said(
        "blind_judge",
        f"it would fire in {power:.0%} of such drops and did not: {numbers}; its judge or its cases do not see this",
    )


def _covered(run: EvalRun, shift: Shift, traffic: Cells) -> float:
    """Share of the affected traffic whose segment has at least one case in the run; a run without slices covers all."""
    used = [dict(one.segment) for one in run.slices if one.n > 0]
    if not used:
        return 1.0 if not run.slices else 0.0
    known = {key for segment in traffic.segments for key in segment}
    inside = traffic.inside(dict(shift.segment))
    if shift.by_segment:
        worst = [one for one in shift.by_segment if _matters(one.delta.estimate, shift)]
        keys = {key for one in worst for key in one.segment} & {key for segment in used for key in segment}
        for key in sorted(keys):
            hit = [one.segment[key] for one in worst if key in one.segment]
            inside = inside & sum((traffic.inside({key: value}) for value in hit), traffic.inside({key: "\0"})).astype(
                bool
            )
    whole = float(traffic.n[inside].sum())
    if not whole:
        return 1.0
    told = traffic.inside({"\0": "\0"})
    for segment in used:
        told = told | traffic.inside({key: str(value) for key, value in segment.items() if key in known})
    return float(traffic.n[inside & told].sum()) / whole


def _matters(effect: float, shift: Shift) -> bool:
    return effect * shift.delta.estimate > 0 and abs(effect) > 0.5 * abs(shift.delta.estimate)


def _counts(runs: Sequence[EvalRun], shift: Shift) -> tuple[int, int]:
    """Cases and passes in the slices that touch the affected segment."""
    n = passed = 0
    for run in runs:
        for one in run.slices:
            agrees = all(one.segment.get(key, value) == value for key, value in shift.segment.items())
            if agrees and one.passed is not None:
                n, passed = n + one.n, passed + one.passed
    return n, passed


def _newest_case(run: EvalRun) -> date | None:
    found = []
    for text in run.case_dates:
        try:
            found.append(date.fromisoformat(text[:10]))
        except ValueError:
            continue
    return max(found, default=None)
