"""The next test of a bid in one sentence: the experiment in words, or what to record where there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blameline.evidence.silent import meeting
from blameline.replays.compose import NEW, OLD
from blameline.replays.sizes import FEWEST

if TYPE_CHECKING:
    from collections.abc import Sequence

    from blameline.candidates import Candidate
    from blameline.evidence.hearing import Hearing
    from blameline.records import Standing
    from blameline.records.experiments import Experiment, Factor

MISSING = {
    "model": "gen_ai.response.model (the served model)",
    "prompt": "gen_ai.prompt.version",
    "retrieval": "gen_ai.data_source.id (the index version)",
    "deploy": "service.version",
    "sampling": "gen_ai.request.temperature",
    "judge": "the evaluator's version on each score",
}
STANDING = {
    "chance": "wait for as many requests again: noise shrinks, a shift stays",
    "mix": "re-weight the requests after the onset to the segment shares before it and compare the means",
    "ruler": "score the same stored answers from before and after the onset again with one fixed judge",
    "artefact": "compare the gateway's own request count with the traces, by hour, across the onset",
    "unknown": "record the version of prompt, model, index and release on every request",
}
OF_LAYER = {
    "telemetry": "compare the gateway's own request count with the traces, by hour, across the change",
    "traffic": STANDING["mix"],
    "eval": "run the old and the new suite on the same answers and compare them case by case",
}
"""Layers that no replay can swap."""


def next_test(
    hearing: Hearing, candidate: Candidate, word: Standing, tied: Sequence[str], planned: Experiment | None
) -> str:
    """One sentence; for a change, the exact replay that would settle it, what it costs, and its power."""
    if candidate.id == "unknown" and meeting(hearing.shift, hearing.looked.found) is not None:
        return (
            f"send the same {planned.cases if planned else FEWEST} inputs from before the onset again, all else as it was, to a "
            "pinned snapshot of the model and to the name in use today: answers of other length, form or speed there bring out a "
            "silent change, and answers alike point to what runs around it"
        )
    if planned is None:
        return STANDING.get(candidate.id) or OF_LAYER.get(candidate.layer or "", STANDING["unknown"])
    n = planned.cases
    if candidate.id == "unknown":
        return (
            f"replay {n} affected requests with everything on record taken back{_cost(planned)}: if they are good again, "
            "swap one change at a time; if they stay bad, look at inputs and data"
        )
    if planned.design == "rescoring":
        return f"score {n} stored answers from before the onset with the old and the new judge, and compare them pair by pair"
    if candidate.overdue is not None and candidate.change is None:
        attribute, value = candidate.overdue.key.partition(":")[2], candidate.overdue.value
        return (
            f"renew {attribute} from today's sources and replay {n} affected requests with {value} against the fresh one, "
            f"all else as it was{_cost(planned)}"
        )
    swaps = " crossed with ".join(map(_swap, planned.factors))
    if tied and len(planned.factors) > 1:
        return (
            f"replay {n} affected requests in {len(planned.arms)} arms, {swaps}{_cost(planned)}: "
            "the arms that stay bad name the cause"
        )
    if word in {"supported", "confirmed"}:
        return f"confirm: replay {n} affected requests with {swaps}, all else as it was{_cost(planned)}"
    if word == "untestable" or (not candidate.key and candidate.layer in MISSING):
        lacking = MISSING.get(candidate.layer or "", "an attribute that carries its version")
        return f"record {lacking} on every request; for this incident, replay {n} affected requests with {swaps}{_cost(planned)}"
    return f"replay {n} affected requests with {swaps}, all else as it was{_cost(planned)}"


def _swap(factor: Factor) -> str:
    return f"{factor.name} = {factor.old or OLD} against {factor.new or NEW}"


def _cost(planned: Experiment) -> str:
    """Runs, tokens and power, in brackets."""
    tokens = "" if planned.tokens is None else f", about {_rounded(planned.tokens)} tokens"
    power = (
        f"{planned.power:.0%} power"
        if len(planned.factors) == 1
        else f"{planned.clears:.0%} power to clear the innocent"
    )
    power = f"{planned.power:.0%} power" if planned.design == "time travel" else power
    return f" ({planned.runs:,} runs{tokens}; {power})"


def _rounded(tokens: int) -> str:
    if tokens < 1e6:
        return f"{max(round(tokens, -3), 1000):,}"
    return f"{tokens / 1e6:.1f} million"
