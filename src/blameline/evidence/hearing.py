"""One shift, all bids: the shared fit that most checks ask, worked out once.

In come the fits of the signals, the shift and the candidates; out comes, for each candidate, the Bayes factor of its columns,
its best variant and its effect, and how far the other signals, the traffic and the records moved in the way that it predicts.
One likelihood carries timing, exposure, dose, scope and reversal together, so that no fact is counted twice.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from blameline.candidates import Candidate, Variants, confined, variants
from blameline.cells.grid import sums
from blameline.evidence.kept import Kept
from blameline.evidence.mediators import Mechanism, Mediators
from blameline.evidence.pairs import Pair, pairs_of
from blameline.evidence.prior import Prior
from blameline.evidence.signature import NOT_LOOKED
from blameline.evidence.traffic_mix import Moves, TrafficMix
from blameline.fit import clustered
from blameline.records import RULER_LAYERS, Part, Shift
from blameline.shifts.describe import onset_of
from blameline.shifts.shapes import Shapes, shapes_of, slices
from blameline.shifts.tallies import Tallies

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from blameline.cells import Cells
    from blameline.evidence.bridge import Span
    from blameline.evidence.questions import Rows
    from blameline.evidence.selection import Selection
    from blameline.fit import Clustered, Fit, Scores
    from blameline.shifts import Move
    from blameline.shifts.slides import Slide

Floats = NDArray[np.float64]
LIKELIEST = 8
"""Moves of each shape for which clusters of requests are reckoned; the others lose what is usual among these."""
MIXED = 0.02
"""Share of an hour's requests that at least had a change, and at least had not, where the hour is one to compare in."""
FEWEST = 20
"""Requests on either side below which there is no comparison."""
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
    scores: Scores
    """Information and pull of each variant, each request a witness of its own."""
    toll: float = 0.0
    """What its log Bayes factor loses because requests of one user, session or conversation are alike."""

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


class Hearing:
    """The joint fit of one shift; checks read it and never change it.

    ``together`` holds, by signal, the moves for the worse of other signals whose onset overlaps with this shift's; ``span`` how
    far the ruler moved at the onset on answers that did not change; ``weighed`` the signal with each request counted as often as
    it stands for, where the rows are a sample; ``beside`` the signal's moves at other times, between which the shift is measured;
    ``apart`` (cells x k) its moves that are shifts of their own (``others``) and not in the mean of the fit: no second cause of
    this one may claim them; ``ways``, by signal, the requests by user, session and conversation; ``mediators`` what the layers
    act on first; ``slide`` what the traffic foretells of a mean that slides, of which the model is that of the scores at an equal
    traffic.
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
        *,
        beside: Sequence[Move] = (),
        apart: Floats | None = None,
        others: Sequence[Shift] = (),
        prior: Prior | None = None,
        ways: Mapping[str, Sequence[Clustered]] | None = None,
        mediators: Mediators | None = None,
        slide: Slide | None = None,
    ) -> None:
        self.turns = tuple(beside)
        self.apart = apart
        self.others = tuple(others)
        self.slide = slide
        self.prior = prior or Prior()
        self.span = span
        self.weighed = weighed
        self.ways = ways or {}
        self.mechanism = Mechanism(self, mediators or Mediators())
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
        self.faded: Part | None = None  # that documents fit ever worse, where they do
        self.selection: Selection | None = None  # how the choice of what is scored moved, where that was measured
        self.looked = NOT_LOOKED  # what came of the search for signatures, where one was made
        better = self.fit.cells.signal.better or "higher"
        self.harm = -1 if better == "higher" else 1
        self.places = slices(self.fit)
        self.heard_elsewhere: dict[tuple[str, str], float] = {}
        self.seen_elsewhere: dict[tuple[str, str], Moves] = {}
        self.asked: dict[str, Rows] = {}
        """Rows at hand for this shift, by query and parameters."""
        self.bids = {c.id: self.bid_of(c) for c in candidates if not c.standing}

    def bid_of(self, candidate: Candidate) -> Bid:
        """What the fit says of one change."""
        options = variants(candidate, self.fit.cells, self.places)
        plain = self.fit.scores(options.columns)
        crossed = confined(options, plain.log_factor(self.fit.slab, sign=self.harm), self.places)
        if crossed:
            options = variants(candidate, self.fit.cells, self.places, crossed)
            plain = self.fit.scores(options.columns)
        scores = self.scores(self.shift.signal, options.columns)
        logs = np.minimum(*(one.log_factor(self.fit.slab, sign=self.harm) for one in (plain, scores)))
        alone = logsumexp(options.log_weight + plain.log_factor(self.fit.slab, sign=self.harm))
        logs += options.log_weight
        toll = max(float(alone - logsumexp(logs)), 0.0)
        best = int(np.argmax(logs))
        return Bid(candidate, options, logs, float(scores.estimate[best]), float(scores.error[best]), plain, toll)

    def scores(self, signal: str, columns: Floats, fit: Fit | None = None, *, apart: bool = True) -> Scores:
        """What the model of a signal (or ``fit``, another of the same cells) says of columns, its requests in clusters."""
        return clustered.scores(fit or self.fits[signal], columns, self.ways.get(signal, ()), apart=apart)

    @cached_property
    def judges_told(self) -> bool:
        """Whether any score of the case says who gave it; where none does, a score without a judge may well have one."""
        return any(fit.cells.signal.judged for fit in self.fits.values())

    @cached_property
    def clock(self) -> Floats:
        """Middle of each bucket, in hours."""
        cells = self.fit.cells
        return (np.arange(cells.buckets) + 0.5) * cells.width / 3600

    @cached_property
    def slice(self) -> Floats:
        """1 where a cell is in the slice that the shift is confined to, else 0; all 1 where it is not confined."""
        return np.asarray(self.fit.cells.inside(dict(self.shift.segment)), dtype=np.float64)

    def put(self, candidate: Candidate) -> Floats:
        """The candidate's exposure as recorded, in the slice of the shift."""
        column: Floats = self.bids[candidate.id].variants.columns[:, 0] * self.slice
        return column

    def among(self, candidate: Candidate) -> Floats:
        """1 for the cells whose requests are compared by whether they had the change, else 0.

        Those of the slice of the shift, where some there had it and some had not in the same hours: requests of other slices
        would only dilute the comparison. The slice was found by when the signal moved and not by who was exposed, so that looking
        in it takes no side. Else all: a slice that had it as a whole is compared with the others.
        """
        column, n = self.bids[candidate.id].variants.columns[:, 0], self.fit.cells.n * self.slice
        share = self.share(column, self.slice)
        mixed = ((share > MIXED) & (share < 1 - MIXED))[self.fit.cells.bucket] * n
        enough = min(float(mixed @ column), float(mixed @ (1 - column))) >= FEWEST
        return self.slice if enough else np.ones(len(n))

    def share(self, column: Floats, among: Floats | None = None) -> Floats:
        """The exposed share of the signal's traffic in each bucket, ``among`` some of the cells."""
        cells = self.fit.cells
        counted = cells.n if among is None else cells.n * among
        n = sums(cells.bucket, counted, cells.buckets)
        exposed = np.bincount(cells.bucket, counted * column, minlength=cells.buckets)
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
    def shapes(self) -> tuple[Shapes, Floats]:
        """The moves that ``unknown``, ``ruler`` and ``artefact`` may have made, with their log Bayes factors."""
        shapes = shapes_of(self.fit)
        return shapes, shapes.logs(shapes.scores(self.fit), self.fit.slab, sign=self.harm)

    @cached_property
    def _clustered(self) -> Floats:
        """The logs of ``shapes`` with requests in clusters, as for the changes; worked out for the likeliest of each kind."""
        family, logs = self.shapes
        told = logs.copy()
        if not any(way.shared for way in self.ways.get(self.shift.signal, ())):
            return told
        cells, kinds = self.fit.cells, np.array(family.shape)
        for kind in np.unique(kinds):
            own = np.flatnonzero(kinds == kind)
            best = own[np.argsort(-logs[own], kind="stable")[:LIKELIEST]]
            inside = np.column_stack([cells.inside(dict(family.place[at])) for at in best])
            scores = self.scores(self.shift.signal, family.profiles[np.ix_(cells.bucket, best)] * inside, self.fit)
            less = family.log_weight[best] + scores.log_factor(self.fit.slab, sign=self.harm)
            tolls = np.maximum(logs[best] - less, 0.0)
            told[own] -= np.median(tolls)
            told[best] = logs[best] - tolls
        return told

    def free_factor(self, *shapes: str, plain: bool = False) -> float:
        """Log Bayes factor of a move of these shapes at an unknown time (all shapes if none is named).

        Requests count in clusters, as they do for the changes; with ``plain`` each by itself.
        """
        family, logs = self.shapes
        return family.evidence(logs if plain else self._clustered, *shapes)

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
        if (candidate.id, signal) not in self.seen_elsewhere:
            self.seen_elsewhere[(candidate.id, signal)] = self._along(candidate, signal)
        return self.seen_elsewhere[(candidate.id, signal)]

    def _along(self, candidate: Candidate, signal: str) -> Moves:
        fit = self.fits[signal]
        return _moves(self.scores(signal, self.column_of(candidate, signal)[:, None]), fit.slab)

    def column_of(self, candidate: Candidate, signal: str) -> Floats:
        """Over the cells of any signal: where the candidate acts if it made the shift, by its best variant."""
        cells = self.fits[signal].cells
        if candidate.standing:
            begin, end = self.begun()
            inside = cells.inside(dict(self.shift.segment)) & (cells.hours > begin) & (cells.hours <= end)
            return inside.astype(float)
        bid = self.bids[candidate.id]
        options = variants(candidate, cells, self.places, bid.variants.crossed)
        label = bid.variants.labels[bid.best]
        at = options.labels.index(label) if label in options.labels else 0
        column: Floats = options.columns[:, at]
        return column

    def moved_by(self, candidate: Candidate, signal: str) -> float:
        """Log Bayes factor that the candidate moved another signal, for the worse, over its own variants."""
        if (candidate.id, signal) not in self.heard_elsewhere:
            fit = self.fits[signal]
            sign = -1 if fit.cells.signal.better == "higher" else 1
            if candidate.standing:
                move = self.together[signal]
                factor = move.evidence if move.as_fitted is None else move.as_fitted
            else:
                options = variants(candidate, fit.cells, self.places)
                factor = float(
                    logsumexp(options.log_weight + self.scores(signal, options.columns).log_factor(fit.slab, sign=sign))
                )
            self.heard_elsewhere[(candidate.id, signal)] = factor
        return self.heard_elsewhere[(candidate.id, signal)]

    def beside(self, columns: Floats) -> Hearing:
        """The same shift with columns (cells x k) in the mean: what is left beside another cause, and when that began."""
        other = copy(self)
        for name in ("shapes", "_clustered", "strongest", "pairs", "kept", "traffic_mix", "within"):
            other.__dict__.pop(name, None)
        other.fit = self.fit.given(columns)
        other.fits = {**self.fits, self.shift.signal: other.fit}
        other.heard_elsewhere, other.seen_elsewhere = {}, {}
        other.bids = {name: other.bid_of(bid.candidate) for name, bid in self.bids.items()}
        family, logs = other.shapes
        if len(logs):
            moments, at = np.unique(family.begin, return_inverse=True)
            weights = sums(at, np.exp(logs - logsumexp(logs)), len(moments))
            other.move = replace(self.move, moments=moments, weights=weights)
            other.shift = self.shift.model_copy(update={"onset": onset_of(other.fit.cells, moments, weights)})
        return other

    def begun(self) -> tuple[float, float]:
        """The hours in which the shift began and ended; ``inf`` where it lasts."""
        cells = self.fit.cells
        begin = cells.hour_of(self.shift.onset.estimate)
        end = cells.hour_of(self.shift.ended) if self.shift.ended else np.inf
        return begin, end

    @cached_property
    def pairs(self) -> tuple[Pair, ...]:
        """What the fit says of two causes at once."""
        return pairs_of(self)

    @cached_property
    def kept(self) -> Kept:
        """What the records themselves did."""
        return Kept(self)

    @cached_property
    def traffic_mix(self) -> TrafficMix:
        """What the change of traffic says of the shift."""
        return TrafficMix(self.shift, self.move, self.fit, self.raw, self.begun(), self.harm, self.slide)

    @cached_property
    def within(self) -> float:
        """Log Bayes factor that segments moved by themselves, noise that passes for it allowed for (``Fit.doubted``)."""
        plain = self.free_factor(plain=True)
        if plain < CLEARLY:
            return plain
        family, _ = self.shapes
        return max(
            family.evidence(family.logs(family.scores(fit), fit.slab, sign=self.harm)) - toll
            for fit, toll in self.fit.doubted
        )


def _moves(scores: Scores, slab: float) -> Moves:
    return Moves(float(scores.log_factor(slab)[0]), float(scores.estimate[0]), float(scores.error[0]))


def is_ruler(candidate: Candidate) -> bool:
    """Whether a candidate can move a score and never an answer."""
    return candidate.id == "ruler" or (candidate.layer in RULER_LAYERS)
