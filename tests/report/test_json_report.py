"""The contract's object comes out whole, the same each time, and safe to print."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from blameline.records import Investigation, Query
from blameline.report.json import Json, plain


@pytest.mark.parametrize("outcome", ["attributed", "tied", "unattributed", "ruler", "mix", "artefact", "no_shift"])
def test_round_trip(story: Any, outcome: str) -> None:
    made = story(outcome)
    text = Json().render(made)
    assert text.endswith("}\n")
    assert Json().render(made) == text
    assert Json().render(story(outcome)) == text
    again = Investigation.model_validate_json(text)
    assert again.shifts == made.found.shifts
    assert [line.candidate for line in again.ledger] == [line.candidate for line in made.found.ledger]


def test_the_contracts_names(story: Any) -> None:
    found = json.loads(Json().render(story("attributed")))
    assert list(found)[:3] == ["schema", "outcome", "headline"]
    assert found["window"]["from"] == "2026-03-01T09:12:00Z"
    assert found["shifts"][0]["onset"]["low"] == "2026-03-14T08:50:00Z"
    assert found["shifts"][0]["ended"] is None
    line = found["ledger"][0]
    assert {
        "candidate",
        "shift",
        "kind",
        "layer",
        "declared",
        "probability",
        "share",
        "verdict",
        "tied_with",
        "because",
        "evidence",
        "next_test",
    } <= set(line)
    assert list(line["evidence"][1]["numbers"]) == ["n_with", "n_without", "with_it", "without_it"]
    assert line["evidence"][0]["query"]["parameters"] == {"signal": "answer_correct", "since": "2026-03-07T09:12:00Z"}


def test_values() -> None:
    assert plain(0.1 + 0.2) == 0.3
    assert plain(float("nan")) is None
    assert str(plain(-0.0)) == "0.0"
    assert plain(np.int64(3)) == 3
    assert plain(np.float64(0.25)) == 0.25
    assert plain(datetime(2026, 3, 14, 9, 12)) == "2026-03-14T09:12:00Z"  # noqa: DTZ001  DuckDB's are naive
    assert plain(datetime(2026, 3, 14, tzinfo=UTC).date()) == "2026-03-14"
    assert plain(timedelta(minutes=30)) == "PT30M"
    assert plain({"b": 1, "a": {3, 1}}, free=True) == {"a": ["1", "3"], "b": 1}
    assert plain("a\ud800") == "a?"


def test_probabilities_still_sum_to_one(story: Any) -> None:
    made = story("attributed")
    lines = tuple(made.found.ledger[0].model_copy(update={"probability": 1 / 7}) for _ in range(7))
    text = Json().render(made.model_copy(update={"found": made.found.model_copy(update={"ledger": lines})}))
    assert sum(line["probability"] for line in json.loads(text)["ledger"]) == pytest.approx(1)


def test_nothing_unseen_reaches_a_terminal(story: Any) -> None:
    made = story("attributed")
    text = Json().render(
        made.model_copy(update={"found": made.found.model_copy(update={"headline": "a\x1b[2J\x9b\u202e\U000e0041ü"})})
    )
    assert not set("\x1b\x9b\u202e\U000e0041") & set(text)
    assert "ü" in text
    assert json.loads(text)["headline"] == "a\x1b[2J\x9b\u202e\U000e0041ü"


def test_parameters_of_any_kind(story: Any) -> None:
    made = story("attributed")
    line = made.found.ledger[0]
    query = Query(name="q", sha256="0" * 64, parameters={"until": datetime(2026, 3, 14), "names": ("a", "b")})  # noqa: DTZ001
    line = line.model_copy(update={"evidence": (line.evidence[0].model_copy(update={"query": query}),)})
    text = Json().render(made.model_copy(update={"found": made.found.model_copy(update={"ledger": (line,)})}))
    assert json.loads(text)["ledger"][0]["evidence"][0]["query"]["parameters"] == {
        "names": ["a", "b"],
        "until": "2026-03-14T00:00:00Z",
    }
