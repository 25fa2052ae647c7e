"""The small files of a case: manifest, changelog, eval runs, alert."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import yaml
from stack import LAYERS
from surface import Surface, change_records, stamp_text

if TYPE_CHECKING:
    from pathlib import Path

    from simulate import Case

STANDARD = ("gen_ai.", "openai.", "service.", "feature_flag.")


def manifest(case: Case, surface: Surface, report: float | None) -> dict[str, Any]:
    """incident.yaml."""
    cast = case.cast
    content: dict[str, Any] = {
        "service": "support-assistant",
        "paradigm": cast.paradigm,
        "window": {"from": stamp_text(cast.start), "to": stamp_text(cast.when(cast.hours))},
    }
    if report is not None:
        content["reported_at"] = stamp_text(cast.when(report))
    content["signals"] = {
        scores.name: {"better": "lower" if scores.name == "refusal" else "higher"} for scores in case.scores
    }
    if any(scores.name == "format_valid" for scores in case.scores):
        content["controls"] = ["format_valid"]
    fields: dict[str, list[str]] = {}
    for key, attribute in case.stamps.items():
        if key == "model":
            continue
        fields.setdefault(LAYERS[key][0], []).append(attribute)
    fields.get("deploy", []).sort(reverse=True)
    if fields:
        content["fields"] = fields
    content["segments"] = ["tenant.id", "cloud.region", "app.task"]
    return content


def eval_runs(case: Case) -> list[dict[str, Any]]:
    """Daily runs of one or two offline suites; they feel the faults only if they cover them."""
    rng, cast, plan = case.rng, case.cast, case.plan
    names = ["core-regression"] + (
        [str(rng.choice(["refunds-regression", "smoke", "long-tail"]))] if rng.random() < 0.5 else []
    )
    prompt_changes = sorted((change for change in plan.changes if change.key == "prompt"), key=lambda change: change.at)
    judge_changes = sorted(
        (change for change in plan.changes if change.key in ("judge", "scorer")), key=lambda change: change.at
    )
    runs: list[dict[str, Any]] = []
    for name in names:
        covers, gating = bool(rng.random() < 0.35), bool(rng.random() < 0.5)
        size = int(rng.choice([10, 20, 40, 80]))
        tasks = [str(task) for task in rng.permutation(cast.tasks)[: max(1, len(cast.tasks) // 2)]]
        level = {task: float(rng.uniform(0.82, 0.97)) for task in tasks}
        for day in range(cast.days):
            hour = day * 24 + 6.0 + float(rng.uniform(0, 0.2))
            moment = cast.when(hour)
            run: dict[str, Any] = {
                "run_id": f"r-{name[:3]}-{day + 101}",
                "suite": name,
                "at": stamp_text(moment),
                "judge": case.first.get("judge", "judge-2026-01"),
                "gating": gating,
                "status": "completed",
            }
            for change in judge_changes:
                if hour >= change.at and change.declared:
                    run["judge"] = change.after or run["judge"]
            if prompt_changes and "prompt" in case.stamps and case.stamps["prompt"] == "gen_ai.prompt.version":
                run["prompt_version"] = case.first["prompt"]
                for change in prompt_changes:
                    if hour >= change.at and change.everywhere_at_once:
                        run["prompt_version"] = change.after
            if name == "core-regression" and plan.retired_suite is not None and hour >= plan.retired_suite:
                run.update(status="skipped", reason="suite retired")
                runs.append(run)
                continue
            if rng.random() < 0.04:
                run.update(status="error", reason="runner timed out")
                runs.append(run)
                continue
            slices = []
            for task in tasks:
                chance = level[task]
                for truth in case.quality.faults:
                    live = hour >= truth.onset and (truth.end is None or hour < truth.end)
                    if live and (
                        truth.fault.where == "judge"
                        or (covers and (truth.fault.slice is None or truth.fault.slice[1] == task))
                    ):
                        chance -= truth.exposed_effect
                slices.append(
                    {
                        "segment": {"app.task": task},
                        "n": size,
                        "passed": int(rng.binomial(size, np.clip(chance, 0.02, 0.99))),
                    }
                )
            run["slices"] = slices
            run["case_dates"] = [
                stamp_text(cast.when(-24 * float(rng.uniform(60, 400))))[:10],
                stamp_text(cast.when(-24 * 20))[:10],
            ]
            runs.append(run)
    return sorted(runs, key=lambda run: run["at"])


def alert(case: Case, hour: float) -> dict[str, Any]:
    """An Alertmanager webhook of the moment somebody was paged."""
    moment = stamp_text(case.cast.when(hour))
    labels = {"alertname": "LLMQualityLow", "service": "support-assistant", "severity": "page"}
    return {
        "version": "4",
        "groupKey": '{}:{alertname="LLMQualityLow"}',
        "truncatedAlerts": 0,
        "status": "firing",
        "receiver": "oncall",
        "groupLabels": {"alertname": "LLMQualityLow"},
        "commonLabels": labels,
        "commonAnnotations": {"summary": f"{case.quality.name} below target"},
        "externalURL": "http://alertmanager:9093",
        "alerts": [
            {
                "status": "firing",
                "labels": labels,
                "annotations": {"summary": f"{case.quality.name} below target"},
                "startsAt": moment,
                "endsAt": "0001-01-01T00:00:00Z",
                "generatorURL": "http://prometheus:9090/graph",
                "fingerprint": f"{abs(hash_text(moment)):016x}",
            }
        ],
    }


def hash_text(value: str) -> int:
    """A stable number of a text."""
    total = 7
    for letter in value:
        total = (total * 257 + ord(letter)) % (1 << 63)
    return total


def write_small_files(case: Case, surface: Surface, folder: Path, report: float | None) -> None:
    """Manifest, changelog, evals and alert."""
    records = change_records(case, surface)
    if surface.manifest:
        (folder / "incident.yaml").write_text(
            yaml.safe_dump(manifest(case, surface, report), sort_keys=False), encoding="utf-8"
        )
    if surface.changes_form == "yaml":
        (folder / "changes.yaml").write_text(yaml.safe_dump(records, sort_keys=False), encoding="utf-8")
    else:
        lines = "".join(json.dumps(record) + "\n" for record in records)
        (folder / "changes.jsonl").write_text(lines, encoding="utf-8")
    runs = eval_runs(case)
    (folder / "evals.jsonl").write_text("".join(json.dumps(run) + "\n" for run in runs), encoding="utf-8")
    if surface.alert and report is not None:
        (folder / "alert.json").write_text(json.dumps(alert(case, max(report - 0.3, 0)), indent=1), encoding="utf-8")
