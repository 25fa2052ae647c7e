"""What a reader who knew the true exposure and the true noise could see: z of the best contrast, and its rivals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from stack import RULER_LAYERS, Change

if TYPE_CHECKING:
    from plan import Plan
    from quality import FaultTruth, Quality
    from world import Cast, Traffic


@dataclass
class OracleView:
    """The best z over contrasts and over before/after alone."""

    contrast: float
    timing: float
    halfwidth: float  # hours of the onset's 95 % interval from timing alone

    @property
    def best(self) -> float:
        """The better of both."""
        return max(self.contrast, self.timing)


def _variance(weights: np.ndarray, rows: np.ndarray, traffic: Traffic, quality: Quality, cast: Cast) -> float:
    """Variance of sum(weights * score) under the true noise: own, conversation, user, shared and regional shocks, trends."""
    noise = quality.noise
    loaded = weights * quality.slope[rows]
    total = float((weights**2 * quality.variance[rows]).sum())
    for index, size, scale in (
        (traffic.conversation, traffic.n_conversations, noise.conversation),
        (traffic.user, traffic.n_users, noise.user),
    ):
        total += float((np.bincount(index[rows], loaded, size) ** 2).sum()) * scale**2
    hour = traffic.time[rows].astype(int)
    lags = np.abs(np.subtract.outer(np.arange(cast.hours + 1), np.arange(cast.hours + 1)))
    correlation = noise.shock_phi**lags
    by_hour = np.bincount(hour, loaded, cast.hours + 1)
    total += noise.shock**2 * float(by_hour @ correlation @ by_hour)
    for region in range(len(cast.regions)):
        by_hour = np.bincount(hour, loaded * (traffic.region[rows] == region), cast.hours + 1)
        total += noise.region_shock**2 * float(by_hour @ correlation @ by_hour)
    tilt = np.bincount(traffic.tenant[rows], loaded * (traffic.time[rows] / cast.hours - 0.5), len(cast.tenants))
    return total + float((tilt**2).sum()) * noise.tenant_trend**2


def _side(flag: np.ndarray) -> np.ndarray:
    """Equal weights that sum to 1 over a set."""
    count = flag.sum()
    return flag / count if count else np.zeros(len(flag))


def _z(
    weights: np.ndarray, moved: np.ndarray, rows: np.ndarray, traffic: Traffic, quality: Quality, cast: Cast
) -> float:
    """Expected size over standard error."""
    if not np.any(weights > 0) or not np.any(weights < 0):
        return 0.0
    spread = _variance(weights, rows, traffic, quality, cast)
    return abs(float((weights * moved).sum())) / np.sqrt(spread) if spread > 0 else 0.0


def look(
    truth: FaultTruth,
    moved: np.ndarray,
    population: np.ndarray,
    rows: np.ndarray,
    traffic: Traffic,
    quality: Quality,
    cast: Cast,
    alternating: bool = False,
) -> OracleView:
    """Best z for one fault. `moved` is the expected change of the score of every scored row; rows are the scored requests."""
    time = traffic.time[rows]
    touched, inside = truth.mask[rows], population[rows]
    end = truth.end if truth.end is not None else cast.hours
    during, before = (time >= truth.onset) & (time < end), time < truth.onset
    timing = contrast = 0.0
    after = during & (touched if touched.sum() < 0.95 * during.sum() else inside)
    for window in (24.0, 48.0, 96.0, 1e9):
        near_after = after & (time < truth.onset + window) & inside
        near_before = before & inside & (time >= truth.onset - window)
        timing = max(timing, _z(_side(near_after) - _side(near_before), moved, rows, traffic, quality, cast))
    others = during & ~touched
    if others.sum() > 30 and (during & touched).sum() > 30:
        hour = time.astype(int)
        count_in = np.bincount(hour, during & touched, cast.hours + 1)
        count_out = np.bincount(hour, others, cast.hours + 1)
        joint = count_in * count_out / np.maximum(count_in + count_out, 1)
        with np.errstate(divide="ignore", invalid="ignore"):
            weights = np.where(during & touched, joint[hour] / count_in[hour], 0.0)
            weights = weights - np.where(others, joint[hour] / count_out[hour], 0.0)
        weights = np.nan_to_num(weights) / max(joint.sum(), 1e-9)
        contrast = max(contrast, _z(weights, moved, rows, traffic, quality, cast))
        steady = ~inside if (~inside).sum() > 50 else None
        if steady is not None:
            for window in (48.0, 96.0, 1e9):
                late, early = during & (time < truth.onset + window), before & (time >= truth.onset - window)
                double = (_side(late & touched) - _side(early & inside)) - (
                    _side(late & steady) - _side(early & steady)
                )
                contrast = max(contrast, _z(double, moved, rows, traffic, quality, cast))
    if alternating:  # on and off many times: no single event can imitate it
        contrast = max(
            contrast,
            _z(_side(during & touched) - _side(during & ~touched & inside), moved, rows, traffic, quality, cast),
        )
    near = during & touched
    rate = near.sum() / max(end - truth.onset, 1.0)
    fall = abs(moved[near].mean()) if near.any() else 0.0
    spread = float(quality.variance[rows].mean()) + 0.02
    halfwidth = min(11 * spread / max(fall**2 * max(rate, 1e-6), 1e-9), 72.0)
    return OracleView(contrast=contrast, timing=timing, halfwidth=max(halfwidth, 4.0))


def rivals(truth: FaultTruth, view: OracleView, plan: Plan, visible: bool, guilty: list[str]) -> list[str]:
    """Innocent changes that even this reader could not rule out."""
    culprits = [change for change in plan.changes if change.id in guilty]
    by_contrast = visible and view.contrast >= 5
    found: list[str] = []
    low = min([truth.onset - truth.fault.lag, truth.onset] + [change.at for change in culprits]) - view.halfwidth
    high = truth.onset + view.halfwidth
    for change in plan.changes:
        if change.id in guilty or not change.declared or change.reverts:
            continue
        moments = [change.at] + [hour for hour, _ in change.stages] + list(change.region_stages.values())
        near = any(low <= moment <= high for moment in moments)
        if not near:
            continue
        same = any(_same_exposure(change, culprit) for culprit in culprits)
        if by_contrast and not same:
            continue
        ruler = change.key in RULER_LAYERS
        if same or change.everywhere_at_once or (ruler and not by_contrast):
            found.append(change.id)
    return found


def _same_exposure(one: Change, other: Change) -> bool:
    """True if two changes touch the same requests."""
    if one.everywhere_at_once and other.everywhere_at_once:
        return True
    if one.scope or other.scope:
        return one.scope == other.scope and not one.stages and not other.stages
    if one.region_stages and other.region_stages:
        return one.region_stages == other.region_stages
    return bool(one.stages) and one.stages == other.stages and one.unit_salt == other.unit_salt
