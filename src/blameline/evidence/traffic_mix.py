"""The traffic's bid: what the change of shares predicts for the plain mean, and whether the mean did that."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from blameline.cells.grid import sums
from blameline.fit import Fit
from blameline.shifts.levels import levels
from blameline.shifts.traffic import MATERIAL, expected

if TYPE_CHECKING:
    from blameline.records import Shift
    from blameline.shifts import Move
    from blameline.shifts.slides import Slide

Floats = NDArray[np.float64]
FROM_TRAFFIC = 6.0
"""Nats that a move of the traffic itself can add to the mix's bid: it rules out chance, and nothing else."""
HIDES = 1.2816
"""Standard errors that a move within segments is given on top of its estimate before it is held to be less than the mix."""


@dataclass(frozen=True)
class Moves:
    """How another series moved along one candidate's column."""

    log_factor: float
    effect: float
    error: float


class TrafficMix:
    """One shift seen as a change of traffic; ``begun`` holds the hours between which it lasted."""

    def __init__(
        self,
        shift: Shift,
        move: Move,
        fit: Fit,
        raw: Fit,
        begun: tuple[float, float],
        harm: int,
        slide: Slide | None = None,
    ) -> None:
        self.shift = shift
        self.move = move
        self.fit = fit
        self.raw = raw
        self.begin, self.end = begun
        self.harm = harm
        self.slide = slide
        self.cells = slide.cells if slide is not None else fit.cells

    @cached_property
    def column(self) -> Floats:
        """What the change of traffic alone predicts for each bucket of the plain mean, in the signal's unit."""
        cells, begin = self.cells, self.begin
        early = cells.hours <= begin
        level = levels(cells, early)
        n = sums(cells.segment[early], cells.n[early], len(cells.segments))
        whole = float(n @ level) / max(float(n.sum()), 1.0)
        here = sums(cells.bucket, cells.n, cells.buckets)
        there = sums(cells.bucket, cells.n * level[cells.segment], cells.buckets)
        predicted: Floats = np.divide(there, here, out=np.full_like(there, whole), where=here > 0)
        return predicted - float(whole)

    @cached_property
    def factor(self) -> float:
        """Log likelihood ratio of "the traffic moved, and the plain mean with it" against "neither did", for a harmful mix only.

        Two facts: whether the mean follows what the mix predicts, and whether that prediction stepped at the onset at all. The
        second has no noise of answers in it; it counts, up to ``FROM_TRAFFIC``, where the step is large enough to matter.
        """
        if self.shift.mix_delta * self.harm <= 0:
            return -4.0
        column = self.column[self.raw.cells.bucket]
        size = float(np.abs(column).max(initial=0.0))
        if not size:
            return -4.0
        scores = self.raw.scores(column[:, None] / size)  # a column between -1 and 1, as the fit wants it
        follows = float(size * scores.pull[0] - size**2 * scores.information[0] / 2)
        return follows + (min(self.moved.log_factor, FROM_TRAFFIC) if self.matters else 0.0)

    @cached_property
    def moved(self) -> Moves:
        """How what the mix predicts for each bucket moved with the shift: averaged over the onset's posterior."""
        if self.slide is not None:
            return Moves(self.slide.log_factor, self.slide.foretold, self.slide.error)
        cells = self.cells
        if len(cells.segments) < 2:
            return Moves(0.0, 0.0, float("inf"))
        model = Fit(expected(cells, levels(cells)))
        columns, weights = self._along(model)
        scores = model.scores(columns)
        logs = scores.log_factor(model.slab, sign=self.harm) + np.log(weights)
        best = int(np.argmax(logs))
        return Moves(float(logsumexp(logs)), float(scores.estimate[best]), float(scores.error[best]))

    @cached_property
    def matters(self) -> bool:
        """Whether the step that the mix predicts is more than chance does to the plain mean anyhow."""
        if self.slide is not None:
            return True  # or it would be none
        columns, weights = self._along(self.raw)
        error = float(self.raw.scores(columns[:, [int(np.argmax(weights))]]).error[0])
        return bool(np.isfinite(error) and self.harm * self.moved.effect > MATERIAL * error)

    @property
    def answers_moved(self) -> bool:
        """Whether the split of the plain mean says that answers to like requests moved for sure, by themselves or as well."""
        return self.shift.mix is not None and self.shift.mix.verdict in {"within", "both"}

    @cached_property
    def leads(self) -> bool:
        """Whether the mix is most of the move, and no move within segments as large as it can hide in the noise."""
        shift = self.shift
        if self.answers_moved:
            return False
        share = shift.mix_delta / shift.raw_delta if shift.raw_delta else 0.0
        columns, weights = self._along(self.fit)
        within = self.fit.scores(columns[:, [int(np.argmax(weights))]])
        effect, error = self.harm * float(within.estimate[0]), float(within.error[0])
        return bool(share > 0.5 and abs(shift.mix_delta) > effect + HIDES * error)

    def _along(self, fit: Fit) -> tuple[Floats, Floats]:
        """The steps that the shift may have been, over the cells of any series of this clock, with their weights."""
        keep = np.argsort(-self.move.weights, kind="stable")[:24]
        weights = np.maximum(self.move.weights[keep] / self.move.weights[keep].sum(), 1e-12)
        hours, end = fit.cells.hours, self.end
        begins = self.move.moments[keep]
        return ((hours[:, None] > begins[None, :]) & (hours[:, None] <= end)).astype(float), weights
