"""Other traffic or other answers: both of Simpson's cases, each part alone, and too little to tell."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from blameline.case.finding import find_shifts
from blameline.fit import Fit
from blameline.records import Manifest
from blameline.shifts import find
from blameline.shifts.levels import levels
from blameline.shifts.mix import split
from blameline.shifts.traffic import traffic_move

Make = Any
ONSET = 180.0
WORTH = np.array([0.95, 0.6, 0.95, 0.6])
"""By segment of conftest.py: tenant a is easy, tenant b is hard, and the region makes no difference."""


def usual(hours: np.ndarray, segment: np.ndarray) -> np.ndarray:
    return WORTH[segment] + 0 * hours


def worse(hours: np.ndarray, segment: np.ndarray) -> np.ndarray:
    return WORTH[segment] - 0.12 * (hours > ONSET)


def harder(hours: np.ndarray, segment: np.ndarray) -> np.ndarray:
    """Three hard requests for each one before, and fewer easy ones."""
    return np.where(hours > ONSET, np.where(segment % 2, 1.8, 0.6), 1.0)


def easier(hours: np.ndarray, segment: np.ndarray) -> np.ndarray:
    return np.where(hours > ONSET, np.where(segment % 2, 0.4, 1.6), 1.0)


def parts(made: Any, since: float = 0.0, until: float = np.inf) -> Any:
    early = (made.hours <= ONSET) & (made.hours > since)
    return split(made, early, (made.hours > ONSET) & (made.hours <= until))


def test_a_worse_mean_with_no_segment_worse_is_the_mix(cells: Make) -> None:
    made = cells(1, usual, traffic=harder)
    fit, plain = Fit(made), Fit(made.pooled())
    assert not [move for move in find(fit, better="higher", seed=0) if move.worse]
    move = traffic_move(fit, plain, better="higher", seed=0)
    assert move is not None
    assert abs(move.moments[np.argmax(move.weights)] - ONSET) <= 6
    assert move.effect == pytest.approx(-0.0875, abs=3 * move.error)
    found = parts(made)
    assert found.verdict == "mix"
    assert found.mostly == ("tenant",)
    assert found.mix.high < 0
    assert found.mix.estimate == pytest.approx(-0.0875, abs=0.01)
    assert found.within.low <= 0 <= found.within.high
    assert found.raw.estimate == pytest.approx(found.mix.estimate + found.within.estimate)
    assert "from traffic mix (mostly tenant)" in found.sentence
    assert re.fullmatch(
        r"−[\d.]+ points \[−.+?\]: −[\d.]+ \[−.+?\] from .+, [−+][\d.]+ \[−.+?\] within segments", found.sentence
    )
    by_region = next(part for part in found.parts if part.attributes == ("region",))
    assert abs(by_region.mix.estimate) < 0.01


def test_the_pair_that_carries_the_mix_is_named(cells: Make) -> None:
    """Each region and each tenant has as many requests as before, and only their combination is another."""
    crossed = np.array([0, 1, 1, 0])
    made = cells(
        8,
        lambda hours, segment: np.where(segment == 3, 0.5, 0.95) + 0 * hours,
        traffic=lambda hours, segment: np.where((hours > ONSET) == (crossed[segment] == 1), 0.3, 1.7),
    )
    found = parts(made)
    assert found.verdict == "mix"
    assert found.mostly == ("region", "tenant")
    assert "(mostly region and tenant)" in found.sentence


def test_a_move_of_the_plain_mean_says_so(cells: Make) -> None:
    (one,) = find_shifts({"answer_correct": Fit(cells(1, usual, traffic=harder))}, Manifest(), seed=0)
    assert one.shift.plain
    (other,) = find_shifts({"answer_correct": Fit(cells(3, worse))}, Manifest(), seed=0)
    assert not other.shift.plain


def test_all_segments_worse_under_a_flat_mean_are_found_and_the_traffic_is_told(cells: Make) -> None:
    made = cells(2, worse, traffic=easier)
    fit, plain = Fit(made), Fit(made.pooled())
    raw = made.total[made.hours > ONSET].sum() / made.n[made.hours > ONSET].sum()
    assert raw > made.total[made.hours <= ONSET].sum() / made.n[made.hours <= ONSET].sum() - 0.03
    moves = find(fit, better="higher", seed=0)
    assert moves
    assert moves[0].worse
    assert moves[0].effect == pytest.approx(-0.12, abs=0.04)
    assert traffic_move(fit, plain, better="higher", seed=0) is None
    found = parts(made)
    assert found.verdict == "offset"
    assert found.within.high < 0 < found.mix.low


def test_the_same_traffic_with_worse_answers_is_no_mix(cells: Make) -> None:
    made = cells(3, worse)
    assert traffic_move(Fit(made), Fit(made.pooled()), better="higher", seed=0) is None
    found = parts(made)
    assert found.verdict == "within"
    assert not found.mostly


def test_both_at_once_are_both(cells: Make) -> None:
    found = parts(cells(4, lambda hours, segment: usual(hours, segment) - 0.08 * (hours > ONSET), traffic=harder))
    assert found.verdict == "both"
    assert found.mix.high < 0
    assert found.within.high < 0


def test_too_little_is_unclear(cells: Make) -> None:
    made = cells(5, usual, traffic=harder)
    short = parts(made, until=ONSET + 6)
    assert short.verdict == "unclear"
    assert short.mix.low < 0 < short.mix.high
    thin = parts(cells(6, usual, rate=0.3, traffic=harder))
    assert thin.verdict == "unclear"


def test_without_segments_there_is_no_split(cells: Make) -> None:
    pooled = cells(7, usual).pooled()
    assert parts(pooled) is None


def test_nothing_moved_is_no_move_of_the_traffic(cells: Make) -> None:
    for seed in range(3):
        made = cells(20 + seed, usual)
        assert traffic_move(Fit(made), Fit(made.pooled()), better="higher", seed=0) is None


def test_levels_are_no_part_of_a_fall_that_hit_all(cells: Make) -> None:
    """The hard tenant has most of its traffic after the fall; its level must not be taken for lower than it was."""
    made = cells(8, lambda hours, segment: WORTH[segment] - 0.2 * (hours > ONSET), traffic=harder, rate=60)
    told = levels(made)
    assert told[0] - told[1] == pytest.approx(0.35, abs=0.05)
