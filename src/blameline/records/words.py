"""The words and the base of all records: the contract's enumerations, moments, durations, and ``Record`` itself."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WrapValidator

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
Family = Literal["quality", "contract", "behaviour", "retrieval", "task", "feedback", "cost", "time", "operations"]
HARM: frozenset[Family] = frozenset({"quality", "contract", "task"})
"""Families in which a fall is harm. Most changes move some behaviour, and are meant to; clicks convict nobody."""
GapKind = Literal[
    "hours", "parents", "roots", "dropped", "content", "cut_content", "left_out", "sampling", "clock", "unjoined_scores",
    "partial_scores", "doubled", "unknown_ends", "fallen", "undelivered", "unversioned", "tokens", "more",
]  # fmt: skip
Paradigm = Literal["chatbot", "copilot", "agent"]
ContractKind = Literal[
    "json", "no_fence", "keys", "sentences", "length", "language", "refusal", "forbidden", "required", "finish", "latency",
    "tool_errors",
]  # fmt: skip
Keeping = Literal["kept", "broken", "not distinguishable", "not measured"]
KeyType = Literal["any", "string", "number", "integer", "boolean", "array", "object", "null"]

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


def as_text(value: object) -> object:
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
Text = Annotated[str, BeforeValidator(as_text)]
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
