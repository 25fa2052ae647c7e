"""Whether anything could be looked at: where not, finding nothing clears nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blameline.case.finding import FEWEST
from blameline.cells import measured

if TYPE_CHECKING:
    from collections.abc import Mapping

    from blameline.cells import Clock
    from blameline.fit import Fit
    from blameline.store import Store

MOST_NAMED = 3


def blindness(store: Store, window: Clock, fits: Mapping[str, Fit], detectable: Mapping[str, float]) -> str:
    """Why no shift for the worse could have been found, in words; empty where one could have been."""
    watched = {
        name: fit.cells
        for name, fit in fits.items()
        if fit.cells.signal.better is not None and not fit.cells.signal.control
    }
    if any(detectable[name] < (1.0 if cells.signal.bounded else float("inf")) for name, cells in watched.items()):
        return ""
    if watched:
        counts = {name: int(cells.n.sum()) for name, cells in watched.items()}
        return f"{_few(counts)} are so few or so noisy that no fall would show"
    if fits:
        return f"of {_listed(sorted(fits))} it is not known which way is better, or it is a control"
    bounds = {"since": window.since.replace(tzinfo=None), "until": window.until.replace(tzinfo=None)}
    known = {signal.name for signal in measured(store, window) if signal.better is not None}
    rows = store.rows("cells/signals", **bounds)
    counts = {row["signal"]: int(row["n"]) for row in rows if row["signal"] in known}
    flat = {row["signal"]: int(row["n"]) for row in rows if not row["spread"]}
    if not counts:
        return f"{_few(flat)} have one value each" if flat else "no score of quality is on record"
    if max(counts.values()) < FEWEST:
        return f"{_few(counts)} are too few, {FEWEST} are needed"
    return f"{_few(counts)} lie in too few hours, or are none that can be a shift"


def _few(counts: Mapping[str, int]) -> str:
    ranked = sorted(counts, key=lambda name: (-counts[name], name))
    return _listed([f"{counts[name]} values of {name}" for name in ranked])


def _listed(names: list[str]) -> str:
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
