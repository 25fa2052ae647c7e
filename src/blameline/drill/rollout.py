"""How a change reaches the traffic: at once, in stages, by a sticky percentage, in part for good, or for a while."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from blameline.drill.clock import DAY, Flags, minute
from blameline.drill.setting import REGIONS, Setting
from blameline.drill.streams import pick

if TYPE_CHECKING:
    from collections.abc import Mapping

    from blameline.drill.requests import Requests

ROLLOUTS: tuple[str, ...] = (
    "all_at_once",
    "staged_region",
    "staged_tenant",
    "sticky_percent",
    "partial",
    "rolled_back",
)
"""The names that ``deal`` takes; two layers know one more each: ``overlap`` (judge) and ``ramp`` (traffic)."""

_USUAL = (0.18, 0.20, 0.15, 0.22, 0.15, 0.10)
_SPECIAL: Mapping[str, tuple[float, ...]] = {
    "data": (0.0, 0.15, 0.0, 0.0, 0.85, 0.0),
    "telemetry": (0.22, 0.28, 0.0, 0.20, 0.30, 0.0),
}


@dataclass(frozen=True)
class Step:
    """From ``at`` on, ``percent`` of the units of one scope carry the new version; an empty scope is everywhere."""

    at: float
    percent: float = 100.0
    scope: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Rollout:
    """The steps of one change, and the moment it was taken back, if it was."""

    name: str
    steps: tuple[Step, ...]
    ended: float | None = None
    bucket: int = 0
    """Which draw of sticky buckets it uses; two changes of one bundle share it."""
    unit: str = "user"
    """What a percentage sticks to: ``user``, or ``request`` for work that has no memory."""

    @property
    def at(self) -> float:
        """When the first traffic met it."""
        return self.steps[0].at

    @property
    def scope(self) -> dict[str, str]:
        """The one scope that it never left; empty when it went everywhere or to a percentage."""
        return dict(self.steps[0].scope) if self.name == "partial" else {}

    def moved(self, by: float) -> Rollout:
        """The same rollout, later by some hours."""
        steps = tuple(replace(step, at=minute(step.at + by)) for step in self.steps)
        return replace(self, steps=steps, ended=None if self.ended is None else minute(self.ended + by))

    def carried(self, setting: Setting, requests: Requests, seed: int) -> Flags:
        """The requests that were served with the new version, whether they touched its component or not."""
        generator = np.random.default_rng([seed, self.bucket])
        by_user = self.unit == "user"
        draws = generator.random(requests.users if by_user else len(requests))
        bucket = draws[requests.user] if by_user else draws
        carried = np.zeros(len(requests), dtype=np.bool_)
        for step in self.steps:
            reached = (requests.hours >= step.at) & (bucket * 100 < step.percent)
            for attribute, value in step.scope.items():
                reached &= requests.segment(attribute) == setting.values(attribute).index(value)
            carried |= reached
        return carried if self.ended is None else carried & (requests.hours < self.ended)


def _staged(
    generator: np.random.Generator, attribute: str, values: tuple[str, ...], at: float, span: float
) -> tuple[Step, ...]:
    order = [values[int(index)] for index in generator.permutation(len(values))]
    stages = np.array_split(np.arange(len(order)), 3)
    offsets = [0.0, span * generator.uniform(0.3, 0.6), span]
    return tuple(
        Step(at=minute(at + offset), scope={attribute: order[int(index)]})
        for offset, stage in zip(offsets, stages, strict=True)
        for index in stage
    )


def _partial(generator: np.random.Generator, setting: Setting, layer: str, at: float) -> tuple[Step, ...]:
    weights = (0.45, 0.55, 0.0) if layer == "data" else (0.4, 0.3, 0.3)
    way = pick(generator, ("tenant.id", "cloud.region", "percent"), weights)
    large = setting.tenants[: max(2, len(setting.tenants) // 2)]  # tenants are listed by size
    if way == "percent":
        return (Step(at=at, percent=40.0),)
    return (Step(at=at, scope={way: pick(generator, large if way == "tenant.id" else REGIONS)}),)


def _name(generator: np.random.Generator, layer: str) -> str:
    if layer == "traffic":
        return "ramp"
    if layer == "judge":
        return pick(generator, ("all_at_once", "overlap", "sticky_percent", "staged_tenant"), (0.2, 0.4, 0.22, 0.18))
    return pick(generator, ROLLOUTS, _SPECIAL.get(layer, _USUAL))


def draw_rollout(
    generator: np.random.Generator, setting: Setting, *, layer: str, at: float, bucket: int, name: str | None = None
) -> Rollout:
    """One rollout that begins at ``at``; a name that is handed in replaces the drawn one."""
    drawn = _name(generator, layer)
    name = drawn if name is None else name
    at, room = minute(at), setting.end - at
    span = min(float(generator.uniform(1, 3)) * DAY, 0.5 * room)
    if name == "staged_region":
        return Rollout(name, _staged(generator, "cloud.region", REGIONS, at, span), bucket=bucket)
    if name == "staged_tenant":
        return Rollout(name, _staged(generator, "tenant.id", setting.tenants, at, span), bucket=bucket)
    if name == "sticky_percent":
        middle = minute(at + span * generator.uniform(0.3, 0.6))
        steps = (Step(at, 10.0), Step(middle, 50.0), Step(minute(at + span), 100.0))
        return Rollout(name, steps, bucket=bucket)
    if name == "overlap":
        return Rollout(name, (Step(at, 50.0), Step(minute(at + min(DAY, 0.4 * room)))), bucket=bucket, unit="request")
    if name == "partial":
        return Rollout(name, _partial(generator, setting, layer, at), bucket=bucket)
    ended = minute(at + min(float(generator.uniform(1, 4)) * DAY, 0.8 * room)) if name == "rolled_back" else None
    return Rollout(name, (Step(at),), ended=ended, bucket=bucket)
