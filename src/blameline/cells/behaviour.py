"""How answers look, in cells: signals of behaviour, plain and with account taken of how much went in and came out.

Answers grow with their questions, and waits grow with answers. So a signal can be read less what the tokens in and out foretell
of it: least squares of requests within one cell (same hours, segment and versions), so that no step of time or of a version is
taken for it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from blameline.cells.grid import Cells
from blameline.cells.known import known, lay
from blameline.cells.read import Clock, naive, segments

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from blameline.store import Store

Floats = NDArray[np.float64]
COUNTED = 0.9
"""Share of the requests that must say how many tokens went in and came out, or no account is taken of them."""
MOST_READ = 200_000
"""Requests of which a signal of behaviour is read; of more it is those whose id falls into a sample."""


@dataclass(frozen=True)
class Behaviour:
    """One signal of behaviour: its cells, and the sums beside them that tell how it goes with the tokens."""

    cells: Cells
    _sums: Mapping[str, Floats]

    @property
    def counted(self) -> bool:
        """Whether nearly all of the requests say how many tokens went in and came out."""
        return bool(self._sums["counted"].sum() >= COUNTED * self.cells.n.sum())

    def less(self, *tokens: str) -> Cells:
        """The same cells less what the tokens foretell: ``a`` for those that went in, ``b`` for those that came out.

        Where too few requests tell them, or all that do are alike, nothing is taken off.
        """
        if not self.counted:
            return self.cells
        s, n = self._sums, self.cells.n
        inner = np.array([[_within(s[_pair(x, y)], s[x], s[y], n) for y in tokens] for x in tokens])
        pull = np.array([_within(s["y" + x], s["y"], s[x], n) for x in tokens])
        if np.linalg.matrix_rank(inner, tol=1e-9 * max(float(n.sum()), 1.0)) < len(tokens):
            return self.cells
        return self._taken(dict(zip(tokens, np.linalg.solve(inner, pull), strict=True)))

    def over(self, tokens: str) -> Cells:
        """The same cells less the log of the tokens: what is counted per token."""
        return self._taken({tokens: 1.0})

    def _taken(self, slopes: Mapping[str, float]) -> Cells:
        s, n = self._sums, self.cells.n
        middle = {x: float(s[x].sum() / n.sum()) for x in slopes}
        off = sum((slope * (s[x] - n * middle[x]) for x, slope in slopes.items()), np.zeros(len(n)))
        square = s["yy"].copy()
        for x, slope in slopes.items():
            square -= 2 * slope * (s["y" + x] - middle[x] * s["y"])
            for other, beside in slopes.items():
                crossed = s[_pair(x, other)] - middle[x] * s[other] - middle[other] * s[x]
                square += slope * beside * (crossed + n * middle[x] * middle[other])
        return replace(self.cells, total=s["y"] - off, square=np.maximum(square, 0.0), _memory={})


def _pair(x: str, y: str) -> str:
    return "".join(sorted(x + y))


def _within(product: Floats, x: Floats, y: Floats, n: Floats) -> float:
    """Sum of products around the means of the cells."""
    return float((product - x * y / n).sum())


def behaviour(
    store: Store, name: str, window: Clock, width: int, sets: Sequence[Mapping[str, str]]
) -> Behaviour | None:
    """A known signal in buckets of ``width`` seconds, ``sets`` being the layer versions by number; ``None`` where nothing is."""
    lay(store, name)
    rows = store.query(
        "cells/behaviour",
        since=naive(window.since),
        until=naive(window.until),
        width=width,
        one_in=max(-(-window.traces // MOST_READ), 1),
    )
    if not len(rows["n"]):
        return None
    told = {key: np.nan_to_num(rows[key].astype(float)) for key in SUMS}
    cells = Cells(
        signal=known()[name].signal(store.manifest()),
        origin=window.since.astimezone(UTC),
        width=width,
        buckets=int(-(-(window.until - window.since).total_seconds() // width)),
        bucket=rows["bucket"].astype(np.int64),
        segment=rows["segment_id"].astype(np.int64),
        version=rows["version_id"].astype(np.int64),
        n=rows["n"].astype(float),
        total=told["y"],
        square=told["yy"],
        segments=segments(store),
        versions=tuple(dict(one) for one in sets),
    )
    return Behaviour(cells, told)


SUMS = ("counted", "y", "yy", "a", "b", "aa", "bb", "ab", "ya", "yb")
