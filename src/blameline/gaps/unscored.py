"""Requests that failed, were refused or cut off, and are scored more or less often than the others since some moment.

The mean of what is scored then moves by itself: a judge that no longer sees the failures finds fewer of them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from blameline.gaps.series import clear_step
from blameline.gaps.wording import Weighed, minute, moment, name, percent, weighed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from blameline.gaps.series import Counts, Traffic
    from blameline.store import Store

_FEWEST = 20
"""Requests that ended otherwise, on each side."""
_APART, _SURE = 0.2, 4.0
"""How much further than that of the others their scored share must have moved, and by how many standard errors."""


@dataclass(frozen=True)
class Scored:
    """Requests that ended in one way, those of them that one signal scored, and the sum of their scores, an hour each."""

    requests: Counts
    scored: Counts
    total: Counts

    def share(self, hours: slice) -> float:
        """The scored share of those in some hours."""
        return float(self.scored[hours].sum() / max(self.requests[hours].sum(), 1.0))


def unscored(store: Store, traffic: Traffic) -> list[Weighed]:
    """A gap for each signal and each such end whose scored share stepped against that of the others."""
    rows = store.rows("gaps/scored_by_end")
    requests = {row["ended"]: traffic.laid(row["hours"], row["counts"]) for row in rows if row["signal"] is None}
    none = np.zeros_like(traffic.requests)
    signals: dict[str, dict[str, Scored]] = {
        row["signal"]: {ended: Scored(counts, none, none) for ended, counts in requests.items()}
        for row in rows
        if row["signal"] is not None
    }
    for row in rows:
        if row["signal"] is not None:
            counts, totals = (traffic.laid(row["hours"], row[what]) for what in ("counts", "totals"))
            signals[row["signal"]][row["ended"]] = Scored(requests[row["ended"]], counts, totals)
    found = (
        one_sided(signal, ended, by_end, traffic.first)
        for signal, by_end in signals.items()
        for ended in sorted(by_end.keys() - {""})
    )
    return [gap for gap in found if gap is not None]


def one_sided(signal: str, ended: str, by_end: dict[str, Scored], first: int) -> Weighed | None:
    """The gap of one such end; ``None`` where its scored share did not step, or no further than that of the others."""
    own, others = by_end[ended], by_end.get("")
    moved = clear_step(own.requests, own.scored)
    if moved is None or others is None:
        return None
    before, after = slice(None, moved.index), slice(moved.index, None)
    if min(others.requests[side].sum() for side in (before, after)) < _FEWEST:
        return None
    was, now = others.share(before), others.share(after)
    apart = moved.after - moved.before - (now - was)
    share = own.share(slice(None))
    error = math.sqrt(share * (1 - share) * sum(1 / own.requests[side].sum() for side in (before, after)))
    if abs(apart) < max(_APART, _SURE * error):
        return None
    missing = (moved.before - moved.after) * own.requests[after].sum()
    mean, filled = _means(own, by_end.values(), missing, after)
    at = moment(first + moved.index)
    what = (
        f"From {minute(at)} UTC on {name(signal)} is there for {percent(moved.after, 1)} of the requests that {ended}, "
        f"before for {percent(moved.before, 1)} (of the others for {percent(now, 1)}, before for {percent(was, 1)}): "
        f"its mean after that is {mean:.3g}, and would be about {filled:.3g} were these scored as often as before"
    )
    why = f"whether {name(signal)} moved there: what is scored is another kind of request than before"
    n, of = max(round(abs(missing)), 1), round(own.requests[after].sum())
    return weighed("partial_scores", 2.0, what, why, n=n, of=of, since=at)


def _means(own: Scored, parts: Iterable[Scored], missing: float, after: slice) -> tuple[float, float]:
    """What is scored after a moment, on average: as it is, and with those that are missing, as their like scored."""
    known = list(parts)
    n, total = (sum(float(getattr(part, what)[after].sum()) for part in known) for what in ("scored", "total"))
    like = own.total.sum() / own.scored.sum()
    return total / max(n, 1.0), float((total + missing * like) / max(n + missing, 1.0))
