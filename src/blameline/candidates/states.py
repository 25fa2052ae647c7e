"""Declared against observed: the candidates and the stamps in, one ``ChangeState`` a change out, the dark ones first.

What a record is linked to is decided where the bids are listed, and nowhere else.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, get_args

from blameline.candidates.claims import Claim, Sight, slack
from blameline.candidates.counted import with_counts
from blameline.candidates.crowded import crowded
from blameline.candidates.observed import sight
from blameline.candidates.rollouts import differ, outside, stages
from blameline.candidates.skew import Timed, hints, skews
from blameline.candidates.stamps import Stamps, versions_seen
from blameline.candidates.told import count, lasting, short
from blameline.candidates.undeclared import dark_changes
from blameline.candidates.unseen import unseen_change
from blameline.records import Agreement, ChangeState

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from blameline.candidates.bids import Candidate, Seen
    from blameline.candidates.dark import Dark
    from blameline.candidates.stamp import Flags, Stamp
    from blameline.cells import Clock
    from blameline.records import Change, SourceSkew, StageSeen
    from blameline.store import Store

ORDER: Mapping[str, int] = {state: place for place, state in enumerate(get_args(Agreement))}
SAME_TIME = timedelta(minutes=30)
"""A declared change so near to an undeclared one is named beside it."""


@dataclass(frozen=True)
class Held:
    """A declared candidate held against the stamp that shows it."""

    candidate: Candidate
    claim: Claim
    sight: Sight
    whole: Stamp
    """The stamp within and without the scope of its record."""
    also: tuple[str, ...] = ()
    """Other scores in which it shows at the same time."""


def change_states(store: Store, window: Clock, candidates: Sequence[Candidate]) -> tuple[ChangeState, ...]:
    """Every declared change and everything undeclared, the darkest first and each state in order of time."""
    stamps, seen = Stamps(store, window), versions_seen(store, window)
    declared, held = _all_held(candidates, stamps)
    off = {one.source: one for one in _skews(held.values())}
    states = [
        _linked(held[one.id], seen, off) if one.id in held else _unlinked(one, declared, seen, stamps)
        for one in declared
    ]
    states += _undeclared(stamps, seen, candidates, held)
    states += crowded(store, window)
    return tuple(sorted(states, key=_place))


def without_traces(changes: Sequence[Change]) -> tuple[ChangeState, ...]:
    """Where no trace is loaded, nothing that was declared can be seen."""
    states = [
        ChangeState(
            id=one.id, layer=one.layer, kind=one.kind, state="not visible", declared=True, source=one.source,
            from_=one.from_, to=one.to, at=one.at, recorded_at=one.recorded_at, scope=one.scope,
            because="no traces are loaded",
        )
        for one in changes
    ]  # fmt: skip
    return tuple(sorted(states, key=_place))


def source_skews(store: Store, window: Clock, candidates: Sequence[Candidate]) -> tuple[SourceSkew, ...]:
    """The changelogs whose times are all off by about the same, by what the traces show of their records."""
    _, held = _all_held(candidates, Stamps(store, window))
    return _skews(held.values())


def skew_hints(store: Store, window: Clock, candidates: Sequence[Candidate]) -> tuple[SourceSkew, ...]:
    """As ``source_skews``, with what one or two records say of a changelog that has no more of them."""
    _, held = _all_held(candidates, Stamps(store, window))
    return hints(_timed(held.values()))


def _all_held(candidates: Sequence[Candidate], stamps: Stamps) -> tuple[list[Candidate], dict[str, Held]]:
    """The declared candidates, and by id those that some stamp shows."""
    declared = [one for one in candidates if one.declared]
    return declared, {one.id: found for one in declared if (found := _held(one, declared, stamps)) is not None}


def _skews(held: Iterable[Held]) -> tuple[SourceSkew, ...]:
    return skews(_timed(held))


def _timed(held: Iterable[Held]) -> list[Timed]:
    """Records that name a version that is new in the traces, the first of each version in each file."""
    first: dict[tuple[str, str, str], Held] = {}
    for one in sorted(held, key=lambda one: (one.claim.at, one.candidate.id)):
        named = one.candidate.by_name and one.sight.first is not None and one.sight.first.new
        if named and one.candidate.change is not None and one.candidate.key and one.candidate.value:
            first.setdefault((one.candidate.change.source, one.candidate.key, one.candidate.value), one)
    return [Timed(source, one.claim, one.sight) for (source, _, _), one in first.items()]


def _place(one: ChangeState) -> tuple[int, bool, datetime | None, str, str]:
    at = one.observed_at or one.at
    return ORDER[one.state], at is None, at, one.id or "", one.attribute or ""


def _held(one: Candidate, declared: Sequence[Candidate], stamps: Stamps) -> Held | None:
    """The candidate against the stamps that show it; ``None`` where none does."""
    change = one.change
    if change is None or one.at is None:
        return None
    taken = next((other for other in declared if other.id == change.reverts and other.key), None)
    back = change.to is None and taken is not None
    key, value = (taken.key, taken.value) if back and taken is not None else (one.key, one.value)
    if key is None or value is None:
        return None
    others = [
        other.at for other in declared
        if other.id != one.id and other.at is not None and other.at != one.at and (other.key, other.value) == (key, value)
    ]  # fmt: skip
    name = f"traffic without '{short(value)}'" if back else f"'{short(value)}'"
    found = []
    for stamp in stamps.of(key):
        inside = stamp.inside(change.scope)
        scoped = stamp.where(inside) if (stamp.carries(value) & inside).any() else stamp
        carries = scoped.carries(value)
        if not carries.any():
            continue
        claim = Claim(one, scoped, ~carries if back else carries, one.at, [] if back else others, name)
        found.append((claim, sight(claim), stamp))
    if not found:
        return None
    claim, best, whole = max(found, key=lambda one: (one[1].state == "declared", int(one[0].carries.sum())))
    alike = [
        told.stamp.score for _, told, _ in found
        if told is not best and told.state == best.state and told.stamp.score is not None
    ]  # fmt: skip
    return Held(one, claim, best, whole, tuple(alike))


def _linked(held: Held, seen: Sequence[Seen], off: Mapping[str, SourceSkew]) -> ChangeState:
    one, told, change = held.candidate, held.sight, held.candidate.change
    assert change is not None
    assert one.at is not None
    stamp, state, words = told.stamp, told.state, told.words
    observed = stamp.moment(told.observed) if told.observed is not None else None
    skew = off.get(change.source)
    shares = skew is not None and told.first is not None and Timed(change.source, held.claim, told).fits(skew.hours)
    beyond = observed is not None and abs(observed - one.at) > slack(one)
    if skew is not None and shares and beyond:  # what its requests alone leave open, the others of its file do not
        state, words = "wrong time", f"{words}; {_skewed(skew)}"
    elif state == "wrong time" and not one.by_name and not change.reverts:
        state = "cannot tell"
        words += (
            "; its record names no version that the traces use, so this may be another change, which nobody declared"
        )
    late = None
    if observed is not None and change.recorded_at is not None and change.recorded_at - observed > slack(one):
        late = round((change.recorded_at - observed).total_seconds())
        by_then = int((told.carries & (stamp.began < stamp.count(change.recorded_at))).sum())
        carried = count(by_then, "score" if stamp.score else "request")
        words += f"; it was written down {lasting(late)} after that, when {carried} had carried it"
        state = "late" if state == "declared" else state
    rolled = _stages(one, stamp, told.carries, seen) if state in {"declared", "late"} else ()
    unlike, left = differ(rolled), _outside(held, change)
    words += "".join(f"; {part}" for part in (unlike, left) if part)
    return with_counts(
        ChangeState(
            id=one.id, layer=change.layer, kind=one.kind, state=state, declared=True, summary=one.summary,
            source=change.source,
            attribute=stamp.attribute, from_=one.previous if one.previous is not None else change.from_,
            to=one.value or change.to,
            also=tuple(sorted({*one.also, *held.also})), at=one.at, recorded_at=change.recorded_at, observed_at=observed,
            not_before=stamp.moment(told.without) if told.without is not None else None,
            stages=rolled, rollout_differs=bool(unlike),
            scope=change.scope, scope_differs=bool(left),
            off_seconds=round((observed - one.at).total_seconds()) if observed is not None else None,
            late_seconds=late, enough=told.enough if state == "cannot tell" else None, because=words,
        ),
        stamp, told.carries, told.observed,
    )  # fmt: skip


def _skewed(skew: SourceSkew) -> str:
    many = f"all {skew.of}" if skew.records == skew.of else f"{skew.records} of {skew.of}"
    way = "behind" if skew.hours > 0 else "ahead of"
    off = f"about {abs(skew.hours):g} h {way} them: a time zone, or a clock?"
    return f"{many} records of {short(skew.source)} that the traces show are {off}"


def _outside(held: Held, change: Change) -> str:
    """How it left its scope; not asked where other records say the same version, for they may have brought it there."""
    value = held.candidate.value
    if held.claim.others or value is None or not held.candidate.by_name:
        return ""
    return outside(change.scope, held.whole, held.whole.carries(value))


def _stages(one: Candidate, stamp: Stamp, carries: Flags, seen: Sequence[Seen]) -> tuple[StageSeen, ...]:
    """The stages of a version that comes once; those after it was taken back or replaced say nothing."""
    change = one.change
    if change is None or not change.rollout or one.returned or one.value is None:
        return ()
    last = max(stage.at for stage in change.rollout)
    firsts = [other.first for other in seen if other.key == one.key and other.value in one.successors]
    until = min([*firsts, *([one.until] if one.until else [])], default=None)
    return stages(change, stamp, carries, slack(one), until) if until is None or until > last else ()


def _unlinked(one: Candidate, declared: Sequence[Candidate], seen: Sequence[Seen], stamps: Stamps) -> ChangeState:
    change = one.change
    assert change is not None
    assert one.at is not None
    found = unseen_change(one, declared, seen, stamps)
    words = found.words
    if change.recorded_at is not None and change.recorded_at - one.at > slack(one):
        words += f"; it was written down {lasting((change.recorded_at - one.at).total_seconds())} after its own time"
    return ChangeState(
        id=one.id, layer=change.layer, kind=one.kind, state=found.state, declared=True, summary=one.summary,
        source=change.source,
        attribute=found.attribute, from_=change.from_, to=change.to, at=one.at, recorded_at=change.recorded_at,
        of=found.requests, scope=change.scope, enough=found.enough, because=words,
    )  # fmt: skip


def _undeclared(
    stamps: Stamps, seen: Sequence[Seen], candidates: Sequence[Candidate], held: Mapping[str, Held]
) -> list[ChangeState]:
    """What no record accounts for, with the declared changes of the same time named beside it."""
    explained: dict[tuple[str, str], list[datetime]] = defaultdict(list)
    known, near = [], []
    for one in candidates:
        if not one.declared or one.at is None:
            continue
        told = held.get(one.id)
        seen_at = told.sight.stamp.moment(told.sight.observed) if told and told.sight.observed is not None else None
        times = [at for at in (one.at, seen_at, one.until) if at is not None]
        if one.key and one.value:
            explained[(one.key, one.value)] += times
        known += [(str(one.layer), at) for at in times]
        near.append((seen_at or one.at, one))
    bids = {(one.key, one.value): one for one in candidates if not one.declared and not one.standing}
    states = []
    for dark in dark_changes(stamps, seen, explained, known):
        bid = (
            bids.get((dark.stamp.key, dark.value))
            if not dark.back and not (dark.stamp.score and (dark.stamp.key, dark.value) in explained)
            else None
        )
        beside = [f"{one.id} ({one.kind})" for at, one in near if abs(at - dark.moment) <= SAME_TIME]
        words = dark.words + (
            f"; {' and '.join(beside[:2])} came at that time" if beside and dark.state == "undeclared" else ""
        )
        states.append(_dark_state(dark, bid, words))
    return states


def _dark_state(dark: Dark, bid: Candidate | None, words: str) -> ChangeState:
    stamp = dark.stamp
    told = ChangeState(
        id=bid.id if bid else None, layer=stamp.layer, kind=f"undeclared_{stamp.layer}", state=dark.state, declared=False,
        attribute=stamp.attribute, from_=dark.previous, to=dark.value,
        also=tuple(sorted({*dark.also, *(bid.also if bid else ())})),
        observed_at=dark.moment, not_before=stamp.moment(dark.without) if dark.without is not None else None,
        enough=dark.enough, because=words + (f" (score '{short(stamp.score)}')" if stamp.score else ""),
    )  # fmt: skip
    state = with_counts(told, stamp, stamp.carries(dark.value), dark.observed)
    if not state.seen_in:
        return state
    place = ", ".join(f"{key} = {short(value)}" for key, value in state.seen_in.items())
    return state.model_copy(update={"because": f"{state.because}; all of it in {place}"})
