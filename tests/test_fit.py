"""The one model against brute force: dense matrices, numerical integrals, and noise whose variances are known."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy import integrate, stats
from threadpoolctl import threadpool_limits

from blameline.cells import Cells
from blameline.fit import Fit
from blameline.records import Signal

if TYPE_CHECKING:
    from collections.abc import Iterator

SEGMENTS = ({"region": "eu"}, {"region": "us"}, {"region": "ap"})


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    """As ``Case`` does it: on small matrices more threads cost time and change the last bits."""
    with threadpool_limits(limits=1):
        yield


def cells(
    seed: int = 0,
    *,
    days: int = 5,
    width: int = 14_400,
    shock: float = 0.05,
    day: float = 0.0,
    memory: float = 0.6,
    rate: int = 12,
) -> Cells:
    """Normal cells with known shocks: ``memory`` is per bucket, the others in units of one request's spread."""
    rng = np.random.default_rng(seed)
    buckets = days * 86_400 // width
    bucket = np.repeat(np.arange(buckets), 3)
    segment = np.tile(np.arange(3), buckets)
    n = rng.poisson(rate, len(bucket)) + 1.0
    wobble = np.zeros(buckets)
    for index in range(buckets):
        fresh = rng.normal() * shock
        wobble[index] = memory * wobble[index - 1] + np.sqrt(1 - memory**2) * fresh if index else fresh
    groups = rng.normal(0, day, (3, days + 1))
    number = ((bucket + 0.5) * width / 86_400).astype(int)
    mean = (
        np.array([0.1, 0.4, -0.2])[segment] + wobble[bucket] + groups[segment, number] + rng.normal(0, 1 / np.sqrt(n))
    )
    spare = rng.chisquare(n - 1 + 1e-9)
    total = mean * n
    return Cells(
        signal=Signal(name="quality", better="higher", bounded=False),
        origin=datetime(2026, 3, 2, tzinfo=UTC),
        width=width,
        buckets=buckets,
        bucket=bucket.astype(np.int64),
        segment=segment.astype(np.int64),
        version=(bucket % 2).astype(np.int64),
        n=n,
        total=total,
        square=spare + n * mean**2,
        segments=SEGMENTS,
        versions=({"prompt:p": "v1"}, {"prompt:p": "v2"}),
    )


def dense(fit: Fit) -> tuple[np.ndarray, np.ndarray]:
    """``V`` and ``P``, cell by cell, from their definition alone."""
    made, noise = fit.cells, fit.noise
    count = len(made.n)
    v = np.zeros((count, count))
    number = (made.hours // 24).astype(int)
    for i in range(count):
        for j in range(count):
            v[i, j] = noise.shock**2 * noise.memory ** abs(int(made.bucket[i]) - int(made.bucket[j]))
            if number[i] == number[j] and made.segment[i] == made.segment[j]:
                v[i, j] += noise.own**2
        v[i, i] += noise.sigma2 / made.n[i]
    inverse = np.linalg.inv(v)
    f = fit.fixed
    return v, inverse - inverse @ f @ np.linalg.solve(f.T @ inverse @ f, f.T @ inverse)


def columns(made: Cells) -> np.ndarray:
    rng = np.random.default_rng(9)
    return np.column_stack(
        [
            made.hours > 50,
            (made.hours > 40) & (made.segment == 1),
            np.clip((made.hours - 30) / 48, 0, 1),
            rng.random(len(made.n)),
            (made.hours > 30) & (made.hours < 70),
        ]
    ).astype(float)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_information_pull_estimate_and_error_are_generalised_least_squares(seed: int) -> None:
    made = cells(seed, day=0.1)
    fit = Fit(made)
    v, p = dense(fit)
    x = columns(made)
    scores = fit.scores(x)
    y = made.total / made.n
    np.testing.assert_allclose(scores.information, np.einsum("ck,cd,dk->k", x, p, x), rtol=1e-6)
    np.testing.assert_allclose(scores.pull, x.T @ p @ y, rtol=1e-6, atol=1e-7)
    for index in range(x.shape[1]):
        design = np.column_stack([fit.fixed, x[:, index]])
        covariance = np.linalg.inv(design.T @ np.linalg.solve(v, design))
        beta = covariance @ design.T @ np.linalg.solve(v, y)
        assert scores.estimate[index] == pytest.approx(beta[-1], rel=1e-5, abs=1e-8)
        assert scores.error[index] == pytest.approx(np.sqrt(covariance[-1, -1]), rel=1e-5)
    np.testing.assert_allclose(fit.gram(x), x.T @ p @ x, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("sign", [-1, 0, 1])
def test_the_bayes_factor_is_the_integral_over_its_slab(sign: int) -> None:
    made = cells(3)
    fit = Fit(made)
    x = columns(made)
    scores = fit.scores(x)
    _, p = dense(fit)
    y = made.total / made.n
    for index, found in enumerate(scores.log_factor(fit.slab, sign=sign)):
        information, pull = float(x[:, index] @ p @ x[:, index]), float(x[:, index] @ p @ y)

        def likelihood(b: float, s: float = pull, v: float = information) -> float:
            return float(np.exp(b * s - b**2 * v / 2) * stats.norm.pdf(b, 0, fit.slab)) * (2 if sign else 1)

        low, high = (
            (-12 * fit.slab, 0) if sign < 0 else (0, 12 * fit.slab) if sign > 0 else (-12 * fit.slab, 12 * fit.slab)
        )
        whole, _ = integrate.quad(
            likelihood, low, high, limit=400, points=[pull / information] if low < pull / information < high else None
        )
        assert found == pytest.approx(np.log(whole), abs=1e-5)


def test_over_time_is_scores_on_the_expanded_columns() -> None:
    made = cells(4, day=0.1)
    fit = Fit(made)
    rng = np.random.default_rng(0)
    profiles = np.column_stack(
        [np.arange(made.buckets) > 12, np.arange(made.buckets) / made.buckets, rng.random(made.buckets)]
    )
    for inside in (None, made.segment == 1, made.segment != 2):
        short = fit.over_time(inside).scores(profiles.astype(float))
        mask = 1.0 if inside is None else inside[:, None]
        long = fit.scores(profiles[made.bucket] * mask)
        np.testing.assert_allclose(short.information, long.information, rtol=1e-6)
        np.testing.assert_allclose(short.pull, long.pull, rtol=1e-6, atol=1e-7)


def test_given_is_partial_regression() -> None:
    made = cells(5)
    fit = Fit(made)
    x = columns(made)
    child = fit.given(x[:, :2])
    v, _ = dense(fit)
    y = made.total / made.n
    for index in (2, 3, 4):
        design = np.column_stack([fit.fixed, x[:, :2], x[:, index]])
        covariance = np.linalg.inv(design.T @ np.linalg.solve(v, design))
        beta = covariance @ design.T @ np.linalg.solve(v, y)
        found = child.scores(x[:, [index]])
        assert found.estimate[0] == pytest.approx(beta[-1], rel=1e-5, abs=1e-8)
        assert found.error[0] == pytest.approx(np.sqrt(covariance[-1, -1]), rel=1e-5)
    assert child.noise == fit.noise
    before = fit.scores(x[:, :1])
    child.scores(x)
    after = fit.scores(x[:, :1])
    assert (before.pull, before.information) == (after.pull, after.information), "the parent must stay as it was"


def test_what_the_mean_holds_already_says_nothing() -> None:
    made = cells(6)
    fit = Fit(made)
    x = columns(made)
    held = np.column_stack([np.ones(len(made.n)), made.segment == 0, fit.fixed.sum(axis=1)]).astype(float)
    for scores in (fit.scores(held), fit.given(x).scores(x)):
        assert (scores.information == 0).all()
        assert (scores.estimate == 0).all()
        assert np.isinf(scores.error).all()
        assert (scores.log_factor(fit.slab) == 0).all()
        np.testing.assert_allclose(scores.log_factor(fit.slab, sign=-1), 0, atol=1e-12)
    empty = fit.scores(np.zeros((len(made.n), 1)))
    assert empty.information[0] == 0


def test_the_order_of_the_cells_does_not_matter() -> None:
    made = cells(7)
    order = np.random.default_rng(1).permutation(len(made.n))
    other = replace(
        made,
        **{name: getattr(made, name)[order] for name in ("bucket", "segment", "version", "n", "total", "square")},
        _memory={},
    )
    first, second = Fit(made), Fit(other)
    assert first.noise.shock == pytest.approx(second.noise.shock)
    x = columns(made)
    np.testing.assert_allclose(first.scores(x).estimate, second.scores(x[order]).estimate, rtol=1e-7, atol=1e-10)


def test_scale_and_origin_of_the_signal_do_not_matter() -> None:
    made = cells(8)
    other = replace(
        made,
        total=1000 * made.total + 7000 * made.n,
        square=1e6 * made.square + 2 * 1000 * 7000 * made.total + 7000**2 * made.n,
        _memory={},
    )
    first, second = Fit(made), Fit(other)
    x = columns(made)
    np.testing.assert_allclose(second.scores(x).estimate, 1000 * first.scores(x).estimate, rtol=1e-5, atol=1e-4)
    np.testing.assert_allclose(
        second.scores(x).log_factor(second.slab, sign=-1),
        first.scores(x).log_factor(first.slab, sign=-1),
        rtol=1e-4,
        atol=1e-4,
    )


@pytest.mark.parametrize("shock", [0.04, 0.12, 0.35])
def test_reml_picks_the_shock_near_the_truth(shock: float) -> None:
    picked = [Fit(cells(seed, days=14, width=10_800, shock=shock, memory=0.6, rate=60)).noise for seed in range(8)]
    ratio = np.exp(np.mean([np.log(max(noise.shock, 1e-3) / np.sqrt(noise.sigma2) / shock) for noise in picked]))
    assert 0.6 < ratio < 1.6
    assert np.median([noise.own for noise in picked]) < 0.08
    assert np.mean([noise.sigma2 for noise in picked]) == pytest.approx(1, abs=0.1)


def test_reml_tells_noisy_days_from_noisy_hours() -> None:
    picked = [Fit(cells(seed, days=14, width=10_800, shock=0.01, day=0.2, rate=60)).noise for seed in range(8)]
    assert 0.1 < np.exp(np.mean([np.log(noise.own) for noise in picked])) < 0.35
    assert np.median([noise.shock for noise in picked]) < 0.08


@pytest.mark.parametrize("at", [132, 144, 156, 168, 180, 192])
@pytest.mark.parametrize("pooled", [False, True])
def test_an_incident_does_not_pass_for_noise(at: int, pooled: bool) -> None:
    """A step of half a request's spread must leave the chosen variances about where they were, wherever it falls."""
    grown = []
    for seed in range(4):
        calm = cells(seed, days=14, width=10_800, shock=0.02, rate=40)
        loss = 0.5 * (calm.hours > at)
        moved = replace(
            calm,
            total=calm.total - loss * calm.n,
            square=calm.square - 2 * loss * calm.total + loss**2 * calm.n,
            _memory={},
        )
        before, after = (Fit(one.pooled() if pooled else one) for one in (calm, moved))
        step = np.asarray(after.cells.hours > at, dtype=float)[:, None]
        grown.append(float(after.scores(step).error[0] / before.scores(step).error[0]))
    assert np.median(grown) < 1.5, grown


def test_intervals_hold_the_truth_under_the_models_own_noise() -> None:
    """The standard error is honest: nine in ten intervals of a null column hold zero."""
    held = []
    for seed in range(60):
        made = cells(seed, days=10, width=14_400, shock=0.08, memory=0.5, rate=30)
        scores = Fit(made).scores(np.asarray(made.hours > 120, dtype=float)[:, None])
        held.append(abs(scores.estimate[0]) < 1.645 * scores.error[0])
    assert 0.78 <= np.mean(held) <= 1.0
