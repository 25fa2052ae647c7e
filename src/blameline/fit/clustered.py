"""Errors for requests that come in clusters: a user, session or conversation whose requests are good or bad together.

Where routing is sticky, all requests of a user are on one side of a comparison, and a hundred requests of one user are not a
hundred witnesses. With ``w = Px / n`` the weight of one request in the pull ``x'Py`` of a column, ``a^2`` the variance that
requests of one cluster share, and ``W_g`` the sum of ``w`` over cluster ``g``::

    Var(x'Py) = x'Px + a^2 (sum_g W_g^2 - sum_i w_i^2)

which is the design effect (Kish 1965; Moulton 1986) for the weights that the model really uses. What rises and falls with time is
compared with the same users before, and loses little; what differs within a day and segment is a comparison of users. So a
column is taken apart into those two, and the two are put together again by their own (co)variances: never to more
information than without clusters. ``a^2`` is estimated from pairs of residuals of one cluster, the mean of segment, version
and day taken out; where it is not clear of its own error it counts as 0.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from blameline.cells.grid import sums
from blameline.fit.scores import Scores

if TYPE_CHECKING:
    from collections.abc import Sequence

    from blameline.cells import Cells, Clusters
    from blameline.fit.model import Fit

Floats = NDArray[np.float64]
CLEAR = 1.645
"""Standard errors by which the pairs of a cluster must be alike to count (one-sided 5%)."""
FEWEST = 5
"""Clusters below which nothing is said of them."""


class Clustered:
    """One signal's requests by cluster, one way of telling clusters apart (``name``: the attribute)."""

    def __init__(self, name: str, cells: Cells, clusters: Clusters) -> None:
        self.name = name
        self._cells = cells
        self._drawn = clusters
        self.count = int(clusters.who.max(initial=-1)) + 1
        shape = (self.count, len(cells.n))
        self._by_cell = sparse.csr_matrix((clusters.n, (clusters.who, clusters.cell)), shape=shape)
        self._told: Floats = np.asarray(self._by_cell.sum(axis=0), dtype=np.float64).ravel()

    @cached_property
    def shared(self) -> float:
        """Variance that requests of one cluster share, beyond segment, version and day; 0 where that is not clear."""
        cells, drawn = self._cells, self._drawn
        day = (cells.hours // 24).astype(np.int64)
        key = (cells.segment * (len(cells.versions) + 1) + cells.version) * 100_000 + day
        group = np.unique(key, return_inverse=True)[1]
        n = sums(group, cells.n)
        mean = sums(group, cells.total) / n
        at = group[drawn.cell]
        rest = drawn.total - drawn.n * mean[at]
        square = float((drawn.square - 2 * mean[at] * drawn.total + drawn.n * mean[at] ** 2).sum())
        variance = square / max(float(drawn.n.sum()), 1.0)
        size = sums(drawn.who, drawn.n)
        pairs = float((size * (size - 1)).sum())
        if self.count < FEWEST or pairs <= 0 or variance <= 0:
            return 0.0
        alike = float((sums(drawn.who, rest) ** 2).sum()) - square
        of = sparse.csr_matrix((drawn.n, (drawn.who, at)), shape=(self.count, len(n)))
        own = float(
            (of.multiply(of - of.sign()) / n).sum()
        )  # pairs of one mean, which takes each one's noise from the other
        left = _left(of, n)
        if left <= 0:
            return 0.0
        found = (alike + own * variance) / (left + own)
        return min(found, variance) if found > CLEAR * variance * np.sqrt(2 * pairs) / (left + own) else 0.0

    def excess(self, weights: Floats) -> Floats:
        """What clusters add to the covariance (k x k) of pulls, given each request's weight in them (cells x k)."""
        apart = weights * self._told[:, None]
        summed = self._by_cell @ weights
        drawn: Floats = summed.T @ summed - apart.T @ weights
        whole = np.sqrt(np.einsum("ck,ck->k", weights * self._cells.n[:, None], weights))
        known = np.sqrt(np.einsum("ck,ck->k", apart, weights))
        scale = np.divide(whole, known, out=np.zeros_like(whole), where=known > 0)  # those not drawn are like the drawn
        result: Floats = self.shared * drawn * np.outer(scale, scale)
        return result


def _left(of: sparse.csr_matrix, n: Floats) -> float:
    """Pairs of one cluster, each counted by what the means of their groups leave of it; ``of``: clusters x groups."""
    share = sparse.csr_matrix(of.multiply(1 / n[None, :]))
    size = np.asarray(of.sum(axis=1), dtype=np.float64).ravel()
    mine = np.asarray(of.multiply(share).sum(axis=1), dtype=np.float64).ravel()
    means = share.T @ share
    both = float(size @ size - 2 * (size @ mine) + means.multiply(of.T @ of).sum())
    alone = float(size.sum() - 2 * mine.sum() + np.asarray(of.sum(axis=0)).ravel() @ means.diagonal())
    return both - alone


def scores(fit: Fit, columns: Floats, ways: Sequence[Clustered], *, apart: bool = True) -> Scores:
    """``Fit.scores`` for requests that come in clusters, by the way of telling clusters apart that leaves least.

    With ``apart`` a column is taken apart into what a day and segment has in common and the rest.
    """
    plain = fit.scores(columns)
    ways = [way for way in ways if way.shared]
    if not ways:
        return plain
    information, pull = plain.information.copy(), plain.pull.copy()
    for number, column in enumerate(columns.T):
        if not information[number]:
            continue
        rest = _rest(fit.cells, column) if apart else column
        parts = np.column_stack([column - rest, rest]) if apart else rest[:, None]
        parts = parts[:, np.abs(parts).max(axis=0, initial=0.0) > 1e-9]
        weighed = fit.pulled(parts)
        inner, pulls = parts.T @ weighed, weighed.T @ fit.mean
        for way in ways:
            known, drawn = _joined(inner, pulls, way.excess(weighed / fit.cells.n[:, None]))
            if 0 <= known < information[number]:
                information[number], pull[number] = known, drawn
    return Scores(information, pull)


def _joined(inner: Floats, pulls: Floats, excess: Floats) -> tuple[float, float]:
    """Information and pull of one effect that several parts of a column have in common."""
    reach = inner.sum(axis=1)
    least = np.linalg.pinv(inner + excess, rcond=1e-9, hermitian=True)
    return float(reach @ least @ reach), float(reach @ least @ pulls)


def _rest(cells: Cells, column: Floats) -> Floats:
    """What of a column differs within a day and segment."""
    place = (cells.hours // 24).astype(np.int64) * (int(cells.segment.max(initial=0)) + 1) + cells.segment
    number = np.unique(place, return_inverse=True)[1]
    part: Floats = column - (sums(number, cells.n * column) / sums(number, cells.n))[number]
    return part
