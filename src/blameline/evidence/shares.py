"""How much of a shift each bid accounts for; the shares of one shift add up to it.

::

    observed change = change of traffic + sum_c b_c (exposure after - exposure before) + what nothing explains

All of it comes from one joint draw: a hypothesis by its probability, then the effects of its columns together with the size of
the shift itself from the one fit, whose errors are correlated (``cov(d, b) = m'PX (X'PX)^-1 / m'Pm``), and the change of traffic
from its own error. Beside the columns of a hypothesis something unrecorded of the move's own shape may have been at work, as
probably as the data say from the odds ``MORE``: what it adds is unexplained. In every draw the shares lie between 0 and 1 and sum
to 1; what is left is the share of ``unknown``. An estimate is the mean over the draws, an interval their middle 90%, so that
shares that compete are held against each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from blameline.evidence.pairs import ALIKE
from blameline.fit import Scores
from blameline.records import Interval
from blameline.shifts.describe import Z90, all_there, sides

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from blameline.evidence.hearing import Hearing
    from blameline.evidence.odds import Posterior
    from blameline.fit import Fit

Floats = NDArray[np.float64]
DRAWS = 4000
LEAST = 0.25
"""A drawn size of the shift is never taken to be smaller than this share of the observed one."""
MORE = 3.0
"""Odds, before the data, that beside a known cause something unrecorded was at work too: the shares are to hide nothing."""
RARE = 1e-4
"""Probability below which a hypothesis is not drawn."""


@dataclass(frozen=True)
class Account:
    """One way in which the shift can have come about."""

    probability: float
    columns: Floats
    """Cells x k."""
    owners: tuple[tuple[str, ...], ...]
    """By column: who shares its part, in equal parts."""
    rest: str = "unknown"
    """Who accounts for what neither the columns nor the traffic do."""
    traffic: str = "mix"
    """Who accounts for the change of traffic."""


@dataclass(frozen=True)
class Size:
    """The observed change, in the signal's unit: the whole, the part that is other traffic, and its standard error."""

    whole: float
    mix: float
    mix_error: float
    error: float | None
    """Standard error of the part within segments; ``None`` where the fit knows it, from the column of the move."""


def shares_of(hearing: Hearing, weighed: Posterior, *, seed: int) -> dict[str, Interval]:
    """Candidate → its share of the shift; the estimates sum to exactly 1, that of ``unknown`` being what nothing explains."""
    names = [candidate.id for candidate in hearing.candidates]
    shift = hearing.shift
    early, late = sides(hearing.fit.cells, shift.segment, shift.onset, shift.ended_range, hearing.turns)
    halves = early, all_there(hearing.fit.cells, late, shift.settled)
    drawn = draw(hearing.fit, hearing.move.column, _size(hearing), accounts(hearing, weighed), halves, seed=seed)
    return told(drawn, names)


def accounts(hearing: Hearing, weighed: Posterior) -> list[Account]:
    """Every hypothesis of the posterior as an account of the shift."""
    nothing = np.zeros((len(hearing.fit.cells.n), 0))
    found = []
    for name, p in sorted(weighed.alone.items()):
        bid = hearing.bids.get(name)
        if name in {"ruler", "artefact"}:
            found.append(Account(p, nothing, (), rest=name))
        elif bid is None:
            found.append(Account(p, nothing, ()))
        elif bid.candidate.layer == "traffic" and hearing.traffic_mix.factor > bid.log_factor:
            found.append(Account(p, nothing, (), traffic=name))
        else:
            found.append(Account(p, bid.column[:, None], ((name,),)))
    return [*found, *(Account(p, pair.columns, pair.owners) for pair, p in weighed.pairs)]


def _size(hearing: Hearing) -> Size:
    """The plain change where it is for the worse, else the change at an equal mix of traffic."""
    shift = hearing.shift
    error = (shift.delta.high - shift.delta.low) / (2 * Z90)
    if shift.raw_delta * hearing.harm <= 0:
        return Size(shift.delta.estimate, 0.0, 0.0, error if shift.plain else None)
    split = shift.mix.mix if shift.mix is not None else None
    wide = (split.high - split.low) / (2 * Z90) if split is not None else 0.0
    return Size(shift.raw_delta, shift.mix_delta, wide, error if shift.plain else None)


def draw(
    fit: Fit,
    move: Floats,
    size: Size,
    given: Sequence[Account],
    halves: tuple[NDArray[np.bool_], NDArray[np.bool_]],
    *,
    seed: int,
) -> dict[str, Floats]:
    """Name → its share in each draw; they sum to 1 draw by draw.

    ``move`` is the column of the shift over the cells, ``halves`` the cells before it and while it lasts.
    """
    kept = [one for one in given if one.probability > RARE]
    columns = np.column_stack([move, *(one.columns for one in kept)])
    inner, scores = fit.gram(columns), fit.scores(columns)
    rises = _rises(fit.cells.n, columns, halves)
    ways, place = [], 1
    for one in kept:
        at = np.arange(place, place + one.columns.shape[1])
        more = (
            _more(inner, scores, at, fit.slab)
            if size.error is None and "unknown" not in {*sum(one.owners, ())}
            else 0.0
        )
        ways += [(one, at, one.probability * (1 - more)), (one, np.append(at, 0), one.probability * more)]
        place += len(at)
    ways = [way for way in ways if way[2] > RARE]
    counts = _counts(np.array([p for *_, p in ways]))
    normal = np.random.default_rng(seed).standard_normal((int(counts.sum()), 5))
    n, begin = len(normal), 0
    shares: dict[str, Floats] = {}
    for (one, at, _), count in zip(ways, counts, strict=True):
        rows = slice(begin, begin + int(count))
        begin += int(count)
        mix = size.mix + size.mix_error * normal[rows, 0]
        within, effects = _effects(inner, scores.pull, at, scores.information[at], size, normal[rows, 1:])
        whole = mix + within
        side = np.sign(size.whole)
        whole = side * np.maximum(side * whole, LEAST * abs(size.whole)) if side else np.ones(len(whole))
        own = len(one.owners)
        parts = np.maximum(np.column_stack([mix, effects[:, :own] * rises[at[:own]]]) / whole[:, None], 0.0)
        sums = parts.sum(axis=1)
        parts /= np.maximum(sums, 1.0)[:, None]
        for owner, part in [(one.traffic, parts[:, 0]), (one.rest, np.maximum(1.0 - sums, 0.0))]:
            shares.setdefault(owner, np.zeros(n))[rows] += part
        for owners, part in zip(one.owners, parts[:, 1:].T, strict=True):
            for owner in owners:
                shares.setdefault(owner, np.zeros(n))[rows] += part / len(owners)
    return shares


def _more(inner: Floats, scores: Scores, at: NDArray[np.int64], slab: float) -> float:
    """Probability that beside these columns something more of the move's own shape was at work.

    0 where the columns are too much like the move for the data to say.
    """
    alive = at[scores.information[at] > 0]
    if not len(alive) or scores.information[0] <= 0:
        return 0.0
    through = np.linalg.pinv(inner[np.ix_(alive, alive)], hermitian=True) @ inner[alive, 0]
    left = float(inner[0, 0] - inner[0, alive] @ through)
    if left <= (1 - ALIKE) * inner[0, 0]:
        return 0.0
    rest = Scores(np.array([left]), np.array([scores.pull[0] - scores.pull[alive] @ through]))
    return float(expit(np.log(MORE) + rest.log_factor(slab)[0]))


def _effects(
    inner: Floats, pull: Floats, at: NDArray[np.int64], information: Floats, size: Size, normal: Floats
) -> tuple[Floats, Floats]:
    """The change within segments and the effects of the columns, drawn together (draws, and draws x k).

    Of a column of which the fit can say nothing any effect is as good, up to the whole of the change.
    """
    observed = size.whole - size.mix
    alive = at[information > 0]
    count = len(alive)
    own = inner[0, 0]
    effects = np.zeros((len(normal), len(at)))
    if size.error is not None or own <= 0 or not pull[0]:
        within = observed + (size.error or 0.0) * normal[:, 0]
        cover, mean, scale = np.zeros((count + 1, count + 1)), np.zeros(count + 1), 0.0
    else:
        cover, mean, scale = np.zeros((count + 1, count + 1)), np.zeros(count + 1), observed / (pull[0] / own)
        cover[0, 0], mean[0], within = 1 / own, pull[0] / own, np.zeros(len(normal))
    if count:
        inverse = np.linalg.pinv(inner[np.ix_(alive, alive)], hermitian=True)
        cover[1:, 1:], mean[1:] = inverse, inverse @ pull[alive]
        if scale:
            cover[0, 1:] = cover[1:, 0] = inner[0, alive] @ inverse / own
    values, vectors = np.linalg.eigh(cover)
    drawn = mean + (normal[:, : count + 1] * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
    if scale:
        within = drawn[:, 0] * scale
    effects[:, information > 0] = drawn[:, 1:]
    for dead in np.flatnonzero(information <= 0):
        effects[:, dead] = np.abs(observed) * np.sign(observed) * (np.arange(len(normal)) + 0.5) / max(len(normal), 1)
    return within, effects


def _rises(n: Floats, columns: Floats, halves: tuple[NDArray[np.bool_], NDArray[np.bool_]]) -> Floats:
    """By column: how much its share of the requests rose from the one half to the other."""
    early, late = halves
    if not early.any() or not late.any():
        return np.zeros(columns.shape[1])
    after, before = (n[half] @ columns[half] / n[half].sum() for half in (late, early))
    result: Floats = after - before
    return result


def _counts(probabilities: Floats) -> NDArray[np.int64]:
    """How many of the draws each hypothesis gets: by its probability, the largest remainders first."""
    wanted = DRAWS * probabilities / probabilities.sum()
    counts: NDArray[np.int64] = np.floor(wanted).astype(np.int64)
    order = np.argsort(counts - wanted, kind="stable")
    counts[order[: DRAWS - int(counts.sum())]] += 1
    return counts


def told(drawn: Mapping[str, Floats], names: Sequence[str]) -> dict[str, Interval]:
    """Means and middle 90% of the draws, in six digits; what rounding leaves over is ``unknown``'s."""
    found = {}
    for name in names:
        share = drawn.get(name)
        if share is None:
            found[name] = Interval(estimate=0.0, low=0.0, high=0.0)
            continue
        mean, (low, high) = float(share.mean()), np.quantile(share, [0.05, 0.95])
        found[name] = interval(mean, min(float(low), mean), max(float(high), mean))
    return completed(found)


def completed(shares: Mapping[str, Interval]) -> dict[str, Interval]:
    """The shares with that of ``unknown`` set so that all of them sum to exactly 1."""
    rest = round(1.0 - sum(one.estimate for name, one in shares.items() if name != "unknown"), 6) + 0.0
    if rest < 0:  # rounding up made too much of the others
        name = max((name for name in shares if name != "unknown"), key=lambda name: (shares[name].estimate, name))
        most = shares[name]
        shares = {**shares, name: interval(most.estimate + rest, min(most.low, most.estimate + rest), most.high)}
        rest = 0.0
    old = shares["unknown"]
    return {**shares, "unknown": interval(rest, min(old.low, rest), max(old.high, rest))}


def interval(estimate: float, low: float, high: float) -> Interval:
    """An interval in six digits."""
    return Interval(estimate=round(estimate, 6) + 0.0, low=round(low, 6) + 0.0, high=round(high, 6) + 0.0)
