"""Two causes at once: named when planted, not when one does, never twice, and never in the way of a tie."""

from __future__ import annotations

from copy import copy
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from blameline.evidence.odds import Odds, normalised, posterior
from blameline.evidence.pairs import Pair, log_factors, orthant, pairs_of
from blameline.fit import Scores

if TYPE_CHECKING:
    from collections.abc import Callable

Tell = Any  # ``Told`` of conftest.py, which cannot be imported

pytestmark = pytest.mark.xdist_group("told stories")  # each is investigated once


@pytest.mark.parametrize(
    ("name", "guilty", "how"),
    [
        ("two faults", {"first", "second"}, "both"),
        ("two regions", {"first", "second"}, "both"),
        ("amplified", {"base", "amplifier"}, "together"),
    ],
)
def test_two_that_did_it_are_both_named(story: Callable[[str], Tell], name: str, guilty: set[str], how: str) -> None:
    told = story(name)
    assert told.found.outcome == "attributed"
    assert {line.candidate for line in told.ledger.values() if line.verdict in {"supported", "confirmed"}} == guilty
    for one in guilty:
        line = told.ledger[one]
        assert line.involved > 0.9
        assert line.probability == pytest.approx(0.5, abs=0.05)
        assert line.partners[0].how == how
        assert {line.partners[0].candidate} == guilty - {one}
        assert one in told.found.headline
    if how == "both":
        assert all("beside" in told.answer("exposure", one).because for one in guilty)
    assert sum(line.probability for line in told.ledger.values()) == pytest.approx(1, abs=1e-4)


def test_an_improvement_that_hides_harm_is_told_and_not_blamed(story: Callable[[str], Tell]) -> None:
    told = story("masked")
    assert told.ledger["harm"].verdict == "supported"
    assert told.ledger["harm"].partners[0].how == "masked"
    assert told.ledger["good"].involved < 0.05
    assert told.ledger["good"].verdict not in {"supported", "confirmed"}
    effect = told.ledger["harm"].effect
    assert effect.low - 0.05 < -0.35 < effect.high + 0.05  # as large as it was, not as large as it shows


@pytest.mark.parametrize(
    "name", ["staged", "rolled_back", "judged", "model seen", "continuous", "bystanders", "doubled", "outlived"]
)
def test_one_cause_is_not_made_two(story: Callable[[str], Tell], name: str) -> None:
    for line in story(name).ledger.values():
        assert line.involved - line.probability < 0.02, line.candidate
        assert not [one for one in line.partners if one.probability > 0.05]


def test_too_little_data_names_no_pair(story: Callable[[str], Tell]) -> None:
    for name in ("bare", "sparse", "coincidence"):
        assert sum(p for _, p in posterior(story(name).hearing).pairs) < 0.1


def test_a_pair_breaks_no_tie(story: Callable[[str], Tell]) -> None:
    told = story("tied")
    assert told.found.outcome == "tied"
    assert told.ledger["one"].tied_with == ("two",)


def test_a_shift_of_its_own_is_no_second_cause(story: Callable[[str], Tell]) -> None:
    hearing = copy(story("two faults").hearing)
    free = {pair.members: pair.log_factor for pair in pairs_of(hearing) if pair.how == "both"}
    hearing.apart = hearing.bids["second"].column[:, None]
    held = {pair.members: pair.log_factor for pair in pairs_of(hearing) if pair.how == "both"}
    best = max(bid.log_factor for bid in hearing.bids.values())
    assert free[("first", "second")] > best + 50
    assert held.get(("first", "second"), 0.0) < best + 1


def test_two_pay_for_requests_that_are_alike(story: Callable[[str], Tell]) -> None:
    hearing = copy(story("two faults").hearing)
    free = {(pair.members, pair.how): pair.log_factor for pair in pairs_of(hearing)}

    def alike(_signal: str, columns: np.ndarray, fit: Any) -> Scores:  # as if every request had been told twice
        scores = fit.scores(columns)
        return Scores(scores.information / 2, scores.pull / 2)

    hearing.scores = alike
    paid = {(pair.members, pair.how): pair.log_factor for pair in pairs_of(hearing)}
    both = ("first", "second"), "both"
    assert 0.4 * free[both] < paid[both] < 0.6 * free[both]


def test_what_began_with_another_shift_is_no_second_cause_of_this_one(story: Callable[[str], Tell]) -> None:
    hearing = copy(story("two faults").hearing)
    starts = hearing.bids["second"].candidate.starts
    hour = timedelta(hours=1)
    here = hearing.shift.onset.model_copy(update={"low": starts - 60 * hour, "high": starts - 50 * hour})
    hearing.shift = hearing.shift.model_copy(update={"onset": here})
    assert ("first", "second") in {pair.members for pair in pairs_of(hearing)}
    there = here.model_copy(update={"low": starts - hour, "high": starts + hour})
    hearing.others = (hearing.shift.model_copy(update={"onset": there}),)
    assert not any("second" in pair.members for pair in pairs_of(hearing))
    hearing.shift = hearing.others[0]  # what began with both may have had a part in both
    assert ("first", "second") in {pair.members for pair in pairs_of(hearing)}


def test_the_order_of_candidates_does_not_matter_to_pairs(story: Callable[[str], Tell]) -> None:
    hearing = copy(story("two faults").hearing)
    before = {(pair.members, pair.how): pair.log_factor for pair in pairs_of(hearing)}
    hearing.bids = dict(reversed(hearing.bids.items()))
    assert {(pair.members, pair.how): pair.log_factor for pair in pairs_of(hearing)} == before


def test_the_factor_of_two_is_the_integral_that_it_stands_for() -> None:
    one, other = Scores(np.array([40.0]), np.array([-9.0])), Scores(np.array([25.0]), np.array([-6.0]))
    inner, slab = np.array([[12.0]]), 0.5
    told = float(log_factors(one, other, inner, slab, (-1, -1))[0, 0])
    step = np.linspace(-4, 0, 1601)
    a, b = np.meshgrid(step, step, indexing="ij")
    prior = 4 * np.exp(-(a**2 + b**2) / (2 * slab**2)) / (2 * np.pi * slab**2)
    likelihood = np.exp(a * -9.0 + b * -6.0 - 0.5 * (40 * a**2 + 25 * b**2 + 2 * 12 * a * b))
    assert told == pytest.approx(np.log(np.trapezoid(np.trapezoid(prior * likelihood, step), step)), abs=0.02)
    assert log_factors(one, other, inner, slab, (-1, 1))[0, 0] == -np.inf  # the mean is on the other side
    alike = np.array([[np.sqrt(40 * 25) * 0.98]])
    assert log_factors(one, other, alike, slab, (-1, -1))[0, 0] == -np.inf


@pytest.mark.parametrize("r", [-0.9, -0.3, 0.0, 0.5, 0.94])
def test_the_orthant_is_that_of_the_normal(r: float) -> None:
    for h, k in ((0.0, 0.0), (1.2, 0.3), (2.5, 1.0), (0.1, 4.0)):
        told = float(orthant(np.array(h), np.array(k), np.array(r)))
        assert told == pytest.approx(multivariate_normal.cdf([h, k], cov=[[1, r], [r, 1]]), abs=1e-5)


def test_mass_is_split_and_guilt_is_not() -> None:
    from types import SimpleNamespace as Like  # noqa: PLC0415  only here

    entries = [
        Odds(Like(id=name, standing=standing), 0.1, factor, {"other": 1.0})
        for name, standing, factor in (("a", False, 0.0), ("b", False, 0.0), ("unknown", True, 0.0))
    ]
    pair = Pair(("a", "b"), "both", 30.0, np.zeros((1, 2)), (("a",), ("b",)))
    masked = Pair(("a", "b"), "masked", 30.0, np.zeros((1, 2)), (("a",), ("b",)))
    told = normalised(entries, [pair], 0.05).odds
    assert told["a"].probability == pytest.approx(0.5, abs=1e-3)
    assert told["a"].involved == pytest.approx(1.0, abs=1e-3)
    told = normalised(entries, [masked], 0.05).odds
    assert (told["a"].probability, told["b"].involved) == pytest.approx((1.0, 0.0), abs=1e-3)
    for pairs in ([pair], [masked], [pair, masked], []):
        assert sum(one.probability for one in normalised(entries, pairs, 0.05).odds.values()) == pytest.approx(1)
