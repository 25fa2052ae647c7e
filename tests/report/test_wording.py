"""Numbers become the words that the house agreed on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blameline.records import Interval, Onset, Shift, Signal
from blameline.report import wording

NOON = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)


def onset(low: timedelta, high: timedelta) -> Onset:
    return Onset(estimate=NOON, low=NOON + low, high=NOON + high)


@pytest.mark.parametrize(
    ("value", "wanted"),
    [(0.0, "<1%"), (0.004, "<1%"), (0.012, "1%"), (0.94, "94%"), (0.985, "98%"), (0.993, ">99%"), (1.0, ">99%")],
)
def test_a_probability_is_never_certain(value: float, wanted: str) -> None:
    assert wording.percent(value) == wanted


@given(st.floats(0, 1))
def test_no_probability_is_written_as_none_or_all(value: float) -> None:
    assert wording.percent(value) not in {"0%", "100%"}


def test_points() -> None:
    assert wording.points(Interval(estimate=-0.132, low=-0.15, high=-0.114)) == "−13.2 points [−15.0, −11.4]"
    assert wording.points(Interval(estimate=0.006, low=-0.0004, high=0.0123)) == "+0.6 points [0.0, +1.2]"
    assert wording.points(Interval(estimate=0.0006, low=0.0002, high=0.001)) == "+0.06 points [+0.02, +0.10]"


def test_change_of_what_is_no_rate() -> None:
    assert wording.change(Interval(estimate=312.4, low=280, high=1340.5), within_one=False) == "+312 [280, 1,340]"


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (0.7771, "0.777"),
        (1234.0, "1,234"),
        (-0.5, "−0.500"),
        (None, "not known"),
        (True, "yes"),
        ("x", "x"),
        (1.5e-7, "1.50e−07"),
        (float("nan"), "not finite"),
        (0.0, "0"),
        (12.34, "12.3"),
        (-1e18, "−1.00e+18"),
    ],
)
def test_numbers(value: Any, wanted: str) -> None:
    assert wording.number(value) == wanted


def test_times() -> None:
    assert wording.moment(NOON) == "2026-03-14 12:00 UTC"
    assert wording.between(onset(timedelta(minutes=-22), timedelta(minutes=33))) == "2026-03-14 11:38–12:33 UTC"
    assert wording.between(onset(timedelta(days=-1), timedelta())) == "2026-03-13 12:00 UTC – 2026-03-14 12:00 UTC"
    assert wording.offset(NOON + timedelta(hours=16, minutes=58), NOON) == "T+16h58m"
    assert wording.offset(NOON - timedelta(days=2, hours=4), NOON) == "T−2d04h"


@pytest.mark.parametrize(
    ("delay", "wanted"),
    [
        (timedelta(hours=16, minutes=58), "16 h 58 min"),
        (timedelta(days=4, hours=1, minutes=9), "4 d 1 h"),
        (timedelta(seconds=9), "under a minute"),
        (timedelta(days=1, minutes=5), "1 d 0 h 5 min"),
    ],
)
def test_lags(delay: timedelta, wanted: str) -> None:
    assert wording.lag(delay) == wanted


def test_counts() -> None:
    assert wording.plural(1, "request") == "1 request"
    assert wording.plural(61044, "request") == "61,044 requests"


def test_a_rate_is_told_by_the_signal_or_by_its_values() -> None:
    told: dict[str, Any] = {
        "id": "s",
        "direction": "worse",
        "moved": "app",
        "onset": onset(timedelta(), timedelta()),
        "delta": Interval(estimate=0, low=0, high=0),
    }
    rate = Shift(signal="refusal", before=0.1, after=0.2, **told)
    slow = Shift(signal="duration_ms", before=0.1, after=0.2, **told)
    assert wording.bounded(rate)
    assert not wording.bounded(slow)
    assert not wording.bounded(rate, (Signal(name="refusal", better="lower", bounded=False, unit="usd"),))
    assert wording.unit(rate, (Signal(name="refusal", better="lower", bounded=False, unit="usd"),)) == "usd"
    assert wording.unit(rate) == ""


def test_a_share_that_is_all_doubt_is_said_once() -> None:
    assert wording.share(Interval(estimate=0.001, low=0, high=0.004)) == "<1%"
    assert wording.share(Interval(estimate=0.75, low=0.58, high=0.93)) == "75% [58%, 93%]"


def test_a_zero_has_no_sign() -> None:
    text = "changed by −0% and +0.0 points [−1.8, −0.0], or −0.05 points on 2026-03-0"
    assert wording.zeros(text) == "changed by 0% and 0.0 points [−1.8, 0.0], or −0.05 points on 2026-03-0"


def test_brief_numbers() -> None:
    assert [wording.brief(value) for value in (0.000685, -0.0415, 29.51, 1.0, 0.0, 50, "x")] == [
        "0.001",
        "−0.042",
        "29.5",
        "1",
        "0",
        "50",
        "x",
    ]
