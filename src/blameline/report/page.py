"""What the page holds: a story, sorted into what a reader asks for.

A ``Page`` picks the main shift, its ledger, the leading candidates, those ruled out and those that could not be
tested. It sorts and selects; it makes no sentences and judges nothing anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

from blameline.records import Change, Evidence, Guard, LedgerLine, Query, Shift, SliceEffect, Story, stamp
from blameline.report import wording

if TYPE_CHECKING:
    from collections.abc import Mapping

BIDDERS = {
    "mix": "the traffic mix",
    "ruler": "the ruler",
    "artefact": "lost, doubled or sampled records",
    "chance": "chance",
    "unknown": "something not on the list",
}
"""The standing bidders in words."""

_MOVED_BY_OUTCOME = {
    "attributed": ("app", "unknown"),
    "tied": ("app", "unknown"),
    "unattributed": ("app", "unknown"),
    "ruler": ("ruler",),
    "mix": ("mix",),
    "artefact": ("artefact",),
}
_LAYERS_OF_OUTCOME: Mapping[str, tuple[str, ...]] = {
    "ruler": ("judge", "eval"),
    "mix": ("traffic",),
    "artefact": ("telemetry",),
}
"""The layers whose changes can be behind an outcome that clears the application."""
NAMED = 0.1
"""A change behind such an outcome is named in the summary from here on."""
LEADING = 0.02
"""A candidate below this is told in one line of the table."""
TOLD = 5
"""At most so many candidates have their evidence told in full."""
HALF = 0.5
"""Share of the move that may be unexplained at most, at the upper end of its interval, for shares to be printed."""
CLOCK = frozenset({"timing", "placebo"})
"""The checks that look at nothing but time."""


@dataclass(frozen=True)
class QueryUse:
    """One query, and everything that was bound to it."""

    query: Query
    bound: tuple[str, ...]


@dataclass(frozen=True)
class NextTest:
    """One test, and the bids that it is for."""

    text: str
    lines: tuple[LedgerLine, ...]


@dataclass(frozen=True)
class Version:
    """One row of the snapshot."""

    layer: str
    attributes: tuple[str, ...]
    before: str
    during: str
    after: str


@dataclass(frozen=True)
class Page:
    """A story, sorted."""

    story: Story

    @cached_property
    def worse(self) -> tuple[Shift, ...]:
        """Shifts for the worse, as found."""
        return tuple(shift for shift in self.story.found.shifts if shift.direction == "worse")

    @cached_property
    def better(self) -> tuple[Shift, ...]:
        """Shifts for the better: listed, never blamed on anything."""
        return tuple(shift for shift in self.story.found.shifts if shift.direction == "better")

    @cached_property
    def main(self) -> Shift | None:
        """The first shift for the worse that the outcome speaks of."""
        fitting = _MOVED_BY_OUTCOME.get(self.story.found.outcome, ())
        return next((shift for shift in self.worse if shift.moved in fitting), next(iter(self.worse), None))

    @cached_property
    def others(self) -> tuple[Shift, ...]:
        """The other shifts for the worse."""
        return tuple(shift for shift in self.worse if shift is not self.main)

    def ledger(self, shift: Shift | None) -> tuple[LedgerLine, ...]:
        """The bids for one shift, the most probable first."""
        if shift is None:
            return ()
        lines = [line for line in self.story.found.ledger if line.shift == shift.id]
        return tuple(sorted(lines, key=lambda line: (-line.probability, line.candidate)))

    @cached_property
    def lines(self) -> tuple[LedgerLine, ...]:
        """The bids for the main shift."""
        return self.ledger(self.main)

    @cached_property
    def leading(self) -> tuple[LedgerLine, ...]:
        """The bids whose evidence is told in full."""
        return tuple(
            line
            for line in self.lines
            if line.verdict != "excluded"
            and (line.evidence or line.candidate not in BIDDERS)
            and line.probability >= LEADING
        )[:TOLD]

    @cached_property
    def untold(self) -> tuple[LedgerLine, ...]:
        """The bids that are not out, and whose evidence is left to the JSON."""
        return tuple(
            line for line in self.lines if line.verdict != "excluded" and line.evidence and line not in self.leading
        )

    @cached_property
    def suspects(self) -> tuple[LedgerLine, ...]:
        """Changes that the summary names: earned by evidence, tied for it, or behind a ruler, mix or artefact."""
        outcome = self.story.found.outcome
        top = [line for line in self.lines if line.candidate not in BIDDERS and line.verdict != "excluded"]
        earned = [line for line in top if line.verdict in {"confirmed", "supported"}]
        if outcome in _LAYERS_OF_OUTCOME:
            layers = _LAYERS_OF_OUTCOME[outcome]
            return tuple(line for line in top if line.layer in layers and line.probability >= NAMED)
        if outcome == "tied":
            tied = {name for line in top[:1] for name in (line.candidate, *line.tied_with)}
            return tuple(line for line in top if line.candidate in tied)
        return tuple(earned) or (tuple(top[:1]) if outcome == "attributed" else ())

    @cached_property
    def excluded(self) -> tuple[LedgerLine, ...]:
        """Bids that the evidence ruled out."""
        return tuple(line for line in self.lines if line.verdict == "excluded")

    @cached_property
    def untestable(self) -> tuple[LedgerLine, ...]:
        """Bids that this data cannot test."""
        return tuple(line for line in self.lines if line.verdict == "untestable")

    @cached_property
    def only_time(self) -> tuple[LedgerLine, ...]:
        """Bids for which nothing but the clock answered."""
        return tuple(
            line
            for line in self.lines
            if line.candidate not in BIDDERS
            and line.verdict not in {"excluded", "untestable"}
            and line.evidence
            and all(item.verdict == "inconclusive" or item.check in CLOCK for item in line.evidence)
        )

    @cached_property
    def next_tests(self) -> tuple[NextTest, ...]:
        """The tests worth doing first, each once; tied bids share the first one's, which separates them all."""
        wanted = self.suspects or tuple(line for line in self.lines if line.verdict != "excluded")[:2]
        seen: dict[str, list[LedgerLine]] = {}
        for line in wanted:
            shared = next(
                (text for text, lines in seen.items() if lines[0].candidate in line.tied_with), line.next_test
            )
            if shared:
                seen.setdefault(shared, []).append(line)
        return tuple(NextTest(text, tuple(lines)) for text, lines in seen.items())

    @cached_property
    def versions(self) -> tuple[Version, ...]:
        """The snapshot, attributes that tell the same thing of one layer on one line."""
        rows: dict[tuple[str, str, str, str], list[str]] = {}
        for row in self.story.snapshots:
            rows.setdefault((row.layer, row.before, row.during, row.after), []).append(row.attribute)
        return tuple(Version(layer, tuple(names), *phases) for (layer, *phases), names in rows.items())

    @cached_property
    def unknown(self) -> LedgerLine | None:
        """The bid of what is not on the list."""
        return next((line for line in self.lines if line.candidate == "unknown"), None)

    @cached_property
    def explained(self) -> bool:
        """Whether what nothing explains is surely less than half of the main shift; else no share is printed."""
        return self.unknown is None or self.unknown.share.high <= HALF

    @cached_property
    def firmness(self) -> str:
        """What would overturn the verdict of the main shift; empty where nothing was asked."""
        return next((line.sensitivity.because for line in self.lines if line.sensitivity is not None), "")

    @cached_property
    def unversioned(self) -> bool:
        """Whether a gap already names the layers whose version no request carries."""
        return any(gap.kind == "unversioned" for gap in self.story.found.gaps)

    @cached_property
    def slices(self) -> tuple[SliceEffect, ...]:
        """Where the main shift weighs most, if it was measured slice by slice."""
        told = self.main.by_segment if self.main else ()
        return tuple(sorted(told, key=lambda one: (-abs(one.delta.estimate) * one.n, sorted(one.segment.items()))))[:8]

    @cached_property
    def guards(self) -> tuple[Guard, ...]:
        """What should have caught it; those that did not come first."""
        return tuple(sorted(self.story.found.guards, key=lambda guard: (guard.finding == "caught", guard.guard)))

    @cached_property
    def runs(self) -> int:
        """How many eval runs the timeline holds."""
        return sum(row.lane == "eval" for row in self.story.timeline)

    @cached_property
    def alerts(self) -> int:
        """How many alerts the timeline holds."""
        return sum(row.lane == "alert" for row in self.story.timeline)

    @cached_property
    def zero(self) -> datetime | None:
        """T+0: the estimated onset of the main shift."""
        return self.main.onset.estimate if self.main else None

    @cached_property
    def app(self) -> bool:
        """Whether it was the application that got worse, as far as is known."""
        return self.main is not None and self.main.moved in {"app", "unknown"}

    @cached_property
    def within_one(self) -> bool:
        """Whether the main shift's signal is a rate."""
        return self.main is not None and self.is_rate(self.main)

    @cached_property
    def queries(self) -> tuple[QueryUse, ...]:
        """Every query behind the evidence that this page tells, once, with what was bound to it."""
        uses: dict[tuple[str, str], tuple[Query, set[str]]] = {}
        told = [item for line in self.leading for item in line.evidence]
        told += [item for line in self.excluded for item in line.evidence if item.verdict == "refutes"]
        for item in told:
            _, bound = uses.setdefault((item.query.name, item.query.sha256), (item.query, set()))
            bound.add(_bound(item))
        return tuple(QueryUse(query, tuple(sorted(bound - {""}))) for _, (query, bound) in sorted(uses.items()))

    def is_rate(self, shift: Shift) -> bool:
        """Whether a shift's signal lies in [0, 1]."""
        return wording.bounded(shift, self.story.signals)

    def change(self, candidate: str) -> Change | None:
        """The declared change of that id, where the story has it."""
        return next((change for change in self.story.changes if change.id == candidate), None)


def _bound(item: Evidence) -> str:
    """What was bound to a query, as text of one line."""
    words = []
    for name, value in sorted(item.query.parameters.items()):
        text = (
            stamp(value) if isinstance(value, datetime) else f"{value:.8g}" if isinstance(value, float) else str(value)
        )
        words.append(f"{name} = {text}")
    return "; ".join(words)
