"""What grows slowly: conversations, and how badly documents fit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from blameline.case.inquiry import candidates_of
from blameline.cells import clock
from blameline.evidence.slow import faded, growth
from blameline.shifts.trends import drift

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import SimpleNamespace

Tell = Any  # ``Told`` of conftest.py, which cannot be imported


def talks(
    *, grow: float, costs: float, falls: float, seed: int = 3, days: int = 6, n: int = 1500
) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(seed)
    day = np.repeat(np.arange(-days, days), n)
    turn = 1 + np.minimum(rng.poisson(2 + grow * (day >= 0)), 20)
    good = rng.random(len(day)) < 0.9 - costs * turn - falls * (day >= 0)
    key = day * 100 + turn
    distinct, at = np.unique(key, return_inverse=True)
    return (
        np.floor(distinct / 100),
        distinct - 100 * np.floor(distinct / 100),
        np.bincount(at).astype(float),
        np.bincount(at, good),
    )


def test_longer_conversations_that_fare_worse_account_for_the_fall() -> None:
    told = growth(*talks(grow=1.5, costs=0.03, falls=0.0))
    assert told is not None
    assert told.part == pytest.approx(-0.045, abs=0.01)
    assert told.share > 0.8
    assert told.dose == pytest.approx(-0.03, abs=0.005)
    assert told.part < -3 * told.error


@pytest.mark.parametrize(("grow", "costs"), [(0.0, 0.03), (1.5, 0.0)])
def test_length_without_growth_or_without_a_dose_accounts_for_nothing(grow: float, costs: float) -> None:
    told = growth(*talks(grow=grow, costs=costs, falls=0.1))
    assert told is not None
    assert abs(told.share) < 0.1


def test_growth_says_nothing_of_a_few_days() -> None:
    assert growth(*talks(grow=1.5, costs=0.03, falls=0.0, days=2)) is None
    assert growth(*talks(grow=1.5, costs=0.03, falls=0.0, n=20)) is None


def scores(slope: float, *, days: int = 14, memory: float = 0.0, seed: int = 5) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(seed)
    rest = np.zeros(days)
    for place, shock in enumerate(rng.normal(0, 0.004, days)):
        rest[place] = memory * (rest[place - 1] if place else 0.0) + shock
    n = np.full(days, 300.0)
    return np.arange(days, dtype=float), n, n * (0.8 + slope * np.arange(days) + rest)


def test_documents_that_fit_ever_worse_are_seen() -> None:
    told = drift(*scores(-0.004))
    assert told is not None
    slope, error, first, last = told
    assert slope == pytest.approx(-0.004, abs=0.001)
    assert slope < -2.58 * error
    assert first - last == pytest.approx(0.052, abs=0.012)


def test_days_that_remember_each_other_are_seldom_a_drift() -> None:
    found = [drift(*scores(0.0, memory=0.6, seed=seed)) for seed in range(200)]
    assert sum(one is not None and one[0] < -3.29 * one[1] for one in found) <= 6
    assert drift(*scores(-0.004, days=6)) is None


def test_the_growth_is_told_beside_the_mix_and_convicts_nobody(
    build: SimpleNamespace, investigate: Callable[..., Tell]
) -> None:
    w = build.world(91, per_day=400)
    late = w.day > 6
    size = np.where(late, 8, 2)
    w.files.requests["conversation.id"] = np.array(
        [f"c-{tenant}-{int(day * 400) // (3 * each)}" for tenant, day, each in zip(w.tenant, w.day, size, strict=True)]
    )
    seen: dict[str, int] = {}
    turn = np.zeros(len(w.day))
    for place, talk in enumerate(w.files.requests["conversation.id"]):
        seen[talk] = seen.get(talk, 0) + 1
        turn[place] = seen[talk]
    w.share("answer_correct", 0.95 - 0.05 * turn, w.judge())
    told = investigate(w.files)
    (part,) = told.ledger["mix"].parts
    assert part.name == "conversations grew"
    assert part.estimate is not None
    assert part.estimate.high < 0
    assert part.numbers["share"] > 0.6
    assert part.numbers["length_after"] > part.numbers["length_before"]
    assert not any(line.verdict == "supported" for line in told.ledger.values() if line.candidate != "mix")


@pytest.mark.parametrize(
    ("slope", "refreshed", "seen"),
    [(-0.006, False, True), (0.0, False, False), (0.006, False, False), (-0.006, True, False)],
)
def test_documents_that_fit_ever_worse_are_a_part_only_where_no_index_came(
    build: SimpleNamespace, investigate: Callable[..., Tell], slope: float, refreshed: bool, seen: bool
) -> None:
    w = build.world(92, per_day=120)
    fits = 0.8 + slope * w.day + w.rng.normal(0, 0.05, len(w.day))
    w.files.requests["gen_ai.retrieval.documents"] = np.array([f'[{{"id":"d","score":{one:.3f}}}]' for one in fits])
    w.stamp("app.index.version", "i-1", "i-2", refreshed & (w.day > 6))
    w.share("answer_correct", w.base, w.judge())
    store = investigate(w.files, shuffle=3).case.store
    window = clock(store)
    assert window is not None
    part = faded(store, window, candidates_of(store, window))
    assert (part is not None) == seen
    if part is not None:
        assert part.estimate is not None
        assert part.estimate.low < slope < part.estimate.high
