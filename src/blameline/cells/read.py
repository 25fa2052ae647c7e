"""Read the cells of a signal, or of the traffic itself, on the clock of the case."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

from blameline.cells.feedback import BIAS, graded, is_feedback
from blameline.cells.grid import Cells
from blameline.cells.known import known
from blameline.cells.rulers import JUDGE
from blameline.contracts import asks, stated
from blameline.records import Better, Signal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from numpy.typing import NDArray

    from blameline.records import Manifest
    from blameline.store import Store

LOWER = re.compile(
    r"refus|error|fail|halluc|toxic|latenc|cost|token|truncat|retr(y|ies)|escalat|abandon|violat|invalid|complain|re_?ask|"
    r"regenerat|bias|harm|risk|drift|duration|unsafe|leak|contradict|thumbs?_?down|downvote|dislike|unhappy|unhelpful|negative",
    re.IGNORECASE,
)
BUCKETS = 340
"""At most this many buckets in a window."""


@dataclass(frozen=True)
class Clock:
    """The window and its buckets."""

    since: datetime
    until: datetime
    width: int
    """Seconds a bucket."""
    traces: int

    @property
    def buckets(self) -> int:
        """How many buckets the window has."""
        return int(-(-(self.until - self.since).total_seconds() // self.width))


def clock(store: Store) -> Clock | None:
    """The window of the case in whole hours, with the finest bucket the traffic can fill; ``None`` without traces."""
    row = store.rows("cells/bounds")[0]
    if row["first_at"] is None:
        return None
    window = store.manifest().window
    first = max(filter(None, (row["first_at"], window.from_)))
    since = first.replace(minute=0, second=0, microsecond=0)
    last = (row["last_at"] + timedelta(hours=1)).replace(minute=0, second=0, microsecond=0)
    until = min(last, window.to) if window.to else last
    if until <= since:
        return None
    hours = (until - since).total_seconds() / 3600
    rate = row["traces"] / max(hours, 1)
    for width in (1, 2, 3, 6, 12, 24):
        if hours / width <= BUCKETS and rate * width >= 12:
            return Clock(since, until, width * 3600, row["traces"])
    return Clock(since, until, 24 * 3600 if hours > 240 else 6 * 3600, row["traces"])


def measured(store: Store, window: Clock) -> tuple[Signal, ...]:
    """Every signal with at least two distinct values in the window; what the manifest lists keeps its direction.

    Those that are context alone (``known``) are not among them.
    """
    manifest = store.manifest()
    contracts = {one.signal: asks(one) for one in stated(store)}
    rows = store.rows("cells/signals", since=naive(window.since), until=naive(window.until))
    by_graders = graded(store, (row["signal"] for row in rows))
    return tuple(described(row, manifest, contracts, by_graders) for row in rows if row["spread"] > 0)


def segments(store: Store) -> tuple[dict[str, str], ...]:
    """By segment number: attribute → value."""
    return tuple(dict(row["segment"]) for row in store.rows("cells/segment_sets"))


def described(
    row: Mapping[str, Any], manifest: Manifest, contracts: Mapping[str, str], by_graders: frozenset[str]
) -> Signal:
    """A measured signal: a contract by what it asks, a known one by its header, and any other by its name.

    ``contracts`` holds, by signal, what each contract asks, whatever its name sounds like and whatever a manifest says of it;
    ``by_graders`` the scores that no user gave, whatever they are called.
    """
    name = row["signal"]
    if name in contracts:
        return contracted(name, contracts[name], manifest)
    if name in known() and not row["scored"]:
        return known()[name].signal(manifest)
    setting = manifest.signals.get(name)
    better: Better = "lower" if LOWER.search(name) else "higher"
    if setting is not None and setting.better is not None:
        better = setting.better
    feedback = is_feedback(name, setting, by_graders)
    bounded = row["low"] >= 0 and row["high"] <= 1
    return Signal(
        name=name,
        better=better,
        unit="share" if bounded else "score",
        family="feedback" if feedback else "quality",
        control=name in manifest.controls,
        judged=row["judged"] >= 0.98 * row["n"],
        bounded=bounded,
        bias=BIAS if feedback else "",
    )


def contracted(name: str, title: str, manifest: Manifest) -> Signal:
    """The signal that a contract is: the share of requests that keep it."""
    control = name in manifest.controls
    return Signal(name=name, better="higher", unit="share", family="contract", control=control, title=title)


def read(store: Store, signal: Signal, window: Clock) -> Cells:
    """The cells of one signal; the judge's version joins the layer versions as ``judge:evaluator``."""
    columns = store.query(
        "cells/by_signal",
        signal=signal.name,
        since=naive(window.since),
        until=naive(window.until),
        width=window.width,
    )
    return assembled(store, signal, window, columns)


def assembled(store: Store, signal: Signal, window: Clock, columns: Mapping[str, NDArray[Any]]) -> Cells:
    """Cells from the columns of a query that may tell a judge beside each version set."""
    sets, places = _sets(store)
    told = columns.get("judge", np.full(len(columns["n"]), None, dtype=object))
    judges = [None if judge is None else str(judge) for judge in told]
    pairs = sorted({(int(v), j or "") for v, j in zip(columns["version_id"], judges, strict=True)})
    number = {pair: index for index, pair in enumerate(pairs)}
    rulers = {str(row["judge"]): dict(row["versions"]) for row in store.rows("cells/rulers")}
    versions = tuple({**sets[v], **(rulers.get(j, {JUDGE: j}) if j else {})} for v, j in pairs)
    return Cells(
        signal=signal,
        origin=window.since.astimezone(UTC),
        width=window.width,
        buckets=window.buckets,
        bucket=columns["bucket"].astype(np.int64),
        segment=columns["segment_id"].astype(np.int64),
        version=np.array(
            [number[(int(v), j or "")] for v, j in zip(columns["version_id"], judges, strict=True)], dtype=np.int64
        ),
        n=columns["n"].astype(float),
        total=columns["total"].astype(float),
        square=columns["square"].astype(float),
        segments=places,
        versions=versions,
    )


VOLUME = Signal(name="requests", better=None, unit="requests", family="operations", bounded=False)


def volume(store: Store, window: Clock) -> Cells:
    """The cells of the traffic itself: ``n`` requests, ``total`` the same."""
    columns = store.query("cells/by_volume", since=naive(window.since), until=naive(window.until), width=window.width)
    sets, places = _sets(store)
    n = columns["n"].astype(float)
    return Cells(
        signal=VOLUME,
        origin=window.since.astimezone(UTC),
        width=window.width,
        buckets=window.buckets,
        bucket=columns["bucket"].astype(np.int64),
        segment=columns["segment_id"].astype(np.int64),
        version=columns["version_id"].astype(np.int64),
        n=n,
        total=n,
        square=n,
        segments=places,
        versions=tuple(sets),
    )


def _sets(store: Store) -> tuple[list[dict[str, str]], tuple[dict[str, str], ...]]:
    versions = [dict(row["versions"]) for row in store.rows("cells/version_sets")]
    return versions, segments(store)


def naive(moment: datetime) -> datetime:
    """A moment as DuckDB's TIMESTAMP is bound: in UTC, without a zone."""
    return moment.astimezone(UTC).replace(tzinfo=None)
