"""Git history as changes: a log's text, a work tree or a bare repository in, one ``Change`` a commit out.

A file is read when it holds what ``git log`` prints, best by ``git log --first-parent --date=iso-strict
--format=fuller -p -- prompts/`` (the medium and raw dates are understood too). A folder is asked by running ``git
log`` itself. The time is the committer's, because an author's date may be long before the merge; the author is never
kept.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from blameline.records import LAYER_OF_KIND, Change, Manifest, Problem, as_utc
from blameline.sources.lines import lines

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from blameline.sources.heads import File, Head

MOST_COMMITS = 5_000
"""Commits that are read, the latest first."""
MOST_DIFF = 20_000
"""Characters of a diff that are kept."""
_COMMIT = re.compile(r"^commit ([0-9a-f]{7,64})\b")
_FIELD = re.compile(r"^(Author|AuthorDate|Commit|CommitDate|Date|Merge): +(.*)$")
_PATHS = re.compile(r'^diff --git "?a/(.+?)"? "?b/(.+?)"?$')
_STAT = re.compile(r"^ (\S.*?) +\| +(\d+|Bin)\b")
_OPTIONS = (
    "--no-pager", "-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "-c", "log.showSignature=false",
    "-c", "diff.external=", "-c", "protocol.allow=never", "-c", "core.quotePath=false",
)  # fmt: skip
_LOG = (
    "log", f"--max-count={MOST_COMMITS}", "--first-parent", "-m", "--no-color", "--no-ext-diff", "--no-textconv",
    "--no-show-signature", "--no-notes", "--no-decorate", "--no-mailmap", "--date=iso-strict", "--format=fuller",
    "--submodule=short", "-p",
)  # fmt: skip


class GitLog:
    """Reads what a history says was changed, and when it arrived."""

    name = "git"

    def sniff(self, path: Path, head: Head) -> bool:
        """True for the text of a log, and for a folder that holds a history."""
        if head.folder:
            return (path / ".git").exists() or all((path / part).exists() for part in ("HEAD", "objects", "refs"))
        start = head.text.lstrip()
        return bool(_COMMIT.match(start)) and bool(
            re.search(r"^(Author|AuthorDate|CommitDate|Date): ", start[:2000], re.MULTILINE)
        )

    def read(self, file: File, manifest: Manifest, *, lenient: bool) -> Iterator[Change | Problem]:  # noqa: ARG002  the protocol hands it in
        """One change a commit; a commit without a time is a ``Problem``."""
        if file.head.folder:
            told = _ask(file.path)
            if isinstance(told, str):
                yield Problem(source=file.source, message=told)
                return
            if told.count(b"\ncommit ") + told.startswith(b"commit ") >= MOST_COMMITS:
                yield Problem(source=file.source, message=f"only the latest {MOST_COMMITS} commits are read")
            numbered: Iterator[tuple[int, str] | Problem] = enumerate(
                told.decode("utf-8", errors="replace").split("\n"), 1
            )
        else:
            numbered = _decoded(file)
        yield from _commits(numbered, file)


def _decoded(file: File) -> Iterator[tuple[int, str] | Problem]:
    for part in lines(file):
        yield part if isinstance(part, Problem) else (part[0], part[1].decode("utf-8", errors="replace").rstrip("\r\n"))


def _ask(folder: Path) -> bytes | str:
    """What ``git log`` prints for a folder, or why it did not."""
    program = shutil.which("git")
    if program is None:
        return "git is not installed, so the history is not read; hand in the text of git log instead"
    bare = not (folder / ".git").exists()
    where = ["--git-dir", str(folder)] if bare else ["-C", str(folder)]
    command = [program, *_OPTIONS, "-c", f"safe.directory={folder}", *where, *_LOG, *([] if bare else ["--", "."])]
    quiet = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    quiet |= {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C",
              "GIT_OPTIONAL_LOCKS": "0", "GIT_NO_LAZY_FETCH": "1"}  # fmt: skip
    try:
        done = subprocess.run(  # noqa: S603  a list, no shell
            command, capture_output=True, check=False, env=quiet, stdin=subprocess.DEVNULL, timeout=120
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"git log did not answer: {error}"
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines() or ["no reason given"]
        return f"git log failed: {said[-1]}"
    return done.stdout


class _Commit:
    """One commit while its lines go by."""

    def __init__(self, number: str, line: int) -> None:
        self.number = number
        self.line = line
        self.dates: dict[str, str] = {}
        self.message: list[str] = []
        self.paths: dict[str, None] = {}
        self.diff: list[str] = []
        self.size = 0

    def add(self, text: str) -> None:
        field = _FIELD.match(text) if not self.message and not self.diff else None
        paths = _PATHS.match(text)
        if field:
            self.dates[field.group(1)] = field.group(2).strip()
        elif paths or self.diff:
            if paths:
                self.paths[paths.group(2)] = None
            if self.size < MOST_DIFF:
                self.diff.append(text)
            self.size += len(text) + 1
        elif text.startswith("    "):
            self.message.append(text[4:])
        elif (stat := _STAT.match(text)) is not None:
            self.paths[stat.group(1)] = None

    def change(self, source: str) -> Change | Problem:
        said = self.dates.get("CommitDate") or self.dates.get("Date") or self.dates.get("AuthorDate", "")
        at = _moment(said)
        if at is None:
            shown = f"commit {self.number[:10]} has no time that can be read{f': {said[:40]}' if said else ''}"
            return Problem(source=source, line=self.line, message=shown)
        kind = "prompt_edit" if any("prompt" in path.lower() for path in self.paths) else "deploy"
        diff = "\n".join(self.diff).rstrip("\n")
        cut = self.size > MOST_DIFF
        shown_paths = list(self.paths)
        more = f" and {len(shown_paths) - 5} more" if len(shown_paths) > 5 else ""
        return Change(
            id=f"git-{self.number[:10]}",
            at=at,
            kind=kind,
            layer=LAYER_OF_KIND[kind],
            component=", ".join(shown_paths[:5]) + more if shown_paths else None,
            to=self.number[:10],
            summary=next((text.strip() for text in self.message if text.strip()), None),
            diff=(diff[:MOST_DIFF] + ("\n… (cut)" if cut else "")) or None,
            source=source,
        )


def _commits(numbered: Iterator[tuple[int, str] | Problem], file: File) -> Iterator[Change | Problem]:
    commit: _Commit | None = None
    for part in numbered:
        if isinstance(part, Problem):
            yield part
            continue
        line, text = part
        begins = _COMMIT.match(text)
        if begins:
            if commit is not None:
                yield commit.change(file.source)
            commit = _Commit(begins.group(1), line)
        elif commit is not None:
            commit.add(text)
    if commit is not None:
        yield commit.change(file.source)


def _moment(said: str) -> datetime | None:
    for read in (datetime.fromisoformat, _git_date, parsedate_to_datetime, _epoch):
        try:
            return as_utc(read(said.strip()))
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
    return None


def _git_date(said: str) -> datetime:
    """Git's default: ``Sat Mar 14 09:12:00 2026 +0100``."""
    return datetime.strptime(said, "%a %b %d %H:%M:%S %Y %z")


def _epoch(said: str) -> datetime:
    """Git's raw date: ``1772323200 +0100``."""
    return datetime.fromtimestamp(int(said.split(maxsplit=1)[0]), tz=UTC)
