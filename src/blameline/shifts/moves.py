"""The seam of the room: what a detector is handed and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from blameline import plugins

if TYPE_CHECKING:
    from blameline.fit import Fit
    from blameline.fit.noise import At

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Move:
    """One lasting move of a signal, in the signal's unit and in hours since the start of its cells."""

    segment: dict[str, str]
    """The slice that moved; empty for all traffic."""
    worse: bool
    evidence: float
    """Log Bayes factor of this kind of move against no move, averaged over onsets and shapes."""
    moments: Floats
    """Possible onsets, in hours."""
    weights: Floats
    """Their posterior, summing to 1."""
    effect: float
    error: float
    """Estimate of the change of the mean, and its standard error."""
    ends: Floats
    """Possible moments of recovery, in hours; empty if it has not recovered."""
    end_weights: Floats
    gradual: bool
    column: Floats
    """The best single regressor over the cells: 1 where the move is as large as ``effect``."""
    as_fitted: float | None = None
    """``evidence`` under the noise that the fit has for every other question, where the move was found under another;
    where a change said where to look, that of a move at any place and time."""
    noise: At | None = None
    """That other noise, where under the fit's own the move does not show."""
    toll: float = 0.0
    """Log of what noise that passes for the move takes from ``evidence`` (``Fit.doubted``)."""
    pointed: bool = False
    """Whether the records said where to look, so that ``evidence`` is that of one place and not of any."""
    doubt: float | None = None
    """Where a change on record said where to look: what noise that drifts brings to the bid that nothing moved, a log factor."""
    left: Floats | None = None
    """What it left behind where it did not come back all the way: a column over the cells, in the mean when moves are sized."""

    @property
    def begun(self) -> float:
        """The likeliest onset, in hours."""
        return float(self.moments[np.argmax(self.weights)])

    @property
    def over(self) -> float:
        """The likeliest moment of recovery, in hours; ``inf`` if it has not recovered."""
        return float(self.ends[np.argmax(self.end_weights)]) if self.ends.size else float("inf")


class Detector(Protocol):
    """Finds the moments at which a signal moved."""

    name: str

    def find(self, fit: Fit, *, better: str, seed: int) -> list[Move]:
        """All moves, the strongest first; ``better`` is ``higher`` or ``lower``."""
        ...


def find(fit: Fit, *, better: str, seed: int, detector: str = "steps") -> list[Move]:
    """What the named detector finds in one signal."""
    chosen: Detector = plugins.load("blameline.detectors", detector)
    return chosen.find(fit, better=better, seed=seed)


def highest_density(moments: Floats, weights: Floats, level: float = 0.9) -> tuple[float, float, float]:
    """Mode, low and high end of the smallest set of moments that holds ``level`` of the posterior."""
    order = np.argsort(-weights, kind="stable")
    enough = int(np.searchsorted(np.cumsum(weights[order]), level)) + 1
    kept = moments[order[:enough]]
    return float(moments[order[0]]), float(kept.min()), float(kept.max())
