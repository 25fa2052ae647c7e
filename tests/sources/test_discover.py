from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from blameline.errors import NotFound
from blameline.records import Problem, SkippedFile
from blameline.sources import Found, discover

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


def test_a_path_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        list(discover([tmp_path / "gone"]))
