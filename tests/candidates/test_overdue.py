"""What should have been renewed and was not: who bids with an age, and what its columns are."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import numpy as np
import pytest

from blameline.candidates import Candidate, Seen, list_candidates, variants
from blameline.cells import Cells, Clock
from blameline.records import Change, Signal

START = datetime(2026, 3, 2, tzinfo=UTC)
CLOCK = Clock(START, START + timedelta(days=14), 3600, 5000)
INDEX = "retrieval:app.index.version"


def at(day: float) -> datetime:
    return START + timedelta(days=day)


def renewed(*days: float, end: float = 14) -> list[Seen]:
    """An index that is there from the start and renewed on these days."""
    times = [0.0, *days]
    return [
        Seen(INDEX, f"i-{number}", at(first), at(last), 400)
        for number, (first, last) in enumerate(zip(times, [*times[1:], end], strict=True))
    ]


def refreshes(*days: float) -> list[Change]:
    return [
        Change.model_validate(
            {"id": f"r-{n}", "at": at(day), "kind": "index_refresh", "layer": "retrieval", "to": f"i-{n}"}
        )
        for n, day in enumerate(days, start=1)
    ]


def stale(changes: list[Change], versions: list[Seen]) -> list[Candidate]:
    return [one for one in list_candidates(changes, versions, CLOCK) if one.overdue is not None]


def test_an_index_that_stays_longer_than_usual_bids_with_its_age() -> None:
    days = (1, 2, 3, 4.1, 5)
    (one,) = stale(refreshes(*days), renewed(*days))
    assert one.id == "undeclared:retrieval:app.index.version=i-5"
    assert (one.kind, one.layer, one.declared) == ("staleness", "retrieval", False)
    assert one.overdue is not None
    assert one.overdue.usual == timedelta(days=1)
    assert one.starts == one.overdue.due == at(6)
    assert "stayed for 9.0 days, and was renewed every 24 h before (4 renewals)" in one.summary


def test_a_stay_that_is_over_counts_too() -> None:
    days = (1, 2, 3, 4, 10, 11, 12, 13)
    (one,) = stale(refreshes(*days), renewed(*days))
    assert one.value == "i-4"
    assert one.overdue is not None
    assert one.overdue.until == at(10)


@pytest.mark.parametrize(
    "days",
    [
        (2, 4, 6, 8, 10, 12),  # the cadence holds
        (1, 4, 5, 9.5),  # there is none
        (1, 2, 3, 6, 7, 8, 9, 10, 13),  # it rests at weekends
        (3, 6),  # too few
        (),
    ],
)
def test_nothing_is_overdue_without_a_cadence_that_broke(days: tuple[float, ...]) -> None:
    assert not stale(refreshes(*days), renewed(*days))


def test_a_declared_renewal_under_the_same_name_clears_it() -> None:
    days = (1, 2, 3, 4, 5)
    again = Change.model_validate({"id": "again", "at": at(9), "kind": "index_refresh", "layer": "retrieval"})
    assert stale(refreshes(*days), renewed(*days))
    assert not stale([*refreshes(*days), again], renewed(*days))


def test_other_layers_are_not_expected_to_be_renewed() -> None:
    prompts = [
        Seen("prompt:gen_ai.prompt.version", one.value, one.first, one.last, one.n) for one in renewed(1, 2, 3, 4)
    ]
    assert not stale([], prompts)


def test_an_undeclared_value_bids_once_with_its_appearance_and_its_age() -> None:
    (one,) = stale([], renewed(1, 2, 3, 4, 5))
    assert one.kind == "undeclared_retrieval"
    assert one.seen_at == at(5)
    labels = variants(one, cells(), []).labels
    assert labels[0] == "as recorded"
    assert "older than usual" in labels


def test_order_does_not_matter() -> None:
    days = (1, 2, 3, 4)
    told = {
        tuple((one.id, one.at) for one in list_candidates(list(changes), list(reversed(renewed(*days))), CLOCK))
        for changes in permutations(refreshes(*days))
    }
    assert len(told) == 1


def cells(**more: Any) -> Cells:
    hours = np.arange(14 * 24)
    number = np.minimum(hours // 24, 5)
    return Cells(
        signal=Signal(name="answer_correct", better="higher"),
        origin=START,
        width=3600,
        buckets=len(hours),
        bucket=np.concatenate([hours, hours]),
        segment=np.zeros(2 * len(hours), dtype=np.int64),
        version=np.concatenate([number, np.full(len(hours), 6)]),
        n=np.ones(2 * len(hours)),
        total=np.ones(2 * len(hours)),
        square=np.ones(2 * len(hours)),
        segments=({},),
        versions=(*({INDEX: f"i-{k}"} for k in range(6)), {}),
        **more,
    )


def test_its_columns_grow_with_the_age_and_only_on_what_reaches_it() -> None:
    days = (1, 2, 3, 4, 5)
    (one,) = stale(refreshes(*days), renewed(*days))
    told, have = variants(one, cells(), [{"tenant": "a"}]), cells()
    assert np.exp(told.log_weight).sum() == pytest.approx(1.0)
    assert told.columns.min() >= 0
    assert told.columns.max() <= 1
    reaching = have.carries(INDEX, "i-5") > 0
    assert not told.columns[~reaching].any()
    first = told.columns[:, 0]
    assert not first[have.hours < 6 * 24].any()
    grown = first[reaching & (have.hours > 6 * 24)]
    assert (np.diff(grown) > 0).all()
    assert grown[-1] == pytest.approx(1.0, abs=0.01)
