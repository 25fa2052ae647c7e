"""The traces of a drill as columns: one row a request, under the attribute names that the traces use.

This table is the incident; the OTLP form is written from it, so both forms describe the same requests.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from blameline.drill.catalogue import ATTRIBUTES, JUDGE_VERSION
from blameline.drill.clock import Flags, Integers, milliseconds
from blameline.drill.lines import Compression, write_lines
from blameline.drill.scores import SCORES
from blameline.drill.setting import SEGMENTS, SERVICE
from blameline.drill.streams import stream

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from blameline.drill.operations import Operations
    from blameline.drill.plan import Alteration
    from blameline.drill.world import World

PARQUET_NAME = "traces.parquet"
JSONL_NAME = "requests.jsonl"
PROMPT_NAME = "support-answer"
COLUMNS: dict[str, str | list[str]] = {
    "at": "at", "trace_id": "trace_id", "duration_ms": "latency_ms", "scores": list(SCORES),
}  # fmt: skip
"""What ``incident.yaml`` says about the plain table."""


def _chosen(values: tuple[str | float, ...], number: Integers, present: Flags | None = None) -> pa.Array:
    """One of a few values a row; null where not present."""
    absent = None if present is None else ~present
    return pa.array(values).take(pa.array(number, mask=absent))


def trace_ids(layer: str, seed: int, count: int) -> list[str]:
    """A 32-digit hexadecimal id a request."""
    text = stream(layer, seed, "trace ids").bytes(16 * count).hex()
    return [text[start : start + 32] for start in range(0, 32 * count, 32)]


def _stamps(world: World, carried: tuple[tuple[Alteration, Flags], ...]) -> dict[str, pa.Array]:
    """The version columns of all layers that this incident stamps."""
    setting, requests, scores = world.setting, world.requests, world.scores
    columns: dict[str, pa.Array] = {}
    met = {alteration.layer: (alteration, mask) for alteration, mask in carried}
    for layer, attributes in ATTRIBUTES.items():
        used = scores.judged if layer == "judge" else requests.touches(layer)
        for attribute in attributes:
            if not setting.stamped[attribute]:
                continue
            old, new = setting.versions.moves[attribute]
            number = np.zeros(len(requests), dtype=np.int64)
            if layer in met:
                alteration, mask = met[layer]
                old, new = alteration.moves.get(attribute, (old, old))
                number = mask.astype(np.int64)
            columns[attribute] = _chosen((old, new), number, used)
    return columns


def _documents(operations: Operations, present: Flags) -> pa.Array:
    """What retrieval found, as the JSON text that the traces carry."""
    found = zip(operations.first_document.tolist(), operations.second_document.tolist(), strict=True)
    texts = [
        f'[{{"id":"doc-{one * 1000 % 89:.0f}","score":{one}}},{{"id":"doc-{other * 1000 % 97:.0f}","score":{other}}}]'
        for one, other in found
    ]
    return pa.array(np.array(texts, dtype=object), pa.string(), mask=~present)


def tabulate(world: World, operations: Operations, carried: tuple[tuple[Alteration, Flags], ...]) -> pa.Table:
    """All requests whose traces were kept, in order of time; ``carried`` says who was served which new version."""
    setting, requests, scores = world.setting, world.requests, world.scores
    count = len(requests)
    everyone = np.zeros(count, dtype=np.int64)
    talks, talk = np.unique(requests.user * 1000 + (requests.hours // 24).astype(np.int64), return_inverse=True)
    columns: dict[str, pa.Array] = {
        "at": pa.array(milliseconds(requests.hours), pa.timestamp("ms", "UTC")),
        "trace_id": pa.array(trace_ids(world.layer, world.seed, count)),
        "conversation.id": _chosen(tuple(f"c-{key:07d}" for key in talks.tolist()), talk),
        "service.name": _chosen((SERVICE,), everyone),
    }
    for attribute in SEGMENTS:
        columns[attribute] = _chosen(setting.values(attribute), requests.segment(attribute))
    stamps = _stamps(world, carried)
    if "gen_ai.prompt.version" in stamps:
        columns["gen_ai.prompt.name"] = _chosen((PROMPT_NAME,), everyone)
    judge = stamps.pop(JUDGE_VERSION, None)
    columns |= stamps
    if setting.stamped["app.route"]:
        columns["app.route"] = _chosen(("large", "small"), world.quality.small.astype(np.int64))
    columns["gen_ai.usage.input_tokens"] = pa.array(operations.input_tokens)
    columns["gen_ai.usage.output_tokens"] = pa.array(operations.output_tokens)
    columns["latency_ms"] = pa.array(operations.latency)
    reason = np.where(operations.refused, 2, operations.cut.astype(np.int64))
    columns["gen_ai.response.finish_reasons"] = _chosen(("stop", "length", "content_filter"), reason)
    columns["app.tool.failed"] = pa.array(operations.tool_failed, mask=~requests.calls_tool)
    columns["gen_ai.retrieval.documents"] = _documents(operations, requests.retrieves)
    if judge is not None:
        columns[JUDGE_VERSION] = judge
    for name in SCORES:
        values = scores.columns[name]
        columns[name] = pa.array(values, mask=np.isnan(values))
    return pa.table(columns).filter(pa.array(scores.kept))


def write_parquet(table: pa.Table, folder: Path) -> Path:
    """Write the table as one plain Parquet file, and say where."""
    path = folder / PARQUET_NAME
    pq.write_table(table, path, compression="zstd", row_group_size=50_000)
    return path


def _stamp(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _line(row: dict[str, Any]) -> str:
    plain = {name: value for name, value in row.items() if value is not None}
    return json.dumps(plain, separators=(",", ":"), default=_stamp) + "\n"


def _rows(table: pa.Table) -> Iterator[str]:
    for batch in table.to_batches(max_chunksize=1000):
        yield from (_line(row) for row in batch.to_pylist())


def write_jsonl(table: pa.Table, folder: Path, compress: Compression | None) -> Path:
    """Write one JSON object a request, the way a home-grown log does, and say where; what is null is left out."""
    return write_lines(_rows(table), folder, JSONL_NAME, compress)
