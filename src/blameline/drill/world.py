"""Everything that was drawn for one incident, in one place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from blameline.drill.clock import Flags
    from blameline.drill.plan import Alteration, Plan
    from blameline.drill.quality import Quality
    from blameline.drill.requests import Requests, Tide
    from blameline.drill.scores import Scores
    from blameline.drill.setting import Setting


@dataclass(frozen=True, eq=False)
class World:
    """What the writers of traces, evals and truth may look at."""

    layer: str
    seed: int
    setting: Setting
    requests: Requests
    plan: Plan
    tide: Tide | None
    quality: Quality
    scores: Scores
    exposed: Flags
    """Requests that met the guilty change."""
    exposures: tuple[tuple[Alteration, Flags], ...]
    """The same for every change."""
