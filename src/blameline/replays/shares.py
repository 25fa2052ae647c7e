"""What each factor made of the difference: scores by request and arm in, Shapley's values, interactions and rates out.

Shapley's value of a factor is its mean effect over all orders in which the factors could have been put in (Shapley 1953); with
every combination on the same requests it is exact, and the values sum to all new minus all old. It is a weighted sum of the
arms, so each request has a value of its own, and requests are what is drawn again for the interval (paired bootstrap).
"""

from __future__ import annotations

import math
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv

if TYPE_CHECKING:
    from collections.abc import Sequence

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
DRAWS = 400


def shapley(arms: Bools) -> Floats | None:
    """Weights (arms x factors) of Shapley's values; ``None`` unless each combination of the factors is there once."""
    runs, factors = arms.shape
    if not factors or runs != 2**factors or len(np.unique(arms, axis=0)) != runs:
        return None
    size = arms.sum(axis=1)
    whole = math.factorial(factors)
    weights = np.zeros((runs, factors))
    for one in range(factors):
        for arm in range(runs):
            others = int(size[arm]) - int(arms[arm, one])  # of the factors that were put in before this one
            share = math.factorial(others) * math.factorial(factors - others - 1) / whole
            weights[arm, one] = share if arms[arm, one] else -share
    return weights


def main_effects(arms: Bools) -> Floats | None:
    """Weights of the main effects of an orthogonal design; ``None`` where factors go together, or are not balanced."""
    signs = np.where(arms, 1.0, -1.0)
    gram = signs.T @ signs
    if np.any(signs.sum(axis=0)) or np.any(gram - np.diag(np.diag(gram))):
        return None
    return signs * 2 / len(arms)


def single_swaps(arms: Bools) -> Floats:
    """Weights of the mean over all pairs of arms that differ in one factor alone; a column of nought where there is none."""
    runs, factors = arms.shape
    weights, pairs = np.zeros((runs, factors)), np.zeros(factors)
    for a, b in combinations(range(runs), 2):
        apart = np.flatnonzero(arms[a] != arms[b])
        if len(apart) == 1:
            (one,) = apart
            new, old = (a, b) if arms[a, one] else (b, a)
            weights[new, one] += 1
            weights[old, one] -= 1
            pairs[one] += 1
    return weights / np.maximum(pairs, 1)


def nearest_swaps(arms: Bools, factor: int) -> Floats:
    """Weights of new minus old of one factor where others were swapped with it, the same way and as few as there are."""
    weights, pairs, fewest = np.zeros(len(arms)), 0, arms.shape[1] + 1
    for new in np.flatnonzero(arms[:, factor]):
        for old in np.flatnonzero(~arms[:, factor]):
            apart = int((arms[new] != arms[old]).sum())
            if np.any(arms[old] & ~arms[new]) or apart > fewest:
                continue
            if apart < fewest:
                weights, pairs, fewest = np.zeros(len(arms)), 0, apart
            weights[new] += 1
            weights[old] -= 1
            pairs += 1
    return weights / max(pairs, 1)


def effects(arms: Bools) -> Floats:
    """Weights by which scores of the arms become an effect of each factor: the best that these arms allow.

    One arm may stand beside a factorial: that in which more was taken back than its factors.
    """
    found = single_swaps(arms)
    for left_out in (None, *range(len(arms))):
        kept = np.array([n for n in range(len(arms)) if n != left_out])
        varying = arms[kept].any(axis=0) & ~arms[kept].all(axis=0)
        exact = shapley(arms[np.ix_(kept, np.flatnonzero(varying))])
        if exact is not None:
            weights = np.zeros(arms.shape)
            weights[np.ix_(kept, np.flatnonzero(varying))] = exact
            return np.where(varying, weights, found)
    crossed = main_effects(arms)
    return found if crossed is None else crossed


def ends(arms: Bools) -> tuple[int | None, int | None]:
    """The arms in which all is new and all is old."""
    new, old = np.flatnonzero(arms.all(axis=1)), np.flatnonzero(~arms.any(axis=1))
    return (int(new[0]) if len(new) else None), (int(old[0]) if len(old) else None)


def swap_at(arms: Bools, factor: int, end: int | None) -> Floats | None:
    """Weights of new minus old of one factor, with all others as they are at an end; ``None`` where an arm is missing."""
    if end is None:
        return None
    other = arms[end].copy()
    other[factor] = ~other[factor]
    found = np.flatnonzero((arms == other).all(axis=1))
    if not len(found):
        return None
    weights = np.zeros(len(arms))
    weights[end], weights[found[0]] = (1, -1) if arms[end, factor] else (-1, 1)
    return weights


def interaction(arms: Bools, one: int, other: int) -> Floats | None:
    """Weights of what two factors do together beyond their sum, over all squares of arms that differ in these two alone."""
    rest = np.delete(arms, [one, other], axis=1)
    weights, squares = np.zeros(len(arms)), 0
    for place in np.unique(rest, axis=0):
        inside = np.flatnonzero((rest == place).all(axis=1))
        if len({(bool(arms[n, one]), bool(arms[n, other])) for n in inside}) == 4 == len(inside):
            weights[inside] += np.where(arms[inside, one] == arms[inside, other], 1.0, -1.0)
            squares += 1
    return weights / squares if squares else None


def bootstrap(values: Floats, weights: Floats, *, seed: int) -> Floats:
    """Means of ``values @ weights`` over requests drawn again (``DRAWS`` x columns)."""
    each = values @ weights
    n = len(each)
    drawn = np.random.default_rng(seed).integers(0, n, (DRAWS, n))
    return np.asarray(each[drawn].mean(axis=1), dtype=float)


def mean_and_error(each: Floats, spread: float) -> tuple[float, float]:
    """Mean of paired differences and its standard error, with two pairs of ``± spread / sqrt 2`` added to the spread.

    Twenty pairs without any difference do not prove that there is none (Agresti and Min 2005: half a pair in each cell, which
    for scores of 0 and 1 is ``spread`` = 1).
    """
    n = len(each)
    mean = float(each.mean())
    squares = float(((each - mean) ** 2).sum()) + spread**2
    return mean, math.sqrt(squares) / (n + 2)


def rate(k: int, n: int) -> tuple[float, float, float]:
    """``k`` of ``n`` with its 90% interval (Clopper and Pearson 1934)."""
    low = float(betaincinv(k, n - k + 1, 0.05)) if k else 0.0
    high = float(betaincinv(k + 1, n - k, 0.95)) if k < n else 1.0
    return k / n, low, high


def rates_of(scores: Sequence[float], *, bad_is_low: bool) -> int | None:
    """How many of the scores are bad, where all are 0 or 1; ``None`` for any other score."""
    if any(one not in {0.0, 1.0} for one in scores):
        return None
    return sum(1 for one in scores if (one == 0.0) == bad_is_low)
