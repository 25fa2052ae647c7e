"""What happens in a drill: the guilty change, the innocent ones around it, and what somebody wrote down about them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from blameline.drill.catalogue import ATTRIBUTES, DECOY_LAYERS, KINDS, Move
from blameline.drill.clock import minute
from blameline.drill.rollout import Rollout, draw_rollout
from blameline.drill.streams import pick, stream

if TYPE_CHECKING:
    from collections.abc import Mapping

    from blameline.drill.setting import Setting

_UNDECLARED: Mapping[str, float] = {"model": 0.5, "judge": 0.3, "telemetry": 0.5, "traffic": 0.8}
"""How often the guilty change of a layer is in no changelog; never, for the layers that are absent."""

_EVERYWHERE: tuple[str, ...] = ("prompt", "sampling", "context", "guardrail", "deploy", "router")
"""Layers whose component every request uses, so that two changes of them can have the very same exposure."""


@dataclass(frozen=True)
class Asked:
    """What the caller of ``deal`` fixed; ``None`` leaves a thing to chance."""

    rollout: str | None = None
    effect: float | None = None
    traffic: float | None = None
    decoys: int | None = None
    declared: bool | None = None
    judge_rate: float | None = None
    tie: bool | None = None


@dataclass(frozen=True)
class Alteration:
    """One change as it really was, and how it was told."""

    layer: str
    kind: str
    rollout: Rollout
    moves: Mapping[str, Move]
    """Attribute → the version before and after; empty where the layer leaves no stamp."""
    guilty: bool
    declared: bool
    loud: bool
    effect: float = 0.0
    """Asked fall of the true quality (or of the judged score, for the ruler) on exposed requests."""
    length: float = 1.0
    """Factor on the length of answers, harmless."""
    latency: float = 1.0
    """Factor on the latency, harmless."""
    told_late: float = 0.0
    """Hours by which the changelog's time is off."""
    tells_to: bool = True
    tells_rollout: bool = True
    tells_revert: bool = True
    recorded_after: float | None = None
    """Hours until it was written down; ``None`` when nobody said."""

    def undeclared_names(self, stamped: Mapping[str, bool] | None) -> list[str]:
        """The names by which the ledger can know this change if only the traces tell of it, the best one first.

        ``None`` asks for the names that it would have if every attribute were stamped.
        """
        order = sorted(self.moves, key=lambda name: name == "openai.response.system_fingerprint")
        return [
            f"undeclared:{self.layer}:{attribute}={self.moves[attribute][1]}"
            for attribute in order
            if (stamped is None or stamped[attribute]) and self.moves[attribute][0] != self.moves[attribute][1]
        ]


@dataclass(frozen=True)
class Plan:
    """All changes of an incident in no particular order, and the hour at which the trouble starts."""

    onset: float
    """Also drawn where nothing happens, so that decoys and reports have something to gather around."""
    alterations: tuple[Alteration, ...]

    @property
    def guilty(self) -> Alteration | None:
        """The one that did it."""
        return next((alteration for alteration in self.alterations if alteration.guilty), None)

    @property
    def decoys(self) -> tuple[Alteration, ...]:
        """The ones that did not."""
        return tuple(alteration for alteration in self.alterations if not alteration.guilty)


def _effect(generator: np.random.Generator, layer: str, asked: float | None) -> float:
    spans = {"router": (0.06, 0.11), "judge": (0.05, 0.14), "telemetry": (0.05, 0.14), "traffic": (0.055, 0.11)}
    low, high = spans.get(layer, (0.06, 0.16))
    drawn = float(generator.uniform(low, high))
    return drawn if asked is None else abs(asked)


def _alteration(
    generator: np.random.Generator,
    setting: Setting,
    layer: str,
    rollout: Rollout,
    *,
    guilty: bool,
    declared: bool | None,
) -> Alteration:
    kind = pick(generator, KINDS[layer])
    told = generator.random() >= (_UNDECLARED.get(layer, 0.0) if guilty else 0.06)
    known = bool(told) if declared is None else declared
    if not known and layer == "model":
        kind = "provider_update"  # the same requested alias, another model behind it
    benign = generator.random() < (0.3 if guilty else 0.4)
    length, latency = np.exp(generator.uniform(-0.35, 0.35, size=2))
    wrong = generator.random()
    off = float(generator.uniform(-3, 3))
    return Alteration(
        layer=layer,
        kind=kind,
        rollout=rollout,
        moves=setting.versions.of(layer, kind),
        guilty=guilty,
        declared=known,
        loud=bool(generator.random() < (0.25 if guilty else 0.4)),
        length=float(length) if benign else 1.0,
        latency=float(latency) if benign else 1.0,
        told_late=minute(off) if wrong < 0.1 else 0.0,
        tells_to=not 0.1 <= wrong < 0.2,
        tells_rollout=bool(generator.random() < 0.75) or layer == "data",
        tells_revert=bool(generator.random() < 0.8),
        recorded_after=float(generator.uniform(0.05, 4)) if generator.random() < 0.5 else None,
    )


def _decoy_hours(generator: np.random.Generator, setting: Setting, onset: float, count: int) -> list[float]:
    """When the innocent changes begin; in half of the incidents the first one sits within twelve hours of the onset."""
    hours = [float(value) for value in generator.uniform(0.08, 0.92, size=count) * setting.end]
    near, before = generator.random() < 0.5, generator.random() < 0.8
    distance = float(generator.uniform(0.2, 12))
    if near and hours:
        hours[0] = onset - distance if before else onset + distance
    return [minute(hour) for hour in hours]


def _decoys(layer: str, seed: int, setting: Setting, onset: float, asked: Asked) -> list[Alteration]:
    generator = stream(layer, seed, "decoys")
    drawn = int(generator.integers(2, 8))
    count = drawn if asked.decoys is None else asked.decoys
    open_layers = [name for name in DECOY_LAYERS if name != layer]
    order = [open_layers[int(index)] for index in generator.permutation(len(open_layers))][:count]
    result = []
    for number, (name, at) in enumerate(zip(order, _decoy_hours(generator, setting, onset, len(order)), strict=True)):
        rollout = draw_rollout(generator, setting, layer=name, at=at, bucket=number + 1)
        decoy = _alteration(generator, setting, name, rollout, guilty=False, declared=None)
        near = -12 <= at - onset < 0
        result.append(replace(decoy, loud=decoy.loud or near, declared=decoy.declared or name not in ATTRIBUTES))
    return result


def draw_plan(layer: str, seed: int, setting: Setting, asked: Asked) -> Plan:
    """The changes of one incident."""
    generator = stream(layer, seed, "plan")
    onset = minute(float(generator.uniform(0.45, 0.80)) * setting.end)
    decoys = _decoys(layer, seed, setting, onset, asked)
    if layer == "null":
        return Plan(onset=onset, alterations=tuple(decoys))
    effect = _effect(generator, layer, asked.effect)
    tied = generator.random() < 0.06 if asked.tie is None else asked.tie
    partner = pick(generator, tuple(name for name in _EVERYWHERE if name != layer))
    rollout = draw_rollout(generator, setting, layer=layer, at=onset, bucket=0, name=asked.rollout)
    guilty = replace(
        _alteration(generator, setting, layer, rollout, guilty=True, declared=asked.declared), effect=effect
    )
    if tied and layer in _EVERYWHERE:
        bundled = _alteration(generator, setting, partner, rollout, guilty=False, declared=True)
        decoys = [bundled, *(decoy for decoy in decoys[1:] if decoy.layer != partner)]
    return Plan(onset=onset, alterations=(guilty, *decoys))
