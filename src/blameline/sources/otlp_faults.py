"""What is wrong in an OTLP file: its lines in, one ``Problem`` a fault out, with the line.

Only files that DuckDB refused come this way; each line is parsed once more.
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from blameline.records import Problem
from blameline.sources.lines import lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from blameline.sources.heads import File

_EARLIEST, _LATEST = 946684800 * 10**9, 4102444800 * 10**9
_EVALUATION = "gen_ai.evaluation.result"
_WORDS = frozenset(
    {"pass", "passed", "true", "yes", "correct", "good", "positive", "fail", "failed", "false", "no",
     "incorrect", "bad", "negative", "thumbs_up", "thumbs_down", "thumbs-up", "thumbs-down", "up", "down"}
)  # fmt: skip


def faults(file: File) -> Iterator[Problem]:
    """Every line that is no request, and every span, log record or score in it that cannot be used."""
    if file.head.shape == "json":
        return
    for part in lines(file):
        if isinstance(part, Problem):
            yield part
            continue
        number, line = part
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except (ValueError, RecursionError) as error:
            ended = "" if line.endswith(b"\n") else "the last line is cut short: "
            yield Problem(source=file.source, line=number, message=f"{ended}not JSON: {str(error).splitlines()[0]}")
            continue
        for message in dict.fromkeys(_request(value)):
            yield Problem(source=file.source, line=number, message=message)


def _request(value: object) -> Iterator[str]:
    if not isinstance(value, dict):
        yield "not an export request: a JSON object is expected on each line"
        return
    try:
        for span in _leaves(value, "resourceSpans", "scopeSpans", "spans"):
            yield from _span(span)
        for record in _leaves(value, "resourceLogs", "scopeLogs", "logRecords"):
            yield from _log_record(record)
    except (TypeError, AttributeError, KeyError):
        yield "not an export request: its lists and objects are nested otherwise"


def _leaves(value: Mapping[str, Any], outer: str, middle: str, inner: str) -> Iterator[Mapping[str, Any]]:
    for resource in value.get(outer) or []:
        for scope in resource.get(middle) or []:
            yield from scope.get(inner) or []


def _span(span: Mapping[str, Any]) -> Iterator[str]:
    if not span.get("traceId") or not span.get("spanId"):
        yield "a span has no trace id or no span id"
    elif not _EARLIEST <= _count(span.get("startTimeUnixNano")) <= _LATEST:
        yield f"the span {str(span['spanId'])[:32]} has no start time between 2000 and 2100"
    for event in span.get("events") or []:
        if event.get("name") == _EVALUATION:
            yield from _score(event)


def _log_record(record: Mapping[str, Any]) -> Iterator[str]:
    told = _attributes(record)
    if _EVALUATION in {record.get("eventName"), told.get("event.name")}:
        yield from _score(record)
        if not record.get("traceId") and not record.get("spanId") and "gen_ai.response.id" not in told:
            yield f"the score '{told.get('gen_ai.evaluation.name', '?')}' names no trace, span or response"


def _score(carrier: Mapping[str, Any]) -> Iterator[str]:
    told = _attributes(carrier)
    name = told.get("gen_ai.evaluation.name")
    if not name:
        yield "a score has no name"
    value, label = told.get("gen_ai.evaluation.score.value"), told.get("gen_ai.evaluation.score.label")
    if not (_number(value) or _number(label)):
        yield f"the score '{name or '?'}' is not a number: {str(value if value is not None else label)[:40]}"


def _attributes(carrier: Mapping[str, Any]) -> dict[str, Any]:
    return {
        pair["key"]: next(iter((pair.get("value") or {}).values()), None) for pair in carrier.get("attributes") or []
    }


def _number(value: object) -> bool:
    if isinstance(value, bool) or str(value).strip().lower() in _WORDS:
        return True
    try:
        return math.isfinite(float(str(value)))
    except ValueError:
        return False


def _count(value: object) -> int:
    try:
        return int(str(value))
    except ValueError:
        return 0
