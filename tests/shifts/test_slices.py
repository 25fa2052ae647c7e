"""Where a move sits: one value, a pair of values, several, all, or not to be told."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest

from blameline.fit import Fit
from blameline.shifts import Move, find
from blameline.shifts.slices import locate, narrowed

Make = Any
ONSET = 200.0
MANY = tuple(
    {"tenant": tenant, "region": region, "task": task}
    for tenant in "abcde"
    for region in ("eu", "us", "ap")
    for task in ("refund", "billing", "howto", "chat")
)
SIZE = np.array([{"a": 3, "b": 2, "c": 2, "d": 1, "e": 1}[one["tenant"]] for one in MANY])


def among(**wanted: str) -> np.ndarray:
    return np.array([all(one[key] == value for key, value in wanted.items()) for one in MANY])


def world(cells: Make, seed: int, hit: np.ndarray, loss: float, rate: float = 2.0) -> Fit:
    def level(hours: np.ndarray, segment: np.ndarray) -> np.ndarray:
        return 0.88 - loss * hit[segment] * (hours > ONSET)

    def traffic(hours: np.ndarray, segment: np.ndarray) -> np.ndarray:
        return SIZE[segment] + 0 * hours

    return Fit(cells(seed, level, days=14, rate=rate, segments=MANY, traffic=traffic))


def first(fit: Fit) -> Move:
    return next(move for move in find(fit, better="higher", seed=0) if move.worse)


def test_one_value(cells: Make) -> None:
    fit = world(cells, 1, among(task="refund"), 0.25)
    found = locate(fit, first(fit))
    assert found.verdict == "slice"
    assert found.parts == ({"task": "refund"},)
    assert found.share is not None
    assert found.share.low > 0.6
    assert 0.2 < found.traffic < 0.3


def test_a_pair_takes_the_place_of_the_wider_segment(cells: Make) -> None:
    fit = world(cells, 2, among(task="refund", tenant="a"), 0.45)
    move = first(fit)
    found = locate(fit, move)
    assert found.parts == ({"tenant": "a", "task": "refund"},)
    assert found.looked_at < found.of
    told = narrowed(fit, move, found)
    assert told.segment == {"tenant": "a", "task": "refund"}
    assert told.effect - 2 * told.error < -0.45 < told.effect + 2 * told.error


PAIR = {"tenant": "d", "task": "refund"}


@pytest.mark.parametrize("seed", [100, 103, 104])
def test_a_pair_of_few_requests_is_named_though_its_share_is_not_known(cells: Make, seed: int) -> None:
    fit = world(cells, seed, among(**PAIR), 0.5, rate=3)
    move = first(fit)
    found = locate(fit, move)
    assert found.parts == (PAIR,)
    assert found.share is None
    assert "% of the traffic; elsewhere nothing moved that this data can tell" in found.because
    assert narrowed(fit, move, found).segment == PAIR


def test_a_pair_of_few_requests_is_not_all_where_the_rest_moved_too(cells: Make) -> None:
    for seed in (100, 103, 104):
        fit = world(cells, seed, np.where(among(**PAIR), 1.0, 0.06), 0.5, rate=3)
        assert locate(fit, first(fit)).verdict == "everywhere"


def test_two_values_are_two_parts(cells: Make) -> None:
    fit = world(cells, 3, among(tenant="b") | among(tenant="d"), 0.3)
    move = first(fit)
    found = locate(fit, move)
    assert found.verdict == "slice"
    assert set(map(str, found.parts)) == {"{'tenant': 'b'}", "{'tenant': 'd'}"}
    assert narrowed(fit, move, found).segment == move.segment


def test_everywhere_is_an_answer(cells: Make) -> None:
    fit = world(cells, 4, np.ones(len(MANY)), 0.12)
    move = first(fit)
    found = locate(fit, move)
    assert found.verdict == "everywhere"
    assert not found.parts
    assert found.share is None
    assert narrowed(fit, move, found) is move


def test_all_moved_and_one_more(cells: Make) -> None:
    fit = world(cells, 5, 0.3 + 0.7 * among(region="eu"), 0.25)
    found = locate(fit, first(fit))
    assert found.verdict == "everywhere"
    assert found.share is not None
    assert "region eu" in found.because


def test_too_little_is_unclear(cells: Make) -> None:
    """A move of a few points on thin traffic: whoever looked at sixty slices must not name one."""
    fit = world(cells, 6, np.ones(len(MANY)), 0.3, rate=0.04)
    found = locate(fit, first(fit))
    assert found.verdict != "slice"
    bare = Fit(cells(8, lambda hours, segment: 0.88 - 0.2 * (hours > ONSET) + 0 * segment).pooled())
    told = locate(bare, first(bare))
    assert told.verdict == "unclear"
    assert told.of == 0
    assert "no segment attribute" in told.because


def test_it_is_quick(cells: Make) -> None:
    """From cells, sixty combinations by 112 buckets: under 50 ms here; a slower machine may take four times as long."""
    fit = world(cells, 7, among(task="chat"), 0.25)
    move = first(fit)
    begun = time.process_time()
    locate(fit, move)
    assert time.process_time() - begun < 0.2
