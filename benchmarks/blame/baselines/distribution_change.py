"""DoWhy's attribution of a distribution change (Quintas-Martínez et al. 2024, ``gcm.distribution_change_robust``).

The graph: every layer whose versions, and every segment attribute whose mix, differ before and after the onset is a root, and the
signal is the child of all. The change of the signal's mean is divided among the roots and the signal's own mechanism. A layer
stands for the change of it that began nearest to the onset, a segment attribute for ``mix``.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np

from baselines.ground import each_shift, harm, onset_of

if TYPE_CHECKING:
    from typing import Any

    from baselines.ground import Floats, Ground
    from blameline.cells import Cells

ROWS = 2000
"""Rows drawn on either side, by the number of measurements of their cell."""
ROOTS = 5
"""Roots at most, those first whose values differ most between the sides: the time goes with two to their number."""
TARGET = "signal"


def _attributes(cells: Cells) -> dict[str, list[str]]:
    """By root, its value in each cell, empty where there is none; one root a layer, of all its attributes together."""
    layers = sorted({key.partition(":")[0] for versions in cells.versions for key in versions})
    of_version = {
        layer: [" ".join(v for k, v in sorted(one.items()) if k.partition(":")[0] == layer) for one in cells.versions]
        for layer in layers
    }
    places = sorted({key for segment in cells.segments for key in segment})
    of_place = {key: [segment.get(key, "") for segment in cells.segments] for key in places}
    return {
        **{f"layer {name}": [words[number] for number in cells.version] for name, words in of_version.items()},
        **{f"segment {name}": [words[number] for number in cells.segment] for name, words in of_place.items()},
    }


def _apart(values: list[str], old: Floats, new: Floats) -> float:
    """How far two distributions over values are apart: total variation, from 0 to 1."""
    _, number = np.unique(values, return_inverse=True)
    one, other = (np.bincount(number, weight) / weight.sum() for weight in (old, new))
    return float(np.abs(one - other).sum() / 2)


def _shares(cells: Cells, late: np.ndarray[Any, Any], seed: int) -> dict[str, float]:
    """By root and ``TARGET``: its part of the change of the mean. Raises ``ImportError`` without DoWhy."""
    import networkx as nx  # noqa: PLC0415  only the benchmark's own environment has it
    import pandas as pd  # noqa: PLC0415
    from dowhy import gcm  # noqa: PLC0415

    old, new = np.where(late, 0.0, cells.n), np.where(late, cells.n, 0.0)
    attributes = _attributes(cells)
    ranked = sorted(attributes, key=lambda name: (-_apart(attributes[name], old, new), name))
    roots = [name for name in ranked if _apart(attributes[name], old, new) > 0.01][:ROOTS]
    if not roots:
        return {}
    gcm.util.general.set_random_seed(seed)
    rng = np.random.default_rng(seed)
    value = cells.total / cells.n
    frames = []
    for weight in (old, new):
        rows = rng.choice(len(weight), size=ROWS, p=weight / weight.sum())
        frames.append(
            pd.DataFrame({**{n: np.array(attributes[n], dtype=object)[rows] for n in roots}, TARGET: value[rows]})
        )
    model = gcm.ProbabilisticCausalModel(nx.DiGraph([(name, TARGET) for name in roots]))
    gcm.config.set_default_n_jobs(1)
    gcm.config.disable_progress_bars()
    one = gcm.shapley.ShapleyConfig(n_jobs=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # advice about regularization
        told: dict[str, float] = gcm.distribution_change_robust(
            model, *frames, TARGET, xfit=False, all_indep=True, shapley_config=one
        )
    return {name: float(np.squeeze(part)) for name, part in told.items()}


def _largest(ground: Ground, shift: dict[str, Any]) -> str | None:
    onset = onset_of(shift)
    cells = ground.cells(shift["signal"])
    late = cells.hours > cells.hour_of(onset)
    if late.all() or not late.any():
        return None
    worse = harm(cells.signal)
    shares = _shares(cells, late, seed=0)
    for name in sorted(shares, key=lambda name: -worse * shares[name]):
        if name.startswith("segment "):
            return "mix"
        layer = name.removeprefix("layer ")
        named = ground.closest([one for one in ground.candidates if one.layer == layer], onset)
        if name != TARGET and named is not None:
            return named
    return None


by_distribution_change = each_shift(_largest)
"""The nearest change of the layer with the largest part of the fall, or ``mix``; the signal's own mechanism is passed over."""
