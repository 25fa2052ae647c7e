"""A hand-made view: a step with a gap before it, a recovery, and one mark of every kind."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from blameline.records import Curve, Interval, Lane, Mark, Onset, SeriesPoint, Shift, View, Volume

SINCE = datetime(2026, 3, 1, tzinfo=UTC)
EVIL = "[red]a\x1b[2J\u202egnp\n</text><script>alert(1)</script>&\"'\ufffe\x00" + "W" * 10_000


def at(hours: float) -> datetime:
    return SINCE + timedelta(hours=hours)


def onset(hours: float, before: float, after: float) -> Onset:
    return Onset(estimate=at(hours), low=at(hours - before), high=at(hours + after))


def shift(**more: Any) -> Shift:
    told: dict[str, Any] = {
        "id": "shift-1",
        "signal": "answer_correct",
        "direction": "worse",
        "moved": "app",
        "onset": onset(120, 6, 9),
        "ended": at(192),
        "ended_range": onset(192, 3, 3),
        "before": 0.9,
        "after": 0.7,
        "delta": Interval(estimate=-0.2, low=-0.24, high=-0.16),
    }
    return Shift(**{**told, **more})


def view(name: str = "answer_correct", moved: Shift | None = None, **more: Any) -> View:
    """Ten days in buckets of six hours; hours 48 to 72 have no data."""
    moved = moved or shift(signal=name)
    hours = [hour for hour in range(0, 240, 6) if not 48 <= hour < 72]
    means = {hour: (0.7 if 120 <= hour < 192 else 0.9) + (hour % 18 - 6) / 600 for hour in hours}
    points = tuple(
        SeriesPoint(at=at(hour), mean=mean, low=mean - 0.05, high=mean + 0.05, n=40) for hour, mean in means.items()
    )
    told: dict[str, Any] = {
        "since": SINCE,
        "until": at(240),
        "zero": moved.onset.estimate,
        "zero_of": moved.id,
        "curves": (Curve(signal=name, width=6 * 3600, points=points, shift=moved),),
        "volume": tuple(Volume(at=at(hour), n=40 + hour % 24 if hour in hours else 0) for hour in range(0, 240, 6)),
        "lanes": (
            Lane(kind="shift", title="shifts", marks=(Mark(key="1", at=at(120), low=at(114), high=at(129), id="shift-1", what=f"{name} fell"),)),
            Lane(
                kind="change",
                title="changes",
                marks=(
                    Mark(key="a", at=at(30), id="chg-001", what="deploy: routine release"),
                    Mark(key="b", at=at(119), id="chg-002", what="prompt_edit: shorten the wording"),
                    Mark(key="c", at=at(119.2), id="chg-003", what="deploy: at the same time"),
                    Mark(key="d", at=at(200), low=at(190), high=at(210), id="chg-004", what="flag_change: somewhen"),
                    Mark(at=at(230), id="chg-005", what="deploy: far away"),
                ),
            ),
            Lane(
                kind="eval",
                title="nightly",
                marks=(
                    Mark(at=at(10), id="r-1", what="9 of 10 passed", state="completed", passed=0.9),
                    Mark(at=at(60), id="r-2", what="skipped", state="skipped"),
                    Mark(at=at(130), id="r-3", what="6 of 10 passed", state="completed", passed=0.6),
                    Mark(at=at(180), id="r-4", what="overridden", state="overridden"),
                ),
            ),
            Lane(kind="alert", title="alerts", marks=(Mark(key="e", at=at(140), low=at(140), high=at(170), id="f1", what="quality low"),)),
        ),
        "before": 2,
    }  # fmt: skip
    return View(**{**told, **more})
