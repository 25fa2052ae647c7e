"""Exposure: at the same time, in the same segment, did those with it fare worse than those without?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from blameline.evidence.enough import about, from_scratch, more_of
from blameline.evidence.hearing import FEWEST, MIXED
from blameline.evidence.questions import Answered, OfChanges, Rows, between, level
from blameline.shifts.describe import Z90

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from blameline.candidates import Candidate
    from blameline.evidence.hearing import Hearing
    from blameline.fit import Fit

ENOUGH = 0.25
"""Share of the shift that an effect must at least reach to matter."""
CLEAR = 1.96
"""Standard errors from which one comparison speaks (two-sided 5%)."""


PLAIN = 2.58
"""The same for a signal that only moved along (two-sided 1%)."""
SWELLS = 1.2
"""Design effect from which it is told."""


class Exposure(OfChanges):
    """Differences in differences within time buckets, standardised over segments by the fit."""

    name = "exposure"
    asks = "Did requests that had it do worse than requests without it, in the same hours and segments?"
    query = "evidence/contrast"

    def weigh(self, rows: Rows, hearing: Hearing, candidate: Candidate, *, seed: int) -> Answered:
        """Compares within buckets only, so that nothing which moves everybody at once can pass for it."""
        del seed
        compared = {hearing.shift.signal: contrast(hearing, candidate, hearing.shift.signal)}
        own = compared[hearing.shift.signal]
        numbers: dict[str, float | int | str | bool | None] = {
            "exposed_in_mixed_hours": round(own.exposed), "unexposed_in_mixed_hours": round(own.unexposed)
        }  # fmt: skip
        if min(own.exposed, own.unexposed) < FEWEST:
            missing = (
                "its version is not in the traces and it has no scope"
                if not candidate.key
                else "it reached everybody at once"
            )
            numbers["enough"] = from_scratch(hearing)
            told = f"no comparison: {missing}, so only time tells it apart"
            more = (
                f"about {about(from_scratch(hearing))} requests in the same hours, half of them without it, would tell"
            )
            return Answered("inconclusive", f"{told}; {more}", numbers)
        target = abs(hearing.shift.delta.estimate)
        harm = hearing.harm * own.estimate
        numbers |= {
            "effect": own.estimate,
            "low": own.estimate - Z90 * own.error,
            "high": own.estimate + Z90 * own.error,
            "z": harm / own.error if np.isfinite(own.error) else 0.0,
            "design_effect": own.design_effect,
        }
        words = between(own.estimate, own.error, hearing) + own.clustered
        plain = _plain(rows, hearing, sliced=not hearing.among(candidate).all())
        if harm / own.error > CLEAR and harm > ENOUGH * target:
            return Answered("supports", f"exposed against unexposed in the same hours: {words}{plain}", numbers)
        if harm + Z90 * own.error < ENOUGH * target:
            return Answered("refutes", f"the exposed fared no worse: {words}{plain}", numbers)
        for name in sorted(hearing.together) if harm > 0 else ():
            other = contrast(hearing, candidate, name)
            side = -1 if hearing.fits[name].cells.signal.better == "higher" else 1
            if min(other.exposed, other.unexposed) >= FEWEST and side * other.estimate / other.error > PLAIN:
                numbers |= {f"{name}_effect": other.estimate, f"{name}_z": side * other.estimate / other.error}
                clear = f"{side * other.estimate / other.error:.1f} standard errors"
                because = f"{name}, which moved with it, was worse on the exposed in the same hours ({clear})"
                return Answered("supports", f"{because}; alone the comparison is wide: {words}", numbers)
        seen = own.exposed + own.unexposed
        numbers["enough"] = need = more_of(seen, own.error, hearing)
        more = f"about {about(need)} requests in mixed hours would tell"
        return Answered("inconclusive", f"the comparison is too wide: {words}; {more}", numbers)


@dataclass(frozen=True)
class Contrast:
    """Exposed minus unexposed within buckets, and how many requests of each kind that rests on."""

    estimate: float
    error: float
    exposed: float
    unexposed: float
    column: NDArray[np.float64]
    """What was compared, over the cells."""
    design_effect: float
    """By how much requests of one user, session or conversation swell the variance; 1 where they do not."""

    @property
    def clustered(self) -> str:
        """That in words, where it matters."""
        if self.design_effect < SWELLS:
            return ""
        return f" (requests of one user are alike: the variance is {self.design_effect:.1f} times as large)"


def contrast(hearing: Hearing, candidate: Candidate, signal: str) -> Contrast:
    """The effect within buckets, in the slice of the shift; where the traces carry its layer, among requests that touched it."""
    fit = hearing.fits[signal]
    cells = fit.cells
    column = hearing.recorded(candidate, signal)
    sliced = not hearing.among(candidate).all()
    among = np.asarray(cells.inside(dict(hearing.shift.segment) if sliced else {}), dtype=np.float64)
    if candidate.key is not None and candidate.overdue is None:  # what never reaches an old index is its contrast
        known = cells.stamped(candidate.key)
        if float((known * among) @ cells.n) < 0.9 * float(cells.n @ among):
            among = known * among
    whole = np.bincount(cells.bucket, cells.n * among, minlength=cells.buckets)
    told = np.bincount(cells.bucket, cells.n * among * column, minlength=cells.buckets)
    share = np.divide(told, whole, out=np.zeros_like(whole), where=whole > 0)
    mixed = ((share > MIXED) & (share < 1 - MIXED))[cells.bucket] * among
    time = np.column_stack([mixed, share[cells.bucket] * mixed])
    compared = _apart(fit, (column - share[cells.bucket]) * mixed, time)
    plain, scores = fit.scores(compared[:, None]), hearing.scores(signal, compared[:, None], apart=False)
    swollen = float(plain.information[0] / scores.information[0]) if scores.information[0] else 1.0
    exposed, unexposed = float((cells.n * column * mixed).sum()), float((cells.n * (1 - column) * mixed).sum())
    return Contrast(float(scores.estimate[0]), float(scores.error[0]), exposed, unexposed, compared, swollen)


def _apart(fit: Fit, column: NDArray[np.float64], time: NDArray[np.float64]) -> NDArray[np.float64]:
    """A column without what all of an hour have in common, by how many had it (``time``: cells x k): Frisch and Waugh 1933."""
    inner = fit.gram(np.column_stack([time, column]))
    taken = np.linalg.pinv(inner[:-1, :-1], rcond=1e-9, hermitian=True) @ inner[:-1, -1]
    left: NDArray[np.float64] = column - time @ taken
    return left


def _plain(rows: Rows, hearing: Hearing, *, sliced: bool) -> str:
    """The unadjusted means after the change, from the query: those of all traffic, where the comparison is of a slice."""
    after = np.asarray(rows["after"], dtype=bool)
    told = np.asarray(rows["exposed"], dtype=bool)
    levels = []
    for word, wanted in (("with it", True), ("without", False)):
        chosen = after & (told == wanted)
        if chosen.any():
            levels.append(f"{word} {level(float(rows['mean'][chosen][0]), hearing)} (n {int(rows['n'][chosen][0]):,})")
    whose = "plain means of all traffic" if sliced else "plain means"
    return f"; {whose} since then: {', '.join(levels)}" if levels else ""
