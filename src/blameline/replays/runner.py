"""Runs a plan against an endpoint: its lines in, one result a run out, with a budget, and where it stopped it goes on.

Requests are taken in the order of the plan, each through all its arms, so that wherever a budget ends there are whole pairs.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from blameline.errors import BlamelineError, NotFound
from blameline.replays.calls import Failed
from blameline.replays.fill import Fill, filled
from blameline.replays.plan import SCHEMA
from blameline.replays.scoring import Scorer, Unscored, measurable, measured

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from blameline.replays.calls import Endpoint
    from blameline.replays.journal import Journal

MOST_FAILURES = 5
"""Runs in a row that fail before the rest is not even tried."""
GUESS = 1000
"""Tokens that a run counts for before its call, where the plan tells none."""


@dataclass(frozen=True)
class Plan:
    """A plan, read back."""

    head: Mapping[str, Any]
    runs: tuple[Mapping[str, Any], ...]
    digest: str
    """Of its bytes: results say which plan they belong to."""


@dataclass
class Course:
    """How a plan is coming along."""

    whole: int
    done: int = 0
    """Runs with a result, those of earlier times too."""
    calls: int = 0
    """Made this time."""
    spent: int = 0
    """Tokens, those of earlier times too."""
    scored: int = 0
    unscored: int = 0
    failed: int = 0
    unfilled: Counter[str] = field(default_factory=Counter)
    """Holes that nothing fills, by the runs that they hold up."""
    stopped: str = ""
    """Why it stopped before the end; empty where it did not."""


def read(path: Path) -> Plan:
    """A plan from its file.

    Raises ``NotFound`` where there is none, and ``BlamelineError`` for a file that is no plan, or was cut off.
    """
    if not path.is_file():
        raise NotFound(f"there is no plan at {path}", hint="`incident replay plan -o` writes one")
    lines = []
    whole = path.read_text(encoding="utf-8")
    for number, text in enumerate(whole.split("\n")[:-1], start=1):
        try:
            line = json.loads(text)
        except ValueError:
            line = None
        if not isinstance(line, dict):
            raise BlamelineError(f"{path}:{number} is no JSON object", hint="write the plan again")
        lines.append(line)
    if not lines or lines[0].get("schema") != SCHEMA:
        raise BlamelineError(f"{path} is no plan of replays", hint=f"its first line says schema {SCHEMA}")
    head, *runs = lines
    needed = {"run_id", "case_id", "arm", "config", "repeat", "fill"}
    if len(runs) != head.get("calls", 0) + head.get("recorded", 0) or any(not needed <= run.keys() for run in runs):
        raise BlamelineError(f"{path} does not hold all of its runs", hint="write the plan again")
    return Plan(head, tuple(runs), hashlib.blake2b(whole.encode(), digest_size=8).hexdigest())


def unfilled(plan: Plan, fills: Mapping[str, Fill]) -> Counter[str]:
    """Holes that nothing fills, by the runs that they hold up."""
    open_ones: Counter[str] = Counter()
    for run in plan.runs:
        if run["recorded"] is None and filled(run, fills) is None:
            open_ones.update(
                f"{name}={version}" for name, version in run["fill"].items() if f"{name}={version}" not in fills
            )
            if all(f"{name}={version}" in fills for name, version in run["fill"].items()):
                open_ones["messages=recorded"] += 1
    return open_ones


class Runner:
    """Calls what has no result yet, and scores what has no score; answers on record are only scored.

    ``budget`` counts the tokens of all calls in the results, of earlier times too: it stops before a call that would
    pass it, taken that this one needs what the plan tells or the largest so far of its arm.
    """

    def __init__(
        self,
        plan: Plan,
        journal: Journal,
        endpoint: Endpoint | None,
        *,
        fills: Mapping[str, Fill],
        scorer: Scorer | None,
        model: str | None = None,
        budget: int | None = None,
    ) -> None:
        self._plan, self._journal, self._endpoint = plan, journal, endpoint
        self._fills, self._scorer, self._model, self._budget = fills, scorer, model, budget
        self._largest: dict[str, int] = {}
        for line in journal.lines.values():
            self._took(line["arm"], line)
        self._failures = 0
        self.course = Course(whole=len(plan.runs), spent=journal.spent)

    def execute(self, step: Callable[[Course], None] | None = None) -> Course:
        """All that is left of the plan, as far as the budget goes; ``step`` is told how it is coming along."""
        for run in self._plan.runs:
            if self._journal.done(run["run_id"]):
                continue
            if run["recorded"] is not None:
                self._journal.append(self._result(run, run["recorded"]["answer"], {"tokens": 0}))
                continue
            asked = filled(run, self._fills)
            if asked is None:
                self.course.unfilled.update(f"{name}={version}" for name, version in run["fill"].items())
                continue
            if self._dear(run):
                break
            self._call(run, *asked)
            if step is not None:
                step(self._counted())
            if self._failures >= MOST_FAILURES:
                break
        self._score_the_rest()
        return self._counted()

    def _dear(self, run: Mapping[str, Any]) -> bool:
        """Whether the next call might pass the budget."""
        needs = max(int(run.get("tokens") or GUESS), self._largest.get(run["arm"], 0))
        if self._budget is None or self._journal.spent + needs <= self._budget:
            return False
        left = max(self._budget - self._journal.spent, 0)
        self.course.stopped = f"the next call might take {needs:,} tokens, and {left:,} of the budget are left"
        return True

    def _call(self, run: Mapping[str, Any], request: dict[str, Any], url: str | None) -> None:
        if self._model is not None and _may_rename(self._plan, run):
            request["model"] = self._model
        assert self._endpoint is not None
        try:
            answer = self._endpoint.run(request, run["stubs"], url)
        except Failed as error:
            self._failures += 1
            self.course.failed += 1
            self._journal.append({**_about(run), "score": None, "error": str(error), "tokens": error.tokens})
            if self._failures >= MOST_FAILURES:
                self.course.stopped = f"{self._failures} runs in a row failed, the last with: {error}"
            return
        self._failures = 0
        self.course.calls += 1
        more: dict[str, Any] = {"tokens": answer.tokens, "finish": answer.finish, "model": answer.model}
        more |= {"unstubbed": answer.unstubbed} if answer.unstubbed else {}
        self._took(run["arm"], more)
        self._journal.append(self._result(run, answer.text, more))

    def _took(self, arm: str, line: Mapping[str, Any]) -> None:
        self._largest[arm] = max(self._largest.get(arm, 0), int(line.get("tokens") or 0))

    def _result(self, run: Mapping[str, Any], answer: str, more: Mapping[str, Any]) -> dict[str, Any]:
        line = {**_about(run), "score": None, "response": answer, **more}
        return line if self._scorer is None else {**line, **_scored(run, answer, self._scorer)}

    def _score_the_rest(self) -> None:
        """Score answers that wait for it, now that there is a way to."""
        lines = self._journal.lines
        waiting = {name: one for name, one in lines.items() if one["score"] is None and one.get("response") is not None}
        if not waiting:
            return
        told: dict[str, dict[str, Any]] = {}
        if self._scorer is not None:
            by_id = {run["run_id"]: run for run in self._plan.runs}
            told = {name: _scored(by_id[name], one["response"], self._scorer) for name, one in waiting.items()}
        elif measurable(self._plan.head):
            answers = {name: {"text": one["response"], "finish": one.get("finish")} for name, one in waiting.items()}
            told = {name: {"score": value} for name, value in measured(self._plan.head, answers).items()}
        for name, value in told.items():
            if value.get("score") is not None:
                self._journal.append({**waiting[name], **value, "tokens": 0})

    def _counted(self) -> Course:
        lines = [self._journal.lines[run["run_id"]] for run in self._plan.runs if self._journal.done(run["run_id"])]
        self.course.done = len(lines)
        self.course.scored = sum(line["score"] is not None for line in lines)
        self.course.unscored = self.course.done - self.course.scored
        self.course.spent = self._journal.spent
        return self.course


def _may_rename(plan: Plan, run: Mapping[str, Any]) -> bool:
    """Whether another name for the model may be used: not where the model is what is swapped."""
    swapped = {one["name"] for one in plan.head["experiment"]["factors"] if one["layer"] == "model"}
    return not swapped & run["config"].keys()


def _about(run: Mapping[str, Any]) -> dict[str, Any]:
    told = {key: run[key] for key in ("run_id", "case_id", "signal", "arm", "config")}
    return {**told, "run": run["repeat"]}


def _scored(run: Mapping[str, Any], answer: str, scorer: Scorer) -> dict[str, Any]:
    try:
        return {"score": scorer.score(run, answer)}
    except Unscored as error:
        return {"unscored": str(error)}


def calls_left(plan: Plan, journal: Journal, fills: Mapping[str, Fill]) -> Sequence[Mapping[str, Any]]:
    """The runs that are still to be called."""
    return [
        run
        for run in plan.runs
        if run["recorded"] is None and not journal.done(run["run_id"]) and filled(run, fills) is not None
    ]
