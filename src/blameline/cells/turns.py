"""The cells of a signal with the turn of the conversation as one more attribute of their segments."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from blameline.cells.known import held
from blameline.cells.read import Clock, assembled, naive

if TYPE_CHECKING:
    from blameline.cells.grid import Cells, Integers
    from blameline.records import Signal
    from blameline.store import Store

TURN = "turn of the conversation"
"""The attribute, as the split of the mix names it."""
BANDS = ((1, "1"), (2, "2"), (3, "3"), (4, "4"), (5, "5 or 6"), (7, "7 to 9"), (10, "10 or more"))
"""First turn of each band: late turns are rare, and each alone would tell little."""


@dataclass(frozen=True, eq=False)
class Turned:
    """A signal's cells told apart by turn."""

    cells: Cells
    whole: Integers
    """By cell: the place of the cell without turns that it is a part of, counted as ``read`` lists them."""


def read_by_turn(store: Store, signal: Signal, window: Clock) -> Turned | None:
    """The cells of one signal by turn; ``None`` where no conversation is told."""
    if "facts.talk" not in held(store):
        return None
    bounds = {"since": naive(window.since), "until": naive(window.until)}
    columns = store.query("cells/by_turn", signal=signal.name, width=window.width, **bounds)
    cells = assembled(store, signal, window, columns)
    band = np.searchsorted([first for first, _ in BANDS], columns["turn"].astype(np.int64), side="right")
    key = cells.segment * (len(BANDS) + 1) + band
    used, number = np.unique(key, return_inverse=True)
    named = [(cells.segments[one // (len(BANDS) + 1)], int(one % (len(BANDS) + 1))) for one in used]
    segments = tuple({**have, **({TURN: BANDS[at - 1][1]} if at else {})} for have, at in named)
    places = np.stack([cells.bucket, cells.segment, cells.version])
    fresh = np.any(places[:, 1:] != places[:, :-1], axis=0)
    whole = np.concatenate([[0], np.cumsum(fresh)]).astype(np.int64)
    return Turned(replace(cells, segment=number.astype(np.int64), segments=segments, _memory={}), whole)
