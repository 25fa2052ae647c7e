"""Phoenix's annotations: REST dataframes and saved evaluations in; scores of spans, traces and sessions out.

A score is joined by the id that it names. Annotations of single documents become one score a span: their mean.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from blameline.records import Problem
from blameline.sources.lines import records
from blameline.sources.phoenix import flatten, judge, names, scalar, structure
from blameline.sources.rows import Rows

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from blameline.records import Manifest, Scan
    from blameline.sources.heads import File, Head

Json = dict[str, Any]
_TARGETS = ("span_id", "trace_id", "session_id", "context.span_id", "context.trace_id")
_PAGE = frozenset({"name", "annotator_kind", "result.score"}), frozenset({"name", "annotator_kind", "result.label"})
_FRAME = frozenset({"annotation_name", "annotator_kind"})
_USED = frozenset({"name", "annotation_name", "result", "result.label", "result.score", "label", "score"})
_PERSONAL = frozenset({"user_id"})
Group = tuple[str, str, str | None]


class PhoenixAnnotations:
    """Reads feedback that was exported apart from the spans."""

    name = "phoenix_annotations"

    def sniff(self, path: Path, head: Head) -> bool:
        """True for annotations with a kind of annotator, and for evaluations saved beside a trace dataset."""
        found = names(path, head)
        if not found & set(_TARGETS):
            return False
        return any(found >= page for page in _PAGE) or found >= _FRAME or bool(_saved_name(path, head))

    def read(self, file: File, manifest: Manifest, *, lenient: bool) -> Iterator[Scan | Problem]:  # noqa: ARG002
        """Scores, a batch at a time."""
        annotations = Annotations(Rows(file), name=_saved_name(file.path, file.head))
        for part in records(file, "data"):
            if isinstance(part, Problem):
                yield part
                continue
            yield from annotations.add(part.record, part.line)
            yield from annotations.rows.taken()
        yield from annotations.rest()


class Annotations:
    """Turns annotations into rows; ``name`` is theirs when each does not say its own."""

    def __init__(self, rows: Rows, *, name: str | None = None) -> None:
        self.rows = rows
        self._name = name
        self._remarks = 0
        self._documents: dict[Group, list[float]] = {}

    def add(self, record: Json, line: int | None) -> Iterator[Problem]:
        """Add one annotation."""
        result = record.get("result")
        result = result if isinstance(result, dict) else {}
        said = {
            key: _first(result.get(key), record.get(f"result.{key}"), record.get(key)) for key in ("label", "score")
        }
        if said["score"] is None and said["label"] is None:
            self._remarks += 1
            return
        name = _first(record.get("name"), record.get("annotation_name"), self._name)
        span_id = _first(record.get("span_id"), record.get("context.span_id"))
        if record.get("document_position") is not None:
            yield from self._document(str(name or ""), span_id, said, record, line)
            return
        more: Json = {}
        faults: list[str] = []
        rest = {"explanation": result.get("explanation"), **record}
        for key, value in rest.items():
            if key not in _USED and key not in _PERSONAL and key not in _TARGETS:
                flatten(structure(value) if isinstance(value, str) and key == "metadata" else value, key, more, faults)
        session = scalar(record.get("session_id"))
        self.rows.score(
            name=name,
            value=said["score"],
            label=said["label"],
            trace_id=None if span_id else _first(record.get("trace_id"), record.get("context.trace_id")),
            span_id=span_id,
            evaluator=judge(record),
            at=_first(record.get("updated_at"), record.get("created_at")),
            attributes={**more, "identifier": None, "session.id": session},
            line=line,
        )
        for fault in faults:
            yield Problem(source=self.rows.file.source, line=line, message=fault)

    def rest(self) -> Iterator[Scan | Problem]:
        """The scores of documents, what is left of the last batch, and what was left out."""
        for (name, span_id, evaluator), values in self._documents.items():
            self.rows.score(
                name=name,
                value=round(values[0] / values[1], 12),
                span_id=span_id,
                evaluator=evaluator,
                attributes={"documents": int(values[1])},
            )
            yield from self.rows.taken()
        self._documents.clear()
        yield from self.rows.taken(rest=True)
        if self._remarks:
            said = f"{self._remarks} annotations have neither a score nor a label (notes): not used"
            yield Problem(source=self.rows.file.source, message=said)

    def _document(self, name: str, span_id: object, said: Json, record: Json, line: int | None) -> Iterator[Problem]:
        try:
            value = float(said["score"])
        except (TypeError, ValueError):
            value = float("nan")
        if not (abs(value) < float("inf") and name and span_id):
            message = "the annotation of a document has no name, no span or no finite score"
            yield Problem(source=self.rows.file.source, line=line, message=message)
            return
        sums = self._documents.setdefault((name, str(span_id), judge(record)), [0.0, 0.0])
        sums[0] += value
        sums[1] += 1


def _first(*given: object) -> object:
    """The first that says something."""
    plain = (scalar(value) for value in given)
    return next((value for value in plain if value is not None and value == value), None)  # noqa: PLR0124  NaN


def _saved_name(path: Path, head: Head) -> str | None:
    """The name of the evaluation that a saved Parquet file holds."""
    if head.shape != "parquet" or head.compression != "none":
        return None
    try:
        said = (pq.read_schema(path).metadata or {}).get(b"arize", b"")
        about = json.loads(said) if said else None
    except (pa.ArrowException, OSError, ValueError, RecursionError):
        return None
    name = about.get("eval_name") if isinstance(about, dict) else None
    return name if isinstance(name, str) and name else None
