"""Files that are damaged, or made to do harm: each fault is told, the rest loads, and memory stays small."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
import zstandard
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from test_otlp import keyed, logs, request, score, span
from test_otlp_protobuf import framed, trace, zstd

if TYPE_CHECKING:
    from pathlib import Path

    from blameline.store import Store

LOAD = """
import json, re, sys
from pathlib import Path
from blameline.intake import load
from blameline.store import Store
with Store.open(Path(sys.argv[1]) / "case.duckdb") as store:
    found = load(store, [Path(sys.argv[1]) / "case"])
status = Path("/proc/self/status")  # not getrusage: that counts what the parent had
peak = int(re.search(r"VmHWM:\\s*(\\d+)", status.read_text())[1]) >> 10 if status.exists() else 0
print(json.dumps([found.spans, [[p.line, p.message] for p in found.problems], peak]))
"""
MB = 1 << 20


def measured(folder: Path, content: bytes) -> tuple[int, list[tuple[int | None, str]], int]:
    """Load a file in a process of its own: spans, problems, and the most memory that it used, in MB."""
    (folder / "case").mkdir(exist_ok=True)
    (folder / "case" / "export").write_bytes(content)
    done = subprocess.run([sys.executable, "-c", LOAD, str(folder)], capture_output=True, text=True, check=True)
    spans, problems, peak = json.loads(done.stdout)
    return spans, [(line, message) for line, message in problems], peak


def frame_of(start: bytes, zeros: int) -> bytes:
    """One zstd frame of a text and very many zeros."""
    packer = zstandard.ZstdCompressor().compressobj()
    return packer.compress(start) + b"".join(packer.compress(bytes(MB)) for _ in range(zeros)) + packer.flush()


def many(content: bytes, times: int, squeeze: str) -> bytes:
    """A small archive that holds the same content many times."""
    return (gzip.compress(content) if squeeze == "gzip" else zstd(content)) * times


GOOD = request(span(1)).encode() + b"\n"
WHOLE_BOMBS = {
    "zeros, zstd": lambda: zstd(GOOD) + many(bytes(64 * MB), 40, "zstd"),
    "zeros, gzip": lambda: gzip.compress(GOOD) + many(bytes(16 * MB), 100, "gzip"),
    "empty lines, zstd": lambda: zstd(GOOD) + many(b"\n" * (64 * MB), 40, "zstd"),
    "open brackets, gzip": lambda: gzip.compress(GOOD) + many(b"[" * (16 * MB), 100, "gzip"),
    "protobuf, zstd": lambda: zstd(framed(trace(1))) + many(bytes(64 * MB), 40, "zstd"),
    "protobuf, gzip": lambda: (
        gzip.compress(framed(trace(1)) + b"\x0f\xff\xff\xff") + many(b"\n" * (16 * MB), 100, "gzip")
    ),
}


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.long) if name.endswith("gzip") else name for name in WHOLE_BOMBS]
)
def test_an_archive_that_explodes(tmp_path: Path, name: str) -> None:
    spans, problems, peak = measured(tmp_path, WHOLE_BOMBS[name]())
    assert spans == 1
    assert problems
    assert peak < 1000


@pytest.mark.parametrize("form", [pytest.param("json", marks=pytest.mark.long), "protobuf"])
def test_a_frame_that_explodes_costs_itself(tmp_path: Path, form: str) -> None:
    good = GOOD if form == "json" else trace(1)
    after = request(span(2)).encode() if form == "json" else trace(2)
    spans, problems, peak = measured(tmp_path, framed(zstd(good), frame_of(good[:1], 1024), zstd(after)))
    assert (spans, [line for line, _ in problems]) == (2, [2])
    assert "256 MB" in problems[0][1]
    assert peak < 1000


@pytest.mark.long
def test_a_line_of_50_mb_that_holds_many_spans(tmp_path: Path) -> None:
    spans = [span(n, attributes=keyed(x=str(n) * 10_000)) for n in range(1, 1100)]
    line = request(*spans)
    assert len(line) > 30 * MB
    found = measured(tmp_path, f"{request(span(5000))}\n{line}\n{request(span(6000))}\n".encode())
    assert found[:2] == (1101, [])
    assert found[2] < 1000


def test_a_text_of_50_mb_keeps_its_first_megabyte(tmp_path: Path) -> None:
    line = request(span(1, attributes=keyed(x="y" * (50 * MB))))
    spans, problems, peak = measured(tmp_path, f"{request(span(2))}\n{line}\n{request(span(3))}\n".encode())
    assert (spans, [place for place, _ in problems]) == (3, [2])
    assert "only its first megabyte is kept" in problems[0][1]
    assert peak < 1000


@pytest.mark.long
def test_a_line_beyond_all_bounds_costs_itself(tmp_path: Path) -> None:
    spans, problems, peak = measured(tmp_path, GOOD + b'{"resourceSpans":"' + b"x" * (400 * MB) + b'"}\n' + GOOD)
    assert (spans, [line for line, _ in problems]) == (1, [2])
    assert peak < 1000


NESTED = '{"arrayValue":{"values":[' * 10_000 + "]}}" * 10_000
DEEP = request(span(9, attributes=[{"key": "x", "value": "@"}])).replace('"@"', NESTED)
LINES = {
    "open brackets": ("[" * 100_000, 0),
    "2^80 as a time": (request(span(9, startTimeUnixNano=2**80)), 0),
    "2^80 as a text": (request(span(9, startTimeUnixNano=str(2**80))), 0),
    "year 1": (request(span(9, startTimeUnixNano="-62135596800000000000")), 0),
    "no number": (request(span(9, startTimeUnixNano="soon")), 0),
    "deep nesting": (DEEP[:-1], 0),
    "a list for an id": (request(span(9, traceId=["a"], startTimeUnixNano=0)), 0),
    "an object for a list": ('{"resourceSpans":{"scopeSpans":[]}}', 0),
    "a list of lists": ('{"resourceSpans":[[1]]}', 0),
    "null for a span": ('{"resourceSpans":[{"scopeSpans":[{"spans":[null,3]}]}]}', 0),
    "attributes that are none": (request(span(9, attributes=["x", {"key": 3}])), 1),
    "a NaN": ('{"resourceSpans":NaN}', 0),
    "half a line": (request(span(9))[:90], 0),
    "raw NULs": (request(span(9, name="@@")).replace("@@", "a\0b"), 0),
    "invalid UTF-8": (request(span(9, name="@@")).encode().replace(b"@@", b"\xff\xc3("), 1),
}  # fmt: skip


@pytest.mark.parametrize("name", LINES)
def test_a_bad_line_is_told_and_the_rest_loads(take, name: str) -> None:
    line, brings = LINES[name]
    raw = line if isinstance(line, bytes) else line.encode()
    found = take({"a.jsonl": b"\n".join([request(span(1)).encode(), raw, request(span(2)).encode(), b""])})
    assert found.spans == 2 + brings
    assert found.problems
    assert {problem.line for problem in found.problems} == {2}


@pytest.mark.parametrize(
    "line",
    ['{"resourceSpans":[]}', "{}", '{"resourceSpans":[{"scopeSpans":[]}]}', '{"resourceSpans":[{"scopeSpans":[{"spans":[]}]}]}',
     '{"resourceLogs":[{"scopeLogs":[{"logRecords":[]}]}]}', "   ", '{"resourceSpans":null}'],
)  # fmt: skip
def test_an_empty_request_is_no_fault(take, line: str) -> None:
    found = take({"a.jsonl": "\n".join([request(span(1)), line, request(span(2))])})
    assert (found.spans, found.problems) == (2, ())


def test_odd_texts_are_kept(store: Store, take) -> None:
    said = {"nul": "a\0b", "half": "\ud800x", "line": "a\u2028b\u0085c", "big": str(2**80)}
    pairs = [
        *keyed(**{key: text for key, text in said.items() if key != "big"}),
        {"key": "big", "value": {"intValue": said["big"]}},
    ]
    found = take({"a.jsonl": request(span(1, attributes=pairs, startTimeUnixNano="1772323200000000001"))})
    ((attributes,),) = store.sql("SELECT attributes FROM spans").rows
    assert (found.spans, attributes["nul"], attributes["line"], attributes["big"]) == (
        1,
        said["nul"],
        said["line"],
        said["big"],
    )
    assert attributes["half"].endswith("x")


def test_what_is_deep_or_long_and_whole_is_read_or_told(take) -> None:
    digits = request(span(8, flags="@")).replace('"@"', "9" * 5000)
    found = take({"a.jsonl": "\n".join([request(span(1)), DEEP, digits, request(span(2))])})
    assert found.spans + len(found.problems) == 4
    found = take({"b.jsonl": "\n".join([request(span(3)), DEEP, "{broken", request(span(4))])})
    assert [problem.line for problem in found.problems if problem.source == "b.jsonl"] == [2, 3]


def test_zeros_behind_the_last_line(take) -> None:
    assert take({"a.jsonl": GOOD + bytes(5000)}).spans == 1


def test_many_faults_are_told_in_few_words(tmp_path: Path) -> None:
    content = GOOD + b"".join(
        logs(score(1, gen_ai__evaluation__score__value="NaN")).encode() + b"\n" for _ in range(30_000)
    )
    spans, problems, peak = measured(tmp_path, content)
    assert spans == 1
    assert len(problems) <= 101
    assert peak < 1000


def protobuf_faults() -> dict[str, tuple[bytes, int, list[int], str]]:
    """Name → what the file holds, its good spans, the messages that are told, and what is said."""
    nested = AnyValue(string_value="x").SerializeToString()
    for _ in range(10_000):  # by hand: the library would refuse to write it
        inner = b"\x0a" + size(len(nested)) + nested
        nested = b"\x2a" + size(len(inner)) + inner
    pair = b"\x0a\x01x\x12" + size(len(nested)) + nested
    request = ExportTraceServiceRequest.FromString(trace(9))
    head = request.resource_spans[0].scope_spans[0].spans[0].SerializeToString()
    one = head + b"\x4a" + size(len(pair)) + pair
    for tag in (b"\x12", b"\x12", b"\x0a"):
        one = tag + size(len(one)) + one
    broken = trace(2, name="@@").replace(b"@@", b"\xff\xfe")
    garbage = b"\x0a\x7f" + bytes(range(1, 100))
    return {
        "a cut frame": (framed(trace(1), trace(2))[:-5], 1, [2], "cut short"),
        "a cut length": (framed(trace(1)) + b"\0\0", 1, [2], "cut short"),
        "garbage in a frame": (framed(trace(1), garbage, trace(2)), 2, [2], f"message 2 at byte {4 + len(trace(1))}"),
        "another format in a frame": (framed(trace(1), b'{"resourceSpans":[]}', trace(2)), 2, [2], "not an OTLP request"),
        "a length that lies": (framed(trace(1)) + b"\xff\xff\xff\xff" + trace(2), 1, [2], "4,294,967,295"),
        "a length beyond the end": (framed(trace(1)) + b"\x0f\xff\xff\xff" + trace(2), 1, [2], "cut short"),
        "10,000 levels": (framed(trace(1), one, trace(2)), 3, [2], "an attribute in it cannot be decoded"),
        "a text that is no UTF-8": (framed(trace(1), broken, trace(3)), 3, [2], "UTF-8"),
        "a time of 2^64-1": (framed(trace(1), trace(2, start_time_unix_nano=2**64 - 1), trace(3)), 2, [2], "start time"),
        "one request, cut": (trace(1) + trace(2)[:-4], 1, [2], "cut short"),
        "one request, then garbage": (trace(1) + b"\xff" * 50, 1, [2], "not an OTLP request"),
        "one request, a lying length": (trace(1) + b"\x0a\xff\xff\xff\xff\x0f" + trace(2), 1, [2], "not an OTLP request"),
    }  # fmt: skip


def size(n: int) -> bytes:
    found = b""
    while n > 0x7F:
        found, n = found + bytes([n & 0x7F | 0x80]), n >> 7
    return found + bytes([n])


PROTOBUF = protobuf_faults()


@pytest.mark.parametrize("squeeze", [bytes, gzip.compress, zstd], ids=["plain", "gzip", "zstd"])
@pytest.mark.parametrize("name", PROTOBUF)
def test_a_bad_message_is_told_and_the_rest_loads(take, name: str, squeeze) -> None:
    content, good, lines, says = PROTOBUF[name]
    found = take({"a.pb": squeeze(content)})
    assert found.spans == good
    assert [problem.line for problem in found.problems] == lines
    assert says in found.problems[0].message


def test_a_length_that_lies_allocates_nothing(tmp_path: Path) -> None:
    spans, problems, peak = measured(tmp_path, framed(trace(1)) + b"\xff\xff\xff\xf0" + trace(2) * 100)
    assert (spans, len(problems)) == (1, 1)
    assert peak < 500


@pytest.mark.parametrize("squeeze", ["gzip", "zstd"])
def test_a_cut_archive_of_protobuf_gives_what_it_holds(take, squeeze: str) -> None:
    whole = framed(*(trace(n, resource={"x": str(n) * 20}) for n in range(1, 3000)))
    packed = gzip.compress(whole) if squeeze == "gzip" else zstandard.ZstdCompressor(level=1).compress(whole)
    found = take({"a.pb": packed[: len(packed) // 2]})
    assert 0 < found.spans < 2999
    assert any("damaged" in problem.message or "cut short" in problem.message for problem in found.problems)
