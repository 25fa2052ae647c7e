"""From a tie to a verdict: plan, run against an endpoint with a planted behaviour, load, blame."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

import blameline
from blameline.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SCORE = ["--score", "regex:checked"]


def incident(*words: str, status: int = 0) -> Any:
    done = CliRunner().invoke(main, list(words), catch_exceptions=False)
    assert done.exit_code == status, done.output
    return done


@pytest.fixture
def replayed(
    desk: Callable[..., Path], endpoint: Callable[..., Any], fills: list[str], tmp_path: Path
) -> Callable[..., Any]:
    """Plan, run and load; the ledger before and after, by candidate."""

    def run(behaviour: str) -> Any:
        path = tmp_path / "case.duckdb"
        shutil.copy(desk(behaviour), path)
        plan, results = tmp_path / "plan.jsonl", tmp_path / "replays.jsonl"
        with blameline.open(path, read_only=True) as case:  # both from one inquiry
            before = case.blame()
            plan.write_text(case.plan_replay().text)
        given = [part for fill in fills for part in ("--fill", fill)]
        server = endpoint(behaviour)
        incident("replay", "run", str(plan), "--via", server.url, "-o", str(results), *given, *SCORE)
        incident("load", str(results), "--case", str(path))
        with blameline.open(path) as case:
            return before, case.blame(), server

    return run


def ledger(found: Any) -> dict[str, Any]:
    return {line.candidate: line for line in found.ledger if line.shift == found.shifts[0].id}


def test_a_tie_is_split_by_a_replay(replayed: Callable[..., Any], tmp_path: Path) -> None:
    before, after, server = replayed("prompt")
    assert before.outcome == "tied"
    assert {ledger(before)["edit"].verdict, ledger(before)["index"].verdict} == {"consistent"}
    assert after.outcome == "attributed"
    lines = ledger(after)
    assert lines["edit"].verdict == "confirmed", lines["edit"].because
    assert lines["index"].verdict == "excluded", lines["index"].because
    assert not lines["edit"].tied_with
    assert server.asked
    lines_of_results = [json.loads(line) for line in (tmp_path / "replays.jsonl").read_text().splitlines()]
    assert len({line["run_id"] for line in lines_of_results}) == len(lines_of_results)
    for line in lines_of_results:
        assert {"case_id", "signal", "score", "config", "run"} <= line.keys()
        assert set(line["config"]) == {"prompt", "retrieval"}
    recorded = [line for line in lines_of_results if line["run"] == "recorded"]
    assert len(recorded) * 4 == len(lines_of_results) - 20  # each request once, and the first twenty again
    assert all(line["tokens"] == 0 for line in recorded)


def test_changes_that_do_it_together_stay_tied_and_that_is_said(replayed: Callable[..., Any]) -> None:
    _, after, _ = replayed("together")
    lines = ledger(after)
    assert after.outcome == "tied"
    told = {one: next(e for e in lines[one].evidence if e.check == "replay") for one in ("edit", "index")}
    assert {one.verdict for one in told.values()} == {"supports"}
    assert "more so beside the other changes" in told["edit"].because
    assert "together" in lines["edit"].because


def test_what_no_change_brings_back_speaks_for_the_unknown(replayed: Callable[..., Any]) -> None:
    before, after, _ = replayed("neither")
    lines = ledger(after)
    assert after.outcome == "unattributed"
    assert not {lines["edit"].verdict, lines["index"].verdict} & {"confirmed", "supported"}
    assert lines["unknown"].probability > ledger(before)["unknown"].probability
    told = next(one for one in lines["unknown"].evidence if one.check == "replay")
    assert told.verdict == "supports"
