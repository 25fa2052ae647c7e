"""Declared against observed: for each change what was written down, what the traces show of it, and how the two agree."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from blameline.records.words import Layer, Moment, Record, Segment, Text

Agreement = Literal[
    "undeclared", "wrong time", "late", "declared without effect", "cannot tell", "not visible", "declared",
]  # fmt: skip
"""How record and traces agree, the darkest first.

``undeclared``: the traces changed, and nothing on record says so. ``wrong time``: it acted at another time than written.
``late``: it was written down after it had acted. ``declared without effect``: the stamp that it names did not move.
``cannot tell``: too few requests. ``not visible``: the traces carry nothing in which it would show. ``declared``: they agree.
"""
DARK: frozenset[str] = frozenset({"undeclared", "wrong time", "late", "declared without effect"})
"""What somebody who trusts the changelog does not know."""


class StageSeen(Record):
    """One declared stage of a rollout, and what the traces show of it until the next one."""

    at: Moment
    percent: float
    n: int
    """Requests of its scope from then until the next stage that say which version they had."""
    carried: int
    """How many of them carried the change."""


class ChangeState(Record):
    """One change, declared or seen: the two sides beside each other."""

    id: Text | None
    """As in the changelog and the ledger of blame; ``null`` for what is no bid there."""
    layer: Layer
    kind: str
    state: Agreement
    declared: bool
    summary: str = ""
    source: str = ""
    """The file of the record."""
    attribute: str | None = None
    """Under which the traces show it; ``null`` if they do not."""
    from_: Text | None = Field(default=None, alias="from")
    to: Text | None = None
    """Versions as the traces show them; where they show nothing, as they are written."""
    also: tuple[str, ...] = ()
    """Other attributes (or, of a judge, scores) that moved with it."""
    at: Moment | None = None
    """When it took effect by its own record."""
    recorded_at: Moment | None = None
    observed_at: Moment | None = None
    """When it acted as the traces show it: the first request that carried it, or the one with which its share rose."""
    not_before: Moment | None = None
    """The last request before that which could have carried it and did not: it came in between."""
    last_seen: Moment | None = None
    requests_a_day: float | None = None
    """Requests that say which version they had, around the time at which it acted: what its times can be known by."""
    requests: int = 0
    """Requests that carried it since it acted (of a judge: scores that it gave)."""
    of: int = 0
    """Requests since then that say which version they had."""
    share: float | None = None
    """``requests`` / ``of``."""
    stages: tuple[StageSeen, ...] = ()
    """The declared rollout against what was seen."""
    rollout_differs: bool = False
    """It was not rolled out as declared."""
    scope: Segment = Field(default_factory=dict)
    """Where it applied by its record."""
    seen_in: Segment = Field(default_factory=dict)
    """The one place that all requests with it come from; empty where there is none."""
    scope_differs: bool = False
    """It was seen outside of its scope."""
    off_seconds: int | None = None
    """Observed minus declared time; below zero: it acted before its record says."""
    late_seconds: int | None = None
    """Written down so long after it acted; ``null`` where it was not late."""
    enough: int | None = None
    """Requests that would have been enough to tell; ``null`` where there were."""
    because: str
    """One sentence with the numbers; times are UTC."""


class SourceSkew(Record):
    """One changelog whose times are all off by about the same."""

    source: str
    hours: float
    """Observed minus declared: above zero, the changelog is behind the traces."""
    records: int
    """Records that this fits."""
    of: int
    """Records whose time the traces show."""
