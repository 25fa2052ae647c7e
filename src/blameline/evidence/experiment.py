"""The experiment that would move a bid: a hearing and its odds in, what to swap on which requests out.

Candidates that are tied have one experiment together: every combination of their old and new versions on the same requests.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from blameline.evidence.swapped import UNSWAPPED
from blameline.records.experiments import Factor
from blameline.replays.compose import Loss, composed
from blameline.replays.sizes import ENOUGH

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from blameline.candidates import Candidate
    from blameline.evidence.hearing import Hearing
    from blameline.evidence.odds import Odds
    from blameline.evidence.questions import Archive
    from blameline.records import Experiment

SPREAD = 0.65
"""A paired difference of generations, as a share of the spread of single requests (.26 for .4; design notes)."""
RESCORED = 0.3
"""The same where one answer is scored twice (.12 for .4)."""
LEFT_OUT = 0.005
"""Odds below which a change is left alone when everything else is taken back."""


def loss(hearing: Hearing, archive: Archive) -> Loss:
    """What is known of the shift, and of the requests of its slice between its onset and its end."""
    shift, cells = hearing.shift, hearing.fit.cells
    since = shift.onset.high
    until = max(shift.ended or cells.moment(cells.span_hours), since)
    found = archive.query(
        "evidence/usage",
        signal=shift.signal,
        since=since.replace(tzinfo=None),
        until=until.replace(tzinfo=None),
        keys=sorted(shift.segment),
        values=[str(shift.segment[key]) for key in sorted(shift.segment)],
    )
    tokens = float(found["tokens"][0]) if found["tokens"][0] is not None else math.nan
    return Loss(
        signal=shift.signal,
        since=since,
        until=until,
        requests=int(found["requests"][0]),
        target=abs(shift.delta.estimate),
        pair=SPREAD * math.sqrt(hearing.fit.sigma2),
        tokens=tokens if math.isfinite(tokens) else None,
        segment=dict(shift.segment),
    )


def experiment(
    hearing: Hearing, candidate: Candidate, tied: Sequence[str], odds: Mapping[str, Odds], known: Loss
) -> Experiment | None:
    """The replay that would settle a bid, or split its tie; ``None`` where no replay can."""
    begun = hearing.fit.cells.moment(0)
    swappable = sorted(filter(_swappable, hearing.candidates), key=lambda one: (one.at or begun, one.id))
    plausible = [one for one in swappable if odds[one.id].probability >= LEFT_OUT and _told(one)]
    shares = {name: one.probability for name, one in odds.items()}
    if candidate.id == "unknown":
        return composed(known, factors(plausible), shares, travel=True) if plausible else None
    if not _swappable(candidate):
        return None
    members = [one for one in swappable if one.id in {candidate.id, *tied}]
    if {one.layer for one in members} == {"judge"}:
        before = replace(known, since=begun, until=hearing.shift.onset.low)
        known = replace(before, pair=known.pair * RESCORED / SPREAD)
        plausible = []
    every = factors([*members, *(one for one in plausible if one not in members)])
    bid = hearing.bids[candidate.id]
    own = max(abs(bid.effect) if math.isfinite(bid.error) else known.target, ENOUGH * known.target, 1e-6)
    return composed(
        known,
        every[: len(members)],
        shares,
        effect=own if len(members) == 1 else None,
        others=every[len(members) :],
    )


def factors(members: Sequence[Candidate]) -> tuple[Factor, ...]:
    """One a bid, each under the plainest key that is its own."""
    layers = [one.layer for one in members]
    keys = [one.key for one in members]
    found = []
    for one in members:
        assert one.layer is not None
        name: str = one.layer if layers.count(one.layer) == 1 else one.key or one.id
        name = one.id if name == one.key and keys.count(one.key) > 1 else name
        change = one.change
        old = (change.from_ if change else None) or one.previous
        new = one.value or (change.to if change else None)
        found.append(Factor(name=name, layer=one.layer, candidate=one.id, key=one.key, old=old, new=new))
    return tuple(found)


def _swappable(candidate: Candidate) -> bool:
    return not candidate.standing and candidate.layer is not None and candidate.layer not in UNSWAPPED


def _told(candidate: Candidate) -> bool:
    """Whether both versions are on record, so that somebody can take it back without asking."""
    (one,) = factors([candidate])
    return one.old is not None and one.new is not None
