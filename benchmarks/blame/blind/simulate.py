"""One case from a class name and a seed: everything that the writers and the truth need."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field, replace

import numpy as np
from exposure import choose_stamps, exposed, name_values, stamp_values
from plan import Plan, draw_noise
from quality import Quality, build_quality, side_scores
from recipes import RECIPES
from stack import LAYERS, Change
from world import Cast, Traffic, draw_cast, make_traffic


@dataclass
class ScoreSet:
    """Scores of one signal: row of the request, value, hour of scoring, evaluator version."""

    name: str
    source: str
    rows: np.ndarray
    values: np.ndarray
    hours: np.ndarray
    versions: np.ndarray | None = None


@dataclass
class Case:
    """A finished simulation."""

    class_name: str
    seed: int
    rng: np.random.Generator
    cast: Cast
    traffic: Traffic
    plan: Plan
    quality: Quality
    masks: dict[str, np.ndarray]
    stamps: dict[str, str]
    first: dict[str, str]
    stamp_rows: dict[str, np.ndarray]
    scored: np.ndarray
    score_hour: np.ndarray
    kept: np.ndarray
    root_only: np.ndarray
    repeats: np.ndarray
    repeat_form: str
    mediators: dict[str, np.ndarray]
    scores: list[ScoreSet] = field(default_factory=list)
    stamp_missing: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=bool))


def case_rng(class_name: str, seed: int) -> np.random.Generator:
    """The case's own random source."""
    return np.random.default_rng(np.random.SeedSequence([zlib.crc32(class_name.encode()), seed, 20261123]))


def simulate(class_name: str, seed: int) -> Case:
    """Draw the cast, plan the incident, simulate the traffic, the answers and the scores."""
    rng = case_rng(class_name, seed)
    recipe = RECIPES[class_name]
    cast = draw_cast(rng, **recipe.cast)
    plan = recipe.build(rng, cast)
    if plan.noise is None:
        plan.noise = draw_noise(rng)
    traffic = make_traffic(rng, cast, plan.mix, plan.growth, plan.rhythm)
    score_hour = _score_hours(rng, traffic, plan)
    judge_clock = replace(traffic, time=score_hour)
    masks = {
        change.id: exposed(
            change, cast, judge_clock if change.key in ("judge", "scorer") else traffic, _lag(plan, change)
        )
        for change in plan.changes
    }
    seen_masks = {
        change.id: exposed(change, cast, judge_clock if change.key in ("judge", "scorer") else traffic)
        for change in plan.changes
    }
    quality = build_quality(rng, cast, traffic, plan, masks)
    mediators = draw_mediators(rng, cast, traffic, plan, seen_masks, quality)
    stamps = choose_stamps(rng, list(LAYERS), plan.records.stamp_share, _forced(plan))
    for key in ("scorer",):
        stamps.pop(key, None)
    first = name_values(rng, plan.changes, stamps)
    stamp_rows = {}
    for key in stamps:
        mine = [change for change in plan.changes if change.key == key or (key == "judge" and change.key == "scorer")]
        twins = [replace(change, key=key) for change in mine]
        stamp_rows[key] = stamp_values(first[key], key, twins, cast, traffic, seen_masks)
    quality.score = _blanked(rng, plan, traffic, quality, mediators)
    scored = _choose_scored(rng, plan, traffic, quality) & (score_hour <= cast.hours + 0.5)
    kept, root_only, repeats, form = _keep(rng, cast, plan, traffic, quality, mediators)
    case = Case(
        class_name=class_name,
        seed=seed,
        rng=rng,
        cast=cast,
        traffic=traffic,
        plan=plan,
        quality=quality,
        masks=masks,
        stamps=stamps,
        first=first,
        stamp_rows=stamp_rows,
        scored=scored,
        score_hour=score_hour,
        kept=kept,
        root_only=root_only,
        repeats=repeats,
        repeat_form=form,
        mediators=mediators,
    )
    case.stamp_missing = rng.random(traffic.size) < plan.records.missing_stamp
    case.scores = _score_sets(rng, case)
    return case


def _lag(plan: Plan, change: Change) -> float:
    """The delay between a change and its effect."""
    return max((fault.lag for fault in plan.faults if change.id in fault.changes), default=0.0)


def _forced(plan: Plan) -> dict[str, bool]:
    """Stamps the recipe insists on (or insists are missing)."""
    return dict(plan.records.forced_stamps)


def _score_hours(rng: np.random.Generator, traffic: Traffic, plan: Plan) -> np.ndarray:
    """When each request would be scored: within minutes, or in a nightly batch."""
    nightly = rng.random() < 0.2 and plan.outcome not in ("ruler", "artefact")
    if nightly:
        return (np.floor(traffic.time / 24) + 1) * 24 + 2 + rng.random(traffic.size) * 0.5
    if plan.records.signal_kind == "thumbs":
        return traffic.time + rng.exponential(0.4, traffic.size)
    return traffic.time + 0.01 + rng.exponential(0.05, traffic.size)


def draw_mediators(
    rng: np.random.Generator, cast: Cast, traffic: Traffic, plan: Plan, masks: dict[str, np.ndarray], quality: Quality
) -> dict[str, np.ndarray]:
    """Token counts, latency, refusals, retrieval scores, tool errors and finish reasons, moved by changes and by answers."""
    size = traffic.size
    task_length = rng.normal(0, 0.25, len(cast.tasks))[traffic.task]
    log_in = (
        np.log(rng.uniform(500, 2500)) + task_length + 0.12 * np.minimum(traffic.turn, 15) + rng.normal(0, 0.35, size)
    )
    log_out = np.log(rng.uniform(80, 350)) + task_length + rng.normal(0, 0.5, size)
    log_latency = (
        np.log(rng.uniform(0.8, 3))
        + 0.3 * (log_out - log_out.mean())
        + rng.standard_t(3, size) * 0.25
        + 0.6 * quality.shock
    )
    top = rng.uniform(0.62, 0.85) + rng.normal(0, 0.07, size)
    refusal = np.full(size, rng.uniform(0.01, 0.06))
    tool_error = np.full(size, rng.uniform(0.01, 0.04))
    for change in plan.changes:
        mask = masks[change.id]
        log_out = log_out + change.sides.get("out_tokens", 0) * mask
        log_in = log_in + change.sides.get("in_tokens", 0) * mask
        log_latency = log_latency + change.sides.get("latency", 0) * mask
        top = top + change.sides.get("top_score", 0) * mask
        refusal = refusal + change.sides.get("refusal", 0) * mask
        tool_error = tool_error + change.sides.get("tool_error", 0) * mask
    for truth in quality.faults:
        if truth.fault.drift and truth.fault.where == "app" and not truth.fault.changes:
            top = top - 0.08 * truth.weight
    bad = quality.score < 0.5
    return {
        "in_tokens": np.exp(np.clip(log_in, 2, 11)).astype(int),
        "out_tokens": np.exp(np.clip(log_out, 1.5, 8.3)).astype(int),
        "latency": np.exp(np.clip(log_latency, -2.5, 4.5)),
        "top_score": np.clip(top - 0.03 * bad, 0.05, 0.99),
        "refusal": np.clip(refusal, 0, 0.6),
        "tool_error": (rng.random(size) < np.clip(tool_error + 0.02 * bad, 0, 0.8)).astype(int),
        "uses_tool": (rng.random(size) < 0.5).astype(int),
    }


def _blanked(
    rng: np.random.Generator, plan: Plan, traffic: Traffic, quality: Quality, mediators: dict[str, np.ndarray]
) -> np.ndarray:
    """Scores after the judge got cut answers."""
    score = quality.score
    if plan.records.blanking is not None:
        hour, share = plan.records.blanking
        long_answer = mediators["out_tokens"] > np.quantile(mediators["out_tokens"], 0.6)
        cut = (traffic.time >= hour) & long_answer & (rng.random(traffic.size) < share)
        mediators["cut"] = cut.astype(int)
        score = np.where(cut, 0.0, score)
    return score


def _choose_scored(rng: np.random.Generator, plan: Plan, traffic: Traffic, quality: Quality) -> np.ndarray:
    """Which requests the main signal is known for."""
    chance = np.full(traffic.size, plan.records.judged_share)
    if plan.records.signal_kind == "thumbs":
        chance = chance * np.where(quality.score > 0, 0.8, 1.5)
    if plan.records.hard_scoring is not None:
        hour, strength = plan.records.hard_scoring
        centred = (quality.fixed - quality.fixed.mean()) / quality.fixed.std()
        tilted = 1 / (1 + np.exp(strength * centred))
        chance = np.where(traffic.time >= hour, chance * tilted / tilted.mean(), chance)
    return rng.random(traffic.size) < np.clip(chance, 0, 1)


def _keep(
    rng: np.random.Generator,
    cast: Cast,
    plan: Plan,
    traffic: Traffic,
    quality: Quality,
    mediators: dict[str, np.ndarray],
) -> tuple[np.ndarray, np.ndarray, np.ndarray, str]:
    """Which traces survive, which keep only their root, which are exported again."""
    size, time = traffic.size, traffic.time
    kept, root_only = np.ones(size, dtype=bool), np.zeros(size, dtype=bool)
    repeats, form = np.zeros(size, dtype=int), ""
    good = quality.score >= np.median(quality.score) if quality.kind == "continuous" else quality.score > 0
    if plan.records.loss is not None:
        hour, share = plan.records.loss
        large = mediators["out_tokens"] > np.quantile(mediators["out_tokens"], 0.35)
        lost = (time >= hour) & good & large & (rng.random(size) < share)
        root_only = lost & (rng.random(size) < (0.5 if cast.layout != "flat" else 0))
        kept &= ~lost | root_only
    if plan.records.tail_sampling is not None:
        hour, share = plan.records.tail_sampling
        kept &= ~((time >= hour) & good & (mediators["tool_error"] == 0) & (rng.random(size) > share))
    if plan.records.duplicates is not None:
        hour, share, form = plan.records.duplicates
        again = (time >= hour) & ~good & (rng.random(size) < share)
        repeats = np.where(again, rng.integers(1, 4, size), 0)
        if repeats.sum() > size * 0.1:
            repeats = np.minimum(repeats, 1)
    return kept, root_only, repeats, form


def _score_sets(rng: np.random.Generator, case: Case) -> list[ScoreSet]:
    """The main signal, scored again where asked, and the side signals."""
    plan, traffic, quality = case.plan, case.traffic, case.quality
    alive = case.kept & ~case.root_only
    rows = np.flatnonzero(case.scored & alive)
    main = ScoreSet(
        quality.name, "human" if quality.kind == "thumbs" else "llm", rows, quality.score[rows], case.score_hour[rows]
    )
    if "judge" in case.stamps and quality.kind != "thumbs":
        main.versions = case.stamp_rows["judge"][rows]
    sets = [main]
    side = side_scores(rng, plan, quality, traffic, case.mediators["refusal"], quality.faults)
    for name, (source, side_rows, values) in side.items():
        stay = alive[side_rows]
        sets.append(ScoreSet(name, source, side_rows[stay], values[stay], traffic.time[side_rows[stay]] + 0.02))
    again = _rescored(rng, case, rows)
    return sets + ([again] if again is not None else [])


def _rescored(rng: np.random.Generator, case: Case, rows: np.ndarray) -> ScoreSet | None:
    """The same answers scored a second time: a bridge at the judge's change, or a fixed set every day."""
    plan, traffic, quality = case.plan, case.traffic, case.quality
    truth = next((truth for truth in quality.faults if truth.fault.where == "judge"), None)
    if truth is None or not (plan.records.bridge or plan.records.daily_rescore):
        return None
    onset = truth.fault.onset
    if plan.records.bridge:
        hour, count = plan.records.bridge
        old = rows[(traffic.time[rows] < onset) & (traffic.time[rows] > onset - 96)]
        picked = np.sort(rng.choice(old, min(count, len(old)), replace=False))
        hours = np.full(len(picked), hour) + rng.random(len(picked)) * 0.8
    else:
        old = rows[traffic.time[rows] < min(onset, 48)]
        fixed = np.sort(rng.choice(old, min(plan.records.daily_rescore, len(old)), replace=False))
        days = range(3, case.cast.days)
        picked = np.tile(fixed, len(days))
        hours = np.repeat([day * 24 + 3.0 for day in days], len(fixed)) + rng.random(len(picked)) * 0.5
    strength = np.where(hours >= onset, 1.0, 0.0)
    if truth.fault.drift:
        strength = np.clip((hours - onset) / (case.cast.hours - onset), 0, 1)
    elif truth.fault.ramp:
        strength = np.clip((hours - onset) / truth.fault.ramp, 0, 1)
    mean = 1 / (1 + np.exp(-(quality.app_logit[picked] - truth.shift * strength)))
    # The same answer keeps its verdict but for the judge's own noise and its move: flips with the chance that the mean moved.
    before = 1 / (1 + np.exp(-quality.app_logit[picked]))
    old_scores = quality.score[picked]
    if quality.kind == "continuous":
        values = np.clip(old_scores + (mean - before) + rng.normal(0, 0.05, len(picked)), 0, 1)
        values = np.round(values * quality.levels) / quality.levels if quality.levels else np.round(values, 3)
    else:
        drop = np.clip((before - mean) / np.maximum(before, 0.05), 0, 1)
        values = np.where(rng.random(len(picked)) < drop, 0.0, old_scores)
        flip = rng.random(len(picked)) < 0.03
        values = np.where(flip, 1 - values, values)
    again = ScoreSet(quality.name, "llm", picked, values, hours)
    judge = next((change for change in plan.changes if change.id in truth.fault.changes), None)
    if "judge" in case.stamps:
        first = case.stamp_rows["judge"][picked]
        again.versions = np.where(hours >= onset, judge.after, first) if judge is not None else first
    return again


__all__ = ["Case", "ScoreSet", "simulate"]
