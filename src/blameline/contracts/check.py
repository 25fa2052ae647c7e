"""Each contract in a period against what came before: measurements in, one ``ContractState`` a contract out.

A contract with a floor is kept or broken where the interval of its share lies above or below that floor; one without a floor
is broken where its share fell. Several contracts are several chances to cry wolf, so `broken` takes an interval that is as
wide as their number asks for (Bonferroni); what is neither kept nor broken is not distinguishable.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from blameline.contracts.measure import stated
from blameline.contracts.shares import Parted, Shares
from blameline.contracts.wording import asks, where
from blameline.records import Contract, ContractState, Interval, Keeping

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from blameline.store import Store

WORDS_KEPT = frozenset({"keys", "sentences", "forbidden", "required"})
"""Kinds that cannot be told without the words of an answer."""
_NOTHING = Parted(0, 0.0, 0.0, 0.0, 0.0, 0.0)
_WAYS = ("time", "talk")
_MOSTLY = 0.9
"""Where fewer requests than this share of them were measured, it is told."""


@dataclass(frozen=True)
class Period:
    """What is looked at, and what it is compared with: all from ``since`` to ``quiet_until``."""

    since: datetime
    quiet_until: datetime
    begin: datetime
    until: datetime

    @property
    def width(self) -> int:
        """Seconds of a cluster of time: a day, or an hour where there are few days."""
        parts = (self.quiet_until - self.since, self.until - self.begin)
        days = min(parts) >= timedelta(days=2) and sum(parts, timedelta()) >= timedelta(days=6)
        return 86400 if days else 3600

    @property
    def bound(self) -> dict[str, datetime]:
        """Its moments as queries take them."""
        moments = {"since": self.since, "quiet_until": self.quiet_until, "begin": self.begin, "until": self.until}
        return {name: naive(moment) for name, moment in moments.items()}


def naive(moment: datetime) -> datetime:
    """A moment in UTC, without saying so."""
    return moment.astimezone(UTC).replace(tzinfo=None)


def check(store: Store, period: Period) -> tuple[ContractState, ...]:
    """How every contract fares in a period, by id."""
    contracts = stated(store)
    if not contracts:
        return ()
    signals = [one.signal for one in contracts]
    found: dict[tuple[str, str, str], Parted] = {}
    for row in store.rows("contracts/kept", signals=signals, width=period.width, **period.bound):
        key = (row.pop("signal"), row.pop("phase"), row.pop("parted"))
        found[key] = Parted(**row)
    shares = {
        name: Shares(
            [found.get((name, "before", way), _NOTHING) for way in _WAYS],
            [found.get((name, "period", way), _NOTHING) for way in _WAYS],
        )
        for name in signals
    }
    asked = sum(1 for one in shares.values() if one.period[0].n)
    counts: dict[str, dict[str, Any]] = {}
    content = store.settings().get("content", "redacted")
    states = []
    for one in contracts:
        told = counts.setdefault(repr((sorted(one.scope.items()), one.span)), {})
        if not told:
            told.update(_counted(store, one, period))
        states.append(_state(one, shares[one.signal], told, period, max(asked, 1), content))
    return tuple(states)


def _counted(store: Store, one: Contract, period: Period) -> dict[str, Any]:
    bounds = {"begin": naive(period.begin), "until": naive(period.until)}
    keys = sorted(one.scope)
    values = [one.scope[key] for key in keys]
    return store.rows("contracts/asked", keys=keys, values=values, span=one.span, **bounds)[0]


def _state(
    one: Contract, shares: Shares, told: Mapping[str, Any], period: Period, asked: int, content: str
) -> ContractState:
    before, now = shares.before[0], shares.period[0]
    verdict: Keeping
    if not now.n:
        verdict, because = "not measured", _unmeasured(one, told, content)
    else:
        verdict = _verdict(one, shares, asked)
        because = _because(one, shares, asked, verdict, told)
    return ContractState(
        id=one.id,
        signal=one.signal,
        asks=asks(one),
        scope=one.scope,
        floor=one.floor,
        verdict=verdict,
        because=because,
        since=period.begin,
        until=period.until,
        compared_until=period.quiet_until,
        requests=told["requests"],
        n_before=int(before.n),
        n=int(now.n),
        before=shares.share(shares.before) if before.n else None,
        rate=shares.share(shares.period) if now.n else None,
        difference=shares.difference() if before.n and now.n else None,
        detectable=shares.detectable(asked) if before.n and now.n else None,
    )


def _verdict(one: Contract, shares: Shares, asked: int) -> Keeping:
    if one.floor is not None:
        if shares.share(shares.period, asked).high < one.floor:
            return "broken"
        return "kept" if shares.share(shares.period).low >= one.floor else "not distinguishable"
    if not shares.before[0].n:
        return "not distinguishable"
    moved = shares.difference(asked)
    if moved.high < 0:
        return "broken"
    return "kept" if moved.low > 0 else "not distinguishable"


def _because(one: Contract, shares: Shares, asked: int, verdict: Keeping, told: Mapping[str, Any]) -> str:
    n = int(shares.period[0].n)
    parts = []
    if one.floor is not None:
        rate = shares.share(shares.period)
        least = f"{100 * one.floor:.5g}% must"
        near = "" if verdict != "not distinguishable" else ": too near to tell"
        parts.append(f"{100 * rate.estimate:.1f}% of {n} requests kept it {_between(rate)}, {least}{near}")
        if verdict == "broken" and shares.before[0].n and shares.share(shares.before, asked).high < one.floor:
            parts.append("it was broken before, too")
    parts.append(_moved(shares, asked, n))
    if n < _MOSTLY * told["requests"]:
        parts.append(f"measured on {n} of {told['requests']} requests")
    return "; ".join(part for part in parts if part)


def _moved(shares: Shares, asked: int, n: int) -> str:
    """The difference in words."""
    if not shares.before[0].n:
        return "nothing came before to compare it with"
    if shares.freedom < 2:
        return f"not distinguishable at n = {n}: all of it lies too close together to know how much chance moves it"
    moved, strict = shares.difference(), shares.difference(asked)
    said = f"{100 * moved.estimate:+.1f} points [{100 * moved.low:+.1f}, {100 * moved.high:+.1f}]"
    if strict.high < 0:
        return f"{said}, a fall"
    if strict.low > 0:
        return f"{said}, a rise"
    if moved.high < 0 or moved.low > 0:
        said += f", as one of {asked} contracts may by chance"
    drop = shares.detectable(asked)
    seen = "no drop would have been seen" if drop is None else f"a drop of {100 * drop:.1f} points would have been seen"
    return f"{said}, not distinguishable at n = {n}; {seen}"


def _between(interval: Interval) -> str:
    return f"[{100 * interval.low:.1f}, {100 * interval.high:.1f}]"


def _unmeasured(one: Contract, told: Mapping[str, Any], content: str) -> str:
    """Why nothing was measured: the first thing that is missing."""
    wordless = content == "none" and one.kind in WORDS_KEPT
    of_calls: Sequence[tuple[object, str]] = {
        "tool_errors": ((told["tooled"], "no tool was called"), (False, "no call of a tool says how it ended")),
        "latency": ((told["ended"], "it is not known when the requests ended"), (False, "all of them failed")),
    }.get(one.kind, ())
    needed: Sequence[tuple[object, str]] = (
        (
            told["requests"],
            f"no request of the period is of {where(one)}" if where(one) else "the period has no requests",
        ),
        (not one.span or told["named"], f"no call is named '{one.span}' in the period"),
        *of_calls,
        (told["called"], "no call of a model is on record"),
        (one.kind != "finish" or told["finished"], "no call says why it ended"),
        (not wordless, "the words of answers are not kept (--content none)"),
        (told["answered"], "no answer is on record"),
        (told["whole"], "all answers are empty or came here cut off"),
        (one.kind != "language", "no answer is long enough to tell its language"),
    )
    return next((said for there, said in needed if not there), "the last answer of each request is not on record")
