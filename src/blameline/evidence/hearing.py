"""One shift, all bids: the shared fit that most checks ask, worked out once.

In come the fits of the signals, the shift and the candidates; out comes, for each candidate, the Bayes factor of its columns,
its best variant and its effect, and how far the other signals, the traffic and the records moved in the way that it predicts.
One likelihood carries timing, exposure, dose, scope and reversal together, so that no fact is counted twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from blameline.candidates import Candidate, Variants, variants
from blameline.cells.grid import sums
from blameline.evidence.traffic_mix import Moves, TrafficMix
from blameline.fit import Fit
from blameline.records import RULER_LAYERS, Shift
from blameline.shifts.describe import Z90
from blameline.shifts.losses import Lost, lost, reach
from blameline.shifts.shapes import Shapes, shapes_of, slices
from blameline.shifts.tallies import KINDS, Kind, Tallies

if TYPE_CHECKING:
    from collections.abc import Mapping

    from blameline.cells import Cells
    from blameline.evidence.bridge import Span
    from blameline.fit import Scores
    from blameline.shifts import Move
    from blameline.shifts.shapes import Place

Floats = NDArray[np.float64]
UNSEEN, IMPOSSIBLE = 0.05, 0.01
"""Chance that records which moved a signal left no trace in the counts; and where no loss that the counts allow could have."""
SELDOM, OF_A_SLICE = 0.04, 0.15
"""Chance that records fall by themselves when something else moved the signal; requests of a slice more often: traffic moves."""
CLEARLY = 3.0
"""Nats from which segments are looked at again, whether they moved by themselves."""


@dataclass(frozen=True)
class Bid:
    """What the fit says of one candidate."""

    candidate: Candidate
    variants: Variants
    logs: Floats
    """Log Bayes factor of each variant, its prior weight included."""
    effect: float
    """Change of the signal on fully exposed traffic, for the best variant."""
    error: float

    @property
    def log_factor(self) -> float:
        """Log Bayes factor of the candidate: the mean over its variants."""
        return float(logsumexp(self.logs)) if self.logs.size else 0.0

    @property
    def best(self) -> int:
        """Number of the variant that does best."""
        return int(np.argmax(self.logs))

    @property
    def column(self) -> Floats:
        """The best variant's column over the cells."""
        return self.variants.columns[:, self.best]


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


class Hearing:
    """The joint fit of one shift; checks read it and never change it.

    ``together`` holds, by signal, the moves for the worse of other signals whose onset overlaps with this shift's; ``span`` how
    far the ruler moved at the onset on answers that did not change; ``weighed`` the signal with each request counted as often as
    it stands for, where the rows are a sample.
    """

    def __init__(
        self,
        shift: Shift,
        move: Move,
        fits: Mapping[str, Fit],
        raw: Fit,
        traffic: Cells,
        candidates: tuple[Candidate, ...],
        together: Mapping[str, Move],
        tallies: Tallies | None = None,
        copies: tuple[Floats, Floats] | None = None,
        span: Span | None = None,
        weighed: Cells | None = None,
    ) -> None:
        self.span = span
        self.weighed = weighed
        self.shift = shift
        self.move = move
        self.fits = fits
        self.fit = fits[shift.signal]
        self.raw = raw
        self.traffic = traffic
        self.candidates = candidates
        self.together = together
        self.tallies = tallies or Tallies(traffic, self.fit.cells)
        self.copies = copies
        better = self.fit.cells.signal.better or "higher"
        self.harm = -1 if better == "higher" else 1
        self.places = slices(self.fit)
        self._others: dict[tuple[str, str], float] = {}
        self.bids = {c.id: self._bid(c) for c in candidates if not c.standing}

    def _bid(self, candidate: Candidate) -> Bid:
        options = variants(candidate, self.fit.cells, self.places)
        scores = self.fit.scores(options.columns)
        logs = options.log_weight + scores.log_factor(self.fit.slab, sign=self.harm)
        best = int(np.argmax(logs))
        return Bid(candidate, options, logs, float(scores.estimate[best]), float(scores.error[best]))

    @cached_property
    def judges_told(self) -> bool:
        """Whether any score of the case says who gave it; where none does, a score without a judge may well have one."""
        return any(fit.cells.signal.judged for fit in self.fits.values())

    @cached_property
    def clock(self) -> Floats:
        """Middle of each bucket, in hours."""
        cells = self.fit.cells
        return (np.arange(cells.buckets) + 0.5) * cells.width / 3600

    def share(self, column: Floats) -> Floats:
        """The exposed share of the signal's traffic in each bucket."""
        cells = self.fit.cells
        n = sums(cells.bucket, cells.n, cells.buckets)
        exposed = np.bincount(cells.bucket, cells.n * column, minlength=cells.buckets)
        return np.divide(exposed, n, out=np.zeros_like(n), where=n > 0)

    def pattern(self, column: Floats) -> Floats:
        """The exposed share by bucket and segment (buckets x segments), where there was traffic."""
        cells = self.fit.cells
        shape = (cells.buckets, len(cells.segments))
        n, exposed = np.zeros(shape), np.zeros(shape)
        np.add.at(n, (cells.bucket, cells.segment), cells.n)
        np.add.at(exposed, (cells.bucket, cells.segment), cells.n * column)
        return np.divide(exposed, n, out=np.zeros(shape), where=n > 0)

    @cached_property
    def _shapes(self) -> tuple[Shapes, Floats]:
        """The moves that ``unknown``, ``ruler`` and ``artefact`` may have made, with their log Bayes factors."""
        shapes = shapes_of(self.fit)
        return shapes, shapes.logs(shapes.scores(self.fit), self.fit.slab, sign=self.harm)

    def free_factor(self, *shapes: str) -> float:
        """Log Bayes factor of a move of these shapes at an unknown time (all shapes if none is named)."""
        family, logs = self._shapes
        return family.evidence(logs, *shapes)

    def recorded(self, candidate: Candidate, signal: str) -> Floats:
        """The candidate's exposure as recorded, over the cells of any signal."""
        if signal == self.shift.signal:
            return self.bids[candidate.id].variants.columns[:, 0]
        return variants(candidate, self.fits[signal].cells, []).columns[:, 0]

    @cached_property
    def strongest(self) -> Bid | None:
        """The change that explains the move best by itself."""
        return max(self.bids.values(), key=lambda bid: (bid.log_factor, bid.candidate.id), default=None)

    def elsewhere(self, candidate: Candidate, signal: str) -> Moves:
        """How another signal moved along the candidate's best column (for a standing bidder, along the move itself)."""
        fit = self.fits[signal]
        if candidate.standing:
            begin, end = self._begun()
            hours = fit.cells.hours
            inside = fit.cells.inside(dict(self.shift.segment)) & (hours > begin) & (hours <= end)
            column: Floats = inside.astype(float)
        else:
            bid = self.bids[candidate.id]
            options = variants(candidate, fit.cells, self.places)
            label = bid.variants.labels[bid.best]
            at = options.labels.index(label) if label in options.labels else 0
            column = options.columns[:, at]
        scores = fit.scores(column[:, None])
        return _moves(scores, fit.slab)

    def moved_by(self, candidate: Candidate, signal: str) -> float:
        """Log Bayes factor that the candidate moved another signal, for the worse, over its own variants."""
        if (candidate.id, signal) not in self._others:
            fit = self.fits[signal]
            sign = -1 if fit.cells.signal.better == "higher" else 1
            if candidate.standing:
                move = self.together[signal]
                factor = move.evidence if move.as_fitted is None else move.as_fitted
            else:
                options = variants(candidate, fit.cells, self.places)
                factor = float(
                    logsumexp(options.log_weight + fit.scores(options.columns).log_factor(fit.slab, sign=sign))
                )
            self._others[(candidate.id, signal)] = factor
        return self._others[(candidate.id, signal)]

    def _begun(self) -> tuple[float, float]:
        cells = self.fit.cells
        begin = cells.hour_of(self.shift.onset.estimate)
        end = cells.hour_of(self.shift.ended) if self.shift.ended else np.inf
        return begin, end

    @cached_property
    def losses(self) -> list[Lost]:
        """The falls of each kind of count, held against the moves that the signal may have made."""
        family, _ = self._shapes
        return lost(self.fit, family, family.scores(self.fit), self.tallies, harm=self.harm)

    def lost_records(self) -> float:
        """Log Bayes factor of "records were lost and the signal moved there and then" against both by themselves.

        Shape by shape, in a slice as for all traffic: a sharp fall of the records says when and where to look; a loss too small
        to make the move (``reach``) is no bid.
        """
        signal, (shapes, _) = self.free_factor(), self._shapes
        found = []
        for one in self.losses:
            unseen = UNSEEN if one.able else IMPOSSIBLE
            guilty = np.logaddexp(np.log(1 - unseen) + one.both, np.log(unseen) + signal)
            often = OF_A_SLICE if one.kind == "requests" and shapes.place[one.best] else SELDOM
            by_itself = np.logaddexp(np.log(often) + one.count, np.log(1 - often))
            found.append(float(guilty - by_itself))
        return float(logsumexp(found) - np.log(len(found)))

    @cached_property
    def copied(self) -> tuple[float, float]:
        """Log likelihood ratio of "the plain mean follows what is told twice", and the share of the plain move that it makes.

        ``copies`` has, by bucket, how many scores of the signal are copies and their sum; the column is how far they move the
        bucket's mean, so that nothing is left to be estimated.
        """
        cells = self.raw.cells
        if self.copies is None:
            return 0.0, 0.0
        n, total = (part[cells.bucket] for part in self.copies)
        left = np.maximum(cells.n - n, 0.5)
        column = cells.total / cells.n - (cells.total - total) / left
        size = float(np.abs(column).max(initial=0.0))
        begin, end = self._begun()
        late = (cells.hours > begin) & (cells.hours <= end)
        if not size or not late.any() or late.all():
            return 0.0, 0.0
        moved = float(
            np.average(column[late], weights=cells.n[late]) - np.average(column[~late], weights=cells.n[~late])
        )
        share = moved / self.shift.raw_delta if self.shift.raw_delta else 0.0
        scores = self.raw.scores(column[:, None] / size)
        return float(size * scores.pull[0] - size**2 * scores.information[0] / 2), share

    @cached_property
    def sampled(self) -> Sampled | None:
        """What the sampling did: the shift's own column on scores that count as often as their request stands for."""
        if self.weighed is None:
            return None
        begin, end = self._begun()
        cells, delta = self.weighed, self.shift.delta
        column = cells.inside(dict(self.shift.segment)) & (cells.hours > begin) & (cells.hours <= end)
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
        shapes, _ = self._shapes
        for one in self.losses:
            place = dict(shapes.place[one.best])
            lost, error = float(one.counted.lost[one.best]), float(one.counted.error[one.best])
            size = self.shift.delta.estimate
            found[one.kind] = self._fall(min(one.given, one.count), one.count, lost, error, place, size)
            if not one.able or one.count < 0:
                found[one.kind] = self._at_the_move(one.kind)
        return found

    def _at_the_move(self, kind: Kind) -> Fall:
        """The fall of a count where and when the shift is on record."""
        begin, end = self._begun()
        place = tuple(sorted(self.shift.segment.items()))
        profile = ((self.clock > begin) & (self.clock <= end)).astype(float)
        told = self.tallies.inside(kind, place, profile[:, None])
        factor, lost, error = (float(part[0]) for part in (told.log_factor, told.lost, told.error))
        return self._fall(factor, factor, lost, error, dict(place), self.shift.delta.estimate)

    def _fell(self, kind: Kind, candidate: Candidate) -> Fall:
        """The fall of a count along the variants of a change; the log factor is the count's, the signal being known."""
        bid, cells = self.bids[candidate.id], self.fit.cells
        scope = candidate.change.scope if candidate.change else {}
        known = {key for segment in cells.segments for key in segment}
        inside = tuple(sorted((key, str(value)) for key, value in scope.items() if key in known))
        options = [(inside, at) for at in range(len(bid.logs)) if not bid.variants.labels[at].startswith("in ")]
        signal = [bid.logs[at] for _, at in options]
        profiles = [self._share_inside(bid.variants.columns[:, at], inside) for _, at in options]
        told = [self.tallies.inside(kind, inside, np.column_stack(profiles))]
        places = [
            (tuple(sorted(place.items())), f"in {', '.join(f'{k}={v}' for k, v in place.items())} only")
            for place in self.places
        ]
        for place, label in places if not inside else []:
            if label in bid.variants.labels:
                at = bid.variants.labels.index(label)
                options.append((place, at))
                signal.append(bid.logs[at])
                told.append(
                    self.tallies.inside(kind, place, self._share_inside(bid.variants.columns[:, at], place)[:, None])
                )
        count = np.concatenate([one.log_factor for one in told])
        lost, error = np.concatenate([one.lost for one in told]), np.concatenate([one.error for one in told])
        both = np.array(signal) + count
        best = int(np.argmax(both))
        factor = float(logsumexp(both) - logsumexp(signal))
        effect = float(self.fit.scores(bid.variants.columns[:, [options[best][1]]]).estimate[0])
        return self._fall(
            factor, float(count[best]), float(lost[best]), float(error[best]), dict(options[best][0]), effect
        )

    def _share_inside(self, column: Floats, place: Place) -> Floats:
        """The exposed share of a slice's traffic in each bucket."""
        cells = self.fit.cells
        n = cells.n * cells.inside(dict(place))
        whole = sums(cells.bucket, n, cells.buckets)
        return np.divide(
            sums(cells.bucket, n * column, cells.buckets), whole, out=np.zeros_like(whole), where=whole > 0
        )

    def _fall(
        self, factor: float, count: float, lost: float, error: float, place: dict[str, str], effect: float
    ) -> Fall:
        """A fall with what it could have done: worst case, losing good answers only (Manski 2003)."""
        bounded, before = self.fit.cells.signal.bounded, self.shift.before
        far, most = reach(before, np.array([lost, lost + Z90 * error]), harm=self.harm, bounded=bounded)
        delta = self.shift.delta
        least = min(abs(delta.low), abs(delta.high)) * (delta.low * delta.high > 0)
        needed = min(least, abs(effect)) if np.isfinite(effect) else least
        return Fall(
            factor, lost, error, place, float(far), able=bool(most >= needed and lost > 0), clear=count > CLEARLY
        )

    @cached_property
    def traffic_mix(self) -> TrafficMix:
        """What the change of traffic says of the shift."""
        return TrafficMix(self.shift, self.move, self.fit, self.raw, self._begun(), self.harm)

    @cached_property
    def within(self) -> float:
        """Log Bayes factor that segments moved by themselves, noise that passes for it allowed for (``Fit.doubted``)."""
        plain = self.free_factor()
        if plain < CLEARLY:
            return plain
        family, _ = self._shapes
        return max(
            family.evidence(family.logs(family.scores(fit), fit.slab, sign=self.harm)) - toll
            for fit, toll in self.fit.doubted()
        )


def _moves(scores: Scores, slab: float) -> Moves:
    return Moves(float(scores.log_factor(slab)[0]), float(scores.estimate[0]), float(scores.error[0]))


def is_ruler(candidate: Candidate) -> bool:
    """Whether a candidate can move a score and never an answer."""
    return candidate.id == "ruler" or (candidate.layer in RULER_LAYERS)
