"""F1 and covering on the Turing change point data set: ours against "no change", PELT, BinSeg and Apache Otava, in one run.

    python benchmarks/detection/tcpd.py [--tcpd PATH] [--method segments --method PELT …] [--out FILE]

Every method has one setting for all series. What each is, and which series there are, is told in benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

import tcpd_data
import tcpd_metrics
from threadpoolctl import threadpool_limits

from blameline.cells import Cells
from blameline.fit import Fit
from blameline.records import Signal
from blameline.shifts import find
from blameline.shifts.segments import segment

if TYPE_CHECKING:
    from collections.abc import Callable

    from tcpd_data import Series

    Method = Callable[[np.ndarray], list[int]]

OURS = "segments"
PEERS = ("PELT", "BinSeg", "Otava")
"""Each in its better setting, which is the one that the goal is measured against."""
HOURS = 3
"""Length of a bucket where a series is handed to ``steps``, which thinks in hours."""
EACH = 25
"""Measurements that a number counts for there."""


def no_change(values: np.ndarray) -> list[int]:
    """The baseline ZERO of TCPDBench."""
    del values
    return []


def by_ruptures(algorithm: str, *, scale: Callable[[np.ndarray], float]) -> Method:
    """PELT or BinSeg of ruptures on standardised values: squared error, penalty 3 log n times the variance of the noise.

    That is the modified BIC (Zhang and Siegmund 2007), the default of the R package that TCPDBench ran.
    """
    import ruptures  # noqa: PLC0415  only where it is asked for

    def run(values: np.ndarray) -> list[int]:
        x = standardised(values)
        made = getattr(ruptures, algorithm)(model="l2", min_size=2, jump=1).fit(x[:, None])
        return [int(at) for at in made.predict(pen=3 * np.log(len(x)) * scale(x) ** 2)[:-1]]

    return run


def whole_spread(x: np.ndarray) -> float:
    """All spread is noise until a change explains it."""
    del x
    return 1.0


def spread_of_differences(x: np.ndarray) -> float:
    """What neighbours differ by (median absolute deviation), as is right for white noise and few changes."""
    return max(float(np.median(np.abs(np.diff(x)))) / 0.6745 / 2**0.5, 1e-3)


def by_otava(*, one_window: bool) -> Method:
    """Apache Otava with its defaults: windows of 50, p below 0.001, any size; or one window over the whole series."""
    from otava.analysis import compute_change_points  # noqa: PLC0415  only where it is asked for

    def run(values: np.ndarray) -> list[int]:
        x = filled(values).tolist()  # of an array it would take the whole for each window
        options = {"window_len": len(x)} if one_window else {}
        return [int(change.index) for change in compute_change_points(x, **options)[0]]

    return run


def ours_over_time(values: np.ndarray) -> list[int]:
    """The detector ``segments``, told nothing of time."""
    return [cut.at for cut in segment(values)]


def ours_over_cells(values: np.ndarray) -> list[int]:
    """The detector ``steps``, made for cells: each number as the mean of 25 measurements that differ as neighbours do."""
    held = np.flatnonzero(~np.isnan(values))
    x = (values[held] - values[held].mean()) / (values[held].std() or 1.0)
    zero = np.zeros(len(held), dtype=np.int64)
    within = EACH * spread_of_differences(x) ** 2
    cells = Cells(
        signal=Signal(name="series", better="higher", bounded=False),
        origin=datetime(2026, 1, 1, tzinfo=UTC),
        width=HOURS * 3600,
        buckets=len(values),
        bucket=held.astype(np.int64),
        segment=zero,
        version=zero,
        n=np.full(len(held), float(EACH)),
        total=EACH * x,
        square=EACH * x**2 + (EACH - 1) * within,
        segments=({},),
        versions=({},),
    )
    moves = find(Fit(cells), better="higher", seed=0, detector="steps")
    hours = [float(move.moments[np.argmax(move.weights)]) for move in moves]
    hours += [float(move.ends[np.argmax(move.end_weights)]) for move in moves if move.ends.size]
    return sorted({round(one / HOURS) for one in hours})


def filled(values: np.ndarray) -> np.ndarray:
    """Missing values drawn in between their neighbours, for methods that know none."""
    held = ~np.isnan(values)
    return np.interp(np.arange(len(values)), np.flatnonzero(held), values[held])


def standardised(values: np.ndarray) -> np.ndarray:
    """Mean 0, standard deviation 1."""
    x = filled(values)
    return (x - x.mean()) / (x.std() or 1.0)


METHODS: dict[str, Callable[[], Method]] = {
    "no change": lambda: no_change,
    "PELT": lambda: by_ruptures("Pelt", scale=whole_spread),
    "PELT (noise of differences)": lambda: by_ruptures("Pelt", scale=spread_of_differences),
    "BinSeg": lambda: by_ruptures("Binseg", scale=whole_spread),
    "BinSeg (noise of differences)": lambda: by_ruptures("Binseg", scale=spread_of_differences),
    "Otava": lambda: by_otava(one_window=False),
    "Otava (one window)": lambda: by_otava(one_window=True),
    "steps": lambda: ours_over_cells,
    "segments": lambda: ours_over_time,
}


def main() -> None:
    """Run each method on each series and print what came out."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--tcpd", type=Path, help="a clone of alan-turing-institute/TCPD, as far as it was collected")
    asked.add_argument("--method", action="append", choices=METHODS, help="only these; all where absent")
    asked.add_argument("--out", type=Path, help="one line a series and method")
    options = asked.parse_args()
    every = tcpd_data.series(options.tcpd)
    rows: list[Row] = []
    seconds: dict[str, float] = {}
    for name in options.method or METHODS:
        method = METHODS[name]()
        begun = time.process_time()
        with threadpool_limits(limits=1):
            found = {one.name: method(one.values) for one in every}
        seconds[name] = time.process_time() - begun
        rows += [_row(name, one, found[one.name]) for one in every]
    if options.out:
        text = "".join(json.dumps(asdict(row), ensure_ascii=False) + "\n" for row in rows)
        options.out.write_text(text, encoding="utf-8")
    tell(rows, every, seconds)


@dataclass(frozen=True)
class Row:
    """What one method found in one series."""

    method: str
    series: str
    family: str
    half: str
    n: int
    covering: float
    f1: float
    found: list[int]


def _row(method: str, one: Series, found: list[int]) -> Row:
    covered = tcpd_metrics.covering(one.annotations, found, len(one.values))
    matched = tcpd_metrics.f1(one.annotations, found)
    half = "tuning" if one.tuning else "other"
    return Row(method, one.name, one.family, half, len(one.values), round(covered, 4), round(matched, 4), found)


def tell(rows: list[Row], every: list[Series], seconds: dict[str, float]) -> None:
    """The table, and whether the goal is met."""
    parts: dict[str, Callable[[Row], bool]] = {
        "all": lambda _: True,
        "tuning half": lambda row: row.half == "tuning",
        "other half": lambda row: row.half == "other",
    }
    parts |= {family: partial(_of_family, family) for family in tcpd_data.FAMILIES}
    scores: dict[tuple[str, str], tuple[float, float]] = {}
    counts: dict[str, int] = {}
    for method in seconds:
        for part, belongs in parts.items():
            held = [row for row in rows if row.method == method and belongs(row)]
            counts[part] = len(held)
            scores[method, part] = (fmean(row.covering for row in held), fmean(row.f1 for row in held))
    print(f"{len(every)} series of 42, {sum(len(one.values) for one in every):,} numbers; covering / F1\n")
    print("| method | " + " | ".join(f"{part} ({counts[part]})" for part in parts) + " | processor s |")
    print("|---" * (len(parts) + 2) + "|")
    for method, spent in seconds.items():
        cells = " | ".join("{:.3f} / {:.3f}".format(*scores[method, part]) for part in parts)
        print(f"| {method} | {cells} | {spent:.1f} |")
    if {OURS, "no change"} <= set(seconds):
        ours, peers = scores[OURS, "all"], [method for method in seconds if method.startswith(PEERS)]
        ahead = all(ours[k] > scores[peer, "all"][k] for peer in peers for k in (0, 1))
        behind = [part for part in parts if any(scores[OURS, part][k] <= scores["no change", part][k] for k in (0, 1))]
        print(
            f"\n{OURS} ahead of all peers that were run ({len(peers)}), on both: {'yes' if ahead and peers else 'no'}"
        )
        print(f"{OURS} ahead of no change in every family, on both: {'no: ' + ', '.join(behind) if behind else 'yes'}")


def _of_family(family: str, row: Row) -> bool:
    return row.family == family


if __name__ == "__main__":
    main()
