"""How far a ruler moved for each kind of request, and what its link may have left behind in the linked series.

A stricter judge takes more from some kinds of answers than from others: one that is near the end of the scale cannot move far.
The difference of an answer that was scored on both sides is ``m + d_v + noise``, with ``v`` its value of each attribute that
segments have. ``m`` is the move in the mean of all traffic. The deviations ``d_v`` of an attribute are nought in the mean over
its traffic, and normal with standard deviation ``DIFFERS`` of the move: ``d = Q e`` with ``Q`` an orthonormal basis of what is
orthogonal to the shares of traffic. So where many answers of a kind were scored again they say how far the ruler moved there,
and where few were it is not known, and ``(m, e)`` is normal with mean ``b`` and covariance ``C`` (a linear model with random
effects). To the variance of ``m`` comes how far answers that are scored again may differ from live traffic (``ELSEWHERE``).

The mean is taken out of the scores. What may be left is in the mean of the linked series, with ``C`` for its prior: a step at
the moment of the link counts only as far as it goes beyond the link's error.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import linalg

from blameline.evidence.varies import MOST

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from numpy.typing import NDArray

    from blameline.cells import Cells
    from blameline.evidence.bridge import Span
    from blameline.fit import Fit

    Floats = NDArray[np.float64]

QUERY = "evidence/rescored_segments"
ELSEWHERE = 0.05
"""Share of a ruler's move by which that of live traffic may be another (one standard deviation)."""
DIFFERS = 0.25
"""Share of a ruler's move by which that of one kind of requests may be another (one standard deviation)."""


@dataclass(frozen=True, eq=False)
class Left:
    """One link by cell: how far the ruler moved there, and how it may differ from that."""

    moved: Floats
    """Over the cells, in the signal's unit."""
    unsure: Floats
    """Cells x k: what the link may be off by, each column give or take once itself."""
    between: Floats
    """Cells x l: how the move may differ between segments before any answer was asked, likewise."""


def left(cells: Cells, column: Floats, span: Span, rows: Mapping[str, NDArray[Any]]) -> Left:
    """How far the ruler moved in each cell; ``rows``: of each answer that was scored again, what kind of request it was."""
    parts, asked = [column[:, None]], [np.ones((span.n, 1))]
    for key in sorted({key for segment in cells.segments for key in segment}):
        values = sorted({segment[key] for segment in cells.segments if segment.get(key) is not None})
        if not 2 <= len(values) <= MOST:
            continue
        inside = column[:, None] * np.column_stack([cells.inside({key: value}) for value in values])
        seen = inside.any(axis=0)
        if seen.sum() < 2:
            continue
        basis = linalg.null_space((cells.n @ inside[:, seen])[None, :])
        own = rows["attribute"] == key
        kinds = dict(zip(rows["item"][own], rows["kind"][own], strict=True))
        told = np.array([[kinds.get(item) == value for value in values] for item in span.items], dtype=float)
        parts.append(inside[:, seen] @ basis)
        asked.append(told[:, seen] @ basis)
    columns, answers = np.column_stack(parts), np.column_stack(asked)
    noise, differs = span.error**2 * span.n, DIFFERS * abs(span.move)
    known = np.full(columns.shape[1], differs**-2.0)
    known[0] = 0.0
    covariance = linalg.inv(answers.T @ answers / noise + np.diag(known), check_finite=False)
    moves = covariance @ (answers.T @ span.apart / noise)
    covariance[0, 0] += (ELSEWHERE * span.move) ** 2
    return Left(columns @ moves, columns @ linalg.cholesky(covariance, lower=True), differs * columns[:, 1:])


def allowing(fit: Fit, columns: Sequence[Floats]) -> Fit:
    """The model with these columns (cells x k) in its mean, each known to be nought give or take once itself."""
    every = np.column_stack(columns)
    return fit.given(every, np.ones(every.shape[1])) if every.size else fit
