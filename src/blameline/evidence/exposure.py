"""Exposure: at the same time, in the same segment, did those with it fare worse than those without?"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from blameline.candidates import Candidate
from blameline.evidence.hearing import Hearing
from blameline.evidence.questions import Answered, Rows, exposure, level, points, window
from blameline.shifts.describe import Z90

ENOUGH = 0.25
"""Share of the shift that an effect must at least reach to matter."""
CLEAR = 1.96
"""Standard errors from which one comparison speaks (two-sided 5%)."""


class Exposure:
    """Differences in differences within time buckets, standardised over segments by the fit."""

    name = "exposure"
    asks = "Did requests that had it do worse than requests without it, in the same hours and segments?"
    query = "evidence/contrast"

    def concerns(self, candidate: Candidate) -> bool:
        """Every change."""
        return not candidate.standing

    def parameters(self, hearing: Hearing, candidate: Candidate) -> Mapping[str, object]:
        """Exposed and unexposed requests."""
        return {**window(hearing), **exposure(candidate)}

    def weigh(self, rows: Rows, hearing: Hearing, candidate: Candidate, *, seed: int) -> Answered:
        """Compares within buckets only, so that nothing which moves everybody at once can pass for it."""
        del seed
        bid = hearing.bids[candidate.id]
        column = bid.variants.columns[:, 0]
        share = hearing.share(column)
        bucket = hearing.fit.cells.bucket
        mixed = (share > 0.02) & (share < 0.98)
        n = hearing.fit.cells.n
        exposed = float((n * column * mixed[bucket]).sum())
        unexposed = float((n * (1 - column) * mixed[bucket]).sum())
        numbers: dict[str, float | int | str | bool | None] = {
            "exposed_in_mixed_hours": round(exposed), "unexposed_in_mixed_hours": round(unexposed)
        }  # fmt: skip
        if min(exposed, unexposed) < 20:
            missing = "its version is not in the traces and it has no scope" if not candidate.key else "it reached everybody at once"
            return Answered("inconclusive", f"no comparison: {missing}, so only time tells it apart", numbers)
        within = (column - share[bucket]) * mixed[bucket]
        scores = hearing.fit.scores(within[:, None])
        estimate, error = float(scores.estimate[0]), float(scores.error[0])
        harm = hearing.harm * estimate
        target = abs(hearing.shift.delta.estimate)
        numbers |= {
            "effect": estimate,
            "low": estimate - Z90 * error,
            "high": estimate + Z90 * error,
            "z": harm / error if np.isfinite(error) else 0.0,
        }
        interval = f"{points(estimate, hearing)} [{points(estimate - Z90 * error, hearing)}, {points(estimate + Z90 * error, hearing)}]"
        plain = _plain(rows, hearing)
        if harm / error > CLEAR and harm > ENOUGH * target:
            return Answered("supports", f"exposed against unexposed in the same hours: {interval}{plain}", numbers)
        if harm + Z90 * error < ENOUGH * target:
            return Answered("refutes", f"the exposed fared no worse: {interval}{plain}", numbers)
        need = (2.49 * error / target) ** 2 if target else np.inf
        more = f"; about {need * (exposed + unexposed):,.0f} requests in mixed hours would tell" if np.isfinite(need) and need > 1 else ""
        return Answered("inconclusive", f"the comparison is too wide: {interval}{more}", numbers)


def _plain(rows: Rows, hearing: Hearing) -> str:
    """The unadjusted means after the change, from the query."""
    after = np.asarray(rows["after"], dtype=bool)
    told = np.asarray(rows["exposed"], dtype=bool)
    levels = []
    for word, wanted in (("with it", True), ("without", False)):
        chosen = after & (told == wanted)
        if chosen.any():
            levels.append(f"{word} {level(float(rows['mean'][chosen][0]), hearing)} (n {int(rows['n'][chosen][0]):,})")
    return f"; plain means since then: {', '.join(levels)}" if levels else ""
