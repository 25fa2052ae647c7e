"""The plot on a terminal: golden text, one axis for all, nothing wider than asked, and names that cannot break it."""

from __future__ import annotations

import unicodedata
from datetime import timedelta
from pathlib import Path

import drawn_views as views
import pytest
from rich.cells import cell_len

from blameline.records import Curve, Lane, Mark, View
from blameline.report import captions
from blameline.report.glyphs import ASCII, UNICODE
from blameline.report.terminal_plot import plot, ticks

HERE = Path(__file__).parent


def column(lines, label, sign):
    """Where a sign stands in the line of a lane."""
    (line,) = (line for line in lines if line.strip().startswith(f"{label} {UNICODE.edge}"))
    return line.partition(UNICODE.edge)[2].index(sign)


@pytest.mark.parametrize(("name", "ascii_only"), [("unicode", False), ("ascii", True)])
def test_the_picture_at_80_columns(name, ascii_only, request):
    drawn = "\n".join(plot(views.view(), width=80, ascii_only=ascii_only)) + "\n"
    path = HERE / "drawn" / f"plot-{name}.txt"
    if request.config.getoption("--update-golden"):
        path.write_text(drawn, encoding="utf-8")
    assert drawn == path.read_text(encoding="utf-8")
    assert drawn.isascii() == ascii_only


@pytest.mark.parametrize("width", [1, 48, 80, 99, 100, 137, 1000])
def test_no_line_is_wider_than_the_terminal(width):
    lines = plot(views.view(), width=width)
    assert max(map(cell_len, lines)) <= min(max(width, 48), 160)
    assert not any(line.endswith(" ") for line in lines)


def test_all_lanes_share_one_axis():
    """The same moment is the same column in the curve, the shifts, the changes, the eval runs and the alerts."""
    moment = views.at(120)
    lanes = tuple(
        Lane(kind=kind, title=kind, marks=(Mark(key="k", at=moment, id="x", what="x"),))
        for kind in ("shift", "change", "undeclared", "alert", "report", "note")
    )
    run = Mark(at=moment, id="r", what="r", state="error")
    lines = plot(views.view(lanes=(*lanes, Lane(kind="eval", title="suite", marks=(run,)))), width=80)
    places = {column(lines, kind, "k") for kind in ("shift", "change", "undeclared", "alert", "report", "note")}
    places |= {column(lines, "suite", "?")}
    curve = next(line for line in lines if UNICODE.onset in line)
    places.add(curve.replace(UNICODE.tick, UNICODE.edge).partition(UNICODE.edge)[2].index(UNICODE.onset))
    assert places == {33}
    foot = next(number for number, line in enumerate(lines) if UNICODE.pin in line)
    days = lines[foot].partition(UNICODE.tick)[2]
    assert days[0] == UNICODE.pin
    assert "03-01" in lines[foot + 1]


def test_a_gap_stays_a_gap():
    lines = plot(views.view(), width=80)
    top = lines.index(next(line for line in lines if "requests" in line)) - 10
    rows = [line[13:].ljust(67) for line in lines[top : top + 10]]
    silent = range(round(48 / 240 * 67), round(72 / 240 * 67) - 1)
    assert all(row[place] == " " for row in rows for place in silent)
    assert any(row[place] != " " for row in rows for place in (silent.start - 1, silent.stop + 1))


def test_the_interval_is_around_the_mean_and_the_fall_is_down():
    lines = plot(views.view(), width=80)
    top = lines.index(next(line for line in lines if "requests" in line)) - 10
    rows = lines[top : top + 10]

    def height(place):
        return next(number for number, row in enumerate(rows) if row[13 + place : 14 + place] in UNICODE.levels)

    assert height(5) < height(40), "the rows count from the top"
    for place in (5, 40):
        drawn = [number for number, row in enumerate(rows) if row[13 + place : 14 + place] == UNICODE.band]
        assert min(drawn) < height(place) < max(drawn)


def test_too_little_data_is_said_and_not_drawn():
    empty = views.view(curves=(Curve(signal="csat", width=3600, blind="3 measurements are too few"),), zero=None)
    text = "\n".join(plot(empty, width=80))
    assert "csat: no move could have been found" in text
    assert "3 measurements are too few" in text
    assert "too little data for a curve" in text
    assert "onset 2026" not in text


def test_a_quiet_signal_is_not_called_green_when_nothing_could_be_seen():
    points = views.view().curves[0].points
    seen = captions.title(Curve(signal="csat", width=3600, points=points))
    blind = captions.title(Curve(signal="csat", width=3600, points=points, blind="too noisy"))
    assert seen == "csat: no move beyond chance was found"
    assert blind == "csat: no move could have been found"


def test_nothing_at_all():
    assert plot(View()) == []


def test_constant_values_have_an_axis():
    point = views.view().curves[0].points[0].model_copy(update={"low": 0.9, "high": 0.9})
    flat = tuple(point.model_copy(update={"at": views.at(hour)}) for hour in range(0, 240, 6))
    lines = plot(views.view(curves=(Curve(signal="s", width=6 * 3600, points=flat),)), width=80)
    assert sum(sign in UNICODE.levels for line in lines[2:12] for sign in line[13:]) >= 60


def test_what_has_no_room_is_a_plus_and_is_counted():
    crowd = tuple(Mark(key=key, at=views.at(100), id=key, what="") for key in "abcdefgh")
    more = tuple(Mark(at=views.at(100), id=f"x{number}", what="") for number in range(200))
    lines = plot(views.view(lanes=(Lane(kind="change", title="changes", marks=crowd + more),)), width=80)
    first = lines.index(next(line for line in lines if line.startswith("    changes ")))
    assert "".join(line[13:].replace(UNICODE.onset, "").strip() for line in lines[first : first + 5]) == "abcd+"
    assert "200 have none" in "\n".join(lines)


@pytest.mark.parametrize("ascii_only", [False, True])
def test_hostile_names_stay_on_their_lines(ascii_only):
    mark = Mark(key="a", at=views.at(100), id=views.EVIL, what=views.EVIL)
    hostile = views.view(
        views.EVIL,
        views.shift(signal=views.EVIL, segment={views.EVIL: views.EVIL}),
        lanes=(
            Lane(kind="change", title="changes", marks=(mark,)),
            Lane(
                kind="eval",
                title=views.EVIL,
                marks=(Mark(at=views.at(9), id="r", what="r", state="completed", passed=0.5),),
            ),
        ),
    )
    lines = plot(hostile, width=80, ascii_only=ascii_only)
    assert len(lines) < 40
    assert max(map(cell_len, lines)) <= 80
    assert {unicodedata.category(sign) for line in lines for sign in line} & {
        "Cc",
        "Cf",
        "Zl",
        "Zp",
        "Cs",
        "Cn",
    } == set()


def test_wide_letters_count_twice():
    wide = Lane(
        kind="note", title="覚え書き覚え書き", marks=(Mark(key="a", at=views.at(9), id="日本語", what="語" * 90),)
    )
    lines = plot(views.view(lanes=(wide,)), width=80)
    assert max(map(cell_len, lines)) <= 80
    (lane,) = (line for line in lines if "覚え書き" in line)
    assert cell_len(lane.partition(UNICODE.edge)[0]) == 12


def test_both_alphabets_have_signs_of_one_cell():
    for glyphs in (UNICODE, ASCII):
        signs = (
            *glyphs.levels,
            glyphs.band,
            *glyphs.bars,
            glyphs.onset,
            glyphs.edge,
            glyphs.tick,
            glyphs.low,
            glyphs.high,
        )
        assert all(cell_len(sign) == 1 for sign in (*signs, glyphs.mark, glyphs.more, *dict(glyphs.states).values()))
        assert len(glyphs.bars) == 8
        assert len(set(glyphs.bars)) == 8


@pytest.mark.parametrize("hours", [1, 5, 30, 100, 400, 3000, 40000])
def test_ticks_are_round_few_and_inside(hours):
    start = views.at(7.3)
    found = ticks(start, start + timedelta(hours=hours), 6)
    assert 0 < len(found) <= 7 or hours == 1
    assert all(start <= moment <= start + timedelta(hours=hours) for moment, _ in found)
    assert all(moment.minute == 0 for moment, _ in found)


def test_text_is_folded_between_words_and_cut_at_the_last_line():
    assert captions.folded("aaa bbb ccc", 7, most=2) == ["aaa bbb", "ccc"]
    assert captions.folded("a" * 30, 7, most=2) == ["aaaaaaa", "aaaaaa…"]
    assert captions.folded("日本" * 10, 7, most=2) == ["日本日", "本日本…"]
    assert captions.folded("", 7, most=2) == [""]
