"""Reversal: when it was taken back, did the quality come back?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from blameline.evidence.enough import about, from_scratch, more_of
from blameline.evidence.exposure import CLEAR
from blameline.evidence.questions import Answered, OfChanges, Rows, points
from blameline.shifts.describe import Z90

if TYPE_CHECKING:
    from blameline.candidates import Candidate
    from blameline.evidence.hearing import Hearing


class Reversal(OfChanges):
    """The level after the exposure ended, against the level while it lasted."""

    name = "reversal"
    asks = "When it was rolled back, did the quality come back?"
    query = "evidence/by_day"

    def weigh(self, rows: Rows, hearing: Hearing, candidate: Candidate, *, seed: int) -> Answered:
        """Needs half a day with it and half a day after it was gone."""
        del seed
        column = hearing.put(candidate)
        share, hours = hearing.share(column, hearing.slice), hearing.clock
        peak = float(share.max(initial=0.0))
        on = np.flatnonzero(share > 0.5 * peak) if peak > 0.02 else np.zeros(0, dtype=int)
        numbers: dict[str, float | int | str | bool | None] = {"peak_share": peak, "days": len(rows["day"])}
        numbers["enough"] = need = from_scratch(hearing)
        enough = f"half a day with it and half a day after it, with about {about(need)} requests, would tell"
        if not on.size or len(on) * hearing.fit.cells.width / 3600 < 12:
            return Answered("inconclusive", f"it was hardly in use, so nothing was taken back; {enough}", numbers)
        last = hours[on[-1]]
        gone = hours > last
        if gone.sum() * hearing.fit.cells.width / 3600 < 12 or share[gone].mean() > 0.25 * peak:
            return Answered("inconclusive", f"it was not rolled back inside the window; {enough}", numbers)
        cells = hearing.fit.cells
        where = np.bincount(cells.segment, cells.n * column, minlength=len(cells.segments)) > 0
        stayed = (cells.hours > last) * where[cells.segment] * peak
        scores = hearing.fit.given(column[:, None]).scores(stayed[:, None])
        during = hearing.fit.given(stayed[:, None]).scores(column[:, None])
        if not scores.information[0] or not during.information[0]:
            return Answered("inconclusive", f"too little traffic after it was taken back; {enough}", numbers)
        left, error = float(scores.estimate[0]), float(scores.error[0])
        loss, loss_error = float(during.estimate[0]), float(during.error[0])
        harm, harm_left = hearing.harm * loss, hearing.harm * left
        numbers |= {
            "effect_while_in_use": loss,
            "effect_after_rollback": left,
            "low": left - Z90 * error,
            "high": left + Z90 * error,
        }
        spread_words = points(Z90 * error, hearing)[1:]
        words = f"while in use {points(loss, hearing)}, after it was gone {points(left, hearing)} (± {spread_words})"
        recovered, spread = harm - harm_left, float(np.hypot(error, loss_error))
        if harm > 1.64 * loss_error and recovered > CLEAR * spread and harm_left < 0.5 * harm:
            return Answered("supports", f"the quality came back: {words}", numbers)
        if harm_left > CLEAR * error and harm_left > 0.5 * max(harm, abs(hearing.shift.delta.estimate)):
            return Answered("refutes", f"the loss outlived it: {words}", numbers)
        numbers["enough"] = need = more_of(float(cells.n[cells.hours > last].sum()), spread, hearing)
        return Answered(
            "inconclusive", f"too wide to tell: {words}; about {about(need)} requests after it would tell", numbers
        )
