"""The arithmetic: shares that sum, effects that are told apart, intervals that cover, designs that keep what they promise."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from blameline.replays.design import design_of, rows
from blameline.replays.results import Version, read
from blameline.replays.shares import (
    bootstrap,
    effects,
    ends,
    interaction,
    main_effects,
    mean_and_error,
    rate,
    rates_of,
    shapley,
    swap_at,
)
from blameline.replays.sizes import clears, convicts, to_clear, to_convict


@given(st.integers(1, 4).flatmap(lambda k: arrays(float, 2**k, elements=st.floats(-10, 10))))
@settings(max_examples=60, deadline=None)
def test_shares_sum_to_the_difference_of_the_ends(scores: np.ndarray) -> None:
    arms = np.array(rows(int(np.log2(len(scores)))))
    weights = shapley(arms)
    assert weights is not None
    new, old = ends(arms)
    assert np.isclose((scores @ weights).sum(), scores[new] - scores[old])


@given(arrays(float, 8, elements=st.floats(-10, 10)), st.permutations(range(8)))
@settings(max_examples=30, deadline=None)
def test_the_order_of_arms_does_not_matter(scores: np.ndarray, order: list[int]) -> None:
    arms = np.array(rows(3))
    assert np.allclose(scores @ effects(arms), scores[order] @ effects(arms[order]))


@pytest.mark.parametrize("factors", [2, 3, 4, 5, 6, 7, 8, 9, 12])
def test_every_design_finds_what_each_factor_adds(factors: int) -> None:
    arms = np.array(rows(factors))
    assert len(np.unique(arms, axis=0)) == len(arms)
    assert None not in ends(arms)
    each = np.arange(1.0, factors + 1)
    assert np.allclose((arms @ each) @ effects(arms), each)


@pytest.mark.parametrize("factors", [5, 6, 7, 8])
def test_a_fraction_blurs_no_factor_by_a_pair_of_others(factors: int) -> None:
    arms = np.array(rows(factors))
    assert design_of(factors) == "fraction"
    assert main_effects(arms) is not None
    signs = np.where(arms, 1, -1)
    for one, other in combinations(range(factors), 2):
        assert not np.any(signs.T @ (signs[:, one] * signs[:, other]))


def test_what_is_done_together_is_an_interaction_and_shared() -> None:
    arms = np.array(rows(2))
    together = np.array([1.0, 0.0, 0.0, 0.0])  # only where both are new
    assert np.allclose(together @ effects(arms), [0.5, 0.5])
    assert np.isclose(together @ interaction(arms, 0, 1), 1.0)
    assert together @ swap_at(arms, 0, 0) == 1.0
    assert together @ swap_at(arms, 0, 3) == 0.0


def test_an_arm_with_more_taken_back_stands_beside_a_factorial() -> None:
    arms = np.array([(*row, True) for row in rows(2)] + [(False, False, False)])
    scores = np.array([1.0, 0.4, 0.9, 0.3, 0.0])
    assert np.allclose(scores @ effects(arms), [0.1, 0.6, 0.3])


def test_intervals() -> None:
    assert rate(0, 20)[1:] == (0.0, pytest.approx(0.139, abs=1e-3))
    assert rate(20, 20)[1] == pytest.approx(0.861, abs=1e-3)
    middle, low, high = rate(7, 20)
    assert low < middle < high
    mean, error = mean_and_error(np.zeros(20), 1.0)
    assert mean == 0
    assert error == pytest.approx(1 / 22)  # nothing seen in twenty is not nothing
    values = np.random.default_rng(0).normal(0.2, 0.5, (200, 1))
    drawn = bootstrap(values, np.ones((1, 1)), seed=1)
    assert drawn.std() == pytest.approx(0.5 / np.sqrt(200), rel=0.15)
    assert np.array_equal(drawn, bootstrap(values, np.ones((1, 1)), seed=1))
    assert rates_of([1.0, 0.0, 0.0], bad_is_low=True) == 2
    assert rates_of([1.0, 0.4], bad_is_low=True) is None


def test_sizes_have_the_power_that_they_are_made_for() -> None:
    for effect, spread in ((0.1, 0.26), (0.05, 0.26), (0.3, 0.5)):
        assert convicts(to_convict(effect, spread), effect, spread) >= 0.8
        assert clears(to_clear(effect, spread), effect, spread) >= 0.8
    assert to_convict(1e-9, 1.0) == 5000


def columns(rows_: list[tuple[str, str, dict[str, str], float]]) -> dict[str, np.ndarray]:
    configs = np.empty(len(rows_), dtype=object)
    configs[:] = [row[2] for row in rows_]
    return {
        "case_id": np.array([row[0] for row in rows_]),
        "run": np.array([row[1] for row in rows_]),
        "config": configs,
        "score": np.array([row[3] for row in rows_]),
    }


def test_a_bundle_is_no_evidence_of_its_members() -> None:
    """Two taken back together and never by themselves: what comes back is known of the pair alone."""
    table = columns(
        [
            (f"t{n}", "1", {"prompt": version, "tools": tools}, score)
            for n in range(30)
            for version, tools, score in (("v2", "s2", 0.0), ("v1", "s1", 1.0))
        ]
    )
    prompt, tools = Version(("prompt",), ("v2",), ("v1",)), Version(("tools",), ("s2",), ("s1",))
    found = read(table, 1.0).swapped(prompt, [prompt, tools])
    assert not len(found.each)
    assert found.together.tolist() == [-1.0] * 30
    each, covered = read(table, 1.0).everything([prompt, tools])
    assert (len(each), covered) == (30, 2)


def test_a_request_that_lost_an_arm_counts_for_what_it_compares() -> None:
    whole = [("v2", "i2", 0.0), ("v2", "i1", 0.0), ("v1", "i2", 1.0), ("v1", "i1", 1.0)]
    table = columns(
        [
            (f"t{n}", "1", {"prompt": prompt, "retrieval": index}, score)
            for n in range(20)
            for prompt, index, score in (whole if n % 2 else whole[:3])
        ]
    )
    prompt, index = Version(("prompt",), ("v2",), ("v1",)), Version(("retrieval",), ("i2",), ("i1",))
    results = read(table, 1.0)
    assert results.swapped(prompt, [prompt, index]).each.tolist() == [-1.0] * 20
    assert results.swapped(index, [prompt, index]).each.tolist() == [0.0] * 20
    assert len(results.swapped(index, [prompt, index]).added) == 10
