"""Recipes in which the app itself got worse (or better): every layer, and every way to roll out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from plan import Fault, Plan, Records, add, add_decoys, draw_effect, make_slice, pick_hour, spread

if TYPE_CHECKING:
    from stack import Change
    from world import Cast

MECHANISM: dict[str, dict[str, tuple[float, float]]] = {
    "prompt": {"out_tokens": (-0.35, 0.25)},
    "model": {"latency": (-0.3, 0.3), "out_tokens": (-0.3, 0.3)},
    "sampling": {"out_tokens": (-0.1, 0.2)},
    "index": {"top_score": (-0.09, -0.02)},
    "embedder": {"top_score": (-0.2, -0.05)},
    "corpus": {"top_score": (-0.06, -0.01)},
    "context": {"in_tokens": (-0.7, -0.2)},
    "tools": {"tool_error": (0.06, 0.25)},
    "router": {"latency": (-0.5, -0.1)},
    "guardrail": {"refusal": (0.03, 0.12)},
    "deploy": {"latency": (-0.2, 0.3)},
    "flag": {"out_tokens": (-0.3, 0.2)},
    "infra": {"latency": (0.1, 0.5)},
    "data": {"top_score": (-0.06, 0.0)},
}


def base_records(rng: np.random.Generator, kind: str | None = None) -> Records:
    """Ordinary record keeping."""
    chosen = kind or str(rng.choice(["binary", "continuous"], p=[0.6, 0.4]))
    return Records(
        judged_share=float(0.3 + 0.7 * rng.beta(2, 1.3)),
        signal_kind=chosen,
        thumbs=bool(rng.random() < 0.35),
        controls=bool(rng.random() < 0.7),
        stamp_share=float(rng.uniform(0.6, 0.95)),
    )


def start(rng: np.random.Generator, outcome: str = "attributed", why: str = "", kind: str | None = None) -> Plan:
    """An empty plan."""
    return Plan(outcome=outcome, guilty=[], why=why, records=base_records(rng, kind))


def culprit(
    plan: Plan,
    rng: np.random.Generator,
    cast: Cast,
    key: str,
    form: str,
    at: float | None = None,
    effect: float | None = None,
    stamp: bool | None = None,
    use_slice: bool = True,
    **more: object,
) -> Change:
    """Add a guilty change and its fault."""
    at = pick_hour(rng, cast) if at is None else at
    change = add(plan, rng, key, at, guilty=True, **more)
    spread(rng, cast, change, form)
    if not change.stages and not change.region_stages and not change.scope:
        form = "once"
    for name, (low, high) in MECHANISM.get(key, {}).items():
        if rng.random() < 0.8:
            change.sides[name] = float(rng.uniform(low, high))
    fault = Fault(
        effect=draw_effect(rng) if effect is None else effect,
        changes=[change.id],
        onset=at,
        ids=[change.id],
        slice=make_slice(rng, cast) if use_slice else None,
        end=change.end,
        ramp=float(rng.choice([0, 0, 0, 2, 6])),
    )
    plan.faults.append(fault)
    plan.guilty.append(change.id)
    plan.timing_only = form == "once"
    visible = bool(rng.random() < 0.88) if stamp is None else stamp
    plan.records.forced_stamps[key] = visible
    return change


def finish(
    plan: Plan, rng: np.random.Generator, cast: Cast, decoys: int | None = None, keep_off: list[str] | None = None
) -> Plan:
    """Add decoys and the acceptable groups."""
    add_decoys(plan, rng, cast, decoys, keep_off=keep_off)
    if not plan.groups and plan.guilty:
        plan.groups = [list(plan.guilty)]
    return plan


ANY_FORM = ["once", "region", "tenant", "staged", "sticky", "ramp"]


def any_form(rng: np.random.Generator, key: str = "") -> str:
    """A rollout form as companies use them; what is not per request does not go by user."""
    if key in ("infra", "data", "corpus", "embedder"):
        return str(rng.choice(["once", "region", "staged", "tenant"], p=[0.5, 0.2, 0.2, 0.1]))
    if key == "deploy":
        return str(rng.choice(["once", "staged", "request", "region"], p=[0.4, 0.25, 0.25, 0.1]))
    return str(rng.choice(ANY_FORM, p=[0.34, 0.1, 0.08, 0.12, 0.18, 0.18]))


def layer(key: str):
    """A recipe maker: this layer is the culprit, rolled out somehow."""

    def build(rng: np.random.Generator, cast: Cast) -> Plan:
        plan = start(rng, why=f"a {key} change lowers quality on the requests that run with it")
        change = culprit(plan, rng, cast, key, any_form(rng, key))
        if key == "model":
            change.kind = str(rng.choice(["model_swap", "provider_update"]))
        return finish(plan, rng, cast)

    return build


def rollout(form: str):
    """A recipe maker: any app layer, this rollout form."""

    def build(rng: np.random.Generator, cast: Cast) -> Plan:
        plan = start(rng, why=f"quality falls on the exposed units of a {form} rollout")
        key = str(
            rng.choice(["prompt", "model", "index", "context", "tools", "router", "sampling", "guardrail", "flag"])
        )
        culprit(plan, rng, cast, key, form, stamp=bool(rng.random() < 0.95))
        return finish(plan, rng, cast)

    return build


def decoy_close(rng: np.random.Generator, cast: Cast) -> Plan:
    """An innocent change with another exposure lands within minutes to hours of the culprit."""
    plan = start(rng, why="the guilty change and an innocent one land close together, but touch different requests")
    change = culprit(
        plan,
        rng,
        cast,
        str(rng.choice(["prompt", "index", "context", "flag", "model"])),
        str(rng.choice(["region", "sticky", "staged", "tenant"])),
        stamp=True,
    )
    near = change.at + float(rng.choice([-1, 1])) * float(np.exp(rng.uniform(np.log(0.05), np.log(4))))
    other = add(plan, rng, str(rng.choice(["deploy", "guardrail", "tools", "infra", "data"])), near)
    if rng.random() < 0.3:
        spread(rng, cast, other, "sticky")
    return finish(plan, rng, cast)


def decoy_storm(rng: np.random.Generator, cast: Cast) -> Plan:
    """Twenty to forty harmless changes around one culprit."""
    plan = start(rng, why="one guilty change among twenty or more harmless ones")
    culprit(
        plan,
        rng,
        cast,
        str(rng.choice(["prompt", "model", "index", "tools", "flag", "router"])),
        str(rng.choice(["sticky", "region", "ramp", "staged", "once"], p=[0.3, 0.2, 0.2, 0.15, 0.15])),
        stamp=True,
    )
    return finish(plan, rng, cast, decoys=int(rng.integers(20, 41)))


def same_minute(rng: np.random.Generator, cast: Cast) -> Plan:
    """Two changes shipped together with the same exposure: no data can part them."""
    plan = start(
        rng, outcome="tied", why="two changes shipped in the same minute to the same requests; data cannot part them"
    )
    keys = [
        str(key) for key in rng.choice(["prompt", "index", "context", "tools", "sampling", "flag"], 2, replace=False)
    ]
    first = culprit(plan, rng, cast, keys[0], str(rng.choice(["once", "region", "sticky", "ramp"])))
    twin = add(plan, rng, keys[1], first.at + float(rng.uniform(-0.01, 0.01)))
    twin.scope, twin.region_stages, twin.unit, twin.unit_salt = (
        dict(first.scope),
        dict(first.region_stages),
        first.unit,
        first.unit_salt,
    )
    twin.stages = [(hour + twin.at - first.at, percent) for hour, percent in first.stages]
    twin.declare_percent = first.declare_percent
    first.sides, twin.sides = ({}, {}) if rng.random() < 0.5 else (first.sides, dict(first.sides))
    plan.records.forced_stamps[keys[1]] = plan.records.forced_stamps[keys[0]]
    plan.groups = [[first.id, twin.id]]
    return finish(plan, rng, cast)


def delayed(rng: np.random.Generator, cast: Cast) -> Plan:
    """The change acts hours later: a cache runs out, a batch job rebuilds."""
    plan = start(rng, why="the change is live at once, but a cache or a batch job delays its effect by hours")
    lag = float(np.exp(rng.uniform(np.log(3), np.log(30))))
    form = str(rng.choice(["once", "region", "sticky", "tenant"], p=[0.35, 0.25, 0.25, 0.15]))
    change = culprit(plan, rng, cast, str(rng.choice(["index", "corpus", "prompt", "data", "flag"])), form)
    fault = plan.faults[0]
    fault.lag, fault.onset = lag, change.at + lag
    fault.ramp = float(rng.choice([0, 4, 12]))
    plan.notes.append(f"lag {lag:.1f} h")
    return finish(plan, rng, cast)


def overlap_two(rng: np.random.Generator, cast: Cast) -> Plan:
    """Two faults that start at different times and overlap."""
    plan = start(rng, why="two guilty changes of different layers start days apart and overlap")
    keys = [
        str(key) for key in rng.choice(["prompt", "model", "context", "index", "tools", "sampling"], 2, replace=False)
    ]
    first_at = pick_hour(rng, cast, 0.25, 0.45)
    end = cast.hours * float(rng.uniform(0.75, 0.95)) if rng.random() < 0.5 else None
    culprit(plan, rng, cast, keys[0], any_form(rng), at=first_at, end=end)
    culprit(plan, rng, cast, keys[1], any_form(rng), at=first_at + float(rng.uniform(30, 0.35 * cast.hours)))
    if end is not None:
        back = add(
            plan,
            rng,
            keys[0],
            end,
            kind=plan.changes[0].kind,
            component=plan.changes[0].component,
            summary="revert",
            reverts=plan.changes[0].id,
            sides={"none": 0.0},
        )
        back.scope = dict(plan.changes[0].scope)
    plan.groups = [list(plan.guilty)]
    return finish(plan, rng, cast)


def rollback(rng: np.random.Generator, cast: Cast) -> Plan:
    """The culprit is reverted and quality comes back."""
    plan = start(rng, why="a guilty change is rolled back and quality recovers")
    at = pick_hour(rng, cast, 0.3, 0.6)
    end = at + float(np.exp(rng.uniform(np.log(36), np.log(0.38 * cast.hours))))
    key = str(rng.choice(["prompt", "model", "flag", "index", "router", "deploy", "sampling"]))
    change = culprit(plan, rng, cast, key, any_form(rng), at=at, end=end, effect=draw_effect(rng, 0.04, 0.15))
    if change.stages:
        change.stages = [(hour, percent) for hour, percent in change.stages if hour < end - 4] or change.stages[:1]
    if change.region_stages:
        change.region_stages = {name: hour for name, hour in change.region_stages.items() if hour < end - 4}
    back = add(
        plan, rng, key, end, kind=change.kind, component=change.component, summary="roll back", sides={"none": 0.0}
    )
    back.scope = dict(change.scope)
    back.reverts = change.id
    plan.end = end
    return finish(plan, rng, cast)


def improvement(rng: np.random.Generator, cast: Cast) -> Plan:
    """A change makes answers better; nothing got worse."""
    plan = start(rng, outcome="no_shift", why="quality only rose; nobody is to blame")
    change = culprit(
        plan, rng, cast, str(rng.choice(["prompt", "model", "index", "context"])), any_form(rng), use_slice=False
    )
    plan.faults[0].effect = -draw_effect(rng, 0.03, 0.08)
    plan.notes.append(f"better by {change.id}")
    plan.guilty, plan.groups, plan.null = [], [["chance"]], True
    return finish(plan, rng, cast)
