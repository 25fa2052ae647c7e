"""A fall too small for the blind search: found where a change on record points to it, and nowhere else."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pytest

from blameline.candidates import Candidate
from blameline.case.finding import find_shifts
from blameline.evidence.odds import _chance
from blameline.evidence.pointed import THRESHOLD, find_pointed
from blameline.fit import Fit
from blameline.records import Change, Manifest
from blameline.shifts.moves import highest_density

if TYPE_CHECKING:
    from collections.abc import Sequence

    from blameline.case.finding import Found
    from blameline.cells import Cells
    from blameline.evidence.hearing import Hearing

Make = Any
AT = 170.0
TENANTS = tuple({"tenant": f"t{number}"} for number in range(10))


def level(hours: np.ndarray, segment: np.ndarray) -> np.ndarray:
    found: np.ndarray = np.full(len(hours), 0.85) - 0.01 * segment
    return found


def fallen(hours: np.ndarray, segment: np.ndarray) -> np.ndarray:
    """One tenant of ten gets worse: by itself no more than the best of many places and times would show."""
    found: np.ndarray = level(hours, segment) - 0.07 * ((segment == 3) & (hours > AT))
    return found


def change(made: Cells, at: float = AT, scope: dict[str, str] | None = None, name: str = "chg-1") -> Candidate:
    """A declared change, at an hour of these cells."""
    moment = made.moment(at)
    told = Change(id=name, at=moment, kind="prompt", layer="prompt", scope=dict(scope or {}))
    return Candidate(id=name, kind="prompt", layer="prompt", declared=True, at=moment, change=told)


def storm(made: Cells, seed: int, count: int = 40) -> list[Candidate]:
    """Changes at any time, every other one in one tenant only."""
    rng = np.random.default_rng(seed)
    return [
        change(made, at, TENANTS[rng.integers(10)] if number % 2 else {}, f"chg-{number}")
        for number, at in enumerate(rng.uniform(24, made.span_hours - 24, count))
    ]


def shifts(made: Cells, candidates: Sequence[Candidate]) -> list[Found]:
    found = find_shifts({made.signal.name: Fit(made)}, Manifest(), seed=0, candidates=candidates)
    return [one for one in found if one.shift.direction == "worse"]


@pytest.mark.parametrize("seed", [3, 6, 13, 14])
def test_a_small_fall_is_found_where_a_change_points(cells: Make, seed: int) -> None:
    made = cells(seed, fallen, segments=TENANTS, shock=0.003)
    assert shifts(made, ()) == []
    guilty = change(made, scope={"tenant": "t3"})
    (one,) = shifts(made, [guilty, change(made, 90.0, name="chg-2"), change(made, 200.0, {"tenant": "t7"}, "chg-3")])
    move = one.move
    _, low, high = highest_density(move.moments, move.weights)
    assert one.shift.segment == {"tenant": "t3"}
    assert low - 12 <= AT <= high + 12
    assert high - low < 120
    assert move.effect == pytest.approx(-0.07, abs=0.04)
    assert move.doubt is not None


@pytest.mark.parametrize("seed", [3, 6, 13, 14])
def test_with_the_changes_elsewhere_it_is_no_shift(cells: Make, seed: int) -> None:
    """In another slice at the same hour, or in the same slice at another time."""
    made = cells(seed, fallen, segments=TENANTS, shock=0.003)
    assert shifts(made, [change(made, scope={"tenant": "t8"}), change(made, 70.0, {"tenant": "t3"}, "chg-2")]) == []


def test_the_onset_may_lie_away_from_the_change(cells: Make) -> None:
    """The onset is looked for at any time, so that a change which comes too late is not dated to its own record."""
    made = cells(
        5, lambda hours, segment: level(hours, segment) - 0.2 * ((segment == 3) & (hours > AT)), segments=TENANTS
    )
    move = find_pointed(Fit(made), [change(made, AT + 48, {"tenant": "t3"})])
    assert move is not None
    assert abs(move.begun - AT) <= 9


@pytest.mark.parametrize("seed", range(6))
def test_a_storm_of_innocent_changes_on_quiet_noise_is_no_shift(cells: Make, seed: int) -> None:
    made = cells(seed, level, segments=TENANTS)
    assert shifts(made, storm(made, seed)) == []


def test_forty_changes_pay_for_forty(cells: Make) -> None:
    made = cells(13, fallen, segments=TENANTS, shock=0.003)
    guilty = change(made, scope={"tenant": "t3"})
    alone = find_pointed(Fit(made), [guilty])
    assert alone is not None
    others = [replace(change(made, 300.0, name=f"late-{number}")) for number in range(39)]  # never in the data
    among = find_pointed(Fit(made), [guilty, *others])
    left = among.evidence if among else -np.inf
    assert left < alone.evidence - np.log(20)


@pytest.mark.parametrize("seed", [0, 1, 9, 14, 27])
def test_noise_that_drifts_is_no_shift(cells: Make, seed: int) -> None:
    """With a change where the drift falls most; under the noise of the fit alone some of these pass for a move."""
    rng = np.random.default_rng(1000 + seed)
    drift = np.zeros(13 * 24)
    for hour in range(1, len(drift)):
        drift[hour] = 0.97 * drift[hour - 1] + 0.012 * rng.normal()
    made = cells(seed, lambda hours, segment: level(hours, segment) + drift[hours.astype(int)], segments=TENANTS)
    worst = float(np.argmin(np.convolve(drift, np.r_[np.ones(24), -np.ones(24)], "valid"))) + 24
    assert find_pointed(Fit(made), [change(made, worst), *storm(made, seed, 6)]) is None


def test_too_little_or_no_harm_says_nothing(cells: Make) -> None:
    made = cells(13, fallen, segments=TENANTS, shock=0.003)
    guilty = change(made, scope={"tenant": "t3"})
    assert find_pointed(Fit(made), []) is None
    few = made.bucket < 10
    kept = {name: getattr(made, name)[few] for name in ("bucket", "segment", "version", "n", "total", "square")}
    assert find_pointed(Fit(replace(made, **kept, buckets=10, _memory={})), [guilty]) is None
    rare = cells(13, fallen, segments=TENANTS, rate=1.0)
    assert find_pointed(Fit(rare), [guilty]) is None
    refusals = replace(made, signal=made.signal.model_copy(update={"family": "behaviour"}), _memory={})
    assert find_pointed(Fit(refusals), [guilty]) is None
    unread = replace(made, signal=made.signal.model_copy(update={"better": None}), _memory={})
    assert find_pointed(Fit(unread), [guilty]) is None


def test_shuffled_rows_and_changes_give_the_same_answer(cells: Make) -> None:
    made = cells(13, fallen, segments=TENANTS, shock=0.003)
    order = np.random.default_rng(0).permutation(len(made.n))
    kept = {name: getattr(made, name)[order] for name in ("bucket", "segment", "version", "n", "total", "square")}
    candidates = [change(made, scope={"tenant": "t3"}), change(made, 90.0, name="chg-2")]
    one, other = (
        find_pointed(Fit(made), candidates),
        find_pointed(Fit(replace(made, **kept, _memory={})), candidates[::-1]),
    )
    assert one is not None
    assert other is not None
    assert one.segment == other.segment
    assert [one.evidence, one.effect, one.begun] == pytest.approx([other.evidence, other.effect, other.begun], rel=1e-6)


def test_an_end_on_record_is_kept(cells: Make) -> None:
    def back(hours: np.ndarray, segment: np.ndarray) -> np.ndarray:
        found: np.ndarray = level(hours, segment) - 0.14 * ((segment == 3) & (hours > AT) & (hours <= 230))
        return found

    made = cells(1, back, segments=TENANTS, shock=0.003)
    move = find_pointed(Fit(made), [replace(change(made, scope={"tenant": "t3"}), until=made.moment(230.0))])
    assert move is not None
    assert move.over == pytest.approx(230, abs=6)


def test_chance_keeps_what_drifting_noise_brings_it(cells: Make) -> None:
    """Against the noise of the fit: so much as the move loses when that of the best noise has to be paid."""
    made = cells(13, fallen, segments=TENANTS, shock=0.003)
    move = find_pointed(Fit(made), [change(made, scope={"tenant": "t3"})])
    assert move is not None
    assert move.evidence - move.toll >= THRESHOLD
    doubted = replace(move, doubt=2.5, toll=4.0)
    assert _chance(cast("Hearing", SimpleNamespace(move=doubted))) == 2.5
