"""OTLP/JSON in other clothes: other spellings, frames or damage in, plain request lines in a passing file out.

Most files need nothing of this and are read where they are.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from blameline.records import Problem, Scan
from blameline.sources.documents import Document, Unread, documents, read
from blameline.sources.otlp_faults import requests
from blameline.sources.unpacked import Compression, messages, pieces, split

if TYPE_CHECKING:
    from blameline.sources.heads import File
    from blameline.sources.otlp_events import Events

Ready = tuple[Path, str, Compression, Sequence[Problem]]
_OTHER_SPELLINGS = re.compile(
    r'"(?:resource_(?:spans|logs)|scope_(?:spans|logs)|(?:trace|span)_id|instrumentation_?[lL]ibrary\w*'
    r'|(?:string|int|bool|double|array|kvlist)_value|(?:String|Int|Bool|Double|Array|Kvlist)Value)"\s*:'
    r'|"(?:trace|span|parentSpan)Id"\s*:\s*"0[xX]'
)
_LOOKED_AT = 1 << 14
"""Characters of the start that are looked at: what comes later makes the statement fail, and the file is written anew."""
_MOST = 10_000
"""Problems of one file that are kept; a file may consist of nothing else."""


@contextmanager
def rewritten(file: File, *, anyway: bool) -> Iterator[Ready]:
    """Where DuckDB finds the file as plain OTLP/JSON, in which format and compression, and what got lost on the way.

    With ``anyway`` every file is written anew, without what cannot be read; each fault has its line (of a file in
    frames, the number of the message).
    """
    if is_plain(file) and not anyway:
        yield file.path, _form(file), file.head.compression, ()
        return
    problems: list[Problem] = []
    with tempfile.TemporaryDirectory(prefix="blameline-") as folder:
        path = Path(folder) / "plain.jsonl"
        with path.open("wb") as out:
            for line in _plain(file, problems):
                out.write(line)
        yield path, "newline_delimited", "none", problems


def with_events(
    path: Path, compression: Compression, events: Events, told: Path, *, numbered: bool
) -> Generator[Scan | Problem, None, int]:
    """Write the lines with what the events of their spans tell among the attributes; tell how long one may be in the end.

    Log records are handed in as scans, with the numbers of their lines where ``numbered``: where the file was not rewritten;
    those that cannot be read as problems.
    """
    longest = 0
    with told.open("wb") as out:
        for number, line in enumerate(split(pieces(path, compression)), 1):
            written = events.line(line, number if numbered else None)
            longest = max(longest, len(written))
            out.write(written if written.endswith(b"\n") else written + b"\n")
            yield from events.rows.taken()
            yield from events.problems
            events.problems.clear()
    yield from events.rows.taken(rest=True)
    return max(1 << 24, longest + 1)


def numbered(line: bytes, number: int) -> bytes:
    """A line with the number of its file as its first key; nothing of a blank one."""
    text = line.strip()
    if text[:1] == b"{":
        return b'{"blameline_file":%d,' % number + text[1:] + b"\n"
    return text + b"\n" if text else b""


def is_plain(file: File) -> bool:
    """True when DuckDB can read the file as it is, as far as its head shows."""
    head = file.head
    odd = head.compression == "frames" or head.data.startswith(b"\xef\xbb\xbf")
    return not odd and not _OTHER_SPELLINGS.search(head.text, 0, _LOOKED_AT)


def _form(file: File) -> str:
    if file.head.shape == "jsonl":
        return "newline_delimited"
    return "array" if file.head.text.lstrip().startswith("[") else "unstructured"


def _plain(file: File, problems: list[Problem]) -> Iterator[bytes]:
    told = 0
    for part in _messages(file) if file.head.compression == "frames" else documents(file):
        if isinstance(part, Problem):
            problems.append(part)
            continue
        faults: list[str] = []
        try:
            yield from requests(part.value, faults.append)
        except RecursionError:
            faults.append("not read: it is nested too deep")
        problems += [Problem(source=file.source, line=part.line, message=said) for said in dict.fromkeys(faults)]
        if len(problems) > _MOST:
            told += len(problems) - _MOST
            del problems[_MOST:]
    if told:
        problems.append(Problem(source=file.source, message=f"{told} more faults, which are not told one by one"))


def _messages(file: File) -> Iterator[Document | Problem]:
    """The request in each frame; a damaged frame is told, and the next one is read."""
    for message in messages(file.path):
        where = f"message {message.number} at byte {message.offset}"
        value, fault = (Unread(), message.fault) if message.fault else read(message.data.rstrip(b"\n") + b"\n")
        if fault:
            yield Problem(source=file.source, line=message.number, message=f"{where}: {fault}")
        if not isinstance(value, Unread):
            yield Document(message.number, value)
