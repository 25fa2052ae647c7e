"""What a baseline is given of a case: our shifts for the worse, the candidates, and the cells of a signal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from blameline.case.inquiry import candidates_of
from blameline.cells import clock, measured, read
from blameline.cells.grid import sums

if TYPE_CHECKING:
    from blameline.candidates import Candidate
    from blameline.case import Case
    from blameline.cells import Cells, Clock
    from blameline.records import Signal

MOST = 3
"""Shifts for the worse that are answered; no case asks for more than two."""

Floats = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True)
class Answer:
    """A moment at which a signal got worse, and the one candidate that is named for it."""

    onset: datetime
    signal: str
    candidate: str | None


Method = Callable[["Ground"], list[Answer]]


class Ground:
    """One case as the baselines see it; ``found`` is our own answer, of which only shifts and outcome are read."""

    def __init__(self, case: Case, found: dict[str, Any]) -> None:
        self.case = case
        self.found = found
        window = clock(case.store)
        if window is None:
            raise ValueError("there is no trace in the window")
        self.window: Clock = window
        self.candidates: list[Candidate] = [one for one in candidates_of(case.store, window) if one.starts is not None]

    @property
    def shifts(self) -> list[dict[str, Any]]:
        """Our shifts for the worse, the main one first; none where our outcome is that nothing moved."""
        if self.found["outcome"] == "no_shift":
            return []
        return [shift for shift in self.found["shifts"] if shift["direction"] == "worse"][:MOST]

    def signals(self) -> tuple[Signal, ...]:
        """Every signal that is measured often enough to have a series."""
        return measured(self.case.store, self.window)

    def cells(self, signal: str) -> Cells:
        """The cells of a signal. Raises ``StopIteration`` for one that is not measured."""
        return read(self.case.store, next(one for one in self.signals() if one.name == signal), self.window)

    def hours_from(self, candidate: Candidate, moment: datetime) -> float:
        """Hours from a moment to when the candidate began, as the traces show it, else as declared; below 0 if it was before."""
        assert candidate.starts is not None
        return (candidate.starts - moment).total_seconds() / 3600

    def closest(self, candidates: list[Candidate], moment: datetime) -> str | None:
        """The candidate that began closest to a moment, on either side; ``None`` of none."""
        near = min(candidates, key=lambda one: (abs(self.hours_from(one, moment)), one.id), default=None)
        return None if near is None else near.id


def onset_of(shift: dict[str, Any]) -> datetime:
    """The estimated onset of one of our shifts."""
    return datetime.fromisoformat(shift["onset"]["estimate"])


def each_shift(pick: Callable[[Ground, dict[str, Any]], str | None]) -> Method:
    """The method that answers every one of our shifts with what ``pick`` says of it."""

    def method(ground: Ground) -> list[Answer]:
        return [Answer(onset_of(shift), shift["signal"], pick(ground, shift)) for shift in ground.shifts]

    return method


def harm(signal: Signal) -> int:
    """-1 where a lower value is worse, and 1 where a higher one is."""
    return 1 if signal.better == "lower" else -1


def by_bucket(cells: Cells) -> tuple[Floats, Floats]:
    """The mean of a signal in each bucket, NaN in those without a measurement, and how many there were."""
    n, total = (sums(cells.bucket, values, cells.buckets) for values in (cells.n, cells.total))
    return np.divide(total, n, out=np.full(cells.buckets, np.nan), where=n > 0), n
