"""How much of a move of the plain mean is other traffic, and how much is other answers to the same traffic.

Kitagawa, Oaxaca and Blinder (1955, 1973): with shares ``w`` and means ``m`` of the groups, before (0) and after (1)::

    raw = sum (w1 - w0) (m0 + m1)/2  +  sum (m1 - m0) (w0 + w1)/2        mix + within
          interaction = sum (w1 - w0) (m1 - m0)                          half of it is counted on either side

Groups are all combinations of segment values, and the values of one attribute or of a pair, to say which of them carries it.
Means of thin groups lean on their usual level. Intervals come from leaving out one block of
time after the other on either side (stratified jackknife, Student's t by Welch and Satterthwaite): days, or parts of one where
a side has few, so that what requests of one day have in common is not taken for knowledge. All of it is sums over cells.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from blameline.cells.grid import sums
from blameline.records import Interval, MixPart, MixSplit, MixVerdict
from blameline.shifts.traffic import levels

if TYPE_CHECKING:
    from collections.abc import Mapping

    from blameline.cells import Cells

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

FEWEST_BLOCKS = 4
"""Blocks of time that a side must have before its noise can be told at all."""
LEAN = 10.0
"""Requests' worth of trust in the usual level of a group, on either side: thin groups lean on it, others hardly do."""
MOST_ATTRIBUTES = 6
"""Attributes of which pairs are looked at: those whose own mix is largest."""
MOSTLY = 0.8
"""Share of all the mix that fewer attributes must show by themselves to be named for it."""
COUNTS = 0.2
"""Share of the other part that the smaller one must reach for the two to be said to offset each other."""
BLOCKS = (24.0, 12.0, 6.0, 3.0)
"""Lengths of a block of time in hours; the longest that gives enough of them is taken."""


@dataclass(frozen=True)
class _Blocks:
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
class _Figures:
    """One split; ``lead`` is mix minus within."""

    raw: Interval
    mix: Interval
    within: Interval
    interaction: Interval
    lead: Interval
    groups: int


def split(cells: Cells, early: Flags, late: Flags, fixed: frozenset[str] = frozenset()) -> MixSplit | None:
    """The change of the mean from the early cells to the late ones, taken apart by every attribute that is not ``fixed``.

    ``None`` where no segment attribute was recorded, or one side is empty. ``unclear`` where too few blocks of time are there
    to tell the noise.
    """
    keys = [key for key in sorted({key for segment in cells.segments for key in segment}) if key not in fixed]
    keys = [key for key in keys if len({segment.get(key) for segment in cells.segments}) > 1]
    if not keys or not early.any() or not late.any():
        return None
    blocks = _blocks(cells, early, late)
    usual = levels(cells, early | late)
    whole = _figures_of(cells, blocks, tuple(keys), usual)
    tried: dict[tuple[str, ...], _Figures] = {(key,): _figures_of(cells, blocks, (key,), usual) for key in keys}
    best = sorted(keys, key=lambda key: (-abs(tried[(key,)].mix.estimate), key))[:MOST_ATTRIBUTES]
    for pair in combinations(sorted(best), 2):
        if len(keys) > 2:
            tried[pair] = _figures_of(cells, blocks, pair, usual)
    verdict = _verdict(whole) if blocks.enough else "unclear"
    mostly = _mostly(whole, tried)
    order = sorted(tried, key=lambda names: (-abs(tried[names].mix.estimate), names))
    return MixSplit(
        raw=whole.raw,
        mix=whole.mix,
        within=whole.within,
        interaction=whole.interaction,
        verdict=verdict,
        mostly=mostly,
        parts=tuple(
            MixPart(attributes=names, mix=one.mix, within=one.within, groups=one.groups)
            for names in order
            for one in (tried[names],)
        ),
        sentence=_sentence(whole, verdict, mostly, share=cells.signal.bounded),
    )


def _mostly(whole: _Figures, tried: Mapping[tuple[str, ...], _Figures]) -> tuple[str, ...]:
    """The fewest attributes that show nearly the mix that all of them together show; none where there is no mix."""
    target = whole.mix.estimate
    if not _side(whole.mix):
        return ()
    enough = [names for names, one in tried.items() if abs(one.mix.estimate - target) <= (1 - MOSTLY) * abs(target)]
    return min(enough, key=lambda names: (len(names), abs(tried[names].mix.estimate - target), names), default=())


def _verdict(one: _Figures) -> MixVerdict:
    """Which of the two carries the move; ``offset`` where they pull to different sides, ``unclear`` where noise hides it."""
    mix, within, lead = _side(one.mix), _side(one.within), _side(one.lead)
    small, large = sorted((abs(one.mix.estimate), abs(one.within.estimate)))
    if mix and within and mix != within and small > COUNTS * large:
        return "offset"
    side = 1 if one.raw.estimate > 0 else -1
    if mix == side and lead == side:
        return "mix"
    if within == side and lead == -side:
        return "within"
    return "both" if mix and within else "unclear"


def _sentence(whole: _Figures, verdict: MixVerdict, mostly: tuple[str, ...], *, share: bool) -> str:
    """The split in words: ``-4.1 points: -3.6 from traffic mix (mostly app.task), -0.5 within segments``."""
    factor, unit, digits = (100.0, " points", "+.1f") if share else (1.0, "", "+.3g")
    raw, mix, within = (
        format(round(factor * one.estimate, 6) + 0.0, digits).replace("-", "−")
        for one in (whole.raw, whole.mix, whole.within)
    )
    named = f" (mostly {' and '.join(mostly)})" if mostly else ""
    told = f"{raw}{unit}: {mix} from traffic mix{named}, {within} within segments"
    return f"{told}; too noisy to say which of them it was" if verdict == "unclear" else told


def _side(interval: Interval) -> int:
    """The side on which the whole interval lies; 0 if it holds 0."""
    return 1 if interval.low > 0 else -1 if interval.high < 0 else 0


def _blocks(cells: Cells, early: Flags, late: Flags) -> _Blocks:
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
        found = _Blocks(full, is_late)
        if min(int(is_late.sum()), int((~is_late).sum())) >= 2 * FEWEST_BLOCKS:
            break
    return found


def _figures_of(cells: Cells, blocks: _Blocks, names: tuple[str, ...], usual: Floats) -> _Figures:
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
        reach = student.ppf(0.95, np.maximum(degrees, 1.0)) * np.sqrt(spread)
    raw, mix, within, interaction, lead = (
        Interval(estimate=float(value), low=float(value - by), high=float(value + by))
        for value, by in zip(whole, reach, strict=True)
    )
    return _Figures(raw, mix, within, interaction, lead, int((n.sum(axis=0) > 0).sum()))


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
