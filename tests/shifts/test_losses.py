"""Losses of records in a slice: found with the count's help, never made of a count alone, and not where too little is known."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from blameline.cells import Cells
from blameline.fit import Fit
from blameline.records import Signal
from blameline.shifts.losses import find_lost, reach
from blameline.shifts.tallies import Tallies

if TYPE_CHECKING:
    from blameline.shifts import Move

Make = Any
AT = 170.0
VOLUME = Signal(name="requests", better=None, unit="requests", family="operations", bounded=False)


def level(hours: np.ndarray, segment: np.ndarray) -> np.ndarray:
    return np.full(len(hours), 0.85) - 0.03 * (segment > 1)


def counted(cells: Cells) -> Cells:
    """The traffic of cells that are all scored."""
    return replace(cells, signal=VOLUME, total=cells.n, square=cells.n, _memory={})


def thinned(cells: Cells, seed: int, *, good: float, bad: float, place: dict[str, str], at: float = AT) -> Cells:
    """A share of the good and of the bad answers of a slice is lost from some hour on."""
    rng = np.random.default_rng(seed)
    hit = cells.inside(place) & (cells.hours > at)
    total = np.where(hit, rng.binomial(cells.total.astype(int), 1 - good), cells.total).astype(float)
    wrong = cells.n - cells.total
    wrong = np.where(hit, rng.binomial(wrong.astype(int), 1 - bad), wrong).astype(float)
    keep = total + wrong > 0
    return replace(
        cells, bucket=cells.bucket[keep], segment=cells.segment[keep], version=cells.version[keep],
        n=(total + wrong)[keep], total=total[keep], square=total[keep], _memory={},
    )  # fmt: skip


def lost_in(made: Cells, traffic: Cells) -> Move | None:
    return find_lost(Fit(made), Tallies(traffic, made), better="higher")


@pytest.mark.parametrize("whole", [True, False])
def test_good_answers_lost_in_one_slice_are_found_where_they_were_lost(cells: Make, whole: bool) -> None:
    """Whole traces, or their scores alone."""
    full = cells(3, level, shock=0.005)
    made = thinned(full, 3, good=0.5, bad=0.0, place={"region": "eu"})
    move = lost_in(made, counted(made if whole else full))
    assert move is not None
    assert move.worse
    assert move.segment in ({"region": "eu"}, {})
    assert move.effect < -0.03
    assert abs(float(move.moments[np.argmax(move.weights)]) - AT) <= 12


@pytest.mark.parametrize("whole", [True, False])
def test_a_loss_that_spares_no_answer_moves_nothing(cells: Make, whole: bool) -> None:
    for seed in range(2):
        full = cells(seed, level, shock=0.005)
        made = thinned(full, seed, good=0.5, bad=0.5, place={"region": "eu"})
        assert lost_in(made, counted(made if whole else full)) is None


@pytest.mark.parametrize("seed", [27, 38, 39])
def test_noise_that_drifts_beside_a_loss_that_spares_no_answer_is_no_move(cells: Make, seed: int) -> None:
    """Under the noise of the fit alone each of these passes for a move; under noise that drifts it does not."""
    rng = np.random.default_rng(1000 + seed)
    drift = np.zeros(13 * 24)
    for hour in range(1, len(drift)):
        drift[hour] = 0.97 * drift[hour - 1] + 0.012 * rng.normal()
    full = cells(seed, lambda hours, segment: level(hours, segment) + drift[hours.astype(int)], shock=0.005)
    made = thinned(full, seed, good=0.4, bad=0.4, place={})
    assert lost_in(made, counted(made)) is None


def test_worse_answers_without_a_loss_are_left_to_the_detector(cells: Make) -> None:
    for seed in range(2):
        made = cells(seed, lambda hours, segment: level(hours, segment) - 0.1 * (hours > AT), shock=0.005)
        assert lost_in(made, counted(made)) is None


def test_doubled_and_halved_traffic_is_no_shift(cells: Make) -> None:
    for factor in (0.5, 2.0):
        made = cells(7, level, shock=0.005)
        grown = np.maximum(np.round(made.n * np.where(made.hours > AT, factor, 1.0)), 1.0)
        total = np.minimum(np.round(grown * made.total / made.n), grown)
        made = replace(made, n=grown, total=total, square=total, _memory={})
        assert lost_in(made, counted(made)) is None


def test_too_few_buckets_say_nothing(cells: Make) -> None:
    full = cells(3, level, days=2)
    made = thinned(full, 3, good=0.5, bad=0.0, place={}, at=40.0)
    few = made.bucket < 8
    made = replace(
        made, bucket=made.bucket[few], segment=made.segment[few], version=made.version[few], n=made.n[few],
        total=made.total[few], square=made.square[few], buckets=8, _memory={},
    )  # fmt: skip
    assert lost_in(made, counted(made)) is None


def test_reach_is_the_worst_case() -> None:
    """Of 100 answers 90 are good; 40 good ones lost leave 50 of 60."""
    found = reach(0.9, np.array([0.4, 0.0, -0.5]), harm=-1, bounded=True)
    assert found == pytest.approx([0.9 - 50 / 60, 0.0, 0.0])
    assert reach(0.9, np.array([0.1, -0.1]), harm=-1, bounded=False).tolist() == [np.inf, 0.0]
