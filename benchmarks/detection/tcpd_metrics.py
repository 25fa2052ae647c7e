"""Covering and F1 of change points against several annotators, as TCPDBench defines them.

Source: van den Burg and Williams, An Evaluation of Change Point Detection Algorithms (2020, arXiv 2003.06222), section 3.
A change point is the index of the first observation after the change, counted from 0. Index 0 counts as a change point that
everybody has found, as it does there.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

MARGIN = 5
"""How far a change point may be off, in observations, and still count for F1."""


def f1(annotations: Mapping[str, Sequence[int]], found: Iterable[int], *, margin: int = MARGIN) -> float:
    """Precision against all annotators together, recall averaged over them, and their harmonic mean."""
    points = {0, *found}
    marks = [{0, *marked} for marked in annotations.values()]
    everybody: set[int] = set().union(*marks)
    precision = _matched(everybody, points, margin) / len(points)
    recall = sum(_matched(one, points, margin) / len(one) for one in marks) / len(marks)
    return 2 * precision * recall / (precision + recall)


def covering(annotations: Mapping[str, Sequence[int]], found: Iterable[int], length: int) -> float:
    """How well the segments found cover those of each annotator (Arbelaez et al. 2010, equation 8), averaged over them."""
    ours = _segments(found, length)
    each = [
        sum(
            (end - begin) * max(_jaccard((begin, end), one) for one in ours) for begin, end in _segments(marked, length)
        )
        for marked in annotations.values()
    ]
    return sum(each) / length / len(each)


def _matched(marks: set[int], points: set[int], margin: int) -> int:
    """Marks with a point within ``margin``, each point used once: the nearest first, of two as near the earlier one.

    Marks take their turn in the order in which Python walks a set of them, because TCPDBench does; where marks crowd within the
    margin of each other another order could match one more or one fewer.
    """
    left, matched = set(points), 0
    for mark in marks:
        near = min(((abs(mark - point), point) for point in left if abs(mark - point) <= margin), default=None)
        if near is not None:
            left.remove(near[1])
            matched += 1
    return matched


def _segments(points: Iterable[int], length: int) -> list[tuple[int, int]]:
    """The half-open ranges between change points."""
    edges = [0, *sorted({point for point in points if 0 < point < length}), length]
    return list(pairwise(edges))


def _jaccard(one: tuple[int, int], other: tuple[int, int]) -> float:
    shared = max(0, min(one[1], other[1]) - max(one[0], other[0]))
    return shared / (one[1] - one[0] + other[1] - other[0] - shared)
