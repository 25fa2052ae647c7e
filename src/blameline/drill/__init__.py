"""The drill room: incidents dealt from a seed, with traces, a changelog, evals, and the truth beside them.

It knows how assistants fail and nothing about how failures are attributed.
"""

from __future__ import annotations

from blameline.drill.catalogue import LAYERS
from blameline.drill.incident import Incident, deal
from blameline.drill.rollout import ROLLOUTS

__all__ = ["LAYERS", "ROLLOUTS", "Incident", "deal"]
