"""Questions and answers that are log records: with the spans that OpenTelemetry's own instrumentation wrote beside them."""

from __future__ import annotations

import itertools
import json
import re
from base64 import b64encode
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest
from test_otlp_dialects import START, keyed, span

from blameline.cells import derive
from blameline.intake import load
from blameline.sources import otlp_events
from blameline.store import Store
from conftest import FIXTURES

if TYPE_CHECKING:
    from pathlib import Path

FOLDER = FIXTURES / "otlp_logged"
ENDED = (
    ("answered", "present", len("Your parcel is in Bonn."), False, False, "stop"),
    ("answered", "present", len('{"fruits": ["apple", "pear"]}'), True, False, "stop"),
    ("cut", "present", len("Once upon a time there was"), False, False, "length"),
    ("answered", "calls", None, None, False, "tool_calls"),
    ("refused", "present", len("I'm sorry, but I can't help with that."), False, True, "stop"),
)
"""What the five calls of ``written_by_opentelemetry.py`` ended with, by its ANSWERS."""
READ = "SELECT ended, content_state, output_chars, output_json, coalesce(output_refused, FALSE), finish FROM generations ORDER BY start_at"
CHAT = {"gen_ai.operation.name": "chat"}
DETAILS = "gen_ai.client.inference.operation.details"


def ended(store: Store, asked: str = READ) -> tuple[tuple[Any, ...], ...]:
    derive(store)
    return store.sql(asked).rows


def put(case: Path, kind: str, form: str) -> list[Path]:
    """The spans and the log records of one kind, as files of their own."""
    made = []
    for name in ("spans", "logs"):
        made.append(case / f"{name}.{form}")
        made[-1].write_bytes((FOLDER / f"{kind}.{name}.{form}").read_bytes())
    return made


@pytest.mark.parametrize("form", ["jsonl", "pb"])
@pytest.mark.parametrize("kind", ["older", "latest"])
def test_answers_in_log_records_are_those_of_their_spans(store: Store, case: Path, kind: str, form: str) -> None:
    put(case, kind, form)
    found = load(store, [case])
    assert (found.spans, found.problems) == (5, ())
    assert ended(store) == ENDED
    assert store.sql("SELECT count(*) FROM logs WHERE content_said::VARCHAR LIKE '%Where is my parcel%'").rows == (
        (1,),
    )


@pytest.mark.long
def test_any_order_and_repetition_give_the_same(tmp_path: Path) -> None:
    files = put(tmp_path, "older", "jsonl")
    lines = files[1].read_text()
    files.append(tmp_path / "again.jsonl")
    files[2].write_text(lines + lines)
    held = set()
    for number, order in enumerate(itertools.permutations(files)):
        with Store.open(tmp_path / f"{number}.duckdb") as store:
            for file in order:
                load(store, [file])
            logs = store.sql("SELECT * EXCLUDE (file_id, line) FROM logs ORDER BY ALL").rows
            held.add(repr((ended(store), logs)))
    assert len(held) == 1
    assert repr(ENDED) in next(iter(held))


def test_what_is_loaded_twice_is_told(store: Store, take: Any) -> None:
    lines = (FOLDER / "older.logs.jsonl").read_text()
    found = take({"spans.jsonl": (FOLDER / "older.spans.jsonl").read_text(), "logs.jsonl": lines + lines})
    records = lines.count('"eventName"')
    assert (found.duplicates, found.spans) == (records, 5)
    assert store.sql("SELECT count(*) FROM logs").rows == ((records,),)


def record(number: int, body: object, name: str = "gen_ai.choice", **more: object) -> dict[str, Any]:
    ids = {"traceId": f"{1:032x}", "spanId": f"{number:016x}"}
    said = {"stringValue": body if isinstance(body, str) else json.dumps(body)}
    return {**ids, "eventName": name, "timeUnixNano": str(START), "body": said, **more}


def lines(*records: dict[str, Any]) -> str:
    return "".join(json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": [one]}]}]}) + "\n" for one in records)


def spans(*found: dict[str, Any]) -> str:
    return json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": list(found)}]}]}) + "\n"


def answer(text: str, reason: str = "stop") -> dict[str, Any]:
    return {"finish_reason": reason, "message": {"role": "assistant", "content": text}}


def test_the_span_itself_comes_before_its_log_records(store: Store, take: Any) -> None:
    own = span(1, {**CHAT, "gen_ai.output.messages": "short", "gen_ai.response.finish_reasons": ["stop"]})
    take({"a.jsonl": spans(own), "b.jsonl": lines(record(1, answer("a longer answer", "length")))})
    assert ended(store, "SELECT finish, output_chars FROM generations") == (("stop", 5),)


def test_a_span_that_calls_tools_is_not_said_to_have_the_words_of_its_log_records(store: Store, take: Any) -> None:
    calls = json.dumps([{"role": "assistant", "parts": [{"type": "tool_call", "name": "weather"}]}])
    own = span(1, {**CHAT, "gen_ai.output.messages": calls})
    take({"a.jsonl": spans(own), "b.jsonl": lines(record(1, answer("words")))})
    assert ended(store, "SELECT content_state, output_chars FROM generations") == (("calls", None),)


def test_of_several_answers_the_first(store: Store, take: Any) -> None:
    told = [
        record(1, answer("second"), timeUnixNano=str(START + 5)),
        record(1, answer("one")),
        record(1, {}, timeUnixNano=str(START - 5)),
    ]
    take({"a.jsonl": spans(span(1, CHAT)), "b.jsonl": lines(*told)})
    assert ended(store, "SELECT output_chars FROM generations") == ((3,),)


def test_spans_and_log_records_in_one_file_and_as_a_document(store: Store, take: Any) -> None:
    whole = json.loads(spans(span(1, CHAT))), json.loads(lines(record(1, answer("one"))))
    take({"a.jsonl": "".join(json.dumps(one) + "\n" for one in whole), "b.json": json.dumps(whole[1], indent=1)})
    assert ended(store, "SELECT output_chars FROM generations") == ((3,),)


def test_records_that_meet_no_span_are_told(store: Store, take: Any) -> None:
    lost = [record(7, answer("one")), record(8, {"content": "Where?"}, "gen_ai.user.message")]
    nameless = [{**record(1, answer("one")), "spanId": ""}, {**record(1, answer("one")), "traceId": "0" * 32}]
    found = take({"a.jsonl": spans(span(1, CHAT)), "b.jsonl": lines(*lost, *nameless)})
    assert [(problem.source, problem.message) for problem in found.problems] == [
        ("b.jsonl", "2 log records of questions and answers belong to no span that was loaded"),
        ("b.jsonl", "2 log records of questions and answers name no span and were not read"),
    ]
    assert ended(store, "SELECT content_state FROM generations") == (("absent",),)


def test_other_log_records_are_passed_over_and_a_torn_line_is_told(store: Store, take: Any) -> None:
    other = [record(1, "started", "app.start"), record(1, "x", ""), {**record(1, {}), "body": None}]
    found = take({"b.jsonl": lines(*other) + '{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"eventName":"gen_ai.ch'})
    assert [(problem.line, "not JSON" in problem.message) for problem in found.problems] == [(4, True)]
    assert store.sql("SELECT count(*) FROM logs").rows == ((0,),)


@pytest.mark.parametrize("content", ["none", "redacted", "full"])
def test_content_is_kept_as_asked(tmp_path: Path, content: Any) -> None:
    key = "sk-proj-abcdefghijklmnopqrstuvwx0123"
    text = lines(
        record(1, answer(f"Written to ann@example.com with {key}.")), record(1, {"content": key}, "gen_ai.user.message")
    )
    (tmp_path / "a.jsonl").write_text(spans(span(1, CHAT)) + text)
    with Store.open(tmp_path / "case.duckdb") as store:
        load(store, [tmp_path / "a.jsonl"], content=content)
        (told,) = ended(store, "SELECT content_state, output_chars FROM generations")
        kept = repr(store.sql("SELECT * FROM logs").rows)
    assert told == ("present", len(f"Written to ann@example.com with {key}."))
    assert ("ann@example.com" in kept, key in kept) == (content == "full", content == "full")
    assert ("Written" in kept) == (content != "none")


@pytest.mark.parametrize(
    "body",
    [{"a": 1}, ["x", "y"], {"content": [{"type": "text", "text": "x"}], "why": "y"}, [{"text": "x", "score": 1}]],
)
def test_an_answer_that_is_json_itself_stays_whole(store: Store, take: Any, body: object) -> None:
    text = json.dumps(body)
    take({"a.jsonl": spans(span(1, CHAT)), "b.jsonl": lines(record(1, answer(text)))})
    assert ended(store, "SELECT output_chars, output_json FROM generations") == ((len(text), True),)


def test_attributes_and_the_name_beside_them(store: Store, take: Any) -> None:
    older = {**record(1, answer("one")), "attributes": keyed({"event.name": "gen_ai.choice"})}
    del older["eventName"]
    take({"a.jsonl": spans(span(1, CHAT)), "b.jsonl": lines(older)})
    assert ended(store, "SELECT output_chars FROM generations") == ((3,),)


def test_fields_of_any_type_cost_only_themselves(store: Store, take: Any) -> None:
    wrong = [
        record(1, answer("no"), ["gen_ai.choice"]),  # type: ignore[arg-type]
        {**record(1, answer("no"), ""), "attributes": keyed({"event.name": ["gen_ai.choice"]})},
        {**record(1, {}, DETAILS), "attributes": keyed({"gen_ai.half\ud800": "a"})},
    ]
    take({"a.jsonl": spans(span(1, CHAT)) + lines(*wrong, record(1, answer("one")))})
    assert ended(store, "SELECT output_chars FROM generations") == ((3,),)


@pytest.mark.parametrize("name", ["choice", "system.message", "user.message", "assistant.message", "tool.message"])
@pytest.mark.parametrize("form", ["jsonl", "pb"])
def test_a_record_alone_in_its_file_is_read(store: Store, case: Path, name: str, form: str) -> None:
    one = lines(record(1, {"content": "Bonn", "message": {"content": "Bonn"}}, f"gen_ai.{name}"))
    (case / f"a.{form}").write_bytes(one.encode() if form == "jsonl" else as_protobuf(one))
    load(store, [case])
    assert store.sql("SELECT count(*) FROM logs WHERE content_said::VARCHAR LIKE '%Bonn%'").rows == ((1,),)


def as_protobuf(text: str) -> bytes:
    parse: Any = import_module("google.protobuf.json_format").ParseDict
    made: Any = import_module("opentelemetry.proto.collector.logs.v1.logs_service_pb2").ExportLogsServiceRequest()
    request = json.loads(text)
    for one in request["resourceLogs"][0]["scopeLogs"][0]["logRecords"]:
        for key in ("traceId", "spanId"):
            one[key] = b64encode(bytes.fromhex(one[key])).decode()
    return bytes(parse(request, made).SerializeToString())


def test_a_number_that_is_too_long_costs_no_answer(store: Store, take: Any) -> None:
    long = lines(record(1, answer("one"))).replace('"timeUnixNano"', f'"flags": {"9" * 5000}, "timeUnixNano"')
    take({"a.jsonl": spans(span(1, CHAT)), "b.jsonl": long})
    assert ended(store, "SELECT output_chars FROM generations") == ((3,),)


SAID = [{"key": "content", "value": {"stringValue": "hello"}}]
MAP = {
    "kvlistValue": {
        "values": [
            {"key": "finish_reason", "value": {"stringValue": "stop"}},
            {"key": "message", "value": {"kvlistValue": {"values": SAID}}},
        ]
    }
}


@pytest.mark.parametrize("spelling", ["specification", "snake_case", "go", "bare"])
def test_a_body_is_read_however_it_is_spelled(store: Store, take: Any, spelling: str) -> None:
    request = json.loads(lines({**record(1, ""), "body": answer("hello") if spelling == "bare" else MAP}))
    if spelling in {"snake_case", "go"}:
        request = spelled(request, go=spelling == "go")
    take({"a.jsonl": spans(span(1, CHAT)), "b.jsonl": json.dumps(request)})
    assert ended(store, "SELECT output_chars, finish FROM generations") == ((5, "stop"),)


def spelled(value: Any, *, go: bool) -> Any:
    """The same in snake_case, its values as Go writes them where asked for."""
    if isinstance(value, list):
        return [spelled(one, go=go) for one in value]
    if not isinstance(value, dict):
        return value
    if go and len(value) == 1 and (kind := next(iter(value))).endswith("Value"):
        return {"Value": {kind[0].upper() + kind[1:]: spelled(value[kind], go=go)}}
    return {re.sub("[A-Z]", lambda at: f"_{at[0].lower()}", key): spelled(one, go=go) for key, one in value.items()}


def test_a_record_that_is_nested_too_deep_is_told(store: Store, take: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def deep(_: object) -> None:
        raise RecursionError

    both = lines(record(1, answer("one")))
    monkeypatch.setattr(otlp_events, "_told", deep)
    found = take({"a.jsonl": both, "b.pb": as_protobuf(both)})
    assert [(problem.source, problem.line) for problem in found.problems] == [("a.jsonl", 1), ("b.pb", 1)]


def test_long_answers_are_handed_over_before_they_are_many(store: Store, case: Path) -> None:
    words = "Your parcel is on its way to Bonn. " * 6000
    with (case / "a.jsonl").open("w") as out:
        out.writelines(lines(record(number, answer(words))) for number in range(1, 301))
    load(store, [case])
    assert store.sql("SELECT count(*), min(output_chars) FROM logs").rows == ((300, len(words)),)


@pytest.mark.parametrize("back", [1, -1])
def test_of_answers_at_one_moment_the_same_counts_whatever_is_kept(tmp_path: Path, back: int) -> None:
    """Of each pair both answers are as long, and one of them is JSON."""
    told = [record(n, answer(text)) for n in range(1, 9) for text in (f'["{n}"]', f"'{n}' .")[::back]]
    asked = spans(*(span(n, CHAT) | {"traceId": f"{1:032x}"} for n in range(1, 9)))
    held = set()
    for content in ("none", "redacted", "full"):
        (tmp_path / "a.jsonl").write_text(asked + lines(*told))
        with Store.open(tmp_path / f"{content}.duckdb") as store:
            load(store, [tmp_path / "a.jsonl"], content=content)  # type: ignore[arg-type]
            held.add(ended(store, "SELECT span_id, output_chars, output_json FROM generations ORDER BY span_id"))
    assert (
        len({chars for one in held for _, chars, _ in one})
        == len(held)
        == len({json for one in held for *_, json in one})
        == 1
    )


def test_records_of_spans_that_are_no_calls_are_told(take: Any) -> None:
    found = take(
        {
            "a.jsonl": spans(span(1, {"gen_ai.operation.name": "execute_tool"})),
            "b.jsonl": lines(record(1, answer("one"))),
        }
    )
    (problem,) = found.problems
    assert problem.message == "1 log records of questions and answers belong to spans that are no calls of a model"


@pytest.mark.parametrize("torn", [{"logRecords": {}}, {"logRecords": [None]}, "x"])
def test_a_torn_part_is_told_and_the_records_beside_it_are_read(store: Store, take: Any, torn: object) -> None:
    whole = {"resourceLogs": [{"scopeLogs": [{"logRecords": [record(1, answer("one"))]}, torn]}]}
    found = take({"a.jsonl": spans(span(1, CHAT)), "b.jsonl": json.dumps(whole) + "\n"})
    assert [(problem.source, problem.line) for problem in found.problems] == [("b.jsonl", 1)]
    assert "no object" in found.problems[0].message
    assert ended(store, "SELECT output_chars FROM generations") == ((3,),)
