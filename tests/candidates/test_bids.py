"""Who bids: links between records and versions, undeclared versions, reverts, and the standing bidders."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest

from blameline.candidates import STANDING, Candidate, Seen, bidders, list_candidates
from blameline.cells import Clock
from blameline.records import LAYER_OF_KIND, Change

START = datetime(2026, 3, 2, tzinfo=UTC)
CLOCK = Clock(START, START + timedelta(days=12), 3600, 5000)
PROMPT = "prompt:gen_ai.prompt.version"
INDEX = "retrieval:app.index.version"


def at(day: float) -> datetime:
    return START + timedelta(days=day)


def change(name: str, day: float, kind: str = "prompt_edit", **more: Any) -> Change:
    return Change.model_validate({"id": name, "at": at(day), "kind": kind, "layer": LAYER_OF_KIND[kind], **more})


def seen(key: str, value: str, first: float, last: float = 12, n: int = 2000) -> Seen:
    return Seen(key, value, at(first), at(last), n)


def by_id(changes: list[Change], versions: list[Seen]) -> dict[str, Candidate]:
    return {one.id: one for one in list_candidates(changes, versions, CLOCK)}


def test_the_standing_bidders_are_always_there() -> None:
    assert [one.id for one in list_candidates([], [], CLOCK)] == list(STANDING)
    assert all(one.standing and one.starts is None for one in list_candidates([], [], CLOCK))


@pytest.mark.parametrize("value", ["v2", "V2", " v2", "support/prompt@v2", "support/prompt:v2"])
def test_a_change_is_linked_to_the_version_that_it_names(value: str) -> None:
    versions = [seen(PROMPT, "v1", 0, 6), seen(PROMPT, value, 6.2)]
    found = by_id([change("c", 6, to="v2", component="support/prompt")], versions)
    assert (found["c"].key, found["c"].value) == (PROMPT, value)
    assert found["c"].starts == at(6.2)
    assert not [name for name in found if name.startswith("undeclared")]


def test_a_name_of_another_layer_is_no_link() -> None:
    found = by_id([change("c", 6, to="v2")], [seen(INDEX, "v2", 6)])
    assert found["c"].key is None
    assert "undeclared:retrieval:app.index.version=v2" in found


def test_a_change_without_a_name_is_linked_by_its_time() -> None:
    versions = [seen(PROMPT, "v1", 0, 6), seen(PROMPT, "v2", 6.1), seen(PROMPT, "v3", 9)]
    found = by_id([change("c", 6)], versions)
    assert found["c"].value == "v2"
    assert found["c"].successors == ("v3",)
    assert "undeclared:prompt:gen_ai.prompt.version=v3" in found
    assert by_id([change("c", 4)], versions)["c"].key is None


def test_a_version_goes_to_one_change_only() -> None:
    versions = [seen(PROMPT, "v1", 0, 6), seen(PROMPT, "v2", 6)]
    found = by_id([change("named", 6.02, to="v2"), change("near", 6)], versions)
    assert found["named"].value == "v2"
    assert found["near"].key is None


def test_a_new_version_on_no_record_is_a_bidder() -> None:
    versions = [seen("model:gen_ai.response.model", "m-1", 0, 6), seen("model:gen_ai.response.model", "m-2", 6)]
    found = by_id([], versions)
    bid = found["undeclared:model:gen_ai.response.model=m-2"]
    assert (bid.layer, bid.declared, bid.starts) == ("model", False, at(6))
    assert "undeclared:model:gen_ai.response.model=m-1" not in found, "it was there from the start"


def test_a_handful_of_requests_is_no_version() -> None:
    assert set(by_id([], [seen(PROMPT, "v1", 0), seen(PROMPT, "typo", 6, 6.1, 5)])) == set(STANDING)


def test_two_attributes_that_move_together_are_one_bid() -> None:
    versions = [seen(PROMPT, "v2", 6), seen("prompt:app.prompt.hash", "abc", 6.01)]
    found = [one for one in by_id([], versions).values() if not one.standing]
    assert len(found) == 1
    assert len(found[0].also) == 1


def test_a_revert_ends_what_it_takes_back() -> None:
    found = by_id(
        [change("c", 5, to="v2"), change("r", 8, to="v1", reverts="c")],
        [seen(PROMPT, "v1", 0), seen(PROMPT, "v2", 5, 8)],
    )
    assert found["c"].until == at(8)
    assert found["r"].returned
    assert found["r"].starts == at(8)


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_records_of_one_rollout_are_one_bid(order: tuple[int, ...]) -> None:
    records = [change(f"c-{number}", 6 + number / 4, to="v2") for number in range(3)]
    versions = [seen(PROMPT, "v1", 0, 7), seen(PROMPT, "v2", 6)]
    found = bidders(list_candidates([records[number] for number in order], versions, CLOCK))
    (only,) = [one for one in found if not one.standing]
    assert only.id == "c-0"
    assert only.summary.endswith("(further records of its rollout: c-1, c-2)")


def test_two_versions_and_what_goes_back_to_one_are_bids_of_their_own() -> None:
    records = [
        change("c-0", 3, to="v2"),
        change("c-1", 6, to="v3"),
        change("c-2", 9, to="v2"),
        change("c-3", 6, "deploy"),
    ]
    versions = [seen(PROMPT, "v1", 0, 3), seen(PROMPT, "v2", 3), seen(PROMPT, "v3", 6, 9)]
    found = bidders(list_candidates(records, versions, CLOCK))
    assert [one.id for one in found if not one.standing] == ["c-0", "c-1", "c-3", "c-2"]


def test_the_order_of_records_and_versions_does_not_matter() -> None:
    changes = [change("a", 5), change("b", 6, "index_refresh"), change("c", 6.01)]
    versions = [seen(PROMPT, "v2", 5), seen(PROMPT, "v3", 6), seen(INDEX, "i-2", 6)]
    wanted = list_candidates(changes, versions, CLOCK)
    for order in permutations(changes):
        assert list_candidates(order, versions, CLOCK) == wanted
    for order in permutations(versions):
        got = {one.id: (one.key, one.value) for one in list_candidates(changes, order, CLOCK)}
        assert got == {one.id: (one.key, one.value) for one in wanted}
