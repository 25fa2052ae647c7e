"""SVG and PNG: the same bytes every time, words for who cannot see them, nothing that runs, and no label over another."""

from __future__ import annotations

import json
import re
import sys
from xml.etree import ElementTree as ET

import drawn_views as views
import pytest

from blameline.errors import BlamelineError
from blameline.records import Lane, Mark, View
from blameline.report.image import image
from blameline.report.lane_layout import MOST_ROWS, REACH, bands, pixels, shortened
from blameline.report.vega_lite import WIDTH, specification

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def drawn():
    """One drawing of a view whose names are all hostile; the program that draws takes seconds to start."""
    mark = Mark(key="a", at=views.at(100), id=views.EVIL, what=views.EVIL)
    lanes = (Lane(kind="change", title=views.EVIL, marks=(mark,)), *views.view().lanes[1:])
    moved = views.shift(signal=views.EVIL, segment={views.EVIL: views.EVIL})
    hostile = views.view(views.EVIL, moved, lanes=lanes)
    return hostile, image(hostile, "svg")


def test_it_is_xml_with_a_title_and_a_description_and_nothing_that_runs(drawn):
    _, svg = drawn
    root = ET.fromstring(svg)  # noqa: S314  our own
    assert root.tag == f"{SVG}svg"
    assert root.get("role") == "img"
    title, description = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert root.get("aria-labelledby").split() == [title.get("id"), description.get("id")]
    assert "fell by 20.0 points" in title.text
    assert "90.0% before, 70.0% after" in description.text
    assert "nightly: 4 runs, 60.0% to 90.0% passed" in description.text
    tags = {element.tag.removeprefix(SVG) for element in root.iter()}
    assert tags <= {"svg", "title", "desc", "g", "path", "line", "rect", "text", "tspan", "defs", "clipPath"}
    names = {name for element in root.iter() for name in element.attrib}
    assert not [name for name in names if name.startswith("on") or "href" in name]
    assert "<script>alert(1)</script>" in "".join(root.itertext()), "it is shown letter by letter"


def test_it_is_drawn_the_same_again_and_as_png(drawn):
    view, svg = drawn
    assert image(view, "svg") == svg
    png = image(views.view(), "png")
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = (int.from_bytes(png[place : place + 4]) for place in (16, 20))
    assert 1600 < width < 2600
    assert 800 < height < 3000


def test_without_the_extra_the_error_names_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "vl_convert", None)
    with pytest.raises(BlamelineError, match=r"'plots'.*pip install 'blameline\[plots\]'"):
        image(views.view(), "svg")


def test_nothing_to_draw_is_said():
    with pytest.raises(BlamelineError, match="nothing to draw"):
        image(View(), "svg")


def test_the_specification_holds_only_data():
    text = json.dumps(specification(views.view()), allow_nan=False)
    assert text == json.dumps(specification(views.view()))
    assert not re.search(r'"(?:expr|signal|href|url|transform|calculate|labelExpr|tooltip)":', text)


def test_no_share_above_all_is_on_the_axis():
    points = tuple(point.model_copy(update={"mean": 0.97, "high": 1.2}) for point in views.view().curves[0].points)
    curve = views.view().curves[0].model_copy(update={"points": points})
    part = specification(views.view(curves=(curve,)))["vconcat"][0]
    values = next(
        layer["encoding"]["y"]["axis"]["values"] for layer in part["layer"] if layer["mark"]["type"] == "area"
    )
    assert 2 <= len(values) <= 7
    assert max(values) <= 1


def crowd(count, apart, letters="a"):
    marks = [
        Mark(key=letters, at=views.at(60 + number * apart), id=f"chg-{number:03}", what="") for number in range(count)
    ]
    return (Lane(kind="change", title="changes", marks=tuple(marks)),)


def extents(band):
    """Row, first and last pixel of each mark with its label."""
    found = []
    for one in band.placed:
        if not one.tick:
            at = (one.mark.at - views.SINCE).total_seconds() / 864000 * WIDTH
            size = pixels(one.label) + REACH
            found.append((one.y, at - REACH - size * one.left, at + REACH + size * (not one.left)))
    return found


@pytest.mark.parametrize(("count", "apart"), [(1, 0), (5, 30), (5, 4), (12, 2), (26, 0.1), (26, 7)])
def test_labels_never_lie_over_one_another(count, apart):
    (band,) = bands(
        crowd(count, apart), pixel=lambda at: (at - views.SINCE).total_seconds() / 864000 * WIDTH, width=WIDTH
    )
    assert len(band.placed) == count, "what has no room is a tick and is not lost"
    assert band.height <= (MOST_ROWS + 1) * 17
    taken = extents(band)
    assert taken
    assert all(first >= 0 and last <= WIDTH + REACH for _, first, last in taken)
    for row, first, last in taken:
        others = [one for one in taken if one[0] == row and one != (row, first, last)]
        assert all(last <= start or first >= end for _, start, end in others)


def test_ids_give_way_to_letters_and_letters_to_ticks():
    def place(lanes):
        return bands(lanes, pixel=lambda at: (at - views.SINCE).total_seconds() / 864000 * WIDTH, width=WIDTH)[0].placed

    assert {one.label for one in place(crowd(2, 60))} == {"a chg-000", "a chg-001"}
    assert {one.label for one in place(crowd(12, 2))} == {"a"}
    ticks = sum(one.tick for one in place(crowd(26, 0)))
    assert ticks == 26 - MOST_ROWS


def test_a_label_at_the_end_of_the_axis_stands_left():
    lane = Lane(kind="change", title="changes", marks=(Mark(key="z", at=views.at(239), id="chg-9", what=""),))
    (band,) = bands((lane,), pixel=lambda at: (at - views.SINCE).total_seconds() / 864000 * WIDTH, width=WIDTH)
    assert band.placed[0].left


def test_a_name_is_cut_by_its_width():
    assert shortened("chg-001", 100) == "chg-001"
    assert shortened("W" * 10_000, 100).endswith("W…")
    assert pixels(shortened("W" * 10_000, 100)) <= 100
    assert pixels(shortened("語" * 99, 100)) <= 100


def rules(view):
    """From and to of every level line of the first curve, in hours."""
    told = specification(view)
    rows = [row for row in _rows(told) if isinstance(row, dict) and "level" in row]
    return [tuple((row[end] / 1000 - views.SINCE.timestamp()) / 3600 for end in ("from", "to")) for row in rows][:2]


def _rows(told):
    if isinstance(told, dict):
        yield from told.get("values", ()) if isinstance(told.get("values"), list) else ()
        for value in told.values():
            yield from _rows(value)
    elif isinstance(told, list):
        for value in told:
            yield from _rows(value)


def test_a_level_reaches_no_further_than_the_other_turns_of_its_signal():
    alone = views.view()
    assert rules(alone) == [(0.0, 120.0), (120.0, 192.0)]
    for at, expected in ((60, [(60.0, 120.0), (120.0, 192.0)]), (150, [(0.0, 120.0), (120.0, 150.0)])):
        other = views.shift(id="shift-2", onset=views.onset(at, 2, 2), ended=None, ended_range=None)
        curves = (alone.curves[0], alone.curves[0].model_copy(update={"shift": other}))
        assert rules(alone.model_copy(update={"curves": curves})) == expected
