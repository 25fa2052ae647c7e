"""The command: every verb has help with an example, a good run and a bad one; stdout, stderr and exit code apart.

``demo`` has its good run in ``test_docs.py``, which runs the README, and in ``test_packaging.py``.
"""

from __future__ import annotations

import hashlib
import json
import os
import pty
import re
import shlex
import subprocess
import sys

import pytest

from blameline.case import inquiry
from blameline.cli import main

VERBS = tuple(main.commands)
READERS = ("shifts", "timeline", "blame", "report")
LISTING = {
    "load": ["load", "{folder}", "--case", "{tmp}/new.duckdb"],
    "shifts": ["shifts", "--case", "{case}"],
    "timeline": ["timeline", "--case", "{case}"],
    "blame": ["blame", "--case", "{case}"],
    "mark": ["mark", "prompt shortened", "--kind", "prompt_edit", "--at", "2026-03-14T09:12Z", "--case", "{own}"],
    "note": ["note", "rolled back", "--on", "shift-1", "--by", "support-ai", "--case", "{own}"],
    "sql": ["sql", "select layer, kind from changes order by took_effect", "--case", "{case}"],
    "plugins": ["plugins"],
}
WAYS_TO_BE_WRONG = (
    (["investigate", "{tmp}/nothing-here"], "there is nothing at"),
    (["investigate", "{empty}"], "nothing was found that could be read"),
    (["load", "{tmp}/nothing-here", "--case", "{tmp}/new.duckdb"], "there is nothing at"),
    (["load", "{folder}", "--case", "{folder}/incident.yaml"], "is not a case file"),
    (["shifts", "--case", "{tmp}/none.duckdb"], "no case file at"),
    (["shifts", "--signal", "answer_corect", "--case", "{case}"], "did you mean 'answer_correct'?"),
    (["shifts", "--tz", "Europe/Berln", "--case", "{case}"], "did you mean 'Europe/Berlin'?"),
    (["timeline", "--case", "{tmp}/none.duckdb"], "no case file at"),
    (["blame", "--case", "{tmp}/none.duckdb"], "no case file at"),
    (["blame", "shift-99", "--case", "{case}"], "no shift named 'shift-99' (there are: shift-1"),
    (["report", "--case", "{tmp}/none.duckdb"], "no case file at"),
    (["report", "--as", "markdwn", "--case", "{case}"], "did you mean 'markdown'?"),
    (["note", "text", "--case", "{tmp}/none.duckdb"], "no case file at"),
    (["mark", "text", "--kind", "deploy", "--at", "now", "--case", "{tmp}/none.duckdb"], "no case file at"),
    (["mark", "text", "--kind", "promt_edit", "--at", "now", "--case", "{own}"], "did you mean 'prompt_edit'?"),
    (["mark", "text", "--kind", "party", "--at", "now", "--case", "{own}"], "known are: prompt_edit, "),
    (
        ["mark", "text", "--kind", "deploy", "--layer", "deplo", "--at", "now", "--case", "{own}"],
        "did you mean 'deploy'?",
    ),
    (
        ["mark", "text", "--kind", "deploy", "--at", "yesterday", "--case", "{own}"],
        "'at': input should be a valid datetime",
    ),
    (["mark", "text", "--kind", "deploy", "--at", "2026", "--case", "{own}"], "write it as 2026-03-14"),
    (["mark", "text", "--kind", "deploy", "--at", "0001-01-01", "--case", "{own}"], "between 1970 and 2200"),
    (["mark", "text", "--kind", "deploy", "--at", "now", "--uncertainty=-PT30M", "--case", "{own}"], "below zero"),
    (["mark", "text", "--kind", "deploy", "--at", "now", "--uncertainty", "99999999999d", "--case", "{own}"], "longer"),
    (
        ["mark", "text", "--kind", "deploy", "--at", "now", "--uncertainty", "3 months", "--case", "{own}"],
        "30m, 2 hours",
    ),
    (
        ["mark", "text", "--kind", "deploy", "--at", "now", "--scope", "r=eu", "--scope", "r=us", "--case", "{own}"],
        "--scope names two values of 'r', 'eu' and 'us'",
    ),
    (["load", "{folder}", "--content", "full", "--case", "{own}"], "was made with --content redacted"),
    (["sql", "drop table spans", "--case", "{case}"], "only one SELECT"),
    (["sql", "select * from nowhere", "--case", "{case}"], "SHOW TABLES"),
    (["sql", "select 1; select 2", "--case", "{case}"], "only one SELECT"),
    (["sql", "this is no sql", "--case", "{case}"], "not SQL"),
)
USAGE = (
    [],
    ["nonsense"],
    ["investigate"],
    ["blame", "--nonsense"],
    ["load"],
    ["load", "--content", "some", "folder"],
    ["note"],
    ["mark", "text", "--kind", "deploy"],
    ["mark", "text", "--kind", "deploy", "--at", "now", "--scope", "region"],
    ["sql"],
    ["shifts", "--seed", "many"],
    ["shifts", "-o", "shift.pdf"],
    ["report", "--template", "nowhere-at-all"],
)


@pytest.fixture(scope="module", autouse=True)
def _asked_once():
    """The verbs print what was found; of one and the same case file it is found once. A file that is being written is asked anew."""
    real, known = inquiry.inquire, {}

    def remembered(store, *, seed, detector="steps"):
        if store.path.with_name(f"{store.path.name}.wal").exists():
            return real(store, seed=seed, detector=detector)
        key = hashlib.sha256(store.path.read_bytes()).hexdigest(), seed, detector
        if key not in known:
            known[key] = real(store, seed=seed, detector=detector)
        return known[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(inquiry, "inquire", remembered)
        yield


@pytest.fixture
def filled(made, own_case, tmp_path):
    """Puts real paths into a list of arguments."""
    empty = tmp_path / "empty"
    empty.mkdir()
    names = {"folder": made.folder, "case": made.case, "own": own_case, "tmp": tmp_path, "empty": empty}
    return lambda arguments: [one.format_map(names) for one in arguments]


@pytest.mark.parametrize("verb", VERBS)
def test_help_says_what_it_does_and_shows_an_example(run, verb):
    result = run(verb, "--help")
    assert result.exit_code == 0
    assert not result.stderr
    first = result.stdout.split("\n\n")[1].strip()
    assert re.fullmatch(r"[A-Z].+\.", first, re.DOTALL), "a sentence"
    if verb != "plugins":  # it takes nothing that would need one
        assert f"incident {verb} " in result.stdout.split("Options:")[0].partition("Example:")[2]


@pytest.mark.parametrize("verb", VERBS)
def test_the_example_of_each_verb_is_understood(verb):
    command = main.commands[verb]
    examples = re.findall(r"^\s*incident \S+ (.+)$", command.help or "", re.MULTILINE)
    for example in examples:
        assert command.make_context(verb, shlex.split(example)) is not None


def test_help_lists_every_verb_in_the_order_of_an_incident(run):
    listed = re.findall(r"^  (\w+) {2,}", run("--help").stdout.partition("Commands:")[2], re.MULTILINE)
    assert listed == list(VERBS)


@pytest.mark.parametrize("arguments", [["--help"], ["investigate", "--help"], ["--version"]])
def test_help_is_quick_because_it_loads_nothing_heavy(arguments):
    code = (
        "import sys\nfrom blameline.cli import main\n"
        f"try:\n    main({arguments!r})\nexcept SystemExit as end:\n    assert not end.code\n"
        "heavy = {'duckdb', 'numpy', 'pandas', 'pydantic', 'pyarrow', 'scipy', 'jinja2', 'rich', 'yaml', 'vl_convert'}\n"
        "heavy &= set(sys.modules)\n"
        "sys.exit(f'loaded {sorted(heavy)}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_version(run):
    assert re.fullmatch(r"incident, version \d+\.\d+\.\d+\n", run("--version").stdout)


@pytest.mark.parametrize("arguments", USAGE, ids=" ".join)
def test_wrong_usage_ends_with_2_and_nothing_on_stdout(run, arguments):
    result = run(*arguments)
    assert result.exit_code == 2
    assert not result.stdout
    assert "Usage: incident" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "said"), WAYS_TO_BE_WRONG, ids=lambda value: " ".join(value)[:60] if isinstance(value, list) else ""
)
def test_an_error_is_one_line_on_stderr_and_status_1(run, filled, arguments, said):
    result = run(*filled(arguments))
    assert result.exit_code == 1
    assert not result.stdout
    assert result.stderr.startswith("incident: ")
    assert result.stderr.count("\n") == 1
    assert said in result.stderr
    assert "Traceback" not in result.stderr


def test_a_name_cannot_break_the_line_or_the_terminal(run, tmp_path):
    result = run("investigate", tmp_path / "a\nb\x1b[2Jc")
    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1
    assert "\x1b" not in result.stderr


@pytest.mark.parametrize("verb", LISTING)
def test_json_is_one_value_and_nothing_else(run, filled, verb):
    result = run(*filled(LISTING[verb]), "--json")
    assert result.exit_code == 0
    assert not result.stderr
    value, end = json.JSONDecoder().raw_decode(result.stdout)
    assert result.stdout[end:] == "\n"
    assert value


@pytest.mark.parametrize("verb", LISTING)
def test_a_table_in_a_pipe_has_tabs_and_no_colour(run, filled, verb):
    result = run(*filled(LISTING[verb]))
    assert result.exit_code == 0
    assert "\x1b" not in result.stdout
    if verb not in {"note", "mark"}:
        lines = [line.count("\t") for line in result.stdout.splitlines() if "\t" in line]
        assert len(lines) > 1
        assert lines[0] == lines[1] > 0


@pytest.mark.skipif(os.name != "posix", reason="a pseudo-terminal is needed")
@pytest.mark.parametrize("asked", [{}, {"NO_COLOR": "1"}], ids=["terminal", "NO_COLOR"])
def test_a_table_on_a_terminal_is_aligned(made, asked):
    leader, follower = pty.openpty()
    command = [
        sys.executable,
        "-m",
        "blameline",
        "sql",
        "select kind, layer from changes order by 1",
        "--case",
        str(made.case),
    ]
    env = {**os.environ, "TERM": "xterm", "COLUMNS": "100", **asked}
    with subprocess.Popen(command, stdout=follower, stderr=follower, stdin=subprocess.DEVNULL, env=env) as process:
        os.close(follower)
        said = b""
        while True:
            try:
                part = os.read(leader, 4096)
            except OSError:  # what Linux says at the end of a pseudo-terminal
                break
            if not part:
                break
            said += part
    os.close(leader)
    text = said.decode()
    assert process.returncode == 0, text
    assert "\t" not in text
    assert "─" in text
    if asked:
        assert not re.search(r"\x1b\[[0-9;]*3[0-9]m", text), "no colour"


def test_investigate_prints_the_contract_and_keeps_nothing(run, made):
    result = run("investigate", made.folder, "--json")
    assert result.exit_code == 0
    assert not result.stderr
    assert result.stdout == made.found


def test_investigate_writes_a_folder_and_ends_with_3_when_asked(run, made, tmp_path):
    result = run("investigate", made.folder, "-o", tmp_path / "deep" / "out", "--exit-code")
    assert result.exit_code == 3
    out = tmp_path / "deep" / "out"
    assert sorted(path.name for path in out.iterdir()) == ["incident.duckdb", "incident.json", "postmortem.md"]
    assert (out / "incident.json").read_text(encoding="utf-8") == made.found
    assert "Outcome: attributed" in result.stdout
    assert str(out / "postmortem.md") in result.stdout
    again = run("investigate", made.folder, "-o", out)
    assert again.exit_code == 0, "without --exit-code a shift is no failure"
    assert (out / "incident.json").read_text(encoding="utf-8") == made.found


def test_exit_code_is_0_when_nothing_got_worse(run, tmp_path):
    rows = "".join(
        json.dumps(
            {"at": f"2026-03-{day:02}T{hour:02}:00:00Z", "trace_id": f"{day}-{hour}", "score": hour * 79 % 10 / 10}
        )
        + "\n"
        for day in range(1, 11)
        for hour in range(24)
    )
    (tmp_path / "requests.jsonl").write_text(rows)
    result = run("investigate", tmp_path / "requests.jsonl", "--json", "--exit-code")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["outcome"] == "no_shift"


def test_blame_prints_what_investigate_found(run, made):
    assert run("blame", "--case", made.case, "--json").stdout == made.found
    told = run("blame", "shift-1", "--case", made.case).stdout
    found = json.loads(made.found)
    assert found["headline"] in told
    assert "shift-2:" not in told
    for line in (line for line in found["ledger"] if line["shift"] == "shift-1" and line["probability"] >= 0.001):
        for one in line["evidence"]:
            assert one["because"] in told


def test_shifts_can_be_asked_of_one_signal(run, made):
    result = run("shifts", "--signal", "answer_correct", "--case", made.case, "--json")
    assert {one["signal"] for one in json.loads(result.stdout)} == {"answer_correct"}


def test_report_goes_to_stdout_or_to_a_file(run, made, tmp_path):
    told = run("report", "--case", made.case)
    assert told.stdout.startswith("---\n")
    kept = run("report", "--case", made.case, "-o", tmp_path / "deep" / "postmortem.md")
    assert not kept.stdout
    assert (tmp_path / "deep" / "postmortem.md").read_text(encoding="utf-8") == told.stdout
    assert run("report", "--as", "json", "--case", made.case).stdout == made.found


def test_report_in_your_own_words(run, made, tmp_path):
    (tmp_path / "postmortem.md.j2").write_text("Only this: {{ found.outcome }}\n")
    assert run("report", "--case", made.case, "--template", tmp_path).stdout == "Only this: attributed\n"
    (tmp_path / "postmortem.md.j2").write_text("{{ no_such_name }}\n")
    bad = run("report", "--case", made.case, "--template", tmp_path)
    assert bad.exit_code == 1
    assert "no_such_name" in bad.stderr


def test_note_is_in_the_timeline(run, own_case):
    told = run("note", "rolled back prompt v12", "--on", "shift-1", "--by", "support-ai", "--case", own_case)
    assert told.stdout.startswith("noted as b2:")
    assert "rolled back prompt v12" in run("timeline", "--case", own_case).stdout


def test_the_folder_of_sql_stays_as_it_is(run, made):
    before = made.case.read_bytes()
    for query in (
        "delete from spans",
        "create table t (a int)",
        "copy spans to 'x.csv'",
        "attach 'y.duckdb'",
        "pragma version",
    ):
        run("sql", query, "--case", made.case)
    assert made.case.read_bytes() == before


def test_plugins_name_their_package(run):
    rows = json.loads(run("plugins", "--json").stdout)
    assert {row["group"] for row in rows} == {"sources", "detectors", "checks", "renderers"}
    assert all(row["package"] for row in rows)


def test_python_m_is_the_same_command(spawn):
    done = spawn("--help")
    assert done.returncode == 0
    assert done.stdout.startswith("Usage: incident")
