"""Synthetic exports for the ingest benchmark: the same spans as OTLP/JSON, OTLP protobuf and Langfuse lines.

A block of 20,000 spans is written once; further blocks are the same bytes with other ids, so that ten million spans take
minutes and not hours. A span is about 2.5 KB of JSON: two thirds of it are a question and an answer of Zipf-like words.
"""

from __future__ import annotations

import gzip
import json
import random
import shutil
from typing import TYPE_CHECKING

import zstandard

if TYPE_CHECKING:
    from pathlib import Path

BLOCK = 20_000
_MARK = b"0badcafe"
_START = 1_772_323_200
_PER_REQUEST = 50
Row = dict[str, object]


def words(seed: int) -> list[str]:
    """A vocabulary of 4,000 made-up words, the frequent ones first."""
    draw = random.Random(seed)  # noqa: S311  seeded, for a benchmark
    parts = [
        "re",
        "fund",
        "or",
        "der",
        "ship",
        "ment",
        "can",
        "cel",
        "po",
        "li",
        "cy",
        "ta",
        "sup",
        "port",
        "in",
        "voice",
    ]
    return ["".join(draw.choices(parts, k=draw.randint(1, 3))) for _ in range(4000)]


def rows(n: int, seed: int = 1) -> list[Row]:
    """Spans as plain rows, three a trace: an agent, a retrieval, a chat."""
    draw = random.Random(seed)  # noqa: S311  seeded, for a benchmark
    vocabulary = words(seed)
    weights = [1 / (place + 5) for place in range(len(vocabulary))]

    def said(length: int) -> str:
        return "the answer is in the policy and you can read it: " + " ".join(
            draw.choices(vocabulary, weights, k=length)
        )

    pool = [said(draw.randint(30, 80)) for _ in range(1500)]
    found: list[Row] = []
    for number in range(n):
        place = number % 3
        trace = f"{_MARK.decode()}{number // 3:024x}"
        question, answer = draw.choice(pool), draw.choice(pool)
        found.append(
            {
                "trace": trace,
                "span": f"{_MARK.decode()}{number:08x}",
                "parent": f"{_MARK.decode()}{number - place:08x}" if place else "",
                "op": ("invoke_agent", "retrieval", "chat")[place],
                "start": (_START + number // 10) * 10**9 + draw.randrange(10**9),
                "took": draw.randrange(5 * 10**7, 3 * 10**9),
                "tenant": f"tenant-{draw.randrange(7)}",
                "task": draw.choice(("refund", "order", "other")),
                "session": f"session-{_MARK.decode()}-{number // 9}",
                "user": f"user-{draw.randrange(5000)}",
                "tokens": (draw.randrange(100, 2000), draw.randrange(10, 400)),
                "question": json.dumps([{"role": "user", "parts": [{"type": "text", "content": question}]}]),
                "answer": json.dumps(
                    [{"role": "assistant", "parts": [{"type": "text", "content": answer}], "finish_reason": "stop"}]
                ),
            }
        )
    return found


def attributes(row: Row) -> dict[str, object]:
    """The attributes of a row under the names of the GenAI conventions."""
    prompt, completion = row["tokens"]  # type: ignore[misc]
    return {
        "gen_ai.operation.name": row["op"], "tenant.id": row["tenant"], "app.task": row["task"],
        "session.id": row["session"], "user.id": row["user"], "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "gpt-5-mini", "gen_ai.response.model": "gpt-5-mini-2026-02-01",
        "gen_ai.response.id": f"resp-{row['span']}", "openai.response.system_fingerprint": "fp_44709d6fcb",
        "gen_ai.request.temperature": 0.2, "gen_ai.request.max_tokens": 512, "gen_ai.usage.input_tokens": prompt,
        "gen_ai.usage.output_tokens": completion, "gen_ai.response.finish_reasons": ["stop"],
        "gen_ai.prompt.name": "support", "gen_ai.prompt.version": "v12", "gen_ai.input.messages": row["question"],
        "gen_ai.output.messages": row["answer"],
    }  # fmt: skip


RESOURCE = {
    "service.name": "support", "service.version": "1.2.3", "deployment.environment.name": "prod", "cloud.region": "eu-west-1",
}  # fmt: skip


def _value(value: object) -> dict[str, object]:
    if isinstance(value, list):
        return {"arrayValue": {"values": [_value(part) for part in value]}}
    kind = {str: "stringValue", int: "intValue", float: "doubleValue"}[type(value)]
    return {kind: str(value) if kind == "intValue" else value}


def _pairs(values: dict[str, object]) -> list[dict[str, object]]:
    return [{"key": key, "value": _value(value)} for key, value in values.items()]


def otlp_block(found: list[Row]) -> bytes:
    """Rows as OTLP/JSON lines, fifty spans a request."""
    lines = []
    for first in range(0, len(found), _PER_REQUEST):
        spans = [
            {"traceId": row["trace"], "spanId": row["span"], "parentSpanId": row["parent"], "name": f"{row['op']} support",
             "kind": 3, "startTimeUnixNano": str(row["start"]), "endTimeUnixNano": str(row["start"] + row["took"]),  # type: ignore[operator]
             "attributes": _pairs(attributes(row)), "status": {}}
            for row in found[first : first + _PER_REQUEST]
        ]  # fmt: skip
        scope = {"scope": {"name": "support"}, "spans": spans}
        lines.append(
            json.dumps({"resourceSpans": [{"resource": {"attributes": _pairs(RESOURCE)}, "scopeSpans": [scope]}]})
        )
    return "\n".join(lines).encode() + b"\n"


def protobuf_block(block: bytes) -> bytes:
    """The same requests as length-prefixed protobuf, through the official classes."""
    from google.protobuf.json_format import Parse  # noqa: PLC0415  only for this form
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest  # noqa: PLC0415

    out = []
    for line in block.splitlines():
        request = json.loads(line)
        for span in request["resourceSpans"][0]["scopeSpans"][0]["spans"]:
            for key in ("traceId", "spanId", "parentSpanId"):  # the classes read ids as base64
                span[key] = _base64(span[key])
        message = Parse(json.dumps(request), ExportTraceServiceRequest()).SerializeToString()
        out.append(len(message).to_bytes(4, "big") + message)
    return b"".join(out)


def _base64(text: str) -> str:
    import base64  # noqa: PLC0415  only for this form

    return base64.b64encode(bytes.fromhex(text)).decode()


def langfuse_block(found: list[Row]) -> bytes:
    """Rows as lines of Langfuse's enriched observations."""
    lines = []
    for row in found:
        begun = f"{_moment(row['start'])}"
        ended = f"{_moment(row['start'] + row['took'])}"  # type: ignore[operator]
        prompt, completion = row["tokens"]  # type: ignore[misc]
        kind = {"invoke_agent": "AGENT", "retrieval": "RETRIEVER", "chat": "GENERATION"}[str(row["op"])]
        lines.append(json.dumps({
            "id": row["span"], "trace_id": row["trace"], "project_id": "p1", "environment": "default", "type": kind,
            "parent_observation_id": row["parent"], "start_time": begun, "end_time": ended, "name": "answer",
            "metadata": {"tenant": row["tenant"]}, "level": "DEFAULT", "status_message": "", "version": "",
            "input": row["question"], "output": row["answer"], "provided_model_name": "gpt-5-mini-2026-02-01",
            "model_parameters": '{"temperature":0.2}', "usage_details": {"input": prompt, "output": completion},
            "cost_details": {"total": 0.0001}, "completion_start_time": begun, "prompt_id": "p", "prompt_name": "support",
            "prompt_version": 12, "total_cost": 0.0001, "latency": 1.2, "time_to_first_token": 0.2, "model_id": "m",
            "tool_calls": [], "tool_call_names": [], "tool_definitions": {}, "usage_pricing_tier_id": "",
            "usage_pricing_tier_name": "", "user_id": row["user"], "session_id": row["session"], "trace_name": "support",
            "tags": [row["task"]], "release": "1.2.3", "bookmarked": False, "public": False,
            "is_root_observation": not row["parent"], "created_at": begun, "updated_at": ended,
        }))  # fmt: skip
    return "\n".join(lines).encode() + b"\n"


def _moment(nanoseconds: object) -> str:
    import datetime as dt  # noqa: PLC0415

    seconds, rest = divmod(int(str(nanoseconds)), 10**9)
    return f"{dt.datetime.fromtimestamp(seconds, dt.UTC):%Y-%m-%d %H:%M:%S}.{rest // 1000:06d}"


def write(path: Path, block: bytes, blocks: float) -> int:
    """A file of so many blocks, each with ids of its own; the number of spans is ``blocks`` x ``BLOCK``."""
    with path.open("wb") as out:
        for number in range(max(int(blocks), 1)):
            out.write(block.replace(_MARK, f"{number + 1:08x}".encode()))
    return path.stat().st_size


def write_protobuf(path: Path, block: bytes, blocks: int) -> None:
    """The protobuf form: ids are bytes there."""
    mark = bytes.fromhex(_MARK.decode())
    with path.open("wb") as out:
        for number in range(blocks):
            fresh = block.replace(mark, (number + 1).to_bytes(4, "big"))
            out.write(fresh.replace(_MARK, f"{number + 1:08x}".encode()))


def compress(path: Path) -> tuple[Path, Path]:
    """The same file as gzip and as zstd, a frame a gigabyte or less."""
    packed, squeezed = path.with_suffix(".jsonl.gz"), path.with_suffix(".jsonl.zst")
    with path.open("rb") as source, gzip.open(packed, "wb", compresslevel=6) as out:
        shutil.copyfileobj(source, out, 1 << 20)
    with path.open("rb") as source, squeezed.open("wb") as out:
        zstandard.ZstdCompressor(level=3).copy_stream(source, out)
    return packed, squeezed


def split(block: bytes, folder: Path, files: int) -> int:
    """The lines of a block as so many files of one line each, and as many blocks as that needs; the number of lines."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = block.splitlines(keepends=True)
    for number in range(files):
        line = lines[number % len(lines)].replace(_MARK, f"{number // len(lines) + 1:08x}".encode())
        (folder / f"part-{number:05d}.jsonl").write_bytes(line)
    return files
