"""Which slice moved: the smallest set of segment values that holds a move, or that none does.

The model's inner products are taken once, by combination of segment values; every slice is a sum of combinations, so that its
Bayes factor costs next to nothing. Three kinds of answer compete: all traffic moved alike, some slice moved and the rest did
not, all moved and some slice more. A slice is one value, a pair of values of two attributes, or a union of up to ``MOST_PARTS``
of these. The half-normal slab on its effect is what shrinks small and noisy slices (empirical Bayes); the prior of a slice is
shared among all that there are, looked at or not, which is the price of having searched.

Pairs are not all tried (after Adtributor, Bhagwan 2014; Squeeze, Li 2019; RiskLoc, Kalander 2022): no part of a slice can be
worth more than the quadratic form ``s' V^-1 s`` of the combinations inside it, so a pair is fitted only where that bound, of
both of its values, could still change the answer.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import logsumexp

from blameline.records import Location
from blameline.shifts.slice_search import WEIGHT, Search
from blameline.shifts.slice_sums import SLABS

if TYPE_CHECKING:
    from blameline.fit import Fit
    from blameline.records import Interval
    from blameline.shifts.moves import Move
    from blameline.shifts.slice_sums import Segment

SURE = 0.9
ALONE = 0.75
"""Odds that the rest did not move, given that some slice moved otherwise, from which the slice is named."""
LEAST = 0.4
"""Least share of the shift, by the low end of its interval, that the parts must explain, unless the odds for them are ``SURE``.

Of a part of few requests that share is never well known: what the noise of all the others may add to it is as large as itself.
"""
CLEARLY = 0.99
"""Odds from which a single slice becomes the shift's own segment."""
COHORT = "it follows the requests that carry one new version, and no segment fits it as well"


def locate(fit: Fit, move: Move) -> Location:
    """Where a move sits; never an error: too little to tell is ``unclear`` with the reason."""
    search = Search(fit, move)
    if not search.values:
        return Location(verdict="unclear", because="no segment attribute was recorded that cuts this traffic")
    return _answer(search)


def narrowed(fit: Fit, move: Move, found: Location) -> Move:
    """The move told for the slice that holds it, in place of the detector's own segment; the move itself where that stands.

    Only a single part takes its place, at odds of ``CLEARLY`` and where it fits better by its price and 100 to 1.
    """
    part = dict(found.parts[0]) if found.verdict == "slice" and len(found.parts) == 1 else {}
    if not part or part == move.segment or found.probability < CLEARLY:
        return move
    search = Search(fit, move)
    mine, theirs = search.worth(np.column_stack([search.inside(part), search.inside(move.segment)]))
    if mine - theirs <= np.log(100 * (search.pairs if len(part) > 1 else len(search.values))):
        return move
    column = search.column * fit.cells.inside(part)
    told = fit.scores(column[:, None])
    return replace(move, segment=part, column=column, effect=float(told.estimate[0]), error=float(told.error[0]))


def _answer(search: Search) -> Location:
    """Weigh the kinds of answer."""
    everything = np.ones((len(search.segments) + 1, 1), dtype=bool)
    everywhere = float(search.worth(everything)[0]) + np.log(WEIGHT["everywhere"])
    parts = search.singles()
    parts += search.paired(parts, everywhere)
    counted = {"looked_at": len(parts), "of": len(search.values) + search.pairs}
    chosen, union = search.union(parts)
    parts += [union] if union is not None else []
    local = float(logsumexp([one.worth + one.log_weight for one in parts]))
    more = search.more(parts)
    whole = float(logsumexp([everywhere, local, more]))
    apart, alone = 1 - float(np.exp(everywhere - whole)), float(np.exp(local - np.logaddexp(local, more)))
    held = np.any([one.inside for one in chosen], axis=0)
    share, outside = search.share(held)
    part_of = float(search.traffic[held].sum() / search.traffic.sum())
    named = " or ".join(_words(one.segment) for one in chosen)
    words = f"{named} with {_percent(share)} of the move on {part_of:.0%} of the traffic"
    cohort = _cohort(search, max(local, everywhere, more))
    if cohort is not None:
        return Location(verdict="elsewhere", probability=cohort, because=COHORT, **counted)
    known = share.low >= LEAST
    if apart >= SURE and ((alone >= ALONE and known) or (alone >= SURE and not outside)):
        segments = tuple(one.segment for one in chosen)
        held_by = words if known else f"{named}, {part_of:.0%} of the traffic"
        because = f"it sits in {held_by}; elsewhere nothing moved that this data can tell"
        told = {"parts": segments, "share": share if known else None, "traffic": part_of, "probability": apart}
        return Location(verdict="slice", because=because, **told, **counted)
    if apart <= 1 - SURE:
        because = "every segment moved alike, as far as this data can tell"
        return Location(verdict="everywhere", probability=1 - apart, because=because, **counted)
    if apart >= SURE and outside:
        because = f"all traffic moved, and most of all {words}"
        told = {"share": share, "traffic": part_of, "probability": apart}
        return Location(verdict="everywhere", because=because, **told, **counted)
    because = f"too noisy to say; the likeliest slice is {words}"
    return Location(verdict="unclear", probability=max(apart, 1 - apart), because=because, **counted)


def _cohort(search: Search, best: float) -> float | None:
    """Odds that the move follows a version that some requests carry, where the detector says so; else ``None``."""
    cells, column = search.fit.cells, search.move.column
    if search.move.segment or np.array_equal(column > 0, search.column > 0):
        return None
    scaled = column / max(float(column.max()), 1e-300)
    scores = search.fit.scores(scaled[:, None])
    logs = [float(scores.log_factor(scale * search.fit.slab, sign=search.side)[0]) for scale in SLABS]
    mine = float(logsumexp(logs) - np.log(len(SLABS)) + np.log(WEIGHT["everywhere"] / 2))
    odds = float(1 / (1 + np.exp(min(best - mine, 700.0))))
    return odds if odds >= SURE and float(cells.n @ (column > 0)) > 0 else None


def _words(segment: Segment) -> str:
    return " and ".join(f"{key} {value}" for key, value in sorted(segment.items()))


def _percent(share: Interval) -> str:
    return f"{share.estimate:.0%} [{share.low:.0%}, {share.high:.0%}]"
