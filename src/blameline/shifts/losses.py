"""Moves that the records themselves point to: where and when the count fell, did the signal move too?

A loss of good answers in a part of the traffic moves the plain mean by little, and a detector that has to look at every moment
and every slice pays for that. The count says where to look: for each shape ``j`` with prior weight ``w_j``, Bayes factor
``s_j`` of the signal and ``c_j`` of a fall of the count,::

    count  C = log sum_j w_j c_j                      a fall of the count, wherever it was
    both   B = log sum_j w_j c_j s_j
    signal, given the fall:   B - log(1 + e^C)

so the signal is weighed at the place that the count chose, which did not look at the signal.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from blameline.shifts.describe import Z90
from blameline.shifts.moves import Move
from blameline.shifts.shapes import Shapes, shapes_of
from blameline.shifts.staged import staged
from blameline.shifts.tallies import KINDS, Counted, Kind, Tallies

if TYPE_CHECKING:
    from blameline.fit import Fit, Scores

Floats = NDArray[np.float64]

FELL = 6.0
"""Log Bayes factor from which a fall of a count may say where to look."""
MOVED = 3.0
"""Log Bayes factor that the signal must bring at that place: it looks at one place, and falls of records are seldom."""
TOGETHER = 8.0
"""Log Bayes factor of the fall and the signal's move together from which the move is one to be heard."""
LEAST = 0.05
"""Share of the records whose loss is worth a look."""


@dataclass(frozen=True)
class Lost:
    """A fall of one kind of count, and the signal beside it."""

    kind: Kind
    count: float
    """Log Bayes factor of a fall of the count, averaged over shapes and times."""
    both: float
    """The same of the count and the signal together, where the loss is large enough to make the move."""
    best: int
    """The likeliest shape of both."""
    logs: Floats
    """By shape: log of prior weight x count x signal."""
    counted: Counted
    scores: Scores
    """The signal along each shape, under the noise for which both together are likeliest."""
    toll: float = 0.0
    """Log of how much better the best noise is than that one where nothing moved; 0 where no count fell."""
    paid: tuple[float, float] = (0.0, 0.0)
    """Over every noise, once it is paid for: ``both``, and the log Bayes factor of a move that no records speak of."""

    @property
    def able(self) -> bool:
        """Whether any loss that the counts allow could have made the move."""
        return bool(np.isfinite(self.both))

    @property
    def given(self) -> float:
        """Log Bayes factor of the signal's move, the fall of the count being known."""
        return self.both - float(np.logaddexp(0.0, self.count))


def lost(fit: Fit, shapes: Shapes, tallies: Tallies, *, harm: int) -> list[Lost]:
    """Each kind of count held against the moves of the signal to the side ``harm``.

    A loss that comes in stages makes a fall that drifting noise passes for. Where a count fell for certain the signal is weighed
    under other noise too, as any move is (``Fit.doubted``): each factor is against "nothing moved" under the same noise, and what
    is told is that of the noise where the loss does best once the noise is paid for.
    """
    counts = {kind: tallies.along(kind, shapes) for kind in KINDS}
    falls = {kind: float(logsumexp(shapes.log_weight + one.log_factor)) for kind, one in counts.items()}
    doubted = fit.doubted if max(falls.values()) > FELL else [(fit, 0.0)]
    looks = [_Look(other, shapes.scores(other), toll) for other, toll in doubted]
    own = [look for look in looks if look.fit.noise.at == fit.noise.at]
    found = []
    for kind, counted in counts.items():
        fell = falls[kind] > FELL
        stages = staged(fit, tallies, kind) if fell else None
        chosen = looks if fell else own
        held = [_held(kind, look, shapes, counted, stages, harm) for look in chosen]
        free = [shapes.evidence(shapes.logs(look.scores, look.fit.slab, sign=harm)) - look.toll for look in chosen]
        paid = float(logsumexp([one.both - one.toll for one in held])), float(logsumexp(free))
        found.append(replace(max(held, key=lambda one: one.both - one.toll), paid=paid))
    return found


@dataclass(frozen=True)
class _Look:
    """The signal under one noise."""

    fit: Fit
    scores: Scores
    toll: float
    """Log of how much better the best noise is than this one, where nothing moved."""


def _held(
    kind: Kind, look: _Look, shapes: Shapes, counted: Counted, stages: tuple[Floats, float] | None, harm: int
) -> Lost:
    cells, slab = look.fit.cells, look.fit.slab
    before, bounded = shapes.before(cells), cells.signal.bounded
    weighed = shapes.log_weight + counted.log_factor
    count = float(logsumexp(weighed))
    most = reach(before, counted.lost + Z90 * counted.error, harm=harm, bounded=bounded)
    least = np.maximum(np.abs(look.scores.estimate) - Z90 * look.scores.error, 0.0)
    able = (most >= least) & (counted.lost > 0)
    logs = np.where(able, weighed + look.scores.log_factor(slab, sign=harm), -np.inf)
    both = float(logsumexp(logs)) if able.any() else -np.inf
    if stages is not None:
        column, share = stages
        told = look.fit.scores(column[:, None])
        spared = cells.n * (1 - column)
        far = reach(cells.total @ (1 - column) / spared.sum(), np.array([share]), harm=harm, bounded=bounded)[0]
        if far >= abs(float(told.estimate[0])) - Z90 * float(told.error[0]):
            along = float(told.log_factor(slab, sign=harm)[0])
            both = float(np.logaddexp(np.log(0.5) + both, np.log(0.5) + count + along))
    return Lost(kind, count, both, int(np.argmax(logs)), logs, counted, look.scores, look.toll)


def reach(before: float | Floats, share: Floats, *, harm: int, bounded: bool) -> Floats:
    """How far losing this share of the records, good ones only, could move the mean (worst case, Manski 2003)."""
    if not bounded:
        return np.where(share > 0, np.inf, 0.0)
    good = before if harm < 0 else 1 - before
    part = np.clip(np.nan_to_num(share, nan=0.0, posinf=1.0), 0.0, 1.0)
    moved: Floats = good - np.maximum(good - part, 0.0) / np.maximum(1 - part, 1e-9)
    return moved


def find_lost(fit: Fit, tallies: Tallies, *, better: str) -> Move | None:
    """The move for the worse that a fall of the records points to; ``None`` where the records did not fall or nothing moved."""
    if fit.cells.buckets < 12:
        return None
    harm = -1 if better == "higher" else 1
    shapes = shapes_of(fit)
    told = [
        one
        for one in lost(fit, shapes, tallies, harm=harm)
        if one.count > MOVED
        and one.given - one.toll > MOVED
        and one.both - one.toll > TOGETHER
        and one.counted.lost[one.best] > LEAST
    ]
    return _move(fit, shapes, max(told, key=lambda one: one.both)) if told else None


def _move(fit: Fit, shapes: Shapes, one: Lost) -> Move:
    cells, best = fit.cells, one.best
    place = shapes.place[best]
    alike = np.array([shape == shapes.shape[best] for shape in shapes.shape])
    alike &= np.array([where == place for where in shapes.place])
    moments, inverse = np.unique(shapes.begin[alike], return_inverse=True)
    weights = np.bincount(inverse, np.exp(one.logs[alike] - one.logs[best]), minlength=len(moments))
    end = float(shapes.end[best])
    inside = cells.inside(dict(place))
    column: Floats = shapes.profiles[cells.bucket, best] * inside
    return Move(
        segment=dict(place),
        worse=True,
        evidence=one.given,
        moments=moments,
        weights=weights / weights.sum(),
        effect=float(one.scores.estimate[best]),
        error=float(one.scores.error[best]),
        ends=np.array([end]) if np.isfinite(end) else np.zeros(0),
        end_weights=np.ones(1) if np.isfinite(end) else np.zeros(0),
        gradual=str(shapes.shape[best]) == "ramp",
        column=column,
        toll=one.toll,
        pointed=True,
    )
