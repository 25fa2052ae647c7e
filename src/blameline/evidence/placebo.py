"""Placebo: on other dates, how often does the same pattern look this guilty?

The dates cover the window but for a day around its own: a pattern that merely overlaps with the loss looks as guilty on the
dates nearer to the onset.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from blameline.evidence.questions import Answered, Rows, window

if TYPE_CHECKING:
    from collections.abc import Mapping

    from blameline.candidates import Candidate
    from blameline.evidence.hearing import Hearing

DATES = 50
FEWEST = 20
"""Placebo dates below which a rank says nothing."""


class Placebo:
    """The candidate's exposure pattern moved to other dates, and its rank among them."""

    name = "placebo"
    asks = "Moved to other dates, does the same pattern look as guilty?"
    query = "evidence/days"

    def concerns(self, candidate: Candidate) -> bool:
        """Every change."""
        return not candidate.standing

    def parameters(self, hearing: Hearing, candidate: Candidate) -> Mapping[str, object]:
        """The signal by day."""
        del candidate
        return window(hearing)

    def weigh(self, rows: Rows, hearing: Hearing, candidate: Candidate, *, seed: int) -> Answered:
        """The dates are spaced evenly, so nothing is drawn; ``seed`` is not used."""
        del seed
        cells = hearing.fit.cells
        column = hearing.bids[candidate.id].variants.columns[:, 0]
        pattern = hearing.pattern(column)
        used = np.flatnonzero(pattern.max(axis=1, initial=0) > 0.02)
        numbers: dict[str, float | int | str | bool | None] = {"days": len(rows["day"])}
        if not used.size:
            return Answered("inconclusive", "it never shows in this signal's traffic", numbers)
        day = 86_400 / cells.width
        starts = np.unique(np.linspace(day, cells.buckets - day, DATES).astype(int))
        starts = starts[np.abs(starts - used[0]) >= day]
        if len(starts) < FEWEST:
            return Answered(
                "inconclusive", f"only {len(starts)} dates are left to compare with; {FEWEST} are needed", numbers
            )
        shifted = np.zeros((len(cells.n), len(starts)))
        for index, start in enumerate(starts):
            source = np.minimum(cells.bucket - start + used[0], pattern.shape[0] - 1)
            real = cells.bucket >= start
            shifted[real, index] = pattern[source[real], cells.segment[real]]
        quiet = hearing.fit.scores(shifted).log_factor(hearing.fit.slab, sign=hearing.harm)
        own = float(hearing.bids[candidate.id].logs[0] - hearing.bids[candidate.id].variants.log_weight[0])
        as_guilty = int((quiet >= own).sum())
        numbers |= {
            "placebo_dates": len(starts),
            "as_guilty": as_guilty,
            "log_factor": own,
            "best_placebo": float(quiet.max()),
        }
        if own < 0:
            return Answered("refutes", "its pattern over time and traffic does not fit the loss at all", numbers)
        words = f"the same pattern looks as guilty on {as_guilty or 'none'} of {len(starts)} other dates"
        if as_guilty == 0 and own > 1.1:
            return Answered("supports", words, numbers)
        if as_guilty / len(starts) >= 0.1:
            return Answered("refutes", f"{words}: it does not stand out from the ordinary", numbers)
        return Answered("inconclusive", words, numbers)
