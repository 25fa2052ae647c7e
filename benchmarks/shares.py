"""Do the intervals of the shares hold the truth nine times in ten? Simulated cells whose shares are known.

    python benchmarks/shares.py --times 500

Two changes on parts of the traffic that overlap by chance, the second 12 hours after the first, and in some worlds something
unrecorded that meets everybody at the onset; with and without shocks that meet whole hours.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from threadpoolctl import threadpool_limits

from blameline.cells import Cells
from blameline.evidence.shares import Account, Size, draw, told
from blameline.fit import Fit
from blameline.records import Interval, Signal

SIGNAL = Signal(name="score", better="higher", bounded=False)
BEGIN, SECOND = 24, 30
"""Buckets in which the first and the second change begin."""


@dataclass(frozen=True)
class World:
    """What moves the score, and by how much; a request's own standard deviation is 0.4."""

    first: float = -0.2
    second: float = -0.15
    hidden: float = 0.0
    shock: float = 0.0
    buckets: int = 48


def cells_of(world: World, rng: np.random.Generator) -> Cells:
    """Two segments, two versions of two layers, buckets of two hours."""
    grid = np.array([(b, s, v) for b in range(world.buckets) for s in range(2) for v in range(4)])
    bucket, segment, version = grid.T
    there = ((version % 2 == 0) | (bucket >= BEGIN)) & ((version < 2) | (bucket >= SECOND))
    bucket, segment, version = bucket[there], segment[there], version[there]
    n = np.maximum(rng.poisson(25 * np.select([bucket < BEGIN, bucket < SECOND], [4, 2], 1)), 1).astype(float)
    shock = rng.normal(0, world.shock, world.buckets)[bucket]
    effects = world.first * (version % 2 == 1) + world.second * (version >= 2) + world.hidden * (bucket >= BEGIN)
    mean = 0.7 + 0.05 * segment + effects + shock + rng.normal(0, 0.4 / np.sqrt(n))
    return Cells(
        signal=SIGNAL,
        origin=datetime(2026, 3, 1, tzinfo=UTC),
        width=7200,
        buckets=world.buckets,
        bucket=bucket,
        segment=segment,
        version=version,
        n=n,
        total=n * mean,
        square=n * mean**2 + 0.16 * rng.chisquare(np.maximum(n - 1, 1)),
        segments=({"region": "eu"}, {"region": "us"}),
        versions=tuple({"prompt:p": f"v{v % 2}", "tools:t": f"t{v // 2}"} for v in range(4)),
    )


def shares(world: World, rng: np.random.Generator) -> tuple[dict[str, float], dict[str, Interval]]:
    """The true shares of one world, and what is said of them when both changes are known to be guilty."""
    cells = cells_of(world, rng)
    first, second = cells.carries("prompt:p", "v1"), cells.carries("tools:t", "t1")
    late = cells.bucket >= BEGIN
    means = [float(cells.total[half].sum() / cells.n[half].sum()) for half in (~late, late)]
    parts = {
        "first": world.first * float(cells.n[late] @ first[late] / cells.n[late].sum()),
        "second": world.second * float(cells.n[late] @ second[late] / cells.n[late].sum()),
        "unknown": world.hidden,
    }
    account = Account(1.0, np.column_stack([first, second]), (("first",), ("second",)))
    size = Size(means[1] - means[0], 0.0, 0.0, None)
    drawn = draw(Fit(cells), late.astype(float), size, [account], (~late, late), seed=0)
    return {name: part / sum(parts.values()) for name, part in parts.items()}, told(drawn, list(parts))


def held(world: World, times: int, seed: int) -> dict[str, float]:
    """Name → how often its interval holds the truth."""
    rng, hits = np.random.default_rng(seed), dict.fromkeys(("first", "second", "unknown"), 0)
    for _ in range(times):
        truth, found = shares(world, rng)
        for name, part in found.items():
            hits[name] += part.low - 1e-6 <= truth[name] <= part.high + 1e-6
    return {name: count / times for name, count in hits.items()}


def main() -> None:
    """Simulate, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--times", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    worlds = {
        "nothing hidden": World(),
        "a quarter hidden": World(hidden=-0.05),
        "the same, hours differ": World(hidden=-0.05, shock=0.02),
        "small effects, a quarter hidden": World(first=-0.1, second=-0.1, hidden=-0.03),
    }
    print(f"intervals of 90%, {asked.times} times\n\n| world | first | second | unexplained |\n|---|---|---|---|")
    with threadpool_limits(limits=1):
        for name, world in worlds.items():
            print(
                f"| {name} | {' | '.join(f'{100 * v:.1f}%' for v in held(world, asked.times, asked.seed).values())} |"
            )


if __name__ == "__main__":
    main()
