"""BARO's robust score (Pham, Ha and Zhang 2024, arXiv 2405.09330): the metric that went furthest from its usual after the onset.

Each metric is scaled by the median and the interquartile range that it had before, and scored by the highest value after. BARO
ranks metrics, and a metric is not a change: the best metric stands for the nearest change of a layer that moves it, and where
none of these layers changed the next metric is asked. The signal that got worse is the symptom and no candidate.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from baselines.ground import each_shift, onset_of

if TYPE_CHECKING:
    from datetime import datetime
    from typing import Any

    from baselines.ground import Floats, Ground

QUERY = Path(__file__).resolve().parents[2] / "sql" / "metrics_by_hour.sql"
LAYERS: dict[str, tuple[str, ...]] = {
    "requests": ("traffic", "telemetry"),
    "latency": ("deploy", "router", "model"),
    "input_tokens": ("context", "prompt", "retrieval"),
    "output_tokens": ("prompt", "model", "sampling", "deploy"),
    "refused": ("guardrail", "prompt", "model"),
    "truncated": ("sampling", "prompt", "model"),
    "failed": ("deploy", "model"),
    "tool_failed": ("tools",),
    "retrieval_score": ("retrieval", "data"),
}
"""By metric: the layers whose changes move it."""
FEWEST = 8
"""Hours on either side below which a metric is not scored."""


def robust_score(before: Floats, after: Floats) -> float:
    """The highest value after, as far above the median of before as so many interquartile ranges of before.

    With its sign, as in BARO's own code (on the tuning half that does better than without); a range of 0 counts as 1.
    """
    low, middle, high = np.percentile(before, [25, 50, 75])
    return float(np.max(after - middle) / ((high - low) or 1.0))


def _metrics(ground: Ground) -> tuple[list[datetime], dict[str, Floats]]:
    told = ground.case.sql(QUERY.read_text(encoding="utf-8"))
    columns = list(zip(*told.rows, strict=True))
    series = {
        name: np.array([np.nan if value is None else value for value in column], dtype=float)
        for name, column in zip(told.columns[1:], columns[1:], strict=True)
    }
    return list(columns[0]), series


def _furthest(ground: Ground, shift: dict[str, Any]) -> str | None:
    onset = onset_of(shift)
    hours, series = _metrics(ground)
    late = np.array([hour >= onset.replace(tzinfo=None) for hour in hours])
    scored = []
    for name, values in series.items():
        before, after = (values[side & ~np.isnan(values)] for side in (~late, late))
        if min(len(before), len(after)) >= FEWEST:
            scored.append((robust_score(before, after), name))
    for _, name in sorted(scored, reverse=True):
        named = ground.closest([one for one in ground.candidates if one.layer in LAYERS[name]], onset)
        if named is not None:
            return named
    return None


by_baro = each_shift(_furthest)
"""The nearest change of a layer of the metric with the highest robust score."""
