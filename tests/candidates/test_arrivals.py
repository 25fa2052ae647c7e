"""When a version came and when its share rose: the two tests, planted, innocent and with too little data."""

from __future__ import annotations

import math

import numpy as np
import pytest

from blameline.candidates.arrivals import CHANCE, enough, rise, unseen
from blameline.candidates.rollouts import _tail


def test_the_chance_is_that_of_drawing_them_from_all() -> None:
    """Three of five carried it after, none of four before: C(5, 3) of C(9, 3) draws."""
    after = np.array([1, 0, 1, 1, 0], dtype=bool)
    assert unseen(4, after) == pytest.approx(math.comb(5, 3) / math.comb(9, 3))
    assert unseen(0, after) == 1
    assert unseen(50, np.zeros(5, dtype=bool)) == 1, "nothing after it says nothing of before"


@pytest.mark.parametrize("share", [0.02, 0.3, 1.0])
def test_so_many_as_are_said_to_be_enough_are_enough(share: float) -> None:
    after = np.random.default_rng(1).random(5000) < share
    n = enough(after)
    assert unseen(round(n * 1.5), after) < CHANCE
    assert unseen(max(n // 8, 1), after) > CHANCE


def test_a_share_that_is_the_same_never_rises_and_one_that_rose_does_once() -> None:
    rng, began = np.random.default_rng(2), np.arange(2000) * 1_000_000
    flat = [rise(began, rng.random(2000) < 0.3) for _ in range(200)]
    assert sum(one is not None for one in flat) <= 2
    stepped = rng.random(2000) < np.where(np.arange(2000) < 1200, 0.1, 0.5)
    found = rise(began, stepped)
    assert found is not None
    assert found.low <= 1200e6 <= found.high
    assert (found.before, found.after) == (pytest.approx(0.1, abs=0.03), pytest.approx(0.5, abs=0.05))
    assert rise(began, stepped[::-1]) is None, "a share that fell did not rise"
    assert rise(began[:1], stepped[:1]) is None


def test_the_tail_of_chi_square() -> None:
    """Against tables: 10.83 at one degree of freedom and 16.27 at three are one in a thousand."""
    assert _tail(10.83, 1) == pytest.approx(0.001, rel=0.2)
    assert _tail(16.27, 3) == pytest.approx(0.001, rel=0.2)
    assert _tail(0.0, 2) > 0.9
