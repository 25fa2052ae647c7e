"""What is told beside the shifts: both curves where clicks and graded truth disagree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from blameline.records import Disagreement, SeriesPoint, Story

ROWS = 14
"""At most about so many rows a table."""


@dataclass(frozen=True)
class Pair:
    """Both signals in one stretch of time; ``None`` where one was not measured."""

    at: datetime
    feedback: float | None
    graded: float | None
    n_feedback: int
    n_graded: int


def curves(story: Story, apart: Disagreement) -> tuple[Pair, ...]:
    """The two signals of a disagreement side by side, from the first to the last day, the means weighted by requests."""
    both = (story.series.get(apart.feedback, ()), story.series.get(apart.graded, ()))
    moments = [point.at for points in both for point in points]
    if not moments:
        return ()
    first, last = min(moments), max(moments)
    width = max((last - first) / ROWS, (last - first) / len(moments))
    rows = []
    for place in range(ROWS):
        begin, end = first + place * width, first + (place + 1) * width
        parts = [
            [one for one in points if begin <= one.at < end or (place == ROWS - 1 and one.at == last)]
            for points in both
        ]
        if any(parts):
            counts = [sum(one.n for one in part) for part in parts]
            rows.append(Pair(begin, _mean(parts[0]), _mean(parts[1]), *counts))
    return tuple(rows)


def _mean(points: Sequence[SeriesPoint]) -> float | None:
    told = [(one.mean, one.n) for one in points if one.mean is not None and one.n]
    return sum(mean * n for mean, n in told) / sum(n for _, n in told) if told else None
