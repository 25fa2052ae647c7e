"""The one model that most evidence is read from, and nothing else.

In come the cells of one signal; out come, for any regressor over those cells, its information, its estimate and its Bayes
factor. For cell ``c`` (time bucket x segment x layer versions) with ``n_c`` requests and mean ``y_c``::

    y_c = segment + layer touched + hour of day (+ weekday, from 14 days on) + b x(c) + u_bucket + v_(group, day) + e_c

    u ~ AR(1):  cov(u_i, u_j) = k^2 r^|i-j|        v ~ N(0, d^2)        e_c ~ N(0, s^2 / n_c)

``V`` is the covariance of ``u + v + e``, ``F`` the fixed effects, ``P = V^-1 - V^-1 F (F'V^-1 F)^-1 F'V^-1``. For a column
``x``: ``v = x'Px``, ``s = x'Py``, estimate ``s/v``, standard error ``v^-1/2``. With a half-normal slab of scale ``t`` on the
harmful side, against ``b = 0``::

    log BF = -1/2 log(1 + t^2 v) + 1/2 s^2 t^2 / (1 + t^2 v) + log 2 Phi(-s t / sqrt(1 + t^2 v))

The shared shock ``u`` makes "everything moved at that moment" weak evidence, and "the exposed moved and the unexposed did
not, in the same hour" strong evidence: differences in differences, dose, scope and reversal need no model of their own. The
variances are chosen by REML (Patterson and Thompson 1971) under a mean that is free to step every two days, with
every layer version, and at the one moment that stands out most, so that an incident does not pass for noise. ``V^-1`` is
applied by the Woodbury identity.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, sparse
from scipy.special import log_ndtr

if TYPE_CHECKING:
    from blameline.cells import Cells
from blameline.cells.grid import sums

Floats = NDArray[np.float64]

SHOCKS = (1e-4, 0.01, 0.02, 0.04, 0.07, 0.12, 0.2, 0.35)
"""Grid for the standard deviations of ``u`` and ``v``, in units of ``s``."""
MEMORY = (0.3, 0.6, 0.8, 0.92)
"""Grid for the correlation of ``u`` between neighbouring buckets of three hours."""


EVENTS = 6.0
"""Expected events of the rarer kind below which a column says nothing: the normal tail does not hold there."""


@dataclass(frozen=True)
class Noise:
    """The variances: ``shock`` and ``day`` are standard deviations in the signal's unit, ``memory`` is per bucket."""

    sigma2: float
    shock: float
    day: float
    memory: float


@dataclass(frozen=True)
class Scores:
    """What the model says of each column: arrays of one length."""

    information: Floats
    pull: Floats

    @property
    def estimate(self) -> Floats:
        """Effect of the column going from 0 to 1, in the signal's unit; 0 where nothing can be said."""
        return np.divide(self.pull, self.information, out=np.zeros_like(self.pull), where=self.information > 0)

    @property
    def error(self) -> Floats:
        """Standard error of ``estimate``; infinite where nothing can be said."""
        safe = np.where(self.information > 0, self.information, 1.0)
        return np.where(self.information > 0, safe**-0.5, np.inf)

    def log_factor(self, slab: float, *, sign: int = 0) -> Floats:
        """Log Bayes factor against no effect; ``sign`` is the harmful side (-1 or +1), 0 for both sides."""
        shrink = 1 + slab**2 * self.information
        both: Floats = -0.5 * np.log(shrink) + 0.5 * self.pull**2 * slab**2 / shrink
        if not sign:
            return both
        tail: Floats = np.log(2) + log_ndtr(sign * self.pull * slab / np.sqrt(shrink))
        return both + tail


@dataclass(frozen=True)
class OverTime:
    """The model seen through one slice: inner products of its buckets under ``P`` (buckets x buckets), and their pull."""

    inner: Floats
    pull: Floats
    raw: Floats
    least: float
    """Weight below which a profile holds too few events for a normal tail."""

    def scores(self, profiles: Floats) -> Scores:
        """Information and pull of each profile over the buckets; ``profiles`` is buckets x k."""
        information = np.einsum("bk,bk->k", profiles, self.inner @ profiles)
        raw = (profiles**2).T @ self.raw
        dead = (information <= 1e-7 * np.maximum(raw, 1e-12)) | (raw < self.least)
        return Scores(np.where(dead, 0.0, information), np.where(dead, 0.0, profiles.T @ self.pull))


class Fit:
    """The model of one signal, its variances chosen; ask it about columns."""

    def __init__(self, cells: Cells, *, sigma2: float | None = None) -> None:
        self.cells = cells
        self.mean = np.divide(cells.total, cells.n)
        self.sigma2 = _within(cells) if sigma2 is None else sigma2
        self.weight = cells.n / self.sigma2
        self.rarity = _rarity(cells)
        self.fixed = _independent(_fixed(cells), self.weight)
        self._groups = _groups(cells)
        self._random = self._indicator()
        self.noise = self._choose()

    @cached_property
    def slab(self) -> float:
        """Scale of the prior on an effect: a fifth of one request's standard deviation."""
        return float(0.2 * np.sqrt(self.sigma2))

    def scores(self, columns: Floats) -> Scores:
        """Information and pull of each column; ``columns`` is cells x k."""
        weighted = columns * self.weight[:, None]
        random = self._random.T @ weighted
        half = linalg.solve_triangular(self._factor, random, lower=True, check_finite=False)
        with_fixed = weighted.T @ self.fixed - half.T @ self._half_fixed
        with_mean = weighted.T @ self.mean - half.T @ self._half_mean
        shared = linalg.solve_triangular(self._fixed_factor, with_fixed.T, lower=True, check_finite=False)
        raw = np.einsum("ck,ck->k", columns, weighted)
        information = raw - np.einsum("qk,qk->k", half, half) - np.einsum("pk,pk->k", shared, shared)
        pull = with_mean - shared.T @ self._fixed_mean
        dead = (information <= 1e-9 * np.maximum(raw, 1e-12)) | (raw * self.sigma2 * self.rarity < EVENTS)
        return Scores(np.where(dead, 0.0, information), np.where(dead, 0.0, pull))

    def gram(self, columns: Floats) -> Floats:
        """The k x k matrix of inner products of columns under ``P``."""
        weighted = columns * self.weight[:, None]
        half = linalg.solve_triangular(self._factor, self._random.T @ weighted, lower=True, check_finite=False)
        with_fixed = weighted.T @ self.fixed - half.T @ self._half_fixed
        shared = linalg.solve_triangular(self._fixed_factor, with_fixed.T, lower=True, check_finite=False)
        product: Floats = columns.T @ weighted - half.T @ half - shared.T @ shared
        return product

    def given(self, others: Floats) -> Fit:
        """The same model with more columns in its mean; the variances stay as they were chosen."""
        child = copy(self)
        child.fixed = _independent(np.hstack([self.fixed, others]), self.weight)
        child._absorb()  # noqa: SLF001  the same class
        return child

    def over_time(self, inside: NDArray[np.bool_] | None = None) -> OverTime:
        """What the model says of any column that depends on the bucket alone, inside a slice of the cells."""
        cells = self.cells
        weight = self.weight if inside is None else self.weight * inside
        shape = (len(weight), cells.buckets)
        by_bucket = sparse.csr_matrix((weight, (np.arange(len(weight)), cells.bucket)), shape=shape)
        half = linalg.solve_triangular(
            self._factor, (self._random.T @ by_bucket).toarray(), lower=True, check_finite=False
        )
        with_fixed = (by_bucket.T @ self.fixed) - half.T @ self._half_fixed
        shared = linalg.solve_triangular(self._fixed_factor, with_fixed.T, lower=True, check_finite=False)
        raw = sums(cells.bucket, weight, cells.buckets)
        inner = np.diag(raw) - half.T @ half - shared.T @ shared
        pull = by_bucket.T @ self.mean - half.T @ self._half_mean - shared.T @ self._fixed_mean
        return OverTime(inner, pull, raw, EVENTS / (self.sigma2 * self.rarity))

    def _indicator(self) -> sparse.csr_matrix:
        cells, groups = self.cells, self._groups
        rows = np.arange(len(cells.n))
        columns = [cells.bucket, cells.buckets + groups]
        width = cells.buckets + int(groups.max(initial=-1)) + 1
        return sparse.csr_matrix(
            (np.ones(2 * len(rows)), (np.tile(rows, 2), np.concatenate(columns))), shape=(len(rows), width)
        )

    def _choose(self) -> Noise:
        """REML, three times over: what stands out as a step after one choice is in the mean for the next."""
        base = (self._random.T @ sparse.diags(self.weight) @ self._random).toarray()
        saturated, noise = _saturated(self.cells), None
        for _pass in range(3):
            noise = self._reml(np.hstack([self.fixed, saturated]), base)
            self._settle(noise, base)
            hours = (np.arange(1, self.cells.buckets))[None, :]
            profiles = (np.arange(self.cells.buckets)[:, None] >= hours).astype(float)
            scores = self.over_time().scores(profiles)
            loud = np.abs(scores.pull) / np.sqrt(np.where(scores.information > 0, scores.information, np.inf))
            if not loud.size:
                break
            step = profiles[:, int(np.argmax(loud))][self.cells.bucket]
            saturated = np.hstack([_saturated(self.cells), step[:, None]])
        assert noise is not None
        return noise

    def _reml(self, mean: Floats, base: Floats) -> Noise:
        """The variances under a given mean, climbed over the grids one coordinate at a time."""
        cells = self.cells
        design = np.hstack([_independent(mean, self.weight), self.mean[:, None]])
        weighted = design * self.weight[:, None]
        inner, random = design.T @ weighted, self._random.T @ weighted
        sigma, steps = np.sqrt(self.sigma2), 10_800 / cells.width
        grids = (SHOCKS, SHOCKS, MEMORY)
        seen: dict[tuple[float, ...], float] = {}

        def noise(at: tuple[float, ...]) -> Noise:
            return Noise(self.sigma2, float(at[0] * sigma), float(at[1] * sigma), at[2] ** (1 / steps))

        def criterion(at: tuple[float, ...]) -> float:
            if at not in seen:
                precision, log_size = _prior(noise(at), cells.buckets, base.shape[0])
                factor = linalg.cholesky(base + precision, lower=True, check_finite=False)
                half = linalg.solve_triangular(factor, random, lower=True, check_finite=False)
                product = inner - half.T @ half
                lower = linalg.cholesky(product[:-1, :-1], lower=True, check_finite=False)
                reach = linalg.solve_triangular(lower, product[:-1, -1], lower=True, check_finite=False)
                rest = product[-1, -1] - reach @ reach
                log_v = log_size + 2 * np.log(np.diag(factor)).sum()
                seen[at] = float(-0.5 * (log_v + 2 * np.log(np.diag(lower)).sum() + rest))
            return seen[at]

        at = [grid.index(value) for grid, value in zip(grids, (0.02, 0.02, 0.6), strict=True)]
        best = criterion(tuple(grid[i] for grid, i in zip(grids, at, strict=True)))
        moved = True
        while moved:  # one step along one axis at a time, as long as it helps: the criterion is smooth on these grids
            moved = False
            for axis, grid in enumerate(grids):
                for step in (-1, 1):
                    while 0 <= at[axis] + step < len(grid):
                        trial = [*at[:axis], at[axis] + step, *at[axis + 1 :]]
                        value = criterion(tuple(g[i] for g, i in zip(grids, trial, strict=True)))
                        if value <= best:
                            break
                        at, best, moved = trial, value, True
        return noise(tuple(grid[i] for grid, i in zip(grids, at, strict=True)))

    def _settle(self, noise: Noise, base: Floats) -> None:
        """Factor ``V`` once, for every later question."""
        precision, _ = _prior(noise, self.cells.buckets, base.shape[0])
        self._factor = linalg.cholesky(base + precision, lower=True, check_finite=False)
        self._absorb()

    def _absorb(self) -> None:
        """Work out what the fixed effects take from every later question."""
        weighted = np.column_stack([self.fixed, self.mean]) * self.weight[:, None]
        half = linalg.solve_triangular(self._factor, self._random.T @ weighted, lower=True, check_finite=False)
        self._half_fixed, self._half_mean = half[:, :-1], half[:, -1]
        product = self.fixed.T @ weighted - self._half_fixed.T @ half
        self._fixed_factor = linalg.cholesky(product[:, :-1], lower=True, check_finite=False)
        self._fixed_mean = linalg.solve_triangular(self._fixed_factor, product[:, -1], lower=True, check_finite=False)


def _within(cells: Cells) -> float:
    """Variance of one request: pooled within cells, or around segment means where cells hold one request each."""
    spare = float((cells.n - 1).sum())
    if spare >= 200:
        inside = float((cells.square - cells.total**2 / cells.n).sum()) / spare
    else:
        n = np.bincount(cells.segment, cells.n)
        total = np.bincount(cells.segment, cells.total)
        left = cells.square.sum() - np.divide(total**2, n, out=np.zeros_like(n), where=n > 0).sum()
        inside = float(left) / max(float(cells.n.sum()) - 1, 1.0)
    scale = float(cells.square.sum() / cells.n.sum())
    return max(inside, 1e-6 * scale, 1e-300)


def _rarity(cells: Cells) -> float:
    """Share of the rarer answer of a yes-or-no signal; 1/2 for any other signal."""
    n, total = float(cells.n.sum()), float(cells.total.sum())
    if not cells.signal.bounded or abs(float(cells.square.sum()) - total) > 1e-6 * total:
        return 0.5
    return max(min(total / n, 1 - total / n), 1e-6)


def _fixed(cells: Cells) -> Floats:
    """Segment effects, whether a layer was touched at all, hour of day, and weekday where the window is long enough."""
    sets = int(cells.segment.max(initial=0)) + 1
    n = np.bincount(cells.segment, cells.n, minlength=sets)
    if sets <= 120 and np.median(n[n > 0]) >= 30:
        effects = (cells.segment[:, None] == np.flatnonzero(n)[None, :]).astype(float)
    else:
        pieces = [np.ones((len(cells.n), 1))]
        for key in sorted({k for segment in cells.segments for k in segment}):
            values = [segment.get(key) for segment in cells.segments]
            for value in sorted({v for v in values if v is not None}):
                chosen = np.array([v == value for v in values])
                pieces.append(chosen[cells.segment][:, None].astype(float))
        effects = np.hstack(pieces)
    touched = [
        cells.stamped(key)[:, None]
        for key in sorted({key for versions in cells.versions for key in versions})
        if 0.05 < float(cells.stamped(key) @ cells.n) / float(cells.n.sum()) < 0.95
    ]
    hours = cells.hours
    periods = [24.0, 12.0, 8.0] if cells.span_hours >= 96 and cells.width <= 21_600 else []
    periods += [168.0, 84.0] if cells.span_hours >= 336 else []
    waves = [wave(2 * np.pi * hours / period)[:, None] for period in periods for wave in (np.sin, np.cos)]
    return np.hstack([effects, *touched, *waves])


def _saturated(cells: Cells) -> Floats:
    """What else the mean may do while the noise is measured: a step every two days, and every layer version."""
    edges = np.arange(48.0, cells.span_hours, 48.0)
    steps = (cells.hours[:, None] >= edges[None, :]).astype(float)
    versions = [cells.carries(key, value)[:, None] for key, value, share in cells.values() if 0.02 < share < 0.98]
    return np.hstack([steps, *versions[:40]])


def _groups(cells: Cells) -> NDArray[np.int64]:
    """For each cell, the number of its (group, day): the group is the segment attribute with most values, up to 12."""
    keys = sorted({k for segment in cells.segments for k in segment})
    sizes = {key: len({segment.get(key) for segment in cells.segments}) for key in keys}
    usable = {key: size for key, size in sizes.items() if 2 <= size <= 12}
    day = (cells.hours // 24).astype(np.int64)
    if not usable:
        return np.asarray(np.unique(day, return_inverse=True)[1], dtype=np.int64)
    key = max(usable, key=lambda name: (usable[name], name))
    values = sorted({str(segment.get(key)) for segment in cells.segments})
    number = np.array([values.index(str(segment.get(key))) for segment in cells.segments])[cells.segment]
    return np.asarray(np.unique(number * 10_000 + day, return_inverse=True)[1], dtype=np.int64)


def _independent(columns: Floats, weight: Floats) -> Floats:
    """The columns with those left out that the others already span, each scaled to weighted length one."""
    gram = columns.T @ (columns * weight[:, None])
    length = np.sqrt(np.diag(gram))
    kept = np.flatnonzero(length > 0)
    scaled = gram[np.ix_(kept, kept)] / np.outer(length[kept], length[kept])
    _, upper, order = linalg.qr(scaled, pivoting=True, check_finite=False)
    rank = int((np.abs(np.diag(upper)) > 1e-7).sum())
    chosen = kept[np.sort(order[:rank])]
    result: Floats = columns[:, chosen] / length[chosen]
    return result


def _prior(noise: Noise, buckets: int, width: int) -> tuple[Floats, float]:
    """Inverse covariance of the random effects, and the log of their determinant."""
    precision = np.zeros((width, width))
    shock, r = noise.shock, noise.memory
    outer = 1 / (shock**2 * (1 - r**2))
    index = np.arange(buckets)
    precision[index, index] = outer * (1 + r**2)
    if buckets:
        precision[0, 0] = precision[buckets - 1, buckets - 1] = outer if buckets > 1 else 1 / shock**2
    precision[index[:-1], index[1:]] = precision[index[1:], index[:-1]] = -outer * r
    rest = np.arange(buckets, width)
    day = noise.day
    precision[rest, rest] = 1 / day**2
    log_size = buckets * np.log(shock**2) + max(buckets - 1, 0) * np.log(1 - r**2) + len(rest) * np.log(day**2)
    return precision, float(log_size)
