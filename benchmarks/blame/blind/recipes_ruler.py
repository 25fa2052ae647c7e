"""Recipes in which the score, the traffic or the records moved, and not the app."""

from __future__ import annotations

import numpy as np
from plan import Fault, Plan, add, add_decoys, draw_effect, draw_noise, pick_hour
from recipes_app import start
from world import Cast, MixShift


def _done(plan: Plan, rng: np.random.Generator, cast: Cast, ids: list[str]) -> Plan:
    """Add decoys (no innocent ruler changes) and the acceptable ids."""
    add_decoys(plan, rng, cast, ruler=0.0)
    plan.groups = [ids]
    return plan


def judge_declared(rng: np.random.Generator, cast: Cast) -> Plan:
    """A declared judge or rubric change moves the score."""
    plan = start(rng, outcome="ruler", why="a declared judge change moves the score; the answers stayed as they were")
    change = add(plan, rng, "judge", pick_hour(rng, cast), guilty=True)
    plan.faults.append(Fault(effect=draw_effect(rng, 0.04, 0.15), changes=[change.id], onset=change.at, where="judge"))
    plan.records.forced_stamps["judge"] = bool(rng.random() < 0.75)
    plan.records.thumbs, plan.records.controls = bool(rng.random() < 0.6), True
    if rng.random() < 0.6:
        plan.records.bridge = (change.at + float(rng.uniform(0.2, 20)), int(rng.integers(60, 300)))
    plan.guilty = [change.id]
    return _done(plan, rng, cast, [change.id, "ruler"])


def scorer_declared(rng: np.random.Generator, cast: Cast) -> Plan:
    """A code scorer becomes stricter."""
    plan = judge_declared(rng, cast)
    plan.changes[0].key, plan.changes[0].kind = "scorer", "scorer_change"
    plan.changes[0].component, plan.changes[0].summary = "match-scorer", "stricter match"
    plan.why = "a declared scorer change moves the score; the answers stayed as they were"
    return plan


def judge_silent(rng: np.random.Generator, cast: Cast) -> Plan:
    """The judge drifts behind a floating alias; users, controls or re-scored answers tell."""
    plan = start(
        rng,
        outcome="ruler",
        why="the judge moved silently; re-scored identical answers fall, users and controls do not",
    )
    sudden = bool(rng.random() < 0.7)
    onset = pick_hour(rng, cast, office=0)
    plan.faults.append(
        Fault(
            effect=draw_effect(rng, 0.05, 0.15),
            onset=onset,
            where="judge",
            drift=not sudden,
            ramp=0.0 if sudden else 1.0,
        )
    )
    plan.records.daily_rescore = int(rng.integers(25, 80)) if rng.random() < 0.8 else 0
    plan.records.thumbs = True if plan.records.daily_rescore == 0 else bool(rng.random() < 0.5)
    plan.records.forced_stamps["judge"] = bool(rng.random() < 0.5)
    plan.guilty = ["ruler"]
    if plan.records.daily_rescore == 0:
        plan.also_outcomes = ["unattributed"]
        plan.notes.append("no re-scored answers: only users' thumbs speak for the ruler")
    return _done(plan, rng, cast, ["ruler"])


def eval_selection(rng: np.random.Generator, cast: Cast) -> Plan:
    """The online eval now picks harder conversations to score."""
    plan = start(
        rng, outcome="ruler", why="the online eval picks harder conversations to score; answers stayed as they were"
    )
    change = add(plan, rng, "eval", pick_hour(rng, cast), guilty=True, kind="eval_suite_change")
    change.component, change.summary = "online-eval", "score the hard conversations first"
    plan.records.judged_share = float(rng.uniform(0.2, 0.4))
    plan.records.hard_scoring = (change.at, float(rng.uniform(0.5, 1.6)))
    plan.onset, plan.guilty = change.at, [change.id]
    plan.also_outcomes = ["mix", "artefact"]
    return _done(plan, rng, cast, [change.id, "ruler"])


def telemetry_cut(rng: np.random.Generator, cast: Cast) -> Plan:
    """An instrumentation change cuts long answers before the judge sees them."""
    plan = start(
        rng, outcome="artefact", why="the judge sees cut answers after an instrumentation change; users saw whole ones"
    )
    change = add(plan, rng, "telemetry", pick_hour(rng, cast), guilty=True, kind="instrumentation_change")
    change.component, change.summary = "sdk", "upgrade the GenAI instrumentation"
    plan.records.blanking = (change.at, float(rng.uniform(0.12, 0.45)))
    plan.records.thumbs = bool(rng.random() < 0.7)
    plan.onset, plan.guilty, plan.also_outcomes = change.at, [change.id], ["ruler"]
    return _done(plan, rng, cast, [change.id, "artefact", "ruler"])


def sampling_policy(rng: np.random.Generator, cast: Cast) -> Plan:
    """Tail sampling starts to drop good traces."""
    plan = start(rng, outcome="artefact", why="tail sampling keeps failures and drops good traces from then on")
    change = add(plan, rng, "telemetry", pick_hour(rng, cast), guilty=True, kind="sampling_policy")
    change.component, change.summary = "otel-collector", "tail sampling: keep errors and low scores"
    change.declared = bool(rng.random() < 0.75)
    plan.records.tail_sampling = (change.at, float(rng.uniform(0.25, 0.75)))
    plan.onset, plan.also_outcomes = change.at, ["ruler"]
    plan.guilty = [change.id] if change.declared else ["artefact"]
    return _done(plan, rng, cast, [change.id, "artefact", "ruler"] if change.declared else ["artefact"])


def loss(rng: np.random.Generator, cast: Cast) -> Plan:
    """The exporter loses large traces, which are mostly good ones."""
    plan = start(
        rng, outcome="artefact", why="large (mostly good) traces are lost on export from then on; the app is as before"
    )
    hour = pick_hour(rng, cast, office=0.3)
    plan.records.loss = (hour, float(rng.uniform(0.25, 0.7)))
    plan.onset, plan.guilty = hour, ["artefact"]
    return _done(plan, rng, cast, ["artefact"])


def duplicates(rng: np.random.Generator, cast: Cast) -> Plan:
    """Failures are exported several times."""
    plan = start(rng, outcome="artefact", why="records of failed requests are exported several times from then on")
    hour = pick_hour(rng, cast, office=0.3)
    form = str(rng.choice(["same_ids", "new_ids"]))
    plan.records.duplicates = (hour, float(rng.uniform(0.4, 0.9)), form)
    plan.onset, plan.guilty, plan.also_outcomes = hour, ["artefact"], ["no_shift"]
    plan.notes.append(f"duplicates with {form}")
    return _done(plan, rng, cast, ["artefact", "chance"])


def _harder(rng: np.random.Generator, size: int, strength: float) -> np.ndarray:
    """Factors that favour the later (harder) names; the simulation orders levels to match."""
    return np.exp(np.linspace(-strength, strength, size) + rng.normal(0, 0.1, size))


def mix_shift(declared: bool):
    """A recipe maker: harder traffic arrives; every segment stays as good as it was."""

    def build(rng: np.random.Generator, cast: Cast) -> Plan:
        plan = start(rng, outcome="mix", why="harder traffic arrives; within each segment quality stays")
        at = pick_hour(rng, cast)
        by_tenant = bool(rng.random() < 0.4)
        strength = float(rng.uniform(0.8, 2.0))
        plan.mix = MixShift(
            at=at,
            ramp=float(rng.choice([1, 6, 24, 72])),
            volume=float(rng.choice([1.0, 1.2, 1.6])),
            tenant_factor=_harder(rng, len(cast.tenants), strength) if by_tenant else np.ones(len(cast.tenants)),
            task_factor=np.ones(len(cast.tasks)) if by_tenant else _harder(rng, len(cast.tasks), strength),
        )
        plan.onset, plan.guilty = at, ["mix"]
        ids = ["mix"]
        if declared:
            change = add(plan, rng, "traffic", at, guilty=True, kind="traffic_shift")
            plan.guilty, ids = [change.id], [change.id, "mix"]
        return _done(plan, rng, cast, ids)

    return build


def simpson_fall(rng: np.random.Generator, cast: Cast) -> Plan:
    """The mean falls while each segment gets better."""
    plan = mix_shift(False)(rng, cast)
    plan.mix.tenant_factor = np.ones(len(cast.tenants))
    plan.mix.task_factor = _harder(rng, len(cast.tasks), float(rng.uniform(1.2, 2.2)))
    better = add(plan, rng, str(rng.choice(["prompt", "index"])), plan.mix.at + float(rng.uniform(-12, 12)))
    plan.faults.append(Fault(effect=-float(rng.uniform(0.008, 0.025)), changes=[better.id], onset=better.at))
    plan.why = "the overall mean falls because harder traffic arrives, while every segment improves a little"
    plan.notes.append(f"{better.id} is an improvement")
    return plan


def growing(rng: np.random.Generator, cast: Cast) -> Plan:
    """Conversations grow longer, and late turns were always worse."""
    plan = start(
        rng, outcome="mix", why="conversations grow longer and later turns were always worse; per turn nothing changed"
    )
    plan.growth = float(rng.uniform(3, 8))
    plan.noise = draw_noise(rng)
    plan.noise.turn = float(rng.uniform(0.18, 0.4))
    plan.onset, plan.guilty, plan.also_outcomes = 0.0, ["mix"], ["unattributed"]
    return _done(plan, rng, cast, ["mix", "unknown"])
