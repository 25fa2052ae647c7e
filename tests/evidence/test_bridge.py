"""Answers scored on both sides of an onset: the ruler convicted, cleared, and left open; what it hides, and what it leaves."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import yaml

from blameline.evidence.bridge import Span, log_ratio, says

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Tell = Any  # ``Told`` of conftest.py, which cannot be imported
START = datetime(2026, 3, 2, tzinfo=UTC)
DAYS = 10


@dataclass
class Desk:
    """A few requests of one desk and what judges said of them, as JSON lines."""

    seed: int
    per_day: int = 100
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
    day: float = 7.0,
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


def silent(seed: int, *, ruler: float, app: float, anchors: int = 0, again: int = 0, day: float = 7.0) -> Desk:
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
