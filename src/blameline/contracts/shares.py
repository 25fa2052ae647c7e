"""Shares of two periods and what can be said of their difference, where requests of one day or conversation are alike.

Counts come in; intervals and the smallest drop that would have been seen go out. A share has Wilson's interval, a difference
of two of them Newcombe's hybrid one (Statistics in Medicine 17, 1998, method 10), each at the effective number of requests:
``n`` divided by the design effect of the clusters (Kish 1965), the largest over the ways to part them, and never below 1. As the
design effect itself rests on few clusters, the quantile is Student's with their number less the number of shares.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import inf, sqrt
from typing import TYPE_CHECKING

from scipy.special import stdtrit

from blameline.records import Interval

if TYPE_CHECKING:
    from collections.abc import Sequence

LEVEL = 0.90
"""Of every interval that is shown."""
POWER_Z = 0.8416
"""Standard normal quantile of 0.8: a drop that would be seen four times in five."""


@dataclass(frozen=True)
class Parted:
    """One period's requests parted into clusters: sums over the clusters of n (requests), k (kept) and their products."""

    clusters: int
    n: float
    k: float
    nn: float
    kk: float
    nk: float

    @property
    def share(self) -> float:
        """The share that was kept."""
        return self.k / self.n if self.n else 0.0

    @property
    def plain(self) -> float:
        """Variance of the number kept, were all requests independent."""
        return self.n * self.share * (1 - self.share)

    @property
    def robust(self) -> float:
        """The same from what the clusters add up to: the sum of (k - n share)^2 over clusters, for their number."""
        if self.clusters < 2:
            return 0.0
        squares = self.kk - 2 * self.share * self.nk + self.share**2 * self.nn
        return max(squares, 0.0) * self.clusters / (self.clusters - 1)


@dataclass(frozen=True)
class Shares:
    """The shares of one contract in up to two periods, each parted in several ways (``time``, ``talk``)."""

    before: Sequence[Parted]
    period: Sequence[Parted]

    @cached_property
    def design(self) -> float:
        """The design effect, of both periods together."""
        effects = [1.0]
        for one, other in zip(self.before, self.period, strict=True):
            plain = one.plain + other.plain
            if plain > 0:
                effects.append((one.robust + other.robust) / plain)
        return max(effects)

    @cached_property
    def freedom(self) -> int:
        """Clusters that the design effect rests on, by the way that has the fewest, less one a period."""
        return min(
            sum(part.clusters - 1 for part in pair if part.clusters)
            for pair in zip(self.before, self.period, strict=True)
        )

    def quantile(self, asked: int = 1) -> float:
        """Student's quantile of the two-sided interval, and of one among so many that were asked (Bonferroni)."""
        if self.freedom < 2:
            return inf
        return float(stdtrit(self.freedom, 1 - (1 - LEVEL) / 2 / asked))

    def share(self, parted: Sequence[Parted], asked: int = 1) -> Interval:
        """The share of one period with its interval."""
        one = parted[0]
        low, high = wilson(one.share, one.n / self.design, self.quantile(asked))
        return Interval(estimate=one.share, low=low, high=high)

    def difference(self, asked: int = 1) -> Interval:
        """The share of the period less that before."""
        return self._difference(self.before[0].share, self.period[0].share, self.quantile(asked))

    def _difference(self, one: float, other: float, z: float) -> Interval:
        if z == inf:
            return Interval(estimate=other - one, low=-1.0, high=1.0)
        was = wilson(one, self.before[0].n / self.design, z)
        now = wilson(other, self.period[0].n / self.design, z)
        below = sqrt((other - now[0]) ** 2 + (was[1] - one) ** 2)
        above = sqrt((now[1] - other) ** 2 + (one - was[0]) ** 2)
        moved = other - one
        return Interval(estimate=moved, low=max(moved - below, -1.0), high=min(moved + above, 1.0))

    def detectable(self, asked: int = 1) -> float | None:
        """The smallest drop that would have been seen four times in five; ``None`` where not even the whole share would."""
        z = self.quantile(asked)
        if z == inf:
            return None
        n, m = (parts[0].n / self.design for parts in (self.before, self.period))
        was = (self.before[0].k / self.design + 0.5) / (n + 1)  # not quite 1 where all were kept

        def seen(drop: float) -> bool:
            now = was - drop
            often = drop > (z + POWER_Z) * sqrt(was * (1 - was) / n + now * (1 - now) / m)
            return often and self._difference(was, now, z).high < 0

        if not seen(was):
            return None
        low, high = 0.0, was
        for _ in range(30):
            middle = (low + high) / 2
            low, high = (low, middle) if seen(middle) else (middle, high)
        return high


def wilson(share: float, n: float, z: float) -> tuple[float, float]:
    """Wilson's interval of a share of ``n`` requests, at a normal or Student's quantile."""
    if z == inf or n <= 0:
        return 0.0, 1.0
    shrunk = z * z / n
    middle = (share + shrunk / 2) / (1 + shrunk)
    half = z / (1 + shrunk) * sqrt(share * (1 - share) / n + shrunk / (4 * n))
    return max(middle - half, 0.0), min(middle + half, 1.0)
