"""From a loaded store to shifts and ledgers: the rooms in their order."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from blameline.candidates import Candidate, Seen, list_candidates
from blameline.cells import Clock, clock, measured, read, volume
from blameline.evidence.hearing import Hearing
from blameline.evidence.judgement import judge
from blameline.fit import Fit
from blameline.shifts import Move, describe, find
from blameline.shifts.by_segment import by_segment
from blameline.shifts.steps import smallest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from blameline.records import LedgerLine, Manifest, Outcome, Shift
    from blameline.store import Store

FAMILIES = ("quality", "behaviour", "feedback")
"""Signals that can be a shift, the most trusted first."""
MOST_SIGNALS = 16
FEWEST = 100
"""Measurements below which a signal is not looked at."""


@dataclass(frozen=True)
class Found:
    """One move, on record."""

    shift: Shift
    move: Move
    within: bool
    """Segments moved; false when only the plain mean did."""


@dataclass(frozen=True)
class Inquiry:
    """All that was found out, before it is put into words."""

    window: Clock | None
    shifts: tuple[Shift, ...]
    ledger: tuple[LedgerLine, ...]
    outcome: Outcome
    candidates: tuple[Candidate, ...]
    signals: tuple[str, ...]
    """Signals that were looked at."""
    detectable: tuple[tuple[str, float], ...] = ()
    """By signal, the quality first: the smallest lasting fall that would have been found."""


def inquire(store: Store, *, seed: int, detector: str = "steps") -> Inquiry:
    """Find the shifts with the named detector and put every bid to each shift for the worse."""
    window = clock(store)
    if window is None:
        return Inquiry(None, (), (), "no_shift", (), ())
    fits = fit_signals(store, window)
    found = find_shifts(fits, store.manifest(), seed=seed, detector=detector)
    candidates = candidates_of(store, window)
    traffic = volume(store, window)
    ledger: list[LedgerLine] = []
    shifts: list[Shift] = []
    verdicts: list[Outcome] = []
    for one in found:
        if one.shift.direction == "better":
            shifts.append(one.shift)
            continue
        raw = Fit(fits[one.shift.signal].cells.pooled())
        together = {other.shift.signal: other.move for other in found if _together(one, other)}
        hearing = Hearing(one.shift, one.move, fits, raw, traffic, candidates, together)
        lines, outcome, moved = judge(hearing, store, seed=seed)
        if outcome == "no_shift":
            continue
        shifts.append(one.shift.model_copy(update={"moved": moved}))
        ledger += lines
        verdicts.append(outcome)
    return Inquiry(
        window,
        tuple(shifts),
        tuple(ledger),
        verdicts[0] if verdicts else "no_shift",
        candidates,
        tuple(sorted(fits)),
        _detectable(fits, store.manifest()),
    )


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


def find_shifts(fits: dict[str, Fit], manifest: Manifest, *, seed: int, detector: str = "steps") -> list[Found]:
    """Shifts of every signal but the controls: for the worse first, quality first, then in the manifest's order."""
    listed = {name: number for number, name in enumerate(manifest.signals)}
    found: list[tuple[tuple[bool, int, int, float, str], Fit, Move, bool]] = []
    for name, fit in sorted(fits.items()):
        signal = fit.cells.signal
        if signal.better is None or signal.control:
            continue
        moves = find(fit, better=signal.better, seed=seed, detector=detector)
        kept = [(move, True) for move in moves]
        if not any(move.worse for move in moves):
            plain = Fit(fit.cells.pooled())
            kept += [
                (replace(move, column=_spread(plain, move, fit)), False)
                for move in find(plain, better=signal.better, seed=seed, detector=detector)
                if move.worse
            ][:1]
        for move, within in kept:
            order = (not move.worse, FAMILIES.index(signal.family), listed.get(name, len(listed)), -move.evidence, name)
            found.append((order, fit, move, within))
    found.sort(key=lambda entry: entry[0])
    return [
        Found(_told(number, fit, move, within=within), move, within)
        for number, (_, fit, move, within) in enumerate(found, start=1)
    ]


def _spread(plain: Fit, move: Move, fit: Fit) -> NDArray[np.float64]:
    """A move over the buckets of the plain mean, as a column over the cells of the signal."""
    level = np.zeros(fit.cells.buckets)
    level[plain.cells.bucket] = move.column
    return level[fit.cells.bucket]


def _told(number: int, fit: Fit, move: Move, *, within: bool) -> Shift:
    shift = describe(number, fit, move, within=within)
    return shift.model_copy(update={"by_segment": by_segment(fit, move)}) if within else shift


def _detectable(fits: dict[str, Fit], manifest: Manifest) -> tuple[tuple[str, float], ...]:
    listed = {name: number for number, name in enumerate(manifest.signals)}
    watched = [
        (FAMILIES.index(fit.cells.signal.family), listed.get(name, len(listed)), name) for name, fit in fits.items()
    ]
    return tuple((name, smallest(fits[name])) for _, _, name in sorted(watched) if not fits[name].cells.signal.control)


def candidates_of(store: Store, window: Clock) -> tuple[Candidate, ...]:
    """Everything that bids in this case."""
    bounds = {"since": window.since.replace(tzinfo=None), "until": window.until.replace(tzinfo=None)}
    seen: Sequence[Seen] = [
        Seen(row["key"], row["value"], row["first_seen"], row["last_seen"], row["n"])
        for row in store.rows("candidates/first_seen", **bounds)
    ]
    return list_candidates(store.changes(), seen, window)
