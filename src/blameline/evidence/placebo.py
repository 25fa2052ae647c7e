"""Placebo: on dates when nothing happened, how often does an innocent change look this guilty?"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from blameline.candidates import Candidate
from blameline.evidence.hearing import Hearing
from blameline.evidence.questions import Answered, Rows, onset, window

DATES = 50
FEWEST = 15
"""Placebo dates below which a rank says nothing."""


class Placebo:
    """The candidate's exposure pattern moved to dates before the onset, and its rank among them."""

    name = "placebo"
    asks = "Moved to dates when nothing happened, does the same pattern look as guilty?"
    query = "evidence/quiet"

    def concerns(self, candidate: Candidate) -> bool:
        """Every change."""
        return not candidate.standing

    def parameters(self, hearing: Hearing, candidate: Candidate) -> Mapping[str, object]:
        """The quiet days."""
        del candidate
        return {key: value for key, value in {**window(hearing), **onset(hearing)}.items() if key != "until"}

    def weigh(self, rows: Rows, hearing: Hearing, candidate: Candidate, *, seed: int) -> Answered:
        """The dates are spaced evenly, so nothing is drawn; ``seed`` is not used."""
        del seed
        cells = hearing.fit.cells
        column = hearing.bids[candidate.id].variants.columns[:, 0]
        pattern = hearing.pattern(column)
        used = np.flatnonzero(pattern.max(axis=1, initial=0) > 0.02)
        before = int(cells.hour_of(hearing.shift.onset.low) * 3600 / cells.width)
        day = max(1, round(86_400 / cells.width))
        numbers: dict[str, float | int | str | bool | None] = {"quiet_days": len(rows["day"])}
        if not used.size:
            return Answered("inconclusive", "it never shows in this signal's traffic", numbers)
        starts = np.unique(np.linspace(day, before - day, DATES).astype(int)) if before > 3 * day else np.zeros(0, dtype=int)
        if len(starts) < FEWEST:
            return Answered("inconclusive", f"only {len(starts)} placebo dates fit before the onset; {FEWEST} are needed", numbers)
        shifted = np.zeros((len(cells.n), len(starts)))
        for index, start in enumerate(starts):
            source = cells.bucket - start + used[0]
            real = (cells.bucket >= start) & (cells.bucket < before) & (source < pattern.shape[0])
            shifted[real, index] = pattern[source[real], cells.segment[real]]
        quiet = hearing.quiet.scores(shifted).log_factor(hearing.fit.slab, sign=hearing.harm)
        own = float(hearing.bids[candidate.id].logs[0] - hearing.bids[candidate.id].variants.log_weight[0])
        as_guilty = int((quiet >= own).sum())
        numbers |= {"placebo_dates": len(starts), "as_guilty": as_guilty, "log_factor": own, "best_placebo": float(quiet.max())}
        if own < 0:
            return Answered("refutes", "its pattern over time and traffic does not fit the loss at all", numbers)
        words = f"the same pattern looks as guilty on {as_guilty or 'none'} of {len(starts)} quiet dates"
        if as_guilty == 0 and own > 1.1:
            return Answered("supports", words, numbers)
        if as_guilty / len(starts) >= 0.1:
            return Answered("refutes", f"{words}: it does not stand out from the ordinary", numbers)
        return Answered("inconclusive", words, numbers)
