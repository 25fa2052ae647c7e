"""Self-test: python check.py --out DIR [--seeds 0:2]: writes every class, parses every file, checks truth against data."""

from __future__ import annotations

import argparse
import filecmp
import gzip
import json
import re
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml
from blind import parse_seeds, write_case
from recipes import RECIPES

KINDS = {
    "prompt_edit": "prompt",
    "provider_update": "model",
    "model_swap": "model",
    "deprecation_notice": "model",
    "sampling_change": "sampling",
    "index_refresh": "retrieval",
    "embedder_change": "retrieval",
    "corpus_change": "retrieval",
    "context_change": "context",
    "tool_schema": "tools",
    "router_config": "router",
    "guardrail_change": "guardrail",
    "deploy": "deploy",
    "flag_change": "deploy",
    "infra_change": "deploy",
    "upstream_data": "data",
    "judge_change": "judge",
    "rubric_change": "judge",
    "scorer_change": "judge",
    "eval_suite_change": "eval",
    "sampling_policy": "telemetry",
    "instrumentation_change": "telemetry",
    "traffic_shift": "traffic",
}
OUTCOMES = {"attributed", "tied", "ruler", "mix", "artefact", "no_shift", "unattributed"}
STANDING = {"mix", "ruler", "artefact", "chance", "unknown"}
TRUTH_KEYS = {
    "class",
    "seed",
    "outcome",
    "guilty",
    "acceptable_groups",
    "onset",
    "end",
    "effect_on_exposed",
    "fall_of_overall_mean",
    "signal",
    "affected",
    "identifiable",
    "why",
}


def lines_of(path: Path) -> list[dict[str, Any]]:
    """All JSON lines of a file, gzipped or not."""
    data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return [json.loads(line) for line in data.decode().splitlines()]


def attributes_of(record: dict[str, Any]) -> dict[str, str]:
    """Attributes as plain text."""
    return {pair["key"]: str(next(iter(pair["value"].values()))) for pair in record.get("attributes", [])}


def load(folder: Path) -> dict[str, Any]:
    """Parse a case as a strict reader would."""
    spans: list[dict[str, Any]] = []
    scores: list[dict[str, Any]] = []
    values: dict[str, set[str]] = {}
    for path in sorted(folder.glob("*.jsonl*")):
        if not path.name.startswith(("traces", "scores")):
            continue
        for line in lines_of(path):
            for block in line.get("resourceSpans", []):
                resource = attributes_of(block["resource"])
                for scope in block["scopeSpans"]:
                    for span in scope["spans"]:
                        found = {**resource, **attributes_of(span)}
                        spans.append(
                            {
                                "trace": span["traceId"],
                                "span": span["spanId"],
                                "found": found,
                                "start": int(span["startTimeUnixNano"]),
                                "end": int(span["endTimeUnixNano"]),
                            }
                        )
                        for key, value in found.items():
                            values.setdefault(key, set()).add(value)
                        for event in span.get("events", []):
                            scores.append({"trace": span["traceId"], "found": attributes_of(event)})
            for block in line.get("resourceLogs", []):
                for scope in block["scopeLogs"]:
                    for record in scope["logRecords"]:
                        assert record["eventName"] == "gen_ai.evaluation.result"
                        scores.append({"trace": record.get("traceId"), "found": attributes_of(record)})
    if (folder / "changes.yaml").exists():
        changes = yaml.safe_load((folder / "changes.yaml").read_text()) or []
    else:
        changes = lines_of(folder / "changes.jsonl")
    manifest = yaml.safe_load((folder / "incident.yaml").read_text()) if (folder / "incident.yaml").exists() else None
    return {
        "spans": spans,
        "scores": scores,
        "values": values,
        "changes": changes,
        "manifest": manifest,
        "evals": lines_of(folder / "evals.jsonl"),
    }


def moment(value: Any) -> datetime:
    """A time of the changelog (YAML may have parsed it already)."""
    return value if isinstance(value, datetime) else datetime.fromisoformat(value)


def faults_of(home: Path) -> list[str]:
    """Everything wrong with one written case."""
    wrong: list[str] = []
    truth = json.loads((home / "truth.json").read_text())
    data = load(home / "case")
    if (home / "case" / "truth.json").exists() or any("truth" in path.name for path in (home / "case").iterdir()):
        wrong.append("truth inside the case")
    wrong += [f"truth lacks {key}" for key in TRUTH_KEYS - set(truth)]
    if truth["outcome"] not in OUTCOMES:
        wrong.append("outcome unknown")
    spans, scores = data["spans"], data["scores"]
    if not 0 < len(spans) <= 40_000:
        wrong.append(f"{len(spans)} spans")
    if len(spans) != truth["counts"]["spans"]:
        wrong.append("span count differs from truth")
    if any(span["end"] < span["start"] for span in spans):
        wrong.append("a span ends before it starts")
    unique = {(span["trace"], span["span"]) for span in spans}
    if len(unique) != len(spans) and truth["class"] != "telemetry_duplicates":
        wrong.append("span ids repeat")
    traces = {span["trace"] for span in spans}
    if any(score["trace"] and score["trace"] not in traces for score in scores):
        wrong.append("a score of no trace")
    responses = {span["found"].get("gen_ai.response.id") for span in spans}
    if any(not score["trace"] and score["found"].get("gen_ai.response.id") not in responses for score in scores):
        wrong.append("a score of no response")
    if not any(score["found"]["gen_ai.evaluation.name"] == truth["signal"] for score in scores):
        wrong.append("the main signal is missing")
    ids = [change["id"] for change in data["changes"]]
    if len(ids) != len(set(ids)):
        wrong.append("change ids repeat")
    for change in data["changes"]:
        if change["kind"] not in KINDS:
            wrong.append(f"kind {change['kind']}")
        elif change.get("layer", KINDS[change["kind"]]) != KINDS[change["kind"]]:
            wrong.append(f"layer {change['layer']} for {change['kind']}")
        moment(change["at"])
        if any(not 0 < step["percent"] <= 100 for step in change.get("rollout", [])):
            wrong.append("percent out of range")
        if "guilty" in json.dumps(change, default=str):
            wrong.append("the changelog tells")
    for name in truth["guilty"] + [name for group in truth["acceptable_groups"] for name in group]:
        match = re.fullmatch(r"undeclared:(\w+):([^=]+)=(.+)", name)
        if name in STANDING or name in ids:
            continue
        if match is None:
            wrong.append(f"{name} is no candidate")
        elif (
            truth["identifiable"]
            and match[3] not in data["values"].get(match[2], set())
            and "gen_ai.openai" not in match[2]
            and "openai.response" not in match[2]
        ):
            wrong.append(f"{name} is not in the traces")
        elif any(str(change.get("to")) == match[3] for change in data["changes"]):
            wrong.append(f"{name} is declared")
    if not truth["guilty"] and truth["outcome"] != "no_shift":
        wrong.append("nobody guilty")
    if truth["outcome"] == "attributed" and any(view["effect_on_exposed"] <= 0 for view in truth["faults"]):
        wrong.append("a fault without an effect")
    if truth["identifiable"] != (not truth["not_identifiable_because"]):
        wrong.append("identifiable and its reasons differ")
    if data["manifest"] is not None:
        window = data["manifest"]["window"]
        if truth["onset"] and not moment(window["from"]) <= moment(truth["onset"]) <= moment(window["to"]):
            wrong.append("onset out of the window")
        for names in data["manifest"].get("fields", {}).values():
            lost = [name for name in names if name not in data["values"] and not name.startswith("gen_ai.evaluation")]
            if lost:
                wrong.append(f"fields {lost} not in the traces")
    if set(truth["innocent"]) & {name for group in truth["acceptable_groups"] for name in group}:
        wrong.append("innocent and guilty overlap")
    return wrong


def main() -> int:
    """Write and check."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seeds", default="0:2")
    parser.add_argument("--classes", default="all")
    options = parser.parse_args()
    bad = 0
    names = list(RECIPES) if options.classes == "all" else options.classes.split(",")
    for position, name in enumerate(names):
        for seed in parse_seeds(options.seeds):
            write_case(name, seed, options.out, True)
            home = options.out / f"{name}-{seed:03d}"
            wrong = faults_of(home)
            if position % 6 == 0 and seed == parse_seeds(options.seeds)[0]:
                write_case(name, seed, options.out / "again", True)
                files = [str(path.relative_to(home)) for path in home.rglob("*") if path.is_file()]
                same = filecmp.cmpfiles(home, options.out / "again" / home.name, files, shallow=False)[0]
                if len(same) != len(files):
                    wrong.append("a second run wrote other bytes")
            bad += bool(wrong)
            print(f"{name}-{seed:03d}: {'; '.join(wrong) if wrong else 'ok'}")
    print(f"{bad} bad cases")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
