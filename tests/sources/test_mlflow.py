from __future__ import annotations

import base64
import csv
import json
from collections import Counter
from typing import TYPE_CHECKING

import pyarrow.parquet as pq
import pytest

from blameline.intake import load
from blameline.sources.heads import look
from blameline.sources.mlflow import MLflowTraces
from conftest import FIXTURES

if TYPE_CHECKING:
    from pathlib import Path

    from blameline.store import Store

HERE = FIXTURES / "mlflow"
OPS = {"AGENT": "invoke_agent", "RETRIEVER": "retrieval", "CHAT_MODEL": "chat", "TOOL": "execute_tool"}


def told(name: str = "traces.jsonl") -> list[dict]:
    """The traces of a fixture, read with nothing but json, csv and pyarrow."""
    if name == "trace.json":
        return [json.loads((HERE / name).read_text())]
    if name == "search.csv":
        with (HERE / name).open(newline="") as file:
            return [json.loads(row["trace"]) for row in csv.DictReader(file)]
    if name == "search.parquet":
        return [json.loads(row["trace"]) for row in pq.read_table(HERE / name).to_pylist()]
    found = [json.loads(line) for line in (HERE / name).read_text().splitlines()]
    return found if "info" in found[0] else [{"info": row, "data": row} for row in found]


def hexed(said: str | None) -> str | None:
    return base64.b64decode(said).hex() if said else None


def spans(store: Store) -> dict[str, dict]:
    names = "trace_id, span_id, parent_id, name, op, start_ns, duration_ms, status, attributes"
    rows = store.sql(f"SELECT {names} FROM spans").rows  # noqa: S608
    return {row[1]: dict(zip(names.split(", "), row, strict=True)) for row in rows}


def scores(store: Store) -> list[tuple]:
    query = "SELECT name, value, label, evaluator, trace_id, span_id FROM scores ORDER BY ALL"
    return [tuple(row) for row in store.sql(query).rows]


def expected_scores(traces: list[dict]) -> list[tuple]:
    words = {"yes": 1.0, "no": 0.0}
    return sorted(
        (
            (part["assessment_name"], float(words.get(value, value) if isinstance(value, str) else value),
             value if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else None,
             part["source"]["source_id"] if part["source"]["source_type"] != "HUMAN" else "HUMAN",
             trace["info"]["trace_id"].removeprefix("tr-"), part.get("span_id"))
            for trace in traces for part in trace["info"]["assessments"]
            if part["assessment_name"] not in {"tone", "parts", "safety", "expected_answer"}
            for value in [part["feedback"]["value"]]
        ),
        key=lambda row: tuple((part is None, part) for part in row),
    )  # fmt: skip


def document(**more: object) -> dict:
    """A trace of MLflow 3 with one span."""
    ids = [base64.b64encode(bytes([n] * size)).decode() for n, size in ((1, 16), (2, 8))]
    span = {"trace_id": ids[0], "span_id": ids[1], "parent_span_id": None, "name": "s", "status": {"code": "STATUS_CODE_OK"},
            "start_time_unix_nano": 1783328400000000000, "end_time_unix_nano": 1783328401000000000, "attributes": {}}  # fmt: skip
    info = {"trace_id": "tr-" + "01" * 16, "trace_metadata": {}, "tags": {}, "assessments": []}
    return {"info": {**info, **more.pop("info", {})}, "data": {"spans": [{**span, **more}]}}


@pytest.mark.parametrize("name", ["trace.json", "traces.jsonl", "search.csv", "search.jsonl", "search.parquet"])
def test_every_trace_of_every_form_arrives(store: Store, name: str) -> None:
    found = load(store, [HERE / name])
    traces = told(name)
    arrived = spans(store)
    assert [file.format for file in found.files] == ["mlflow"]
    assert len(arrived) == sum(len(trace["data"]["spans"]) for trace in traces) == 4 * len(traces)
    for trace in traces:
        for span in trace["data"]["spans"]:
            row = arrived[hexed(span["span_id"])]
            assert row["trace_id"] == hexed(span["trace_id"]) == trace["info"]["trace_id"].removeprefix("tr-")
            assert (row["parent_id"], row["name"]) == (hexed(span["parent_span_id"]), span["name"])
            assert row["op"] == OPS[json.loads(span["attributes"]["mlflow.spanType"])]
            assert row["start_ns"] == span["start_time_unix_nano"]
            lasted = (span["end_time_unix_nano"] - span["start_time_unix_nano"]) / 1e6
            assert row["duration_ms"] == pytest.approx(lasted)
            assert row["status"] == {"STATUS_CODE_OK": "ok", "STATUS_CODE_ERROR": "error"}[span["status"]["code"]]
    assert sorted(scores(store), key=lambda row: tuple((part is None, part) for part in row)) == expected_scores(traces)


def test_what_a_generation_says(store: Store) -> None:
    load(store, [HERE / "traces.jsonl"])
    rows = [row for row in spans(store).values() if row["op"] == "chat"]
    said = min(rows, key=lambda row: row["start_ns"])["attributes"]
    assert (said["gen_ai.request.model"], said["gen_ai.response.model"]) == ("gpt-4o-mini", "gpt-4o-mini-2024-07-18")
    assert (said["gen_ai.usage.input_tokens"], said["gen_ai.usage.output_tokens"]) == ("100", "20")
    assert (said["gen_ai.usage.cache_read.input_tokens"], said["gen_ai.usage.cost"]) == ("64", "0.0005")
    assert (said["gen_ai.prompt.name"], said["gen_ai.prompt.version"]) == ("support-answer", "3")
    assert (said["gen_ai.request.temperature"], said["openai.response.system_fingerprint"]) == ("0.2", "fp_11")
    assert (said["session.id"], said["user.id"], said["service.version"]) == ("s-0", "u-0", "0" * 39 + "7")
    assert (said["tags.tenant"], said["app.region"], said["app.flag"]) == ("globex", "eu", "true")
    assert Counter(row["attributes"]["gen_ai.response.finish_reasons"] for row in rows) == {
        '["stop"]': 3,
        '["length"]': 1,
    }
    assert Counter(row["attributes"]["gen_ai.prompt.version"] for row in rows) == {"3": 2, "4": 2}


def test_documents_errors_previews_and_people(store: Store) -> None:
    load(store, [HERE / "traces.jsonl"])
    rows = list(spans(store).values())
    documents = [
        json.loads(row["attributes"]["gen_ai.retrieval.documents"]) for row in rows if row["op"] == "retrieval"
    ]
    assert sorted(found[0]["id"] for found in documents) == [f"kb-{i}-0" for i in range(4)]
    assert {tuple(part["score"] for part in found) for found in documents} == {(0.9, 0.8)}
    assert [
        row["attributes"]["error.type"] for row in rows if row["status"] == "error" and row["op"] == "execute_tool"
    ] == ["TimeoutError"]
    failed = next(row for row in rows if row["status"] == "error" and row["op"] == "execute_tool")
    assert "output.value" not in failed["attributes"]
    cut = [row for row in rows if "request_preview.truncated" in row["attributes"]]
    told_cut = [trace for trace in told() if trace["info"]["request_preview"].endswith("...")]
    assert len(cut) == len(told_cut) == 1
    assert len(cut[0]["attributes"]["input.value"]) > len(cut[0]["attributes"]["request_preview"])
    everything = json.dumps([row["attributes"] for row in rows]) + json.dumps(scores(store))
    assert "someone" not in everything


def test_what_is_no_score(store: Store) -> None:
    found = load(store, [HERE / "traces.jsonl"])
    assert {row[0] for row in scores(store)} == {"correctness", "relevance", "valid_json", "user_rating"}
    words = " ".join(problem.message for problem in found.problems)
    assert "the judge of 'safety' failed" in words
    assert "'parts' is no single value" in words
    assert "'tone' is not a number: formal" in words
    assert "expected_answer" not in words


def test_all_forms_are_the_same_case(store: Store) -> None:
    everything = sorted(path for path in HERE.iterdir() if path.suffix != ".txt")
    load(store, everything[:1])
    load(store, everything)
    before = spans(store), scores(store)
    load(store, everything[::-1])
    assert (spans(store), scores(store)) == before
    assert (len(before[0]), len(before[1])) == (16, 13)


def test_the_layout_of_mlflow_2(store: Store, take) -> None:
    span = {
        "name": "chat", "context": {"span_id": "0x" + "0b" * 8, "trace_id": "0x" + "0a" * 16}, "parent_id": None,
        "start_time": 1783328400000000000, "end_time": None, "status_code": "ERROR", "status_message": "timed out",
        "attributes": {"mlflow.spanType": '"CHAT_MODEL"', "mlflow.spanInputs": '{"model": "m"}', "plain": "word"}, "events": [],
    }  # fmt: skip
    info = {"request_id": "tr-1", "timestamp_ms": 1783328400000, "execution_time_ms": 5, "status": "ERROR",
            "request_metadata": {"mlflow.source.git.commit": "abc"}, "tags": {"mlflow.traceName": "chat"}}  # fmt: skip
    take({"t.json": json.dumps({"info": info, "data": {"spans": [span], "request": "{}", "response": None}})})
    row = spans(store)["0b" * 8]
    assert (row["trace_id"], row["parent_id"], row["op"], row["status"]) == ("0a" * 16, None, "chat", "error")
    assert (row["duration_ms"], row["attributes"]["status.message"]) == (None, "timed out")
    said = row["attributes"]
    assert (said["gen_ai.request.model"], said["service.version"], said["plain"]) == ("m", "abc", "word")
    assert "gen_ai.response.model" not in said


def test_a_trace_without_spans_is_one_span(store: Store, take) -> None:
    info = {"request_time": "2026-07-06T09:00:00Z", "execution_duration_ms": 2500, "state": "OK",
            "tags": {"mlflow.traceName": "a"}, "request_preview": "hello..."}  # fmt: skip
    whole = document(info=info)
    found = take({"t.jsonl": json.dumps({**whole, "data": {"spans": []}}) + "\n"})
    (row,) = spans(store).values()
    assert (row["trace_id"], row["name"], row["duration_ms"], row["status"]) == ("01" * 16, "a", 2500.0, "ok")
    assert row["attributes"]["request_preview.truncated"] == "true"
    assert [problem.line for problem in found.problems] == [1]


def test_bad_rows_are_told_and_the_rest_loads(store: Store, take) -> None:
    good, no_time = document(), document(span_id="3333333333333333", start_time_unix_nano=-1)
    odd = document(span_id="4444444444444444", name=[["x"]], status="OK", events="none", attributes=[1], parent_span_id={},
                   info={"tags": [1], "trace_metadata": "{cut",
                         "assessments": [7, {"assessment_name": None, "feedback": {"value": 1}}]})  # fmt: skip
    nested = document(
        span_id="5555555555555555", attributes={"mlflow.spanInputs": "[" * 500 + "]" * 500, "deep": "x" * 50}
    )
    nested["data"]["spans"].append("no span")
    text = "\n".join(json.dumps(part) for part in (good, no_time, odd, nested, [1]))
    found = take({"t.jsonl": text + '\n{"info": {"trace'})
    assert {"0202020202020202", "4444444444444444", "5555555555555555"} == set(spans(store))
    assert {problem.line for problem in found.problems} == {2, 3, 4, 5, 6}
    assert spans(store)["4444444444444444"]["parent_id"] is None


def test_a_search_row_whose_trace_fills_the_head(tmp_path: Path) -> None:
    whole = document(info={"trace_metadata": {"mlflow.trace.session": "s"}}, attributes={"text": "x" * 100_000})
    path = tmp_path / "file.jsonl"
    path.write_text(
        json.dumps({"trace_id": "tr-1", "trace": json.dumps(whole), "trace_metadata": {}, "tags": {}}) + "\n"
    )
    assert MLflowTraces().sniff(path, look(path))


@pytest.mark.parametrize(
    "text",
    [
        json.dumps({"info": {"title": "an API"}, "data": {"spans": []}}),
        json.dumps({"info": {"trace_id": "t"}, "data": []}),
        json.dumps({"trace_id": "t", "spans": [], "tags": {}}) + "\n",
        "trace_id,trace,tags\n1,x,y\n",
    ],
)
def test_look_alikes_are_left_to_others(tmp_path: Path, text: str) -> None:
    path = tmp_path / "file"
    path.write_text(text)
    assert not MLflowTraces().sniff(path, look(path))
