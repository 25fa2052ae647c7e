"""Who bids: declared changes linked to what the traces show of them, undeclared versions, and the standing bidders."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, get_args

from blameline.candidates.overdue import Overdue, overdue
from blameline.records import Bidder, Change, Layer, SourceSkew

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from blameline.cells import Clock

STANDING: tuple[str, ...] = get_args(Bidder)
EARLY = timedelta(hours=6)
"""How long before its declared time a change may first be seen (clocks, and people who write later)."""
LATE = timedelta(hours=36)
"""How long after its declared time a change may first be seen (caches, batches, slow rollouts)."""
MOST_UNDECLARED = 16
FEWEST = 3
"""Records that must agree on an offset before it is that of their file."""
LINKS: Mapping[str, tuple[str, ...]] = {
    "deploy": ("service.version", "build", "release", "revision", "commit", "sha"),
    "flag_change": ("flag", "variant"),
    "infra_change": ("infra",),
    "sampling_policy": ("sampl", "policy", "collector"),
}
"""Kinds of one layer that may only be linked to attributes with these words."""


@dataclass(frozen=True)
class Seen:
    """One version that the traces carry."""

    key: str
    """``<layer>:<attribute>``."""
    value: str
    first: datetime
    last: datetime
    n: int

    @property
    def layer(self) -> str:
        """The layer part of the key."""
        return self.key.partition(":")[0]

    @property
    def attribute(self) -> str:
        """The attribute part of the key."""
        return self.key.partition(":")[2]


@dataclass(frozen=True)
class Candidate:
    """One bid."""

    id: str
    kind: str
    layer: Layer | None
    declared: bool
    at: datetime | None
    """When it took effect by its own record, or was first seen; ``None`` for standing bidders."""
    change: Change | None = None
    key: str | None = None
    """``<layer>:<attribute>`` under which the traces show it; ``None`` if they do not."""
    value: str | None = None
    seen_at: datetime | None = None
    """When the traces first carried it."""
    until: datetime | None = None
    """When a declared revert took it back."""
    previous: str | None = None
    """The value of the same key that most traces carried before."""
    successors: tuple[str, ...] = ()
    """Values of the same key that first appeared later."""
    returned: bool = False
    """The version had been in use before: the change went back to it."""
    also: tuple[str, ...] = ()
    """Other attributes of the layer that moved with it."""
    summary: str = ""
    overdue: Overdue | None = None
    """That its value stayed longer than is usual: its column is an age, and no step."""
    stages: tuple[Candidate, ...] = ()
    """Further records of the same rollout, each with its own time and scope."""
    skew: SourceSkew | None = None
    """By how much the times of its file are off, where no trace shows the change itself."""

    @property
    def scope(self) -> Mapping[str, str]:
        """Where it applied by its record; of a rollout in several records, what they have in common."""
        scopes = [one.change.scope if one.change else {} for one in (self, *self.stages)]
        return {key: str(value) for key, value in scopes[0].items() if all(one.get(key) == value for one in scopes)}

    @property
    def standing(self) -> bool:
        """Whether it is one of the bidders that are always there."""
        return self.id in STANDING

    @property
    def by_name(self) -> bool:
        """Whether its record names the version that it is linked to, and not only its time."""
        change = self.change
        if change is None or change.to is None or self.value is None:
            return False
        return same_version(self.value, change.to, change.component)

    @property
    def starts(self) -> datetime | None:
        """When it can first have acted: as the traces show it, else as declared, with the clock of its file set right."""
        if self.seen_at is not None or self.at is None:
            return self.seen_at
        return self.at + timedelta(hours=self.off)

    @property
    def off(self) -> float:
        """Hours to be added to the times on its record: the skew of its file, where enough other records agree on one."""
        return self.skew.hours if self.skew is not None and self.skew.records >= FEWEST else 0.0


def list_candidates(changes: Sequence[Change], seen: Sequence[Seen], clock: Clock) -> tuple[Candidate, ...]:
    """Declared changes in the order of their time, then undeclared versions, then the standing bidders."""
    declared = _declared([change for change in changes if _concerns(change, seen, clock)], seen, clock)
    undeclared = _undeclared(declared, seen, clock)
    for one in overdue(declared, seen, clock):
        undeclared = _with_age(undeclared, one)
    return (*declared, *undeclared, *_standing())


def _with_age(undeclared: Sequence[Candidate], one: Overdue) -> list[Candidate]:
    """The undeclared bids with one for a value that stayed too long; where the value bids already, its age joins that bid."""
    layer, _, attribute = one.key.partition(":")
    name = f"undeclared:{layer}:{attribute}={one.value}"
    if any(other.id == name for other in undeclared):
        return [
            replace(other, overdue=one, summary=f"{other.summary}; {one.summary}") if other.id == name else other
            for other in undeclared
        ]
    bid = Candidate(
        id=name,
        kind="staleness",
        layer=layer,  # type: ignore[arg-type]
        declared=False,
        at=one.due,
        key=one.key,
        value=one.value,
        summary=one.summary,
        overdue=one,
    )
    return sorted([*undeclared, bid], key=lambda candidate: (candidate.at or one.due, candidate.id))


def _concerns(change: Change, seen: Sequence[Seen], clock: Clock) -> bool:
    """Whether a change bids: a notice only where its model is in use and its day falls into the window.

    A published list of deprecations holds a thousand of them, and each bid takes its share of what the others start with.
    """
    if change.kind != "deprecation_notice":
        return True
    slack = change.uncertainty or timedelta(0)
    if not clock.since - max(slack, LATE) <= change.at <= clock.until + max(slack, EARLY):
        return False
    named = {str(name).strip().casefold() for name in (change.component, change.from_) if name}
    named |= {name.rpartition("/")[2] for name in named}
    return any(one.value.strip().casefold().rpartition("/")[2] in named for one in seen if one.layer == "model")


def _standing() -> tuple[Candidate, ...]:
    words = {
        "mix": "the traffic moved, not the answers",
        "ruler": "the measuring moved, with no judge change on record",
        "artefact": "records were lost, doubled or sampled differently",
        "chance": "nothing moved; this is noise",
        "unknown": "something that is neither on record nor visible in the traces",
    }
    return tuple(
        Candidate(id=name, kind=name, layer=None, declared=False, at=None, summary=words[name]) for name in STANDING
    )


def _declared(changes: Sequence[Change], seen: Sequence[Seen], clock: Clock) -> list[Candidate]:
    reverted = {change.reverts: change.at for change in changes if change.reverts}
    found: list[Candidate] = []
    taken: set[tuple[str, str]] = set()
    bare = [
        Candidate(
            id=change.id,
            kind=change.kind,
            layer=change.layer,
            declared=True,
            at=change.at,
            change=change,
            until=reverted.get(change.id),
            summary=summary_of(change),
        )
        for change in sorted(changes, key=lambda change: (change.at, change.id))
    ]
    named = [_by_name(candidate, seen, clock) for candidate in bare]
    taken |= {(candidate.key, candidate.value) for candidate in named if candidate.key and candidate.value}
    for candidate in named:
        linked = candidate if candidate.key else _by_time(candidate, seen, taken, clock)
        if linked.key and linked.value:
            taken.add((linked.key, linked.value))
        found.append(linked)
    return found


def summary_of(change: Change) -> str:
    """What a change was, in its own words, or else by its component and versions."""
    if change.summary:
        return str(change.summary)
    step = f" {change.from_} → {change.to}" if change.from_ and change.to else f" → {change.to}" if change.to else ""
    return f"{change.kind}{f' of {change.component}' if change.component else ''}{step}"


def of_layer(candidate: Candidate, seen: Sequence[Seen]) -> list[Seen]:
    """Versions that a change of this kind may be seen in."""
    words = LINKS.get(candidate.kind)
    return [
        one
        for one in seen
        if one.layer == candidate.layer and (words is None or any(word in one.attribute.lower() for word in words))
    ]


def same_version(value: str, to: str, component: str | None) -> bool:
    """Whether a value of the traces is the version that a record names."""
    left, right = value.strip().casefold(), to.strip().casefold()
    forms = {right}
    if component:
        base = component.strip().casefold()
        forms |= {f"{base}@{right}", f"{base}:{right}", f"{base}/{right}", f"{base}-{right}"}
    return left in forms


def _by_name(candidate: Candidate, seen: Sequence[Seen], clock: Clock) -> Candidate:
    """Linked to the version that its record names as ``to``, if the traces carry it."""
    change = candidate.change
    if change is None or change.to is None:
        return candidate
    same_layer = [one for one in seen if one.layer == candidate.layer]
    for one in same_layer:
        if same_version(one.value, change.to, change.component):
            return _linked(candidate, one, seen, clock)
    return candidate


def _by_time(candidate: Candidate, seen: Sequence[Seen], taken: set[tuple[str, str]], clock: Clock) -> Candidate:
    """Linked to the only new version of its layer that appears when its record says, if there is one."""
    change, at = candidate.change, candidate.at
    if change is None or at is None:
        return candidate
    slack = change.uncertainty or timedelta(0)
    before, after = max(slack, EARLY), max(slack, LATE)
    if change.to is not None:  # a name that the traces do not use: only a close neighbour can be meant
        before = after = max(slack, timedelta(hours=2))
    near = [
        one
        for one in of_layer(candidate, seen)
        if (one.key, one.value) not in taken
        and one.first > clock.since + timedelta(hours=6)
        and at - before <= one.first <= at + after
    ]
    if not near:
        return candidate
    return _linked(candidate, min(near, key=lambda one: (abs(one.first - at), one.key, one.value)), seen, clock)


def _linked(candidate: Candidate, one: Seen, seen: Sequence[Seen], clock: Clock) -> Candidate:
    at = candidate.at
    returned = at is not None and one.first < at - LATE
    return replace(
        candidate,
        key=one.key,
        value=one.value,
        seen_at=at if returned else one.first,
        returned=returned,
        previous=_previous(one, seen, at if returned else one.first),
        successors=_successors(one, seen),
        also=tuple(sorted(twin.attribute for twin in twins(one, seen, clock))),
    )


def _previous(one: Seen, seen: Sequence[Seen], at: datetime | None) -> str | None:
    earlier = [other for other in seen if other.key == one.key and other.value != one.value and at and other.first < at]
    return max(earlier, key=lambda other: (other.first, other.n, other.value)).value if earlier else None


def _successors(one: Seen, seen: Sequence[Seen]) -> tuple[str, ...]:
    return tuple(other.value for other in seen if other.key == one.key and other.first > one.first)


def twins(one: Seen, seen: Sequence[Seen], clock: Clock) -> list[Seen]:
    """Versions of the same layer under other attributes that come and go with this one."""
    close = timedelta(seconds=2 * clock.width)
    return [
        other
        for other in seen
        if other.layer == one.layer
        and other.key != one.key
        and abs(other.first - one.first) <= close
        and abs(other.last - one.last) <= close
        and 0.8 <= other.n / max(one.n, 1) <= 1.25
    ]


def run_in(clock: Clock) -> timedelta:
    """How long after the traces begin a version may first be seen and still have been in use before: night and day differ."""
    return max(timedelta(hours=12), timedelta(seconds=0.04 * (clock.until - clock.since).total_seconds()))


def _undeclared(declared: Sequence[Candidate], seen: Sequence[Seen], clock: Clock) -> list[Candidate]:
    """Versions that first appear inside the window and that no declared change accounts for."""
    explained = {(candidate.key, candidate.value) for candidate in declared if candidate.key}
    begin = clock.since + run_in(clock)
    for one in seen:
        if (one.key, one.value) in explained:
            explained |= {(twin.key, twin.value) for twin in twins(one, seen, clock)}
    found: list[Candidate] = []
    for one in seen:
        if (one.key, one.value) in explained or one.first <= begin or one.n < 20:
            continue
        alike = twins(one, seen, clock)
        explained |= {(twin.key, twin.value) for twin in alike}
        found.append(
            Candidate(
                id=f"undeclared:{one.layer}:{one.attribute}={one.value}",
                kind=f"undeclared_{one.layer}",
                layer=one.layer,  # type: ignore[arg-type]
                declared=False,
                at=one.first,
                key=one.key,
                value=one.value,
                seen_at=one.first,
                previous=_previous(one, seen, one.first),
                successors=_successors(one, seen),
                also=tuple(sorted(twin.attribute for twin in alike)),
                summary=f"{one.attribute} = {one.value} appeared in the traces and is declared nowhere",
            )
        )
    found.sort(
        key=lambda candidate: -next(one.n for one in seen if (one.key, one.value) == (candidate.key, candidate.value))
    )
    kept = found[:MOST_UNDECLARED]
    return sorted(kept, key=lambda candidate: (candidate.at or clock.since, candidate.id))
