"""From a move to a shift on record."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from blameline.case.finding import find_shifts
from blameline.fit import Fit
from blameline.records import Manifest
from blameline.shifts import describe, find
from blameline.shifts.by_segment import by_segment
from blameline.shifts.describe import kitagawa
from blameline.shifts.moves import highest_density

if TYPE_CHECKING:
    from collections.abc import Callable

    from blameline.cells import Cells

Make = Any


def test_highest_density_is_the_smallest_set() -> None:
    moments = np.arange(10.0)
    weights = np.array([0, 0, 0.05, 0.1, 0.5, 0.3, 0.05, 0, 0, 0])
    assert highest_density(moments, weights) == (4.0, 3.0, 5.0)
    assert highest_density(moments, np.eye(10)[7]) == (7.0, 7.0, 7.0)


def test_kitagawa_by_hand(cells: Callable[..., Cells]) -> None:
    made = cells(0, lambda hours, _: np.full(len(hours), 0.5), days=1)
    early, late = made.hours < 12, made.hours >= 12
    raw, mix = kitagawa(made, early, late)

    def shares(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        n = np.array([made.n[mask & (made.segment == s)].sum() for s in range(4)])
        return n / n.sum(), np.array([made.total[mask & (made.segment == s)].sum() for s in range(4)]) / n

    (w0, m0), (w1, m1) = shares(early), shares(late)
    assert raw == pytest.approx(float(w1 @ m1 - w0 @ m0))
    assert mix == pytest.approx(float((w1 - w0) @ (m0 + m1) / 2))
    assert raw - mix == pytest.approx(float((m1 - m0) @ (w0 + w1) / 2))


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_ramp_has_an_end(cells: Make, seed: int) -> None:
    made = cells(seed, lambda hours, _: 0.85 - 0.2 * np.clip((hours - 150) / 96, 0, 1), days=16)
    (one,) = find_shifts({"answer_correct": Fit(made)}, Manifest(), seed=0)
    shift = one.shift
    assert shift.gradual
    assert shift.settled is not None
    origin = datetime(2026, 3, 2, tzinfo=UTC)
    low, estimate, high = (
        (moment - origin).total_seconds() / 3600
        for moment in (shift.settled.low, shift.settled.estimate, shift.settled.high)
    )
    assert low - 6 <= 246 <= high + 6
    assert low <= estimate <= high
    assert high - low < 100
    assert shift.raw_delta == pytest.approx(-0.2, abs=0.02)
    assert shift.mix is not None
    assert shift.mix.raw.estimate == pytest.approx(-0.2, abs=0.02)


def test_a_ramp_that_is_under_way_has_none(cells: Make) -> None:
    made = cells(0, lambda hours, _: 0.9 - 0.3 * hours / 288)
    (one,) = find_shifts({"answer_correct": Fit(made)}, Manifest(), seed=0, detector="segments")
    assert one.shift.gradual
    assert one.shift.settled is None


def test_levels_interval_and_segments_agree(cells: Make) -> None:
    def local(hours: np.ndarray, segment: np.ndarray) -> np.ndarray:
        return 0.85 - np.where(segment < 2, 0.3, 0.1) * (hours > 140)

    fit = Fit(cells(2, local, rate=60))
    move = find(fit, better="higher", seed=0)[0]
    shift = describe(3, fit, move, within=True)
    assert shift.id == "shift-3"
    assert shift.direction == "worse"
    assert shift.delta.low < shift.delta.estimate < shift.delta.high < 0
    assert shift.before == pytest.approx(0.85, abs=0.02)
    assert 0 <= shift.after <= 1
    assert shift.n_before + shift.n_after <= fit.cells.n.sum()
    found = {tuple(one.segment.items()): one for one in by_segment(fit, move)}
    if not shift.segment:
        assert found[(("region", "eu"),)].delta.estimate < found[(("region", "us"),)].delta.estimate
    for one in found.values():
        assert one.delta.low <= one.delta.estimate <= one.delta.high
        assert one.n > 0
