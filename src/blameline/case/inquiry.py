"""From a loaded store to shifts and ledgers: the rooms in their order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from blameline.candidates import Candidate, bidders, corrected, list_candidates, versions_seen
from blameline.case.context import context
from blameline.case.disagreement import disagreements
from blameline.case.finding import detectable, find_shifts, fit_signals, tallies_of
from blameline.case.hearings import Grounds, Heard, app_first, hear, linked_series
from blameline.case.mediators import read_mediators
from blameline.case.sight import blindness
from blameline.cells import Clock, clock, clusters, copies, lags, read_by_turn, settled, volume, weighed
from blameline.evidence.mediators import Mediators
from blameline.evidence.prior import prior_of
from blameline.evidence.signature import look
from blameline.evidence.slow import faded
from blameline.evidence.verdicts import capped
from blameline.fit import Clustered
from blameline.shifts.dips import dips

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from blameline.fit import Fit
    from blameline.records import Context, Dip, Disagreement, LedgerLine, Outcome, Shift, Signature
    from blameline.store import Store


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
    context: tuple[Context, ...] = ()
    """What moved beside the main shift, and is none."""
    disagreements: tuple[Disagreement, ...] = ()
    """Where clicks and graded truth went different ways."""
    dips: tuple[Dip, ...] = ()
    """What was too short to be a shift."""
    signatures: tuple[Signature, ...] = ()
    """Behaviour that moved though no recorded identity did."""
    no_signature: str = "there is no trace in the window"
    """Why there is none; empty where there is one."""
    cannot_tell: str = ""
    """Why nothing could be looked at; empty where something was."""


def inquire(store: Store, *, seed: int, detector: str = "steps") -> Inquiry:
    """Find the shifts with the named detector and put every bid to each shift for the worse."""
    window = clock(store)
    if window is None:
        return Inquiry(None, (), (), "no_shift", (), (), cannot_tell="there is no trace in the window")
    fits, manifest = fit_signals(store, window), store.manifest()
    traffic = volume(store, window)
    tallies = tallies_of(fits, traffic)
    awaited = {
        name: settled(fits[name].cells, traffic, lag) for name, lag in lags(store, window).items() if name in fits
    }
    candidates = bidders(corrected(store, window, candidates_of(store, window)))
    found = find_shifts(
        fits,
        manifest,
        seed=seed,
        detector=detector,
        tallies=tallies,
        awaited=awaited,
        candidates=candidates,
        turned=lambda signal: read_by_turn(store, signal, window),
    )
    found, linked = linked_series(store, fits, found, candidates, seed=seed, detector=detector)
    weights = weighed(store, window, {name: fit.cells for name, fit in fits.items()})
    fallen = sorted({one.shift.signal for one in found if one.shift.direction == "worse"})
    drawn = clusters(store, window) if fallen else {}
    ways = {
        name: [Clustered(attribute, fits[name].cells, one) for attribute, one in by.items()]
        for name, by in drawn.items()
        if name in fits
    }
    mediators = read_mediators(store, window, fits, candidates, fallen) if fallen else Mediators()
    prior, drawn_from, looked = prior_of(manifest.prior), copies(store, window), look(store, window, candidates)
    grounds = Grounds(
        fits,
        linked,
        traffic,
        tallies,
        drawn_from,
        weights,
        candidates,
        tuple(found),
        prior,
        ways,
        mediators,
        window,
        looked,
        faded(store, window, candidates) if fallen else None,
    )
    heard: list[Heard] = []
    for one in found:
        told = hear(store, one, grounds, heard, seed=seed)
        heard += [told] if told else []
    heard = app_first(heard)
    shifts, lines = [one.shift for one in heard], [line for one in heard for line in one.lines]
    word: Outcome = next((one.outcome for one in heard if one.outcome is not None), "no_shift")
    worse = {fits[one.shift.signal].cells.signal.family for one in heard if one.outcome is not None}
    if worse == {"feedback"}:
        lines, word = capped(lines, word)
    smallest = detectable(fits, manifest)
    return Inquiry(
        window,
        tuple(shifts),
        tuple(lines),
        word,
        candidates,
        tuple(sorted(fits)),
        smallest,
        context(store, window, shifts),
        disagreements(fits, shifts),
        _brief(fits, shifts),
        looked.found,
        looked.why_none,
        "" if any(shift.direction == "worse" for shift in shifts) else blindness(store, window, fits, dict(smallest)),
    )


def _brief(fits: Mapping[str, Fit], shifts: Sequence[Shift]) -> tuple[Dip, ...]:
    """Dips too short to be a shift, those at the edges of a shift of the same signal left out."""
    slack = timedelta(hours=12)

    def part(dip: Dip, shift: Shift) -> bool:
        edges = [edge for edge in (shift.onset, shift.ended_range) if edge is not None]
        return shift.signal == dip.signal and any(
            edge.low - slack <= dip.until and dip.since <= edge.high + slack for edge in edges
        )

    return tuple(
        dip for _, fit in sorted(fits.items()) for dip in dips(fit) if not any(part(dip, shift) for shift in shifts)
    )


def candidates_of(store: Store, window: Clock) -> tuple[Candidate, ...]:
    """Every change of this case, seen or on record, and the standing bidders; ``bidders`` of it bid."""
    return list_candidates(store.changes(), versions_seen(store, window), window)
