"""Controls: did anything move along that this change cannot touch?

A negative control (Lipsitch, Tchetgen Tchetgen and Cohen 2010): a signal that the manifest calls a control, and requests
that never reached the change's layer. A signal that moved along speaks against the change; requests without its stamp that
did may only lack the stamp. That controls stayed is no more than "not refuted": it is as it should be, and says nothing for
this change rather than another.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from blameline.evidence.enough import POWER, about, from_scratch, more_of, whole
from blameline.evidence.hearing import is_ruler
from blameline.evidence.questions import Answered, Rows, between, onset, window
from blameline.shifts.describe import Z90

if TYPE_CHECKING:
    from collections.abc import Mapping

    from blameline.candidates import Candidate
    from blameline.evidence.hearing import Hearing
    from blameline.evidence.questions import Number

MOVED = 3.0
"""Log Bayes factor from which a control moved along."""
STILL = 0.5
"""Share of the shift below which a control's move must lie to have stayed (90%, one side 5%)."""
FEWEST_PAST, MOST_PAST = 0.1, 0.95
"""Share of the requests that must bypass a layer to be no lost stamps, and at most may."""


class Controls:
    """Signals that no suspected change can touch, and traffic that bypasses the layer, along the candidate's own column."""

    name = "controls"
    asks = "Did what it cannot touch stay where it was?"
    query = "evidence/signals"

    def concerns(self, candidate: Candidate) -> bool:
        """Every change to the app: what measures may move a control, and the records and the traffic may as well."""
        return not candidate.standing and not is_ruler(candidate) and candidate.layer not in {"traffic", "telemetry"}

    def parameters(self, hearing: Hearing, candidate: Candidate) -> Mapping[str, object]:
        """All signals before and after the onset."""
        del candidate
        return {key: value for key, value in {**window(hearing), **onset(hearing)}.items() if key != "signal"}

    def weigh(self, rows: Rows, hearing: Hearing, candidate: Candidate, *, seed: int) -> Answered:
        """Refutes when a control moved along for the worse; "supports" means that one was measured and did not."""
        del seed
        numbers: dict[str, Number] = {"signals": len({str(name) for name in rows["signal"]})}
        moved, still, open_, past = [], [], [], f"requests without {(candidate.key or '').partition(':')[2]}"
        for name, effect, error, factor, side, n in _controls(hearing, candidate):
            numbers |= {
                f"{name}_effect": effect,
                f"{name}_low": effect - Z90 * error,
                f"{name}_high": effect + Z90 * error,
            }
            told = f"{name} {between(effect, error, hearing)}"
            if factor > MOVED and side * effect > 0 and name == past:
                open_.append((f"{told}, which may lack the stamp alone", from_scratch(hearing)))
            elif factor > MOVED and side * effect > 0:
                moved.append(told)
            elif side * effect + Z90 * error < STILL * whole(hearing) and POWER * error < whole(hearing):
                still.append(told)
            else:
                open_.append((told, more_of(n, error, hearing)))
        if moved:
            return Answered("refutes", f"what it cannot touch moved along: {'; '.join(moved)}", numbers)
        if still:
            words = f"what it cannot touch stayed, as it should: {'; '.join(still)}, which alone convicts nobody"
            return Answered("supports", words, numbers)
        if open_:
            told, need = min(open_, key=lambda one: one[1])
            numbers["enough"] = need
            words = (
                f"too wide to say whether what it cannot touch stayed: {told}; about {about(need)} requests would tell"
            )
            return Answered("inconclusive", words, numbers)
        numbers["enough"] = need = from_scratch(hearing)
        words = "nothing is on record that it cannot touch: name signals under `controls` in incident.yaml"
        return Answered("inconclusive", f"{words}; about {about(need)} measurements of one would tell", numbers)


def _controls(hearing: Hearing, candidate: Candidate) -> list[tuple[str, float, float, float, int, float]]:
    """Each control with its move along the candidate's column: name, effect, error, log Bayes factor, harmful side, requests."""
    found = []
    for name, fit in sorted(hearing.fits.items()):
        signal = fit.cells.signal
        if name == hearing.shift.signal or not signal.control or signal.bounded != hearing.fit.cells.signal.bounded:
            continue
        seen = hearing.elsewhere(candidate, name)
        if np.isfinite(seen.error):
            side = -1 if signal.better == "higher" else 1
            found.append((name, seen.effect, seen.error, seen.log_factor, side, float(fit.cells.n.sum())))
    return [*found, *_bypass(hearing, candidate)]


def _bypass(hearing: Hearing, candidate: Candidate) -> list[tuple[str, float, float, float, int, float]]:
    """Requests that never reached the candidate's layer, as its exposure rose among those that did."""
    fit = hearing.fit
    cells = fit.cells
    if candidate.key is None:
        return []
    reached = cells.stamped(candidate.key)
    share = float(reached @ cells.n) / float(cells.n.sum())
    if not FEWEST_PAST < 1 - share < MOST_PAST:
        return []
    column = hearing.recorded(candidate, hearing.shift.signal)
    told = np.bincount(cells.bucket, cells.n * reached, minlength=cells.buckets)
    exposed = np.bincount(cells.bucket, cells.n * column, minlength=cells.buckets)
    profile = np.divide(exposed, told, out=np.zeros_like(told), where=told > 0)
    beside = (profile[cells.bucket] * (1 - reached))[:, None]
    scores = hearing.scores(hearing.shift.signal, beside, fit.given(column[:, None]))
    if not scores.information[0]:
        return []
    factor = float(scores.log_factor(fit.slab)[0])
    name = f"requests without {candidate.key.partition(':')[2]}"
    n = float(((1 - reached) * cells.n).sum())
    return [(name, float(scores.estimate[0]), float(scores.error[0]), factor, hearing.harm, n)]
