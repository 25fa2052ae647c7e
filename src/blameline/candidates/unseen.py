"""What can be said of a declared change that no version of the traces is linked to: without effect, not visible, or neither.

A record is held to have had no effect only where the traces speak its language: they carry the version that it says it
replaced, or they show other records of the same file and layer by name. A stamp that has other names, or a record that names
nothing, clears nobody.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from blameline.candidates.bids import EARLY, LATE, LINKS, of_layer, same_version
from blameline.candidates.observed import FEWEST, slack
from blameline.candidates.told import count, minute, short

if TYPE_CHECKING:
    from collections.abc import Sequence

    from blameline.candidates.bids import Candidate, Seen
    from blameline.candidates.stamps import Stamp, Stamps
    from blameline.records import Agreement

MOST_NAMED = 3
"""Attributes that are named in one sentence."""


@dataclass(frozen=True)
class Unseen:
    """The answer for one record."""

    state: Agreement
    words: str
    attribute: str | None = None
    requests: int = 0
    """Requests since its time that say which version they had."""
    enough: int | None = None


def unseen_change(candidate: Candidate, declared: Sequence[Candidate], seen: Sequence[Seen], stamps: Stamps) -> Unseen:
    """How a record agrees with traces in which nothing is linked to it."""
    change, at, window = candidate.change, candidate.at, stamps.window
    assert change is not None
    assert at is not None
    if at + slack(candidate) < window.since:
        return Unseen("not visible", f"the traces begin {minute(window.since)}, after it")
    if at - slack(candidate) >= window.until:
        return Unseen("not visible", f"the traces end {minute(window.until)}, before it")
    there = of_layer(candidate, seen)
    keys = tuple(dict.fromkeys(one.key for one in there))
    if not keys:
        what = f"version of the layer {candidate.layer}" if candidate.kind not in LINKS else f"stamp that a {candidate.kind} would move"
        return Unseen("not visible", f"no request carries a {what}")
    key = _speaks_of(candidate, declared, there)
    if key is not None:
        return _unmoved(candidate, key, declared, stamps, there)
    names = ", ".join(key.partition(":")[2] for key in keys[:MOST_NAMED])
    more = f" and {len(keys) - MOST_NAMED} more" if len(keys) > MOST_NAMED else ""
    which = (
        "its record names no version"
        if change.from_ is None and change.to is None
        else "no request carries a version that its record names"
    )
    return Unseen("not visible", f"{which}, and of that layer the traces carry {names}{more}, which did not change then")


def _speaks_of(candidate: Candidate, declared: Sequence[Candidate], there: Sequence[Seen]) -> str | None:
    """The key that has the names of this record: the version that it replaced, or others of its file and layer."""
    change = candidate.change
    assert change is not None
    if change.from_ is not None:
        for one in there:
            if same_version(one.value, change.from_, change.component):
                return one.key
    keys = {one.key for one in there}
    if change.to is None:
        return None
    for other in declared:
        if (
            other.key in keys
            and other.by_name
            and other.kind == candidate.kind
            and other.change is not None
            and (other.change.source, other.change.component) == (change.source, change.component)
        ):
            return other.key
    return None


def _unmoved(
    candidate: Candidate, key: str, declared: Sequence[Candidate], stamps: Stamps, there: Sequence[Seen]
) -> Unseen:
    """The traces carry the attribute, and nothing in them is this change."""
    change, at = candidate.change, candidate.at
    assert change is not None
    assert at is not None
    stamp = stamps.of(key)[0]
    attribute = stamp.attribute
    inside = stamp.inside(change.scope)
    scoped = stamp.where(inside) if inside.any() else stamp
    begin = max([at, *(stage.at for stage in change.rollout)]) + slack(candidate)
    later = [one.at for one in declared if one.at is not None and one.id != candidate.id and one.key == key and one.at > begin]
    end = min([*later, stamps.window.until])
    since = (scoped.began > scoped.count(begin)) & (scoped.began < scoped.count(end))
    n = int(since.sum())
    named = f"'{short(change.to)}'" if change.to is not None else "a new version"
    taken = {(one.key, one.value) for one in declared}
    near = [
        one
        for one in there
        if one.key == key and (one.key, one.value) not in taken and at - EARLY <= one.first <= at + LATE
        and one.first > stamps.window.since + timedelta(hours=6)
    ]  # fmt: skip
    if near:
        other = min(near, key=lambda one: (abs(one.first - at), one.value))
        words = (
            f"{attribute} never was {named}; '{short(other.value)}' came {minute(other.first)} and is declared nowhere: "
            "it may be this change under another name"
        )
        return Unseen("cannot tell", words, attribute, n)
    if n < FEWEST:
        words = f"{attribute} never was {named}, and {count(n)} since then that say which version they had are too few"
        return Unseen("cannot tell", words, attribute, n, FEWEST)
    kept = ""
    if change.from_ is not None:
        old = [value for value in scoped.values if same_version(value, change.from_, change.component)]
        carried = sum(int((scoped.carries(value) & since).sum()) for value in old)
        kept = f": {carried:,} of them still carried '{short(change.from_)}'" if carried else ""
    words = f"{attribute} never was {named}, on none of {count(n)} between {minute(begin)} and {minute(end)}{kept}"
    return Unseen("declared without effect", words, attribute, n)
