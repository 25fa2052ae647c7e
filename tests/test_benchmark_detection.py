"""The measures of the benchmark on annotated series: by hand, and against what TCPDBench published."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks" / "detection"))

import tcpd_data
import tcpd_metrics


def test_f1_by_hand():
    """Two annotators; index 0 is in every set. Precision 3/3, recall (3/3 + 2/3) / 2, so F1 = 2 * 5/6 / (11/6)."""
    marks = {"a": [10, 20], "b": [12, 40]}
    assert tcpd_metrics.f1(marks, [11, 21]) == pytest.approx(10 / 11)
    assert tcpd_metrics.f1(marks, []) == pytest.approx(2 * 1 * (1 / 3) / (4 / 3))
    assert tcpd_metrics.f1({"a": []}, []) == 1
    assert tcpd_metrics.f1({"a": [10]}, [15]) == 1
    assert tcpd_metrics.f1({"a": [10]}, [16]) == pytest.approx(0.5)


def test_a_point_counts_once():
    assert tcpd_metrics.f1({"a": [10, 13]}, [11]) == pytest.approx(2 * 1 * (2 / 3) / (5 / 3))


def test_covering_by_hand():
    """Segments 0-10, 10-20 against 0-8, 8-20: the overlaps are 8/10 and 10/12."""
    assert tcpd_metrics.covering({"a": [10]}, [8], 20) == pytest.approx((10 * 8 / 10 + 10 * 10 / 12) / 20)
    assert tcpd_metrics.covering({"a": [10], "b": []}, [], 20) == pytest.approx((0.5 + 1) / 2)
    assert tcpd_metrics.covering({"a": [10]}, [0, 10], 20) == 1


def test_no_change_scores_what_was_published():
    """Table 2 of arXiv 2003.06222: 0.579 and 0.662 over the 37 univariate series without uk_coal_employ, which misses values."""
    marks = tcpd_data.annotations()
    lengths = tcpd_data.LENGTHS | {name: len(values) for name, values in _shipped().items()}
    names = sorted(set(tcpd_data.names()) - {"uk_coal_employ"})
    assert len(names) == 37
    covered = [tcpd_metrics.covering(marks[name], [], lengths[name]) for name in names]
    matched = [tcpd_metrics.f1(marks[name], []) for name in names]
    assert round(sum(covered) / 37, 3) == 0.579
    assert round(sum(matched) / 37, 3) == 0.662


def test_what_is_shipped_is_what_may_be(tmp_path):
    shipped = tcpd_data.series()
    assert [one.name for one in shipped] == sorted(tcpd_data.OPEN.split())
    assert {one.family for one in shipped} == set(tcpd_data.FAMILIES)
    assert len(tcpd_data.names()) == 38
    assert len(tcpd_data.tuning_half()) == 19
    folder = tmp_path / "datasets" / "nile"
    folder.mkdir(parents=True)
    (folder / "nile.json").write_text('{"name": "nile", "n_dim": 1, "series": [{"raw": [1, null, 3]}]}')
    assert {one.name for one in tcpd_data.series(tmp_path)} - {one.name for one in shipped} == {"nile"}


def _shipped():
    return {one.name: one.values for one in tcpd_data.series()}
