"""Conversations that grow by the day: heard as the traffic's, and as nobody else's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import SimpleNamespace

Tell = Any  # ``Told`` of conftest.py, which cannot be imported


def desk(
    build: SimpleNamespace, *, grows: float, costs: float, seed: int = 95, per_day: int = 700
) -> tuple[Any, np.ndarray]:
    """A world with conversations of about two turns that grow by ``grows`` turns over the days; each turn costs ``costs``."""
    w = build.world(seed, per_day=per_day)
    w.change("edit", 4, "prompt_edit")
    open_talks: dict[str, list[int]] = {}
    names, turn = [], np.zeros(len(w.day))
    for place, (tenant, day) in enumerate(zip(w.tenant, w.day, strict=True)):
        talk = open_talks.setdefault(tenant, [0, 0, 0])  # number, turns so far, turns it will have
        if talk[1] == talk[2]:
            talk[:] = [talk[0] + 1, 0, 1 + int(w.rng.poisson(1 + grows * day / 12))]
        talk[1] += 1
        turn[place] = talk[1]
        names.append(f"{tenant}-{talk[0]}")
    w.files.requests["conversation.id"] = np.array(names)
    return w, w.base - costs * (turn - 1)


def test_conversations_that_grow_slowly_are_the_mix(build: SimpleNamespace, investigate: Callable[..., Tell]) -> None:
    w, good = desk(build, grows=3.0, costs=0.04)
    w.share("answer_correct", good, w.judge())
    told = investigate(w.files)
    assert told.found.outcome == "mix"
    mix = told.ledger["mix"]
    assert mix.verdict == "supported"
    assert "turn of the conversation" in mix.because
    assert [part.name for part in mix.parts] == ["conversations grew"]
    (shift,) = [one for one in told.found.shifts if one.direction == "worse"]
    assert shift.gradual
    assert shift.plain
    assert shift.mix.mostly == ("turn of the conversation",)
    assert shift.onset.high > shift.onset.low
    assert "slowly" in told.found.headline


def test_a_longer_conversation_that_costs_nothing_moves_nothing(
    build: SimpleNamespace, investigate: Callable[..., Tell]
) -> None:
    w, good = desk(build, grows=3.0, costs=0.0)
    w.share("answer_correct", good, w.judge())
    assert investigate(w.files).found.outcome == "no_shift"


@pytest.mark.parametrize("grows", [0.0, 3.0])
def test_a_fall_of_the_app_is_not_the_mix(
    build: SimpleNamespace, investigate: Callable[..., Tell], grows: float
) -> None:
    w, good = desk(build, grows=grows, costs=0.04)
    w.share("answer_correct", good - 0.15 * (w.day > 7), w.judge())
    told = investigate(w.files)
    assert told.found.outcome not in {"mix", "no_shift"}
    assert told.ledger["mix"].verdict != "supported"
    assert told.ledger["mix"].probability < 0.1


def test_little_data_names_nobody(build: SimpleNamespace, investigate: Callable[..., Tell]) -> None:
    w, good = desk(build, grows=3.0, costs=0.04, per_day=25)
    w.share("answer_correct", good, w.judge())
    found = investigate(w.files).found
    assert found.outcome in {"no_shift", "unattributed"}
    assert not any(line.verdict in {"supported", "confirmed"} for line in found.ledger)
