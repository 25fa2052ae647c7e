"""Which slice moved: the smallest set of segment values that holds a move, or that none does.

The model's inner products are taken once, by combination of segment values; every slice is a sum of combinations, so that its
Bayes factor costs next to nothing. Three kinds of answer compete: all traffic moved alike, some slice moved and the rest did
not, all moved and some slice more. A slice is one value, a pair of values of two attributes, or a union of up to ``MOST_PARTS``
of these. The half-normal slab on its effect is what shrinks small and noisy slices (empirical Bayes); the prior of a slice is
shared among all that there are, looked at or not, which is the price of having searched.

Pairs are not all tried (after Adtributor, Bhagwan 2014; Squeeze, Li 2019; RiskLoc, Kalander 2022): no part of a slice can be
worth more than the quadratic form ``s' V^-1 s`` of the combinations inside it, so a pair is fitted only where that bound, of
both of its values, could still change the answer.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from blameline.records import Interval, Location
from blameline.shifts.describe import Z90

if TYPE_CHECKING:
    from blameline.fit import Fit, OverTime
    from blameline.shifts.moves import Move

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Segment = dict[str, str]

WEIGHT = {"everywhere": 0.4, "slice": 0.35, "more": 0.25}
"""Prior weight of the kinds of answer."""
PAIRS = 0.35
"""Of the weight of slices, what goes to pairs of values."""
SLABS = (1.0, 3.0)
"""Scales of an effect in units of the signal's own slab: what is confined to a slice may be larger there."""
REACH = 4.0
"""Nats below the best answer at which a pair can no longer matter."""
MOST_PARTS = 4
MOST_COMBINATIONS = 400
"""Combinations of segment values told apart, the largest; the rest counts as traffic outside of every slice."""
SURE = 0.9
ALONE = 0.75
"""Odds that the rest did not move, given that some slice moved otherwise, from which the slice is named."""
LEAST = 0.4
"""Least share of the shift, by the low end of its interval, that the parts must explain."""
MOST = 0.9
"""Share of the traffic up to which a value says where something is."""
WIDE = 0.6
"""Share of the traffic beyond which a union of several parts says nothing any more."""
CLEARLY = 0.99
"""Odds from which a single slice becomes the shift's own segment."""


def locate(fit: Fit, move: Move) -> Location:
    """Where a move sits; never an error: too little to tell is ``unclear`` with the reason."""
    search = _Search(fit, move)
    if not search.values:
        return Location(verdict="unclear", because="no segment attribute was recorded that cuts this traffic")
    return search.answer()


def narrowed(fit: Fit, move: Move, found: Location) -> Move:
    """The move told for the slice that holds it, in place of the detector's own segment; the move itself where that stands.

    Only a single part takes its place, at odds of ``CLEARLY`` and where it fits better by its price and 100 to 1.
    """
    part = dict(found.parts[0]) if found.verdict == "slice" and len(found.parts) == 1 else {}
    if not part or part == move.segment or found.probability < CLEARLY:
        return move
    search = _Search(fit, move)
    mine, theirs = search.worth(np.column_stack([search.inside(part), search.inside(move.segment)]))
    if mine - theirs <= np.log(100 * (search.pairs if len(part) > 1 else len(search.values))):
        return move
    column = search.column * fit.cells.inside(part)
    told = fit.scores(column[:, None])
    return replace(move, segment=part, column=column, effect=float(told.estimate[0]), error=float(told.error[0]))


@dataclass(frozen=True)
class _Part:
    """One slice that was fitted."""

    segment: Segment
    inside: Flags
    """By combination."""
    worth: float
    """Log Bayes factor of a move of just this slice against none."""
    log_weight: float


class _Search:
    """One move, and everything about it that any slice needs."""

    def __init__(self, fit: Fit, move: Move) -> None:
        self.fit, self.move = fit, move
        cells = fit.cells
        self.side = -1 if move.effect < 0 else 1
        self.column = _everywhere(fit, move)
        traffic = np.bincount(cells.segment, cells.n * self.column, minlength=len(cells.segments))
        order = np.lexsort((np.arange(len(traffic)), -traffic))[:MOST_COMBINATIONS]
        self.kept = np.sort(order[traffic[order] > 0])
        number = np.full(len(cells.segments), len(self.kept), dtype=np.int64)
        number[self.kept] = np.arange(len(self.kept))
        self.traffic = np.bincount(number, traffic, minlength=len(self.kept) + 1)
        self.seen: OverTime = fit.parted(number[cells.segment], len(self.kept) + 1, self.column)
        self.segments = [cells.segments[index] for index in self.kept]

    def inside(self, segment: Segment) -> Flags:
        """Which combinations lie in a segment; what was not told apart lies in none but the empty one."""
        fits = [all(one.get(key) == value for key, value in segment.items()) for one in self.segments]
        return np.array([*fits, not segment], dtype=bool)

    @cached_property
    def values(self) -> list[tuple[str, str]]:
        """Every value of every attribute that cuts the traffic, in a fixed order."""
        found = sorted({pair for one in self.segments for pair in one.items()})
        cells = self.fit.cells
        whole = float(cells.n.sum())
        return [pair for pair in found if float(cells.n[cells.inside(dict([pair]))].sum()) <= MOST * whole]

    @cached_property
    def pairs(self) -> int:
        """How many pairs of values of two attributes there are in the traffic."""
        cutting = set(self.values)
        return len({two for one in self.segments for two in combinations(sorted(cutting & set(one.items())), 2)})

    def worth(self, inside: NDArray[np.bool_]) -> Floats:
        """Log Bayes factor of a move of just each slice (combinations x slices), averaged over the slabs."""
        scores = self.seen.scores(inside.astype(float))
        logs = np.array([scores.log_factor(scale * self.fit.slab, sign=self.side) for scale in SLABS])
        averaged: Floats = logsumexp(logs, axis=0) - np.log(len(SLABS))
        return averaged

    def answer(self) -> Location:
        """Weigh the kinds of answer."""
        everything = np.ones((len(self.segments) + 1, 1), dtype=bool)
        everywhere = float(self.worth(everything)[0]) + np.log(WEIGHT["everywhere"])
        parts = self._singles()
        parts += self._pairs(parts, everywhere)
        counted = {"looked_at": len(parts), "of": len(self.values) + self.pairs}
        chosen, union = self._union(parts)
        parts += [union] if union is not None else []
        local = float(logsumexp([one.worth + one.log_weight for one in parts]))
        more = self._more(parts)
        whole = float(logsumexp([everywhere, local, more]))
        apart, alone = 1 - float(np.exp(everywhere - whole)), float(np.exp(local - np.logaddexp(local, more)))
        held = np.any([one.inside for one in chosen], axis=0)
        share, outside = self._share(held)
        part_of = float(self.traffic[held].sum() / self.traffic.sum())
        named = " or ".join(_words(one.segment) for one in chosen)
        words = f"{named} with {_percent(share)} of the move on {part_of:.0%} of the traffic"
        cohort = self._cohort(max(local, everywhere, more))
        if cohort is not None:
            return Location(verdict="elsewhere", probability=cohort, because=COHORT, **counted)
        if apart >= SURE and alone >= ALONE and share.low >= LEAST:
            segments = tuple(one.segment for one in chosen)
            because = f"it sits in {words}; elsewhere nothing moved that this data can tell"
            told = {"parts": segments, "share": share, "traffic": part_of, "probability": apart}
            return Location(verdict="slice", because=because, **told, **counted)
        if apart <= 1 - SURE:
            because = "every segment moved alike, as far as this data can tell"
            return Location(verdict="everywhere", probability=1 - apart, because=because, **counted)
        if apart >= SURE and outside:
            because = f"all traffic moved, and most of all {words}"
            told = {"share": share, "traffic": part_of, "probability": apart}
            return Location(verdict="everywhere", because=because, **told, **counted)
        because = f"too noisy to say; the likeliest slice is {words}"
        return Location(verdict="unclear", probability=max(apart, 1 - apart), because=because, **counted)

    def _singles(self) -> list[_Part]:
        inside = np.column_stack([self.inside({key: value}) for key, value in self.values])
        worth = self.worth(inside)
        price = np.log(WEIGHT["slice"] * (1 - PAIRS) / len(self.values))
        return [
            _Part({key: value}, inside[:, index], float(worth[index]), float(price))
            for index, (key, value) in enumerate(self.values)
        ]

    def _pairs(self, singles: list[_Part], everywhere: float) -> list[_Part]:
        """The pairs that could still change the answer, the most promising first."""
        price = float(np.log(WEIGHT["slice"] * PAIRS / max(self.pairs, 1)))
        best = max(everywhere, *(one.worth + one.log_weight for one in singles))
        bounds = [self._bound(one.inside) for one in singles]
        tried = []
        for (i, one), (j, other) in combinations(enumerate(singles), 2):
            if set(one.segment) & set(other.segment):
                continue
            bound = min(bounds[i], bounds[j])
            if bound + price < best - REACH:
                continue
            inside = one.inside & other.inside
            if inside.any() and not np.array_equal(inside, one.inside) and not np.array_equal(inside, other.inside):
                tried.append((bound, {**one.segment, **other.segment}, inside))
        if not tried:
            return []
        worth = self.worth(np.column_stack([inside for _, _, inside in tried]))
        return [
            _Part(segment, inside, float(value), price)
            for (_, segment, inside), value in zip(tried, worth, strict=True)
        ]

    def _bound(self, inside: Flags) -> float:
        """The most that any part of a slice can be worth: half of ``s' V^-1 s`` over its combinations on the move's side."""
        at = np.flatnonzero(inside & (self.seen.raw > 0))
        inner, pull = self.seen.inner[np.ix_(at, at)], self.seen.pull[at]
        values, vectors = np.linalg.eigh(inner)
        good = values > 1e-9 * max(float(values.max(initial=0.0)), 1e-300)
        turned = vectors[:, good].T @ pull
        return float(0.5 * (turned**2 / values[good]).sum()) + float(np.log(2))

    def _union(self, parts: list[_Part]) -> tuple[list[_Part], _Part | None]:
        """The best slice, and what joins it for more than its price; with their union where anything does."""
        ranked = sorted(
            parts, key=lambda one: (-(one.worth + one.log_weight), len(one.segment), sorted(one.segment.items()))
        )
        best = ranked[0]
        near = [
            one
            for one in ranked
            if one.worth + one.log_weight > best.worth + best.log_weight - 1 and len(one.segment) < len(best.segment)
        ]
        chosen = [near[0] if near else best]
        value, union = chosen[0].worth + chosen[0].log_weight, None
        while len(chosen) < MOST_PARTS:
            held = np.any([one.inside for one in chosen], axis=0)
            rest = [one for one in ranked[:60] if (one.inside & ~held).any() and one.worth > 0]
            rest = [one for one in rest if self.traffic[held | one.inside].sum() < WIDE * self.traffic.sum()]
            if not rest:
                break
            worth = self.worth(np.column_stack([held | one.inside for one in rest]))
            price = sum(one.log_weight for one in chosen) + float(np.log(len(chosen) + 1))
            gains = [float(now) + price + fresh.log_weight for now, fresh in zip(worth, rest, strict=True)]
            top = int(np.argmax(gains))
            if gains[top] <= value:
                break
            value = gains[top]
            union = _Part({}, held | rest[top].inside, float(worth[top]), price + rest[top].log_weight)
            chosen.append(rest[top])
        return chosen, union

    def _more(self, parts: list[_Part]) -> float:
        """Log weight of "all moved, and one slice otherwise than the rest", over all slices that were fitted."""
        inside = np.column_stack([one.inside for one in parts]).astype(float)
        inner, pull = self.seen.inner, self.seen.pull
        v_in, s_in = np.einsum("gk,gk->k", inside, inner @ inside), inside.T @ pull
        v_all, s_all, cross = float(inner.sum()), float(pull.sum()), inside.T @ inner.sum(axis=1)
        v_out, s_out, v_both = v_all - 2 * cross + v_in, s_all - s_in, cross - v_in
        logs = []
        for scale in SLABS:
            slab2 = (scale * self.fit.slab) ** 2
            a, d, b = 1 + slab2 * v_in, 1 + slab2 * v_out, slab2 * v_both
            size = np.maximum(a * d - b**2, 1.0)
            form = (d * s_in**2 - 2 * b * s_in * s_out + a * s_out**2) * slab2 / size
            logs.append(-0.5 * np.log(size) + 0.5 * form)
        worth = logsumexp(np.array(logs), axis=0) - np.log(len(SLABS))
        weight = np.array([one.log_weight for one in parts]) - np.log(WEIGHT["slice"]) + np.log(WEIGHT["more"])
        return float(logsumexp(worth + weight))

    def _share(self, held: Flags) -> tuple[Interval, bool]:
        """The share of the move that some combinations explain (delta method), and whether the others surely moved too."""
        design = np.column_stack([held, ~held]).astype(float)
        inner, pull = design.T @ self.seen.inner @ design, design.T @ self.seen.pull
        cover = np.linalg.pinv(inner, rcond=1e-9, hermitian=True)
        effects = cover @ pull
        size = design.T @ self.traffic / self.traffic.sum()
        moved = effects * size
        whole = float(moved.sum())
        if whole * self.side <= 0:
            return Interval(estimate=0.0, low=0.0, high=1.0), False
        share = float(moved[0]) / whole
        slope = np.array([(1 - share) * size[0], -share * size[1]]) / whole
        error = Z90 * float(np.sqrt(max(float(slope @ cover @ slope), 0.0)))
        outside = self.side * float(effects[1]) - Z90 * float(np.sqrt(max(float(cover[1, 1]), 0.0))) > 0
        low, middle, high = (min(max(value, 0.0), 1.0) for value in (share - error, share, share + error))
        return Interval(estimate=middle, low=low, high=high), outside

    def _cohort(self, best: float) -> float | None:
        """Odds that the move follows a version that some requests carry, where the detector says so; else ``None``."""
        cells, column = self.fit.cells, self.move.column
        if self.move.segment or np.array_equal(column > 0, self.column > 0):
            return None
        scaled = column / max(float(column.max()), 1e-300)
        scores = self.fit.scores(scaled[:, None])
        logs = [float(scores.log_factor(scale * self.fit.slab, sign=self.side)[0]) for scale in SLABS]
        mine = float(logsumexp(logs) - np.log(len(SLABS)) + np.log(WEIGHT["everywhere"] / 2))
        odds = float(1 / (1 + np.exp(min(best - mine, 700.0))))
        return odds if odds >= SURE and float(cells.n @ (column > 0)) > 0 else None


COHORT = "it follows the requests that carry one new version, and no segment fits it as well"


def _everywhere(fit: Fit, move: Move) -> Floats:
    """The move's course over time on all traffic: of a local move as its slice shows it, of a version's from its onset on."""
    cells = fit.cells
    inside = cells.inside(move.segment)
    course = np.zeros(cells.buckets)
    np.maximum.at(course, cells.bucket[inside], move.column[inside])
    low = np.full(cells.buckets, np.inf)
    np.minimum.at(low, cells.bucket[inside], move.column[inside])
    if np.isfinite(low).any() and float((course - np.where(np.isfinite(low), low, course)).max()) > 1e-9:
        begin = float(move.moments[np.argmax(move.weights)])
        end = float(move.ends[np.argmax(move.end_weights)]) if move.ends.size else np.inf
        return ((cells.hours > begin) & (cells.hours <= end)).astype(float)
    return course[cells.bucket]


def _words(segment: Segment) -> str:
    return " and ".join(f"{key} {value}" for key, value in sorted(segment.items()))


def _percent(share: Interval) -> str:
    return f"{share.estimate:.0%} [{share.low:.0%}, {share.high:.0%}]"
