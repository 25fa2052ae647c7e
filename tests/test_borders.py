"""Rooms open downward only, and the check that says so is awake."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    """import-linter over the package in a folder, by the contracts of its pyproject.toml."""
    code = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(cache_dir=None))"
    env = {**os.environ, "PYTHONPATH": str(folder / "src"), "NO_COLOR": "1"}
    return subprocess.run(
        [sys.executable, "-c", code], cwd=folder, env=env, capture_output=True, text=True, check=False
    )


@pytest.fixture
def copied(tmp_path):
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__", "*.sql"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_the_borders_are_kept():
    done = lint(ROOT)
    assert done.returncode == 0, done.stdout
    assert "0 broken" in done.stdout


@pytest.mark.parametrize(
    ("module", "line", "contract"),
    [
        ("shifts/moves.py", "from blameline import case", "Rooms open downward only"),
        ("coverage.py", "from blameline.evidence import odds", "Rooms open downward only"),
        ("evidence/odds.py", "from blameline import coverage", "Rooms open downward only"),
        ("sources/evals.py", "from blameline.store import Store", "Rooms open downward only"),
        ("attic.py", "", "Rooms open downward only"),
        ("evidence/timing.py", "import duckdb", "Only the store speaks DuckDB"),
        ("ledger.py", "import click", "Judgement needs neither a terminal nor a template"),
    ],
)
def test_a_planted_import_is_caught(copied, module, line, contract):
    path = copied / "src" / "blameline" / module
    text = path.read_text(encoding="utf-8") if path.exists() else '"""A room without a floor."""\n'
    path.write_text(f"{text}\n{line}\n", encoding="utf-8")
    done = lint(copied)
    assert done.returncode == 1, done.stdout
    assert f"{contract} BROKEN" in done.stdout or "attic" in done.stdout + done.stderr
