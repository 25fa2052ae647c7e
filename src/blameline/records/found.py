"""What is found out: signals, shifts, evidence, ledger lines, guards."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from blameline.records.brought import Contract
from blameline.records.words import (
    Answer,
    Better,
    Direction,
    Finding,
    Interval,
    Keeping,
    Layer,
    Moment,
    Moved,
    Onset,
    Record,
    Segment,
    Standing,
)


class Signal(Record):
    """What is measured: one score found in the data, or one derived from the spans."""

    name: str
    better: Better | None
    """``null``: no direction is known, so it can never be a shift for the worse."""
    unit: str = "score"
    family: Literal["quality", "contract", "feedback", "behaviour", "operations"] = "quality"
    control: bool = False
    """A signal that the suspected changes cannot touch."""
    judged: bool = False
    """Scored by a versioned judge, so that a judge change can move it."""
    bounded: bool = True
    """True when the values lie in [0, 1]."""
    title: str = ""
    """What it counts in a few words, where its name does not say; of a contract what it asks."""


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
    title: str = ""
    """What the signal counts in a few words, where its name does not say."""
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


class ContractState(Record):
    """How one contract fares: before, in the period that is asked about, and what can be said of the difference."""

    id: str
    signal: str
    asks: str
    """What it asks, in words."""
    scope: Segment = Field(default_factory=dict)
    floor: float | None = None
    """The share of requests that must keep it; ``null`` where the contract sets none."""
    verdict: Keeping
    because: str
    """One sentence with the numbers, or why it was not measured."""
    since: Moment
    until: Moment
    """The period; ``since`` is its start."""
    compared_until: Moment
    """The end of what it is compared with, which is all that came before."""
    requests: int = 0
    """Requests of the period that it is about."""
    n_before: int = 0
    n: int = 0
    """Requests of the period on which it was measured."""
    before: Interval | None = None
    """Share of requests that kept it before, with its 90% interval."""
    rate: Interval | None = None
    """The same in the period."""
    difference: Interval | None = None
    detectable: float | None = None
    """The smallest drop that would have been seen four times in five; ``null``: none."""


class ProposedContract(Record):
    """A contract that a quiet period would have kept, and how it was kept there."""

    contract: Contract
    n: int
    """Requests on which it was measured."""
    days: int
    rate: float
    """Share of them that kept it."""


class LearnedContracts(Record):
    """What callers could rely on in a period, and the ``contracts.yaml`` that says so."""

    since: Moment
    until: Moment
    requests: int
    contracts: tuple[ProposedContract, ...]
    text: str
    """YAML with a comment on each; ``incident load`` reads it."""
