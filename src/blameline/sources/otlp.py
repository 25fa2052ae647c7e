"""OTLP/JSON, as the collector's file exporter writes it: request lines of spans and logs in, scans for DuckDB out.

DuckDB reads the file by itself (plain, gzip or zstd); no span becomes a Python object. Evaluation results come from
log records, from span events of that name, and from annotations on spans. What DuckDB cannot read in a file is looked
for here, line by line.
"""

from __future__ import annotations

import mmap
from typing import TYPE_CHECKING, Any

from blameline.records import Manifest, Problem, Scan
from blameline.sources.aliases import EVALUATOR, aliases
from blameline.sources.otlp_faults import faults
from blameline.sources.otlp_plain import rewritten
from blameline.sources.unpacked import damage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from blameline.sources.heads import File, Head

_KEYS = ("resourceSpans", "resourceLogs", "resource_spans", "resource_logs", "resourceMetrics", "resource_metrics")
_OBJECT_SIZE, _LARGE_OBJECT_SIZE = 1 << 24, 1 << 30
_LONG_LINE = 1 << 24
"""A line longer than this makes DuckDB need more memory for each thread; it is asked for only then."""


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
            if lenient:
                yield from faults(file)
            elif compression == "zstd" and (early := damage(path, compression)):
                yield Problem(source=file.source, message=f"the file ends early: {early}")
            common: dict[str, Any] = {
                "path": str(path),
                "compression": compression,
                "format": form,
                "lenient": lenient,
                "object_size": _LARGE_OBJECT_SIZE if form != "newline_delimited" or lenient else _OBJECT_SIZE,
            }
            yield Scan(name="sources/otlp_spans", parameters={**common, "aliases": aliases("otlp")})
            judge = {"judge": [*manifest.fields.get("judge", ()), *EVALUATOR]}
            for name, needles in _SCORES.items():
                if any(_mentions(path, compression, needle) for needle in needles):
                    yield Scan(
                        name=f"sources/{name}",
                        parameters={**common, **(judge if name != "otlp_annotations" else {})},
                        rows_into="scores",
                    )


_SCORES = {
    "otlp_log_scores": (b"gen_ai.evaluation.",),
    "otlp_event_scores": (b'"gen_ai.evaluation.result"',),
    "otlp_annotations": (b"annotations.0.annotation.", b"evaluations.0.evaluation."),
}
"""Query → what a file that it is for must hold somewhere."""


def _mentions(path: Path, compression: str, needle: bytes) -> bool:
    """True when the file may hold a text: looked up in a plain file, taken for granted in a compressed one."""
    if compression != "none":
        return True
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return content.find(needle) >= 0
