"""The true quality of every answer, as it would have been and as it was, and whether the answer came out correct.

A fault is a fall of the log-odds, the same in kind for all exposed requests and stronger for some tasks, sized so that
their true quality falls by just what the plan asks for. Both worlds share their random numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from blameline.drill.catalogue import APP_LAYERS
from blameline.drill.clock import DAY, Flags, Floats, logistic
from blameline.drill.requests import Requests, Tide, shares
from blameline.drill.streams import stream

if TYPE_CHECKING:
    from collections.abc import Callable

    from blameline.drill.plan import Alteration, Plan
    from blameline.drill.setting import Setting


@dataclass(frozen=True, eq=False)
class Quality:
    """The probability of a correct answer in both worlds, and what came out in the real one."""

    clean: Floats
    """Without the guilty change."""
    true: Floats
    """With it."""
    correct: Flags
    spoiled: Flags
    """Correct without the guilty change, and wrong with it."""
    small: Flags
    """Answered by the small model."""


def solve(fall: Callable[[float], float], wanted: float, top: float) -> float:
    """The strength in ``[0, top]`` at which a growing ``fall`` is as wanted, or ``top`` where it never is."""
    low, high = 0.0, top
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if fall(middle) < wanted else (low, middle)
    return (low + high) / 2


def _shocks(setting: Setting, requests: Requests, generator: np.random.Generator) -> Floats:
    """Noise that requests of one hour, or of one tenant's day, have in common."""
    hours = setting.days * 24
    fresh = generator.normal(size=hours) * np.sqrt(1 - setting.persistence**2)
    hourly = np.zeros(hours)
    hourly[0] = fresh[0]
    for index in range(1, hours):
        hourly[index] = setting.persistence * hourly[index - 1] + fresh[index]
    daily = generator.normal(size=(len(setting.tenants), setting.days))
    hour = np.minimum(requests.hours.astype(np.int64), hours - 1)
    shocks: Floats = setting.wobble * hourly[hour] + setting.tenant_wobble * daily[requests.tenant, hour // 24]
    return shocks


def _log_odds(setting: Setting, requests: Requests, generator: np.random.Generator) -> Floats:
    weekday = (requests.hours // DAY) % 7
    return (
        setting.base
        + setting.tenant_effect[requests.tenant]
        + setting.region_effect[requests.region]
        + setting.task_effect[requests.task]
        + setting.tenant_task_effect[requests.tenant, requests.task]
        + setting.hour_swing * np.sin((requests.hours % DAY - 3) / DAY * 2 * np.pi)
        + setting.weekend * np.isin(weekday, (0, 6))
        - 0.5 * requests.difficulty
        + _shocks(setting, requests, generator)
    )


def answer(layer: str, seed: int, setting: Setting, requests: Requests, plan: Plan, *, exposed: Flags) -> Quality:
    """Answer every request, in the world with the guilty change and in the one without it."""
    generator = stream(layer, seed, "quality")
    log_odds = _log_odds(setting, requests, generator)
    effort = requests.difficulty - setting.task_effect[requests.task] + 0.5 * generator.normal(size=len(requests))
    task_weight = generator.uniform(0.6, 1.4, size=len(setting.tasks))[requests.task]
    luck = generator.random(len(requests))
    line, new_line = np.quantile(effort, [0.3, 0.6]) if len(effort) else (0.0, 0.0)
    small = effort < line
    too_hard = logistic(2.0 * (effort - line))
    guilty = plan.guilty
    if layer == "router" and guilty is not None:
        small_now = np.where(exposed, effort < new_line, small)
        flipped = exposed & small_now & ~small

        def rerouted(strength: float) -> Floats:
            return log_odds - setting.small_penalty * too_hard * small - strength * too_hard * flipped

        strength = _size(rerouted, exposed, guilty)
        before, after = rerouted(0.0), rerouted(strength)
        small = small_now
    else:
        before = log_odds - setting.small_penalty * too_hard * small

        def lowered(strength: float) -> Floats:
            return before - strength * task_weight * exposed

        faulty = guilty is not None and layer in APP_LAYERS
        after = lowered(_size(lowered, exposed, guilty)) if faulty and guilty is not None else before
    clean, true = logistic(before), logistic(after)
    return Quality(clean=clean, true=true, correct=luck < true, spoiled=(luck < clean) & (luck >= true), small=small)


def _size(world: Callable[[float], Floats], exposed: Flags, guilty: Alteration) -> float:
    if not exposed.any():
        return 0.0
    clean = float(logistic(world(0.0)[exposed]).mean())
    return solve(lambda strength: clean - float(logistic(world(strength)[exposed]).mean()), guilty.effect, 12.0)


def expected_quality(setting: Setting, hours: Floats, tide: Tide | None) -> float:
    """The mean quality over some moments that the mix of tenants and tasks alone would give."""
    tenant_share, task_share = shares(setting, hours, tide)
    cell = setting.base + setting.tenant_effect[:, None] + setting.task_effect[None, :] + setting.tenant_task_effect
    return float((tenant_share * (task_share * logistic(cell)[None, :, :]).sum(axis=2)).sum(axis=1).mean())


def draw_tide(layer: str, seed: int, setting: Setting, onset: float, wanted: float) -> Tide:
    """A drift of the mix towards hard tasks (half the time also a hard tenant) that costs about as much as wanted."""
    generator = stream(layer, seed, "tide")
    ramp = float(generator.uniform(1, 24))
    both = generator.random() < 0.5
    volume = float(generator.choice([0.0, 0.0, 0.25]))
    task = np.zeros(len(setting.tasks))
    tenant = np.zeros(len(setting.tenants))
    task[int(np.argmin(setting.task_effect))] = 1.0
    task[int(np.argmax(setting.task_effect))] = -0.3
    if both:
        tenant[int(np.argmin(setting.tenant_effect))] = 0.7

    def tide(strength: float) -> Tide:
        return Tide(at=onset, ramp=ramp, tenant=strength * tenant, task=strength * task, volume=volume)

    after = np.arange(onset + ramp, max(setting.end, onset + ramp + 1), 1.0)
    usual = expected_quality(setting, after, None)
    return tide(solve(lambda strength: usual - expected_quality(setting, after, tide(strength)), wanted, 3.5))
