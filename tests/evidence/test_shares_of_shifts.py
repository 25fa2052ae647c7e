"""Shares add up to the shift, what nothing explains is shown, and their intervals hold the truth."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from blameline.evidence.odds import posterior
from blameline.evidence.shares import Account, Size, completed, draw, shares_of, told
from blameline.records import Interval

if TYPE_CHECKING:
    from collections.abc import Callable

Tell = Any  # ``Told`` of conftest.py, which cannot be imported

pytestmark = pytest.mark.xdist_group("told stories")  # each is investigated once
BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "shares.py"


@pytest.fixture(scope="module")
def simulated() -> Any:
    spec = importlib.util.spec_from_file_location("shares_benchmark", BENCHMARK)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_the_intervals_hold_the_truth_nine_times_in_ten(simulated: Any) -> None:
    held = simulated.held(simulated.World(hidden=-0.05, shock=0.02, buckets=40), 200, seed=3)
    for name, share in held.items():
        assert 0.84 <= share <= 0.96, f"{name}: {share}"  # 0.9, give or take three standard errors of 200 trials


@pytest.mark.parametrize(
    "name", ["staged", "two faults", "amplified", "masked", "tied", "traffic", "judged", "lost", "coincidence", "bare"]
)
def test_shares_sum_to_exactly_one(story: Callable[[str], Tell], name: str) -> None:
    lines = story(name).ledger
    assert round(sum(line.share.estimate for line in lines.values()), 6) == 1.0
    assert lines["chance"].share == Interval(estimate=0, low=0, high=0)
    for line in lines.values():
        assert 0 <= line.share.low <= line.share.estimate <= line.share.high <= 1


def test_two_faults_each_get_their_own(story: Callable[[str], Tell]) -> None:
    told = story("two faults")  # both take 0.25 from halves of the traffic, the first for 7 days and the second for 6
    truth = {"first": 7 / 13, "second": 6 / 13}
    lines = told.ledger
    assert lines["unknown"].share.high < 0.5
    for name, share in truth.items():
        assert lines[name].share.estimate == pytest.approx(share, abs=0.2)


def test_a_lone_cause_explains_its_shift_and_a_tie_shares_it(story: Callable[[str], Tell]) -> None:
    assert story("staged").ledger["guilty"].share.low > 0.7
    one, two = (story("tied").ledger[name].share for name in ("one", "two"))
    assert one.estimate == pytest.approx(0.5, abs=0.05)
    assert (one.low, two.low) == (0, 0)
    assert min(one.high, two.high) > 0.9


def test_the_change_of_traffic_has_its_part(story: Callable[[str], Tell]) -> None:
    lines = story("traffic").ledger
    assert lines["mix"].share.estimate + lines["guilty"].share.estimate > 0.8
    assert lines["app"].share.high < 0.1


def test_a_cause_that_nobody_recorded_is_the_unexplained_share(simulated: Any) -> None:
    truth, found = simulated.shares(simulated.World(hidden=-0.15), np.random.default_rng(1))
    assert found["unknown"].low < truth["unknown"] < found["unknown"].high
    assert found["unknown"].low > 0.2


def test_the_same_seed_gives_the_same_shares_and_another_nearly(story: Callable[[str], Tell]) -> None:
    hearing = story("two faults").hearing
    weighed = posterior(hearing)
    first, again, other = (shares_of(hearing, weighed, seed=seed) for seed in (0, 0, 1))
    assert first == again
    for name, share in first.items():
        assert other[name].estimate == pytest.approx(share.estimate, abs=0.02)


def test_where_the_fit_can_say_nothing_of_a_column_any_share_is_as_good(story: Callable[[str], Tell]) -> None:
    hearing = story("staged").hearing
    cells = hearing.fit.cells
    late = cells.hours > 150
    nothing = np.zeros((len(cells.n), 1))
    drawn = draw(
        hearing.fit,
        late.astype(float),
        Size(-0.2, 0.0, 0.0, None),
        [Account(1.0, nothing, (("x",),))],
        (~late, late),
        seed=0,
    )
    found = told(drawn, ["x", "unknown"])
    assert found["unknown"].high > 0.9  # its exposure never rose, so it accounts for nothing


def test_what_rounding_leaves_over_is_unexplained() -> None:
    third = Interval(estimate=0.333333, low=0.2, high=0.5)
    whole = completed({"a": third, "b": third, "c": third, "unknown": Interval(estimate=0, low=0, high=0)})
    assert whole["unknown"].estimate == 0.000001
