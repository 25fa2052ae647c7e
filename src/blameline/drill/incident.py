"""One dealt incident: everything that a case folder holds, and the truth beside it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import yaml

from blameline.drill.catalogue import CUSTOM_FIELDS, LAYERS
from blameline.drill.changelog import write_down
from blameline.drill.clock import Flags, Floats, minute, written
from blameline.drill.columns import COLUMNS, tabulate, write_jsonl, write_parquet
from blameline.drill.operations import operate
from blameline.drill.otlp import write_otlp
from blameline.drill.plan import Asked, Plan, draw_plan
from blameline.drill.quality import answer, draw_tide
from blameline.drill.requests import draw_requests
from blameline.drill.rollout import ROLLOUTS
from blameline.drill.scores import SCORES, score
from blameline.drill.setting import SEGMENTS, SERVICE, Setting, draw_setting
from blameline.drill.streams import stream
from blameline.drill.suites import draw_suites
from blameline.drill.truth import tell
from blameline.drill.world import World
from blameline.errors import BlamelineError, NotFound

if TYPE_CHECKING:
    import pyarrow as pa

    from blameline.drill.lines import Compression

Form = Literal["otlp", "parquet", "jsonl"]


@dataclass(frozen=True, eq=False)
class Incident:
    """A case folder that is not written yet, and what no investigator may see."""

    layer: str
    seed: int
    days: int
    table: pa.Table
    """One row a request whose trace was kept."""
    manifest: dict[str, Any]
    changes: list[dict[str, Any]]
    evals: list[dict[str, Any]]
    truth: dict[str, Any]
    exposed: Flags
    """For each row of the table, whether the request met the guilty change."""
    quality_without: Floats
    """For each row, the probability of a correct answer had the guilty change not been made."""
    quality: Floats
    """For each row, the probability of a correct answer as it was."""

    def write(self, folder: Path | str, form: Form = "otlp", compress: Compression | None = None) -> Path:
        """Write the case into a folder, made if need be, with ``truth.json`` beside; say where the traces are."""
        target = Path(folder)
        target.mkdir(parents=True, exist_ok=True)
        manifest = (
            self.manifest if form == "otlp" else {**self.manifest, "columns": self.manifest.get("columns", COLUMNS)}
        )
        if form == "parquet":
            if compress is not None:
                raise BlamelineError("a Parquet file is compressed inside", hint="leave compress out, or use form otlp")
            traces = write_parquet(self.table, target)
        elif form == "jsonl":
            traces = write_jsonl(self.table, target, compress)
        else:
            traces = write_otlp(self.table, target, compress)
        _put(target / "incident.yaml", yaml.safe_dump(manifest, sort_keys=False))
        _put(target / "changes.yaml", yaml.safe_dump(self.changes, sort_keys=False, allow_unicode=True))
        _put(target / "evals.jsonl", "".join(json.dumps(run) + "\n" for run in self.evals))
        _put(target / "truth.json", json.dumps(self.truth, indent=2) + "\n")
        return traces


def _put(path: Path, text: str) -> None:
    path.write_bytes(text.encode())


def _manifest(layer: str, seed: int, setting: Setting, plan: Plan) -> dict[str, Any]:
    generator = stream(layer, seed, "report")
    reported = plan.onset + float(generator.uniform(24, 72))
    says = generator.random() < 0.5 or layer != "null"
    manifest: dict[str, Any] = {
        "service": SERVICE,
        "paradigm": "chatbot",
        "window": {"from": written(0), "to": written(setting.end)},
    }
    if says:
        manifest["reported_at"] = written(minute(min(reported, setting.end - 1)))
    fields = {
        name: [attribute for attribute in attributes if setting.stamped[attribute]]
        for name, attributes in CUSTOM_FIELDS.items()
    }
    return manifest | {
        "signals": {name: {"better": "higher"} for name in SCORES},
        "controls": ["courtesy"],
        "fields": {name: attributes for name, attributes in fields.items() if attributes},
        "segments": list(SEGMENTS),
    }


def _checked(layer: str, seed: int, days: int, rollout: str | None) -> None:
    if seed < 0:
        raise BlamelineError(f"{seed} is no seed", hint="take a whole number from 0")
    if layer not in LAYERS:
        raise NotFound(f"no layer {layer!r} can be drilled", hint=f"one of {', '.join(LAYERS)}")
    known = {*ROLLOUTS, "overlap"}
    if rollout is not None and rollout not in known:
        raise NotFound(f"no rollout {rollout!r}", hint=f"one of {', '.join(sorted(known))}")
    if rollout is not None and layer in ("traffic", "null"):
        raise BlamelineError(f"nothing is rolled out in a drill of {layer}", hint="leave rollout out")
    if days < 4:
        raise BlamelineError(f"{days} days are too few for an incident", hint="ask for four or more")


def deal(
    layer: str,
    *,
    seed: int,
    days: int = 21,
    rollout: str | None = None,
    effect: float | None = None,
    traffic: float | None = None,
    decoys: int | None = None,
    declared: bool | None = None,
    judge_rate: float | None = None,
    tie: bool | None = None,
) -> Incident:
    """Deal one incident of a layer; the same arguments give the same incident, to the byte.

    Args:
        layer: one of ``LAYERS``.
        seed: any whole number from 0.
        days: length of the window.
        rollout: how the guilty change reaches the traffic, one of ``ROLLOUTS``.
        effect: by how much the true quality (for ``judge`` and ``telemetry`` the judged score, for ``traffic`` the
            mean) falls on exposed traffic.
        traffic: mean requests an hour.
        decoys: how many innocent changes there are.
        declared: whether the guilty change is in the changelog.
        judge_rate: share of the requests that the judge scores.
        tie: whether an innocent change shares the guilty one's exposure (only layers that every request touches).
    """
    _checked(layer, seed, days, rollout)
    asked = Asked(rollout, effect, traffic, decoys, declared, judge_rate, tie)
    setting = draw_setting(layer, seed, days=days, traffic=asked.traffic, judge_rate=asked.judge_rate)
    plan = draw_plan(layer, seed, setting, asked)
    guilty = plan.guilty
    tide = draw_tide(layer, seed, setting, plan.onset, guilty.effect) if guilty and layer == "traffic" else None
    requests = draw_requests(layer, seed, setting, tide)
    carried = tuple((change, change.rollout.carried(setting, requests, seed)) for change in plan.alterations)
    exposures = tuple((change, mask & requests.touches(change.layer)) for change, mask in carried)
    exposed: Flags = next((mask for change, mask in exposures if change.guilty), requests.hours < 0)
    quality = answer(layer, seed, setting, requests, plan, exposed=exposed)
    scores = score(layer, seed, setting, requests, plan=plan, quality=quality, exposed=exposed)
    operations = operate(layer, seed, requests, quality, exposures)
    world = World(layer, seed, setting, requests, plan, tide, quality, scores, exposed, exposures)
    changes, ids = write_down(plan, setting, requests)
    return Incident(
        layer=layer,
        seed=seed,
        days=days,
        table=tabulate(world, operations, carried),
        manifest=_manifest(layer, seed, setting, plan),
        changes=changes,
        evals=draw_suites(world),
        truth=tell(world, ids),
        exposed=exposed[scores.kept],
        quality_without=quality.clean[scores.kept],
        quality=quality.true[scores.kept],
    )
