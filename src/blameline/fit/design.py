"""The columns of the model: few sparse ones over the cells, and what the mean is made of in terms of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, sparse

if TYPE_CHECKING:
    from blameline.cells import Cells

Floats = NDArray[np.float64]
MOST_STEPS = 24
"""Steps that the mean may take while the noise is measured; never closer than two days."""
MOST_VERSIONS = 40


@dataclass(frozen=True)
class Design:
    """``atoms`` is cells x q: one column a bucket, a (group, day), a segment, and one each for layers touched and versions.

    ``fixed`` and ``saturated`` (q x k) are the columns of the mean, and what else it may do while the noise is measured.
    """

    atoms: sparse.csr_matrix
    random: int
    """The first so many atoms are random effects: the buckets, then the days of each group."""
    own: sparse.csr_matrix
    """Cells x (segment, day): random effects that never overlap, so that they can be taken out one by one."""
    fixed: Floats
    saturated: Floats


def design(cells: Cells, more: Floats | None = None) -> Design:
    """Lay out the columns for one signal's cells; ``more`` (cells x k) joins the mean."""
    groups = group_days(cells)
    sets = int(cells.segment.max(initial=0)) + 1
    touched = [*_touched(cells), *([] if more is None else more.T)]
    versions = [cells.carries(key, value) for key, value, share in cells.values() if 0.02 < share < 0.98]
    extras = [*touched, *versions[:MOST_VERSIONS]]
    first = cells.buckets + int(groups.max(initial=-1)) + 1
    hot = [one_hot(cells.bucket, cells.buckets)]
    hot += [one_hot(groups, first - cells.buckets)] if first > cells.buckets else []
    hot += [one_hot(cells.segment, sets), *([sparse.csr_matrix(np.column_stack(extras))] if extras else [])]
    atoms = sparse.csr_matrix(sparse.hstack(hot))
    width = atoms.shape[1]

    def placed(block: Floats, at: int) -> Floats:
        whole = np.zeros((width, block.shape[1]))
        whole[at : at + block.shape[0]] = block
        return whole

    ones = placed(np.eye(len(extras)), first + sets)
    fixed = np.hstack([placed(_segment_effects(cells, sets), first), ones[:, : len(touched)], placed(_waves(cells), 0)])
    saturated = np.hstack([placed(_steps(cells), 0), ones[:, len(touched) :]])
    day = (cells.hours // 24).astype(np.int64)
    own = np.unique(cells.segment * 100_000 + day, return_inverse=True)[1]
    return Design(atoms, first, one_hot(own, int(own.max(initial=-1)) + 1), fixed, saturated)


def one_hot(number: NDArray[np.int64], width: int) -> sparse.csr_matrix:
    """Rows x width, a single 1 in each row."""
    rows = len(number)
    return sparse.csr_matrix((np.ones(rows), number, np.arange(rows + 1)), shape=(rows, width))


def clock(cells: Cells) -> Floats:
    """Middle of each bucket, in hours since the start of the cells."""
    return (np.arange(cells.buckets) + 0.5) * cells.width / 3600


def _touched(cells: Cells) -> list[Floats]:
    """Whether a layer was touched at all, where some requests touch it and some do not."""
    whole = float(cells.n.sum())
    keys = sorted({key for versions in cells.versions for key in versions})
    columns = [cells.stamped(key) for key in keys]
    return [column for column in columns if 0.05 < float(column @ cells.n) / whole < 0.95]


def _segment_effects(cells: Cells, sets: int) -> Floats:
    """One effect a segment; one a value of each attribute where there are too many segments, or too few requests in them."""
    n = np.bincount(cells.segment, cells.n, minlength=sets)
    if sets <= 120 and np.median(n[n > 0]) >= 30:
        return np.eye(sets)
    pieces = [np.ones((sets, 1))]
    for key in sorted({k for segment in cells.segments for k in segment}):
        values = [cells.segments[number].get(key) if number < len(cells.segments) else None for number in range(sets)]
        pieces += [
            np.array([[float(have == value)] for have in values])
            for value in sorted({v for v in values if v is not None})
        ]
    return np.hstack(pieces)


def _waves(cells: Cells) -> Floats:
    """Hour of day, and weekday where the window is long enough."""
    hours = clock(cells)
    periods = [24.0, 12.0, 8.0] if cells.span_hours >= 96 and cells.width <= 21_600 else []
    periods += [168.0, 84.0] if cells.span_hours >= 336 else []
    waves = [wave(2 * np.pi * hours / period) for period in periods for wave in (np.sin, np.cos)]
    return np.column_stack(waves) if waves else np.zeros((cells.buckets, 0))


def _steps(cells: Cells) -> Floats:
    """A step every two days, or further apart where the window is long."""
    apart = max(48.0, cells.span_hours / MOST_STEPS)
    edges = np.arange(apart, cells.span_hours, apart)
    return (clock(cells)[:, None] >= edges[None, :]).astype(float)


def group_days(cells: Cells) -> NDArray[np.int64]:
    """For each cell, the number of its (group, day): the group is the segment attribute with most values, up to 12.

    Empty where a group would be no coarser than the segments themselves.
    """
    used = np.unique(cells.segment)
    keys = sorted({k for segment in cells.segments for k in segment})
    sizes = {key: len({segment.get(key) for segment in cells.segments}) for key in keys}
    usable = {key: size for key, size in sizes.items() if 2 <= size <= min(12, len(used) - 1)}
    if not usable:
        return np.zeros(0, dtype=np.int64)
    key = max(usable, key=lambda name: (usable[name], name))
    values = sorted({str(segment.get(key)) for segment in cells.segments})
    number = np.array([values.index(str(segment.get(key))) for segment in cells.segments])[cells.segment]
    day = (cells.hours // 24).astype(np.int64)
    return np.asarray(np.unique(number * 100_000 + day, return_inverse=True)[1], dtype=np.int64)


def independent(columns: Floats, gram: Floats) -> Floats:
    """The columns (q x k) with those left out that the others already span, each scaled to weighted length one.

    ``gram`` (q x q) holds the weighted inner products of the atoms.
    """
    inner = columns.T @ gram @ columns
    length = np.sqrt(np.maximum(np.diag(inner), 0))
    kept = np.flatnonzero(length > 0)
    scaled = inner[np.ix_(kept, kept)] / np.outer(length[kept], length[kept])
    _, upper, order = linalg.qr(scaled, pivoting=True, check_finite=False)
    rank = int((np.abs(np.diag(upper)) > 1e-7).sum())
    chosen = kept[np.sort(order[:rank])]
    result: Floats = columns[:, chosen] / length[chosen]
    return result
