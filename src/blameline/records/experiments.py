"""Experiments: what to run again, under which configurations, and what each outcome would mean; and what came of one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from blameline.records.words import Interval, Layer, Moment, Record, Segment, Text

Design = Literal["pairs", "factorial", "fraction", "from both ends", "time travel", "rescoring"]


class Factor(Record):
    """One thing that an experiment swaps."""

    name: str
    """Its key in ``config``: the layer, or the attribute or the change where two of one layer are swapped."""
    layer: Layer
    candidate: str
    """The bid of the ledger that it belongs to."""
    key: str | None = None
    """``<layer>:<attribute>`` under which the traces show its version; ``null`` if they do not."""
    old: Text | None = None
    new: Text | None = None
    """Versions; ``null`` where no record tells: whoever runs it has to know."""


class Arm(Record):
    """One configuration in which every request of the experiment is run."""

    name: str
    config: Mapping[str, Text]
    """Factor → version."""


class Experiment(Record):
    """The replay that would move a bid: which requests, which factors to swap, how many runs, and what they cost."""

    asks: str
    signal: str
    design: Design
    """``factorial``: every combination; ``fraction``: a half to a sixteenth of them, in which pairs of factors blur no factor
    (resolution IV); ``from both ends``: one factor at a time taken back, and one at a time put in; ``time travel``: everything
    taken back at once; ``rescoring``: stored answers scored again, nothing is called."""
    factors: tuple[Factor, ...]
    others: tuple[Factor, ...] = ()
    """Other plausible changes, taken back in one arm together with the factors."""
    arms: tuple[Arm, ...]
    """The first is what was served."""
    segment: Segment = Field(default_factory=dict)
    since: Moment
    until: Moment
    """The requests that it may draw from: those of the shift's segment in this time that carried all the new versions."""
    requests: int = 0
    """How many there are, whatever they carried."""
    cases: int
    """Requests to draw."""
    runs: int
    """Requests times arms; the arm that was served need not be called again where its answers are on record."""
    effect: float
    """The loss that is looked for, in the signal's unit."""
    pair: float
    """Standard deviation of the difference of two runs of one request that is reckoned with."""
    power: float
    """Chance to see the guilty one, if it did what the estimate says."""
    clears: float
    """Chance to rule an innocent one out."""
    tokens: int | None = None
    """Of all runs together, as the traces tell what such a request takes; ``null`` where they do not."""
    bits: float = 0.0
    """Entropy of the odds that it splits."""
    worth: float = 0.0
    """``bits`` times ``power`` for a million tokens (for a thousand runs where tokens are not told)."""
    means: tuple[str, ...] = ()
    """What each outcome would mean, a sentence each."""


class Rate(Record):
    """How often an arm behaved badly: ``k`` of ``n`` runs; of a score that is no share, its mean."""

    arm: Mapping[str, Text]
    k: int | None = None
    n: int
    rate: Interval


class Portion(Record):
    """What one factor made of the difference between all new and all old, by Shapley's rule."""

    factor: str
    new: Text
    old: Text
    effect: Interval
    """New minus old, in the signal's unit."""
    share: Interval | None = None
    """Of the difference between both ends; ``null`` where that is not clear of nought."""
    alone: Interval | None = None
    """New minus old with all others new."""
    added: Interval | None = None
    """New minus old with all others old."""


class Interaction(Record):
    """How far two factors do together what neither does by itself."""

    factors: tuple[str, str]
    effect: Interval


class Replayed(Record):
    """What the replays of one signal under one set of arms came to."""

    signal: str
    cases: int
    rates: tuple[Rate, ...]
    whole: Interval | None = None
    """All new minus all old."""
    portions: tuple[Portion, ...] = ()
    interactions: tuple[Interaction, ...] = ()


class ReplayPlan(Record):
    """An experiment written out: one line a run, as any runner can execute it."""

    shift: str
    experiment: Experiment
    cases: int
    """Requests that were drawn."""
    calls: int
    """Runs that have to be called."""
    recorded: int
    """Runs whose answer is on record."""
    tokens: int | None = None
    """Of the calls, as the traces tell what such requests take."""
    by_arm: Mapping[str, int | None] = Field(default_factory=dict)
    """The same by arm."""
    holes: Mapping[str, int] = Field(default_factory=dict)
    """``name=version`` of what the traces do not hold → how many runs need it."""
    notes: tuple[str, ...] = ()
    text: str = Field(exclude=True)
    """The plan as JSON lines."""
