"""A mean that slides with the traffic: cells told apart by turn, whose truth is known."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from blameline.cells.turns import TURN, Turned
from blameline.fit import Fit
from blameline.shifts.slides import slide

if TYPE_CHECKING:
    from collections.abc import Callable

    from blameline.cells import Cells

TURNS = 5
SEGMENTS = tuple({"tenant": tenant, TURN: str(turn)} for tenant in ("a", "b") for turn in range(1, TURNS + 1))


def turned(
    cells: Callable[..., Cells],
    *,
    grows: float,
    costs: float,
    falls: float = 0.0,
    seed: int = 1,
    rate: float = 40.0,
    days: int = 12,
) -> tuple[Fit, Turned]:
    """Each turn is followed by another with a chance that grows to ``grows`` more; a turn costs ``costs``; the app loses ``falls``."""
    turn = np.array([int(one[TURN]) for one in SEGMENTS])
    tenant = np.array([one["tenant"] == "b" for one in SEGMENTS])

    def traffic(hours: np.ndarray, segment: np.ndarray) -> np.ndarray:
        goes_on = 0.4 + grows * hours / (24 * days)
        return 2.0 * (1 - goes_on) / (1 - goes_on**TURNS) * goes_on ** (turn[segment] - 1)

    def level(hours: np.ndarray, segment: np.ndarray) -> np.ndarray:
        return 0.95 - 0.1 * tenant[segment] - costs * turn[segment] - falls * hours / (24 * days)

    fine = cells(seed, level, traffic=traffic, segments=SEGMENTS, rate=rate, days=days, shock=0.005)
    own = np.where(tenant, 1, 0)[fine.segment]
    used, whole = np.unique(fine.bucket * 2 + own, return_inverse=True)
    n, total, square = (np.bincount(whole, one) for one in (fine.n, fine.total, fine.square))
    base = replace(
        fine, bucket=used // 2, segment=used % 2, version=np.zeros(len(used), dtype=np.int64), n=n, total=total, square=square,
        segments=({"tenant": "a"}, {"tenant": "b"}), _memory={},
    )  # fmt: skip
    return Fit(base), Turned(fine, whole.astype(np.int64))


def test_conversations_that_grow_are_a_slide_with_no_moment(cells: Callable[..., Cells]) -> None:
    fit, by_turn = turned(cells, grows=0.45, costs=0.06)
    found = slide(fit, by_turn)
    assert found is not None
    assert found.move.worse
    assert found.move.gradual
    assert found.foretold == pytest.approx(-0.06, abs=0.015)
    assert found.foretold < -3.29 * found.error
    assert np.ptp(found.move.moments) > 48
    assert found.move.weights.sum() == pytest.approx(1.0)
    alike = found.alike.cells
    early = alike.hours < 96
    change = alike.total[~early].sum() / alike.n[~early].sum() - alike.total[early].sum() / alike.n[early].sum()
    assert abs(change) < 0.02


@pytest.mark.parametrize(
    ("grows", "costs", "falls"),
    [(0.45, 0.0, 0.0), (0.0, 0.06, 0.0), (0.0, 0.06, 0.12), (0.45, 0.0, 0.12), (-0.3, 0.06, 0.0)],
)
def test_growth_that_costs_nothing_and_a_fall_at_every_turn_are_none(
    cells: Callable[..., Cells], grows: float, costs: float, falls: float
) -> None:
    assert slide(*turned(cells, grows=grows, costs=costs, falls=falls)) is None


def test_a_fall_of_the_app_beside_growth_is_not_called_the_traffic(cells: Callable[..., Cells]) -> None:
    assert slide(*turned(cells, grows=0.45, costs=0.06, falls=0.2)) is None


def test_too_little_is_no_slide(cells: Callable[..., Cells]) -> None:
    assert slide(*turned(cells, grows=0.45, costs=0.06, days=5)) is None
    assert slide(*turned(cells, grows=0.45, costs=0.06, rate=0.4)) is None


def test_traffic_that_stays_as_it_was_never_slides(cells: Callable[..., Cells]) -> None:
    assert not any(slide(*turned(cells, grows=0.0, costs=0.06, seed=seed)) for seed in range(12))
