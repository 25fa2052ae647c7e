"""Intervals of shares: the published examples, their coverage where days differ, and what too little data may say."""

from __future__ import annotations

from math import inf

import numpy as np
import pytest

from blameline.contracts import shares
from blameline.contracts.learn import floor_of, quantile
from blameline.contracts.shares import Parted, Shares, wilson


def parted(n, k):
    """Clusters of so many requests, of which so many were kept."""
    n, k = np.asarray(n, dtype=float), np.asarray(k, dtype=float)
    return Parted(len(n), n.sum(), k.sum(), (n * n).sum(), (k * k).sum(), (n * k).sum())


def alone(n, k):
    """So many requests, each a cluster of its own."""
    return parted(np.ones(n), np.arange(n) < k)


def test_wilson_and_newcombe_as_published(monkeypatch):
    assert wilson(81 / 263, 263, 1.959964) == pytest.approx(
        (0.2553, 0.3662), abs=5e-5
    )  # Newcombe 1998, part I, table I
    monkeypatch.setattr(shares, "LEVEL", 0.95)
    monkeypatch.setattr(Shares, "freedom", 10**9)
    monkeypatch.setattr(Shares, "design", 1.0)
    found = Shares([alone(80, 48)], [alone(70, 56)]).difference()  # part II, table II (a): 56/70 and 48/80, method 10
    assert (found.estimate, found.low, found.high) == pytest.approx((0.2, 0.0524, 0.3339), abs=5e-5)


@pytest.mark.parametrize(("share", "spread"), [(0.99, 0.0), (0.95, 0.5)])
def test_the_interval_of_a_difference_holds_its_level(share, spread):
    """Days differ by ``spread`` on the scale of log odds, and nothing else does: 0 is the truth."""
    drawn = np.random.default_rng(5).standard_normal((2, 300, 8)) * spread + np.log(share / (1 - share))
    kept = np.random.default_rng(6).binomial(80, 1 / (1 + np.exp(-drawn)))
    n = np.full(8, 80)
    found = [Shares([parted(n, was)], [parted(n, now)]).difference() for was, now in zip(*kept, strict=True)]
    assert 0.87 <= np.mean([one.low <= 0 <= one.high for one in found]) <= 0.98
    assert np.mean([one.high < 0 for one in found]) <= 0.07


def test_alike_requests_count_for_less():
    days = np.full(10, 100)
    even = Shares([parted(days, np.full(10, 95))], [parted(days, np.full(10, 95))])
    uneven = Shares([parted(days, np.tile([90, 100], 5))], [parted(days, np.tile([90, 100], 5))])
    assert even.design == 1
    assert uneven.design == pytest.approx(25 * 10 / 9 / (100 * 0.95 * 0.05))
    assert uneven.difference().low < even.difference().low < 0
    assert uneven.detectable() > even.detectable() > 0
    talks = Shares([even.before[0], uneven.before[0]], [even.period[0], uneven.period[0]])
    assert talks.design == uneven.design  # whichever way of parting them says that they are alike


def test_a_drop_of_the_detectable_size_is_seen_four_times_in_five():
    n = np.full(10, 90)
    drop = Shares([parted(n, n - 2)], [parted(n, n - 2)]).detectable()
    kept = np.random.default_rng(7).binomial(
        90, np.stack([np.full((400, 10), 88 / 90), np.full((400, 10), 88 / 90 - drop)])
    )
    seen = [Shares([parted(n, was)], [parted(n, now)]).difference().high < 0 for was, now in zip(*kept, strict=True)]
    assert 0.7 <= np.mean(seen) <= 0.95


def test_one_stretch_of_time_tells_nothing():
    found = Shares([parted([40], [40])], [parted([40], [0])])
    assert found.quantile() == inf
    assert (found.difference().low, found.difference().high) == (-1, 1)
    assert found.detectable() is None
    assert Shares([parted([2, 2], [2, 2])], [parted([2, 2], [2, 2])]).detectable() is None  # too few to see any drop


def test_a_floor_is_what_nearly_all_such_days_hold():
    assert quantile(0.05, 40, 500, 3) == pytest.approx(0.975)  # scipy.stats.betabinom.ppf gives the same
    assert quantile(0.05, 4000, 500, 3) == pytest.approx(0.987)
    draws = np.random.default_rng(8)
    days = draws.binomial(100, draws.beta(95, 5, 300))
    least = floor_of([(100, int(kept)) for kept in days[:30]])
    assert 0.90 <= np.mean(days[30:] >= 100 * least) <= 0.99
