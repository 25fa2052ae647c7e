from __future__ import annotations

import gzip
import json
import shutil
import sqlite3
from collections import Counter
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from blameline.intake import load
from blameline.sources.heads import look
from blameline.sources.phoenix_database import PhoenixDatabase
from conftest import FIXTURES

if TYPE_CHECKING:
    from pathlib import Path

    from blameline.store import Store

HERE = FIXTURES / "phoenix"


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """The server's own file, unpacked."""
    path = tmp_path / "handed in" / "phoenix #1?.db"
    path.parent.mkdir()
    path.write_bytes(gzip.decompress((HERE / "phoenix.db.gz").read_bytes()))
    return path


def ask(path: Path, query: str) -> list[tuple]:
    with closing(sqlite3.connect(path)) as opened:
        return opened.execute(query).fetchall()


def change(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as opened, opened:
        for statement in statements:
            opened.execute(statement)


def spans(store: Store) -> list[tuple]:
    return [
        tuple(row) for row in store.sql("SELECT * EXCLUDE (file_id, line) FROM spans ORDER BY trace_id, span_id").rows
    ]


def scores(store: Store) -> list[tuple]:
    query = "SELECT name, value, label, evaluator, span_id, scored_at FROM scores ORDER BY ALL"
    return [tuple(row) for row in store.sql(query).rows]


def test_every_span_arrives_with_what_the_database_says(store: Store, database: Path) -> None:
    found = load(store, [database])
    assert [file.format for file in found.files] == ["phoenix_database"]
    told = ask(database, "SELECT span_id, parent_id, trace_id, name, status_code, attributes FROM spans "
                         "JOIN traces ON traces.id = trace_rowid")  # fmt: skip
    arrived = {
        row[0]: row[1:] for row in store.sql("SELECT span_id, parent_id, trace_id, name, attributes FROM spans").rows
    }
    assert len(arrived) == len(told) == 26
    for span_id, parent_id, trace_id, name, _, said in told:
        attributes = json.loads(said)
        kept = arrived[span_id][3]
        assert arrived[span_id][:3] == (parent_id, trace_id, name)
        assert kept["openinference.span.kind"] == attributes["openinference"]["span"]["kind"]
        assert kept["openinference.project.name"] == "support-bot"
        if "llm" in attributes:
            assert kept["gen_ai.usage.input_tokens"] == str(attributes["llm"]["token_count"]["prompt"])
            assert kept["gen_ai.usage.cost"] == "0.0005"  # what the application said, not what Phoenix reckoned
    assert Counter(row[4] for row in told) == {"OK": 21, "UNSET": 4, "ERROR": 1}
    errors = store.sql("SELECT attributes['error.type'] FROM spans WHERE status = 'error'").rows
    assert [tuple(row) for row in errors] == [("TimeoutError",)]


def test_all_kinds_of_annotations_become_scores(store: Store, database: Path) -> None:
    found = load(store, [database])
    usable = "WHERE (score IS NOT NULL OR label LIKE 'thumbs%')"
    expected = Counter()
    for table in ("span_annotations", "trace_annotations", "project_session_annotations"):
        expected.update(name for (name,) in ask(database, f"SELECT name FROM {table} {usable}"))  # noqa: S608
    expected.update(
        dict(ask(database, "SELECT name, count(DISTINCT span_rowid) FROM document_annotations GROUP BY name"))
    )
    expected.update(["conciseness", "groundedness", "toxicity", "helpfulness"])  # inside spans
    assert Counter(row[0] for row in scores(store)) == expected
    relevance = [row[1] for row in scores(store) if row[0] == "relevance"]
    assert relevance == [pytest.approx(1 / 3)] * 5
    words = [problem.message for problem in found.problems]
    assert sum("notes" in word or "'tone'" in word for word in words) == 2


def test_the_database_and_the_exports_are_the_same_case(store: Store, database: Path) -> None:
    exports = [HERE / name for name in ("rest_spans.json", "span_annotations.json", "trace_annotations.json")]
    load(store, exports)
    before = [row[:2] for row in spans(store)], [row for row in scores(store) if row[0] != "csat"]
    load(store, [database])
    load(store, [database])
    assert [row[:2] for row in spans(store)] == before[0]
    assert [row for row in scores(store) if row[0] not in {"csat", "relevance"}] == before[1]


def test_what_phoenix_reckoned_serves_where_no_cost_was_said(store: Store, database: Path) -> None:
    change(database, "UPDATE spans SET attributes = json_remove(attributes, '$.llm.cost')")
    load(store, [database])
    told = sorted(ask(database, "SELECT span_id, total_cost FROM span_costs JOIN spans ON spans.id = span_rowid"))
    kept = store.sql(
        "SELECT span_id, attributes['gen_ai.usage.cost']::DOUBLE FROM spans WHERE op = 'chat' ORDER BY 1"
    ).rows
    assert [tuple(row) for row in kept] == told


def test_an_older_database_without_the_newer_tables(store: Store, database: Path) -> None:
    change(
        database, "DROP TABLE span_costs", "DROP TABLE project_session_annotations", "DROP TABLE document_annotations"
    )
    load(store, [database])
    assert len(spans(store)) == 26
    assert {"relevance", "csat"}.isdisjoint(row[0] for row in scores(store))


def test_a_log_beside_it_is_read_too_and_told(store: Store, database: Path, case: Path) -> None:
    before = database.read_bytes()
    with closing(sqlite3.connect(database)) as server:
        server.execute("PRAGMA journal_mode=WAL")
        server.execute("PRAGMA wal_autocheckpoint=0")
        server.execute(
            "INSERT INTO spans SELECT 999, trace_rowid, 'feed', parent_id, 'late', span_kind, start_time, end_time, attributes,"
            " events, status_code, status_message, 0, 0, 0, 0, 0 FROM spans WHERE id = 1"
        )
        server.commit()
        for suffix in ("", "-wal", "-shm"):
            shutil.copy(f"{database}{suffix}", case / f"phoenix.db{suffix}")
    listing = {path.name: path.read_bytes() for path in case.iterdir()}
    found = load(store, [case])
    assert len(spans(store)) == 27
    assert [problem.source for problem in found.problems if "was in use" in problem.message] == ["phoenix.db"]
    assert not any("not recognised" in problem.message for problem in found.problems)
    assert {path.name: path.read_bytes() for path in case.iterdir()} == listing
    assert before != listing["phoenix.db"] or len(before) == len(listing["phoenix.db"])


def test_reading_leaves_the_file_and_its_folder_alone(store: Store, database: Path) -> None:
    before = database.read_bytes()
    load(store, [database])
    assert database.read_bytes() == before
    assert [path.name for path in database.parent.iterdir()] == [database.name]


@pytest.mark.parametrize(("start", "end"), [(0.3, 0.6), (0.985, 1.0), (0.1, 1.0)])
def test_a_damaged_file_is_one_clear_problem(store: Store, database: Path, start: float, end: float) -> None:
    content = bytearray(database.read_bytes())
    first, last = int(len(content) * start), int(len(content) * end)
    content[first:last] = b"\xa5" * (last - first)
    database.write_bytes(content)
    found = load(store, [database])
    assert len([problem for problem in found.problems if "damaged" in problem.message]) == 1
    assert all(problem.source == database.name for problem in found.problems)


def test_a_file_cut_short_is_told(store: Store, database: Path) -> None:
    database.write_bytes(database.read_bytes()[:60_000])
    assert len(load(store, [database]).problems) == 1


def test_bad_cells_are_told_and_the_rest_loads(store: Store, database: Path) -> None:
    change(
        database,
        "DROP INDEX ix_spans_session_id",  # they hold parts of the JSON
        "DROP INDEX ix_spans_user_id",
        "UPDATE spans SET attributes = '{cut' WHERE id = 1",
        "UPDATE spans SET start_time = 'yesterday' WHERE id = 2",
        "UPDATE spans SET attributes = '[1]', events = x'ff00' WHERE id = 3",
        "UPDATE spans SET name = cast(x'ff41' AS TEXT) WHERE id = 4",
        "UPDATE spans SET trace_rowid = 4711 WHERE id = 5",
    )
    found = load(store, [database])
    assert len(spans(store)) == 24
    lines = {problem.line for problem in found.problems if problem.line and "'tone'" not in problem.message}
    assert lines == {1, 2, 3, 5}


def test_other_databases_are_left_to_others(tmp_path: Path) -> None:
    path = tmp_path / "mlflow.db"
    change(path, "CREATE TABLE spans (id INTEGER)", "CREATE TABLE experiments (id INTEGER)")
    assert not PhoenixDatabase().sniff(path, look(path))
    log = tmp_path / "mlflow.db-wal"
    log.write_bytes(b"\x37\x7f\x06\x82" + bytes(100))
    assert not PhoenixDatabase().sniff(log, look(log))
    orphan = tmp_path / "gone.db-wal"
    orphan.write_bytes(b"\x37\x7f\x06\x82" + bytes(100))
    assert not PhoenixDatabase().sniff(orphan, look(orphan))
