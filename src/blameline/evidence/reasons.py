"""The sentence of a ledger line: what decided it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from blameline.evidence.questions import points, to_one
from blameline.evidence.silent import meeting

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from blameline.candidates import Candidate
    from blameline.evidence.hearing import Bid, Hearing
    from blameline.evidence.odds import Odds
    from blameline.records import Evidence

ACTED = {
    "both": "it and {other} did harm, each by itself",
    "together": "harm was done where both it and {other} were in force",
    "masked": "it did harm that {other} hid in part",
}
HID = "it hid a part of the harm that {other} did"
"""Of the improvement in a pair."""


def because(
    candidate: Candidate,
    bid: Bid | None,
    evidence: Sequence[Evidence],
    hearing: Hearing,
    tied: Sequence[str],
    odds: Mapping[str, Odds],
) -> str:
    """The sentence of the line: what decided it."""
    if candidate.id in {"chance", "unknown"}:
        return _nobody(candidate, hearing, odds)
    told = {one.check: one for one in evidence}
    if tied and "replay" in told and told["replay"].verdict == "supports":
        return f"run again, it and {', '.join(tied)} make the loss together; {told['replay'].because}"
    if pair := _acted(odds[candidate.id]):
        return pair
    if tied:
        return f"its exposure is the same as that of {', '.join(tied)}: this data cannot tell them apart"
    order = (
        "replay",
        "bridge",
        "exposure",
        "paired",
        "scope",
        "reversal",
        "mechanism",
        "ruler",
        "controls",
        "selection",
        "mix",
        "records",
        "rival",
        "dose",
        "stage",
        "timing",
        "placebo",
    )
    loud = [told[name] for name in order if name in told and told[name].verdict == "supports" and name != "controls"]
    against = [told[name] for name in order if name in told and told[name].verdict == "refutes"]
    if any(one.check == "exposure" for one in (*loud, *against)):  # the same comparison is told once
        loud, against = ([one for one in side if one.check != "scope"] for side in (loud, against))
    leading = odds[candidate.id].probability >= 0.5
    chosen = (loud + against) if leading else (against or loud)
    top = max(odds.values(), key=lambda one: one.probability)
    if not against and odds[candidate.id].probability < 0.02 and not candidate.standing:
        behind = math.log(top.probability / max(odds[candidate.id].probability, 1e-12))
        return f"it explains the move less well than {top.candidate.id}, {to_one(behind)}"
    if chosen:
        return "; ".join(one.because for one in chosen[:2])
    quiet = [told[name].because for name in order if name in told]
    if bid is not None and math.isfinite(bid.error):
        return (
            f"effect on exposed traffic {points(bid.effect, hearing)}; {quiet[0] if quiet else 'no check could tell'}"
        )
    return quiet[0] if quiet else "no check could tell"


def _acted(own: Odds) -> str:
    """How it acted with another, where that is more probable than all else."""
    if not own.partners or own.partners[0][2] <= 0.5:
        return ""
    name, how, _ = own.partners[0]
    other = "something that is not on record" if name == "unknown" else name
    return (HID if how == "masked" and own.involved < 0.5 else ACTED[how]).format(other=other)


def _nobody(candidate: Candidate, hearing: Hearing, odds: Mapping[str, Odds]) -> str:
    """The sentence of the two bids that name nobody."""
    if candidate.id == "chance":
        return f"the data speak for a move, {to_one(hearing.move.evidence - hearing.move.toll)}"
    if (found := meeting(hearing.shift, hearing.looked.found)) is not None:
        return found.because
    best = max((o.log_factor for name, o in odds.items() if name in hearing.bids), default=0.0)
    gain = hearing.free_factor() - best
    if gain > 0:
        return "a move at a free time fits the data better than any recorded or visible change"
    return f"the best recorded change fits better than a move at a free time, {to_one(-gain)}"
