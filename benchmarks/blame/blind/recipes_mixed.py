"""Recipes in which two things act together: amplifiers, masks, proxies, easier traffic."""

from __future__ import annotations

import numpy as np
from plan import Fault, Plan, add, draw_effect, pick_hour, spread
from recipes_app import any_form, culprit, finish, start
from world import Cast, MixShift


def amplifier(rng: np.random.Generator, cast: Cast) -> Plan:
    """Two changes, each harmless alone, hurt where both apply."""
    plan = start(rng, why="quality falls only where both changes apply; the later one completes the pair")
    early = pick_hour(rng, cast, 0.15, 0.4)
    first = add(plan, rng, str(rng.choice(["context", "sampling", "flag"])), early, guilty=True)
    spread(rng, cast, first, str(rng.choice(["sticky", "region", "once"])))
    second = add(plan, rng, str(rng.choice(["prompt", "model", "tools"])), pick_hour(rng, cast, 0.5, 0.75), guilty=True)
    spread(rng, cast, second, str(rng.choice(["sticky", "once", "ramp"])))
    plan.faults.append(
        Fault(
            effect=draw_effect(rng, 0.06, 0.15),
            changes=[first.id, second.id],
            onset=second.at,
            ids=[first.id, second.id],
        )
    )
    plan.guilty = [first.id, second.id]
    plan.groups = [[second.id, first.id]]
    plan.records.forced_stamps.update({first.key: True, second.key: True})
    return finish(plan, rng, cast, keep_off=[first.key, second.key])


def masked(rng: np.random.Generator, cast: Cast) -> Plan:
    """A fault on some, an improvement on the rest: the overall mean hardly moves."""
    plan = start(rng, why="a fault on one part of the traffic hides behind an improvement elsewhere")
    at = pick_hour(rng, cast)
    form = str(rng.choice(["region", "tenant", "sticky"]))
    culprit(plan, rng, cast, "prompt", form, at=at, stamp=True, use_slice=False, effect=draw_effect(rng, 0.06, 0.15))
    better = add(plan, rng, "index", at + float(rng.uniform(-10, 10)))
    if rng.random() < 0.5:
        spread(rng, cast, better, "sticky")
    plan.faults.append(Fault(effect=-float(rng.uniform(0.02, 0.05)), changes=[better.id], onset=better.at))
    plan.records.forced_stamps["index"] = True
    plan.affected = dict(plan.changes[0].scope)
    plan.notes.append(f"{better.id} is an improvement")
    return finish(plan, rng, cast)


def proxy_up(rng: np.random.Generator, cast: Cast) -> Plan:
    """Thumbs go up while correctness falls (more agreeable answers)."""
    plan = start(rng, why="users like the answers more while correctness falls; the main signal is correctness")
    culprit(plan, rng, cast, str(rng.choice(["prompt", "model"])), any_form(rng), use_slice=False)
    plan.records.thumbs, plan.proxy_up = True, float(rng.uniform(0.3, 0.8))
    return finish(plan, rng, cast)


def simpson_flat(rng: np.random.Generator, cast: Cast) -> Plan:
    """Every segment falls, and easier traffic hides it in the mean."""
    plan = start(rng, why="each segment falls by a guilty change while easier traffic keeps the overall mean flat")
    at = pick_hour(rng, cast)
    culprit(
        plan,
        rng,
        cast,
        str(rng.choice(["prompt", "model", "context"])),
        str(rng.choice(["once", "sticky", "ramp"])),
        at=at,
        use_slice=False,
    )
    factor = np.exp(np.linspace(-1, 1, len(cast.tasks)) * rng.uniform(0.8, 2.0))
    plan.mix = MixShift(
        at=at + float(rng.uniform(-20, 20)),
        ramp=float(rng.uniform(6, 48)),
        tenant_factor=np.ones(len(cast.tenants)),
        task_factor=factor,
        easier=True,
    )
    plan.notes.append("mix moves to easier tasks")
    return finish(plan, rng, cast)
