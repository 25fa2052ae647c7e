"""OTLP/JSON, as the collector's file exporter writes it: request lines of spans and logs in, scans for DuckDB out.

DuckDB reads the file by itself (plain, gzip or zstd); no span becomes a Python object. Evaluation results come from
log records, from span events of that name, and from annotations on spans. What DuckDB cannot read in a file is looked
for here, line by line; so are questions and answers that are events or log records.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from blameline.records import Manifest, Problem, Scan
from blameline.sources.aliases import EVALUATOR, older
from blameline.sources.needles import Search
from blameline.sources.otlp_events import NEEDLES, Events
from blameline.sources.otlp_plain import is_plain, numbered, rewritten, with_events
from blameline.sources.rows import Rows
from blameline.sources.unpacked import damage, pieces, searched, split

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from blameline.sources.heads import File, Head

_KEYS = ("resourceSpans", "resourceLogs", "resource_spans", "resource_logs", "resourceMetrics", "resource_metrics")
_OBJECT_SIZE, _LARGE_OBJECT_SIZE = 1 << 24, 1 << 30
_SMALL = 1 << 24
"""Files up to this size are read by one statement together with others."""
_LOOKED_AT = 100
"""Lines that are looked at first, for the names that most spans carry."""

_EVALUATION, _ANNOTATION, _LOGS = b".evaluation.", b".annotation.", b'"resourceLogs"'
"""What a file with evaluation results, with annotations on its spans, or with log records holds somewhere."""


class OTLP:
    """Reads OTLP/JSON lines, one request a line, or one document."""

    name = "otlp"
    needles = (_EVALUATION, _ANNOTATION, *NEEDLES)

    def sniff(self, path: Path, head: Head) -> bool:  # noqa: ARG002  the protocol hands it in
        """True when the first record is an export request, or begins as one."""
        if head.shape not in {"jsonl", "json"}:
            return False
        if any(key in record for record in head.samples for key in _KEYS):
            return True
        start = head.text[:200].replace(" ", "").replace("\n", "")
        return any(start.startswith((f'{{"{key}"', f'[{{"{key}"')) for key in _KEYS)

    def read(self, file: File, manifest: Manifest, *, lenient: bool) -> Iterator[Scan | Problem]:
        """Scans for spans and for each way in which scores come; in lenient reading also every fault with its line."""
        found, fault = _searched(file)
        anyway = lenient or bool(fault) or (file.head.shape != "jsonl" and not found.isdisjoint(NEEDLES))
        with rewritten(file, anyway=anyway) as (path, form, compression, problems):
            yield from problems
            size = _OBJECT_SIZE if form == "newline_delimited" else _LARGE_OBJECT_SIZE
            common = {"path": str(path), "compression": compression, "format": form, "object_size": size}
            if found.isdisjoint(NEEDLES):
                yield from _scans({**common, "joined": False}, found, manifest)
                return
            events = Events(Rows(file))
            with tempfile.TemporaryDirectory(prefix="blameline-") as folder:
                told = Path(folder) / "told.jsonl"
                longest = yield from with_events(path, compression, events, told, numbered=path == file.path)
                plain = {
                    "path": str(told),
                    "compression": "none",
                    "format": "newline_delimited",
                    "object_size": longest,
                }
                yield from _scans({**plain, "joined": False}, found, manifest, spans=not events.only_logs)

    def joins(self, file: File) -> bool:
        """True for a file that can be read by the same statement as others like it."""
        head = file.head
        if head.shape != "jsonl" or head.size > _SMALL or not is_plain(file):
            return False
        if head.compression != "none" and damage(file.path, head.compression):
            return False
        found, _ = _searched(file)
        if found.isdisjoint(NEEDLES):
            return True
        logged, _ = searched(file.path, head.compression, (_LOGS,))
        return not logged  # log records are read file by file

    def read_together(self, files: Sequence[File], manifest: Manifest) -> Iterator[Scan]:
        """Scans for many small files, joined to one; whatever is wrong in one of them fails them all."""
        search = Search(self.needles)
        events = Events(Rows(files[0]))  # none of them has log records
        with tempfile.TemporaryDirectory(prefix="blameline-") as folder:
            path = Path(folder) / "joined.jsonl"
            with path.open("wb") as out:
                for number, file in enumerate(files, 1):
                    for line in split(pieces(file.path, file.head.compression)):
                        search.look(line, len(line))
                        out.write(numbered(events.line(line), number))
            common = {
                "path": str(path),
                "compression": "none",
                "format": "newline_delimited",
                "object_size": _OBJECT_SIZE,
            }
            yield from _scans({**common, "joined": True}, frozenset(search.found), manifest)


def _searched(file: File) -> tuple[frozenset[bytes], str]:
    """Which of the needles a file holds, and how it ends early."""
    if file.holds is not None and file.head.compression == "none":
        return file.holds, ""
    return searched(file.path, file.head.compression, OTLP.needles)


def _scans(
    common: Mapping[str, Any], found: frozenset[bytes], manifest: Manifest, *, spans: bool = True
) -> Iterator[Scan]:
    if spans:
        looked_at = _LOOKED_AT if common["format"] == "newline_delimited" else 0  # a document is one line, however long
        yield Scan(name="sources/otlp_spans", parameters={**common, **older("otlp"), "looked_at": looked_at})
    if not found.isdisjoint({_EVALUATION, _ANNOTATION}):
        yield Scan(name="sources/otlp_annotations", rows_into="scores")
    if _EVALUATION in found:
        judge = {"judge": [*manifest.fields.get("judge", ()), *EVALUATOR]}
        for name in ("otlp_log_scores", "otlp_event_scores"):
            yield Scan(name=f"sources/{name}", parameters={**common, **judge}, rows_into="scores")
