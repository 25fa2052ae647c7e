"""The drill's clock: every time inside the room is a number of hours since one fixed start.

Hours are whole milliseconds wherever they belong to a request, and whole minutes wherever they belong to a change, so
that the same moment is written the same way in every form.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from blameline.records import stamp

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

START = datetime(2026, 3, 1, tzinfo=UTC)
"""When every drilled window opens (a Sunday)."""

START_MILLISECONDS = int(START.timestamp() * 1000)
"""The same moment in Unix milliseconds."""

DAY = 24.0
"""Hours a day."""


def minute(hours: float) -> float:
    """The nearest whole minute."""
    return round(hours * 60) / 60


def moment(hours: float) -> datetime:
    """The calendar moment, to the second."""
    return START + timedelta(seconds=round(hours * 3600))


def written(hours: float) -> str:
    """The moment as the contract writes times."""
    return stamp(moment(hours))


def milliseconds(hours: Floats) -> Integers:
    """Unix milliseconds of many moments."""
    return np.rint(hours * 3_600_000).astype(np.int64) + START_MILLISECONDS


def logistic(value: Floats) -> Floats:
    """The probability that belongs to a log-odds."""
    return 1.0 / (1.0 + np.exp(-value))
