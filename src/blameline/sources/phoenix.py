"""Phoenix's spans: REST pages, ``get_spans``, dataframes and trace datasets in; spans and the scores they carry out.

Every export becomes one form: flat OpenInference names. Dicts and lists of objects are laid flat
(``retrieval.documents.0.document.id``), and canonical names are added that no alias can give.
A result carried by an EVALUATOR span belongs to the span that its one link points at, and never to its parent.
"""

from __future__ import annotations

import ast
import json
import math
import re
from typing import TYPE_CHECKING, Any

from blameline.records import Problem
from blameline.sources.aliases import EVALUATOR
from blameline.sources.lines import records
from blameline.sources.parquet import column_names
from blameline.sources.rows import Rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from blameline.records import Manifest, Scan
    from blameline.sources.heads import File, Head

Json = dict[str, Any]
_OWN = frozenset({"context.trace_id", "context.span_id", "start_time", "span_kind"})
_CONSOLE = frozenset({"kind", "resource", "status"})  # the console exporter's spans have a context too
_USED = frozenset(
    {"context", "context.trace_id", "context.span_id", "name", "parent_id", "start_time", "end_time", "status_code",
     "attributes", "events", "links", "__index_level_0__"}
)  # fmt: skip
_NESTED = frozenset(
    {"llm.input_messages", "llm.output_messages", "llm.prompts", "llm.choices", "llm.tools", "retrieval.documents",
     "reranker.input_documents", "reranker.output_documents", "embedding.embeddings", "tag.tags", "tool.parameters",
     "llm.prompt_template.variables"}
)  # fmt: skip
_RESULT = re.compile(r"^(trace\.|session\.)?((?:annotations|evaluations)\.\d+)\.(?:annotation|evaluation)\.(.+)$")
_COLUMN = re.compile(r"^eval\.(.+)\.(label|score|explanation)$")
_DOCUMENT = re.compile(r"^(?:retrieval\.documents|reranker\.output_documents)\.(\d{1,6})\.document\.(id|score)$")
_DEEPEST, _LONGEST = 40, 1 << 20
AT_ONCE = 4_000
"""Spans in one batch: they carry whole conversations, so few fill the memory."""


class PhoenixSpans:
    """Reads the spans that Phoenix exports, whatever the way."""

    name = "phoenix"

    def sniff(self, path: Path, head: Head) -> bool:
        """True when spans have a context and a span kind, and neither resource nor kind as the console's have."""
        found = names(path, head)
        return found >= _OWN and not found & _CONSOLE

    def read(self, file: File, manifest: Manifest, *, lenient: bool) -> Iterator[Scan | Problem]:  # noqa: ARG002
        """Spans and scores, a batch at a time."""
        spans = Spans(Rows(file, batch=AT_ONCE), texts=file.head.shape == "csv")
        for part in records(file, "data"):
            if isinstance(part, Problem):
                yield part
                continue
            yield from spans.add(part.record, part.line)
            yield from spans.rows.taken()
        yield from spans.rest()


class Spans:
    """Turns Phoenix's spans into rows; ``texts`` says that nested values come as text, as in CSV."""

    def __init__(self, rows: Rows, *, texts: bool = False) -> None:
        self.rows = rows
        self._texts = texts
        self._targetless = 0

    def add(self, record: Json, line: int | None) -> Iterator[Problem]:
        """Add one span and the scores that it carries; what cannot be used of it is told."""
        faults: list[str] = []
        said = self._said(record, faults)
        context = record.get("context")
        context = context if isinstance(context, dict) else {}
        trace_id = scalar(record.get("context.trace_id", context.get("trace_id")))
        span_id = scalar(record.get("context.span_id", context.get("span_id")))
        kind = str(said.get("openinference.span.kind") or scalar(record.get("span_kind")) or "UNKNOWN").upper()
        status, ended = scalar(record.get("status_code")), scalar(record.get("end_time"))
        error = str(status).upper() == "ERROR"
        attributes = {**said, "openinference.span.kind": kind, **known(said, error=error)}
        if kind == "LLM":
            attributes = {**answered(said.get("output.value")), **attributes}
        self.rows.span(
            trace_id=trace_id,
            span_id=span_id,
            parent_id=scalar(record.get("parent_id")),
            name=scalar(record.get("name")),
            start=scalar(record.get("start_time")),
            end=ended,
            status=status,
            attributes=attributes,
            line=line,
        )
        target: tuple[object, object] | None = (trace_id, span_id)
        if kind == "EVALUATOR":
            target = _linked(said)
        self._scores(said, target, (span_id, ended), line)
        for fault in faults:
            yield Problem(source=self.rows.file.source, line=line, message=fault)

    def rest(self) -> Iterator[Scan | Problem]:
        """What is left of the last batch, and what was found about the whole file."""
        yield from self.rows.taken(rest=True)
        if self._targetless:
            yield Problem(
                source=self.rows.file.source,
                message=f"{self._targetless} results on evaluator spans do not say what they judge: Phoenix exports no "
                "links; export its annotations too",
            )

    def _said(self, record: Json, faults: list[str]) -> Json:
        """All that the record says beside ids and times, under flat names."""
        said: Json = {}
        inner = record.get("attributes")
        if isinstance(inner, dict):
            flatten(inner, "", said, faults)
        elif inner is not None:
            faults.append("the span's attributes are no object: left out")
        for key, given in record.items():
            value = given
            name = key.removeprefix("attributes.")
            nested = key in {"events", "links"} or (name != key and ("." not in name or name in _NESTED))
            if self._texts and nested and isinstance(value, str):
                value = structure(value)
                if isinstance(value, str) and name in {"annotations", "evaluations"}:
                    faults.append(f"the {name} of the span cannot be read: export them as JSON or Parquet")
            if key not in _USED or (key in {"events", "links"} and value):
                flatten(value, name, said, faults)
        return said

    def _scores(
        self, said: Json, target: tuple[object, object] | None, own: tuple[object, object], line: int | None
    ) -> None:
        results: dict[str, Json] = {}
        for key, value in said.items():
            if found := _RESULT.match(key):
                scope, place, field = found.groups()
                results.setdefault(f"{scope or ''}{place}", {})[field] = value
            elif found := _COLUMN.match(key):
                results.setdefault(f"eval.{found[1]}", {"name": found[1]})[found[2]] = value
        for place, result in results.items():
            if result.get("score") is None and result.get("label") is None:
                continue  # a remark is no measurement; it stays an attribute of the span
            about, at, more = target, None, {**result}
            if place.startswith("session."):
                about, more = (None, None), {**result, "session.id": said.get("session.id")}
            elif about is None:
                self._targetless += 1
                about, at, more = (None, None), own[1], {**result, "evaluator.span_id": own[0]}
            elif place.startswith("trace."):
                about = (about[0], None)
            self.rows.score(
                name=result.get("name"),
                value=result.get("score"),
                label=result.get("label"),
                trace_id=about[0],
                span_id=about[1],
                evaluator=judge(result),
                at=at,
                attributes={key: value for key, value in more.items() if key not in {"name", "score", "label"}},
                line=line,
            )
        for number in range(len([key for key in said if key.startswith("events.") and key.endswith(".name")])):
            self._event(said, f"events.{number}.", target or (None, None), line)

    def _event(self, said: Json, prefix: str, target: tuple[object, object], line: int | None) -> None:
        if said.get(f"{prefix}name") != "gen_ai.evaluation.result":
            return
        inner = {
            key.removeprefix(f"{prefix}attributes."): value for key, value in said.items() if key.startswith(prefix)
        }
        self.rows.score(
            name=inner.get("gen_ai.evaluation.name"),
            value=inner.get("gen_ai.evaluation.score.value"),
            label=inner.get("gen_ai.evaluation.score.label"),
            trace_id=target[0],
            span_id=target[1],
            response_id=inner.get("gen_ai.response.id"),
            evaluator=next((inner[key] for key in EVALUATOR if key in inner), None),
            at=said.get(f"{prefix}timestamp"),
            attributes={"gen_ai.evaluation.explanation": inner.get("gen_ai.evaluation.explanation")},
            line=line,
        )


def names(path: Path, head: Head) -> frozenset[str]:
    """The names of a file's columns or keys; those of a page's records as if they stood alone."""
    columns = column_names(path, head)
    if columns is not None:
        return columns
    return frozenset(path.removeprefix("data.") for path in head.paths)


def flatten(value: object, prefix: str, into: Json, faults: list[str]) -> None:
    """Lay a value flat: objects by key, lists by place, but lists of plain values as they are; no value, no entry."""
    waiting = [(prefix, value, 0)]
    while waiting:
        name, part, depth = waiting.pop()
        if depth > _DEEPEST:
            faults.append(f"'{prefix or name[:40]}' is nested deeper than {_DEEPEST} levels: left out below that")
            return
        if isinstance(part, dict):
            waiting.extend(
                (f"{name}.{key}" if name else str(key), inner, depth + 1) for key, inner in reversed(part.items())
            )
        elif isinstance(part, list) and any(isinstance(inner, (dict, list)) for inner in part):
            waiting.extend((f"{name}.{place}", inner, depth + 1) for place, inner in reversed([*enumerate(part)]))
        elif part is not None and not (isinstance(part, float) and math.isnan(part)):
            into[name] = _whole(part) if "token_count" in name else part


def scalar(value: object) -> object:
    """A plain value; nothing where a list or an object stands in its place."""
    return value if isinstance(value, (str, int, float)) else None


def _whole(value: object) -> object:
    """A count as a whole number: a column of a dataframe with gaps holds fractions."""
    said = str(value)
    return said[:-2] if said.endswith(".0") else value


def structure(said: str) -> Any:  # noqa: ANN401  whatever is written there
    """What a text spells, as JSON or as Python prints it; the text itself where it spells nothing."""
    if said[:1] not in {"{", "["} or len(said) > _LONGEST:
        return said
    try:
        return json.loads(said)
    except (ValueError, RecursionError):
        pass
    try:
        return ast.literal_eval(said)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return said


def known(said: Mapping[str, Any], *, error: bool) -> Json:
    """What else the flat names say, in canonical names: models, cost, documents, the kind of error."""
    found: Json = {}
    asked = structure(str(said.get("llm.invocation_parameters", "")))
    if isinstance(asked, dict) and isinstance(asked.get("model"), str) and "llm.request.model_name" not in said:
        found["gen_ai.request.model"] = asked["model"]
    documents: dict[int, Json] = {}
    for key, value in said.items():
        if place := _DOCUMENT.match(key):
            documents.setdefault(int(place[1]), {})[place[2]] = value
    if documents:
        found["gen_ai.retrieval.documents"] = [documents[place] for place in sorted(documents)]
    if "llm.finish_reason" in said:
        found["gen_ai.response.finish_reasons"] = [said["llm.finish_reason"]]
    found["gen_ai.usage.cost"] = said.get("llm.cost.total")
    if error:
        kinds = (value for key, value in said.items() if key.endswith(".attributes.exception.type"))
        found["error.type"] = said.get("error.type") or next(kinds, "_OTHER")  # OpenTelemetry's word for any other
    return {key: value for key, value in found.items() if key not in said}


def answered(output: object) -> Json:
    """What a provider's whole answer says of itself, where that is what was kept as the output."""
    if not isinstance(output, str) or '"choices"' not in output or not isinstance(whole := structure(output), dict):
        return {}
    choices = whole.get("choices")
    reasons = (
        [choice.get("finish_reason") for choice in choices if isinstance(choice, dict)]
        if isinstance(choices, list)
        else []
    )
    found = {
        "gen_ai.response.id": whole.get("id"),
        "gen_ai.response.model": whole.get("model"),
        "openai.response.system_fingerprint": whole.get("system_fingerprint"),
        "gen_ai.response.finish_reasons": [reason for reason in reasons if isinstance(reason, str)] or None,
    }
    return {key: value for key, value in found.items() if isinstance(value, (str, list))}


def judge(result: Mapping[str, Any]) -> str | None:
    """Who judged: the identifier that the producer gave, else the kind of judge; never a person."""
    identifier = result.get("identifier")
    named = identifier if isinstance(identifier, str) and not identifier.startswith("px-") else ""
    kind = result.get("annotator_kind")
    return named or (kind if isinstance(kind, str) else None)


def _linked(said: Mapping[str, Any]) -> tuple[object, object] | None:
    """The span that the one link points at; nothing when there is none, or more than one."""
    ends: dict[str, dict[str, object]] = {}
    for key, value in said.items():
        if found := re.match(r"^links\.(\d+)\.(?:context\.)?(trace|span)_?[iI]d$", key):
            ends.setdefault(found[1], {})[found[2]] = value
    if len(ends) != 1:
        return None
    (end,) = ends.values()
    return (end.get("trace"), end.get("span")) if "span" in end else None
