"""What is read beside the signals that can be a shift: signals that are context alone, and which components a request touched."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from blameline.cells.known import known, lay
from blameline.cells.read import assembled, naive

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from blameline.cells.grid import Cells
    from blameline.cells.read import Clock
    from blameline.store import Store

TOUCHED = ("retrieval", "tools", "guardrail")
"""Layers whose component only some requests touch, as their spans show."""
_MARK = "touches "


def read_context(store: Store, name: str, window: Clock) -> Cells:
    """The cells of a known signal whose values are kept for no request, such as how long a request takes."""
    signal = known()[name].signal(store.manifest())
    lay(store, name)
    columns = store.query("cells/by_view", since=naive(window.since), until=naive(window.until), width=window.width)
    return assembled(store, signal, window, columns)


def read_touched(store: Store, cells: Cells, window: Clock) -> Cells:
    """The cells of a score on record, each parted by the components that its requests touched; see ``touches``."""
    columns = store.query(
        "cells/by_touch",
        signal=cells.signal.name,
        since=naive(window.since),
        until=naive(window.until),
        width=window.width,
    )
    whole = assembled(store, cells.signal, window, columns)
    marks = np.column_stack([columns[layer].astype(bool) for layer in TOUCHED])
    pairs = np.column_stack([whole.segment, marks.astype(np.int64)])
    kinds, number = np.unique(pairs, axis=0, return_inverse=True)
    places = tuple(
        {
            **whole.segments[int(kind[0])],
            **{f"{_MARK}{layer}": "yes" if told else "no" for layer, told in zip(TOUCHED, kind[1:], strict=True)},
        }
        for kind in kinds
    )
    return replace(whole, segment=number.ravel().astype(np.int64), segments=places, _memory={})


def touches(cells: Cells, layer: str) -> NDArray[np.float64]:
    """1 for cells of ``read_touched`` whose requests touched the component of a layer, else 0."""
    return cells.inside({f"{_MARK}{layer}": "yes"}).astype(np.float64)
