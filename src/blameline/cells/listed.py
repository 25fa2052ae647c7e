"""All signals, whether this data holds them or not; and a known one by day, where no model of it is needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from blameline.cells.facts import FEWEST
from blameline.cells.feedback import graded
from blameline.cells.known import Known, held, known, lay
from blameline.cells.read import Clock, contracted, described, naive
from blameline.contracts import asks, stated

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from numpy.typing import NDArray

    from blameline.records import Manifest, Signal
    from blameline.store import Store

_UNTOLD = {
    "facts.output_language": "the language of no answer can be told",
    "facts_of_words.question_language": "the language of no question can be told",
    "facts_of_objects.keys": "no answer is a JSON object",
}
"""What words that are kept do not show, by the column that is empty for it."""


def every(store: Store, window: Clock | None) -> tuple[Signal, ...]:
    """Every score found and every signal that is known, measured or not: scores first, then as ``known.NAMES`` has them."""
    manifest = store.manifest()
    if window is None:
        return tuple(_unmeasured(one, manifest, "there are no traces") for one in known().values())
    bounds = {"since": naive(window.since), "until": naive(window.until)}
    late = naive(window.until - (window.until - window.since) / 10)
    ends = {row["signal"]: row["now"] for row in store.rows("cells/now", late=late, until=bounds["until"])}
    contracts = {one.signal: asks(one) for one in stated(store)}
    rows = {row["signal"]: row for row in store.rows("cells/signals", **bounds)}
    by_graders = graded(store, rows)
    found = [
        described(row, manifest, contracts, by_graders).model_copy(
            update={"n": row["n"], "mean": row["mean"], "now": ends.get(name)}
        )
        for name, row in rows.items()
        if row["scored"] or name in contracts
    ]
    silent = "no request in the window tells it; `incident contract check` says why"
    found += [
        contracted(name, told, manifest).model_copy(update={"measured": False, "why": silent})
        for name, told in contracts.items()
        if name not in rows
    ]
    named, there = {one.name for one in found}, held(store)
    for one in known().values():
        if one.name in named:
            continue
        if lacking := [column for column in one.reads if column not in there]:
            few = window.traces < FEWEST
            why = f"there are fewer than {FEWEST} requests" if few else f"needs {one.needs}{_lacks(lacking, there)}"
            found.append(_unmeasured(one, manifest, why))
            continue
        lay(store, one.name)
        (row,) = store.rows("cells/signal", **bounds, late=late)
        if not row["n"]:
            found.append(_unmeasured(one, manifest, f"no request in the window tells it; needs {one.needs}"))
            continue
        found.append(one.signal(manifest).model_copy(update=row))
    return tuple(found)


def by_day(
    store: Store, name: str, window: Clock, since: datetime, until: datetime
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """A known signal by day and segment: days since a moment (below 0 before it), segments, requests and sums."""
    lay(store, name)
    columns = store.query("cells/signal_by_day", since_when=naive(since), since=naive(window.since), until=naive(until))
    return (
        columns["day"].astype(np.int64),
        columns["segment_id"].astype(np.int64),
        columns["n"].astype(float),
        columns["total"].astype(float),
    )


def _unmeasured(one: Known, manifest: Manifest, why: str) -> Signal:
    """A known signal that this data does not hold, and why: never 0 and never fine."""
    return one.signal(manifest).model_copy(update={"measured": False, "why": why})


def _lacks(lacking: Sequence[str], there: frozenset[str]) -> str:
    """What of the words is missing: all of them, or what they would have to show."""
    if not any(column.startswith(("facts_of_words.", "facts_of_objects.")) for column in lacking):
        return ""
    if "facts_of_words.trace_id" not in there:
        return "; no words are kept here"
    untold = [_UNTOLD[column] for column in lacking if column in _UNTOLD]
    return f"; words are kept, but {' and '.join(untold) or 'no answers among them'}"
