"""Blame needs harm: whether a move of how answers look left their quality where it was.

Most changes move some behaviour, and are meant to: longer answers, another refusal, a new format. Where behaviour moved and a
quality was measured over the same requests, the quality says whether anybody was harmed. It is asked along the column of every
bid that may have made the move, inside its slice, beside the moves that the quality made at other times. A fall is excluded when
the data favour none and the upper end of the 95% one-sided interval is less than what matters.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from blameline.records import HARM

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from blameline.candidates import Candidate
    from blameline.evidence.hearing import Hearing
    from blameline.records import LedgerLine, Shift

    Floats = NDArray[np.float64]

LOOKS = "it changed how answers look, and no answer was shown to be worse"
NO_LOSS = "records that are lost take their scores along, and only how answers look moved"
"""Why a fall of the number of requests, which comes with holidays too, convicts nobody of a move of behaviour."""
MATTERS = 0.05
"""A fall of a share or of a score between 0 and 1 that matters: what is excluded is less than half of what most cases could
have shown by itself (``steps.smallest``)."""
SMALL = 0.2
"""The same for a score without bounds, in standard deviations of one request (Cohen 1988: a small effect)."""
Z95 = 1.645
PLAUSIBLE = 0.02
"""Probability from which a bid may have made the move."""


def concerns(hearing: Hearing) -> bool:
    """Whether the shift is one of how answers look."""
    return hearing.fit.cells.signal.family == "behaviour"


def harmless(
    hearing: Hearing, lines: Sequence[LedgerLine], fell: Sequence[Shift], apart: Mapping[str, Sequence[Floats]]
) -> bool:
    """Whether no quality fell with a move of behaviour: one was measured well enough to say so, and none may have fallen.

    ``fell`` are shifts for the worse of other signals at about the same time; ``apart``, by signal, the columns (cells) of its
    moves that are none of this shift's. Without a quality that was measured it is never known.
    """
    watched = {
        name: fit.cells.signal
        for name, fit in hearing.fits.items()
        if fit.cells.signal.family in HARM and not fit.cells.signal.control
    }
    if any(shift.signal in watched for shift in fell):
        return False
    odds = {line.candidate: line.probability for line in lines}
    accused = [
        one
        for one in hearing.candidates
        if odds[one.id] >= PLAUSIBLE and (not one.standing or one.id in {"unknown", "artefact"})
    ]
    if not accused:
        return False
    told = {name: [_excludes(hearing, one, name, apart.get(name, ())) for one in accused] for name in watched}
    quality = [told[name] for name, signal in watched.items() if signal.family == "quality"]
    return any(all(one) for one in quality) and not any(one is None for each in told.values() for one in each)


def _excludes(hearing: Hearing, candidate: Candidate, name: str, apart: Sequence[Floats]) -> bool | None:
    """Whether a fall that matters of another signal is excluded along one bid; ``None`` where the signal leans to a fall."""
    fit = hearing.fits[name]
    cells, signal = fit.cells, fit.cells.signal
    column = hearing.column_of(candidate, name) * cells.inside(dict(hearing.shift.segment))
    beside = fit.given(np.column_stack(apart)) if apart else fit
    scores = hearing.scores(name, column[:, None], beside)
    if not scores.information[0]:
        return False
    sign = -1 if signal.better == "higher" else 1
    if float(scores.log_factor(fit.slab, sign=sign)[0]) > 0:
        return None
    reach = Z95 * float(scores.error[0])
    matters = MATTERS if signal.bounded else SMALL * float(np.sqrt(fit.sigma2))
    return max(reach, sign * float(scores.estimate[0]) + reach) < matters  # luck makes no bad measurement a good one
