"""Every file of every vendor is known by exactly one source, and what is none of our business by none."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from blameline.plugins import load, names
from blameline.records import Problem, SkippedFile
from blameline.sources import GROUP, discover
from blameline.sources.heads import Head, look
from conftest import FIXTURES

SOURCES = [load(GROUP, name) for name in sorted(names(GROUP))]
VENDORS = sorted(path for path in FIXTURES.rglob("*") if path.is_file() and path.name != "PROVENANCE.txt")
NOT_READ = (Problem, SkippedFile)


def claims(path: Path) -> list[str]:
    head = look(path)
    return [source.name for source in SOURCES if source.sniff(path, head)]


@pytest.mark.parametrize("path", VENDORS, ids=lambda path: path.relative_to(FIXTURES).as_posix())
def test_one_source_knows_the_file(path: Path) -> None:
    if all(isinstance(part, NOT_READ) for part in discover([path])):
        pytest.skip("it is not for reading")
    mine = [name for name in claims(path) if name != "table"]
    assert len(mine) == 1 or claims(path) == ["table"]


INNOCENT: dict[str, Any] = {
    "package.json": {"name": "shop", "version": "1.0.0", "scripts": {"test": "jest"}, "dependencies": {"react": "^18.0.0"}},
    "tsconfig.json": {"compilerOptions": {"target": "es2022", "strict": True}, "include": ["src"]},
    "notebook.ipynb": {
        "cells": [{"cell_type": "code", "metadata": {}, "source": ["1"], "outputs": [], "execution_count": 1}],
        "metadata": {"kernelspec": {"name": "python3"}}, "nbformat": 4, "nbformat_minor": 5,
    },
    "issue.json": {
        "url": "https://api.example.com/repos/a/b/issues/1", "id": 1, "number": 1, "title": "It is broken", "state": "open",
        "labels": [{"id": 2, "name": "bug"}], "comments": 0, "created_at": "2026-03-01T00:00:00Z",
        "updated_at": "2026-03-01T00:00:00Z", "body": "words", "user": {"id": 3, "type": "User"},
    },
    "schema.json": {
        "$schema": "https://json-schema.org/draft/2020-12/schema", "title": "A run", "type": "object",
        "properties": {"run_id": {"type": "string"}, "suite": {"type": "string"}}, "required": ["run_id"],
    },
    "deployment.yaml": "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  replicas: 3\n",
    "workflow.yml": "name: ci\non: [push]\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n      - run: make\n",
    "sales.csv": "region,product,units,price\nnorth,tea,3,1.50\nsouth,coffee,2,2.50\n",
    "page.html": "<!doctype html>\n<html><head><title>Hi</title></head><body>words</body></html>\n",
    "picture.png": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\x06\0\0\0" + b"\x1f\x15\xc4\x89",
    "program": b"\x7fELF\x02\x01\x01" + b"\0" * 9 + b"\x03\0>\0\x01\0\0\0" + b"\0" * 40,
    "words.txt": "A report.\n\nNothing happened on Monday, and nothing on Tuesday.\n",
    "settings.toml": '[tool]\nname = "x"\n',
    "lock.json": {"lockfileVersion": 3, "packages": {"": {"name": "x"}, "node_modules/a": {"version": "1.0.0"}}},
    "geo.json": {"type": "FeatureCollection", "features": [{"type": "Feature", "geometry": {"type": "Point"}}]},
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(INNOCENT))
def test_nobody_claims_what_is_none_of_our_business(tmp_path: Path, name: str) -> None:
    content = INNOCENT[name]
    raw = content if isinstance(content, (str, bytes)) else json.dumps(content, indent=2)
    path = tmp_path / name
    path.write_bytes(raw if isinstance(raw, bytes) else raw.encode())
    assert claims(path) == []


def test_a_table_of_sales_with_times_harms_nothing(take, store) -> None:
    rows = "".join(f"2026-03-01T00:00:0{n}Z,north,tea,{n},1.50\n" for n in range(5))
    found = take({"sales.csv": f"time,region,product,units,price\n{rows}"})
    assert (found.problems, found.scores, found.changes, found.eval_runs, found.alerts) == ((), 0, 0, 0, 0)
    kinds = store.sql(
        "SELECT DISTINCT attributes['gen_ai.operation.name'], attributes['gen_ai.request.model'] FROM spans"
    )
    assert kinds.rows == ((None, None),)


ODD: tuple[Any, ...] = (
    None, True, 0, -1.5, float("nan"), float("inf"), 10**30, "", "x", "\ud800", "2026-03-01T00:00:00Z", [], {}, [[]], [{}],
    {"": {}}, [1, [2, {"a": []}]],
)  # fmt: skip
BROKEN = (
    b"- " + b"[" * 5000, b"- " * 5000, b"[" * 60_000, b'{"a":' * 10_000, b"<<: 1\na: 2\n", b"- <<: [1, {a: b}]\n",
    b"a: &x\n  b: *x\n", b"\xff\xfe{\0", b'a,b\n"', b"? {a: b}\n: c\n", b"[" + b"7" * 5000 + b"]", b"PAR1" + b"\0" * 9,
    b'{"kind": []}', b'{"kind": {}}\n{"kind": 1}', b"PK\3\4", b"SQLite format 3\0", b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd",
)  # fmt: skip


def odd(draw: random.Random, value: Any) -> Any:
    if draw.random() < 0.1:
        return draw.choice(ODD)
    if isinstance(value, dict):
        return {key: odd(draw, part) for key, part in value.items()}
    return [odd(draw, part) for part in value] if isinstance(value, list) else value


def starts(seed: int) -> list[bytes]:
    """Heads of the fixtures with odd types in them, or with bytes changed."""
    draw = random.Random(seed)  # noqa: S311  seeded, for tests
    found = []
    for path in VENDORS:
        raw = look(path).data[:20_000]
        try:
            value = json.loads(raw)
        except ValueError:
            lines = raw.splitlines()[:3]
            try:
                found.append(b"\n".join(json.dumps(odd(draw, json.loads(line))).encode() for line in lines))
            except ValueError:
                changed = bytearray(raw)
                for _ in range(20):
                    changed[draw.randrange(len(changed))] = draw.randrange(256)
                found.append(bytes(changed))
        else:
            found.append(json.dumps(odd(draw, value)).encode())
    return found


@pytest.mark.parametrize("seed", range(2))
def test_no_sniff_raises_whatever_the_file_holds(tmp_path: Path, seed: int) -> None:
    path = tmp_path / "odd"
    for data in (*BROKEN, *starts(seed)):
        path.write_bytes(data)
        head = Head(data, len(data))
        for source in SOURCES:
            assert source.sniff(path, head) in {True, False}
