"""What the model says of regressors: information, pull, Bayes factor."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_ndtr

Floats = NDArray[np.float64]

EVENTS = 6.0
"""Expected events of the rarer kind below which a column says nothing: the normal tail does not hold there."""


@dataclass(frozen=True)
class Scores:
    """What the model says of each column: arrays of one length."""

    information: Floats
    pull: Floats

    @property
    def estimate(self) -> Floats:
        """Effect of the column going from 0 to 1, in the signal's unit; 0 where nothing can be said."""
        return np.divide(self.pull, self.information, out=np.zeros_like(self.pull), where=self.information > 0)

    @property
    def error(self) -> Floats:
        """Standard error of ``estimate``; infinite where nothing can be said."""
        safe = np.where(self.information > 0, self.information, 1.0)
        return np.where(self.information > 0, safe**-0.5, np.inf)

    def log_factor(self, slab: float, *, sign: int = 0) -> Floats:
        """Log Bayes factor against no effect; ``sign`` is the harmful side (-1 or +1), 0 for both sides."""
        shrink = 1 + slab**2 * self.information
        both: Floats = -0.5 * np.log(shrink) + 0.5 * self.pull**2 * slab**2 / shrink
        if not sign:
            return both
        tail: Floats = np.log(2) + log_ndtr(sign * self.pull * slab / np.sqrt(shrink))
        return both + tail


@dataclass(frozen=True)
class OverTime:
    """The model seen through one slice: inner products of its buckets under ``P`` (buckets x buckets), and their pull."""

    inner: Floats
    pull: Floats
    raw: Floats
    least: float
    """Weight below which a profile holds too few events for a normal tail."""

    def scores(self, profiles: Floats) -> Scores:
        """Information and pull of each profile over the buckets; ``profiles`` is buckets x k."""
        information = np.einsum("bk,bk->k", profiles, self.inner @ profiles)
        return self.judged(information, profiles.T @ self.pull, (profiles**2).T @ self.raw)

    def judged(self, information: Floats, pull: Floats, raw: Floats) -> Scores:
        """The same numbers, 0 for what holds too little to say anything; ``raw`` is the weight of each profile."""
        dead = (information <= 1e-7 * np.maximum(raw, 1e-12)) | (raw < self.least)
        return Scores(np.where(dead, 0.0, information), np.where(dead, 0.0, pull))
