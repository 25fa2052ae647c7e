from __future__ import annotations

import gzip
import json
from datetime import datetime
from pathlib import Path

import pytest

from blameline.intake import load
from blameline.sources.console import ConsoleSpans
from blameline.sources.heads import look
from blameline.store import Store
from conftest import FIXTURES

CONSOLE = FIXTURES / "console"
PRETTY = (CONSOLE / "pretty.json").read_text()
PRINTED = [json.loads(line) for line in (CONSOLE / "lines.jsonl").read_text().splitlines()]
FILES = ["pretty.json", "lines.jsonl", "list.json"]


def shown(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))


@pytest.mark.parametrize("name", FILES)
def test_every_printed_span_arrives_with_its_attributes(store: Store, name: str) -> None:
    found = load(store, [CONSOLE / name])
    assert (found.spans, found.problems, found.files[0].format) == (len(PRINTED), (), "console")
    assert load(store, [CONSOLE / name]).spans == 0
    rows = store.sql(
        "SELECT span_id, trace_id, parent_id, name, start_ns, duration_ms, service, status, attributes FROM spans"
    )
    by_id = {row[0]: row[1:] for row in rows.rows}
    for span in PRINTED:
        trace_id, parent, title, start, duration, service, status, attributes = by_id[span["context"]["span_id"][2:]]
        began, ended = (datetime.fromisoformat(span[key]) for key in ("start_time", "end_time"))
        assert (trace_id, parent) == (
            span["context"]["trace_id"][2:],
            span["parent_id"][2:] if span["parent_id"] else None,
        )
        assert (title, service, start) == (span["name"], "support-bot", round(began.timestamp() * 1e6) * 1000)
        assert duration == (ended - began).total_seconds() * 1000
        assert status == {"UNSET": None, "OK": "ok", "ERROR": "error"}[span["status"]["status_code"]]
        wanted = {**span["resource"]["attributes"], **span["attributes"]}
        assert {key: attributes[key] for key in wanted} == {key: shown(value) for key, value in wanted.items()}
        assert attributes["otel.span.kind"] == span["kind"].removeprefix("SpanKind.").lower()


@pytest.mark.parametrize("name", FILES)
def test_scores_among_the_events_and_why_a_call_failed(store: Store, name: str) -> None:
    load(store, [CONSOLE / name])
    wanted = sorted(
        (span["context"]["trace_id"][2:], event["attributes"]["gen_ai.evaluation.score.value"])
        for span in PRINTED
        for event in span["events"]
        if event["name"] == "gen_ai.evaluation.result"
    )
    rows = store.sql("SELECT trace_id, value, name, label FROM scores ORDER BY ALL").rows
    assert [row[:2] for row in rows] == wanted
    assert {row[2:] for row in rows} == {("helpful", "fine")}
    ((failed,),) = store.sql("SELECT attributes FROM spans WHERE status = 'error'").rows
    assert failed["otel.status_description"] == "rate limit"
    assert failed["error.type"] == "429"
    assert json.loads(failed["otel.events"])[0]["attributes"] == {"exception.type": "RateLimitError"}


def test_the_span_wins_over_the_resource(store: Store) -> None:
    load(store, [CONSOLE / "pretty.json"])
    rows = store.sql("SELECT attributes['cloud.region'], count(*) FROM spans GROUP BY 1 ORDER BY 2").rows
    assert rows == (("us-east-1", 1), ("eu-west-1", 5))


def test_a_large_and_packed_file_is_read_one_object_at_a_time(store: Store, take) -> None:
    many = [PRETTY.replace("d4af24846b54547a874c44d8", f"d4af24846b54547a{n:08x}") for n in range(60)]
    assert take({"log.gz": gzip.compress("".join(many).encode())}).spans == 60 * len(PRINTED)


def test_broken_objects_are_told_with_their_line_and_the_rest_loads(take) -> None:
    first, second, *_ = ["{\n" + part for part in PRETTY.split("\n{\n")]
    first = first.removeprefix("{\n")
    cut = "\n".join(second.splitlines()[:9]) + "\n"
    wrong = '{\n    "name": nothing\n}\n'
    text = "\n".join([first, cut + wrong + second, PRETTY])
    found = take({"spans.json": text})
    lines = text.splitlines()
    assert found.spans == len(PRINTED)
    assert sorted(problem.line for problem in found.problems) == [
        len(first.splitlines()) + 1,
        lines.index('    "name": nothing'),
    ]


@pytest.mark.parametrize(
    ("change", "says"),
    [({"context": None}, "no trace id"), ({"context": {"trace_id": "0x" + "0" * 32, "span_id": "0x1"}}, "no trace id"),
     ({"start_time": None}, "start time"), ({"start_time": "0001-01-01T00:00:00Z"}, "start time"),
     ({"attributes": 3, "events": 4, "resource": [], "status": "x"}, ""), ({"end_time": None, "parent_id": 5}, "")],
)  # fmt: skip
def test_odd_fields_never_raise(store: Store, take, change: dict, says: str) -> None:
    span = {**PRINTED[0], **change}
    lines = [json.dumps(PRINTED[1]), json.dumps(span), "[1]", json.dumps(PRINTED[2])]
    found = take({"a.jsonl": "\n".join(lines)})
    assert found.spans == (2 if says else 3)
    assert [problem.line for problem in found.problems if "score" not in problem.message] == ([2, 3] if says else [3])
    if says:
        assert any(says in problem.message for problem in found.problems)
    elif "end_time" in change:
        span_id = span["context"]["span_id"][2:]
        assert store.sql(f"SELECT duration_ms FROM spans WHERE span_id = '{span_id}'").rows == ((None,),)  # noqa: S608


@pytest.mark.parametrize(
    "record",
    [{"name": "x", "context": {"trace_id": "0x1", "span_id": "0x2"}, "span_kind": "LLM", "start_time": "2026-03-01"},
     {"name": "x", "kind": "SpanKind.CLIENT", "start_time": "2026-03-01"}, {"kind": "client", "name": "x"}],
)  # fmt: skip
def test_other_spans_are_not_taken_for_printed_ones(tmp_path: Path, record: dict) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps(record) + "\n")
    assert not ConsoleSpans().sniff(path, look(path))
