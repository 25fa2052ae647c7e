"""Tokens that mean something else since a version of the instrumentation: told with their size, and not where the answers changed."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import blameline
from blameline.gaps.tokens import _stepped, tokens

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from blameline.gaps.wording import Weighed

SDK = "telemetry.sdk.version"
START = datetime(2026, 3, 2, tzinfo=UTC)


def gaps_of(rows: list[dict[str, Any]], folder: Path) -> list[Weighed]:
    """What a case of these requests tells of its tokens."""
    (folder / "requests.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    with blameline.open(folder / "incident.duckdb") as case:
        case.load(folder / "requests.jsonl")
        return tokens(case.store, {SDK: len(rows)})


@pytest.fixture
def told(tmp_path: Path) -> Callable[..., list[Weighed]]:
    """Answers of random length, half under each version; ``factor`` and ``longer`` say what tokens and answers do then."""

    def tell(*, factor: float, longer: float, n: int = 400) -> list[Weighed]:
        rng = np.random.default_rng(5)
        lines = []
        for index in range(n):
            after = index >= n // 2
            words = max(int(rng.integers(20, 80) * (longer if after else 1.0)), 1)
            row: dict[str, Any] = {
                "trace_id": f"{index:032x}", "at": (START + timedelta(minutes=5 * index)).isoformat(),
                SDK: "1.40" if after else "1.39", "gen_ai.operation.name": "chat",
                "gen_ai.usage.output_tokens": int(words * 1.4 * (factor if after else 1.0)),
                "gen_ai.usage.input_tokens": 200, "answer": "word " * words,
            }  # fmt: skip
            lines.append(row)
        return gaps_of(lines, tmp_path)

    return tell


def test_tokens_that_step_with_a_version_alone_are_told(told: Callable[..., list[Weighed]]) -> None:
    (one,) = told(factor=1.6, longer=1.0)
    assert one.gap.kind == "tokens"
    assert "Output tokens" in one.gap.what
    assert "'1.40'" in one.gap.what
    size = int(one.gap.what.partition("up by ")[2].partition("%")[0])
    assert 50 <= size <= 70
    assert one.gap.since == START + timedelta(minutes=5 * 200)


def test_longer_answers_are_longer_answers(told: Callable[..., list[Weighed]]) -> None:
    assert told(factor=1.0, longer=1.6) == []


@pytest.fixture
def unseen(tmp_path: Path) -> Callable[..., list[Weighed]]:
    """Calls without words in two regions, half under each version; ``after`` says by which factors what is told moves then."""

    def tell(
        *, n: int = 800, prompt: str = "v1", only: str = "", **after: float
    ) -> list[Weighed]:  # ``only``: the region whose input moves
        rng = np.random.default_rng(5)
        lines = []
        for index in range(n):
            late, region = index >= n // 2, ("eu", "us")[index % 2]
            by = {"input": 1.0, "output": 1.0, "time": 1.0, **(after if late else {})}
            row: dict[str, Any] = {
                "trace_id": f"{index:032x}", "at": (START + timedelta(minutes=5 * index)).isoformat(), "cloud.region": region,
                SDK: "1.40" if late else "1.39", "gen_ai.operation.name": "chat", "gen_ai.prompt.version": prompt if late else "v1",
                "gen_ai.usage.input_tokens": int(rng.integers(800, 1200) * (by["input"] if only in {"", region} else 1.0)),
                "gen_ai.usage.output_tokens": int(rng.integers(80, 160) * by["output"]), "latency_ms": int(rng.integers(900, 1500) * by["time"]),
            }  # fmt: skip
            lines.append(row)
        return gaps_of(lines, tmp_path)

    return tell


def test_input_tokens_that_step_with_a_version_are_told_without_words(unseen: Callable[..., list[Weighed]]) -> None:
    (one,) = unseen(input=4.0)
    assert "Input tokens of a call went up by" in one.gap.what
    assert "'1.40' (before '1.39'" in one.gap.what
    assert "while output tokens and the time of a call stayed level" in one.gap.what
    assert one.gap.since == START + timedelta(minutes=5 * 400)


@pytest.mark.parametrize(
    "after",
    [
        {"input": 1.0}, {"input": 4.0, "output": 1.5}, {"input": 4.0, "time": 1.8}, {"input": 4.0, "prompt": "v2"}, {"input": 4.0, "only": "eu"},
        {"input": 4.0, "n": 150}, {"input": 1.0, "output": 2.0},
    ],
    ids=["nothing", "longer answers", "slower answers", "another prompt", "one region", "too few", "output alone"],
)  # fmt: skip
def test_without_words_what_may_have_moved_itself_is_not_told(
    unseen: Callable[..., list[Weighed]], after: dict[str, Any]
) -> None:
    assert unseen(**after) == []


def group(n: int, tokens: float) -> dict[str, Any]:
    """What the query tells of one version."""
    spread = {f"{what}_spread": 0.2 for what in ("input", "output", "chars")}
    means = {"input_mean": 5.0, "output_mean": tokens, "chars_mean": 5.5}
    return {"n": n, "last_seen": START, **spread, **means, **{f"{what}_n": n for what in ("input", "output", "chars")}}


def test_a_version_that_changed_nothing_and_a_few_answers_say_nothing() -> None:
    assert _stepped(group(400, 4.0), group(400, 4.5), "output") == pytest.approx(0.5)
    assert _stepped(group(400, 4.0), group(400, 4.02), "output") is None
    assert _stepped(group(400, 4.0), group(60, 4.5), "output") is None
