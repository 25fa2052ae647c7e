"""What the records themselves did: fell, were told twice, or sampled otherwise, and whether that can have moved the signal."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from blameline.cells.grid import sums
from blameline.fit import Fit
from blameline.shifts.describe import Z90
from blameline.shifts.losses import Lost, lost, reach
from blameline.shifts.tallies import KINDS, Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from blameline.candidates import Candidate
    from blameline.evidence.hearing import Hearing
    from blameline.shifts.shapes import Place

Floats = NDArray[np.float64]
UNSEEN, IMPOSSIBLE = 0.05, 0.01
"""Chance that records which moved a signal left no trace in the counts; and where no loss that the counts allow could have."""
FALLS: Mapping[Kind, float] = {"requests": 0.25, "share scored": 0.12}
"""Chance that records fall when something else moved the signal: traffic moves by itself, and users leave what got worse."""
WITH_A_CHANGE = 0.2
"""Chance that records fall with a change of the telemetry that did not move the signal."""
CLEARLY = 3.0
"""Log Bayes factor from which a count fell, whatever the signal did."""


@dataclass(frozen=True)
class Fall:
    """How far one kind of count fell."""

    log_factor: float
    lost: float
    """Share of the records that is gone; below zero where there are more."""
    error: float
    place: Mapping[str, str]
    """The slice; empty for all traffic."""
    reach: float
    """How far losing good answers only could have moved the mean there."""
    able: bool
    """Whether that could have made the move, give or take the intervals of both."""
    clear: bool
    """Whether the count fell beyond its own noise, whatever the signal did."""


@dataclass(frozen=True)
class Sampled:
    """The move on scores that count as often as their request stands for."""

    log_factor: float
    """Of "nothing moved there, the sampling made the move" against "it moved there as it did in the rows"."""
    effect: float
    error: float


class Kept:
    """The records of one hearing, held against its shift."""

    def __init__(self, hearing: Hearing) -> None:
        self._hearing = hearing

    @cached_property
    def losses(self) -> list[Lost]:
        """The falls of each kind of count, held against the moves that the signal may have made."""
        family, _ = self._hearing.shapes
        return lost(self._hearing.fit, family, self._hearing.tallies, harm=self._hearing.harm)

    def lost_records(self) -> float:
        """Log Bayes factor of "records were lost and the signal moved there and then" against both by themselves.

        Shape by shape, in a slice as for all traffic: a sharp fall of the records says when and where to look; a loss too small
        to make the move (``reach``) is no bid. Where other noise was looked at too, it is that against a move of which no records
        speak, under every noise, brought to the noise of the fit.
        """
        signal, found = self._hearing.free_factor(), []
        for one in self.losses:
            unseen = UNSEEN if one.able else IMPOSSIBLE
            both, free = one.paid
            by_itself = self._by_itself(one)
            if one.count < 0:  # the counts alone show no fall: what falls with the signal may be users who left
                by_itself = float(np.logaddexp(by_itself, np.log(FALLS[one.kind]) + both - free))
            seen = np.log(1 - unseen) + both - by_itself
            found.append(signal - free + float(np.logaddexp(seen, np.log(unseen) + free)))
        return float(logsumexp(found) - np.log(len(found)))

    def _by_itself(self, one: Lost) -> float:
        """Log of how likely the count is, against "it did not fall", where something else moved the signal.

        It may have fallen at any time, or with a change of the telemetry that is innocent of the signal's move.
        """
        often = FALLS[one.kind]
        telemetry = [candidate for candidate in self._hearing.candidates if candidate.layer == "telemetry"]
        told = [np.log(WITH_A_CHANGE) + self.falls(candidate)[one.kind].log_factor for candidate in telemetry]
        return float(logsumexp([np.log(often) + one.count, np.log(1 - often), *told]))

    def lost_with(self, candidate: Candidate) -> float:
        """The same for a change of the telemetry that accounts for the fall: how far the signal moved where the counts fell."""
        told = [-np.inf]
        for one in self.losses:
            fall, (both, free) = self.falls(candidate)[one.kind], one.paid
            if fall.able and fall.log_factor > CLEARLY and one.able:
                seen = np.log(1 - UNSEEN) + fall.log_factor + both - one.count - self._by_itself(one)
                told.append(self._hearing.free_factor() - free + float(seen))
        return max(told)

    @cached_property
    def copied(self) -> tuple[float, float]:
        """Log likelihood ratio of "the plain mean follows what is told twice", and the share of the plain move that it makes.

        ``copies`` has, by bucket, how many scores of the signal are copies and their sum; the column is how far they move the
        bucket's mean, so that nothing is left to be estimated.
        """
        cells = self._hearing.raw.cells
        if self._hearing.copies is None:
            return 0.0, 0.0
        n, total = (part[cells.bucket] for part in self._hearing.copies)
        left = np.maximum(cells.n - n, 0.5)
        column = cells.total / cells.n - (cells.total - total) / left
        size = float(np.abs(column).max(initial=0.0))
        begin, end = self._hearing.begun()
        late = (cells.hours > begin) & (cells.hours <= end)
        if not size or not late.any() or late.all():
            return 0.0, 0.0
        moved = float(
            np.average(column[late], weights=cells.n[late]) - np.average(column[~late], weights=cells.n[~late])
        )
        share = moved / self._hearing.shift.raw_delta if self._hearing.shift.raw_delta else 0.0
        scores = self._hearing.raw.scores(column[:, None] / size)
        return float(size * scores.pull[0] - size**2 * scores.information[0] / 2), share

    @cached_property
    def sampled(self) -> Sampled | None:
        """What the sampling did: the shift's own column on scores that count as often as their request stands for."""
        if self._hearing.weighed is None:
            return None
        begin, end = self._hearing.begun()
        cells, delta = self._hearing.weighed, self._hearing.shift.delta
        column = cells.inside(dict(self._hearing.shift.segment)) & (cells.hours > begin) & (cells.hours <= end)
        scores = Fit(cells).scores(column.astype(float)[:, None])
        if not scores.information[0]:
            return None
        left, error = float(scores.estimate[0]), float(scores.error[0])
        spread = float(np.hypot(error, abs(delta.high - delta.low) / (2 * Z90)))
        gain = ((left - delta.estimate) ** 2 / spread**2 - left**2 / error**2) / 2 + np.log(spread / error)
        return Sampled(float(gain), left, error)

    def falls(self, candidate: Candidate) -> dict[Kind, Fall]:
        """How far each kind of count fell, in a slice as for all traffic: along a change's exposure, else at the move itself."""
        if not candidate.standing:
            return {kind: self._fell(kind, candidate) for kind in KINDS}
        found = {}
        shapes, _ = self._hearing.shapes
        for one in self.losses:
            place = dict(shapes.place[one.best])
            lost, error = float(one.counted.lost[one.best]), float(one.counted.error[one.best])
            size = self._hearing.shift.delta.estimate
            found[one.kind] = self._fall(min(one.given, one.count), one.count, lost, error, place, size)
            if not one.able or one.count < 0:
                found[one.kind] = self._at_the_move(one.kind)
        return found

    def _at_the_move(self, kind: Kind) -> Fall:
        """The fall of a count where and when the shift is on record."""
        begin, end = self._hearing.begun()
        place = tuple(sorted(self._hearing.shift.segment.items()))
        profile = ((self._hearing.clock > begin) & (self._hearing.clock <= end)).astype(float)
        told = self._hearing.tallies.inside(kind, place, profile[:, None])
        factor, lost, error = (float(part[0]) for part in (told.log_factor, told.lost, told.error))
        return self._fall(factor, factor, lost, error, dict(place), self._hearing.shift.delta.estimate)

    def _fell(self, kind: Kind, candidate: Candidate) -> Fall:
        """The fall of a count along the variants of a change; the log factor is the count's, the signal being known."""
        bid, cells = self._hearing.bids[candidate.id], self._hearing.fit.cells
        known = {key for segment in cells.segments for key in segment}
        inside = tuple(sorted((key, value) for key, value in candidate.scope.items() if key in known))
        options = [(inside, at) for at in range(len(bid.logs)) if not bid.variants.labels[at].startswith("in ")]
        signal = [bid.logs[at] for _, at in options]
        profiles = [self._share_inside(bid.variants.columns[:, at], inside) for _, at in options]
        told = [self._hearing.tallies.inside(kind, inside, np.column_stack(profiles))]
        places = [
            (tuple(sorted(place.items())), f"in {', '.join(f'{k}={v}' for k, v in place.items())} only")
            for place in self._hearing.places
        ]
        for place, label in places if not inside else []:
            if label in bid.variants.labels:
                at = bid.variants.labels.index(label)
                options.append((place, at))
                signal.append(bid.logs[at])
                told.append(
                    self._hearing.tallies.inside(
                        kind, place, self._share_inside(bid.variants.columns[:, at], place)[:, None]
                    )
                )
        count = np.concatenate([one.log_factor for one in told])
        lost, error = np.concatenate([one.lost for one in told]), np.concatenate([one.error for one in told])
        both = np.array(signal) + count
        best = int(np.argmax(both))
        factor = float(logsumexp(both) - logsumexp(signal))
        effect = float(self._hearing.fit.scores(bid.variants.columns[:, [options[best][1]]]).estimate[0])
        return self._fall(
            factor, float(count[best]), float(lost[best]), float(error[best]), dict(options[best][0]), effect
        )

    def _share_inside(self, column: Floats, place: Place) -> Floats:
        """The exposed share of a slice's traffic in each bucket."""
        cells = self._hearing.fit.cells
        n = cells.n * cells.inside(dict(place))
        whole = sums(cells.bucket, n, cells.buckets)
        return np.divide(
            sums(cells.bucket, n * column, cells.buckets), whole, out=np.zeros_like(whole), where=whole > 0
        )

    def _fall(
        self, factor: float, count: float, lost: float, error: float, place: dict[str, str], effect: float
    ) -> Fall:
        """A fall with what it could have done: worst case, losing good answers only (Manski 2003)."""
        bounded, before = self._hearing.fit.cells.signal.bounded, self._hearing.shift.before
        far, most = reach(before, np.array([lost, lost + Z90 * error]), harm=self._hearing.harm, bounded=bounded)
        delta = self._hearing.shift.delta
        least = min(abs(delta.low), abs(delta.high)) * (delta.low * delta.high > 0)
        needed = min(least, abs(effect)) if np.isfinite(effect) else least
        return Fall(
            factor, lost, error, place, float(far), able=bool(most >= needed and lost > 0), clear=count > CLEARLY
        )
