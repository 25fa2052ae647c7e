"""Timing: could it have caused this, going by the clock alone?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from blameline.candidates.exposure import LAGS
from blameline.evidence.questions import Answered, Rows, window

if TYPE_CHECKING:
    from collections.abc import Mapping

    from blameline.candidates import Candidate
    from blameline.evidence.hearing import Hearing

SLACK = 3.0
"""Hours by which clocks and changelogs may be off when a record states no uncertainty."""


class Timing:
    """The candidate's first effect against the posterior of the onset."""

    name = "timing"
    asks = "Did it take effect when the quality moved, and not after?"
    query = "evidence/around"

    def concerns(self, candidate: Candidate) -> bool:
        """Every candidate that has a time."""
        return candidate.starts is not None

    def parameters(self, hearing: Hearing, candidate: Candidate) -> Mapping[str, object]:
        """The signal around the moment of the change."""
        assert candidate.starts is not None
        return {**window(hearing), "starts": candidate.starts.replace(tzinfo=None)}

    def weigh(self, rows: Rows, hearing: Hearing, candidate: Candidate, *, seed: int) -> Answered:
        """Refutes when the onset is over before the change, or comes when it had long been in force."""
        del rows, seed
        assert candidate.starts is not None
        cells, move = hearing.fit.cells, hearing.move
        start = cells.hour_of(candidate.starts)
        slack = 2 * cells.width / 3600
        if not candidate.key:
            slack += SLACK
            if candidate.change and candidate.change.uncertainty:
                slack += candidate.change.uncertainty.total_seconds() / 3600
        full = self._in_force(hearing, candidate, start)
        before = float(move.weights[move.moments < start - slack].sum())
        within = float(move.weights[(move.moments >= start - slack) & (move.moments <= full + LAGS[-1])].sum())
        gap = cells.hour_of(hearing.shift.onset.estimate) - start
        numbers = {
            "hours_from_change_to_onset": gap,
            "onset_before_change": before,
            "onset_while_it_could_act": within,
            "in_force_after_hours": full - start,
        }
        words = f"the change is {_hours(abs(gap))} {'before' if gap >= 0 else 'after'} the most probable onset"
        if abs(gap) <= 1.5 * cells.width / 3600:
            words = f"the change is within {_hours(1.5 * cells.width / 3600)} of the most probable onset"
        if full + LAGS[-1] < cells.hour_of(hearing.shift.onset.low) and start <= 0.5:
            return Answered(
                "refutes", f"too early: {words}, and it had been in force since before the window begins", numbers
            )
        if slack > 0.2 * cells.span_hours:
            return Answered("inconclusive", "its own record is too vague about when it took effect", numbers)
        if start <= 0.5:
            return Answered("inconclusive", "it was in force before the window begins", numbers)
        if within < 0.01 and before > 0.5:
            return Answered("refutes", f"too late: {words}, and the onset was over by then", numbers)
        if within < 0.01:
            return Answered("refutes", f"too early: {words}, and it had been in force all the while", numbers)
        if within > 0.5:
            return Answered("supports", f"{words}; {_share(within)} of the onset's posterior fits", numbers)
        return Answered("inconclusive", f"{words}; {_share(within)} of the onset's posterior fits", numbers)

    @staticmethod
    def _in_force(hearing: Hearing, candidate: Candidate, start: float) -> float:
        """When three quarters of its greatest exposure had been reached, in hours."""
        cells = hearing.fit.cells
        share = hearing.share(hearing.bids[candidate.id].variants.columns[:, 0])
        hours = hearing.clock
        later = hours > start
        if not later.any() or share[later].max() <= 0:
            return start
        reached = hours[later & (share >= 0.75 * share[later].max())]
        return float(max(reached.min() - cells.width / 7200, start))


def _hours(hours: float) -> str:
    """A stretch of time in words: hours up to two days, then days."""
    return f"{hours:.0f} h" if hours < 48 else f"{hours / 24:.1f} days"


def _share(share: float) -> str:
    """A share in words that never claims all or nothing."""
    return ">99%" if share > 0.99 else "<1%" if share < 0.01 else f"{share:.0%}"
