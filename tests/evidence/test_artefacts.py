"""Records that are no requests: copies of one slice move the plain mean, and more traffic of that slice is no artefact."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from blameline.cells import Cells, settled
from blameline.records import Signal

if TYPE_CHECKING:
    from collections.abc import Callable

Tell = Any
GROWN = 7.0


def leaning(build: Any, *, copied: bool, few: bool = False) -> Any:
    """From day 7 on the requests of the worst tenant come two and a half times as often: as copies, or as requests."""
    w = build.world(41, per_day=250)
    n = len(w.day)
    w.base = np.where(w.tenant == "crux", 0.5, 0.95)
    w.files.requests["gen_ai.conversation.id"] = np.array([f"c{index // 2}" for index in range(n)])
    w.files.requests["gen_ai.usage.output_tokens"] = w.rng.integers(20, 400, n)
    w.share("answer_correct", w.base)
    again = np.flatnonzero((w.tenant == "crux") & (w.day > GROWN))
    again = again[:12] if few else np.concatenate([again, again[::2]])
    requests = {name: np.concatenate([values, values[again]]) for name, values in w.files.requests.items()}
    requests["trace_id"][n:] = [f"twice{index:06x}" for index in range(len(again))]
    if not copied:
        requests["gen_ai.conversation.id"][n:] = [f"new{index}" for index in range(len(again))]
    values, _ = w.files.scores["answer_correct"]
    w.files.scores["answer_correct"] = (np.concatenate([values, values[again]]), None)
    w.files.requests = requests
    return w.files


def test_copies_of_one_slice_are_found_and_told(investigate: Callable[..., Tell], build: Any) -> None:
    told = investigate(leaning(build, copied=True), "copied")
    assert told.found.outcome == "artefact"
    assert told.ledger["artefact"].probability > 0.9
    gap = next(gap for gap in told.found.gaps if gap.kind == "doubled")
    assert "told twice" in gap.what
    assert gap.n is not None
    assert gap.n > 200


def test_more_requests_of_one_slice_are_no_artefact(investigate: Callable[..., Tell], build: Any) -> None:
    told = investigate(leaning(build, copied=False), "grown")
    assert told.found.outcome != "artefact"
    assert not [gap for gap in told.found.gaps if "told twice" in gap.what]


def test_a_dozen_copies_are_no_finding(investigate: Callable[..., Tell], build: Any) -> None:
    told = investigate(leaning(build, copied=True, few=True), "few copies")
    assert told.found.outcome == "no_shift"
    assert not [gap for gap in told.found.gaps if "told twice" in gap.what]


@pytest.mark.parametrize(("late", "lag", "held"), [(0.3, 10.0, True), (1.0, 10.0, False), (0.3, 0.5, False)])
def test_hours_whose_scores_are_still_coming_in(late: float, lag: float, held: bool) -> None:
    """Planted, innocent (scored as often as ever), and nothing known (scores that came at once)."""
    hours = np.arange(240)
    n = np.full(240, 40.0)

    def cells(scored: np.ndarray) -> Cells:
        zero = np.zeros(240, dtype=np.int64)
        signal = Signal(name="s", better="higher", unit="share", family="quality", bounded=True)
        return Cells(
            signal, datetime(2026, 3, 2, tzinfo=UTC), 3600, 240, hours, zero, zero, scored, scored, scored, ({},), ({},)
        )

    scored = np.where(hours >= 230, 20.0 * late, 20.0)
    begin = settled(cells(scored), cells(n), lag)
    assert np.isfinite(begin) == held
    if held:
        assert begin == 230.0
