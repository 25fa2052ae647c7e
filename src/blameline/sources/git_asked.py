"""A folder with a history in; what ``git log`` prints for it, line by line, out.

The folder may be anybody's, so its own settings neither shape the answer nor run a program.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from tempfile import TemporaryFile
from typing import TYPE_CHECKING

from blameline.records import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import IO

    from blameline.sources.heads import File

MOST_COMMITS = 5_000
"""Commits of a folder that are read, the latest first."""
MOST_SECONDS = 120
"""How long a folder may take to answer."""
_MOST_LINE = 1 << 20
_OPTIONS = (
    "--no-pager", "-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "-c", "log.showSignature=false",
    "-c", "diff.external=", "-c", "protocol.allow=never", "-c", "core.quotePath=false", "-c", "log.showRoot=true",
    "-c", "core.bigFileThreshold=4m", "-c", f"core.attributesFile={os.devnull}", "-c", "log.diffMerges=first-parent",
    "-c", "log.follow=false", "-c", "diff.ignoreSubmodules=none", "-c", "diff.suppressBlankEmpty=false",
    "-c", "core.abbrev=auto",
)  # fmt: skip
_LOG = (
    "log", f"--max-count={MOST_COMMITS + 1}", "--first-parent", "-m", "--no-color", "--no-ext-diff", "--no-textconv",
    "--no-show-signature", "--no-notes", "--no-decorate", "--no-mailmap", "--date=iso-strict", "--format=fuller",
    "--submodule=short", "--find-renames", "--src-prefix=a/", "--dst-prefix=b/", "--no-relative", "--encoding=UTF-8",
    "--no-abbrev-commit", "--unified=3", "--inter-hunk-context=0", "--diff-algorithm=default", "--indent-heuristic",
    "-l1000", f"-O{os.devnull}", "-p",
)  # fmt: skip


def bare(folder: Path) -> bool:
    """True for a repository without a work tree."""
    return all((folder / part).exists() for part in ("HEAD", "objects", "refs"))


def cut_off(folder: Path) -> frozenset[str]:
    """The commits where a shallow clone ends: their diff would show every file as new."""
    try:
        said = (folder / ("shallow" if bare(folder) else ".git/shallow")).read_text(encoding="ascii", errors="replace")
    except OSError:
        return frozenset()
    return frozenset(said.split())


def ask(file: File) -> Iterator[tuple[int, str] | Problem]:
    """What ``git log`` prints for a folder, line by line as it comes, or why it did not."""
    folder, program = file.path, shutil.which("git")
    if program is None:
        said = "git is not installed, so the history is not read; hand in the text of git log instead"
        yield Problem(source=file.source, message=said)
        return
    whole = bare(folder) and not (folder / ".git").exists()
    where = ["--git-dir", str(folder)] if whole else ["-C", str(folder)]
    command = [program, *_OPTIONS, "-c", "safe.directory=*", *where, *_LOG, *([] if whole else ["--", "."])]
    quiet = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    quiet |= {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C",
              "GIT_OPTIONAL_LOCKS": "0", "GIT_NO_LAZY_FETCH": "1", "GIT_ALLOW_PROTOCOL": ""}  # fmt: skip
    with TemporaryFile() as faults:
        try:
            running = subprocess.Popen(  # noqa: S603  a list, no shell
                command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=faults, env=quiet
            )
        except OSError as error:
            yield Problem(source=file.source, message=f"git log did not answer: {error}")
            return
        late = threading.Event()
        watch = threading.Timer(MOST_SECONDS, _end, (running, late))
        watch.start()
        try:
            assert running.stdout is not None
            yield from enumerate(_pieces(running.stdout), 1)
            ended = running.wait()
        finally:
            watch.cancel()
            running.kill()
            running.communicate()
        if late.is_set():
            yield Problem(source=file.source, message=f"git log took longer than {MOST_SECONDS} s: read up to there")
        elif ended:
            faults.seek(0)
            told = faults.read().decode(errors="replace").strip().splitlines() or ["no reason given"]
            yield Problem(source=file.source, message=f"git log failed: {told[-1]}")


def _end(running: subprocess.Popen[bytes], late: threading.Event) -> None:
    late.set()
    running.kill()


def _pieces(stream: IO[bytes]) -> Iterator[str]:
    """Each line, a very long one cut."""
    while line := stream.readline(_MOST_LINE):
        rest = line
        while len(rest) == _MOST_LINE and not rest.endswith(b"\n"):
            rest = stream.readline(_MOST_LINE)
        yield line.decode("utf-8", errors="replace").rstrip("\n")
