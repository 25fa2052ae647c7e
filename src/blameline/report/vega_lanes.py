"""The lanes of an image in Vega-Lite: names, ranges, symbols and labels where ``lane_layout`` puts them, eval runs as strips."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blameline.report.lane_layout import GAP, Band, bands, shortened
from blameline.report.vega_axis import (
    BLACK,
    GREY,
    MARGIN,
    RED,
    WIDTH,
    Json,
    along,
    milliseconds,
    onsets,
    time_axis,
    values,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from blameline.records import View

SHAPES = {
    "shift": ("triangle-down", RED, True),
    "change": ("circle", BLACK, True),
    "undeclared": ("diamond", BLACK, False),
    "signature": ("diamond", RED, False),
    "alert": ("square", RED, True),
    "report": ("triangle-up", RED, True),
    "note": ("circle", GREY, False),
}
SIGNS = {"skipped": "×", "overridden": "!", "error": "?"}


def lanes(view: View) -> Json:
    """The part of the chart that has all lanes, and below it the words of the axis of time."""
    assert view.since is not None, "without an axis nothing is drawn"
    assert view.until is not None, "without an axis nothing is drawn"
    since, whole = view.since, (view.until - view.since).total_seconds()

    def pixel(moment: datetime) -> float:
        return (moment - since).total_seconds() / whole * WIDTH

    found = bands(view.lanes, pixel=pixel, width=WIDTH)
    height = found[-1].top + found[-1].height + GAP if found else GAP
    y = {
        "field": "y",
        "type": "quantitative",
        "axis": None,
        "scale": {"domain": [0, height], "reverse": True, "nice": False, "zero": False},
    }
    x = along(view, time_axis(view, labels=True))
    layers = [
        _names(found, y),
        *onsets(view.curves[0].shift if view.curves else None, x),
        *_ranges(found, x, y),
        *_symbols(found, x, y),
        *_labels(found, x, y),
        *_eval_runs(found, x, y),
    ]
    return {"width": WIDTH, "height": height, "layer": layers}


def _names(found: tuple[Band, ...], y: Json) -> Json:
    rows = [{"y": band.top + band.height / 2, "name": shortened(band.lane.title, MARGIN - 14)} for band in found]
    return {
        "data": values(rows),
        "mark": {"type": "text", "align": "right", "baseline": "middle"},
        "encoding": {"x": {"value": -10}, "y": y, "text": {"field": "name"}},
    }


def _ranges(found: tuple[Band, ...], x: Callable[..., Json], y: Json) -> list[Json]:
    rows = [
        {"low": milliseconds(one.mark.low), "high": milliseconds(one.mark.high), "y": one.y}
        for band in found
        for one in band.placed
        if one.mark.low and one.mark.high and one.mark.low != one.mark.high
    ]
    if not rows:
        return []
    mark = {"type": "rule", "color": GREY, "strokeWidth": 3, "opacity": 0.6, "clip": True}
    return [{"data": values(rows), "mark": mark, "encoding": {"x": x("low"), "x2": {"field": "high"}, "y": y}}]


def _symbols(found: tuple[Band, ...], x: Callable[..., Json], y: Json) -> list[Json]:
    layers: list[Json] = []
    places = [one for band in found for one in band.placed if one.kind != "eval"]
    for kind, (shape, colour, filled) in SHAPES.items():
        rows = [{"at": milliseconds(one.mark.at), "y": one.y} for one in places if one.kind == kind and not one.tick]
        if rows:
            fill = colour if filled else "white"
            mark: Json = {"type": "point", "shape": shape, "fill": fill, "stroke": colour, "size": 46, "opacity": 1}
            layers.append({"data": values(rows), "mark": mark, "encoding": {"x": x(), "y": y}})
    ticks = [{"at": milliseconds(one.mark.at), "y": one.y} for one in places if one.tick]
    if ticks:
        mark = {"type": "tick", "orient": "vertical", "size": 11, "thickness": 1.5, "color": BLACK, "opacity": 0.7}
        layers.append({"data": values(ticks), "mark": mark, "encoding": {"x": x(), "y": y}})
    return layers


def _labels(found: tuple[Band, ...], x: Callable[..., Json], y: Json) -> list[Json]:
    layers = []
    for left in (False, True):
        rows = [
            {
                "at": milliseconds((one.mark.low if left else one.mark.high) or one.mark.at),
                "y": one.y,
                "name": one.label,
            }
            for band in found
            for one in band.placed
            if one.label and one.left == left
        ]
        if rows:
            mark = {"type": "text", "align": "right" if left else "left", "dx": -8 if left else 8, "baseline": "middle"}
            layers.append(
                {"data": values(rows), "mark": mark, "encoding": {"x": x(), "y": y, "text": {"field": "name"}}}
            )
    return layers


def _eval_runs(found: tuple[Band, ...], x: Callable[..., Json], y: Json) -> list[Json]:
    """Each suite as a small curve between its lowest and highest share; runs without a result as signs."""
    runs, signs, ends = [], [], []
    for number, band in enumerate(found):
        if band.lane.kind != "eval":
            continue
        for one in band.placed:
            row = {"at": milliseconds(one.mark.at), "y": one.y, "suite": number}
            if one.mark.state in SIGNS:
                signs.append({**row, "sign": SIGNS[one.mark.state]})
            else:
                runs.append(row)
        if band.high > band.low:
            ends += [
                {"y": band.top + 5, "name": f"{100 * band.high:.0f}%"},
                {"y": band.top + band.height - 5, "name": f"{100 * band.low:.0f}%"},
            ]
    layers: list[Json] = []
    if runs:
        line = {"type": "line", "color": GREY, "strokeWidth": 1, "point": {"color": BLACK, "size": 16}}
        layers.append(
            {"data": values(runs), "mark": line, "encoding": {"x": x(), "y": y, "detail": {"field": "suite"}}}
        )
    if signs:
        mark = {"type": "text", "fontWeight": "bold", "fontSize": 14, "fill": RED, "baseline": "middle"}
        layers.append({"data": values(signs), "mark": mark, "encoding": {"x": x(), "y": y, "text": {"field": "sign"}}})
    if ends:
        mark = {"type": "text", "align": "left", "baseline": "middle", "fontSize": 10, "fill": GREY}
        layers.append(
            {
                "data": values(ends),
                "mark": mark,
                "encoding": {"x": {"value": WIDTH + 6}, "y": y, "text": {"field": "name"}},
            }
        )
    return layers
