"""Apache Otava's change points, each with the nearest change: its own eyes, and a plain guess at the cause."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from baselines.ground import Answer, by_bucket, harm

if TYPE_CHECKING:
    from baselines.ground import Ground

P = 0.001
"""Otava's own default."""
LEAST = 0.0
"""Share by which the mean must have got worse at a change point."""


def by_otava(ground: Ground) -> list[Answer]:
    """Every point at which a quality signal got worse, the largest step in standard deviations first, with the nearest change.

    Raises ``ImportError`` without Otava.
    """
    from otava.analysis import compute_change_points  # noqa: PLC0415  only the benchmark's own environment has it

    found: list[tuple[float, Answer]] = []
    for signal in ground.signals():
        if signal.control or signal.better is None or signal.family != "quality":
            continue
        cells = ground.cells(signal.name)
        series, _ = by_bucket(cells)
        there = np.flatnonzero(~np.isnan(series))
        values = series[there].tolist()
        if len(values) < 10:
            continue
        for point in compute_change_points(values, max_pvalue=P)[0]:
            before, after = point.stats.mean_1, point.stats.mean_2
            size = harm(signal) * (after - before)
            if size <= LEAST * abs(before):
                continue
            moment = cells.moment(float(there[point.index]) * cells.width / 3600)
            named = ground.closest(ground.candidates, moment)
            found.append((size / (float(np.std(values)) or 1.0), Answer(moment, signal.name, named)))
    return [answer for _, answer in sorted(found, key=lambda one: -one[0])]
