"""Moves that a change on record points to: it says where and when to look, and what it says is all that is looked at.

The detector looks at every moment and every slice and pays for that, so that a fall of a small part of the traffic passes for
nothing. A change names its moment and its requests. With ``k`` changes on record, each with its variants ``v`` of prior weight
``w_v`` (``candidates.exposure``), the evidence for "one of them moved it for the worse" against "nothing moved" is::

    log mean_c sum_v w_v BF(c, v)

so that forty changes pay for forty. It is weighed under other noise too, as any move is (``Fit.doubted``): drift that passes
for the move is paid for.

What is pointed at is heard as any other shift, and no datum counts twice there: the odds start from the prior again, where each
change has its own share of the changes' part, and ``chance``, ``unknown`` and the others compete as always. Having looked is no
evidence: it only decides whether there is a hearing. Three things keep that honest. The price of ``k`` changes is in the prior
of each one there, as it is in the mean here. ``chance`` has what noise that drifts brings it (``Move.doubt``). The onset is
looked for at every moment of the window, in the slice of the change and not about its time, so that ``timing`` can still fail.
A shape at an unknown time pays for all times, and requests in clusters may take from the changes in the hearing: then ``chance``
is likeliest, and there is no shift.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from blameline.candidates.exposure import confined, variants
from blameline.cells.grid import sums
from blameline.records import HARM
from blameline.shifts.moves import Move
from blameline.shifts.shapes import moments, shapes_of, slices
from blameline.shifts.steps import RESTLESS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from blameline.candidates import Candidate, Variants
    from blameline.cells import Cells
    from blameline.fit import Fit
    from blameline.fit.noise import At

Floats = NDArray[np.float64]
THRESHOLD = 5.0
"""Log of the mean Bayes factor from which a move counts: that of the detector; by Markov's inequality noise as the model has it
reaches it in fewer than 1 of 148 signals."""
TOLD = 0.05
"""Share of the evidence from which a change has a say in when it began."""
FULL, NONE = 0.9, 0.05
"""Exposed share of a segment, in parts of the greatest, from which on it is in the slice and up to which it is not."""


@dataclass(frozen=True)
class _Bid:
    """One change: its columns and, by variant, the log of prior weight times Bayes factor."""

    options: Variants
    logs: Floats

    @property
    def column(self) -> Floats:
        """The best variant's, over the cells."""
        return self.options.columns[:, int(np.argmax(self.logs))]


@dataclass(frozen=True)
class _Heard:
    """What is known of the move under the noise with which it will be heard."""

    free: float
    """Log Bayes factor of a move at any time and of any shape."""
    evidence: float
    """The same of a move that a change points to."""
    noise: At | None
    """That noise, where it is not the fit's own."""


def find_pointed(fit: Fit, candidates: Sequence[Candidate]) -> Move | None:
    """The move for the worse that a change on record points to; ``None`` where none does, or there is too little to tell."""
    changes = [one for one in candidates if not one.standing]
    signal = fit.cells.signal
    if fit.cells.buckets < 12 or signal.better is None or signal.family not in HARM or not changes:
        return None
    harm, places = -1 if signal.better == "higher" else 1, slices(fit)
    options = [variants(one, fit.cells, places) for one in changes]
    weighed = _weighed(fit, options, harm)
    crossed = [confined(one.options, one.logs - one.options.log_weight, places) for one in weighed]
    if any(crossed):
        options = [
            variants(one, fit.cells, places, more) if more else first
            for one, first, more in zip(changes, options, crossed, strict=True)
        ]
        weighed = _weighed(fit, options, harm)
    own = _mean(weighed)
    if own < THRESHOLD and fit.noise.at[0] < RESTLESS:
        return None
    looks = [(other, toll, _weighed(other, options, harm)) for other, toll in fit.doubted]
    under, toll, bids = max(looks, key=lambda look: _mean(look[2]) - look[1])
    evidence = _mean(bids)
    if evidence - toll < THRESHOLD:
        return None
    asked, stated = (fit, own) if own >= THRESHOLD else (under, evidence)
    shapes = shapes_of(asked)
    free = shapes.evidence(shapes.logs(shapes.scores(asked), asked.slab, sign=harm))
    heard = _Heard(free, stated, None if asked is fit else under.noise.at)
    return _move(under, bids, harm, evidence, toll, heard)


def _weighed(fit: Fit, options: Sequence[Variants], harm: int) -> list[_Bid]:
    """Every change under one noise; all columns are asked at once."""
    scores = fit.scores(np.column_stack([one.columns for one in options]))
    logs = scores.log_factor(fit.slab, sign=harm)
    edges = np.cumsum([len(one.log_weight) for one in options])[:-1]
    return [_Bid(one, one.log_weight + own) for one, own in zip(options, np.split(logs, edges), strict=True)]


def _mean(bids: Sequence[_Bid]) -> float:
    """Log of the mean Bayes factor over the changes."""
    return float(logsumexp(np.concatenate([one.logs for one in bids])) - np.log(len(bids)))


def _move(fit: Fit, bids: Sequence[_Bid], harm: int, evidence: float, toll: float, heard: _Heard) -> Move:
    """The move as the best change has it, begun when the changes that have a say leave open."""
    logs = np.array([float(logsumexp(one.logs)) for one in bids])
    shares = np.exp(logs - logsumexp(logs))
    begun = [(share, _onset(fit, one.column, harm)) for share, one in zip(shares, bids, strict=True) if share > TOLD]
    at, inverse = np.unique(np.concatenate([when for _, (when, _) in begun]), return_inverse=True)
    weights = sums(inverse, np.concatenate([share * weight for share, (_, weight) in begun]), len(at))
    cells, column = fit.cells, bids[int(np.argmax(logs))].column
    place = _place(cells, column, slices(fit))
    last = _last(cells, column)
    over = last < cells.span_hours - 12
    during = cells.inside(place) & (column > 0)
    during = cells.inside(place) & (cells.hours > cells.hours[during].min()) & (cells.hours <= last)
    share = float(cells.n[during] @ column[during] / cells.n[during].sum())
    told = fit.scores(column[:, None])
    return Move(
        segment=place,
        worse=True,
        evidence=evidence,
        moments=at,
        weights=weights / weights.sum(),
        effect=float(told.estimate[0]) * share,
        error=float(told.error[0]) * share,
        ends=np.array([last]) if over else np.zeros(0),
        end_weights=np.ones(1) if over else np.zeros(0),
        gradual=False,
        column=column / share,
        as_fitted=heard.free,
        noise=heard.noise,
        toll=toll,
        doubt=max(0.0, heard.evidence - evidence + toll),
    )


def _onset(fit: Fit, column: Floats, harm: int) -> tuple[Floats, Floats]:
    """Moments at which a move of these requests may have begun, anywhere in the window, and their posterior.

    Half of the weight is on steps of all traffic in the segments that the column touches, at any moment, each segment as far
    as it was exposed; half on the column itself, from any moment after its own start on.
    """
    cells = fit.cells
    fine, _ = moments(fit)
    reach = _reach(cells, column)[cells.segment] * (cells.hours <= _last(cells, column))
    first = float(cells.hours[column > 0].min()) - cells.width / 3600
    later = fine[fine >= first]
    told = []
    for way, at in ((reach, fine), (column, later)):
        if len(at):
            steps = way[:, None] * (cells.hours[:, None] > at[None, :])
            told.append((at, fit.scores(steps).log_factor(fit.slab, sign=harm) - np.log(len(at))))
    logs = np.concatenate([one for _, one in told])
    at, inverse = np.unique(np.concatenate([one for one, _ in told]), return_inverse=True)
    return at, sums(inverse, np.exp(logs - logsumexp(logs)), len(at))


def _reach(cells: Cells, column: Floats) -> Floats:
    """By segment: the share of its requests that was exposed while any were, the greatest being 1."""
    first = float(cells.hours[column > 0].min())
    during = (cells.hours >= first) & (cells.hours <= _last(cells, column))
    count = int(cells.segment.max(initial=0)) + 1
    n = sums(cells.segment[during], cells.n[during], count)
    exposed = sums(cells.segment[during], (cells.n * column)[during], count)
    share = np.divide(exposed, n, out=np.zeros(count), where=n > 0)
    found: Floats = share / share.max()
    return found


def _last(cells: Cells, column: Floats) -> float:
    """The hour until which any request was exposed."""
    return float(cells.hours[column > 0].max()) + cells.width / 7200


def _place(cells: Cells, column: Floats, places: Sequence[dict[str, str]]) -> dict[str, str]:
    """The slice of one value that holds all exposed requests and was exposed alike; empty where there is none."""
    reach = _reach(cells, column)[cells.segment]
    for place in places:
        inside = cells.inside(place)
        if reach[inside].min(initial=1.0) >= FULL and reach[~inside].max(initial=0.0) <= NONE:
            return dict(place)
    return {}
