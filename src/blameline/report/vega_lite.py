"""A view as a Vega-Lite specification: plain JSON, from which pages, notebooks, SVG and PNG are made.

It is written as the JSON that it is, and not through Altair, which would be 16 MB more and a second of import for the same
text. Only marks and numbers go in: no expression, no link, no address, so nothing that others wrote is ever run.
"""

from __future__ import annotations

from math import ceil, floor, log10
from typing import TYPE_CHECKING

from blameline.report import captions, wording
from blameline.report.captions import printable
from blameline.report.lane_layout import FONT, pixels, shortened
from blameline.report.vega_axis import BLACK, BLUE, MARGIN, WIDTH, Json, along, milliseconds, onsets, time_axis, values
from blameline.report.vega_lanes import SIGNS, lanes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from blameline.records import Curve, View

SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
VERSION = "6.4"
"""Of Vega-Lite, that the specification is written for."""
TALL, LOW, BARS = 230, 110, 46
ASIDE = 100
"""Pixels that a label beside the onset may need."""
MOST_CURVES = 4
LINE, UNDER = 15, 30
"""Pixels a line of the legend, and what the words of the axis need above it."""


def specification(view: View) -> Json:
    """The chart; the same view gives the same JSON. The view has to have an axis."""
    parts: list[Json] = []
    for number, curve in enumerate(view.curves[:MOST_CURVES]):
        if number:
            told = f"{captions.title(curve)} ({captions.levels(curve)})"
            parts.append(_written([(0.0, [(0.0, shortened(told, WIDTH))])], BLACK))
        parts.append(_curve(view, curve, LOW if number else TALL))
    parts += [*([_volume(view)] if view.volume else []), lanes(view), _legend(view)]
    return {
        "$schema": SCHEMA,
        "description": printable(captions.alternative(view)),
        "title": {
            "text": captions.folded(captions.title(view.curves[0]) if view.curves else "what happened", 92, most=3),
            "subtitle": [line for said in _said(view) for line in captions.folded(said, 130, most=2)],
            "anchor": "start",
            "frame": "bounds",
            "fontSize": 17,
            "subtitleFontSize": 12,
            "subtitleColor": "#333333",
            "subtitlePadding": 5,
            "offset": 12,
        },
        "background": "white",
        "padding": 12,
        "vconcat": parts,
        "spacing": 10,
        "bounds": "flush",
        "config": {
            "font": "Liberation Sans, Arial, Helvetica, sans-serif",
            "view": {"stroke": None},
            "axis": {"labelFontSize": FONT, "titleFontSize": FONT, "titleFontWeight": "normal", "gridColor": "#e6e6e6"},
            "text": {"fontSize": FONT, "fill": BLACK},
        },
    }


def _said(view: View) -> list[str]:
    if not view.curves:
        return []
    curve = view.curves[0]
    return [captions.levels(curve), *(captions.onsets(curve.shift) if curve.shift else ())]


def _curve(view: View, curve: Curve, height: int) -> Json:
    """Means as points on a line, each run of buckets without a gap for itself, in their intervals."""
    domain = _domain(curve)
    axis = {
        "title": captions.folded(curve.signal, 38 if height == TALL else 18, most=2),
        "format": ".0%" if curve.bounded and domain[1] - domain[0] >= 0.05 else (".1%" if curve.bounded else "~s"),
        "values": _steps(domain[0], min(domain[1], 1.0) if curve.bounded else domain[1], 7 if height == TALL else 4),
        "minExtent": 52,
        "maxExtent": 52,
    }
    scale = {"domain": domain, "zero": False, "nice": False, "clamp": True}

    def y(field: str) -> Json:
        return {"field": field, "type": "quantitative", "scale": scale, "axis": axis}

    x = along(view, time_axis(view, labels=False))
    data = values(_runs(curve))
    layers = [
        *onsets(curve.shift, x),
        {
            "data": data,
            "mark": {"type": "area", "color": BLUE, "opacity": 0.22},
            "encoding": {
                "x": x(),
                "y": y("low"),
                "y2": {"field": "high"},
                "detail": {"field": "run"},
            },
        },
        {
            "data": data,
            "mark": {"type": "line", "color": BLUE, "strokeWidth": 1.8, "point": {"size": 18, "color": BLUE}},
            "encoding": {"x": x(), "y": y("mean"), "detail": {"field": "run"}},
        },
        *_levels(view, curve, x, y),
    ]
    return {"width": WIDTH, "height": height, "layer": layers}


def _domain(curve: Curve) -> list[float]:
    means = [point.mean for point in curve.points if point.mean is not None]
    if not means:
        return [0.0, 1.0]
    low = min(point.low if point.low is not None else means[0] for point in curve.points)
    high = max(point.high if point.high is not None else means[0] for point in curve.points)
    if curve.bounded:
        low, high = max(low, 0.0), min(high, 1.0)
    room = (high - low) * 0.06 or abs(high) * 0.1 or 1.0
    low = max(low - room, 0.0) if curve.bounded else low - room
    return [low, high + (high - low) * (0.16 if curve.shift else 0.06)]


def _steps(low: float, high: float, most: int) -> list[float]:
    """At most so many round values between two; a share has none above 100%, though the plot has room for words there."""
    unit = 10.0 ** floor(log10((high - low) / most))
    step = next(unit * times for times in (1, 2, 5, 10, 20) if (high - low) / (unit * times) < most)
    return [round(number * step, 12) for number in range(ceil(low / step), floor(high / step + 1e-9) + 1)]


def _runs(curve: Curve) -> list[Json]:
    """The points at the middle of their buckets; a gap begins a new run."""
    rows: list[Json] = []
    run, last = 0, None
    for point in curve.points:
        if point.mean is None:
            continue
        run += last is not None and (point.at - last).total_seconds() > curve.width
        last = point.at
        low = point.mean if point.low is None else point.low
        high = point.mean if point.high is None else point.high
        if curve.bounded:
            low, high = max(low, 0.0), min(high, 1.0)
        middle = milliseconds(point.at) + curve.width * 500
        rows.append({"at": middle, "mean": point.mean, "low": low, "high": high, "n": point.n, "run": run})
    return rows


def _levels(view: View, curve: Curve, x: Callable[..., Json], y: Callable[[str], Json]) -> list[Json]:
    """The levels as thin lines, no further than the signal's other turns, and in the free strip on top what they are."""
    shift = curve.shift
    if shift is None or view.since is None or view.until is None:
        return []
    zero, end = shift.onset.estimate, shift.ended or view.until
    others = [one.shift for one in view.curves if one.shift and one.signal == curve.signal and one.shift.id != shift.id]
    turns = [turn for one in others for turn in (one.onset.estimate, one.ended) if turn is not None]
    begin = max([view.since, *(turn for turn in turns if turn < zero)])
    end = min([end, *(turn for turn in turns if turn > zero)])
    rows = [
        {"from": milliseconds(begin), "to": milliseconds(zero), "level": shift.before},
        {"from": milliseconds(zero), "to": milliseconds(end), "level": shift.after},
    ]
    before, after = (
        wording.level(value, within_one=curve.bounded, unit=shift.unit) for value in (shift.before, shift.after)
    )
    place = (zero - view.since) / (view.until - view.since) * WIDTH
    left, right = f"before: {before}", f"onset {zero:%-d %b %H:%M}; after: {after}"
    if place < ASIDE:
        left, right = "", f"{left}; {right}"
    elif place > WIDTH - 2 * ASIDE:
        left, right = f"{left}; {right}", ""
    texts = [(left, "right", -6, milliseconds(zero), 8), (right, "left", 6, milliseconds(zero), 8)]
    if shift.ended:
        late = (shift.ended - view.since) / (view.until - view.since) * WIDTH > WIDTH - 2 * ASIDE
        texts.append(
            (
                f"came back {shift.ended:%-d %b %H:%M}",
                "right" if late else "left",
                -6 if late else 6,
                milliseconds(shift.ended),
                22,
            )
        )
    line = {"type": "rule", "color": BLACK, "strokeWidth": 1.4}
    return [
        {"data": values(rows), "mark": line, "encoding": {"x": x("from"), "x2": {"field": "to"}, "y": y("level")}},
        *(
            {
                "data": values([{"at": at, "name": text}]),
                "mark": {"type": "text", "align": align, "dx": shove, "dy": down, "baseline": "middle"},
                "encoding": {"x": x(), "y": {"value": 0}, "text": {"field": "name"}},
            }
            for text, align, shove, at, down in texts
            if text
        ),
    ]


def _volume(view: View) -> Json:
    width = view.curves[0].width * 1000
    rows = [{"from": milliseconds(one.at), "to": milliseconds(one.at) + width, "n": one.n} for one in view.volume]
    axis = {"title": "requests", "tickCount": 2, "minExtent": 52, "maxExtent": 52, "format": "~s", "grid": False}
    y = {"field": "n", "type": "quantitative", "axis": axis}
    x = along(view, time_axis(view, labels=False))
    bars = {
        "data": values(rows),
        "mark": {"type": "rect", "color": "#8a8a8a", "stroke": "white", "strokeWidth": 0.6, "clip": True},
        "encoding": {
            "x": x("from"),
            "x2": {"field": "to"},
            "y": y,
            "y2": {"datum": 0},
        },
    }
    return {"width": WIDTH, "height": BARS, "layer": [bars, *onsets(view.curves[0].shift, x)]}


def _legend(view: View) -> Json:
    """What the signs mean, then a line for each letter: when, how far from T0, which, what."""
    rows = [[line] for line in _meaning(view)]
    for _, mark in captions.keyed(view):
        offset = wording.offset(mark.at, view.zero) if view.zero else ""
        when = f"{mark.at:%Y-%m-%d %H:%M}"
        rows.append([mark.key, when, offset, shortened(mark.id, 170), mark.what])
    name = 186 if view.zero else 122
    what = name + 14 + max((pixels(row[3]) for row in rows if len(row) > 1), default=0)
    places = (0, 16, 122, name, what)
    for row in rows:
        row[4:] = [shortened(text, MARGIN + WIDTH - what) for text in row[4:]]
    lines = [
        (UNDER + number * LINE, [(places[column] - MARGIN + 12, text) for column, text in enumerate(row)])
        for number, row in enumerate(rows)
    ]
    return _written(lines, "#222222")


def _written(lines: Sequence[tuple[float, Sequence[tuple[float, str]]]], colour: str) -> Json:
    """Lines of text, each at its distance from the top, its words at their distances from the axis of time."""
    texts = [{"y": down + LINE / 2, "x": right, "text": text} for down, words in lines for right, text in words]
    height = max((down + LINE for down, _ in lines), default=0) + 2
    scale = {"domain": [0, height], "reverse": True, "nice": False, "zero": False}
    return {
        "width": WIDTH,
        "height": height,
        "data": values(texts),
        "mark": {"type": "text", "align": "left", "baseline": "middle", "fill": colour},
        "encoding": {
            "x": {"field": "x", "type": "quantitative", "axis": None, "scale": {"domain": [0, WIDTH], "nice": False}},
            "y": {"field": "y", "type": "quantitative", "axis": None, "scale": scale},
            "text": {"field": "text"},
        },
    }


def _meaning(view: View) -> list[str]:
    lines = []
    if view.curves:
        every = captions.every(view.curves[0].width)
        lines.append(f"Points: means of {every}, in their 90% intervals. Bars: requests in {every}.")
        if view.curves[0].shift:
            lines[0] += " Orange band: 90% range of the onset; dashed: its estimate, T0."
    used = {mark.state for lane in view.lanes for mark in lane.marks}
    signs = [f"{sign} {captions.STATES[state]}" for state, sign in SIGNS.items() if state in used]
    if any(lane.kind == "eval" for lane in view.lanes):
        lines.append(f"Eval runs: the share that passed{', ' * bool(signs)}{', '.join(signs)}.")
    if any(not mark.key for lane in view.lanes if lane.kind != "eval" for mark in lane.marks):
        lines.append("A thin tick: a mark without a letter.")
    if len(view.curves) > MOST_CURVES:
        lines.append(
            f"{len(view.curves) - MOST_CURVES} more shifts have no curve here; incident shifts --signal draws one."
        )
    beyond = captions.outside(view)
    return [*lines, *([f"{beyond.capitalize()}."] if beyond else [])]
