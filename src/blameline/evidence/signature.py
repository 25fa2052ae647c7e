"""Behaviour that moved though no recorded identity did: a change that nobody recorded, seen from its signature alone.

A signal of behaviour counts for an aspect of it: how long answers are, how often they are refused, what form they have, how long
they take. Each is fitted with every visible change in its mean, declared or not, so that a prompt's shorter answers are the
prompt's. At every moment ``t`` that is well away from all of them, with ``BF_g(t)`` the Bayes factor of a lasting step of aspect
``g`` at ``t`` and ``p`` the chance that a change of the model or its service moves it::

    log J = log mean_t prod_g (1 - p + p BF_g(t))

A step counts for no more than it does both with and without account taken of the tokens that went in, and how long it took is
always read less what the tokens that came out foretell: answers that grow with their questions, or waits that grow with their
answers, are no signature. The toll of noise that drifts (``Fit.doubted``) is taken off. It takes two aspects at least, and it
never says whose change it was.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from blameline.candidates import variants
from blameline.cells import behaviour, measurable
from blameline.fit import Fit
from blameline.records import Interval, Onset, Signature, SignatureSignal
from blameline.records.scale import factor, logged
from blameline.shifts.describe import Z90
from blameline.shifts.moves import highest_density
from blameline.shifts.shapes import clock_of, profile

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from blameline.candidates import Candidate
    from blameline.cells import Cells, Clock
    from blameline.records import Shift
    from blameline.store import Store

Floats = NDArray[np.float64]

ASPECTS: Mapping[str, tuple[str, ...]] = {
    "length": ("output_length", "output_tokens", "answer_truncated"),
    "refusals": ("answer_refused",),
    "form": ("json_fenced", "json_invalid", "json_keys_missing"),
    "manner": ("answer_hedged", "answer_cited"),
    "language": ("language_switched",),
    "steps": ("steps",),
    "time": ("latency", "time_to_first_token"),
    "tokens": ("characters_per_token",),
}
"""Aspect -> the signals that show it. Those of one aspect move together by nature, so the loudest speaks for all."""
MOVES = 0.3
"""Chance that one aspect moves with a change of the model or its service."""
THRESHOLD = 9.0
"""Log evidence from which there is a signature, and what each aspect must bring at its moment."""
EACH = 4.0
FEWEST_ASPECTS = 2
WIDTH = 6
"""Hours a bucket."""
LASTS = 48.0
"""Hours that there must be on either side."""
AWAY = 6.0
"""Hours from any recorded change within which nothing is seen: what moved there may be its doing."""
FEWEST = 400
"""Requests below which behaviour is not looked at."""
MOST_COLUMNS = 60
OCCAM = 2.0
"""About what the width of its prior costs a step."""
FACTOR, POINTS = 0.3, 0.04
"""A step in logs, and one in shares, that a search must be able to see before it may say that nothing moved."""


@dataclass(frozen=True)
class Looked:
    """What came of the search."""

    found: tuple[Signature, ...]
    aspects: tuple[str, ...] = ()
    """Aspects that were looked at."""
    why_none: str = ""
    """Why there is none: what was looked at, or what is missing; empty where there is one."""
    sharp: Mapping[str, tuple[str, float]] = field(default_factory=dict)
    """Signals in which a quarter more or less, or three points, would have shown: the smallest such step, told and in figures."""
    enough: int = 0
    """Requests with which at least two aspects would be as sharp as that; 0 where they are, or where it cannot be said."""
    taken: tuple[tuple[datetime, datetime, str], ...] = ()
    """Stretches around recorded changes in which nothing can be seen, and the change of each."""

    def near(self, shift: Shift) -> str | None:
        """The change around which the shift's onset lies, so that a signature could not have been told there."""
        at = shift.onset.estimate
        return next((name for since, until, name in self.taken if since <= at <= until), None)


NOT_LOOKED = Looked((), why_none="nobody looked for signatures")


@dataclass(frozen=True)
class _Series:
    """One signal of behaviour and its models: plain first, then with account taken of the tokens."""

    name: str
    aspect: str
    fits: tuple[Fit, ...]

    def steps(self, profiles: Floats, *, doubted: bool) -> Floats:
        """Log Bayes factor of a step at each moment: the least over the models, the toll of drifting noise taken off."""
        told = []
        for fit in self.fits:
            ways = fit.doubted if doubted else [(fit, 0.0)]
            told.append(
                np.max([way.over_time().scores(profiles).log_factor(way.slab) - toll for way, toll in ways], axis=0)
            )
        least: Floats = np.min(told, axis=0)
        return least


def look(store: Store, window: Clock, candidates: Sequence[Candidate]) -> Looked:
    """Every signature in the window, at most one; ``candidates`` are all changes on record or visible in the traces."""
    width = max(WIDTH * 3600, window.width)
    hours = (window.until - window.since).total_seconds() / 3600
    if window.traces < FEWEST or hours < 2 * LASTS + 2 * WIDTH:
        need = f"{FEWEST} requests over {2 * LASTS / 24 + 1:.0f} days"
        return Looked((), why_none=f"too little to see how answers changed: it takes {need} at least")
    changes = [one for one in candidates if not one.standing]
    series = _read(store, window, width, changes)
    aspects = tuple(dict.fromkeys(one.aspect for one in series))
    if len(aspects) < FEWEST_ASPECTS:
        lacking = (
            "the traces tell too little of how answers look: it takes two of length, refusals, form and time taken"
        )
        return Looked((), aspects, why_none=lacking)
    cells = series[0].fits[0].cells
    times = _moments(cells, changes)
    if not len(times):
        return Looked((), aspects, "there is no moment well away from every recorded change")
    profiles = profile(clock_of(series[0].fits[0]), times, np.full(len(times), np.inf), 0 * times, width / 3600)
    sharp, enough = _sharpness(series, profiles)
    quiet = f"no two of {', '.join(aspects)} moved at one moment by more than noise does"
    nothing = Looked((), aspects, quiet, sharp, enough, _taken(cells, changes))
    told = {one.name: one.steps(profiles, doubted=False) for one in series}
    if _evidence(_joint(series, told)) < THRESHOLD:
        return nothing
    told |= {one.name: one.steps(profiles, doubted=True) for one in series if told[one.name].max() >= EACH}
    joint = _joint(series, told)
    at = int(np.argmax(joint))
    moved = [one for one in series if told[one.name][at] >= EACH]
    evidence = _evidence(joint)
    if evidence < THRESHOLD or len({one.aspect for one in moved}) < FEWEST_ASPECTS:
        return nothing
    signals = tuple(_signal(one, profiles[:, at], float(told[one.name][at])) for one in moved)
    onset = _onset(cells, times, np.exp(joint - logsumexp(joint)))
    return Looked((_on_record(onset, signals, evidence, cells, changes),), aspects, "", sharp, enough)


def _read(store: Store, window: Clock, width: int, changes: Sequence[Candidate]) -> list[_Series]:
    """The signals of behaviour that this data holds, each with every visible change in its mean."""
    there = {one.name for one in measurable(store)}
    sets = [row["versions"] for row in store.rows("cells/version_sets")]
    found: list[_Series] = []
    for aspect, names in ASPECTS.items():
        for name in names:
            source = "output_length" if name == "characters_per_token" else name
            told = behaviour(store, source, window, width, sets) if source in there else None
            if told is None or told.cells.n.sum() < FEWEST or (name != source and not told.counted):
                continue
            if name != source:
                kinds = [told.over("b")]
            elif not told.counted:
                kinds = [told.cells]
            else:
                kinds = [told.less("b"), told.less("a", "b")] if aspect == "time" else [told.cells, told.less("a")]
            if all(_varies(cells) for cells in kinds):
                more = _columns(kinds[0], changes)
                found.append(_Series(name, aspect, tuple(Fit(cells, more=more) for cells in kinds)))
    return found


def _varies(cells: Cells) -> bool:
    """Whether requests differ at all, in a hundredth of them at least where it is yes or no."""
    mean = float(cells.total.sum() / cells.n.sum())
    spread = float(cells.square.sum() / cells.n.sum()) - mean**2
    return spread > (0.002 if cells.signal.bounded else 1e-6)


def _columns(cells: Cells, changes: Sequence[Candidate]) -> Floats:
    """What every visible change predicts as recorded, and the days of the weekend."""
    columns = [variants(one, cells, []).columns[:, 0] for one in changes]
    weekday = np.array([cells.moment(float(hour)).weekday() for hour in cells.hours])
    columns.append((weekday >= 5).astype(float))
    distinct = {column.tobytes(): column for column in columns if column.any()}
    return np.column_stack(list(distinct.values())[:MOST_COLUMNS])


def _moments(cells: Cells, changes: Sequence[Candidate]) -> Floats:
    """The edges of buckets at which a lasting step could be seen, none near a recorded change."""
    every = cells.width / 3600
    times = np.arange(np.ceil(LASTS / every), np.floor((cells.span_hours - LASTS) / every) + 1) * every
    taken = np.zeros(len(times), dtype=bool)
    for one in changes:
        for hour, slack in _hours(one, cells):
            taken |= np.abs(times - hour) <= AWAY + slack
    return times[~taken]


def _hours(one: Candidate, cells: Cells) -> list[tuple[float, float]]:
    """The hours in which a change did something by its record or in the traces, and how far off each may be."""
    found = []
    for record in (one, *one.stages):
        change = record.change
        slack = change.uncertainty.total_seconds() / 3600 if change and change.uncertainty else 0.0
        moments = [
            record.at, record.starts, record.until, *([stage.at for stage in change.rollout] if change else [])
        ]  # fmt: skip
        found += [(cells.hour_of(moment), slack) for moment in moments if moment is not None]
    return found


def _joint(series: Sequence[_Series], told: Mapping[str, Floats]) -> Floats:
    """By moment: the log of the product over aspects, each by its loudest signal."""
    parts = []
    for aspect in dict.fromkeys(one.aspect for one in series):
        own = np.array([told[one.name] for one in series if one.aspect == aspect])
        loudest = own.max(axis=0) - np.log(len(own))
        parts.append(np.logaddexp(np.log(1 - MOVES), np.log(MOVES) + loudest))
    joint: Floats = np.sum(parts, axis=0)
    return joint


def _evidence(joint: Floats) -> float:
    """Log of the mean over all moments."""
    return float(logsumexp(joint) - np.log(len(joint)))


def _sharpness(series: Sequence[_Series], profiles: Floats) -> tuple[dict[str, tuple[str, float]], int]:
    """What would have shown in sharp signals, told and as a number; the requests that two of them take, if there are fewer."""
    evidence = OCCAM + (THRESHOLD + np.log(len(profiles.T))) / 2 - np.log(MOVES)  # what each of two aspects must bring
    sharp: dict[str, tuple[str, float]] = {}
    need: dict[str, float] = {}
    for one in series:
        cells = one.fits[0].cells
        error = max(float(np.median(fit.over_time().scores(profiles).error)) for fit in one.fits)
        step = error * (np.sqrt(2 * evidence) + 0.84)
        wanted = POINTS if cells.signal.bounded else FACTOR
        if step <= wanted:
            sharp[one.name] = f"{100 * step:.1f} points" if cells.signal.bounded else factor(step), step
        share = float(cells.n.sum()) * (step / wanted) ** 2
        need[one.aspect] = min(need.get(one.aspect, np.inf), share)
    second = sorted(need.values())[1]
    aspects = {one.aspect for one in series if one.name in sharp}
    if len(aspects) >= FEWEST_ASPECTS:
        return sharp, 0
    return {}, int(np.ceil(second / 100) * 100) if np.isfinite(second) else 0


def _taken(cells: Cells, changes: Sequence[Candidate]) -> tuple[tuple[datetime, datetime, str], ...]:
    return tuple(
        (cells.moment(hour - AWAY - slack), cells.moment(hour + AWAY + slack), one.id)
        for one in changes
        for hour, slack in _hours(one, cells)
        if abs(hour) < 10 * cells.span_hours
    )


def _onset(cells: Cells, times: Floats, weights: Floats) -> Onset:
    """The onset with its 90% range, to the bucket."""
    begun, low, high = highest_density(times, weights)
    half = cells.width / 7200
    ends = max(low - half, 0.0), min(high + half, cells.span_hours)
    return Onset(estimate=cells.moment(begun), low=cells.moment(ends[0]), high=cells.moment(ends[1]))


def _on_record(
    onset: Onset,
    signals: tuple[SignatureSignal, ...],
    evidence: float,
    cells: Cells,
    changes: Sequence[Candidate],
) -> Signature:
    begun = cells.hour_of(onset.estimate)
    near = [(abs(hour - begun), one.id) for one in changes for hour, _ in _hours(one, cells)]
    hours, nearest = min(near, default=(None, None))
    away = "no change is on record and no identity changed"
    if hours is not None:
        away = f"no recorded identity moved within ±{hours:.0f} h"
    sizes = ", ".join(f"{one.signal} {_size(one)}" for one in signals)
    return Signature(
        id="signature-1",
        onset=onset,
        signals=signals,
        log_evidence=round(evidence, 3),
        clear_hours=None if hours is None else round(hours, 1),
        nearest=nearest,
        because=f"{sizes} at one moment, and {away}: something changed that nobody recorded; this does not say what",
    )


def _signal(one: _Series, column: Floats, evidence: float) -> SignatureSignal:
    """How far one signal moved: of its models the one that says least."""
    told = [fit.over_time().scores(column[:, None]) for fit in one.fits]
    scores = min(told, key=lambda each: abs(float(each.estimate[0])))
    cells, size, error = one.fits[0].cells, float(scores.estimate[0]), float(scores.error[0])
    early = column[cells.bucket] < 0.5
    before = float(cells.total[early].sum() / cells.n[early].sum())
    return SignatureSignal(
        signal=one.name,
        aspect=one.aspect,
        unit="log of characters per token" if one.name == "characters_per_token" else cells.signal.unit,
        before=round(before, 6),
        after=round(before + size, 6),
        delta=Interval(estimate=round(size, 6), low=round(size - Z90 * error, 6), high=round(size + Z90 * error, 6)),
        n_before=int(cells.n[early].sum()),
        n_after=int(cells.n[~early].sum()),
        log_evidence=round(evidence, 3),
    )


def _size(one: SignatureSignal) -> str:
    """A move in words: as a factor where it is counted in logs, in points where it is a share."""
    if logged(one.unit):
        return factor(one.delta.estimate)
    if one.unit.startswith("share"):
        return f"{100 * one.delta.estimate:+.1f} points"
    return f"{one.delta.estimate:+.3g}"
