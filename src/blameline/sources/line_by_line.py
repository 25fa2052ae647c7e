"""A file that may be packed, or damaged: its lines with their numbers, or a passing copy of what it holds, out."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from blameline.records import Problem
from blameline.sources.unpacked import DAMAGE, pieces, split

if TYPE_CHECKING:
    from collections.abc import Iterator

    from blameline.sources.heads import File


def lines(file: File) -> Iterator[tuple[int, bytes] | Problem]:
    """Each line with its number; a ``Problem`` ends a file that is damaged."""
    number = 0
    try:
        for number, line in enumerate(split(pieces(file.path, file.head.compression)), 1):
            yield number, line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
    except DAMAGE as error:
        said = str(error).strip() or type(error).__name__
        yield Problem(source=file.source, line=number + 1, message=f"the file is damaged from here on: {said}")


def decoded(file: File) -> Iterator[tuple[int, str] | Problem]:
    """Each line as text; what is not UTF-8 is told and replaced."""
    for part in lines(file):
        if isinstance(part, Problem):
            yield part
            continue
        number, line = part
        try:
            yield number, line.decode()
        except UnicodeDecodeError:
            said = "a text is not UTF-8; what is broken was replaced"
            yield Problem(source=file.source, line=number, message=said)
            yield number, line.decode(errors="replace")


@contextmanager
def copied(file: File, problems: list[Problem]) -> Iterator[Path]:
    """A passing, unpacked copy of a compressed file, as far as it can be read; its damage is added to ``problems``."""
    with TemporaryDirectory(prefix="blameline-") as folder:
        path = Path(folder) / "unpacked"
        with path.open("wb") as out:
            for part in lines(file):
                if isinstance(part, Problem):
                    problems.append(part)
                else:
                    out.write(part[1])
        yield path
