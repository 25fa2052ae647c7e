"""What share of the traffic the rows stand for: as the spans say it, as the trace ids show it, or said by nobody."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from blameline.gaps.wording import Weighed, count, minute, name, part, weighed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from blameline.gaps.series import Traffic
    from blameline.store import Store

_SAYS_RATE = re.compile(
    r"(^|[._])(sampling|sample|sampler)[._]?(probability|ratio|rate|percentage|param)$|^_dd\..*_psr$|(^|[._])trace_?state$",
    re.IGNORECASE,
)
_NO_TRACES = re.compile(r"audio|voice|speech|sound|media|signal", re.IGNORECASE)
_PRIORITY = "_sampling_priority_v1"
_WHOLE_THRESHOLD = 16**14
_FEWEST_REQUESTS, _FEWEST_IDS = 100, 200
_PART = 0.9
"""Ids that fill no more than this part of their range were chosen by it; 200 random ids do so once in 10^9 times."""
_SHAPE = 0.06
_WHY = "how many requests or failures there were: every count has to be scaled, a rare failure may have no row at all"
_MIXED = "; where failures are kept more often than successes, every share is off as well"


@dataclass(frozen=True)
class Rate:
    """One rate of sampling that spans carry."""

    share: float
    n: int
    first: datetime
    last: datetime


def sampling(store: Store, carried: Mapping[str, int], traffic: Traffic) -> list[Weighed]:
    """One gap at most: how the rows were sampled, as far as it is known."""
    names = _names(carried)
    rows = store.rows("gaps/sampled", names=names) if names else []
    spans = int(traffic.rows.sum())
    for attribute in names:
        told = [
            Rate(share, row["n"], row["first_seen"], row["last_seen"])
            for row in rows
            if row["attribute"] == attribute and (share := rate(attribute, row["value"])) is not None
        ]
        if told:
            said = _said(attribute, told, spans)
            return [said] if said else []
    if traffic.whole < _FEWEST_REQUESTS:
        return []
    return [_shown(store) or _unsaid(carried, spans)]


def rates(store: Store) -> tuple[str, dict[str, float]] | None:
    """The attribute that says what share of the requests was kept, and the share that each of its values means.

    ``None`` where none does, or all say the same: then every request stands for as many.
    """
    carried = {row["attribute"]: row["n"] for row in store.rows("gaps/carried")}
    names = _names(carried)
    rows = store.rows("gaps/sampled", names=names) if names else []
    for attribute in names:
        shares = {
            row["value"]: share
            for row in rows
            if row["attribute"] == attribute and (share := rate(attribute, row["value"])) is not None
        }
        if shares:
            return (attribute, shares) if max(shares.values()) > 1.01 * min(shares.values()) else None
    return None


def _names(carried: Mapping[str, int]) -> list[str]:
    """Attributes that may say what share was kept, the most frequent first."""
    names = [one for one in carried if _SAYS_RATE.search(one) and not _NO_TRACES.search(one)]
    return sorted(names, key=lambda one: (-carried[one], one))


def rate(attribute: str, value: str) -> float | None:
    """The share of requests that is kept, from what an attribute says; ``None`` where it says no such thing."""
    kind, _, digits = value.partition(":")
    if kind == "th" and re.fullmatch(r"[0-9a-f]{1,14}", digits):
        return 1 - int(digits.ljust(14, "0"), 16) / _WHOLE_THRESHOLD
    if kind == "p" and digits.isdecimal() and int(digits) <= 62:
        return float(2.0 ** -int(digits))
    try:
        number = float(value)
    except ValueError:
        return None
    if attribute.lower().endswith("percentage"):
        number /= 100
    if 0 < number <= 1:
        return number
    by_count = re.search(r"rate$", attribute, re.IGNORECASE) is not None  # Honeycomb's SampleRate: one of so many
    return 1 / number if by_count and 1 < number < 1e9 else None


def _said(attribute: str, rates: Sequence[Rate], spans: int) -> Weighed | None:
    n = sum(one.n for one in rates)
    share = n / sum(one.n / one.share for one in rates)
    if share > 0.999:
        return None
    told = sorted((one for one in rates if one.n >= 0.01 * n), key=lambda one: (one.first, one.share))
    low, high = min(one.share for one in told), max(one.share for one in told)
    since, how, why = None, "", _WHY
    apart = all(one.last <= other.first for one, other in itertools.pairwise(told))
    if len(told) > 1 and apart:
        since = told[-1].first
        how = f"; the share went from {_share(told[-2].share)} to {_share(told[-1].share)} at {minute(since)} UTC"
    elif high > 1.01 * low:
        how = f"; what was kept differs from request to request, between {_share(low)} and {_share(high)}"
        why += _MIXED
    said = f"{part(n, spans, 'spans')} say so in {name(attribute)}"
    what = f"The rows are a sample: {said}, and stand for about {_share(share)} of the traffic{how}"
    weight = (1.6 if since else 0.4) + 0.5 * (1 - share)
    return weighed("sampling", weight, what, why, n=n, of=spans, since=since)


def _share(share: float) -> str:
    return f"{100 * share:.3g}%"


def _shown(store: Store) -> Weighed | None:
    """What the trace ids show: a sampler that goes by the id leaves one end of their range empty."""
    (row,) = store.rows("gaps/trace_ids")
    if row["n"] < _FEWEST_IDS:
        return None
    for key in ("low64", "low56"):
        low, first, middle, third, high = row[key]
        kept, base = (high, 0.0) if key == "low64" else (1 - low, low)
        even = all(
            abs((at - base) / kept - wanted) < _SHAPE for at, wanted in ((first, 0.25), (middle, 0.5), (third, 0.75))
        )
        if 0.0005 < kept <= _PART and even and not 0.49 < kept <= 0.5:  # ids of 63 bits fill one half
            end = "lowest" if key == "low64" else "highest"
            what = (
                f"No row says how the traffic was sampled, but all trace ids ({row['n']:,} looked at) lie in the {end} "
                f"{_share(kept)} of their range, as a sampler that keeps about {_share(kept)} of the requests leaves them"
            )
            return weighed("sampling", 0.4 + 0.5 * (1 - kept), what, _WHY, n=row["n"])
    return None


def _unsaid(carried: Mapping[str, int], spans: int) -> Weighed:
    if _PRIORITY in carried:
        n = carried[_PRIORITY]
        what = (
            f"{part(n, spans, 'spans')} were chosen by a sampler ({name(_PRIORITY)}); nothing says what share it kept"
        )
        return weighed("sampling", 0.5, what, _WHY + _MIXED, n=n, of=spans)
    what = f"None of the {count(spans, 'span')} says whether it is all of the traffic or a sample of it"
    why = (
        "how many requests there really were; rates and means hold, unless failures were kept more often than successes"
    )
    return weighed("sampling", 0.05, what, why, n=0, of=spans)
