"""What can be said of a declared change that no version of the traces is linked to: without effect, not visible, or neither.

A record is held to have had no effect only where the traces speak its language: they carry the version that it says it
replaced, or they show other records of the same file and layer by name. A stamp that has other names, or a record that names
nothing, clears nobody.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from blameline.candidates.bids import EARLY, LATE, LINKS, of_layer, same_version
from blameline.candidates.observed import FEWEST, slack
from blameline.candidates.told import count, minute, short

if TYPE_CHECKING:
    from collections.abc import Sequence

    from blameline.candidates.bids import Candidate, Seen
    from blameline.candidates.stamps import Stamps
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
        what = f"version of the layer {candidate.layer}"
        what = what if candidate.kind not in LINKS else f"stamp that a change of the kind {candidate.kind} would move"
        return Unseen("not visible", f"no request carries a {what}")
    key = _speaks_of(candidate, declared, there)
    other = _near(candidate, keys if key is None else (key,), declared, there, stamps)
    if other is not None:
        words = (
            f"{other.attribute} = '{short(other.value)}' came {minute(other.first)} and is declared nowhere: "
            "it may be this change under another name, or one that nobody declared"
        )
        return Unseen("cannot tell", words, other.attribute)
    if key is not None:
        return _unmoved(candidate, key, declared, stamps)
    names = ", ".join(short(key.partition(":")[2]) for key in keys[:MOST_NAMED])
    more = f" and {len(keys) - MOST_NAMED} more" if len(keys) > MOST_NAMED else ""
    which = (
        "its record names no version"
        if change.from_ is None and change.to is None
        else "no request carries a version that its record names"
    )
    still = "in which nothing changed then but what has a record of its own"
    return Unseen("not visible", f"{which}, and of that layer the traces carry {names}{more}, {still}")


def _near(
    candidate: Candidate, keys: Sequence[str], declared: Sequence[Candidate], there: Sequence[Seen], stamps: Stamps
) -> Seen | None:
    """The version on no record that came nearest to its time, within the hours in which a record would be linked by time."""
    at, taken = candidate.at, {(one.key, one.value) for one in declared}
    assert at is not None
    near = [
        one
        for one in there
        if one.key in keys and (one.key, one.value) not in taken and at - EARLY <= one.first <= at + LATE
        and one.first > stamps.window.since + EARLY
    ]  # fmt: skip
    return min(near, key=lambda one: (abs(one.first - at), one.key, one.value), default=None)


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


def _unmoved(candidate: Candidate, key: str, declared: Sequence[Candidate], stamps: Stamps) -> Unseen:
    """The traces carry the attribute, and nothing in them is this change."""
    change, at = candidate.change, candidate.at
    assert change is not None
    assert at is not None
    stamp = stamps.of(key)[0]
    inside = stamp.inside(change.scope)
    scoped = stamp.where(inside) if inside.any() else stamp
    begin = max([at, *(stage.at for stage in change.rollout)]) + slack(candidate)
    later = [
        one.at
        for one in declared
        if one.at is not None and one.id != candidate.id and one.key == key and one.at > begin
    ]
    end = min([*later, stamps.window.until])
    since = (scoped.began > scoped.count(begin)) & (scoped.began < scoped.count(end))
    n = int(since.sum())
    named = f"'{short(change.to)}'" if change.to is not None else "a new version"
    if n < FEWEST:
        words = f"{stamp.attribute} never was {named}, and {count(n)} since then that say which version they had are too few"
        return Unseen("cannot tell", words, stamp.attribute, n, FEWEST)
    kept = ""
    if change.from_ is not None:
        old = [value for value in scoped.values if same_version(value, change.from_, change.component)]
        carried = sum(int((scoped.carries(value) & since).sum()) for value in old)
        kept = f": {carried:,} of them still carried '{short(change.from_)}'" if carried else ""
    words = (
        f"{stamp.attribute} never was {named}, on none of {count(n)} between {minute(begin)} and {minute(end)}{kept}"
    )
    return Unseen("declared without effect", words, stamp.attribute, n)
