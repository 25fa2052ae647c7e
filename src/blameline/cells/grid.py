"""The shape that all later work is done on: small columns, one entry a cell."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from blameline.records import Signal

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
JOIN = " + "
"""Between the values of one attribute where the spans of one trace carry several."""


@dataclass(frozen=True)
class Cells:
    """The cells of one signal; arrays of one length, one entry a cell with ``n >= 1``."""

    signal: Signal
    origin: datetime
    """Start of bucket 0, UTC."""
    width: int
    """Length of a bucket in seconds."""
    buckets: int
    bucket: Integers
    segment: Integers
    version: Integers
    n: Floats
    total: Floats
    square: Floats
    segments: tuple[dict[str, str], ...]
    """By segment number: attribute -> value."""
    versions: tuple[dict[str, str], ...]
    """By version number: ``<layer>:<attribute>`` -> value; absent where no span carried it."""
    _memory: dict[tuple[str, str], Floats] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def hours(self) -> Floats:
        """Middle of each cell's bucket, in hours since ``origin``."""
        return (self.bucket + 0.5) * self.width / 3600

    @property
    def span_hours(self) -> float:
        """Length of the window in hours."""
        return self.buckets * self.width / 3600

    def moment(self, hours: float) -> datetime:
        """The moment that many hours after ``origin``, to the second."""
        return self.origin + timedelta(seconds=round(hours * 3600))

    def hour_of(self, moment: datetime) -> float:
        """Hours from ``origin`` to a moment."""
        return (moment.astimezone(UTC) - self.origin).total_seconds() / 3600

    def carries(self, key: str, value: str) -> Floats:
        """1 for cells whose traces carry ``value`` under ``<layer>:<attribute>``, else 0."""
        if (key, value) not in self._memory:
            has = np.array([value in versions.get(key, "").split(JOIN) for versions in self.versions], dtype=float)
            self._memory[(key, value)] = has[self.version] if len(has) else np.zeros(len(self.n))
        return self._memory[(key, value)]

    def stamped(self, key: str) -> Floats:
        """1 for cells whose traces carry any value under ``<layer>:<attribute>``."""
        has = np.array([key in versions for versions in self.versions], dtype=float)
        return has[self.version] if len(has) else np.zeros(len(self.n))

    def inside(self, segment: dict[str, str]) -> NDArray[np.bool_]:
        """Which cells lie in a segment; the empty segment holds all."""
        fits = np.array([all(have.get(k) == v for k, v in segment.items()) for have in self.segments], dtype=bool)
        return fits[self.segment] if len(fits) else np.ones(len(self.n), dtype=bool)

    def values(self) -> list[tuple[str, str, float]]:
        """Every (``<layer>:<attribute>``, value, share of the traffic) in these cells, in a fixed order."""
        pairs = {(k, part) for versions in self.versions for k, v in versions.items() for part in v.split(JOIN)}
        whole = float(self.n.sum()) or 1.0
        return [(k, v, float(self.carries(k, v) @ self.n) / whole) for k, v in sorted(pairs)]

    def pooled(self) -> Cells:
        """One cell a bucket, segments and versions taken together: the plain mean, traffic mix included."""
        used, number = np.unique(self.bucket, return_inverse=True)
        zero = np.zeros(len(used), dtype=np.int64)
        return replace(
            self,
            bucket=used,
            segment=zero,
            version=zero,
            n=sums(number, self.n),
            total=sums(number, self.total),
            square=sums(number, self.square),
            segments=({},),
            versions=({},),
            _memory={},
        )


def sums(number: Integers, values: Floats, length: int = 0) -> Floats:
    """Sum of the values that share a number, one entry a number from 0 on."""
    return np.asarray(np.bincount(number, values, minlength=length), dtype=np.float64)
