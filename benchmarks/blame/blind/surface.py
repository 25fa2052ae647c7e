"""Surface forms that vary by seed: dialect, where scores live, how the changelog writes things."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

import numpy as np
from stack import LAYERS, Change

if TYPE_CHECKING:
    from simulate import Case


@dataclass
class Surface:
    """One export's habits."""

    dialect: str  # current | old
    score_form: str  # log_span | log_response | span_event
    labels: bool
    identity: str  # model | fingerprint | both
    region_on: str  # root | resource
    one_file: bool
    manifest: bool
    changes_form: str  # yaml | jsonl
    split_regions: bool  # a staged rollout is one record a region
    user_key: str
    conversation_key: str
    offset_hours: int  # how times in the changelog are written
    alert: bool
    flag_key: str
    records: dict[str, list[str]] = field(default_factory=dict)  # change id -> ids of its records


def draw_surface(case: Case) -> Surface:
    """Draw the habits of one case."""
    rng = case.rng
    custom = any(attribute.startswith("app.") for attribute in case.stamps.values())
    return Surface(
        dialect=str(rng.choice(["current", "old"], p=[0.7, 0.3])),
        score_form=str(rng.choice(["log_span", "log_response", "span_event"], p=[0.55, 0.2, 0.25])),
        labels=bool(rng.random() < 0.5),
        identity=str(rng.choice(["model", "fingerprint", "both"], p=[0.45, 0.25, 0.3])),
        region_on=str(rng.choice(["root", "resource"])),
        one_file=bool(rng.random() < 0.4),
        manifest=custom or bool(rng.random() < 0.85),
        changes_form=str(rng.choice(["yaml", "jsonl"], p=[0.7, 0.3])),
        split_regions=bool(rng.random() < 0.5),
        user_key="user.id",
        conversation_key=str(rng.choice(["gen_ai.conversation.id", "session.id"], p=[0.6, 0.4])),
        offset_hours=int(rng.choice([0, 0, 0, 2, -5])),
        alert=bool(rng.random() < 0.4),
        flag_key=str(rng.choice(["new-planner", "short-answers", "answer-cache"])),
    )


def stamp_text(moment: datetime, offset_hours: int = 0) -> str:
    """ISO time, with Z or with an explicit offset."""
    if offset_hours == 0:
        return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
    return moment.astimezone(timezone(timedelta(hours=offset_hours))).isoformat()


def _record(case: Case, surface: Surface, change: Change, ident: str, hour: float) -> dict[str, object]:
    """One native change record."""
    offset = case.plan.records.log_offset
    said = (change.declared_at if change.declared_at is not None else hour) + offset
    record: dict[str, object] = {
        "id": ident,
        "at": stamp_text(case.cast.when(said), surface.offset_hours),
        "kind": change.kind,
    }
    if change.recorded_lag is not None:
        record["recorded_at"] = stamp_text(case.cast.when(said + change.recorded_lag), surface.offset_hours)
    if change.uncertainty:
        record["uncertainty"] = change.uncertainty
    if hash_bit(ident, 1) or change.key in ("embedder", "corpus"):
        record["layer"] = change.layer
    record["component"] = change.component
    stamped = change.key in case.stamps or (change.key == "scorer" and "judge" in case.stamps)
    if change.before and change.after and LAYERS[change.key][2] and (stamped or hash_bit(ident, 2)):
        record["from"], record["to"] = change.before, change.after
    if change.scope:
        record["scope"] = dict(change.scope)
    if change.declared_at is not None:
        offset += change.declared_at - change.at
    if change.stages and change.declare_percent:
        record["rollout"] = [
            {"at": stamp_text(case.cast.when(step + offset), surface.offset_hours), "percent": percent}
            for step, percent in change.stages
        ]
    if hash_bit(ident, 3):
        record["team"] = ["platform", "support-ai", "search", "data-eng"][sum(map(ord, ident)) % 4]
    record["summary"] = change.summary
    return record


def hash_bit(text: str, salt: int) -> bool:
    """A deterministic coin for a record's optional fields."""
    return bool((sum(ord(letter) * (index + salt) for index, letter in enumerate(text)) // 3) % 2)


def change_records(case: Case, surface: Surface) -> list[dict[str, object]]:
    """The changelog; fills surface.records with the ids under which each change can be blamed."""
    found: list[tuple[float, dict[str, object]]] = []
    for change in case.plan.changes:
        if not change.declared:
            continue
        if change.region_stages and surface.split_regions:
            ids = []
            for index, (region, hour) in enumerate(sorted(change.region_stages.items(), key=lambda item: item[1])):
                ident = f"{change.id}-{index + 1}"
                record = _record(case, surface, change, ident, hour)
                record["scope"] = {"cloud.region": region}
                found.append((hour, record))
                ids.append(ident)
            surface.records[change.id] = ids
            continue
        record = _record(case, surface, change, change.id, change.at)
        if change.region_stages and change.declare_percent:
            steps = sorted(change.region_stages.items(), key=lambda item: item[1])
            total = np.cumsum([case.cast.region_share[case.cast.regions.index(name)] for name, _ in steps])
            offset = case.plan.records.log_offset
            record["rollout"] = [
                {
                    "at": stamp_text(case.cast.when(hour + offset), surface.offset_hours),
                    "percent": round(float(share) * 100),
                }
                for (_, hour), share in zip(steps, total, strict=False)
            ]
        found.append((change.at, record))
        surface.records[change.id] = [change.id]
    for change in case.plan.changes:  # a revert points at the record of what it reverts
        if change.reverts and change.declared and change.reverts in surface.records:
            for _, record in found:
                if record["id"] == change.id:
                    record["reverts"] = surface.records[change.reverts][0]
    return [record for _, record in sorted(found, key=lambda pair: pair[0])]


def fingerprint(value: str) -> str:
    """A stable provider fingerprint for a served model value."""
    total = 0
    for letter in value:
        total = (total * 131 + ord(letter)) % (1 << 40)
    return f"fp_{total:010x}"


def undeclared_ids(case: Case, surface: Surface, change: Change) -> list[str]:
    """The ids under which an undeclared change may be named."""
    if change.key == "model":
        names = []
        if surface.identity in ("model", "both") or change.kind == "model_swap":
            names.append(("gen_ai.response.model", change.after))
        if surface.identity in ("fingerprint", "both"):
            key = "openai.response.system_fingerprint"
            names.append((key, fingerprint(change.after)))
            if surface.dialect == "old":
                names.append(("gen_ai.openai.response.system_fingerprint", fingerprint(change.after)))
        return [f"undeclared:model:{key}={value}" for key, value in names]
    attribute = case.stamps.get(change.key, LAYERS[change.key][2][0])
    return [f"undeclared:{change.layer}:{attribute}={change.after}"]
