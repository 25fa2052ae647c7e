"""Records: did what was kept change, rather than what happened?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from blameline.evidence.questions import Answered, Rows, about, between, more_of, points, window
from blameline.shifts.describe import Z90

if TYPE_CHECKING:
    from collections.abc import Mapping

    from blameline.candidates import Candidate
    from blameline.evidence.hearing import Hearing
    from blameline.evidence.kept import Sampled

Numbers = dict[str, float | int | str | bool | None]

FELL = 3.0
"""Log Bayes factor from which a count fell."""
SURE = 0.15
"""Standard error of the lost share up to which "it did not fall" is an answer."""


class Records:
    """The number of requests and the share that was scored, and whether a selective loss could make such a move."""

    name = "records"
    asks = "Did the number of records, or the share that was scored, step when the signal moved?"
    query = "evidence/records"

    def concerns(self, candidate: Candidate) -> bool:
        """The bidder ``artefact``, and declared changes of the telemetry."""
        return candidate.id == "artefact" or candidate.layer == "telemetry"

    def parameters(self, hearing: Hearing, candidate: Candidate) -> Mapping[str, object]:
        """Requests and measured requests by day."""
        del candidate
        return window(hearing)

    def weigh(self, rows: Rows, hearing: Hearing, candidate: Candidate, *, seed: int) -> Answered:
        """Worst-case bounds (Manski 2003) say whether the missing share could hold the difference."""
        del seed
        seen = hearing.kept.falls(candidate)
        numbers: Numbers = {"days": len(rows["day"])}
        for name, fall in seen.items():
            numbers[f"change_of_{name.replace(' ', '_')}"] = -fall.lost
        name = max(seen, key=lambda one: seen[one].log_factor)
        fall = seen[name]
        numbers |= {
            "lost_share": max(fall.lost, 0.0),
            "low": fall.lost - Z90 * fall.error,
            "high": fall.lost + Z90 * fall.error,
            "largest_move_by_loss": fall.reach if np.isfinite(fall.reach) else None,
            "where": ", ".join(f"{key}={value}" for key, value in sorted(fall.place.items())),
        }
        where = f" in {numbers['where']}" if fall.place else ""
        words = f"{name}{where} changed by {-round(fall.lost, 2) + 0.0:+.0%} at the onset".replace("-", "−")
        if hearing.kept.sampled is not None:
            return _by_weight(hearing.kept.sampled, numbers, hearing)
        gain, share = hearing.kept.copied
        numbers |= {"share_by_copies": share}
        if candidate.standing and share > 0.5 and gain > FELL:
            told = f"requests told twice make {min(share, 1.0):.0%} of the plain move"
            return Answered("supports", f"{told}; without them it is not there", numbers)
        fell = fall.log_factor > FELL
        if fell and not hearing.fit.cells.signal.bounded:
            told = f"{words}; how far that moves a mean without bounds is open"
            return Answered(
                "inconclusive", f"{told}, and no number of rows would tell without those that are lost", numbers
            )
        if fell and fall.able:
            could = points(hearing.harm * fall.reach, hearing)
            return Answered(
                "supports", f"{words}; losing good answers only could move the mean{where} by {could}", numbers
            )
        if fell:
            return Answered("refutes", f"{words}, too little to make such a move", numbers)
        if not any(one.able for one in seen.values()) and max(one.error for one in seen.values()) < SURE:
            told = "records were gained, not lost" if fall.lost < -3 * fall.error else "the records did not fall"
            return Answered("refutes", f"{told}: {words}", numbers)
        doubt = "whether the signal moved with them is open" if fall.clear else "which may be noise"
        requests = float(np.asarray(rows["requests"], dtype=float).sum())
        need = requests * max((fall.error / (SURE / 3)) ** 2, 2.0) if np.isfinite(fall.error) else 2 * requests
        numbers["enough"] = need
        more = f"about {about(need)} requests as even from day to day would tell"
        return Answered("inconclusive", f"{words}, {doubt}; {more}", numbers)


def _by_weight(sampled: Sampled, numbers: Numbers, hearing: Hearing) -> Answered:
    """The rows are a sample and say of what share: what is left of the move when each counts as often as it stands for."""
    numbers |= {"effect_by_weight": sampled.effect, "error_by_weight": sampled.error}
    size = between(sampled.effect, sampled.error, hearing)
    told = f"with each request counted as often as it stands for, the move is {size}"
    if sampled.log_factor > FELL:
        return Answered("supports", f"{told}: the sampling made it", numbers)
    if sampled.log_factor < -FELL:
        return Answered("refutes", f"{told}: the sampling did not make it", numbers)
    numbers["enough"] = need = more_of(float(hearing.fit.cells.n.sum()), sampled.error, hearing)
    told += ", which cannot tell whether the sampling made it"
    return Answered("inconclusive", f"{told}; about {about(need)} requests would tell", numbers)
