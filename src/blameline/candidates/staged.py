"""Records of one rollout are one bid: its stages go to one place after the other, and each was written down by itself.

Told apart they would be rivals for ever: each accounts for its own place alone, and where the traces stamp them they are stamped
alike. Two records are of one change where they name one version that the traces carry, or where they are about one component,
contradict each other in nothing, agree in something (the version, the words, or the stem of their ids), follow each other
closely, and go to places that have no request in common. What comes again to the same place is another change.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from blameline.candidates.bids import Candidate
    from blameline.records import Change

FOLLOWS = timedelta(days=4)
"""How long after one stage the next may come: a night, or a weekend with the days around it."""
STEM = re.compile(r"(?P<stem>.*\d.*)[-_./:#](?:[a-z]|\d{1,2})")
"""An id that is another one with a letter or a number put behind it."""


def bidders(candidates: Sequence[Candidate]) -> tuple[Candidate, ...]:
    """The same, each change with one bid: the first record of a rollout bids and names the others.

    What went back to a version bids by itself.
    """
    rollouts: list[list[Candidate]] = []
    able = [one for one in candidates if one.change is not None and not one.returned]
    for one in sorted(able, key=lambda one: (str(one.at), one.id)):
        own = next((stages for stages in rollouts if _same_version(stages, one) or _next_stage(stages, one)), None)
        if own is None:
            rollouts.append([one])
        else:
            own.append(one)
    told = {first.id: _staged(first, rest) for first, *rest in rollouts if rest}
    later = {one.id for _, *rest in rollouts for one in rest}
    return tuple(told.get(one.id, one) for one in candidates if one.id not in later)


def _staged(first: Candidate, rest: Sequence[Candidate]) -> Candidate:
    """One bid for all of them, under the version of the first that has one."""
    names = ", ".join(stage.id for stage in rest)
    shown = next((one for one in (first, *rest) if one.key), first)
    return replace(
        shown,
        id=first.id,
        kind=first.kind,
        at=first.at,
        change=first.change,
        until=first.until,
        stages=tuple(rest),
        summary=f"{first.summary} (further records of its rollout: {names})",
    )


def _same_version(stages: Sequence[Candidate], one: Candidate) -> bool:
    """Whether its record names the version that another one of them names, as the traces carry it."""
    named = {(stage.key, stage.value) for stage in stages if stage.by_name}
    return one.by_name and (one.key, one.value) in named


def _next_stage(stages: Sequence[Candidate], one: Candidate) -> bool:
    """Whether a record tells of the next place of a rollout, going by each of the records before it."""
    keys = {(stage.key, stage.value) for stage in (*stages, one) if stage.key}
    last = stages[-1].at
    close = last is not None and one.at is not None and one.at - last <= FOLLOWS
    return len(keys) <= 1 and close and all(_alike(stage, one) and _beside(stage, one) for stage in stages)


def _alike(one: Candidate, other: Candidate) -> bool:
    """Whether two records may be of one change by what they say, and agree in something that two changes would not."""
    left, right = one.change, other.change
    if left is None or right is None or left.reverts or right.reverts:
        return False
    if left.component is None or (left.kind, left.layer, left.component) != (right.kind, right.layer, right.component):
        return False
    versions, origins = _agree(left.to, right.to), _agree(left.from_, right.from_)
    words = _agree(left.summary, right.summary)
    if versions is False or origins is False or (words is False and versions is None):
        return False
    stem = _stem(left)
    return bool(versions or words or (stem is not None and stem == _stem(right)))


def _beside(one: Candidate, other: Candidate) -> bool:
    """Whether the later record goes where the earlier did not: to another place, to all the rest, or to a greater share."""
    left, right = one.change, other.change
    assert left is not None
    assert right is not None
    if left.scope == right.scope:
        most = [max((stage.percent for stage in change.rollout), default=100.0) for change in (left, right)]
        return most[0] < most[1]
    if not right.scope:
        return _agree(left.to, right.to) is True
    return left.scope.keys() == right.scope.keys()


def _agree(left: str | None, right: str | None) -> bool | None:
    """Whether two records say the same; ``None`` where one of them says nothing."""
    if not left or not right:
        return None
    return left.strip().casefold() == right.strip().casefold()


def _stem(change: Change) -> str | None:
    found = STEM.fullmatch(change.id.casefold())
    return found["stem"] if found else None
