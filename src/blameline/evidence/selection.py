"""Selection: did the scored requests become a harder draw from all requests?

Every request is on record, scored or not, and what is usual for its segment and its user is known from scores before the
onset. What the choice of requests did to the mean is how the usual quality of the scored moved against that of all::

    part = (scored - all)[after] - (scored - all)[before]

Whatever the usual levels are worth, ``part`` is around zero as long as scores are drawn as they were: an answer after the onset
has no say in them, so that neither a fall of the app nor regression to the mean can fake one. Its error takes users, or days,
for witnesses (the larger of the two). Levels of segments and users are shrunk (empirical Bayes; Efron and Morris 1975), so that
a level predicts what it says. Conversations are good or bad beyond what levels tell: ``reach`` is the share of what makes
requests differ that is told, and ``part`` shows no more than that of a choice by hardness.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from blameline.cells.grid import sums
from blameline.evidence.questions import window
from blameline.shifts.levels import BLOCK, levels

if TYPE_CHECKING:
    from collections.abc import Mapping

    from blameline.evidence.hearing import Hearing
    from blameline.evidence.questions import Archive, Rows

Floats = NDArray[np.float64]
QUERY = "evidence/selection"
WHO = "user.id"
"""The attribute that says whose a request is."""
MOST_READ = 60_000
"""Requests that are looked at; of more it is those of every so-manieth user."""
FEWEST = 50
"""Scored requests on either side of the onset below which nothing is said."""
ALL = 0.95
"""Share of the requests from which on nobody chooses which to score."""
SHOWN = 0.1
"""Least share of the move that shows, where the choice made it: any from here to all of it are alike likely."""
STRAYS = 0.05
"""How far the draw of the scores may move by itself, as a share of the move; and so may half of what the requests moved."""


@dataclass(frozen=True)
class Selection:
    """How the choice of what is scored moved at the onset, in the signal's unit."""

    part: float
    """What it did to the mean, as far as it shows."""
    error: float
    raw: float
    """The plain move of the mean in the place of the shift."""
    requests: float
    """How the usual quality of all requests moved there: the traffic's own part."""
    reach: float
    """Share of what makes requests differ that segment and user tell."""
    n: int
    """Scored requests."""

    @property
    def share(self) -> float:
        """Share of the plain move that shows."""
        return self.part / self.raw if self.raw else 0.0

    @property
    def log_factor(self) -> float:
        """Log likelihood ratio of "the choice made the move" against "it was as before"; 0 where nothing moved."""
        if not self.raw:
            return 0.0
        size = abs(self.raw)
        part = max(math.copysign(1.0, self.raw) * self.part, 0.0)
        without = math.hypot(self.error, STRAYS * size, self.requests / 2)
        inside = ndtr((size - part) / self.error) - ndtr((SHOWN * size - part) / self.error)
        made = math.log(max(inside, 1e-300) / (size * (1 - SHOWN)))
        return made + 0.5 * (part / without) ** 2 + math.log(without * math.sqrt(2 * math.pi))


def parameters(hearing: Hearing) -> Mapping[str, object]:
    """What to bind to the query."""
    one_in = max(-(-int(hearing.traffic.n.sum()) // MOST_READ), 1)
    return {**window(hearing), "width": hearing.fit.cells.width, "who": WHO, "one_in": one_in}


def chosen(hearing: Hearing) -> bool:
    """Whether somebody chooses which requests are scored: a sample of them has the score, and no user gives it."""
    cells = hearing.fit.cells
    return cells.signal.family == "quality" and float(cells.n.sum()) < ALL * float(hearing.traffic.n.sum())


def ask(archive: Archive, hearing: Hearing) -> Selection | None:
    """The measure of one shift; ``None`` where nobody chooses, or too few are scored on either side."""
    return measure(archive.query(QUERY, **parameters(hearing)), hearing) if chosen(hearing) else None


def measure(rows: Rows, hearing: Hearing) -> Selection | None:
    """The part that the choice had in the shift, from the rows of the query."""
    cells, (begin, end) = hearing.fit.cells, hearing.begun()
    bucket, segment, person = (np.asarray(rows[key], dtype=np.int64) for key in ("bucket", "segment_id", "person"))
    there = [dict(hearing.shift.segment).items() <= one.items() for one in cells.segments]
    hours = (bucket + 0.5) * cells.width / 3600
    kept = np.array(there, dtype=bool)[segment] & (hours <= end) if there else hours <= end
    bucket, segment, person, hours = bucket[kept], segment[kept], person[kept], hours[kept]
    requests, scored, total, square = (
        np.asarray(rows[key], dtype=float)[kept] for key in ("requests", "scored", "total", "square")
    )
    late = hours > begin
    sides = (~late, late)
    if min((float(scored[side].sum()) for side in sides), default=0.0) < FEWEST:
        return None
    level = levels(cells, cells.hours <= begin)[segment]
    early = np.where(late, 0.0, scored)
    people = _people(person, hours, early, total, square, level)
    usual = level + people
    part, requests_moved, pull = 0.0, 0.0, np.zeros(len(hours))
    for side, sign in zip(sides, (-1, 1), strict=True):
        of_scored, of_all = (np.where(side, n, 0.0) / n[side].sum() for n in (scored, requests))
        drawn, every = float(of_scored @ usual), float(of_all @ usual)
        part += sign * (drawn - every)
        requests_moved += sign * every
        pull += sign * (of_scored * (usual - drawn) - of_all * (usual - every))
    alone = np.where(person < 0, person.max(initial=0) + 1 + np.arange(len(person)), person)
    witnesses = (np.unique(alone, return_inverse=True)[1], (hours // 24).astype(np.int64))
    error = max(float(np.sqrt((sums(who, pull) ** 2).sum())) for who in witnesses)
    before, after = (float(total[side].sum() / scored[side].sum()) for side in sides)
    weight = np.where(late, 0.0, requests) / requests[~late].sum()
    told = [float(weight @ (one - weight @ one) ** 2) for one in (level, people, usual)]
    alike = max((way.shared for way in hearing.ways.get(cells.signal.name, ())), default=0.0)
    reach = told[2] / max(told[0] + max(alike, told[1]), told[2], 1e-300)
    return Selection(part, max(error, 1e-12), after - before, requests_moved, max(reach, 1e-3), int(scored.sum()))


def _people(
    person: NDArray[np.int64], hours: Floats, early: Floats, total: Floats, square: Floats, level: Floats
) -> Floats:
    """By row: how much better or worse its user's answers before the onset were than those of like requests at the time.

    The variance between users is told from pairs of answers of one user; an answer nobody is named for has none.
    """
    block = np.unique((hours // BLOCK).astype(np.int64), return_inverse=True)[1]
    rest = np.where(early > 0, total - early * level, 0.0)
    n = sums(block, early)
    usual = np.divide(sums(block, rest), n, out=np.zeros_like(n), where=n > 0)[block]
    squares = np.where(early > 0, square - 2 * (level + usual) * total + early * (level + usual) ** 2, 0.0)
    rest = rest - early * usual
    named = person >= 0
    if not named.any():
        return np.zeros(len(person))
    who = np.where(named, person, 0)
    counts, sent = sums(who, early * named), sums(who, rest * named)
    alike, noise = float(sent @ sent - (squares * named).sum()), float(squares.sum() / max(early.sum(), 1.0))
    pairs = float(counts @ (counts - 1))
    between = min(max(alike / pairs, 0.0), noise) if pairs > 0 else 0.0
    if not between:
        return np.zeros(len(person))
    found: Floats = np.where(named, (between * sent / (counts * between + max(noise - between, 1e-12)))[who], 0.0)
    return found
