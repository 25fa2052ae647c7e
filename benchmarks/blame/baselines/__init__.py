"""Other ways to name a cause, each on the same cases, candidates and cells as ours.

All but Otava are told whether anything got worse, where it began and of which signal, by our own answer, and are only asked for
the cause: what they lose is lost by attribution. Otava finds its own change points. Every choice that a method leaves open was
made on the tuning half in the method's favour, and is told where it was made.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

from baselines.baro import by_baro
from baselines.correlation import by_correlation
from baselines.distribution_change import by_distribution_change
from baselines.otava_points import by_otava
from baselines.timing import most_recent, nearest, the_model

if TYPE_CHECKING:
    from baselines.ground import Method

BASELINES: dict[str, Method] = {
    "most recent change": most_recent,
    "nearest change": nearest,
    "the model": the_model,
    "correlation": by_correlation,
    "BARO robust score": by_baro,
    "Otava + nearest change": by_otava,
    "DoWhy distribution change": by_distribution_change,
}
PEERS: dict[str, str] = {"Otava + nearest change": "otava", "DoWhy distribution change": "dowhy"}
"""By baseline: the package that it needs, which only the dependency group ``benchmarks`` has."""


def missing(name: str) -> str | None:
    """The package that a baseline lacks here; ``None`` where it can be run."""
    package = PEERS.get(name)
    return package if package is not None and find_spec(package) is None else None
