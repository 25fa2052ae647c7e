"""What is read of an answer before anything is redacted or left out, on answers whose facts are plain to a reader."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from blameline.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.usefixtures("quick_case_files")

Facts = dict[str, Any]
ASKED = """
    WITH told AS (SELECT $names::VARCHAR[] AS names, $said::VARCHAR[] AS said),
    recorded AS (SELECT *, answer_of('chat', names, said) AS recorded FROM told),
    answered AS (SELECT *, message_text(recorded) AS answer FROM recorded)
    SELECT unnest(span_facts('chat', names, said, recorded, answer, opening_of(answer))) FROM answered
"""


@pytest.fixture(scope="module")
def facts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Facts]]:
    """Asks for the facts of one generation, by its answer and its other attributes."""
    with Store.open(tmp_path_factory.mktemp("facts") / "a.duckdb") as store:

        def of(answer: str | None, **more: str) -> Facts:
            names = ["gen_ai.output.messages", *(name.replace("__", ".") for name in more)]
            cursor = store._connection.execute(ASKED, {"names": names, "said": [answer, *more.values()]})
            return dict(zip([entry[0] for entry in cursor.description or ()], cursor.fetchone() or (), strict=True))

        yield of


LANGUAGES = [
    ("en", "The refund is on its way to you and it is yours."), ("de", "Die Erstattung ist unterwegs und Sie müssen nichts weiter tun."),
    ("fr", "Le remboursement est en route et vous recevrez une confirmation pour les articles."),
    ("es", "El reembolso es para los clientes y su pedido es válido."), ("it", "Il rimborso è in arrivo e non sono previsti costi per gli ordini di oggi."),
    ("pt", "O reembolso não é possível com uma das opções para você."),
    ("nl", "De terugbetaling is onderweg en u hoeft niet meer te doen, het is voor uw bestelling."), ("ja", "返金は処理中です。"), ("zh", "退款正在处理中。"),
    ("ko", "환불이 처리 중입니다."), ("ru", "Возврат уже в пути."), ("ar", "المبلغ في الطريق"), ("he", "ההחזר בדרך"), ("el", "Η επιστροφή είναι καθ' οδόν"),
    ("hi", "धनवापसी रास्ते में है"), ("th", "การคืนเงินอยู่ระหว่างดำเนินการ"),
]  # fmt: skip
SHAPES = [
    ((False, True), '{"a":1}'), ((False, True), " \n[1,2]"), ((True, True), 'Here:\n```json\n{"a":1}\n```'), ((True, True), '```JSON\n{"a":1}\n```'),
    ((True, True), "```\n[1]\n```"), ((True, False), "```python\nx={1:2}\n```"), ((False, False), '{"a":'), ((False, False), "hello"),
    ((True, False), '```json\n{"a":1'), ((True, True), '```json\r\n{"a":[{"b":2}]}\r\n```'), ((False, False), "42"), ((True, True), '{"a":"```x```"}'),
]  # fmt: skip
REFUSED = (
    "I'm sorry, but I can't help with that.", "I’m sorry but I cannot assist", "I can't help with that request.", "I cannot provide medical advice.",
    "I'm unable to help with this.", "I am unable to comply.", "Sorry, I can't assist with that.", "As an AI language model, I cannot",
    "I won't be able to help with that.", "Es tut mir leid, aber dabei kann ich nicht helfen.", "Lo siento, pero no puedo ayudar con eso.",
)  # fmt: skip
HELPED = (
    "I'm sorry, but your parcel is late.", "I'm sorry, but the store is closed. I can help you with a refund.", "You can't help it.",
    "If you say I can't do it, we believe you.", "Sorry for the delay!", "I'm sorry to hear that. Let me help.",
)  # fmt: skip


def shaped(words: str | None) -> bool | None:
    return None if words is None else words[:1] in {"[", "{"}


def message(*parts: dict[str, Any]) -> str:
    return json.dumps([{"role": "assistant", "parts": list(parts)}])


VERCEL = json.dumps([{"toolCallType": "function", "toolCallId": "c1", "toolName": "w", "args": "{}"}])
CALL = {"type": "tool_call", "id": "1", "name": "f", "arguments": {}}
THOUGHT = {"type": "reasoning", "content": "I cannot see why not."}
SILENT: Facts = {"role": "assistant", "content": None}
ASKS = {**SILENT, "tool_calls": [{"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}]}
STATES = [
    ("present", "hi"), ("empty", ""), ("absent", None), ("empty", message({"type": "text", "content": ""})), ("calls", message(CALL)),
    ("present", message({"type": "text", "content": "hi"}, CALL)), ("truncated", message({"type": "text", "content": "x" * 4000})[:3000]),
    ("calls", json.dumps([{"role": "assistant", "content": None, "tool_calls": [{"id": "1"}]}])),
    ("present", json.dumps({"choices": [{"message": {"role": "assistant", "content": "hi"}}]})),
    ("calls", json.dumps({"choices": [{"message": {"role": "assistant", "content": None, "tool_calls": [{"id": 1}]}}]})),
    ("calls", json.dumps({"content": [{"type": "tool_use", "id": "1", "name": "f", "input": {}}]})),
    ("present", json.dumps({"content": [{"type": "text", "text": "hi"}]})), ("present", '{"answer": 42}'),
    ("empty", message(THOUGHT)), ("calls", message(THOUGHT, CALL)), ("calls", message({"type": "text", "content": ""}, CALL)), ("empty", "[]"),
    ("present", message({"type": "text", "content": '{"type": "tool_call"}'})), ("empty", message({"type": "blob", "content": "aGk="})),
]  # fmt: skip
WORDS = [
    ("hi", message({"type": "text", "content": "hi"})), ("a b", message({"type": "text", "content": "a"}, {"type": "text", "content": "b"})),
    ('{"a":1}', message(THOUGHT, {"type": "text", "content": '{"a":1}'})), ("hi", message({"type": "thinking", "content": "hm"}, {"content": "hi"})),
    ("hi", message({"type": "tool_call_response", "content": "21"}, {"type": "text", "content": "hi"}, CALL)), ("hi", message({"text": "hi"})),
    ("", message(THOUGHT)), (None, message(CALL)), (None, json.dumps(ASKS)), ("", json.dumps(SILENT)), ("", json.dumps([SILENT])),
    (None, json.dumps({"role": "assistant", "tool_calls": ASKS["tool_calls"]})), ("hi", json.dumps({**SILENT, "content": "hi"})),
    ("hi", json.dumps({**SILENT, "content": [{"type": "output_text", "text": "hi", "annotations": []}], "status": "completed"})),
    ("hi", json.dumps([{**SILENT, "content": [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "hi"}]}])),
    (None, json.dumps({"generations": [[{"text": "", "message": {"kwargs": ASKS}}]]})), ("hi", json.dumps({"generations": [[{"text": "hi"}]]})),
    ("", json.dumps({"generations": [[{"text": "", "message": {"kwargs": {"content": "", "tool_calls": []}}}]]})),
    ("hi", json.dumps({"object": "response", "output": [{"type": "reasoning", "summary": []}, {"content": [{"type": "output_text", "text": "hi"}]}]})),
    ('{"role":"admin","name":null}', '{"role":"admin","name":null}'), ('{"choices":["red"]}', '{"choices":["red"]}'), ('{"output":[1]}', '{"output":[1]}'),
]  # fmt: skip
NO = "Das mache ich nicht."
DECLINED = [
    message({"type": "refusal", "content": NO}), json.dumps({"choices": [{"message": {**SILENT, "refusal": NO}}]}), json.dumps({**SILENT, "refusal": NO}),
    json.dumps([{**SILENT, "content": [{"type": "refusal", "refusal": NO}]}]),
    json.dumps({"object": "response", "output": [{"type": "message", "content": [{"type": "refusal", "refusal": NO}]}]}),
]  # fmt: skip
UNDECLINED = [
    json.dumps({"choices": [{"message": {"role": "assistant", "content": "hi", "refusal": None}}]}), '{"refusal": "none", "safe": true}',
    message({"type": "text", "content": '{"type": "refusal"}'}), message({**CALL, "arguments": {"refusal": "x"}}), '[{"refusal": "a word"}]',
]  # fmt: skip
FINISHES = {
    "OpenAI": {"stop": "stop", "length": "length", "content_filter": "content_filter", "tool_calls": "tool_calls", "function_call": "tool_calls",
               "completed": "stop", "incomplete": "length", "failed": "error", "cancelled": "error", "max_output_tokens": "length"},
    "Anthropic": {"end_turn": "stop", "max_tokens": "length", "stop_sequence": "stop", "tool_use": "tool_calls", "refusal": "refusal",
                  "model_context_window_exceeded": "length"},
    "Gemini": {"STOP": "stop", "MAX_TOKENS": "length", "SAFETY": "content_filter", "RECITATION": "content_filter", "BLOCKLIST": "content_filter",
               "PROHIBITED_CONTENT": "content_filter", "SPII": "content_filter", "MALFORMED_FUNCTION_CALL": "error",
               "FINISH_REASON_UNSPECIFIED": None, "FINISH_REASON_STOP": "stop"},
    "Bedrock": {"end_turn": "stop", "guardrail_intervened": "content_filter", "content_filtered": "content_filter"},
    "Cohere": {"COMPLETE": "stop", "MAX_TOKENS": "length", "ERROR": "error", "ERROR_TOXIC": "content_filter", "ERROR_LIMIT": "length"},
    "Mistral": {"model_length": "length", "error": "error"},
    "Vercel": {"content-filter": "content_filter", "tool-calls": "tool_calls", "unknown": None},
}  # fmt: skip
OPERATIONS = [
    ("prompt", {"langsmith.span.kind": "prompt", "gen_ai.operation.name": "chat"}), ("chat", {"langsmith.span.kind": "llm", "gen_ai.operation.name": "chat"}),
    ("retrieval", {"langsmith.span.kind": "retriever", "gen_ai.operation.name": "embeddings"}), ("chat", {"langsmith.span.kind": "llm"}),
    ("text_completion", {"langsmith.span.kind": "llm", "gen_ai.operation.name": "text_completion"}), ("workflow", {"langsmith.span.kind": "chain"}),
    ("chat", {"gen_ai.operation.name": "chat.completions"}), ("chat", {"gen_ai.operation.name": "chat.streaming_completions"}),
    ("text_completion", {"gen_ai.operation.name": "text.completions"}), ("text_completion", {"gen_ai.operation.name": "text.streaming_completions"}),
    ("embeddings", {"gen_ai.operation.name": "embeddings"}), (None, {"app.kind": "prompt"}),
]  # fmt: skip
ELSEWHERE: list[tuple[str, int | None, dict[str, str]]] = [
    ("present", 7, {"ai.response.object": '{"a":1}'}), ("present", 2, {"ai.response.text": "hi", "ai.response.toolCalls": VERCEL}),
    ("calls", None, {"ai.response.toolCalls": VERCEL}), ("calls", None, {"ai.response.text": "", "ai.response.toolCalls": VERCEL}),
    ("empty", 0, {"ai.response.text": ""}), ("empty", 0, {"ai.response.text": "", "ai.response.toolCalls": "[]"}),
    ("calls", None, {"gen_ai.completion.0.role": "assistant", "gen_ai.completion.0.tool_calls.0.name": "w"}),
    ("absent", None, {"gen_ai.prompt.0.tool_calls.0.name": "w"}), ("absent", None, {"gen_ai.completion.0.role": "assistant"}),
    ("calls", None, {"llm.output_messages.0.message.content": "", "llm.output_messages.0.message.tool_calls.0.tool_call.id": "c1"}),
    ("present", 7, {"llm.output_messages.0.message.contents.0.message_content.text": "half an"}), ("empty", 0, {"gen_ai.completion.0.content": ""}),
    ("absent", None, {"langsmith.span.kind": "llm", "gen_ai.completion": '{"output":null}'}),
    ("present", 2, {"langsmith.span.kind": "llm", "gen_ai.completion": '{"output":"hi"}'}), ("present", 15, {"gen_ai.completion": '{"output":"hi"}'}),
    ("present", 20, {"gen_ai.completion.0.refusal": NO}),
]  # fmt: skip
SEVERAL = {
    '["stop", "content_filter"]': "content_filter", '["length","stop"]': "length", '["stop","length"]': "length", '["error","refusal"]': "refusal",
    "('length',)": "length", '["tool_calls","stop"]': "tool_calls", '["stop","stop"]': "stop", '["unknown","stop"]': "stop", "FinishReason.MAX_TOKENS": "length",
}  # fmt: skip
INSIDE = [
    ("length", "gen_ai.output.messages", [{"role": "assistant", "parts": [], "finish_reason": "length"}]), (None, "output.value", {"finish_reason": "length"}),
    ("length", "output.value", {"object": "response", "status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}),
    ("length", "langfuse.observation.output", {"type": "message", "content": [], "status": "incomplete"}), (None, "output.value", {"incomplete": 1}),
    ("length", "output.value", {"choices": [{"finish_reason": "stop"}, {"finish_reason": "length"}]}),
    ("tool_calls", "output.value", {"type": "message", "stop_reason": "tool_use"}),
]  # fmt: skip
TOKENS = [
    (100, {"input_tokens": "100", "cache_read.input_tokens": "80", "provider": "openai"}),
    (1100, {"input_tokens": "100", "cache_read.input_tokens": "1000", "provider": "anthropic"}),
    (1300, {"input_tokens": "100", "cache_read.input_tokens": "1000", "cache_write.input_tokens": "200"}),
    (300, {"input_tokens": "100", "cache_write.input_tokens": "200", "provider": "anthropic"}),
    (None, {}), (0, {"input_tokens": "0"}), (12, {"input_tokens": "12.0"}), (None, {"input_tokens": "-1"}), (None, {"input_tokens": "NaN"}),
]  # fmt: skip


@pytest.mark.parametrize(("language", "answer"), LANGUAGES, ids=[one for one, _ in LANGUAGES])
def test_the_language_of_an_answer(facts, language, answer):
    assert facts(answer)["output_language"] == language


@pytest.mark.parametrize("answer", ["", "```python\nfor x in y: print(x)\n```"])
def test_no_language_is_none(facts, answer):
    assert facts(answer)["output_language"] is None


@pytest.mark.parametrize(("shape", "answer"), SHAPES)
def test_fences_and_json(facts, shape, answer):
    found = facts(answer)
    assert (found["output_fenced"], found["output_json"]) == shape


@pytest.mark.parametrize("answer", REFUSED)
def test_a_refusal(facts, answer):
    assert facts(answer)["output_refused"]


@pytest.mark.parametrize("answer", HELPED)
def test_no_refusal(facts, answer):
    assert not facts(answer)["output_refused"]


@pytest.mark.parametrize(("state", "answer"), STATES)
def test_what_is_there_of_an_answer(facts, state, answer):
    assert facts(answer)["content_state"] == state


@pytest.mark.parametrize(("words", "answer"), WORDS)
def test_the_words_of_an_answer(facts, words, answer):
    found = facts(answer)
    assert (found["output_chars"], found["output_json"]) == (None if words is None else len(words), shaped(words))
    assert not found["output_refused"]


@pytest.mark.parametrize("answer", DECLINED)
def test_a_declared_refusal(facts, answer):
    found = facts(answer)
    assert (found["output_refused"], found["output_chars"], found["content_state"]) == (True, len(NO), "present")


@pytest.mark.parametrize("answer", UNDECLINED)
def test_no_declared_refusal(facts, answer):
    assert not facts(answer)["output_refused"]


@pytest.mark.parametrize(
    "form",
    [lambda word: word, lambda word: json.dumps([word]), lambda word: f"['{word}']"],
    ids=["word", "JSON", "Python"],
)
@pytest.mark.parametrize("provider", FINISHES)
def test_why_an_answer_ended(facts, provider, form):
    found = {word: facts("x", gen_ai__response__finish_reasons=form(word))["finish"] for word in FINISHES[provider]}
    assert found == FINISHES[provider]


@pytest.mark.parametrize(("state", "chars", "told"), ELSEWHERE)
def test_an_answer_in_another_dialect(facts, state, chars, told):
    found = facts(None, **told)
    assert (found["content_state"], found["output_chars"]) == (state, chars)
    assert bool(found["output_refused"]) == ("gen_ai.completion.0.refusal" in told)


@pytest.mark.parametrize(("operation", "told"), OPERATIONS)
def test_what_a_span_did(tmp_path, operation, told):
    with Store.open(tmp_path / "a.duckdb") as store:
        found = store._connection.execute(
            "SELECT operation_of($names, $said)", {"names": list(told), "said": list(told.values())}
        )
        assert found.fetchone() == (operation,)


@pytest.mark.parametrize("reasons", SEVERAL)
def test_of_several_answers_the_worst_end_counts(facts, reasons):
    assert facts("x", gen_ai__response__finish_reasons=reasons)["finish"] == SEVERAL[reasons]


@pytest.mark.parametrize(("finish", "name", "answer"), INSIDE)
def test_why_an_answer_ended_by_what_it_holds(facts, finish, name, answer):
    told, more = (json.dumps(answer), {}) if name == "gen_ai.output.messages" else (None, {name: json.dumps(answer)})
    assert facts(told, **more)["finish"] == finish
    assert facts(told, **more, gen_ai__response__finish_reasons='["stop"]')["finish"] == "stop"


@pytest.mark.parametrize(("tokens", "told"), TOKENS)
def test_input_tokens_count_those_from_a_cache_once(facts, tokens, told):
    names = {"provider": "gen_ai.provider.name"}
    more = {names.get(name, f"gen_ai.usage.{name}"): value for name, value in told.items()}
    assert facts("x", **more)["input_tokens"] == tokens
