from __future__ import annotations

import gzip
import json
import random
import shutil
from typing import TYPE_CHECKING

import pytest
import zstandard

from blameline.intake import load
from blameline.records import Manifest
from blameline.store import Store
from conftest import FIXTURES, attribute, requests

if TYPE_CHECKING:
    from pathlib import Path

HEX = "0af7651916cd43dd8448eb211c80319c"


def spans(store: Store) -> list[tuple]:
    return list(store.sql("SELECT * EXCLUDE (file_id) FROM spans ORDER BY trace_id, span_id").rows)


def scores(store: Store) -> list[tuple]:
    return list(
        store.sql("SELECT trace_id, span_id, response_id, name, value, label, evaluator FROM scores ORDER BY ALL").rows
    )


def span(n: int = 1, **more: object) -> dict:
    start = 1772323200000000000 + n * 10**9
    return {
        "traceId": f"{n:032x}",
        "spanId": f"{n:016x}",
        "startTimeUnixNano": str(start),
        "endTimeUnixNano": str(start + 5 * 10**6),
        **more,
    }


def request(*found: dict, **resource: str) -> str:
    attributes = [{"key": key.replace("__", "."), "value": {"stringValue": value}} for key, value in resource.items()]
    return json.dumps(
        {"resourceSpans": [{"resource": {"attributes": attributes}, "scopeSpans": [{"spans": list(found)}]}]}
    )


def logs(*records: dict) -> str:
    return json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": list(records)}]}]})


def keyed(**values: object) -> list[dict]:
    kinds = {str: "stringValue", float: "doubleValue", int: "intValue", bool: "boolValue"}
    return [{"key": key.replace("__", "."), "value": {kinds[type(value)]: value}} for key, value in values.items()]


def score(n: int | None = 1, name: str = "helpful", **more: object) -> dict:
    ids = {} if n is None else {"traceId": f"{n:032x}", "spanId": f"{n:016x}"}
    return {"timeUnixNano": "1772323300000000000", "eventName": "gen_ai.evaluation.result", **ids,
            "attributes": keyed(gen_ai__evaluation__name=name, **more)}  # fmt: skip


@pytest.mark.parametrize(
    "name", ["current.otlp.jsonl", "v1_36.otlp.jsonl", "traceloop.otlp.jsonl", "current.otlp.jsonl.gz"]
)
def test_every_span_and_attribute_of_a_fixture_arrives(store: Store, name: str) -> None:
    expected = {}
    for one in requests(name):
        for resource in one["resourceSpans"]:
            outer = {pair["key"]: attribute(pair["value"]) for pair in resource["resource"]["attributes"]}
            for scope in resource["scopeSpans"]:
                around = {f"otel.scope.{key}": said for key, said in scope["scope"].items() if isinstance(said, str)}
                for found in scope["spans"]:
                    own = {pair["key"]: attribute(pair["value"]) for pair in found.get("attributes", [])}
                    expected[found["traceId"], found["spanId"]] = (found, {**outer, **around, **own})
    found = load(store, [FIXTURES / name])
    assert (found.spans, found.problems) == (len(expected), ())
    rows = store.rows("store/manifest")
    assert rows == []
    columns = store.sql("SELECT trace_id, span_id, parent_id, start_ns, duration_ms, service, attributes FROM spans")
    for trace_id, span_id, parent, start, duration, service, attributes in columns.rows:
        one, wanted = expected[trace_id, span_id]
        assert parent == (one.get("parentSpanId") or None)
        assert start == int(one["startTimeUnixNano"])
        assert duration == (int(one["endTimeUnixNano"]) - start) / 1e6
        assert service == "support-bot"
        assert {key: attributes[key] for key in wanted} == wanted


@pytest.mark.parametrize(
    "name",
    ["current.otlp.json_native.zst", "current.otlp.base64_ids_enum_names.jsonl", "current.otlp.snake_case.jsonl",
     "current.otlp.duplicated_batch.jsonl", "current.otlp.jsonl.gz", "current.otlp.json_legacy_msg_zstd.zst"],
)  # fmt: skip
def test_other_clothes_hold_the_same_spans(tmp_path: Path, name: str) -> None:
    with Store.open(tmp_path / "a.duckdb") as one, Store.open(tmp_path / "b.duckdb") as other:
        load(one, [FIXTURES / "current.otlp.jsonl"])
        found = load(other, [FIXTURES / name])
        assert found.problems == ()
        assert spans(one) == spans(other)
        assert found.duplicates == (4 if "duplicated" in name else 0)


def test_old_names_get_the_canonical_one_beside_them(store: Store) -> None:
    load(store, [FIXTURES / "traceloop.otlp.jsonl"])
    ((attributes,),) = store.sql("SELECT attributes FROM spans WHERE op = 'chat' ORDER BY start_ns LIMIT 1").rows
    assert attributes["gen_ai.usage.prompt_tokens"] == attributes["gen_ai.usage.input_tokens"] == "412"
    assert attributes["gen_ai.prompt.name"] == "support-answer"
    assert attributes["gen_ai.prompt.version"] == "7"
    assert attributes["openai.response.system_fingerprint"] == "fp_44709d6fcb"
    assert attributes["gen_ai.response.finish_reason"] == "stop"
    ops = store.sql("SELECT DISTINCT op FROM spans ORDER BY op").rows
    assert ops == (("chat",), ("workflow",))


def test_a_cut_tail_costs_one_line(store: Store) -> None:
    found = load(store, [FIXTURES / "current.otlp.truncated_tail.jsonl"])
    assert found.spans == 4
    assert [(problem.line, "cut short" in problem.message) for problem in found.problems] == [(2, True)]


def test_bad_lines_are_told_and_good_lines_load(store: Store, take) -> None:
    lines = [request(span(1)), "{broken", request(span(2)), "[1]", '{"resourceSpans": 3}', request(span(3, startTimeUnixNano="0")),
             request({"spanId": "00f067aa0ba902b7", "startTimeUnixNano": "1772323200000000000"}), request(span(4))]  # fmt: skip
    found = take({"a.jsonl": "\n".join(lines)})
    assert found.spans == 3
    assert [problem.line for problem in found.problems] == [2, 4, 5, 6, 7]


def test_an_evaluation_log_joins_its_trace(store: Store) -> None:
    load(store, [FIXTURES / "evaluation_result.logs.otlp.jsonl", FIXTURES / "current.otlp.jsonl"])
    assert scores(store) == [
        ("d4af24846b54547a874c44d872d65bb4", "a006a7de3d239b50", "chatcmpl-0abc", "groundedness", 0.25, "fail", None)
    ]


@pytest.mark.parametrize("first", ["a", "b"])
def test_a_score_that_names_a_response_finds_its_trace_in_any_order(store: Store, take, first: str) -> None:
    second = "b" if first == "a" else "a"
    found = take({
        f"{first}.jsonl": logs(score(None, gen_ai__evaluation__score__value=0.5, gen_ai__response__id="resp-1")),
        f"{second}.jsonl": request(span(1, attributes=keyed(gen_ai__response__id="resp-1"))),
    })  # fmt: skip
    assert found.problems == ()
    assert scores(store)[0][:3] == (f"{1:032x}", f"{1:016x}", "resp-1")


def test_a_score_without_a_trace_is_told(take) -> None:
    found = take({"a.jsonl": logs(score(None, gen_ai__evaluation__score__value=0.5, gen_ai__response__id="gone"))})
    assert found.scores == 1
    assert "1 scores belong to no trace" in found.problems[0].message


def test_labels_and_words_are_numbers(store: Store, take) -> None:
    given = [("pass", 1.0), ("Yes", 1.0), ("incorrect", 0.0), ("FALSE", 0.0)]
    rows = [score(n, gen_ai__evaluation__score__label=label) for n, (label, _) in enumerate(given, 1)]
    rows += [score(9, gen_ai__evaluation__score__value="0.75"), score(10, gen_ai__evaluation__score__value=1)]
    take({"a.jsonl": logs(*rows)})
    assert [row[4] for row in scores(store)] == [*(value for _, value in given), 0.75, 1.0]


def test_a_score_that_is_no_number_is_told(store: Store, take) -> None:
    rows = [
        score(1, gen_ai__evaluation__score__value="NaN"),
        score(2, gen_ai__evaluation__score__label="meh"),
        score(3),
    ]
    found = take({"a.jsonl": logs(*rows) + "\n" + logs(score(4, gen_ai__evaluation__score__value=0.5))})
    assert len(scores(store)) == 1
    assert [problem.line for problem in found.problems] == [1, 1, 1]


@pytest.mark.parametrize("beyond", [1e24, 2**80, -1e13])
def test_a_score_beyond_all_measure_is_told(store: Store, take, beyond: float) -> None:
    given = [logs(score(n, gen_ai__evaluation__score__value=value)) for n, value in enumerate((beyond, 5e11))]
    found = take({"a.jsonl": "\n".join(given)})
    assert found.scores == 1
    assert ["is beyond 1e12" in problem.message for problem in found.problems] == [True]


def test_a_span_event_and_an_annotation_are_scores(store: Store, take) -> None:
    event = {"name": "gen_ai.evaluation.result", "timeUnixNano": "1772323300000000000",
             "attributes": keyed(gen_ai__evaluation__name="tone", gen_ai__evaluation__score__value=0.25)}  # fmt: skip
    noted = [{"key": f"annotations.0.annotation.{key}", "value": {"stringValue": value}} for key, value in
             {"name": "thumbs", "label": "thumbs_up", "annotator_kind": "HUMAN"}.items()]  # fmt: skip
    take({"a.jsonl": request(span(1, events=[event], attributes=noted))})
    assert [row[3:] for row in scores(store)] == [("thumbs", 1.0, "thumbs_up", "HUMAN"), ("tone", 0.25, None, None)]
    assert "tone" in str(store.sql("SELECT attributes['otel.events'] FROM spans").rows)


def test_who_judged_is_kept(store: Store, take) -> None:
    given = {"gen_ai__evaluation__score__value": 0.5}
    lines = [
        logs(score(1, evaluator__version="v2", **given)),
        logs(score(2, my__judge="m", evaluator__version="v2", **given)),
    ]
    take({"a.jsonl": "\n".join(lines), "incident.yaml": "service: a\nfields: {judge: [my.judge]}\n"})
    assert [row[6] for row in scores(store)] == ["v2", "m"]
    assert store.manifest() == Manifest.model_validate({"service": "a", "fields": {"judge": ["my.judge"]}})


def test_the_span_wins_over_scope_and_resource(store: Store, take) -> None:
    take(
        {
            "a.jsonl": request(
                span(1, attributes=keyed(cloud__region="b", n=3, t=0.2, ok=True)), cloud__region="a", x="y"
            )
        }
    )
    ((attributes,),) = store.sql("SELECT attributes FROM spans").rows
    assert attributes == {"cloud.region": "b", "n": "3", "t": "0.2", "ok": "true", "x": "y"}


def test_lists_and_objects_become_json(store: Store, take) -> None:
    inner = {
        "kvlistValue": {
            "values": [{"key": "id", "value": {"stringValue": 'do{c"[1'}}, {"key": "n", "value": {"intValue": "4"}}]
        }
    }
    value = {"arrayValue": {"values": [inner, {"doubleValue": 0.5}, {"boolValue": False}]}}
    take({"a.jsonl": request(span(1, attributes=[{"key": "docs", "value": value}]))})
    ((attributes,),) = store.sql("SELECT attributes FROM spans").rows
    assert json.loads(attributes["docs"]) == [{"id": 'do{c"[1', "n": 4}, 0.5, False]


@pytest.mark.parametrize("first", [0, 1, 149])
def test_a_span_unlike_most_others_is_looked_at_wherever_it_stands(store: Store, take, first: int) -> None:
    """The names that the first lines carry are looked at once for all spans that carry the same."""
    usual = [request(span(n, attributes=keyed(gen_ai__operation__name="chat", n=n))) for n in range(1, 151)]
    odd = keyed(llm__model_name="gpt-4o", api_key="just a word", gen_ai__operation__name="chat")
    usual[first] = request(span(first + 1, attributes=odd), x__authorization="word")
    take({"a.jsonl": "\n".join(usual)})
    ((attributes,),) = store.sql("SELECT attributes FROM spans WHERE attributes['x.authorization'] IS NOT NULL").rows
    assert attributes["api_key"] == attributes["x.authorization"] == "[redacted]"
    assert attributes["gen_ai.response.model"] == "gpt-4o"
    assert len(store.sql("SELECT 1 FROM spans WHERE attributes['n'] IS NOT NULL").rows) == 149


@pytest.mark.parametrize(
    "values",
    [["stop"], ["größe, 多"], ['a"b'], ["back\\slash"], ["line\nend"], [""], ["a", "b"], ["[]"], ['"}]}'], []],
)
def test_a_list_of_words_is_the_same_list(store: Store, take, values: list[str]) -> None:
    value = {"arrayValue": {"values": [{"stringValue": one} for one in values]}}
    take({"a.jsonl": request(span(1, attributes=[{"key": "words", "value": value}]))})
    ((attributes,),) = store.sql("SELECT attributes FROM spans").rows
    assert json.loads(attributes["words"]) == values


@pytest.mark.parametrize("name", ["otlp_trace.json", "otlp_logs.json", "otlp_events.json"])
def test_a_pretty_printed_document_is_read(store: Store, name: str) -> None:
    found = load(store, [FIXTURES / name])
    assert (found.spans, found.problems) == (int("trace" in name), ())


def test_ids_in_upper_case_and_numbers_as_numbers(store: Store, take) -> None:
    take({"a.jsonl": request(span(1, traceId=HEX.upper(), startTimeUnixNano=1772323200000000001, parentSpanId=""))})
    assert store.sql("SELECT trace_id, start_ns, parent_id FROM spans").rows == ((HEX, 1772323200000000001, None),)


@pytest.mark.parametrize("status", [2, "STATUS_CODE_ERROR"])
def test_status_by_number_and_by_name(store: Store, take, status: object) -> None:
    take({"a.jsonl": request(span(1, status={"code": status}, kind="SPAN_KIND_CLIENT"))})
    assert store.sql("SELECT status FROM spans").rows == (("error",),)


@pytest.mark.parametrize("squeeze", [gzip.compress, zstandard.ZstdCompressor().compress])
def test_a_damaged_archive_gives_what_it_holds(store: Store, take, squeeze) -> None:
    seed = random.Random(3)  # noqa: S311  seeded, for tests
    whole = "".join(request(span(n, attributes=keyed(x=str(seed.random())))) + "\n" for n in range(1, 3000))
    packed = squeeze(whole.encode())
    found = take({"a.bin": packed[: len(packed) // 2]})
    assert 0 < found.spans < 2999
    assert any("damaged" in problem.message for problem in found.problems)


def test_strange_names_are_only_names(store: Store, case: Path) -> None:
    shutil.copy(FIXTURES / "current.otlp.jsonl", case / "[a]*?'; DROP.txt")
    assert load(store, [case]).spans == 8


def test_a_byte_order_mark_is_passed_over(take) -> None:
    assert take({"a.jsonl": b"\xef\xbb\xbf" + request(span(1)).encode()}).spans == 1
