"""Scores that join no request, and signals that only a part of the requests has."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from blameline.gaps.series import by_name, step
from blameline.gaps.wording import Weighed, minute, moment, name, part, percent, weighed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from blameline.gaps.series import Traffic
    from blameline.store import Store

_FEWEST, _LEAST = 5, 0.01
_FEW_FILES = 2
"""Files of one score that are named one by one; more are one gap."""
_FEWEST_REQUESTS, _NEARLY_ALL = 50, 0.95
_ONE_BY_ONE, _MOST_NAMED = 2, 6
_FEWEST_LAGS = 20
_FILLED = 0.7
"""Part of the usual share of scored requests that the last hours must reach to be called complete."""
_FELL, _BY = 0.5, 0.1
"""A share of scored requests that fell to less than this part of itself, and by so much, stopped being scored."""


def unjoined(store: Store) -> list[Weighed]:
    """Scores of each name whose request is not there."""
    found: list[Weighed] = []
    for score, rows in by_name(store.rows("gaps/unjoined"), "name").items():
        told = [(row["source"], row["n"], row["unjoined"]) for row in rows]
        if len(told) > _FEW_FILES:
            told = [(None, sum(row["n"] for row in rows), sum(row["unjoined"] for row in rows))]
        for source, n, lost in told:
            if lost < _FEWEST or lost < _LEAST * n:
                continue
            where = f"in {source}" if source else f"in {len(rows)} files"
            what = f"{part(lost, n, 'scores')} {name(score)} {where} belong to no request that was loaded"
            why = (
                f"how those requests scored: {name(score)} is measured on fewer requests, and maybe not on the bad ones"
            )
            found.append(weighed("unjoined_scores", 2 * lost / n, what, why, source=source, n=lost, of=n))
    return found


def partial(store: Store, traffic: Traffic) -> list[Weighed]:
    """Signals that are measured on a part of the requests, or on fewer since some moment."""
    found: list[Weighed] = []
    steady: list[tuple[str, int]] = []
    whole = traffic.whole
    if whole < _FEWEST_REQUESTS:
        return found
    for row in store.rows("gaps/scored"):
        counts = traffic.laid(row["hours"], row["counts"])
        n, signal = min(row["n"], whole), name(row["signal"])
        moved = step(traffic.requests, counts)
        more = {"n": whole - n, "of": whole}
        if moved is not None and moved.after < _FELL * moved.before and moved.before - moved.after >= _BY:
            at = moment(traffic.first + moved.index)
            what = (
                f"From {minute(at)} UTC on {signal} is there for {percent(moved.after, 1)} of the requests, before for "
                f"{percent(moved.before, 1)}; {whole - n:,} of {whole:,} have none"
            )
            why = f"whether {signal} moved after that: what is still scored may be another kind of request"
            found.append(weighed("partial_scores", 1.9, what, why, since=at, **more))
        elif n < _NEARLY_ALL * whole:
            steady.append((signal, n))
    return found + _steady(steady, whole)


def _steady(signals: Sequence[tuple[str, int]], whole: int) -> list[Weighed]:
    """Signals on a part of the requests all along, the rarest first: many of them are one gap."""
    told = sorted(signals, key=lambda one: (one[1], one[0]))
    if len(told) > _ONE_BY_ONE:
        shares = [f"{signal} ({n:,}, {percent(n, whole)})" for signal, n in told[:_MOST_NAMED]]
        left = len(told) - _MOST_NAMED
        rest = f", and {left} more signals that more of them have" if left > 0 else ""
        what = f"Of {whole:,} requests only a part is scored: {', '.join(shares)}{rest}"
        why = "how the others did; a small slice of the traffic may hold too few scores to show a move"
        n = whole - told[0][1]
        return [weighed("partial_scores", 0.6 * n / whole, what, why, n=n, of=whole)]
    found = []
    for signal, n in told:
        what = f"{signal} is there for {part(n, whole, 'requests')}"
        why = f"how the others did on {signal}; a small slice of the traffic may hold too few scores to show a move"
        found.append(weighed("partial_scores", 0.6 * (1 - n / whole), what, why, n=whole - n, of=whole))
    return found


def late(store: Store, traffic: Traffic) -> list[Weighed]:
    """Signals whose scores of the last hours are still to come, as far as the times of scoring tell."""
    since, until = moment(traffic.first), moment(traffic.first + len(traffic.requests))
    rows = store.rows("cells/lags", since=since.replace(tzinfo=None), until=until.replace(tzinfo=None))
    lags = {row["signal"]: float(row["hours"]) for row in rows if row["n"] >= _FEWEST_LAGS and row["hours"] is not None}
    found = []
    for row in store.rows("gaps/scored") if lags else []:
        hours = math.ceil(lags.get(row["signal"], 0.0))
        if not 2 <= hours < len(traffic.requests) / 2:
            continue
        counts = traffic.laid(row["hours"], row["counts"])
        n, had = float(traffic.requests[-hours:].sum()), float(counts[-hours:].sum())
        usual = float(counts[:-hours].sum() / max(traffic.requests[:-hours].sum(), 1.0))
        if n * usual < _FEWEST_LAGS or had > _FILLED * usual * n:
            continue
        begin = moment(traffic.first + len(traffic.requests) - hours)
        what = (
            f"In the last {hours} h {name(row['signal'])} is there for {percent(had, n)} of the requests, before for "
            f"{percent(usual, 1)}: a tenth of its scores come later than {hours} h after the request"
        )
        why = f"how {name(row['signal'])} did from {minute(begin)} UTC on: what is scored so far may be another kind of request"
        missing = max(round(n * usual - had), 1)
        found.append(weighed("partial_scores", 1.2, what, why, since=begin, n=missing, of=round(n * usual)))
    return found
