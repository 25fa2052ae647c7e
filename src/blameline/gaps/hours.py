"""Hours without rows, held against the usual rhythm: the same hour of other weeks, of other days, or the hours around.

A quiet night, a weekend or a slow start is no gap. An hour counts as missing when its like usually has rows, and when so
many are missing in a row that chance does not do it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from blameline.gaps.wording import Weighed, between, count, moment, name, weighed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from blameline.gaps.series import Counts, Series, Traffic

_WEEKS, _DAYS, _AROUND = (1, 2, 3, 4), (1, 2, 3), 3
_USUALLY = 0.75
"""Of the hours like it, at least so many have rows."""
_FEWEST_EXPECTED = 12.0
"""Requests that should have come in a gap; e^-12 is no chance, even where requests come in bursts."""
_LONGEST = 24 * 31
"""A longer silence has no rhythm to be held against."""
_EACH_SIDE = 0.05
"""Of all requests, what must lie before and after such a long silence, so that it is no stray row."""
_SUNDAY_EVENING = 24


@dataclass(frozen=True)
class Silence:
    """Hours without a row where rows are usual."""

    since: int
    """The first missing hour, as a place on the grid."""
    until: int
    """The first hour after."""
    missing: int
    """Hours in between that usually have rows."""
    expected: float
    """Rows that are usual in them."""


def hours(traffic: Traffic) -> list[Weighed]:
    """A gap for every silence: of all traffic, and of a format or a service alone."""
    found: list[Weighed] = []
    whole = silences(traffic.requests, traffic.first, 1.0)
    for one in whole:
        usual = (
            f"where {count(one.expected, 'request')} would be usual"
            if one.expected
            else "and before and after it there are many"
        )
        since, until = moment(traffic.first + one.since), moment(traffic.first + one.until)
        what = f"No request began {between(since, until)} ({count(one.until - one.since, 'hour')}), {usual}"
        found.append(
            weighed(
                "hours", 1.5 + min(one.missing / 24, 1.5), what,
                "whether quality moved in these hours, and when exactly a move that began in them began",
                n=one.missing, of=len(traffic.requests), since=since, until=until,
            )
        )  # fmt: skip
    silent = [
        one for one in traffic.series if one.level != "operation" and not np.array_equal(one.counts, traffic.rows)
    ]
    for series in silent:
        told = silences(series.counts, traffic.first, traffic.bunch)
        found += _alone(traffic, series, [one for one in told if not _inside(one, whole)])
    return found


def _alone(traffic: Traffic, series: Series, told: Sequence[Silence]) -> list[Weighed]:
    found = []
    who = (
        f"the service {name(series.service)}"
        if series.level == "service" and series.service
        else f"{series.format} files"
    )
    for one in told:
        since, until = moment(traffic.first + one.since), moment(traffic.first + one.until)
        what = (
            f"No span of {who} began {between(since, until)} ({count(one.until - one.since, 'hour')}), "
            f"where {one.expected:,.0f} would be usual, while others came in"
        )
        found.append(
            weighed(
                "hours", 1.0 + min(one.missing / 24, 1.0), what,
                f"what {who} did in these hours, and whether requests there only look shorter or cheaper",
                source=series.format, n=one.missing, of=len(traffic.requests), since=since, until=until,
            )
        )  # fmt: skip
    return found


def _inside(one: Silence, whole: Sequence[Silence]) -> bool:
    covered = sum(max(0, min(one.until, other.until) - max(one.since, other.since)) for other in whole)
    return covered >= 0.5 * (one.until - one.since)


def silences(counts: Counts, first: int, bunch: float) -> list[Silence]:
    """Runs of hours without rows that the rhythm does not explain; ``bunch`` is how many rows come together."""
    there = np.flatnonzero(counts > 0)
    if len(there) < 2:
        return []
    begin = int(there[0])
    inner = counts[begin : int(there[-1]) + 1]
    edges = np.flatnonzero(np.diff(there) > 1)
    found = []
    for edge in edges:
        start, stop = int(there[edge]) + 1 - begin, int(there[edge + 1]) - begin
        one = _judged(inner, first + begin, start, stop)
        if one is not None and (one.expected == 0 or one.expected / bunch >= _FEWEST_EXPECTED):
            found.append(Silence(one.since + begin, one.until + begin, one.missing, one.expected))
    return found


def _judged(counts: Counts, first: int, start: int, stop: int) -> Silence | None:
    """The part of a silence in which rows are usual, if there is one."""
    if stop - start > _LONGEST:
        sides = counts[:start].sum() / counts.sum(), counts[stop:].sum() / counts.sum()
        return Silence(start, stop, stop - start, 0.0) if min(sides) >= _EACH_SIDE else None
    hour = np.arange(start, stop)
    weeks = _like(counts, hour, start, stop, [168 * week * side for week in _WEEKS for side in (-1, 1)])
    few = (~np.isnan(weeks)).sum(axis=0) < 2
    days = _like(counts, hour, start, stop, [24 * day * side for day in _DAYS for side in (-1, 1)], first=first)
    days[:, ~few] = np.nan
    if few.any() and stop - start >= _SUNDAY_EVENING and weekend(first + hour).any():
        return None  # too little is known to tell it from a weekend
    like = np.concatenate([weeks, days])
    known = (~np.isnan(like)).sum(axis=0)
    busy = np.where(known >= 2, (like > 0).sum(axis=0) / np.maximum(known, 1), 0.0)
    usual = np.where(known >= 2, np.nansum(like, axis=0) / np.maximum(known, 1), 0.0)
    if (known < 2).any() and stop - start <= _AROUND:
        sides = counts[max(start - _AROUND, 0) : start], counts[stop : stop + _AROUND]
        if all(len(side) == _AROUND and (side > 0).all() for side in sides):
            busy[known < 2], usual[known < 2] = 1.0, min(side.mean() for side in sides)
    flagged = np.flatnonzero(busy >= _USUALLY)
    if not len(flagged):
        return None
    near = np.concatenate([counts[max(start - 24, 0) : start], counts[stop : stop + 24]])
    level = min(near.mean() / counts.mean(), 1.0)  # while traffic only begins to come, less of it is usual
    since, until = start + int(flagged[0]), start + int(flagged[-1]) + 1
    return Silence(since, until, len(flagged), float(usual[flagged].sum() * level))


def _like(
    counts: Counts, hour: NDArray[np.int64], start: int, stop: int, offsets: Sequence[int], first: int | None = None
) -> Counts:
    """Rows of the hours that lie so far away, one row an offset: none of the silence itself, and of like days where asked."""
    place = hour[None, :] + np.array(offsets)[:, None]
    there = (place >= 0) & (place < len(counts)) & ((place < start) | (place >= stop))
    if first is not None:
        there &= weekend(first + place) == weekend(first + hour)[None, :]
    return np.where(there, counts[np.clip(place, 0, len(counts) - 1)], np.nan)


def weekend(hour: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether an hour since 1970 lies on a Saturday or a Sunday; the first day was a Thursday."""
    return np.asarray((hour // 24 + 3) % 7 >= 5)
