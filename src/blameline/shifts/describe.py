"""From a move in the model to a shift on record: onset interval, levels before and after, and the part that is traffic mix."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from blameline.cells.grid import sums
from blameline.fit import Fit
from blameline.records import Interval, Onset, Shift
from blameline.shifts.moves import Move, highest_density
from blameline.shifts.ramps import bottoms

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from blameline.cells import Cells

DAY = 24.0
"""Hours."""
Z90 = 1.6449
"""Standard normal quantile of a two-sided 90% interval."""


def describe(number: int, fit: Fit, move: Move, *, within: bool, beside: Sequence[Move] = ()) -> Shift:
    """The shift that a move amounts to; ``within`` is false when only the plain mean moved and no segment did.

    ``beside`` are the other moves of the signal at other times: its levels are those next to it, between them.
    """
    cells = fit.cells
    onset = onset_of(cells, move.moments, move.weights)
    ended = onset_of(cells, move.ends, move.end_weights) if move.ends.size else None
    bottom = bottoms(fit if within else Fit(cells.pooled()), move) if move.gradual else (np.zeros(0), np.zeros(0))
    settled = onset_of(cells, *bottom) if bottom[0].size else None
    early, late = sides(cells, move.segment, onset, ended, beside)
    raw, mix = kitagawa(cells, early, all_there(cells, late, settled))
    before = _mean(cells, early)
    size = size_of(cells, move, before, raw=None if within else raw)
    return Shift(
        id=f"shift-{number}",
        signal=cells.signal.name,
        title=cells.signal.title,
        unit=cells.signal.unit,
        segment=move.segment,
        direction="worse" if move.worse else "better",
        moved="unknown",
        onset=onset,
        ended=ended.estimate if ended else None,
        ended_range=ended,
        before=before,
        **size,
        plain=not within,
        raw_delta=raw,
        mix_delta=mix,
        n_before=int(cells.n[early].sum()),
        n_after=int(cells.n[late].sum()),
        gradual=move.gradual,
        settled=settled,
    )


def all_there(cells: Cells, late: NDArray[np.bool_], settled: Onset | None) -> NDArray[np.bool_]:
    """The late cells without those of a ramp, where a day or more is left: a slide is not as large as what it came to."""
    if settled is None:
        return late
    kept = late & (cells.hours > cells.hour_of(settled.estimate))
    return kept if kept.any() and np.ptp(cells.hours[kept]) >= DAY else late


def size_of(cells: Cells, move: Move, before: float, *, raw: float | None = None) -> dict[str, Any]:
    """How large a move is and where it left the level; ``raw`` is the change of the plain mean where that is what moved."""
    after = before + (move.effect if raw is None else raw)
    after = min(max(after, 0.0), 1.0) if cells.signal.bounded else after
    reach = Z90 * move.error
    return {"after": after, "delta": Interval(estimate=move.effect, low=move.effect - reach, high=move.effect + reach)}


def sides(
    cells: Cells, segment: Mapping[str, str], onset: Onset, ended: Onset | None, beside: Sequence[Move] = ()
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """The cells of a segment before the move can have begun, and while it lasted, as far as no move ``beside`` it was made."""
    inside = cells.inside(dict(segment))
    turns = np.array([hour for move in beside for hour in (move.begun, move.over)])
    begun = cells.hour_of(onset.estimate)
    inside = inside & (cells.hours > turns[turns < begun].max(initial=-np.inf))
    inside = inside & (cells.hours < turns[turns >= begun].min(initial=np.inf))
    early = inside & (cells.hours < cells.hour_of(onset.low))
    late = inside & (cells.hours > cells.hour_of(onset.estimate))
    if ended:
        late &= cells.hours < cells.hour_of(ended.estimate)
    if not early.any():
        early = inside & (cells.hours <= cells.hour_of(onset.estimate))
    return early, late


def onset_of(cells: Cells, moments: NDArray[np.float64], weights: NDArray[np.float64]) -> Onset:
    """The 90% highest-density range of the onset, and half a bucket either side, for requests come unevenly."""
    mode, low, high = highest_density(moments, weights)
    slack = cells.width / 3600 / 2
    return Onset(
        estimate=cells.moment(mode),
        low=cells.moment(max(low - slack, 0.0)),
        high=cells.moment(min(high + slack, cells.span_hours)),
    )


def kitagawa(cells: Cells, early: NDArray[np.bool_], late: NDArray[np.bool_]) -> tuple[float, float]:
    """Change of the plain mean, and the part that the change of segment shares explains (Kitagawa 1955, midpoint)."""
    sets = int(cells.segment.max(initial=0)) + 1

    def levels(mask: NDArray[np.bool_]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        n = sums(cells.segment[mask], cells.n[mask], sets)
        total = sums(cells.segment[mask], cells.total[mask], sets)
        return n, total

    n0, t0 = levels(early)
    n1, t1 = levels(late)
    if not n0.sum() or not n1.sum():
        return 0.0, 0.0
    both = np.divide(t0 + t1, n0 + n1, out=np.zeros_like(n0), where=(n0 + n1) > 0)
    m0 = np.divide(t0, n0, out=both.copy(), where=n0 > 0)
    m1 = np.divide(t1, n1, out=both.copy(), where=n1 > 0)
    w0, w1 = n0 / n0.sum(), n1 / n1.sum()
    raw = float(t1.sum() / n1.sum() - t0.sum() / n0.sum())
    return raw, float(((w1 - w0) * (m0 + m1) / 2).sum())


def _mean(cells: Cells, mask: NDArray[np.bool_]) -> float:
    n = cells.n[mask].sum()
    return float(cells.total[mask].sum() / n) if n else 0.0
