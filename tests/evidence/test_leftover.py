"""What a ruler's link leaves open: it follows the kinds of answers that were scored again, and stays unsure of those that were not."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from blameline.cells import Cells
from blameline.evidence.bridge import Span
from blameline.evidence.leftover import allowing, left
from blameline.fit import Fit
from blameline.records import Signal

BUCKETS, EACH, MOVE, SPREAD = 96, 40.0, -0.1, 0.06
KINDS = ("easy", "hard")


def cells_of(hard: float) -> Cells:
    """Scores around 0.9 in two kinds of requests; from half of the time on the hard ones fall by ``hard``."""
    rng = np.random.default_rng(5)
    bucket, segment = np.repeat(np.arange(BUCKETS), 2), np.tile([0, 1], BUCKETS)
    n = np.full(2 * BUCKETS, EACH)
    mean = 0.9 + rng.normal(0, 0.1 / np.sqrt(EACH), len(n)) + hard * ((bucket >= BUCKETS // 2) & (segment == 1))
    return Cells(
        signal=Signal(name="quality", better="higher", bounded=True),
        origin=datetime(2026, 3, 2, tzinfo=UTC),
        width=10_800,
        buckets=BUCKETS,
        bucket=bucket.astype(np.int64),
        segment=segment.astype(np.int64),
        version=np.zeros(2 * BUCKETS, dtype=np.int64),
        n=n,
        total=n * mean,
        square=n * (mean**2 + 0.01),
        segments=tuple({"task": kind} for kind in KINDS),
        versions=({},),
    )


def span_of(counts: tuple[int, int], more: float) -> tuple[Span, dict[str, np.ndarray]]:
    """Answers of each kind, scored again; the hard ones moved by ``more`` beyond the rest."""
    kinds = np.repeat(KINDS, counts).astype(object)
    items = np.array([f"a{number}" for number in range(len(kinds))], dtype=object)
    noise = np.tile([SPREAD, -SPREAD], len(kinds))[: len(kinds)]
    apart = MOVE + more * (kinds == "hard") + noise
    n = len(apart)
    error = SPREAD / np.sqrt(n)
    span = Span("rescored", float(apart.mean()), error, n, 2 * n, 0.0, "j-1", "j-2", True, 1.0, items, apart)
    return span, {"item": items, "attribute": np.full(n, "task", dtype=object), "kind": kinds}


def late(cells: Cells) -> np.ndarray:
    return (cells.bucket >= BUCKETS // 2).astype(float)


def fall(cells: Cells, unsure: np.ndarray) -> float:
    """Log Bayes factor that the hard requests fell by something other than the ruler."""
    fit = allowing(Fit(cells).expecting(0.05), [unsure])
    return float(fit.scores((late(cells) * (cells.segment == 1))[:, None]).log_factor(fit.slab, sign=-1)[0])


def test_many_answers_of_a_kind_say_how_far_the_ruler_moved_there() -> None:
    cells = cells_of(0.0)
    span, rows = span_of((100, 100), -0.04)
    told = left(cells, late(cells), span, rows)
    hard = (cells.segment == 1) & (late(cells) > 0)
    assert told.moved[hard] == pytest.approx(MOVE - 0.04, abs=0.01)
    assert told.moved[(cells.segment == 0) & (late(cells) > 0)] == pytest.approx(MOVE, abs=0.01)
    assert not told.moved[late(cells) == 0].any()


def test_a_kind_that_nobody_scored_again_stays_unsure() -> None:
    cells = cells_of(0.0)
    hard = (cells.segment == 1) & (late(cells) > 0)
    sure, unsure = (
        np.sqrt((left(cells, late(cells), *span_of(counts, 0.0)).unsure[hard] ** 2).sum(axis=1).mean())
        for counts in ((100, 100), (200, 0))
    )
    assert sure < 0.012
    assert unsure > 0.02


def test_a_step_within_the_links_error_is_no_fall_and_one_beyond_it_is() -> None:
    span, rows = span_of((200, 0), 0.0)
    inside, beyond = cells_of(-0.03), cells_of(-0.25)
    assert fall(inside, np.zeros((len(inside.n), 0))) > 5
    assert fall(inside, left(inside, late(inside), span, rows).unsure) < 1
    assert fall(beyond, left(beyond, late(beyond), span, rows).unsure) > 5


def test_too_few_answers_tell_a_step_from_the_ruler_no_more() -> None:
    cells = cells_of(-0.06)
    many, few = (left(cells, late(cells), *span_of(counts, 0.0)).unsure for counts in ((150, 150), (4, 4)))
    assert fall(cells, many) > 5
    assert fall(cells, few) < 3
