"""Behaviour that moved though no recorded identity did: what is caught, what is cleared, and what it may do to the odds."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from blameline.case.inquiry import candidates_of
from blameline.cells import clock
from blameline.evidence.signature import Looked, look

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import SimpleNamespace

Tell = Any  # ``Told`` of conftest.py, which cannot be imported
DAY_SIX = datetime(2026, 3, 8, tzinfo=UTC)

pytestmark = pytest.mark.xdist_group("told stories")


def looked(told: Tell) -> Looked:
    window = clock(told.case.store)
    assert window is not None
    return look(told.case.store, window, candidates_of(told.case.store, window))


def test_a_silent_change_is_caught_and_named_nobody(story: Callable[[str], Tell]) -> None:
    told = story("unrecorded")
    (one,) = told.found.signatures
    assert one.onset.low <= DAY_SIX <= one.onset.high
    assert {each.signal for each in one.signals} == {"output_tokens", "latency"}
    assert {each.aspect for each in one.signals} == {"length", "time"}
    for each in one.signals:
        truth = 0.25 if each.signal == "output_tokens" else -0.25
        assert abs(each.delta.estimate - truth) < 0.1
        assert each.delta.low < each.delta.estimate < each.delta.high
    assert one.nearest == "early"
    assert one.clear_hours == pytest.approx(84, abs=7)
    assert "nobody recorded" in one.because
    assert not told.found.no_signature
    assert not any(line.layer == "model" for line in told.ledger.values())


def test_it_raises_the_unknown_by_a_bounded_ratio_and_asks_for_the_replay(story: Callable[[str], Tell]) -> None:
    line, plain = story("unrecorded").ledger["unknown"], story("unrecorded, alike").ledger["unknown"]
    assert line.log_evidence["signature"] == pytest.approx(math.log(10), abs=0.001)
    assert "signature" not in plain.log_evidence
    assert "nobody recorded" in line.because
    assert "pinned snapshot" in line.next_test
    assert line.verdict == "consistent"
    assert story("unrecorded").found.outcome == "unattributed"


def test_a_prompt_edit_explains_what_its_stamp_explains(story: Callable[[str], Tell]) -> None:
    told = story("recorded edit")
    assert not told.found.signatures
    assert told.answer("signature", "unknown").verdict == "inconclusive"
    assert "edit is recorded too close" in told.answer("signature", "unknown").because


def test_questions_that_grow_are_no_signature(build: SimpleNamespace, investigate: Callable[..., Tell]) -> None:
    assert not looked(investigate(build.unrecorded(moved=0.0, more=0.5))).found


def test_a_weekend_is_no_signature(build: SimpleNamespace, investigate: Callable[..., Tell]) -> None:
    w = build.world(73)
    weekend = np.array([(DAY_SIX - timedelta(days=6) + timedelta(days=float(day))).weekday() >= 5 for day in w.day])
    w.behave(longer=0.3 * weekend, slower=0.3 * weekend)
    w.share("answer_correct", w.base, w.judge())
    assert not looked(investigate(w.files)).found


def test_one_aspect_alone_is_no_signature(build: SimpleNamespace, investigate: Callable[..., Tell]) -> None:
    w = build.world(74)
    w.behave(slower=0.5 * (w.day > 6))
    w.share("answer_correct", w.base, w.judge())
    assert not looked(investigate(w.files)).found


def test_too_little_is_told(
    build: SimpleNamespace, investigate: Callable[..., Tell], story: Callable[[str], Tell]
) -> None:
    few = looked(investigate(build.unrecorded(per_day=30)))
    assert not few.found
    assert few.why_none == "too little to see how answers changed: it takes 400 requests over 5 days at least"
    none = looked(story("staged"))
    assert not none.found
    assert "tell too little of how answers look" in none.why_none


def test_order_of_rows_does_not_matter(
    story: Callable[[str], Tell], investigate: Callable[..., Tell], files_of: Any
) -> None:
    other = investigate(files_of("unrecorded"), "unrecorded", shuffle=5)
    assert other.found.model_dump_json() == story("unrecorded").found.model_dump_json()


def test_it_has_a_line_of_its_own_in_the_timeline(story: Callable[[str], Tell]) -> None:
    rows = [row for row in story("unrecorded").case.timeline() if row.lane == "signature"]
    assert [row.id for row in rows] == ["signature-1"]
    assert any(lane.kind == "signature" for lane in story("unrecorded").case.view().lanes)
