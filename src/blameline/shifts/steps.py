"""Our own detector: steps, ramps, pulses and local steps in the cells, each averaged over when it may have begun.

The evidence is the mean Bayes factor over all onsets of a shape (a Bayesian single change point with the noise model of
``fit``), so that looking at many moments costs what it should. A second move is looked for with the first one in the mean.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from blameline.fit import Fit
from blameline.shifts.moves import Move

Floats = NDArray[np.float64]

SHAPES = {"step": 0.45, "pulse": 0.15, "ramp": 0.1, "local": 0.3}
"""Prior weight of each shape; ``unknown`` bids with the same family, so no shape is the null's alone."""
PULSES = (24.0, 48.0, 96.0, 192.0)
RAMPS = (24.0, 48.0, 96.0)
THRESHOLD = 5.0
"""Log Bayes factor from which a move counts; chosen on the drill's calibration seeds (benchmarks/README.md)."""
MOST = 3
"""Moves looked for in one signal."""


@dataclass(frozen=True)
class Family:
    """Many columns of the same kind: arrays of one length beside the columns."""

    columns: Floats
    begin: Floats
    end: Floats
    """``inf`` where the move lasts."""
    shape: NDArray[np.str_]
    segment: tuple[dict[str, str], ...]
    log_weight: Floats


def family(fit: Fit) -> Family:
    """Every move that can be told from the cells: its column, its begin and end in hours, and its prior weight."""
    cells = fit.cells
    span, hours = cells.span_hours, cells.hours
    every = max(cells.width / 3600, span / 240)
    first, last = min(36.0, 0.15 * span), span - max(every, 0.01 * span)
    fine = np.arange(np.ceil(first / every), np.floor(last / every) + 1) * every
    coarse = fine[:: max(1, round(max(6.0, span / 80) / every))]
    columns, begin, end, shape, segments, weight = [], [], [], [], [], []

    def add(column: Floats, at: float, until: float, kind: str, where: dict[str, str], log_weight: float) -> None:
        columns.append(column)
        begin.append(at)
        end.append(until)
        shape.append(kind)
        segments.append(where)
        weight.append(log_weight)

    for at in fine:
        add((hours > at).astype(float), at, np.inf, "step", {}, np.log(SHAPES["step"] / len(fine)))
    for length in PULSES:
        starts = coarse[coarse + length < span - 12]
        for at in starts:
            prior = np.log(SHAPES["pulse"] / len(PULSES) / len(starts))
            add(((hours > at) & (hours <= at + length)).astype(float), at, at + length, "pulse", {}, prior)
    for length in RAMPS:
        for at in coarse:
            prior = np.log(SHAPES["ramp"] / len(RAMPS) / len(coarse))
            add(np.clip((hours - at) / length, 0, 1), at, np.inf, "ramp", {}, prior)
    places = slices(fit)
    for where in places:
        inside = cells.inside(where).astype(float)
        for at in coarse:
            prior = np.log(SHAPES["local"] / len(places) / len(coarse))
            add(inside * (hours > at), at, np.inf, "local", where, prior)
    return Family(
        np.column_stack(columns) if columns else np.zeros((len(hours), 0)),
        np.array(begin), np.array(end), np.array(shape), tuple(segments), np.array(weight),
    )  # fmt: skip


def slices(fit: Fit) -> list[dict[str, str]]:
    """Single-attribute segments that hold between 4% and 90% of the traffic, at most 24, the largest first."""
    cells = fit.cells
    whole = cells.n.sum()
    found = []
    for key, value in sorted({pair for segment in cells.segments for pair in segment.items()}):
        share = float(cells.n[cells.inside({key: value})].sum() / whole)
        if 0.04 <= share <= 0.9:
            found.append((-share, key, value))
    return [{key: value} for _, key, value in sorted(found)[:24]]


class Steps:
    """Bayesian steps, ramps and pulses over the cells."""

    name = "steps"

    def find(self, fit: Fit, *, better: str, seed: int) -> list[Move]:
        """All moves beyond ``THRESHOLD``, the strongest first. ``seed`` is not used: nothing is drawn."""
        del seed
        shapes = family(fit)
        if not shapes.columns.shape[1]:
            return []
        harm = -1 if better == "higher" else 1
        moves: list[Move] = []
        taken: list[Floats] = []
        for _ in range(MOST):
            scores = fit.without(shapes.columns, np.column_stack(taken)) if taken else fit.scores(shapes.columns)
            sides = {side: shapes.log_weight + scores.log_factor(fit.slab, sign=side) for side in (-1, 1)}
            evidence = {side: float(logsumexp(values)) for side, values in sides.items()}
            side = max(evidence, key=lambda which: (evidence[which], which))
            if evidence[side] < THRESHOLD + 2 * len(moves):
                break
            move = _described(fit, shapes, sides[side], evidence[side], taken, worse=side == harm, side=side)
            taken.append(move.column)
            if not _same(move, moves):
                moves.append(move)
        return moves


def _same(move: Move, moves: list[Move]) -> bool:
    """Whether a move only refines one already found: the next stage of a rollout, or the recovery from it."""
    at = move.moments[np.argmax(move.weights)]
    for other in moves:
        begun = other.moments[np.argmax(other.weights)]
        if move.worse == other.worse and abs(at - begun) < 120:
            return True
        if other.ends.size and move.worse != other.worse and abs(at - other.ends[np.argmax(other.end_weights)]) < 72:
            return True
    return False


def _described(
    fit: Fit, shapes: Family, logs: Floats, evidence: float, taken: list[Floats], *, worse: bool, side: int
) -> Move:
    posterior = np.exp(logs - evidence)
    best = int(np.argmax(posterior))
    local = shapes.shape == "local"
    where: dict[str, str] = {}
    if posterior[local].sum() > 0.9:
        mass: dict[int, float] = {}
        keys = [tuple(sorted(segment.items())) for segment in shapes.segment]
        names = sorted(set(keys))
        for index in np.flatnonzero(local):
            number = names.index(keys[index])
            mass[number] = mass.get(number, 0.0) + float(posterior[index])
        where = dict(names[max(mass, key=lambda number: mass[number])])
        best = max(np.flatnonzero(local), key=lambda index: posterior[index] * (shapes.segment[index] == where))
    moments, inverse = np.unique(shapes.begin, return_inverse=True)
    weights = np.bincount(inverse, posterior, minlength=len(moments))
    column = shapes.columns[:, best]
    ends, end_weights = _recovery(fit, shapes, best, taken, side)
    if ends.size:
        column = column * (fit.cells.hours <= ends[np.argmax(end_weights)])
    chosen = fit.without(column[:, None], np.column_stack(taken)) if taken else fit.scores(column[:, None])
    return Move(
        segment=where,
        worse=worse,
        evidence=evidence,
        moments=moments,
        weights=weights / weights.sum(),
        effect=float(chosen.estimate[0]),
        error=float(chosen.error[0]),
        ends=ends,
        end_weights=end_weights,
        gradual=float(posterior[shapes.shape == "ramp"].sum()) > 0.9,
        column=column,
    )


def _recovery(fit: Fit, shapes: Family, best: int, taken: list[Floats], side: int) -> tuple[Floats, Floats]:
    """When the move ended: the posterior over ends, empty unless an end is worth 3 nats more than none."""
    cells = fit.cells
    begin, hours = shapes.begin[best], cells.hours
    inside = cells.inside(shapes.segment[best]).astype(float)
    open_ended = inside * (hours > begin)
    ends = np.arange(begin + 6, cells.span_hours - 6, max(cells.width / 3600, 3.0))
    if not ends.size:
        return np.zeros(0), np.zeros(0)
    tries = np.column_stack([open_ended, *[open_ended * (hours <= end) for end in ends]])
    scores = fit.without(tries, np.column_stack(taken)) if taken else fit.scores(tries)
    logs = scores.log_factor(fit.slab, sign=side)
    closed = logs[1:] - np.log(len(ends))
    if logsumexp(closed) - logs[0] < 3:
        return np.zeros(0), np.zeros(0)
    weights = np.exp(closed - logsumexp(closed))
    return ends, weights
