"""``incident changes``, the section of the post-mortem and the list in JSON, over files that are really loaded."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from blameline.case import open_case
from blameline.records import DARK

START = datetime(2026, 3, 2, tzinfo=UTC)
EVIL = "<img src=x> \x1b[31m `|` [now](http://evil.example)"


def rows(n: int = 600) -> list[dict[str, object]]:
    """Six days, a request each quarter of an hour: a prompt edit on record, a model, a flag and a judge that nobody declared."""
    found: list[dict[str, object]] = []
    for place in range(n):
        at = START + timedelta(minutes=14.4 * place)
        found.append(
            {
                "at": at.isoformat(),
                "trace_id": f"{place:032x}",
                "gen_ai.prompt.version": "v2" if place >= 300 else "v1",
                "gen_ai.response.model": EVIL if place >= 400 else "m-1",
                "feature_flag.result.variant": "on" if place >= 250 else "off",
                "app.prompt.hash": f"{place:064x}",
                "gen_ai.request.temperature": f"{0.1 + place / 7919:.6f}",
                "answer_correct": 1 if place % 4 else 0,
            }
        )
    return found


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("changes")
    (folder / "requests.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows()))
    (folder / "incident.yaml").write_text(
        "columns: {at: at, trace_id: trace_id, scores: [answer_correct]}\nservice: shop\n"
    )
    (folder / "changes.yaml").write_text(
        "- {id: p, at: '2026-03-05T00:00:00Z', recorded_at: '2026-03-05T06:00:00Z', kind: prompt_edit, from: v1, to: v2}\n"
        "- {id: t, at: '2026-03-04T00:00:00Z', kind: tool_schema, to: t-2}\n"
    )
    path = folder / "case.duckdb"
    with open_case(path) as case:
        case.load(folder)
    return path


def test_each_change_has_a_line_and_the_dark_ones_come_first(kept, run):
    lines = run("changes", "--case", kept).stdout.splitlines()
    assert lines[0].split("\t") == ["state", "change", "layer", "what", "declared (UTC)", "observed (UTC)", "because"]
    told = [line.split("\t")[:3] for line in lines[1:-1]]
    assert told == [
        ["undeclared", "", "deploy"],
        ["undeclared", "", "model"],
        ["late", "p", "prompt"],
        ["not visible", "t", "tools"],
        ["not visible", "", "prompt"],
        ["not visible", "", "sampling"],
    ]
    assert lines[-1] == "6 changes: 2 undeclared, 1 written down late, 3 not visible."
    assert "\x1b" not in "".join(lines)


def test_times_in_a_zone_of_ones_own_stand_beside_utc(kept, run):
    lines = run("changes", "--case", kept, "--tz", "Asia/Kolkata").stdout.splitlines()
    assert lines[0].split("\t")[4:8] == [
        "declared (UTC)", "declared (Asia/Kolkata)", "observed (UTC)", "observed (Asia/Kolkata)",
    ]  # fmt: skip
    late = next(line for line in lines if line.startswith("late")).split("\t")
    assert late[4:8] == ["2026-03-05 00:00", "2026-03-05 05:30 IST", "2026-03-05 00:00", "2026-03-05 05:30 IST"]


def test_json_is_what_the_method_returns_and_stands_in_the_investigation(kept, run):
    found = json.loads(run("changes", "--case", kept, "--json").stdout)
    with open_case(kept, read_only=True) as case:
        assert [one.model_dump(mode="json") for one in case.changes()] == found
        whole = case.blame().model_dump(mode="json")
        assert whole["changes"] == found
        page = case.report()
    assert {one["state"] for one in found if one["state"] in DARK} == {"undeclared", "late"}
    assert found[1]["to"] == EVIL, "data keeps what was said"
    section = page.partition("## What the changelog says, and what the traces show")[2].partition("\n## ")[0]
    assert "6 changes: 2 undeclared, 1 written down late, 3 not visible." in section
    assert "Written down after it had acted: `p` (prompt_edit)." in section
    assert "<img" not in section.replace("\\<img", "")
    assert "\x1b" not in section
    assert "changes with every request" in section


def test_what_is_marked_later_is_no_longer_undeclared(kept, tmp_path):
    own = tmp_path / "own.duckdb"
    own.write_bytes(kept.read_bytes())
    with open_case(own) as case:
        assert case.changes()[0].state == "undeclared"
        case.mark(
            "flag on", kind="flag_change", at="2026-03-04T12:00Z", from_="off", to="on", now=START + timedelta(days=3)
        )
        assert [one.id for one in case.changes() if one.state == "undeclared"] == [
            f"undeclared:model:gen_ai.response.model={EVIL}"
        ]


def test_an_empty_case_and_one_without_traces_say_so(run, tmp_path):
    with open_case(tmp_path / "a.duckdb") as case:
        assert case.changes() == ()
        case.mark("edit", kind="prompt_edit", at="2026-03-04T12:00Z", now=START)
        (one,) = case.changes()
        assert (one.state, one.because) == ("not visible", "no traces are loaded")
    with open_case(tmp_path / "b.duckdb"):
        pass
    assert "Nothing is declared" in run("changes", "--case", tmp_path / "b.duckdb").stdout
