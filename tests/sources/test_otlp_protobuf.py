from __future__ import annotations

import gzip
import json
import random
import subprocess
import sys
from base64 import b64decode
from typing import TYPE_CHECKING

import pytest
import zstandard
from google.protobuf.json_format import MessageToJson
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue, KeyValueList

from blameline.intake import load
from blameline.sources.heads import look
from blameline.sources.otlp_protobuf import OTLPProtobuf
from blameline.store import Store
from conftest import FIXTURES, attribute, requests

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

START = 1772323200000000000
FRAMED = (FIXTURES / "current.otlp.proto_framed.pb").read_bytes()


def value(given: object) -> AnyValue:
    match given:
        case None:
            return AnyValue()
        case bool():
            return AnyValue(bool_value=given)
        case dict():
            return AnyValue(kvlist_value=KeyValueList(values=keyed(given)))
        case list():
            return AnyValue(array_value=ArrayValue(values=[value(part) for part in given]))
    kinds = {str: "string_value", int: "int_value", float: "double_value", bytes: "bytes_value"}
    return AnyValue(**{kinds[type(given)]: given})


def keyed(given: dict) -> list[KeyValue]:
    return [KeyValue(key=key, value=value(part)) for key, part in given.items()]


def trace(*numbers: int, scope: dict | None = None, resource: dict | None = None, **more: object) -> bytes:
    request = ExportTraceServiceRequest()
    spans = request.resource_spans.add()
    spans.resource.attributes.extend(keyed(resource or {"service.name": "bot"}))
    scoped = spans.scope_spans.add()
    scoped.scope.attributes.extend(keyed(scope or {}))
    for n in numbers:
        told = {"name": "chat", "start_time_unix_nano": START + n, "end_time_unix_nano": START + n + 5_000_000, **more}
        scoped.spans.add(trace_id=n.to_bytes(16, "big"), span_id=n.to_bytes(8, "big"), **told)
    return request.SerializeToString()


def score(n: int | None, told: dict, *, event_name: str = "gen_ai.evaluation.result", **more: object) -> bytes:
    request = ExportLogsServiceRequest()
    ids = {} if n is None else {"trace_id": n.to_bytes(16, "big"), "span_id": n.to_bytes(8, "big")}
    request.resource_logs.add().scope_logs.add().log_records.add(
        **{"time_unix_nano": START, **more}, event_name=event_name, attributes=keyed(told), **ids
    )
    return request.SerializeToString()


def metric() -> bytes:
    request = ExportMetricsServiceRequest()
    found = request.resource_metrics.add().scope_metrics.add().metrics.add(name="gen_ai.client.token.usage", unit="1")
    found.gauge.data_points.add(time_unix_nano=START, as_int=3)
    return request.SerializeToString()


def framed(*messages: bytes) -> bytes:
    return b"".join(len(message).to_bytes(4, "big") + message for message in messages)


def unframed(packed: bytes) -> list[bytes]:
    found = []
    while packed:
        size = int.from_bytes(packed[:4], "big")
        found.append(packed[4 : 4 + size])
        packed = packed[4 + size :]
    return found


def zstd(data: bytes) -> bytes:
    return zstandard.ZstdCompressor().compress(data)


LAYOUTS: dict[str, Callable[[list[bytes]], bytes]] = {
    "framed": lambda found: framed(*found),
    "gzip": lambda found: gzip.compress(framed(*found)),
    "native zstd, a frame a message": lambda found: b"".join(zstd(framed(part)) for part in found),
    "legacy zstd": lambda found: framed(*map(zstd, found)),
    "one request": b"".join,
    "one request, gzip": lambda found: gzip.compress(b"".join(found)),
    "one request, zstd": lambda found: zstd(b"".join(found)),
}


def test_the_real_encoders_spans_and_their_attributes_arrive(store: Store) -> None:
    expected = {
        found["spanId"]: (found, scope, resource)
        for one in requests("current.otlp.jsonl")
        for resource in one["resourceSpans"]
        for scope in resource["scopeSpans"]
        for found in scope["spans"]
    }
    found = load(store, [FIXTURES / "current.otlp.proto_framed.pb"])
    assert (found.spans, found.problems, found.files[0].format) == (len(expected), (), "otlp_protobuf")
    rows = store.sql("SELECT trace_id, span_id, parent_id, name, start_ns, duration_ms, service, attributes FROM spans")
    for trace_id, span_id, parent, name, start, duration, service, attributes in rows.rows:
        one, _, resource = expected[span_id]
        told = [*resource["resource"]["attributes"], *one.get("attributes", [])]
        wanted = {pair["key"]: attribute(pair["value"]) for pair in told}
        assert (trace_id, parent, name) == (one["traceId"], one.get("parentSpanId") or None, one["name"])
        assert (start, service) == (int(one["startTimeUnixNano"]), "support-bot")
        assert duration == (int(one["endTimeUnixNano"]) - start) / 1e6
        assert {key: attributes[key] for key in wanted} == wanted


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_holds_the_same_rows(tmp_path: Path, layout: str) -> None:
    (tmp_path / "export").write_bytes(LAYOUTS[layout](unframed(FRAMED)))
    found = []
    for path in (FIXTURES / "current.otlp.proto_framed.pb", tmp_path / "export"):
        with Store.open(tmp_path / f"{len(found)}.duckdb") as store:
            assert load(store, [path]).problems == ()
            assert load(store, [path]).spans == 0
            found.append(store.sql("SELECT * EXCLUDE (file_id, line) FROM spans ORDER BY span_id").rows)
    assert len(found[0]) == 8
    assert found[0] == found[1]


def test_a_single_request_of_the_real_encoder(store: Store) -> None:
    raw = (FIXTURES / "current.otlp.single_request.binpb").read_bytes()
    wanted = sum(len(s.spans) for r in ExportTraceServiceRequest.FromString(raw).resource_spans for s in r.scope_spans)
    assert load(store, [FIXTURES / "current.otlp.single_request.binpb"]).spans == wanted == 4


def test_traces_logs_and_metrics_may_share_a_file(store: Store, take) -> None:
    told = {"gen_ai.evaluation.name": "tone", "gen_ai.evaluation.score.value": 0.25, "evaluator.id": "judge-1"}
    found = take({"a.pb": framed(metric(), trace(1, 2), score(1, told), b"", metric(), trace(3))})
    assert (found.spans, found.scores, found.problems) == (3, 1, ())
    assert store.sql("SELECT trace_id, span_id, name, value, evaluator, epoch_ns(scored_at) FROM scores").rows == (
        (f"{1:032x}", f"{1:016x}", "tone", 0.25, "judge-1", START),
    )


def test_values_of_every_kind(store: Store, take) -> None:
    told = {"s": "é\0x", "empty": "", "i": -(2**63), "d": 0.2, "whole": 12.0, "gen_ai.usage.input_tokens": 12.0,
            "yes": True, "no": False, "raw": b"\xff\0", "unset": None, "list": ["a", 1, 0.5, False, None],
            "map": {"id": 'do{c"[', "inner": [{"n": 2}]}, "cloud.region": "span"}  # fmt: skip
    outer = {"cloud.region": "resource", "service.name": "bot"}
    take({"a.pb": framed(trace(1, attributes=keyed(told), scope={"x": "scope", "cloud.region": "s"}, resource=outer))})
    ((found,),) = store.sql("SELECT attributes FROM spans").rows
    assert {key: found.get(key) for key in [*told, "x", "service.name"]} == {
        "s": "é\0x", "empty": "", "i": str(-(2**63)), "d": "0.2", "whole": "12.0", "gen_ai.usage.input_tokens": "12",
        "yes": "true", "no": "false", "raw": "/wA=", "unset": None, "list": '["a",1,0.5,false,null]',
        "map": '{"id":"do{c\\"[","inner":[{"n":2}]}', "cloud.region": "span", "x": "scope", "service.name": "bot",
    }  # fmt: skip


def test_what_a_span_says_beside_its_attributes(store: Store, take) -> None:
    request = ExportTraceServiceRequest.FromString(trace(1, 2, kind=3, dropped_attributes_count=4))
    first, second = request.resource_spans[0].scope_spans[0].spans
    first.status.code, first.status.message = 2, "rate limit"
    first.events.add(time_unix_nano=START, name="exception", attributes=keyed({"exception.type": "E", "n": 1}))
    second.ClearField("end_time_unix_nano")
    take({"a.pb": framed(request.SerializeToString())})
    one, two = store.sql("SELECT status, duration_ms, attributes FROM spans ORDER BY span_id").rows
    assert one[:2] == ("error", 5.0)
    assert one[2]["otel.span.kind"] == "client"
    assert one[2]["otel.status_description"] == "rate limit"
    assert one[2]["otel.dropped_attributes_count"] == "4"
    assert json.loads(one[2]["otel.events"]) == [
        {"timeUnixNano": str(START), "name": "exception",
         "attributes": [{"key": "exception.type", "value": {"stringValue": "E"}}, {"key": "n", "value": {"intValue": "1"}}]}
    ]  # fmt: skip
    assert two[:2] == (None, None)


@pytest.mark.parametrize("form", ["pb", "jsonl"])
def test_what_the_protocol_says_of_losses_and_of_the_instrumentation(store: Store, take, form: str) -> None:
    """The same in both forms, as the official encoder writes them; an attribute of that name comes before it."""
    lost = {"dropped_attributes_count": 4, "dropped_events_count": 5, "dropped_links_count": 6}
    request = ExportTraceServiceRequest.FromString(trace(1, 2, trace_state="vendor=1,ot=th:c", **lost))
    around = request.resource_spans[0].scope_spans[0]
    around.scope.name, around.scope.version = "openinference.instrumentation.openai", "0.1.30"
    around.spans[1].attributes.extend(keyed({"otel.scope.version": "its own"}))
    if form == "pb":
        take({"a.pb": framed(request.SerializeToString())})
    else:
        line = json.loads(MessageToJson(request, indent=None))
        for one in line["resourceSpans"][0]["scopeSpans"][0]["spans"]:
            one |= {key: b64decode(one[key]).hex() for key in ("traceId", "spanId")}
        take({"a.jsonl": json.dumps(line)})
    one, two = (row[0] for row in store.sql("SELECT attributes FROM spans ORDER BY span_id").rows)
    assert one == {
        "service.name": "bot", "otel.scope.name": "openinference.instrumentation.openai", "otel.scope.version": "0.1.30",
        "otel.trace_state": "vendor=1,ot=th:c", "otel.dropped_attributes_count": "4", "otel.dropped_events_count": "5",
        "otel.dropped_links_count": "6",
    }  # fmt: skip
    assert two == {**one, "otel.scope.version": "its own"}


def test_scores_in_events_attributes_and_logs(store: Store, take) -> None:
    request = ExportTraceServiceRequest.FromString(trace(1))
    (span,) = request.resource_spans[0].scope_spans[0].spans
    told = {"gen_ai.evaluation.name": "tone", "gen_ai.evaluation.score.label": "pass"}
    span.events.add(time_unix_nano=START, name="gen_ai.evaluation.result", attributes=keyed(told))
    noted = {"name": "thumbs", "label": "thumbs_down", "annotator_kind": "HUMAN"}
    span.attributes.extend(keyed({f"annotations.0.annotation.{key}": part for key, part in noted.items()}))
    span.attributes.extend(keyed({"gen_ai.response.id": "r-1"}))
    by_id = {"gen_ai.evaluation.name": "late", "gen_ai.evaluation.score.value": 1, "gen_ai.response.id": "r-1"}
    old = {**told, "event.name": "gen_ai.evaluation.result", "gen_ai.evaluation.name": "old"}
    messages = [
        score(None, by_id),
        request.SerializeToString(),
        score(1, old, event_name=""),
        score(1, told, event_name="x"),
    ]
    found = take(
        {"a.pb": framed(*messages, score(None, told), score(1, {**told, "gen_ai.evaluation.score.label": "meh"}))}
    )
    rows = store.sql("SELECT name, value, label, evaluator, trace_id FROM scores ORDER BY name").rows
    at = f"{1:032x}"
    assert rows == (("late", 1.0, None, None, at), ("old", 1.0, "pass", None, at),
                    ("thumbs", 0.0, "thumbs_down", "HUMAN", at), ("tone", 1.0, "pass", None, at))  # fmt: skip
    assert sorted(problem.line for problem in found.problems) == [5, 6]


def test_a_log_without_a_time_uses_the_time_it_was_seen(store: Store, take) -> None:
    told = {"gen_ai.evaluation.name": "tone", "gen_ai.evaluation.score.value": 1.0}
    take({"a.pb": framed(trace(1), score(1, told, time_unix_nano=0, observed_time_unix_nano=START + 1000))})
    assert store.sql("SELECT epoch_ns(scored_at) FROM scores").rows == ((START + 1000,),)


def test_bad_spans_are_told_and_the_rest_loads(take) -> None:
    nameless = ExportTraceServiceRequest.FromString(trace(2, 3))
    nameless.resource_spans[0].scope_spans[0].spans[0].trace_id = b"\0" * 16
    found = take({"a.pb": framed(trace(1), nameless.SerializeToString(), trace(4, start_time_unix_nano=1))})
    assert found.spans == 2
    assert sorted((problem.line, "start time" in problem.message) for problem in found.problems) == [
        (2, False),
        (3, True),
    ]


def test_the_library_is_loaded_only_to_read() -> None:
    code = (
        "import sys; from pathlib import Path; from blameline.sources.heads import look;"
        "from blameline.sources.otlp_protobuf import OTLPProtobuf as O; p = Path(sys.argv[1]);"
        "assert O().sniff(p, look(p)); sys.exit('google.protobuf' in sys.modules)"
    )
    path = str(FIXTURES / "current.otlp.proto_framed.pb")
    assert subprocess.run([sys.executable, "-c", code, path], check=False).returncode == 0


@pytest.mark.parametrize(
    "content",
    [random.Random(5).randbytes(4000), b"\n" + random.Random(6).randbytes(4000), b"\n\nplain words\n" * 90,  # noqa: S311
     b"\n" * 300 + b"x", b"\0\0\0\x40\n" + random.Random(7).randbytes(4000), b"\n\x05hello", b"\n\x02\x08\x01",  # noqa: S311
     b"\x89PNG\r\n\x1a\n" + bytes(200), b"\0\0\0\x20ftypisom" + bytes(99)],
)  # fmt: skip
def test_other_bytes_are_not_protobuf(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x").write_bytes(content)
    assert not OTLPProtobuf().sniff(tmp_path / "x", look(tmp_path / "x"))


def test_the_spans_own_value_comes_before_that_of_its_resource(store: Store, take) -> None:
    told = {f"k{n}": str(n) for n in range(12)} | {"who": "span"}
    take({"a.pb": framed(trace(*range(1, 400), attributes=keyed(told), resource={"who": "resource"}, kind=3))})
    rows = store.sql("SELECT attributes FROM spans").rows
    assert len(rows) == 399
    assert all(row[0] == told | {"otel.span.kind": "client"} for row in rows)
