"""Single traces out of Langfuse: the two downloads of its interface, and what its API answers."""

from __future__ import annotations

import json

import pytest
from test_langfuse import fixture, one, spans


def document(name: str) -> dict:
    return json.loads(fixture(name))


@pytest.mark.parametrize(
    "name", ["api_v1_trace.json", "api_v2_observations.json", "download.json", "download_server.json"]
)
def test_every_observation_is_a_span(take, store, name):
    whole = document(name)
    expected = whole.get("observations", whole.get("data"))
    loaded = take({name: fixture(name)})
    assert [file.format for file in loaded.files] == ["langfuse_trace"]
    found = spans(store)
    assert set(found) == {row["id"] for row in expected}
    for row in expected:
        span = found[row["id"]]
        assert span["trace_id"] == row["traceId"]
        assert span["parent_id"] == row.get("parentObservationId")
        assert span["start_at"].isoformat() == row["startTime"].rstrip("Z").removesuffix(".000")
        assert (span["duration_ms"] is None) == (row.get("endTime") is None)
        assert span["status"] == ("error" if row["level"] == "ERROR" else None)


def test_a_trace_of_the_api(take, store):
    loaded = take({"t.json": fixture("api_v1_trace.json")})
    assert loaded.scores == 2
    assert [problem.message for problem in loaded.problems] == [
        "scores that are labels and stand for no number are not measured: 1 CATEGORICAL"
    ]
    said = one(store, "obs-2")["attributes"]
    assert (said["gen_ai.usage.input_tokens"], said["gen_ai.usage.output_tokens"]) == ("131", "84")
    assert said["gen_ai.response.model"] == "m-large-2026-02-11"
    assert float(said["gen_ai.response.time_to_first_chunk"]) == 0.25
    assert (said["user.id"], said["session.id"], said["service.version"]) == ("u-17", "s-4", "r-41")
    assert (said["metadata.tenant"], said["metadata.step"]) == ("acme", "2")
    assert json.loads(said["output.value"])["content"] == "In five days."
    empty, failed = one(store, "obs-3")["attributes"], one(store, "obs-4")["attributes"]
    assert empty["output.value"] == ""
    assert "output.value" not in failed
    assert failed["error.type"] == "openai.APITimeoutError"
    assert "gen_ai.response.model" not in failed
    root = one(store, "obs-1")["attributes"]
    assert (root["input.value"], root["output.value"]) == ("When is my refund due?", "In five days.")
    assert "gen_ai.usage.cost" not in root  # the trace's total is the sum of its observations


@pytest.mark.parametrize("name", ["api_v1_trace.json", "api_v3_scores.json"])
def test_scores_of_the_api(take, store, name):
    take({name: fixture(name)})
    found = store.sql("SELECT name, trace_id, span_id, value, evaluator FROM scores ORDER BY name").rows
    trace = "a1" * 16
    assert found == (("grounded", trace, "obs-2", 1.0, None), ("helpfulness", trace, None, 0.75, "judge-3"))


def test_a_score_of_a_session(take, store):
    whole = document("api_v3_scores.json")
    whole["data"][0]["subject"] = {"kind": "session", "id": "s-4"}
    take({"s.json": json.dumps(whole)})
    ((trace, attributes),) = store.sql("SELECT trace_id, attributes FROM scores WHERE name = 'helpfulness'").rows
    assert trace is None
    assert dict(attributes)["session.id"] == "s-4"


def test_the_download(take, store):
    """Metadata is JSON text, and a text answer is a JSON string: an empty one is two quotes."""
    loaded = take({"trace-x.json": fixture("download.json")})
    assert (loaded.spans, loaded.scores) == (2, 1)
    said = one(store, "g")["attributes"]
    assert said["output.value"] == ""
    assert said["gen_ai.request.model"] == "m-large"
    assert (said["metadata.tenant"], said["metadata.region"]) == ("acme", "eu")
    root = one(store, "r")["attributes"]
    assert (root["input.value"], root["output.value"]) == ("Hi", "Hello")
    assert "x" not in root  # what the root's own span carried is not said of all


def test_the_newer_download_has_no_trace_in_it(take, store):
    loaded = take({"trace-x.json": fixture("download_server.json")})
    assert (loaded.spans, loaded.scores) == (2, 1)
    assert not loaded.problems
    assert one(store, "r")["attributes"].get("output.value") is None  # "" is how it writes "not set"
    assert one(store, "g")["attributes"]["output.value"] == ""  # but no token came
    assert "cmuser9" not in str(store.sql("SELECT * FROM scores").rows)


def test_a_trace_without_observations_is_its_own_root(take, store):
    whole = document("download.json")
    take({"t.json": json.dumps({**whole, "observations": []})})
    root = one(store, "t-" + "b2" * 16)
    assert (root["parent_id"], root["name"]) == (None, "answer a question")
    assert root["attributes"]["output.value"] == "Hello"


def test_a_list_of_traces(take, store):
    listed = [
        {key: value for key, value in document("api_v1_trace.json").items() if key not in {"observations", "scores"}}
    ]
    listed[0] |= {"observations": ["obs-1", "obs-2"], "scores": ["s-1"]}
    loaded = take({"traces.json": json.dumps({"data": listed, "meta": {}})})
    assert (loaded.spans, loaded.scores, loaded.problems) == (1, 0, ())
    said = one(store, "t-" + "a1" * 16)["attributes"]
    assert said["user.id"] == "u-17"
    assert "gen_ai.usage.cost" not in said


def test_one_trace_a_line(take, store):
    line = json.dumps(document("download.json"))
    loaded = take(
        {
            "traces.jsonl": line
            + "\n"
            + line[:-40]
            + "\n"
            + line.replace("b2" * 16, "c3" * 16).replace('"g"', '"h"')
            + "\n"
        }
    )
    assert [problem.line for problem in loaded.problems if "label" not in problem.message] == [2]
    assert len(spans(store)) == 3  # the two roots share their id, and belong to two traces
    assert loaded.spans == 4


def test_faults_are_told(take, store):
    whole = document("download.json")
    whole["observations"] += [7, {"id": "no-trace-time", "traceId": "x" * 32, "startTime": "soon", "type": "SPAN"}, {}]
    whole["trace"]["scores"] += ["an id", None]
    loaded = take({"t.json": json.dumps(whole)})
    assert loaded.spans == 2
    said = "\n".join(problem.message for problem in loaded.problems)
    assert "an observation is no object: 7" in said
    assert "a score is no object: None" in said
    assert "no start time" in said
    assert "the span has no id" in said


def test_neither_trace_nor_score(take):
    listed = document("api_v2_observations.json")["data"]
    loaded = take({"t.json": json.dumps({"data": [*listed, {"hello": 1}, 3]})})
    assert loaded.spans == len(listed)
    said = [problem.message for problem in loaded.problems]
    assert "not a trace, an observation or a score of Langfuse" in said
    assert any("not a record" in message for message in said)


@pytest.mark.parametrize("name", ["api_v1_trace.json", "download.json", "api_v3_scores.json"])
def test_loading_twice_changes_nothing(take, store, name):
    take({name: fixture(name)})
    before = store.sql("SELECT span_id, start_ns FROM spans ORDER BY ALL").rows
    again = take({f"copy/{name}": fixture(name) + b"\n"})
    assert (again.spans, again.scores) == (0, 0)
    assert store.sql("SELECT span_id, start_ns FROM spans ORDER BY ALL").rows == before
