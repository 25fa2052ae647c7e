from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from blameline.plugins import load as plugin
from blameline.plugins import names
from blameline.sources import openai
from blameline.sources.heads import look
from conftest import FIXTURES, requests

if TYPE_CHECKING:
    from blameline.store import Store

FILES = [
    "pairs.jsonl",
    "chunks.jsonl",
    "responses.jsonl",
    "batch_output.jsonl",
    "stored_completions.json",
    "anthropic.jsonl",
]
PAIRS = requests("openai/pairs.jsonl")
ANSWER = PAIRS[0]["response"]
CONTENT = {"gen_ai.output.messages", "output.value"}


def taken(*files: str) -> dict[str, bytes]:
    return {name: (FIXTURES / "openai" / name).read_bytes() for name in files}


def spans(store: Store) -> list[dict]:
    found = store.sql("SELECT * EXCLUDE (file_id) FROM spans ORDER BY start_at, line")
    return [dict(zip(found.columns, row, strict=True)) for row in found.rows]


def parts(row: dict) -> list[dict]:
    return json.loads(row["attributes"]["gen_ai.output.messages"])[0]["parts"]


def readers(path) -> list[str]:
    head = look(path)
    return [one for one in names("blameline.sources") if plugin("blameline.sources", one).sniff(path, head)]


def test_pairs(store: Store, take) -> None:
    found = take(taken("pairs.jsonl"))
    assert ([file.format for file in found.files], found.spans, found.problems) == (["openai"], len(PAIRS), ())
    for row, pair in zip(spans(store), PAIRS, strict=True):
        said = row["attributes"]
        assert row["trace_id"] == pair["request_id"]
        assert row["start_at"].isoformat() == pair["started_at"].removesuffix("Z")
        assert said["gen_ai.request.model"] == pair["request"]["model"]
        good = pair.get("status_code") == 200
        assert row["status"] == ("ok" if good else "error")
        assert said.get("gen_ai.response.model") == (pair["response"]["model"] if good else None)
        assert said.get("gen_ai.response.id") == (pair["response"]["id"] if good else None)
        assert (said["user.id"], said["service.version"]) == ("u-1", "1.4.0")
        if good:
            choice = pair["response"]["choices"][0]
            assert json.loads(said["gen_ai.response.finish_reasons"]) == [choice["finish_reason"]]
            assert said["gen_ai.usage.input_tokens"] == str(pair["response"]["usage"]["prompt_tokens"])
            assert said["openai.response.system_fingerprint"] == pair["response"]["system_fingerprint"]


def test_failures_by_kind(store: Store, take) -> None:
    take(taken("pairs.jsonl"))
    failed = [row for row in spans(store) if row["status"] == "error"]
    kinds = ["rate_limit_exceeded", "server_error", "timeout", "context_length_exceeded"]
    assert [row["attributes"]["error.type"] for row in failed] == kinds
    assert [row["duration_ms"] is None for row in failed] == [False, False, True, False]
    assert not any(CONTENT & row["attributes"].keys() for row in failed)


def test_refusals_and_calls_of_tools(store: Store, take) -> None:
    take(taken("pairs.jsonl"))
    refused, called = spans(store)[-2:]
    assert parts(refused) == [{"type": "refusal", "content": PAIRS[-2]["response"]["choices"][0]["message"]["refusal"]}]
    assert refused["attributes"]["openai.response.refusal"] == "true"
    assert parts(called) == [
        {"type": "tool_call", "id": "call_1", "name": "order_status", "arguments": {"order": "A-1"}}
    ]


def test_chunks_become_answers(store: Store, take) -> None:
    chunks = requests("openai/chunks.jsonl")
    found = take(taken("chunks.jsonl"))
    rows = {row["span_id"]: row for row in spans(store)}
    assert (found.spans, rows.keys()) == (3, {chunk["id"] for chunk in chunks})
    text = "".join(
        c["choices"][0]["delta"].get("content", "") for c in chunks if c["id"] == "chatcmpl-str1" and c["choices"]
    )
    assert parts(rows["chatcmpl-str1"]) == [{"type": "text", "content": text}]
    assert rows["chatcmpl-str1"]["attributes"]["gen_ai.usage.output_tokens"] == "4"
    assert parts(rows["chatcmpl-str2"])[0]["arguments"] == {"order": "A-1"}
    assert {row["attributes"]["openai.response.system_fingerprint"] for row in rows.values()} == {"fp_44709d6fcb"}
    cut = rows["chatcmpl-str3"]
    assert (cut["status"], cut["attributes"]["openai.stream.finished"]) == (None, "false")
    assert "gen_ai.response.finish_reasons" not in cut["attributes"]


def test_few_streams_are_held(store: Store, take, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openai, "_OPEN", 1)
    found = take(taken("chunks.jsonl"))
    assert (found.spans, found.problems) == (3, ())


@pytest.mark.parametrize("key", ["chunks", "response", "chunk"])
def test_chunks_in_a_wrapper(store: Store, take, key: str) -> None:
    chunks = [chunk for chunk in requests("openai/chunks.jsonl") if chunk["id"] == "chatcmpl-str1"]
    around = {"timestamp": "2026-01-01T00:00:00", "trace_id": "t", "request": PAIRS[0]["request"]}
    later = "2026-01-01T00:00:02"
    several = [{**around, key: chunks[0]}, *({"timestamp": later, key: chunk} for chunk in chunks[1:])]
    wrapped = several if key == "chunk" else [{**around, key: chunks}]
    take({"a.jsonl": "\n".join(map(json.dumps, wrapped))})
    (row,) = spans(store)
    assert (row["trace_id"], row["attributes"]["gen_ai.request.model"]) == ("t", "gpt-4o-mini")
    assert parts(row)[0]["content"] == "On its way."
    assert row["duration_ms"] == (2000 if key == "chunk" else None)


def test_responses(store: Store, take) -> None:
    rows = requests("openai/responses.jsonl")
    found = take(taken("responses.jsonl"))
    assert (found.spans, found.problems) == (len(rows), ())
    good, cut, called, failed = spans(store)
    assert "gen_ai.request.model" not in good["attributes"]
    assert good["attributes"]["gen_ai.response.model"] == rows[0]["model"]
    assert (good["attributes"]["gen_ai.prompt.name"], good["attributes"]["gen_ai.prompt.version"]) == ("pmpt_7", "3")
    assert good["attributes"]["gen_ai.usage.reasoning.output_tokens"] == "5"
    reasons = [row["attributes"].get("gen_ai.response.finish_reasons") for row in (good, cut, called, failed)]
    assert reasons == ['["stop"]', '["length"]', '["tool_calls"]', None]
    assert parts(called)[0]["id"] == "call_2"
    assert (failed["status"], failed["attributes"]["error.type"]) == ("error", "server_error")


def test_batches_and_stored_completions(store: Store, take) -> None:
    found = take(taken("batch_output.jsonl", "stored_completions.json"))
    assert [(problem.source, problem.line) for problem in found.problems] == [("batch_output.jsonl", 3)]
    rows = {row["span_id"]: row for row in spans(store)}
    assert rows["chatcmpl-b1"]["attributes"]["custom_id"] == "case-2"
    assert (rows["chatcmpl-b1"]["trace_id"], rows["chatcmpl-s1"]["trace_id"]) == ("req_b1", "req_s1")
    assert rows["chatcmpl-s2"]["attributes"]["gen_ai.request.temperature"] == "0.9"
    assert not any("gen_ai.request.model" in row["attributes"] for row in rows.values())
    page = json.dumps(json.loads(taken("stored_completions.json")["stored_completions.json"]))
    assert take({"page.jsonl": page}).duplicates == 2


def test_anthropic_counts_without_its_cache(store: Store, take) -> None:
    rows = requests("openai/anthropic.jsonl")
    found = take(taken("anthropic.jsonl"))
    assert [(problem.line, "without any time" in problem.message) for problem in found.problems] == [(5, True)]
    first, tool, cut, failed = spans(store)
    said = first["attributes"]
    assert said["gen_ai.usage.input_tokens"] == str(rows[0]["response"]["usage"]["input_tokens"])
    assert said["gen_ai.usage.cache_read.input_tokens"] == "2000"
    assert said["gen_ai.usage.input_tokens_exclude_cache"] == "true"
    assert {row["attributes"]["gen_ai.provider.name"] for row in spans(store)} == {"anthropic"}
    assert (said["gen_ai.request.model"], said["gen_ai.response.model"]) == (
        "claude-sonnet-4-5",
        rows[0]["response"]["model"],
    )
    assert (first["duration_ms"], tool["duration_ms"]) == (850, None)
    assert [part["type"] for part in parts(tool)] == ["text", "tool_call"]
    assert cut["attributes"]["gen_ai.response.finish_reasons"] == '["max_tokens"]'
    assert (failed["status"], failed["attributes"]["error.type"]) == ("error", "overloaded_error")


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (
            {
                "request_body": json.dumps(PAIRS[0]["request"]),
                "response_body": json.dumps(ANSWER),
                "created_at": 1774000000,
            },
            "ok",
        ),
        (
            {
                "request": {"timestamp": 1774000000, "body": PAIRS[0]["request"]},
                "response": {"status_code": 200, "body": ANSWER},
            },
            "ok",
        ),
        ({"ts": 1774000000000, "body": ANSWER}, "ok"),
        ({"ts": 1774000000, "request": PAIRS[0]["request"], "response": "<html>", "status_code": 502}, "error"),
        ({"ts": 1774000000, "request": PAIRS[0]["request"], "status": "timeout"}, "error"),
        ({"ts": 1774000000, "request": PAIRS[0]["request"]}, None),
    ],
)
def test_wrappers(store: Store, take, row: dict, expected: str | None) -> None:
    found = take({"a.jsonl": json.dumps(row)})
    assert (found.spans, found.problems) == (1, ())
    assert (spans(store)[0]["status"], spans(store)[0]["start_at"].year) == (expected, 2026)


def test_an_empty_answer_is_not_an_absent_one(store: Store, take) -> None:
    said = [{"role": "assistant", "content": content} for content in ("", None)]
    rows = [
        {**ANSWER, "id": f"c{n}", "choices": [{"message": part, "finish_reason": "stop"}]}
        for n, part in enumerate(said)
    ]
    take({"a.jsonl": "\n".join(map(json.dumps, rows))})
    empty, absent = spans(store)
    assert parts(empty) == [{"type": "text", "content": ""}]
    assert not CONTENT & absent["attributes"].keys()


def test_bad_rows_are_told_with_their_line(store: Store, take) -> None:
    rows = [
        ANSWER,
        {"hello": 1},
        {**ANSWER, "id": "b", "created": "soon"},
        {**ANSWER, "id": "c", "choices": [1], "usage": "x"},
    ]
    found = take({"a.jsonl": "\n".join(map(json.dumps, rows)) + "\n7\n{cut"})
    assert [problem.line for problem in found.problems] == [2, 3, 5, 6]
    assert {row["span_id"] for row in spans(store)} == {ANSWER["id"], "c"}


def test_loading_again_changes_nothing(store: Store, take) -> None:
    take(taken("pairs.jsonl", "chunks.jsonl"))
    first = spans(store)
    again = take(
        {name: text + b"\n" for name, text in taken("pairs.jsonl").items()}
        | {"z.jsonl": taken("chunks.jsonl")["chunks.jsonl"] + b"\n"}
    )
    assert again.spans == 0
    assert [row["span_id"] for row in spans(store)] == [row["span_id"] for row in first]


@pytest.mark.parametrize("name", FILES)
def test_one_source_reads_it(name: str) -> None:
    assert [one for one in readers(FIXTURES / "openai" / name) if one != "table"] == ["openai"]


def test_a_first_record_longer_than_the_head(tmp_path) -> None:
    path = tmp_path / "a.jsonl"
    ask = {"model": "m", "messages": [{"role": "user", "content": "x" * 70_000}]}
    path.write_text(json.dumps({"request": ask, "response": ANSWER, "ts": 1774000000}))
    assert "openai" in readers(path)


@pytest.mark.parametrize(
    "row",
    [
        {"timestamp": "2026-01-01T00:00:00", "request": "GET /", "response": 200},
        {
            "timestamp": "2026-01-01T00:00:00",
            "request": {"path": "/"},
            "response": {"status_code": 200, "body": {"ok": True}},
        },
        {"id": "x", "model": "m", "question": "q", "choices": "a", "at": "2026-01-01"},
        {"custom_id": "a", "method": "POST", "url": "/v1/chat/completions", "body": {"model": "m", "messages": []}},
    ],
)
def test_what_only_looks_like_it_is_left(tmp_path, row: dict) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps(row))
    assert "openai" not in readers(path)


@pytest.mark.parametrize(
    ("ask", "answer", "op", "name", "value"),
    [
        ({"prompt": "Once"}, {"object": "text_completion", "choices": [{"text": "upon", "finish_reason": "length"}]},
         "text_completion", "output.value", "upon"),
        ({"input": "Once"}, {"object": "list", "data": [{"embedding": [1]}], "usage": {"prompt_tokens": 2}},
         "embeddings", "openai.response.data.count", "1"),
        ({"messages": [], "reasoning": {"effort": "low"}}, {"choices": []}, "chat", "gen_ai.request.reasoning.level", "low"),
        ({"messages": [{"role": "tool", "tool_call_id": "c", "content": "4"}]}, {"choices": []}, "chat",
         "gen_ai.input.messages", '[{"role":"tool","parts":[{"type":"tool_call_response","id":"c","response":"4"}]}]'),
        ({"messages": [{"role": "user", "content": ["a", {"type": "tool_result", "tool_use_id": "u", "content": "4"}]}]},
         {"choices": []}, "chat", "gen_ai.input.messages",
         '[{"role":"user","parts":[{"type":"text","content":"a"},{"type":"tool_call_response","id":"u","response":"4"}]}]'),
        ({"messages": []}, {"type": "message", "role": "assistant", "content": [{"type": "thinking", "thinking": "hm"}]}, "chat",
         "gen_ai.output.messages", '[{"role":"assistant","parts":[{"type":"reasoning","content":"hm"}]}]'),
        ({"messages": []}, {"choices": [{"message": {"content": [{"type": "refusal", "refusal": "no"}]}}]},
         "chat", "openai.response.refusal", "true"),
        ({"messages": []}, {"choices": [{"message": {"reasoning_content": "hm"}}]}, "chat",
         "gen_ai.output.messages", '[{"role":"assistant","parts":[{"type":"reasoning","content":"hm"}]}]'),
        ({"input": [{"type": "function_call_output", "call_id": "c", "output": "4"}]}, {"object": "response", "output": []},
         "chat", "gen_ai.input.messages",
         '[{"role":"assistant","parts":[{"type":"tool_call_response","id":"c","response":"4"}]}]'),
        ({"messages": [], "conversation": {"id": "conv"}}, {"choices": []}, "chat", "gen_ai.conversation.id", "conv"),
    ],
)  # fmt: skip
def test_bodies(store: Store, take, ask: dict, answer: dict, op: str, name: str, value: str) -> None:
    record = {"ts": 1774000000, "request": {"model": "m", **ask}, "response": {"id": "x", "model": "m-1", **answer}}
    assert take({"a.jsonl": json.dumps(record)}).problems == ()
    (row,) = spans(store)
    assert (row["op"], row["attributes"][name]) == (op, value)
    assert (row["attributes"]["gen_ai.request.model"], row["attributes"]["gen_ai.response.model"]) == ("m", "m-1")
