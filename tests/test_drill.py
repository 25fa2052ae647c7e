"""The drill deals what it says: the same bytes from the same seed, and an effect that is really in the records."""

import gzip
import hashlib
import json
from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
import yaml
import zstandard

from blameline.drill import LAYERS, ROLLOUTS, Incident, deal
from blameline.drill.__main__ import main
from blameline.errors import BlamelineError, NotFound
from blameline.records import LAYER_OF_KIND, Change, EvalRun, Manifest

APP = LAYERS[:10]
JUDGE = "gen_ai.evaluation.evaluator.version"


def column(incident: Incident, name: str) -> np.ndarray:
    return incident.table.column(name).to_numpy(zero_copy_only=False).astype(np.float64)


def contrast(incident: Incident, name: str) -> float:
    """Mean on exposed minus mean on unexposed requests."""
    values = column(incident, name)
    return float(np.nanmean(values[incident.exposed]) - np.nanmean(values[~incident.exposed]))


def digest(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


def otlp(path: Path) -> tuple[list[dict], list[dict]]:
    """All spans (with their resource's attributes) and all evaluation records of a file."""
    raw = path.read_bytes()
    if path.suffix == ".gz":
        raw = gzip.decompress(raw)
    if path.suffix == ".zst":
        raw = zstandard.ZstdDecompressor().decompressobj().decompress(raw)
    spans, logs = [], []
    for line in raw.decode().splitlines():
        message = json.loads(line)
        for group in message.get("resourceSpans", []):
            for scope in group["scopeSpans"]:
                spans += [span | {"resource": attributes(group["resource"])} for span in scope["spans"]]
        for group in message.get("resourceLogs", []):
            for scope in group["scopeLogs"]:
                logs += scope["logRecords"]
    return spans, logs


def attributes(carrier: dict) -> dict:
    return {entry["key"]: next(iter(entry["value"].values())) for entry in carrier["attributes"]}


@pytest.mark.parametrize("layer", LAYERS)
def test_every_layer_deals_and_writes_what_the_contract_reads(layer, tmp_path):
    incident = deal(layer, seed=5, traffic=20, days=10)
    incident.write(tmp_path, form="parquet")
    Manifest.model_validate(yaml.safe_load((tmp_path / "incident.yaml").read_text()))
    changes = yaml.safe_load((tmp_path / "changes.yaml").read_text())
    for change in changes:
        record = Change.model_validate(change)
        assert record.layer == LAYER_OF_KIND[record.kind]
    ids = [change["id"] for change in changes]
    assert len(ids) == len(set(ids))
    for line in (tmp_path / "evals.jsonl").read_text().splitlines():
        run = EvalRun.model_validate_json(line)
        assert run.status == "completed" or run.reason
    truth = json.loads((tmp_path / "truth.json").read_text())
    assert truth["schema"] == "blameline.truth/1"
    assert truth["layer"] == layer
    expected = {"judge": "ruler", "telemetry": "artefact", "traffic": "mix", "null": "no_shift"}
    assert truth["outcome"] in {expected.get(layer, "attributed"), *(("tied", "unattributed") if layer in APP else ())}
    assert bool(truth["guilty"]) == (layer != "null")
    for name in truth["guilty"]:
        assert name in ids or name.startswith("undeclared:") or name in {"mix", "ruler", "artefact"}
    assert truth["declared"] == (truth["guilty"] != [] and truth["guilty"][0] in ids)
    if layer != "null":
        start, end = (datetime.fromisoformat(incident.manifest["window"][key]) for key in ("from", "to"))
        assert 0.44 < (datetime.fromisoformat(truth["onset"]) - start) / (end - start) < 0.81
        assert truth["effect"] < 0


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(tmp_path):
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        incident = deal("retrieval", seed=seed, traffic=15, days=6)
        incident.write(tmp_path / name / "p", form="parquet")
        incident.write(tmp_path / name / "o", form="otlp", compress="gz")
        incident.write(tmp_path / name / "z", form="otlp", compress="zst")
    for form in ("p", "o", "z"):
        assert digest(tmp_path / "a" / form) == digest(tmp_path / "b" / form)
        assert digest(tmp_path / "a" / form) != digest(tmp_path / "c" / form)


@pytest.mark.parametrize("layer", APP)
def test_the_true_quality_of_exposed_requests_falls_by_what_was_asked_and_of_no_other(layer):
    incident = deal(layer, seed=11, effect=0.09, traffic=60, days=14)
    fall = incident.quality_without - incident.quality
    assert incident.exposed.any()
    assert fall[incident.exposed].mean() == pytest.approx(0.09, abs=0.002)
    assert np.abs(fall[~incident.exposed]).max() == 0
    assert incident.truth["quality_effect"] == pytest.approx(-0.09, abs=0.002)


@pytest.mark.parametrize("layer", ["prompt", "model", "guardrail", "judge"])
def test_the_planted_effect_is_in_the_scores(layer):
    incident = deal(layer, seed=2, effect=0.12, traffic=150, judge_rate=1.0, rollout="all_at_once")
    assert contrast(incident, "answer_correct") == pytest.approx(incident.truth["effect"], abs=0.03)
    assert abs(contrast(incident, "courtesy")) < 0.005 or layer == "judge"
    if layer == "judge":
        assert contrast(incident, "courtesy") < -0.05
        assert abs(contrast(incident, "thumbs")) < 0.05
        assert np.array_equal(incident.quality, incident.quality_without)


def test_groundedness_falls_with_retrieval():
    incident = deal("retrieval", seed=2, effect=0.12, traffic=100, judge_rate=1.0, rollout="staged_region")
    assert contrast(incident, "groundedness") < -0.08
    with_documents = ~np.array(incident.table.column("gen_ai.retrieval.documents").is_null())
    assert not (incident.exposed & ~with_documents).any()


def test_the_stamp_marks_the_exposed_requests():
    incident = next(
        dealt
        for seed in range(9)
        if (dealt := deal("tools", seed=seed, traffic=30, days=8, rollout="sticky_percent")).truth["stamped"]
    )
    to = next(change["to"] for change in incident.changes if change["layer"] == "tools" and "to" in change)
    stamped = pc.fill_null(pc.equal(incident.table.column("app.tools.schema"), to), fill_value=False)
    assert np.array_equal(np.array(stamped), incident.exposed)


def test_nothing_happens_in_null():
    incident = deal("null", seed=8, traffic=60)
    assert np.array_equal(incident.quality, incident.quality_without)
    assert not incident.exposed.any()
    assert incident.truth["guilty"] == []
    assert incident.truth["effect"] == 0


def test_a_sampling_policy_loses_good_answers_and_volume():
    incident = deal("telemetry", seed=1, traffic=120, judge_rate=1.0, rollout="all_at_once")
    assert np.array_equal(incident.quality, incident.quality_without)
    assert contrast(incident, "answer_correct") == pytest.approx(incident.truth["effect"], abs=0.03)
    scored = ~np.isnan(column(incident, "answer_correct"))
    day = np.asarray(incident.table.column("at").cast("int64")) // 86_400_000
    onset = int(datetime.fromisoformat(incident.truth["onset"]).timestamp() // 86400)
    before, after = ((day < onset) & scored).sum() / (onset - day.min()), ((day > onset) & scored).sum()
    assert after / (day.max() - onset) < 0.75 * before


def test_a_drift_of_the_mix_moves_the_mean_and_no_answer():
    incident = deal("traffic", seed=4, effect=0.08, traffic=150, judge_rate=1.0)
    assert np.array_equal(incident.quality, incident.quality_without)
    assert contrast(incident, "answer_correct") < -0.02
    tasks = incident.table.column("app.task").to_pylist()
    refunds = np.array([task == "refund" for task in tasks])
    assert refunds[incident.exposed].mean() > 1.3 * refunds[~incident.exposed].mean()


@pytest.mark.parametrize("rollout", ROLLOUTS)
def test_each_rollout_reaches_the_share_it_says(rollout):
    incident = deal("prompt", seed=6, traffic=40, days=14, rollout=rollout)
    at = np.asarray(incident.table.column("at").cast("int64")) / 1000
    late = at > np.quantile(at, 0.97)
    onset = datetime.fromisoformat(incident.truth["onset"]).timestamp()
    assert not incident.exposed[at < onset].any()
    assert incident.truth["rollout"] == rollout
    share = incident.exposed[late].mean()
    if rollout == "rolled_back":
        assert share == 0
        assert incident.truth["ended"] is not None
    elif rollout == "partial":
        assert 0 < share < 0.8
    else:
        assert share == 1


def test_a_tie_is_told():
    incident = deal("prompt", seed=1, traffic=40, tie=True)
    assert incident.truth["outcome"] == "tied"
    assert incident.truth["tied_with"]
    assert not incident.truth["identifiable"]


def test_an_undeclared_model_is_in_no_changelog():
    incident = deal("model", seed=1, traffic=30, declared=False)
    assert not any(change["layer"] == "model" for change in incident.changes)
    name = incident.truth["guilty"][0]
    assert name.startswith("undeclared:model:gen_ai.response.model=")
    served = incident.table.column("gen_ai.response.model").to_pylist()
    assert [value == name.partition("=")[2] for value in served] == incident.exposed.tolist()
    assert len(set(incident.table.column("gen_ai.request.model").to_pylist())) == 1


def test_both_forms_describe_the_same_requests(tmp_path):
    incident = deal("deploy", seed=9, traffic=15, days=5)
    table = pq.read_table(incident.write(tmp_path / "p", form="parquet"))
    spans, logs = otlp(incident.write(tmp_path / "o", form="otlp", compress="zst"))
    roots = [span for span in spans if "parentSpanId" not in span]
    assert [span["traceId"] for span in roots] != []
    by_trace = {span["traceId"]: span for span in roots}
    assert sorted(by_trace) == sorted(table.column("trace_id").to_pylist())
    assert len({(span["traceId"], span["spanId"]) for span in spans}) == len(spans)
    for row in table.slice(0, 200).to_pylist():
        root = by_trace[row["trace_id"]]
        assert attributes(root)["tenant.id"] == row["tenant.id"]
        assert root["resource"].get("service.version") == row.get("service.version")
        assert int(root["startTimeUnixNano"]) == round(row["at"].timestamp() * 1000) * 1_000_000
        assert int(root["endTimeUnixNano"]) - int(root["startTimeUnixNano"]) == row["latency_ms"] * 1_000_000
    operations = [attributes(span)["gen_ai.operation.name"] for span in spans]
    documents = table.column("gen_ai.retrieval.documents")
    assert operations.count("retrieval") == len(documents) - documents.null_count
    assert operations.count("chat") == table.num_rows
    for name in yaml.safe_load((tmp_path / "p" / "incident.yaml").read_text())["columns"]["scores"]:
        column = table.column(name)
        mine = [attributes(log) for log in logs if attributes(log)["gen_ai.evaluation.name"] == name]
        assert len(mine) == len(column) - column.null_count
        total = sum(entry["gen_ai.evaluation.score.value"] for entry in mine)
        assert total == pytest.approx(pc.sum(column).as_py())
    chats = {span["spanId"] for span in spans if attributes(span)["gen_ai.operation.name"] == "chat"}
    assert {log["spanId"] for log in logs} <= chats


def test_a_table_of_json_lines_says_the_same_as_the_table(tmp_path):
    incident = deal("sampling", seed=3, traffic=10, days=4)
    raw = gzip.decompress(incident.write(tmp_path, form="jsonl", compress="gz").read_bytes())
    rows = [json.loads(line) for line in raw.splitlines()]
    assert len(rows) == incident.table.num_rows
    for row, wanted in zip(rows, incident.table.to_pylist(), strict=True):
        assert datetime.fromisoformat(row.pop("at")) == wanted.pop("at")
        assert row == {name: value for name, value in wanted.items() if value is not None}
    assert "columns" in yaml.safe_load((tmp_path / "incident.yaml").read_text())


def test_spans_lie_within_their_root(tmp_path):
    spans, _ = otlp(deal("tools", seed=2, traffic=10, days=4).write(tmp_path))
    roots = {span["traceId"]: span for span in spans if "parentSpanId" not in span}
    for span in spans:
        root = roots[span["traceId"]]
        assert int(root["startTimeUnixNano"]) <= int(span["startTimeUnixNano"])
        assert int(span["startTimeUnixNano"]) <= int(span["endTimeUnixNano"]) <= int(root["endTimeUnixNano"])


def test_the_command_writes_a_case(tmp_path, capsys):
    assert (
        main(["null", "--seed", "1", "--days", "4", "--traffic", "10", "--form", "parquet", "-o", str(tmp_path)]) == 0
    )
    assert capsys.readouterr().out.strip().endswith("traces.parquet")
    assert (tmp_path / "truth.json").exists()
    assert main(["null", "--seed", "1", "--days", "1", "-o", str(tmp_path)]) == 1
    assert "too few" in capsys.readouterr().err


def test_what_cannot_be_dealt_is_refused(tmp_path):
    with pytest.raises(NotFound):
        deal("weather", seed=1)
    with pytest.raises(NotFound):
        deal("prompt", seed=1, rollout="sideways")
    with pytest.raises(BlamelineError):
        deal("null", seed=1, rollout="partial")
    with pytest.raises(BlamelineError):
        deal("prompt", seed=1, days=4, traffic=5).write(tmp_path, form="parquet", compress="gz")
