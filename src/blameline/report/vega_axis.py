"""What all parts of an image share: the axis of time, its pixels, the colours, and the onset through all of them.

Colours are those of Okabe and Ito (2008), which all kinds of colour sight can tell apart; shape, place and letter say the same
without them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from blameline.records import Shift, View

Json = dict[str, Any]
WIDTH = 840
MARGIN = 132
"""Pixels left of the axis of time, for values and names of lanes."""
BLUE, ORANGE, RED, GREY, BLACK = "#0072B2", "#E69F00", "#D55E00", "#666666", "#111111"


def milliseconds(moment: datetime) -> int:
    """A moment as Vega counts it, since 1970."""
    return round(moment.timestamp() * 1000)


def along(view: View, axis: Json) -> Callable[..., Json]:
    """The channel of a field in time; every layer of a part is handed the same axis, so that the part has one."""
    assert view.since is not None, "without an axis nothing is drawn"
    assert view.until is not None, "without an axis nothing is drawn"
    scale = {"type": "utc", "domain": [milliseconds(view.since), milliseconds(view.until)], "nice": False}

    def channel(field: str = "at") -> Json:
        return {"field": field, "type": "temporal", "scale": scale, "axis": axis}

    return channel


def time_axis(view: View, *, labels: bool) -> Json:
    """The axis of time: its lines through every part, its words below the last one."""
    assert view.since is not None, "without an axis nothing is drawn"
    assert view.until is not None, "without an axis nothing is drawn"
    hours = (view.until - view.since).total_seconds() / 3600
    form = "%-d %b" if hours > 96 else "%-d %b %H:%M"
    shown = {"format": form, "title": "UTC", "labelFlush": False, "labelOverlap": True}
    hidden = {"labels": False, "ticks": False, "domain": False, "title": None}
    return {"tickCount": 14 if hours > 96 else 8, "grid": True, **(shown if labels else hidden)}


def values(rows: Iterable[Json]) -> Json:
    """Rows as the data of a layer."""
    return {"values": list(rows)}


def onsets(shift: Shift | None, x: Callable[..., Json]) -> list[Json]:
    """The 90% range as a band and the estimate as a dashed line, of the onset and of the end."""
    if shift is None:
        return []
    ranges = [shift.onset, *([shift.ended_range] if shift.ended_range else [])]
    data = values(
        {"low": milliseconds(one.low), "high": milliseconds(one.high), "at": milliseconds(one.estimate)}
        for one in ranges
    )
    whole = {"y": {"value": 0}, "y2": {"value": "height"}}
    band = {"type": "rect", "color": ORANGE, "opacity": 0.35}
    line = {"type": "rule", "color": BLACK, "strokeDash": [4, 3], "strokeWidth": 1}
    return [
        {"data": data, "mark": band, "encoding": {"x": x("low"), "x2": {"field": "high"}, **whole}},
        {"data": data, "mark": line, "encoding": {"x": x(), **whole}},
    ]
