"""A changelog five hours off: what no trace shows is judged at the time that the other records of its file give it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import SimpleNamespace

START = datetime(2026, 3, 2, tzinfo=UTC)
OFF = 5 / 24


def written(build: SimpleNamespace, *, shown: int = 3, onset: float = 6.0) -> Any:
    """Everything in the traces comes ``OFF`` after its record; so did ``hidden``, which is written down as at ``OFF`` before day 6."""
    w = build.world(92, per_day=500)
    stamps = [("app.index.version", "index_refresh", 2.0), ("app.tools.schema", "tool_schema", 8.0)]
    stamps.append(("gen_ai.request.temperature", "sampling_change", 10.0))
    for attribute, kind, day in stamps[:shown]:
        w.stamp(attribute, "1", "2", w.day > day)
        w.change(kind, day - OFF, kind, **{"from": "1", "to": "2"})
    w.change("hidden", 6 - OFF, "corpus_change")
    w.share("answer_correct", w.base - 0.25 * (w.day > onset), w.judge())
    w.control(w.judge())
    return w.files


def test_the_hidden_change_is_held_against_its_corrected_time(
    investigate: Callable[..., Any], build: SimpleNamespace
) -> None:
    told = investigate(written(build))
    line = told.ledger["hidden"]
    assert line.at == START + timedelta(days=6 - OFF)
    timing = told.answer("timing", "hidden")
    assert timing.verdict == "supports"
    assert "times in changes.yaml are off by about 5 h (3 changes)" in timing.because
    assert timing.numbers["hours_from_change_to_onset"] == pytest.approx(0, abs=2)
    assert line.probability > told.ledger["index_refresh"].probability
    assert told.hearing.bids["hidden"].best == 0


def test_what_fits_only_as_it_was_written_is_no_better_for_it(
    investigate: Callable[..., Any], build: SimpleNamespace
) -> None:
    right, wrong = (investigate(written(build, onset=onset)).ledger["hidden"] for onset in (6.0, 5.3))
    assert wrong.probability < right.probability
    assert wrong.verdict not in {"supported", "confirmed"}


def test_one_record_says_that_the_times_may_be_off(investigate: Callable[..., Any], build: SimpleNamespace) -> None:
    told = investigate(written(build, shown=1))
    timing = told.answer("timing", "hidden")
    assert "times in changes.yaml may be off by about 5 h (1 change)" in timing.because
    assert told.candidate("hidden").starts == START + timedelta(days=6 - OFF)
    assert told.ledger["hidden"].verdict not in {"supported", "confirmed"}
