"""The vocabulary: frozen records that every room shares.

What comes in are words from files; what goes out are these. Records are for the few (changes, shifts, ledger lines); spans
and scores stay columns and never become one object a row. Nothing here computes.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    WrapValidator,
    field_validator,
)

from blameline import times

Layer = Literal[
    "prompt", "model", "sampling", "retrieval", "context", "tools", "router", "guardrail", "deploy", "data", "judge",
    "eval", "telemetry", "traffic",
]  # fmt: skip
Bidder = Literal["mix", "ruler", "artefact", "chance", "unknown"]
Direction = Literal["worse", "better"]
Moved = Literal["app", "ruler", "mix", "artefact", "unknown"]
Outcome = Literal["no_shift", "attributed", "tied", "unattributed", "ruler", "mix", "artefact"]
Standing = Literal["confirmed", "supported", "consistent", "excluded", "untestable"]
Answer = Literal["supports", "refutes", "inconclusive"]
Finding = Literal[
    "caught", "no_case", "stale", "underpowered", "blind_judge", "not_run", "not_gating", "overridden",
]  # fmt: skip
Better = Literal["higher", "lower"]
GapKind = Literal[
    "hours", "parents", "roots", "dropped", "content", "cut_content", "left_out", "sampling", "clock", "unjoined_scores",
    "partial_scores", "doubled", "unknown_ends", "fallen", "undelivered", "unversioned", "more",
]  # fmt: skip
Paradigm = Literal["chatbot", "copilot", "agent"]

LAYER_OF_KIND: Mapping[str, Layer] = {
    "prompt_edit": "prompt",
    "provider_update": "model",
    "model_swap": "model",
    "deprecation_notice": "model",
    "sampling_change": "sampling",
    "index_refresh": "retrieval",
    "embedder_change": "retrieval",
    "corpus_change": "retrieval",
    "context_change": "context",
    "tool_schema": "tools",
    "router_config": "router",
    "guardrail_change": "guardrail",
    "deploy": "deploy",
    "flag_change": "deploy",
    "infra_change": "deploy",
    "upstream_data": "data",
    "judge_change": "judge",
    "rubric_change": "judge",
    "scorer_change": "judge",
    "eval_suite_change": "eval",
    "sampling_policy": "telemetry",
    "instrumentation_change": "telemetry",
    "traffic_shift": "traffic",
}
"""The layer that each kind of change belongs to (contract, section 3)."""

RULER_LAYERS: frozenset[str] = frozenset({"judge", "eval", "telemetry"})
"""Layers that can move a score and never an answer."""


def as_utc(value: datetime) -> datetime:
    """The same moment in UTC; a time without a zone is taken to be UTC already.

    Raises ``ValueError`` for a moment that UTC has no date for.
    """
    try:
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("there is no such moment in UTC") from error


def stamp(value: datetime) -> str:
    """A moment as the contract writes it: ISO 8601 in UTC with ``Z``, and no fraction when it is zero."""
    return as_utc(value).isoformat().replace("+00:00", "Z")


def _text(value: object) -> object:
    """Numbers and times as text; and no half of a surrogate pair, which no UTF-8 can hold."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "replace").decode()
    return str(value) if isinstance(value, (int, float, datetime)) and not isinstance(value, bool) else value


Moment = Annotated[
    datetime,
    BeforeValidator(times.written),
    AfterValidator(as_utc),
    AfterValidator(times.within),
    PlainSerializer(stamp, return_type=str, when_used="json"),
]
Duration = Annotated[
    timedelta,
    WrapValidator(times.lasting),
    PlainSerializer(times.iso_duration, return_type=str, when_used="json"),
]
Text = Annotated[str, BeforeValidator(_text)]
Segment = Mapping[str, Text]


class Record(BaseModel):
    """Base of all records: frozen, and no field that nobody declared."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        use_attribute_docstrings=True,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
    )


class Problem(Record):
    """A fault in somebody's data: told, never fatal."""

    source: str
    """The file, as a path below what was handed in."""
    line: int | None = None
    """The line (or row) in that file, from 1; ``null`` when the whole file is meant."""
    message: str
    """What is wrong with it, in one sentence."""


class Interval(Record):
    """An estimate with its 90% interval."""

    estimate: float
    low: float
    high: float


class Onset(Record):
    """When a series moved: the most probable moment and the 90% highest-density range of its posterior."""

    estimate: Moment
    low: Moment
    high: Moment


class Stage(Record):
    """One step of a staged rollout."""

    at: Moment
    percent: Annotated[float, Field(ge=0, le=100)]


class Change(Record):
    """One change that somebody wrote down (contract, section 3)."""

    id: Text
    at: Moment
    """When it took effect."""
    recorded_at: Moment | None = None
    """When it was written down."""
    uncertainty: Duration | None = None
    """How far off ``at`` may be."""
    kind: str
    layer: Layer
    component: Text | None = None
    from_: Text | None = Field(default=None, alias="from")
    to: Text | None = None
    scope: Segment = Field(default_factory=dict)
    """Where it applied, as attribute → value; empty means everywhere."""
    rollout: tuple[Stage, ...] = ()
    reverts: Text | None = None
    """The id of the change that this one took back."""
    team: Text | None = None
    summary: Text | None = None
    diff: str | None = None
    source: str = ""
    """The file that it came from."""

    @field_validator("scope", mode="before")
    @classmethod
    def _one_value_each(cls, value: object) -> object:
        if isinstance(value, Mapping) and any(isinstance(one, (list, tuple)) for one in value.values()):
            raise ValueError("an attribute has one value here; write a change for each value")
        return value


class Alert(Record):
    """An alert, an incident or a complaint that somebody or something raised."""

    id: Text
    """The raising system's own id; an alert that is repeated keeps it."""
    at: Moment
    """When it was raised."""
    system: str
    """Who raised it: ``pagerduty``, ``alertmanager`` …"""
    kind: Literal["alert", "incident", "complaint"] = "alert"
    title: Text = ""
    severity: Text | None = None
    acknowledged_at: Moment | None = None
    resolved_at: Moment | None = None
    """``null``: not over, or not said."""
    service: Text | None = None
    labels: Segment = Field(default_factory=dict)
    source: str = ""


class Piece(Record):
    """JSON of what one file tells, and others may tell the rest of; its source puts it together after every load."""

    text: str
    line: int | None
    source: str


class Expectation(Record):
    """What an export says of itself: how many rows a file of it should bring."""

    key: str
    """The file's path as the export names it."""
    rows: Annotated[int, Field(ge=0)]
    source: str = ""
    """The file that says so."""


class Slice(Record):
    """The part of an eval run that covers one segment."""

    segment: Segment = Field(default_factory=dict)
    n: Annotated[int, Field(ge=0)]
    passed: Annotated[int, Field(ge=0)] | None = None


class EvalRun(Record):
    """One run of an eval suite, or the record that it did not run (contract, section 4)."""

    run_id: Text
    suite: Text
    at: Moment
    judge: Text | None = None
    gating: bool = False
    status: Literal["completed", "skipped", "overridden", "error"] = "completed"
    reason: Text | None = None
    prompt_version: Text | None = None
    slices: tuple[Slice, ...] = ()
    case_dates: tuple[Text, ...] = ()
    source: str = ""


class Replay(Record):
    """One re-executed case under a named configuration (contract, section 5)."""

    case_id: Text
    signal: str
    score: float
    config: Mapping[str, Text]
    """Layer → version that the case was run with."""
    run: Text = "1"
    source: str = ""


class SignalSetting(Record):
    """What ``incident.yaml`` says about one signal."""

    better: Better | None = None


class Window(Record):
    """The span of time to look at; an open end means as far as the data goes."""

    from_: Moment | None = Field(default=None, alias="from")
    to: Moment | None = None


class Redaction(Record):
    """What ``incident.yaml`` adds to what is never stored."""

    patterns: tuple[str, ...] = ()
    """Regular expressions (RE2) of whatever else is secret here."""
    names: tuple[str, ...] = ()
    """Attributes whose value is never stored."""


class Manifest(Record):
    """``incident.yaml`` (contract, section 2); every key is optional."""

    service: Text | None = None
    paradigm: Paradigm | None = None
    window: Window = Window()
    reported_at: Moment | None = None
    """The first human report."""
    signals: Mapping[str, SignalSetting] = Field(default_factory=dict)
    controls: tuple[str, ...] = ()
    """Signals that the suspected changes cannot touch."""
    fields: Mapping[Layer, tuple[str, ...]] = Field(default_factory=dict)
    """Layer → attributes that carry its version, beside the standard ones."""
    segments: tuple[str, ...] = ()
    redact: Redaction = Redaction()
    """What else is never stored."""
    columns: Mapping[str, str | tuple[str, ...]] = Field(default_factory=dict)
    """For plain tables: our name → theirs (``at``, ``trace_id``, ``span_id``, ``parent_id``, ``name``, ``end``,
    ``duration_ms``, ``status``; ``scores`` takes a list of columns)."""

    @field_validator("fields", mode="before")
    @classmethod
    def _lists(cls, value: object) -> object:
        if isinstance(value, dict):
            return {k: [v] if isinstance(v, str) else (v or []) for k, v in value.items()}
        return value


class Signal(Record):
    """What is measured: one score found in the data, or one derived from the spans."""

    name: str
    better: Better | None
    """``null``: no direction is known, so it can never be a shift for the worse."""
    unit: str = "score"
    family: Literal["quality", "feedback", "behaviour", "operations"] = "quality"
    control: bool = False
    """A signal that the suspected changes cannot touch."""
    judged: bool = False
    """Scored by a versioned judge, so that a judge change can move it."""
    bounded: bool = True
    """True when the values lie in [0, 1]."""


class SliceEffect(Record):
    """How one segment moved in a shift."""

    segment: Segment
    delta: Interval
    n: int
    """Requests measured in it after the onset."""


class Shift(Record):
    """One lasting move of one signal."""

    id: str
    signal: str
    segment: Segment = Field(default_factory=dict)
    """The slice that moved; empty means all traffic."""
    direction: Direction
    moved: Moved
    onset: Onset
    ended: Moment | None = None
    """When the quality came back, if it did."""
    ended_range: Onset | None = None
    """The same with its 90% range."""
    before: float
    after: float
    delta: Interval
    """Mix-standardised change of the mean, in the signal's own unit."""
    raw_delta: float = 0.0
    """Change of the plain mean, traffic mix included."""
    mix_delta: float = 0.0
    """The part of ``raw_delta`` that the change of traffic explains by itself."""
    n_before: int = 0
    n_after: int = 0
    gradual: bool = False
    """The move is a ramp and not a step."""
    by_segment: tuple[SliceEffect, ...] = ()
    """The same move in each single segment."""


class Query(Record):
    """Where a piece of evidence came from: a file under ``sql/``, its hash, and what was bound."""

    name: str
    sha256: str
    parameters: Mapping[str, Any] = Field(default_factory=dict)


class Evidence(Record):
    """One question put to one candidate, and its answer."""

    check: str
    asks: str
    verdict: Answer
    because: str
    numbers: Mapping[str, float | int | str | bool | None] = Field(default_factory=dict)
    query: Query


class LedgerLine(Record):
    """One bid for one shift: how probable, how much of the shift, and why."""

    candidate: str
    shift: str
    kind: str
    layer: Layer | None
    declared: bool
    probability: Annotated[float, Field(ge=0, le=1)]
    prior: Annotated[float, Field(ge=0, le=1)] = 0.0
    share: Interval
    verdict: Standing
    tied_with: tuple[str, ...] = ()
    because: str
    evidence: tuple[Evidence, ...] = ()
    next_test: str
    at: Moment | None = None
    """When the change took effect by its own record, or was first seen where it has none."""
    seen_at: Moment | None = None
    """When the traces first carried it; ``null`` where they do not show it."""
    log_evidence: Mapping[str, float] = Field(default_factory=dict)
    """Natural log of each likelihood ratio that the odds are made of, by its source; ``fit`` is the joint fit's."""
    summary: str = ""
    """The change in a few words, as its own record gives it."""
    effect: Interval | None = None
    """Change of the signal on exposed traffic, in the signal's unit; ``null`` where nothing was estimated."""


class Guard(Record):
    """One thing that should have caught it, and what it did."""

    guard: str
    finding: Finding
    because: str
    shift: str | None = None


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
    problems: tuple[Problem, ...] = ()
    gaps: tuple[Gap, ...] = ()
    """What is missing from the data, the worst first."""


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
    lane: Literal["change", "undeclared", "shift", "eval", "alert", "report", "note"]
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
    """Shift id → its signal over time, in the shift's own segment."""
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
