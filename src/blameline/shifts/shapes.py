"""The shapes that a move can have: steps, pulses, ramps and local steps, each at every time it may have begun.

``unknown`` bids with this family, so no shape is the null's alone; the prior weights sum to 1, so that looking at many moments
costs what it should.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from blameline.cells.grid import sums
from blameline.fit import Fit, Scores

if TYPE_CHECKING:
    from collections.abc import Mapping

    from blameline.cells import Cells

Floats = NDArray[np.float64]
Place = tuple[tuple[str, str], ...]

WEIGHT: Mapping[str, float] = {"step": 0.45, "pulse": 0.15, "ramp": 0.1, "local": 0.3}
CARRIED = 0.3
"""Prior weight, beside the shapes' own, of a move of just the requests that carry one new version."""
"""Prior weight of each shape."""
PULSES = (6.0, 12.0, 18.0, 24.0, 36.0, 48.0, 72.0, 96.0, 144.0, 192.0, 288.0)
RAMPS = (24.0, 48.0, 96.0)
"""Lengths in hours."""


@dataclass(frozen=True)
class Shapes:
    """Many moves: arrays of one length, and each one's profile over the buckets."""

    shape: NDArray[np.str_]
    place: tuple[Place, ...]
    """By move: the slice it is confined to, empty for all traffic."""
    begin: Floats
    end: Floats
    """Hours since the start of the cells; ``inf`` where the move lasts."""
    profiles: Floats
    """Buckets x moves."""
    log_weight: Floats

    def scores(self, fit: Fit) -> Scores:
        """Information and pull of each move."""
        return fit.once(self, lambda: self._scores(fit))

    def _scores(self, fit: Fit) -> Scores:
        information, pull = np.zeros(len(self.begin)), np.zeros(len(self.begin))
        everywhere = self.shape != "local"
        scores = fit.over_time().scores(self.profiles[:, everywhere])
        information[everywhere], pull[everywhere] = scores.information, scores.pull
        for key in sorted({place[0][0] for place in self.place if place}):
            chosen = np.array([bool(place) and place[0][0] == key for place in self.place])
            scores = _local(fit, [self.place[at] for at in np.flatnonzero(chosen)], self.begin[chosen])
            information[chosen], pull[chosen] = scores.information, scores.pull
        return Scores(information, pull)

    def logs(self, scores: Scores, slab: float, *, sign: int) -> Floats:
        """Log Bayes factor of each move on the side ``sign``, its prior weight included."""
        return self.log_weight + scores.log_factor(slab, sign=sign)

    def evidence(self, logs: Floats, *shapes: str) -> float:
        """Log Bayes factor of a move of these shapes (all if none is named) against no move, averaged over its times."""
        if not len(logs):
            return 0.0
        if not shapes:
            return float(logsumexp(logs))
        chosen = np.isin(self.shape, shapes)
        return float(logsumexp(logs[chosen]) - logsumexp(self.log_weight[chosen])) if chosen.any() else 0.0

    def before(self, cells: Cells) -> Floats:
        """By move: the mean of its slice where and while it is not at work."""
        found = np.zeros(len(self.begin))
        for place in set(self.place):
            chosen, inside = np.array([one == place for one in self.place]), cells.inside(dict(place))
            n, total = (sums(cells.bucket, part * inside, cells.buckets) for part in (cells.n, cells.total))
            left = 1 - self.profiles[:, chosen]
            found[chosen] = (total @ left) / np.maximum(n @ left, 1e-9)
        return found


def _local(fit: Fit, places: list[Place], begins: Floats) -> Scores:
    """Lasting steps inside values of one attribute, which share no cell: all are sums of the same few parts."""
    cells, distinct, edges = fit.cells, sorted(set(places)), np.unique(begins)
    count = len(edges)
    later = np.searchsorted(edges, clock_of(fit)) - 1
    number = np.full(len(cells.n), -1, dtype=np.int64)
    for at, place in enumerate(distinct):
        inside = cells.inside(dict(place)) & (later[cells.bucket] >= 0)
        number[inside] = at * count + later[cells.bucket][inside]
    through = fit.parted(number, len(distinct) * count, np.ones(len(cells.n)))
    told = []
    for at in range(len(distinct)):
        own = slice(at * count, (at + 1) * count)
        inner = through.inner[own, own][::-1, ::-1].cumsum(axis=0).cumsum(axis=1)
        pull, raw = through.pull[own][::-1].cumsum(), through.raw[own][::-1].cumsum()
        told.append(through.judged(np.diag(inner)[::-1], pull[::-1], raw[::-1]))
    where = np.array([distinct.index(place) for place in places]) * count + np.searchsorted(edges, begins)
    return Scores(
        np.concatenate([one.information for one in told])[where], np.concatenate([one.pull for one in told])[where]
    )


def clock_of(fit: Fit) -> Floats:
    """Middle of each bucket in hours since the start of the cells."""
    return _middles(fit.cells.buckets, fit.cells.width)


def moments(fit: Fit) -> tuple[Floats, Floats]:
    """The times at which a move may begin: every bucket edge, and about every six hours."""
    return _moments(fit.cells.buckets, fit.cells.width)


def _middles(buckets: int, width: int) -> Floats:
    return (np.arange(buckets) + 0.5) * width / 3600


def _moments(buckets: int, width: int) -> tuple[Floats, Floats]:
    span, every = buckets * width / 3600, width / 3600
    first, last = min(36.0, 0.15 * span), span - max(every, 0.01 * span)
    fine = np.arange(np.ceil(first / every), np.floor(last / every) + 1) * every
    return fine, fine[:: max(1, round(max(6.0, span / 90) / every))]


def shapes_of(fit: Fit) -> Shapes:
    """Every move that the cells could show."""
    cells = fit.cells
    return _shapes(cells.buckets, cells.width, tuple(tuple(sorted(where.items())) for where in slices(fit)))


@lru_cache(maxsize=4)
def _shapes(buckets: int, width: int, places: tuple[Place, ...]) -> Shapes:
    """The same for all cells of one clock with these slices."""
    hours, span = _middles(buckets, width), buckets * width / 3600
    fine, coarse = _moments(buckets, width)
    rows: list[tuple[str, Place, float, float, float, float]] = [
        ("step", (), at, np.inf, 0.0, WEIGHT["step"] / len(fine)) for at in fine
    ]
    for length in PULSES:
        starts = coarse[coarse + length < span - 6]
        rows += [("pulse", (), at, at + length, 0.0, WEIGHT["pulse"] / len(PULSES) / len(starts)) for at in starts]
    for length in RAMPS:
        rows += [("ramp", (), at, np.inf, length, WEIGHT["ramp"] / len(RAMPS) / len(coarse)) for at in coarse]
    for place in places:
        rows += [("local", place, at, np.inf, 0.0, WEIGHT["local"] / len(places) / len(coarse)) for at in coarse]
    begin, end, ramp = (np.array([row[index] for row in rows], dtype=float) for index in (2, 3, 4))
    return Shapes(
        shape=np.array([row[0] for row in rows]),
        place=tuple(row[1] for row in rows),
        begin=begin,
        end=end,
        profiles=profile(hours, begin, end, ramp, width / 3600),
        log_weight=np.log(np.array([row[5] for row in rows])),
    )


def profile(hours: Floats, begin: Floats, end: Floats, ramp: Floats, width: float) -> Floats:
    """Buckets x moves: 0 before ``begin``, 1 after ``begin + ramp``, and 0 again from ``end`` on.

    ``hours`` are the middles of buckets ``width`` hours long; a bucket in which a step falls has its share of it.
    """
    (begins, ramps), rising = np.unique(np.stack([begin, ramp]), axis=1, return_inverse=True)
    rise = hours[:, None] - begins[None, :]
    climbing = np.clip(rise / np.where(ramps > 0, ramps, 1.0)[None, :], 0, 1)
    level = np.where(ramps[None, :] > 0, climbing, np.clip(rise / width + 0.5, 0, 1))
    ends, falling = np.unique(end, return_inverse=True)
    fall = np.clip((ends[None, :] - hours[:, None]) / width + 0.5, 0, 1)
    found: Floats = np.take(level, rising.ravel(), axis=1)
    found *= np.take(fall, falling, axis=1)
    return found


def finer(fine: Floats) -> Floats:
    """Four moments for each one, between the first and the last."""
    return np.linspace(fine[0], fine[-1], 4 * (len(fine) - 1) + 1) if len(fine) else fine


@dataclass(frozen=True)
class Carried:
    """Moves of just those requests that carry a version which first appeared inside the window."""

    versions: tuple[tuple[str, str], ...]
    """``<layer>:<attribute>`` and value."""
    begin: Floats
    columns: Floats
    """Cells x versions."""
    log_weight: float


def carried_of(fit: Fit) -> Carried:
    """Every version with at least 0.3% of the traffic that first appeared after the first 4% of the window.

    No change is suspected here: a version is one more way to cut the traffic, as a segment is.
    """
    cells = fit.cells
    begin = max(12.0, 0.04 * cells.span_hours)
    seen: dict[bytes, tuple[str, str, float, Floats]] = {}
    for key, value, share in cells.values():
        column = cells.carries(key, value)
        used = column > 0
        if share < 0.003 or not used.any():
            continue
        first = float(cells.hours[used].min())
        if first > begin:
            seen.setdefault(column.tobytes(), (key, value, first, column))
    found = list(seen.values())[:40]
    return Carried(
        tuple((key, value) for key, value, _, _ in found),
        np.array([first for _, _, first, _ in found]),
        np.column_stack([column for *_, column in found]) if found else np.zeros((len(cells.n), 0)),
        float(np.log(CARRIED / len(found))) if found else 0.0,
    )


def slices(fit: Fit) -> list[dict[str, str]]:
    """Single-attribute segments that hold between 4% and 90% of the traffic, at most 24, the largest first."""
    cells = fit.cells
    whole = cells.n.sum()
    found = []
    for key, value in sorted({pair for segment in cells.segments for pair in segment.items()}):
        share = float(cells.n[cells.inside({key: value})].sum() / whole)
        if 0.04 <= share <= 0.9:
            found.append((-share, key, value))
    return [{key: value} for _, key, value in sorted(found)[:24]]
