"""Which period is asked about where nobody says: that since the main shift, however short or late it is."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from blameline.case.contracted import compared, quiet
from blameline.cells import Clock

WINDOW = Clock(datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 10, tzinfo=UTC), 3600, 100)


def march(day: int, hour: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, tzinfo=UTC)


def shifted(low, estimate, high, over=None, direction="worse"):
    onset = SimpleNamespace(low=low, estimate=estimate, high=high)
    one = SimpleNamespace(direction=direction, onset=onset, ended_range=SimpleNamespace(low=over) if over else None)
    return lambda: SimpleNamespace(shifts=[one])


@pytest.mark.parametrize(
    ("inquired", "wanted"),
    [
        (shifted(march(3), march(4), march(5)), (march(3), march(5), march(10))),
        (shifted(march(3), march(4), march(5), march(7)), (march(3), march(5), march(7))),
        (shifted(march(3), march(4), march(5), march(4, 12)), (march(3), march(5), march(10))),
        (shifted(march(8), march(9), march(10)), (march(8), march(9), march(10))),
        (shifted(march(3), march(4), march(5), direction="better"), (march(5, 12), march(5, 12), march(10))),
    ],
)
def test_the_period_without_a_word(inquired, wanted):
    found = compared(WINDOW, inquired, None, None)
    assert (found.quiet_until, found.begin, found.until) == wanted
    assert found.since == march(1)


def test_what_is_said_counts_and_the_quiet_part_ends_where_it_got_worse():
    found = compared(WINDOW, shifted(march(3), march(4), march(5)), "2026-03-06", "2026-04-01")
    assert (found.quiet_until, found.begin, found.until) == (march(6), march(6), march(10))
    assert quiet(WINDOW, shifted(march(3), march(4), march(5)), None, None) == (march(1), march(3))
    assert quiet(WINDOW, shifted(march(3), march(4), march(5)), "2026-03-06", None) == (march(6), march(10))
