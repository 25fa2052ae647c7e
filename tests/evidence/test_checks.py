"""What single checks say beyond their three words: delays, clocks, ramps, sticky users, and how often an innocent looks guilty."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from blameline.evidence.judgement import judge
from blameline.evidence.verdicts import BARS, BEYOND_TIMING

if TYPE_CHECKING:
    from collections.abc import Callable

Tell = Any  # ``Told`` of conftest.py, which cannot be imported

pytestmark = pytest.mark.xdist_group("told stories")  # each is investigated once


def test_a_delay_is_told(story: Callable[[str], Tell]) -> None:
    told = story("cached").answer("timing", "guilty")
    assert told.verdict == "supports"
    assert "it acted about 16 h after it took effect" in told.because
    assert told.numbers["hours_from_change_to_onset"] == pytest.approx(16, abs=3)


def test_what_acts_at_once_is_said_to_have_no_delay(story: Callable[[str], Tell]) -> None:
    assert "it acted" not in story("rolled_back").answer("timing", "guilty").because


@pytest.mark.parametrize(("slack", "hours"), [("PT8H", 7.0), (None, 2.0)])
def test_a_clock_that_is_wrong_within_its_uncertainty_is_no_alibi(
    investigate: Callable[..., Tell], files_of: Callable[[str], Any], slack: str | None, hours: float
) -> None:
    files = files_of("coincidence")
    files.changes[0] |= {"at": f"2026-03-08T{hours:02.0f}:00:00Z"} | ({"uncertainty": slack} if slack else {})
    told = investigate(files, f"written {hours} h late")
    assert told.answer("timing", "beside").verdict == "supports"


def test_a_clock_that_is_sure_of_itself_and_a_day_late_is_one(
    investigate: Callable[..., Tell], files_of: Callable[[str], Any]
) -> None:
    files = files_of("coincidence")
    files.changes[0] |= {"at": "2026-03-09T06:00:00Z"}
    assert investigate(files, "written a day late").answer("timing", "beside").verdict == "refutes"


def test_a_ramp_that_begins_with_the_change_fits_it(investigate: Callable[..., Tell], build: Any) -> None:
    w = build.world(44, per_day=500)
    w.change(
        "edit",
        4,
        "prompt_edit",
        rollout=[{"at": f"2026-03-{6 + n:02d}T00:00:00Z", "percent": 20.0 * (n + 1)} for n in range(5)],
    )
    w.share("answer_correct", w.base - 0.35 * np.clip(np.floor(w.day - 3) / 5, 0, 1), w.judge())
    told = investigate(w.files, "ramp")
    answer = told.answer("timing", "edit")
    assert answer.verdict == "supports"
    assert answer.numbers["in_force_after_hours"] >= 48


def test_users_who_differ_are_no_contrast(
    story: Callable[[str], Tell], investigate: Callable[..., Tell], files_of: Callable[[str], Any]
) -> None:
    told = story("sticky")
    answer = told.answer("exposure", "edit")
    assert answer.verdict == "inconclusive"
    assert answer.numbers["design_effect"] > 3
    assert "requests of one user are alike" in answer.because
    files = files_of("sticky")
    del files.requests["user.id"]
    bare = investigate(files, "sticky, users unknown")
    assert bare.answer("exposure", "edit").numbers["design_effect"] == 1
    lines = [one.ledger["edit"] for one in (told, bare)]
    wide, narrow = (line.effect.high - line.effect.low for line in lines)
    assert wide > 1.5 * narrow
    assert lines[0].log_evidence["fit"] <= lines[1].log_evidence["fit"]


def test_one_comparison_is_told_once(story: Callable[[str], Tell]) -> None:
    line = story("scoped").ledger["guilty"]
    told = {one.check: one for one in line.evidence}
    assert told["scope"].verdict == told["exposure"].verdict == "supports"
    assert told["exposure"].because in line.because
    assert told["scope"].because not in line.because
    assert told["scope"].numbers["effect"] == pytest.approx(told["exposure"].numbers["effect"], abs=0.01)


def test_what_moved_all_alike_does_not_look_like_a_contrast(story: Callable[[str], Tell]) -> None:
    told = story("everywhere").answer("exposure", "confined")
    assert told.verdict == "refutes"
    assert abs(told.numbers["effect"]) < 0.05


def test_controls_that_stayed_convict_nobody(story: Callable[[str], Tell]) -> None:
    assert "controls" not in BEYOND_TIMING
    assert "controls" in BARS
    line = story("bypassed").ledger["guilty"]
    assert {one.check for one in line.evidence if one.verdict == "supports"} == {"timing", "placebo", "controls"}
    assert line.verdict == "consistent"


def test_an_innocent_looks_this_guilty_one_time_in_no_more_than_was_looked_at(story: Callable[[str], Tell]) -> None:
    for name in ("staged", "rolled_back", "bystanders", "everywhere"):
        told = story(name)
        for line in told.ledger.values():
            for one in (one for one in line.evidence if one.check == "placebo" and "one_in" in one.numbers):
                assert 1 <= one.numbers["one_in"] <= one.numbers["one_in_at_most"] <= 52 + one.numbers["other_changes"]
                assert f"1 time in {one.numbers['one_in']} here" in one.because or "does not fit" in one.because
    assert story("bystanders").answer("placebo", "guilty").numbers["one_in"] > 20


def test_changes_on_dates_of_their_own_look_as_guilty_as_they_are_said_to(
    build: Any, investigate: Callable[..., Tell]
) -> None:
    w = build.world(45)
    wobble = np.cumsum(w.rng.normal(0, 0.03, 13))[w.day.astype(int)]  # noise that drifts
    w.share("answer_correct", np.clip(w.base - 0.15 * (w.day > 6) + wobble, 0, 1), w.judge())
    for number, day in enumerate(np.linspace(1.5, 10.5, 10)):
        w.change(f"deploy-{number}", float(day), "deploy")
    told = investigate(w.files, "drifting")
    often = [one for line in told.ledger.values() for one in line.evidence if one.check == "placebo"]
    assert sum(one.verdict == "supports" for one in often) <= 3  # only those next to the fall


def test_paired_questions_are_counted(story: Callable[[str], Tell]) -> None:
    told = story("asked again").answer("paired", "guilty")
    assert told.numbers["pairs"] == told.numbers["control_pairs"] == 40
    assert told.numbers["low"] < -0.25 < told.numbers["high"]
    without = story("asked in no words").answer("paired", "guilty")
    assert "gen_ai.input.messages" in without.because


def test_the_judge_is_asked_nothing_about_controls(story: Callable[[str], Tell]) -> None:
    told = story("judged")
    lines, *_ = judge(told.hearing, told.case.store, seed=0)
    asked = {line.candidate for line in lines if any(one.check == "controls" for one in line.evidence)}
    assert asked == {"app"}
