"""How many records there were, beside what they say: counts by slice, as a model that any move can be held against.

Two series are counted: requests, and the share of them that a signal was measured on. Each is laid out by coarse bucket and by
the values of the attributes that a slice names, so that a slice is held against all other slices in the same hours: rhythm and
growth that all have in common cancel. The model is ``fit``'s own: of ``log(count)`` with Poisson noise, each slice with its own
trend, or of "was it scored?" for each request; both with shocks that a bucket or a slice's day has in common, so that counts
may be as overdispersed as they like. The loudest step of one slice is in the mean while the noise is measured, or a loss would
pass for noise.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from blameline.cells.grid import sums
from blameline.fit import Fit, Scores

if TYPE_CHECKING:
    from blameline.cells import Cells
    from blameline.shifts.shapes import Place, Shapes

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Kind = Literal["requests", "share scored"]
KINDS: tuple[Kind, ...] = ("requests", "share scored")
MOST_CELLS = 800
"""Cells of one layout: more and the buckets are made longer."""
FEWEST = 8.0
"""Requests that the typical cell must hold: the log of a smaller count is no normal number."""
MOST_VALUES = 12
QUIET = 4.0
"""Standard errors that the scored share of no slice may be off before or after any moment, to be called the same all along."""
DAYS = 4
"""Days from which on each slice may have a daily rhythm of its own."""
SLAB = 0.35
"""Scale of the prior on a step of the log of a count."""


def steady(cells: Cells, *, sigma2: float | None) -> Fit:
    """A fit with a trend for each group, whose variances are chosen with the loudest step of one group in the mean."""
    groups = np.unique(cells.segment)
    own = (cells.segment[:, None] == groups[None, :]).astype(float)
    more = None
    if not cells.signal.bounded:
        trend = own * (cells.hours / cells.span_hours - 0.5)[:, None]
        more = np.hstack([trend, *_weekdays(cells), *_rhythms(cells, own)])
    fit = Fit(cells, sigma2=sigma2, more=more)
    begins = np.arange(2, cells.buckets - 1)
    steps = (cells.bucket[:, None] >= begins[None, :])[:, :, None] * own[:, None, :]
    columns = steps.reshape(len(cells.n), -1).astype(float)
    if not columns.shape[1]:
        return fit
    scores = fit.scores(columns)
    return fit.beside(columns[:, int(np.argmax(np.abs(scores.estimate) / scores.error))])


def _weekdays(cells: Cells) -> list[Floats]:
    """One column for each day of the week but one, where the window holds each of them twice: a weekend has edges."""
    if cells.span_hours < 336:
        return []
    day = ((cells.origin.weekday() * 24 + cells.origin.hour + cells.hours) // 24).astype(int) % 7
    return [(day[:, None] == np.arange(6)[None, :]).astype(float)]


def _rhythms(cells: Cells, own: Floats) -> list[Floats]:
    """Two waves a day for each group but one, where days are seen several times: regions get up at different hours."""
    if cells.span_hours < 24 * DAYS or cells.width > 6 * 3600:
        return []
    angle = 2 * np.pi * ((cells.hours + cells.origin.hour) % 24) / 24
    waves = [np.cos(angle), np.sin(angle), np.cos(2 * angle), np.sin(2 * angle)]
    return [own[:, 1:] * wave[:, None] for wave in waves]


@dataclass(frozen=True)
class Counted:
    """What the counts say of several moves: arrays of one length."""

    log_factor: Floats
    """Log Bayes factor of "the count fell along this move" against "it did not"."""
    lost: Floats
    """Estimate of the share of the records that is lost where the move is whole."""
    error: Floats


@dataclass(frozen=True)
class Tally:
    """The counts by the values of some attributes."""

    fit: Fit
    into: Integers
    """The bucket of the tally that each bucket of the signal lies in."""
    weight: Floats
    """Requests by bucket of the signal."""
    groups: tuple[Place, ...]
    level: float
    """1 for the log of a count; for a share of scored requests that share."""

    def column(self, profiles: Floats, inside: Floats) -> Floats:
        """Columns over the tally's cells: ``profiles`` (buckets of the signal x k), ``inside`` by group."""
        whole = sums(self.into, self.weight)
        mixed = np.zeros((len(whole), profiles.shape[1]))
        np.add.at(mixed, self.into, profiles * self.weight[:, None])
        mixed = np.divide(mixed, whole[:, None], out=np.zeros_like(mixed), where=whole[:, None] > 0)
        cells = self.fit.cells
        column: Floats = mixed[cells.bucket] * inside[cells.segment][:, None]
        return column

    def fell(self, columns: Floats, *, sign: int = -1) -> Counted:
        """How the counts went along columns over the tally's cells."""
        scores = self.fit.scores(columns)
        return _counted(scores, self.level, sign)


class Tallies:
    """The counts of one signal's requests, laid out when they are asked for."""

    def __init__(self, traffic: Cells, cells: Cells | None = None) -> None:
        self.traffic = traffic
        self.cells = cells
        self._laid: dict[tuple[Kind, tuple[str, ...]], Tally | None] = {}
        self._shared = self._laid

    def of(self, cells: Cells) -> Tallies:
        """The same requests with another signal's scores."""
        other = Tallies(self.traffic, cells)
        other._shared = self._shared
        return other

    def tally(self, kind: Kind, keys: tuple[str, ...]) -> Tally | None:
        """The counts by the values of these attributes; ``None`` where there is nothing to count."""
        laid = self._shared if kind == "requests" else self._laid
        if (kind, keys) not in laid:
            laid[kind, keys] = self._lay(kind, keys)
        return laid[kind, keys]

    @cached_property
    def complete(self) -> bool:
        """Whether every request was scored, so that no score can be missing."""
        return self.cells is not None and float(self.cells.n.sum()) >= 0.998 * float(self.traffic.n.sum())

    @cached_property
    def scored_alike(self) -> bool:
        """Whether the scored share is plainly the same all along in every slice: a quick look, before a model is made."""
        if self.cells is None or self.complete:
            return True
        traffic, cells = self.traffic, self.cells
        keys = sorted({key for segment in traffic.segments for key in segment})
        for names in ((), *((key,) for key in keys)):
            number, groups = _grouped(traffic, names)
            n, had = np.zeros((traffic.buckets, len(groups))), np.zeros((traffic.buckets, len(groups)))
            np.add.at(n, (traffic.bucket, number[traffic.segment]), traffic.n)
            np.add.at(had, (cells.bucket, number[cells.segment]), cells.n)
            whole, share = n.sum(axis=0), had.sum(axis=0) / np.maximum(n.sum(axis=0), 1.0)
            early = np.cumsum(n, axis=0)[:-1]
            away = np.cumsum(had - n * share, axis=0)[:-1]
            spread = early * (1 - early / np.maximum(whole, 1.0)) * share * (1 - share)
            if (np.abs(away) > QUIET * np.sqrt(np.maximum(spread, 1.0))).any():
                return False
        return True

    def along(self, kind: Kind, shapes: Shapes) -> Counted:
        """What one kind of count says of each of many moves."""
        size = len(shapes.begin)
        found = Counted(np.zeros(size), np.zeros(size), np.full(size, np.inf))
        for place in sorted(set(shapes.place)):
            chosen = np.array([one == place for one in shapes.place])
            told = self.inside(kind, place, shapes.profiles[:, chosen])
            found.log_factor[chosen], found.lost[chosen], found.error[chosen] = told.log_factor, told.lost, told.error
        return found

    def inside(self, kind: Kind, place: Place, profiles: Floats) -> Counted:
        """What one kind of count says of moves confined to a slice; ``profiles`` is buckets of the signal x k."""
        size = profiles.shape[1]
        if kind == "share scored" and self.scored_alike:
            return Counted(np.zeros(size), np.zeros(size), np.zeros(size))
        tally = self.tally(kind, tuple(key for key, _ in place))
        if tally is None or place not in tally.groups:
            return Counted(np.zeros(size), np.zeros(size), np.full(size, np.inf))
        inside = np.array([group == place for group in tally.groups], dtype=float)
        return tally.fell(tally.column(profiles, inside))

    def _lay(self, kind: Kind, keys: tuple[str, ...]) -> Tally | None:
        traffic = self.traffic
        number, groups = _grouped(traffic, keys)
        n = np.zeros((traffic.buckets, len(groups)))
        np.add.at(n, (traffic.bucket, number[traffic.segment]), traffic.n)
        busy = np.median(n.sum(axis=1))
        typical = float(np.median(n.sum(axis=0) / max(n.sum(), 1.0))) * max(float(busy), 1e-9)
        wide = max(
            int(np.ceil(FEWEST / max(typical, 1e-9))) if kind == "requests" else 1,
            int(np.ceil(traffic.buckets * len(groups) / MOST_CELLS)),
        )
        wide = min(wide, max(int(86_400 // traffic.width), 1))
        into = np.arange(traffic.buckets, dtype=np.int64) // wide
        if traffic.buckets // wide < 8 or (keys and len(groups) < 2):
            return None
        coarse = np.zeros((int(into[-1]) + 1, len(groups)))
        np.add.at(coarse, into, n)
        scored = None
        if kind == "share scored":
            if self.cells is None:
                return None
            had = np.zeros_like(coarse)
            np.add.at(had, (into[self.cells.bucket], number[self.cells.segment]), self.cells.n)
            scored = np.minimum(had, coarse)
        laid = _laid(traffic, coarse, scored, wide)
        if laid is None:
            return None
        level = 1.0 if scored is None else float(scored.sum() / coarse.sum())
        return Tally(steady(laid, sigma2=1.0 if scored is None else None), into, n.sum(axis=1), groups, level)


def _laid(traffic: Cells, n: Floats, scored: Floats | None, wide: int) -> Cells | None:
    """Cells of a tally: bucket x group; the weight of a count is what the group's usual share lets expect."""
    buckets, groups = n.shape
    expected = n.sum(axis=1)[:, None] * (n.sum(axis=0) / n.sum())[None, :]
    bucket, group = np.nonzero(expected > 0 if scored is None else n > 0)
    if scored is None:
        weight = expected[bucket, group]
        value = np.log(n[bucket, group] + 0.5)
        total, square = weight * value, weight * value**2
    else:
        weight, total = n[bucket, group], scored[bucket, group]
        square = total
        if not 0.002 < total.sum() / weight.sum() < 0.998:
            return None
    return replace(
        traffic,
        signal=traffic.signal.model_copy(update={"bounded": scored is not None}),
        width=traffic.width * wide,
        buckets=buckets,
        bucket=bucket.astype(np.int64),
        segment=group.astype(np.int64),
        version=np.zeros(len(bucket), dtype=np.int64),
        n=weight,
        total=total,
        square=square,
        segments=tuple({"group": str(number)} for number in range(groups)),
        versions=({},),
        _memory={},
    )


def _grouped(traffic: Cells, keys: tuple[str, ...]) -> tuple[Integers, tuple[Place, ...]]:
    """For each segment the number of its group, and the slice of each group; the smallest values share one without a name."""
    places = [tuple((key, str(segment.get(key))) for key in keys) for segment in traffic.segments] or [()]
    size = sums(traffic.segment, traffic.n, len(places))
    weight: dict[Place, float] = {}
    for place, n in zip(places, size, strict=True):
        weight[place] = weight.get(place, 0.0) + float(n)
    named = sorted(
        (place for place, n in weight.items() if n >= 0.02 * size.sum()), key=lambda one: (-weight[one], one)
    )
    named = named[:MOST_VALUES]
    rest: Place = (("", ""),)
    groups = (*named, rest) if len(named) < len(weight) else tuple(named)
    at = {place: number for number, place in enumerate(groups)}
    return np.array([at.get(place, len(named)) for place in places], dtype=np.int64), groups


def _counted(scores: Scores, level: float, sign: int) -> Counted:
    estimate = scores.estimate
    lost = -np.expm1(estimate) if level == 1.0 else -estimate / level
    return Counted(scores.log_factor(SLAB * level, sign=sign), lost, scores.error / level)
