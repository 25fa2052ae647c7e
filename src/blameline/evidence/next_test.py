"""The cheapest next test that would move a bid: which cases, which factor to swap, how many runs."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from blameline.evidence.silent import meeting

if TYPE_CHECKING:
    from collections.abc import Sequence

    from blameline.candidates import Candidate
    from blameline.evidence.hearing import Bid, Hearing
    from blameline.records import Standing

POWER = 1.645 + 0.84
"""Normal quantiles for a one-sided 5% test with 80% power."""
MISSING = {
    "model": "gen_ai.response.model (the served model)",
    "prompt": "gen_ai.prompt.version",
    "retrieval": "gen_ai.data_source.id (the index version)",
    "deploy": "service.version",
    "sampling": "gen_ai.request.temperature",
    "judge": "the evaluator's version on each score",
}


def next_test(hearing: Hearing, candidate: Candidate, bid: Bid | None, word: Standing, tied: Sequence[str]) -> str:
    """One sentence; for a change, the exact replay that would settle it."""
    standing = {
        "chance": "wait for as many requests again: noise shrinks, a shift stays",
        "mix": "re-weight the requests after the onset to the segment shares before it and compare the means",
        "ruler": "score the same stored answers from before and after the onset again with one fixed judge",
        "artefact": "compare the gateway's own request count with the traces, by hour, across the onset",
        "unknown": (
            f"replay {_pairs(hearing, None)} requests from before the onset with today's whole configuration: if they are still "
            "good, look at inputs and data; if they are bad, swap one layer at a time"
        ),
    }
    if candidate.id == "unknown" and meeting(hearing.shift, hearing.looked.found) is not None:
        return (
            f"send the same {_pairs(hearing, None)} inputs from before the onset again, all else as it was, to a pinned snapshot "
            "of the model and to the name in use today: answers of other length, form or speed there bring out a silent change, "
            "and answers alike point to what runs around it"
        )
    if candidate.id in standing:
        return standing[candidate.id]
    n = _pairs(hearing, bid)
    if candidate.layer == "judge":
        return f"score {n} stored answers from before the onset with the old and the new judge, and compare them pair by pair"
    if candidate.layer == "telemetry":
        return "compare the gateway's own request count with the traces, by hour, across the change"
    if candidate.layer == "traffic":
        return standing["mix"]
    if candidate.overdue is not None and candidate.change is None:
        attribute, value = candidate.overdue.key.partition(":")[2], candidate.overdue.value
        return (
            f"renew {attribute} from today's sources and replay {n} affected requests with {value} against the fresh one, "
            "all else as it was"
        )
    old = (candidate.change.from_ if candidate.change else None) or candidate.previous or "the version before"
    new = candidate.value or (candidate.change.to if candidate.change and candidate.change.to else "the new one")
    swap = f"{candidate.layer} = {old} against {new}"
    if word in {"supported", "confirmed"}:
        return f"confirm: replay {n} affected requests with {swap}, all else as it was"
    if tied:
        return (
            f"replay {n} affected requests in {2 ** (1 + len(tied))} arms, {swap} crossed with the versions before and after "
            f"{' and '.join(tied)}: the arm that stays bad names the cause"
        )
    if word == "untestable" or (not candidate.key and candidate.layer in MISSING):
        lacking = MISSING.get(candidate.layer or "", "an attribute that carries its version")
        return f"record {lacking} on every request; for this incident, replay {n} affected requests with {swap}"
    return f"replay {n} affected requests with {swap}, all else as it was"


def _pairs(hearing: Hearing, bid: Bid | None) -> int:
    """Paired replays for 80% power at the estimated effect (a pair's spread is about two thirds of a request's)."""
    target = abs(hearing.shift.delta.estimate)
    effect = max(abs(bid.effect) if bid and math.isfinite(bid.error) else target, 0.25 * target, 1e-6)
    spread = 0.65 * math.sqrt(hearing.fit.sigma2)
    needed = (spread * POWER / effect) ** 2
    return int(min(max(20, math.ceil(needed / 10) * 10), 5000))
