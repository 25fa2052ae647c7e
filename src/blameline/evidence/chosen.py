"""Chosen: were harder requests scored since, out of traffic that stayed as it was?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from blameline.evidence.enough import about, from_scratch, more_of
from blameline.evidence.questions import Answered, Rows, between, points
from blameline.evidence.selection import FEWEST, QUERY, parameters
from blameline.shifts.describe import Z90

if TYPE_CHECKING:
    from collections.abc import Mapping

    from blameline.candidates import Candidate
    from blameline.evidence.hearing import Hearing
    from blameline.evidence.questions import Number
    from blameline.evidence.selection import Selection

CLEAR = 3.0
"""Standard errors from which the choice moved for sure."""
SHOWS = 0.25
"""Share of the plain move that must show."""
LITTLE = 0.25
"""Share of the plain move below which the choice made nothing of it, what no level tells allowed for."""
REACH = 0.5
"""Most that is taken to show of a choice by hardness, for a refusal."""


class Chosen:
    """The usual quality of the scored requests against that of all, before the onset and after it."""

    name = "selection"
    asks = "Were harder requests scored since the onset, out of requests that are as they were?"
    query = QUERY

    def concerns(self, candidate: Candidate) -> bool:
        """The bidders ``ruler`` and ``artefact``, changes of the evals and of the telemetry."""
        return candidate.id in {"ruler", "artefact"} or candidate.layer in {"eval", "telemetry"}

    def parameters(self, hearing: Hearing, candidate: Candidate) -> Mapping[str, object]:
        """Requests by bucket, segment and user."""
        del candidate
        return parameters(hearing)

    def weigh(self, rows: Rows, hearing: Hearing, candidate: Candidate, *, seed: int) -> Answered:
        """Supports when the choice made a good part of the move; refutes when it was measured well and made next to nothing.

        A refusal says that nobody chose otherwise; a change may still alter how scores are given, so no verdict rests on it.
        """
        del rows, seed
        found = hearing.selection
        if found is None:
            need = max(from_scratch(hearing), 2.0 * FEWEST)
            told = "too few requests are on record without a score, or with one, to say who is scored"
            return Answered("inconclusive", f"{told}; about {about(need)} scored ones would tell", {"enough": need})
        low, high = (found.part + side * Z90 * found.error for side in (-1, 1))
        numbers: dict[str, Number] = {
            "part": found.part, "low": low, "high": high, "raw_delta": found.raw, "share": found.share, "reach": found.reach,
            "requests_moved": found.requests, "scored": found.n,
        }  # fmt: skip
        size = between(found.part, found.error, hearing)
        words = f"the choice of what is scored makes {size} of {points(found.raw, hearing)}, as far as it shows"
        if made_it(found, hearing.harm):
            traffic = points(found.requests, hearing)
            return Answered("supports", f"{words}, and requests as a whole moved by {traffic}", numbers)
        most = max(hearing.harm * part for part in (low, high)) / min(found.reach, REACH)
        scored_alike = most < LITTLE * abs(found.raw)
        if scored_alike and (candidate.id == "artefact" or candidate.layer == "telemetry"):
            told = "those on record are scored as before, but requests that were lost would not show here"
            return Answered("inconclusive", f"{words}: {told}", numbers)
        if scored_alike:
            return Answered("refutes", f"{words}: those that are scored are as hard as before", numbers)
        numbers["enough"] = need = more_of(found.n, found.error / min(found.reach, REACH), hearing)
        return Answered("inconclusive", f"{words}; about {about(need)} scored requests would tell", numbers)


def made_it(found: Selection, harm: int) -> bool:
    """Whether the choice moved for sure, more than the requests did, and made a good part of a move for the worse."""
    clear = harm * found.part > CLEAR * found.error and harm * found.raw > 0
    return clear and found.share >= SHOWS and abs(found.requests) < abs(found.part) / 2
