"""Cells made directly: no file, no store, and a truth that is known."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from blameline.cells import Cells
from blameline.records import Signal

Level = Callable[[np.ndarray, np.ndarray], np.ndarray]
SEGMENTS = tuple({"region": region, "tenant": tenant} for region in ("eu", "us") for tenant in ("a", "b"))


def simulate(
    seed: int,
    level: Level,
    *,
    days: int = 12,
    rate: float = 25,
    shock: float = 0.01,
    width: int = 10_800,
    bounded: bool = True,
    segments: tuple[dict[str, str], ...] = SEGMENTS,
    traffic: Level | None = None,
) -> Cells:
    """Binomial cells: ``level(hours, segment)`` is the chance of a good answer, moved by an AR(1) shock.

    ``traffic(hours, segment)`` is the factor on ``rate``, 1 where it is not given.
    """
    rng = np.random.default_rng(seed)
    buckets = days * 86_400 // width
    wobble = np.zeros(buckets)
    for index in range(buckets):
        wobble[index] = (0.6 * wobble[index - 1] if index else 0.0) + 0.8 * shock * rng.normal()
    bucket = np.repeat(np.arange(buckets), len(segments))
    segment = np.tile(np.arange(len(segments)), buckets)
    middle = (bucket + 0.5) * width / 3600
    n = rng.poisson(rate if traffic is None else rate * traffic(middle, segment), len(bucket))
    kept = n > 0
    bucket, segment, n = bucket[kept], segment[kept], n[kept]
    hours = (bucket + 0.5) * width / 3600
    chance = np.clip(level(hours, segment) + wobble[bucket], 0.01, 0.99)
    total = rng.binomial(n, chance).astype(float)
    return Cells(
        signal=Signal(name="answer_correct", better="higher", bounded=bounded),
        origin=datetime(2026, 3, 2, tzinfo=UTC),
        width=width,
        buckets=buckets,
        bucket=bucket.astype(np.int64),
        segment=segment.astype(np.int64),
        version=np.zeros(len(bucket), dtype=np.int64),
        n=n.astype(float),
        total=total,
        square=total.copy(),
        segments=segments,
        versions=({},),
    )


@pytest.fixture(scope="session")
def cells() -> Callable[..., Cells]:
    """``simulate``, for tests that cannot import it."""
    return simulate


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> Iterator[None]:
    """As ``Case`` does it: on small matrices more threads cost time and change the last bits."""
    with threadpool_limits(limits=1):
        yield
