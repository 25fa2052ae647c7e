"""The model of one signal: ask it about columns."""
# ruff: noqa: SLF001  a copy of a model is filled in by the class itself

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, sparse

from blameline.fit.design import design, independent
from blameline.fit.noise import (
    CALM,
    DRIFT,
    START,
    At,
    Noise,
    between,
    climb,
    noise_at,
    prior,
    rarity,
    reluctance,
    within,
)
from blameline.fit.scores import EVENTS, OverTime, Scores

if TYPE_CHECKING:
    from collections.abc import Callable

    from blameline.cells import Cells

Floats = NDArray[np.float64]


PULSE = 10.0
"""Squared standard errors by which a pulse must stand out more than a step: there are many more of them."""
SHORTEST = 43_200
"""Length of the shortest pulse in seconds."""


@dataclass(frozen=True)
class Inner:
    """Inner products under the weights, the days of the segments already taken out."""

    gram: Floats
    """Of the atoms (q x q)."""
    pull: Floats
    """Of the atoms with the means (q)."""
    square: float
    """Of the means with themselves."""
    log_size: float
    """What taking them out adds to the log of the determinant."""


class Fit:
    """The model of one signal, its variances chosen; ask it about columns."""

    def __init__(self, cells: Cells, *, sigma2: float | None = None, more: Floats | None = None) -> None:
        self.cells = cells
        self.mean = np.divide(cells.total, cells.n)
        self.sigma2 = within(cells) if sigma2 is None else sigma2
        self.weight = cells.n / self.sigma2
        self.rarity = rarity(cells)
        made = design(cells, more)
        self._atoms, self._random = made.atoms, made.random
        self._weighted = sparse.csr_matrix(self._atoms.T.multiply(self.weight[None, :]))
        self._own = sparse.csr_matrix(made.own.T.multiply(self.weight[None, :]))
        self._own_atoms = sparse.csc_matrix(self._own @ self._atoms)
        self._own_weight: Floats = np.asarray(self._own.sum(axis=1), dtype=np.float64).ravel()
        self._inner: dict[int, Inner] = {}
        self._answers: dict[int, tuple[object, Scores]] = {}
        gram: Floats = (self._weighted @ self._atoms).toarray()
        self._plain = Inner(gram, self._weighted @ self.mean, float(self.weight @ self.mean**2), 0.0)
        self._known: Floats = np.zeros(len(gram))
        self._fixed = independent(made.fixed, self._plain.gram)
        self._saturated = made.saturated
        self.noise = self._choose()

    @property
    def fixed(self) -> Floats:
        """The columns of the mean over the cells (cells x p)."""
        columns: Floats = self._atoms @ self._fixed
        return columns

    @cached_property
    def slab(self) -> float:
        """Scale of the prior on an effect: a fifth of one request's standard deviation."""
        return float(0.2 * np.sqrt(self.sigma2))

    def scores(self, columns: Floats) -> Scores:
        """Information and pull of each column; ``columns`` is cells x k."""
        weighted = columns * self.weight[:, None]
        plain = np.einsum("ck,ck->k", columns, weighted)
        own, reach = self._reach(columns)
        half, shared = self._taken(reach)
        raw = plain - np.einsum("d,dk,dk->k", self._shrink, own, own)
        with_mean = self.mean @ weighted - (self._shrink * self._own_mean) @ own - self._half_mean @ half
        information = raw - np.einsum("qk,qk->k", half, half) - np.einsum("pk,pk->k", shared, shared)
        pull = with_mean - shared.T @ self._fixed_mean
        dead = (information <= 1e-9 * np.maximum(plain, 1e-12)) | (plain * self.sigma2 * self.rarity < EVENTS)
        return Scores(np.where(dead, 0.0, information), np.where(dead, 0.0, pull))

    def gram(self, columns: Floats) -> Floats:
        """The k x k matrix of inner products of columns under ``P``."""
        own, reach = self._reach(columns)
        half, shared = self._taken(reach)
        plain: Floats = columns.T @ (columns * self.weight[:, None])
        return plain - own.T @ (own * self._shrink[:, None]) - half.T @ half - shared.T @ shared

    def gram_of(
        self, dropped: NDArray[np.bool_], columns: Floats
    ) -> tuple[NDArray[np.int64], sparse.csr_matrix, Floats]:
        """The dropped cells, columns over them that span all that the model knows there, and their inner products under ``P``.

        They are the given columns and the atoms that reach there: what is left of a column in cells that are left out, once the
        rest of the data has foretold it, is a combination of these where whole days or whole segments are dropped.
        """
        rows = np.flatnonzero(dropped)
        atoms = self._atoms[rows]
        parts = sparse.csr_matrix(sparse.hstack([sparse.csr_matrix(columns[rows]), atoms[:, np.unique(atoms.indices)]]))
        weighted = sparse.csr_matrix(parts.multiply(self.weight[rows][:, None]))
        own = sparse.csr_matrix(sparse.csr_matrix(self._own.T)[rows].T @ parts)
        shrunk = sparse.csr_matrix(own.multiply(self._shrink[:, None]))
        reach = (atoms.T @ weighted - self._own_atoms.T @ shrunk).toarray()
        half, shared = self._taken(reach)
        plain: Floats = (parts.T @ weighted - own.T @ shrunk).toarray()
        return rows, parts, plain - half.T @ half - shared.T @ shared

    def pulled(self, columns: Floats) -> Floats:
        """``P x`` over the cells, of each column (cells x k): its inner product with any other is that of the two under ``P``."""
        own, reach = self._reach(columns)
        half, shared = self._taken(reach)
        through = linalg.solve_triangular(self._fixed_factor, shared, lower=True, trans="T", check_finite=False)
        left = half - self._half_fixed @ through
        taken = self._fixed @ through
        taken[: self._random] += linalg.solve_triangular(self._factor, left, lower=True, trans="T", check_finite=False)
        days = self._shrink[:, None] * (own - self._own_atoms @ taken)
        result: Floats = self.weight[:, None] * columns - (self._weighted.T @ taken + self._own.T @ days)
        return result

    def given(self, others: Floats, errors: Floats | None = None) -> Fit:
        """The same model with more columns in its mean; the variances stay as they were chosen.

        With ``errors`` (k) each column's effect is known to be nought give or take so much, in the signal's unit: it takes up no
        more than that. Without them it takes up all that it can.
        """
        child = self._twin()
        weighted = others * self.weight[:, None]
        more = sparse.csr_matrix(others)
        child._atoms = sparse.csr_matrix(sparse.hstack([self._atoms, more]))
        child._weighted = sparse.csr_matrix(sparse.vstack([self._weighted, sparse.csr_matrix(weighted.T)]))
        child._own_atoms = sparse.csc_matrix(sparse.hstack([self._own_atoms, self._own @ more]))
        reach: Floats = self._weighted @ others
        gram = np.block([[self._plain.gram, reach], [reach.T, others.T @ weighted]])
        child._plain = Inner(gram, np.concatenate([self._plain.pull, weighted.T @ self.mean]), self._plain.square, 0.0)
        child._inner = {}
        child._known = np.concatenate([self._known, np.zeros(others.shape[1]) if errors is None else errors**-2.0])
        width, count = self._fixed.shape
        columns = np.zeros((width + others.shape[1], count + others.shape[1]))
        columns[:width, :count] = self._fixed
        columns[width:, count:] = np.eye(others.shape[1])
        child._fixed = independent(columns, gram)
        child._saturated = np.vstack([self._saturated, np.zeros((others.shape[1], self._saturated.shape[1]))])
        child._settle(self.noise)
        return child

    def expecting(self, scale: float) -> Fit:
        """The same model with a prior on effects that is at least so wide, in the signal's unit."""
        other = self._twin()
        other.slab = max(self.slab, scale)
        return other

    def under(self, at: At) -> Fit:
        """The same model under the noise at this point of the grids."""
        other = self._twin()
        other._settle(self._noise(at))
        return other

    def _twin(self) -> Fit:
        """A copy that nobody has asked anything yet."""
        other = copy(self)
        other._answers = {}
        other.__dict__.pop("doubted", None)
        return other

    def once(self, about: object, answer: Callable[[], Scores]) -> Scores:
        """What the model says about one thing: worked out for the first who asks."""
        if id(about) not in self._answers:
            self._answers[id(about)] = about, answer()  # kept with the answer, so that its id is nobody else's
        return self._answers[id(about)][1]

    def beside(self, column: Floats) -> Fit:
        """The same model, its variances chosen anew as if one more column (cells) were in its mean."""
        other, moved = self._twin(), self.given(column[:, None])
        other._settle(moved._choose())
        return other

    @cached_property
    def doubted(self) -> list[tuple[Fit, float]]:
        """The same model under other noise, each with its toll, for who would claim that something moved.

        The noise was chosen with moves allowed for; who says that nothing moved may choose noise that passes for the move. A
        toll is the log of how much better the best noise is, where nothing moved, than that of the model beside it: to be taken
        from the log Bayes factor of any move under it. Drifts are rarer than calm streams, and are priced as such.
        """
        likelihood = self._criterion(self._fixed)

        def criterion(at: At) -> float:
            return likelihood(at) - reluctance(at, grouped=self._grouped)

        ends = [climb(criterion, begin, grouped=self._grouped) for begin in (self.noise.at, DRIFT)]
        best = max(ends, key=criterion)
        way = dict.fromkeys([*between(START, self.noise.at), *between(self.noise.at, best)])
        return [(self if at == self.noise.at else self.under(at), criterion(best) - criterion(at)) for at in way]

    def over_time(self, inside: NDArray[np.bool_] | None = None) -> OverTime:
        """What the model says of any column that depends on the bucket alone, inside a slice of the cells."""
        buckets = self.cells.buckets
        if inside is not None:
            chosen = sparse.diags(inside.astype(float))
            return self._cut(sparse.csr_matrix(chosen @ self._atoms[:, :buckets]))
        inner = self._within
        raw = np.diag(self._plain.gram)[:buckets]
        return self._left(inner.gram[:buckets, :buckets], inner.gram[:, :buckets], inner.pull[:buckets], raw)

    def parted(self, number: NDArray[np.int64], count: int, column: Floats) -> OverTime:
        """What the model says of one column cut into ``count`` parts: ``number`` is each cell's part, -1 for none.

        Inner products and pull stand by part, so any union of parts is a sum; it costs the same for any number of unions.
        """
        told = np.flatnonzero((number >= 0) & (column != 0))
        return self._cut(sparse.csr_matrix((column[told], (told, number[told])), shape=(len(number), count)))

    def _cut(self, parts: sparse.csr_matrix) -> OverTime:
        """The model seen through columns (cells x k) of which no two share a cell."""
        own = self._own @ parts
        shrunk = sparse.csr_matrix(own.multiply(self._shrink[:, None]))
        weighted = sparse.csr_matrix(parts.multiply(self.weight[:, None]))
        raw = np.asarray(weighted.multiply(parts).sum(axis=0)).ravel()
        reach = (self._weighted @ parts - self._own_atoms.T @ shrunk).toarray()
        square = np.diag(raw) - (own.T @ shrunk).toarray()
        return self._left(square, reach, weighted.T @ self.mean - shrunk.T @ self._own_mean, raw)

    def _left(self, square: Floats, reach: Floats, pull: Floats, raw: Floats) -> OverTime:
        """What the random effects and the mean leave of inner products and pull."""
        half, shared = self._taken(reach)
        product = square - half.T @ half - shared.T @ shared
        left = pull - half.T @ self._half_mean - shared.T @ self._fixed_mean
        return OverTime(product, left, raw, EVENTS / (self.sigma2 * self.rarity))

    def _reach(self, columns: Floats) -> tuple[Floats, Floats]:
        """Inner products of columns with the days of the segments, and with the atoms once those are taken out."""
        own: Floats = self._own @ columns
        reach: Floats = self._weighted @ columns - self._own_atoms.T @ (own * self._shrink[:, None])
        return own, reach

    def _taken(self, reach: Floats) -> tuple[Floats, Floats]:
        """What the random effects and the mean take from columns, given their inner products with the atoms (q x k)."""
        half = linalg.solve_triangular(self._factor, reach[: self._random], lower=True, check_finite=False)
        left = self._fixed.T @ reach - self._half_fixed.T @ half
        return half, linalg.solve_triangular(self._fixed_factor, left, lower=True, check_finite=False)

    def _choose(self) -> Noise:
        """REML with the move in the mean that stands out most: first among calm noise, then among the noise so chosen.

        Under noise that an incident has inflated its own move may not stand out, so the first look allows for little.
        """
        self._settle(self._noise(CALM))
        taken, found = (-1, -1), START
        for _pass in range(2):
            loudest = self._loudest()
            if loudest == taken:
                break
            taken = loudest
            move = np.zeros((len(self._plain.pull), 1))
            move[loudest[0] : loudest[1], 0] = 1.0
            mean = np.hstack([self._fixed, self._saturated, move])
            found = climb(self._criterion(mean), found, grouped=self._grouped)
            self._settle(self._noise(found))
        return self.noise

    def _loudest(self) -> tuple[int, int]:
        """First bucket, and the one after the last, of the step or pulse that stands out most; a pulse by ``PULSE`` at least."""
        buckets, through = self.cells.buckets, self.over_time()
        inner = np.zeros((buckets + 1, buckets + 1))
        inner[1:, 1:] = through.inner.cumsum(axis=0).cumsum(axis=1)
        pull = np.concatenate([[0.0], through.pull.cumsum()])
        corner = np.diag(inner)
        information = corner[None, :] - inner - inner.T + corner[:, None]
        long = np.arange(buckets + 1)[None, :] - np.arange(buckets + 1)[:, None] >= SHORTEST / self.cells.width
        told = long & (information > 1e-9 * max(float(corner[-1]), 1e-300))
        loud = np.divide((pull[None, :] - pull[:, None]) ** 2, information, out=np.zeros_like(information), where=told)
        loud[1:, :-1] -= PULSE
        loud[0] = 0.0
        begin, end = np.unravel_index(int(np.argmax(loud)), loud.shape)
        return int(begin), int(end)

    def _prior_of(self, columns: Floats) -> Floats:
        """The prior precision of the effects of the mean's columns (q x p over the atoms), as p x p."""
        result: Floats = columns.T @ (self._known[:, None] * columns)
        return result

    @property
    def _grouped(self) -> bool:
        return self._random > self.cells.buckets

    def _noise(self, at: At) -> Noise:
        return noise_at(at, self.sigma2, self.cells.width, grouped=self._grouped)

    def _shrinkage(self, own: float) -> Floats:
        """How far the days of the segments are believed to be days of their own."""
        result: Floats = 1 / (self._own_weight + 1 / own**2) if own else np.zeros(len(self._own_weight))
        return result

    def _without_own(self, noise: Noise) -> Inner:
        """The inner products with the days of the segments taken out."""
        key = noise.at[2]
        if not noise.own:
            return self._plain
        if key not in self._inner:
            shrink = self._shrinkage(noise.own)
            taken = sparse.csc_matrix(self._own_atoms.multiply(shrink[:, None]))
            own_mean = self._own @ self.mean
            self._inner[key] = Inner(
                gram=self._plain.gram - (self._own_atoms.T @ taken).toarray(),
                pull=self._plain.pull - taken.T @ own_mean,
                square=self._plain.square - float(shrink @ own_mean**2),
                log_size=float(np.log1p(noise.own**2 * self._own_weight).sum()),
            )
        return self._inner[key]

    def _criterion(self, mean: Floats) -> Callable[[At], float]:
        """The restricted log likelihood of the variances under a mean whose columns are given over the atoms."""
        columns = independent(mean, self._plain.gram)
        known = self._prior_of(columns)
        r, seen = self._random, dict[At, float]()
        reached: dict[int, tuple[Floats, Floats, Inner]] = {}

        def criterion(at: At) -> float:
            if at in seen:
                return seen[at]
            noise = self._noise(at)
            if at[2] not in reached:
                inner = self._without_own(noise)
                reach = np.column_stack([inner.gram @ columns, inner.pull])
                whole = np.vstack([columns.T @ reach, np.append(inner.pull @ columns, inner.square)[None, :]])
                whole[:-1, :-1] += known
                reached[at[2]] = reach[:r], whole, inner
            random, whole, inner = reached[at[2]]
            precision, log_size = prior(noise, self.cells.buckets, r)
            factor = linalg.cholesky(inner.gram[:r, :r] + precision, lower=True, check_finite=False, overwrite_a=True)
            half = linalg.solve_triangular(factor, random, lower=True, check_finite=False)
            product = whole - half.T @ half
            lower = linalg.cholesky(product[:-1, :-1], lower=True, check_finite=False)
            reach = linalg.solve_triangular(lower, product[:-1, -1], lower=True, check_finite=False)
            rest = product[-1, -1] - reach @ reach
            log_v = log_size + inner.log_size + 2 * np.log(np.diag(factor)).sum()
            seen[at] = float(-0.5 * (log_v + 2 * np.log(np.diag(lower)).sum() + rest))
            return seen[at]

        return criterion

    def _settle(self, noise: Noise) -> None:
        """Factor ``V`` once, for every later question, and work out what the fixed effects take from it."""
        self.noise = noise
        self._within = self._without_own(noise)
        self._shrink = self._shrinkage(noise.own)
        self._own_mean: Floats = self._own @ self.mean
        r = self._random
        precision, _ = prior(noise, self.cells.buckets, r)
        self._factor = linalg.cholesky(self._within.gram[:r, :r] + precision, lower=True, check_finite=False)
        reach = np.column_stack([self._within.gram @ self._fixed, self._within.pull])
        half = linalg.solve_triangular(self._factor, reach[:r], lower=True, check_finite=False)
        self._half_fixed, self._half_mean = half[:, :-1], half[:, -1]
        product = self._fixed.T @ reach - self._half_fixed.T @ half
        product[:, :-1] += self._prior_of(self._fixed)
        self._fixed_factor = linalg.cholesky(product[:, :-1], lower=True, check_finite=False)
        self._fixed_mean = linalg.solve_triangular(self._fixed_factor, product[:, -1], lower=True, check_finite=False)
