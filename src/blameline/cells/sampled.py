"""Rows that are a sample, weighed: each request counted as often as it stands for, where the spans say what share was kept."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from blameline.cells.grid import sums
from blameline.cells.read import naive
from blameline.gaps import rates, stored

if TYPE_CHECKING:
    from collections.abc import Mapping

    from blameline.cells.grid import Cells
    from blameline.cells.read import Clock
    from blameline.store import Store

TOLD = 0.95
"""Share of the requests that must say how they were sampled: the others would be left out."""


def weighed(store: Store, window: Clock, cells: Mapping[str, Cells]) -> dict[str, Cells]:
    """Signal -> its cells by bucket and segment, each request counted as often as it stands for (Horvitz and Thompson 1952).

    ``n`` is in proportion to the weight and adds up to Kish's effective number ``(sum w)^2 / sum w^2`` of its day: taken cell by
    cell it would favour cells of one kind of row. Empty where no spans say how they were sampled, or all say the same.
    """
    if not any(gap.kind == "sampling" and gap.n for gap in stored(store)):
        return {}
    told = rates(store)
    if told is None:
        return {}
    name, shares = told
    columns = store.query(
        "cells/weighed",
        name=name,
        values=list(shares),
        shares=list(shares.values()),
        since=naive(window.since),
        until=naive(window.until),
        width=window.width,
    )
    found = {}
    for signal, one in cells.items():
        mine = columns["signal"] == signal
        n, known = (float(columns[key][mine].sum()) for key in ("n", "told"))
        if not n or known < TOLD * n:
            continue
        mine &= columns["told"] > 0
        weight, weight_square, total, square = (
            columns[key][mine].astype(float) for key in ("weight", "weight_square", "total", "square")
        )
        bucket = columns["bucket"][mine].astype(np.int64)
        day = bucket * window.width // 86_400
        effective = weight * (sums(day, weight)[day] / sums(day, weight_square)[day])
        found[signal] = replace(
            one,
            bucket=bucket,
            segment=columns["segment_id"][mine].astype(np.int64),
            version=np.zeros(int(mine.sum()), dtype=np.int64),
            n=effective,
            total=effective * total / weight,
            square=effective * square / weight,
            versions=({},),
            _memory={},
        )
    return found
