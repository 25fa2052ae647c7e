"""Requests that are told as rows of a table."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import yaml

if TYPE_CHECKING:
    from pathlib import Path

T0 = datetime(2026, 3, 1, tzinfo=UTC)
Row = dict[str, Any]


def row(span: str, answer: str | None = None, *, minute: float = 0, finish: str | None = "stop", **more: object) -> Row:
    """One call of a model; it is a request by itself where nothing else is said."""
    said: Row = {
        "trace_id": span, "span_id": span, "timestamp": (T0 + timedelta(minutes=minute)).isoformat(), "latency_ms": 400.0,
        "gen_ai.operation.name": "chat", "question": "and?", "status": "ok",
    }  # fmt: skip
    said |= {} if answer is None else {"answer": answer}
    said |= {} if finish is None else {"gen_ai.response.finish_reasons": [finish]}
    return {name: value for name, value in (said | more).items() if value is not None}


@pytest.fixture(scope="session")
def rows() -> Callable[..., Row]:
    return row


@pytest.fixture(scope="session")
def written() -> Callable[[Path, list[Row], list[dict[str, Any]]], Path]:
    """A case folder of requests and contracts."""

    def write(folder: Path, told: list[Row], contracts: list[dict[str, Any]]) -> Path:
        folder.mkdir(exist_ok=True)
        (folder / "traces.jsonl").write_text("".join(json.dumps(one) + "\n" for one in told), encoding="utf-8")
        (folder / "contracts.yaml").write_text(yaml.safe_dump({"contracts": contracts}), encoding="utf-8")
        return folder

    return write
