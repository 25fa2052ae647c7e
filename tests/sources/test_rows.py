"""Spans and scores of vendors as columns: whatever their names hold."""

from __future__ import annotations

from pathlib import Path

from blameline.sources.heads import File, Head
from blameline.sources.rows import Rows


def test_half_of_a_character_in_a_name_of_an_attribute_stops_nothing() -> None:
    rows = Rows(File(Path("a.json"), "a.json", Head(b"", 0)))
    rows.span(trace_id="t", span_id="s", start=1, attributes={"odd \ud800": "kept", "tier": "gold"})
    (scan,) = rows.taken(rest=True)
    assert scan.columns.to_pylist()[0]["names"] == ["odd ?", "tier"]
