"""One pass over the traces: time bucket x layer versions x segment -> n, sum and sum of squares of a signal.

In comes the store after a load; out come ``Cells``, small columns on which everything later works, so that a case costs the
same at 10^5 and at 10^9 traces. ``derive`` rebuilds the derived tables (roles, traces, version and segment sets,
measurements) and belongs at the end of every load. A request without a version is a value of its own, never dropped.
"""

from __future__ import annotations

from blameline.cells.along import TOUCHED, read_context, read_touched, touches
from blameline.cells.behaviour import Behaviour, behaviour
from blameline.cells.clusters import Clusters, clusters
from blameline.cells.derive import derive
from blameline.cells.grid import JOIN, Cells
from blameline.cells.known import held, known, measurable
from blameline.cells.listed import by_day, every
from blameline.cells.read import Clock, clock, measured, read, segments, volume
from blameline.cells.recorded import copies, lags, settled
from blameline.cells.sampled import weighed
from blameline.cells.turns import Turned, read_by_turn

__all__ = [
    "JOIN",
    "TOUCHED",
    "Behaviour",
    "Cells",
    "Clock",
    "Clusters",
    "Turned",
    "behaviour",
    "by_day",
    "clock",
    "clusters",
    "copies",
    "derive",
    "every",
    "held",
    "known",
    "lags",
    "measurable",
    "measured",
    "read",
    "read_by_turn",
    "read_context",
    "read_touched",
    "segments",
    "settled",
    "touches",
    "volume",
    "weighed",
]
