"""The requests of a drill: when they come, from whom, about what, and what they touch.

A user belongs to one tenant and one region for good. Nothing here knows about faults, except that the mix of tenants
and tasks may be asked to drift from some moment on.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from blameline.drill.clock import DAY, Flags, Floats, Integers
from blameline.drill.setting import REGIONS, Setting
from blameline.drill.streams import stream


@dataclass(frozen=True, eq=False)
class Tide:
    """A drift of the traffic mix: log-odds added to tenants and tasks, reached over ``ramp`` hours after ``at``."""

    at: float
    ramp: float
    tenant: Floats
    task: Floats
    volume: float = 0.0
    """Relative growth of the whole traffic."""

    def height(self, hours: Floats) -> Floats:
        """How much of the drift has arrived, from 0 to 1."""
        return np.clip((hours - self.at) / self.ramp, 0.0, 1.0)


@dataclass(frozen=True, eq=False)
class Requests:
    """Columns of equal length, in order of time."""

    hours: Floats
    tenant: Integers
    region: Integers
    task: Integers
    user: Integers
    users: int
    difficulty: Floats
    """Hidden hardness beyond the task's own."""
    retrieves: Flags
    calls_tool: Flags
    judged: Flags
    """Drawn for the judge; a loss of records may still take the score away."""

    def __len__(self) -> int:
        """How many there are."""
        return len(self.hours)

    def segment(self, attribute: str) -> Integers:
        """The numbers of one segment attribute's values."""
        return {"tenant.id": self.tenant, "cloud.region": self.region, "app.task": self.task}[attribute]

    def touches(self, layer: str) -> Flags:
        """The requests that use the component of a layer at all."""
        special = {"retrieval": self.retrieves, "tools": self.calls_tool, "judge": self.judged}
        return special.get(layer, np.ones(len(self), dtype=np.bool_))


def shares(setting: Setting, hours: Floats, tide: Tide | None) -> tuple[Floats, Floats]:
    """Expected shares at each moment: of tenants (moment x tenant), and of tasks (moment x tenant x task)."""
    progress = (hours / setting.end - 0.5)[:, None]
    tenant = setting.tenant_log_share[None, :] + setting.tenant_drift[None, :] * progress
    task = setting.task_log_share[None, :, :] + (setting.task_drift[None, :] * progress)[:, None, :]
    if tide is not None:
        height = tide.height(hours)[:, None]
        tenant = tenant + height * tide.tenant[None, :]
        task = task + (height * tide.task[None, :])[:, None, :]
    tenant, task = np.exp(tenant), np.exp(task)
    return tenant / tenant.sum(axis=-1, keepdims=True), task / task.sum(axis=-1, keepdims=True)


def _arrivals(setting: Setting, generator: np.random.Generator, tide: Tide | None) -> Floats:
    hour = np.arange(setting.days * 24, dtype=np.float64)
    swing, quiet = generator.uniform(0.3, 0.7), generator.uniform(0.5, 0.95)
    weekday = (hour // DAY) % 7  # the window opens on a Sunday
    rhythm = (1 + swing * np.sin((hour % DAY - 8) / DAY * 2 * np.pi)) * np.where(np.isin(weekday, (0, 6)), quiet, 1.0)
    growth = 1 + generator.uniform(-0.1, 0.1) * (hour / setting.end - 0.5)
    intensity = setting.rate * rhythm / rhythm.mean() * growth
    if tide is not None:
        intensity = intensity * (1 + tide.volume * tide.height(hour))
    counts = generator.poisson(intensity * generator.gamma(60, 1 / 60, len(hour)))
    hours = np.sort(np.repeat(hour, counts) + generator.random(int(counts.sum())))
    return np.floor(hours * 3_600_000) / 3_600_000


def _which(cumulative: Floats, uniform: Floats) -> Integers:
    chosen: Integers = (uniform[:, None] > cumulative).sum(axis=1).astype(np.int64)
    last: Integers = np.minimum(chosen, cumulative.shape[1] - 1)
    return last


def _people(setting: Setting, generator: np.random.Generator, tenant: Integers) -> tuple[Integers, Integers, int]:
    """The user and the region of each request, and how many users there are."""
    each = np.maximum(12, (setting.rate * 8 * np.exp(setting.tenant_log_share)).astype(np.int64))
    first = np.concatenate([[0], np.cumsum(each)])
    user = np.zeros(len(tenant), dtype=np.int64)
    home = np.zeros(int(first[-1]), dtype=np.int64)
    for number, size in enumerate(each):
        home[first[number] : first[number + 1]] = generator.choice(
            len(REGIONS), size=int(size), p=setting.region_share[number]
        )
        activity = np.cumsum(generator.gamma(1.2, size=int(size)) + 0.05)
        mine = np.flatnonzero(tenant == number)
        user[mine] = first[number] + np.searchsorted(activity, generator.random(len(mine)) * activity[-1])
    return user, home[user], int(first[-1])


def draw_requests(layer: str, seed: int, setting: Setting, tide: Tide | None = None) -> Requests:
    """All requests of the window."""
    generator = stream(layer, seed, "requests")
    hours = _arrivals(setting, generator, tide)
    count = len(hours)
    tenant_share, task_share = shares(setting, hours, tide)
    tenant = _which(np.cumsum(tenant_share, axis=1), generator.random(count))
    task = _which(np.cumsum(task_share[np.arange(count), tenant], axis=1), generator.random(count))
    user, region, users = _people(setting, generator, tenant)
    return Requests(
        hours=hours,
        tenant=tenant,
        region=region,
        task=task,
        user=user,
        users=users,
        difficulty=generator.normal(size=count),
        retrieves=generator.random(count) < setting.retrieves[task],
        calls_tool=generator.random(count) < setting.calls_tool[task],
        judged=generator.random(count) < setting.judge_rate,
    )
