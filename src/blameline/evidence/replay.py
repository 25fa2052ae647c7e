"""Replay: the same inputs, run again with and without it."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np

from blameline.evidence.enough import POWER, about, more_of, whole
from blameline.evidence.exposure import CLEAR, ENOUGH
from blameline.evidence.questions import Answered, Rows, between, window
from blameline.shifts.describe import Z90

if TYPE_CHECKING:
    from collections.abc import Mapping

    from blameline.candidates import Candidate
    from blameline.evidence.hearing import Hearing

FEWEST = 20
"""Paired cases below which a replay says nothing."""


class Replayed:
    """Paired differences between configurations that differ in the candidate's layer only."""

    name = "replay"
    asks = "Run again with everything else fixed, does taking it back bring the quality back?"
    query = "evidence/replays"

    def concerns(self, candidate: Candidate) -> bool:
        """Every change that can be swapped in a replay."""
        return not candidate.standing and candidate.layer not in {"traffic", "telemetry"}

    def parameters(self, hearing: Hearing, candidate: Candidate) -> Mapping[str, object]:
        """All replays of the signal."""
        del candidate
        return {"signal": window(hearing)["signal"]}

    def weigh(self, rows: Rows, hearing: Hearing, candidate: Candidate, *, seed: int) -> Answered:
        """A pair is one case under two configurations that are equal but for this layer."""
        del seed
        new = candidate.value or (candidate.change.to if candidate.change else None)
        old = (candidate.change.from_ if candidate.change else None) or None
        differences = _pairs(rows, candidate.layer or "", str(new) if new else None, str(old) if old else None)
        n = len(differences)
        numbers: dict[str, float | int | str | bool | None] = {"pairs": n}
        if n < FEWEST:
            numbers["enough"] = need = _enough(hearing)
            told = f"{n} replayed pairs are too few to tell" if n else "no replay swaps it"
            return Answered("inconclusive", f"{told}; about {about(need)} pairs would tell", numbers)
        estimate = float(differences.mean())
        error = max(float(differences.std(ddof=1)), 0.05) / np.sqrt(n)
        harm, target = hearing.harm * estimate, abs(hearing.shift.delta.estimate)
        numbers |= {"effect": estimate, "low": estimate - Z90 * error, "high": estimate + Z90 * error}
        words = f"{n} pairs: {between(estimate, error, hearing)}"
        if harm / error > CLEAR and harm > ENOUGH * target:
            return Answered("supports", f"taking it back brings the quality back; {words}", numbers)
        if harm + Z90 * error < ENOUGH * target:
            return Answered("refutes", f"taking it back changes nothing; {words}", numbers)
        numbers["enough"] = need = more_of(float(n), float(error), hearing)
        return Answered("inconclusive", f"too few pairs to tell; {words}; about {about(need)} would tell", numbers)


def _enough(hearing: Hearing) -> float:
    """Pairs that would show an effect as large as the shift (a pair's spread is about two thirds of a request's)."""
    target = whole(hearing)
    return max(float(FEWEST), (0.65 * POWER / target) ** 2 * hearing.fit.sigma2) if target else float("inf")


def _pairs(rows: Rows, layer: str, new: str | None, old: str | None) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """With minus without, one number a case and rest of the configuration."""
    groups: dict[tuple[object, ...], dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for case, config, score in zip(rows["case_id"], rows["config"], rows["score"], strict=True):
        told = dict(config)
        mine = told.pop(layer, None)
        if mine is not None:
            groups[(case, *sorted(told.items()))][str(mine)].append(float(score))
    found = []
    for arms in groups.values():
        others = [value for value in arms if value != new and (old is None or value == old)]
        if new in arms and others:
            found.append(float(np.mean(arms[str(new)]) - np.mean([np.mean(arms[value]) for value in others])))
    return np.array(found, dtype=float)
