"""What each candidate predicts: columns over the cells, between 0 and 1, one a variant.

A candidate is a regressor over the cells and not a point in time: it says which cells move. Where the traces carry its
version, the column is that stamp; else it is built from the record: time, scope, stages, revert. Variants say how it may act
otherwise (later, in one slice only, at another hour than written down); their weights sum to 1, so that a candidate pays for
its freedom as ``unknown`` pays for its own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from blameline.candidates.bids import FEWEST
from blameline.candidates.overdue import ageing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from blameline.candidates.bids import Candidate
    from blameline.cells import Cells
    from blameline.records import SourceSkew

Floats = NDArray[np.float64]
Place = tuple[tuple[str, str], ...]
STALENESS = "staleness"
"""The kind of a bid that only says that a value stayed too long."""
LAGS = (2.0, 4.0, 8.0, 16.0, 28.0, 40.0)
"""Hours by which an effect may trail its cause (caches, batches, queues)."""
GROWTHS = (12.0, 36.0)
"""Hours over which an effect may grow to its size (an index that fills, caches that expire one by one)."""
SKEWS = (-6.0, -3.0, -1.5, 1.5, 3.0, 6.0)
"""Hours by which a written time may be wrong."""
SET_RIGHT = 0.5
"""So many times as far may it be wrong where the clock of its file was set right."""
HINTS: Mapping[int, float] = {1: 0.2, 2: 0.45}
"""How likely the skew is that of the file, by how many records show it: one that came late may have done so by itself."""


@dataclass(frozen=True)
class Variants:
    """Columns (cells x k), their log weights and a word for each."""

    columns: Floats
    log_weight: Floats
    labels: tuple[str, ...]
    crossed: tuple[Place, ...] = ()
    """The slices in which it was asked to act at other times as well."""


def variants(
    candidate: Candidate, cells: Cells, places: list[dict[str, str]], crossed: tuple[Place, ...] = ()
) -> Variants:
    """The columns of one candidate over these cells; ``places`` are the slices that an effect may be confined to.

    In the slices ``crossed`` it may act at other times too. What the times of the other slices would weigh is nobody's, so that
    to leave them out never speaks for a candidate.
    """
    if candidate.overdue is not None:
        return _with_age(candidate, cells, places)
    base = stamped(candidate, cells) if candidate.key else declared(candidate, cells, 0.0)
    columns, weights, labels = [base], [0.0], ["as recorded"]

    def add(group: list[tuple[str, Floats]], weight: float) -> None:
        fresh = [(label, column) for label, column in group if column.any() and not np.array_equal(column, base)]
        for label, column in fresh:
            columns.append(column)
            labels.append(label)
            weights.append(weight / len(group))

    start = cells.hour_of(candidate.starts) if candidate.starts else 0.0
    add([(f"{lag:g} h later", base * (cells.hours > start + lag)) for lag in LAGS], 0.1)
    add([(f"over {hours:g} h", base * np.clip((cells.hours - start) / hours, 0, 1)) for hours in GROWTHS], 0.04)
    if candidate.key:
        add([("kept by later versions", np.maximum(base, kept(candidate, cells)))], 0.1)
    else:
        slack = (candidate.change.uncertainty if candidate.change else None) or timedelta(0)
        scale = max(SET_RIGHT if candidate.off else 1.0, slack.total_seconds() / 3600 / 4)
        add([(f"{skew * scale:+g} h", declared(candidate, cells, skew * scale)) for skew in SKEWS], 0.2)
    times = list(zip(labels, columns, weights, strict=True))[1:]
    if candidate.layer != "judge":
        add([(f"in {_words(place)} only", base * cells.inside(place)) for place in places], 0.16)
        for place in crossed:
            inside = cells.inside(dict(place))
            for label, column, weight in times:
                add([(f"in {_words(dict(place))} only, {label}", column * inside)], 0.16 * weight / len(places))
    if candidate.key is None and candidate.skew is not None:
        label, skew = ("as written", -candidate.off) if candidate.off else ("as its file is off", candidate.skew.hours)
        add([(label, declared(candidate, cells, skew))], (1.0 - sum(weights)) * _other_clock(candidate.skew))
    weights[0] = 1.0 - sum(weights)
    return Variants(np.column_stack(columns), np.log(np.array(weights)), tuple(labels), crossed)


def confined(told: Variants, logs: Floats, places: list[dict[str, str]]) -> tuple[Place, ...]:
    """The slice in which a candidate does best, if it does better there than anywhere else: worth another look, at other times.

    ``logs`` are the log Bayes factors of the variants, without their weights.
    """
    inside = {f"in {_words(place)} only": place for place in places}
    best = int(np.argmax(logs))
    if told.labels[best] not in inside or logs[best] <= 0:
        return ()
    return (tuple(inside[told.labels[best]].items()),)


def _other_clock(skew: SourceSkew) -> float:
    """The share of the weight that has the other clock: the written time where the file's skew is known, else the skew."""
    if skew.records >= FEWEST:
        return 1.0 - (skew.records + 0.5) / (skew.of + 1)
    return HINTS[skew.records]


def _with_age(candidate: Candidate, cells: Cells, places: list[dict[str, str]]) -> Variants:
    """The columns of a value that stayed too long: its age, and half the weight as any other where it is new as well."""
    assert candidate.overdue is not None
    aged, weights = ageing(candidate.overdue, cells)
    columns, logs = np.column_stack([column for _, column in aged]), np.log(weights)
    told = Variants(columns, logs, tuple(label for label, _ in aged))
    if candidate.kind == STALENESS:
        return told
    plain = variants(replace(candidate, overdue=None), cells, places)
    return Variants(
        np.column_stack([plain.columns, told.columns]),
        np.concatenate([plain.log_weight, told.log_weight]) - np.log(2),
        (*plain.labels, *told.labels),
    )


def stamped(candidate: Candidate, cells: Cells) -> Floats:
    """Which share of each cell carries the candidate's version; requests without any stamp count as their hour does."""
    assert candidate.key is not None
    assert candidate.value is not None
    carried = cells.carries(candidate.key, candidate.value)
    if candidate.returned and candidate.at is not None:
        carried = carried * (cells.hours > cells.hour_of(candidate.at))
    known = cells.stamped(candidate.key)
    unknown = float(((1 - known) * cells.n).sum() / cells.n.sum())
    if 0 < unknown < 0.1:  # rarely missing: a lost stamp, and not a request that never touched the layer
        seen = np.bincount(cells.bucket, cells.n * known, minlength=cells.buckets)
        share = np.bincount(cells.bucket, cells.n * carried, minlength=cells.buckets)
        expected = np.divide(share, seen, out=np.zeros_like(share), where=seen > 0)
        carried = np.where(known > 0, carried, expected[cells.bucket])
    result: Floats = np.asarray(carried, dtype=float)
    return result


def declared(candidate: Candidate, cells: Cells, skew: float) -> Floats:
    """What the record alone says, moved by ``skew`` hours; of a rollout in several records, what any of them says."""
    column = _by_record(candidate, cells, skew)
    for stage in candidate.stages:
        column = np.maximum(column, _by_record(stage, cells, skew))
    return column


def _by_record(candidate: Candidate, cells: Cells, skew: float) -> Floats:
    """One record: from ``at`` (set right, and moved by ``skew`` hours) in its scope, by its percentages, until it is reverted."""
    skew += candidate.off
    assert candidate.at is not None
    change = candidate.change
    stages = [(cells.hour_of(stage.at), stage.percent / 100) for stage in change.rollout] if change else []
    if not stages:
        stages = [(cells.hour_of(candidate.at), 1.0)]
    column = np.zeros(len(cells.n))
    for at, share in sorted(stages):
        column = np.where(cells.hours > at + skew, share, column)
    if candidate.until is not None:
        column = column * (cells.hours <= cells.hour_of(candidate.until) + skew)
    if change and change.scope:
        known = {key for segment in cells.segments for key in segment}
        column = column * cells.inside({k: str(v) for k, v in change.scope.items() if k in known})
    result: Floats = np.asarray(column, dtype=float)
    return result


def kept(candidate: Candidate, cells: Cells) -> Floats:
    """Cells that carry a later version of the same attribute, which may have inherited the change."""
    assert candidate.key is not None
    column = np.zeros(len(cells.n))
    for value in candidate.successors:
        column = np.maximum(column, cells.carries(candidate.key, value))
    return column


def _words(place: dict[str, str]) -> str:
    return ", ".join(f"{key}={value}" for key, value in place.items())
