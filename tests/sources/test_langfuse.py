"""Langfuse's blob export: every table in every form, and each way in which a field is easily misread."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import zstandard

from blameline.intake import load
from blameline.store import Store

FIXTURES = Path(__file__).parent / "fixtures" / "langfuse"
FORMS = ["observations_v2.jsonl", "observations_v2.json", "observations_v2.csv", "observations_v2.parquet",
         "observations_v2.jsonl.gz"]  # fmt: skip


def rows(name: str) -> list[dict]:
    """The rows of a fixture, read with nothing but json."""
    return [json.loads(line) for line in (FIXTURES / name).read_text().splitlines()]


def fixture(name: str) -> bytes:
    return (FIXTURES / name).read_bytes()


def spans(store: Store) -> dict[str, dict]:
    found = store.sql("SELECT * FROM spans")
    named = [dict(zip(found.columns, row, strict=True)) for row in found.rows]
    return {row["span_id"]: {**row, "attributes": dict(row["attributes"])} for row in named}


def one(store: Store, span_id: str) -> dict:
    return spans(store)[span_id]


def line(**changed: object) -> str:
    """One row as the export writes it, with some fields changed; a field that is ``...`` is left out."""
    row = {**rows("observations_v2.jsonl")[2], **changed}
    return json.dumps({key: value for key, value in row.items() if value is not ...}) + "\n"


@pytest.mark.parametrize("name", FORMS)
def test_every_form_brings_every_row(take, store, name):
    expected = rows("observations_v2.jsonl")
    loaded = take({name: fixture(name)})
    assert loaded.spans == len(expected)
    assert [file.format for file in loaded.files] == ["langfuse"]
    assert not loaded.problems
    found = spans(store)
    for row in expected:
        span = found[row["id"]]
        assert span["trace_id"] == row["trace_id"]
        assert span["parent_id"] == (row["parent_observation_id"] or None)
        assert span["start_at"].isoformat(sep=" ", timespec="microseconds") == row["start_time"]
        assert (span["duration_ms"] is None) == (row["end_time"] is None)
        assert span["attributes"]["tag.tags"] == json.dumps(row["tags"], separators=(",", ":"))
        assert span["status"] == ("error" if row["level"] == "ERROR" else None)


def test_all_forms_bring_the_same(tmp_path):
    """Numbers may be written in another way; what they say may not differ."""

    def told(name: str) -> dict:
        (tmp_path / name).write_bytes(fixture(name))
        with Store.open(tmp_path / f"{name}.duckdb") as store:
            load(store, [tmp_path / name])
            return {key: plain(span["attributes"]) for key, span in spans(store).items()}

    def plain(attributes: dict) -> dict:
        return {key: number(value) for key, value in attributes.items() if not key.endswith(("ed_at", "_time"))}

    def number(value: str) -> object:
        try:
            return round(float(value), 12)
        except ValueError:
            return value

    first, *others = [told(name) for name in FORMS]
    for other in others:
        assert other == first


def test_zstd(take):
    packed = zstandard.ZstdCompressor().compress(fixture("observations_v2.jsonl"))
    assert take({"observations_v2/x.jsonl.zst": packed}).spans == len(rows("observations_v2.jsonl"))


def test_a_generation_field_by_field(take, store):
    take({"x.jsonl": fixture("observations_v2.jsonl")})
    span = one(store, "a000000000000003")
    said = span["attributes"]
    usage = rows("observations_v2.jsonl")[2]["usage_details"]
    assert (span["op"], span["name"], span["duration_ms"], span["service"]) == (
        "chat",
        "generation 3",
        4794.0,
        "support",
    )
    assert int(said["gen_ai.usage.input_tokens"]) == sum(value for key, value in usage.items() if "input" in key) == 140
    assert int(said["gen_ai.usage.output_tokens"]) == usage["output"] + usage["output_reasoning_tokens"] == 84
    assert said["gen_ai.usage.cache_read.input_tokens"] == "100"
    assert said["gen_ai.usage.cache_write.input_tokens"] == "9"
    assert said["gen_ai.usage.reasoning.output_tokens"] == "64"
    assert said["langfuse.usage_details.input"] == "31"
    assert float(said["gen_ai.usage.cost"]) == pytest.approx(0.0011625)
    assert said["gen_ai.response.model"] == "m-large-2026-02-11"
    assert "gen_ai.request.model" not in said
    assert (said["gen_ai.prompt.name"], said["gen_ai.prompt.version"]) == ("support-answer", "7")
    assert said["gen_ai.request.temperature"] == "0.2"
    assert said["langfuse.model_parameters.top_logprobs"] == "3"
    assert (said["user.id"], said["session.id"], said["service.version"]) == ("u-17", "s-4", "r-41")
    assert said["deployment.environment.name"] == "production"
    assert said["metadata.tenant"] == "acme"
    assert json.loads(said["langfuse.tool_call_names"]) == ["refund_status"]


def test_times_are_recomputed_whatever_unit_the_export_wrote(take, store):
    """The fixture's latency is in milliseconds, as older integrations write it; seconds would be read the same."""
    take({"ms.jsonl": line(), "s.jsonl": line(id="other", latency=4.794, time_to_first_token=0.25)})
    for span in spans(store).values():
        assert span["duration_ms"] == 4794.0
        assert float(span["attributes"]["gen_ai.response.time_to_first_chunk"]) == 0.25


def test_types_become_operations(take, store):
    take({"x.jsonl": fixture("observations_v2.jsonl")})
    ours = {"GENERATION": "chat", "EMBEDDING": "embeddings", "RETRIEVER": "retrieval", "TOOL": "execute_tool",
            "AGENT": "invoke_agent", "EVALUATOR": "evaluation", "GUARDRAIL": "guardrail", "CHAIN": "workflow"}  # fmt: skip
    expected = Counter(ours.get(row["type"]) for row in rows("observations_v2.jsonl"))
    assert Counter(span["op"] for span in spans(store).values()) == expected
    assert json.loads(one(store, "a000000000000002")["attributes"]["gen_ai.retrieval.documents"]) == [
        {"id": "kb-7", "score": 0.91},
        {"id": "kb-9", "score": 0.44},
    ]
    assert one(store, "a000000000000004")["attributes"]["gen_ai.tool.name"] == "refund_status"


def test_failures_and_calls_that_never_ended(take, store):
    take({"x.jsonl": fixture("observations_v2.jsonl")})
    limited, timed_out = one(store, "b000000000000001"), one(store, "c000000000000002")
    assert (limited["status"], limited["attributes"]["error.type"]) == ("error", "RateLimitError")
    assert (timed_out["status"], timed_out["duration_ms"], timed_out["attributes"]["error.type"]) == (
        "error",
        None,
        "_OTHER",
    )
    for span in (limited, timed_out):  # nobody answered, so no model did
        assert "gen_ai.response.model" not in span["attributes"]
        assert span["attributes"]["langfuse.provided_model_name"]
        assert "output.value" not in span["attributes"]


def test_what_opentelemetry_said_has_its_own_names_again(take, store):
    take({"x.jsonl": fixture("observations_v2.jsonl")})
    said = one(store, "b000000000000001")["attributes"]
    assert said["gen_ai.request.model"] == "m-large"
    assert said["service.version"] == "3.1.0"
    assert said["langfuse.version"] == "v2"
    assert said["gen_ai.usage.input_tokens"] == "31"
    assert said["scope.name"] == "opentelemetry.instrumentation.sdk"


def test_metadata_that_leaves_no_doubt(take, store):
    take({"x.jsonl": fixture("observations_v2.jsonl")})
    said = one(store, "c000000000000003")["attributes"]
    assert (said["gen_ai.request.model"], said["gen_ai.response.model"]) == ("m-large", "m-large-2026-02-11")
    assert json.loads(said["gen_ai.response.finish_reasons"]) == ["length"]
    assert said["openai.response.system_fingerprint"] == "fp_44"
    assert said["metadata.requested_model"] == "m-large"
    assert one(store, "d000000000000001")["attributes"]["gen_ai.request.model"] == "m-large"  # from the parameters


@pytest.mark.parametrize(
    ("changed", "model"),
    [
        ({"metadata": {"attributes.gen_ai.request.model": "m-large"}, "provided_model_name": "m-large"}, None),
        ({"metadata": {"attributes.gen_ai.response.model": "m-9"}, "provided_model_name": "m-large"}, "m-9"),
        ({"metadata": {"attributes.gen_ai.request.model": "m-large"}, "provided_model_name": "m-9"}, "m-9"),
        ({"provided_model_name": ""}, None),
    ],
)
def test_a_requested_model_is_never_shown_as_served(take, store, changed, model):
    take({"x.jsonl": line(**changed)})
    assert one(store, "a000000000000003")["attributes"].get("gen_ai.response.model") == model


@pytest.mark.parametrize(
    ("changed", "output"),
    [
        ({"output": ""}, None),  # documented as "not set"; tokens came
        ({"output": "", "usage_details": {}}, None),
        ({"output": "", "usage_details": {"input": 3, "output": 0}}, ""),  # nothing came, and it says so
        ({"output": "", "usage_details": {"input": 3, "output": 0}, "type": "SPAN"}, None),
        ({"output": ..., "input": ...}, None),
        ({"output": None}, None),
        ({"output": "yes"}, "yes"),
    ],
)
def test_absent_is_not_empty(take, store, changed, output):
    take({"x.jsonl": line(**changed)})
    assert one(store, "a000000000000003")["attributes"].get("output.value") == output


def test_the_older_tables(take, store):
    """``observations`` has null where nothing was set, so an empty answer is one; ``traces`` alone knows the user."""
    loaded = take({"observations/x.jsonl": fixture("observations.jsonl"), "traces/x.jsonl": fixture("traces.jsonl")})
    assert loaded.spans == len(rows("observations.jsonl")) + len(rows("traces.jsonl"))
    empty, absent = one(store, "d000000000000001")["attributes"], one(store, "d000000000000002")["attributes"]
    assert empty["output.value"] == ""
    assert "output.value" not in absent
    assert "user.id" not in empty
    root = one(store, "t-" + "a" * 32)
    assert (root["trace_id"], root["parent_id"], root["attributes"]["user.id"]) == ("a" * 32, None, "u-17")
    assert root["attributes"]["output.value"] == "In five days."
    assert "gen_ai.usage.cost" not in root["attributes"]
    nested = one(store, "b000000000000001")["attributes"]
    assert nested["gen_ai.request.model"] == "m-large"


@pytest.mark.parametrize("name", ["observations.parquet", "traces.parquet", "scores.parquet"])
def test_parquet_of_the_other_tables(take, name):
    loaded = take({name: fixture(name)})
    total = pq.read_table(FIXTURES / name).num_rows
    labels = 2 if name == "scores.parquet" else 0
    assert loaded.spans + loaded.scores == total - labels
    assert all("labels" in problem.message or "no trace" in problem.message for problem in loaded.problems)


@pytest.mark.parametrize("name", ["scores.jsonl", "scores.parquet"])
def test_scores(take, store, name):
    expected = {row["id"]: row for row in rows("scores.jsonl")}
    loaded = take({"o.jsonl": fixture("observations_v2.jsonl"), name: fixture(name)})
    assert loaded.scores == 5
    said = [problem.message for problem in loaded.problems]
    assert "scores that are labels and stand for no number are not measured: 1 CATEGORICAL, 1 TEXT" in said
    found = store.sql("SELECT trace_id, span_id, name, value, label, scored_at, attributes FROM scores").rows
    by_id = {dict(row[6])["langfuse.score.id"]: row for row in found}
    for key, row in by_id.items():
        assert row[0] == expected[key]["trace_id"]
        assert row[1] == expected[key]["observation_id"]
        assert row[2] == expected[key]["name"]
        assert row[5].isoformat(sep=" ", timespec="milliseconds") == expected[key]["timestamp"]
    assert {key: row[3] for key, row in by_id.items()} == {
        "score-1": 0.75,
        "score-2": 1.0,
        "score-4": 0.0,  # the label says so; the value is only its place in a list
        "score-6": 0.0,
        "score-7": 0.0,
    }
    assert by_id["score-4"][4] == "incorrect"
    assert dict(by_id["score-6"][6])["session.id"] == "s-4"
    assert dict(by_id["score-1"][6])["gen_ai.evaluation.explanation"] == "grounded"


def test_score_provenance_names_the_judge_and_no_person(take, store):
    row = {**rows("scores.jsonl")[0], "evaluator_id": "judge-3", "author_user_id": "cmuser9", "metadata": {"k": "v"}}
    take({"scores.jsonl": json.dumps(row) + "\n"})
    ((judge, attributes),) = store.sql("SELECT evaluator, attributes FROM scores").rows
    assert judge == "judge-3"
    assert dict(attributes)["metadata.k"] == "v"
    assert "cmuser9" not in str(attributes)


def test_the_manifest_says_how_many_rows(take, store):
    take({"manifests/x.json": fixture("manifest.json")})
    counted = {file["key"]: file["rowCount"] for file in json.loads(fixture("manifest.json"))["files"]}
    found = dict(store.sql("SELECT key, rows FROM expectations").rows)
    assert found == {key: count for key, count in counted.items() if count is not None}


def test_a_manifest_that_is_wrong(take, store):
    broken = json.loads(fixture("manifest.json"))
    broken["files"] = [
        {"key": "a", "rowCount": "many"},
        {"rowCount": 3},
        "x",
        {"key": "b", "rowCount": -1},
        {"key": "c", "rowCount": 4},
    ]
    loaded = take({"m.json": json.dumps(broken)})
    assert len(loaded.problems) == 3
    assert store.sql("SELECT key, rows FROM expectations").rows == (("c", 4),)


def test_loading_again_and_another_form_changes_nothing(take, store):
    take({"x.jsonl": fixture("observations_v2.jsonl"), "scores.jsonl": fixture("scores.jsonl")})
    before = store.sql("SELECT trace_id, span_id, parent_id, start_ns, status FROM spans ORDER BY ALL").rows
    again = take(
        {"x.jsonl.gz": gzip.compress(fixture("observations_v2.jsonl")), "scores.parquet": fixture("scores.parquet")}
    )
    assert (again.spans, again.scores) == (0, 0)
    assert store.sql("SELECT trace_id, span_id, parent_id, start_ns, status FROM spans ORDER BY ALL").rows == before
