"""Sources whose rows fell by more than half when something was released, while the others went on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from blameline.gaps.wording import Weighed, minute, moment, name, weighed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime
    from typing import Any

    from blameline.gaps.series import Counts, Series, Traffic
    from blameline.store import Store

_AROUND = 72
"""Hours on each side that are held against each other."""
_FEWEST = 30.0
"""Rows that must be expected afterwards, so that the fall is no chance."""
_HALF = 0.5


@dataclass(frozen=True)
class Release:
    """A moment at which something was released."""

    what: str
    before: int
    """The hour in which it was first seen, as a place on the grid."""
    after: int
    """The first hour in which nothing older was seen; the same where older ones went on."""
    at: datetime


@dataclass(frozen=True)
class Fall:
    """One source before and after one release."""

    release: Release
    was: float
    """Rows an hour before."""
    now: float
    """Rows an hour after."""
    left: float
    """What is left of the rows that the other sources let expect."""


def falls(store: Store, traffic: Traffic, carried: Mapping[str, int]) -> list[Weighed]:
    """A gap for each source that fell for good at a release."""
    names = [
        one
        for one in carried
        if one.lower().endswith(("sdk.version", "distro.version", "scope.version", "instrumentation.version"))
    ]
    rows = store.rows("gaps/releases")
    rows += store.rows("gaps/instruments", names=names) if names else []
    releases = _releases(rows, traffic)
    found: list[Weighed] = []
    told: list[tuple[Series, Fall]] = []
    for series in traffic.series:
        fell = [one for release in releases if (one := fall(series.counts, traffic.rows - series.counts, release))]
        if not fell:
            continue
        worst = min(fell, key=lambda one: (round(one.left, 3), one.release.at, one.release.what))
        if not any(_same(series, worst, *other) for other in told):
            told.append((series, worst))
            found.append(_told(series, worst, traffic))
    return found


def _told(series: Series, fell: Fall, traffic: Traffic) -> Weighed:
    who = _who(series)
    lost = max(round((fell.was - fell.now) * 24), 1)
    what = (
        f"{who} fell from {fell.was:,.1f} to {fell.now:,.1f} an hour at {fell.release.what} ({minute(fell.release.at)} UTC) and "
        f"stayed there, while the other sources went on: {fell.left:.0%} of what they let expect"
    )
    why = "whether this is lost, renamed or no longer done: a signal read from these spans may have moved with the records"
    return weighed(
        "fallen", 1.2 + (1 - fell.left), what, why, source=series.format, n=lost, of=round(fell.was * 24),
        since=moment(traffic.first + fell.release.before),
    )  # fmt: skip


def _who(series: Series) -> str:
    words = "spans" if not series.operation else f"{name(series.operation)} spans"
    if series.level == "format":
        return f"Spans from {series.format} files"
    whose = f"of the service {name(series.service)}" if series.service else "without a service"
    return f"{words[0].upper()}{words[1:]} {whose}"


def _same(series: Series, fell: Fall, wider: Series, other: Fall) -> bool:
    """Whether a wider source that holds this one fell about as far at the same release."""
    holds = series.format == wider.format and (wider.level == "format" or series.service == wider.service)
    return holds and wider.level != series.level and abs(fell.left - other.left) < 0.25


def _releases(rows: Iterable[Mapping[str, Any]], traffic: Traffic) -> list[Release]:
    """The moments inside the span of the data; the first version that is seen at all is none."""
    told = list(rows)
    first_of = {
        attribute: min(row["first_seen"] for row in told if row["attribute"] == attribute)
        for attribute in {row["attribute"] for row in told}
    }
    found = []
    for row in told:
        before = _place(row["first_seen"], traffic)
        change = row["attribute"] == "change"
        if not 6 <= before < len(traffic.requests) - 6 or (
            not change and row["first_seen"] == first_of[row["attribute"]]
        ):
            continue
        after = before + 1
        if not change:
            older = [
                _place(other["last_seen"], traffic)
                for other in told
                if other["attribute"] == row["attribute"]
                and other["first_seen"] < row["first_seen"]
                and other["last_seen"] >= row["first_seen"]
            ]
            after = max([after, *(place + 1 for place in older if place < before + _AROUND)])
        what = f"the change {name(row['value'])}" if change else f"{row['attribute']} {name(row['value'])}"
        found.append(Release(what, before, after, row["first_seen"]))
    return found


def _place(at: datetime, traffic: Traffic) -> int:
    return int(at.timestamp() // 3600) - traffic.first


def fall(counts: Counts, others: Counts, release: Release) -> Fall | None:
    """How far a source fell at a release; ``None`` where it did not, where the others did too, or where too little is known."""
    last = min(release.after + _AROUND, len(counts))
    before, after = slice(max(release.before - _AROUND, 0), release.before), slice(release.after, last)
    later = slice((release.after + last) // 2, last)
    was, now = _rate(counts[before]), _rate(counts[after])
    left = _left(counts, others, before, after)
    if left is None or left >= _HALF or now >= _HALF * was:
        return None
    still = _left(counts, others, before, later, fewest=1.0)
    return Fall(release, was, now, left) if still is not None and still < _HALF else None


def _left(counts: Counts, others: Counts, before: slice, after: slice, fewest: float = _FEWEST) -> float | None:
    """What came after, as a share of what the others let expect."""
    known, beside = counts[before].sum(), others[before].sum()
    if known < _FEWEST or beside < _FEWEST:
        return None
    expected = known * others[after].sum() / beside
    return float(counts[after].sum() / expected) if expected >= fewest else None


def _rate(counts: Counts) -> float:
    return float(counts.mean()) if len(counts) else 0.0
