"""Many changes in one series: planted levels, slopes, outliers and rhythms, noise alone, and too little of anything."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from click.testing import CliRunner
from scipy.signal import lfilter

import blameline
from blameline.case import inquiry
from blameline.cli import main
from blameline.errors import UnknownPlugin
from blameline.fit import Fit
from blameline.records import Manifest
from blameline.shifts import changes, find, peers
from blameline.shifts.rhythm import rhythm
from blameline.shifts.segments import segment

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from blameline.shifts import Move

Make = Any
BASE = np.array([0.9, 0.85, 0.85, 0.8])
HOURS = np.arange(300)


def noise(seed: int, memory: float = 0.0, size: int = 300) -> np.ndarray:
    """AR(1) noise of variance 1."""
    drawn = np.random.default_rng(seed).normal(size=size + 100)
    return np.asarray(lfilter([1], [1, -memory], drawn))[100:] * np.sqrt(1 - memory**2)


def at(values: np.ndarray, **more: Any) -> list[int]:
    return [cut.at for cut in segment(values, **more)]


def after(hour: float) -> np.ndarray:
    return (hour <= HOURS).astype(float)


def loss(begin: float, size: float, end: float = np.inf) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """Chance of a good answer: a level by segment, a small rhythm, and a loss from ``begin`` to ``end``."""
    return lambda hours, part: (
        BASE[part] + 0.01 * np.sin(hours * 2 * np.pi / 24) - size * ((hours > begin) & (hours <= end))
    )


def test_steps_are_found_where_they_were_planted():
    found = [at(noise(seed, 0.3) + 3 * after(100) - 2 * after(200), periods=()) for seed in range(8)]
    two = np.array([one for one in found if len(one) == 2])
    assert len(two) >= 7
    assert np.abs(two - [100, 200]).max() <= 8


def test_a_step_is_told_with_where_else_it_may_lie():
    held, widths = 0, []
    for seed in range(24):
        truth = int(np.random.default_rng(seed).integers(60, 240))
        (cut,) = segment(noise(1000 + seed, (0.0, 0.3, 0.6)[seed % 3]) + 2.5 * after(truth), periods=())
        order = np.argsort(-cut.weights)
        likely = cut.places[order[: int(np.searchsorted(np.cumsum(cut.weights[order]), 0.9)) + 1]]
        held += likely.min() <= truth <= likely.max()
        widths.append(np.ptp(likely))
        assert cut.weights.sum() == pytest.approx(1)
        assert cut.gain > 0
    assert 20 <= held <= 24
    assert np.median(widths) <= 12


def test_a_ramp_is_one_slope_between_two_cuts():
    begun, over = segment(0.5 * noise(3) + 3 * np.clip((HOURS - 100) / 100, 0, 1))
    assert (begun.sloped, over.sloped) == (True, False)
    assert 80 <= begun.at <= 130
    assert 180 <= over.at <= 220


@pytest.mark.parametrize(
    ("what", "series"),
    [
        ("a trend", lambda seed: 0.5 * noise(seed) + 3 * HOURS / 300),
        ("outliers", lambda seed: noise(seed) + 15 * (HOURS == 77) - 12 * (HOURS == 200)),
        ("a daily rhythm", lambda seed: 0.5 * noise(seed) + 2 * np.sin(HOURS * 2 * np.pi / 24)),
        ("noise with memory", lambda seed: noise(10 + seed, 0.6)),
        ("gaps", lambda seed: np.where((HOURS > 80) & (HOURS < 130), np.nan, noise(seed))),
    ],
)
def test_nothing_is_cut_to_pieces(what, series):
    alarms = [seed for seed in range(5) if at(series(seed))]
    assert not alarms, what


def test_a_step_is_seen_through_rhythm_outliers_and_gaps():
    values = 0.5 * noise(5) + 2 * np.sin(HOURS * 2 * np.pi / 24) - after(160)
    values[70], values[210] = 12, -9
    values[100:130] = np.nan
    for periods in (None, (24, 168)):
        (found,) = at(values, periods=periods)
        assert abs(found - 160) <= 8


def test_a_rhythm_that_begins_along_the_way_is_none():
    wave = 2 * np.sin(HOURS * 2 * np.pi / 24)
    assert rhythm(wave + 0.5 * noise(1)).std() > 1
    assert not rhythm(wave * after(150) + 0.5 * noise(1)).any()


@pytest.mark.parametrize("values", [[], [np.nan] * 40, [0.0] * 5 + [9.0] * 6, [0.7] * 50, [1e9 + 0.1] * 30], ids=len)
def test_too_little_says_nothing(values):
    assert segment(np.array(values, dtype=float)) == []


def test_what_hardly_counts_moves_nothing():
    values, weights = noise(2), np.ones(300)
    values[100:150] += 6
    assert len(at(values)) == 2
    weights[100:150] = 1e-6
    assert at(values, weights=weights) == []


def seen_by(detector: str, cells: Any) -> list[Move]:
    return find(Fit(cells), better="higher", seed=0, detector=detector)


@pytest.mark.parametrize("detector", ["segments", "ruptures"])
def test_a_loss_and_its_recovery_are_one_move(cells: Make, detector: str) -> None:
    (move,) = seen_by(detector, cells(5, loss(99, 0.15, 189)))
    assert move.worse
    assert abs(move.moments[np.argmax(move.weights)] - 99) <= 6
    assert abs(move.ends[np.argmax(move.end_weights)] - 189) <= 6
    assert move.effect == pytest.approx(-0.15, abs=0.03)
    assert set(np.unique(move.column)) == {0.0, 1.0}


@pytest.mark.parametrize("detector", ["segments", "ruptures"])
def test_steady_cells_hold_no_move(cells: Make, detector: str) -> None:
    assert [seed for seed in range(5) if seen_by(detector, cells(100 + seed, loss(0, 0.0)))] == []


@pytest.mark.parametrize("detector", ["segments", "ruptures"])
def test_a_few_buckets_hold_no_move(cells: Make, detector: str) -> None:
    made = cells(1, loss(12, 0.3), days=1)
    assert made.buckets < 12
    assert seen_by(detector, made) == []


def test_a_gain_is_no_harm_and_a_slow_loss_is_gradual(cells: Make) -> None:
    (gain,) = seen_by("segments", cells(2, loss(150, -0.08)))
    assert not gain.worse
    slow = cells(0, lambda hours, part: BASE[part] - 0.3 * np.clip((hours - 150) / 72, 0, 1))
    (lost,) = seen_by("segments", slow)
    assert lost.worse
    assert lost.gradual


def test_a_drift_through_the_whole_window_is_a_move(cells: Make) -> None:
    (move,) = seen_by("segments", cells(0, lambda hours, part: BASE[part] - 0.3 * hours / 288))
    assert move.worse
    assert move.gradual
    assert move.moments[0] <= 3
    assert move.effect == pytest.approx(-0.3, abs=0.08)


def test_a_long_window_is_joined_and_not_refused(cells: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "LONGEST", 50)
    made = cells(4, loss(150, 0.2))
    assert made.buckets == 96
    (move,) = seen_by("segments", made)
    assert move.moments.tolist() == [6 * round(hour / 6) for hour in move.moments]
    assert abs(move.moments[np.argmax(move.weights)] - 150) <= 6
    assert move.effect == pytest.approx(-0.2, abs=0.03)


def test_a_case_and_its_command_ask_the_detector_that_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def inquire(store: Any, *, seed: int, detector: str) -> inquiry.Inquiry:
        asked.append((detector, seed))
        return inquiry.Inquiry(None, (), (), "no_shift", (), ())

    monkeypatch.setattr(inquiry, "inquire", inquire)
    with blameline.open(tmp_path / "case.duckdb") as case:
        assert (
            case.shifts() == case.shifts(detector="segments") == case.shifts(detector="segments", signal="none") == ()
        )
    done = CliRunner().invoke(main, ["shifts", "--detector", "ruptures", "--case", str(tmp_path / "case.duckdb")])
    assert done.exit_code == 0
    assert asked == [("steps", 0), ("segments", 0), ("ruptures", 0)]


def test_the_named_detector_finds_the_shifts(cells: Make) -> None:
    fits = {"answer_correct": Fit(cells(5, loss(99, 0.15, 189)))}
    told = inquiry.find_shifts(fits, Manifest(), seed=0, detector="segments")
    assert [one.shift.direction for one in told] == ["worse"]
    assert told[0].shift.ended is not None
    with pytest.raises(UnknownPlugin, match="did you mean 'segments'"):
        inquiry.find_shifts(fits, Manifest(), seed=0, detector="segment")


STAIRS = ((99.0, -0.12), (195.0, -0.12), (291.0, 0.15))


def stairs(hours: np.ndarray) -> np.ndarray:
    """Two falls and more than the second one back."""
    return np.asarray(sum(size * (hours > begin) for begin, size in STAIRS))


@pytest.mark.parametrize("detector", ["segments", "ruptures"])
def test_each_of_several_moves_is_told_from_the_level_before_it(cells: Make, detector: str) -> None:
    made = cells(5, lambda hours, part: BASE[part] + stairs(hours), days=16, rate=60)
    told = inquiry.find_shifts({"answer_correct": Fit(made)}, Manifest(), seed=0, detector=detector)
    worse = [one.shift for one in told if one.shift.direction == "worse"]
    assert len(worse) == 2
    for shift in worse:
        assert shift.delta.estimate == pytest.approx(-0.12, abs=0.03)
        assert shift.after - shift.before == pytest.approx(shift.delta.estimate)
        assert shift.raw_delta == pytest.approx(-0.12, abs=0.03)
        for part in shift.by_segment:
            assert part.delta.low < -0.12 < part.delta.high, part


def test_a_later_shift_is_as_large_in_its_ledger_as_on_record(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    hours = np.sort(rng.uniform(0, 384, 9000))
    good = rng.random(9000) < 0.85 + stairs(hours)
    start = datetime(2026, 3, 2, tzinfo=UTC)
    rows = [
        {"at": (start + timedelta(hours=float(hour))).isoformat(), "trace_id": f"{n:08x}", "answer_correct": int(one)}
        for n, (hour, one) in enumerate(zip(hours, good, strict=True))
    ]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    with blameline.open(tmp_path / "case.duckdb") as case:
        case.load(tmp_path / "rows.jsonl")
        worse = [one for one in case.shifts(detector="segments") if one.direction == "worse"]
    assert len(worse) == 2
    for shift in worse:
        assert shift.delta.estimate == pytest.approx(-0.12, abs=0.04)
        assert shift.after - shift.before == pytest.approx(shift.delta.estimate)


def test_without_its_package_the_peer_names_the_extra(cells: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> None:
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(peers, "import_module", absent)
    with pytest.raises(UnknownPlugin, match=r"blameline\[peers\]"):
        seen_by("ruptures", cells(1, loss(0, 0.0), days=4))
