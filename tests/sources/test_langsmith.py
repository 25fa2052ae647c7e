from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pyarrow.parquet as pq
import pytest

from blameline.plugins import load as plugin
from blameline.plugins import names
from blameline.sources.heads import look
from conftest import FIXTURES, requests

if TYPE_CHECKING:
    from blameline.store import Store

RUNS = requests("langsmith/runs.jsonl")
FEEDBACK = requests("langsmith/feedback.jsonl")
LLM = [run for run in RUNS if run["run_type"] == "llm"]
FILES = ["runs.jsonl", "runs_v1.parquet", "runs_v2.parquet"]


def taken(name: str) -> dict[str, bytes]:
    return {name: (FIXTURES / "langsmith" / name).read_bytes()}


def spans(store: Store) -> dict[str, dict]:
    found = store.sql("SELECT * EXCLUDE (file_id, line) FROM spans")
    return {row[1]: dict(zip(found.columns, row, strict=True)) for row in found.rows}


def readers(path) -> list[str]:
    head = look(path)
    return [name for name in names("blameline.sources") if plugin("blameline.sources", name).sniff(path, head)]


@pytest.mark.parametrize("name", FILES)
def test_every_run_is_a_span(store: Store, take, name: str) -> None:
    found = take(taken(name))
    assert [(file.format, file.rows) for file in found.files] == [("langsmith", len(RUNS))]
    rows = spans(store)
    assert rows.keys() == {run["id"] for run in RUNS}
    for run in RUNS:
        row = rows[run["id"]]
        assert (row["trace_id"], row["parent_id"], row["name"]) == (run["trace_id"], run["parent_run_id"], run["name"])
        assert row["status"] == {"success": "ok", "error": "error"}[run["status"]]
        assert row["start_at"].isoformat() == run["start_time"].removesuffix("Z")
        assert row["attributes"]["langsmith.session_id"] == run["session_id"]
        assert "session.id" not in row["attributes"]


def test_the_export_as_a_table_says_the_same(store: Store, take) -> None:
    take(taken("runs_v1.parquet"))
    one = spans(store)
    assert take(taken("runs_v2.parquet")).duplicates == len(RUNS)
    assert spans(store).keys() == one.keys()
    assert pq.read_schema(FIXTURES / "langsmith/runs_v1.parquet").field("inputs").type == "string"


def test_a_call_of_a_model(store: Store, take) -> None:
    take(taken("runs.jsonl"))
    said = spans(store)[LLM[0]["id"]]["attributes"]
    message = LLM[0]["outputs"]["generations"][0][0]["message"]["kwargs"]
    about = message["response_metadata"]
    assert said["gen_ai.request.model"] == LLM[0]["extra"]["invocation_params"]["model"] == "gpt-4o-mini"
    assert said["gen_ai.response.model"] == about["model_name"] == "gpt-4o-mini-2024-07-18"
    assert said["openai.response.system_fingerprint"] == about["system_fingerprint"]
    assert said["gen_ai.response.id"] == about["id"]
    assert json.loads(said["gen_ai.response.finish_reasons"]) == [about["finish_reason"]]
    assert json.loads(said["gen_ai.output.messages"])[0]["parts"] == [{"type": "text", "content": message["content"]}]
    assert said["gen_ai.usage.input_tokens"] == str(LLM[0]["prompt_tokens"])
    assert said["gen_ai.usage.cache_read.input_tokens"] == "1024"
    assert said["gen_ai.usage.cost"] == LLM[0]["total_cost"]
    assert (said["gen_ai.conversation.id"], said["user.id"]) == ("conv-1", "u-1")
    assert said["service.version"] == "v1.2.0-3-gabc1234"
    assert said["langsmith.metadata.tier"] == "gold"
    assert "web" in json.loads(said["tag.tags"])
    cut = spans(store)[LLM[1]["id"]]["attributes"]
    assert cut["gen_ai.request.max_tokens"] == "8"


def test_a_wrapped_client(store: Store, take) -> None:
    take(taken("runs.jsonl"))
    said = spans(store)[LLM[-1]["id"]]["attributes"]
    assert (said["gen_ai.request.model"], said["gen_ai.response.model"]) == ("gpt-4o-mini", "gpt-4o-mini-2024-07-18")
    assert said["gen_ai.request.seed"] == "7"
    assert json.loads(said["gen_ai.input.messages"])[0]["role"] == "user"


def test_what_is_above_a_call_counts_nothing_twice(store: Store, take) -> None:
    take(taken("runs.jsonl"))
    rows = spans(store)
    for run in RUNS:
        counted = {key for key in rows[run["id"]]["attributes"] if key.startswith("gen_ai.usage.")}
        assert not counted or run["run_type"] == "llm"
    root = rows[LLM[0]["trace_id"]]["attributes"]
    assert root["langsmith.total_tokens"] == str(LLM[0]["total_tokens"])


def test_prompts_documents_and_tools(store: Store, take) -> None:
    take(taken("runs.jsonl"))
    by_op = {row["op"]: row["attributes"] for row in spans(store).values()}
    assert by_op["prompt"]["gen_ai.prompt.name"] == "support-answer"
    assert by_op["prompt"]["gen_ai.prompt.version"] == "b4c2f0d1"
    assert json.loads(by_op["retrieval"]["gen_ai.retrieval.documents"]) == [
        {"id": "doc-7", "score": 0.81},
        {"id": "policy.md", "score": 0.52},
    ]
    assert by_op["execute_tool"]["gen_ai.tool.name"] == "order_status"


def test_a_failed_call_has_no_answer(store: Store, take) -> None:
    take(taken("runs.jsonl"))
    failed = [spans(store)[run["id"]] for run in LLM if run["status"] == "error"]
    assert [row["attributes"]["error.type"] for row in failed] == ["OpenAIRateLimitError", "timeout"]
    for row in failed:
        assert not {"gen_ai.output.messages", "output.value", "gen_ai.response.model"} & row["attributes"].keys()
        assert "gen_ai.usage.input_tokens" not in row["attributes"]


def test_averages_are_told_once_and_never_scores(store: Store, take) -> None:
    averaged = [run for run in RUNS if run.get("feedback_stats")]
    found = take(taken("runs.jsonl"))
    assert (found.scores, len(averaged)) == (0, 1)
    assert [problem.message[:30] for problem in found.problems] == ["1 runs carry feedback_stats: t"]
    assert (
        json.loads(spans(store)[averaged[0]["id"]]["attributes"]["langsmith.feedback_stats"])["correctness"]["n"] == 1
    )
    none = [{**RUNS[0], "feedback_stats": empty} for empty in ({}, "{}", None)]
    assert not take({"none.jsonl": "\n".join(map(json.dumps, none))}).files[0].rows - 3


def test_parents_from_the_dotted_order(store: Store, take) -> None:
    child = next(run for run in LLM if run["dotted_order"].count(".") == 2)
    less = {key: value for key, value in child.items() if key not in {"trace_id", "parent_run_id"}}
    take({"a.jsonl": json.dumps(less), "b.json": json.dumps({"runs": [{**RUNS[0], "child_runs": [RUNS[1]]}]})})
    rows = spans(store)
    assert (rows[child["id"]]["trace_id"], rows[child["id"]]["parent_id"]) == (
        child["trace_id"],
        child["parent_run_id"],
    )
    assert rows[RUNS[1]["id"]]["parent_id"] == RUNS[0]["id"]


def test_hidden_content_and_unknown_ends_stay_absent(store: Store, take) -> None:
    bare = {**LLM[0], "inputs": {}, "outputs": {}, "end_time": None, "start_time": "2026-11-24T14:29:13.852187"}
    take({"a.jsonl": json.dumps(bare)})
    row = spans(store)[bare["id"]]
    assert row["duration_ms"] is None
    assert row["start_at"].isoformat() == bare["start_time"]
    content = {
        "input.value",
        "output.value",
        "gen_ai.input.messages",
        "gen_ai.output.messages",
        "gen_ai.response.model",
    }
    assert not content & row["attributes"].keys()


def test_bad_runs_are_told_with_their_line(store: Store, take) -> None:
    rows = [
        RUNS[0],
        {**RUNS[1], "start_time": "0001-01-01"},
        {**RUNS[2], "id": None},
        {**RUNS[3], "extra": [1], "outputs": 7},
    ]
    found = take({"a.jsonl": "\n".join(map(json.dumps, rows)) + "\n[1]\n{cut"})
    assert [problem.line for problem in found.problems] == [2, 3, 5, 6]
    assert len(spans(store)) == 2


@pytest.mark.parametrize("name", ["feedback.jsonl", "feedback.parquet"])
def test_feedback_becomes_scores(store: Store, take, name: str) -> None:
    found = take(taken("runs.jsonl") | taken(name))
    assert found.scores == 4
    scores = store.sql("SELECT trace_id, span_id, name, value, label, evaluator, scored_at, attributes FROM scores")
    rows = {(row[2], row[1]): row for row in scores.rows}
    by = {part["id"][-1]: part for part in FEEDBACK}
    judged = rows["correctness", by["2"]["run_id"]]
    assert (judged[0], judged[3:6]) == (by["2"]["trace_id"], (0.0, "incorrect", "judge-mini@2026-02-01"))
    assert judged[6].isoformat() == "2026-11-24T15:00:00"
    assert rows["thumbs", by["3"]["run_id"]][3] == 1.0
    assert rows["thumbs", by["3"]["run_id"]][7]["langsmith.feedback_source.type"] == "app"
    verdict = rows["verdict", by["4"]["run_id"]]
    assert (verdict[3], verdict[4]) == (0.0, "incorrect")
    assert verdict[7]["langsmith.correction.answer"] == "Two days."
    assert not any("Some Body" in str(row) or "0000000000aa" in str(row) for row in rows.values())
    told = [problem for problem in found.problems if problem.source == name]
    assert [(problem.line, "rather stiff" in problem.message) for problem in told] == [(None, False), (5, True)]


def test_loading_again_changes_nothing(store: Store, take) -> None:
    files = taken("runs.jsonl") | taken("feedback.jsonl")
    take(files)
    first = store.sql("SELECT count(*), (SELECT count(*) FROM scores) FROM spans").rows
    again = take({"copy.jsonl": files["runs.jsonl"] + b"\n", "more.jsonl": files["feedback.jsonl"] + b"\n"})
    assert (again.spans, again.scores, again.duplicates) == (0, 0, len(RUNS) + 4)
    assert store.sql("SELECT count(*), (SELECT count(*) FROM scores) FROM spans").rows == first


@pytest.mark.parametrize("name", [*FILES, "feedback.jsonl", "feedback.parquet"])
def test_one_source_reads_it(name: str) -> None:
    ours = "langsmith_feedback" if "feedback" in name else "langsmith"
    assert [reader for reader in readers(FIXTURES / "langsmith" / name) if reader != "table"] == [ours]


@pytest.mark.parametrize(
    "row",
    [
        {"id": 1, "run_type": "trail", "start_time": "2026-01-01T00:00:00", "session_id": "s"},
        {"run_id": "r", "suite": "s", "key": "k", "at": "2026-01-01"},
        {"run_id": "r", "key": "accuracy", "value": 1, "created_at": "2026-01-01"},
    ],
)
def test_what_only_looks_like_it_is_left(tmp_path, row: dict) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps(row))
    assert not {"langsmith", "langsmith_feedback"} & set(readers(path))
