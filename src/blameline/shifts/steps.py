"""Our own detector: steps, ramps, pulses and local steps in the cells, each averaged over when it may have begun.

The evidence is the mean Bayes factor over all onsets and shapes, with the noise model of ``fit``. A second move is looked for
with the first one in the mean.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from blameline.shifts.moves import Move
from blameline.shifts.shapes import (
    WEIGHT,
    Carried,
    Place,
    Shapes,
    carried_of,
    clock_of,
    finer,
    moments,
    profile,
    shapes_of,
)

if TYPE_CHECKING:
    from blameline.fit import Fit, Scores

Floats = NDArray[np.float64]

THRESHOLD = 5.0
"""Log Bayes factor from which a move counts; `benchmarks/README.md` has the false alarms measured with it."""
MOST = 3
"""Moves looked for in one signal."""
TOGETHER = 2
"""Moves that may bear the toll of noise that drifts together: a stair that drift passes for step by step."""
RESTLESS = 5
"""Place on the grid of shocks from which the noise of the fit may itself be made of moves."""
RECOVERED = 3.0
"""Nats that an end must be worth before a move counts as over."""


DOUBT = 1.6
"""How much larger a fall must be for the toll of noise that drifts: at that size 9 in 10 are found (`benchmarks/README.md`)."""


class Steps:
    """Bayesian steps, ramps and pulses over the cells."""

    name = "steps"

    def find(self, fit: Fit, *, better: str, seed: int) -> list[Move]:
        """All moves beyond ``THRESHOLD``, the strongest first. ``seed`` is not used: nothing is drawn."""
        del seed
        if fit.cells.buckets < 12:
            return []
        family = _Family(shapes_of(fit), carried_of(fit), -1 if better == "higher" else 1)
        moves: list[Move] = []
        now = fit
        for _ in range(MOST):
            needed, before = THRESHOLD + 2 * len(moves), now
            own = _Seen.of(now, family).evidence
            if own < needed and now.noise.at[0] < RESTLESS:
                break
            chain = _spared([_Chain(other, toll) for other, toll in now.doubted], needed, family)
            if chain is None:
                break
            found, now = chain.moves(family)
            for at, move in enumerate(found):
                if at:
                    before = before.given(found[at - 1].column[:, None])
                    own = _Seen.of(before, family).evidence
                if not _same(move, moves):
                    moves.append(replace(move, as_fitted=own, noise=now.noise.at if own < THRESHOLD else None))
        return moves[:MOST]


@dataclass(frozen=True)
class _Family:
    """The moves that are looked for, and the side on which one is for the worse."""

    shapes: Shapes
    carried: Carried
    harm: int


@dataclass(frozen=True)
class _Chain:
    """Moves under one noise, each with those before it in the mean: noise that passes for all of them is paid for once."""

    fit: Fit
    """With all moves but the last in its mean."""
    toll: float
    seen: tuple[_Seen, ...] = ()
    earlier: tuple[Move, ...] = ()
    """The moves of all looks but the last."""

    def longer(self, family: _Family) -> _Chain:
        """With the move that stands out next."""
        fit, earlier = self.fit, self.earlier
        if self.seen:
            earlier = (*earlier, self.seen[-1].move(family))
            fit = fit.given(earlier[-1].column[:, None])
        return replace(self, fit=fit, seen=(*self.seen, _Seen.of(fit, family)), earlier=earlier)

    def spare(self, needed: float) -> float:
        """What the moves bring beyond the toll and their price; none may be worth less than one by itself."""
        evidence = [look.evidence for look in self.seen]
        return sum(evidence) - self.toll - needed - (len(evidence) - 1) if min(evidence) >= THRESHOLD else -np.inf

    def moves(self, family: _Family) -> tuple[list[Move], Fit]:
        """The moves, each with its part of the toll, and the model that has them in its mean."""
        found = [*self.earlier, self.seen[-1].move(family)]
        whole = sum(look.evidence for look in self.seen)
        told = [replace(move, toll=self.toll * move.evidence / whole) for move in found]
        return told, self.fit.given(found[-1].column[:, None])


def _spared(chains: list[_Chain], needed: float, family: _Family) -> _Chain | None:
    """Of all chains of up to ``TOGETHER`` moves the one that has most to spare; ``None`` where none can pay."""
    found: list[_Chain] = []
    for _ in range(TOGETHER):
        chains = [chain.longer(family) for chain in chains]
        found += chains
        chains = [chain for chain in chains if chain.toll > 0 and chain.seen[-1].evidence >= THRESHOLD]
    best = max(found, key=lambda chain: chain.spare(needed))
    return best if best.spare(needed) >= 0 else None


@dataclass(frozen=True)
class _Seen:
    """All moves under one noise, on the side for which the data speak louder."""

    fit: Fit
    side: int
    evidence: float
    """Log Bayes factor of any move on that side."""
    free: Scores
    held: Scores
    logs: Floats
    bound: Floats
    """Log Bayes factors of the free moves and of those of one version, prior weights included."""

    @classmethod
    def of(cls, fit: Fit, family: _Family) -> _Seen:
        shapes, carried = family.shapes, family.carried
        free, held = shapes.scores(fit), fit.scores(carried.columns)
        found = []
        for side in (-1, 1):
            logs = shapes.logs(free, fit.slab, sign=side)
            bound = carried.log_weight + held.log_factor(fit.slab, sign=side)
            found.append(cls(fit, side, float(logsumexp([*logs, *bound])), free, held, logs, bound))
        return max(found, key=lambda one: (one.evidence, one.side))

    def move(self, family: _Family) -> Move:
        """The move that stands out: of the requests of one version where 90% of the evidence says so, or of all."""
        shapes, carried, worse = family.shapes, family.carried, self.side == family.harm
        if len(self.bound) and logsumexp(self.bound) - self.evidence > np.log(0.9):
            which = int(np.argmax(self.bound))
            return _of_version(self.fit, carried, which, self.evidence, worse=worse, side=self.side)
        move = _described(self.fit, shapes, self.logs, self.evidence, worse=worse, side=self.side)
        return _mixed(self.fit, move, (shapes, self.free, self.logs), (carried, self.held, self.bound))


def smallest(fit: Fit) -> float:
    """The smallest lasting step over the last three days that would very likely have been found, in the signal's unit."""
    shapes_begin = max(fit.cells.span_hours - 72, 0.6 * fit.cells.span_hours)
    fine, _ = moments(fit)
    scores = fit.over_time().scores((clock_of(fit) > shapes_begin)[:, None].astype(float))
    if not scores.information[0] or not len(fine):
        return float("inf")
    spread = fit.slab**2 * float(scores.information[0])
    needed = THRESHOLD - float(np.log(WEIGHT["step"] / len(fine))) + 0.5 * float(np.log1p(spread))
    return DOUBT * (float(np.sqrt(2 * needed * (1 + spread) / spread)) + 0.84) * float(scores.error[0])


def _same(move: Move, moves: list[Move]) -> bool:
    """Whether a move only refines one already found: the next stage of a rollout, or the recovery from it."""
    for other in moves:
        if move.worse == other.worse and abs(move.begun - other.begun) < 120:
            return True
        if move.worse != other.worse and abs(move.begun - other.over) < 72:
            return True
    return False


def _described(fit: Fit, shapes: Shapes, logs: Floats, evidence: float, *, worse: bool, side: int) -> Move:
    posterior = np.exp(logs - evidence)
    place = _place(shapes, posterior)
    inside = fit.cells.inside(dict(place))
    ramps = float(posterior[shapes.shape == "ramp"].sum())
    edges, coarse = moments(fit)
    fine, width = finer(edges), fit.cells.width / 3600
    through = fit.over_time(inside if place else None)
    hours = clock_of(fit)

    def score(begin: Floats, end: Floats, ramp: Floats) -> Floats:
        return through.scores(profile(hours, begin, end, ramp, width)).log_factor(fit.slab, sign=side)

    lasting = score(fine, np.full(len(fine), np.inf), np.zeros(len(fine))) - np.log(len(fine))
    at, weights = _marginal(fine, lasting)
    ends, end_weights = np.zeros(0), np.zeros(0)
    ramp = 0.0
    if ramps > 0.05 and not place:
        begins, climbs = _crossed(edges, np.unique(np.round(np.geomspace(12, 120, 10))))
        found = score(begins, np.full(len(begins), np.inf), climbs)
        ramp = float(climbs[int(np.argmax(found))]) if ramps > 0.5 else 0.0
        rising, shares = _marginal(begins, found)
        at, weights = _joined([(at, weights * (1 - ramps)), (rising, shares * ramps)])
    if ramps <= 0.5:
        begins, stops = _pairs(coarse, coarse)
        if len(begins):
            closed = score(begins, stops, np.zeros(len(begins)))
            if logsumexp(closed) - np.log(len(begins)) - logsumexp(lasting) > RECOVERED:
                best = int(np.argmax(closed))
                near = [fine[np.abs(fine - middle[best]) <= 30] for middle in (begins, stops)]
                begins, stops = _pairs(*near)
                closed = score(begins, stops, np.zeros(len(begins)))
                at, weights = _marginal(begins, closed)
                ends, end_weights = _marginal(stops, closed)
    end = float(ends[np.argmax(end_weights)]) if ends.size else np.inf
    begun = at[[np.argmax(weights)]]
    shape = profile(hours, begun, np.array([end]), np.array([ramp]), width)[:, 0]
    column = shape[fit.cells.bucket] * inside
    chosen = fit.scores(column[:, None])
    return Move(
        segment=dict(place),
        worse=worse,
        evidence=evidence,
        moments=at,
        weights=weights,
        effect=float(chosen.estimate[0]),
        error=float(chosen.error[0]),
        ends=ends,
        end_weights=end_weights,
        gradual=ramps > 0.9,
        column=column,
    )


def _mixed(fit: Fit, move: Move, free: tuple[Shapes, Scores, Floats], held: tuple[Carried, Scores, Floats]) -> Move:
    """Onset and size over all shapes that could have made the move, each by its posterior: a staged start is no clean step."""
    if move.gradual or move.segment or move.ends.size:
        return move
    (shapes, scores, logs), (carried, of_version, bound) = free, held
    whole = float(logsumexp([*logs, *bound]))
    steps = np.isin(shapes.shape, ("step", "pulse"))
    pieces = [(move.moments, move.weights * float(np.exp(logsumexp(logs[steps]) - whole)))]
    pieces += [(shapes.begin[~steps], np.exp(logs[~steps] - whole)), (carried.begin, np.exp(bound - whole))]
    moments, weights = _joined(pieces)
    cells = fit.cells
    late = cells.hours > moments[np.argmax(weights)]
    if not late.any():
        return replace(move, moments=moments, weights=weights / weights.sum())
    traffic = np.bincount(cells.bucket[late], cells.n[late], minlength=cells.buckets)
    share = {place: float(cells.n[cells.inside(dict(place))].sum() / cells.n.sum()) for place in set(shapes.place)}
    reach = (shapes.profiles.T @ traffic) / traffic.sum() * np.array([share[place] for place in shapes.place])
    worn = (carried.columns[late].T @ cells.n[late]) / cells.n[late].sum()
    posterior = np.exp(np.concatenate([logs, bound]) - whole)
    sizes = np.concatenate([scores.estimate * reach, of_version.estimate * worn])
    told = np.concatenate([scores.information > 0, of_version.information > 0])
    spread = np.concatenate([scores.error, of_version.error])[told]
    errors = spread * np.concatenate([reach, worn])[told]
    posterior, sizes = posterior[told] / posterior[told].sum(), sizes[told]
    effect = float(posterior @ sizes)
    error = float(np.sqrt(posterior @ (errors**2 + (sizes - effect) ** 2)))
    return replace(move, moments=moments, weights=weights / weights.sum(), effect=effect, error=error)


def _of_version(fit: Fit, carried: Carried, which: int, evidence: float, *, worse: bool, side: int) -> Move:
    """A move of the requests that carry one version; the effect is told over all traffic, as for every other move."""
    cells, hours = fit.cells, fit.cells.hours
    column, first = carried.columns[:, which], carried.begin[which]
    fine, _ = moments(fit)
    at = fine[(fine >= first - cells.width / 3600) & (fine <= first + 48)]
    at = at if at.size else np.array([first])
    late = column[:, None] * (hours[:, None] > at[None, :])
    at, weights = _marginal(at, fit.scores(late).log_factor(fit.slab, sign=side))
    used = column > 0
    last = float(hours[used].max()) + cells.width / 7200
    over = last < cells.span_hours - 12
    ends, end_weights = (np.array([last]), np.ones(1)) if over else (np.zeros(0), np.zeros(0))
    during = (hours > at[np.argmax(weights)]) & (hours <= last)
    share = float(cells.n[during] @ column[during] / cells.n[during].sum())
    chosen = fit.scores(column[:, None])
    return Move(
        segment={},
        worse=worse,
        evidence=evidence,
        moments=at,
        weights=weights,
        effect=float(chosen.estimate[0]) * share,
        error=float(chosen.error[0]) * share,
        ends=ends,
        end_weights=end_weights,
        gradual=False,
        column=column / share,
    )


def _place(shapes: Shapes, posterior: Floats) -> Place:
    """The slice that the move is confined to: where 90% of the posterior says that it is local, the likeliest one."""
    local = shapes.shape == "local"
    if posterior[local].sum() <= 0.9:
        return ()
    mass = {place: 0.0 for place in set(shapes.place) if place}
    for index in np.flatnonzero(local):
        mass[shapes.place[index]] += float(posterior[index])
    return max(sorted(mass), key=lambda place: mass[place])


def _joined(pieces: list[tuple[Floats, Floats]]) -> tuple[Floats, Floats]:
    """Distinct values of several posteriors, each already weighted, and their weights."""
    values, inverse = np.unique(np.concatenate([at for at, _ in pieces]), return_inverse=True)
    summed = np.bincount(inverse, np.concatenate([weight for _, weight in pieces]), minlength=len(values))
    return values, np.asarray(summed, dtype=np.float64)


def _crossed(first: Floats, second: Floats) -> tuple[Floats, Floats]:
    """Every one of the first with every one of the second."""
    return np.repeat(first, len(second)), np.tile(second, len(first))


def _pairs(begins: Floats, ends: Floats) -> tuple[Floats, Floats]:
    """Every begin with every end at least six hours later."""
    first, second = _crossed(begins, ends)
    apart = second - first >= 6
    return first[apart], second[apart]


def _marginal(values: Floats, logs: Floats) -> tuple[Floats, Floats]:
    """Distinct values and their posterior."""
    distinct, inverse = np.unique(values, return_inverse=True)
    weights = np.bincount(inverse, np.exp(logs - logsumexp(logs)), minlength=len(distinct))
    return distinct, weights / weights.sum()
