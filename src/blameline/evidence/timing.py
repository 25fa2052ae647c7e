"""Timing: could it have caused this, going by the clock alone?"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from blameline.candidates.exposure import LAGS
from blameline.candidates.told import short
from blameline.cells.grid import sums
from blameline.evidence.enough import about
from blameline.evidence.hearing import FEWEST
from blameline.evidence.questions import Answered, Rows, window

if TYPE_CHECKING:
    from collections.abc import Mapping

    from blameline.candidates import Candidate
    from blameline.evidence.hearing import Hearing

DELAY = re.compile(r"(?P<hours>[+-]?[\d.]+) h(?P<later> later)?")
"""How the variants of a candidate are called that act at another time."""
STAIRS = 4.0
"""Half-stages that a rollout in stages has at least, up to where it counts as in force."""
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
        full = self._in_force(hearing, candidate, start)
        slack = _slack(hearing, candidate, full - start)
        before = float(move.weights[move.moments < start - slack].sum())
        within = float(move.weights[(move.moments >= start - slack) & (move.moments <= full + LAGS[-1])].sum())
        gap = cells.hour_of(hearing.shift.onset.estimate) - start
        n = float(cells.n.sum())
        numbers = {
            "hours_from_change_to_onset": gap,
            "low": cells.hour_of(hearing.shift.onset.low) - start,
            "high": cells.hour_of(hearing.shift.onset.high) - start,
            "onset_before_change": before,
            "onset_while_it_could_act": within,
            "in_force_after_hours": full - start,
        }
        words = f"the change is {_hours(abs(gap))} {'before' if gap >= 0 else 'after'} the most probable onset"
        if abs(gap) <= 1.5 * cells.width / 3600:
            words = f"the change is within {_hours(1.5 * cells.width / 3600)} of the most probable onset"
        words += skewed(candidate)
        if full + LAGS[-1] < cells.hour_of(hearing.shift.onset.low) and start <= 0.5:
            return Answered(
                "refutes", f"too early: {words}, and it had been in force since before the window begins", numbers
            )
        if slack > 0.2 * cells.span_hours:
            least = 0.2 * cells.span_hours
            told = f"its own record is too vague about when it took effect; one that is right within {_hours(least)} would tell"
            return Answered("inconclusive", told, numbers | {"enough": least})
        if start <= 0.5:
            least = 24 - min(start, 0.0) + LAGS[-1]
            told = f"it was in force before the window begins; data from {_hours(least)} earlier on would tell"
            return Answered("inconclusive", told, numbers | {"enough": least})
        if within < 0.01 and before > 0.5:
            return Answered("refutes", f"too late: {words}, and the onset was over by then", numbers)
        if within < 0.01:
            return Answered("refutes", f"too early: {words}, and it had been in force all the while", numbers)
        words += _later(hearing, candidate)
        if within > 0.5:
            return Answered("supports", f"{words}; {_share(within)} of the onset's posterior fits", numbers)
        numbers["enough"] = need = n / max(within, 0.01)
        told = f"{words}; {_share(within)} of the onset's posterior fits; about {about(need)} requests would date it well enough"
        return Answered("inconclusive", told, numbers)

    @staticmethod
    def _in_force(hearing: Hearing, candidate: Candidate, start: float) -> float:
        """When three quarters of its greatest exposure had been reached, in hours."""
        cells = hearing.fit.cells
        inside = cells.n * hearing.slice
        n = sums(cells.bucket, inside, cells.buckets)
        exposed = sums(cells.bucket, inside * hearing.put(candidate), cells.buckets)
        around = np.ones(
            max(1, round(FEWEST * cells.buckets / max(float(n.sum()), 1.0)))
        )  # of few requests a bucket tells nothing
        n, exposed = np.convolve(n, around, mode="same"), np.convolve(exposed, around, mode="same")
        share = np.divide(exposed, n, out=np.zeros_like(n), where=n > 0)
        hours = hearing.clock
        later = hours > start
        if not later.any() or share[later].max() <= 0:
            return start
        reached = hours[later & (share >= 0.75 * share[later].max())]
        return float(max(reached.min() - cells.width / 7200, start))


def _slack(hearing: Hearing, candidate: Candidate, staged: float) -> float:
    """Hours by which the onset may come before the record; ``staged`` is how long it took to come into force."""
    slack = 2 * hearing.fit.cells.width / 3600
    if not candidate.key:
        slack += SLACK
        if candidate.change and candidate.change.uncertainty:
            slack += candidate.change.uncertainty.total_seconds() / 3600
        if candidate.skew and not candidate.off:
            slack += abs(candidate.skew.hours)
    # a ramp that is drawn through stages begins half a stage before the first
    return slack + staged / STAIRS if hearing.move.gradual else slack


def _later(hearing: Hearing, candidate: Candidate) -> str:
    """How long after its record it acted, where it clearly did not act at once: a cache, a batch, a wrong clock."""
    bid = hearing.bids[candidate.id]
    place, _, when = bid.variants.labels[bid.best].rpartition(", ")
    told = DELAY.fullmatch(when)
    plain = bid.logs - bid.variants.log_weight
    at_once = bid.variants.labels.index(place) if place else 0
    if told is None or plain[bid.best] - max(plain[at_once], 0.0) < np.log(3):
        return ""
    hours, later = float(told["hours"]), told["later"] is not None
    if later:
        return f"; it acted about {_hours(hours)} after it took effect, as through a cache or a batch"
    way = "after" if hours > 0 else "before"
    return f"; going by its effect it acted {_hours(abs(hours))} {way} {'that' if candidate.off else 'the time on its record'}"


def skewed(candidate: Candidate) -> str:
    """That the times of its file are off, or may be, where no trace shows the change itself."""
    skew = candidate.skew
    if skew is None:
        return ""
    sure = "are" if candidate.off else "may be"
    many = f"{skew.records} change{'' if skew.records == 1 else 's'}"
    told = f"; times in {short(skew.source)} {sure} off by about {abs(skew.hours):g} h ({many})"
    return f"{told}, and its own is set right by that" if candidate.off else told


def _hours(hours: float) -> str:
    """A stretch of time in words: hours up to two days, then days."""
    return f"{hours:.0f} h" if hours < 48 else f"{hours / 24:.1f} days"


def _share(share: float) -> str:
    """A share in words that never claims all or nothing."""
    return ">99%" if share > 0.99 else "<1%" if share < 0.01 else f"{share:.0%}"
