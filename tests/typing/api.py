"""How people will write it: checked by mypy, never run."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, assert_type

import pandas as pd

import blameline
from blameline.records import ContractState, Entry, Evidence, LearnedContracts, TimelineRow
from blameline.store import Result

if TYPE_CHECKING:
    from blameline_example import Halves, OneLine, PlainMean, RunLog

    from blameline.evidence.questions import Check
    from blameline.report import Renderer
    from blameline.shifts import Detector
    from blameline.sources import Source

    # The four seams, from outside.
    source: Source = RunLog()
    detector: Detector = Halves()
    check: Check = PlainMean()
    renderer: Renderer = OneLine()


def a_night_s_work() -> None:
    """From a folder to a post-mortem."""
    with blameline.open("incident.duckdb") as case:
        assert_type(case, blameline.Case)
        loaded = case.load("traces/", Path("changes.yaml"))
        assert_type(loaded, blameline.Loaded)
        assert_type(loaded.problems, tuple[blameline.Problem, ...])
        assert_type(loaded.problems[0].line, int | None)

        found = case.investigate("traces/", seed=3, now=datetime(2026, 3, 20, tzinfo=UTC))
        assert_type(found, blameline.Investigation)
        assert_type(case.blame(seed=3), blameline.Investigation)

        assert_type(case.shifts(signal="answer_correct"), tuple[blameline.Shift, ...])
        assert_type(case.timeline(), tuple[TimelineRow, ...])
        assert_type(case.report(as_="json", templates=Path("ours")), str)
        assert_type(
            case.contracts(since="2026-03-09T13:30Z", until=datetime(2026, 3, 15, tzinfo=UTC)),
            tuple[ContractState, ...],
        )
        assert_type(case.learn_contracts(segment={"tenant.id": "a"}), LearnedContracts)
        assert_type(case.note("rolled back", by="support-ai", on="chg-003"), Entry)

        rows = case.sql("select 1")
        assert_type(rows, Result)
        assert_type(rows.to_frame(), pd.DataFrame)


def what_was_found(found: blameline.Investigation) -> None:
    """Each line of the ledger, and what it rests on."""
    if found.outcome == "attributed":
        line: blameline.LedgerLine = found.ledger[0]
        assert_type(line.probability, float)
        assert_type(line.evidence, tuple[Evidence, ...])
        assert_type(line.evidence[0].query.name, str)
    for shift in found.shifts:
        assert_type(shift.onset.estimate, datetime)
        assert_type(shift.segment, Mapping[str, str])


def what_can_go_wrong() -> None:
    """One base, and a hint on each."""
    try:
        blameline.open("nowhere.duckdb", read_only=True)
    except blameline.NotFound as error:
        assert_type(error.hint, str)
    except blameline.BlamelineError as error:
        assert_type(error.exit_code, int)


def what_is_refused(case: blameline.Case) -> None:
    """What mypy must not let pass."""
    case.blame(seed="3")  # type: ignore[arg-type]
    case.report(as_=1)  # type: ignore[arg-type]
    case.blame().outcome = "tied"  # type: ignore[misc]
