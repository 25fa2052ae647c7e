"""Answers scored on both sides of an onset: the ruler convicted, cleared, and left open; what it hides, and what it leaves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from blameline.assets import sql
from blameline.cells.rulers import chosen, speaks_of_the_ruler
from blameline.evidence.bridge import Span, log_ratio, says
from blameline.records import Interval

if TYPE_CHECKING:
    from collections.abc import Callable

Tell = Any  # ``Told`` of conftest.py, which cannot be imported

pytestmark = pytest.mark.xdist_group("told stories")  # each is investigated once
START = datetime(2026, 3, 2, tzinfo=UTC)


def blamed(told: Tell) -> set[str]:
    return {line.candidate for line in told.found.ledger if line.verdict in {"supported", "confirmed"}}


def test_the_same_answers_scored_by_both_judges_convict_the_new_one(story: Callable[[str], Tell]) -> None:
    told = story("rescored")
    assert (told.found.outcome, told.main.moved) == ("ruler", "ruler")
    assert blamed(told) == {"judge"}
    bridge = told.main.bridge
    assert (bridge.kind, bridge.n, bridge.hides) == ("rescored", 40, False)
    assert bridge.estimate.low < -0.1 < bridge.estimate.high < 0
    assert "40 answers were scored by both j-1 and j-2" in bridge.because
    assert told.answer("bridge", "judge").verdict == "supports"
    assert told.answer("ruler", "edit").verdict == "refutes"
    assert told.ledger["judge"].log_evidence["bridge"] > 3


def test_frozen_answers_convict_a_judge_that_drifts_in_silence(story: Callable[[str], Tell]) -> None:
    told = story("anchors")
    assert (told.found.outcome, told.main.moved) == ("ruler", "ruler")
    assert blamed(told) == {"ruler"}
    assert (told.main.bridge.kind, told.main.bridge.n) == ("anchors", 20)
    assert told.main.bridge.estimate.low < -0.1 < told.main.bridge.estimate.high
    assert told.ledger["elsewhere"].probability < 0.05


def test_frozen_answers_that_stayed_clear_the_ruler(story: Callable[[str], Tell]) -> None:
    told = story("anchors stayed")
    assert (told.found.outcome, told.main.moved) == ("unattributed", "app")
    assert told.answer("bridge", "ruler").verdict == "refutes"
    assert told.ledger["ruler"].verdict == "excluded"


def test_a_few_pairs_cannot_tell(story: Callable[[str], Tell]) -> None:
    told = story("few pairs")
    assert told.found.outcome in {"tied", "unattributed"}
    assert told.main.moved == "unknown"
    assert not blamed(told)
    for one in ("judge", "ruler"):
        assert told.answer("bridge", one).verdict == "inconclusive"
        assert "too few" in told.answer("bridge", one).because
        assert "bridge" not in told.ledger[one].log_evidence


def test_an_innocent_new_judge_is_cleared_and_the_app_is_not(story: Callable[[str], Tell]) -> None:
    told = story("innocent judge")
    assert (told.found.outcome, told.main.moved) == ("attributed", "app")
    assert blamed(told) == {"edit"}
    assert told.main.bridge.estimate.low < 0 < told.main.bridge.estimate.high
    assert told.answer("bridge", "judge").verdict == "refutes"
    assert told.ledger["judge"].log_evidence["bridge"] < -2


def test_the_same_answers_part_a_judge_from_an_edit_of_its_hour(story: Callable[[str], Tell]) -> None:
    told = story("cleared judge")
    assert told.ledger["judge"].verdict == "excluded"
    assert not told.ledger["edit"].tied_with
    assert told.main.moved == "app"


def test_a_fall_that_a_kinder_judge_hides_comes_to_light(story: Callable[[str], Tell]) -> None:
    told = story("hidden fall")
    assert (told.found.outcome, told.main.moved) == ("attributed", "app")
    assert blamed(told) == {"edit"}
    assert told.main.linked
    assert told.main.bridge.hides
    assert told.main.delta.high < 0
    assert "which the scores hide" in told.found.headline
    better = [shift for shift in told.found.shifts if shift.direction == "better"]
    assert [shift.moved for shift in better] == ["ruler"]
    page = told.case.report(as_="markdown")
    assert "The scores hide it" in page
    assert "40 answers were scored by both" in page


def test_when_both_moved_each_gets_its_share(story: Callable[[str], Tell]) -> None:
    told = story("ruler and app")
    assert (told.found.outcome, told.main.moved) == ("attributed", "app")
    assert blamed(told) == {"edit"}
    assert told.main.delta.estimate < -0.12
    shares = {name: line.share.estimate for name, line in told.ledger.items()}
    assert shares["judge"] == pytest.approx(0.67, abs=0.15)
    assert shares["edit"] == pytest.approx(0.33, abs=0.15)
    assert told.ledger["judge"].verdict == "consistent"


def test_a_judge_of_one_day_and_a_prompt_of_another_are_two_shifts(story: Callable[[str], Tell]) -> None:
    told = story("ruler, then app")
    worse = {shift.moved: shift for shift in told.found.shifts if shift.direction == "worse"}
    assert set(worse) == {"ruler", "app"}
    assert told.found.outcome == "attributed"
    assert told.main == worse["app"]
    for moved, day in (("ruler", 2.5), ("app", 6.5)):
        assert abs(worse[moved].onset.estimate - START - timedelta(days=day)) < timedelta(hours=18)
    held = {line.shift: line.candidate for line in told.found.ledger if line.verdict == "supported"}
    assert held == {worse["ruler"].id: "judge", worse["app"].id: "edit"}


def test_a_rubric_that_nobody_declared_is_a_candidate(story: Callable[[str], Tell]) -> None:
    told = story("rubric")
    assert told.found.outcome == "ruler"
    assert told.found.ledger[0].candidate == "undeclared:judge:rubric=r2"
    assert told.found.ledger[0].verdict == "supported"


SHIFT: Any = type("Shift", (), {"delta": Interval(estimate=-0.1, low=-0.11, high=-0.09)})


def seen(move: float, *, error: float = 0.01, n: int = 40, same_sign: float = 0.01, reach: float = 1.0) -> Span:
    return Span("rescored", move, error, n, 2 * n, same_sign, "j-1", "j-2", by_judge=True, reach=reach)


@pytest.mark.parametrize(
    ("span", "word"),
    [
        (seen(-0.1), "most"),
        (seen(-0.04), "part"),
        (seen(-0.06, error=0.004), "part"),
        (seen(-0.1, reach=0.4), "part"),
        (seen(0.0, error=0.005), "none"),
        (seen(0.0, error=0.02), "less"),
        (seen(-0.03, error=0.02), "open"),
        (seen(0.08), "other way"),
        (seen(-0.1, n=4), "few"),
        (seen(-0.1, n=7, same_sign=0.13), "few"),
        (seen(-0.1, n=7, same_sign=0.016), "most"),
    ],
)
def test_what_a_bridge_says(span: Span, word: str) -> None:
    assert says(span, SHIFT, -1) == word


def test_a_bridge_speaks_for_the_ruler_against_it_or_not_at_all() -> None:
    assert log_ratio(None, SHIFT) == log_ratio(seen(-0.1, n=4), SHIFT) == 0
    assert 3 < log_ratio(seen(-0.1), SHIFT) <= 12
    assert -3.6 < log_ratio(seen(0.0), SHIFT) < -2
    assert abs(log_ratio(seen(0.0, error=0.5), SHIFT)) < 0.1


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("rubric.version", True), ("rubric", True), ("gen_ai.evaluation.evaluator.name", True), ("scorer_hash", True),
        ("judge.prompt.version", True), ("eval.dataset.version", True), ("judge.sample_rate", True), ("judge.sampling", True),
        ("langfuse.score.config_id", True), ("evaluator.run_id", False), ("evaluator.span_id", False), ("service.version", False),
        ("gen_ai.evaluation.explanation", False), ("gen_ai.evaluation.score.value", False), ("dataset.item.id", False),
    ],
)  # fmt: skip
def test_which_words_of_a_score_speak_of_the_ruler(name: str, told: bool) -> None:
    assert speaks_of_the_ruler(name) == told


def test_what_never_changed_or_names_each_score_is_no_version() -> None:
    row = {"n": 1000, "its_own": True}
    profiles = [
        {"attribute": "rubric", "most": 2, **row}, {"attribute": "dataset.version", "most": 3, **row},
        {"attribute": "scorer", "most": 1, **row}, {"attribute": "judge.id", "most": 400, **row},
        {"attribute": "judge.version", "most": 2, "n": 1000, "its_own": False},
    ]  # fmt: skip
    assert chosen(profiles).keys == ("judge:rubric", "eval:dataset.version")


def test_a_long_version_is_a_word() -> None:
    words = duckdb.connect()
    words.execute(sql("store/version_word"))
    said = ["Grade it.\n" * 500, "strict + fair", " ", None]
    long, *rest = [words.execute("SELECT version_word($said::VARCHAR)", {"said": one}).fetchall()[0][0] for one in said]
    assert long.startswith("Grade it. Grade it.")
    assert len(long) == 40 + 2 + 8
    assert rest == ["strict & fair", None, None]
