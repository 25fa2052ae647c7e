from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import duckdb
import numpy as np
import pytest
from click.testing import CliRunner

from blameline.cli import main
from blameline.errors import NotFound, StoreError
from blameline.store import Store

if TYPE_CHECKING:
    from pathlib import Path


def test_a_new_file_has_the_schema_and_opens_again(tmp_path: Path) -> None:
    path = tmp_path / "case.duckdb"
    with Store.open(path) as store:
        store.run("store/add_problem", source="a", line=None, message="b", file_id=1)
    with Store.open(path, read_only=True) as store:
        assert [problem.message for problem in store.problems()] == ["b"]
        with pytest.raises(duckdb.Error):
            store.run("store/add_problem", source="a", line=1, message="b", file_id=1)


def test_faults_are_one_clear_line(tmp_path: Path) -> None:
    path = tmp_path / "case.duckdb"
    with pytest.raises(NotFound):
        Store.open(path, read_only=True)
    path.write_text("no database, only words that fill a page or two" * 200)
    with pytest.raises(StoreError, match="is not a case file"):
        Store.open(path)
    with pytest.raises(StoreError):
        Store.open(tmp_path)
    with pytest.raises(StoreError):
        Store.open(tmp_path / "gone" / "case.duckdb")


def test_a_newer_layout_and_a_strange_database_are_refused(tmp_path: Path) -> None:
    with Store.open(tmp_path / "a.duckdb") as store:
        store.run("store/set_layout", version=99)
    connection = duckdb.connect(str(tmp_path / "b.duckdb"))
    connection.execute("CREATE TABLE mine (a INTEGER)")
    connection.close()
    with pytest.raises(StoreError, match="no case file"):
        Store.open(tmp_path / "b.duckdb")


def test_a_file_in_use_says_so(tmp_path: Path) -> None:
    path = tmp_path / "case.duckdb"
    with Store.open(path):
        code = f"from pathlib import Path\nfrom blameline.store import Store\nStore.open(Path({str(path)!r}))"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "StoreError" in done.stderr
    assert "is in use by process" in done.stderr


def test_columns_say_what_is_missing(tmp_path: Path) -> None:
    with Store.open(tmp_path / "a.duckdb") as store:
        store.run(
            "store/add_replay",
            case_id=["a"],
            signal=["s"],
            run=["1"],
            score=[0.5],
            config=['{"p": "v"}'],
            file_id=1,
        )
        columns = store.query("store/replays")
        assert columns["config"][0] == {"p": "v"}
        assert columns["score"].dtype == np.float64
        told = {"sources": ["a"], "formats": ["x"], "hashes": [""], "sizes": [1], "rows": [1], "read_with": [""]}
        store.run("store/add_files", file_ids=[1], **told)
        found = store.query("store/files")
        assert found["reason"][0] is None


def test_a_question_of_ones_own(tmp_path: Path) -> None:
    with Store.open(tmp_path / "a.duckdb") as store:
        found = store.sql("SELECT 1 AS a, 'x' AS b")
        assert (found.columns, found.rows) == (("a", "b"), ((1, "x"),))
        assert list(found.to_frame().columns) == ["a", "b"]
        assert store.sql("SHOW TABLES").rows
        for text in ("DROP TABLE spans", "SELECT 1; SELECT 2", "COPY spans TO 'x'", "SET threads = 1", "SELEC", "",
                     "EXPLAIN ANALYZE DELETE FROM spans", "SELECT * FROM nowhere"):  # fmt: skip
            with pytest.raises(StoreError):
                store.sql(text)


def test_a_transaction_is_all_or_nothing(tmp_path: Path) -> None:
    with Store.open(tmp_path / "a.duckdb") as store:
        with pytest.raises(ZeroDivisionError), store.transaction():  # noqa: PT012
            store.run("store/add_problem", source="a", line=1, message="b", file_id=1)
            _ = 1 / 0
        assert store.problems() == ()


def test_provenance_is_json(tmp_path: Path) -> None:
    with Store.open(tmp_path / "a.duckdb") as store:
        query = store.provenance(
            "store/changes", since=datetime(2026, 3, 1, tzinfo=UTC), n=np.int64(3), names=("a", "b")
        )
        assert query.parameters == {"since": "2026-03-01T00:00:00Z", "n": 3, "names": ["a", "b"]}
        assert len(query.sha256) == 64
        assert query.model_dump_json()


def test_how_far_a_statement_is_can_be_asked_and_is_not_printed(tmp_path: Path) -> None:
    with Store.open(tmp_path / "a.duckdb") as store:
        asked = "SELECT current_setting('enable_progress_bar'), current_setting('enable_progress_bar_print'), current_setting('progress_bar_time')"
        assert store._connection.execute(asked).fetchall() == [(True, False, 0)]
        assert store.under_way() == 0.0


BROKEN = '{"id":"P1","title":"[secret]"severity":"high"}'


def test_a_record_that_cannot_be_read_is_a_problem_and_no_end(tmp_path: Path) -> None:
    path = tmp_path / "case.duckdb"
    at = [datetime(2026, 3, 14)]  # noqa: DTZ001  as the store keeps it
    with Store.open(path) as store:
        for name in ("P1", "P2"):
            record = BROKEN if name == "P1" else '{"id":"P2","at":"2026-03-14T00:00:00Z","system":"pagerduty"}'
            columns = {"alert_id": [name], "system": ["pagerduty"], "raised_at": at, "record": [record]}
            store.run("store/add_alert", file_id=1, **columns)
    with Store.open(path, read_only=True) as store:
        (problem,) = store.problems()
        assert [alert.id for alert in store.alerts()] == ["P2"]
    assert "an alert was stored so that it cannot be read back" in problem.message


def test_a_verb_tells_of_a_record_that_cannot_be_read(tmp_path: Path) -> None:
    path = tmp_path / "case.duckdb"
    at = [datetime(2026, 3, 14)]  # noqa: DTZ001  as the store keeps it
    with Store.open(path) as store:
        store.run("store/add_alert", file_id=1, alert_id=["P1"], system=["pagerduty"], raised_at=at, record=[BROKEN])
    done = CliRunner().invoke(main, ["timeline", "--case", str(path)])
    assert done.exit_code == 0
    assert "an alert was stored so that it cannot be read back" in done.stderr
    assert "cannot be read back" not in done.stdout
