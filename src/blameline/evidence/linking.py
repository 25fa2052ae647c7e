"""Chain linking: scores as the ruler of before would have given them, where answers scored on both sides say how far it moved.

The move of each ruler is taken out of the cells that it scored. What still falls in the linked series is not the ruler's:
a fall that the ruler's own rise hides comes to light, and one that it exaggerates keeps its true size.

What a link may be off by, in all traffic and in single segments, is in the mean of the linked series with a prior of that size
(``evidence.leftover``): a step at the moment of the link counts only as far as it goes beyond that.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from blameline.cells.rulers import JUDGE
from blameline.evidence.bridge import ENOUGH, QUERY, Span, span_of
from blameline.evidence.leftover import QUERY as KINDS
from blameline.evidence.leftover import Left, allowing, left
from blameline.fit import Fit

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from numpy.typing import NDArray

    from blameline.candidates import Candidate
    from blameline.cells import Cells
    from blameline.evidence.questions import Archive
    from blameline.records import Shift
    from blameline.shifts import Move

SAME = 48.0
"""Hours within which two looks at the ruler see one and the same move."""
EXPECTED = 0.5
"""Share of a ruler's move that another move beside it may have (the scale of its prior): less would drown in the link's error."""


@dataclass(frozen=True, eq=False)
class Link:
    """One move of the ruler: when, how far, and which share of each cell was scored after it."""

    hour: float
    span: Span
    column: NDArray[np.float64]
    left: Left
    """How far it moved in each cell, and what that leaves open."""


@dataclass(frozen=True, eq=False)
class Linked:
    """A signal with the ruler's moves taken out."""

    links: tuple[Link, ...]
    fit: Fit


def ask(archive: Archive, fit: Fit, low: datetime, high: datetime) -> Span | None:
    """The bridge over one stretch of time, within which the ruler may have moved."""
    cells = fit.cells
    bounds = {
        "low": low.replace(tzinfo=None),
        "high": high.replace(tzinfo=None),
        "since": cells.moment(0).replace(tzinfo=None),
    }
    return span_of(archive.query(QUERY, signal=cells.signal.name, **bounds), fit)


def link(archive: Archive, fit: Fit, shifts: Iterable[Shift], candidates: Sequence[Candidate]) -> Linked | None:
    """The signal with every clear move of its ruler taken out; ``None`` where no answer tells of one.

    The ruler is looked at where its versions changed and where the scores moved. A move that is known only roughly
    (its error above half of itself) stays where it is.
    """
    cells = fit.cells
    moments = [(one.starts, one.starts, one) for one in candidates if one.layer in {"judge", "eval"} and one.starts]
    looked = [*moments, *((one.onset.low, one.onset.high, None) for one in shifts)]
    found: list[Link] = []
    known: set[tuple[str, str] | None] = set()
    for low, high, candidate in looked:
        hour = (cells.hour_of(low) + cells.hour_of(high)) / 2
        if not 0 < hour < cells.span_hours or any(abs(hour - other.hour) < SAME for other in found):
            continue
        span = ask(archive, fit, low, high)
        if span is None or not span.clear or span.error > abs(span.move) / 2:
            continue
        version: tuple[str, str] | None = (
            None  # one judge that moved by itself: once in a window is all that can be told apart
        )
        if span.by_judge:
            own = candidate and candidate.key and candidate.value and (candidate.key, candidate.value)
            version = own or (JUDGE, span.new or "")
        if version in known:
            continue
        known.add(version)
        column = cells.carries(*version) if version else (cells.hours > hour).astype(float)
        if column.any():
            kinds = archive.query(KINDS, signal=cells.signal.name)
            found.append(Link(hour, span, column, left(cells, column, span, kinds)))
    if not found:
        return None
    rest = Fit(_without(cells, found)).expecting(EXPECTED * max(abs(one.span.move) for one in found))
    return Linked(tuple(found), allowing(rest, [one.left.unsure for one in found]))


def stands(linked: Linked, move: Move, shifts: Sequence[Shift]) -> bool:
    """Whether a move of the linked series is more than what the links' own errors leave behind.

    Near a link it must be clear of its error, which has the link's in it (99% two-sided, for it was looked for), and matter
    beside it.
    """
    cells = linked.fit.cells
    onset = move.begun
    for one in linked.links:
        if abs(onset - one.hour) > SAME:
            continue
        near = [shift for shift in shifts if abs(cells.hour_of(shift.onset.estimate) - one.hour) <= SAME]
        beside = max([abs(one.span.part), *(abs(shift.delta.estimate) for shift in near)])
        if abs(move.effect) < 2.58 * move.error or abs(move.effect) < ENOUGH * beside:
            return False
    return True


def _without(cells: Cells, links: Sequence[Link]) -> Cells:
    moved = np.sum([one.left.moved for one in links], axis=0)
    return replace(
        cells,
        total=cells.total - cells.n * moved,
        square=cells.square - 2 * moved * cells.total + cells.n * moved**2,
        _memory={},
    )
