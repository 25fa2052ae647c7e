"""What really happened, and whether anybody could have found out.

``identifiable`` asks an oracle: if the true exposure were known, would the planted effect stand five standard errors
clear of chance (the noise of whole days included), and is there no innocent change with nearly the same exposure? It
forgives a declared change its missing stamp; ``traceable`` tells whether a stamp, a scope or a written rollout gives
the exposure away. A loss of records that met a share of the requests and left no trace on those that remain has to stand
clear in all requests since it began: which ones it met is known to nobody.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from blameline.drill.catalogue import FINGERPRINT
from blameline.drill.clock import Flags, Floats, Integers, written
from blameline.drill.quality import expected_quality
from blameline.drill.scores import SIGNAL

if TYPE_CHECKING:
    from collections.abc import Mapping

    from blameline.drill.plan import Alteration
    from blameline.drill.world import World

SCHEMA = "blameline.truth/1"
SAME_EXPOSURE = 0.97
"""Correlation over requests from which on two exposures are one and the same to any method."""
CLEAR = 5.0
"""Standard errors that an oracle needs."""
ALL = 100.0
"""Percent of the requests in scope."""
CROWDED = 6.0
"""Hours within which two changes that come all at once are one to any method."""

_STANDING: Mapping[str, str] = {"judge": "ruler", "telemetry": "artefact", "traffic": "mix"}


def _mean(values: Floats) -> float:
    return float(values.mean()) if len(values) else 0.0


def _observed(world: World, chosen: Flags) -> tuple[float, float]:
    """Expected mean of the signal over the judged records of some requests, without and with the guilty change."""
    scores = world.scores
    drawn = chosen & world.requests.judged
    without = _mean(scores.expected_clean[drawn])
    if world.layer != "telemetry":
        return without, _mean(scores.expected[drawn])
    good = (world.quality.true * scores.survival)[drawn]
    bad = 1 - world.quality.true[drawn]
    called = good * world.setting.sensitivity + bad * (1 - world.setting.specificity)
    return without, float(called.sum() / max(float((good + bad).sum()), 1.0))


def effects(world: World, guilty: Alteration) -> tuple[float, float, float]:
    """True change of the signal on exposed traffic and on all traffic while it lasted, and of the true quality."""
    end = world.setting.end if guilty.rollout.ended is None else guilty.rollout.ended
    during = (world.requests.hours >= guilty.rollout.at) & (world.requests.hours < end)
    if world.tide is not None:
        hours = world.requests.hours[during][::20]
        change = expected_quality(world.setting, hours, world.tide) - expected_quality(world.setting, hours, None)
        seen = change * (world.setting.sensitivity + world.setting.specificity - 1)
        return seen, seen, 0.0
    before, after = _observed(world, world.exposed)
    all_before, all_after = _observed(world, during)
    fall = _mean((world.quality.true - world.quality.clean)[world.exposed])
    return after - before, all_after - all_before, fall


def standard_error(world: World, exposed: Flags) -> float:
    """Of an oracle's contrast of exposed and unexposed judged requests, with the noise that a day has in common."""
    judged, requests = world.scores.judged, world.requests
    values = np.nan_to_num(world.scores.columns[SIGNAL])
    cell: Integers = requests.tenant * len(world.setting.tasks) + requests.task
    calm, hit = judged & ~exposed, judged & exposed
    if calm.sum() < 30 or hit.sum() < 30:
        return float("inf")
    size = np.bincount(cell[calm])
    means = np.bincount(cell[calm], weights=values[calm]) / np.maximum(size, 1)
    usual = np.where(cell < len(means), means[np.minimum(cell, len(means) - 1)], values[calm].mean())
    rest, day = values - usual, (requests.hours // 24).astype(np.int64)
    spread = float(rest[calm].var())
    each = np.bincount(day[calm])
    full = each >= 10
    daily = np.bincount(day[calm], weights=rest[calm])[full] / each[full]
    shared = max(0.0, float(daily.var()) - float((spread / each[full]).mean())) if full.sum() > 2 else spread
    days = 1 / len(np.unique(day[hit])) + 1 / len(np.unique(day[calm]))
    return float(np.sqrt(spread / calm.sum() + float(rest[hit].var()) / hit.sum() + shared * days))


def likeness(first: Flags, second: Flags) -> float:
    """The correlation of two exposures over the requests; 0 where one of them never varies."""
    if first.all() or second.all() or not first.any() or not second.any():
        return 0.0
    return float(np.corrcoef(first, second)[0, 1])


def _names(world: World, ids: Mapping[str, str], alteration: Alteration) -> list[str]:
    """The names by which a change is known in the ledger, the best one first."""
    seen = alteration.undeclared_names(world.setting.stamped)
    names = [ids[alteration.layer]] if alteration.layer in ids else seen
    standing = _STANDING.get(alteration.layer) if alteration.guilty else None
    names = [*names, standing] if standing else names
    return names or [*alteration.undeclared_names(None), "unknown"]


def _partners(world: World, ids: Mapping[str, str]) -> list[str]:
    """Innocent changes that met nearly the same requests; the ruler and the mix are told apart by other means."""
    guilty = world.plan.guilty
    if guilty is None or guilty.layer in _STANDING:
        return []
    return [
        _names(world, ids, alteration)[0]
        for alteration, mask in world.exposures
        if not alteration.guilty and likeness(mask, world.exposed) >= SAME_EXPOSURE
    ]


def _against(world: World, guilty: Alteration, clear: float, tied: list[str], *, stamped: bool) -> str | None:
    """Why nobody could find the guilty change, if nobody could."""
    crowded = guilty.rollout.name == "all_at_once" and any(
        abs(decoy.rollout.at - guilty.rollout.at) <= CROWDED for decoy in world.plan.decoys
    )
    if clear < CLEAR:
        return f"the effect stands only {clear:.1f} standard errors clear of chance"
    if guilty.layer in _STANDING:
        return None
    if tied:
        return f"{', '.join(tied)} met nearly the same requests"
    if crowded:
        return "it came all at once with an innocent change within six hours"
    if not guilty.declared and not stamped:
        return "nobody declared it, and no trace carries a stamp of it"
    return None


def _outcome(guilty: Alteration, tied: list[str], *, stamped: bool) -> str:
    if guilty.layer in _STANDING:
        return _STANDING[guilty.layer]
    if not guilty.declared and not stamped:
        return "unattributed"
    return "tied" if tied else "attributed"


def _nothing(world: World) -> dict[str, Any]:
    """The truth of an incident in which nothing went wrong."""
    nowhere = {"declared": False, "stamped": False, "traceable": False, "onset": None, "ended": None, "signal": SIGNAL}
    still = {"effect": 0.0, "overall": 0.0, "quality_effect": 0.0, "slice": {}, "rollout": None}
    why = "nothing was planted, and finding nothing is right"
    return (
        {"schema": SCHEMA, "layer": world.layer, "seed": world.seed, "outcome": "no_shift", "guilty": []}
        | {"also_right": [], "tied_with": []}
        | nowhere
        | still
        | {"identifiable": True, "standard_errors": 0.0, "why": why}
    )


def tell(world: World, ids: Mapping[str, str]) -> dict[str, Any]:
    """The content of ``truth.json``; ``ids`` gives the id of each layer's change in the changelog."""
    guilty = world.plan.guilty
    if guilty is None:
        return _nothing(world)
    rollout = guilty.rollout
    effect, overall, quality_effect = effects(world, guilty)
    tied, names = _partners(world, ids), _names(world, ids, guilty)
    stamped = any(world.setting.stamped[attribute] for attribute in guilty.moves if attribute != FINGERPRINT)
    told = guilty.declared and (bool(rollout.scope) or (guilty.tells_rollout and rollout.name != "all_at_once"))
    clear = abs(effect) / standard_error(world, world.exposed)
    if guilty.layer == "telemetry" and any(step.percent < ALL for step in rollout.steps) and not stamped:
        since = (world.requests.hours >= rollout.at) & (world.requests.hours < (rollout.ended or world.setting.end))
        clear = min(clear, abs(overall) / standard_error(world, since))
    against = _against(world, guilty, clear, tied, stamped=stamped)
    found = f"its exposure is its own, and the effect stands {clear:.1f} standard errors clear of chance"
    return {
        "schema": SCHEMA,
        "layer": world.layer,
        "seed": world.seed,
        "outcome": _outcome(guilty, tied, stamped=stamped),
        "guilty": names[:1],
        "also_right": names[1:],
        "tied_with": tied,
        "declared": guilty.declared,
        "stamped": stamped,
        "traceable": stamped or told,
        "onset": written(rollout.at),
        "ended": None if rollout.ended is None else written(rollout.ended),
        "signal": SIGNAL,
        "effect": round(effect, 5),
        "overall": round(overall, 5),
        "quality_effect": round(quality_effect, 5),
        "slice": rollout.scope,
        "rollout": rollout.name,
        "identifiable": against is None,
        "standard_errors": round(clear, 2),
        "why": found if against is None else against,
    }
