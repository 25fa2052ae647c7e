"""``shifts`` and ``timeline``: what is drawn of a case, on a terminal, in a pipe, in files and as JSON."""

from __future__ import annotations

import json
import random
import re
import sys
from datetime import timedelta

import pytest
from click.testing import CliRunner

from blameline.case import open_case
from blameline.case.inquiry import inquire
from blameline.cli import main
from blameline.cli.moved import sentences
from blameline.errors import NotFound
from blameline.records import Interval, Onset, Shift

pytestmark = pytest.mark.xdist_group("look")  # what was found is found once


@pytest.fixture(scope="module")
def view(made, inquiry):
    with open_case(made.case, read_only=True) as case:
        case._inquiries[0] = inquiry
        return case.view()


@pytest.fixture(scope="module")
def inquiry(made):
    """What was found in the dealt incident: seconds of work, and the same for every call here."""
    with open_case(made.case, read_only=True) as case:
        return case._inquired(0)


@pytest.fixture(autouse=True)
def _asked_once(inquiry, made, monkeypatch):
    """Calls of the command on the dealt incident take what was found; any other case is inquired into."""
    real = inquire

    def known(store, *, seed, detector="steps"):
        return inquiry if store.path == made.case and not seed else real(store, seed=seed, detector=detector)

    monkeypatch.setattr("blameline.case.inquiry.inquire", known)


@pytest.fixture
def terminal(monkeypatch):
    """Calls the command as if its stdout were a terminal of 80 columns."""
    monkeypatch.setattr("click.testing._NamedTextIOWrapper.isatty", lambda _: True)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)

    def call(*arguments, charset="utf-8"):
        result = CliRunner(charset=charset).invoke(
            main, [str(one) for one in arguments], prog_name="incident", color=True
        )
        assert result.exit_code == 0, result.output
        return result.stdout

    return call


def bare(text):
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def test_the_view_shows_the_planted_fall(view):
    curve = view.curves[0]
    assert curve.signal == "answer_correct"
    assert (view.zero, view.zero_of) == (curve.shift.onset.estimate, curve.shift.id)
    early = [point.mean for point in curve.points if point.at < view.zero - timedelta(seconds=curve.width)]
    late = [point.mean for point in curve.points if point.at > view.zero]
    assert sum(early) / len(early) - sum(late) / len(late) > 0.08
    assert all(point.low < point.mean < point.high for point in curve.points)


def test_the_buckets_are_few_and_hold_all_there_is(view, case):
    curve = view.curves[0]
    assert 20 <= len(view.volume) <= 66
    (n,) = case.sql("select count(*) from measurements where signal = 'answer_correct'").rows[0]
    assert sum(point.n for point in curve.points) == n
    (n,) = case.sql("select count(*) from traces").rows[0]
    assert sum(one.n for one in view.volume) == n


def test_every_row_of_the_timeline_is_a_mark_or_is_counted(view, case):
    marks = [mark for lane in view.lanes for mark in lane.marks]
    assert len(marks) + view.before + view.after == len(case.timeline())
    keys = [mark.key for lane in view.lanes if lane.kind != "shift" for mark in lane.marks if mark.key]
    assert len(set(keys)) == len(keys) > 0
    letters = [mark.key for mark in sorted(marks, key=lambda mark: mark.at) if mark.key.isalpha()]
    assert sorted(letters) == list("abcdefghijklmnopqrstuvwxyz"[: len(letters)])
    runs = [mark for lane in view.lanes if lane.kind == "eval" for mark in lane.marks]
    assert all(0 <= mark.passed <= 1 for mark in runs if mark.state == "completed")


def test_what_did_not_move_is_told_with_what_would_have_been_seen(view):
    quiet = {one.signal: one for one in view.quiet}
    moved = {curve.signal for curve in view.curves}
    assert not moved & set(quiet)
    looked = [one for one in quiet.values() if one.looked_at and not one.because]
    assert looked
    assert all(one.smallest > 0 for one in looked)
    assert all(one.because for one in quiet.values() if not one.looked_at)


def test_a_quiet_signal_can_be_looked_at(case, view):
    name = next(one.signal for one in view.quiet if one.looked_at)
    alone = case.view(signal=name)
    (curve,) = alone.curves
    assert curve.signal == name
    assert curve.shift is None
    assert curve.points
    assert alone.zero == view.zero, "T0 stays that of the main shift"
    with pytest.raises(NotFound, match="did you mean 'answer_correct'"):
        case.view(signal="answer_corect")


def test_too_little_data_is_no_finding(run, tmp_path):
    rows = [
        {"at": f"2026-03-{day:02}T{hour:02}:00:00Z", "trace_id": f"{day}-{hour}", "csat": hour % 3}
        for day in (1, 2)
        for hour in range(9)
    ]
    (tmp_path / "r.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    run("load", tmp_path / "r.jsonl", "--case", tmp_path / "c.duckdb")
    told = run("shifts", "--plot", "--case", tmp_path / "c.duckdb").stdout
    assert "No signal was measured often enough" in told
    assert "No signal moved" not in told
    assert "18 measurements are too few, 100 are needed" in told
    assert "csat: no move could have been found" in told
    blamed = run("blame", "--case", tmp_path / "c.duckdb").stdout
    assert blamed.startswith(
        "It cannot be told whether quality moved, and nothing is cleared: 18 values of csat are too few"
    )
    assert "Outcome: no_shift (nothing could be looked at, so nothing is cleared)" in blamed
    found = json.loads(run("blame", "--json", "--case", tmp_path / "c.duckdb").stdout)
    assert found["outcome"] == "no_shift"
    assert found["cannot_tell"] == "18 values of csat are too few, 100 are needed"
    run("report", "--case", tmp_path / "c.duckdb", "-o", tmp_path / "r.md")
    page = (tmp_path / "r.md").read_text()
    assert "Which variable moved: not known. Nothing could be looked at, so nothing is cleared." in page
    assert "No impact is measured, and none is ruled out." in page
    assert "Nothing got worse" not in page


@pytest.mark.parametrize(
    ("score", "words"),
    [
        (lambda _: {"csat": 1}, "200 values of csat have one value each"),
        (lambda _: {}, "no score of quality is on record"),
        (lambda n: {"csat": n * 7919 % 3 / 2}, ""),
    ],
)
def test_what_cannot_be_told_says_why(run, tmp_path, score, words):
    rows = [
        {"at": f"2026-03-{1 + n // 20:02}T{n % 20:02}:00:00Z", "trace_id": f"{n:04}", "tenant.id": "a", **score(n)}
        for n in range(200)
    ]
    (tmp_path / "r.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    run("load", tmp_path / "r.jsonl", "--case", tmp_path / "c.duckdb")
    assert json.loads(run("blame", "--json", "--case", tmp_path / "c.duckdb").stdout)["cannot_tell"] == words


def test_a_few_bad_hours_are_told_beside_no_shift(run, tmp_path):
    rng = random.Random(54)  # noqa: S311  no secret
    rows = [
        {
            "at": f"2026-03-{1 + hour // 24:02}T{hour % 24:02}:{minute:02}:00Z",
            "trace_id": f"{hour}-{minute}",
            "answer_correct": int(rng.random() < (0.1 if 216 <= hour < 217 else 0.88)),
        }
        for hour in range(336)
        for minute in range(0, 60, 4)
    ]
    (tmp_path / "r.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    run("load", tmp_path / "r.jsonl", "--case", tmp_path / "c.duckdb")
    words = "for about 2 h from 2026-03-09 23:00 UTC on"
    told = run("shifts", "--case", tmp_path / "c.duckdb").stdout
    assert "Too short to be a shift: answer_correct was at " in told
    found = json.loads(run("blame", "--json", "--case", tmp_path / "c.duckdb").stdout)
    assert found["outcome"] == "no_shift"
    assert found["headline"].startswith("No signal got worse for long")
    assert words in found["headline"]
    assert [dip["since"] for dip in found["dips"]] == ["2026-03-09T23:00:00Z"]
    run("report", "--case", tmp_path / "c.duckdb", "-o", tmp_path / "r.md")
    page = (tmp_path / "r.md").read_text()
    assert "No lasting impact is measured.\n\n- Too short to be a shift: " in page
    assert words in page


def test_without_traces_the_lanes_are_drawn_all_the_same(run, tmp_path):
    (tmp_path / "changes.yaml").write_text(
        "- {at: 2026-03-01T10:00:00Z, kind: deploy, id: one}\n- {at: 2026-03-04T10:00:00Z, kind: deploy, id: two}\n"
    )
    run("load", tmp_path / "changes.yaml", "--case", tmp_path / "c.duckdb")
    told = run("timeline", "--plot", "--case", tmp_path / "c.duckdb").stdout
    assert re.search(r"changes │a +b$", told, re.MULTILINE)
    assert "mean of" not in told
    assert "No signal was measured" in run("shifts", "--case", tmp_path / "c.duckdb").stdout


def test_in_a_pipe_there_are_rows_and_no_plot_and_no_zone_of_the_machine(run, made, monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    for verb in ("shifts", "timeline"):
        told = run(verb, "--case", made.case).stdout
        assert "│" not in told
        assert "Tokyo" not in told
        assert "T+0h00m" in told
    heads = run("timeline", "--tz", "Asia/Tokyo", "--case", made.case).stdout.splitlines()[0]
    assert heads == "UTC\tAsia/Tokyo\tT+\tlane\tid\twhat"


def test_t_plus_and_the_zone_agree_with_utc(run, made, view):
    rows = [
        line.split("\t") for line in run("timeline", "--tz", "Asia/Tokyo", "--case", made.case).stdout.splitlines()[1:]
    ]
    zero = next(row for row in rows if row[2] == "T+0h00m" and row[4] == view.zero_of)
    assert zero[0] == f"{view.zero:%Y-%m-%d %H:%M}"
    assert zero[1] == f"{view.zero + timedelta(hours=9):%Y-%m-%d %H:%M} JST"
    signs = [row[2][1] for row in rows]
    assert signs == sorted(signs, key="−+".index), "before it minus, after it plus, in order of time"


def test_a_terminal_has_the_plot_the_letters_and_the_reader_s_zone(terminal, made, view, monkeypatch):
    monkeypatch.setenv("TZ", "Europe/Berlin")
    told = bare(terminal("timeline", "--case", made.case))
    assert max(map(len, told.rpartition("\nT+")[0].splitlines())) <= 80, (
        "all but the last sentence, which may be folded"
    )
    assert "Europe/Berlin" in told
    assert f"T+ counts from T0, the onset of {view.zero_of}: {view.zero:%Y-%m-%d %H:%M} UTC" in told
    for mark in (mark for one in view.lanes if one.kind == "change" for mark in one.marks):
        assert re.search(rf"^ {mark.key} +{mark.at:%Y-%m-%d %H:%M} .*{mark.id}", told, re.MULTILINE)
        assert f"{mark.at + timedelta(hours=1):%Y-%m-%d %H:%M} CET" in told
    lane = next(line for line in told.splitlines() if line.startswith("    changes │"))
    assert set(lane.partition("│")[2]) & set("abcdefgh")
    assert "│" not in terminal("timeline", "--no-plot", "--case", made.case)


def test_no_colour_where_none_is_wanted(terminal, made, monkeypatch):
    assert "\x1b[2m░" in terminal("shifts", "--case", made.case)
    monkeypatch.setenv("NO_COLOR", "1")
    assert not re.search(r"\x1b\[(?:2|3\d)m", terminal("shifts", "--case", made.case))


def test_a_plain_terminal_gets_plain_letters(terminal, made, monkeypatch):
    monkeypatch.setenv("TERM", "dumb")
    told = terminal("shifts", "--case", made.case)
    assert "requests |" in told
    assert "░" not in told
    monkeypatch.setenv("TERM", "xterm")
    told = terminal("shifts", "--case", made.case, charset="ascii")
    assert "requests |" in told
    assert told.isascii()


def test_ascii_in_a_pipe_is_no_traceback(made):
    done = CliRunner(charset="ascii").invoke(main, ["timeline", "--plot", "--case", str(made.case)])
    assert done.exit_code == 0, done.output
    assert done.stdout.isascii()
    assert re.search(r"\tT-\d", done.stdout)


def test_json_with_plot_is_what_is_drawn(run, made, view):
    told = json.loads(run("shifts", "--json", "--plot", "--case", made.case).stdout)
    assert told["view"] == view.model_dump(mode="json")
    assert told["shifts"] == json.loads(run("shifts", "--json", "--case", made.case).stdout)
    assert told["view"]["zero"].endswith("Z")


def test_an_image_is_written_and_another_suffix_is_wrong_usage(run, made, tmp_path, monkeypatch):
    monkeypatch.setattr("blameline.report.image.image", lambda view, form: f"{form} {view.zero_of}".encode())
    for name, wanted in (("deep/shift.svg", b"svg shift-1"), ("shift.PNG", b"png shift-1")):
        done = run("shifts", "-o", tmp_path / name, "--case", made.case)
        assert (done.exit_code, done.stdout) == (0, "")
        assert (tmp_path / name).read_bytes() == wanted
    done = run("timeline", "-o", tmp_path / "x.pdf", "--case", made.case)
    assert done.exit_code == 2
    assert ".svg or .png" in done.stderr


def test_the_extra_is_named_where_it_is_missing(run, made, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "vl_convert", None)
    done = run("timeline", "-o", tmp_path / "x.svg", "--case", made.case)
    assert done.exit_code == 1
    assert done.stderr.count("\n") == 1
    assert "pip install 'blameline[plots]'" in done.stderr
    assert not (tmp_path / "x.svg").exists()


def test_sentences_tell_what_the_table_has_no_column_for():
    start = Onset(estimate="2026-03-01T10:00:00Z", low="2026-03-01T09:00:00Z", high="2026-03-01T12:00:00Z")
    end = Onset(estimate="2026-03-04T10:00:00Z", low="2026-03-04T09:00:00Z", high="2026-03-05T12:00:00Z")
    told = {
        "id": "shift-1",
        "signal": "s",
        "direction": "worse",
        "moved": "app",
        "onset": start,
        "before": 1,
        "after": 0,
    }
    told["delta"] = Interval(estimate=-1, low=-1, high=-1)
    assert sentences(Shift(**told)) == []
    lines = sentences(Shift(**told, ended=end.estimate, ended_range=end, gradual=True, raw_delta=-0.9, mix_delta=0.1))
    assert lines == [
        "over by 2026-03-04 10:00 UTC, 90% range 2026-03-04 09:00 to 2026-03-05 12:00",
        "it came gradually, from 2026-03-01 10:00 UTC on, and where it ends is not in the data",
        "the plain mean moved by -0.900; other traffic alone would have moved it by +0.100",
    ]
    assert sentences(Shift(**told, gradual=True, settled=end)) == [
        (
            "it came gradually, from 2026-03-01 10:00 to 2026-03-04 10:00 UTC, "
            "90% range of its end 2026-03-04 09:00 to 2026-03-05 12:00"
        )
    ]
