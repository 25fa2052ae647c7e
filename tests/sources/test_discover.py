from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from blameline.errors import NotFound
from blameline.records import Problem, SkippedFile
from blameline.sources import Found, discover
from blameline.sources.heads import HEAD_BYTES

if TYPE_CHECKING:
    from pathlib import Path

CHANGE = "- {at: 2026-03-15, kind: deploy}\n"


def test_what_is_read_skipped_and_told(tmp_path: Path) -> None:
    case = tmp_path / "case"
    for name, text in {
        "b/changes.yaml": CHANGE, "a.txt": CHANGE, ".hidden": CHANGE, ".git-ish/x": CHANGE, "README.md": "# words", "LICENSE": "words",
        "expected/answer.yaml": CHANGE, "truth.json": '{"schema": "blameline.truth/1"}', "truth.yaml": "schema: blameline.truth/1\n",
        "out.json": '{\n "schema": "blameline.investigation/1"}', "odd.py": "print(1)\n", "empty.jsonl": "",
    }.items():  # fmt: skip
        (case / name).parent.mkdir(parents=True, exist_ok=True)
        (case / name).write_text(text)
    (case / "x.duckdb").write_bytes(b"\0" * 8 + b"DUCK")
    (tmp_path / "outside.yaml").write_text(CHANGE)
    (case / "link.yaml").symlink_to(tmp_path / "outside.yaml")
    (case / "loop").symlink_to(case)
    found = list(discover([case]))
    assert [part.file.source for part in found if isinstance(part, Found)] == ["a.txt", "b/changes.yaml"]
    skipped = [part.source for part in found if isinstance(part, SkippedFile)]
    assert skipped == [
        "LICENSE",
        "README.md",
        "expected",
        "link.yaml",
        "out.json",
        "truth.json",
        "truth.yaml",
        "x.duckdb",
    ]
    assert [part.source for part in found if isinstance(part, Problem)] == ["empty.jsonl", "odd.py"]


def test_a_file_is_shown_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(CHANGE)
    assert [part.file.source for part in discover([tmp_path / "c.yaml"]) if isinstance(part, Found)] == ["c.yaml"]


def test_a_long_first_record_is_read_to_its_end_only_where_nobody_knows_the_file_without(tmp_path: Path) -> None:
    """A trace of many megabytes on one line is known by its first names."""
    long = "x" * 2 * HEAD_BYTES
    for name, start in {
        "evals": '{"run_id": "r", "suite": "s"',
        "trace": '{"resourceSpans": []',
        "odd": '{"a": 1',
    }.items():
        (tmp_path / name).write_text(f'{start}, "x": "{long}"}}\n')
    (tmp_path / "second").write_text(f'{{"run_id": "r", "suite": "s"}}\n{{"x": "{long}"}}\n')
    heads = {part.file.source: len(part.file.head.data) for part in discover([tmp_path]) if isinstance(part, Found)}
    assert heads == {"evals": (tmp_path / "evals").stat().st_size, "trace": HEAD_BYTES, "second": HEAD_BYTES}


def test_a_path_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        list(discover([tmp_path / "gone"]))
