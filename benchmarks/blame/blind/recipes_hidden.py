"""Recipes with a poor changelog, poor records, unknown causes, or no incident at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from plan import Fault, Plan, add, add_decoys, draw_effect, draw_noise, pick_hour, spread
from recipes_app import any_form, culprit, finish, start

if TYPE_CHECKING:
    from stack import Change
    from world import Cast


def _undeclared(plan: Plan, change: Change) -> None:
    """The change leaves no line in the changelog; the id is known once versions are named."""
    change.declared = False
    plan.guilty = [f"undeclared:{change.id}"]
    plan.groups = [list(plan.guilty)]


def provider_visible(rng: np.random.Generator, cast: Cast) -> Plan:
    """The provider moved the model; the served model or fingerprint shows it."""
    plan = start(rng, why="the provider moved the model; only the served identity in the traces shows it")
    change = culprit(
        plan, rng, cast, "model", str(rng.choice(["once", "once", "ramp", "region", "sticky"])), stamp=True
    )
    change.kind = "provider_update"
    _undeclared(plan, change)
    return finish(plan, rng, cast, keep_off=["model"])


def provider_invisible(rng: np.random.Generator, cast: Cast) -> Plan:
    """The provider moved behind an alias that shows nothing."""
    plan = start(
        rng,
        outcome="unattributed",
        why="the provider changed behind an alias; no identity in the traces, nothing declared",
    )
    sticky = float(rng.choice([1.0, 1.0, 0.3]))
    plan.faults.append(
        Fault(
            effect=draw_effect(rng, 0.04, 0.15),
            onset=pick_hour(rng, cast, office=0),
            sticky_share=sticky,
            ramp=float(rng.choice([0, 0, 12])),
        )
    )
    plan.guilty, plan.groups = ["unknown"], [["unknown"]]
    plan.records.forced_stamps["model"] = bool(rng.random() < 0.5)
    return finish(plan, rng, cast, keep_off=["model"])


def fallback(rng: np.random.Generator, cast: Cast) -> Plan:
    """A silent fallback to another served model in several windows."""
    plan = start(
        rng, why="in several windows another model is served than asked for; the per-request model field shows it"
    )
    at = pick_hour(rng, cast, 0.3, 0.6)
    change = culprit(plan, rng, cast, "model", "once", at=at, stamp=True, effect=draw_effect(rng, 0.06, 0.15))
    change.kind = "model_swap"
    moment = at
    windows: list[tuple[float, float]] = []
    while moment < cast.hours - 6 and len(windows) < 12:
        length = float(np.exp(rng.uniform(np.log(2), np.log(14))))
        windows.append((moment, moment + length))
        moment += length + float(np.exp(rng.uniform(np.log(3), np.log(40))))
    change.windows = windows
    if rng.random() < 0.6:
        change.stages, change.unit = [(at, float(rng.choice([30, 60])))], "conversation"
    plan.timing_only = False
    _undeclared(plan, change)
    return finish(plan, rng, cast, keep_off=["model"])


def misroute(rng: np.random.Generator, cast: Cast) -> Plan:
    """A small, sticky, growing share of users is routed to worse servers (identity sometimes visible)."""
    plan = start(rng, why="a growing sticky share of users is served by worse servers at the provider")
    at = pick_hour(rng, cast, 0.25, 0.5)
    change = culprit(
        plan, rng, cast, "model", "sticky", at=at, stamp=True, effect=float(rng.uniform(0.08, 0.25)), use_slice=False
    )
    change.kind = "provider_update"
    step = cast.hours * 0.12
    change.stages = [(at, 2.0), (at + step, 8.0), (at + 2 * step, float(rng.choice([16, 25, 35])))]
    _undeclared(plan, change)
    return finish(plan, rng, cast, keep_off=["model"])


def undeclared_prompt(rng: np.random.Generator, cast: Cast) -> Plan:
    """Someone edited the prompt in production; only the hash shows it."""
    plan = start(rng, why="an undeclared prompt edit shows only as a new hash or version in the traces")
    change = culprit(
        plan, rng, cast, "prompt", str(rng.choice(["once", "once", "region", "sticky", "tenant"])), stamp=True
    )
    _undeclared(plan, change)
    return finish(plan, rng, cast)


def clock_skew(rng: np.random.Generator, cast: Cast) -> Plan:
    """The whole changelog is off by a time zone."""
    plan = start(rng, why="every time in the changelog is off by the same hours (local time written as UTC)")
    culprit(
        plan,
        rng,
        cast,
        str(rng.choice(["prompt", "model", "index", "flag", "context"])),
        any_form(rng),
        stamp=bool(rng.random() < 0.8),
    )
    plan.records.log_offset = float(rng.choice([-8, -7, -5, -4, 1, 2, 3, 5.5, 8, 9]))
    plan.needs_stamp = True
    plan.notes.append(f"changelog off by {plan.records.log_offset} h")
    return finish(plan, rng, cast)


def recorded_late(rng: np.random.Generator, cast: Cast) -> Plan:
    """The culprit was written down hours or days later, at the right or at the wrong time."""
    plan = start(rng, why="the guilty change was recorded late")
    change = culprit(plan, rng, cast, str(rng.choice(["prompt", "index", "data", "model", "context"])), any_form(rng))
    late = float(np.exp(rng.uniform(np.log(2), np.log(60))))
    if rng.random() < 0.5:
        change.recorded_lag = late
    else:
        late = min(late, 24.0)
        change.declared_at, change.recorded_lag = change.at + late, 0.0
        if rng.random() < 0.6:
            change.uncertainty = str(rng.choice(["PT6H", "PT12H", "P1D"]))
        plan.needs_stamp = change.uncertainty is None
    plan.notes.append(f"recorded {late:.1f} h late")
    return finish(plan, rng, cast)


def tiny(rng: np.random.Generator, cast: Cast) -> Plan:
    """A handful of scored requests an hour."""
    plan = start(rng, why="only a handful of scored requests an hour")
    plan.records.judged_share = float(np.clip(rng.uniform(2, 7) / cast.rate, 0.02, 1))
    culprit(
        plan,
        rng,
        cast,
        str(rng.choice(["prompt", "model", "index", "tools"])),
        any_form(rng),
        at=pick_hour(rng, cast, 0.4, 0.6),
        effect=draw_effect(rng, 0.08, 0.2),
    )
    return finish(plan, rng, cast)


def missing_fields(rng: np.random.Generator, cast: Cast) -> Plan:
    """A third of the spans carry no version stamps."""
    plan = start(rng, why="a third of the spans lack version stamps; the rest show the exposure")
    culprit(
        plan,
        rng,
        cast,
        str(rng.choice(["prompt", "model", "index", "context", "router"])),
        str(rng.choice(["sticky", "ramp", "staged", "once", "region"])),
        stamp=True,
    )
    plan.records.missing_stamp = float(rng.uniform(0.25, 0.45))
    return finish(plan, rng, cast)


def ageing(rng: np.random.Generator, cast: Cast) -> Plan:
    """The index ages: a slow fall that no change explains."""
    plan = start(rng, outcome="unattributed", why="the index ages; quality sinks slowly and no change explains it")
    plan.faults.append(
        Fault(effect=draw_effect(rng, 0.06, 0.18), onset=cast.hours * float(rng.uniform(0.0, 0.3)), drift=True)
    )
    plan.guilty, plan.groups = ["unknown"], [["unknown"]]
    return finish(plan, rng, cast, keep_off=["index", "corpus", "embedder"])


def thumbs_only(rng: np.random.Generator, cast: Cast) -> Plan:
    """Users' thumbs are the only signal."""
    plan = start(rng, why="only sparse, self-selected thumbs tell of the fall", kind="thumbs")
    plan.records.judged_share = float(rng.uniform(0.04, 0.2))
    culprit(
        plan,
        rng,
        cast,
        str(rng.choice(["prompt", "model", "guardrail", "flag"])),
        any_form(rng),
        effect=draw_effect(rng, 0.07, 0.2),
        use_slice=False,
    )
    return finish(plan, rng, cast)


def eval_retired(rng: np.random.Generator, cast: Cast) -> Plan:
    """A regression suite is retired; days later the change that it would have caught ships."""
    plan = start(
        rng, why="the guard was retired before the guilty change shipped; the eval change itself moves nothing"
    )
    change = culprit(
        plan,
        rng,
        cast,
        str(rng.choice(["prompt", "context", "sampling", "model"])),
        any_form(rng),
        at=pick_hour(rng, cast, 0.45, 0.75),
    )
    gone = change.at - float(np.exp(rng.uniform(np.log(6), np.log(0.35 * cast.hours))))
    guard = add(
        plan, rng, "eval", max(gone, 4.0), kind="eval_suite_change", summary="retire the regression suite (slow, flaky)"
    )
    guard.component = "core-regression"
    plan.retired_suite = guard.at
    plan.guards = [{"guard": "core-regression", "finding": "not_run"}]
    return finish(plan, rng, cast)


def all_at_once(rng: np.random.Generator, cast: Cast) -> Plan:
    """One release everywhere at once."""
    plan = start(rng, why="one release went everywhere at once; only its timing speaks")
    culprit(plan, rng, cast, "deploy", "once", stamp=bool(rng.random() < 0.7))
    return finish(plan, rng, cast, keep_off=["deploy"])


def no_incident(kind: str):
    """A recipe maker for quiet records with strong rhythm or heavy shocks; somebody may still have complained."""

    def build(rng: np.random.Generator, cast: Cast) -> Plan:
        plan = start(rng, outcome="no_shift", why=f"nothing happened; {kind} noise only")
        noise = draw_noise(rng)
        if kind == "rhythm":
            noise.daily, noise.weekly, plan.rhythm = float(rng.uniform(0.2, 0.5)), float(rng.uniform(0.2, 0.5)), 1.3
        elif kind == "shocks":
            noise.shock, noise.heavy = float(rng.uniform(0.15, 0.4)), True
            noise.shock_phi, noise.region_shock = float(rng.uniform(0.7, 0.93)), float(rng.uniform(0.05, 0.2))
        noise.tenant_trend = min(noise.tenant_trend, 0.06)
        plan.noise, plan.guilty, plan.groups, plan.null = noise, [], [["chance"]], True
        add_decoys(plan, rng, cast, int(rng.integers(3, 10)))
        if rng.random() < 0.5:
            busy = add(plan, rng, "prompt", pick_hour(rng, cast))
            spread(rng, cast, busy, any_form(rng))
        return plan

    return build
