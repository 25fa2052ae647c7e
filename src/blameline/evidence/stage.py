"""Stage: where along the chain of a request did something first get worse, and is it the candidate's own place?"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from blameline.evidence.chain import parameters
from blameline.evidence.enough import from_scratch
from blameline.evidence.exposure import ENOUGH, PLAIN
from blameline.evidence.questions import Answered
from blameline.shifts.beside import moved

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from blameline.candidates import Candidate
    from blameline.evidence.chain import Output
    from blameline.evidence.hearing import Hearing
    from blameline.evidence.questions import Number, Rows

OWN: Mapping[str, tuple[str, ...]] = {
    "retrieval": ("retrieval", "rerank"), "prompt": ("generation",), "model": ("generation",), "sampling": ("generation",),
    "context": ("generation",), "tools": ("tools",), "guardrail": ("guardrail",),
}  # fmt: skip
"""Layer -> the stages that are its own; a layer that acts on several, such as a deploy, has none."""
OTHERS: Mapping[str, tuple[str, ...]] = {"answer_refused": ("guardrail",)}
"""Outputs that another layer than their stage's may have put there."""
POWER = 2.49
"""Standard errors of a move that is seen four times in five at 5% (one-sided)."""
SPREADS = 0.2
"""Standard deviations between requests by which an output that is no share must have moved to matter."""
WANTED: Mapping[str, str] = {
    "retrieval": "gen_ai.retrieval.documents with scores, or an evaluation of the retrieval span",
    "generation": "gen_ai.response.finish_reasons",
    "tools": "a status on spans of tools",
    "guardrail": "spans of the guardrail with a status",
}
"""What would show each stage's own output."""


class Stage:
    """The first stage whose own output got worse and carries the loss; later ones were carried on."""

    name = "stage"
    asks = "Is the first stage of a request whose own output got worse its own?"
    query = "evidence/stages"

    def concerns(self, candidate: Candidate) -> bool:
        """Changes of a layer that has a place of its own in the chain."""
        return not candidate.standing and candidate.layer in OWN

    def parameters(self, hearing: Hearing, candidate: Candidate) -> Mapping[str, object]:
        """The chain of the requests in the shift's slice."""
        del candidate
        return parameters(hearing)

    def weigh(self, rows: Rows, hearing: Hearing, candidate: Candidate, *, seed: int) -> Answered:
        """The quality at the end says nothing here: only what a stage puts out by itself does."""
        del seed
        chain = [one for one in hearing.mechanism.chain(rows) if one.stage != "request"]
        told = [one for one in chain if one.step is not None and one.spread > 0]
        own = OWN[candidate.layer or ""]
        stages = tuple(dict.fromkeys(one.stage for one in chain if np.isfinite(one.place)))
        numbers: dict[str, Number] = {"chain": " → ".join(stages), "outputs": len(told)}
        worse = _worse(told, hearing)
        if not worse:
            numbers |= _power(told, own, hearing)
            because = "no stage's own output got worse by enough to matter"
            return Answered("inconclusive", f"{because}{_wants(told, own, numbers)}", numbers)
        first = worse[0]
        later = tuple(dict.fromkeys(one.name for one in worse[1:] if one.stage != first.stage))
        step, carried = first.step, first.carried
        assert step is not None
        numbers |= {
            "first": first.name, "first_stage": first.stage, "change": step.delta, "low": step.interval.low,
            "high": step.interval.high, "z": first.z, "carried_on": ", ".join(later),
        }  # fmt: skip
        said = f"first along the chain {first.name} got worse ({first.stage}; {first.z:.1f} standard errors)"
        on = f"; {', '.join(later)} came after it: carried on" if later else ""
        if carried is None or not carried.fall > 0:
            return Answered(
                "inconclusive", f"{said}, but too few of those requests are scored, or none got worse{on}", numbers
            )
        numbers |= {
            "share_through": carried.share,
            "through_z": carried.through / carried.error if carried.error else 0.0,
        }
        if not (carried.through > PLAIN * carried.error and carried.share > ENOUGH):
            part = f"{carried.share:.0%} of the loss goes through it"
            return Answered("inconclusive", f"{said}, but only {part}: it may be beside the point{on}", numbers)
        said = f"{said}, and {carried.share:.0%} of the loss goes through it{on}"
        if first.stage in own or candidate.layer in OTHERS.get(first.name, ()):
            return Answered("supports", said, numbers)
        begins = [one.first for one in chain if one.stage in own and np.isfinite(one.first)]
        if begins and np.isfinite(first.place) and min(begins) > first.place:
            return Answered("refutes", f"{said}; {candidate.layer} comes after that", numbers)
        place = "comes before it, and may have passed it on" if begins else "has no span of its own to place it by"
        return Answered("inconclusive", f"{said}; {candidate.layer} {place}", numbers)


def _least(one: Output, hearing: Hearing) -> float:
    """How far an output must get worse to matter: as a share it must touch a quarter of the loss, else a fifth of its spread."""
    if hearing.fit.cells.signal.bounded and one.binary:
        return ENOUGH * abs(hearing.shift.delta.estimate) / max(one.share, 1e-9)
    return SPREADS * one.spread


def _worse(told: Sequence[Output], hearing: Hearing) -> list[Output]:
    """Outputs that got worse by enough to matter, held together to one error rate."""
    clear = moved([one.step for one in told])
    return [
        one
        for one, sure in zip(told, clear, strict=True)
        if sure and one.step is not None and one.step.delta > _least(one, hearing)
    ]


def _power(told: Sequence[Output], own: Sequence[str], hearing: Hearing) -> dict[str, Number]:
    """How many requests it takes to see a move that matters in the output of its own stage that shows it best, or in any."""
    found = [
        (one.step.n_before + one.step.n_after) * (POWER * one.step.error / _least(one, hearing)) ** 2
        for one in told
        if one.stage in own and one.step is not None and _least(one, hearing) > 0
    ]
    return {"enough": max(round(min(found)) if found else math.ceil(from_scratch(hearing)), 1)}


def _wants(told: Sequence[Output], own: Sequence[str], numbers: Mapping[str, Number]) -> str:
    """What is missing for a clearer answer: a field, or so many requests."""
    lacking = [WANTED[stage] for stage in own if stage in WANTED and not any(one.stage == stage for one in told)]
    if lacking and len(lacking) == sum(stage in WANTED for stage in own):
        return f"; its own is not on record: {'; '.join(dict.fromkeys(lacking))} would tell"
    counts = [one.step.n_before + one.step.n_after for one in told if one.stage in own and one.step is not None]
    need = numbers.get("enough")
    if not counts or not isinstance(need, (int, float)):
        return ""
    if need <= max(counts):
        return f"; its own was seen on {max(counts):,} requests, and about {need:,} would have shown it"
    return f"; its own was seen on {max(counts):,} requests, and it takes about {need:,} to show it"
