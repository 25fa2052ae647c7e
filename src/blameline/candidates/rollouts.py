"""Where and how far a change was rolled out, against what its record says: stages, scope, and the place that all of it is in.

The share of a stage is compared by chi-square. Requests of one user, tenant or hour move together and a percentage may count
users or machines, so a stage must be off by ``OFF`` as well before it is told.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from blameline.candidates.told import share, short
from blameline.records import StageSeen

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, timedelta

    from blameline.candidates.stamps import Flags, Stamp
    from blameline.records import Change

OFF = 0.15
"""How far the share of a stage must be from what was declared."""
FEWEST = 30
"""Requests of a stage from which on it is compared."""
CHANCE = 0.001
MOST_TRAFFIC = 0.8
"""A place with more of the traffic than this is no place that a change is confined to."""
INSIDE = 0.99
"""The share of the requests with a change that must come from one place for it to be confined there."""
LEAK = 0.05
"""The share of its requests from outside of its scope from which on the scope is wrong."""


def stages(
    change: Change, stamp: Stamp, carries: Flags, slack: timedelta, until: datetime | None
) -> tuple[StageSeen, ...]:
    """Each declared stage and what its scope shows from then until the next one, or until the change was taken back."""
    ordered = sorted(change.rollout, key=lambda stage: stage.at)
    found = []
    for place, stage in enumerate(ordered):
        end = ordered[place + 1].at if place + 1 < len(ordered) else until
        begin = stage.at + min(slack, (end - stage.at) / 4) if end is not None else stage.at + slack
        inside = (stamp.began >= stamp.count(begin)) & stamp.inside(change.scope)
        if end is not None:
            inside &= stamp.began < stamp.count(end)
        found.append(
            StageSeen(at=stage.at, percent=stage.percent, n=int(inside.sum()), carried=int((carries & inside).sum()))
        )
    return tuple(found)


def differ(seen: tuple[StageSeen, ...]) -> str:
    """How the stages differ from what was declared, in words; empty where they do not, or where that cannot be told."""
    square, free, off = 0.0, 0, []
    for stage in seen:
        if stage.n < FEWEST:
            continue
        wanted = min(max(stage.percent / 100, 0.005), 0.995)
        there = stage.carried / stage.n
        square += stage.n * (there - wanted) ** 2 / (wanted * (1 - wanted))
        free += 1
        if abs(there - stage.percent / 100) >= OFF:
            off.append(f"{share(there)} of {stage.n:,} requests where {share(stage.percent / 100)} was declared")
    if not off or _tail(square, free) >= CHANCE:
        return ""
    return f"it was not rolled out as declared: {' and '.join(off[:2])}"


def _tail(square: float, free: int) -> float:
    """The chance of a chi-square as large as this (Wilson and Hilferty's approximation)."""
    spread = 2 / (9 * free)
    z = ((square / free) ** (1 / 3) - (1 - spread)) / math.sqrt(spread)
    return 0.5 * math.erfc(z / math.sqrt(2))


def confined(stamp: Stamp, carries: Flags) -> dict[str, str]:
    """The one place that nearly all requests with a change come from, while others had none of it; empty where there is none."""
    n = int(carries.sum())
    if not n:
        return {}
    begin, end = stamp.began[carries][0], stamp.began[carries][-1]
    around = (stamp.began >= begin) & (stamp.began <= end)
    best: tuple[float, str, str] | None = None
    for key in sorted({key for segment in stamp.segments for key in segment}):
        for value in sorted({segment[key] for segment in stamp.segments if key in segment}):
            inside = stamp.inside({key: value})
            traffic = float((inside & around).sum() / max(int(around.sum()), 1))
            held = float((inside & carries).sum() / n)
            clear = traffic > 0 and n * math.log(traffic) < math.log(CHANCE)
            if held >= INSIDE and traffic <= MOST_TRAFFIC and clear and (best is None or (traffic, key, value) < best):
                best = (traffic, key, value)
    return {best[1]: best[2]} if best else {}


def outside(scope: Mapping[str, str], stamp: Stamp, carries: Flags) -> str:
    """How the change left its scope, in words; empty where it did not."""
    known = {key for segment in stamp.segments for key in segment}
    asked = {key: value for key, value in scope.items() if key in known}
    n = int(carries.sum())
    if not asked or not n:
        return ""
    out = int(np.sum(carries & ~stamp.inside(asked)))
    if out < 3 or out < LEAK * n:
        return ""
    place = ", ".join(f"{key} = {short(value)}" for key, value in sorted(asked.items()))
    return f"{out:,} of the {n:,} requests with it are outside of its scope ({place})"
