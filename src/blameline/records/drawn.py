"""What is drawn: curves, volume and lanes on one axis of time. The terminal, the images and JSON all show this and no more."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from blameline.records.found import Dip, Shift
from blameline.records.told import SeriesPoint
from blameline.records.unrecorded import Signature
from blameline.records.words import Better, Moment, Record, Segment

LaneKind = Literal["shift", "change", "undeclared", "signature", "eval", "alert", "report", "note"]


class Mark(Record):
    """One thing that happened, in its lane."""

    key: str = ""
    """The sign that stands for it in every plot; empty where there are more marks than signs."""
    at: Moment
    low: Moment | None = None
    high: Moment | None = None
    """From when to when: the 90% range of an onset, how far off a declared time may be, how long an alert lasted."""
    id: str
    what: str
    state: Literal["completed", "skipped", "overridden", "error"] | None = None
    """How an eval run ended; ``null`` for anything else."""
    passed: float | None = None
    """The share of an eval run's cases that passed."""


class Lane(Record):
    """Marks of one kind; eval runs have a lane for each suite."""

    kind: LaneKind
    title: str
    marks: tuple[Mark, ...]


class Volume(Record):
    """Requests in one bucket."""

    at: Moment
    n: int


class Curve(Record):
    """One signal over time, in the slice of its shift, or in all traffic where nothing moved."""

    signal: str
    segment: Segment = Field(default_factory=dict)
    better: Better | None = None
    unit: str = "score"
    bounded: bool = True
    """True when the values lie in [0, 1]."""
    width: int
    """Seconds a bucket."""
    points: tuple[SeriesPoint, ...] = ()
    shift: Shift | None = None
    """The move that this curve is drawn for; ``null`` where none was found."""
    blind: str = ""
    """Why none could have been found; empty where one could."""


class Quiet(Record):
    """A signal without a shift: what was looked at and did not move, and what could not be looked at."""

    signal: str
    n: int
    """Measurements in the window."""
    looked_at: bool
    smallest: float | None = None
    """The smallest lasting fall that would have been found, in the signal's unit."""
    because: str = ""
    """Why it was not looked at, or why it cannot be a shift; empty where it was and could."""


class View(Record):
    """All that a plot shows, on one axis of time."""

    since: Moment | None = None
    until: Moment | None = None
    """The ends of the axis; ``null`` where there is nothing to draw."""
    zero: Moment | None = None
    """T0, the estimated onset of the main shift; ``null`` without one."""
    zero_of: str | None = None
    """The shift that T0 belongs to."""
    curves: tuple[Curve, ...] = ()
    """The main one first."""
    volume: tuple[Volume, ...] = ()
    """Requests in the slice of the first curve, in its buckets."""
    lanes: tuple[Lane, ...] = ()
    before: int = 0
    after: int = 0
    """Marks that lie outside the axis, and so are in no lane."""
    quiet: tuple[Quiet, ...] = ()
    signatures: tuple[Signature, ...] = ()
    """Behaviour that moved though no recorded identity did."""
    dips: tuple[Dip, ...] = ()
    """What was too short to be a shift."""
