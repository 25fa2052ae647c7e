"""What it would take to overturn the verdict of the leading bid: a cause that nobody recorded, another prior, one record less.

**An unrecorded cause.** Let it act on requests whose column ``z`` has the correlation ``r`` with the candidate's ``x`` under
``P``. It then explains all but ``z_x^2 (1 - r^2) / 2`` of the candidate's log likelihood, ``z_x`` being its estimate in
standard errors, so that even with every other advantage it leaves the candidate its verdict unless ``r^2`` reaches ``1 - 2 (l'
- l) / z_x^2``, where ``l`` is the log of their prior odds and ``l'`` that of the odds at which the verdict turns. A part of the
exposed requests and no others has ``r^2`` equal to that part. To bring the effect below what matters it must itself make ``room
/ r^2``, where ``room`` is what the estimate has to lose (omitted variable bias: effect times the slope of ``z`` on ``x``).
``hours`` comes from the same correlation, for the candidate's own column begun later. The robustness value of Cinelli and
Hazlett (2020), ``(sqrt(f^4 + 4 f^2) - f^2) / 2`` with ``f = |t| / sqrt(df)``, is adapted to the mixed fit: ``t`` is the
estimate over its error there, and ``df`` the cells less the columns of the mean.

**One thing less**: see ``removals``.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from blameline.evidence.odds import OFFSET
from blameline.evidence.questions import points
from blameline.evidence.removals import removals
from blameline.evidence.rulings import flip_prior
from blameline.evidence.verdicts import COVERS, SUPPORTED
from blameline.records import Hidden, Sensitivity
from blameline.shifts.describe import Z90

if TYPE_CHECKING:
    from collections.abc import Sequence

    from blameline.evidence.hearing import Bid, Hearing
    from blameline.evidence.odds import Odds
    from blameline.evidence.relisted import Ledger
    from blameline.records import LedgerLine, Removal

FAR = 72.0
"""Hours beyond which a later beginning is not looked at."""
MOST = 12
"""At most so many things are told whose loss changes the verdict."""
LEAST_OVERLAP = 0.05
ALL = 0.995
"""Overlap from which the requests are the same ones."""


def sensitivity(ledger: Ledger) -> Sensitivity:
    """How firmly the verdict of ``ledger.subject`` stands."""
    line, ruling = ledger.lines[ledger.subject], ledger.rulings[ledger.subject]
    own = ledger.weighed.odds[ledger.subject]
    base = ledger.again("evidence", "")
    tried, changed, without = 0, [], None
    for one in removals(ledger):
        if one.what == ledger.subject:
            without = one
            continue
        tried += 1
        if (one.verdict, one.outcome) != (base.verdict, base.outcome):
            changed.append(one)
    order = ("change", "version", "signal", "evidence", "check", "segment", "day")
    changed.sort(key=lambda one: (order.index(one.kind), one.probability, one.what))
    hidden = None
    if ruling.bid is not None and line.verdict in {"supported", "confirmed"}:
        hidden = hidden_cause(ledger.hearing, ruling.bid, own, ledger.weighed.odds["unknown"])
    flip = flip_prior(ruling, own)
    return Sensitivity(
        hidden=hidden,
        flip_prior=flip,
        tried=tried,
        changes=tuple(changed[:MOST]),
        without=without,
        because=" ".join(
            part
            for part in (
                _of_hidden(ledger.hearing, hidden),
                _of_prior(line, flip),
                _of_removals(changed, tried),
                _of_own(line, without),
            )
            if part
        ),
    )


def hidden_cause(hearing: Hearing, bid: Bid, own: Odds, unknown: Odds) -> Hidden | None:
    """What an unrecorded cause would have to be; ``None`` where the effect is not clear enough to be overturned."""
    target = abs(hearing.shift.delta.estimate)
    room = abs(bid.effect) - max(Z90 * bid.error, COVERS * target)
    if not math.isfinite(bid.error) or bid.error <= 0 or room <= 0:
        return None
    clear = (bid.effect / bid.error) ** 2
    turns = SUPPORTED if own.involved >= SUPPORTED else 0.5
    ahead = math.log(own.prior) - math.log(unknown.prior) - OFFSET["unknown"]
    short = max(math.log(turns / (1 - turns)) - ahead, 0.0)
    overlap = min(max(1 - 2 * short / clear, LEAST_OVERLAP), 1.0)
    effect = math.copysign(room / overlap, bid.effect)
    cells = hearing.fit.cells
    freedom = max(len(cells.n) - hearing.fit.fixed.shape[1], 1)
    f = abs(bid.effect / bid.error) / math.sqrt(freedom)
    robustness = (math.sqrt(f**4 + 4 * f**2) - f**2) / 2
    return Hidden(
        overlap=round(overlap, 4),
        hours=_hours(hearing, bid, overlap),
        effect=float(f"{effect:.6g}"),
        robustness=round(robustness, 4),
    )


def _hours(hearing: Hearing, bid: Bid, overlap: float) -> float | None:
    """How much later the candidate's own column could begin and still be that much like it; ``None`` beyond ``FAR``."""
    fit, cells = hearing.fit, hearing.fit.cells
    exposed = cells.hours[bid.column > 0]
    if not exposed.size:
        return None
    begin, width = float(exposed.min()), cells.width / 3600
    lags = np.arange(width, FAR + width / 2, width)
    later = bid.column[:, None] * (cells.hours[:, None] > begin + lags[None, :] - width / 2)
    own = fit.pulled(bid.column[:, None])[:, 0]
    whole = float(own @ bid.column)
    information = fit.scores(later).information
    square = np.divide((own @ later) ** 2, information * whole, out=np.zeros_like(lags), where=information > 0)
    far = np.flatnonzero(square < overlap)
    if not far.size:
        return None
    return float(lags[far[0]])


def _of_hidden(hearing: Hearing, hidden: Hidden | None) -> str:
    if hidden is None:
        return ""
    same = f"at least {math.floor(100 * hidden.overlap)}% of the same" if hidden.overlap < ALL else "just the same"
    when = "" if hidden.hours is None else f", begin less than {hidden.hours:g} h before or after it"
    return (
        f"To overturn this, something unrecorded would have to act on {same} requests and on few others{when}, "
        f"and move them by {points(hidden.effect, hearing)} or more."
    )


def _of_prior(line: LedgerLine, flip: float | None) -> str:
    if flip is None:
        return ""
    side = "below" if flip < line.prior else "above"
    return f"With a prior {side} {flip:.2g} (it started with {line.prior:.2g}) it would no longer be {line.verdict}."


WORDS = {
    "change": "the record of {}",
    "version": "the version {}",
    "signal": "the signal {}",
    "evidence": "what the {} say",
    "check": "the {} check",
    "segment": "{}",
    "day": "the day from {} on",
}


def _of_removals(changed: Sequence[Removal], tried: int) -> str:
    if not tried:
        return ""
    if not changed:
        return f"No single record, signal, check, segment or day changes that: {tried} were left out in turn."
    told = [f"{WORDS[one.kind].format(one.what)} ({one.verdict}, {one.outcome})" for one in changed[:4]]
    more = f", and {len(changed) - 4} more" if len(changed) > 4 else ""
    return (
        f"Of {tried} things left out in turn, it would be another verdict or outcome without {'; '.join(told)}{more}."
    )


def _of_own(line: LedgerLine, without: Removal | None) -> str:
    if without is None:
        return ""
    if without.outcome == "attributed":
        return f"Had {line.candidate} not been on record, the blame would fall on {without.first}."
    return f"Had {line.candidate} not been on record, nobody else would earn it ({without.outcome})."
