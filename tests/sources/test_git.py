from __future__ import annotations

import os
import subprocess
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from blameline.intake import load

if TYPE_CHECKING:
    from pathlib import Path

    from blameline.store import Store

LOG = """commit 1f2e3d4c5b6a798897a6b5c4d3e2f10123456789
Author:     Somebody <somebody@example.org>
AuthorDate: 2026-03-01T10:00:00+01:00
Commit:     Other <other@example.org>
CommitDate: 2026-03-14T10:12:00+01:00

    shorten refund policy wording

    more words

diff --git a/prompts/support.txt b/prompts/support.txt
index 1..2 100644
--- a/prompts/support.txt
+++ b/prompts/support.txt
@@ -1 +1 @@
-old
+new

commit aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
Author: Somebody <somebody@example.org>
Date:   Sat Mar 14 09:11:00 2026 +0000

    bump

commit bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb
Author: Somebody <somebody@example.org>
Date:   never

    odd
"""


def test_the_text_of_a_log(store: Store, take) -> None:
    found = take({"history.txt": LOG})
    assert [problem.line for problem in found.problems] == [25]
    bump, edit = store.changes()
    assert (edit.kind, edit.layer, edit.component, edit.to) == (
        "prompt_edit",
        "prompt",
        "prompts/support.txt",
        "1f2e3d4c5b",
    )
    assert edit.at == datetime(2026, 3, 14, 9, 12, tzinfo=UTC)
    assert edit.summary == "shorten refund policy wording"
    assert edit.diff is not None
    assert edit.diff.endswith("-old\n+new")
    assert "omebody" not in edit.model_dump_json()
    assert (bump.kind, bump.summary) == ("deploy", "bump")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repo"
    folder.mkdir()
    quiet = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    for key in ("AUTHOR", "COMMITTER"):
        quiet |= {f"GIT_{key}_NAME": "Somebody", f"GIT_{key}_EMAIL": "s@example.org"}

    def git(*words: str, at: str = "2026-03-01T00:00:00Z") -> None:
        env = {**quiet, "GIT_COMMITTER_DATE": at, "GIT_AUTHOR_DATE": "2025-01-01T00:00:00Z"}
        subprocess.run(["git", "-C", str(folder), *words], check=True, env=env, capture_output=True)

    git("init", "-q", "-b", "main")
    (folder / "prompts").mkdir()
    for n in range(3):
        (folder / "prompts" / "a.txt").write_text(f"version {n}\n")
        git("add", ".")
        git("commit", "-q", "-m", f"edit {n}", at=f"2026-03-0{n + 1}T00:00:00Z")
    config = folder / ".git" / "config"
    config.write_text(config.read_text() + '[diff]\n\texternal = "touch pwned"\n')
    return folder


@pytest.mark.parametrize("bare", [False, True])
def test_a_repository_is_asked(store: Store, repository: Path, tmp_path: Path, bare: bool) -> None:
    folder = repository
    if bare:
        folder = tmp_path / "bare.git"
        subprocess.run(["git", "clone", "-q", "--bare", str(repository), str(folder)], check=True, capture_output=True)
    found = load(store, [folder])
    assert found.problems == ()
    assert [change.summary for change in store.changes()] == ["edit 0", "edit 1", "edit 2"]
    assert {change.kind for change in store.changes()} == {"prompt_edit"}
    assert store.changes()[0].at == datetime(2026, 3, 1, tzinfo=UTC)
    assert not list(tmp_path.rglob("pwned"))
    assert load(store, [folder]).changes == 0
