"""How answers of replays are scored: an answer and its run in, a value of the plan's own signal out.

A contract, and a signal that is read from spans, is measured by the very statements that measure it in a case file. Any
other score needs words to look for, answers that are expected, or a command of one's own. Where there is none the answers
are kept unscored: no score is ever guessed.
"""

from __future__ import annotations

import json
import math
import re
import shlex
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Protocol

from blameline import intake
from blameline.cells import derive, known
from blameline.errors import BlamelineError, NotFound
from blameline.store import Store

if TYPE_CHECKING:
    from collections.abc import Mapping

PATIENCE = 300.0
"""Seconds that a command may take for one answer."""
_BEGUN = "2026-01-01T00:00:00Z"
"""When answers that are measured count as given; no signal that can be scored asks for it."""


class Unscored(Exception):
    """An answer could not be scored; the message says why."""


class Scorer(Protocol):
    """Says what an answer is worth."""

    def score(self, run: Mapping[str, Any], answer: str) -> float:
        """The value of the plan's signal. Raises ``Unscored``."""
        ...


class Pattern:
    """1 where a regular expression is found in the answer, else 0."""

    def __init__(self, pattern: str) -> None:
        try:
            self._pattern = re.compile(pattern)
        except re.error as error:
            raise BlamelineError(f"'{pattern}' is no regular expression: {error}") from error

    def score(self, run: Mapping[str, Any], answer: str) -> float:
        """1 or 0."""
        del run
        return float(self._pattern.search(answer) is not None)


class Expected:
    """1 where the answer is the one expected of its request, white space and case apart."""

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise NotFound(f"there is no file {path}", hint="JSON lines with case_id and expected")
        self._wanted: dict[str, str] = {}
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            try:
                one = json.loads(line)
                self._wanted[str(one["case_id"])] = _plain(str(one["expected"]))
            except (ValueError, KeyError, TypeError) as error:
                raise BlamelineError(
                    f"{path}:{number} says nothing of what is expected", hint="JSON lines with case_id and expected"
                ) from error

    def score(self, run: Mapping[str, Any], answer: str) -> float:
        """1 or 0."""
        wanted = self._wanted.get(run["case_id"])
        if wanted is None:
            raise Unscored("no answer is expected of its request")
        return float(_plain(answer) == wanted)


class Command:
    """A program of one's own: a run and its answer as JSON on stdin, ``{"score": 0.5}`` on stdout."""

    def __init__(self, command: str) -> None:
        self._words = shlex.split(command)
        if not self._words:
            raise BlamelineError("the command that scores is empty")

    def score(self, run: Mapping[str, Any], answer: str) -> float:
        """What the command says."""
        told = {key: run.get(key) for key in ("case_id", "signal", "config", "arm", "run_id")}
        told |= {"messages": (run.get("request") or {}).get("messages"), "response": answer}
        try:
            done = subprocess.run(  # noqa: S603  the person's own command
                self._words, input=json.dumps(told), capture_output=True, text=True, timeout=PATIENCE, check=False
            )
        except OSError as error:
            raise BlamelineError(f"the command that scores cannot be run: {error}") from error
        except subprocess.TimeoutExpired as error:
            raise Unscored(f"the command that scores took longer than {PATIENCE:g} s") from error
        if done.returncode:
            raise Unscored(f"the command that scores ended with status {done.returncode}")
        try:
            value = float(json.loads(done.stdout)["score"])
        except (ValueError, KeyError, TypeError) as error:
            raise Unscored("the command that scores printed no score") from error
        if not math.isfinite(value):
            raise Unscored("the command that scores printed no number")
        return value


def scorer(given: str | None, command: str | None) -> Scorer | None:
    """From ``contains:TEXT``, ``regex:PATTERN`` or ``expected:FILE``, or a command; ``None`` where neither is given."""
    if command is not None:
        return Command(command)
    if given is None:
        return None
    kind, _, rest = given.partition(":")
    match kind:
        case "contains" if rest:
            return Pattern(f"(?i){re.escape(rest)}")
        case "regex" if rest:
            return Pattern(rest)
        case "expected" if rest:
            return Expected(Path(rest))
    raise BlamelineError(f"'{given}' is no way to score", hint="contains:TEXT, regex:PATTERN or expected:FILE")


def measurable(plan: Mapping[str, Any]) -> bool:
    """Whether the plan's signal can be measured on the answers themselves."""
    if plan.get("contract"):
        return plan["contract"]["kind"] not in {"latency", "tool_errors"}
    one = known().get(plan["signal"])
    return one is not None and all(name in _TOLD for name in one.reads)


_TOLD = frozenset(
    {"facts.truncated", "facts.refused", "facts.output_chars", "facts_of_words.hedged", "facts_of_words.repeated"}
)
"""What one answer shows by itself."""


def measured(plan: Mapping[str, Any], answers: Mapping[str, Mapping[str, Any]]) -> dict[str, float]:
    """By run, the plan's signal on its answer, which has ``text`` and ``finish``. Answers that say nothing are left out."""
    with TemporaryDirectory(prefix="blameline-replay-") as folder:
        rows = [_row(name, one) for name, one in sorted(answers.items())]
        path = Path(folder) / "answers.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        files = [path]
        contract = plan.get("contract")
        if contract:
            files.append(Path(folder) / "contracts.json")
            rule = {key: value for key, value in contract.items() if key not in {"scope", "span"}}
            files[-1].write_text(json.dumps({"contracts": [rule]}), encoding="utf-8")
        with Store.open(Path(folder) / "answers.duckdb") as store:
            intake.load(store, files, content="full", then=lambda: _derive(store))
            if contract:
                found = store.rows("replays/contract", signal=plan["signal"])
            else:
                store.run(f"signals/{plan['signal']}")
                found = store.rows("replays/signal")
    return {row["trace_id"]: float(row["value"]) for row in found}


def _derive(store: Store) -> None:
    derive(store)


def _row(name: str, one: Mapping[str, Any]) -> dict[str, Any]:
    said = [{"role": "assistant", "parts": [{"type": "text", "content": one["text"]}], "finish_reason": one["finish"]}]
    return {
        "trace_id": name,
        "span_id": name,
        "at": _BEGUN,
        "gen_ai.operation.name": "chat",
        "gen_ai.output.messages": json.dumps(said),
        "gen_ai.response.finish_reasons": json.dumps([one["finish"] or "stop"]),
    }


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())
