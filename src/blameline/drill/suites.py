"""The offline evals of a drill: nightly runs that cover the fault or do not, and sometimes do not run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from blameline.drill.catalogue import JUDGE_VERSION
from blameline.drill.clock import written
from blameline.drill.streams import pick, stream

if TYPE_CHECKING:
    from blameline.drill.plan import Plan
    from blameline.drill.setting import Setting
    from blameline.drill.world import World

_OFFLINE: frozenset[str] = frozenset(
    {"prompt", "model", "sampling", "retrieval", "context", "tools", "router", "deploy"}
)
"""Layers of which the offline harness runs the current version."""
_NAMES: tuple[str, ...] = ("support-regression", "answers-nightly")


def _current(plan: Plan, setting: Setting, layer: str, attribute: str, hours: float) -> str:
    """The version that the harness would pick up at some hour."""
    for alteration in plan.alterations:
        end = alteration.rollout.ended or setting.end + 1
        if alteration.layer == layer and alteration.rollout.at <= hours < end:
            return str(alteration.moves[attribute][1])
    return str(setting.versions.moves[attribute][0])


def _faulty(plan: Plan, setting: Setting, hours: float) -> bool:
    """Whether the harness meets the guilty change: it runs the newest version, and knows no tenants or regions."""
    guilty = plan.guilty
    if guilty is None or guilty.layer not in _OFFLINE or guilty.rollout.name == "partial":
        return False
    return guilty.rollout.at <= hours < (guilty.rollout.ended or setting.end + 1)


def draw_suites(world: World) -> list[dict[str, Any]]:
    """The records of ``evals.jsonl``, in order of time."""
    setting, plan = world.setting, world.plan
    generator = stream(world.layer, world.seed, "suites")
    guilty = plan.guilty
    records: list[tuple[float, dict[str, Any]]] = []
    usual = np.array(
        [
            float(world.quality.clean[world.requests.task == task].mean())
            if (world.requests.task == task).any()
            else 0.9
            for task in range(len(setting.tasks))
        ]
    )
    for suite in _NAMES[: int(generator.integers(1, 3))]:
        missing = int(generator.integers(len(setting.tasks))) if generator.random() < 0.4 else -1
        sizes = generator.integers(20, 81, size=len(setting.tasks))
        gating, hour = bool(generator.random() < 0.6), float(generator.uniform(1, 6))
        dates = sorted(
            f"2025-{int(month):02d}-{int(day):02d}" for month, day in generator.integers((5, 1), (13, 29), (3, 2))
        )
        for day in range(setting.days):
            at = day * 24 + round(hour * 60) / 60
            fall = guilty.effect if guilty is not None and _faulty(plan, setting, at) else 0.0
            stricter = guilty is not None and guilty.layer == "judge" and at >= guilty.rollout.at
            seen = setting.sensitivity - (
                guilty.effect / float(usual.mean()) if stricter and guilty is not None else 0.0
            )
            chance = (usual - fall) * seen + (1 - usual + fall) * (1 - setting.specificity)
            passed = generator.binomial(sizes, np.clip(chance, 0, 1))
            fate = pick(generator, ("completed", "skipped", "overridden", "error"), (0.91, 0.05, 0.02, 0.02))
            record: dict[str, Any] = {
                "suite": suite,
                "at": written(at),
                "judge": _current(plan, setting, "judge", JUDGE_VERSION, at),
                "gating": gating,
                "status": fate,
                "prompt_version": _current(plan, setting, "prompt", "gen_ai.prompt.version", at),
                "case_dates": dates,
            }
            if fate in ("skipped", "error"):
                record["reason"] = "no runner was free" if fate == "skipped" else "the judge timed out"
            else:
                record["slices"] = [
                    {"segment": {"app.task": task}, "n": int(sizes[number]), "passed": int(passed[number])}
                    for number, task in enumerate(setting.tasks)
                    if number != missing
                ]
            if fate == "overridden":
                record["reason"] = "released by hand"
            records.append((at, record))
    records.sort(key=lambda entry: (entry[0], entry[1]["suite"]))
    return [{"run_id": f"r-{number + 1:03d}"} | record for number, (_, record) in enumerate(records)]
