"""Requests that never touched a layer: what a change of that layer cannot have made worse."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from blameline.cells import TOUCHED, touches

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from blameline.fit import Fit

FEWEST = 40
"""Scored requests on either side, since the change, below which the two are not compared."""


@dataclass(frozen=True)
class Bypass:
    """Effects since the change, estimated together: on requests that touched its layer, and on those that did not."""

    touched: float
    bypassed: float
    bypassed_error: float
    difference: float
    """The first minus the second."""
    error: float
    """Standard error of the difference."""
    n_touched: float
    n_bypassed: float
    told: bool
    """Whether the bid's own column holds requests of both kinds: then the fit has not told them apart yet."""
    log_factor: float
    """Log Bayes factor of an effect only where the layer was touched against the same effect everywhere."""


def bypass(fit: Fit, column: NDArray[np.float64], layer: str, *, harm: int) -> Bypass | None:
    """The two effects of ``column`` (cells of ``cells.read_touched``); ``None`` where one kind of request is hardly scored.

    A column that holds only requests that touched the layer is continued over the others: by bucket, as the share of those that
    did. Both effects share the model's noise, so that what moved everybody at once is no difference.
    """
    if layer not in TOUCHED:
        return None
    cells, reach = fit.cells, touches(fit.cells, layer)
    inside, outside = column * reach, column * (1 - reach)
    told = bool(outside.any())
    if not told:
        whole = np.bincount(cells.bucket, cells.n * reach, minlength=cells.buckets)
        exposed = np.bincount(cells.bucket, cells.n * inside, minlength=cells.buckets)
        share = np.divide(exposed, whole, out=np.zeros_like(whole), where=whole > 0)
        outside = (1 - reach) * share[cells.bucket]
    counts = float(cells.n @ inside), float(cells.n @ outside)
    if min(counts) < FEWEST:
        return None
    pair = np.column_stack([inside, outside])
    gram, scores = fit.gram(pair), fit.scores(pair)
    if not scores.information.all() or np.linalg.cond(gram) > 1e10:
        return None
    cover = np.linalg.inv(gram)
    effect = cover @ scores.pull
    variance = float(cover[0, 0] + cover[1, 1] - 2 * cover[0, 1])
    only = fit.scores(np.column_stack([inside, inside + outside])).log_factor(fit.slab, sign=harm)
    return Bypass(
        float(effect[0]), float(effect[1]), float(np.sqrt(cover[1, 1])), float(effect[0] - effect[1]), float(np.sqrt(variance)),
        *counts, told, float(only[0] - only[1]),
    )  # fmt: skip
