"""Mix: would the change of traffic alone have moved the mean?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from blameline.evidence.questions import Answered, Rows, about, from_scratch, more_of, onset, points, window
from blameline.shifts.describe import Z90

if TYPE_CHECKING:
    from collections.abc import Mapping

    from blameline.candidates import Candidate
    from blameline.evidence.hearing import Hearing


class Mix:
    """Kitagawa's split of the plain move, beside whether any segment got worse by itself."""

    name = "mix"
    asks = "Would the change of traffic between segments have moved the mean by itself?"
    query = "evidence/mix"

    def concerns(self, candidate: Candidate) -> bool:
        """The bidder ``mix``, and declared traffic shifts."""
        return candidate.id == "mix" or candidate.layer == "traffic"

    def parameters(self, hearing: Hearing, candidate: Candidate) -> Mapping[str, object]:
        """Shares and levels before and after the onset."""
        del candidate
        return {**window(hearing), **onset(hearing)}

    def weigh(self, rows: Rows, hearing: Hearing, candidate: Candidate, *, seed: int) -> Answered:
        """Supports only when the mix is most of the move, no segment got worse by itself, and none can have so far unseen."""
        del candidate, seed
        shift = hearing.shift
        segments = len({str(one) for one in rows["segment"]})
        share = shift.mix_delta / shift.raw_delta if shift.raw_delta else 0.0
        within = hearing.within if share >= 0.25 else hearing.free_factor()
        numbers: dict[str, float | int | str | bool | None] = {
            "raw_delta": shift.raw_delta, "mix_delta": shift.mix_delta, "share": float(np.clip(share, -9, 9)),
            "segments": segments, "log_factor_within_segments": within,
        }  # fmt: skip
        if segments < 2:
            numbers["enough"] = need = from_scratch(hearing)
            told = "no segment attribute was recorded, so the mix cannot be seen"
            return Answered("inconclusive", f"{told}; about {about(need)} requests that carry one would tell", numbers)
        words = f"the mix accounts for {points(shift.mix_delta, hearing)} of {points(shift.raw_delta, hearing)}"
        if shift.mix is not None:
            numbers |= {
                "low": shift.mix.mix.low,
                "high": shift.mix.mix.high,
                "mostly": ", ".join(shift.mix.mostly),
            }
            if shift.mix.mostly:
                words += f" (mostly {' and '.join(shift.mix.mostly)})"
        moved = hearing.traffic_mix.moved
        numbers |= {"log_factor_traffic": moved.log_factor, "traffic_effect": moved.effect}
        if shift.mix_delta * hearing.harm > 0 and within < 3 and hearing.traffic_mix.leads:
            return Answered("supports", f"{words}, and no segment got worse by itself", numbers)
        if share < 0.25 or within > 5:
            return Answered("refutes", f"{words}; segments moved by themselves" if within > 3 else words, numbers)
        n, half = float(shift.n_before + shift.n_after), (shift.delta.high - shift.delta.low) / (2 * Z90)
        numbers["enough"] = need = more_of(n, half, hearing)
        told = f"{words}; whether segments moved too is open"
        return Answered("inconclusive", f"{told}; about {about(need)} requests would tell", numbers)
