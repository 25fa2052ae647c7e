"""One split of a change of the mean, by one way to group, with intervals from leaving out blocks of time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from blameline.cells.grid import sums
from blameline.records import Interval

if TYPE_CHECKING:
    from blameline.cells import Cells

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

FEWEST_BLOCKS = 4
"""Blocks of time that a side must have before its noise can be told at all."""
LEAN = 10.0
"""Requests' worth of trust in the usual level of a group, on either side: thin groups lean on it, others hardly do."""
BLOCKS = (24.0, 12.0, 6.0, 3.0)
"""Lengths of a block of time in hours; the longest that gives enough of them is taken."""


@dataclass(frozen=True)
class Blocks:
    """The two sides cut into blocks of time: for each cell its block, and on which side each block lies."""

    number: NDArray[np.int64]
    """By cell; -1 outside of both sides."""
    late: Flags
    """By block."""

    @property
    def enough(self) -> bool:
        """Whether either side has blocks enough to tell the noise."""
        return min(int(self.late.sum()), int((~self.late).sum())) >= FEWEST_BLOCKS


@dataclass(frozen=True)
class Figures:
    """One split; ``lead`` is mix minus within."""

    raw: Interval
    mix: Interval
    within: Interval
    interaction: Interval
    lead: Interval
    groups: int


def blocks_of(cells: Cells, early: Flags, late: Flags) -> Blocks:
    """The longest blocks of which either side has enough, counted from the onset away."""
    edge = float(cells.hours[late].min())
    side = late.astype(np.int64) - early.astype(np.int64)
    for length in BLOCKS:
        place = np.floor((cells.hours - edge) / max(length, cells.width / 3600)).astype(np.int64)
        used, number = np.unique(place[side != 0], return_inverse=True)
        full = np.full(len(side), -1, dtype=np.int64)
        full[side != 0] = number
        is_late = np.zeros(len(used), dtype=bool)
        is_late[number[side[side != 0] > 0]] = True
        found = Blocks(full, is_late)
        if min(int(is_late.sum()), int((~is_late).sum())) >= 2 * FEWEST_BLOCKS:
            break
    return found


def figures_of(cells: Cells, blocks: Blocks, names: tuple[str, ...], usual: Floats) -> Figures:
    """The split by the combinations of some attributes, with 90% intervals."""
    groups = sorted({tuple(segment.get(name) or "" for name in names) for segment in cells.segments})
    place = {group: index for index, group in enumerate(groups)}
    number = np.array([place[tuple(segment.get(name) or "" for name in names)] for segment in cells.segments])
    chosen = blocks.number >= 0
    width, count = len(groups), len(blocks.late)
    group = number[cells.segment[chosen]]
    at = blocks.number[chosen] * width + group
    n = sums(at, cells.n[chosen], width * count).reshape(count, width)
    total = sums(at, cells.total[chosen], width * count).reshape(count, width)
    prior = sums(group, cells.n[chosen] * usual[cells.segment[chosen]], width)
    prior = np.divide(prior, n.sum(axis=0), out=np.zeros(width), where=n.sum(axis=0) > 0)
    sides = [(n[mask].sum(axis=0), total[mask].sum(axis=0)) for mask in (~blocks.late, blocks.late)]
    (n0, t0), (n1, t1) = sides
    whole = _taken_apart(n0[None, :], t0[None, :], n1[None, :], t1[None, :], prior)[0]
    reach = np.full(
        len(whole), abs(whole[0]) + 3 * float(np.sqrt(cells.square.sum() / cells.n.sum()))
    )  # anything could be
    if blocks.enough:
        spread, free = np.zeros(len(whole)), np.zeros(len(whole))
        for which, mask in enumerate((~blocks.late, blocks.late)):
            kept = [(one[0][None, :], one[1][None, :]) for one in sides]
            kept[which] = (sides[which][0] - n[mask], sides[which][1] - total[mask])
            without = _taken_apart(*kept[0], *kept[1], prior)
            size = int(mask.sum())
            variance = (size - 1) / size * ((without - without.mean(axis=0)) ** 2).sum(axis=0)
            spread, free = spread + variance, free + variance**2 / (size - 1)
        degrees = np.divide(spread**2, free, out=np.full(len(whole), 1e6), where=free > 0)
        reach = stdtrit(np.maximum(degrees, 1.0), 0.95) * np.sqrt(spread)
    raw, mix, within, interaction, lead = (
        Interval(estimate=float(value), low=float(value - by), high=float(value + by))
        for value, by in zip(whole, reach, strict=True)
    )
    return Figures(raw, mix, within, interaction, lead, int((n.sum(axis=0) > 0).sum()))


def _taken_apart(n0: Floats, t0: Floats, n1: Floats, t1: Floats, prior: Floats) -> Floats:
    """Raw, mix, within, interaction, and mix minus within: one row a row of the inputs (rows x groups)."""
    n0, t0, n1, t1 = np.broadcast_arrays(n0, t0, n1, t1)
    m0, m1 = ((t + LEAN * prior) / (n + LEAN) for n, t in ((n0, t0), (n1, t1)))
    size0, size1 = (np.maximum(n.sum(axis=1), 0.5) for n in (n0, n1))
    w0, w1 = n0 / size0[:, None], n1 / size1[:, None]
    raw = t1.sum(axis=1) / size1 - t0.sum(axis=1) / size0
    mix = ((w1 - w0) * (m0 + m1) / 2).sum(axis=1)
    interaction = ((w1 - w0) * (m1 - m0)).sum(axis=1)
    return np.column_stack([raw, mix, raw - mix, interaction, 2 * mix - raw])
