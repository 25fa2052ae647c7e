"""Every shift is heard once: the ruler's own move is taken out first, and an earlier move is no evidence about a later one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from blameline.case.finding import Found, on_record, sized
from blameline.evidence.bridge import record, says
from blameline.evidence.controls import of_controls
from blameline.evidence.divided import divided
from blameline.evidence.harm import LOOKS, NO_LOSS, concerns, harmless
from blameline.evidence.hearing import Hearing
from blameline.evidence.judgement import judge
from blameline.evidence.leftover import allowing
from blameline.evidence.linking import Linked, ask, link, stands
from blameline.evidence.selection import ask as choice
from blameline.evidence.signature import NOT_LOOKED, Looked
from blameline.evidence.slow import with_parts
from blameline.evidence.verdicts import without_blame
from blameline.fit import Clustered, Fit
from blameline.shifts import Move, find
from blameline.shifts.describe import onset_of, size_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from blameline.candidates import Candidate
    from blameline.cells import Cells, Clock
    from blameline.evidence.bridge import Span
    from blameline.evidence.mediators import Mediators
    from blameline.evidence.prior import Prior
    from blameline.records import LedgerLine, Outcome, Part, Shift
    from blameline.shifts.tallies import Tallies
    from blameline.store import Store

    Copies = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Heard:
    """One shift with its ledger; without one where nothing got worse."""

    shift: Shift
    lines: tuple[LedgerLine, ...] = ()
    outcome: Outcome | None = None
    """``None`` for an improvement, and for a move of behaviour that no quality fell with: nobody was harmed."""


@dataclass(frozen=True)
class Grounds:
    """What all hearings of a case share."""

    fits: dict[str, Fit]
    linked: dict[str, Linked]
    traffic: Cells
    tallies: Mapping[str, Tallies]
    copies: Mapping[str, Copies]
    weighed: Mapping[str, Cells]
    candidates: tuple[Candidate, ...]
    found: tuple[Found, ...]
    prior: Prior
    ways: Mapping[str, Sequence[Clustered]]
    """By signal: its requests by user, session and conversation."""
    mediators: Mediators
    window: Clock
    looked: Looked = NOT_LOOKED
    faded: Part | None = None


def linked_series(
    store: Store,
    fits: dict[str, Fit],
    found: list[Found],
    candidates: tuple[Candidate, ...],
    *,
    seed: int,
    detector: str,
) -> tuple[list[Found], dict[str, Linked]]:
    """The same shifts, with what is left of each when the ruler's own moves are taken out, and those that come to light then."""
    linked: dict[str, Linked] = {}
    for name in sorted({row["signal"] for row in store.rows("evidence/rescored")} & set(fits)):
        fit = fits[name]
        if fit.cells.signal.control or fit.cells.signal.better is None:
            continue
        series = link(store, fit, [one.shift for one in found if one.shift.signal == name], candidates)
        if series is None:
            continue
        linked[name] = series
        moves = find(series.fit, better=fit.cells.signal.better, seed=seed, detector=detector)
        found = _without_echoes(found, name, series, moves)
        for move in moves:
            if move.worse and stands(series, move, [one.shift for one in found if one.shift.signal == name]):
                found = _placed(found, on_record(0, series.fit, move, within=True))
    return [
        replace(one, shift=one.shift.model_copy(update={"id": f"shift-{number}"}))
        for number, one in enumerate(found, start=1)
    ], linked


def _without_echoes(found: list[Found], name: str, series: Linked, moves: Sequence[Move]) -> list[Found]:
    """Without improvements that the linked series does not show and no move of the ruler explains."""
    own = [onset_of(series.fit.cells, move.moments, move.weights) for move in moves if not move.worse]
    at = [series.fit.cells.moment(one.hour) for one in series.links]
    slack = timedelta(hours=24)

    def real(shift: Shift) -> bool:
        seen = any(one.low - slack <= shift.onset.high and shift.onset.low - slack <= one.high for one in own)
        return seen or any(shift.onset.low - slack <= moment <= shift.onset.high + slack for moment in at)

    return [one for one in found if one.shift.signal != name or one.shift.direction == "worse" or real(one.shift)]


def _placed(found: list[Found], fresh: Found) -> list[Found]:
    """A shift of a linked series put beside the one that it is the rest of, or before all others of its signal."""
    fresh = replace(fresh, shift=fresh.shift.model_copy(update={"linked": True}))
    own = [n for n, one in enumerate(found) if one.shift.signal == fresh.shift.signal and not one.shift.linked]
    worse = [n for n in own if found[n].shift.direction == "worse" and found[n].rest is None]
    same = [n for n in worse if _overlap(found[n].shift, fresh.shift)]
    if same:
        begun = fresh.shift.onset.estimate
        nearest = min(same, key=lambda n: abs(found[n].shift.onset.estimate - begun))
        return [replace(one, rest=fresh) if n == nearest else one for n, one in enumerate(found)]
    first_better = next((n for n, one in enumerate(found) if one.shift.direction == "better"), len(found))
    at = min([first_better, *worse])
    return [*found[:at], fresh, *found[at:]]


def _overlap(one: Shift, other: Shift) -> bool:
    slack = timedelta(hours=12)
    return other.onset.low - slack <= one.onset.high and one.onset.low - slack <= other.onset.high


def hear(store: Store, one: Found, grounds: Grounds, before: Sequence[Heard], *, seed: int) -> Heard | None:
    """One shift with its ledger; ``None`` where chance explains it best."""
    shift, name = one.shift, one.shift.signal
    fit, series = grounds.fits[name], grounds.linked.get(name)
    span = ask(store, fit, shift.onset.low, shift.onset.high)
    harm = -1 if fit.cells.signal.better == "higher" else 1
    if span is not None:
        way = harm if shift.direction == "worse" else -harm
        shift = shift.model_copy(update={"bridge": record(span, way, bounded=fit.cells.signal.bounded)})
    if shift.direction == "better":
        ruler = span is not None and says(span, shift, -harm) == "most"
        return Heard(shift.model_copy(update={"moved": "ruler"}) if ruler else shift)
    if series is not None and (shift.linked or one.rest is not None):
        told = _within_link(store, one, shift, series, grounds, span, seed=seed)
        if told is not None or shift.linked:
            return told
    if one.move.noise is not None:
        fit = fit.under(one.move.noise)
    if series is not None:
        # or one move of a ruler passes for several: its own, and one of each segment where it is another
        fit = allowing(fit, [one.left.between for one in series.links])
    fits = {**grounds.fits, name: fit}
    others = [o.move for o in grounds.found if _explains(o, one, before)]
    apart = [o.move.column for o in grounds.found if _is_apart(o, one) and not any(o.move is other for other in others)]
    if others:
        fits = {**fits, name: fit.given(np.column_stack([other.column for other in others]))}
        shift = _resized(shift, fit, one, others)
    raw = Fit(fit.cells.pooled())
    if one.slide is not None:
        fits = {**fits, name: one.slide.alike}
    hearing = Hearing(
        shift,
        one.move,
        fits,
        raw,
        grounds.traffic,
        grounds.candidates,
        _moved_with(one, grounds),
        grounds.tallies[name],
        grounds.copies.get(name),
        span,
        grounds.weighed.get(name),
        beside=one.beside,
        apart=np.column_stack(apart) if apart else None,
        others=[other.shift for other in grounds.found if _is_apart(other, one)],
        prior=grounds.prior,
        ways=grounds.ways,
        mediators=grounds.mediators,
        slide=one.slide,
    )
    hearing.looked, hearing.faded, hearing.selection = grounds.looked, grounds.faded, choice(store, hearing)
    lines, outcome, moved = judge(hearing, store, seed=seed)
    if outcome == "no_shift":
        return None
    bridge = shift.bridge or of_controls(hearing)
    lines = with_parts(store, hearing, lines, grounds.window)
    whole = Heard(shift.model_copy(update={"moved": moved, "bridge": bridge}), tuple(lines), outcome)
    return _unblamed(whole, hearing, *_harm(one, grounds, before))


def _moved_with(one: Found, grounds: Grounds) -> dict[str, Move]:
    """By signal, what moved for the worse at about the same time."""
    return {other.shift.signal: other.move for other in grounds.found if _together(one, other)}


def _within_link(
    store: Store, one: Found, shift: Shift, series: Linked, grounds: Grounds, span: Span | None, *, seed: int
) -> Heard | None:
    """What is left of a shift when the ruler's own move is out of the scores; ``None`` where chance explains it best."""
    name, rest = shift.signal, one if shift.linked else one.rest
    assert rest is not None
    own = {name: series.fit} | {k: f for k, f in grounds.fits.items() if k != name and not f.cells.signal.judged}
    hearing = Hearing(
        rest.shift.model_copy(update={"id": shift.id, "bridge": shift.bridge}),
        rest.move,
        own,
        Fit(series.fit.cells.pooled()),
        grounds.traffic,
        grounds.candidates,
        {k: move for k, move in _moved_with(one, grounds).items() if k in own},
        grounds.tallies[name],
        grounds.copies.get(name),
        span,
        beside=rest.beside,
        prior=grounds.prior,
        ways=grounds.ways,
        mediators=replace(grounds.mediators, touched={}),  # those hold the scores as they were given, and not as linked
    )
    hearing.looked, hearing.faded, hearing.selection = grounds.looked, grounds.faded, choice(store, hearing)
    lines, outcome, moved = judge(hearing, store, seed=seed)
    if outcome == "no_shift":
        return None
    told = shift.model_copy(update={"moved": moved, "linked": True})
    lines = with_parts(store, hearing, divided(lines, told, span), grounds.window)
    return Heard(told, tuple(lines), outcome)


def _unblamed(told: Heard, hearing: Hearing, fell: list[Shift], apart: dict[str, list[np.ndarray]]) -> Heard:
    """The same, and nobody to blame where only behaviour moved and no quality fell with it."""
    if not concerns(hearing):
        return told
    if harmless(hearing, told.lines, fell, apart):
        return Heard(told.shift, tuple(without_blame(told.lines, LOOKS)))
    if not any(fit.cells.signal.family == "quality" for fit in hearing.fits.values()):
        return told
    lost = [one for one in told.lines if one.candidate == "artefact"]
    spared = {one.candidate: one for one in without_blame(lost, NO_LOSS)}
    word = "unattributed" if told.outcome == "artefact" else told.outcome
    return replace(told, lines=tuple(spared.get(one.candidate, one) for one in told.lines), outcome=word)


def _harm(one: Found, grounds: Grounds, before: Sequence[Heard]) -> tuple[list[Shift], dict[str, list[np.ndarray]]]:
    """Shifts for the worse at about the same time that may be harm, and by signal the columns of all other moves.

    What was heard as the ruler's, the traffic's or the records' is no harm, and what was heard as chance is nothing.
    """
    heard = {told.shift.id: told.outcome for told in before}
    place = next(n for n, other in enumerate(grounds.found) if other is one)
    asked = {other.shift.id for other in grounds.found[:place]}
    fell: list[Shift] = []
    apart: dict[str, list[np.ndarray]] = {}
    for other in grounds.found:
        if other is one or (other.shift.id in asked and other.shift.id not in heard):
            continue
        cleared = heard.get(other.shift.id) in {"ruler", "mix", "artefact"}
        if other.shift.direction == "worse" and _overlap(one.shift, other.shift) and not cleared:
            fell.append(other.shift)
        else:
            apart.setdefault(other.shift.signal, []).append(other.move.column)
    return fell, apart


def _explains(other: Found, one: Found, before: Sequence[Heard]) -> bool:
    """Whether another move of the signal is in the mean while this one is heard: one that was heard before, at another time.

    So the ruler's fall of one week is not held against what the app did in the next.
    """
    if other is one or other.shift.signal != one.shift.signal or other.shift.direction == "better":
        return False
    if other.shift.linked:
        return True
    return any(heard.shift.id == other.shift.id for heard in before) and not _overlap(one.shift, other.shift)


def _is_apart(other: Found, one: Found) -> bool:
    """Whether another move of the signal is a shift for the worse of its own, with a ledger of its own."""
    same = other is not one and other.shift.signal == one.shift.signal and other.shift.direction == "worse"
    return same and other.within and not _overlap(one.shift, other.shift)


def _resized(shift: Shift, fit: Fit, one: Found, others: Sequence[Move]) -> Shift:
    """The shift with its size as it is beside these moves too; that of the plain mean alone is as it was counted."""
    if not one.within:
        return shift
    _, move = sized(fit, one.move, (*one.beside, *others))
    return shift.model_copy(update=size_of(fit.cells, move, shift.before))


def app_first(heard: Sequence[Heard]) -> list[Heard]:
    """An app's fall comes before what the ruler, the traffic or the records moved: those clear it of their own move alone.

    A move of behaviour that no quality fell with comes after all that got worse.
    """
    heard = sorted(heard, key=lambda one: (one.shift.direction == "better") * 2 + (one.outcome is None))
    worse = [one for one in heard if one.outcome is not None]
    if not worse or worse[0].outcome not in {"ruler", "mix", "artefact"}:
        return list(heard)
    first = worse[0].shift
    apart = [
        one
        for one in worse
        if one.outcome in {"attributed", "tied"}
        and (one.shift.signal == first.signal or not _overlap(one.shift, first))
    ]
    return [*apart[:1], *(one for one in heard if one not in apart[:1])]


def _together(one: Found, other: Found) -> bool:
    """Whether another signal got worse at about the same time, give or take half a day beyond the onset intervals."""
    slack = timedelta(hours=12)
    return (
        other.shift.signal != one.shift.signal
        and other.shift.direction == "worse"
        and other.within
        and other.shift.onset.low - slack <= one.shift.onset.high
        and one.shift.onset.low - slack <= other.shift.onset.high
    )
