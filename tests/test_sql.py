"""Every statement is a text that a person can open: a sentence on top, one statement, parameters bound by name."""

from __future__ import annotations

import ast
import re
from itertools import pairwise
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from blameline.sources.rows import SCORE, SPAN
from blameline.store import Store

PACKAGE = Path(__file__).parents[1] / "src" / "blameline"
SQL = PACKAGE / "sql"
FILES = sorted(SQL.rglob("*.sql"))
NAMES = [path.relative_to(SQL).with_suffix("").as_posix() for path in FILES]
PYTHON = "".join(one.read_text(encoding="utf-8") for one in PACKAGE.rglob("*.py"))
FILE, SOURCE = ("file_id", pa.array([], pa.int64())), ("source", pa.array([], pa.string()))
NAMED: dict[str, object] = {"names": ["a"]}
STAGES: dict[str, dict[str, object]] = {
    "derive/marks": NAMED,
    "derive/outlines": {},
    "derive/sets": NAMED,
    "derive/links": {},
    "store/staging": {},
    "derive/no_words": {},
    "signals/latency": {},
    "contracts/answers": {"words": True, "spans": ["a"]},
    "contracts/in_scope": {"keys": [], "values": []},
    "contracts/keeping": {},
}
"""Made on the way by one statement for the next ones; order matters."""
SAYS_SQL = re.compile(
    r"\b(select\s+(\*|[\w.]+(\s*,\s*[\w.]+)*|.*\(.*\).*)\s+from\b|insert\s+into\b|delete\s+from\b|update\s+\w+\s+set\b|create\s+(or\s+replace\s+)?(temp\w*\s+)?(table|macro|view)\b|drop\s+table\b)",
    re.IGNORECASE | re.DOTALL,
)
MAY_SAY_IT = {
    "loaded.py": "the query to type for the problems that are not shown",
    "phoenix_database.py": "the questions that a vendor's SQLite file is asked; ours is never asked by them",
}


@pytest.fixture(scope="module")
def laid(tmp_path_factory):
    """An empty case file, with the tables in between laid as well; planning a statement changes nothing in it."""
    with Store.open(tmp_path_factory.mktemp("laid") / "empty.duckdb") as store:
        for name, parameters in STAGES.items():
            store.run(name, **parameters)
        yield store


def code(text: str) -> str:
    """The statement without its comments."""
    return re.sub(r"--[^\n]*", "", text)


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_it_begins_with_a_sentence(path):
    first = path.read_text(encoding="utf-8").partition("\n")[0]
    assert first.startswith("-- ")
    assert len(first.split()) >= 4
    assert first[3].isupper() or not first[3].isalpha()


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_it_is_one_statement_with_named_parameters(path):
    text = path.read_text(encoding="utf-8")
    statements = duckdb.extract_statements(text)
    if path != SQL / "schema.sql":
        assert len(statements) == 1
    for statement in statements:
        assert all(not str(name).isdigit() for name in statement.named_parameters)
    bare = re.sub(r"'(?:[^']|'')*'|\"[^\"]*\"", "''", code(text))
    assert "?" not in bare
    assert not re.search(r"\$\d", bare)
    assert "{{" not in text


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_somebody_asks_it(path):
    name = path.relative_to(SQL).with_suffix("").as_posix()
    room, _, last = name.rpartition("/")
    built = rf"f\"{room}/[a-z_]*\{{" if room else r"\A\b"
    named = f'"{name}"' in PYTHON or f"'{name}'" in PYTHON or name.startswith("sources/rows_")
    assert named or (
        re.search(built, PYTHON)
        and f'"{last.removeprefix("clear_").removeprefix("drop_").removeprefix("forget_")}"' in PYTHON
    )


def opens_a_file(path: Path) -> bool:
    """It would open its file already when it is planned; ``tests/sources`` runs those on real ones."""
    return bool(re.search(r"\b(read_\w+|parquet_\w+)\s*\(", code(path.read_text(encoding="utf-8"))))


@pytest.mark.parametrize("name", [name for name in NAMES if name != "schema" and not opens_a_file(SQL / f"{name}.sql")])
def test_it_can_be_planned_on_an_empty_case_file(laid, name):
    text = (SQL / f"{name}.sql").read_text(encoding="utf-8")
    statement = duckdb.extract_statements(text)[0]
    if statement.type not in {duckdb.StatementType.SELECT, duckdb.StatementType.INSERT, duckdb.StatementType.DELETE}:
        assert statement.type in {duckdb.StatementType.CREATE, duckdb.StatementType.DROP, duckdb.StatementType.UPDATE, duckdb.StatementType.SET}  # fmt: skip
        return
    laid._incoming.lay(
        text, (SPAN if "span" in name else SCORE).empty_table().append_column(*FILE).append_column(*SOURCE)
    )
    laid._connection.execute(f"EXPLAIN {text}", dict.fromkeys(statement.named_parameters))


def test_every_query_names_columns_that_are_there(laid):
    for name in ("report/series", "report/versions", "candidates/first_seen", "cells/by_signal", "evidence/contrast"):
        statement = duckdb.extract_statements((SQL / f"{name}.sql").read_text(encoding="utf-8"))[0]
        laid.query(name, **dict.fromkeys(statement.named_parameters))


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_no_python_holds_or_builds_a_statement(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    docstrings = {
        node.body[0].value
        for node in ast.walk(tree)
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef))
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    said = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and node not in docstrings
        and SAYS_SQL.search(node.value)
    ]
    assert not said or path.name in MAY_SAY_IT


def test_the_check_for_statements_in_python_is_awake():
    assert SAYS_SQL.search("select a from b")
    assert SAYS_SQL.search("INSERT INTO spans VALUES (1)")
    assert not SAYS_SQL.search("select a candidate; it comes from above")


def test_every_table_and_column_of_the_schema_is_explained():
    text = (SQL / "schema.sql").read_text(encoding="utf-8")
    blocks = text.split("CREATE TABLE IF NOT EXISTS ")
    for before, block in pairwise(blocks):
        assert before.rstrip().splitlines()[-1].startswith("-- "), block.split(" ", 1)[0]
    assert re.search(r"^-- Version \d+\.  History: ", text, re.MULTILINE)
