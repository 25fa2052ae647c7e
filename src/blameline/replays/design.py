"""Which arms an experiment has: the factors in, rows of old and new out.

Up to four factors every combination is run, so that shares are exact and interactions show. For five to eight it is a fraction
of resolution IV (Box, Hunter and Hunter, "Statistics for Experimenters", table 6.22): no factor is blurred by a pair of
others. All generators have three letters, so that both ends, all new and all old, are among the arms. Beyond eight factors
each is taken back by itself and put in by itself: 2k + 2 arms, and where both ways disagree factors interact.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_CROSSED = 4
MOST_IN_A_FRACTION = 8
_BASE = 4
_GENERATORS: dict[int, tuple[tuple[int, int, int], ...]] = {
    5: ((0, 1, 2),),
    6: ((0, 1, 2), (1, 2, 3)),
    7: ((0, 1, 2), (1, 2, 3), (0, 2, 3)),
    8: ((0, 1, 2), (1, 2, 3), (0, 2, 3), (0, 1, 3)),
}
"""Each further factor is the product of three of the first four."""
Row = tuple[bool, ...]
"""One arm: by factor whether it is new."""


def rows(factors: int) -> tuple[Row, ...]:
    """The arms for so many factors, all new first and all old last."""
    if factors <= MOST_CROSSED:
        return tuple(product((True, False), repeat=factors))
    if factors <= MOST_IN_A_FRACTION:
        return tuple(_fraction(base, factors) for base in product((True, False), repeat=_BASE))
    ends = (True,) * factors, (False,) * factors
    taken_back = tuple(tuple(other != one for other in range(factors)) for one in range(factors))
    put_in = tuple(tuple(other == one for other in range(factors)) for one in range(factors))
    return (ends[0], *taken_back, *put_in, ends[1])


def design_of(factors: int) -> Literal["pairs", "factorial", "fraction", "from both ends"]:
    """The name of the design for so many factors."""
    if factors == 1:
        return "pairs"
    if factors <= MOST_CROSSED:
        return "factorial"
    return "fraction" if factors <= MOST_IN_A_FRACTION else "from both ends"


def spread_of(factors: int) -> float:
    """Standard deviation of a factor's effect on one request, as a multiple of that of a single pair of runs.

    Each effect uses all arms of a factorial: ``sqrt(2 / arms)``. From both ends it uses two pairs.
    """
    if factors > MOST_IN_A_FRACTION:
        return float(0.5**0.5)
    return float((2 / len(rows(factors))) ** 0.5)


def _fraction(base: Sequence[bool], factors: int) -> Row:
    signs = [1 if one else -1 for one in base]
    more = [signs[a] * signs[b] * signs[c] for a, b, c in _GENERATORS[factors]][: factors - _BASE]
    return tuple(sign > 0 for sign in [*signs, *more])
