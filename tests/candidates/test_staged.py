"""Records of one rollout are one bid, and records of several changes are several."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import numpy as np
import pytest

from blameline.candidates import Candidate, Seen, bidders, list_candidates
from blameline.candidates.exposure import declared
from blameline.cells import Cells, Clock
from blameline.records import LAYER_OF_KIND, Change, Signal

START = datetime(2026, 3, 2, tzinfo=UTC)
CLOCK = Clock(START, START + timedelta(days=12), 3600, 5000)
EU, US, AP = ({"cloud.region": name} for name in ("eu", "us", "ap"))
ROUTER = {"kind": "router_config", "component": "intent-router"}


def record(name: str, day: float, scope: dict[str, str], **more: Any) -> Change:
    told = {**ROUTER, "to": "small-first", **more}
    told = {key: value for key, value in told.items() if value is not None}
    at = START + timedelta(days=day)
    return Change.model_validate({"id": name, "at": at, "layer": LAYER_OF_KIND[told["kind"]], "scope": scope} | told)


def bids(*records: Change, seen: tuple[Seen, ...] = ()) -> list[Candidate]:
    return [one for one in bidders(list_candidates(records, seen, CLOCK)) if not one.standing]


def names(*records: Change) -> list[str]:
    return [one.id for one in bids(*records)]


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_a_rollout_in_three_records_is_one_bid(order: tuple[int, ...]) -> None:
    words = "short questions go to the small model"
    records = [
        record("c-7-1", 4, EU, to=None, summary=words),
        record("c-7-2", 4.6, US, summary=words),
        record("c-7-3", 5.1, AP, summary=words),
    ]
    (one,) = bids(*(records[at] for at in order))
    assert (one.id, one.starts, one.key) == ("c-7-1", records[0].at, None)
    assert [stage.id for stage in one.stages] == ["c-7-2", "c-7-3"]
    assert one.summary == f"{words} (further records of its rollout: c-7-2, c-7-3)"
    assert one.scope == {}


def test_its_column_is_the_union_of_the_stages() -> None:
    (one,) = bids(record("a", 4, EU), record("b", 5, US))
    hour = np.repeat(np.arange(240), 3)
    segment = np.tile([0, 1, 2], 240)
    n = np.full(720, 10.0)
    cells = Cells(
        signal=Signal(name="q", better="higher"), origin=START, width=3600, buckets=240, bucket=hour, segment=segment,
        version=np.zeros(720, dtype=int), n=n, total=0.8 * n, square=0.8 * n, segments=(EU, US, AP), versions=({},),
    )  # fmt: skip
    wanted = ((segment == 0) & (hour >= 96)) | ((segment == 1) & (hour >= 120))
    assert (declared(one, cells, 0.0) == wanted).all()
    later = ((segment == 0) & (hour >= 98)) | ((segment == 1) & (hour >= 122))
    assert (declared(one, cells, 2.0) == later).all()


@pytest.mark.parametrize(
    "second",
    [
        record("b", 4.5, US, to="large-first"),
        record("b", 4.5, US, component="cost-router"),
        record("b", 4.5, US, kind="prompt_edit"),
        record("b", 4.5, US, **{"from": "round-robin"}),
        record("b", 4.5, US, to=None),
        record("b", 4.5, US, to=None, summary="another list of models"),
        record("b", 4.5, EU),
        record("b", 4.5, {"tenant.id": "acme"}),
        record("b", 9.5, US),
        record("b", 4.5, US, reverts="a"),
    ],
    ids=[
        "another version", "another component", "another kind", "from another version", "nothing in common",
        "other words", "the same place again", "places that overlap", "much later", "a revert",
    ],
)  # fmt: skip
def test_two_changes_of_one_layer_stay_two(second: Change) -> None:
    first = record("a", 4, EU, **{"from": "default", "summary": "short questions go to the small model"})
    assert names(first, second) == ["a", "b"]


def test_a_record_alone_is_as_it_was() -> None:
    (one,) = bids(record("a", 4, EU, summary="as before"))
    assert (one.stages, one.summary, one.scope) == ((), "as before", EU)


def test_the_last_record_may_be_for_all_the_rest_and_a_share_may_grow() -> None:
    assert names(record("a", 4, EU), record("b", 5, {})) == ["a"]
    assert names(record("a", 4, {}), record("b", 5, EU)) == ["a", "b"]

    def share(name: str, day: float, percent: float) -> Change:
        at = START + timedelta(days=day)
        return record(name, day, {}, rollout=[{"at": at, "percent": percent}])

    assert names(share("a", 4, 10), share("b", 5, 50), share("c", 6, 100)) == ["a"]
    assert names(share("a", 4, 50), share("b", 5, 10)) == ["a", "b"]


def test_ids_with_one_stem_are_of_one_rollout_only_where_nothing_speaks_against_it() -> None:
    assert names(record("r-41-1", 4, EU, to=None), record("r-41-2", 5, US, to=None)) == ["r-41-1"]
    assert names(record("r-41", 4, EU, to=None), record("r-42", 5, US, to=None)) == ["r-41", "r-42"]
    assert names(record("r-41-1", 4, EU), record("r-41-2", 5, US, to="large-first")) == ["r-41-1", "r-41-2"]


def test_the_version_that_one_record_names_is_that_of_all() -> None:
    version = Seen(
        "router:app.router.version", "small-first", START + timedelta(days=4.5), START + timedelta(days=12), 900
    )
    words = {"summary": "short questions go to the small model"}
    (one,) = bids(record("a", 4, EU, to=None, **words), record("b", 4.5, US, **words), seen=(version,))
    assert (one.id, one.key, one.value, one.at) == ("a", version.key, "small-first", START + timedelta(days=4))
