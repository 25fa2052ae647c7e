"""OTLP as protobuf: requests behind their lengths, one request alone, packed or not, in; columns of spans and scores out.

The collector's file exporter writes frames (a length, then a request), its S3 exporter one request an object. Texts are
read as bytes, so that a broken one costs itself and not the request that it stands in.
"""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from blameline.records import Manifest, Problem, Scan
from blameline.sources.aliases import EVALUATOR
from blameline.sources.otlp_columns import SpanColumns
from blameline.sources.otlp_events import NEEDLES, TOO_DEEP, log
from blameline.sources.otlp_messages import classes, log_record, pairs
from blameline.sources.otlp_wire import Malformed, begins, framed, signal, varint
from blameline.sources.rows import Rows
from blameline.sources.unpacked import DAMAGE, LARGEST, Message, messages, pieces

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from blameline.sources.heads import File, Head

_EVALUATION = "gen_ai.evaluation.result"
_NOTED = re.compile(r"^((?:trace\.)?(?:annotations|evaluations)\.\d+)\.(?:annotation|evaluation)\.(\w+)$")


class OTLPProtobuf:
    """Reads trace and log requests; metrics are passed over."""

    name = "otlp_protobuf"

    def sniff(self, path: Path, head: Head) -> bool:  # noqa: ARG002  the protocol hands it in
        """True when the first message is an export request, by its own structure."""
        return begins(head.data)

    def read(self, file: File, manifest: Manifest, *, lenient: bool) -> Iterator[Scan | Problem]:  # noqa: ARG002
        """Scans of spans and scores, a batch at a time, and a ``Problem`` for each message that is none."""
        rows, spans = Rows(file), SpanColumns(file.source)
        judge = (*manifest.fields.get("judge", ()), *EVALUATOR)
        for message in _requests(file):
            fault = message.fault
            try:
                carried = None if fault else signal(message.data)
                if carried == "spans":
                    request = classes().traces.FromString(message.data)
                    for _ in spans.add(request, message.number):
                        yield from _taken(spans, rows)
                    _scores_of_spans(message, request, rows, judge)
                elif carried == "logs":
                    for said in (*_told_in_logs(message, rows), *_scores_of_logs(message, rows, judge)):
                        yield Problem(source=file.source, line=message.number, message=said)
            except Malformed as error:
                fault = f"not an OTLP request: {error}"
            except classes().undecodable:
                fault = "not an OTLP request: it cannot be decoded"
            if fault:
                where = f"message {message.number} at byte {message.offset}"
                yield Problem(source=file.source, line=message.number, message=f"{where}: {fault}")
            yield from rows.taken()
        yield from _taken(spans, rows)
        yield from rows.taken(rest=True)


def _taken(spans: SpanColumns, rows: Rows) -> Iterator[Scan | Problem]:
    if len(spans):
        columns, problems = spans.taken()
        yield from problems
        yield from rows.scans(columns, "spans")


def _requests(file: File) -> Iterator[Message]:
    """Each request of a file, whichever layout it has."""
    if file.head.compression == "frames":
        yield from messages(file.path)
        return
    stream = _Stream(pieces(file.path, file.head.compression))
    try:
        yield from _framed(stream) if framed(file.head.data) else _one(stream)
    except DAMAGE as error:
        said = str(error).strip() or type(error).__name__
        yield Message(max(stream.number, 1), stream.at, fault=f"the file is damaged from here on: {said}")


class _Stream:
    """Bytes that come in pieces, taken in the sizes that are asked for."""

    def __init__(self, found: Iterator[bytes]) -> None:
        """``found`` may raise one of ``DAMAGE``."""
        self._found = found
        self._waiting = bytearray()
        self.at = 0
        """Where the next byte stands."""
        self.number = 0
        """The message that is being read, from 1."""

    def peek(self, size: int) -> bytes:
        """The next bytes, fewer at the end; they stay."""
        while len(self._waiting) < size and (piece := next(self._found, b"")):
            self._waiting += piece
        return bytes(self._waiting[:size])

    def take(self, size: int) -> bytes:
        """The next bytes, fewer at the end."""
        found = self.peek(size)
        del self._waiting[:size]
        self.at += len(found)
        return found


def _framed(stream: _Stream) -> Iterator[Message]:
    while length := stream.peek(4):
        stream.number += 1
        offset, size = stream.at, int.from_bytes(length, "big")
        if size > LARGEST:
            yield Message(
                stream.number, offset, fault=f"it claims to be {size:,} bytes long; nothing behind it can be read"
            )
            return
        stream.take(4)
        data = stream.take(size)
        cut = len(length) < 4 or len(data) < size
        yield Message(
            stream.number, offset, b"" if cut else data, "it is cut short: the file ends early" if cut else ""
        )


def _one(stream: _Stream) -> Iterator[Message]:
    """One request, a resource at a time: each is a request by itself."""
    while start := stream.peek(11):
        stream.number += 1
        offset = stream.at
        try:
            size, begin = varint(start, 1)
        except Malformed:
            size, begin = 0, 0
        if start[0] != 0x0A or not begin or size > LARGEST:
            yield Message(stream.number, offset, fault="not an OTLP request from here on")
            return
        data = stream.take(begin + size)
        cut = len(data) < begin + size
        yield Message(
            stream.number, offset, b"" if cut else data, "it is cut short: the file ends early" if cut else ""
        )


def _scores_of_spans(message: Message, request: Any, rows: Rows, judge: tuple[str, ...]) -> None:  # noqa: ANN401
    """Evaluation results in events of spans, and annotations that a span carries about itself."""
    events = _EVALUATION.encode() in message.data
    noted = b"annotations.0.annotation." in message.data or b"evaluations.0.evaluation." in message.data
    if not events and not noted:
        return
    for span in _decoded(request):
        ids = {"trace_id": span.trace_id.hex(), "span_id": span.span_id.hex(), "line": message.number}
        for event in span.events if events else ():
            if event.name == _EVALUATION.encode():
                rows.score(**_score(pairs([event]), judge), **ids, at=event.time_unix_nano)
        for found in _annotations(pairs([span])) if noted else ():
            evaluator = found.get("identifier") or found.get("annotator_kind")
            rows.score(
                name=found.get("name"), value=found.get("score"), label=found.get("label"), evaluator=evaluator, **ids
            )


def _decoded(request: Any) -> Iterator[Any]:  # noqa: ANN401  generated classes have no types
    """The spans of a request; of those that cannot be decoded another says so."""
    for one in (span for resource in request.resource_spans for scope in resource.scope_spans for span in scope.spans):
        with suppress(classes().undecodable):
            yield classes().span.FromString(one)


def _annotations(told: Mapping[str, str]) -> list[dict[str, str]]:
    places: dict[str, dict[str, str]] = {}
    for key, value in told.items():
        if found := _NOTED.match(key):
            places.setdefault(found[1], {})[found[2]] = value
    return list(places.values())


def _scores_of_logs(message: Message, rows: Rows, judge: tuple[str, ...]) -> Iterator[str]:
    request = classes().logs.FromString(message.data)
    if _EVALUATION.encode() not in message.data:
        return
    for resource in request.resource_logs:
        for scope in resource.scope_logs:
            for record in scope.log_records:
                told = pairs([record, scope.scope, resource.resource])
                if _EVALUATION not in {record.event_name.decode(errors="replace"), told.get("event.name")}:
                    continue
                ids = {"trace_id": record.trace_id.hex(), "span_id": record.span_id.hex()}
                if not any(ids.values()) and not told.get("gen_ai.response.id"):
                    yield f"the score '{told.get('gen_ai.evaluation.name', '?')}' names no trace, span or response"
                    continue
                at = record.time_unix_nano or record.observed_time_unix_nano
                rows.score(**_score(told, judge), **ids, at=at, line=message.number)


def _told_in_logs(message: Message, rows: Rows) -> Iterator[str]:
    """Questions and answers that are log records become rows; what is wrong with one comes out."""
    if any(needle.strip(b'"') in message.data for needle in NEEDLES):
        request = classes().logs.FromString(message.data)
        for record in (
            record
            for resource in request.resource_logs
            for scope in resource.scope_logs
            for record in scope.log_records
        ):
            if not log(rows, log_record(record), message.number):
                yield TOO_DEEP


def _score(told: dict[str, str], judge: tuple[str, ...]) -> dict[str, Any]:
    return {
        "name": told.get("gen_ai.evaluation.name"),
        "value": told.get("gen_ai.evaluation.score.value"),
        "label": told.get("gen_ai.evaluation.score.label"),
        "response_id": told.get("gen_ai.response.id"),
        "evaluator": next((told[key] for key in judge if key in told), None),
        "attributes": told,
    }
