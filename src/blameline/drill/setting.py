"""The company that a drill happens in: its tenants, regions and tasks, its rhythm, and how noisy its quality is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from blameline.drill.catalogue import ATTRIBUTES, Versions, draw_versions
from blameline.drill.streams import stream

if TYPE_CHECKING:
    from collections.abc import Mapping

    from blameline.drill.clock import Floats

SERVICE = "support-assistant"
REGIONS: tuple[str, ...] = ("eu-west-1", "us-east-1", "ap-south-1")
SEGMENTS: tuple[str, ...] = ("tenant.id", "cloud.region", "app.task")

_TENANTS: tuple[str, ...] = ("acme", "globex", "initech", "hooli", "vandelay", "soylent", "tyrell")
_TASKS: tuple[tuple[str, float, float, float, float], ...] = (
    # name, share, log-odds of a correct answer, uses retrieval, calls a tool
    ("refund", 0.22, -0.55, 0.75, 0.65),
    ("billing", 0.28, -0.20, 0.70, 0.55),
    ("howto", 0.35, 0.25, 0.85, 0.18),
    ("smalltalk", 0.15, 0.80, 0.15, 0.05),
)


@dataclass(frozen=True, eq=False)
class Setting:
    """All that is drawn once an incident, before any request arrives."""

    days: int
    rate: float
    """Mean requests an hour."""
    tenants: tuple[str, ...]
    tasks: tuple[str, ...]
    tenant_log_share: Floats
    tenant_drift: Floats
    task_log_share: Floats
    """Tenant x task."""
    task_drift: Floats
    region_share: Floats
    """Tenant x region."""
    base: float
    tenant_effect: Floats
    region_effect: Floats
    task_effect: Floats
    tenant_task_effect: Floats
    retrieves: Floats
    calls_tool: Floats
    hour_swing: float
    weekend: float
    wobble: float
    """Standard deviation of the hourly shocks, in log-odds."""
    persistence: float
    tenant_wobble: float
    """Standard deviation of the shocks of a tenant's day, in log-odds."""
    small_penalty: float
    judge_rate: float
    sensitivity: float
    specificity: float
    versions: Versions
    stamped: Mapping[str, bool]
    """Attribute → whether the traces of this incident carry it."""

    @property
    def end(self) -> float:
        """Hours from the start to the close of the window."""
        return self.days * 24.0

    def values(self, attribute: str) -> tuple[str, ...]:
        """The values of one segment attribute, in the order of their numbers."""
        return {"tenant.id": self.tenants, "cloud.region": REGIONS, "app.task": self.tasks}[attribute]


def _strength(generator: np.random.Generator, top: float) -> float:
    return 0.0 if generator.random() < 0.3 else float(generator.uniform(0.02, top))


def _stamps(generator: np.random.Generator) -> dict[str, bool]:
    layers = {layer: bool(generator.random() < 0.93) for layer in ATTRIBUTES}
    fingerprint = bool(generator.random() < 0.7)
    carried = {attribute: layers[layer] for layer, names in ATTRIBUTES.items() for attribute in names}
    carried["openai.response.system_fingerprint"] = fingerprint and layers["model"]
    carried["app.route"] = layers["router"]
    return carried


def draw_setting(layer: str, seed: int, *, days: int, traffic: float | None, judge_rate: float | None) -> Setting:
    """One company, drawn from the seed."""
    generator = stream(layer, seed, "setting")
    tenant_count = int(generator.integers(4, 8))
    tenants = tuple(_TENANTS[int(index)] for index in generator.permutation(len(_TENANTS))[:tenant_count])
    chosen = _TASKS[: int(generator.integers(3, 5))]
    task_count = len(chosen)
    zipf = -generator.uniform(0.5, 1.1) * np.log(np.arange(1, tenant_count + 1))
    region_base = generator.dirichlet([6.0, 6.0, 4.0])
    rate = float(np.exp(generator.uniform(np.log(25), np.log(200))))
    drawn_judge_rate = float(generator.uniform(0.3, 1.0))
    wobbliest = 0.22 if layer == "null" else 0.15
    return Setting(
        days=days,
        rate=rate if traffic is None else float(traffic),
        tenants=tenants,
        tasks=tuple(task[0] for task in chosen),
        tenant_log_share=zipf,
        tenant_drift=generator.normal(0, 0.15, tenant_count),
        task_log_share=np.log([task[1] for task in chosen]) + generator.normal(0, 0.35, (tenant_count, task_count)),
        task_drift=generator.normal(0, 0.12, task_count),
        region_share=generator.dirichlet(region_base * 12 + 0.5, size=tenant_count),
        base=float(generator.uniform(1.6, 2.3)),
        tenant_effect=generator.normal(0, 0.25, tenant_count),
        region_effect=generator.normal(0, 0.12, len(REGIONS)),
        task_effect=np.array([task[2] for task in chosen]) + generator.normal(0, 0.1, task_count),
        tenant_task_effect=generator.normal(0, 0.1, (tenant_count, task_count)),
        retrieves=np.array([task[3] for task in chosen]),
        calls_tool=np.array([task[4] for task in chosen]),
        hour_swing=float(generator.uniform(0, 0.12)),
        weekend=float(generator.uniform(-0.12, 0.12)),
        wobble=_strength(generator, wobbliest),
        persistence=float(generator.uniform(0.6, 0.95)),
        tenant_wobble=_strength(generator, 0.15),
        small_penalty=float(generator.uniform(0.3, 0.6)),
        judge_rate=drawn_judge_rate if judge_rate is None else float(judge_rate),
        sensitivity=float(generator.uniform(0.88, 0.97)),
        specificity=float(generator.uniform(0.8, 0.95)),
        versions=draw_versions(generator),
        stamped=_stamps(generator),
    )
