"""Apache Otava's change points, each with the nearest change: its own eyes, and a plain guess at the cause."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from baselines.ground import Answer, by_bucket, harm

if TYPE_CHECKING:
    from baselines.ground import Ground

P = 0.001
"""Otava's own default; stricter ones did no better on the tuning half, nor did steps of a least size."""


def by_otava(ground: Ground) -> list[Answer]:
    """Every point at which a quality signal got worse, the most significant first, with the nearest change.

    One window over the whole series, which on the tuning half does better than Otava's windows of 50 points.

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
        for point in compute_change_points(values, window_len=len(values), max_pvalue=P)[0]:
            if harm(signal) * (point.stats.mean_2 - point.stats.mean_1) <= 0:
                continue
            moment = cells.moment(float(there[point.index]) * cells.width / 3600)
            named = ground.closest(ground.candidates, moment)
            found.append((float(point.stats.pvalue), Answer(moment, signal.name, named)))
    return [answer for _, answer in sorted(found, key=lambda one: one[0])]
