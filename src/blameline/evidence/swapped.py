"""What replays say of every bid: their rows and the hearing in, effects and likelihood ratios out.

::

    log LR = log N(x; b, se^2 + (.4 b)^2) - log N(x; 0, se^2),  between -6 and 6

``x`` is the replayed effect of the bid, ``b`` the one that it should have: a replay is never infinitely convincing. Where more
was crossed, a guilty change may do its harm by itself, only beside the others, or only without them: a mean over the three,
so that two changes which do it together are not torn apart by chance. A replay in
which everything was taken back and nothing came back speaks against every change that it covers, and so for ``unknown``.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import logsumexp

from blameline.replays.results import Results, Swapped, Version, read
from blameline.replays.shares import mean_and_error

if TYPE_CHECKING:
    from blameline.candidates import Candidate
    from blameline.evidence.hearing import Hearing
    from blameline.evidence.questions import Archive, Rows
    from blameline.replays.shares import Floats

QUERY = "evidence/replays"
FEWEST = 20
"""Requests compared below which a replay says nothing."""
MOST = 6.0
"""Nats; what may be wrong with a replay itself is not in its numbers."""
UNSWAPPED = frozenset({"traffic", "telemetry", "eval"})
"""Layers that no replay can swap."""


def names_of(candidate: Candidate) -> tuple[str, ...]:
    """Keys under which a configuration may have the version of a bid, the most exact first."""
    return tuple(dict.fromkeys(name for name in (candidate.id, candidate.key, candidate.layer) if name))


def version_of(candidate: Candidate) -> Version | None:
    """How a bid shows in configurations; ``None`` for one that no replay can swap, or whose version nobody tells."""
    if candidate.standing or candidate.layer in UNSWAPPED:
        return None
    change = candidate.change
    new = dict.fromkeys(str(one) for one in (candidate.value, change.to if change else None) if one)
    old = dict.fromkeys(str(one) for one in (change.from_ if change else None, candidate.previous) if one)
    return Version(names_of(candidate), tuple(new), tuple(one for one in old if one not in new)) if new else None


def versions_of(hearing: Hearing) -> dict[str, Version]:
    """By bid, how it shows; without those that cannot be swapped."""
    found = {candidate.id: version_of(candidate) for candidate in hearing.candidates}
    return {name: one for name, one in found.items() if one is not None}


def spread_of(hearing: Hearing) -> float:
    """Scale of a difference of two scores: 1 for shares, else that of two requests of the fit."""
    return 1.0 if hearing.fit.cells.signal.bounded else math.sqrt(2 * hearing.fit.sigma2)


def results_of(rows: Rows, hearing: Hearing) -> Results:
    """The replays of the hearing's signal."""
    return read(rows, spread_of(hearing))


def swapped(results: Results, hearing: Hearing, candidate: Candidate) -> Swapped | None:
    """What replays say of one bid; ``None`` where it cannot be swapped."""
    versions = versions_of(hearing)
    mine = versions.get(candidate.id)
    return None if mine is None else results.swapped(mine, list(versions.values()))


def told(found: Swapped | None) -> Floats:
    """The differences to go by: those of the bid alone, else those of the smallest bundle that it was taken back with."""
    if found is None:
        return np.zeros(0)
    return found.each if len(found.each) else found.together


def expected(hearing: Hearing, candidate: Candidate) -> float:
    """The harm that a bid should do on replayed requests if it is guilty: what the fit says, and not below half of the shift."""
    bid, target = hearing.bids[candidate.id], abs(hearing.shift.delta.estimate)
    own = hearing.harm * bid.effect if math.isfinite(bid.error) else target
    return max(own, target / 2)


def log_ratios(hearing: Hearing, archive: Archive) -> dict[str, float]:
    """By bid, the log likelihood ratio of the replays; nought for what they do not swap."""
    rows = archive.query(QUERY, signal=hearing.shift.signal)
    if not len(rows["case_id"]):
        return {}
    results, scale = results_of(rows, hearing), spread_of(hearing)
    found = {}
    for candidate in hearing.candidates:
        swap = swapped(results, hearing, candidate)
        ways = [] if swap is None else [(0.5, told(swap)), (0.25, swap.alone), (0.25, swap.added)]
        parts = []
        for weight, each in ways:
            if len(each) >= FEWEST:
                mean, error = mean_and_error(each, scale)
                ratio = log_ratio(hearing.harm * mean, error, expected(hearing, candidate))
                parts.append((weight, ratio))
        if parts:
            whole = sum(weight for weight, _ in parts)
            found[candidate.id] = float(logsumexp([ratio for _, ratio in parts], b=[w / whole for w, _ in parts]))
    return found


def log_ratio(effect: float, error: float, wanted: float) -> float:
    """How much likelier the replayed effect is when the bid is guilty (see the module)."""
    wide = error**2 + (0.4 * wanted) ** 2
    guilty = -0.5 * math.log(wide) - (effect - wanted) ** 2 / (2 * wide)
    innocent = -0.5 * math.log(error**2) - effect**2 / (2 * error**2)
    return min(max(guilty - innocent, -MOST), MOST)
