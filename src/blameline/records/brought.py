"""What files bring: changes, alerts, eval runs, replays, and the settings of a case."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, field_validator

from blameline.records.words import Better, Duration, Layer, Moment, Paradigm, Record, Segment, Stage, Text


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
