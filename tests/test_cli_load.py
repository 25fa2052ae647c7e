"""``incident load`` and ``incident mark``: what is told of a load, what is kept, and how one is interrupted."""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from blameline.case import open_case
from blameline.errors import StoreError

MARK = ("mark", "prompt shortened", "--kind", "prompt_edit", "--at", "2026-03-05T09:12", "--uncertainty", "30m")


def otlp(number: int, text: str = "an answer") -> dict:
    """One generation as a span."""
    said = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "m", "output.value": text}
    began = 1_772_300_000_000_000_000 + number * 10**9
    return {
        "traceId": f"{number + 1:032x}", "spanId": f"{number + 1:016x}", "name": "chat",
        "startTimeUnixNano": str(began), "endTimeUnixNano": str(began + 10**8),
        "attributes": [{"key": key, "value": {"stringValue": value}} for key, value in said.items()],
    }  # fmt: skip


def write(path, spans) -> None:
    """A file of requests of fifty spans, one a line."""
    with path.open("w", encoding="utf-8") as file:
        for first in range(0, len(spans), 50):
            scope = {"scopeSpans": [{"spans": spans[first : first + 50]}]}
            file.write(json.dumps({"resourceSpans": [scope]}) + "\n")


@pytest.fixture
def exports(tmp_path):
    """Thirty small files of traces, and one of changes."""
    folder = tmp_path / "exports"
    folder.mkdir()
    for number in range(30):
        write(folder / f"part-{number:02}.jsonl", [otlp(number * 2), otlp(number * 2 + 1)])
    (folder / "changes.jsonl").write_text('{"at": "2026-03-01T00:00:00Z", "kind": "deploy"}\n')
    return folder


def test_many_files_are_told_by_format_and_the_first_ones_by_name(run, exports, tmp_path):
    told = run("load", exports, "--case", tmp_path / "c.duckdb")
    by_format, _, rest = told.stdout.partition("\n\n")
    assert by_format.splitlines() == ["read as\tfiles\trows", "changes\t1\t1", "otlp\t30\t60"]
    lines = rest.splitlines()
    assert lines[0] == "file\tread as\trows"
    assert all(line.count("\t") == 2 for line in lines[:21])
    assert lines[21].startswith("and 11 more files with 22 rows")
    assert lines[22] == ("60 spans, 0 scores, 1 changes, 0 eval runs, 0 replays, 0 alerts; 0 duplicates left out")
    assert not told.stderr


def test_gaps_come_with_what_they_close(run, exports, tmp_path):
    case = tmp_path / "c.duckdb"
    shown = run("load", exports, "--case", case).stdout
    told = json.loads(run("load", exports, "--case", case, "--json").stdout)
    assert told["gaps"]
    for gap in told["gaps"]:
        assert gap["unanswerable"] in shown


def test_files_that_are_there_already_are_one_line(run, exports, tmp_path):
    run("load", exports, "--case", tmp_path / "c.duckdb")
    again = run("load", exports, "--case", tmp_path / "c.duckdb")
    assert again.stderr == "skipped 31 files (changes.jsonl … part-29.jsonl): already loaded\n"
    assert "0 spans, 0 scores, 0 changes" in again.stdout


def test_many_problems_are_counted_and_can_be_asked_for(run, tmp_path):
    rows = "".join('{"at": "2026-03-01T00:00:00Z", "kind": "party"}\n' for _ in range(30))
    (tmp_path / "changes.jsonl").write_text('{"at": "2026-03-01T00:00:00Z", "kind": "deploy"}\n' + rows)
    told = run("load", tmp_path / "changes.jsonl", "--case", tmp_path / "c.duckdb")
    lines = told.stderr.splitlines()
    assert len(lines) == 21
    assert lines[0].startswith("problem: changes.jsonl:2: unknown kind of change 'party'")
    query = lines[-1].partition("incident sql '")[2].partition("'")[0]
    assert lines[-1] == f"10 more: incident sql '{query}' --case {tmp_path / 'c.duckdb'}"
    assert len(json.loads(run("sql", query, "--case", tmp_path / "c.duckdb", "--json").stdout)) == 30


@pytest.mark.parametrize(
    ("content", "kept"), [("full", "write to ada@example.org"), ("redacted", "write to [e-mail]"), ("none", None)]
)
def test_content_says_what_is_kept(run, tmp_path, content, kept):
    write(tmp_path / "t.jsonl", [otlp(1, "write to ada@example.org")])
    case = tmp_path / "c.duckdb"
    assert run("load", tmp_path / "t.jsonl", "--content", content, "--case", case).exit_code == 0
    asked = "select attributes['output.value'] as answer, output_chars from spans"
    assert json.loads(run("sql", asked, "--case", case, "--json").stdout) == [{"answer": kept, "output_chars": 24}]
    assert (b"ada@example.org" in case.read_bytes()) == (content == "full")


def test_investigate_takes_content_too(run, exports, tmp_path):
    out = tmp_path / "out"
    run("investigate", exports, "--content", "none", "-o", out)
    with open_case(out / "incident.duckdb") as case:
        assert case.store.settings()["content"] == "none"
        with pytest.raises(StoreError, match="made with --content none"):
            case.load(exports, content="full")


def test_a_case_file_in_use_is_told_in_one_line(run, spawn, exports, tmp_path):
    with open_case(tmp_path / "c.duckdb"):
        told = spawn("load", exports, "--case", tmp_path / "c.duckdb")
    assert told.returncode == 1
    assert not told.stdout
    assert told.stderr.count("\n") == 1
    assert f"is in use by process {os.getpid()}" in told.stderr


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_full_disk_behind_stdout_is_told_in_one_line(exports, tmp_path, unbuffered):
    command = [sys.executable, "-m", "blameline", "load", str(exports), "--case", str(tmp_path / "c.duckdb")]
    with Path("/dev/full").open("w") as full:
        env = {**os.environ, "PYTHONUNBUFFERED": unbuffered}
        told = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False, env=env)
    assert (told.returncode, told.stderr) == (1, "incident: the answer cannot be written: No space left on device\n")


def test_progress_is_for_terminals_and_leaves_stdout_alone(exports, tmp_path):
    leader, follower = pty.openpty()
    command = [sys.executable, "-m", "blameline", "load", str(exports), "--case", str(tmp_path / "c.duckdb"), "--json"]
    env = {**os.environ, "TERM": "xterm", "COLUMNS": "120"}
    drawn = b""
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=follower, stdin=subprocess.DEVNULL, env=env
    ) as process:
        os.close(follower)
        while process.poll() is None or select.select([leader], [], [], 0)[0]:
            if select.select([leader], [], [], 0.1)[0]:
                try:
                    drawn += os.read(leader, 4096)
                except OSError:  # what Linux says at the end of a pseudo-terminal
                    break
        said = process.stdout.read().decode()
    os.close(leader)
    assert process.returncode == 0
    assert json.loads(said)["spans"] == 60
    assert "looking at the files" in drawn.decode()
    assert "%" in drawn.decode()
    assert drawn.decode().rstrip().endswith("\x1b[2K"), "the bar is wiped"


@pytest.mark.parametrize("moment", [0.0, 0.5])
def test_ctrl_c_leaves_a_case_file_that_can_be_finished(run, tmp_path, moment):
    spans = [otlp(number, "some words " * 40) for number in range(12_000)]
    write(tmp_path / "t.jsonl", spans)
    case = tmp_path / "c.duckdb"
    command = [sys.executable, "-m", "blameline", "load", str(tmp_path / "t.jsonl"), "--case", str(case)]
    deaf = signal.getsignal(signal.SIGINT)  # a job in the background hears no Ctrl-C, and neither do its children
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    finally:
        signal.signal(signal.SIGINT, deaf)
    with process:
        while not case.exists() and process.poll() is None:
            time.sleep(0.01)
        time.sleep(moment)
        process.send_signal(signal.SIGINT)
        said, told = process.communicate(timeout=60)
    assert process.returncode in {130, -signal.SIGINT}, "a shell shows both as 130"
    assert not said
    assert told == "incident: interrupted: what was finished is kept; run the same command again\n"
    assert run("sql", "select count(*) from span_rows", "--case", case).exit_code == 0
    again = json.loads(run("load", tmp_path / "t.jsonl", "--case", case, "--json").stdout)
    assert again["spans"] in {len(spans), 0}
    with open_case(case, read_only=True) as opened:
        assert opened.store.loaded().spans == len(spans)
        assert opened.sql("select count(*) from traces").rows == ((len(spans),),)
        assert "loading" not in opened.store.settings()


def test_a_load_that_did_not_end_is_told(run, own_case):
    with open_case(own_case) as case, case.store.transaction():
        case.store.begin(None)
    told = run("sql", "select 1 as one", "--case", own_case)
    assert told.stdout == "one\n1\n"
    assert told.stderr.startswith("incident: the last load into this case file did not end")


def test_a_mark_is_one_change_and_stays(run, own_case, made):
    first = run(*MARK, "--scope", "cloud.region=eu", "--team", "support-ai", "--case", own_case)
    assert first.stdout.startswith("marked as chg-")
    assert first.stdout.endswith(": prompt_edit at 2026-03-05 09:12 UTC, layer prompt\n")
    assert run(*MARK, "--scope", "cloud.region=eu", "--team", "support-ai", "--case", own_case).stdout == first.stdout
    run("load", made.folder, "--case", own_case)
    with open_case(own_case, read_only=True) as case:
        (change,) = (one for one in case.store.changes() if one.source == "marked by hand")
        assert change.summary == "prompt shortened"
        assert change.at == datetime(2026, 3, 5, 9, 12, tzinfo=UTC)
        assert change.uncertainty.total_seconds() == 1800
        assert change.scope == {"cloud.region": "eu"}
        assert [file.rows for file in case.store.loaded().files if file.format == "mark"] == [1]
        bids = {line.candidate for line in case.blame().ledger}
    assert change.id in bids
    assert "prompt shortened" in run("timeline", "--case", own_case).stdout


def test_a_mark_says_all_that_a_change_can(run, own_case):
    more = ("--layer", "context", "--component", "agent", "--from", "v1", "--to", "v2", "--id", "by-hand")
    told = json.loads(run(*MARK, *more, "--case", own_case, "--json").stdout)
    assert (told["id"], told["layer"], told["component"]) == ("by-hand", "context", "agent")
    assert (told["from"], told["to"], told["uncertainty"]) == ("v1", "v2", "PT30M")


def test_the_last_correction_counts(run, own_case):
    def told(minute: int, *more: str) -> dict:
        at = f"2026-03-05T10:{minute}"
        return json.loads(run(*MARK, "--at", at, "--id", "z1", *more, "--case", own_case, "--json").stdout)

    def counts() -> list[tuple[datetime, datetime]]:
        with open_case(own_case, read_only=True) as case:
            return [(one.at, one.recorded_at) for one in case.store.changes() if one.id == "z1"]

    first = told(30)
    assert told(30) == first
    second = told(45)
    again = told(30)
    assert [one["at"][11:16] for one in (first, second, again)] == ["10:30", "10:45", "10:30"]
    assert first["recorded_at"] < second["recorded_at"] < again["recorded_at"]
    ((at, recorded_at),) = counts()
    assert (at.minute, recorded_at) == (30, datetime.fromisoformat(again["recorded_at"]))
    assert told(30) == again
    with open_case(own_case, read_only=True) as case:
        assert [file.rows for file in case.store.loaded().files if file.format == "mark"] == [1, 1]


def test_a_secret_is_no_correction(own_case):
    with open_case(own_case) as case:
        words = "key sk-abcdefghijklmnopqrstuvwx rotated"
        first = case.mark(words, kind="infra_change", at="2026-03-05T09:00")
        assert case.mark(words, kind="infra_change", at="2026-03-05T09:00") == first


def test_a_mark_takes_a_basic_date_and_a_scope_said_twice(run, own_case):
    said = (
        "mark",
        "text",
        "--kind",
        "deploy",
        "--at",
        "20260305",
        "--scope",
        "r=eu",
        "--scope",
        "r=eu",
        "--scope",
        "t=1",
    )
    told = json.loads(run(*said, "--case", own_case, "--json").stdout)
    assert (told["at"], told["scope"]) == ("2026-03-05T00:00:00Z", {"r": "eu", "t": "1"})
    assert told["uncertainty"] == "PT1440M"  # nobody said at which time of the day


def test_now_is_now(own_case, now):
    with open_case(own_case) as case:
        change = case.mark("rolled back", kind="deploy", at="now", now=now)
        assert change.at == change.recorded_at == now
        again = case.mark("rolled back", kind="deploy", at="now", now=now)
        assert again == change


def test_a_secret_in_a_mark_is_not_kept(own_case):
    with open_case(own_case) as case:
        change = case.mark(
            "key sk-abcdefghijklmnopqrstuvwx rotated", kind="infra_change", at="2026-03-05T09:00:00+01:00"
        )
    assert change.summary == "key [secret] rotated"
    assert b"sk-abcdefghijklmnopqrstuvwx" not in own_case.read_bytes()
