"""What every bid starts with, before any evidence: written down here, and changed by ``prior:`` in ``incident.yaml``.

The standing bidders start with a share of their own; the changes share the rest by the weight of their layer, none of them more
than ``one``. Two changes at once start with ``pair * 2 p_i p_j / sum p``, ``p`` over the changes. Numbers that nobody set are
those of the project's design notes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from blameline.records.brought import MOST_STANDING, STANDING_PRIOR

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from blameline.candidates import Candidate
    from blameline.records import PriorSetting

MOST_FOR_ONE = 0.1
"""No single change starts with more, however short the changelog is: a short changelog is not a complete one."""
FOR_TWO = 0.05
"""How much rarer two at once are than one."""
LAYER_WEIGHT: Mapping[str, float] = {
    "prompt": 1.0, "model": 1.2, "retrieval": 1.0, "sampling": 0.8, "context": 0.8, "tools": 0.8, "router": 0.8,
    "guardrail": 0.8, "deploy": 0.8, "data": 0.8, "judge": 0.8, "eval": 0.1, "telemetry": 0.5, "traffic": 0.4,
}  # fmt: skip


@dataclass(frozen=True)
class Prior:
    """The numbers in use."""

    standing: Mapping[str, float] = field(default_factory=lambda: STANDING_PRIOR)
    layers: Mapping[str, float] = field(default_factory=lambda: LAYER_WEIGHT)
    one: float = MOST_FOR_ONE
    pair: float = FOR_TWO

    def shared(self, candidates: Sequence[Candidate]) -> dict[str, float]:
        """Candidate → prior; what a short changelog leaves of the changes' part is nobody's."""
        weights = {c.id: self.layers.get(c.layer or "", 0.5) for c in candidates if not c.standing}
        left, whole = 1.0 - sum(self.standing.values()), sum(weights.values())
        changes = {name: min(left * weight / whole, self.one) for name, weight in weights.items()} if whole else {}
        return {**self.standing, **changes}


def prior_of(setting: PriorSetting | None) -> Prior:
    """The numbers of the design notes with those in their place that a manifest sets."""
    if setting is None:
        return Prior()
    whole = sum(setting.standing.values())
    return Prior(
        standing={name: share * min(1.0, MOST_STANDING / whole) for name, share in setting.standing.items()},
        layers={**LAYER_WEIGHT, **{str(layer): weight for layer, weight in setting.layers.items()}},
        one=MOST_FOR_ONE if setting.one is None else setting.one,
        pair=FOR_TWO if setting.pair is None else setting.pair,
    )
