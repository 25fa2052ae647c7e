"""Scope: did the segments move that the change touched, and did the others stay?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from blameline.cells.grid import sums
from blameline.evidence.enough import about, from_scratch, more_of, whole
from blameline.evidence.exposure import CLEAR, ENOUGH
from blameline.evidence.hearing import FEWEST
from blameline.evidence.questions import Answered, OfChanges, Rows, between, points
from blameline.shifts.describe import Z90

if TYPE_CHECKING:
    from blameline.candidates import Candidate
    from blameline.evidence.hearing import Hearing
    from blameline.evidence.questions import Number

Floats = NDArray[np.float64]
ALL, NOTHING = 0.9, 0.05
"""Share of a segment's requests from which on it was touched, and up to which it was not."""


class Scope(OfChanges):
    """Segments that had all of it against segments that had none, before and after it began.

    It is put to changes that are confined to segments. Where their requests are compared with others of the same hours this is
    the comparison of ``exposure``, which is told there; this check adds how either side moved by itself.
    """

    name = "scope"
    asks = "Did the segments that it touched get worse, and did the others stay?"
    query = "evidence/segments"

    def concerns(self, candidate: Candidate) -> bool:
        """Changes with a scope on record, and those whose stamp may be seen in some segments only."""
        scoped = candidate.change is not None and bool(candidate.change.scope)
        return not candidate.standing and (scoped or candidate.key is not None)

    def weigh(self, rows: Rows, hearing: Hearing, candidate: Candidate, *, seed: int) -> Answered:
        """Differences in differences, the days of a segment as clusters; too few requests or days cannot tell."""
        del seed
        seen = _sides(hearing, candidate)
        numbers: dict[str, Number] = {"segments": len({str(one) for one in rows["segment"]})}
        if isinstance(seen, str):
            numbers["enough"] = need = from_scratch(hearing)
            more = f"about {about(need)} requests, half of them in segments without it, would tell"
            return Answered("inconclusive", f"{seen}; {more}", numbers)
        numbers |= {
            "touched": seen.touched,
            "untouched": seen.untouched,
            "n_touched": seen.n[0],
            "n_untouched": seen.n[1],
        }
        if min(seen.n) < FEWEST or not np.isfinite(seen.error):
            numbers["enough"] = need = max(from_scratch(hearing), 2 * FEWEST)
            told = f"{seen.n[0]:,} requests in segments with it and {seen.n[1]:,} in segments without"
            return Answered("inconclusive", f"{told}; about {about(need)} in all would tell", numbers)
        target, apart = whole(hearing), hearing.harm * seen.apart
        numbers |= {
            "effect": seen.apart,
            "low": seen.apart - Z90 * seen.error,
            "high": seen.apart + Z90 * seen.error,
            "touched_effect": seen.moved[0],
            "untouched_effect": seen.moved[1],
        }
        both = f"touched segments {points(seen.moved[0], hearing)}, the others {points(seen.moved[1], hearing)}"
        words = f"{both}, apart {between(seen.apart, seen.error, hearing)}"
        stayed = hearing.harm * seen.moved[1] < 0.5 * hearing.harm * seen.moved[0]
        if apart > CLEAR * seen.error and apart > ENOUGH * target and stayed:
            return Answered(
                "supports", f"the segments that it touched got worse and the others did not: {words}", numbers
            )
        if apart + Z90 * seen.error < ENOUGH * target:
            mine, theirs = (hearing.harm * moved > ENOUGH * target for moved in seen.moved)
            told = "the others got as bad" if mine else "the segments that it touched got no worse"
            told += ", and the others did" if theirs and not mine else ""
            return Answered("refutes", f"{told}: {words}", numbers)
        numbers["enough"] = need = more_of(sum(seen.n), seen.error, hearing)
        return Answered("inconclusive", f"too wide to tell: {words}; about {about(need)} requests would tell", numbers)


@dataclass(frozen=True)
class _Sides:
    """How the touched and the untouched moved, in the signal's unit."""

    touched: int
    """Segments."""
    untouched: int
    n: tuple[int, int]
    """Requests of either side since it began."""
    moved: tuple[float, float]
    apart: float
    """The one minus the other."""
    error: float


def _sides(hearing: Hearing, candidate: Candidate) -> _Sides | str:
    """Both sides in one model; a sentence where segments are not all or nothing."""
    fit = hearing.fit
    cells = fit.cells
    among = hearing.among(candidate)
    column = hearing.recorded(candidate, hearing.shift.signal) * among
    if len(cells.segments) < 2 or not any(cells.segments):
        return "no segment attribute was recorded"
    if not column.any():
        return "it never shows in this signal's traffic"
    count = len(cells.segments)
    on = np.unique(cells.bucket[column > 0])
    late = np.isin(cells.bucket, on)
    n = sums(cells.segment[late], cells.n[late], count)
    share = np.divide(sums(cells.segment[late], (cells.n * column)[late], count), n, out=np.zeros(count), where=n > 0)
    told = (n > 0) & (sums(cells.segment, cells.n * among, count) > 0)
    peak = float(share[told].max(initial=0.0))
    if ((share > NOTHING) & (share < ALL * peak))[told].any() or (candidate.key is not None and peak < ALL):
        return "within segments some requests had it and some had not, which exposure compares"
    if share[told].min() > NOTHING:
        return "it reached every segment, so none is left to compare with"
    touched = told & (share >= ALL * peak)
    profile = np.divide(
        sums(cells.bucket, cells.n * column, cells.buckets),
        sums(cells.bucket, cells.n * touched[cells.segment], cells.buckets),
        out=np.zeros(cells.buckets),
        where=sums(cells.bucket, cells.n * touched[cells.segment], cells.buckets) > 0,
    )
    beside: Floats = profile[cells.bucket] * (told & ~touched)[cells.segment]
    both = np.column_stack([column, beside])
    inner, pull = fit.gram(both), fit.scores(both).pull
    sizes = tuple(int(cells.n[late & (told & (touched == side))[cells.segment]].sum()) for side in (True, False))
    if np.linalg.matrix_rank(inner, tol=1e-9 * float(np.abs(inner).max())) < 2:
        moved, apart, error = np.zeros(2), 0.0, np.inf
    else:
        spread = np.linalg.inv(inner)
        moved, lever = spread @ pull, np.array([1.0, -1.0])
        apart, error = float(lever @ moved), float(np.sqrt(lever @ spread @ lever))
    counted = int((touched & told).sum()), int((~touched & told).sum())
    return _Sides(*counted, (sizes[0], sizes[1]), (float(moved[0]), float(moved[1])), apart, error)
