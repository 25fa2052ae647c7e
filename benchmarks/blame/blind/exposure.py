"""Who is exposed to a change, and which version string every request carries."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from stack import LAYERS, Change, value_for

if TYPE_CHECKING:
    from world import Cast, Traffic


def hashed_uniform(ids: np.ndarray, salt: int) -> np.ndarray:
    """A deterministic uniform draw for every id, as sticky bucketing does."""
    mixed = (ids.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(salt)
    mixed ^= mixed >> np.uint64(31)
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    mixed ^= mixed >> np.uint64(29)
    return (mixed >> np.uint64(11)).astype(float) / float(1 << 53)


def segment_values(cast: Cast, traffic: Traffic, attribute: str) -> np.ndarray:
    """The segment's value for every request."""
    names, index = {
        "cloud.region": (cast.regions, traffic.region),
        "tenant.id": (cast.tenants, traffic.tenant),
        "app.task": (cast.tasks, traffic.task),
    }[attribute]
    return np.array(names)[index]


def unit_draw(change: Change, traffic: Traffic) -> np.ndarray:
    """The uniform that decides the percent rollout."""
    ids = {"user": traffic.user, "conversation": traffic.conversation, "request": np.arange(traffic.size)}[change.unit]
    return hashed_uniform(ids, change.unit_salt)


def in_population(change: Change, cast: Cast, traffic: Traffic) -> np.ndarray:
    """Requests of the units that are ever exposed (whatever the time); all requests for an everywhere change."""
    inside = np.ones(traffic.size, dtype=bool)
    for attribute, value in change.scope.items():
        inside &= segment_values(cast, traffic, attribute) == value
    if change.region_stages:
        inside &= np.isin(segment_values(cast, traffic, "cloud.region"), list(change.region_stages))
    if change.stages:
        inside &= unit_draw(change, traffic) < max(percent for _, percent in change.stages) / 100
    return inside


def exposed(change: Change, cast: Cast, traffic: Traffic, lag: float = 0.0) -> np.ndarray:
    """Requests that run with the change (or feel it `lag` hours later)."""
    time = traffic.time - lag
    mask = in_population(change, cast, traffic)
    if change.region_stages:
        start = np.array([change.region_stages.get(name, np.inf) for name in cast.regions])[traffic.region]
        mask &= time >= start
    elif change.stages:
        percent = np.zeros(traffic.size)
        for hour, value in sorted(change.stages):
            percent = np.where(time >= hour, value, percent)
        mask &= unit_draw(change, traffic) < percent / 100
    else:
        mask &= time >= change.at
    if change.windows:
        inside = np.zeros(traffic.size, dtype=bool)
        for low, high in change.windows:
            inside |= (time >= low) & (time < high)
        mask &= inside
    if change.end is not None:
        mask &= time < change.end
    return mask


def choose_stamps(rng: np.random.Generator, keys: list[str], share: float, forced: dict[str, bool]) -> dict[str, str]:
    """Which layer keys stamp a version, and under which attribute."""
    stamps: dict[str, str] = {}
    for key in keys:
        options = LAYERS[key][2]
        if options and forced.get(key, rng.random() < share):
            stamps[key] = str(rng.choice(options))
    return stamps


def name_values(rng: np.random.Generator, changes: list[Change], stamps: dict[str, str]) -> dict[str, str]:
    """Give every change its from and to, in order of time within its layer; returns the first value of every layer key."""
    first: dict[str, str] = {}
    for key in LAYERS:
        options = LAYERS[key][2]
        attribute = stamps.get(key) or (options[0] if options else "")
        if key == "scorer" and "judge" in stamps:
            continue
        if not attribute:
            continue
        base = int(rng.integers(3, 40))
        if attribute in ("gen_ai.response.model", "app.route", "feature_flag.result.variant"):
            base = 0
        mine = sorted(
            (change for change in changes if change.key == key or (key == "judge" and change.key == "scorer")),
            key=lambda change: change.at,
        )
        if attribute == "gen_ai.response.model":
            family = str(
                rng.choice(["gpt-4.1", "claude-sonnet-4-6", "gpt-5-mini", "mistral-large-3", "gemini-2.5-flash"])
            )
            current = f"{family}-2026-01-{int(rng.integers(10, 28))}"
            first[key] = current
            for step, change in enumerate(mine):
                following = f"{family}-2026-{2 + step:02d}-{int(rng.integers(10, 28))}"
                if change.kind == "model_swap":
                    other = str(rng.choice(["gpt-5", "claude-haiku-4-5", "gpt-4.1-mini", "mistral-medium-3"]))
                    family = other if change.declared else family
                    following = f"{other}-2026-{1 + step:02d}-{int(rng.integers(10, 28))}"
                change.before, change.after = current, following
                current = following
            continue
        current = value_for(rng, attribute, 0, base)
        first[key] = current
        for step, change in enumerate(mine, start=1):
            change.before = current
            if change.reverts:
                source = next((other for other in mine if other.id == change.reverts), None)
                if source is not None:
                    change.after = source.before
                    current = change.after
                    continue
            change.after = value_for(rng, attribute, step, base)
            current = change.after
    return first


def stamp_values(
    first: str, key: str, changes: list[Change], cast: Cast, traffic: Traffic, masks: dict[str, np.ndarray]
) -> np.ndarray:
    """The version string every request carries for one layer key."""
    values = np.full(traffic.size, first, dtype=object)
    for change in sorted((change for change in changes if change.key == key), key=lambda change: change.at):
        if change.reverts:
            continue  # the reverted change ends by itself
        values[masks[change.id]] = change.after
    return values
