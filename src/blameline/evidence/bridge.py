"""Bridge: how far did the ruler move by itself, on answers that did not change?

An answer that was scored by the old judge and by the new one, or by one judge before the onset and again after it, tells how
far the measuring moved: nothing else is different. So does a request that comes again and again with the same words
(frozen anchors). The estimate is the mean of the differences, one an answer (scores of one answer are one cluster), with
Student's interval; yes-or-no scores get one made-up pair more on either side (Agresti and Min 2005), so that no interval has
length zero. Few pairs are put to the sign test. Kolen and Brennan (2014) call the method chain linking.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy.special import bdtr, stdtrit

from blameline.records import Bridge, Interval
from blameline.shifts.describe import Z90

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from numpy.typing import NDArray

    from blameline.fit import Fit
    from blameline.records import Onset, Shift

QUERY = "evidence/bridge"
FEWEST = 5
"""Answers below which nothing is said at all."""
MANY = 10
"""Answers below which the sign test must agree."""
MOST, LEAST = 12.0, 0.03
"""Largest log likelihood ratio that a bridge is worth, and the chance that its answers are no sample of the traffic's."""
ENOUGH = 0.25
"""Share of the shift below which a move of the ruler does not matter."""
HALF = 0.5
"""Share of the shift from which on the ruler made most of it."""


@dataclass(frozen=True)
class Span:
    """The ruler's move on answers that did not change, in the signal's unit."""

    kind: Literal["rescored", "anchors"]
    move: float
    """New minus old on the same answers."""
    error: float
    n: int
    """Answers."""
    scores: int
    same_sign: float
    """Two-sided p of the sign test."""
    old: str | None
    new: str | None
    by_judge: bool
    """A judge left and another came; else one judge, before and after."""
    reach: float
    """How much of the traffic went over to the new judge at the onset."""
    items: NDArray[Any] = field(default_factory=lambda: np.zeros(0, dtype=object), compare=False, repr=False)
    apart: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0), compare=False, repr=False)
    """By answer: what it is called, and new minus old."""

    @property
    def half(self) -> float:
        """Half the length of the 90% interval of ``move``."""
        return float(stdtrit(max(self.n - 1, 1), 0.95)) * self.error

    @property
    def few(self) -> bool:
        """Too few answers for their mean to be trusted by itself."""
        return self.n < FEWEST or (self.n < MANY and self.same_sign > 0.05)

    @property
    def clear(self) -> bool:
        """Whether the ruler moved at all: 95% two-sided, and the sign test where answers are few."""
        return not self.few and abs(self.move) > float(stdtrit(self.n - 1, 0.975)) * self.error

    @property
    def part(self) -> float:
        """What the ruler's move does to the mean of all traffic."""
        return self.move * self.reach

    @property
    def part_error(self) -> float:
        """Standard error of ``part``."""
        return max(self.error * self.reach, 1e-12)


def onset_bounds(onset: Onset) -> dict[str, object]:
    """The ends of the onset's range, as the query takes them."""
    return {"low": onset.low.replace(tzinfo=None), "high": onset.high.replace(tzinfo=None)}


def span_of(rows: Mapping[str, NDArray[Any]], fit: Fit) -> Span | None:
    """The better measured of the two kinds of pairs; ``None`` where no answer was scored on both sides."""
    frozen = np.asarray(rows["frozen"], dtype=bool)
    found = [span for kind in (False, True) if (span := _span(rows, frozen == kind, fit, frozen=kind)) is not None]
    return min(found, key=lambda one: (one.n < FEWEST, one.error, one.kind), default=None)


def _span(rows: Mapping[str, NDArray[Any]], chosen: NDArray[np.bool_], fit: Fit, *, frozen: bool) -> Span | None:
    n = int(chosen.sum())
    if not n:
        return None
    old, new = (np.asarray(rows[side], dtype=float)[chosen] for side in ("old", "new"))
    apart = new - old
    both = np.concatenate([old, new])
    binary = bool(np.isin(both, (0.0, 1.0)).all())
    unit = math.sqrt(fit.sigma2)
    padded = np.concatenate([apart, [1.0, -1.0]]) if binary else apart
    spread = float(padded.std(ddof=1)) if len(padded) > 1 else math.inf
    error = max(spread, 0.05 * unit) / math.sqrt(len(padded))
    up, down = int((apart > 0).sum()), int((apart < 0).sum())
    sign = min(1.0, 2 * float(bdtr(min(up, down), up + down, 0.5))) if up + down else 1.0
    first = int(np.flatnonzero(chosen)[0])
    told = [_word(rows[f"{side}_judge"][first]) for side in ("old", "new")]
    return Span(
        kind="anchors" if frozen else "rescored",
        move=float(apart.mean()),
        error=error,
        n=n,
        scores=int(np.asarray(rows["scores"])[chosen].sum()),
        same_sign=sign,
        old=told[0],
        new=told[1],
        by_judge=bool(rows["by_judge"][first]),
        reach=float(rows["reach"][first]),
        items=np.asarray(rows["item"], dtype=object)[chosen],
        apart=apart,
    )


def _word(value: object) -> str | None:
    return None if value is None or value != value else str(value)  # noqa: PLR0124  a missing text may be NaN


def _log_density(value: float, mean: float, error: float) -> float:
    """Of a normal, but for a constant."""
    return -0.5 * ((value - mean) / error) ** 2 - math.log(error)


def log_ratio(span: Span | None, shift: Shift) -> float:
    """Log likelihood ratio of "the ruler made this shift" against "it made none", for what a bridge shows.

    ``N(b; d, se^2 + (0.35 d)^2) / N(b; 0, se^2)``, entered as ``0.97 LR + 0.03`` and never above ``MOST``.
    """
    if span is None or span.few:
        return 0.0
    whole, error = shift.delta.estimate, span.part_error
    wide = math.hypot(error, 0.35 * whole)
    told = _log_density(span.part, whole, wide) - _log_density(span.part, 0.0, error)
    return float(min(np.logaddexp(math.log(1 - LEAST) + told, math.log(LEAST)), MOST))


Says = Literal["most", "part", "less", "none", "other way", "few", "open"]


def says(span: Span, shift: Shift, harm: int) -> Says:
    """What a bridge says of a shift: how much of it the ruler made."""
    whole = abs(shift.delta.estimate)
    part = harm * span.part
    if span.few:
        return "few"
    if span.clear and part < 0:
        return "other way"
    if span.clear and part >= HALF * whole and not leaves_more(span, shift, harm):
        return "most"
    if span.clear and part >= ENOUGH * whole:
        return "part"
    most = part + float(stdtrit(span.n - 1, 0.975)) * span.part_error
    if most < ENOUGH * whole:
        return "none"
    return "less" if most < HALF * whole else "open"


def clears(span: Span | None, shift: Shift, harm: int) -> bool:
    """Whether answers scored on both sides say that the ruler did not make most of the shift."""
    return span is not None and says(span, shift, harm) in {"none", "less", "other way"}


def leaves_more(span: Span, shift: Shift, harm: int) -> bool:
    """Whether a part of the shift that matters is left when the ruler's own move is taken out."""
    rest = harm * (shift.delta.estimate - span.part)
    error = math.hypot((shift.delta.high - shift.delta.low) / (2 * Z90), span.part_error)
    return rest > 1.96 * error and rest > ENOUGH * abs(shift.delta.estimate)


def record(span: Span, harm: int, *, bounded: bool) -> Bridge:
    """The bridge as a shift carries it."""
    told = sentence(span, bounded=bounded)
    hides = span.clear and harm * span.move < 0
    if span.few:
        told += "; too few to tell"
    half = span.half if math.isfinite(span.half) else 0.0
    low, high = (span.move - half, span.move + half) if half else (span.move - 1.0, span.move + 1.0)
    return Bridge(
        estimate=Interval(estimate=_digits(span.move), low=_digits(low), high=_digits(high)),
        n=span.n,
        kind=span.kind,
        because=told,
        hides=hides,
    )


def _digits(value: float) -> float:
    return round(value, 6) + 0.0


def sentence(span: Span, *, bounded: bool) -> str:
    """The pairs and their mean difference in words, with its 90% interval."""
    answers = "1 answer was" if span.n == 1 else f"{span.n:,} answers were"
    if span.kind == "anchors":
        frozen = "1 request came" if span.n == 1 else f"{span.n:,} requests came"
        who = f"{frozen} again and again with the same words, question and answer ({span.scores:,} scores)"
    elif span.by_judge:
        who = f"{answers} scored by both {span.old or 'the old judge'} and {span.new or 'the new one'}"
    else:
        who = f"{answers} scored before and again after, by {span.new or 'the same judge'}"
    if bounded:
        size = f"{100 * span.move:+.1f} points [{100 * (span.move - span.half):+.1f}, {100 * (span.move + span.half):+.1f}]"
    else:
        size = f"{span.move:+.3g} [{span.move - span.half:+.3g}, {span.move + span.half:+.3g}]"
    return f"{who}: {size.replace('-', '−')} on the same answers"
