"""The app got worse while other traffic came in: the traffic must not carry what the answers did."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

Tell = Any
ONSET = (datetime(2026, 3, 2, tzinfo=UTC) + timedelta(days=6)).isoformat()


def test_a_fault_in_the_slice_whose_share_grows_is_not_the_mix(files_of: Any, investigate: Any) -> None:
    """The weak tenant has a tenth of the traffic and then more than half; from that day its answers are also worse."""
    files = files_of("traffic")
    values, judge = files.scores["answer_correct"]
    hit = (files.requests["at"] > ONSET) & (files.requests["tenant.id"] == "crux")
    lost = hit & (np.random.default_rng(5).random(len(values)) < 0.4)
    files.scores["answer_correct"] = (np.where(lost, 0.0, values), judge)
    told = investigate(files, "app and mix")
    assert told.found.outcome not in {"mix", "no_shift", "ruler", "artefact"}
    assert told.main.moved in {"app", "unknown"}
    split = told.main.mix
    assert split is not None or told.main.segment == {"tenant.id": "crux"}
    assert told.main.segment == {"tenant.id": "crux"} or split.within.high < 0
    assert told.ledger["mix"].probability < 0.5
    assert told.ledger["mix"].verdict != "supported"
