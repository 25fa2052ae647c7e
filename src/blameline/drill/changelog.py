"""What the team wrote down: ``changes.yaml``, with the gaps and the wrong times that changelogs have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from blameline.drill.catalogue import LOUD, QUIET, TEAMS
from blameline.drill.clock import Flags, minute, written

if TYPE_CHECKING:
    from blameline.drill.plan import Alteration, Plan
    from blameline.drill.requests import Requests
    from blameline.drill.rollout import Rollout
    from blameline.drill.setting import Setting


def _stages(rollout: Rollout, setting: Setting, requests: Requests, late: float) -> list[dict[str, Any]]:
    """The steps as shares of the traffic, the way a dashboard would show them."""
    hours = sorted({step.at for step in rollout.steps})
    if rollout.name not in ("staged_region", "staged_tenant"):
        return [
            {"at": written(minute(step.at + late)), "percent": step.percent}
            for step in rollout.steps
            if len(rollout.steps) > 1 or step.percent < 100
        ]
    reached = 0.0
    stages = []
    for hour in hours:
        for step in rollout.steps:
            if step.at == hour:
                attribute, value = next(iter(step.scope.items()))
                mine: Flags = requests.segment(attribute) == setting.values(attribute).index(value)
                reached += float(mine.mean()) * 100
        percent = 100.0 if hour == hours[-1] else float(round(reached))
        stages.append({"at": written(minute(hour + late)), "percent": percent})
    return stages


def _entry(alteration: Alteration, setting: Setting, requests: Requests) -> dict[str, Any]:
    rollout, late = alteration.rollout, alteration.told_late
    at = minute(rollout.at + late)
    entry: dict[str, Any] = {"at": written(at)}
    if alteration.recorded_after is not None:
        entry["recorded_at"] = written(minute(at + alteration.recorded_after))
    entry |= {"kind": alteration.kind, "layer": alteration.layer, "component": f"support/{alteration.layer}"}
    if alteration.moves:
        old, new = next(iter(alteration.moves.values()))
        entry["from"] = old
        if alteration.tells_to:
            entry["to"] = new
    if rollout.scope:
        entry["scope"] = rollout.scope
    stages = _stages(rollout, setting, requests, late)
    if stages and alteration.tells_rollout:
        entry["rollout"] = stages
    entry["team"] = TEAMS[alteration.layer]
    entry["summary"] = (LOUD if alteration.loud else QUIET)[alteration.layer]
    return entry


def _reverts(alteration: Alteration) -> dict[str, Any] | None:
    ended = alteration.rollout.ended
    if ended is None or not alteration.tells_revert:
        return None
    entry: dict[str, Any] = {"at": written(ended), "kind": alteration.kind, "layer": alteration.layer}
    entry["component"] = f"support/{alteration.layer}"
    if alteration.moves:
        entry["from"], entry["to"] = reversed(next(iter(alteration.moves.values())))
    return entry | {"team": TEAMS[alteration.layer], "summary": "back to the version before"}


def write_down(plan: Plan, setting: Setting, requests: Requests) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """The records in order of their told times, and layer → the id of its change, for those that are declared.

    A plan has at most one change a layer.
    """
    declared = [alteration for alteration in plan.alterations if alteration.declared]
    drafts: list[tuple[dict[str, Any], int, bool]] = []
    for number, alteration in enumerate(declared):
        drafts.append((_entry(alteration, setting, requests), number, False))
        revert = _reverts(alteration)
        if revert is not None:
            drafts.append((revert, number, True))
    drafts.sort(key=lambda draft: (draft[0]["at"], draft[0]["layer"], draft[2]))
    names = {number: f"chg-{place + 1:03d}" for place, (_, number, reverting) in enumerate(drafts) if not reverting}
    records = []
    for place, (entry, number, reverting) in enumerate(drafts):
        record = {"id": f"chg-{place + 1:03d}"} | entry
        records.append(record | {"reverts": names[number]} if reverting else record)
    return records, {alteration.layer: names[number] for number, alteration in enumerate(declared)}
