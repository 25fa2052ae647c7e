"""An effect that differs between segments leaves more open about its mean than the noise of its requests."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from blameline.cells import Cells
from blameline.evidence.varies import between_segments
from blameline.fit import Fit

TENANTS = tuple({"tenant": f"t{number}"} for number in range(8))
FALL = -0.1


def held(cells: Callable[..., Cells], *, spread: float, widened: bool, times: int = 40) -> float:
    """How often the 90% interval holds the mean effect of a change that hits tenants ``spread`` differently."""
    found = 0
    for seed in range(times):
        own = np.random.default_rng(seed).normal(FALL, spread, len(TENANTS))
        made = cells(
            seed,
            lambda hours, segment, own=own: 0.75 + own[segment] * (hours > 144),
            segments=TENANTS,
            rate=30,
            shock=0.0,
        )
        fit, column = Fit(made), (made.hours > 144).astype(float)
        scores = fit.scores(column[:, None])
        differs = between_segments(fit, column) if widened else 0.0
        found += abs(scores.estimate[0] - FALL) < 1.645 * np.hypot(scores.error[0], differs)
    return found / times


def test_tenants_that_are_hit_differently_widen_the_interval_to_what_it_says(cells: Callable[..., Cells]) -> None:
    assert held(cells, spread=0.06, widened=False) < 0.7
    assert held(cells, spread=0.06, widened=True) > 0.78


def test_tenants_that_are_hit_alike_hardly_widen_it(cells: Callable[..., Cells]) -> None:
    told = []
    for seed in range(12):
        made = cells(seed, lambda hours, _: 0.75 + FALL * (hours > 144), segments=TENANTS, rate=30)
        fit, column = Fit(made), (made.hours > 144).astype(float)
        told.append(between_segments(fit, column) / fit.scores(column[:, None]).error[0])
    assert np.median(told) < 0.5


@pytest.mark.parametrize("segments", [({"tenant": "a"},), ({},)])
def test_one_segment_says_nothing(cells: Callable[..., Cells], segments: tuple[dict[str, str], ...]) -> None:
    made = cells(0, lambda hours, _: 0.75 + FALL * (hours > 144), segments=segments)
    assert between_segments(Fit(made), (made.hours > 144).astype(float)) == 0.0
