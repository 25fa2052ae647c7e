"""What a check is told is what its query answers by hand, and the requests are gone through once."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from blameline.evidence.questions import exposure, window
from blameline.evidence.reading import Reading

if TYPE_CHECKING:
    from collections.abc import Callable

    from blameline.records import Query
    from blameline.store import Store

pytestmark = pytest.mark.xdist_group("told stories")


class Counted:
    """The store, and how often each query was run."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.run: Counter[str] = Counter()

    def query(self, name: str, /, **parameters: object) -> dict[str, np.ndarray[Any, Any]]:
        self.run[name] += 1
        return self.store.query(name, **parameters)

    def provenance(self, name: str, /, **parameters: object) -> Query:
        return self.store.provenance(name, **parameters)


@pytest.mark.parametrize("name", ["staged", "judged", "rolled_back", "continuous", "rubric", "tied"])
def test_the_rows_of_a_reading_are_those_of_the_queries(story: Callable[[str], Any], name: str) -> None:
    told = story(name)
    archive = Counted(told.case.store)
    reading = Reading(archive, told.hearing)
    changes = [candidate for candidate in told.hearing.candidates if not candidate.standing]
    assert changes
    for candidate in changes:
        asked = {**window(told.hearing), **exposure(candidate)}
        for query in ("evidence/contrast", "evidence/by_day", "evidence/segments"):
            mine, theirs = reading.query(query, **asked), told.case.store.query(query, **asked)
            assert list(mine) == list(theirs)
            for column, values in theirs.items():
                if column in {"mean", "exposed"} and values.dtype.kind == "f":
                    assert mine[column] == pytest.approx(values, rel=1e-7)
                else:
                    assert (mine[column] == values).all()
    assert archive.run["evidence/pieces"] == 1
    assert not sum(archive.run[f"evidence/{query}"] for query in ("contrast", "by_day", "segments"))


def test_what_a_reading_does_not_hold_is_asked_for_once(story: Callable[[str], Any]) -> None:
    told = story("staged")
    archive = Counted(told.case.store)
    reading = Reading(archive, told.hearing)
    for _ in range(2):
        assert reading.query("evidence/days", **window(told.hearing))["n"].sum()
    other = {**window(told.hearing), "signal": "tone", **exposure(told.hearing.candidates[0])}
    assert list(reading.query("evidence/contrast", **other)) == ["exposed", "after", "n", "mean"]
    assert archive.run == {"evidence/days": 1, "evidence/contrast": 1}
