"""What is told: of a load, of the ledger, and of a whole investigation, down to what a renderer is handed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Literal

from pydantic import Field

from blameline.records.brought import Change, Manifest, Window
from blameline.records.declared import ChangeState
from blameline.records.experiments import Replayed
from blameline.records.found import Context, Dip, Disagreement, Guard, LedgerLine, Shift, Signal
from blameline.records.unrecorded import Signature
from blameline.records.words import GapKind, Layer, Moment, Outcome, Problem, Record


class Scan(Record):
    """Bulk rows that DuckDB is to read by itself: a statement under ``sql/sources/`` and what to bind to it.

    ``file_id`` is bound by the store. Spans and scores never pass through Python one by one.
    """

    name: str
    """``sources/<name>``: one ``INSERT … SELECT``."""
    parameters: Mapping[str, Any] = Field(default_factory=dict)
    rows_into: Literal["spans", "scores", "logs", "staging", "problems"] = "spans"
    columns: Any = None
    """A pyarrow table that the statement reads under a name ``incoming_…``, where a source has rows and no file to name."""
    faults: str | None = None
    """The statement that tells what is wrong with rows of ``columns``; asked only when fewer rows were kept than came."""


class SkippedFile(Record):
    """A file that was looked at and is no evidence."""

    source: str
    reason: str


class LoadedFile(Record):
    """A file that was read."""

    source: str
    format: str
    sha256: str
    rows: int
    """Spans, scores, changes, runs, replays and alerts that it brought (before removal of duplicates)."""


class Gap(Record):
    """Something that the data does not hold, in numbers, and what can no longer be asked because of it."""

    kind: GapKind
    what: str
    """One sentence with the numbers."""
    source: str | None = None
    """The file or the format that it is about; ``null`` for all of them."""
    n: int
    """How many are missing, wrong or marked."""
    of: int | None = None
    """Of how many; ``null`` where there is no whole."""
    since: Moment | None = None
    until: Moment | None = None
    unanswerable: str
    """One sentence: which questions have no answer because of it."""


class Loaded(Record):
    """What one load brought in, and what it could not read."""

    files: tuple[LoadedFile, ...] = ()
    spans: int = 0
    scores: int = 0
    changes: int = 0
    eval_runs: int = 0
    replays: int = 0
    alerts: int = 0
    duplicates: int = 0
    """Spans and scores that were there already, or twice."""
    skipped: tuple[SkippedFile, ...] = ()
    problems: tuple[Problem, ...] = ()
    gaps: tuple[Gap, ...] = ()
    """What is missing from all that the case file holds, the worst first."""


class Entry(Record):
    """One link of the ledger's chain; nothing is edited, a retraction is a new entry."""

    id: str
    parent: str | None
    at: Moment
    by: str
    kind: Literal["claim", "evidence", "verdict", "note", "action", "retraction"]
    body: Mapping[str, Any]


class Investigation(Record):
    """The contract's object: what ``incident investigate --json`` prints."""

    schema_: Literal["blameline.investigation/1"] = Field(default="blameline.investigation/1", alias="schema")
    outcome: Outcome
    headline: str
    service: str | None = None
    window: Window = Window()
    seed: int = 0
    version: str = ""
    """The blameline that wrote this."""
    shifts: tuple[Shift, ...] = ()
    ledger: tuple[LedgerLine, ...] = ()
    guards: tuple[Guard, ...] = ()
    replays: tuple[Replayed, ...] = ()
    """What replays of the main shift's signal came to: how often each arm behaved badly, and the share of each factor."""
    problems: tuple[Problem, ...] = ()
    gaps: tuple[Gap, ...] = ()
    """What is missing from the data, the worst first."""
    context: tuple[Context, ...] = ()
    """What moved beside the main shift, or of late where there is none: never a shift, and never evidence."""
    disagreements: tuple[Disagreement, ...] = ()
    """Where users' clicks and graded truth went different ways."""
    dips: tuple[Dip, ...] = ()
    """What was too short to be a shift."""
    changes: tuple[ChangeState, ...] = ()
    """What the changelog says against what the traces show, the dark ones first."""
    signatures: tuple[Signature, ...] = ()
    """Behaviour that moved in several ways at one moment with no recorded identity near it: a change that nobody recorded."""
    no_signature: str = ""
    """Why there is none: what was looked at, or what is missing; empty where there is one."""
    cannot_tell: str = ""
    """Why no shift for the worse could have been found, and ``no_shift`` clears nothing; empty where one could have been."""


class SeriesPoint(Record):
    """One bucket of one signal, for tables and plots."""

    at: Moment
    mean: float | None
    low: float | None
    high: float | None
    n: int


class TimelineRow(Record):
    """One line of the aligned view."""

    at: Moment
    lane: Literal["change", "undeclared", "signature", "shift", "eval", "alert", "report", "note"]
    id: str
    what: str
    low: Moment | None = None
    high: Moment | None = None


class Snapshot(Record):
    """Which versions of one layer served the traffic before, during and after the shift, with their shares."""

    layer: str
    attribute: str
    before: str
    during: str
    after: str


class Runbook(Record):
    """One page of ``runbooks/``: what to do about one family of changes."""

    id: str
    title: str
    layers: tuple[Layer, ...] = ()
    """The layers that it is for."""
    outcomes: tuple[Outcome, ...] = ()
    """The outcomes that it is for."""
    applies_when: str
    last_reviewed: date
    text: str
    """The page below its front matter, as Markdown."""
    because: str = ""
    """Why it fits this investigation; empty when nobody asked."""


class Story(Record):
    """All that a renderer needs; a renderer never sees the store."""

    title: str
    found: Investigation
    manifest: Manifest
    loaded: Loaded
    timeline: tuple[TimelineRow, ...] = ()
    snapshots: tuple[Snapshot, ...] = ()
    series: Mapping[str, tuple[SeriesPoint, ...]] = Field(default_factory=dict)
    """Shift id → its signal over time, in the shift's own segment; and each signal of a disagreement under its name."""
    notes: tuple[Entry, ...] = ()
    traces: int = 0
    """Requests in the window."""
    unmeasured: tuple[str, ...] = ()
    """Layers whose version no trace carries."""
    signals: tuple[Signal, ...] = ()
    """What was measured, for units and for which way is better."""
    changes: tuple[Change, ...] = ()
    """The declared changes, for what they replaced and their diffs."""
    runbooks: tuple[Runbook, ...] = ()
    """Those that fit, best first."""
