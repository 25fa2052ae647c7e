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
from blameline.shifts.describe import all_there, sides
from blameline.shifts.losses import find_lost
from blameline.shifts.mix import split
from blameline.shifts.moves import highest_density
from blameline.shifts.slices import locate, narrowed
from blameline.shifts.steps import smallest
from blameline.shifts.tallies import Tallies
from blameline.shifts.traffic import traffic_move

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from blameline.candidates import Candidate
    from blameline.cells import Cells
    from blameline.records import Family, Manifest, Shift
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
) -> list[Found]:
    """Shifts of every signal but the controls: for the worse first, quality first, then in the manifest's order.

    ``tallies`` are the counts beside each signal, ``awaited`` the hour from which on its scores are still coming in;
    ``candidates`` are asked about signals that show nothing for the worse by themselves.
    """
    listed = {name: number for number, name in enumerate(manifest.signals)}
    found: list[tuple[tuple[bool, int, bool, int, float, str], Fit, Move, bool, list[Move]]] = []
    for name, fit in sorted(fits.items()):
        signal = fit.cells.signal
        if signal.better is None or signal.control:
            continue
        moves = find(fit, better=signal.better, seed=seed, detector=detector)
        kept = [(move, True) for move in moves]
        if tallies and not any(move.worse for move in moves):
            pointed = find_lost(fit, tallies[name], better=signal.better)
            kept += [(pointed, True)] if pointed else []
        kept += [(move, False) for move in _plain(fit, [move for move, _ in kept], seed=seed, detector=detector)]
        if not any(move.worse for move, _ in kept):
            named = find_pointed(fit, candidates)
            kept += [(named, True)] if named else []
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
        on_record(number, fit, move, within=within, beside=beside)
        for number, (_, fit, move, within, beside) in enumerate(found, start=1)
    ]


def _plain(fit: Fit, moves: list[Move], *, seed: int, detector: str) -> list[Move]:
    """At most one move for the worse of the plain mean that no move within segments stands for.

    What the traffic did by itself comes first: it is dated far better than the mean. Where segments got worse at about the same
    time the one shift is theirs, and its split says what the traffic added.
    """
    better = fit.cells.signal.better
    assert better is not None
    worse = [move for move in moves if move.worse]
    by_segment = len(fit.cells.segments) > 1
    if worse and not by_segment:
        return []
    plain = Fit(fit.cells.pooled())
    of_traffic = traffic_move(fit, plain, better=better, seed=seed) if by_segment else None
    if of_traffic is not None:
        return [] if any(_meet(of_traffic, move) for move in worse) else [of_traffic]
    if worse:
        return []
    found = [move for move in find(plain, better=better, seed=seed, detector=detector) if move.worse]
    return [replace(move, toll=0.0, noise=None, column=_spread(plain, move, fit)) for move in found[:1]]


def _meet(one: Move, other: Move) -> bool:
    """Whether the onset ranges of two moves, give or take half a day, have a moment in common."""
    (_, low, high), (_, other_low, other_high) = (highest_density(move.moments, move.weights) for move in (one, other))
    return low - SLACK <= other_high and other_low - SLACK <= high


def _spread(plain: Fit, move: Move, fit: Fit) -> NDArray[np.float64]:
    """A move over the buckets of the plain mean, as a column over the cells of the signal."""
    level = np.zeros(fit.cells.buckets)
    level[plain.cells.bucket] = move.column
    return level[fit.cells.bucket]


def on_record(number: int, fit: Fit, move: Move, *, within: bool, beside: Sequence[Move] = ()) -> Found:
    """A move on record, with its slice and its split; the other moves of the signal, ``beside`` it, are no part of its size."""
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
