"""Answers, finish reasons and flags that events of spans tell."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from test_otlp_dialects import keyed, read, span  # noqa: F401  a fixture

from blameline.cells.roles import layer_of
from blameline.intake import load
from blameline.sources.heads import File, Head
from blameline.sources.otlp_events import Events, told
from blameline.sources.rows import Rows
from blameline.store import Store

FILE = File(Path("a.jsonl"), "a.jsonl", Head(b"", 0))
CHAT = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "m"}
ANSWER = "Yes, that works."


def event(name: str, **attributes: Any) -> dict[str, Any]:
    return {"name": name, "timeUnixNano": "1772323200000000001", "attributes": keyed(attributes)}


def choice(message: object, reason: str = "stop") -> dict[str, Any]:
    return event("gen_ai.choice", index=0, finish_reason=reason, message=message)


MESSAGES = [{"role": "assistant", "parts": [{"type": "text", "content": ANSWER}], "finish_reason": "length"}]
TOLD = {
    "text": ([choice(ANSWER, "length")], "present", "length"),
    "message as JSON": ([choice(json.dumps({"role": "assistant", "content": ANSWER}), "length")], "present", "length"),
    "message as an object": ([choice({"role": "assistant", "content": ANSWER}, "max_tokens")], "present", "length"),
    "parts as JSON": ([choice(json.dumps([{"text": ANSWER}]), "end_turn")], "present", "stop"),
    "event content": (
        [event("gen_ai.choice", **{"gen_ai.event.content": json.dumps({"finish_reason": "length", "message": {"content": ANSWER}})})],
        "present",
        "length",
    ),
    "completion": (
        [event("gen_ai.content.completion", **{"gen_ai.completion": json.dumps([{"role": "assistant", "content": ANSWER}])})],
        "present",
        None,
    ),
    "details": (
        [event("gen_ai.client.inference.operation.details", **{"gen_ai.output.messages": MESSAGES, "gen_ai.response.finish_reasons": ["length"]})],
        "present",
        "length",
    ),
    "a call": (
        [choice({"role": "assistant", "tool_calls": [{"id": "c", "function": {"name": "w", "arguments": "{}"}}]}, "tool_calls")],
        "calls",
        "tool_calls",
    ),
    "no content": ([choice({"role": "assistant"}, "length")], "absent", "length"),
    "nothing": ([event("gen_ai.choice"), event("exception", **{"exception.type": "E"})], "absent", None),
}  # fmt: skip


@pytest.mark.parametrize("form", TOLD)
def test_an_answer_in_an_event_is_on_record(read, form):  # noqa: F811
    events, state, finish = TOLD[form]
    (found,) = read(span(1, CHAT, events=events))
    assert (found["content_state"], found["finish"]) == (state, finish)
    assert found["output_chars"] == (len(ANSWER) if state == "present" else None)


def test_the_span_itself_comes_before_its_events(read):  # noqa: F811
    said = {**CHAT, "gen_ai.output.messages": "short", "gen_ai.response.finish_reasons": ["stop"]}
    (found,) = read(span(1, said, events=[choice(ANSWER, "length")]))
    assert (found["finish"], found["output_chars"]) == ("stop", len("short"))


def test_a_question_in_an_event_is_an_input(read):  # noqa: F811
    asked = [event("gen_ai.user.message", content="hi"), event("gen_ai.content.prompt", **{"gen_ai.prompt": "more"})]
    (found,) = read(span(1, CHAT, events=asked))
    messages = json.loads(found["attributes"]["gen_ai.input.messages"])
    assert [part["content"] for message in messages for part in message["parts"]] == ["hi", "more"]


@pytest.mark.parametrize("content", ["none", "redacted", "full"])
def test_content_in_events_is_content(tmp_path, content):
    events = [event("gen_ai.user.message", content="mail ann@example.com"), choice("Written to ann@example.com.")]
    whole = {"resourceSpans": [{"scopeSpans": [{"spans": [span(1, CHAT, events=events)]}]}]}
    (tmp_path / "a.jsonl").write_text(json.dumps(whole))
    with Store.open(tmp_path / "case.duckdb") as store:
        load(store, [tmp_path / "a.jsonl"], content=content)
        (row,) = store.sql(
            "SELECT content_state, output_chars, names, said, content_names, content_said FROM span_rows"
        ).rows
    assert row[:2] == ("present", len("Written to ann@example.com."))
    assert ("ann@example.com" in str(row)) == (content == "full")
    assert ("Written" in str(row)) == (content != "none")


@pytest.mark.parametrize(
    ("flags", "carried"),
    [
        ([("checkout", "treatment")], ("checkout", "treatment")),
        ([("checkout", "treatment"), ("checkout", "treatment")], ("checkout", "treatment")),
        ([("checkout", "treatment"), ("theme", "dark")], (None, None)),
    ],
)
def test_the_one_flag_that_a_span_evaluated(read, flags, carried):  # noqa: F811
    names = ("feature_flag.key", "feature_flag.result.variant")
    (found,) = read(
        span(
            1, CHAT, events=[event("feature_flag.evaluation", **dict(zip(names, flag, strict=True))) for flag in flags]
        )
    )
    assert tuple(found["attributes"].get(name) for name in names) == carried


def test_of_several_flags_each_has_a_name_of_its_own(read):  # noqa: F811
    names = ("feature_flag.key", "feature_flag.result.variant")
    flags = [("checkout", "treatment"), ("prompt-v2", "on"), ("x" * 101, "on")]
    (found,) = read(
        span(
            1, CHAT, events=[event("feature_flag.evaluation", **dict(zip(names, flag, strict=True))) for flag in flags]
        )
    )
    told = {name: value for name, value in found["attributes"].items() if name.startswith("feature_flag")}
    assert told == {"feature_flag.checkout.variant": "treatment", "feature_flag.prompt-v2.variant": "on"}
    assert {layer_of(name) for name in told} == {"deploy"}, "a flag is a flag, whatever it is called"


@pytest.mark.parametrize("files", [1, 3])
def test_many_small_files_and_a_document_tell_the_same(store, take, files):
    whole = [
        {"resourceSpans": [{"scopeSpans": [{"spans": [span(n, CHAT, events=[choice(ANSWER)])]}]}]}
        for n in range(1, files + 1)
    ]
    take({**{f"{n}.jsonl": json.dumps(one) for n, one in enumerate(whole)}, "a.json": json.dumps(whole[0], indent=1)})
    assert store.sql("SELECT content_state, finish FROM spans").rows == (("present", "stop"),) * files


HOSTILE: list[Any] = [
    {}, {"name": {}}, {"name": "gen_ai.choice", "attributes": "x"}, {"name": "gen_ai.choice", "attributes": [{"key": "message"}, {"key": []}]},
    {"name": "gen_ai.choice", "attributes": [{"key": "message", "value": {"kvlistValue": []}}]}, event("gen_ai.user.message"), "x",
    choice("[" * 100_000), choice('{"content":' * 300 + "1" + "}" * 300), choice({"tool_calls": "x", "content": ""}),
]  # fmt: skip


@pytest.mark.parametrize("place", range(len(HOSTILE)))
def test_events_that_are_none_cost_nothing_else(place):
    line = json.dumps(
        {
            "resourceSpans": [
                {"scopeSpans": [{"spans": [{**span(1, CHAT), "events": [HOSTILE[place], choice(ANSWER)]}]}]}
            ]
        }
    )
    (one,) = json.loads(Events(Rows(FILE)).line(line.encode()))["resourceSpans"][0]["scopeSpans"][0]["spans"]
    assert ANSWER in str(one["attributes"])


@pytest.mark.parametrize(
    "line", [b"gen_ai.choice", b'["gen_ai.choice"]', b'{"resourceSpans":[{"scopeSpans":"gen_ai.choice"}]}']
)
def test_a_line_that_is_no_request_passes(line):
    assert Events(Rows(FILE)).line(line).strip() == line


def test_half_a_character_is_replaced():
    found = told([choice(json.dumps({"content": "a\ud800b"}))])["gen_ai.output.messages"]
    assert json.loads(found)[0]["parts"][0]["content"] == "a?b"
