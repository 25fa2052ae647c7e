"""Falls too short to be a shift: told where they are deep, and never out of noise, rhythm or a stream that wanders."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.signal import lfilter

from blameline.fit import Fit
from blameline.shifts.dips import dips

Make = Any
HOUR = 3600


def told(cells: Make, seed: int, level: Any, **more: Any) -> list[Any]:
    return dips(Fit(cells(seed, level, days=14, rate=6, width=HOUR, **more)))


def test_three_bad_hours_are_told(cells: Make) -> None:
    (dip,) = told(cells, 1, lambda hours, _: np.where((hours > 216) & (hours < 219), 0.1, 0.88))
    assert (dip.since.day, dip.since.hour, dip.until.hour) == (11, 0, 3)
    assert dip.level < 0.25
    assert dip.usual == pytest.approx(0.88, abs=0.04)
    assert "shorter than what counts as a shift" in dip.because


@pytest.mark.parametrize("begin", [200.0, 330.0])
def test_what_lasts_or_has_no_other_side_is_none(cells: Make, begin: float) -> None:
    assert told(cells, 2, lambda hours, _: np.where(hours > begin, 0.3, 0.88)) == []


@pytest.mark.parametrize("seed", range(8))
def test_quiet_streams_have_none(cells: Make, seed: int) -> None:
    wander = 0.05 * np.sqrt(1 - 0.97**2) * lfilter([1], [1, -0.97], np.random.default_rng(seed).normal(size=336))
    weekly = lambda hours, _: 0.88 - 0.15 * (hours // 24 % 7 >= 5) - 0.3 * (hours % 24 < 6)  # noqa: E731  a level
    assert told(cells, seed, lambda hours, _: 0.8 + 0 * hours) == []
    assert told(cells, seed, lambda hours, _: 0.8 + wander[hours.astype(int)]) == []
    assert told(cells, seed, weekly) == []
    assert told(cells, seed, lambda hours, _: 0.8 + 0 * hours, traffic=lambda hours, _: 0.05 + (hours % 24 > 8)) == []


def test_other_traffic_for_a_few_hours_is_none(cells: Make) -> None:
    """Only hard requests come for three hours, and each is as good as ever."""

    def level(hours: np.ndarray, segment: np.ndarray) -> np.ndarray:
        return np.where(segment < 2, 0.95, 0.4) + 0 * hours

    def traffic(hours: np.ndarray, segment: np.ndarray) -> np.ndarray:
        return np.where((hours > 216) & (hours < 219) & (segment < 2), 0.0, 2.0)

    assert told(cells, 3, level, traffic=traffic) == []


def test_by_the_day_nothing_is_short(cells: Make) -> None:
    made = cells(4, lambda hours, _: np.where((hours > 216) & (hours < 240), 0.1, 0.88), days=20, width=24 * HOUR)
    assert dips(Fit(made)) == []
