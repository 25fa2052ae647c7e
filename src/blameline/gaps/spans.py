"""Gaps of the spans themselves: parents that are not there, clocks that disagree, ends that nobody told, pieces dropped."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np

from blameline.gaps.series import clear_step
from blameline.gaps.wording import Weighed, between, count, listed, minute, moment, name, part, percent, span, weighed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from blameline.gaps.series import Step, Traffic
    from blameline.store import Store

    Rows = Sequence[Mapping[str, Any]]

_FEWEST = 5
"""Spans below which nothing is told: a lone one says nothing of the export."""
_FEWEST_COPIES = 20
_LEAST = 0.001
_LEAST_CLOCK = 0.01
_DROPPED = {
    "otel.dropped_attributes_count": "attribute",
    "otel.dropped_events_count": "event",
    "otel.dropped_links_count": "link",
}


def parents(links: Rows, traffic: Traffic) -> list[Weighed]:
    """Children whose parent is not there, and requests without a root."""
    found: list[Weighed] = []
    children: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    services: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for row in links:
        for place, key in enumerate(("n", "beyond")):
            children[row["format"]][place] += row[key]
        if row["beyond"]:  # in a request without a root they are told with it
            services[row["format"]][row["service"] or "no service"] += row["beyond"]
    rootless, whole = traffic.rootless, traffic.whole
    if rootless >= _FEWEST and rootless >= _LEAST * whole:
        where = (
            "every one of them begins below a caller that was not exported"
            if rootless == whole
            else "their first span was lost, sampled out or is in a system that was not exported"
        )
        what = f"{part(rootless, whole, 'requests')} have no root span: {where}"
        why = "whether these requests are complete, how long they took as a whole, and what a root alone carries"
        found.append(
            weighed("roots", (0.5 if rootless == whole else 2.0) * rootless / whole, what, why, n=rootless, of=whole)
        )
    for format_, (n, missing) in sorted(children.items()):
        if missing < _FEWEST or missing < _LEAST * n:
            continue
        most = sorted(services[format_].items(), key=lambda one: (-one[1], one[0]))
        of_which = f", most of them of {name(most[0][0])} ({most[0][1]:,})" if len(most) > 1 else ""
        what = f"{part(missing, n, 'child spans')} in {format_} files have a parent that is not there{of_which}"
        why = (
            "which step called these: what an agent or tool cost, and how often a call was retried, is counted too low"
        )
        found.append(weighed("parents", 2 * missing / n, what, why, source=format_, n=missing, of=n))
    return found


def clocks(links: Rows, ends: Rows) -> list[Weighed]:
    """Children that begin before their parent, and spans that end before they begin."""
    found: list[Weighed] = []
    for row in links:
        known = row["n"] - row["missing"]
        if row["early"] < _FEWEST or row["early"] < _LEAST_CLOCK * known:
            continue
        caller, called = row["parent_service"] or "no service", row["service"] or "no service"
        who = f"called by {name(caller)} in {name(called)}" if caller != called else f"inside {name(called)}"
        apart = span(row["typical_ms"])
        what = f"{part(row['early'], known, 'child spans')} {who} begin before their parent, typically by {apart}"
        why = f"in which order things less than {apart} apart happened, and how long one waited for the other"
        found.append(
            weighed("clock", 1.5 * row["early"] / known, what, why, source=row["format"], n=row["early"], of=known)
        )
    for row in ends:
        if row["backward"] >= _FEWEST and row["backward"] >= _LEAST * row["n"]:
            where = f"in {row['format']} files end before they begin, typically by {span(row['typical_ms'])}"
            what = f"{part(row['backward'], row['n'], 'spans')} {where}"
            why = "how long these took"
            weight = 1.5 * row["backward"] / row["n"]
            found.append(weighed("clock", weight, what, why, source=row["format"], n=row["backward"], of=row["n"]))
    return found


def unknown_ends(store: Store, ends: Rows, traffic: Traffic) -> list[Weighed]:
    """Spans whose end nobody told: timeouts, crashes, or a log that has none; and since when there are more or fewer of them."""
    found = []
    told = [row["format"] for row in ends if _FEWEST <= row["unknown"] < row["n"]]
    stepped = {row["format"]: row for row in (store.rows("gaps/endless", formats=told) if told else ())}
    for row in ends:
        unknown, n, what_is = row["unknown"], row["n"], "spans"
        if unknown < _LEAST_CLOCK * n:  # few of all spans may be many of the slow ones
            unknown, n, what_is = row["unknown_calls"], row["calls"], "calls of a model"
        if unknown < _FEWEST or unknown < _LEAST_CLOCK * n:
            continue
        none = row["unknown"] == row["n"]
        what = (
            f"No span in {row['format']} files has an end ({count(row['n'], 'span')})"
            if none
            else f"{part(unknown, n, what_is)} in {row['format']} files have no end, as of a timeout or a crash"
        )
        why = (
            "how long anything took"
            if none
            else "how long these took: the slowest requests are missing from every latency"
        )
        weight = 0.3 if none else unknown / n
        since = None
        if row["format"] in stepped and (moved := _moved(stepped[row["format"]], traffic)) is not None:
            since = moment(traffic.first + moved.index)
            shares = f"from {percent(moved.before, 1)} to {percent(moved.after, 1)}"
            what += f"; the share of requests with such a span stepped at {minute(since)} UTC {shares}"
            why = "whether these requests failed and how long they took: with no status either they are in no rate of failures"
            weight = 1.6
        found.append(weighed("unknown_ends", weight, what, why, source=row["format"], n=unknown, of=n, since=since))
    return found


def _moved(row: Mapping[str, Any], traffic: Traffic) -> Step | None:
    """Where the share of requests without an end moved for good."""
    return clear_step(traffic.laid(row["hours"], row["counts"]), traffic.laid(row["hours"], row["endless"]))


def dropped(store: Store, carried: Mapping[str, int], ends: Rows) -> list[Weighed]:
    """What the instrumentation itself says that it left out."""
    names = [one for one in _DROPPED if one in carried]
    if not names:
        return []
    spans = {row["format"]: row["n"] for row in ends}
    told: dict[str, list[tuple[int, int, str]]] = defaultdict(list)
    for row in store.rows("gaps/dropped", names=names):
        told[row["format"]].append((row["n"], row["pieces"], _DROPPED[row["attribute"]]))
    found = []
    for format_, parts in sorted(told.items()):
        n, of = max(one for one, _, _ in parts), spans[format_]
        if n < _FEWEST:
            continue
        pieces = listed([count(pieces, noun) for _, pieces, noun in parts])
        what = f"{part(n, of, 'spans')} in {format_} files lost {pieces} to a limit of the instrumentation"
        why = "what was said there: on these spans a version, a segment or an answer that seems absent may only have been cut off"
        found.append(weighed("dropped", 0.3 + 2 * n / of, what, why, source=format_, n=n, of=of))
    return found


def doubled(store: Store) -> list[Weighed]:
    """Generations that stacked instrumentation tells twice."""
    (row,) = store.rows("gaps/doubled")
    if row["n"] < _FEWEST or not row["whole"]:
        return []
    what = (
        f"{part(min(row['n'], row['whole']), row['whole'], 'generations')} only tell again what a generation below them tells "
        "(two instrumentations, or an agent that sums up its calls)"
    )
    why = "Nothing is lost, each call is counted once here; a dashboard that adds up all of them shows more tokens and cost"
    return [weighed("doubled", 0.15, what, why, n=row["n"], of=row["whole"])]


def copied(store: Store, traffic: Traffic) -> list[Weighed]:
    """Requests that an exporter told twice, under another id."""
    since, until = moment(traffic.first), moment(traffic.first + len(traffic.requests))
    rows = store.query("cells/copies", since=since.replace(tzinfo=None), until=until.replace(tzinfo=None), width=3600)
    requests = np.array([name is None for name in rows["signal"]], dtype=bool)
    n = int(rows["n"][requests].sum())
    if n < _FEWEST_COPIES or n < _LEAST_CLOCK * traffic.whole:
        return []
    hours = rows["bucket"][requests]
    first, last = moment(traffic.first + int(hours.min())), moment(traffic.first + int(hours.max()) + 1)
    what = (
        f"{part(n, traffic.whole, 'requests')} are told twice {between(first, last)}: the same conversation, tokens and "
        "length within 5 ms under another id, as an exporter that tries again leaves them"
    )
    why = "how many requests there were; where one slice is doubled, a plain mean leans towards it"
    return [weighed("doubled", 0.3 + 2 * n / traffic.whole, what, why, n=n, of=traffic.whole, since=first, until=last)]
