"""The shape that all later work is done on: small columns, one entry a cell."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

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
    _memory: dict[Hashable, NDArray[Any]] = field(default_factory=dict, repr=False, compare=False)
    """Columns that were asked for before; they are not to be written into."""

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
        return self._kept(
            ("carries", key, value),
            lambda: _spread([value in have.get(key, "").split(JOIN) for have in self.versions], self.version, 0.0),
        )

    def stamped(self, key: str) -> Floats:
        """1 for cells whose traces carry any value under ``<layer>:<attribute>``."""
        return self._kept(("stamped", key), lambda: _spread([key in have for have in self.versions], self.version, 0.0))

    def inside(self, segment: dict[str, str]) -> NDArray[np.bool_]:
        """Which cells lie in a segment; the empty segment holds all."""
        return self._kept(
            ("inside", *sorted(segment.items())),
            lambda: _spread([segment.items() <= have.items() for have in self.segments], self.segment, True),
        )

    def _kept(self, asked: Hashable, column: Callable[[], NDArray[Any]]) -> NDArray[Any]:
        """A column over the cells, worked out once."""
        if asked not in self._memory:
            self._memory[asked] = column()
            self._memory[asked].flags.writeable = False
        return self._memory[asked]

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


def _spread(of: list[bool], number: Integers, otherwise: float) -> NDArray[Any]:
    """What is so of each segment or version set as a column over the cells; ``otherwise`` where there are none."""
    return np.array(of, dtype=type(otherwise))[number] if of else np.full(len(number), otherwise)


def sums(number: Integers, values: Floats, length: int = 0) -> Floats:
    """Sum of the values that share a number, one entry a number from 0 on."""
    return np.asarray(np.bincount(number, values, minlength=length), dtype=np.float64)
