"""The mix's bid on a move of a few points: the size of its column must not decide whether it is heard at all."""

from __future__ import annotations

from blameline.case import open_case
from blameline.drill import deal


def test_a_small_move_of_the_traffic_is_the_mix(tmp_path):
    incident = deal("traffic", seed=3, days=10, traffic=45)
    incident.write(tmp_path / "case", form="parquet")
    with open_case(tmp_path / "incident.duckdb") as case:
        case.load(tmp_path / "case")
        found = case.blame()
    assert incident.truth["outcome"] == found.outcome == "mix"
    (mix,) = [line for line in found.ledger if line.candidate == "mix" and line.shift == found.shifts[0].id]
    assert mix.verdict == "supported"
    assert mix.log_evidence["fit"] > 3
