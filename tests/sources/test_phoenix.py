from __future__ import annotations

import csv
import json
from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING

import pyarrow.parquet as pq
import pytest

from blameline.intake import load
from blameline.sources.heads import look
from blameline.sources.phoenix import PhoenixSpans, flatten
from blameline.sources.phoenix_annotations import PhoenixAnnotations
from conftest import FIXTURES

if TYPE_CHECKING:
    from pathlib import Path

    from blameline.store import Store

HERE = FIXTURES / "phoenix"
FORMS = ("rest_spans.json", "spans.csv", "spans.parquet")
FIRST = "a1b2000000000005"  # the first LLM span
OPS = {
    "AGENT": "invoke_agent", "RETRIEVER": "retrieval", "EMBEDDING": "embeddings", "LLM": "chat", "TOOL": "execute_tool",
    "EVALUATOR": "evaluation",
}  # fmt: skip


def told() -> list[dict]:
    """The spans as the server's page has them, read with nothing but json."""
    return json.loads((HERE / "rest_spans.json").read_text())["data"]


def spans(store: Store) -> dict[str, dict]:
    names = "trace_id, span_id, parent_id, name, op, start_ns, duration_ms, status, attributes"
    rows = store.sql(f"SELECT {names} FROM spans").rows  # noqa: S608
    return {row[1]: dict(zip(names.split(", "), row, strict=True)) for row in rows}


def scores(store: Store) -> list[tuple]:
    query = "SELECT name, value, label, evaluator, trace_id, span_id FROM scores ORDER BY ALL"
    return [tuple(row) for row in store.sql(query).rows]


def span(n: int = 1, **more: object) -> dict:
    return {
        "id": f"S{n}", "name": "s", "context": {"trace_id": f"{n:032x}", "span_id": f"{n:016x}"}, "span_kind": "LLM",
        "parent_id": None, "start_time": f"2026-07-06T09:00:{n:02}+00:00", "end_time": f"2026-07-06T09:00:{n + 1:02}+00:00",
        "status_code": "OK", "status_message": "", "attributes": {}, "events": [], **more,
    }  # fmt: skip


def lines(*records: object) -> str:
    return "\n".join(record if isinstance(record, str) else json.dumps(record) for record in records) + "\n"


@pytest.mark.parametrize("name", FORMS)
def test_every_span_of_every_form_arrives(store: Store, name: str) -> None:
    found = load(store, [HERE / name])
    arrived = spans(store)
    assert [(file.format, file.rows) for file in found.files] == [("phoenix", 26 + 4)]
    assert set(arrived) == {record["context"]["span_id"] for record in told()}
    assert Counter(row["op"] for row in arrived.values()) == Counter(OPS[record["span_kind"]] for record in told())
    for record in told():
        row = arrived[record["context"]["span_id"]]
        start, end = (datetime.fromisoformat(record[key]) for key in ("start_time", "end_time"))
        assert row["trace_id"] == record["context"]["trace_id"]
        assert (row["parent_id"], row["name"]) == (record["parent_id"], record["name"])
        assert row["start_ns"] == round(start.timestamp() * 1e6) * 1000
        assert row["duration_ms"] == pytest.approx((end - start).total_seconds() * 1000)
        assert row["status"] == {"OK": "ok", "ERROR": "error", "UNSET": None}[record["status_code"]]


@pytest.mark.parametrize("name", FORMS)
def test_the_attributes_of_every_form_are_the_same(store: Store, name: str) -> None:
    load(store, [HERE / name])
    arrived = spans(store)
    for record in told():
        kept = arrived[record["context"]["span_id"]]["attributes"]
        for key, value in record["attributes"].items():
            if name == "spans.csv" and value == "":
                continue  # CSV cannot tell an empty text from none
            if isinstance(value, float):
                assert float(kept[key]) == pytest.approx(value)
            elif isinstance(value, str):
                assert kept[key] == value
            elif "annotation" not in key:  # a score of 1 is 1.0 in a dataframe
                assert json.loads(kept[key]) == value, key


def test_what_a_generation_says(store: Store) -> None:
    load(store, [HERE / "rest_spans.json"])
    said = spans(store)[FIRST]["attributes"]
    assert (said["gen_ai.request.model"], said["gen_ai.response.model"]) == ("gpt-4o-mini", "gpt-4o-mini-2024-07-18")
    assert (said["gen_ai.prompt.name"], said["gen_ai.prompt.version"]) == ("support-answer", "v3")
    assert (said["gen_ai.usage.input_tokens"], said["gen_ai.usage.output_tokens"]) == ("100", "20")
    assert (said["gen_ai.usage.cache_read.input_tokens"], said["gen_ai.usage.cost"]) == ("64", "0.0005")
    assert (said["gen_ai.request.temperature"], said["openai.response.system_fingerprint"]) == ("0.2", "fp_11")
    finished = Counter(row["attributes"].get("gen_ai.response.finish_reasons") for row in spans(store).values())
    assert finished == {'["stop"]': 4, '["length"]': 1, None: 21}


def test_documents_errors_and_empty_answers(store: Store) -> None:
    load(store, [HERE / "spans.parquet"])
    rows = list(spans(store).values())
    documents = [
        json.loads(row["attributes"]["gen_ai.retrieval.documents"]) for row in rows if row["op"] == "retrieval"
    ]
    ids = [[document["id"] for document in found] for found in documents]
    assert sorted(ids) == [[f"kb-{i}-{n}" for n in range(3)] for i in range(5)]
    assert documents[0][0]["score"] == 0.9
    assert [row["attributes"]["error.type"] for row in rows if row["status"] == "error"] == ["TimeoutError"]
    answers = Counter(row["attributes"].get("output.value") for row in rows if row["op"] == "invoke_agent")
    assert answers[""] == 1
    assert not any("output.value" in row["attributes"] for row in rows if row["op"] == "execute_tool")


def test_scores_inside_spans(store: Store) -> None:
    found = load(store, [HERE / "rest_spans.json"])
    last = max(record["context"]["span_id"] for record in told() if record["span_kind"] == "LLM")
    trace = {record["context"]["span_id"]: record["context"]["trace_id"] for record in told()}
    assert scores(store) == [
        ("conciseness", 0.25, None, "CODE", trace[last], last),
        ("groundedness", 0.0, "fail", "judge-v2", trace[last], last),
        ("helpfulness", 1.0, None, "HUMAN", None, None),  # Phoenix drops the link
        ("toxicity", 0.125, "low", None, trace[FIRST], FIRST),
    ]
    assert any("do not say what they judge" in problem.message for problem in found.problems)


@pytest.mark.parametrize("link", [{"context": {"trace_id": f"{7:032x}", "span_id": f"{7:016x}"}},
                                  {"trace_id": f"{7:032x}", "span_id": f"{7:016x}"}])  # fmt: skip
def test_late_feedback_belongs_to_the_span_that_its_link_points_at(store: Store, take, link: dict) -> None:
    result = {"annotations.0.annotation.name": "helpful", "annotations.0.annotation.score": 1}
    carrier = span(2, span_kind="EVALUATOR", parent_id=f"{1:016x}", attributes=result, links=[link])
    twice = span(3, span_kind="EVALUATOR", attributes=result, links=[link, link])
    take({"s.jsonl": lines(span(1), carrier, twice)})
    assert scores(store) == [
        ("helpful", 1.0, None, None, f"{7:032x}", f"{7:016x}"),
        ("helpful", 1.0, None, None, None, None),
    ]


def test_scopes_of_annotations(store: Store, take) -> None:
    said = {
        "trace.annotations.0.annotation.name": "resolved", "trace.annotations.0.annotation.label": "yes",
        "session.evaluations.0.evaluation.name": "csat", "session.evaluations.0.evaluation.score": 4,
        "annotations": [{"annotation": {"name": "nested", "score": 0.5}}],
        "evaluations.1.evaluation.name": "remark", "evaluations.1.evaluation.explanation": "nothing measured",
    }  # fmt: skip
    take({"s.jsonl": lines(span(1, attributes=said))})
    assert scores(store) == [
        ("csat", 4.0, None, None, None, None),
        ("nested", 0.5, None, None, f"{1:032x}", f"{1:016x}"),
        ("resolved", 1.0, "yes", None, f"{1:032x}", None),
    ]


@pytest.mark.parametrize("name", ["span_annotations.json", "annotations.csv", "annotations.parquet"])
def test_annotations_are_joined_by_span(store: Store, name: str) -> None:
    page = json.loads((HERE / "span_annotations.json").read_text())["data"]
    trace = {record["context"]["span_id"]: record["context"]["trace_id"] for record in told()}
    good = {"thumbs_up": 1.0, "thumbs_down": 0.0}
    expected = [
        (row["name"], good.get(row["result"]["label"], row["result"]["score"]), row["result"]["label"],
         row["identifier"] or row["annotator_kind"], trace[row["span_id"]], row["span_id"])
        for row in page if row["name"] not in {"note", "tone"}
    ]  # fmt: skip
    found = load(store, [HERE / name, HERE / "rest_spans.json"])
    assert found.files[0].format == "phoenix_annotations"
    kept = [score for score in scores(store) if score[0] in {"correctness", "user_feedback"}]
    assert kept == sorted(expected)
    assert len(kept) == 5 + 2
    words = " ".join(problem.message for problem in found.problems)
    assert "'tone' is not a number: formal" in words
    assert ("notes" in words) == (name == "span_annotations.json")


def test_annotations_of_traces_sessions_and_saved_evaluations(store: Store) -> None:
    load(store, [HERE / f"{kind}_annotations.json" for kind in ("trace", "session")] + [HERE / "evaluations.parquet"])
    saved = pq.read_table(HERE / "evaluations.parquet").to_pylist()
    expected = [("faithfulness", row["score"], row["label"], None, None, row["context.span_id"]) for row in saved]
    page = json.loads((HERE / "trace_annotations.json").read_text())["data"][0]
    assert scores(store) == [
        ("csat", 4.0, None, "HUMAN", None, None),
        *sorted(expected),
        ("resolved", 1.0, "yes", "CODE", page["trace_id"], None),
    ]


def test_annotations_of_documents_become_one_mean(store: Store, take) -> None:
    row = {"annotation_name": "relevance", "annotator_kind": "LLM", "span_id": f"{1:016x}", "result.label": None}
    scored = [{**row, "document_position": n, "result.score": 1 - n} for n in range(2)]
    bad = {**row, "document_position": 2, "result.score": "high"}
    found = take({"a.jsonl": lines(*scored, bad), "s.jsonl": lines(span(1))})
    assert scores(store) == [("relevance", 0.5, None, "LLM", f"{1:032x}", f"{1:016x}")]
    assert [problem.line for problem in found.problems] == [3]


def test_all_exports_of_the_same_spans_are_the_same_case(store: Store) -> None:
    everything = [path for path in sorted(HERE.iterdir()) if path.suffix in {".json", ".csv", ".parquet"}]
    load(store, everything[:1])
    load(store, everything)
    before = spans(store), scores(store)
    load(store, everything[::-1])
    assert (spans(store), scores(store)) == before
    assert len(before[0]) == 26
    assert len(before[1]) == 4 + 7 + 1 + 1 + 3


def test_bad_rows_are_told_and_the_rest_loads(store: Store, take) -> None:
    no_time, no_context = span(2, start_time="yesterday"), {**span(3), "context": None}
    listed, deep = span(4, attributes=[1, 2]), span(5)
    deep["attributes"] = json.loads('{"a":' * 100 + "1" + "}" * 100)
    odd = span(6, name=["x"], events="none", links={"a": [None]}, status_code={"x": 1}, end_time=None)
    odd["attributes"] = {"llm.token_count.prompt": float("nan"), "x": 2**80, "annotations.0.annotation.name": "n",
                         "annotations.0.annotation.score": "much", "retrieval.documents.99999999.document.id": 1}  # fmt: skip
    found = take({"s.jsonl": lines(span(1), no_time, no_context, listed, deep, odd, "{cut", "[1]")})
    assert sorted(spans(store)) == [f"{n:016x}" for n in (1, 4, 5, 6)]
    assert spans(store)[f"{6:016x}"]["duration_ms"] is None
    assert sorted(problem.line for problem in found.problems) == [2, 3, 4, 5, 6, 7, 8]
    assert all(problem.source == "s.jsonl" and problem.message for problem in found.problems)


def test_a_python_list_that_cannot_be_read_is_told(take) -> None:
    with (HERE / "spans.csv").open(newline="") as file:
        header, *rows = csv.reader(file)
    place = header.index("attributes.annotations")
    row = next(row for row in rows if row[place])
    row[place] = "[{'annotation.name': 'x', 'annotation.score': array([1.0])}]"
    text = "\n".join(",".join(f'"{part}"' for part in part_row) for part_row in (header, row))
    found = take({"s.csv": text + "\n"})
    assert any("annotations of the span cannot be read" in problem.message for problem in found.problems)


@pytest.mark.parametrize(
    "text",
    [
        lines(
            {**span(1), "kind": "SpanKind.INTERNAL", "resource": {}, "status": {"status_code": "OK"}}
        ),  # console exporter
        lines({"trace_id": "a", "span_id": "b", "start_time": "2026-01-01", "name": "chat", "score": 1}),
        lines({"name": "helpful", "score": 1, "trace_id": "a", "label": "yes"}),
        json.dumps({"data": [{"id": 1, "name": "x", "context": {"page": 1}}]}),
        "context.span_id,name\n1,x\n",
    ],
)
def test_look_alikes_are_left_to_others(tmp_path: Path, text: str) -> None:
    path = tmp_path / "file"
    path.write_text(text)
    assert not PhoenixSpans().sniff(path, look(path))
    assert not PhoenixAnnotations().sniff(path, look(path))


def test_flat_names() -> None:
    into: dict = {}
    flatten({"a": {"b": [{"c": 1}, [2, 3], None], "d": []}, "e": None, "f": [1, "x"]}, "", into, [])
    assert into == {"a.b.0.c": 1, "a.b.1": [2, 3], "a.d": [], "f": [1, "x"]}
