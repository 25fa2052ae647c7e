"""OTLP/JSON, as the collector's file exporter writes it: request lines of spans and logs in, scans for DuckDB out.

DuckDB reads the file by itself (plain, gzip or zstd); no span becomes a Python object. Evaluation results come from
log records, from span events of that name, and from annotations on spans. What DuckDB cannot read in a file is looked
for here, line by line.
"""

from __future__ import annotations

import mmap
from pathlib import Path
from typing import TYPE_CHECKING, Any

from blameline.records import Manifest, Problem, Scan
from blameline.sources.aliases import EVALUATOR, older
from blameline.sources.otlp_plain import is_plain, rewritten

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from blameline.sources.heads import File, Head

_KEYS = ("resourceSpans", "resourceLogs", "resource_spans", "resource_logs", "resourceMetrics", "resource_metrics")
_OBJECT_SIZE, _LARGE_OBJECT_SIZE = 1 << 24, 1 << 30
_SMALL = 1 << 24
"""Files up to this size are read by one statement together with others."""


class OTLP:
    """Reads OTLP/JSON lines, one request a line, or one document."""

    name = "otlp"

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
        with rewritten(file, anyway=lenient) as (path, form, compression, problems):
            yield from problems
            size = _OBJECT_SIZE if form == "newline_delimited" else _LARGE_OBJECT_SIZE
            common = {"paths": [str(path)], "compression": compression, "format": form, "object_size": size}
            yield from _scans({**common, "lenient": False}, manifest)

    def joins(self, file: File) -> bool:
        """True for a file that can be read by the same statement as others like it."""
        return file.head.shape == "jsonl" and file.head.size <= _SMALL and is_plain(file)

    def read_together(self, files: Sequence[File], manifest: Manifest) -> Iterator[Scan]:
        """Scans for many small files of one compression; whatever is wrong in one of them fails them all."""
        common = {
            "paths": [str(file.path) for file in files],
            "compression": files[0].head.compression,
            "format": "newline_delimited",
            "object_size": _OBJECT_SIZE,
            "lenient": False,
        }
        yield from _scans(common, manifest)


def _scans(common: Mapping[str, Any], manifest: Manifest) -> Iterator[Scan]:
    yield Scan(name="sources/otlp_spans", parameters={**common, **older("otlp")})
    yield Scan(name="sources/otlp_annotations", rows_into="scores")
    if any(_mentions(Path(path), common["compression"], _EVALUATION) for path in common["paths"]):
        judge = {"judge": [*manifest.fields.get("judge", ()), *EVALUATOR]}
        for name in ("otlp_log_scores", "otlp_event_scores"):
            yield Scan(name=f"sources/{name}", parameters={**common, **judge}, rows_into="scores")


_EVALUATION = b"gen_ai.evaluation."
"""What a file with evaluation results holds somewhere."""


def _mentions(path: Path, compression: str, needle: bytes) -> bool:
    """True when the file may hold a text: looked up in a plain file, taken for granted in a compressed one."""
    if compression != "none":
        return True
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return content.find(needle) >= 0
