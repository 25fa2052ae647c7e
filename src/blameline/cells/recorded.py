"""What was written down twice, and what is still to come: requests whose scores are not there yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from blameline.cells.grid import Cells, Floats, sums

if TYPE_CHECKING:
    from blameline.cells.read import Clock
    from blameline.store import Store

FEWEST = 20
"""Copies, or scores with a time of their own, below which nothing is told."""
FILLED = 4.0
"""Standard errors by which the last hours must be scored less often than those before."""


def copies(store: Store, window: Clock) -> dict[str, tuple[Floats, Floats]]:
    """Signal -> number and sum of the scores of copied requests, by bucket; under "" the requests themselves. Empty below 20."""
    rows = store.query("cells/copies", **_bounds(window), width=window.width)
    found: dict[str, tuple[Floats, Floats]] = {}
    names = np.array(["" if name is None else str(name) for name in rows["signal"]])
    for name in np.unique(names):
        chosen = names == name
        bucket = rows["bucket"][chosen].astype(np.int64)
        n, total = (sums(bucket, rows[key][chosen].astype(float), window.buckets) for key in ("n", "total"))
        found[str(name)] = (n, total)
    return found if "" in found and found[""][0].sum() >= FEWEST else {}


def lags(store: Store, window: Clock) -> dict[str, float]:
    """Signal -> hours within which nine in ten of its scores were recorded, where their times are known."""
    rows = store.rows("cells/lags", **_bounds(window))
    return {row["signal"]: float(row["hours"]) for row in rows if row["n"] >= FEWEST and row["hours"] is not None}


def settled(cells: Cells, traffic: Cells, lag: float) -> float:
    """The hour from which on scores of a signal are still coming in; ``inf`` where the last hours are scored like the rest.

    ``lag`` is in hours. A score that came within a bucket is not late, and a lag of more than half of the window says nothing.
    """
    if not cells.width / 3600 < lag < cells.span_hours / 2:
        return float("inf")
    n = sums(traffic.bucket, traffic.n, traffic.buckets)
    had = sums(cells.bucket, cells.n, cells.buckets)
    begin = cells.span_hours - lag
    late = (np.arange(cells.buckets) + 1) * cells.width / 3600 > begin
    if not n[late].sum() or not n[~late].sum():
        return float("inf")
    usual = min(float(had[~late].sum() / n[~late].sum()), 1.0)
    away = float(had[late].sum() / n[late].sum()) - usual
    error = float(np.sqrt(max(usual * (1 - usual), 0.01) / n[late].sum()))
    return begin if away < -FILLED * error and away < -0.1 * usual else float("inf")


def _bounds(window: Clock) -> dict[str, object]:
    return {"since": window.since.replace(tzinfo=None), "until": window.until.replace(tzinfo=None)}
