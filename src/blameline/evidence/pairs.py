"""Two causes at once: both harmful, one that does harm only where the other is, or one whose harm an improvement hides in part.

For two columns with half-normal slabs of scale ``t`` on sides of their own, ``B = I/t^2 + V`` and ``m = B^-1 s``::

    log BF = -1/2 log|I + t^2 V| + 1/2 s'm + log(4 Pr[both on their sides]),   the sides under N(m, B^-1)

averaged over the variants of both, as the bid of one is. The ways that two can act share one prior: both harmful .6, their
product .25 (by itself, or beside the one or the other), an improvement that hides harm .15. Something that is not on record may
be one of the two: it has the family of shapes that it has alone. What is a shift of its own is no second cause of this one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta
from itertools import combinations
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp, ndtr

if TYPE_CHECKING:
    from collections.abc import Sequence

    from blameline.evidence.hearing import Bid, Hearing
    from blameline.fit import Fit, Scores
    from blameline.records import Shift

Floats = NDArray[np.float64]
How = Literal["both", "together", "masked"]
WAYS = {"both": 0.6, "together": 0.25, "masked": 0.15}
"""Prior of each way in which two can act."""
FIRST = 3
"""Of the best changes alone, and of those that add most to the best, so many are paired."""
VARIANTS = 8
"""Of each change at most so many variants."""
ALIKE = 0.9
"""Squared correlation from which two columns are one and the same."""
WITH = timedelta(hours=12)
"""How long before or after the 90% range of an onset a change may have begun that began with it."""
NODES, WEIGHTS = np.polynomial.legendre.leggauss(24)


@dataclass(frozen=True)
class Pair:
    """Two causes of one shift."""

    members: tuple[str, str]
    """Candidates; where an improvement hides harm the harmful one is the first."""
    how: How
    log_factor: float
    """Log Bayes factor against no move, averaged over variants; the prior of the way is in it."""
    columns: Floats
    """Cells x 2, or x 1 for a product alone: the variants that do best."""
    owners: tuple[tuple[str, ...], ...]
    """By column, whose it is; that of a product is both members'."""

    @property
    def guilty(self) -> tuple[str, ...]:
        """Those who did harm; an improvement is never to blame."""
        return self.members[:1] if self.how == "masked" else self.members


def pairs_of(hearing: Hearing) -> tuple[Pair, ...]:
    """Every pair that the data could show, worked out in the one fit of the shift."""
    bids = {name: bid for name, bid in hearing.bids.items() if _acts(bid) and not _of_another(hearing, bid)}
    if not bids:
        return ()
    apart = hearing.fit if hearing.apart is None else hearing.fit.given(hearing.apart)
    bids = dict(sorted(bids.items()))
    best = max(bids.values(), key=lambda bid: (bid.log_factor, bid.candidate.id))
    chosen = _chosen(bids, best, apart)
    joint = Joint(hearing, apart, chosen)
    found = [pair for one, other in combinations(chosen, 2) for pair in joint.two(one.candidate.id, other.candidate.id)]
    return tuple(sorted([*found, *_with_unknown(hearing, apart, best)], key=lambda pair: (pair.members, pair.how)))


def _acts(bid: Bid) -> bool:
    """Whether a change can be one of two causes in the fit: what moves traffic or loses records acts in other ways."""
    return bid.candidate.layer not in {"traffic", "telemetry", "eval"} and bool(bid.scores.information.any())


def _of_another(hearing: Hearing, bid: Bid) -> bool:
    """Whether a change began with another shift of the signal, which has a ledger of its own, and not with this one.

    The other move is in the mean as it was found, in which the requests that such a change touched are not told apart: what it
    did there would pass for a part in this one.
    """
    starts = bid.candidate.starts
    if starts is None:
        return False

    def began_with(shift: Shift) -> bool:
        return shift.onset.low - WITH <= starts <= shift.onset.high + WITH

    return any(began_with(other) for other in hearing.others) and not began_with(hearing.shift)


def _chosen(bids: dict[str, Bid], best: Bid, fit: Fit) -> list[Bid]:
    """The best changes alone, and those that add most to the best."""
    alone = sorted(bids.values(), key=lambda bid: (-bid.log_factor, bid.candidate.id))[:FIRST]
    column = best.column
    through = fit.pulled(column[:, None])[:, 0]
    own, pull = float(through @ column), float(through @ fit.mean)
    if own <= 0:
        return sorted(alone, key=lambda bid: bid.candidate.id)

    def adds(bid: Bid) -> float:
        reach = through @ bid.variants.columns
        left = bid.scores.information - reach**2 / own
        told = left > (1 - ALIKE) * bid.scores.information
        gain = np.divide((bid.scores.pull - reach * pull / own) ** 2, left, out=np.zeros_like(left), where=told)
        return float((gain + 2 * bid.variants.log_weight).max(initial=-np.inf))

    more = sorted(bids.values(), key=lambda bid: (-adds(bid), bid.candidate.id))[:FIRST]
    return sorted({bid.candidate.id: bid for bid in (*alone, *more)}.values(), key=lambda bid: bid.candidate.id)


class Joint:
    """Inner products of the variants of a few changes, and of their products, under one fit."""

    def __init__(self, hearing: Hearing, fit: Fit, chosen: Sequence[Bid]) -> None:
        self.hearing, self.fit = hearing, fit
        self.bids = {bid.candidate.id: bid for bid in chosen}
        columns, self.weights, self.at, place = [], {}, {}, 0
        for bid in chosen:
            kept = np.unique([0, *np.argsort(-bid.logs, kind="stable")[:VARIANTS]])
            columns.append(bid.variants.columns[:, kept])
            self.weights[bid.candidate.id] = bid.variants.log_weight[kept]
            self.at[bid.candidate.id] = slice(place, place + len(kept))
            place += len(kept)
        self.products: dict[tuple[str, str], int] = {}
        for one, other in combinations(self.bids, 2):
            if self._before(one) or self._before(other):
                self.products[one, other] = place
                columns.append(
                    (self.bids[one].variants.columns[:, 0] * self.bids[other].variants.columns[:, 0])[:, None]
                )
                place += 1
        self.columns = np.column_stack(columns)
        self.inner = fit.gram(self.columns)
        self.scores = fit.scores(self.columns)
        self.alone = {name: float(logsumexp(self.weights[name] + self._single(self.at[name]))) for name in self.bids}

    def _before(self, name: str) -> bool:
        """Whether a change was in force when the shift began: one of two that act on one another was, or both."""
        starts = self.bids[name].candidate.starts
        return starts is not None and starts <= self.hearing.shift.onset.high

    def _single(self, at: slice) -> Floats:
        part = _part(self.scores, at)
        return part.log_factor(self.fit.slab, sign=self.hearing.harm)

    def two(self, one: str, other: str) -> list[Pair]:
        """The ways in which two changes may have made the shift between them."""
        harm, found = self.hearing.harm, []
        places = {one: self.at[one], other: self.at[other]}
        ways: tuple[tuple[How, str, str, int], ...] = (
            ("both", one, other, harm),
            ("masked", one, other, -harm),
            ("masked", other, one, -harm),
        )
        for how, first, second, sign in ways:
            logs = self._logs(places[first], places[second], sign)
            logs = logs + self.weights[first][:, None] + self.weights[second][None, :]
            logs -= math.log(2) * (how == "masked")
            found += self._pair(how, (first, second), logs, places[first].start, places[second].start)
        if (one, other) in self.products:
            found += self._product(one, other)
        return found

    def _pair(self, how: How, members: tuple[str, str], logs: Floats, first: int, second: int) -> list[Pair]:
        if not np.isfinite(logs).any():
            return []
        a, b = np.unravel_index(int(np.argmax(logs)), logs.shape)
        at = [first + int(a), second + int(b)]
        owners = ((members[0],), (members[1],))
        return [Pair(members, how, self._told(how, members, float(logsumexp(logs)), at), self.columns[:, at], owners)]

    def _product(self, one: str, other: str) -> list[Pair]:
        """The two do harm where both are: by their product alone, or beside the harm of one of them."""
        at, harm = self.products[one, other], self.hearing.harm
        own = self.inner[at, at]
        for name in (one, other):
            like = self.inner[at, self.at[name]] ** 2
            if self.scores.information[at] <= 0 or (like > ALIKE * own * np.diag(self.inner)[self.at[name]]).any():
                return []  # wherever the one is the other is too: no more than a change of its own
        alone, beside = -math.inf, {}
        if self._before(one) and self._before(other):
            alone = float(self._single(slice(at, at + 1))[0]) + math.log(0.5)
        for name in (one, other):
            logs = self._logs(self.at[name], slice(at, at + 1), harm)[:, 0] + self.weights[name] + math.log(0.25)
            beside[name] = (float(logsumexp(logs)), self.at[name].start + int(np.argmax(logs)))
        whole = float(logsumexp([alone, *(value for value, _ in beside.values())]))
        if not math.isfinite(whole):
            return []
        name = max(beside, key=lambda key: (beside[key][0], key))
        with_one = beside[name][0] > alone
        chosen = [beside[name][1], at] if with_one else [at]
        owners = ((name,), (one, other)) if with_one else ((one, other),)
        told = self._told("together", (one, other), whole, chosen)
        return [Pair((one, other), "together", told, self.columns[:, chosen], owners)]

    def _told(self, how: How, members: tuple[str, str], factor: float, at: Sequence[int]) -> float:
        """The factor beside those of the ledger: with another shift's move in the mean, only what the second adds is counted."""
        bids = {name: self.hearing.bids[name] for name in members}
        factor -= max(sum(bid.toll for bid in bids.values()), self._toll(at))
        added = min(bid.log_factor + bid.toll + factor - self.alone[name] for name, bid in bids.items())
        return math.log(WAYS[how]) + (factor if self.hearing.apart is None else added)

    def _toll(self, at: Sequence[int]) -> float:
        """What the two lose because requests of one user are alike: what the one column does that is their effects' sum.

        Two that differ by just the requests of a third change would else be taken for it, and not pay as it does.
        """
        own = np.ix_(at, at)
        effects = np.linalg.solve(self.inner[own] + np.eye(len(at)) * self.fit.slab**-2, self.scores.pull[list(at)])
        both = self.columns[:, list(at)] @ effects
        size = float(np.abs(both).max(initial=0.0))
        if not size:
            return 0.0
        column, name = (both / size)[:, None], self.hearing.shift.signal
        plain, clustered = self.fit.scores(column), self.hearing.scores(name, column, self.fit)
        lost = plain.log_factor(self.fit.slab)[0] - clustered.log_factor(self.fit.slab)[0]
        return max(float(lost), 0.0)

    def _logs(self, first: slice, second: slice, sign: int) -> Floats:
        """Log Bayes factors of two columns at once, first x second; ``sign`` is the second's side."""
        one, other = _part(self.scores, first), _part(self.scores, second)
        inner = self.inner[first, second]
        return log_factors(one, other, inner, self.fit.slab, (self.hearing.harm, sign))


def _part(scores: Scores, at: slice) -> Scores:
    return type(scores)(scores.information[at], scores.pull[at])


def log_factors(one: Scores, other: Scores, inner: Floats, slab: float, signs: tuple[int, int]) -> Floats:
    """Log Bayes factor of every column of the one with every column of the other, each on its side; ``-inf`` where that is none.

    None is what says nothing, what is too much alike, and what has a mean on the wrong side.
    """
    v, w = one.information[:, None], other.information[None, :]
    s, u = one.pull[:, None], other.pull[None, :]
    b, c = v + slab**-2, w + slab**-2
    room = b * c - inner**2
    first, second = (c * s - inner * u) / room, (b * u - inner * s) / room
    told = (v > 0) & (w > 0) & (inner**2 <= ALIKE * v * w) & (signs[0] * first > 0) & (signs[1] * second > 0)
    logs = -0.5 * np.log(slab**4 * room) + 0.5 * (s * first + u * second)
    beyond = orthant(
        np.where(told, signs[0] * first * np.sqrt(room / c), 0.0),
        np.where(told, signs[1] * second * np.sqrt(room / b), 0.0),
        np.where(told, -signs[0] * signs[1] * inner / np.sqrt(b * c), 0.0),
    )
    result: Floats = np.where(told, logs + np.log(4 * beyond), -np.inf)
    return result


def orthant(h: Floats, k: Floats, r: Floats) -> Floats:
    """``Pr[X < h, Y < k]`` of standard normals with correlation ``r``: Plackett's integral over the angle (Drezner 1978)."""
    angle = np.arcsin(r)[..., None] * (NODES + 1) / 2
    sine, cosine = np.sin(angle), np.cos(angle)
    h, k = h[..., None], k[..., None]
    inside = np.exp(-(h**2 - 2 * h * k * sine + k**2) / (2 * cosine**2))
    area = (inside * WEIGHTS).sum(axis=-1) * np.arcsin(r) / 2 / (2 * np.pi)
    result: Floats = np.clip(ndtr(h[..., 0]) * ndtr(k[..., 0]) + area, 1e-12, 1.0)
    return result


def _with_unknown(hearing: Hearing, apart: Fit, best: Bid) -> list[Pair]:
    """The best change, and beside it a move of any shape that is neither on record nor visible in the traces."""
    family, _ = hearing.shapes
    fit = apart.given(best.column[:, None])
    logs = family.logs(family.scores(fit), fit.slab, sign=hearing.harm)
    if not len(logs):
        return []
    alone = hearing.free_factor(plain=True)
    left = min(hearing.free_factor() / alone, 1.0) if alone > 0 else 1.0  # requests come in clusters for this one too
    factor = best.log_factor + family.evidence(logs) * max(left, 0.0) + math.log(WAYS["both"])
    at = int(np.argmax(logs))
    cells = hearing.fit.cells
    free = family.profiles[cells.bucket, at] * cells.inside(dict(family.place[at]))
    members = (best.candidate.id, "unknown")
    return [Pair(members, "both", factor, np.column_stack([best.column, free]), ((members[0],), ("unknown",)))]
