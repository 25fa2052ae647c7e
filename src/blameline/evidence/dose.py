"""Dose: where more traffic had it, was the loss larger?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import logsumexp

from blameline.evidence.enough import about, from_scratch, more_of
from blameline.evidence.exposure import CLEAR, ENOUGH
from blameline.evidence.questions import Answered, OfChanges, Rows, between
from blameline.shifts.describe import Z90

if TYPE_CHECKING:
    from blameline.candidates import Candidate
    from blameline.evidence.hearing import Hearing


class Dose(OfChanges):
    """The plain mean against the exposed share over time, beyond a single step at its start."""

    name = "dose"
    asks = "As its share of the traffic rose and fell, did the loss rise and fall with it?"
    query = "evidence/by_day"

    def weigh(self, rows: Rows, hearing: Hearing, candidate: Candidate, *, seed: int) -> Answered:
        """Needs at least two levels of exposure that each lasted half a day."""
        del seed
        cells, inside = hearing.fit.cells, hearing.among(candidate)
        share = hearing.share(hearing.bids[candidate.id].variants.columns[:, 0], inside)
        hours = hearing.clock
        per = cells.width / 3600
        n = np.bincount(cells.bucket, cells.n * inside, minlength=len(share))
        half_day = np.ones(max(1, round(12 / per)))
        weight = np.convolve(n, half_day, mode="same")
        smooth = np.divide(
            np.convolve(share * n, half_day, mode="same"), weight, out=np.zeros_like(share), where=weight > 0
        )
        begun = (smooth > 0.02) & (share > 0.02)
        edges = np.flatnonzero(begun)
        begun[edges[:1]] = False  # the first bucket may be half exposed
        levels = np.unique(np.round(smooth[begun], 1))
        lasting = [value for value in levels if (np.abs(smooth[begun] - value) <= 0.08).sum() >= max(2, 12 / per)]
        distinct = len(lasting) >= 2 and max(lasting) - min(lasting) >= 0.2
        numbers: dict[str, float | int | str | bool | None] = {
            "levels": ", ".join(f"{value:.0%}" for value in lasting),
            "days_with_exposure": int((np.asarray(rows["exposed"], dtype=float) > 0.02).sum()),
        }
        if not begun.any() or not distinct:
            numbers["enough"] = need = from_scratch(hearing)
            told = "its share of the traffic had no two lasting levels to compare"
            more = f"two of them, a fifth of the traffic apart, with about {about(need)} requests each would tell"
            return Answered("inconclusive", f"{told}; {more}", numbers)
        step = (cells.hours >= hours[edges[0]]) * inside
        stepped = hearing.fit.given(step[:, None])
        scores = stepped.scores((share[cells.bucket] * inside)[:, None])
        second = (hours[:, None] > hours[None, :-1]).astype(float)
        alone = stepped.over_time() if inside.all() else stepped
        seconds = alone.scores(second if inside.all() else second[cells.bucket] * inside[:, None])
        free = seconds.log_factor(hearing.fit.slab, sign=hearing.harm)
        gain = float(scores.log_factor(hearing.fit.slab, sign=hearing.harm)[0] - logsumexp(free) + np.log(free.size))
        if not scores.information[0]:
            numbers["enough"] = need = from_scratch(hearing)
            told = "its share of the traffic went up once and stayed there"
            return Answered(
                "inconclusive", f"{told}; about {about(need)} requests at another share would tell", numbers
            )
        estimate, error = float(scores.estimate[0]), float(scores.error[0])
        harm, target = hearing.harm * estimate, abs(hearing.shift.delta.estimate)
        numbers |= {"effect_of_full_dose": estimate, "low": estimate - Z90 * error, "high": estimate + Z90 * error}
        interval = between(estimate, error, hearing)
        numbers["log_factor_against_a_second_step"] = gain
        if harm / error > CLEAR and harm > ENOUGH * target and gain > np.log(3):
            return Answered(
                "supports", f"from none to all of the traffic: {interval}, beyond a step at its start", numbers
            )
        if harm + Z90 * error < ENOUGH * target:
            return Answered("refutes", f"the loss did not follow its share: {interval}", numbers)
        numbers["enough"] = need = more_of(float(n[begun].sum()), error, hearing)
        told = f"the loss may or may not follow its share: {interval}"
        return Answered("inconclusive", f"{told}; about {about(need)} requests with it in use would tell", numbers)
