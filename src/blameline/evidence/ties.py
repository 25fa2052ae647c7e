"""Who cannot be told from whom: candidates whose columns the data at hand does not separate."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from blameline.evidence.bridge import clears
from blameline.evidence.rescored import measures

if TYPE_CHECKING:
    from collections.abc import Mapping

    from blameline.evidence.hearing import Hearing
    from blameline.evidence.odds import Odds

SEPARATE = math.log(10)
"""Expected log Bayes factor from which two candidates count as told apart."""
PLAUSIBLE = 0.05


def tie_groups(hearing: Hearing, odds: Mapping[str, Odds]) -> dict[str, tuple[str, ...]]:
    """For each tied candidate the others of its group: connected components of ``D_ij < ln 10`` among plausible changes.

    ``D_ij = b^2 (v_i - g_ij^2 / v_j) / 2`` is the expected log Bayes factor of ``i`` against ``j`` when ``i`` acts with its
    estimated effect ``b``; both directions must be small. What measures is no member where answers scored on both sides clear it.
    """
    cleared = not hearing.shift.linked and clears(hearing.span, hearing.shift, hearing.harm)
    names = [
        name
        for name, bid in hearing.bids.items()
        if odds[name].involved > PLAUSIBLE and bid.logs.size and not (cleared and measures(bid.candidate))
    ]
    if len(names) < 2:
        return {}
    columns = np.column_stack([hearing.bids[name].column for name in names])
    gram = hearing.fit.gram(columns)
    effects = np.array([hearing.bids[name].effect for name in names])
    size = np.maximum(np.abs(effects), abs(hearing.shift.delta.estimate) / 2)
    joined = np.eye(len(names), dtype=bool)
    for i in range(len(names)):
        for j in range(len(names)):
            if i != j and gram[i, i] > 0 and gram[j, j] > 0:
                apart = [0.5 * size[a] ** 2 * (gram[a, a] - gram[a, b] ** 2 / gram[b, b]) for a, b in ((i, j), (j, i))]
                joined[i, j] = max(apart) < SEPARATE
    reach = np.linalg.matrix_power(joined.astype(int), len(names)) > 0
    return {
        name: tuple(other for k, other in enumerate(names) if k != i and reach[i, k])
        for i, name in enumerate(names)
        if reach[i].sum() > 1
    }
