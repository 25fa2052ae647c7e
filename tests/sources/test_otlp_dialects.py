"""What SDKs of older dialects and of vendors write over OTLP, read the same from JSON and from protobuf."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import TYPE_CHECKING, Any

import pytest
from google.protobuf.json_format import ParseDict
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

if TYPE_CHECKING:
    from collections.abc import Callable

    from blameline.store import Store

START = 1772323200000000000
KINDS = {str: "stringValue", float: "doubleValue", int: "intValue", bool: "boolValue"}
ERROR, UNSET, FINE = {"code": 2}, {}, {"code": 1}
LANGFUSE = {"langfuse.observation.type": "generation", "langfuse.observation.model.name": "m-1"}
OPENINFERENCE = {"openinference.span.kind": "LLM", "llm.model_name": "m-1"}


def value(given: object) -> dict[str, Any]:
    """A value as OTLP/JSON has it."""
    match given:
        case dict():
            return {"kvlistValue": {"values": keyed(given)}}
        case list():
            return {"arrayValue": {"values": [value(part) for part in given]}}
    return {KINDS[type(given)]: str(given) if type(given) is int else given}


def keyed(given: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"key": key, "value": value(part)} for key, part in given.items()]


def span(n: int, attributes: dict[str, Any], status: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    ids = {"traceId": f"{n:032x}", "spanId": f"{n:016x}", "name": "call", "status": status or {}}
    times = {"startTimeUnixNano": str(START + n), "endTimeUnixNano": str(START + n + 10**9)}
    return {**ids, **times, "attributes": keyed(attributes), **more}


def packed(request: dict[str, Any]) -> bytes:
    """A request as protobuf, in a frame; the ids of protobuf's own JSON are not in hex."""
    for scope in request["resourceSpans"][0]["scopeSpans"]:
        for one in scope["spans"]:
            one |= {key: b64encode(bytes.fromhex(one[key])).decode() for key in ("traceId", "spanId")}
    found: bytes = ParseDict(request, ExportTraceServiceRequest()).SerializeToString()
    return len(found).to_bytes(4, "big") + found


@pytest.fixture(params=["jsonl", "pb"])
def read(request: pytest.FixtureRequest, store: Store, take: Callable[..., Any]) -> Callable[..., list[dict[str, Any]]]:
    """Load spans in one form or the other and give what the case file holds of them, by their ids."""

    def load(*spans: dict[str, Any]) -> list[dict[str, Any]]:
        whole = {"resourceSpans": [{"scopeSpans": [{"spans": list(spans)}]}]}
        found = take({"a.pb": packed(whole)} if request.param == "pb" else {"a.jsonl": json.dumps(whole)})
        assert found.problems == ()
        rows = store.sql("SELECT * FROM spans ORDER BY span_id")
        return [dict(zip(rows.columns, row, strict=True)) for row in rows.rows]

    return load


@pytest.mark.parametrize(
    ("usage", "tokens"),
    [
        ({"input": 11, "output": 7, "total": 18}, (11, 7)),
        ({"prompt_tokens": 50, "completion_tokens": 6, "total_tokens": 56, "prompt_tokens_details": {"cached_tokens": 32}}, (50, 6)),
        ({"prompt_tokens": 50, "completion_tokens": 6, "prompt_tokens_details": None}, (50, 6)),
        ({"input_tokens": 40, "input_tokens_details": {"cached_tokens": 8}, "output_tokens": 9, "total_tokens": 49}, (40, 9)),
        ({"input": 10, "output": 5, "cache_read_input_tokens": 1000}, (1010, 5)),
        ({"input": 10, "input_cached_tokens": 30, "output": 5, "output_reasoning_tokens": 4}, (40, 9)),
        ({"input": 0, "output": 0}, (0, 0)),
        ({"pages": 3}, (None, None)),
    ],
)  # fmt: skip
def test_langfuse_counts_tokens_under_many_names(read, usage, tokens):
    (found,) = read(span(1, {**LANGFUSE, "langfuse.observation.usage_details": json.dumps(usage)}))
    assert (found["input_tokens"], found["output_tokens"]) == tokens


@pytest.mark.parametrize(
    ("cost", "paid"),
    [('{"input":0.001,"output":0.002}', 0.003), ('{"input":0.2,"output":0.3,"total":0.9}', 0.9), ('{"total":0}', 0), ("{}", None)],
)  # fmt: skip
def test_langfuse_may_tell_the_parts_of_a_cost_alone(read, cost, paid):
    (found,) = read(span(1, {**LANGFUSE, "langfuse.observation.cost_details": cost}))
    assert found["cost_usd"] == (None if paid is None else pytest.approx(paid))


@pytest.mark.parametrize(
    ("level", "status", "ended"),
    [("ERROR", UNSET, "error"), ("ERROR", ERROR, "error"), ("ERROR", FINE, "ok"), ("WARNING", UNSET, None), ("DEFAULT", UNSET, None)],
)  # fmt: skip
def test_langfuse_tells_a_failure_by_its_level(read, level, status, ended):
    (found,) = read(span(1, {"langfuse.observation.level": level}, status))
    assert found["status"] == ended


@pytest.mark.parametrize(
    ("said", "status", "asked", "served"),
    [
        (LANGFUSE, ERROR, "m-1", None),
        ({**LANGFUSE, "langfuse.observation.level": "ERROR"}, UNSET, "m-1", None),
        ({**LANGFUSE, "langfuse.observation.output": "half"}, ERROR, None, "m-1"),
        (LANGFUSE, UNSET, None, "m-1"),
        (OPENINFERENCE, ERROR, "m-1", None),
        ({**OPENINFERENCE, "llm.invocation_parameters": '{"model":"m"}'}, ERROR, "m", None),
        ({**OPENINFERENCE, "llm.output_messages.0.message.content": "half"}, ERROR, None, "m-1"),
        ({**OPENINFERENCE, "llm.token_count.completion": 3}, ERROR, None, "m-1"),
        ({**OPENINFERENCE, "llm.token_count.completion": 0}, ERROR, "m-1", None),
        (OPENINFERENCE, FINE, None, "m-1"),
        ({"gen_ai.response.model": "m-2", **OPENINFERENCE}, ERROR, "m-1", "m-2"),
    ],
)
def test_a_call_that_failed_was_served_by_nobody(read, said, status, asked, served):
    (found,) = read(span(1, said, status))
    models = [found["attributes"].get(f"gen_ai.{half}.model") for half in ("request", "response")]
    assert models == [asked, served]


@pytest.mark.parametrize(
    ("said", "tokens"),
    [
        ({"gen_ai.usage.prompt_tokens": 1210, "gen_ai.usage.cache_read_input_tokens": 1000, "gen_ai.usage.cache_creation_input_tokens": 200}, 1210),
        ({"gen_ai.usage.prompt_tokens": 10, "gen_ai.usage.cache_read_input_tokens": 1000}, 1010),
        ({"gen_ai.usage.input_tokens": 1210, "gen_ai.usage.cache_read_input_tokens": 1000}, 2210),
        ({"gen_ai.usage.prompt_tokens": 1210}, 1210),
    ],
)  # fmt: skip
def test_tokens_of_a_cache_that_are_counted_already(read, said, tokens):
    """OpenLLMetry adds those of Anthropic's cache to its prompt tokens; others tell them apart from the input tokens."""
    (found,) = read(span(1, {"gen_ai.system": "Anthropic", "llm.request.type": "completion", **said}))
    assert found["input_tokens"] == tokens


WHOLE = {
    "id": "chatcmpl-1",
    "system_fingerprint": "fp_1",
    "choices": [{"finish_reason": "length", "message": {"content": "cut he"}}],
}


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ({**OPENINFERENCE, "output.value": json.dumps(WHOLE)}, ("chatcmpl-1", "fp_1", "length")),
        ({**OPENINFERENCE, "output.value": json.dumps({**WHOLE, "system_fingerprint": None})}, ("chatcmpl-1", None, "length")),
        ({**OPENINFERENCE, "output.value": json.dumps(WHOLE), "gen_ai.response.id": "r"}, ("r", "fp_1", "length")),
        ({**OPENINFERENCE, "output.value": json.dumps(WHOLE)[:-9]}, (None, None, None)),
        ({**OPENINFERENCE, "output.value": '{"id":"order-7"}'}, (None, None, None)),
        ({"openinference.span.kind": "CHAIN", "output.value": json.dumps(WHOLE)}, (None, None, None)),
    ],
)  # fmt: skip
def test_openinference_keeps_the_whole_answer_of_a_provider(read, said, found):
    (row,) = read(span(1, said))
    names = ("gen_ai.response.id", "openai.response.system_fingerprint")
    assert (*(row["attributes"].get(name) for name in names), row["finish"]) == found
