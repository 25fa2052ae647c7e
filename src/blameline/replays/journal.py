"""The file of results: one line a run, each on the disk before the next run is called, so that a kill loses at most one.

A last line that a kill tore in two is cut off when the file is opened again. A run counts as done once it has a score, or a
response that only waits for one; a failure is tried again.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any, Self

from blameline.errors import BlamelineError

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

Line = dict[str, Any]


class Journal:
    """An open file of results; use it as a context manager."""

    def __init__(self, path: Path, plan: str) -> None:
        """``plan`` is the digest of the plan; raises ``BlamelineError`` for a file that holds something else."""
        self.path = path
        self._plan = plan
        self.lines: dict[str, Line] = {}
        """By run, the last that was told of it."""
        self.spent = 0
        """Tokens that all calls in the file took, failed ones too."""
        path.parent.mkdir(parents=True, exist_ok=True)
        _mend(path)
        if path.exists():
            for number, text in enumerate(path.read_text(encoding="utf-8").split("\n")[:-1], start=1):
                line = _line(path, number, text)
                if line.get("plan") != plan:
                    raise BlamelineError(
                        f"{path} holds results of another plan", hint="name another file for the results with -o"
                    )
                self._note(line)
        self._file = path.open("a", encoding="utf-8", newline="\n")

    def append(self, line: Line) -> None:
        """Write one line, and wait until the disk has it."""
        line = {**line, "plan": self._plan}
        self._file.write(json.dumps(line, ensure_ascii=False) + "\n")
        self._file.flush()
        os.fsync(self._file.fileno())
        self._note(line)

    def done(self, run_id: str) -> bool:
        """Whether a run needs no call any more."""
        line = self.lines.get(run_id)
        return line is not None and "error" not in line

    def _note(self, line: Line) -> None:
        self.lines[str(line["run_id"])] = line
        self.spent += int(line.get("tokens") or 0)

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file, whatever happened."""
        self._file.close()


def _mend(path: Path) -> None:
    """Cut off what a kill left of a line."""
    if not path.exists():
        return
    with path.open("r+b") as file:
        whole = file.read()
        if whole and not whole.endswith(b"\n"):
            file.truncate(whole.rfind(b"\n") + 1)
            os.fsync(file.fileno())


def _line(path: Path, number: int, text: str) -> Line:
    try:
        line = json.loads(text)
    except ValueError:
        line = None
    if not isinstance(line, dict) or "run_id" not in line:
        raise BlamelineError(
            f"{path}:{number} is no result of a replay", hint="name another file for the results with -o"
        )
    return line
