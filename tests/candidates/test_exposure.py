"""What a bid predicts: its columns, between 0 and 1, with weights that sum to 1."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from blameline.candidates import Candidate, variants
from blameline.candidates.exposure import declared, kept, stamped
from blameline.cells import Cells
from blameline.records import LAYER_OF_KIND, Change, Signal

START = datetime(2026, 3, 2, tzinfo=UTC)
PROMPT = "prompt:gen_ai.prompt.version"
PLACES = [{"region": "eu"}, {"region": "us"}]


def cells(lost: float = 0.0) -> Cells:
    """Ten days by the hour, two regions; v2 in the EU from day 4, v3 everywhere from day 8."""
    hour = np.repeat(np.arange(240), 2)
    segment = np.tile([0, 1], 240)
    version = np.where(hour >= 192, 2, np.where((hour >= 96) & (segment == 0), 1, 0))
    rng = np.random.default_rng(0)
    version = np.where(rng.random(480) < lost, 3, version)
    n = np.full(480, 10.0)
    return Cells(
        signal=Signal(name="q", better="higher"),
        origin=START, width=3600, buckets=240, bucket=hour, segment=segment, version=version,
        n=n, total=0.8 * n, square=0.8 * n,
        segments=({"region": "eu"}, {"region": "us"}), versions=({PROMPT: "v1"}, {PROMPT: "v2"}, {PROMPT: "v3"}, {}),
    )  # fmt: skip


def bid(
    day: float = 4, kind: str = "prompt_edit", *, key: str | None = None, until: float | None = None, **more: Any
) -> Candidate:
    at = START + timedelta(days=day)
    record = Change.model_validate({"id": "c", "at": at, "kind": kind, "layer": LAYER_OF_KIND[kind], **more})
    return Candidate(
        id="c", kind=kind, layer=record.layer, declared=True, at=at, change=record,
        key=key, value="v2" if key else None, seen_at=at if key else None,
        until=START + timedelta(days=until) if until else None, successors=("v3",) if key else (),
    )  # fmt: skip


def test_a_stamp_is_the_column() -> None:
    made = cells()
    wanted = (made.hours > 96) & (made.hours < 192) & made.inside({"region": "eu"})
    assert stamped(bid(key=PROMPT), made).tolist() == wanted.astype(float).tolist()
    assert kept(bid(key=PROMPT), made).tolist() == (made.hours > 192).astype(float).tolist()


def test_a_lost_stamp_counts_as_its_hour_does() -> None:
    made = cells(lost=0.05)
    column = stamped(bid(key=PROMPT), made)
    assert ((column >= 0) & (column <= 1)).all()
    assert (column[made.hours < 96] == 0).all()


def test_a_record_alone_is_time_scope_stages_and_revert() -> None:
    made = cells()
    assert declared(bid(), made, 0.0).tolist() == (made.hours > 96).astype(float).tolist()
    assert declared(bid(), made, 6.0).tolist() == (made.hours > 102).astype(float).tolist()
    scoped = declared(bid(scope={"region": "us"}), made, 0.0)
    assert scoped.tolist() == ((made.hours > 96) & made.inside({"region": "us"})).astype(float).tolist()
    stages = [{"at": START + timedelta(days=6), "percent": 100}, {"at": START + timedelta(days=4), "percent": 25}]
    staged = declared(bid(rollout=stages), made, 0.0)
    assert staged.tolist() == np.select([made.hours > 144, made.hours > 96], [1.0, 0.25]).tolist()
    gone = declared(bid(until=5), made, 0.0)
    assert gone.tolist() == ((made.hours > 96) & (made.hours < 120)).astype(float).tolist()


@pytest.mark.parametrize(
    "candidate",
    [bid(), bid(key=PROMPT), bid(0), bid(9.99), bid(-3), bid(30), bid(scope={"region": "eu"}), bid(kind="judge_change"),
     bid(uncertainty="PT48H"), bid(until=4.01)],
    ids=["plain", "stamped", "first", "last", "before", "after", "scoped", "judge", "vague", "short"],
)  # fmt: skip
def test_variants_are_shares_and_their_weights_sum_to_one(candidate: Candidate) -> None:
    found = variants(candidate, cells(), PLACES)
    assert found.columns.shape == (480, len(found.labels)) == (480, len(found.log_weight))
    assert ((found.columns >= 0) & (found.columns <= 1)).all()
    assert np.exp(found.log_weight).sum() == pytest.approx(1)
    assert found.labels[0] == "as recorded"
    assert len(set(found.labels)) == len(found.labels)
