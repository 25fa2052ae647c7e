"""Blame needs harm: a change that only made answers look otherwise is not convicted, one that harmed is, and without a quality
nothing is known of harm.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from blameline.evidence.harm import LOOKS

if TYPE_CHECKING:
    from collections.abc import Callable

Tell = Any  # ``Told`` of conftest.py, which cannot be imported


def desk(build: Any, *, fall: float, scored: float) -> Any:
    """A prompt edit after which more answers are cut, and ``fall`` fewer are right; ``scored`` is the share that was judged."""
    world = build.world(61)
    has = (world.day > 6) & (world.rng.random(len(world.day)) < 0.6)
    world.stamp("gen_ai.prompt.version", "v1", "v2", has)
    world.change("edit", 6, "prompt_edit", **{"from": "v1", "to": "v2"})
    cut = world.rng.random(len(world.day)) < 0.02 + 0.12 * has
    world.files.requests["gen_ai.response.finish_reasons"] = np.where(cut, "length", "stop")
    world.share("answer_correct", world.base - fall * has, world.judge())
    values, judge = world.files.scores["answer_correct"]
    values[world.rng.random(len(values)) > scored] = np.nan
    if not scored:
        del world.files.scores["answer_correct"]
    else:
        world.files.scores["answer_correct"] = (values, judge)
    return world.files


@pytest.fixture(scope="module")
def told(build: Any, investigate: Callable[..., Tell]) -> Callable[..., Tell]:
    """Such a desk, investigated."""
    return lambda **how: investigate(desk(build, **how))


def blamed(told: Tell) -> set[str]:
    return {line.candidate for line in told.found.ledger if line.verdict in {"supported", "confirmed"}}


def test_a_change_of_how_answers_look_is_told_and_nobody_is_blamed(told: Callable[..., Tell]) -> None:
    case = told(fall=0.0, scored=1.0)
    assert case.main.signal == "answer_truncated"
    assert case.found.outcome == "no_shift"
    assert not blamed(case)
    assert case.found.guards == ()
    assert case.ledger["edit"].because.endswith(LOOKS)
    assert case.found.headline.startswith("No answer was shown to be worse")


def test_a_change_that_harms_is_blamed_for_how_answers_look_as_well(told: Callable[..., Tell]) -> None:
    case = told(fall=0.25, scored=1.0)
    assert case.found.outcome == "attributed"
    assert blamed(case) == {"edit"}
    assert {one.signal for one in case.found.shifts} == {"answer_correct", "answer_truncated"}
    assert len([line for line in case.found.ledger if line.verdict == "supported"]) == 2


@pytest.mark.parametrize("scored", [0.0, 0.06])
def test_without_a_quality_that_was_measured_well_nothing_is_known_of_harm(
    told: Callable[..., Tell], scored: float
) -> None:
    case = told(fall=0.0, scored=scored)
    assert case.main.signal == "answer_truncated"
    assert case.found.outcome == "attributed"
    assert blamed(case) == {"edit"}
