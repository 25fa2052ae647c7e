"""Traces that somebody took out of Langfuse by hand or by its API: camelCase JSON in, spans and scores out.

Read are the download of one trace (with its trace object, or without one as newer servers write it), a trace of the
public API with everything inside, and answers of the API that list observations, traces or scores under ``data``.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from blameline.records import Manifest, Problem, Scan
from blameline.sources.langfuse import labelled
from blameline.sources.langfuse_fields import entries, score, snake, span, trace
from blameline.sources.lines import records
from blameline.sources.rows import Rows, cut

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from blameline.sources.heads import File, Head

_PLACES = ("", "data.", "observations.", "scores.", "trace.")
_KINDS = (
    (
        {"id", "traceId", "startTime", "type"},
        {"usageDetails", "costDetails", "modelParameters", "statusMessage", "level"},
    ),
    ({"id", "name", "source", "dataType", "timestamp"}, {"traceId", "observationId", "sessionId", "subject"}),
    ({"id", "timestamp", "tags", "public"}, {"htmlPath", "sessionId", "userId"}),
)
"""What an observation, a score and a trace always have, and what each has at least one of."""
_OF_THE_TRACE = ("user_id", "session_id", "tags", "release", "environment", "bookmarked", "public")


class LangfuseTrace:
    """Reads single traces and API answers."""

    name = "langfuse_trace"

    def sniff(self, path: Path, head: Head) -> bool:  # noqa: ARG002  the protocol hands it in
        """True when a record, or what it holds, has the fields of an observation, a score or a trace."""
        names = [{path.removeprefix(place) for path in head.paths if path.startswith(place)} for place in _PLACES]
        return any(always <= there and some & there for there in names for always, some in _KINDS)

    def read(self, file: File, manifest: Manifest, *, lenient: bool) -> Iterator[Scan | Problem]:  # noqa: ARG002  the protocol hands it in
        """Spans and scores; a record that is neither is a ``Problem`` with its line."""
        rows = Rows(file)
        labels: dict[str, int] = {}
        for part in records(file, "data"):
            if isinstance(part, Problem):
                yield part
                continue
            for message in _taken(rows, snake(part.record), part.line, labels):
                yield Problem(source=file.source, line=part.line, message=message)
            yield from rows.taken()
        yield from rows.taken(rest=True)
        yield from labelled(file, labels)


def _taken(rows: Rows, record: dict[str, Any], line: int | None, labels: dict[str, int]) -> Iterator[str]:
    """Hand in one record; what is wrong with it is answered."""
    inside, problems = _objects(record.get("observations"))
    if inside or "trace" in record:
        whole = snake(record["trace"]) if isinstance(record.get("trace"), dict) else {}
        legacy = bool(whole) or "html_path" in record
        yield from (f"an observation is no object: {said}" for said in problems)
        _bundle(rows, whole or (record if legacy else {}), [snake(one) for one in inside], line, legacy=legacy)
        for name in ("scores", "corrections"):
            yield from _scores(rows, record.get(name) or whole.get(name), line, labels)
    elif "data_type" in record:
        yield from _scores(rows, [record], line, labels)
    elif "start_time" in record:
        span(rows, _unfolded(record), line, empty_is_said=False)
    elif "timestamp" in record:
        trace(rows, _unfolded(record), line)
        yield from _scores(rows, record.get("scores"), line, labels)
    else:
        yield "not a trace, an observation or a score of Langfuse"


def _objects(found: object) -> tuple[list[dict[str, Any]], list[str]]:
    """The objects of a list, and the starts of what is none; a list of ids, as lists of traces have it, is no fault."""
    listed = found if isinstance(found, list) else []
    inside = [one for one in listed if isinstance(one, dict)]
    return inside, [cut(str(one), 40) for one in listed if not isinstance(one, (dict, str))]


def _bundle(
    rows: Rows, whole: Mapping[str, Any], inside: list[dict[str, Any]], line: int | None, *, legacy: bool
) -> None:
    """Hand in the observations of one trace, each with what is said of the trace; its own row only where no root is."""
    common = {key: whole[key] for key in _OF_THE_TRACE if whole.get(key) is not None}
    common |= {f"trace_{key}": whole[key] for key in ("name", "version") if whole.get(key) is not None}
    attached = [(key, value) for key, value in entries(whole.get("metadata")) if key not in {"attributes", "scope"}]
    content = {key: _unquoted(whole[key]) for key in ("input", "output") if whole.get(key) is not None}
    rooted = False
    for one in inside:
        said = {key: value for key, value in one.items() if value is not None}
        ready = _unfolded({"trace_id": whole.get("id"), **common, **said})
        if attached:
            ready["metadata"] = dict([*attached, *entries(one.get("metadata"))])
        if not one.get("parent_observation_id"):
            rooted = True
            differing = {f"trace_{key}": value for key, value in content.items() if value != ready.get(key, value)}
            ready = {**content, **ready, **differing}
        span(rows, ready, line, empty_is_said=legacy)
    if not rooted and whole:
        trace(rows, _unfolded(whole), line)


def _scores(rows: Rows, found: object, line: int | None, labels: dict[str, int]) -> Iterator[str]:
    inside, problems = _objects(found)
    for one in inside:
        ready = snake(one)
        subject = ready.pop("subject", None)
        if isinstance(subject, dict):
            kind = {"trace": "trace_id", "observation": "observation_id", "session": "session_id"}.get(
                str(subject.get("kind")), "experiment_id"
            )
            ready |= {kind: subject.get("id"), **({"trace_id": subject["traceId"]} if subject.get("traceId") else {})}
        labelled_as = score(rows, ready, line)
        if labelled_as:
            labels[labelled_as] = labels.get(labelled_as, 0) + 1
    yield from (f"a score is no object: {said}" for said in problems)


def _unfolded(record: Mapping[str, Any]) -> dict[str, Any]:
    """The record with the text of its input and output, where each is JSON of a text."""
    return {key: _unquoted(value) if key in {"input", "output"} else value for key, value in record.items()}


def _unquoted(value: object) -> object:
    if isinstance(value, str) and value[:1] == '"' == value[-1:]:
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value
