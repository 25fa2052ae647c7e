"""Spans as OpenTelemetry's console exporter for Python prints them: JSON objects in, columns of spans and scores out.

They come pretty-printed one after another, one a line, or as a list, with ``0x`` ids and ISO 8601 times.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from blameline.records import Manifest, Problem, Scan
from blameline.sources.aliases import EVALUATOR
from blameline.sources.documents import documents
from blameline.sources.rows import Rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from blameline.sources.heads import File, Head

_EVALUATION = "gen_ai.evaluation.result"
_KIND = re.compile(r'"kind"\s*:\s*"SpanKind\.')
_PATHS = frozenset({"name", "context.trace_id", "context.span_id", "start_time"})
_USED = frozenset(
    {"name", "context", "kind", "parent_id", "start_time", "end_time", "status", "attributes", "resource"}
)

_BESIDE = {"events": "otel.events", "links": "otel.links"}


class ConsoleSpans:
    """Reads what ``ConsoleSpanExporter`` wrote."""

    name = "console"

    def sniff(self, path: Path, head: Head) -> bool:  # noqa: ARG002  the protocol hands it in
        """True when the first object has the names of a printed span, and a kind as Python writes it."""
        return head.shape in {"json", "jsonl"} and head.paths >= _PATHS and bool(_KIND.search(head.text))

    def read(self, file: File, manifest: Manifest, *, lenient: bool) -> Iterator[Scan | Problem]:  # noqa: ARG002
        """Scans of spans, and of the evaluation results among their events."""
        rows = Rows(file)
        judge = (*manifest.fields.get("judge", ()), *EVALUATOR)
        for found in documents(file):
            if isinstance(found, Problem):
                yield found
            elif isinstance(found.value, dict):
                _span(found.value, found.line, rows, judge)
            else:
                yield Problem(source=file.source, line=found.line, message="not a span: a JSON object is expected")
            yield from rows.taken()
        yield from rows.taken(rest=True)


def _span(span: Mapping[str, Any], line: int, rows: Rows, judge: tuple[str, ...]) -> None:
    context, status = _object(span.get("context")), _object(span.get("status"))
    trace_id, span_id = _id(context.get("trace_id")), _id(context.get("span_id"))
    kind = str(span.get("kind") or "").removeprefix("SpanKind.").lower()
    rows.span(
        trace_id=trace_id,
        span_id=span_id,
        parent_id=_id(span.get("parent_id")),
        name=span.get("name"),
        start=span.get("start_time"),
        end=span.get("end_time"),
        status={"OK": "ok", "ERROR": "error"}.get(str(status.get("status_code")).removeprefix("StatusCode.")),
        attributes={
            **{_BESIDE.get(key, key): value for key, value in span.items() if value and key not in _USED},
            **_object(_object(span.get("resource")).get("attributes")),
            **_object(span.get("attributes")),
            "otel.span.kind": kind or None,
            "otel.status_description": status.get("description"),
        },
        line=line,
    )
    events = span.get("events")
    for event in events if isinstance(events, list) else ():
        if isinstance(event, dict) and event.get("name") == _EVALUATION:
            told = _object(event.get("attributes"))
            rows.score(
                trace_id=trace_id,
                span_id=span_id,
                name=told.get("gen_ai.evaluation.name"),
                value=told.get("gen_ai.evaluation.score.value"),
                label=told.get("gen_ai.evaluation.score.label"),
                response_id=told.get("gen_ai.response.id"),
                evaluator=next((told[key] for key in judge if key in told), None),
                at=event.get("timestamp"),
                attributes=told,
                line=line,
            )


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _id(value: object) -> str | None:
    """An id without its ``0x``; all zeros stand for none."""
    said = str(value).lower().removeprefix("0x") if value else ""
    return said if said.strip("0") else None
