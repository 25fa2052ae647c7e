"""Each call of a model counts once, and a request that was made again ends as its last attempt did."""

# ruff: noqa: S608  samples read better in rows, and names of tables are ours
from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from blameline.cells import derive
from blameline.intake import load
from blameline.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("quick_case_files")

NS = 1_773_000_000_000_000_000
OPENAI = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o", "gen_ai.usage.input_tokens": 100, "gen_ai.usage.output_tokens": 20}  # fmt: skip
OPENINFERENCE = {"openinference.span.kind": "LLM", "llm.model_name": "gpt-4o", "llm.token_count.prompt": 100, "llm.token_count.completion": 20}  # fmt: skip
LANGCHAIN = {"openinference.span.kind": "CHAIN", "llm.token_count.prompt": 100, "llm.token_count.completion": 20}
TRACELOOP = {"traceloop.span.kind": "workflow", "gen_ai.system": "openai", "gen_ai.usage.prompt_tokens": 100, "gen_ai.usage.completion_tokens": 20}  # fmt: skip
VERCEL = {"ai.operationId": "ai.generateText", "ai.model.id": "gpt-4o", "ai.usage.promptTokens": 100, "ai.usage.completionTokens": 20}  # fmt: skip
STRANDS = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "helper", "gen_ai.usage.input_tokens": 200, "gen_ai.usage.output_tokens": 40}  # fmt: skip
PLAIN: dict[str, object] = {}


def value(said: object) -> dict[str, object]:
    return (
        {"intValue": str(said)}
        if isinstance(said, int)
        else {"doubleValue": said}
        if isinstance(said, float)
        else {"stringValue": said}
    )


def span(
    key: int, parent: int | None, attributes: dict[str, object], trace: int = 1, **more: object
) -> dict[str, object]:
    start = NS + key * 1_000_000_000
    return {
        "traceId": f"{trace:032x}", "spanId": f"{key:016x}", "name": "call", "startTimeUnixNano": str(start),
        "endTimeUnixNano": str(start + 500_000_000),
        **({} if parent is None else {"parentSpanId": f"{parent:016x}"}),
        "attributes": [{"key": name, "value": value(said)} for name, said in attributes.items()],
        **more,
    }  # fmt: skip


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "case.duckdb") as opened:
        yield opened


@pytest.fixture
def take(store: Store, tmp_path: Path) -> Callable[..., None]:
    def write(*spans: dict[str, object]) -> None:
        path = tmp_path / "traces.jsonl"
        path.write_text(json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": list(spans)}]}]}) + "\n")
        assert not load(store, [path]).problems
        derive(store)

    return write


def leaves(store: Store) -> set[int]:
    return {int(row[0], 16) for row in store.sql("SELECT span_id FROM generations").rows}


def ask(store: Store, text: str) -> object:
    ((found,),) = store.sql(text).rows
    return found


@pytest.mark.parametrize(
    ("spans", "expected"),
    {
        "OpenInference over the OpenAI SDK's own": ([(1, None, OPENINFERENCE), (2, 1, OPENAI)], {2}),
        "a framework between the two": ([(1, None, OPENINFERENCE), (2, 1, PLAIN), (3, 2, PLAIN), (4, 3, OPENAI)], {4}),
        "three on top of one another": ([(1, None, OPENINFERENCE), (2, 1, PLAIN), (3, 2, OPENINFERENCE), (4, 3, OPENAI)], {4}),
        "Vercel's generateText over its doGenerate": ([(1, None, VERCEL), (2, 1, {**VERCEL, **OPENAI, "ai.operationId": "ai.generateText.doGenerate"})], {2}),
        "a Strands agent that carries totals": ([(1, None, STRANDS), (2, 1, PLAIN), (3, 2, OPENAI), (4, 2, OPENAI)], {3, 4}),
        "an agent that hides its calls": ([(1, None, PLAIN), (2, 1, STRANDS)], {2}),
        "LangChain over OpenLLMetry": ([(1, None, LANGCHAIN), (2, 1, TRACELOOP), (3, 2, OPENAI)], {3}),
        "two real calls one after the other": ([(1, None, PLAIN), (2, 1, OPENAI), (3, 1, OPENAI)], {2, 3}),
        "two real calls, deep apart": ([(1, None, PLAIN), (2, 1, PLAIN), (3, 2, OPENAI), (4, 1, PLAIN), (5, 4, OPENAI)], {3, 5}),
        "a tool that calls a model, below a workflow": ([(1, None, PLAIN), (2, 1, {"gen_ai.operation.name": "execute_tool"}), (3, 2, OPENAI), (4, 1, OPENAI)], {3, 4}),
        "a parent that was not loaded": ([(2, 99, OPENAI), (3, 98, OPENAI)], {2, 3}),
        "a chain that is broken": ([(1, None, OPENINFERENCE), (3, 2, OPENAI)], {1, 3}),
        "its own parent": ([(1, 1, OPENAI), (2, 1, PLAIN)], {1}),
        "a ring without a model": ([(1, 2, PLAIN), (2, 3, PLAIN), (3, 1, PLAIN), (4, 1, OPENAI), (5, 2, OPENAI)], {4, 5}),
        "one generation in a ring": ([(1, 2, PLAIN), (2, 1, OPENAI), (3, 2, OPENAI)], {3}),
        "embeddings below a call": ([(1, None, OPENAI), (2, 1, {"gen_ai.operation.name": "embeddings", "gen_ai.usage.input_tokens": 5})], {1}),
    }.values(),
)  # fmt: skip
def test_only_the_innermost_call_counts(store, take, spans, expected):
    take(*(span(key, parent, attributes) for key, parent, attributes in spans))
    assert leaves(store) == expected


def test_two_calls_that_hold_one_another_hang_nothing(store, take):
    take(span(1, 2, OPENAI), span(2, 1, OPENAI), span(3, 2, PLAIN))
    assert leaves(store) == set()  # each is said to be within the other: neither can be told to be the call
    assert ask(store, "SELECT count(*) FROM outer_generations") == 2


@pytest.mark.parametrize("depth", [1, 2, 3, 4, 7, 8, 9, 100, 1000])
def test_any_chain_of_parents(store, take, depth):
    between = [span(n, n - 1, PLAIN) for n in range(2, depth + 2)]
    take(span(1, None, OPENINFERENCE), *between, span(depth + 2, depth + 1, OPENAI))
    assert leaves(store) == {depth + 2}


def test_traces_are_kept_apart(store, take):
    take(
        span(1, None, OPENINFERENCE),
        span(2, 1, OPENAI),
        span(1, None, OPENINFERENCE, trace=2),
        span(2, 7, OPENAI, trace=2),
    )
    found = {
        (int(trace, 16), int(key, 16)) for trace, key in store.sql("SELECT trace_id, span_id FROM generations").rows
    }
    assert found == {(1, 2), (2, 1), (2, 2)}


RICH = {**OPENINFERENCE, "llm.cost.total": 0.5, "llm.finish_reason": "length"}
BARE_CALL = {"gen_ai.operation.name": "chat"}
PARTLY = {**BARE_CALL, "gen_ai.usage.output_tokens": 7, "gen_ai.response.finish_reasons": '["stop"]'}


@pytest.mark.parametrize(
    ("spans", "expected"),
    {
        "a bare call below": ([(1, None, RICH), (2, 1, BARE_CALL)], [(100, 20, 0.5, "length", "cut")]),
        "a chain of three": ([(1, None, RICH), (2, 1, {**OPENINFERENCE, "llm.token_count.prompt": 90}), (3, 2, PLAIN), (4, 3, BARE_CALL)], [(90, 20, 0.5, "length", "cut")]),
        "what the call tells itself": ([(1, None, RICH), (2, 1, PARTLY)], [(100, 7, 0.5, "stop", "answered")]),
        "two calls below": ([(1, None, RICH), (2, 1, BARE_CALL), (3, 1, PARTLY)], [(None, None, None, None, "unknown"), (None, 7, None, "stop", "answered")]),
        "two calls below, one deeper": ([(1, None, RICH), (2, 1, OPENINFERENCE), (3, 2, BARE_CALL), (4, 1, PARTLY)], [(100, 20, None, None, "answered"), (None, 7, None, "stop", "answered")]),
        "a call that stands alone": ([(1, None, PLAIN), (2, 1, BARE_CALL)], [(None, None, None, None, "unknown")]),
        "a ring above": ([(1, 2, RICH), (2, 1, RICH), (3, 2, BARE_CALL)], [(None, None, None, None, "unknown")]),
    }.values(),
)  # fmt: skip
def test_a_call_takes_what_it_lacks_from_the_one_generation_above(store, take, spans, expected):
    take(*(span(key, parent, attributes) for key, parent, attributes in spans))
    facts = "input_tokens, output_tokens, cost_usd, finish, ended"
    assert store.sql(f"SELECT {facts} FROM generations ORDER BY span_id").rows == tuple(expected)


def test_tokens_and_cost_are_not_doubled(store, take):
    priced = {**OPENAI, "gen_ai.usage.cost": 0.5}
    take(span(1, None, {**OPENINFERENCE, "llm.cost.total": 0.5}), span(2, 1, priced), span(3, 1, priced))
    assert store.sql("SELECT sum(input_tokens), sum(output_tokens), sum(cost_usd) FROM generations").rows == (
        (200, 40, 1.0),
    )


FAILED = {"status": {"code": 2}}
FINE = {"status": {"code": 1}}
ASKED = {
    **OPENAI,
    "gen_ai.usage.cost": 0.25,
    "gen_ai.input.messages": '[{"role":"user","parts":[{"type":"text","content":"hi"}]}]',
}
OTHER = {**ASKED, "gen_ai.input.messages": '[{"role":"user","parts":[{"type":"text","content":"and now"}]}]'}
CUT = {**ASKED, "gen_ai.response.finish_reasons": '["length"]'}
BLIND = {key: said for key, said in ASKED.items() if key != "gen_ai.input.messages"}


@pytest.mark.parametrize(
    ("spans", "retried", "failed"),
    {
        "three attempts under one root": ([(1, None, PLAIN, FINE), (2, 1, ASKED, FAILED), (3, 1, ASKED, FAILED), (4, 1, ASKED, FINE)], {2, 3}, 0),
        "three attempts that are roots": ([(2, None, ASKED, FAILED), (3, None, ASKED, FAILED), (4, None, ASKED, FINE)], {2, 3}, 0),
        "the last one failed too": ([(2, None, ASKED, FAILED), (3, None, ASKED, FAILED)], {2}, 1),
        "what was asked is not recorded": ([(2, None, BLIND, FAILED), (3, None, BLIND, {})], {2}, 0),
        "recorded of one only": ([(2, None, ASKED, FAILED), (3, None, BLIND, {})], {2}, 0),
        "another question fails": ([(2, None, ASKED, FINE), (3, None, OTHER, FAILED)], set(), 1),
        "another question after one that failed": ([(2, None, ASKED, FAILED), (3, None, OTHER, FINE)], set(), 1),
        "an answer that was cut": ([(1, None, PLAIN, FINE), (2, 1, CUT, {}), (3, 1, ASKED, {})], {2}, 0),
        "calls at the same time": ([(1, None, PLAIN, FINE), (2, 1, ASKED, {**FAILED, "endTimeUnixNano": str(NS + 9_000_000_000)}), (3, 1, ASKED, FINE)], set(), 0),
        "the root says that it failed": ([(1, None, PLAIN, FAILED), (2, 1, ASKED, FAILED), (3, 1, ASKED, FAILED)], {2}, 1),
        "a good one first": ([(2, None, ASKED, FINE), (3, None, ASKED, FAILED)], set(), 1),
    }.values(),
)  # fmt: skip
def test_an_attempt_that_was_made_again(store, take, spans, retried, failed):
    take(*(span(key, parent, attributes, **more) for key, parent, attributes, more in spans))
    assert {int(row[0], 16) for row in store.sql("SELECT span_id FROM retried").rows} == retried
    assert store.sql("SELECT failed FROM facts").rows == ((bool(failed),),)
    calls = sum("gen_ai.usage.cost" in attributes for _, _, attributes, _ in spans)
    assert ask(store, "SELECT sum(cost_usd) FROM generations") == pytest.approx(0.25 * calls)  # every attempt is paid
    assert ask(store, "SELECT count(*) FROM traces") == 1


def test_a_cut_answer_that_was_made_again_is_not_counted_as_cut(store, take):
    take(span(1, None, PLAIN), span(2, 1, CUT), span(3, 1, {**ASKED, "gen_ai.response.finish_reasons": '["stop"]'}))
    assert store.sql("SELECT truncated FROM facts").rows == ((False,),)


def test_no_status_is_no_failure_where_the_format_says_when_there_is_one(store, take):
    take(*(span(1, None, PLAIN, trace=n) for n in range(1, 4)), span(1, None, PLAIN, trace=4, **FAILED))
    found = store.sql("SELECT count(*), sum(value) FROM measurements WHERE signal = 'request_failed'").rows
    assert found == ((4, 1.0),)


def test_a_format_that_never_says_it_has_not_always_succeeded(store, take):
    take(*(span(1, None, PLAIN, trace=n) for n in range(1, 4)))
    assert store.sql("SELECT count(failed) FROM facts").rows == ((0,),)
    assert store.sql("SELECT value FROM measurements WHERE signal = 'request_failed'").rows == ()


OTHER_FAULT = (9, None, PLAIN, {**FAILED, "trace": 9})
"""Another request, so that the format is known to say when something failed."""
ENDLESS = {"endTimeUnixNano": "0"}
WHOLE = {"endTimeUnixNano": str(NS + 99_000_000_000)}
TOOL = {"gen_ai.operation.name": "execute_tool"}
CHAIN = {"openinference.span.kind": "CHAIN"}
JUDGED = {"openinference.span.kind": "EVALUATOR"}


@pytest.mark.parametrize(
    ("spans", "failed"),
    {
        "a call failed for good": ([(1, None, PLAIN, WHOLE), (2, 1, ASKED, FAILED)], True),
        "it failed for good, and its root never ended": ([(1, None, PLAIN, ENDLESS), (2, 1, ASKED, FAILED)], True),
        "the last attempt failed too": ([(1, None, PLAIN, WHOLE), (2, 1, ASKED, FAILED), (3, 1, ASKED, FAILED)], True),
        "the last of two calls failed": ([(1, None, PLAIN, WHOLE), (2, 1, ASKED, {}), (3, 1, OTHER, FAILED)], True),
        "it says so by its finish alone": ([(1, None, PLAIN, WHOLE), (2, 1, {**ASKED, "gen_ai.response.finish_reasons": '["error"]'}, {})], True),
        "an evaluator looked at it and was fine": ([(1, None, PLAIN, WHOLE), (2, 1, ASKED, FAILED), (3, 1, JUDGED, FINE)], True),
        "a tool was called before": ([(1, None, PLAIN, WHOLE), (2, 1, TOOL, {}), (3, 1, ASKED, FAILED)], True),
        "an attempt that was made again": ([(1, None, PLAIN, WHOLE), (2, 1, ASKED, FAILED), (3, 1, ASKED, {})], False),
        "another call answered": ([(1, None, PLAIN, WHOLE), (2, 1, ASKED, FAILED), (3, 1, OTHER, {})], False),
        "a call beside it answered later": ([(1, None, PLAIN, WHOLE), (2, 1, OTHER, WHOLE), (3, 1, ASKED, FAILED)], False),
        "a tool took over": ([(1, None, PLAIN, WHOLE), (2, 1, ASKED, FAILED), (3, 1, TOOL, {})], False),
        "what called it says that it is fine": ([(1, None, PLAIN, WHOLE), (2, 1, CHAIN, {**FINE, **WHOLE}), (3, 2, ASKED, FAILED)], False),
        "the root says that it is fine": ([(1, None, PLAIN, {**FINE, **WHOLE}), (2, 1, ASKED, FAILED)], False),
        "nothing failed, and the root ended": ([(1, None, PLAIN, WHOLE), (2, 1, ASKED, {})], False),
        "nothing failed, and the root never ended": ([(1, None, PLAIN, ENDLESS), (2, 1, ASKED, ENDLESS)], None),
        "no root": ([(2, 1, ASKED, FAILED)], None),
    }.values(),
)  # fmt: skip
def test_a_request_whose_last_call_failed_has_failed(store, take, spans, failed):
    take(*(span(key, parent, attributes, **more) for key, parent, attributes, more in (*spans, OTHER_FAULT)))
    assert store.sql("SELECT failed FROM facts WHERE trace_id LIKE '%1'").rows == ((failed,),)


def test_a_tool_of_which_no_end_is_known_has_not_succeeded(store, take):
    take(span(1, None, PLAIN), span(2, 1, TOOL, **ENDLESS), span(1, None, TOOL, trace=2, **FAILED))
    assert store.sql("SELECT tool_failed FROM facts ORDER BY trace_id").rows == ((None,), (True,))


def told(text: str) -> str:
    return json.dumps([{"role": "assistant", "parts": [{"type": "text", "content": text}]}])


BARE = {"gen_ai.operation.name": "chat"}


@pytest.mark.parametrize(
    ("attributes", "more", "ended"),
    [
        ({**BARE, "gen_ai.response.finish_reasons": '["stop"]'}, {}, "answered"),
        ({**BARE, "gen_ai.response.finish_reasons": '["tool_use"]'}, {}, "answered"),
        ({**BARE, "gen_ai.response.finish_reasons": '["max_tokens"]'}, FINE, "cut"),
        ({**BARE, "gen_ai.response.finish_reasons": '["content_filter"]'}, FINE, "filtered"),
        ({**BARE, "gen_ai.response.finish_reasons": '["content_filter"]'}, FAILED, "filtered"),
        ({**BARE, "gen_ai.response.finish_reasons": '["refusal"]'}, FINE, "refused"),
        ({**BARE, "gen_ai.response.finish_reasons": '["stop"]', "gen_ai.output.messages": told("I'm sorry, but I can't help with that.")}, FINE, "refused"),
        ({**BARE, "gen_ai.response.finish_reasons": '["error"]'}, {}, "failed"),
        ({**BARE, "error.type": "timeout"}, {**FAILED, "endTimeUnixNano": "0"}, "failed"),
        (BARE, FINE, "answered"),
        ({**BARE, "gen_ai.output.messages": told("Yes.")}, {}, "answered"),
        ({**BARE, "gen_ai.usage.output_tokens": 3}, {}, "answered"),
        (BARE, {}, "unknown"),
        (BARE, {"endTimeUnixNano": "0"}, "unknown"),
    ],
)  # fmt: skip
def test_how_a_call_ended(store, take, attributes, more, ended):
    take(span(1, None, attributes, **more))
    assert store.sql("SELECT ended, duration_ms IS NULL FROM generations").rows == (
        (ended, more.get("endTimeUnixNano") == "0"),
    )


def test_deriving_twice_changes_nothing(store, take):
    take(span(1, None, OPENINFERENCE), span(2, 1, ASKED, **FAILED), span(3, 1, ASKED))
    before = [
        store.sql(f"SELECT * FROM {name} ORDER BY ALL").rows
        for name in ("outer_generations", "retried", "measurements")
    ]
    derive(store)
    assert before == [
        store.sql(f"SELECT * FROM {name} ORDER BY ALL").rows
        for name in ("outer_generations", "retried", "measurements")
    ]


DIALECTS = {
    "GenAI": {
        "gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": "m-asked", "gen_ai.response.model": "m-served",
        "gen_ai.usage.input_tokens": 11, "gen_ai.usage.output_tokens": 7, "gen_ai.response.finish_reasons": '["stop"]', "gen_ai.usage.cost": 0.5,
        "gen_ai.prompt.name": "refund", "gen_ai.prompt.version": "7", "session.id": "s-1", "user.id": "u-1",
    },
    "Traceloop": {
        "llm.request.type": "chat", "gen_ai.system": "openai", "gen_ai.request.model": "m-asked", "gen_ai.response.model": "m-served",
        "gen_ai.usage.prompt_tokens": 11, "gen_ai.usage.completion_tokens": 7, "gen_ai.completion.0.finish_reason": "stop", "gen_ai.usage.cost": 0.5,
        "traceloop.prompt.key": "refund", "traceloop.prompt.version": "7", "traceloop.association.properties.session_id": "s-1",
        "traceloop.association.properties.user_id": "u-1",
    },
    "OpenInference": {
        "openinference.span.kind": "LLM", "llm.provider": "openai", "llm.model_name": "m-served", "llm.invocation_parameters": '{"model":"m-asked"}',
        "llm.token_count.prompt": 11, "llm.token_count.completion": 7, "llm.finish_reason": "stop", "llm.cost.total": 0.5,
        "prompt.id": "refund", "llm.prompt_template.version": "7", "session.id": "s-1", "user.id": "u-1",
    },
    "Vercel": {
        "ai.operationId": "ai.generateText.doGenerate", "ai.model.provider": "openai", "ai.model.id": "m-asked", "ai.response.model": "m-served",
        "ai.usage.inputTokens": 11, "ai.usage.outputTokens": 7, "ai.response.finishReason": "stop", "gen_ai.usage.cost": 0.5,
        "ai.telemetry.metadata.langfusePrompt": '{"name":"refund","version":7}', "ai.telemetry.metadata.sessionId": "s-1",
        "ai.telemetry.metadata.userId": "u-1",
    },
    "Langfuse": {
        "langfuse.observation.type": "generation", "gen_ai.provider.name": "openai", "langfuse.observation.model.name": "m-served",
        "gen_ai.request.model": "m-asked", "langfuse.observation.usage_details": '{"input":11,"output":7,"total":18}', "llm.finish_reason": "stop",
        "langfuse.observation.cost_details": '{"input":0.2,"output":0.3,"total":0.5}', "langfuse.observation.prompt.name": "refund",
        "langfuse.observation.prompt.version": 7, "langfuse.session.id": "s-1", "langfuse.user.id": "u-1",
    },
    "MLflow": {
        "mlflow.spanType": '"CHAT_MODEL"', "mlflow.llm.provider": '"openai"', "mlflow.llm.model": '"m-served"', "gen_ai.request.model": "m-asked",
        "mlflow.chat.tokenUsage": '{"input_tokens":11,"output_tokens":7,"total_tokens":18}', "gen_ai.response.finish_reasons": '["stop"]',
        "mlflow.llm.cost": '{"input_cost":0.2,"output_cost":0.3,"total_cost":0.5}', "mlflow.linkedPrompts": '[{"name":"refund","version":"7"}]',
        "mlflow.trace.session": "s-1", "mlflow.trace.user": "u-1",
    },
}  # fmt: skip
CANONICAL = {
    "gen_ai.provider.name": "openai", "gen_ai.request.model": "m-asked", "gen_ai.response.model": "m-served", "gen_ai.usage.input_tokens": "11",
    "gen_ai.usage.output_tokens": "7", "gen_ai.prompt.name": "refund", "gen_ai.prompt.version": "7", "session.id": "s-1", "user.id": "u-1",
}  # fmt: skip


def test_one_trace_may_speak_six_dialects(store, take):
    take(span(1, None, PLAIN), *(span(n, 1, said) for n, said in enumerate(DIALECTS.values(), 2)))
    found = dict(
        zip(
            DIALECTS,
            (
                row[0]
                for row in store.sql("SELECT attributes FROM spans WHERE parent_id IS NOT NULL ORDER BY span_id").rows
            ),
            strict=True,
        )
    )
    for dialect, said in found.items():
        assert {name: said.get(name) for name in CANONICAL} == CANONICAL, dialect
        assert DIALECTS[dialect].keys() <= said.keys(), dialect  # its own names stay
    facts = "model, input_tokens, output_tokens, cost_usd, finish, ended"
    counted = store.sql(f"SELECT {facts} FROM generations").rows
    assert set(counted) == {("m-served", 11, 7, 0.5, "stop", "answered")}
    assert len(counted) == len(DIALECTS)


def test_what_langsmith_sends_is_read_in_its_own_words(store, take):
    told = {
        "langsmith.span.kind": "llm", "gen_ai.operation.name": "chat", "gen_ai.response.system_fingerprint": "fp_1",
        "gen_ai.response.service_tier": "default", "gen_ai.usage.input_tokens": 50, "gen_ai.usage.input_token_details": "{'cache_read': 32}",
        "langsmith.metadata.usage_metadata": json.dumps({"input_token_details": {"cache_read": 32}, "output_token_details": {"reasoning": 4}}),
    }  # fmt: skip
    take(
        span(1, None, {"langsmith.span.kind": "chain", "gen_ai.operation.name": "chain"}),
        span(2, 1, {"langsmith.span.kind": "prompt", "gen_ai.operation.name": "chat", "gen_ai.completion": "{}"}),
        span(3, 1, {"langsmith.span.kind": "retriever", "gen_ai.operation.name": "embeddings"}),
        span(4, 1, told),
    )
    assert leaves(store) == {4}
    wanted = {
        "openai.response.system_fingerprint": "fp_1", "openai.response.service_tier": "default",
        "gen_ai.usage.cache_read.input_tokens": "32", "gen_ai.usage.reasoning.output_tokens": "4",
    }  # fmt: skip
    for name, said in wanted.items():
        assert ask(store, f"SELECT attributes['{name}'] FROM spans WHERE span_id LIKE '%4'") == said
    assert ask(store, "SELECT input_tokens FROM generations") == 50
