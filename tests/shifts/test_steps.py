"""The detector against moves of known time, shape and place, and against nothing at all."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from blameline import plugins
from blameline.fit import Fit
from blameline.shifts import describe, find

if TYPE_CHECKING:
    from collections.abc import Callable

    from blameline.cells import Cells
    from blameline.shifts import Move

Make = Any
BASE = np.array([0.9, 0.85, 0.85, 0.8])
RUNS = 40


def steady(hours: np.ndarray, segment: np.ndarray) -> np.ndarray:
    return BASE[segment] + 0.01 * np.sin(hours * 2 * np.pi / 24)


def step(at: float, loss: float = 0.12, until: float = np.inf) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    return lambda hours, segment: steady(hours, segment) - loss * ((hours > at) & (hours <= until))


def moves_of(cells: Cells) -> list[Move]:
    return find(Fit(cells), better="higher", seed=0)


def test_every_detector_is_named_by_its_entry_point() -> None:
    assert "steps" in plugins.names("blameline.detectors")
    for name in plugins.names("blameline.detectors"):
        assert plugins.load("blameline.detectors", name).name == name


def test_the_onset_interval_holds_the_truth(cells: Make) -> None:
    rng = np.random.default_rng(1)
    found, held, widths = 0, 0, []
    for seed in range(RUNS):
        truth = float(rng.uniform(72, 220))
        made = cells(seed, step(truth))
        moves = moves_of(made)
        if not moves:
            continue
        found += 1
        assert moves[0].worse
        onset = describe(1, Fit(made), moves[0], within=True).onset
        held += made.hour_of(onset.low) <= truth <= made.hour_of(onset.high)
        widths.append(made.hour_of(onset.high) - made.hour_of(onset.low))
    assert found >= RUNS - 2
    assert held >= 0.8 * found
    assert np.median(widths) < 48


def test_the_size_is_right_on_average(cells: Make) -> None:
    found = [moves_of(cells(seed, step(150)))[0] for seed in range(12)]
    assert np.mean([move.effect for move in found]) == pytest.approx(-0.12, abs=0.015)
    assert np.mean([abs(move.effect + 0.12) < 1.645 * move.error for move in found]) >= 0.66


def test_nothing_is_found_where_nothing_is(cells: Make) -> None:
    alarms = [seed for seed in range(100, 100 + RUNS) if moves_of(cells(seed, steady))]
    assert len(alarms) <= 0.05 * RUNS, alarms


def test_nothing_is_found_in_strong_noise(cells: Make) -> None:
    alarms = [seed for seed in range(200, 200 + RUNS) if moves_of(cells(seed, steady, shock=0.04))]
    assert len(alarms) <= 0.05 * RUNS, alarms


@pytest.mark.parametrize("at", [96, 108, 120, 132, 144, 168])
def test_a_plain_step_is_found_at_every_hour(cells: Make, at: float) -> None:
    """No phase of the window may be blind: with one group, a step between two edges must not pass for noisy days."""
    for seed in range(3):
        moves = moves_of(cells(seed, step(at, 0.15)).pooled())
        assert moves, f"seed {seed}: a step of 0.15 at {at} h was not found"
        assert moves[0].worse


def test_an_improvement_is_no_loss(cells: Make) -> None:
    moves = moves_of(cells(3, step(140, -0.08)))
    assert [move.worse for move in moves] == [False]
    assert moves[0].effect > 0
    lower = find(Fit(cells(3, step(140, -0.08))), better="lower", seed=0)
    assert [move.worse for move in lower] == [True]


def test_a_recovery_is_found(cells: Make) -> None:
    for seed in range(4):
        made = cells(seed, step(120, 0.2, until=192))
        moves = moves_of(made)
        assert moves[0].worse
        assert moves[0].ends.size
        shift = describe(1, Fit(made), moves[0], within=True)
        assert abs(made.hour_of(shift.onset.estimate) - 120) <= 12
        assert shift.ended is not None
        assert abs(made.hour_of(shift.ended) - 192) <= 12
        assert not any(not move.worse for move in moves[1:]), "a recovery is no improvement of its own"


def test_a_lasting_move_has_no_end(cells: Make) -> None:
    assert not any(moves_of(cells(seed, step(120, 0.2)))[0].ends.size for seed in range(4))


def test_a_ramp_is_flagged(cells: Make) -> None:
    def ramp(hours: np.ndarray, segment: np.ndarray) -> np.ndarray:
        return steady(hours, segment) - 0.3 * np.clip((hours - 96) / 96, 0, 1)

    flagged = [moves_of(cells(seed, ramp, rate=60))[0].gradual for seed in range(4)]
    assert sum(flagged) >= 3
    assert not any(moves_of(cells(seed, step(120, 0.3), rate=60))[0].gradual for seed in range(4))


def test_a_local_move_is_found_where_it_is(cells: Make) -> None:
    def local(hours: np.ndarray, segment: np.ndarray) -> np.ndarray:
        return steady(hours, segment) - 0.25 * ((hours > 130) & (segment < 2))

    for seed in range(4):
        move = moves_of(cells(seed, local))[0]
        assert move.segment == {"region": "eu"}
        assert move.effect == pytest.approx(-0.25, abs=0.06)


def test_a_move_of_all_has_no_place(cells: Make) -> None:
    assert all(moves_of(cells(seed, step(130, 0.2)))[0].segment == {} for seed in range(4))


def without(cells: Cells, kept: np.ndarray) -> Cells:
    return replace(
        cells,
        bucket=cells.bucket[kept],
        segment=cells.segment[kept],
        version=cells.version[kept],
        n=cells.n[kept],
        total=cells.total[kept],
        square=cells.square[kept],
        _memory={},
    )


def test_gaps_do_not_hide_a_move(cells: Make) -> None:
    made = cells(5, step(150, 0.2))
    gone = ((made.hours > 60) & (made.hours < 96)) | ((made.hours > 200) & (made.hours < 212))
    moves = moves_of(without(made, ~gone))
    assert moves[0].worse
    assert np.isfinite([moves[0].effect, moves[0].error, moves[0].evidence]).all()


def test_a_gap_at_the_onset_widens_the_interval(cells: Make) -> None:
    made = cells(6, step(150, 0.2))
    holed = without(made, ~((made.hours > 138) & (made.hours < 162)))
    shift = describe(1, Fit(holed), moves_of(holed)[0], within=True)
    assert holed.hour_of(shift.onset.low) <= 150 <= holed.hour_of(shift.onset.high)


def test_few_buckets_and_outliers_do_not_crash(cells: Make) -> None:
    few = cells(7, steady)
    assert moves_of(without(few, few.bucket < 5)) == []
    assert moves_of(cells(7, steady, days=1)) == []
    made = cells(8, steady)
    total, square = made.total.copy(), made.square.copy()
    total[40], square[40] = 1e6, 1e12
    wild = replace(
        made, total=total, square=square, signal=made.signal.model_copy(update={"bounded": False}), _memory={}
    )
    for move in moves_of(wild):
        assert np.isfinite([move.effect, move.error, move.evidence]).all()
    constant = replace(made, total=made.n.copy(), square=made.n.copy(), _memory={})
    assert moves_of(constant) == []


def test_weights_are_a_posterior(cells: Make) -> None:
    for move in moves_of(cells(9, step(120, 0.2, until=192))):
        assert move.weights.sum() == pytest.approx(1)
        assert (move.weights >= 0).all()
        assert not move.ends.size or move.end_weights.sum() == pytest.approx(1)
        assert 0 <= move.column.min() <= move.column.max() <= 1


def test_a_dip_of_two_days_that_recovered_does_not_pass_for_noise(cells: Make) -> None:
    """It fills too little of the window for a step, and too much of it for an outlier."""
    for seed in range(3):
        made = cells(seed, step(110, 0.3, until=164), days=10, rate=3, width=7200)
        moves = moves_of(made)
        assert moves, f"seed {seed}: not found"
        assert moves[0].worse
        assert moves[0].evidence - moves[0].toll > 5


def test_a_stream_that_drifts_by_itself_is_no_shift(cells: Make) -> None:
    """Shocks that last for days look like steps one by one; who claims a move pays for noise that would pass for it."""
    claimed, doubted = 0, 0
    for seed in range(6):
        rng = np.random.default_rng(seed)
        drift = np.zeros(400)
        for index in range(1, 400):
            drift[index] = 0.97 * drift[index - 1] + 0.006 * rng.normal()
        made = cells(seed, lambda hours, segment, drift=drift: steady(hours, segment) + drift[(hours // 1).astype(int)])
        claimed += len(moves_of(made))
        doubted += max(toll for _, toll in Fit(made).doubted) > 0
    assert claimed <= 1
    assert doubted, "noise that drifts was never held against the calm noise"


def stair(hours: np.ndarray, segment: np.ndarray) -> np.ndarray:
    """Two falls a week apart and half a recovery, each of which drifting noise passes for by itself."""
    return steady(hours, segment) - 0.12 * (hours > 168) - 0.12 * (hours > 336) + 0.15 * (hours > 504)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_stair_is_found_step_by_step(cells: Make, seed: int) -> None:
    found = moves_of(cells(seed, stair, days=28, rate=8, shock=0.005))
    falls = sorted(move.begun for move in found if move.worse)
    assert len(falls) == 2
    assert np.abs(np.array(falls) - [168, 336]).max() <= 30


def test_a_few_days_at_the_bottom_of_two_slopes_are_found(cells: Make) -> None:
    def slopes(hours: np.ndarray, segment: np.ndarray) -> np.ndarray:
        down, up = np.clip((hours - 168) / 72, 0, 1), np.clip((hours - 336) / 24, 0, 1)
        return steady(hours, segment) - 0.2 * (down - up)

    found = [move for move in moves_of(cells(5, slopes, days=21, rate=10, shock=0.005)) if move.worse]
    assert found
    assert 150 <= found[0].begun <= 250
    assert 320 <= found[0].over <= 370
