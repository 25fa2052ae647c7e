"""Answers scored on both sides of an onset: the ruler convicted, cleared, and left open; what it hides, and what it leaves."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import yaml

from blameline.cells.rulers import chosen, speaks_of_the_ruler
from blameline.evidence.bridge import Span, log_ratio, says
from blameline.records import Interval

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Tell = Any  # ``Told`` of conftest.py, which cannot be imported
START = datetime(2026, 3, 2, tzinfo=UTC)
DAYS = 9


@dataclass
class Desk:
    """A few requests of one desk and what judges said of them, as JSON lines."""

    seed: int
    per_day: int = 70
    changes: list[dict[str, Any]] = field(default_factory=list)
    scores: list[dict[str, Any]] = field(default_factory=list)
    controls: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.rng = np.random.default_rng(self.seed)
        n = DAYS * self.per_day
        self.day = np.sort(self.rng.uniform(0, DAYS, n))
        self.region = np.where(self.rng.random(n) < 0.5, "eu", "us")
        self.prompt = np.full(n, "v1")
        self.good = self.rng.normal(0.8, 0.06, n)
        """What each answer is worth."""
        self.words: dict[int, str] = {}
        """Requests whose words are known: an anchor's question and answer."""

    def change(self, id: str, day: float, kind: str, **more: Any) -> None:  # noqa: A002  the contract's word
        self.changes.append({"id": id, "at": self.when(day), "kind": kind, **more})

    @staticmethod
    def when(day: float) -> str:
        return (START + timedelta(days=float(day))).isoformat()

    def score(
        self,
        chosen: np.ndarray,
        judge: np.ndarray | str,
        moved: np.ndarray | float = 0.0,
        *,
        at: np.ndarray | None = None,
        **more: Any,
    ) -> None:
        """Score answers: their worth, the judge's noise, and what the judge adds."""
        judges, adds = np.broadcast_to(judge, self.day.shape), np.broadcast_to(moved, self.day.shape)
        for n in np.flatnonzero(chosen):
            value = self.good[n] + adds[n] + self.rng.normal(0, 0.05)
            when = self.day[n] + 0.01 if at is None else at[n]
            row = {
                "trace_id": f"t{n:05d}",
                "name": "answer_quality",
                "value": round(float(np.clip(value, 0, 1)), 3),
                "at": self.when(when),
            }
            self.scores.append(
                row
                | ({"judge": str(judges[n])} if judges[n] else {})
                | {k: str(np.broadcast_to(v, self.day.shape)[n]) for k, v in more.items()}
            )

    def anchors(self, items: int, every: float = 1.0) -> np.ndarray:
        """Some requests become frozen ones: the same question and answer, once in so many days."""
        free = np.arange(len(self.day))
        chosen = np.zeros(len(self.day), dtype=bool)
        for number in range(items):
            worth = self.rng.normal(0.8, 0.06)
            for day in np.arange(0.3 + 0.01 * number, DAYS, every):
                n = free[np.argmin(np.where(chosen, np.inf, np.abs(self.day - day)))]
                chosen[n], self.good[n], self.words[int(n)] = True, worth, f"{number}"
        return chosen

    def write(self, folder: Path, *, shuffle: int | None = None) -> Path:
        del shuffle
        folder.mkdir()
        rows = []
        for n, day in enumerate(self.day):
            row = {
                "trace_id": f"t{n:05d}",
                "at": self.when(day),
                "cloud.region": str(self.region[n]),
                "gen_ai.prompt.version": str(self.prompt[n]),
            }
            if self.words:
                word = self.words.get(n, f"its own {n}")
                row |= {"question": f"Where is  order {word}?", "answer": f"Order {word} is on its way."}
            rows.append(row)
        (folder / "requests.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        (folder / "scores.jsonl").write_text("".join(json.dumps(row) + "\n" for row in self.scores))
        if self.changes:
            (folder / "changes.yaml").write_text(yaml.safe_dump(self.changes))
        said = {"service": "desk", "segments": ["cloud.region"], "signals": {"answer_quality": {"better": "higher"}}}
        (folder / "incident.yaml").write_text(
            yaml.safe_dump(said | ({"controls": self.controls} if self.controls else {}))
        )
        return folder


def new_judge(
    seed: int,
    *,
    ruler: float,
    app: float,
    pairs: int,
    day: float = 6.0,
    app_day: float | None = None,
    region: str | None = None,
) -> Desk:
    """A new judge from one day on that scores ``ruler`` more, and answers worth ``app`` more with a new prompt."""
    desk = Desk(seed)
    late = desk.day > day
    edited = desk.day > (day if app_day is None else app_day)
    if region:
        edited &= desk.region == region
    desk.prompt = np.where(edited, "v2", "v1")
    desk.good = desk.good + app * edited
    desk.change("edit", day if app_day is None else app_day, "prompt_edit", **{"from": "v1", "to": "v2"})
    desk.change("judge", day, "judge_change", **{"from": "j-1", "to": "j-2"})
    desk.score(np.ones(len(late), dtype=bool), np.where(late, "j-2", "j-1"), ruler * late)
    again = np.zeros(len(late), dtype=bool)
    again[desk.rng.choice(np.flatnonzero(~late), pairs, replace=False)] = True
    desk.score(again, "j-2", ruler, at=np.full(len(late), day + 1))
    return desk


def silent(seed: int, *, ruler: float, app: float, anchors: int = 0, again: int = 0, day: float = 6.0) -> Desk:
    """One judge all along that drifts, or answers that got worse; and what could tell the two apart."""
    desk = Desk(seed)
    frozen = desk.anchors(anchors, 1.5)
    late = desk.day > day
    desk.good = desk.good + app * (late & ~frozen)
    desk.change("elsewhere", day, "corpus_change")
    desk.score(np.ones(len(late), dtype=bool), "j-1", ruler * late)
    old = np.zeros(len(late), dtype=bool)
    old[desk.rng.choice(np.flatnonzero(~late), again, replace=False)] = True
    desk.score(old, "j-1", ruler, at=np.full(len(late), day + 2))
    return desk


def rubric(seed: int) -> Desk:
    """The same judge all along, with a harder rubric from one day on that nobody declared, and some old answers scored with it."""
    desk = Desk(seed)
    late = desk.day > 5
    everything = np.ones(len(late), dtype=bool)
    desk.score(everything, "j-1", -0.1 * late, rubric=np.where(late, "r2", "r1"))
    again = np.zeros(len(late), dtype=bool)
    again[desk.rng.choice(np.flatnonzero(~late), 30, replace=False)] = True
    desk.score(again, "j-1", -0.1, at=np.full(len(late), 8.0), rubric="r2")
    return desk


def blamed(told: Tell) -> set[str]:
    return {line.candidate for line in told.found.ledger if line.verdict in {"supported", "confirmed"}}


def test_the_same_answers_scored_by_both_judges_convict_the_new_one(investigate: Callable[..., Tell]) -> None:
    told = investigate(new_judge(1, ruler=-0.1, app=0, pairs=40), "rescored")
    assert (told.found.outcome, told.main.moved) == ("ruler", "ruler")
    assert blamed(told) == {"judge"}
    bridge = told.main.bridge
    assert (bridge.kind, bridge.n, bridge.hides) == ("rescored", 40, False)
    assert bridge.estimate.low < -0.1 < bridge.estimate.high < 0
    assert "40 answers were scored by both j-1 and j-2" in bridge.because
    assert told.answer("bridge", "judge").verdict == "supports"
    assert told.answer("ruler", "edit").verdict == "refutes"
    assert told.ledger["judge"].log_evidence["bridge"] > 3


def test_frozen_answers_convict_a_judge_that_drifts_in_silence(investigate: Callable[..., Tell]) -> None:
    told = investigate(silent(1, ruler=-0.1, app=0, anchors=20), "anchors")
    assert (told.found.outcome, told.main.moved) == ("ruler", "ruler")
    assert blamed(told) == {"ruler"}
    assert (told.main.bridge.kind, told.main.bridge.n) == ("anchors", 20)
    assert told.main.bridge.estimate.low < -0.1 < told.main.bridge.estimate.high
    assert told.ledger["elsewhere"].probability < 0.05


def test_frozen_answers_that_stayed_clear_the_ruler(investigate: Callable[..., Tell]) -> None:
    told = investigate(silent(3, ruler=0, app=-0.15, anchors=20), "anchors stayed")
    assert (told.found.outcome, told.main.moved) == ("unattributed", "app")
    assert told.answer("bridge", "ruler").verdict == "refutes"
    assert told.ledger["ruler"].verdict == "excluded"


def test_a_few_pairs_cannot_tell(investigate: Callable[..., Tell]) -> None:
    told = investigate(new_judge(1, ruler=-0.1, app=0, pairs=4), "few")
    assert told.found.outcome in {"tied", "unattributed"}
    assert told.main.moved == "unknown"
    assert not blamed(told)
    for one in ("judge", "ruler"):
        assert told.answer("bridge", one).verdict == "inconclusive"
        assert "too few" in told.answer("bridge", one).because
        assert "bridge" not in told.ledger[one].log_evidence


def test_an_innocent_new_judge_is_cleared_and_the_app_is_not(investigate: Callable[..., Tell]) -> None:
    told = investigate(new_judge(1, ruler=0, app=-0.2, pairs=250, region="eu"), "innocent")
    assert (told.found.outcome, told.main.moved) == ("attributed", "app")
    assert blamed(told) == {"edit"}
    assert told.main.bridge.estimate.low < 0 < told.main.bridge.estimate.high
    assert told.answer("bridge", "judge").verdict == "refutes"
    assert told.ledger["judge"].log_evidence["bridge"] < -2


def test_a_fall_that_a_kinder_judge_hides_comes_to_light(investigate: Callable[..., Tell]) -> None:
    told = investigate(new_judge(1, ruler=0.1, app=-0.1, pairs=40, region="eu"), "hidden")
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


def test_when_both_moved_each_gets_its_share(investigate: Callable[..., Tell]) -> None:
    told = investigate(new_judge(1, ruler=-0.1, app=-0.1, pairs=40, region="eu"), "both")
    assert (told.found.outcome, told.main.moved) == ("attributed", "app")
    assert blamed(told) == {"edit"}
    assert told.main.delta.estimate < -0.12
    shares = {name: line.share.estimate for name, line in told.ledger.items()}
    assert shares["judge"] == pytest.approx(0.67, abs=0.15)
    assert shares["edit"] == pytest.approx(0.33, abs=0.15)
    assert told.ledger["judge"].verdict == "consistent"


def test_a_judge_of_one_day_and_a_prompt_of_another_are_two_shifts(investigate: Callable[..., Tell]) -> None:
    told = investigate(new_judge(1, ruler=-0.1, app=-0.1, pairs=40, day=2.5, app_day=6.5, region="eu"), "two")
    worse = {shift.moved: shift for shift in told.found.shifts if shift.direction == "worse"}
    assert set(worse) == {"ruler", "app"}
    assert told.found.outcome == "attributed"
    assert told.main == worse["app"]
    for moved, day in (("ruler", 2.5), ("app", 6.5)):
        assert abs(worse[moved].onset.estimate - START - timedelta(days=day)) < timedelta(hours=18)
    held = {line.shift: line.candidate for line in told.found.ledger if line.verdict == "supported"}
    assert held == {worse["ruler"].id: "judge", worse["app"].id: "edit"}


def test_a_rubric_that_nobody_declared_is_a_candidate(investigate: Callable[..., Tell]) -> None:
    told = investigate(rubric(1), "rubric")
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
        (seen(0.0, error=0.02), "open"),
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
