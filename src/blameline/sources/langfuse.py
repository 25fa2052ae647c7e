"""Langfuse's blob export: files of observations, traces and scores in; spans, scores and its own row counts out.

A table is told by its columns, whatever form it is in (JSON lines, a JSON list, CSV, Parquet). The manifest that a run
writes last says how many rows each file has.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

from blameline.records import Expectation, Manifest, Problem, Scan
from blameline.sources.aliases import older
from blameline.sources.langfuse_fields import (
    CACHE_READ,
    CACHE_WRITE,
    FAULT,
    OPERATIONS,
    PARAMETERS,
    REASONING,
    REQUESTED,
    SERVED,
    TELLING,
    score,
    span,
    trace,
)
from blameline.sources.lines import records
from blameline.sources.parquet import column_names
from blameline.sources.rows import Rows, cut
from blameline.sources.unpacked import damage

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from blameline.sources.heads import File, Head

Table = Literal["manifest", "observations", "scores", "traces"]
_TABLES: Mapping[Table, frozenset[str]] = {
    "manifest": frozenset({"projectId", "exportSource", "window", "tables", "files"}),
    "observations": frozenset({"id", "trace_id", "project_id", "parent_observation_id", "type", "start_time"}),
    "scores": frozenset({"id", "timestamp", "project_id", "observation_id", "name", "data_type", "source"}),
    "traces": frozenset({"id", "timestamp", "project_id", "bookmarked", "public", "session_id", "release"}),
}
"""Columns that every file of a table has, whatever field groups were chosen."""
_ENRICHED = frozenset(
    {"trace_name", "user_id", "session_id", "tags", "release", "bookmarked", "public", "is_root_observation",
     "usage_pricing_tier_id"}
)  # fmt: skip
"""Columns that only ``observations_v2`` has: it writes "" where nothing was set, and so hides an empty answer."""


COLUMNS = _TABLES["observations"] | _ENRICHED | frozenset(
    {"end_time", "name", "level", "status_message", "version", "environment", "completion_start_time", "created_at",
     "updated_at", "input", "output", "metadata", "provided_model_name", "model_id", "model_parameters", "usage_details",
     "cost_details", "total_cost", "usage_pricing_tier_name", "prompt_id", "prompt_name", "prompt_version", "latency",
     "time_to_first_token", "tool_definitions", "tool_calls", "tool_call_names", "input_price", "output_price",
     "total_price"}
)  # fmt: skip
"""Columns of ``observations_v2`` that the statement knows."""


class LangfuseExport:
    """Reads the files that Langfuse's blob storage integration writes."""

    name = "langfuse"

    def sniff(self, path: Path, head: Head) -> bool:
        """True for a file whose columns are those of one of the tables, or of a manifest."""
        return _table(_columns(path, head)) is not None

    def read(self, file: File, manifest: Manifest, *, lenient: bool) -> Iterator[Scan | Expectation | Problem]:  # noqa: ARG002  the protocol hands it in
        """Scans of spans or scores, or the row counts of a manifest; a bad record is a ``Problem`` with its line."""
        columns = _columns(file.path, file.head)
        match _table(columns):
            case "manifest":
                yield from _expected(file)
            case "scores":
                yield from _scores(file)
            case "observations" if not lenient and _is_usual(file, columns):
                yield _whole(file)
            case table:
                yield from _spans(file, table == "traces", columns)


def _columns(path: Path, head: Head) -> frozenset[str]:
    """The names in the first record, also of one that is cut short."""
    columns = column_names(path, head)
    if columns is not None:
        return columns
    return frozenset(name for name in head.paths if "." not in name)


def _table(columns: frozenset[str]) -> Table | None:
    return next((table for table, wanted in _TABLES.items() if wanted <= columns), None)


def _is_usual(file: File, columns: frozenset[str]) -> bool:
    """True for JSON lines that DuckDB can read by itself: the present table, with no column that is not known."""
    if file.head.shape != "jsonl" or file.head.compression == "frames" or not columns & _ENRICHED:
        return False
    if (columns | frozenset(file.head.columns)) - COLUMNS:
        return False
    return file.head.compression != "zstd" or not damage(file.path, "zstd")


def _whole(file: File) -> Scan:
    """All rows by one statement. A single bad row makes it fail: the file is then read leniently, row by row."""
    fixed = {
        "cache_read": list(CACHE_READ),
        "cache_write": list(CACHE_WRITE),
        "reasoning": list(REASONING),
        "served": list(SERVED),
        "asked": list(REQUESTED),
        "telling": "|".join(f"(?:^| ){key}(?:$| )" for key in TELLING),
        "fault": FAULT.pattern,
        "wordy": [
            "input.value",
            "output.value",
            "gen_ai.tool.definitions",
            "langfuse.status_message",
            "langfuse.tool_calls",
        ],
        "parameters": {"key": list(PARAMETERS), "value": list(PARAMETERS.values())},
        "operations": {"key": list(OPERATIONS), "value": list(OPERATIONS.values())},
    }
    return Scan(
        name="sources/langfuse_observations",
        parameters={
            "path": str(file.path),
            "compression": file.head.compression,
            "object_size": 1 << 24,
            **older("otlp"),
            **fixed,
        },
    )


def _spans(file: File, are_traces: bool, columns: frozenset[str]) -> Iterator[Scan | Problem]:
    rows = Rows(file)
    empty_is_said = "level" in columns and not columns & _ENRICHED
    for part in records(file):
        if isinstance(part, Problem):
            yield part
            continue
        record = {key: _plain(value) for key, value in part.record.items()}
        if file.head.shape == "csv" and "output" in columns:
            record.setdefault("output", "")
        if are_traces:
            trace(rows, record, part.line)
        else:
            span(rows, record, part.line, empty_is_said=empty_is_said)
        yield from rows.taken()
    yield from rows.taken(rest=True)


def _plain(value: Any) -> Any:  # noqa: ANN401  whatever a column holds
    """A Parquet map, which comes as pairs, as an object, and its decimals as numbers."""
    if isinstance(value, list) and value and all(isinstance(pair, tuple) for pair in value):
        return {key: float(said) if isinstance(said, Decimal) else said for key, said in value}
    return value


def _scores(file: File) -> Iterator[Scan | Problem]:
    rows = Rows(file)
    labels: dict[str, int] = {}
    for part in records(file):
        if isinstance(part, Problem):
            yield part
            continue
        kind = score(rows, part.record, part.line)
        if kind:
            labels[kind] = labels.get(kind, 0) + 1
        yield from rows.taken()
    yield from rows.taken(rest=True)
    yield from labelled(file, labels)


def labelled(file: File, labels: Mapping[str, int]) -> Iterator[Problem]:
    """One sentence about the scores of a file that are labels and no numbers."""
    if labels:
        counts = ", ".join(f"{number} {kind}" for kind, number in sorted(labels.items()))
        said = f"scores that are labels and stand for no number are not measured: {counts}"
        yield Problem(source=file.source, message=said)


def _expected(file: File) -> Iterator[Expectation | Problem]:
    for part in records(file):
        if isinstance(part, Problem):
            yield part
            continue
        files: Any = part.record.get("files")
        for one in files if isinstance(files, list) else []:
            key = one.get("key") if isinstance(one, dict) else None
            count = one.get("rowCount") if isinstance(one, dict) else None
            if not isinstance(key, str) or not key:
                yield Problem(source=file.source, message="a file in the export's manifest has no key")
            elif isinstance(count, int) and not isinstance(count, bool) and count >= 0:
                yield Expectation(key=key, rows=count, source=file.source)
            elif count is not None:
                said = f"the row count of {key} is not a number: {cut(str(count), 40)}"
                yield Problem(source=file.source, message=said)
