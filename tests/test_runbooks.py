"""Every runbook is whole, its commands exist, its SQL runs, and it turns up where it fits."""

from __future__ import annotations

import re
import shlex
from datetime import UTC, datetime
from typing import Any

import duckdb
import pytest

from blameline.assets import sql
from blameline.errors import BlamelineError, NotFound
from blameline.records import Interval, Investigation, LedgerLine, Onset, Runbook, Shift
from blameline.runbooks import HEADINGS, fitting, parse, runbook, runbooks

VERBS = {"investigate", "load", "shifts", "timeline", "changes", "blame", "report", "note", "sql", "demo", "plugins"}
ONSET = "2026-03-14 09:12"
BOOKS = runbooks()


def commands(book: Runbook) -> list[list[str]]:
    """Every command of a runbook, as words."""
    found: list[list[str]] = []
    for block in re.findall(r"```sh\n(.*?)```", book.text, re.DOTALL):
        for word in shlex.split(
            block.replace("\nincident ", "\n; incident ").replace("\n   incident ", "\n; incident "), comments=True
        ):
            if word == ";":
                continue
            if word in {"incident", "export"}:
                found.append([])
            found[-1].append(word)
    return found


def found(outcome: str, *lines: tuple[str, str | None, float]) -> Investigation:
    moment = datetime(2026, 3, 14, 9, 12, tzinfo=UTC)
    share = Interval(estimate=0.5, low=0, high=1)
    told: dict[str, Any] = {
        "kind": "x",
        "declared": True,
        "share": share,
        "verdict": "supported",
        "because": "",
        "next_test": "",
    }
    shift = Shift(
        id="s",
        signal="ok",
        direction="worse",
        moved="app",
        onset=Onset(estimate=moment, low=moment, high=moment),
        before=1,
        after=0,
        delta=share,
    )
    ledger = tuple(
        LedgerLine(candidate=name, shift="s", layer=layer, probability=odds, **told) for name, layer, odds in lines
    )
    return Investigation(outcome=outcome, headline="", shifts=(shift,), ledger=ledger)


def test_there_are_six() -> None:
    assert [book.id for book in BOOKS] == [
        "judge-drift",
        "lost-records",
        "prompt-edit",
        "retrieval-index",
        "silent-provider-change",
        "traffic-mix",
    ]


@pytest.mark.parametrize("book", BOOKS, ids=lambda book: book.id)
def test_commands_are_real(book: Runbook) -> None:
    told = [words for words in commands(book) if words[0] == "incident"]
    assert len(told) >= 6
    for words in told:
        assert words[1] in VERBS
        assert words[1] == "investigate" or words[words.index("--case") + 1] == "out/incident.duckdb"


@pytest.mark.parametrize("book", BOOKS, ids=lambda book: book.id)
def test_sql_runs_on_the_case_file(book: Runbook) -> None:
    case = duckdb.connect()
    case.execute(sql("schema"))
    queries = [words[-1] for words in commands(book) if words[:2] == ["incident", "sql"]]
    assert queries
    for query in queries:
        case.execute(query.replace("$ONSET", ONSET)).fetchall()


@pytest.mark.parametrize("book", BOOKS, ids=lambda book: book.id)
def test_a_runbook_is_a_screen_or_two(book: Runbook) -> None:
    assert 40 < len(book.text.splitlines()) < 130
    assert book.because == ""
    assert f"# {book.title}\n" in book.text


def test_fitting() -> None:
    assert [
        book.id for book in fitting(found("attributed", ("chg-1", "prompt", 0.9), ("chg-2", "retrieval", 0.04)))
    ] == ["prompt-edit"]
    assert [book.id for book in fitting(found("tied", ("chg-1", "prompt", 0.4), ("chg-2", "retrieval", 0.5)))] == [
        "retrieval-index",
        "prompt-edit",
    ]
    assert [book.id for book in fitting(found("mix", ("mix", None, 0.9)))] == ["traffic-mix"]
    assert [book.id for book in fitting(found("ruler", ("ruler", None, 0.9)))] == ["judge-drift"]
    assert [book.id for book in fitting(found("artefact", ("artefact", None, 0.9)))] == ["lost-records"]
    assert [book.id for book in fitting(found("artefact", ("chg-1", "telemetry", 0.9)))] == ["lost-records"]
    assert [book.id for book in fitting(found("unattributed", ("unknown", None, 0.9)))] == ["silent-provider-change"]
    assert fitting(Investigation(outcome="no_shift", headline="")) == ()
    (book,) = fitting(found("attributed", ("chg-1", "prompt", 1.0)))
    assert book.because == "chg-1 (layer prompt) holds >99% of the odds, supported"


def test_what_is_ruled_out_needs_no_runbook() -> None:
    made = found("attributed", ("chg-1", "prompt", 0.9))
    out = made.model_copy(update={"ledger": (made.ledger[0].model_copy(update={"verdict": "excluded"}),)})
    assert fitting(out) == ()


def test_unknown_runbook() -> None:
    assert runbook("prompt-edit").layers == ("prompt", "context")
    with pytest.raises(NotFound, match="there are: judge-drift"):
        runbook("nope")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("# x\n", "no front matter"),
        ("---\nid: x\n---\n## Goal\n", "headings Goal"),
        ("---\nid: x\n---\n" + "".join(f"## {heading}\n" for heading in HEADINGS), "cannot be read"),
        ("---\n[\n---\n" + "".join(f"## {heading}\n" for heading in HEADINGS), "cannot be read"),
    ],
)
def test_a_broken_page_is_told(text: str, words: str) -> None:
    with pytest.raises(BlamelineError, match=words):
        parse(text, "x.md")
