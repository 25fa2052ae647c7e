"""Where a shift sits: the same move estimated in each segment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from blameline.records import Interval, SliceEffect
from blameline.shifts.describe import Z90

if TYPE_CHECKING:
    from blameline.fit import Fit
    from blameline.shifts.moves import Move

MOST_VALUES = 12


def by_segment(fit: Fit, move: Move) -> tuple[SliceEffect, ...]:
    """The effect of the move in each value of each segment attribute, each attribute on its own, in a fixed order."""
    cells = fit.cells
    keys = sorted({key for segment in cells.segments for key in segment})
    found: list[SliceEffect] = []
    for key in keys:
        if key in move.segment:
            continue
        sizes = {
            value: float(cells.n[cells.inside({key: value})].sum())
            for value in sorted({segment[key] for segment in cells.segments if key in segment})
        }
        values = sorted(sizes, key=lambda value: (-sizes[value], value))[:MOST_VALUES]
        columns = np.column_stack([move.column * cells.inside({key: value}) for value in values])
        gram, pull = fit.gram(columns), fit.scores(columns).pull
        inverse = np.linalg.pinv(gram, rcond=1e-9, hermitian=True)
        effects, errors = inverse @ pull, np.sqrt(np.maximum(np.diag(inverse), 0))
        for index, value in enumerate(values):
            n = int(cells.n[(columns[:, index] > 0)].sum())
            if n and errors[index] > 0:
                effect, error = float(effects[index]), float(errors[index])
                delta = Interval(estimate=effect, low=effect - Z90 * error, high=effect + Z90 * error)
                found.append(SliceEffect(segment={key: value}, delta=delta, n=n))
    return tuple(found)
