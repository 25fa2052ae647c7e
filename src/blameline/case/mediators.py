"""The mediators of a case: what the layers act on first, read whatever the number of quality scores."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from blameline.cells import TOUCHED, known, measurable, measured, read, read_context, read_touched, touches
from blameline.contracts import stated
from blameline.evidence.mediators import CONTRACTS, FAMILY, READ, Mediators
from blameline.fit import Fit

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from blameline.candidates import Candidate
    from blameline.cells import Cells, Clock
    from blameline.store import Store

FEWEST, FEWEST_BUCKETS = 100, 8
"""Measurements, and buckets with any, below which a mediator is not read."""
LEAST_SHARE = 0.04
"""Share of the scored requests that must touch a component, and that must not, for the two to be compared."""


def read_mediators(
    store: Store, window: Clock, fits: Mapping[str, Fit], candidates: tuple[Candidate, ...], worse: Iterable[str]
) -> Mediators:
    """The models of all mediators, those of ``fits`` as they are; ``worse`` are the signals of shifts that will be heard."""
    family = {one.signal: CONTRACTS[one.kind] for one in stated(store)} | dict(FAMILY)
    told = {name: fit for name, fit in fits.items() if name in family and fit.cells.signal.family != "quality"}
    for signal in measured(store, window):
        if signal.name in family and signal.name not in fits and signal.family != "quality":
            told |= _fitted(read(store, signal, window))
    there = {one.name for one in measurable(store)}
    lengths = "output_length" if "output_length" in there else "output_tokens"
    for name in sorted({lengths if name == "output_length" else name for name in READ} & there - told.keys()):
        if not known()[name].full(store.manifest()):
            told |= _fitted(read_context(store, name, window))
    touched: dict[str, Fit] = {}
    layers = [layer for layer in TOUCHED if any(candidate.layer == layer for candidate in candidates)]
    for name in sorted(set(worse)) if layers else ():
        cells = read_touched(store, fits[name].cells, window)
        shares = [float(touches(cells, layer) @ cells.n) / float(cells.n.sum()) for layer in layers if cells.n.size]
        if any(LEAST_SHARE <= share <= 1 - LEAST_SHARE for share in shares):
            touched[name] = Fit(cells)
    return Mediators(told, {name: family[name] for name in told}, touched)


def _fitted(cells: Cells) -> dict[str, Fit]:
    if cells.n.sum() < FEWEST or len(np.unique(cells.bucket)) < FEWEST_BUCKETS:
        return {}
    return {cells.signal.name: Fit(cells)}
