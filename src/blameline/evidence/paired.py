"""Paired: the same question, asked before and after, with it and without.

Who asks what changes from day to day; a question that comes again is its own control. In the hours in which some requests had the
change and others had not, and before it began, each question is compared with itself::

    y = question + day + g * exposed share of the hour + b * exposed + e

and ``b`` is told with an error that takes the questions as clusters (Liang and Zeger 1986; Student's t). A change that reached
everybody at once has no such hours: the same questions may well score less than before, but so they would after anything else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from blameline.cells.grid import sums
from blameline.evidence.enough import about, whole
from blameline.evidence.exposure import ENOUGH, contrast
from blameline.evidence.questions import Answered, OfChanges, Rows, between, exposure, window
from blameline.shifts.describe import Z90

if TYPE_CHECKING:
    from collections.abc import Mapping

    from blameline.candidates import Candidate
    from blameline.evidence.hearing import Hearing
    from blameline.evidence.questions import Number

Floats = NDArray[np.float64]
FEWEST = 10
"""Questions asked with it and without below which nothing is said."""


class Paired(OfChanges):
    """The same question with the change and without it; those asked again without it are the control."""

    name = "paired"
    asks = "Asked again with it, did the very same questions fare worse than without it?"
    query = "evidence/paired"

    def concerns(self, candidate: Candidate) -> bool:
        """Changes whose requests the query can tell: not a rollout in several records that no version shows."""
        return super().concerns(candidate) and (candidate.key is not None or not candidate.stages)

    def parameters(self, hearing: Hearing, candidate: Candidate) -> Mapping[str, object]:
        """The window up to when the change or the shift ended, its buckets, and how to tell the exposed."""
        asked = window(hearing)
        ends = [end.replace(tzinfo=None) for end in (candidate.until, hearing.shift.ended) if end is not None]
        ends = [end for end in ends if candidate.starts is not None and end > candidate.starts.replace(tzinfo=None)]
        until = min([asked["until"], *ends])  # type: ignore[type-var]  # moments without a zone, all of them
        return {**asked, "until": until, "width": hearing.fit.cells.width, **exposure(candidate)}

    def weigh(self, rows: Rows, hearing: Hearing, candidate: Candidate, *, seed: int) -> Answered:
        """Supports and refutes as a comparison in the same hours does; few pairs cannot tell."""
        del seed
        told = np.asarray(rows["n"], dtype=float) > 0
        need = _from_scratch(hearing)
        numbers: dict[str, Number] = {"requests_with_words": int(max(rows["words"], default=0)), "enough": need}
        enough = f"about {about(need)} questions, each asked with it and without in the same days, would tell"
        if not told.any():
            missing = (
                f"none of the {numbers['requests_with_words']:,} questions on record came again, word for word"
                if numbers["requests_with_words"]
                else "the words of the questions (gen_ai.input.messages) are not on record, nor the case of a suite that each is"
            )
            return Answered("inconclusive", f"{missing}; {enough}", numbers)
        seen = _compare(
            {key: np.asarray(rows[key])[told] for key in ("item", "bucket", "exposed", "n", "total")},
            hearing,
            candidate,
        )
        numbers |= {"questions": seen.questions, "pairs": seen.pairs, "control_pairs": seen.controls}
        counted = f"{seen.pairs:,} questions were asked with it and without it in the same days or before"
        if seen.pairs < FEWEST or not np.isfinite(seen.error):
            return Answered("inconclusive", f"{counted}, too few to tell; {enough}", numbers)
        swollen = contrast(hearing, candidate, hearing.shift.signal).design_effect
        error = seen.error * float(np.sqrt(swollen))
        wide = float(stdtrit(max(seen.pairs - 1, 1), 0.95)) * error
        clear = float(stdtrit(max(seen.pairs - 1, 1), 0.975)) * error
        target, harm = whole(hearing), hearing.harm * seen.effect
        numbers |= {
            "effect": seen.effect,
            "low": seen.effect - wide,
            "high": seen.effect + wide,
            "design_effect": swollen,
        }
        words = f"{counted}: {between(seen.effect, wide / Z90, hearing)}"
        if harm > clear and harm > ENOUGH * target:
            return Answered("supports", f"{words} with it", numbers)
        if harm + wide < ENOUGH * target:
            return Answered("refutes", f"{words} with it, so they fared no worse", numbers)
        numbers["enough"] = need = max(seen.pairs * (2.49 * error / (target or np.inf)) ** 2, 2.0 * seen.pairs)
        return Answered(
            "inconclusive", f"{words}, too wide to tell; about {about(need)} such questions would tell", numbers
        )


def _from_scratch(hearing: Hearing) -> float:
    """Questions, each asked once with and once without, that would show an effect as large as the shift."""
    target = whole(hearing)
    return max(2 * FEWEST, 2 * hearing.fit.sigma2 * (2.49 / target) ** 2) if target else np.inf


@dataclass(frozen=True)
class _Compared:
    questions: int
    pairs: int
    """Questions asked with it and without it."""
    controls: int
    """Questions asked without it both before and since."""
    effect: float
    error: float
    """Before requests of one user count as alike; infinite where nothing can be compared."""


def _compare(rows: Rows, hearing: Hearing, candidate: Candidate) -> _Compared:
    """The effect within questions, among requests of mixed hours and of the time before."""
    cells = hearing.fit.cells
    column = hearing.recorded(candidate, hearing.shift.signal)
    share = hearing.share(column)
    bucket, exposed = np.asarray(rows["bucket"], dtype=np.int64), np.asarray(rows["exposed"], dtype=float)
    begun = cells.hour_of(candidate.starts) if candidate.starts else 0.0
    early = min(begun, cells.hour_of(hearing.shift.onset.low)) * 3600 / cells.width
    inside = bucket < cells.buckets
    mixed = np.zeros(len(bucket), dtype=bool)
    mixed[inside] = ((share > 0.02) & (share < 0.98))[bucket[inside]]
    before = (bucket + 1 <= early) & (exposed == 0)
    kept = mixed | before
    item = np.unique(np.asarray(rows["item"], dtype=str), return_inverse=True)[1].astype(np.int64)
    count = int(item.max(initial=-1)) + 1
    has = {side: np.bincount(item[kept & (exposed == side)], minlength=count) > 0 for side in (0, 1)}
    paired = has[0] & has[1]
    since = np.bincount(item[mixed & ~before & (exposed == 0)], minlength=count) > 0
    controls = int((since & (np.bincount(item[before], minlength=count) > 0)).sum())
    effect, error = _within(
        item[kept], np.asarray(rows["n"], dtype=float)[kept], np.asarray(rows["total"], dtype=float)[kept], exposed[kept],
        _time(bucket[kept], mixed[kept] & ~before[kept], share, cells.width),
    )  # fmt: skip
    return _Compared(count, int(paired.sum()), controls, effect, error)


def _time(bucket: NDArray[np.int64], since: NDArray[np.bool_], share: Floats, width: int) -> Floats:
    """Columns of the time alone: each day since it began, and the exposed share of the hour."""
    day = np.where(since, bucket * width // 86_400, -1)
    days = np.unique(day[since])
    shares = np.where(since, share[np.minimum(bucket, len(share) - 1)], 0.0)
    return np.column_stack([*(day == one for one in days), shares]).astype(float)


def _within(item: NDArray[np.int64], n: Floats, total: Floats, exposed: Floats, time: Floats) -> tuple[float, float]:
    """Effect of ``exposed`` within items beside columns of time, and its error with items as clusters."""
    if not item.size:
        return 0.0, float("inf")
    number = np.unique(item, return_inverse=True)[1].astype(np.int64)
    weight = sums(number, n)

    def inside(values: Floats) -> Floats:
        return values - (sums(number, n * values) / weight)[number]

    root = np.sqrt(n)
    beside = np.column_stack([inside(column) for column in time.T]) * root[:, None]
    own, value = inside(exposed) * root, inside(total / n) * root
    own = own - beside @ np.linalg.lstsq(beside, own, rcond=1e-9)[0]
    value = value - beside @ np.linalg.lstsq(beside, value, rcond=1e-9)[0]
    information = float(own @ own)
    told = sums(number, own**2)
    clusters = float(told.sum() ** 2 / max(float(told @ told), 1e-300))
    if information < 1e-6 * float(n.sum()) or clusters < FEWEST / 2:
        return 0.0, float("inf")
    effect = float(own @ value) / information
    pulls = sums(number, own * (value - effect * own))
    used = max(int((told > 1e-12).sum()), 2)
    return effect, float(np.sqrt(pulls @ pulls * used / (used - 1))) / information
