"""Ruler: did the measuring move rather than the answers?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from blameline.evidence.bridge import says, sentence
from blameline.evidence.hearing import Hearing, is_ruler
from blameline.evidence.odds import kind_of
from blameline.evidence.questions import Answered, Rows, about, from_scratch, onset, points, window
from blameline.shifts.describe import Z90

if TYPE_CHECKING:
    from collections.abc import Mapping

    from blameline.candidates import Candidate


class Ruler:
    """Controls that no suspected change can touch, and signals that no judge scores."""

    name = "ruler"
    asks = "Did scores move that only the measuring can move, and did those stay that it cannot?"
    query = "evidence/signals"

    def concerns(self, candidate: Candidate) -> bool:
        """Every bid but the traffic's, the records' and chance."""
        return candidate.id not in {"mix", "artefact", "chance"} and candidate.layer not in {"traffic", "telemetry"}

    def parameters(self, hearing: Hearing, candidate: Candidate) -> Mapping[str, object]:
        """All signals before and after the onset."""
        del candidate
        return {key: value for key, value in {**window(hearing), **onset(hearing)}.items() if key != "signal"}

    def weigh(self, rows: Rows, hearing: Hearing, candidate: Candidate, *, seed: int) -> Answered:
        """A control that moved along speaks for the ruler and against the app; unjudged signals speak the other way."""
        del seed
        judges = sorted({str(judge) for judge in rows["judge"] if judge})
        numbers: dict[str, float | int | str | bool | None] = {"judges": ", ".join(judges)}
        moved, still = _others(hearing, candidate, numbers)
        if not is_ruler(candidate) and (words := _bridged(hearing)):
            return Answered("refutes", words, numbers)
        told = hearing.fit.cells.signal.judged or hearing.span is not None
        maybe = not hearing.judges_told and bool(moved["control"])
        if is_ruler(candidate) and not told and not maybe:
            return Answered("refutes", "no judge scores this signal", numbers)
        if is_ruler(candidate):
            if _bridged(hearing):  # the same answers say more than a control that the new ruler may not touch
                still["control"], moved["outside"] = [], []
            return _for_ruler(moved, still, hearing, numbers)
        if moved["control"]:
            words = f"a control moved along that the app cannot touch: {', '.join(moved['control'])}"
            return Answered("refutes", words, numbers)
        if still["control"]:
            return Answered(
                "inconclusive",
                f"the controls stayed where they were ({', '.join(still['control'])}), as they should",
                numbers,
            )
        return _too_few("no control was measured well enough to tell", hearing, numbers)


Words = dict[str, list[str]]


def _others(
    hearing: Hearing, candidate: Candidate, numbers: dict[str, float | int | str | bool | None]
) -> tuple[Words, Words]:
    """Controls and signals outside the judge: which moved along, and which were measured well enough to say that they stayed."""
    moved: Words = {"control": [], "outside": []}
    still: Words = {"control": [], "outside": []}
    target = abs(hearing.shift.delta.estimate)
    for name, fit in sorted(hearing.fits.items()):
        kind = kind_of(fit.cells.signal, hearing)
        group = "control" if kind == "control" else "outside" if kind in {"plain", "feedback"} else ""
        if name == hearing.shift.signal or not group:
            continue
        seen = hearing.elsewhere(candidate, name)
        side = -1 if fit.cells.signal.better == "higher" else 1
        numbers[f"{name}_effect"] = seen.effect
        if seen.error < np.inf:
            numbers |= {f"{name}_low": seen.effect - Z90 * seen.error, f"{name}_high": seen.effect + Z90 * seen.error}
        if seen.log_factor > 3 and side * seen.effect > 0:
            moved[group].append(f"{name} {points(seen.effect, hearing)}")
        elif side * seen.effect + Z90 * seen.error < 0.5 * target:
            still[group].append(f"{name} {points(seen.effect, hearing)}")
    return moved, still


def _bridged(hearing: Hearing) -> str:
    """Why no change of the app can have made the shift, where answers scored on both sides say so."""
    if hearing.span is None or hearing.shift.linked or says(hearing.span, hearing.shift, hearing.harm) != "most":
        return ""
    return f"the ruler made most of it: {sentence(hearing.span, bounded=hearing.fit.cells.signal.bounded)}"


def _for_ruler(
    moved: Words, still: Words, hearing: Hearing, numbers: dict[str, float | int | str | bool | None]
) -> Answered:
    if moved["control"] and not moved["outside"]:
        return Answered(
            "supports", f"controls moved with it that the app cannot touch: {', '.join(moved['control'])}", numbers
        )
    if still["control"]:
        return Answered(
            "refutes", f"controls scored by the same measuring stayed: {', '.join(still['control'])}", numbers
        )
    if moved["outside"]:
        return Answered("refutes", f"signals moved too that no judge scores: {', '.join(moved['outside'])}", numbers)
    if still["outside"]:
        words = f"signals that no judge scores stayed ({', '.join(still['outside'])}), but no control was measured"
        return _too_few(words, hearing, numbers)
    return _too_few("neither a control nor a signal outside the judge was measured well enough", hearing, numbers)


def _too_few(words: str, hearing: Hearing, numbers: dict[str, float | int | str | bool | None]) -> Answered:
    """Nothing can be told, and how much would be enough."""
    numbers["enough"] = need = from_scratch(hearing)
    return Answered("inconclusive", f"{words}; about {about(need)} measurements of a control would tell", numbers)
