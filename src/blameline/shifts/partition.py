"""A series cut into pieces, each level or on a slope: exactly, with as many cuts as shorten its description.

Dynamic programming over all cuts (Bellman 1961; Auger and Lawrence 1989) finds the best pieces for each number of cuts; the number
is the one of least description length (Rissanen 1978; Davis, Lee and Rodriguez-Yam 2006)::

    m/2 log((v + floor) / (1 + floor)) + sum over pieces of p/2 log n + cuts log n

with ``v`` the variance around the pieces in units of the series' own, ``p`` = 1 for a level and 2 for a slope, and ``m`` the
observations that ``n`` autocorrelated ones are worth, ``n (1 - r) / (1 + r)`` (Bayley and Hammersley 1946). ``r`` is measured
around the pieces and the same for every number of cuts, or noise that shrinks with each cut would pay for the next. ``floor`` is
spread that no cut is credited for: without it a smooth series is cut for moves that nobody would call one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

FLOOR = 0.1
"""Share of the spread that is never credited to a cut; `benchmarks/README.md` has what it was chosen on."""
SHORTEST = 3
"""Observations in a piece."""
MOST = 14
"""Cuts looked for in one series, and no more than one in six observations."""
STICKIEST = 0.95
"""The largest autocorrelation that is believed."""
PASSES = 6
"""Times that noise and pieces are chosen in turn."""


@dataclass(frozen=True)
class Cut:
    """One change: the first observation after it."""

    at: int
    places: NDArray[np.int64]
    weights: Floats
    """Where else it may lie, the cuts beside it held, and the posterior of that, summing to 1."""
    gain: float
    """What the description is shorter by with this cut, in nats: an approximate log Bayes factor (Schwarz 1978)."""
    sloped: bool
    """Whether the piece that begins here is on a slope."""


@dataclass(frozen=True)
class _Costs:
    """Weighted sums of squares around the level and around the slope of every piece [i, j)."""

    level: Floats
    line: Floats

    def least(self, price: float) -> Floats:
        """The cheaper of both; a slope costs ``price`` more."""
        return np.minimum(self.level, self.line + price)

    def sloped(self, begin: int, end: int, price: float) -> bool:
        return bool(self.line[begin, end] + price < self.level[begin, end])


@dataclass(frozen=True)
class _Noise:
    spare: float
    sticky: float | None
    """None in the first pass: measured around each number of cuts by itself."""


def partition(values: Floats, weights: Floats, *, floor: float = FLOOR) -> list[Cut]:
    """The cuts, in order; ``values`` in units of their own standard deviation, ``weights`` 0 where nothing was observed."""
    seen = int((weights > 0).sum())
    costs = _costs(values, weights)
    noise = _Noise(floor + 0.1, None)
    cuts: list[int] = []
    for number in range(PASSES):
        price = float(np.log(seen)) * noise.spare
        each = [_described(values, weights, costs, one, noise, floor) for one in _best(costs.least(price), seen)]
        _, cuts, spread, sticky = min(each, key=lambda one: one[0])
        settled = number > 0 and abs(np.log((spread + floor) / noise.spare)) < 0.01
        noise = _Noise(spread + floor, sticky)
        if settled:
            break
    return _told(values, weights, costs, cuts, noise, floor)


def _costs(values: Floats, weights: Floats) -> _Costs:
    time = np.arange(len(values)) / len(values)
    pieces = (weights > 0, weights, weights * time, weights * time**2)
    pieces += (weights * values, weights * values**2, weights * time * values)
    count, mass, t, tt, y, yy, ty = (_between(np.asarray(piece, dtype=float)) for piece in pieces)
    held = count >= SHORTEST
    safe = np.where(held, mass, 1.0)
    level = np.maximum(yy - y**2 / safe, 0.0)
    spread = tt - t**2 / safe
    slope = np.divide((ty - t * y / safe) ** 2, spread, out=np.zeros_like(spread), where=spread > 1e-12)
    return _Costs(np.where(held, level, np.inf), np.where(held, np.maximum(level - slope, 0.0), np.inf))


def _between(values: Floats) -> Floats:
    """Sums over every [i, j)."""
    running = np.concatenate([[0.0], np.cumsum(values)])
    found: Floats = running[None, :] - running[:, None]
    return found


def _best(costs: Floats, seen: int) -> list[list[int]]:
    """The best cuts for each number of them, from none on."""
    size = len(costs) - 1
    reached, came_from = costs[0], []
    found: list[list[int]] = [[]]
    for number in range(1, min(MOST, seen // 6) + 1):
        whole = reached[:, None] + costs
        last = np.argmin(whole, axis=0)
        came_from.append(last)
        reached = whole[last, np.arange(size + 1)]
        if not np.isfinite(reached[size]):
            break
        at, cuts = size, []
        for step in range(number - 1, -1, -1):
            at = int(came_from[step][at])
            cuts.append(at)
        found.append(cuts[::-1])
    return found


def _described(
    values: Floats, weights: Floats, costs: _Costs, cuts: list[int], noise: _Noise, floor: float
) -> tuple[float, list[int], float, float]:
    """Length of the description with these cuts, the cuts, the variance around the pieces, and its autocorrelation."""
    seen = int((weights > 0).sum())
    price = float(np.log(seen)) * noise.spare
    edges = [0, *cuts, len(values)]
    rest, numbers = np.zeros(len(values)), 0
    for begin, end in zip(edges[:-1], edges[1:], strict=True):
        sloped = costs.sloped(begin, end, price)
        rest[begin:end] = _around(values[begin:end], weights[begin:end], sloped=sloped)
        numbers += 1 + sloped
    spread = float(weights @ rest**2) / seen
    measured = _sticky(rest, weights, numbers) * spread / (spread + floor)
    sticky = measured if noise.sticky is None else noise.sticky
    worth = seen * (1 - sticky) / (1 + sticky)
    length = worth / 2 * np.log((spread + floor) / (1 + floor)) + (numbers / 2 + len(cuts)) * np.log(seen)
    return float(length), cuts, spread, measured


def _around(values: Floats, weights: Floats, *, sloped: bool) -> Floats:
    """What is left of a piece around its level or slope; 0 where nothing was observed."""
    time = np.arange(len(values), dtype=float)
    design = np.column_stack([np.ones_like(time), time]) if sloped else np.ones((len(values), 1))
    root = np.sqrt(weights)
    fitted = np.linalg.lstsq(design * root[:, None], values * root, rcond=None)[0]
    rest: Floats = np.where(weights > 0, values - design @ fitted, 0.0)
    return rest


def _sticky(rest: Floats, weights: Floats, numbers: int) -> float:
    """Autocorrelation of neighbours, with what fitting the pieces took from it put back."""
    whole = float(rest @ rest)
    seen = int((weights > 0).sum())
    if whole <= 1e-6 * seen:
        return 0.0
    return float(np.clip(rest[1:] @ rest[:-1] / whole + (1 + numbers) / seen, 0.0, STICKIEST))


def _told(
    values: Floats, weights: Floats, costs: _Costs, cuts: list[int], noise: _Noise, floor: float
) -> list[Cut]:
    seen = int((weights > 0).sum())
    price = float(np.log(seen)) * noise.spare
    sticky = noise.sticky or 0.0
    scale = 2 * noise.spare * (1 + sticky) / (1 - sticky)
    whole = _described(values, weights, costs, cuts, noise, floor)[0]
    edges, least = [0, *cuts, len(values)], costs.least(price)
    found = []
    for number, (before, at, after) in enumerate(zip(edges[:-2], edges[1:-1], edges[2:], strict=True)):
        places = np.arange(before + 1, after)
        sums = least[before, places] + least[places, after]
        posterior = np.exp(-(sums - sums.min()) / scale)
        without = _described(values, weights, costs, [*cuts[:number], *cuts[number + 1 :]], noise, floor)[0]
        held = posterior > 1e-6
        weight = posterior[held] / posterior[held].sum()
        found.append(Cut(at, places[held], weight, without - whole, costs.sloped(at, after, price)))
    return found
