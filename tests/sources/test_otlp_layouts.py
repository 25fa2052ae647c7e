from __future__ import annotations

import base64
import json
import re
from typing import TYPE_CHECKING, Any

import pytest
import zstandard
from test_otlp import keyed, logs, request, score, span

from blameline.intake import load
from blameline.store import Store
from conftest import FIXTURES, requests

if TYPE_CHECKING:
    from collections.abc import Callable

CURRENT = requests("current.otlp.jsonl")
COLUMNS = "trace_id, span_id, parent_id, name, start_ns, duration_ms, status, service, op"


def rows(store: Store) -> list[tuple]:
    found = store.sql(f"SELECT {COLUMNS}, attributes FROM spans ORDER BY span_id").rows  # noqa: S608
    return [(*row[:-1], {key: said for key, said in row[-1].items() if not key.startswith("otel.")}) for row in found]


def walk(value: Any, change: Callable[[str, Any], tuple[str, Any]]) -> Any:
    """The same JSON with each key and its value changed, from the inside out."""
    if isinstance(value, dict):
        return dict(change(key, walk(part, change)) for key, part in value.items())
    return [walk(part, change) for part in value] if isinstance(value, list) else value


def snake(key: str, value: Any) -> tuple[str, Any]:
    return re.sub(r"[A-Z]", lambda found: "_" + found.group().lower(), key), value


def go(key: str, value: Any) -> tuple[str, Any]:
    kinds = {"stringValue", "intValue", "doubleValue", "boolValue", "arrayValue", "kvlistValue"}
    if isinstance(value, dict) and value.keys() & kinds:
        ((kind, inner),) = value.items()
        value = {"Value": {kind[:1].upper() + kind[1:]: int(inner) if kind == "intValue" else inner}}
    if isinstance(value, list) and key == "values":
        value = [go("value", part)[1] for part in value]
    return snake(key, int(value) if key.endswith("UnixNano") else value)


def ids(write: Callable[[str], str]) -> Callable[[str, Any], tuple[str, Any]]:
    return lambda key, value: (key, write(value) if key in {"traceId", "spanId", "parentSpanId"} and value else value)


def enums(key: str, value: Any) -> tuple[str, Any]:
    if key == "kind" and isinstance(value, int):
        return key, "SPAN_KIND_" + ["UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"][value]
    return key, ["STATUS_CODE_UNSET", "STATUS_CODE_OK", "STATUS_CODE_ERROR"][value] if key == "code" else value


def legacy(key: str, value: Any) -> tuple[str, Any]:
    return {"scopeSpans": "instrumentationLibrarySpans", "scope": "instrumentationLibrary"}.get(key, key), value


def numbers(key: str, value: Any) -> tuple[str, Any]:
    return key, int(value) if key == "intValue" or key.endswith("UnixNano") else value


def token_doubles(key: str, value: Any) -> tuple[str, Any]:
    if key == "attributes" and isinstance(value, list):
        for pair in value:
            if "tokens" in pair["key"] and "intValue" in pair["value"]:
                pair["value"] = {"double_value": float(pair["value"]["intValue"])}
    return snake(key, value)


def base64_id(said: str) -> str:
    return base64.b64encode(bytes.fromhex(said)).decode()


SPELLINGS = {
    "snake_case": snake,
    "Go": go,
    "0x ids": ids("0x{}".format),
    "0X and upper case": ids(lambda said: "0X" + said.upper()),
    "upper case": ids(str.upper),
    "base64": ids(base64_id),
    "enum names": enums,
    "instrumentation libraries": legacy,
    "integers as numbers": numbers,
    "token counts as doubles": token_doubles,
}


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> list[tuple]:
    with Store.open(tmp_path_factory.mktemp("plain") / "case.duckdb") as store:
        load(store, [FIXTURES / "current.otlp.jsonl"])
        return rows(store)


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_every_spelling_gives_the_same_spans(store: Store, take, plain: list[tuple], spelling: str) -> None:
    changed = [walk(json.loads(json.dumps(one)), SPELLINGS[spelling]) for one in CURRENT]
    found = take({"a.jsonl": "".join(json.dumps(one) + "\n" for one in changed)})
    assert (found.spans, found.problems) == (len(plain), ())
    assert rows(store) == plain


def zstd(text: str) -> bytes:
    return zstandard.ZstdCompressor().compress(text.encode())


def legacy_zstd(found: list[str]) -> bytes:
    return b"".join(len(packed).to_bytes(4, "big") + packed for packed in map(zstd, found))


LAYOUTS: dict[str, Callable[[list[dict]], dict[str, str | bytes]]] = {
    "pretty-printed document": lambda found: {"a.json": json.dumps(merged(found), indent=2)},
    "documents one after another": lambda found: {"a.json": "\n".join(json.dumps(one, indent=1) for one in found)},
    "a list of requests": lambda found: {"a.json": json.dumps(found)},
    "a pretty-printed list": lambda found: {"a.json": json.dumps(found, indent=4)},
    "a snake_case list": lambda found: {"a.json": json.dumps(walk(found, snake), indent=4)},
    "snake_case documents": lambda found: {"a.json": "\n".join(json.dumps(walk(one, snake), indent=1) for one in found)},
    "an object a request": lambda found: {f"year=2026/{n}.json": json.dumps(one) for n, one in enumerate(found)},
    "with metrics between": lambda found: {
        "a.jsonl": "\n".join('{"resourceMetrics":[{"scopeMetrics":[]}]}\n' + json.dumps(one) for one in found)
    },
    "legacy zstd": lambda found: {"a.zst": legacy_zstd([json.dumps(one) for one in found])},
    "legacy zstd, snake_case": lambda found: {"a.zst": legacy_zstd([json.dumps(walk(one, snake)) for one in found])},
    "native zstd": lambda found: {"a.zst": b"".join(zstd(json.dumps(one) + "\n") for one in found)},
}  # fmt: skip


def merged(found: list[dict]) -> dict:
    return {"resourceSpans": [part for one in found for part in one["resourceSpans"]]}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_holds_the_same_spans(store: Store, take, plain: list[tuple], layout: str) -> None:
    found = take(LAYOUTS[layout](CURRENT))
    assert (found.spans, found.problems) == (len(plain), ())
    assert rows(store) == plain


def test_a_spelling_that_changes_far_behind_the_head_is_noticed(store: Store, take) -> None:
    given = [json.loads(request(span(n, attributes=keyed(x="y" * 500)), service__name="bot")) for n in range(1, 601)]
    lines = [json.dumps(one if n < 500 else walk(one, snake)) for n, one in enumerate(given)]
    found = take({"a.jsonl": "\n".join(lines)})
    assert (found.spans, found.problems) == (600, ())
    said = store.sql("SELECT DISTINCT attributes['x'], service FROM spans").rows
    assert said == (("y" * 500, "bot"),)


@pytest.mark.parametrize("part", ["attributes", "scopeSpans", "spans"])
def test_one_inner_part_in_another_spelling_is_noticed(store: Store, take, part: str) -> None:
    filler = [request(span(n, attributes=keyed(x="y" * 500))) for n in range(1, 300)]
    odd = {
        "attributes": lambda key, value: snake(key, value) if key.endswith("Value") else (key, value),
        "scopeSpans": lambda key, value: snake(key, value) if key == "scopeSpans" else (key, value),
        "spans": lambda key, value: ("Spans", value) if key == "spans" else (key, value),
    }[part]
    last = walk(json.loads(request(span(300, attributes=keyed(x="z")))), odd)
    assert take({"a.jsonl": "\n".join([*filler, json.dumps(last)])}).spans == 300
    assert store.sql("SELECT attributes['x'] FROM spans WHERE span_id = '000000000000012c'").rows == (("z",),)


def test_a_line_that_is_no_request_is_told(take) -> None:
    found = take({"a.jsonl": "\n".join([request(span(1)), '{"a": 1}', "{}", '{"resourceSpans":[]}', request(span(2))])})
    assert (found.spans, [problem.line for problem in found.problems]) == (2, [2])


@pytest.mark.parametrize("write", [str, float, lambda n: f"{n}"], ids=["text", "float", "string"])
def test_a_token_count_is_a_whole_number_however_it_was_sent(store: Store, take, write: Callable[[int], Any]) -> None:
    wrapped = {"double_value": write(12)} if not isinstance(write(12), str) else {"int_value": write(12)}
    pair = {"key": "gen_ai.usage.input_tokens", "value": wrapped}
    take({"a.jsonl": request(span(1, attributes=[pair]))})
    assert store.sql("SELECT attributes['gen_ai.usage.input_tokens'] FROM spans").rows == (("12",),)


def test_evaluation_logs_in_other_spellings(store: Store, take) -> None:
    given = json.loads(
        logs(score(1, gen_ai__evaluation__score__value=0.25), score(2, gen_ai__evaluation__score__label="pass"))
    )
    take({"a.jsonl": json.dumps(walk(given, snake)), "b.jsonl": json.dumps(walk(given, go))})
    wanted = [(f"{1:032x}", 0.25), (f"{2:032x}", 1.0)]
    assert list(store.sql("SELECT trace_id, value FROM scores ORDER BY ALL").rows) == wanted


def test_a_fixture_with_specification_examples(store: Store) -> None:
    found = load(store, [FIXTURES / name for name in ("otlp_trace.json", "otlp_logs.json", "otlp_events.json")])
    wanted = json.loads((FIXTURES / "otlp_trace.json").read_text())["resourceSpans"][0]["scopeSpans"][0]["spans"]
    assert (found.spans, found.problems) == (len(wanted), ())


def test_damaged_messages_in_frames_cost_themselves(take) -> None:
    packed = [zstd(request(span(n))) for n in range(1, 5)]
    packed[1] = packed[1][:9] + b"\xff" * 9 + packed[1][18:]
    found = take({"a.zst": b"".join(len(part).to_bytes(4, "big") + part for part in packed)[:-3]})
    assert found.spans == 2
    assert [problem.line for problem in found.problems] == [2, 4]
    assert f"message 2 at byte {4 + len(packed[0])}" in found.problems[0].message
