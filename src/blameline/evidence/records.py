"""Records: did what was kept change, rather than what happened?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from blameline.evidence.questions import Answered, Rows, points, window

if TYPE_CHECKING:
    from collections.abc import Mapping

    from blameline.candidates import Candidate
    from blameline.evidence.hearing import Hearing


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
        whose = None if candidate.standing else candidate
        series = {"requests": hearing.volume, "share scored": hearing.measured}
        seen = {name: hearing.records_moved(fit, whose) for name, fit in series.items()}
        numbers: dict[str, float | int | str | bool | None] = {"days": len(rows["day"])}
        for name, moves in seen.items():
            numbers[f"change_of_{name.replace(' ', '_')}"] = float(np.expm1(moves.effect))
        name = max(seen, key=lambda one: seen[one].log_factor)
        moves = seen[name]
        lost = float(-np.expm1(min(moves.effect, 0.0)))
        reach = hearing.reach(moves)
        numbers |= {"lost_share": lost, "largest_move_by_loss": reach if np.isfinite(reach) else None}
        words = f"{name} changed by {round(float(np.expm1(moves.effect)), 2) + 0.0:+.0%} at the onset".replace("-", "−")
        if moves.log_factor > 3 and (lost <= 0 or not hearing.fit.cells.signal.bounded):
            return Answered("inconclusive", f"{words}; records were gained, not lost", numbers)
        if moves.log_factor > 3 and hearing.within_reach(moves):
            return Answered(
                "supports",
                f"{words}; losing good answers only could move the mean by {points(hearing.harm * reach, hearing)}",
                numbers,
            )
        if moves.log_factor > 3:
            return Answered("refutes", f"{words}, too little to make such a move", numbers)
        sure = max(one.error for one in seen.values()) < 0.15
        if sure and not any(hearing.within_reach(one) for one in seen.values()):
            return Answered("refutes", f"the records did not step: {words}", numbers)
        return Answered("inconclusive", f"{words}, which may be noise", numbers)
