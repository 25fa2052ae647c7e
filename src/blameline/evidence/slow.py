"""Slow causes without a change point that name no candidate: told as parts of a bid, with their numbers, and never as a verdict.

Conversations that grow are other traffic: where longer ones fare worse within one day, and there are more of them, the growth
accounts for Kitagawa's midpoint of the move. Documents that fit ever worse while no index changed, and renewals that stop in the
changelog while the traces carry no version, are parts of ``unknown``. Errors are from leaving out one day at a time.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from blameline.candidates.overdue import stopped
from blameline.cells import by_day, held
from blameline.evidence.questions import between, onset, window
from blameline.records import Interval, Part
from blameline.shifts.describe import Z90
from blameline.shifts.trends import drift

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from blameline.candidates import Candidate
    from blameline.cells import Clock
    from blameline.evidence.hearing import Hearing
    from blameline.records import LedgerLine
    from blameline.store import Store

Floats = NDArray[np.float64]

FEWEST_DAYS = 3
"""On either side of the onset, and of requests so many a side."""
FEWEST = 150
MATTERS = 0.2
"""Share of the move that a part must account for to be told."""
CLEAR = 2.58
"""Standard errors from which a part is told (two-sided 1%), and of a drift over days, which noise passes for (0.1%)."""
DRIFTS = 3.29
FADED = math.log(8)
"""What documents that fit ever worse are to ``unknown``: an index that nobody renews mostly shows so, a calm one rarely."""
NAMED = r"(.*[._])?(retriev[a-z]*|search|rag|vector)[._](top|best|max)_?(score|similarity|relevance)"
"""Attributes that say how well the best document fits; more is better."""


@dataclass(frozen=True)
class Growth:
    """What the length of conversations makes of a move."""

    lengths: tuple[float, float]
    """Mean before and after."""
    part: float
    error: float
    raw: float
    dose: float
    dose_error: float
    """Change of the signal a turn, or a doubling of the tokens, within days."""
    n: tuple[int, int]

    @property
    def share(self) -> float:
        """Of the raw move."""
        return self.part / self.raw if self.raw else 0.0


def with_parts(store: Store, hearing: Hearing, lines: Sequence[LedgerLine], clock: Clock) -> list[LedgerLine]:
    """The same lines, those of ``mix`` and ``unknown`` with the slow causes that are parts of them."""
    parts = {
        "mix": _grown(store, hearing),
        "unknown": (*((hearing.faded,) if hearing.faded else ()), *_stopped(hearing, clock)),
    }
    return [
        line.model_copy(update={"parts": parts[line.candidate]}) if parts.get(line.candidate) else line
        for line in lines
    ]


def _grown(store: Store, hearing: Hearing) -> tuple[Part, ...]:
    """That conversations grew, where that moves the signal the way it went."""
    there = held(store)
    by = "turn" if "facts.talk" in there else "tokens"
    if by == "tokens" and "facts.input_tokens" not in there:
        return ()
    rows = store.query("evidence/growth", by=by, **window(hearing), **onset(hearing))
    told = growth(*(rows[name].astype(float) for name in ("day", "length", "n", "total")))
    if told is None or told.part * hearing.harm < CLEAR * told.error or told.share < MATTERS:
        return ()
    unit = "turn" if by == "turn" else "doubling of the tokens that go in"
    before, after = told.lengths
    sizes = f"the mean turn went from {before:.1f} to {after:.1f}"
    if by == "tokens":
        sizes = f"the tokens that go in went to {2 ** (after - before):.2f} times what they were"
    because = (
        f"conversations grew: {sizes}; that alone makes {between(told.part, told.error, hearing)}, {min(told.share, 1):.0%} of "
        f"the plain move, since within one day each {unit} more costs {between(told.dose, told.dose_error, hearing)}"
    )
    numbers = {
        "share": told.share,
        "length_before": before,
        "length_after": after,
        "dose": told.dose,
        "n_before": told.n[0],
    }
    return (_part("conversations grew", because, told.part, told.error, {**numbers, "n_after": told.n[1]}),)


def growth(day: Floats, length: Floats, n: Floats, total: Floats) -> Growth | None:
    """The split by length of conversation; days are counted from the onset on. ``None`` where a side is too thin."""
    for side in (day < 0, day >= 0):
        if len(np.unique(day[side])) < FEWEST_DAYS or n[side].sum() < FEWEST:
            return None
    _, at = np.unique(length, return_inverse=True)
    kinds = int(at.max()) + 1

    def split(kept: NDArray[np.bool_]) -> Floats:
        sides = [kept & (day < 0), kept & (day >= 0)]
        counts = [np.bincount(at[one], n[one], minlength=kinds) for one in sides]
        sums = [np.bincount(at[one], total[one], minlength=kinds) for one in sides]
        both = (counts[0] > 0) & (counts[1] > 0)
        means = [np.divide(s, c, out=np.zeros(kinds), where=c > 0) for s, c in zip(sums, counts, strict=True)]
        shares = [c / c.sum() for c in counts]
        middle = np.where(both, (means[0] + means[1]) / 2, means[0] + means[1])
        place = np.unique(day[kept], return_inverse=True)[1]
        whole = np.bincount(place, n[kept])
        centre = length[kept] - (np.bincount(place, n[kept] * length[kept]) / whole)[place]
        spread = float(n[kept] @ centre**2)
        dose = float(total[kept] @ centre) / spread if spread > 0 else 0.0
        return np.array(
            [(shares[1] - shares[0]) @ middle, sums[1].sum() / counts[1].sum() - sums[0].sum() / counts[0].sum(), dose]
        )

    part, raw, dose = split(np.ones(len(day), dtype=bool))
    errors = _left_out(day, split)
    sides = [day < 0, day >= 0]
    lengths = [float(n[one] @ length[one] / n[one].sum()) for one in sides]
    counts = [int(n[one].sum()) for one in sides]
    return Growth(
        (lengths[0], lengths[1]),
        float(part),
        float(errors[0]),
        float(raw),
        float(dose),
        float(errors[2]),
        (counts[0], counts[1]),
    )


def _left_out(day: Floats, split: Callable[[NDArray[np.bool_]], Floats]) -> Floats:
    """Standard errors from leaving out one day at a time (the jackknife)."""
    days = np.unique(day)
    told = np.array([split(day != one) for one in days])
    error: Floats = np.sqrt((len(days) - 1) / len(days) * ((told - told.mean(axis=0)) ** 2).sum(axis=0))
    return error


def faded(store: Store, clock: Clock, candidates: Sequence[Candidate]) -> Part | None:
    """That documents fit ever worse in like traffic, while no version of the retrieval came or went inside the window."""
    if any(
        one.layer == "retrieval" and one.starts is not None and clock.since < one.starts < clock.until
        for one in candidates
    ):
        return None
    found = _scores(store, clock)
    if found is None:
        return None
    name, day, segment, n, total = found
    place = np.unique(segment, return_inverse=True)[1]
    level = np.bincount(place, total) / np.bincount(place, n)
    alike = total - n * level[place] + n * float(total.sum() / n.sum())
    told = drift(day, n, alike)
    if told is None or told[0] > -DRIFTS * told[1]:
        return None
    slope, error, first, last = told
    low, high = slope - Z90 * error, slope + Z90 * error
    because = (
        f"documents fit ever worse: {name} falls by {-slope:.2g} a day [{-high:.2g}, {-low:.2g}], from {first:.3g} "
        f"to {last:.3g}, while no version of the retrieval came or went: new topics, or an index that grows old"
    )
    numbers = {"first": first, "last": last, "days": len(np.unique(day)), "requests": float(n.sum())}
    return _part("documents fit ever worse", because, slope, error, numbers)


def _scores(store: Store, clock: Clock) -> tuple[str, Floats, Floats, Floats, Floats] | None:
    """How well the best document fits, by day and segment: the documents' own scores, or else an attribute whose name says it."""
    bounds = {"since": clock.since.replace(tzinfo=None), "until": clock.until.replace(tzinfo=None)}
    if "facts_of_documents.best_score" in held(store):
        day, segment, n, total = by_day(store, "document_score", clock, clock.since, clock.until)
        return ("the best score", np.asarray(day, float), np.asarray(segment, float), n, total) if len(n) else None
    for row in store.rows("evidence/score_names", pattern=NAMED):
        rows = store.query("evidence/score_by_day", name=row["attribute"], **bounds)
        if rows["n"].sum() >= FEWEST:
            told = [rows[key].astype(float) for key in ("day", "segment_id", "n", "total")]
            return str(row["attribute"]), told[0], told[1], told[2], told[3]
    return None


def fading(hearing: Hearing) -> float:
    """Log likelihood ratio of ``unknown`` where documents fit ever worse with nothing on record for it: bounded."""
    return FADED if hearing.faded is not None else 0.0


def _stopped(hearing: Hearing, clock: Clock) -> tuple[Part, ...]:
    """That renewals stopped by the changelog, where the traces carry no version of what is renewed."""
    parts = []
    for component, last, usual in stopped(hearing.candidates, clock):
        if not usual:
            continue  # several at one moment are no habit
        late = (clock.until - last).total_seconds() / usual.total_seconds()
        because = (
            f"by the changelog {component or 'what is searched'} was renewed every {usual.total_seconds() / 3600:.0f} h, and not "
            f"since {last:%Y-%m-%d %H:%M} UTC; no request says which version it had"
        )
        numbers = {"usual_hours": usual.total_seconds() / 3600, "times_overdue": late}
        parts.append(Part(name="renewals stopped", because=because, numbers=_tidy(numbers)))
    return tuple(parts)


def _part(name: str, because: str, estimate: float, error: float, numbers: dict[str, float]) -> Part:
    ends = (estimate, estimate - Z90 * error, estimate + Z90 * error)
    middle, low, high = (round(end, 6) + 0.0 for end in ends)
    return Part(
        name=name, because=because, estimate=Interval(estimate=middle, low=low, high=high), numbers=_tidy(numbers)
    )


def _tidy(numbers: dict[str, float]) -> dict[str, float]:
    return {name: float(f"{value:.6g}") for name, value in numbers.items()}
