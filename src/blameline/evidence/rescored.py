"""Rescored: do the same answers score differently since?"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from blameline.evidence.bridge import MANY, QUERY, onset_bounds, says, sentence
from blameline.evidence.hearing import Hearing, is_ruler
from blameline.evidence.questions import POWER, Answered, Rows, about, points, whole, window

if TYPE_CHECKING:
    from collections.abc import Mapping

    from blameline.candidates import Candidate
    from blameline.evidence.questions import Number


def measures(candidate: Candidate) -> bool:
    """Whether a candidate can move the score of an answer that stays as it is."""
    return is_ruler(candidate) and candidate.layer != "telemetry"


def _enough(spread: float, hearing: Hearing) -> float:
    """Answers, scored on both sides, that would show a move half as large as the shift; ``spread`` is that of a pair."""
    target = whole(hearing) / 2
    return max(float(MANY), (POWER * spread / target) ** 2) if target else math.inf


class Rescored:
    """Answers scored by the old judge and the new one, or again by the same, and requests that come again word for word."""

    name = "bridge"
    asks = "Do the very same answers score differently since the onset?"
    query = QUERY

    def concerns(self, candidate: Candidate) -> bool:
        """The bidder ``ruler``, and changes of what measures."""
        return measures(candidate)

    def parameters(self, hearing: Hearing, candidate: Candidate) -> Mapping[str, object]:
        """The ends of the onset's range."""
        del candidate
        asked = window(hearing)
        return {"signal": asked["signal"], "since": asked["since"], **onset_bounds(hearing.shift.onset)}

    def weigh(self, rows: Rows, hearing: Hearing, candidate: Candidate, *, seed: int) -> Answered:
        """Supports when the ruler's own move makes most of the shift, refutes when it makes none; few answers cannot tell."""
        del candidate, seed
        span, shift = hearing.span, hearing.shift
        if span is None:
            need = _enough(0.5 * math.sqrt(hearing.fit.sigma2), hearing)
            told = f"no answer was scored on both sides of the onset; about {about(need)} would tell"
            return Answered("inconclusive", told, {"answers": len(rows["item"]), "enough": need})
        numbers: dict[str, Number] = {
            "answers": span.n,
            "scores": span.scores,
            "move": span.move,
            "low": span.move - span.half,
            "high": span.move + span.half,
            "share_of_shift": span.part / shift.delta.estimate if shift.delta.estimate else None,
            "sign_test": span.same_sign,
            "kind": span.kind,
        }
        need = _enough(span.error * math.sqrt(span.n), hearing)
        words = sentence(span, bounded=hearing.fit.cells.signal.bounded)
        if shift.linked:
            left = f"{points(shift.delta.estimate, hearing)} are left, which the ruler did not make"
            return Answered("refutes", f"{words}; that was taken out, and {left}", numbers)
        match says(span, shift, hearing.harm):
            case "few":
                return Answered(
                    "inconclusive", f"{words}; too few to tell: about {about(need)} would", numbers | {"enough": need}
                )
            case "most":
                return Answered("supports", words, numbers)
            case "part":
                return Answered("inconclusive", f"{words}, a part of the shift", numbers)
            case "none":
                return Answered("refutes", words, numbers)
            case "less":
                return Answered("refutes", f"{words}, less than half of the shift", numbers)
            case "other way":
                return Answered("refutes", f"{words}, so the ruler hides a part of the fall", numbers)
            case _:
                return Answered(
                    "inconclusive", f"{words}, too wide to tell: about {about(need)} would", numbers | {"enough": need}
                )
