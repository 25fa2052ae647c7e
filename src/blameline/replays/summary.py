"""What replays came to, in records: rates by arm, Shapley's shares of the factors, and what they do together.

Intervals are the middle 90% of a paired bootstrap over requests; those of rates are exact (Clopper and Pearson).
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from blameline.records.experiments import Interaction, Portion, Rate, Replayed
from blameline.records.words import Interval
from blameline.replays.results import Results, Table, Version, coded, read
from blameline.replays.shares import bootstrap, effects, ends, interaction, rate, rates_of, swap_at

if TYPE_CHECKING:
    from collections.abc import Sequence

    from blameline.replays.results import Rows
    from blameline.replays.shares import Bools, Floats

FEWEST = 20
"""Requests under the same arms below which nothing is summed up."""


def summed_up(
    rows: Rows, signal: str, versions: Sequence[Version], *, spread: float, bad_is_low: bool, seed: int
) -> tuple[Replayed, ...]:
    """One record for each set of arms under which enough requests were run, the largest first."""
    results: Results = read(rows, spread)
    tables = sorted(results.tables, key=lambda one: (-len(one.scores), one.arms))
    return tuple(
        _told(table, signal, versions, bad_is_low=bad_is_low, seed=seed)
        for table in tables
        if len(table.scores) >= FEWEST
    )


def _told(table: Table, signal: str, versions: Sequence[Version], *, bad_is_low: bool, seed: int) -> Replayed:
    factors, arms = coded(table, versions)
    configs = [dict(arm) for arm in table.arms]
    order = sorted(range(len(arms)), key=lambda n: (-int(arms[n].sum()), table.arms[n]))
    weights = effects(arms)
    newest, oldest = ends(arms)
    whole = None
    if newest is not None and oldest is not None:
        whole = np.zeros(len(arms))
        whole[newest], whole[oldest] = 1.0, -1.0
    columns = weights if whole is None else np.column_stack([weights, whole])
    drawn = bootstrap(table.scores, columns, seed=seed)
    means = (table.scores @ columns).mean(axis=0)
    portions = []
    for at, name in enumerate(factors):
        if not weights[:, at].any():
            continue
        new, old = ({configs[n].get(name, "") for n in np.flatnonzero(arms[:, at] == side)} for side in (True, False))
        portions.append(
            Portion(
                factor=name,
                new=" or ".join(sorted(new)),
                old=" or ".join(sorted(old)),
                effect=_interval(means[at], drawn[:, at]),
                share=_share(means, drawn, at) if whole is not None else None,
                alone=_end(table, arms, at, newest, seed),
                added=_end(table, arms, at, oldest, seed),
            )
        )
    return Replayed(
        signal=signal,
        cases=len(table.scores),
        rates=tuple(_rate(configs[n], table.scores[:, n], bad_is_low=bad_is_low, seed=seed) for n in order),
        whole=None if whole is None else _interval(means[-1], drawn[:, -1]),
        portions=tuple(portions),
        interactions=_interactions(table, factors, arms, seed),
    )


def _interactions(table: Table, factors: Sequence[str], arms: Bools, seed: int) -> tuple[Interaction, ...]:
    found = []
    for one, other in combinations(range(len(factors)), 2):
        square = interaction(arms, one, other)
        if square is not None:
            drawn = bootstrap(table.scores, square[:, None], seed=seed)[:, 0]
            mean = float((table.scores @ square).mean())
            found.append(Interaction(factors=(factors[one], factors[other]), effect=_interval(mean, drawn)))
    return tuple(found)


def _end(table: Table, arms: Bools, factor: int, end: int | None, seed: int) -> Interval | None:
    weights = swap_at(arms, factor, end)
    if weights is None:
        return None
    drawn = bootstrap(table.scores, weights[:, None], seed=seed)[:, 0]
    return _interval(float((table.scores @ weights).mean()), drawn)


def _share(means: Floats, drawn: Floats, at: int) -> Interval | None:
    """Of the difference between both ends, where that is clear of nought in every draw's middle 90%."""
    low, high = np.quantile(drawn[:, -1], [0.05, 0.95])
    if low <= 0 <= high:
        return None
    return _interval(means[at] / means[-1], drawn[:, at] / np.where(drawn[:, -1] == 0, means[-1], drawn[:, -1]))


def _rate(config: dict[str, str], scores: Floats, *, bad_is_low: bool, seed: int) -> Rate:
    k = rates_of([float(one) for one in scores], bad_is_low=bad_is_low)
    if k is not None:
        middle, low, high = rate(k, len(scores))
        return Rate(
            arm=config, k=k, n=len(scores), rate=Interval(estimate=_short(middle), low=_short(low), high=_short(high))
        )
    drawn = bootstrap(scores[:, None], np.ones((1, 1)), seed=seed)[:, 0]
    return Rate(arm=config, n=len(scores), rate=_interval(float(scores.mean()), drawn))


def _interval(middle: float, drawn: Floats) -> Interval:
    low, high = np.quantile(drawn, [0.05, 0.95])
    return Interval(estimate=_short(middle), low=_short(min(low, middle)), high=_short(max(high, middle)))


def _short(value: float) -> float:
    return float(f"{value:.6g}") + 0.0
