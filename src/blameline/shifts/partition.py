"""A series cut into pieces, each level or on a slope: exactly, with as many cuts as shorten its description.

Dynamic programming over all cuts (Bellman 1961; Auger and Lawrence 1989) finds the best pieces for each number of cuts; that
number is the one of least description length (Rissanen 1978; Davis, Lee and Rodriguez-Yam 2006)::

    m/2 log((v + floor) / (1 + floor)) + sum over pieces of p/2 log n + cuts log n

with ``v`` the variance around the pieces in units of the series' own, ``p`` = 1 for a level and 3 for a slope, and ``m`` the
observations that ``n`` autocorrelated ones are worth, ``n (1 - r) / (1 + r)`` (Bayley and Hammersley 1946). ``r`` is measured
around the pieces and the same for every number of cuts, or noise that shrinks with each cut would pay for the next. ``floor`` is
spread that no cut is credited for: without it a smooth series is cut for moves that nobody would call one.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

FLOOR = 0.15
"""Share of the spread that is never credited to a cut; `benchmarks/README.md` has what it was chosen on."""
SLOPE = 2
"""Numbers that a slope costs beyond its level: its own, and that it is one: a small step in noise looks like one."""
SHORTEST = 3
"""Observations in a piece."""
MOST = 14
"""Cuts looked for in one series, and no more than one in six observations."""
LONGEST_MEMORY = 0.95
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
class Partition:
    """A series in pieces."""

    cuts: tuple[Cut, ...]
    """In order."""
    drift: float
    """What the description is shorter by with the slope of the first piece, in nats; 0 where it is level."""


@dataclass(frozen=True)
class _Noise:
    """What is known of the noise from the pass before; variances in units of the series' own."""

    spread: float
    memory: float | None
    """Autocorrelation of neighbours; None before the first pass, where each number of cuts has its own."""


@dataclass(frozen=True)
class _Described:
    """A choice of cuts, and how long the description with it is."""

    length: float
    cuts: list[int]
    noise: _Noise
    """As measured around its pieces."""


def partition(values: Floats, weights: Floats) -> Partition:
    """The shortest description; ``values`` in units of their own standard deviation, ``weights`` 0 where nothing was observed."""
    pieces = _Pieces(values, weights)
    noise = _Noise(0.1, None)
    for number in range(PASSES):
        best = min((pieces.described(cuts, noise) for cuts in pieces.best(noise)), key=lambda one: one.length)
        settled = abs(np.log((best.noise.spread + FLOOR) / (noise.spread + FLOOR))) < 0.01
        noise = best.noise
        if settled and number:
            break
    return Partition(tuple(pieces.told(best.cuts, noise)), pieces.drift(best.cuts, noise))


class _Pieces:
    """A series and what every piece of it costs."""

    def __init__(self, values: Floats, weights: Floats) -> None:
        self.values, self.weights = values, weights
        self.seen = int((weights > 0).sum())
        time: Floats = np.arange(len(values), dtype=np.float64) / len(values)
        count, mass, t, tt = (
            _between(one) for one in ((weights > 0).astype(np.float64), weights, weights * time, weights * time**2)
        )
        y, yy, ty = (_between(weights * one) for one in (values, values**2, time * values))
        held = count >= SHORTEST
        safe = np.where(held, mass, 1.0)
        level = np.maximum(yy - y**2 / safe, 0.0)
        spread = tt - t**2 / safe
        slope = np.divide((ty - t * y / safe) ** 2, spread, out=np.zeros_like(spread), where=spread > 1e-12)
        self.level: Floats = np.where(held, level, np.inf)
        self.line: Floats = np.where(held, np.maximum(level - slope, 0.0), np.inf)
        """Weighted sums of squares around the level and around the slope of every piece [i, j)."""

    def price(self, noise: _Noise) -> float:
        """What a slope must save in squares to be worth it."""
        return SLOPE * float(np.log(self.seen)) * (noise.spread + FLOOR)

    def costs(self, noise: _Noise) -> Floats:
        """Level or slope, whichever is cheaper."""
        return np.minimum(self.level, self.line + self.price(noise))

    def sloped(self, begin: int, end: int, noise: _Noise) -> bool:
        """Whether the slope was the cheaper one."""
        return bool(self.line[begin, end] + self.price(noise) < self.level[begin, end])

    def best(self, noise: _Noise) -> list[list[int]]:
        """The best cuts for each number of them, from none on."""
        costs, size = self.costs(noise), len(self.values)
        reached, came_from = costs[0], []
        found: list[list[int]] = [[]]
        for number in range(1, min(MOST, self.seen // 6) + 1):
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

    def described(self, cuts: list[int], noise: _Noise, *, level_first: bool = False) -> _Described:
        """The length of the description with these cuts, and the noise around them; the first piece may be held level."""
        rest, numbers = np.zeros(len(self.values)), 0
        for begin, end in pairwise([0, *cuts, len(self.values)]):
            sloped = self.sloped(begin, end, noise) and (begin > 0 or not level_first)
            rest[begin:end] = _around(self.values[begin:end], self.weights[begin:end], sloped=sloped)
            numbers += 1 + SLOPE * sloped
        spread = float(self.weights @ rest**2) / self.seen
        measured = self._memory(rest, numbers) * spread / (spread + FLOOR)
        memory = measured if noise.memory is None else noise.memory
        worth = self.seen * (1 - memory) / (1 + memory)
        length = worth / 2 * np.log((spread + FLOOR) / (1 + FLOOR)) + (numbers / 2 + len(cuts)) * np.log(self.seen)
        return _Described(float(length), cuts, _Noise(spread, measured))

    def _memory(self, rest: Floats, numbers: int) -> float:
        """Autocorrelation of neighbours, with what fitting the pieces took from it put back."""
        whole = float(rest @ rest)
        if whole <= 1e-6 * self.seen:
            return 0.0
        return float(np.clip(rest[1:] @ rest[:-1] / whole + (1 + numbers) / self.seen, 0.0, LONGEST_MEMORY))

    def drift(self, cuts: list[int], noise: _Noise) -> float:
        """What the slope of the first piece shortens; never less than 0."""
        level = self.described(cuts, noise, level_first=True).length
        return max(level - self.described(cuts, noise).length, 0.0)

    def told(self, cuts: list[int], noise: _Noise) -> list[Cut]:
        """Each cut with where else it may lie."""
        memory = noise.memory or 0.0
        scale = 2 * max(noise.spread, 1e-9) * (1 + memory) / (1 - memory)
        costs, whole = self.costs(noise), self.described(cuts, noise).length
        edges = [0, *cuts, len(self.values)]
        found = []
        for number, (before, at, after) in enumerate(zip(edges[:-2], edges[1:-1], edges[2:], strict=True)):
            places = np.arange(before + 1, after)
            sums = costs[before, places] + costs[places, after]
            posterior = np.exp(-(sums - sums.min()) / scale)
            held = posterior > 1e-6
            without = self.described([*cuts[:number], *cuts[number + 1 :]], noise).length
            found.append(
                Cut(
                    at=at,
                    places=places[held],
                    weights=posterior[held] / posterior[held].sum(),
                    gain=without - whole,
                    sloped=self.sloped(at, after, noise),
                )
            )
        return found


def _between(values: Floats) -> Floats:
    """Sums over every [i, j)."""
    running = np.concatenate([[0.0], np.cumsum(values)])
    found: Floats = running[None, :] - running[:, None]
    return found


def _around(values: Floats, weights: Floats, *, sloped: bool) -> Floats:
    """What is left of a piece around its level or slope; 0 where nothing was observed."""
    whole = weights.sum()
    rest = values - (weights @ values) / whole
    if sloped:
        time = np.arange(len(values), dtype=np.float64)
        time -= (weights @ time) / whole
        rest = rest - time * (weights @ (time * rest)) / (weights @ time**2)
    held: Floats = np.where(weights > 0, rest, 0.0)
    return held
