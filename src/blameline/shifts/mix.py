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

from itertools import combinations
from typing import TYPE_CHECKING

from blameline.records import MixPart, MixSplit, MixVerdict
from blameline.records.scale import factors, logged
from blameline.shifts.levels import levels
from blameline.shifts.taken_apart import Figures, blocks_of, figures_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from blameline.cells import Cells
    from blameline.records import Interval, Signal

    Flags = NDArray[np.bool_]

MOST_ATTRIBUTES = 6
"""Attributes of which pairs are looked at: those whose own mix is largest."""
MOSTLY = 0.8
"""Share of all the mix that fewer attributes must show by themselves to be named for it."""
COUNTS = 0.2
"""Share of the other part that the smaller one must reach for the two to be said to offset each other."""


def split(cells: Cells, early: Flags, late: Flags, fixed: frozenset[str] = frozenset()) -> MixSplit | None:
    """The change of the mean from the early cells to the late ones, taken apart by every attribute that is not ``fixed``.

    ``None`` where no segment attribute was recorded, or one side is empty. ``unclear`` where too few blocks of time are there
    to tell the noise.
    """
    keys = [key for key in sorted({key for segment in cells.segments for key in segment}) if key not in fixed]
    keys = [key for key in keys if len({segment.get(key) for segment in cells.segments}) > 1]
    if not keys or not early.any() or not late.any():
        return None
    blocks = blocks_of(cells, early, late)
    usual = levels(cells, early | late)
    whole = figures_of(cells, blocks, tuple(keys), usual)
    tried: dict[tuple[str, ...], Figures] = {(key,): figures_of(cells, blocks, (key,), usual) for key in keys}
    best = sorted(keys, key=lambda key: (-abs(tried[(key,)].mix.estimate), key))[:MOST_ATTRIBUTES]
    for pair in combinations(sorted(best), 2):
        tried[pair] = whole if len(keys) == 2 else figures_of(cells, blocks, pair, usual)
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
        sentence=_sentence(whole, verdict, mostly, cells.signal),
    )


def _mostly(whole: Figures, tried: Mapping[tuple[str, ...], Figures]) -> tuple[str, ...]:
    """The fewest attributes that show nearly the mix that all of them together show; none where there is no mix."""
    target = whole.mix.estimate
    if not _side(whole.mix):
        return ()
    enough = [names for names, one in tried.items() if abs(one.mix.estimate - target) <= (1 - MOSTLY) * abs(target)]
    return min(enough, key=lambda names: (len(names), abs(tried[names].mix.estimate - target), names), default=())


def _verdict(one: Figures) -> MixVerdict:
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


def _sentence(whole: Figures, verdict: MixVerdict, mostly: tuple[str, ...], signal: Signal) -> str:
    """The split in words: ``-4.1 points [-5, -3]: -3.6 [-4, -3] from traffic mix (mostly task), -0.5 [-1, 0] within segments``.

    Square brackets hold 90% intervals.
    """
    share = signal.bounded
    scale, unit, digits = (100.0, " points", "+.1f") if share else (1.0, "", "+.3g")

    def told_as(one: Interval, unit: str = "") -> str:
        if logged(signal.unit):
            return factors(one)
        estimate, low, high = (
            format(round(scale * value, 1 if share else 6) + 0.0, digits).replace("-", "−")
            for value in (one.estimate, one.low, one.high)
        )
        return f"{estimate}{unit} [{low}, {high}]"

    raw, mix, within = told_as(whole.raw, unit), told_as(whole.mix), told_as(whole.within)
    named = f" (mostly {' and '.join(mostly)})" if mostly else ""
    told = f"{raw}: {mix} from traffic mix{named}, {within} within segments"
    return f"{told}; too noisy to say which of them it was" if verdict == "unclear" else told


def _side(interval: Interval) -> int:
    """The side on which the whole interval lies; 0 if it holds 0."""
    return 1 if interval.low > 0 else -1 if interval.high < 0 else 0
