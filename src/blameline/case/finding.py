"""The signals of a case, their models, and the shifts that they show: before anybody is suspected, where they show by themselves.

A signal without a shift for the worse is looked at again where the changes on record point (``evidence.pointed``).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from blameline.cells import Clock, measured, read
from blameline.evidence.pointed import find_pointed
from blameline.fit import Fit
from blameline.shifts import Move, describe, find
from blameline.shifts.by_segment import by_segment
from blameline.shifts.describe import all_there, kitagawa, sides
from blameline.shifts.losses import find_lost
from blameline.shifts.mix import split
from blameline.shifts.moves import highest_density
from blameline.shifts.slices import locate, narrowed
from blameline.shifts.slides import slide
from blameline.shifts.steps import smallest
from blameline.shifts.tallies import Tallies
from blameline.shifts.traffic import traffic_move

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from blameline.candidates import Candidate
    from blameline.cells import Cells
    from blameline.cells.turns import Turned
    from blameline.records import Family, Manifest, Shift, Signal
    from blameline.shifts.slides import Slide
    from blameline.store import Store

FAMILIES: tuple[Family, ...] = (
    "quality", "contract", "behaviour", "task", "retrieval", "feedback", "cost", "time", "operations",
)  # fmt: skip
"""Of the signals that can be a shift the most trusted first; cost and time only where the manifest lists them."""
MOST_SIGNALS = 16
SLACK = 12.0
"""Hours by which the onsets of two moves may miss each other and still be one moment."""
FEWEST = 100
"""Measurements below which a signal is not looked at."""


@dataclass(frozen=True)
class Found:
    """One move, on record."""

    shift: Shift
    move: Move
    within: bool
    """Segments moved; false when only the plain mean did."""
    rest: Found | None = None
    """What is left of it when the ruler's own move is taken out of the scores; ``None`` where that is not known."""
    beside: tuple[Move, ...] = ()
    """Moves of its signal at other times, which are no part of its size."""
    slide: Slide | None = None
    """What the traffic foretells, where the mean slides with it."""


def fit_signals(store: Store, window: Clock) -> dict[str, Fit]:
    """The model of every signal that is measured often enough."""
    fits: dict[str, Fit] = {}
    for signal in sorted(measured(store, window), key=lambda one: (FAMILIES.index(one.family), one.name))[
        :MOST_SIGNALS
    ]:
        cells = read(store, signal, window)
        if cells.n.sum() >= FEWEST and len(np.unique(cells.bucket)) >= 8:
            fits[signal.name] = Fit(cells)
    return fits


def tallies_of(fits: Mapping[str, Fit], traffic: Cells) -> dict[str, Tallies]:
    """The counts beside each signal; what is counted of the requests alone is counted once."""
    whole = Tallies(traffic)
    return {name: whole.of(fit.cells) for name, fit in fits.items()}


def find_shifts(
    fits: dict[str, Fit],
    manifest: Manifest,
    *,
    seed: int,
    detector: str = "steps",
    tallies: Mapping[str, Tallies] | None = None,
    awaited: Mapping[str, float] | None = None,
    candidates: Sequence[Candidate] = (),
    turned: Callable[[Signal], Turned | None] = lambda _signal: None,
) -> list[Found]:
    """Shifts of every signal but the controls: for the worse first, quality first, then in the manifest's order.

    ``tallies`` are the counts beside each signal, ``awaited`` the hour from which on its scores are still coming in;
    ``candidates`` are asked about signals that show nothing for the worse by themselves, then ``turned``: the cells of a
    signal by turn of the conversation, for what may slide with the traffic.
    """
    listed = {name: number for number, name in enumerate(manifest.signals)}
    found: list[tuple[tuple[bool, int, bool, int, float, str], Fit, Move, bool, list[Move]]] = []
    slides: dict[str, Slide] = {}
    for name, fit in sorted(fits.items()):
        signal = fit.cells.signal
        if signal.better is None or signal.control:
            continue
        moves = find(fit, better=signal.better, seed=seed, detector=detector)
        kept, lost = [(move, True) for move in moves], None
        if tallies and not any(move.worse for move in moves):
            lost = find_lost(fit, tallies[name], better=signal.better)
            kept += [(lost, True)] if lost else []
        plain, by_traffic = _plain(fit, [move for move, _ in kept], seed=seed, detector=detector)
        kept += [(plain, False)] if plain else []
        if not any(move.worse for move, _ in kept):
            named = find_pointed(fit, candidates)
            kept += [(named, True)] if named else []
        slid = None if lost or by_traffic else _slid(fit, turned(signal))
        worse = any(move.worse for move, _ in kept)
        if slid is not None and not (worse and _left(slid, candidates, seed=seed, detector=detector)):
            slides[name] = slid
            kept = [*((move, True) for move, _ in kept if not move.worse), (slid.move, False)]
        until = (awaited or {}).get(name, np.inf)
        for move, within in kept:
            if move.begun >= until:
                continue  # scores of these hours are still coming in, and who is slow may be scored otherwise
            family = FAMILIES.index(signal.family)
            order = (not move.worse, family, not within, listed.get(name, len(listed)), -move.evidence, name)
            beside = [other for other, inside in kept if inside and other is not move and not _meet(other, move)]
            found.append((order, fit, move, within, beside))
    found.sort(key=lambda entry: entry[0])
    return [
        on_record(number, fit, move, within=within, beside=beside, slides=slides.get(fit.cells.signal.name))
        for number, (_, fit, move, within, beside) in enumerate(found, start=1)
    ]


def _slid(fit: Fit, turned: Turned | None) -> Slide | None:
    return slide(fit, turned) if turned is not None else None


def _left(slid: Slide, candidates: Sequence[Candidate], *, seed: int, detector: str) -> bool:
    """Whether anything got worse at an equal traffic too: then the traffic does not stand for what was found."""
    better = slid.alike.cells.signal.better
    assert better is not None
    found = find(slid.alike, better=better, seed=seed, detector=detector)
    plain, _ = _plain(slid.alike, found, seed=seed, detector=detector)
    return any(move.worse for move in found) or plain is not None or find_pointed(slid.alike, candidates) is not None


def _plain(fit: Fit, moves: list[Move], *, seed: int, detector: str) -> tuple[Move | None, bool]:
    """The move for the worse of the plain mean that no move within segments stands for, and whether the traffic moved there.

    What the traffic did by itself comes first: it is dated far better than the mean. Where segments got worse at about the same
    time the one shift is theirs, and its split says what the traffic added.
    """
    better = fit.cells.signal.better
    assert better is not None
    worse = [move for move in moves if move.worse]
    by_segment = len(fit.cells.segments) > 1
    if worse and not by_segment:
        return None, False
    plain = Fit(fit.cells.pooled())
    of_traffic = traffic_move(fit, plain, better=better, seed=seed) if by_segment else None
    if of_traffic is not None:
        return (None if any(_meet(of_traffic, move) for move in worse) else of_traffic), True
    if worse:
        return None, False
    found = [move for move in find(plain, better=better, seed=seed, detector=detector) if move.worse]
    spread = [replace(move, toll=0.0, noise=None, column=_spread(plain, move, fit)) for move in found[:1]]
    return next(iter(spread), None), False


def _meet(one: Move, other: Move) -> bool:
    """Whether the onset ranges of two moves, give or take half a day, have a moment in common."""
    (_, low, high), (_, other_low, other_high) = (highest_density(move.moments, move.weights) for move in (one, other))
    return low - SLACK <= other_high and other_low - SLACK <= high


def _spread(plain: Fit, move: Move, fit: Fit) -> NDArray[np.float64]:
    """A move over the buckets of the plain mean, as a column over the cells of the signal."""
    level = np.zeros(fit.cells.buckets)
    level[plain.cells.bucket] = move.column
    return level[fit.cells.bucket]


def on_record(
    number: int, fit: Fit, move: Move, *, within: bool, beside: Sequence[Move] = (), slides: Slide | None = None
) -> Found:
    """A move on record, with its slice and its split; the other moves of the signal, ``beside`` it, are no part of its size.

    Of one that ``slides`` the split is by turn of the conversation too.
    """
    if slides is not None and move is slides.move:
        return _sliding(number, fit, slides, beside)
    if within:
        fit, move = sized(fit, move, beside)
    located = locate(fit, move) if within else None
    if located is not None:
        move = narrowed(fit, move, located)
    shift = describe(number, fit, move, within=within, beside=beside)
    early, late = sides(fit.cells, shift.segment, shift.onset, shift.ended_range, beside)
    mix = split(fit.cells, early, all_there(fit.cells, late, shift.settled), frozenset(shift.segment))
    told: dict[str, object] = {"mix": mix, "slice": located}
    if mix is not None:
        told["mix_delta"] = mix.mix.estimate
    if within:
        told["by_segment"] = by_segment(fit, move)
    return Found(shift.model_copy(update=told), move, within, beside=tuple(beside))


def _sliding(number: int, fit: Fit, one: Slide, beside: Sequence[Move]) -> Found:
    """A slide on record: it has no slice, and its split is by turn of the conversation too."""
    shift = describe(number, fit, one.move, within=False, beside=beside)
    early, late = sides(one.cells, {}, shift.onset, None, beside)
    raw, mix = kitagawa(one.cells, early, late)
    told = {"raw_delta": raw, "mix_delta": mix, "mix": split(one.cells, early, late), **one.between(early, late)}
    told |= {"after": shift.before + raw, "settled": None}  # where it ends is not in the data
    return Found(shift.model_copy(update=told), one.move, within=False, beside=tuple(beside), slide=one)


def sized(fit: Fit, move: Move, beside: Sequence[Move]) -> tuple[Fit, Move]:
    """The model with the other moves in its mean, and the move as large as it is there."""
    others = [column for other in beside for column in (other.column, other.left) if column is not None]
    others += [move.left] if move.left is not None else []
    if not others:
        return fit, move
    fit = fit.given(np.column_stack(others))
    told = fit.scores(move.column[:, None])
    if not told.information[0]:
        return fit, move
    return fit, replace(move, effect=float(told.estimate[0]), error=max(float(told.error[0]), move.error))


def detectable(fits: dict[str, Fit], manifest: Manifest) -> tuple[tuple[str, float], ...]:
    """By signal, the quality first: the smallest lasting fall that would have been found."""
    listed = {name: number for number, name in enumerate(manifest.signals)}
    watched = [
        (FAMILIES.index(fit.cells.signal.family), listed.get(name, len(listed)), name) for name, fit in fits.items()
    ]
    return tuple((name, smallest(fits[name])) for _, _, name in sorted(watched) if not fits[name].cells.signal.control)
