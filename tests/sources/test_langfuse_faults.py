"""Langfuse exports that are damaged, hostile, or not Langfuse's at all."""

from __future__ import annotations

import json

import pytest
from test_langfuse import fixture, line, one, rows, spans

from blameline.sources import Head
from blameline.sources.langfuse import LangfuseExport
from blameline.sources.langfuse_prompts import LangfusePrompts
from blameline.sources.langfuse_trace import LangfuseTrace

SOURCES = [LangfuseExport(), LangfuseTrace(), LangfusePrompts()]


def test_bad_rows_are_told_with_their_line_and_the_rest_loads(take, store):
    good = line(id="g1"), line(id="g2")
    bad = [
        line(start_time="soon"),
        line(trace_id=""),
        '{"id": \n',
        line(id=None),
        "[1, 2]\n",
        line(start_time="0001-01-01 00:00:00"),
    ]
    loaded = take({"x.jsonl": good[0] + "".join(bad) + good[1]})
    assert set(spans(store)) == {"g1", "g2"}
    assert {problem.line for problem in loaded.problems} == {2, 3, 4, 5, 6, 7}
    assert all(problem.source == "x.jsonl" for problem in loaded.problems)
    assert len(loaded.problems) == len(bad)


def test_a_file_cut_short(take):
    whole = fixture("observations_v2.jsonl")
    kept = whole[: whole.rindex(b'"type"')]
    loaded = take({"x.jsonl": kept})
    assert loaded.spans == len(rows("observations_v2.jsonl")) - 1
    assert [problem.line for problem in loaded.problems] == [len(rows("observations_v2.jsonl"))]


def test_a_compressed_file_cut_short(take):
    whole = fixture("observations_v2.jsonl.gz")
    loaded = take({"x.jsonl.gz": whole[: len(whole) // 2]})
    assert loaded.problems
    assert all("damaged" in problem.message or "not JSON" in problem.message for problem in loaded.problems)


@pytest.mark.parametrize(
    "changed",
    [
        {"metadata": "free text"},
        {"metadata": ["a", "b"]},
        {"metadata": {"attributes": "{broken", "scope": 3, "resourceAttributes": [1]}},
        {"metadata": {"\ud800": "\udfff", "": "x", "a'b\"c": "\x00"}},
        {"usage_details": {"input": "many", "output": None, "total": [1]}},
        {"usage_details": [1, 2], "cost_details": "free"},
        {"usage_details": {"input": 2**80, "output": -1}},
        {"cost_details": {"total": 1e308, "input": 1e308}},
        {"model_parameters": "temperature 0.2"},
        {"model_parameters": {"temperature": 0.2, "stop": ["a"]}},
        {"tags": "beta", "level": 7, "type": None, "name": {"a": 1}, "status_message": ["x"]},
        {"prompt_version": "seven", "completion_start_time": "yesterday", "end_time": "never"},
        {"parent_observation_id": None},
        {"output": {"role": "assistant"}, "input": [{"role": "user"}]},
        {"type": "RETRIEVER", "output": "[1, 2]"},
        {"type": "RETRIEVER", "output": "[[[[[[["},
        {"an_odd_new_column": {"deep": [1]}},
    ],
)
def test_odd_values_never_lose_the_row(take, store, changed):
    loaded = take({"x.jsonl": line(**changed) + line(id="other")})
    assert loaded.spans == 2
    assert not loaded.problems
    assert one(store, "other")["attributes"]["gen_ai.prompt.version"] == "7"


def test_numbers_written_as_text_are_numbers(take, store):
    """ClickHouse quotes 64-bit integers unless it is told not to."""
    take(
        {
            "x.jsonl": line(
                usage_details={"input": "31", "output": "20", "total": "51"}, prompt_version="7", total_cost="0.5"
            )
        }
    )
    said = one(store, "a000000000000003")["attributes"]
    assert (said["gen_ai.usage.input_tokens"], said["gen_ai.usage.output_tokens"]) == ("31", "20")
    assert float(said["gen_ai.usage.cost"]) == 0.5


def test_nothing_is_dropped(take, store):
    take({"x.jsonl": line(experiment_name="spring", is_app_root=True)})
    said = one(store, "a000000000000003")["attributes"]
    assert (said["langfuse.experiment_name"], said["langfuse.is_app_root"]) == ("spring", "true")


def test_a_conflicting_attribute_is_kept_beside(take, store):
    take({"x.jsonl": line(metadata={"attributes.gen_ai.usage.input_tokens": "40", "attributes.user.id": "u-17"})})
    said = one(store, "a000000000000003")["attributes"]
    assert said["gen_ai.usage.input_tokens"] == "140"
    assert said["metadata.gen_ai.usage.input_tokens"] == "40"
    assert "metadata.user.id" not in said


def test_no_cost_is_not_a_cost_of_nothing(take, store):
    """``total_cost`` is 0 in an enriched row that has no cost at all."""
    take({"x.jsonl": line(total_cost=0, cost_details={}) + line(id="other", total_cost=0, cost_details={"total": 0})})
    assert "gen_ai.usage.cost" not in one(store, "a000000000000003")["attributes"]
    assert float(one(store, "other")["attributes"]["gen_ai.usage.cost"]) == 0


def test_a_score_without_a_name_or_number_is_told(take):
    score = rows("scores.jsonl")[0]
    bad = [{**score, "name": ""}, {**score, "value": None}, {**score, "value": "lots"}]
    loaded = take({"scores.jsonl": "".join(json.dumps(row) + "\n" for row in [score, *bad])})
    assert loaded.scores == 1
    assert [problem.line for problem in loaded.problems if problem.line] == [2, 3, 4]


@pytest.mark.parametrize(
    "text",
    [
        '{"id": "1", "trace_id": "a", "start_time": "2026-03-05T09:00:00Z", "name": "x", "type": "llm"}\n',
        '{"id": "1", "name": "x", "timestamp": "2026-03-05T09:00:00Z", "value": 1}\n',
        '{"traceId": "a", "id": "b", "startTime": "2026-03-05T09:00:00Z"}\n',
        '{"version": 1, "files": [{"key": "a", "rowCount": 3}]}\n',
        '{"id": "1", "at": "2026-03-05T09:00:00Z", "kind": "prompt_edit", "summary": "x"}\n',
        '{"action": "created", "prompt": "hello", "timestamp": "2026-03-05T09:00:00Z"}\n',
        '{"data": [{"id": "1", "name": "x", "prompt": "y"}]}\n',
        '{"resourceSpans": [{"scopeSpans": [{"spans": [{"traceId": "a", "type": "x"}]}]}]}\n',
        "id,trace_id,start_time\n1,a,2026-03-05\n",
        "resourceType,action\nprompt,create\n",
    ],
)
def test_look_alikes_are_not_taken(tmp_path, text):
    head = Head(text.encode(), len(text))
    assert [source.name for source in SOURCES if source.sniff(tmp_path / "x", head)] == []


@pytest.mark.parametrize(
    ("name", "reader"),
    [
        *((name, "langfuse") for name in ("observations_v2.jsonl", "observations_v2.csv", "observations.jsonl")),
        *((name, "langfuse") for name in ("traces.jsonl", "scores.jsonl", "manifest.json")),
        *((name, "langfuse_trace") for name in ("api_v1_trace.json", "api_v2_observations.json", "api_v3_scores.json")),
        *((name, "langfuse_trace") for name in ("download.json", "download_server.json")),
        *((name, "langfuse_prompts") for name in ("api_prompts.json", "prompt_events.jsonl", "prompt_dispatch.json")),
        ("audit_logs.csv", "langfuse_prompts"),
    ],
)  # fmt: skip
def test_exactly_one_takes_each(tmp_path, name, reader):
    data = fixture(name)
    assert [source.name for source in SOURCES if source.sniff(tmp_path / name, Head(data, len(data)))] == [reader]


def test_a_first_row_larger_than_the_head_is_known(take):
    assert take({"x.jsonl": line(input="a" * 200_000) + line(id="other")}).spans == 2


@pytest.mark.parametrize(
    ("bad", "loads"),
    [
        (
            line().replace('"metadata":', '"metadata":' + '{"a":' * 5000 + "1" + "}" * 5000 + ',"zz":', 1).encode(),
            None,
        ),
        (line().encode().replace(b"refund", b"\xff\xfe", 1), True),
        (line().replace('"latency":', '"latency":' + "9" * 6000 + ',"z":', 1).encode(), None),
        (b"\0\0\0\n", False),
        (line().replace('"latency":', '"latency":NaN,"z":', 1).encode(), True),
        (line(latency=10**400, prompt_version=2**90).encode(), True),
        (line(input="x" * 20_000_000).encode(), True),
    ],
    ids=["deep", "not UTF-8", "endless number", "zeros", "NaN", "great numbers", "a long line"],
)
def test_hostile_lines(take, store, bad, loads):
    """One reader stands more than the other; what neither may do is to lose a row without a word."""
    loaded = take({"x.jsonl": line(id="g1").encode() + bad + line(id="g2").encode()})
    assert {"g1", "g2"} <= set(spans(store))
    assert len(loaded.problems) <= 1
    assert loaded.spans == 3 or loaded.spans + len(loaded.problems) == 3
    assert all(problem.line == 2 for problem in loaded.problems)
    assert loads is None or (loaded.spans == 3) == loads
