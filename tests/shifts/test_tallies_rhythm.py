"""Regions get up at different hours: a rhythm of a slice's own is no loss of its requests, and a loss beside it is seen."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from blameline.cells import Cells
from blameline.cells.read import VOLUME
from blameline.shifts.tallies import Tallies

BUCKETS = 12 * 24
PLACE = (("cloud.region", "eu"),)


def counted(lost: float, seed: int) -> tuple[float, float]:
    """The largest log factor of a fall in one region, and the share that is lost from hour 150 on as the counts tell it."""
    rng = np.random.default_rng(seed)
    hours = np.arange(BUCKETS) + 0.5
    eu = 12 * (1 + 0.9 * np.sin(2 * np.pi * hours / 24)) * np.where(hours > 150, 1 - lost, 1.0)
    us = 8 * (1 + 0.9 * np.sin(2 * np.pi * (hours - 9) / 24))
    n = np.concatenate([rng.poisson(eu), rng.poisson(us)])
    bucket, segment = np.tile(np.arange(BUCKETS), 2)[n > 0], np.repeat([0, 1], BUCKETS)[n > 0]
    requests = n[n > 0].astype(float)
    cells = Cells(
        signal=VOLUME,
        origin=datetime(2026, 3, 2, tzinfo=UTC),
        width=3600,
        buckets=BUCKETS,
        bucket=bucket,
        segment=segment,
        version=np.zeros(len(bucket), dtype=np.int64),
        n=requests,
        total=requests,
        square=requests,
        segments=({"cloud.region": "eu"}, {"cloud.region": "us"}),
        versions=({},),
    )
    begins = np.arange(48, BUCKETS - 48, 6)
    profiles = (hours[:, None] > begins[None, :]).astype(float)
    told = Tallies(cells).inside("requests", PLACE, profiles)
    return float(told.log_factor.max()), float(told.lost[np.flatnonzero(begins == 150)[0]])


@pytest.mark.parametrize("seed", range(3))
def test_a_region_with_hours_of_its_own_lost_nothing(seed: int) -> None:
    factor, lost = counted(0.0, seed)
    assert factor < 3
    assert abs(lost) < 0.25


def test_a_loss_is_seen_beside_the_rhythm() -> None:
    factor, lost = counted(0.5, 7)
    assert factor > 6
    assert lost == pytest.approx(0.5, abs=0.15)
