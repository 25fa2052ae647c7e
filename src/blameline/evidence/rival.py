"""Rival: once the change that fits best is accounted for, is any loss left for this one?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from blameline.evidence.exposure import CLEAR, ENOUGH
from blameline.evidence.questions import Answered, OfChanges, Rows, about, between, from_scratch, more_of
from blameline.shifts.describe import Z90

if TYPE_CHECKING:
    from blameline.candidates import Candidate
    from blameline.evidence.hearing import Hearing


class Rival(OfChanges):
    """The candidate's effect with the strongest rival in the mean as well."""

    name = "rival"
    asks = "Once the change that fits best is accounted for, is any loss left for this one?"
    query = "evidence/contrast"

    def weigh(self, rows: Rows, hearing: Hearing, candidate: Candidate, *, seed: int) -> Answered:
        """Refutes when nothing is left; where the two cannot be told apart there is no answer."""
        del rows, seed
        best, bid = hearing.strongest, hearing.bids[candidate.id]
        if best is None or best.candidate.id == candidate.id or best.log_factor < 3:
            return Answered("inconclusive", "no other change fits better")
        beside = hearing.fit.given(best.column[:, None])
        scores = hearing.scores(hearing.shift.signal, bid.column[:, None], beside)
        estimate, error = float(scores.estimate[0]), float(scores.error[0])
        target, need = abs(hearing.shift.delta.estimate), from_scratch(hearing)
        if not scores.information[0] or error > target:
            return Answered(
                "inconclusive",
                f"its exposure is too close to that of {best.candidate.id} to tell; about {about(need)} requests that had one of "
                "the two alone would",
                {"rival": best.candidate.id, "enough": need},
            )
        harm = hearing.harm * estimate
        numbers: dict[str, float | int | str | bool | None] = {
            "rival": best.candidate.id,
            "effect": estimate,
            "low": estimate - Z90 * error,
            "high": estimate + Z90 * error,
        }
        words = f"with {best.candidate.id} accounted for, {between(estimate, error, hearing)} is left for it"
        if harm + Z90 * error < 2 * ENOUGH * target and harm < 1.64 * error:
            return Answered("refutes", words, numbers)
        if harm > CLEAR * error and harm > ENOUGH * target:
            return Answered("supports", words, numbers)
        numbers["enough"] = need = more_of(float(hearing.fit.cells.n.sum()), error, hearing)
        return Answered("inconclusive", f"{words}; about {about(need)} requests would tell", numbers)
