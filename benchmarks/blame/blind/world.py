"""Traffic: tenants, regions, tasks, users, conversations and requests with daily and weekly rhythm."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

TENANTS = [
    "acme",
    "globex",
    "initech",
    "umbrella",
    "hooli",
    "stark",
    "wayne",
    "tyrell",
    "cyberdyne",
    "wonka",
    "oscorp",
    "vandelay",
]
REGIONS = ["eu-west-1", "us-east-1", "ap-south-1", "eu-central-1", "us-west-2"]
TASKS = ["refund", "how_to", "billing", "troubleshoot", "summarise", "compare", "account"]


@dataclass
class Cast:
    """Who takes part, drawn before the incident is planned."""

    start: datetime
    days: int
    regions: list[str]
    tenants: list[str]
    tasks: list[str]
    region_share: np.ndarray
    tenant_share: np.ndarray
    task_mix: np.ndarray  # tenant x task
    rate: float  # exported requests an hour
    layout: str  # flat | pair | full
    paradigm: str

    @property
    def hours(self) -> int:
        """Length of the record in hours."""
        return self.days * 24

    def when(self, hour: float) -> datetime:
        """The UTC time of an hour since start, on whole seconds."""
        return self.start + timedelta(seconds=round(hour * 3600))


@dataclass
class MixShift:
    """A change of who asks what; weight goes from 0 to 1 over ramp hours."""

    at: float
    ramp: float
    tenant_factor: np.ndarray
    task_factor: np.ndarray
    volume: float = 1.0
    easier: bool = False  # the levels are ordered so that the favoured names are easier, not harder

    def weight(self, hours: np.ndarray) -> np.ndarray:
        """How far the shift has gone."""
        return np.clip((hours - self.at) / max(self.ramp, 1e-6), 0, 1)


@dataclass
class Traffic:
    """One row a request, sorted by time (hours since start)."""

    time: np.ndarray
    user: np.ndarray
    tenant: np.ndarray
    region: np.ndarray
    task: np.ndarray
    conversation: np.ndarray
    turn: np.ndarray
    n_users: int
    n_conversations: int
    unit_uniform: dict[str, np.ndarray] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Number of requests."""
        return len(self.time)


def draw_cast(rng: np.random.Generator, spans_cap: int = 37_000, **fixed: Any) -> Cast:
    """Draw the cast; `fixed` overrides: days, rate, layout, regions."""
    days = int(fixed.get("days") or rng.integers(10, 22))
    layout = str(fixed.get("layout") or rng.choice(["flat", "pair", "full"], p=[0.42, 0.36, 0.22]))
    per_request = {"flat": 1.0, "pair": 2.0, "full": 3.5}[layout]
    rate = float(fixed.get("rate") or np.exp(rng.uniform(np.log(20), np.log(300))))
    rate = max(min(rate, spans_cap / per_request / (days * 24)), 8.0)
    n_regions = int(fixed.get("regions") or rng.integers(2, 6))
    n_tenants, n_tasks = int(rng.integers(3, 13)), int(rng.integers(3, 8))
    start = datetime(2026, 1, 5, tzinfo=UTC) + timedelta(days=int(rng.integers(0, 300)))
    tenant_share = 1 / np.arange(1, n_tenants + 1) ** rng.uniform(0.4, 1.3)
    return Cast(
        start=start,
        days=days,
        regions=REGIONS[:n_regions],
        layout=layout,
        rate=rate,
        tenants=[str(name) for name in rng.permutation(TENANTS)[:n_tenants]],
        tasks=TASKS[:n_tasks],
        region_share=rng.dirichlet(np.full(n_regions, 4.0)),
        tenant_share=tenant_share / tenant_share.sum(),
        task_mix=rng.dirichlet(np.full(n_tasks, 1.5), size=n_tenants),
        paradigm=str(rng.choice(["chatbot", "copilot", "agent"], p=[0.6, 0.2, 0.2])),
    )


def _choose(rng: np.random.Generator, weights: np.ndarray) -> np.ndarray:
    """One draw a row from rows of unnormalised weights."""
    cumulative = np.cumsum(weights, axis=1)
    return (rng.random(len(weights))[:, None] * cumulative[:, -1:] > cumulative).sum(axis=1)


def make_traffic(
    rng: np.random.Generator, cast: Cast, mix: MixShift | None = None, growth: float = 0.0, rhythm: float = 1.0
) -> Traffic:
    """Simulate conversations hour by hour and region by region; growth adds that many mean turns over the record."""
    hours = np.arange(cast.hours)
    mean_turns = float(rng.uniform(1.2, 3.5))
    daily, weekend = rng.uniform(0.25, 0.8) * min(rhythm, 1.15), rng.uniform(0.35, 1.1)
    n_users = int(np.clip(cast.rate * cast.days * rng.uniform(0.4, 2.5), 60, 6000))
    user_region = rng.choice(len(cast.regions), n_users, p=cast.region_share)
    user_tenant = rng.choice(len(cast.tenants), n_users, p=cast.tenant_share)
    user_weight = rng.pareto(rng.uniform(1.3, 3), n_users) + 0.2
    user_weight = np.minimum(user_weight, user_weight.sum() * 0.02)
    starts, regions = [], []
    weekday = np.array([(cast.start + timedelta(hours=int(hour))).weekday() for hour in hours])
    clock = (hours + cast.start.hour) % 24
    for index, share in enumerate(cast.region_share):
        phase = [13, 19, 7, 12, 21][index]
        profile = 1 + min(daily, 0.95) * np.cos(2 * np.pi * (clock - phase) / 24)
        profile = profile * np.where(weekday >= 5, weekend, 1.0)
        profile /= profile.mean()
        volume = 1.0 if mix is None else 1 + (mix.volume - 1) * mix.weight(hours + 0.5)
        grow = mean_turns + growth * hours / cast.hours
        lam = cast.rate * share * profile * volume / grow * rng.gamma(12, 1 / 12, len(hours))
        count = rng.poisson(lam)
        start = np.repeat(hours, count) + rng.random(count.sum())
        starts.append(start)
        regions.append(np.full(len(start), index))
    conv_time, conv_region = np.concatenate(starts), np.concatenate(regions)
    tenant_weights = np.tile(cast.tenant_share, (len(conv_time), 1))
    if mix is not None:
        moved = mix.weight(conv_time)[:, None]
        tenant_weights = tenant_weights * (1 + (mix.tenant_factor[None, :] - 1) * moved)
    conv_tenant = _choose(rng, tenant_weights)
    task_weights = cast.task_mix[conv_tenant]
    if mix is not None:
        task_weights = task_weights * (1 + (mix.task_factor[None, :] - 1) * moved)
    conv_task = _choose(rng, task_weights)
    conv_user = np.zeros(len(conv_time), dtype=int)
    for tenant in range(len(cast.tenants)):
        for region in range(len(cast.regions)):
            rows = np.flatnonzero((conv_tenant == tenant) & (conv_region == region))
            pool = np.flatnonzero((user_tenant == tenant) & (user_region == region))
            if len(pool) == 0:
                pool = np.array([n_users])
                n_users += 1
                user_weight, user_tenant = np.append(user_weight, 1.0), np.append(user_tenant, tenant)
                user_region = np.append(user_region, region)
            weight = user_weight[pool]
            conv_user[rows] = rng.choice(pool, len(rows), p=weight / weight.sum())
    turns = 1 + rng.poisson(np.maximum(mean_turns - 1 + growth * conv_time / cast.hours, 0.05))
    conversation = np.repeat(np.arange(len(conv_time)), turns)
    turn = np.arange(len(conversation)) - np.repeat(np.cumsum(turns) - turns, turns)
    gap = np.where(turn > 0, rng.lognormal(np.log(0.03), 1.0, len(turn)), 0.0)
    running = np.cumsum(gap)
    first = np.repeat(running[np.cumsum(turns) - turns] if len(turns) else running, turns)
    time = conv_time[conversation] + np.minimum(running - first, 3.0)
    keep = np.flatnonzero(time < cast.hours)
    order = keep[np.argsort(time[keep], kind="stable")]
    conversation = conversation[order]
    return Traffic(
        time=time[order],
        user=conv_user[conversation],
        tenant=conv_tenant[conversation],
        region=conv_region[conversation],
        task=conv_task[conversation],
        conversation=conversation,
        turn=turn[order],
        n_users=n_users,
        n_conversations=len(conv_time),
    )
