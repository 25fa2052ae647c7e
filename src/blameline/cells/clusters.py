"""Who sent what: the requests of users, sessions and conversations, by signal and cell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from blameline.cells.read import naive

if TYPE_CHECKING:
    from blameline.cells.grid import Floats, Integers
    from blameline.cells.read import Clock
    from blameline.store import Store

NAMES = ("user.id", "session.id", "gen_ai.conversation.id")
"""Attributes that say whose a request is, the widest first."""
MOST_READ = 60_000
"""Requests that are looked at; of more it is those of every so-manieth cluster."""


@dataclass(frozen=True, eq=False)
class Clusters:
    """Requests of one signal by cluster and cell; arrays of one length."""

    who: Integers
    """Number of the cluster."""
    cell: Integers
    """Place in the arrays of the signal's cells."""
    n: Floats
    total: Floats
    square: Floats


def clusters(store: Store, window: Clock) -> dict[str, dict[str, Clusters]]:
    """Signal -> attribute -> its requests by cluster; empty where no attribute says whose they are."""
    columns = store.query(
        "cells/clusters",
        names=list(NAMES),
        since=naive(window.since),
        until=naive(window.until),
        width=window.width,
        one_in=max(-(-window.traces // MOST_READ), 1),
    )
    signals = np.array([str(one) for one in columns["signal"]])
    names = np.array([str(one) for one in columns["name"]])
    found: dict[str, dict[str, Clusters]] = {}
    for signal in np.unique(signals):
        for name in NAMES:
            mine = (signals == signal) & (names == name)
            if mine.any():
                who = np.unique(columns["who"][mine].astype(np.int64), return_inverse=True)[1]
                n, total, square = (columns[key][mine].astype(float) for key in ("n", "total", "square"))
                one = Clusters(who.astype(np.int64), columns["cell"][mine].astype(np.int64), n, total, square)
                found.setdefault(str(signal), {})[name] = one
    return found
