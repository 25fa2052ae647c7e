"""A change that no trace shows, in a changelog whose other records are all off by the same."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from traced import CLOCK, INDEX, PROMPT, START, Traced, change, day, steady

from blameline.candidates import Candidate, corrected, list_candidates, variants, versions_seen
from blameline.cells import Cells
from blameline.records import Change, Signal

KEYS = {PROMPT: ("prompt_edit", 3.0), INDEX: ("index_refresh", 5.0), "model:gen_ai.response.model": ("model_swap", 7.0)}
HIDDEN = change("hidden", 6, "tool_schema", to="t-2")


def bids(
    *, off: float = 5.0, shown: int = 3, sources: tuple[str, ...] = ("changes.yaml",) * 3, hidden: Change = HIDDEN
) -> dict[str, Candidate]:
    """Records that the traces show ``off`` hours after their own time, and one that they do not show."""
    told = dict(list(KEYS.items())[:shown])

    def moved(at: float) -> dict[str, str]:
        return {key: "new" if at >= when + off / 24 else "old" for key, (_, when) in told.items()}

    records = [
        change(key, when, kind, to="new", source=source)
        for (key, (kind, when)), source in zip(told.items(), sources, strict=False)
    ]
    store: Any = Traced(steady(moved, every=0.004))
    found = corrected(store, CLOCK, list_candidates([*records, hidden], versions_seen(store, CLOCK), CLOCK))
    return {one.id: one for one in found}


def cells() -> Cells:
    hour, n = np.arange(288), np.full(288, 10.0)
    none = np.zeros(288, dtype=int)
    return Cells(
        signal=Signal(name="q", better="higher"), origin=START, width=3600, buckets=288, bucket=hour, segment=none,
        version=none, n=n, total=0.8 * n, square=0.8 * n, segments=({},), versions=({},),
    )  # fmt: skip


def begins(candidate: Candidate) -> dict[str, tuple[int, float]]:
    """By variant: the hour from which it acts, and its weight."""
    made = variants(candidate, cells(), [])
    return {
        label: (int(np.argmax(made.columns[:, at] > 0)), float(np.exp(made.log_weight[at])))
        for at, label in enumerate(made.labels)
    }


@pytest.mark.parametrize("off", [5.0, -5.0])
def test_where_the_records_of_its_file_agree_its_time_is_set_right(off: float) -> None:
    one = bids(off=off)["hidden"]
    assert one.at == day(6)
    assert one.off == off
    assert one.starts == day(6 + off / 24)
    told = begins(one)
    assert told["as recorded"][0] == 144 + off
    assert told["as written"][0] == 144
    assert told["+1.5 h"][0] == 144 + off + 2  # a bucket counts by its middle
    assert "+6 h" not in told
    assert told["as recorded"][1] > 5 * told["as written"][1]
    assert sum(weight for _, weight in told.values()) == pytest.approx(1)


def test_one_record_that_is_off_is_a_hint_only() -> None:
    one = bids(shown=1)["hidden"]
    assert (one.off, one.starts) == (0.0, day(6))
    told = begins(one)
    assert told["as recorded"][0] == 144
    assert told["as its file is off"][0] == 149
    assert told["as recorded"][1] > 3 * told["as its file is off"][1]
    assert sum(weight for _, weight in told.values()) == pytest.approx(1)
    two = begins(bids(shown=2)["hidden"])
    assert told["as its file is off"][1] < two["as its file is off"][1] < two["as recorded"][1]


def test_what_is_right_and_what_the_traces_show_is_left_as_it_is() -> None:
    assert bids(off=0.1)["hidden"].skew is None
    assert all(one.skew is None for one in bids().values() if one.key)
    elsewhere = bids(hidden=change("hidden", 6, "tool_schema", to="t-2", source="flags.yaml"))
    assert all(one.skew is None for one in elsewhere.values())
    apart = bids(sources=("a.yaml", "b.yaml", "c.yaml"))
    assert all(one.skew is None for one in apart.values())
