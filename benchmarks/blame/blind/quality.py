"""Latent quality, the faults' true effects, the scores that get recorded."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from exposure import hashed_uniform, segment_values

if TYPE_CHECKING:
    from plan import Fault, Noise, Plan
    from world import Cast, Traffic

MAIN_NAMES = {
    "binary": ["answer_correct", "task_success", "resolved", "faithful"],
    "continuous": ["groundedness", "helpfulness", "answer_quality", "relevance"],
    "thumbs": ["user_feedback", "thumbs_up"],
}


@dataclass
class FaultTruth:
    """What one fault really did."""

    fault: Fault
    mask: np.ndarray  # requests it touches
    weight: np.ndarray  # how far it is on, 0..1
    exposed_effect: float = 0.0  # mean fall of the main signal on the exposed (positive is worse)
    overall_fall: float = 0.0  # mean fall over all requests between onset and end
    onset: float = 0.0
    end: float | None = None
    shift: float = 0.0  # on the logit


@dataclass
class Quality:
    """Means and draws for every request."""

    name: str
    kind: str
    fixed: np.ndarray  # logit without shared shocks and without faults
    shock: np.ndarray  # logit, shared by time (and region)
    base_mean: np.ndarray  # expected score, no fault
    app_mean: np.ndarray  # expected score of the answer, app faults on
    seen_mean: np.ndarray  # expected score as the ruler reads it
    app_logit: np.ndarray
    seen_logit: np.ndarray
    score: np.ndarray
    variance: np.ndarray
    slope: np.ndarray
    precision: float
    glitch: float
    levels: int
    noise: Noise
    faults: list[FaultTruth] = field(default_factory=list)
    hour_shock: np.ndarray | None = None
    trend: np.ndarray | None = None


def sigmoid(values: np.ndarray) -> np.ndarray:
    """The logistic function."""
    return 1 / (1 + np.exp(-values))


def ar1(rng: np.random.Generator, size: int, scale: float, phi: float, heavy: bool) -> np.ndarray:
    """Shared hourly shocks with the given marginal scale."""
    draws = rng.standard_t(4, size) / np.sqrt(2) if heavy else rng.standard_normal(size)
    values = np.zeros(size)
    value = rng.standard_normal()
    for index in range(size):
        value = phi * value + np.sqrt(1 - phi * phi) * draws[index]
        values[index] = value
    return values * scale


def latent(
    rng: np.random.Generator, cast: Cast, traffic: Traffic, plan: Plan, noise: Noise
) -> tuple[np.ndarray, np.ndarray]:
    """The logit: fixed part (segments, people, rhythm, trends) and shared shocks."""
    level = rng.uniform(1.0, 2.4) if plan.records.signal_kind != "thumbs" else rng.uniform(0.6, 1.8)
    spread_task = 0.9 if plan.mix is not None else 0.45
    tenant_level = rng.normal(0, 0.35 if plan.mix is None else 0.6, len(cast.tenants))
    task_level = rng.normal(0, spread_task, len(cast.tasks))
    if plan.mix is not None:  # the shift goes to what is harder (or easier) than average
        for level_array, factor in ((tenant_level, plan.mix.tenant_factor), (task_level, plan.mix.task_factor)):
            if np.ptp(factor) > 0:
                rank = np.argsort(np.argsort(factor))
                level_array[:] = (np.sort(level_array) if plan.mix.easier else np.sort(level_array)[::-1])[rank]
    region_level = rng.normal(0, 0.12, len(cast.regions))
    trend = rng.normal(0, noise.tenant_trend, len(cast.tenants))
    user_level = rng.normal(0, noise.user, traffic.n_users)
    conv_level = rng.normal(0, noise.conversation, traffic.n_conversations)
    clock = (traffic.time + cast.start.hour) % 24
    weekday = (cast.start.weekday() + (traffic.time + cast.start.hour) // 24) % 7
    fixed = (
        level
        + tenant_level[traffic.tenant]
        + task_level[traffic.task]
        + region_level[traffic.region]
        + user_level[traffic.user]
        + conv_level[traffic.conversation]
        + trend[traffic.tenant] * (traffic.time / cast.hours - 0.5)
        + noise.daily * plan.rhythm * np.cos(2 * np.pi * (clock - rng.uniform(0, 24)) / 24)
        - noise.weekly * plan.rhythm * (weekday >= 5)
        - noise.turn * np.minimum(traffic.turn, 12)
    )
    shared = ar1(rng, cast.hours + 1, noise.shock, noise.shock_phi, noise.heavy)
    hour = traffic.time.astype(int)
    shock = shared[hour]
    for region in range(len(cast.regions)):
        local = ar1(rng, cast.hours + 1, noise.region_shock, noise.shock_phi, noise.heavy)
        shock = shock + np.where(traffic.region == region, local[hour], 0)
    return fixed, shock


def fault_mask(
    fault: Fault, plan: Plan, cast: Cast, traffic: Traffic, masks: dict[str, np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Which requests a fault touches and how strongly it is on there."""
    mask = np.ones(traffic.size, dtype=bool)
    for ident in fault.changes:
        mask &= masks[ident]
    mask &= traffic.time >= fault.onset
    if fault.end is not None:
        mask &= traffic.time < fault.end
    if fault.slice is not None:
        mask &= segment_values(cast, traffic, fault.slice[0]) == fault.slice[1]
    if fault.sticky_share < 1:
        mask &= hashed_uniform(traffic.user, 977) < fault.sticky_share
    weight = mask.astype(float)
    if fault.drift:
        weight *= np.clip((traffic.time - fault.onset) / (cast.hours - fault.onset), 0, 1)
    elif fault.ramp:
        weight *= np.clip((traffic.time - fault.onset) / fault.ramp, 0, 1)
    return mask, weight


def calibrate(logit: np.ndarray, weight: np.ndarray, effect: float) -> float:
    """The logit shift whose mean fall, where the weight is above 0, is `effect` (per unit of mean weight)."""
    rows = weight > 0
    if not rows.any():
        return 0.0
    x, w = logit[rows], weight[rows]
    goal = abs(effect) * w.mean()
    low, high, sign = 0.0, 8.0, np.sign(effect)
    for _ in range(50):
        middle = (low + high) / 2
        moved = abs((sigmoid(x) - sigmoid(x - sign * middle * w)).mean())
        low, high = (middle, high) if moved < goal else (low, middle)
    return float(sign * low)


def build_quality(
    rng: np.random.Generator, cast: Cast, traffic: Traffic, plan: Plan, masks: dict[str, np.ndarray]
) -> Quality:
    """Means with and without faults, and one draw of the main score for every request."""
    noise = plan.noise
    assert noise is not None
    kind = plan.records.signal_kind
    fixed, shock = latent(rng, cast, traffic, plan, noise)
    base = fixed + shock
    app, extra = base.copy(), np.zeros(traffic.size)
    truths: list[FaultTruth] = []
    glitch = float(rng.uniform(0, 0.04)) if kind == "continuous" and rng.random() < 0.5 else 0.0
    for fault in plan.faults:
        mask, weight = fault_mask(fault, plan, cast, traffic, masks)
        current = app if fault.where == "app" else app + extra
        shift = calibrate(current, weight, fault.effect)
        fall = (sigmoid(current) - sigmoid(current - shift * weight)) * (1 - glitch)
        if fault.where == "app":
            app = app - shift * weight
        else:
            extra = extra - shift * weight
        touched = mask if mask.any() else np.zeros(traffic.size, dtype=bool)
        onset = float(traffic.time[touched].min()) if touched.any() else fault.onset
        onset = max(fault.onset, onset)
        window = (traffic.time >= onset) & (traffic.time < (fault.end if fault.end is not None else np.inf))
        truths.append(
            FaultTruth(
                fault=fault,
                mask=mask,
                weight=weight,
                onset=onset,
                end=fault.end,
                shift=shift,
                exposed_effect=float(fall[touched].mean()) if touched.any() else 0.0,
                overall_fall=float(fall[window].mean()) if window.any() else 0.0,
            )
        )
    seen = app + extra
    mean = sigmoid(seen)
    precision = float(rng.uniform(3, 14))
    levels = int(rng.choice([0, 5, 10, 20])) if kind == "continuous" else 0
    if kind == "continuous":
        score = rng.beta(np.maximum(mean * precision, 0.02), np.maximum((1 - mean) * precision, 0.02))
        if levels:
            score = np.round(score * levels) / levels
        score = np.where(rng.random(traffic.size) < glitch, 0.0, score)
        spread = mean * (1 - mean) / (1 + precision) * (1 - glitch) + glitch * (1 - glitch) * mean**2
    else:
        score = (rng.random(traffic.size) < mean).astype(float)
        spread = mean * (1 - mean)
    return Quality(
        name=str(rng.choice(MAIN_NAMES[kind])),
        kind=kind,
        fixed=fixed,
        shock=shock,
        base_mean=sigmoid(base) * (1 - glitch),
        app_mean=sigmoid(app) * (1 - glitch),
        seen_mean=mean * (1 - glitch),
        app_logit=app,
        seen_logit=seen,
        score=score,
        variance=spread,
        slope=mean * (1 - mean) * (1 - glitch),
        precision=precision,
        glitch=glitch,
        levels=levels,
        noise=noise,
        faults=truths,
    )


def side_scores(
    rng: np.random.Generator,
    plan: Plan,
    quality: Quality,
    traffic: Traffic,
    refusal_rate: np.ndarray,
    truths: list[FaultTruth],
) -> dict[str, tuple[str, np.ndarray, np.ndarray]]:
    """Other signals: name -> (evaluator kind, rows, values). Controls, code checks, users, a second judge."""
    size = traffic.size
    result: dict[str, tuple[str, np.ndarray, np.ndarray]] = {}
    share = 0.35 if size > 12_000 else 0.7
    if plan.records.controls:
        rows = np.flatnonzero(rng.random(size) < share)
        result["format_valid"] = ("code", rows, (rng.random(len(rows)) < 0.972).astype(float))
    harmless = all(change.guilty or not change.sides.get("refusal") for change in plan.changes)
    if plan.records.signal_kind != "thumbs" and rng.random() < 0.6 and harmless:
        rows = np.flatnonzero(rng.random(size) < share)
        result["refusal"] = ("code", rows, (rng.random(len(rows)) < refusal_rate[rows]).astype(float))
    if plan.records.thumbs and plan.records.signal_kind != "thumbs":
        rows = np.flatnonzero(rng.random(size) < rng.uniform(0.04, 0.15))
        happy = quality.app_logit[rows] * 0.8
        for truth in truths:
            if plan.proxy_up and truth.fault.where == "app":
                happy = happy + (plan.proxy_up + 0.8 * truth.shift) * truth.weight[rows]
        result["thumbs_up"] = ("human", rows, (rng.random(len(rows)) < sigmoid(happy)).astype(float))
    if rng.random() < 0.35 and plan.records.signal_kind == "binary":
        rows = np.flatnonzero(rng.random(size) < share)
        mean = sigmoid(quality.seen_logit[rows] * 0.7 + 0.3)
        result["relevance_score"] = ("llm", rows, np.round(rng.beta(mean * 8, (1 - mean) * 8), 2))
    return result
