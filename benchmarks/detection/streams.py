"""Made streams: cells of signals whose truth is known, with all that makes real ones hard.

Rhythm of the day and the week in traffic and in level, a shared shock that lasts (AR(1)), days that differ between segments,
overdispersed and skewed scores, heavy tails, gaps. Nothing here knows how the detector works.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from blameline.cells import Cells
from blameline.records import Signal

KINDS = ("share", "rare", "score", "skewed", "heavy")
"""A yes-or-no signal, one that is seldom yes, a bell-shaped score, a score crowded at 1, a heavy-tailed quantity in logs."""
ORIGIN = datetime(2026, 3, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Planted:
    """A move of the level, in standard deviations of one request."""

    at: float
    size: float
    until: float = np.inf
    ramp: float = 0.0
    segments: tuple[int, ...] = ()
    """Empty: everywhere."""


@dataclass(frozen=True)
class Setting:
    """One stream; hours, requests an hour over all segments, and how unruly it is."""

    hours: int = 720
    segments: int = 10
    rate: float = 120.0
    width: int = 1
    """Hours a bucket."""
    shock: float = 0.03
    """Standard deviation of the shared shock, in units of one request's."""
    memory: float = 0.9
    """Its correlation from hour to hour."""
    daily: float = 0.03
    """The same for days within a segment."""
    rhythm: float = 0.1
    spread: float = 1.0
    """How far the scores of one bucket lie apart beyond what single requests would."""
    gaps: float = 0.0
    """Share of hours without any record."""


def stream(
    seed: int,
    kind: str = "share",
    setting: Setting = Setting(),
    planted: tuple[Planted, ...] = (),
    name: str = "signal",
) -> Cells:
    """The cells of one signal."""
    generator = np.random.default_rng([seed, KINDS.index(kind)])
    hour = np.arange(setting.hours)
    share = generator.dirichlet(np.full(setting.segments, 2.0)) * 0.8 + 0.2 / setting.segments
    day, week = 2 * np.pi * (hour % 24) / 24, 2 * np.pi * (hour % 168) / 168
    weekend = np.where((hour // 24) % 7 >= 5, generator.uniform(0.4, 1.0), 1.0)
    rate = setting.rate * (1 + 0.6 * np.sin(day - generator.uniform(0, 6))) * weekend
    rate = rate / rate.mean() * setting.rate * generator.gamma(40, 1 / 40, setting.hours)
    n = generator.poisson(rate[:, None] * share[None, :]).astype(float)
    n[generator.random(setting.hours) < setting.gaps] = 0

    shock = np.zeros(setting.hours)
    fresh = generator.normal(0, setting.shock * np.sqrt(1 - setting.memory**2), setting.hours)
    for index in range(setting.hours):
        shock[index] = setting.memory * (shock[index - 1] if index else fresh[0]) + fresh[index]
    days = generator.normal(0, setting.daily, (setting.hours // 24 + 1, setting.segments))[hour // 24]
    wave = setting.rhythm * (np.sin(day - generator.uniform(0, 6)) + 0.5 * np.sin(week - generator.uniform(0, 6)))
    level = wave[:, None] + shock[:, None] + days
    for move in planted:
        rise = np.clip((hour - move.at) / move.ramp, 0, 1) if move.ramp else (hour >= move.at).astype(float)
        shape = (rise * (hour < move.until))[:, None] * np.ones(setting.segments)
        if move.segments:
            shape = shape * np.isin(np.arange(setting.segments), move.segments)
        level = level + move.size * shape
    total, square = _drawn(generator, kind, setting, n, level)
    return _cells(kind, setting, n, total, square, name)


def _drawn(
    generator: np.random.Generator, kind: str, setting: Setting, n: np.ndarray, level: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Sum and sum of squares of the scores of each cell."""
    segment = generator.normal(0, 0.3, setting.segments)[None, :]
    if kind in {"share", "rare"}:
        base = 0.85 if kind == "share" else 0.03
        spread = np.sqrt(base * (1 - base))
        p = np.clip(base + spread * (0.3 * segment * (kind == "share") + level), 0.001, 0.999)
        p = generator.beta(400 * p, 400 * (1 - p)) if setting.spread > 1 else p
        total = generator.binomial(n.astype(int), p).astype(float)
        return total, total
    mean = {"score": 0.7, "skewed": 0.92, "heavy": 7.0}[kind]
    spread = {"score": 0.15, "skewed": 0.12, "heavy": 0.7}[kind]
    centre = mean + spread * (segment + level)
    if kind == "heavy":
        degrees = 5.0
        value = generator.standard_t(degrees, int(n.sum())) / np.sqrt(degrees / (degrees - 2)) * spread
        value = np.repeat(centre.ravel(), n.ravel().astype(int)) + value
    else:
        middle = np.clip(centre, 0.02, 0.98)
        weight = middle * (1 - middle) / spread**2 - 1
        weight = np.maximum(weight, 0.5)
        each = n.ravel().astype(int)
        value = generator.beta(
            np.repeat((middle * weight).ravel(), each), np.repeat(((1 - middle) * weight).ravel(), each)
        )
    number = np.repeat(np.arange(n.size), n.ravel().astype(int))
    total = np.bincount(number, value, minlength=n.size).reshape(n.shape)
    square = np.bincount(number, value**2, minlength=n.size).reshape(n.shape)
    return total, square


def _cells(kind: str, setting: Setting, n: np.ndarray, total: np.ndarray, square: np.ndarray, name: str) -> Cells:
    """Buckets of the asked width, empty cells left out."""
    buckets = setting.hours // setting.width
    kept = buckets * setting.width
    folded = [part[:kept].reshape(buckets, setting.width, -1).sum(axis=1) for part in (n, total, square)]
    used = folded[0] > 0
    bucket, segment = np.nonzero(used)
    pieces = [part[used] for part in folded]
    return Cells(
        signal=Signal(name=name, better="higher", bounded=kind != "heavy"),
        origin=ORIGIN,
        width=3600 * setting.width,
        buckets=buckets,
        bucket=bucket.astype(np.int64),
        segment=segment.astype(np.int64),
        version=np.zeros(len(bucket), dtype=np.int64),
        n=pieces[0],
        total=pieces[1],
        square=pieces[2],
        segments=tuple({"tenant.id": f"t{index}"} for index in range(setting.segments)),
        versions=({},),
    )
