"""Plain tables, one row a request, a span or a score: JSON lines, a JSON list, CSV or Parquet in, scans out.

``columns`` of ``incident.yaml`` says what is what; without it the usual names are recognised. Every other column
stays an attribute under its own name. A table of scores (trace, name, value) brings scores alone.

A judge that a row names gave every score of the row, but those whose name says that a person or a rule gave them.
"""

from __future__ import annotations

import hashlib
import json
import re
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from blameline.records import Manifest, Problem, Scan
from blameline.sources.aliases import EVALUATOR, older
from blameline.sources.line_by_line import copied
from blameline.sources.lines import csv_rows

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from blameline.sources.heads import File, Head
    from blameline.sources.unpacked import Compression

USUAL: Mapping[str, tuple[str, ...]] = {
    "at": ("at", "timestamp", "time", "start_time", "started_at", "created_at", "startTime", "start", "ts", "date",
           "datetime", "event_time", "request_time", "request_created_at", "createdAt", "start_at",
           "logged_at", "@timestamp"),
    "trace_id": ("trace_id", "traceId", "context.trace_id", "request_id", "requestId", "id", "call_id",
                 "conversation_id"),
    "span_id": ("span_id", "spanId", "context.span_id", "observation_id"),
    "parent_id": ("parent_id", "parentId", "parent_span_id", "parentSpanId", "parent_observation_id", "parent_run_id"),
    "name": ("name", "span_name", "operation", "endpoint"),
    "end": ("end", "end_time", "ended_at", "endTime", "end_at", "finished_at"),
    "duration_ms": ("duration_ms", "latency_ms", "elapsed_ms", "response_time_ms"),
    "status": ("status", "status_code", "statusCode"),
}  # fmt: skip
SCORE_ROW: Mapping[str, tuple[str, ...]] = {
    "name": ("name", "signal", "metric", "score_name", "key"),
    "value": ("value", "score_value", "score"),
    "label": ("label", "string_value"),
    "response_id": ("response_id", "gen_ai.response.id"),
}
JUDGES = (*EVALUATOR, "judge", "judge_version", "evaluator", "evaluator_version", "judge_model", "rater")
_LOOKS_LIKE_A_SCORE = re.compile(
    r"^(scores?|eval|evaluation|feedback)[._].+|^(.+_)?(score|correct|correctness|pass|passed|valid|rating|thumbs|grounded|"
    r"groundedness|faithful|faithfulness|relevance|relevancy|helpful|helpfulness|accuracy|refusal|hallucination|toxicity|"
    r"resolved|accepted|satisfaction|csat)$"
)
_NO_JUDGE = re.compile(
    r"thumb|csat|satisf|feedback|click|rating|stars|nps|vote|format|valid|schema|json|latency|escalat", re.IGNORECASE
)
"""Scores that a person gave, or a rule: not the judge whose version stands in the same row."""
_WORDS = frozenset(
    {"true", "false", "pass", "fail", "passed", "failed", "yes", "no", "correct", "incorrect", "up", "down"}
)
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:|\d{8}T\d{6}|([A-Z][a-z]{2}, )?\d{1,2} [A-Z][a-z]{2} \d{4} \d")
_FROM, _TO = 946684800, 4102444800
_MAJORITY, _DOUBT = 0.8, 0.2
"""The share of numbers among the first values from which on a column is a score, and from which on it may be one."""
_PREFIX = re.compile(r"^scores?[._]|^eval[._]")
_FORMS = {"jsonl": "JSON object", "json": "JSON object", "csv": "CSV row", "parquet": "Parquet row"}
_OBJECT_SIZE = 1 << 26


class Table:
    """Reads home-grown logs, one row a request."""

    name = "table"

    def sniff(self, path: Path, head: Head) -> bool:
        """True for rows that have a time, or that score something."""
        if head.shape not in _FORMS or (head.shape == "json" and not head.text.lstrip().startswith("[")):
            return False
        columns = _columns(path, head)
        return (
            _is_score_rows(columns)
            or "at" in _roles(columns, Manifest())
            or any(_time_like(head, name) for name in columns)
        )

    def read(self, file: File, manifest: Manifest, *, lenient: bool) -> Iterator[Scan | Problem]:
        """Scans that stage the rows, and then insert spans and scores."""
        columns = _columns(file.path, file.head)
        problems: list[Problem] = []
        if lenient and file.head.shape == "csv":
            with _rewritten(file, problems) as path:
                yield Scan(name="sources/table_lines", parameters=_lines(path, lenient=False), rows_into="staging")
        elif file.head.compression == "frames" or (lenient and file.head.compression != "none"):
            with copied(file, problems) as path:
                yield _staging(file, path, "none", lenient=lenient)
        else:
            yield _staging(file, file.path, file.head.compression, lenient=lenient)
        yield from problems
        yield Scan(name="sources/table_nested", rows_into="staging")
        judge = [*manifest.fields.get("judge", ()), *JUDGES]
        shared = {"source": file.source, "form": _FORMS[file.head.shape]}
        if _is_score_rows(columns) and manifest.columns.get("at") not in columns:  # which names a table of requests
            roles = {**_roles(columns, manifest), **_named(columns, SCORE_ROW)}
            named = {key: roles.get(key) for key in ("trace_id", "span_id", "response_id", "name", "value", "label")}
            at, own = roles.get("at"), [name for name in (*named.values(), roles.get("at")) if name]
            yield Scan(
                name="sources/table_score_rows",
                parameters={**named, "at": at, "judge": judge, "own": own},
                rows_into="scores",
            )
            yield Scan(name="sources/table_score_row_faults", parameters={**named, **shared}, rows_into="problems")
            return
        roles = _roles(columns, manifest)
        if "at" not in roles:
            likely = next((name for name in columns if _time_like(file.head, name)), "…")
            said = f"no column holds a time: name it under 'columns: {{at: {likely}}}' in incident.yaml"
            yield Problem(source=file.source, message=said)
            return
        scores = _scores(file, columns, roles, manifest)
        bound = {key: roles.get(key) for key in USUAL}
        ids = {
            "sha256": fingerprint(file),
            "trace_id": bound["trace_id"],
            "span_id": bound["span_id"],
            "at": bound["at"],
        }
        yield from _doubts(file, columns, {*roles.values(), *scores}, manifest)
        own = [*roles.values(), *scores, "__index_level_0__"]
        yield Scan(name="sources/table_spans", parameters={**bound, **ids, "own": own, **older("table")})
        yield Scan(
            name="sources/table_faults",
            parameters={**shared, "at": bound["at"], "needs_time": True},
            rows_into="problems",
        )
        if scores:
            text = json.dumps(scores)
            unjudged = [name for name in scores.values() if _NO_JUDGE.search(name)]
            given = {"scores": text, "judge": judge, "unjudged": unjudged}
            yield Scan(name="sources/table_scores", parameters={**ids, **given}, rows_into="scores")
            yield Scan(
                name="sources/table_score_faults",
                parameters={"source": file.source, "scores": text},
                rows_into="problems",
            )


def fingerprint(file: File) -> str:
    """What stands for the file in ids of rows that have none: its first bytes and its size, never its name."""
    return hashlib.sha256(file.head.data + str(file.head.size).encode()).hexdigest()


@contextmanager
def _rewritten(file: File, problems: list[Problem]) -> Iterator[Path]:
    """A passing copy of a CSV file whose rows can be read, as JSON, each on the line it began on; the others are ``problems``."""
    with TemporaryDirectory(prefix="blameline-") as folder:
        path = Path(folder) / "rewritten"
        with path.open("w", encoding="utf-8") as out:
            at = 1
            for part in csv_rows(file):
                if isinstance(part, Problem):
                    problems.append(part)
                elif part.line:
                    record = {name: value or None for name, value in part.record.items()}
                    out.write("\n" * (part.line - at) + json.dumps(record) + "\n")
                    at = part.line + 1
        yield path


def _lines(path: Path, compression: Compression = "none", *, lenient: bool) -> dict[str, Any]:
    """What the statements that read text take."""
    return {"path": str(path), "compression": compression, "lenient": lenient, "object_size": _OBJECT_SIZE}


def _staging(file: File, path: Path, compression: Compression, *, lenient: bool) -> Scan:
    shape = file.head.shape
    common: dict[str, Any] = {"path": str(path)} if shape == "parquet" else _lines(path, compression, lenient=lenient)
    if shape == "csv":
        common |= {"delimiter": file.head.delimiter, "columns": dict.fromkeys(file.head.header, "VARCHAR")}
    name = {"jsonl": "table_lines", "json": "table_array", "csv": "table_csv", "parquet": "table_parquet"}[shape]
    return Scan(name=f"sources/{name}", parameters=common, rows_into="staging")


def _columns(path: Path, head: Head) -> tuple[str, ...]:
    """The names of the columns, those inside nested objects as ``outer.inner``."""
    if head.shape == "parquet":
        try:
            schema = pq.read_schema(path)
        except (pa.ArrowException, OSError):
            return ()
        inner = [f"{f.name}.{part.name}" for f in schema if pa.types.is_struct(f.type) for part in f.type]
        return (*schema.names, *inner)
    if head.shape == "csv":
        return head.header
    inner = []
    for record in head.samples:
        for key, value in record.items():
            if isinstance(value, dict):
                inner += [part if key == "attributes" else f"{key}.{part}" for part in value]
    return tuple(dict.fromkeys([*head.columns, *inner]))


def _named(columns: tuple[str, ...], usual: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    found = {ours: next((name for name in names if name in columns), None) for ours, names in usual.items()}
    return {ours: name for ours, name in found.items() if name}


def _roles(columns: tuple[str, ...], manifest: Manifest) -> dict[str, str]:
    """Our name → theirs, as the manifest says it or by the usual names."""
    told = {key: value for key, value in manifest.columns.items() if key in USUAL and isinstance(value, str)}
    usual = {key: name for key, name in _named(columns, USUAL).items() if name not in told.values()}
    return {**usual, **{key: name for key, name in told.items() if name in columns}}


def _is_score_rows(columns: tuple[str, ...]) -> bool:
    found = _named(columns, SCORE_ROW)
    ids = {*_named(columns, {key: USUAL[key][:3] for key in ("trace_id", "span_id")}), *found.keys() & {"response_id"}}
    own_id = "request_id" in columns
    return bool({"name", "value"} <= found.keys() and (ids or own_id) and found["value"] != found["name"])


def _time_like(head: Head, name: str) -> bool:
    """True when the column's first values look like moments, as a date or a count since 1970: what the manifest may name."""
    values = [str(record[name]) for record in head.samples[:5] if record.get(name) not in (None, "")]
    return bool(values) and all(_MOMENT.match(value) or _is_count(value) for value in values)


def _is_count(said: str) -> bool:
    """True for seconds, milliseconds, microseconds or nanoseconds since 1970 that lie between 2000 and 2100."""
    whole = re.fullmatch(r"(\d{9,19})(\.\d+)?", said)
    return whole is not None and any(_FROM <= int(whole[1]) // unit < _TO for unit in (1, 10**3, 10**6, 10**9))


def _scores(file: File, columns: tuple[str, ...], roles: Mapping[str, str], manifest: Manifest) -> dict[str, str]:
    """Score column → signal: what ``columns.scores`` names, or else the listed signals and what looks like a score."""
    told = manifest.columns.get("scores", ())
    wanted = (told,) if isinstance(told, str) else told
    free = [name for name in columns if name not in roles.values()]
    if wanted:
        return {name: name for name in wanted if name in free}
    listed = {*manifest.signals, *manifest.controls}
    named = {name: name for name in free if name in listed}
    named |= {name: short for name in free if (short := _PREFIX.sub("", name)) in listed}
    seen = {name: _PREFIX.sub("", name) for name in free if _LOOKS_LIKE_A_SCORE.match(name) and _is_score(file, name)}
    return {**seen, **named}


def _doubts(file: File, columns: tuple[str, ...], used: Collection[str], manifest: Manifest) -> Iterator[Problem]:
    """What looks like a score by its name, and holds numbers, but too many other things to be taken for one."""
    if manifest.columns.get("scores"):
        return
    for name in (name for name in columns if name not in used and _LOOKS_LIKE_A_SCORE.match(name)):
        good, whole = _numbers(file, name)
        if good >= _DOUBT * whole > 0:
            said = (
                f"the column '{name}' is not read as a score: only {good} of its first {whole} values are numbers; "
                f"name it under 'columns: {{scores: [{name}]}}' in incident.yaml if it is one"
            )
            yield Problem(source=file.source, message=said)


def _is_score(file: File, name: str) -> bool:
    """True when a clear majority of a column's first values, four of five, are numbers or words of praise and blame.

    What else stands in it is told row by row; a few numbers among texts make no score.
    """
    if file.head.shape == "parquet":
        schema = pq.read_schema(file.path)
        outer, _, inner = name.partition(".")
        kind = schema.field(name).type if name in schema.names else schema.field(outer).type.field(inner).type
        return bool(pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_boolean(kind))
    good, whole = _numbers(file, name)
    return good >= _MAJORITY * whole > 0


def _numbers(file: File, name: str) -> tuple[int, int]:
    """How many of a column's first values are numbers or words of praise and blame, and how many are not empty."""
    outer, _, inner = name.partition(".")
    found = [record.get(name, (record.get(outer) or {}).get(inner) if isinstance(record.get(outer), dict) else None)
             for record in file.head.samples]  # fmt: skip
    values = [str(value).strip().lower() for value in found if value not in (None, "")]
    return sum(bool(_NUMBER.fullmatch(value)) or value in _WORDS for value in values), len(values)
