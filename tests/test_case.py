"""The Python interface: what the command does, a notebook does with the method of the same name."""

from __future__ import annotations

import inspect
import json
import os
import random
import shutil
import subprocess
import sys

import pytest

import blameline
from blameline.case import Case, open_case
from blameline.cli import main
from blameline.errors import NotFound, StoreError

TABLES = "select table_name from information_schema.tables order by 1"


def content(path):
    """Every row of every table, the ledger's times apart."""
    with open_case(path, read_only=True) as case:
        names = [name for (name,) in case.sql(TABLES).rows]
        return {name: sorted(map(repr, case.sql(f"select * from {name}").rows)) for name in names}  # noqa: S608  names of our own tables


VERBS = {name: verb for name, verb in main.commands.items() if name not in {"demo", "plugins", "contract", "replay"}}
VERBS |= {
    "learn_contracts": main.commands["contract"].commands["learn"],
    "contracts": main.commands["contract"].commands["check"],
    "plan_replay": main.commands["replay"].commands["plan"],
}
"""By the name of its method; three are verbs within a verb. ``replay run`` needs a plan and no case."""


@pytest.mark.parametrize("name", sorted(VERBS))
def test_every_verb_is_a_method(name):
    method = getattr(Case, name)
    assert inspect.getdoc(method)


@pytest.mark.parametrize("name", sorted(VERBS))
def test_what_a_verb_takes_its_method_takes(name):
    printing = {"as_json", "case_path", "out", "exit_code", "shift", "template", "plotted", "tz"}
    ours = {parameter.name for parameter in VERBS[name].params} - printing
    assert ours <= set(inspect.signature(getattr(Case, name)).parameters)


def test_every_method_is_a_verb_or_is_explained():
    methods = {name for name, value in vars(Case).items() if inspect.isfunction(value) and not name.startswith("_")}
    assert methods - VERBS.keys() == {"close", "story", "view"}, (
        "story is what a renderer is handed, view what is drawn; close is Python's"
    )
    assert len(main.commands["contract"].commands) == 2
    assert main.commands["replay"].commands.keys() == {"plan", "run"}


def test_investigate_and_blame_say_the_same(made, case, tmp_path, now):
    with open_case(tmp_path / "new.duckdb") as fresh:
        found = fresh.investigate(made.folder, now=now)
        assert fresh.blame() == found
        assert fresh.report(as_="json") == made.found
    assert case.blame() == found
    assert json.loads(case.report(as_="json")) == json.loads(made.found)


def test_what_comes_out_names_the_planted_cause(made):
    found = json.loads(made.found)
    truth = json.loads((made.folder / "truth.json").read_text())
    assert found["outcome"] == truth["outcome"]
    assert found["ledger"][0]["candidate"] == truth["guilty"][0]
    assert found["ledger"][0]["verdict"] == "supported"
    onset = found["shifts"][0]["onset"]
    assert onset["low"] <= onset["estimate"] <= onset["high"]


def test_the_odds_of_a_shift_sum_to_one_and_are_sorted(case):
    found = case.blame()
    for shift in (one for one in found.shifts if one.direction == "worse"):
        lines = [line for line in found.ledger if line.shift == shift.id]
        odds = [line.probability for line in lines]
        assert sum(odds) == pytest.approx(1, abs=1e-5)
        assert odds == sorted(odds, reverse=True)
        assert {"mix", "ruler", "artefact", "chance", "unknown"} <= {line.candidate for line in lines}
    assert {line.shift for line in found.ledger} == {one.id for one in found.shifts if one.direction == "worse"}


def test_every_piece_of_evidence_names_a_query_that_is_there(case):
    from blameline.assets import sql  # noqa: PLC0415

    for line in case.blame().ledger:
        for one in line.evidence:
            assert one.asks.endswith("?")
            assert one.because
            assert case.store.provenance(one.query.name).sha256 == one.query.sha256
            assert sql(one.query.name)


def test_loading_twice_changes_nothing(made, own_case):
    before = content(own_case)
    with open_case(own_case) as case:
        again = case.load(made.folder)
        assert (again.spans, again.scores, again.changes, again.eval_runs) == (0, 0, 0, 0)
        assert case.report(as_="json") == made.found
    assert content(own_case) == before


def without_places(found):
    """The finding without the names of the files that its changes were read from."""
    told = json.loads(found)
    for change in told["changes"]:
        del change["source"]
    return told


def test_the_order_and_the_place_of_files_do_not_matter(made, tmp_path, now):
    files = [path for path in made.folder.iterdir() if path.name != "truth.json"]
    random.Random(3).shuffle(files)  # noqa: S311  an order, not a secret
    elsewhere = tmp_path / "another" / "place"
    elsewhere.mkdir(parents=True)
    for number, path in enumerate(files):
        shutil.copy(path, elsewhere / f"{number}-{path.name}")
    with open_case(tmp_path / "new.duckdb") as case:
        found = case.investigate(*[elsewhere / f"{number}-{path.name}" for number, path in enumerate(files)], now=now)
        assert without_places(case.report(as_="json")) == without_places(made.found), found.headline


@pytest.mark.long
def test_the_same_seed_gives_the_same_bytes_in_two_processes(made, tmp_path):
    code = (
        "import sys, datetime, blameline\n"
        "folder, file, seed = sys.argv[1], sys.argv[2], int(sys.argv[3])\n"
        "with blameline.open(file) as case:\n"
        "    case.investigate(folder, seed=seed, now=datetime.datetime(2026, 3, 20, tzinfo=datetime.UTC))\n"
        "    sys.stdout.buffer.write((case.report(as_='json', seed=seed) + case.report(seed=seed)).encode())\n"
    )
    said = [
        subprocess.run(
            [sys.executable, "-c", code, str(made.folder), str(tmp_path / f"{salt}.duckdb"), "5"],
            capture_output=True,
            check=True,
            env={**os.environ, "PYTHONHASHSEED": salt, "TZ": zone},
        ).stdout
        for salt, zone in (("1", "UTC"), ("2", "Asia/Kolkata"))
    ]
    assert said[0] == said[1]
    assert b'"seed": 5' in said[0]


def test_a_note_is_kept(own_case, now):
    with open_case(own_case) as case:
        entry = case.note("rolled back", by="support-ai", on="shift-1", now=now)
        row = next(row for row in case.timeline() if row.lane == "note")
        assert (row.what, row.at) == ("rolled back", now)
        assert "rolled back" in case.report()
    with open_case(own_case, read_only=True) as case:
        assert case.sql("select id from entries order by position desc limit 1").rows == ((entry.id,),)


def test_timeline_is_in_order_and_has_every_lane(case):
    rows = case.timeline()
    assert [row.at for row in rows] == sorted(row.at for row in rows)
    assert {"change", "shift", "eval", "report"} <= {row.lane for row in rows}


def test_alerts_are_in_the_timeline_and_in_the_report(own_case, tmp_path, now):
    fired = {
        "status": "resolved",
        "labels": {"alertname": "LLMGroundednessLow", "severity": "page"},
        "annotations": {"summary": "pass rate below 0.9"},
        "startsAt": "2026-03-05T10:00:00.123456789Z",
        "endsAt": "2026-03-05T11:30:00Z",
        "fingerprint": "fc60e0de53b4d9c3",
    }
    document = {"version": "4", "groupKey": "{}", "receiver": "r", "truncatedAlerts": 0, "alerts": [fired]}
    (tmp_path / "webhook.json").write_text(json.dumps(document))
    with open_case(own_case) as case:
        before = case.timeline()
        assert case.load(tmp_path / "webhook.json").alerts == 1
        (row,) = (row for row in case.timeline() if row.lane == "alert")
        assert (row.id, row.at.isoformat()) == ("fc60e0de53b4d9c3", "2026-03-05T10:00:00.123000+00:00")
        told = "LLMGroundednessLow: pass rate below 0.9 (page), resolved 2026-03-05 11:30 UTC"
        assert row.what == f"alertmanager alert: {told}"
        assert len(case.timeline()) == len(before) + 1
        assert "| alert | `fc60e0de53b4d9c3` alertmanager alert: LLMGroundednessLow" in case.report()


def test_sql_gives_rows_and_a_frame(case):
    result = case.sql("select count(*) as n, min(start_at) as first from spans")
    assert result.columns == ("n", "first")
    frame = result.to_frame()
    assert list(frame.columns) == ["n", "first"]
    assert frame.loc[0, "n"] == result.rows[0][0] > 1000


def test_nothing_to_read_is_told(tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    with open_case(tmp_path / "new.duckdb") as case:
        with pytest.raises(NotFound, match="nothing was found that could be read"):
            case.investigate(empty)
        assert case.blame().outcome == "no_shift"
        assert case.shifts() == ()
        assert case.timeline() == ()
        assert case.report()


def test_changes_are_in_the_timeline_before_any_trace_is(tmp_path, now):
    (tmp_path / "changes.jsonl").write_text('{"at": "2026-03-01T10:00:00Z", "kind": "deploy", "id": "c-1", "to": "v2"}')
    with open_case(tmp_path / "new.duckdb") as case:
        case.load(tmp_path / "changes.jsonl")
        case.mark("the cache cleared", kind="infra_change", at="2026-03-02", now=now)
        rows = case.timeline()
    assert [(row.lane, row.what) for row in rows] == [
        ("change", "deploy: deploy → v2"), ("change", "infra_change: the cache cleared"),
    ]  # fmt: skip


def test_a_closed_or_absent_case_file_is_told(tmp_path):
    with pytest.raises(NotFound, match="no case file"):
        blameline.open(tmp_path / "none.duckdb", read_only=True)
    (tmp_path / "text.duckdb").write_text("no case file at all, but long enough to be looked at" * 100)
    with pytest.raises(StoreError, match="is not a case file"):
        blameline.open(tmp_path / "text.duckdb")


def test_a_reader_cannot_write(case, now):
    import duckdb  # noqa: PLC0415

    with pytest.raises((duckdb.Error, StoreError)):
        case.note("not here", now=now)
