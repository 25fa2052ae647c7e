"""Silent: did behaviour move when the signal did, though no recorded identity moved?"""

from __future__ import annotations

import math
from datetime import timedelta
from typing import TYPE_CHECKING

from blameline.evidence.enough import about, from_scratch
from blameline.evidence.questions import Answered, Rows, onset, window

if TYPE_CHECKING:
    from collections.abc import Mapping

    from blameline.candidates import Candidate
    from blameline.evidence.hearing import Hearing
    from blameline.records import Shift, Signature

SLACK = timedelta(hours=12)
"""By how much the onsets of a shift and of a signature may miss each other and still be one moment."""
RAISED = math.log(10)
"""Log likelihood ratio of a signature at the onset for ``unknown``: bounded, for behaviour is not quality."""


def meeting(shift: Shift, signatures: tuple[Signature, ...]) -> Signature | None:
    """The signature whose onset meets the shift's."""
    return next(
        (
            one
            for one in signatures
            if one.onset.low - SLACK <= shift.onset.high and shift.onset.low - SLACK <= one.onset.high
        ),
        None,
    )


def raised(hearing: Hearing) -> float:
    """Log likelihood ratio of ``unknown`` by the behaviour alone: never below 0, and bounded."""
    return RAISED if meeting(hearing.shift, hearing.looked.found) is not None else 0.0


class Silent:
    """The search for signatures, asked about one shift."""

    name = "signature"
    asks = "Did the way answers look change at that moment, with no recorded change and no new identity near it?"
    query = "evidence/signature"

    def concerns(self, candidate: Candidate) -> bool:
        """The bidder ``unknown``: behaviour never names anybody."""
        return candidate.id == "unknown"

    def parameters(self, hearing: Hearing, candidate: Candidate) -> Mapping[str, object]:
        """The window around the onset."""
        del candidate
        return {key: value for key, value in {**window(hearing), **onset(hearing)}.items() if key != "signal"}

    def weigh(self, rows: Rows, hearing: Hearing, candidate: Candidate, *, seed: int) -> Answered:
        """Supports where a signature meets the shift; refutes where a change of behaviour would have shown, and did not."""
        del candidate, seed
        looked = hearing.looked
        numbers: dict[str, float | int | str | bool | None] = {
            "requests": int(sum(rows["n"])), "aspects": len(looked.aspects)
        }  # fmt: skip
        found = meeting(hearing.shift, looked.found)
        if found is not None:
            numbers |= {"log_evidence": found.log_evidence, "clear_hours": found.clear_hours}
            for one in found.signals:
                numbers |= {
                    one.signal: one.delta.estimate,
                    f"{one.signal}_low": one.delta.low,
                    f"{one.signal}_high": one.delta.high,
                }
            return Answered("supports", found.because, numbers)
        told = looked.why_none or "behaviour moved at another time than this signal"
        near = looked.near(hearing.shift)
        if near:
            return Answered(
                "inconclusive", f"{near} is recorded too close to tell whose behaviour it would be", numbers
            )
        if not looked.sharp:
            numbers["enough"] = need = looked.enough or math.ceil(from_scratch(hearing))
            more = (
                f"{need:,} requests would tell"
                if looked.enough
                else f"about {about(need)} requests that tell them would do"
            )
            return Answered("inconclusive", f"{told}; {more}", numbers)
        for name, (_, step) in looked.sharp.items():  # a move within these may have gone unseen
            numbers |= {f"{name}_low": -step, f"{name}_high": step}
        sizes = ", ".join(f"{name} by {size}" for name, (size, _) in looked.sharp.items())
        return Answered("refutes", f"{told}; lasting moves of {sizes} would have shown", numbers)
