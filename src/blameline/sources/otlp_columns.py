"""Decoded OTLP requests in, Arrow columns of their spans out; nothing is made a record on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from blameline.records import Problem
from blameline.sources.otlp_attributes import attributes
from blameline.sources.otlp_fields import joined
from blameline.sources.otlp_messages import text_of, written
from blameline.sources.otlp_spans import spans
from blameline.sources.rows import SPAN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from blameline.sources.otlp_fields import Places

_SCOPE = (b"otel.scope.name", b"otel.scope.version")
_LOST = "a span in it cannot be decoded and is left out"
_UNREADABLE = "an attribute in it cannot be decoded and is left out"
_NO_TEXT = "a text in it is not UTF-8; what is broken was replaced"
_MANY, _LARGE = 40_000, 1 << 27
"""Spans that are a batch, and bytes of them, with what stands around them, that are one however few they are."""
_CHUNK = 2048
"""Spans that are read at once: little enough to stay near the processor, and what DuckDB may take at a time on every core."""
Faults = dict[str, set[int]]


class SpanColumns:
    """Collects spans as they are written, and gives them as columns after ``rows.SPAN``."""

    def __init__(self, source: str) -> None:
        """``source`` is the file, for problems."""
        self.source = source
        self._clear()

    def __len__(self) -> int:
        """Spans that wait."""
        return len(self._spans)

    def _clear(self) -> None:
        self._spans: list[bytes] = []
        self._lines: list[int] = []
        self._around: list[list[bytes]] = []
        self._size = 0

    def add(self, request: Any, line: int) -> Iterator[None]:  # noqa: ANN401  a generated class
        """Add every span of a request; it stops where there is a batch to take."""
        for resource in request.resource_spans:
            for scope in resource.scope_spans:
                about = zip(_SCOPE, (scope.scope.name, scope.scope.version), strict=True)
                around = [
                    *scope.scope.attributes,
                    *resource.resource.attributes,
                    *(written(name, text) for name, text in about if text),
                ]
                size = sum(map(len, around))
                for span in scope.spans:
                    self._spans.append(span)
                    self._lines.append(line)
                    self._around.append(around)
                    self._size += len(span) + size
                    if self._size > _LARGE or len(self._spans) >= _MANY:
                        yield

    def taken(self) -> tuple[pa.Table, list[Problem]]:
        """The columns of what was collected, and a ``Problem`` for each message of which something is broken."""
        faults: Faults = {_LOST: set(), _UNREADABLE: set(), _NO_TEXT: set()}
        rows = range(len(self))
        batches = [self._batch(rows[start : start + _CHUNK], faults) for start in rows[::_CHUNK]]
        problems = [
            Problem(source=self.source, line=line, message=f"message {line}: {message}")
            for message, broken in faults.items()
            for line in sorted({self._lines[row] for row in broken})
        ]
        self._clear()
        return pa.Table.from_batches(batches, SPAN), problems

    def _batch(self, rows: range, faults: Faults) -> pa.RecordBatch:
        """Some of the rows; those of which something is broken are added to ``faults``."""
        part = slice(rows.start, rows.stop)
        read = spans(self._spans[part])
        around = self._around[part]
        places = list(range(len(rows)))
        more = attributes(*joined([*read.beside, *(one for each in around for one in each)]))
        owners = np.concatenate([read.owners, read.besides, np.repeat(places, list(map(len, around)))]).astype(np.int64)
        faults[_LOST].update(rows[place] for place in read.broken)
        lost = [*read.own.broken, *(len(read.owners) + place for place in more.broken)]
        faults[_UNREADABLE].update(rows[place] for place in owners[lost])
        owners = owners[np.concatenate([read.own.kept, more.kept])]
        order = np.argsort(owners, kind="stable")
        owners = owners[order]
        ends = pa.array(np.searchsorted(owners, [*places, len(rows)]), pa.int32())

        def texts(found: pa.Array, of: Places) -> pa.Array:
            try:
                return found.cast(pa.string())
            except pa.ArrowInvalid:  # one is no UTF-8
                parts = found.to_pylist()
                mended = [text_of(one) for one in parts]
                faults[_NO_TEXT].update(
                    rows[of[place]] for place, text in enumerate(mended) if text.encode() != parts[place]
                )
                return pa.array(mended, pa.string())

        names, said = (
            texts(pa.concat_arrays(both).take(pa.array(order)), owners)
            for both in ((read.own.names, more.names), (read.own.said, more.said))
        )
        batch = pa.record_batch(
            {
                "line": self._lines[part],
                **dict(zip(("trace_id", "span_id", "parent_id"), read.ids, strict=True)),
                "name": texts(pa.array(read.titles, pa.binary()), np.asarray(places)),
                "began": pa.array(read.began, pa.uint64()).cast(pa.string()),
                "ended": pa.array([end or None for end in read.ended], pa.uint64()).cast(pa.string()),
                "duration_ms": pa.nulls(len(rows), pa.float64()),
                "status": pa.array(read.statuses, pa.string()),
                "names": pa.ListArray.from_arrays(ends, names),
                "said": pa.ListArray.from_arrays(ends, said),
            },
            schema=SPAN,
        )
        left = np.ones(len(rows), np.bool_)
        left[read.broken] = False
        return batch if left.all() else batch.filter(pa.array(left))
