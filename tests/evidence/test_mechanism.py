"""What the layers act on: one bounded ratio, no innocent side effect that convicts, and mediators whatever else is scored."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from blameline.case import finding
from blameline.cells import clock, measured, read, read_touched, touches
from blameline.evidence.chain import carried
from blameline.evidence.mediators import FAMILY, MOST, SPECIFIC, TABLE

if TYPE_CHECKING:
    from collections.abc import Callable

Tell = Any  # ``Told`` of conftest.py, which cannot be imported

pytestmark = pytest.mark.xdist_group("told stories")  # each is investigated once


def rows(before: dict[int, tuple[int, int]], after: dict[int, tuple[int, int]]) -> dict[str, np.ndarray]:
    """Level -> how many requests, and how many of them were good, on both sides of the onset."""
    told = [(day, level, n, good) for day, side in ((-1, before), (1, after)) for level, (n, good) in side.items()]
    day, level, n, good = (np.array(part) for part in zip(*told, strict=True))
    return {"day": day, "level": level, "scored": n, "score": good, "score_square": good}


def test_chances_are_chances_and_no_family_speaks_for_the_model() -> None:
    families = set(FAMILY.values())
    for layer, row in TABLE.items():
        assert set(row) <= families, layer
        for guilty, innocent in row.values():
            assert 0 < innocent <= guilty < 1
            assert layer == "unknown" or guilty / innocent <= 8
    assert all(guilty < SPECIFIC * innocent for guilty, innocent in TABLE["model"].values())
    assert all(
        row.get("length", (1, 1))[0] < 2 * row.get("length", (1, 1))[1]
        for name, row in TABLE.items()
        if name != "unknown"
    )


def test_a_loss_where_the_tool_failed_goes_through_the_tool() -> None:
    told = carried(rows({0: (970, 873), 1: (30, 3)}, {0: (700, 630), 1: (300, 30)}), -1)
    assert told is not None
    assert told.share == pytest.approx(1.0, abs=0.02)
    assert told.through > 5 * told.error


@pytest.mark.parametrize("good", [0.9, 0.7])
def test_a_benign_move_carries_nothing(good: float) -> None:
    """Answers got shorter, and all of them got worse or none: the loss is not where they are short."""
    after = {0: (300, round(300 * good)), 1: (700, round(700 * good))}
    told = carried(rows({0: (700, 630), 1: (300, 270)}, after), -1)
    assert told is not None
    assert abs(told.through) < 0.01
    assert told.share < 0.05


def test_too_little_scored_says_nothing_of_what_carried_the_loss() -> None:
    assert carried(rows({0: (20, 18)}, {0: (900, 600)}), -1) is None


def test_the_ratio_is_bounded_and_stands_in_the_waterfall(story: Callable[[str], Tell]) -> None:
    for name in ("tools fail", "nothing found", "all fall", "beside"):
        told = story(name)
        for candidate in told.hearing.candidates:
            assert abs(told.hearing.mechanism.log_ratio(candidate)) <= MOST
        assert not set(told.ledger["guilty"].log_evidence) & set(FAMILY)
    assert story("tools fail").ledger["guilty"].log_evidence["mechanism"] > math.log(5)
    assert story("all fall").ledger["guilty"].log_evidence["mechanism"] < -1


def test_what_reached_everybody_at_once_is_convicted_by_what_it_acts_on_and_its_neighbour_is_not(
    story: Callable[[str], Tell],
) -> None:
    for name in ("tools fail", "nothing found"):
        told = story(name)
        assert told.found.outcome == "attributed"
        assert told.ledger["guilty"].verdict == "supported"
        assert told.ledger["edit"].verdict in {"consistent", "excluded"}
        assert told.answer("exposure", "guilty").verdict == "inconclusive"  # nothing else speaks for it but the clock


def test_a_mediator_that_moved_and_carried_nothing_convicts_nobody(story: Callable[[str], Tell]) -> None:
    told = story("beside")
    assert told.found.outcome in {"tied", "unattributed"}
    assert {line.verdict for line in told.ledger.values()}.isdisjoint({"supported", "confirmed"})


def test_too_little_says_how_many_would_tell(story: Callable[[str], Tell]) -> None:
    told = story("nothing found").answer("mechanism", "edit")
    assert told.verdict == "inconclusive"
    assert "not on record" in told.because


def test_mediators_are_read_whatever_the_number_of_scores(
    investigate: Callable[..., Tell], files_of: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finding, "MOST_SIGNALS", 1)
    told = investigate(files_of("tools fail"), "tools fail")
    assert "tool_failed" not in told.hearing.fits
    assert told.hearing.mechanism.families["tool"] == ("tool_failed",)
    assert told.ledger["guilty"].verdict == "supported"


def test_order_of_rows_and_files_does_not_matter(
    story: Callable[[str], Tell], investigate: Callable[..., Tell], files_of: Callable[[str], Any]
) -> None:
    again = investigate(files_of("nothing found"), "nothing found", shuffle=5)
    assert again.found.model_dump_json() == story("nothing found").found.model_dump_json()


def test_cells_by_what_was_touched_hold_the_same_requests(story: Callable[[str], Tell]) -> None:
    store = story("tools fail").case.store
    window = clock(store)
    assert window is not None
    signal = next(one for one in measured(store, window) if one.name == "answer_correct")
    whole = read(store, signal, window)
    parted = read_touched(store, whole, window)
    assert parted.n.sum() == whole.n.sum()
    assert parted.total.sum() == pytest.approx(whole.total.sum())
    share = float(touches(parted, "tools") @ parted.n) / float(parted.n.sum())
    assert share == pytest.approx(0.45, abs=0.03)
    assert not touches(parted, "guardrail").any()
