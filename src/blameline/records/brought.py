"""What files bring: changes, alerts, eval runs, replays, and the settings of a case."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from blameline.records.words import (
    Better,
    ContractKind,
    Duration,
    KeyType,
    Layer,
    Moment,
    Paradigm,
    Record,
    Segment,
    Stage,
    Text,
)


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
    family: Literal["quality", "feedback"] | None = None
    """``feedback``: users give it, so it decides nothing alone; ``quality``: graded truth. Goes before what its name says."""


class Window(Record):
    """The span of time to look at; an open end means as far as the data goes."""

    from_: Moment | None = Field(default=None, alias="from")
    to: Moment | None = None


Probability = Annotated[float, Field(gt=0, lt=1)]


class Redaction(Record):
    """What ``incident.yaml`` adds to what is never stored."""

    patterns: tuple[str, ...] = ()
    """Regular expressions (RE2) of whatever else is secret here."""
    names: tuple[str, ...] = ()
    """Attributes whose value is never stored."""


STANDING_PRIOR: Mapping[str, float] = {"chance": 0.18, "mix": 0.06, "unknown": 0.14, "ruler": 0.05, "artefact": 0.04}
"""Prior of the standing bidders; the changes share the rest by the weight of their layer."""
MOST_STANDING = 0.98
"""What the standing bidders may start with between them: something is left to the changes."""


class PriorSetting(Record):
    """What ``incident.yaml`` sets of the odds that bids start with; what it leaves out stays as it is."""

    layers: Mapping[Layer, Annotated[float, Field(gt=0, le=100)]] = Field(default_factory=dict)
    """Weight of a change by its layer, against other changes."""
    chance: Probability | None = None
    mix: Probability | None = None
    unknown: Probability | None = None
    ruler: Probability | None = None
    artefact: Probability | None = None
    one: Probability | None = None
    """The most that a single change starts with."""
    pair: Probability | None = None
    """How much rarer two causes at once are than one."""

    @property
    def standing(self) -> dict[str, float]:
        """What each standing bidder starts with, those that are not set as they are by default."""
        return {**STANDING_PRIOR, **self.model_dump(exclude_none=True, include=set(STANDING_PRIOR))}


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
    prior: PriorSetting = PriorSetting()
    """The odds that bids start with."""
    columns: Mapping[str, str | tuple[str, ...]] = Field(default_factory=dict)
    """For plain tables: our name → theirs (``at``, ``trace_id``, ``span_id``, ``parent_id``, ``name``, ``end``,
    ``duration_ms``, ``status``; ``scores`` takes a list of columns)."""

    @field_validator("fields", mode="before")
    @classmethod
    def _lists(cls, value: object) -> object:
        if isinstance(value, dict):
            return {k: [v] if isinstance(v, str) else (v or []) for k, v in value.items()}
        return value


_SAYS: Mapping[str, frozenset[str]] = {
    "keys": frozenset({"keys"}),
    "sentences": frozenset({"min", "max"}),
    "length": frozenset({"min", "max"}),
    "language": frozenset({"languages"}),
    "forbidden": frozenset({"phrases", "pattern"}),
    "required": frozenset({"phrases", "pattern"}),
    "latency": frozenset({"max"}),
}
"""What a contract of each kind says; one of these at least. The others say nothing but their kind."""
_SAYABLE = ("keys", "min", "max", "languages", "phrases", "pattern")
Share = Annotated[float, Field(ge=0, le=1)]
Phrase = Annotated[Text, Field(min_length=1, max_length=500)]


class Contract(Record):
    """One thing that callers rely on (``contracts.yaml``): each request keeps it, breaks it, or is not measured."""

    id: Annotated[Text, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]
    """Its signal is ``contract:<id>``."""
    kind: ContractKind
    """What is asked of each request: ``json``, ``no_fence``, ``keys``, ``sentences``, ``length`` (characters), ``language``,
    ``refusal`` (none), ``forbidden`` and ``required`` words, ``finish`` (not cut by the token limit), ``latency`` (milliseconds),
    ``tool_errors`` (none)."""
    at_least: Share | None = None
    """The share of requests that must keep it."""
    at_most: Share | None = None
    """The share of requests that may break it: the same said the other way round."""
    summary: Text | None = None
    scope: Segment = Field(default_factory=dict)
    """The requests that it is about, as attribute → value; empty means all."""
    span: Text | None = None
    """The name of the call that is meant; the last call of a model in each request if absent."""
    keys: Annotated[Mapping[str, KeyType], Field(max_length=200)] = Field(default_factory=dict)
    """Key, or a JSON Pointer (``/items/0/sku``), → type of its value; a plain list of keys asks for no type."""
    min: Annotated[float, Field(ge=0)] | None = None
    max: Annotated[float, Field(ge=0)] | None = None
    languages: tuple[Annotated[Text, Field(pattern="^[a-z]{2}$")], ...] = ()
    """Two-letter codes; any of them will do."""
    phrases: Annotated[tuple[Phrase, ...], Field(max_length=200)] = ()
    """In any case; one of them is enough."""
    pattern: Annotated[str, Field(min_length=1, max_length=1000)] | None = None
    """A regular expression (RE2)."""
    source: str = ""
    line: int | None = None
    """Where it stands in its file."""

    @field_validator("keys", mode="before")
    @classmethod
    def _of_any_type(cls, value: object) -> object:
        return dict.fromkeys(map(str, value), "any") if isinstance(value, (list, tuple)) else value

    @field_validator("languages", "phrases", mode="before")
    @classmethod
    def _one_or_more(cls, value: object) -> object:
        return [value] if isinstance(value, str) else value

    @model_validator(mode="after")
    def _of_its_kind(self) -> Self:
        said = {name for name in _SAYABLE if getattr(self, name) not in (None, (), {})}
        wanted = _SAYS.get(self.kind, frozenset())
        if extra := sorted(said - wanted):
            raise ValueError(f"a contract of kind '{self.kind}' says nothing of '{extra[0]}'")
        if wanted and not said:
            raise ValueError(f"a contract of kind '{self.kind}' says {' or '.join(sorted(wanted))}")
        if self.at_least is not None and self.at_most is not None:
            raise ValueError("'at_least' and 'at_most' say the same thing from two sides: keep one of them")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"'min' is {self.min:g} and 'max' is {self.max:g}: nothing lies between")
        return self

    @property
    def signal(self) -> str:
        """The name under which it is measured."""
        return f"contract:{self.id}"

    @property
    def floor(self) -> float | None:
        """The share of requests that must keep it; ``None`` where none is set."""
        return round(1 - self.at_most, 12) if self.at_most is not None else self.at_least
