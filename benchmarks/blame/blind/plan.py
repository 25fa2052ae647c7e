"""A plan of one case: the changes, the faults and how the records are kept. Recipes fill it in."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from stack import APP_LAYERS, RULER_LAYERS, Change, new_change

if TYPE_CHECKING:
    from world import Cast, MixShift


@dataclass
class Fault:
    """Something that moves the main signal. effect > 0 lowers quality on the exposed by that much on average."""

    effect: float
    changes: list[str] = field(
        default_factory=list
    )  # all must be exposed (amplifier: two); empty: everybody from onset
    onset: float = 0.0
    end: float | None = None
    where: str = "app"  # app | judge (the score only)
    lag: float = 0.0
    ramp: float = 0.0  # hours from nothing to full
    drift: bool = False  # grows to the end of the record, no change point
    slice: tuple[str, str] | None = None
    sticky_share: float = 1.0  # unknown cause on a fixed share of users
    ids: list[str] = field(default_factory=list)  # ids a reader may blame


@dataclass
class Records:
    """How the records are kept, lost, doubled or stamped."""

    judged_share: float = 0.6
    signal_kind: str = "binary"  # binary | continuous | thumbs
    missing_stamp: float = 0.0
    loss: tuple[float, float] | None = None  # from hour, share of the good and long ones that is lost
    tail_sampling: tuple[float, float] | None = None  # from hour, share kept of the good ones
    duplicates: tuple[float, float, str] | None = None  # from hour, share of the failures repeated, form
    hard_scoring: tuple[float, float] | None = None  # from hour, strength of scoring hard items
    blanking: tuple[float, float] | None = None  # from hour, share of long answers the judge sees cut
    bridge: tuple[float, int] | None = None  # from hour, number of old answers scored again
    daily_rescore: int = 0  # the same number of fixed answers scored again every day
    thumbs: bool = False
    controls: bool = True
    stamp_share: float = 0.75
    forced_stamps: dict[str, bool] = field(default_factory=dict)
    log_offset: float = 0.0  # hours added to every time in the changelog


@dataclass
class Noise:
    """Scales on the logit, drawn wide."""

    user: float
    conversation: float
    shock: float
    shock_phi: float
    daily: float
    weekly: float
    tenant_trend: float
    region_shock: float
    heavy: bool = False
    turn: float = 0.08


@dataclass
class Plan:
    """All that a recipe decides."""

    outcome: str
    guilty: list[str]
    why: str
    changes: list[Change] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    groups: list[list[str]] = field(default_factory=list)
    also_outcomes: list[str] = field(default_factory=list)
    records: Records = field(default_factory=Records)
    noise: Noise | None = None
    mix: MixShift | None = None
    growth: float = 0.0
    rhythm: float = 1.0
    onset: float | None = None
    end: float | None = None
    timing_only: bool = False
    null: bool = False
    needs_stamp: bool = False
    guards: list[dict[str, str]] = field(default_factory=list)
    retired_suite: float | None = None
    affected: dict[str, str] | None = None
    proxy_up: float = 0.0
    notes: list[str] = field(default_factory=list)


def draw_noise(rng: np.random.Generator) -> Noise:
    """An ordinary service's noise."""
    return Noise(
        user=rng.uniform(0.2, 0.7),
        conversation=rng.uniform(0.1, 0.6),
        shock=float(np.exp(rng.uniform(np.log(0.03), np.log(0.18)))),
        shock_phi=rng.uniform(0.6, 0.97),
        daily=rng.uniform(0, 0.15),
        weekly=rng.uniform(0, 0.12),
        tenant_trend=rng.uniform(0, 0.2),
        region_shock=rng.uniform(0, 0.06),
        heavy=bool(rng.random() < 0.4),
    )


def draw_effect(rng: np.random.Generator, low: float = 0.03, high: float = 0.15) -> float:
    """A fall on the exposed requests: .03 to .15, most near .08."""
    return float(np.clip(rng.triangular(low, (low + high) / 2, high), low, high))


def pick_hour(
    rng: np.random.Generator, cast: Cast, low: float = 0.35, high: float = 0.75, office: float = 0.75
) -> float:
    """An hour of the record, most often a working hour of a week day."""
    for _ in range(40):
        hour = float(rng.uniform(low, high) * cast.hours)
        moment = cast.when(hour)
        if rng.random() > office or (moment.weekday() < 5 and 8 <= moment.hour <= 18):
            break
    return hour


def next_id(plan_changes: list[Change], rng: np.random.Generator) -> str:
    """A fresh id that says nothing about guilt."""
    used = {change.id for change in plan_changes}
    while True:
        ident = f"chg-{int(rng.integers(100, 999))}"
        if ident not in used:
            return ident


def add(plan: Plan, rng: np.random.Generator, key: str, at: float, **more: object) -> Change:
    """Add a change to the plan."""
    change = new_change(rng, next_id(plan.changes, rng), key, at, **more)
    plan.changes.append(change)
    return change


def spread(rng: np.random.Generator, cast: Cast, change: Change, form: str) -> None:
    """Give a change a rollout form: once, region, sticky, ramp, request, staged."""
    if form == "once":
        return
    if form == "region":
        change.scope = {"cloud.region": str(rng.choice(cast.regions))}
    elif form == "tenant":
        top = max(1, len(cast.tenants) // 3)
        change.scope = {"tenant.id": str(rng.choice(cast.tenants[:top]))}
    elif form == "staged":
        order = [str(name) for name in rng.permutation(cast.regions)]
        step = float(np.exp(rng.uniform(np.log(8), np.log(60))))
        covered = order if rng.random() < 0.6 else order[: max(1, len(order) - 1)]
        change.region_stages = {name: change.at + step * index for index, name in enumerate(covered)}
    elif form == "sticky":
        change.unit = "user"
        change.stages = [(change.at, float(rng.choice([10, 20, 25, 30, 50, 50])))]
    elif form in ("ramp", "request"):
        change.unit = "request" if form == "request" else str(rng.choice(["user", "conversation", "request"]))
        percents = [[5, 25, 50, 100], [10, 50, 100], [1, 10, 50], [20, 60, 100], [25, 50]][int(rng.integers(5))]
        step = float(np.exp(rng.uniform(np.log(6), np.log(40))))
        change.stages = [(change.at + step * index, float(percent)) for index, percent in enumerate(percents)]
    change.declare_percent = bool(rng.random() < 0.85)


def add_decoys(
    plan: Plan,
    rng: np.random.Generator,
    cast: Cast,
    count: int | None = None,
    ruler: float = 0.08,
    keep_off: list[str] | None = None,
) -> None:
    """Innocent changes at ordinary times with ordinary rollouts."""
    count = int(rng.integers(2, 8)) if count is None else count
    keys = [key for key in APP_LAYERS if key not in (keep_off or [])]
    for _ in range(count):
        key = str(rng.choice(RULER_LAYERS)) if rng.random() < ruler else str(rng.choice(keys))
        at = pick_hour(rng, cast, 0.05, 0.97)
        while any(
            change.guilty and change.key == key and not change.everywhere_at_once and at > change.at
            for change in plan.changes
        ):
            key = str(rng.choice(keys))  # a later version over a partial rollout would hide who has the culprit
        decoy = add(plan, rng, key, at)
        if key in RULER_LAYERS:
            continue
        spread(
            rng,
            cast,
            decoy,
            str(
                rng.choice(
                    ["once", "region", "tenant", "sticky", "ramp", "staged"], p=[0.5, 0.12, 0.08, 0.1, 0.12, 0.08]
                )
            ),
        )
        if rng.random() < 0.12:
            decoy.recorded_lag = float(rng.uniform(0.5, 20))
        if rng.random() < 0.15:
            decoy.uncertainty = str(rng.choice(["PT15M", "PT30M", "PT1H", "PT2H"]))


def make_slice(rng: np.random.Generator, cast: Cast, chance: float = 0.3) -> tuple[str, str] | None:
    """Sometimes the fault bites in one task only (one that is not rare)."""
    if rng.random() > chance:
        return None
    share = (cast.tenant_share[:, None] * cast.task_mix).sum(axis=0)
    common = [cast.tasks[index] for index in np.argsort(-share)[:3] if share[index] > 0.12]
    return ("app.task", str(rng.choice(common))) if common else None
