"""What the model would say of columns had some cells not been there: whole days, or whole segments.

With ``P`` of all cells and ``D`` those left out, the projector of the rest is ``P - P_.D P_DD^-1 P_D.``, the variances kept (as
in the group jackknife of mixed models). ``P_DD^-1 P_D. x`` is what the rest could not foretell of ``x`` in ``D``; it lies in the
span of the columns that ``Fit.gram_of`` hands out, so nothing of the size of ``D`` is ever inverted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from blameline.fit.scores import Scores

if TYPE_CHECKING:
    from blameline.fit.model import Fit

Floats = NDArray[np.float64]
RIDGE = 1e-9
"""Share of the largest inner product that keeps columns apart of which one follows from the others."""
GONE = 1e-6
"""Share of its information below which a column says nothing any more."""


class LeftOut:
    """A few columns of one fit (cells x k), asked without some of the cells."""

    def __init__(self, fit: Fit, columns: Floats) -> None:
        self.fit, self.columns = fit, columns
        pulled = fit.pulled(np.column_stack([columns, fit.mean]))
        self.pulled, self.mean = pulled[:, :-1], pulled[:, -1]
        self.inner: Floats = columns.T @ self.pulled
        self.pull: Floats = columns.T @ self.mean

    def without(self, dropped: NDArray[np.bool_]) -> tuple[Floats, Scores]:
        """Inner products of the columns (k x k), and their information and pull, without the dropped cells."""
        parts, square = self.fit.gram_of(dropped, self.columns)
        reach: Floats = np.asarray(parts.T @ self.pulled)
        pull: Floats = np.asarray(parts.T @ self.mean)
        ridge = RIDGE * max(float(np.diag(square).max(initial=0.0)), 1e-300)
        factor = linalg.cho_factor(square + ridge * np.eye(len(square)), lower=True, check_finite=False)
        inner = self.inner - reach.T @ linalg.cho_solve(factor, reach, check_finite=False)
        left = self.pull - reach.T @ linalg.cho_solve(factor, pull, check_finite=False)
        information = np.diag(inner).copy()
        gone = information <= GONE * np.diag(self.inner)
        return inner, Scores(np.where(gone, 0.0, information), np.where(gone, 0.0, left))
