"""Spans that are read many at a time say what a protobuf library says of each by itself."""

from __future__ import annotations

import json
from random import Random
from typing import Any

import numpy as np
import pytest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from blameline.sources import otlp_spans
from blameline.sources.otlp_attributes import attributes
from blameline.sources.otlp_fields import fields, joined
from blameline.sources.otlp_spans import spans

BIG = "x" * 70_000
VALUES: list[dict[str, Any]] = [
    {"string_value": ""}, {"string_value": "word"}, {"string_value": "é" * 100}, {"string_value": BIG}, {"int_value": 0}, {"int_value": 5},
    {"int_value": 300}, {"int_value": 2**62}, {"int_value": -1}, {"int_value": -(2**63)}, {"double_value": 0.25}, {"double_value": 3.0},
    {"bool_value": True}, {"bool_value": False}, {"bytes_value": b"\x00\xff"}, {"array_value": ArrayValue(values=[AnyValue(string_value="a")])}, {},
]  # fmt: skip
SAID = [
    "",
    "word",
    "é" * 100,
    BIG,
    "0",
    "5",
    "300",
    str(2**62),
    "-1",
    str(-(2**63)),
    "0.25",
    "3.0",
    "true",
    "false",
    "AP8=",
    '["a"]',
    None,
]


def expected(span: Span) -> dict[str, Any]:
    """What a span says, by the generated classes."""
    said = {}
    for pair in span.attributes:
        kind = pair.value.WhichOneof("value")
        if kind == "string_value":
            said.setdefault(pair.key, pair.value.string_value)
        elif kind:
            said.setdefault(pair.key, next(s for v, s in zip(VALUES, SAID, strict=True) if AnyValue(**v) == pair.value))
    if span.kind == Span.SPAN_KIND_CLIENT:
        said.setdefault("otel.span.kind", "client")
    if span.status.message:
        said.setdefault("otel.status_description", span.status.message)
    if span.events:
        said.setdefault("otel.events", len(span.events))
    ids = [one.hex() if any(one) else "" for one in (span.trace_id, span.span_id, span.parent_span_id)]
    status = {1: b"ok", 2: b"error"}.get(span.status.code)
    return {"ids": ids, "title": span.name.encode(), "began": span.start_time_unix_nano, "ended": span.end_time_unix_nano, "status": status, "said": said}  # fmt: skip


def found(written: list[bytes]) -> list[dict[str, Any]]:
    read = spans(written)
    more = attributes(*joined(read.beside))
    said: list[dict[str, Any]] = [{} for _ in written]
    for told, owners in ((read.own, read.owners), (more, np.array(read.besides, int))):
        pairs = zip(told.names.to_pylist(), told.said.to_pylist(), owners[told.kept].tolist(), strict=True)
        for name, text, owner in pairs:
            value = len(json.loads(text)) if name == b"otel.events" else text.decode(errors="replace")
            said[owner].setdefault(name.decode(errors="replace"), value)
    return [
        {"ids": [ids[row] for ids in read.ids], "title": read.titles[row], "began": read.began[row], "ended": read.ended[row],
         "status": read.statuses[row], "said": said[row]}
        for row in range(len(written))
    ]  # fmt: skip


def drawn(draw: Random) -> Span:
    span = Span(name=draw.choice(["", "chat", "é" * 90]), start_time_unix_nano=draw.choice([0, 1, 2**63, 2**64 - 1]))
    span.trace_id = draw.choice([bytes(16), bytes(range(16)), b"\xff" * 16, b"short", b""])
    span.span_id = draw.choice([bytes(8), bytes(range(8)), b"\xff" * 8, b"longer than eight"])
    span.parent_span_id = draw.choice([b"", bytes(8), bytes(range(8))])
    span.end_time_unix_nano = draw.choice([0, 2, 2**64 - 1])
    span.flags = draw.choice([0, 0, 1, 256, 0x301])
    span.kind = draw.choice([0, 3, 3])
    if draw.random() < 0.5:
        span.status.CopyFrom(Status(code=draw.choice([0, 1, 2]), message=draw.choice(["", "", "it broke"])))
    for n in range(draw.choice([0, 1, 3, 40])):
        key = draw.choice(["", "k", "k" * 127, "k" * 128, "é" * 40]) + (str(n) if draw.random() < 0.8 else "")
        span.attributes.append(KeyValue(key=key, value=AnyValue(**draw.choice(VALUES[:3] + VALUES[4:]))))
    if draw.random() < 0.1:
        span.attributes.append(KeyValue(key="big", value=AnyValue(string_value=BIG)))
        span.attributes.append(KeyValue(key="none"))
    if draw.random() < 0.2:
        span.events.add(name="e")
    return span


@pytest.mark.parametrize("seed", range(6))
def test_many_at_a_time_is_each_by_itself(seed):
    draw = Random(seed)  # noqa: S311  seeded, for a test
    given = [drawn(draw) for _ in range(80)]
    assert found([span.SerializeToString() for span in given]) == [expected(span) for span in given]


def test_a_span_of_the_usual_fields_is_not_decoded_by_itself(monkeypatch):
    span = drawn(Random(1))  # noqa: S311  seeded, for a test
    span.trace_id, span.span_id, span.flags = bytes(range(16)), bytes(range(8)), 257
    span.ClearField("events")
    span.ClearField("status")
    monkeypatch.delattr("blameline.sources.otlp_spans._by_itself")
    assert found([span.SerializeToString()] * 3) == [expected(span)] * 3
    span.events.add(name="e")
    with pytest.raises(NameError):
        found([span.SerializeToString()])


def written_otherwise(span: Span) -> list[bytes]:
    """The same span with its fields in another order, twice, behind an unknown one, and with lengths of more bytes than they need."""
    whole = span.SerializeToString()
    name = b"\x2a\x84\x00chat"
    return [
        Span(end_time_unix_nano=7).SerializeToString() + whole,
        whole + Span(name="first").SerializeToString() + name,
        b"\xfa\x07\x03abc" + whole,
        whole + name,
        whole + b"\x93\x03\x94\x03",
    ]


def test_what_is_written_otherwise_is_read_as_well():
    span = Span(
        trace_id=bytes(range(16)), span_id=bytes(range(8)), name="chat", start_time_unix_nano=5, end_time_unix_nano=7
    )
    span.attributes.append(KeyValue(key="k", value=AnyValue(string_value="v")))
    assert found(written_otherwise(span)) == [expected(span)] * 5


PAIR = KeyValue(key="k", value=AnyValue(string_value="v")).SerializeToString()
OTHERWISE = {
    "value first": (b"\x12\x03\x0a\x01v\x0a\x01k", ("k", "v")),
    "two values": (b"\x0a\x01k\x12\x03\x0a\x01u\x12\x03\x0a\x01v", ("k", "v")),
    "a length of two bytes": (b"\x0a\x01k\x12\x84\x00\x0a\x81\x00v", ("k", "v")),
    "no name": (b"\x12\x03\x0a\x01v", ("", "v")),
    "nothing": (b"", None),
    "no value": (b"\x0a\x01k", None),
    "an empty value": (b"\x0a\x01k\x12\x00", None),
    "a field from the future": (PAIR + b"\x1a\x01x", ("k", "v")),
}


@pytest.mark.parametrize(("written", "wanted"), OTHERWISE.values(), ids=OTHERWISE)
def test_a_pair_that_is_written_otherwise(written, wanted):
    told = attributes(*joined([PAIR, written, PAIR]))
    pairs = list(zip(told.names.to_pylist(), told.said.to_pylist(), strict=True))
    between = [(wanted[0].encode(), wanted[1].encode())] if wanted else []
    assert pairs == [(b"k", b"v"), *between, (b"k", b"v")]
    assert told.kept.tolist() == [True, bool(wanted), True]
    assert told.broken == []


def mutated(draw: Random, whole: bytes) -> bytes:
    bad = bytearray(whole)
    for _ in range(draw.randint(1, 4)):
        bad[draw.randrange(len(bad))] = draw.randrange(256)
    return bytes(bad[: draw.randint(1, len(bad))])


def test_broken_bytes_cost_themselves_and_no_more_than_when_each_is_decoded(monkeypatch):
    draw = Random(7)  # noqa: S311  seeded, for a test
    good = Span(trace_id=bytes(range(16)), span_id=bytes(range(8)), name="chat", start_time_unix_nano=5, kind=3)
    good.attributes.append(KeyValue(key="k", value=AnyValue(string_value="v" * 50)))
    good.status.code = 2
    whole = good.SerializeToString()
    given = [mutated(draw, whole) if n % 2 else whole for n in range(2000)]
    at_once, broken = found(given), spans(given).broken
    assert at_once[::2] == [expected(good)] * 1000
    assert 100 < len(broken) < 1000
    monkeypatch.setattr(otlp_spans, "fields", lambda *args: fields(*args)._replace(unusual=np.ones(len(given), bool)))
    assert found(given) == at_once
    assert spans(given).broken == broken


def test_a_span_of_very_many_attributes():
    span = Span(trace_id=bytes(range(16)), span_id=bytes(range(8)), start_time_unix_nano=5)
    span.attributes.extend(KeyValue(key=f"k{n}", value=AnyValue(int_value=n % 5 and 5)) for n in range(1000))
    assert found([span.SerializeToString()]) == [expected(span)]
