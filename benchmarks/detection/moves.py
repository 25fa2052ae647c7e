"""How the detector does on made streams: false shifts, power, delay, onset error and intervals, and time.

    python benchmarks/detection/moves.py quiet --months 30
    python benchmarks/detection/moves.py planted --runs 40
    python benchmarks/detection/moves.py stated --runs 20
    python benchmarks/detection/moves.py time

One line a run goes to ``--out``; the tables go to stdout. Seeds from 5000 on were never used to tune anything.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(threads, "1")

import numpy as np
from streams import KINDS, Planted, Setting, stream

from blameline.case.inquiry import find_shifts
from blameline.fit import Fit
from blameline.records import Manifest
from blameline.shifts.steps import smallest

if TYPE_CHECKING:
    from blameline.cells import Cells

Row = dict[str, Any]
UNRULY = {
    "calm": Setting(width=3, shock=0.001, daily=0.001),
    "as drawn": Setting(width=3),
    "lasting shocks": Setting(width=3, shock=0.06, memory=0.97),
    "overdispersed, with gaps": Setting(width=3, daily=0.08, spread=2.0, gaps=0.05),
    "few requests": Setting(width=6, rate=8.0),
}
"""Ways in which a stream can be stationary and hard."""


def shifts_of(*signals: Cells) -> list[Any]:
    """All shifts on record for these signals, taken together as one case."""
    return find_shifts({cells.signal.name: Fit(cells) for cells in signals}, Manifest(), seed=0)


def quiet(seed: int, name: str) -> Row:
    """A month of ten signals over ten segments in which nothing happens."""
    setting = UNRULY[name]
    signals = [stream(seed * 100 + i, KINDS[i % len(KINDS)], setting, name=f"signal-{i}") for i in range(10)]
    found = shifts_of(*signals)
    return {
        "setting": name,
        "seed": seed,
        "worse": sum(one.shift.direction == "worse" for one in found),
        "false": len(found),
        "where": [[one.shift.signal, one.shift.direction, one.within, round(one.move.evidence, 1)] for one in found],
    }


def planted(seed: int, size: float, rate: float, form: str) -> Row:
    """One month with one move of ``size`` standard deviations of a request."""
    generator = np.random.default_rng([seed, 7])
    setting = Setting(width=3 if rate >= 12 else 6, rate=rate)
    at = float(generator.uniform(300, 600))
    move = {
        "step": Planted(at, -size),
        "ramp": Planted(at, -size, ramp=48.0),
        "pulse": Planted(at, -size, until=at + 72),
        "local": Planted(at, -size, segments=tuple(generator.choice(10, 2, replace=False).tolist())),
    }[form]
    kind = KINDS[seed % len(KINDS)]
    cells = stream(seed, kind, setting, (move,))
    found = [one for one in shifts_of(cells) if one.shift.direction == "worse"]
    row: Row = {"form": form, "size": size, "rate": rate, "seed": seed, "kind": kind, "at": at, "found": bool(found)}
    if found:
        onset = found[0].shift.onset
        low, high = cells.hour_of(onset.low), cells.hour_of(onset.high)
        row |= {
            "error": cells.hour_of(onset.estimate) - at,
            "held": low <= at <= high,
            "width": high - low,
            "effect_held": None,
        }
    row["delay"] = _delay(cells, at) if form == "step" else None
    return row


def stated(seed: int, rate: float, days: int) -> Row:
    """Whether a fall is found that is as large as is said to be found, over the last three days of a window."""
    setting = Setting(hours=24 * days, width=3 if rate >= 30 else 6, rate=rate)
    size = smallest(Fit(stream(seed, "share", setting)))
    spread = float(np.sqrt(0.85 * 0.15))
    cells = stream(seed, "share", setting, (Planted(24.0 * days - 72, -size / spread),))
    found = any(one.shift.direction == "worse" for one in shifts_of(cells))
    return {"rate": rate, "days": days, "seed": seed, "size": size, "found": found}


def _stated_table(rows: list[Row]) -> str:
    lines = ["| requests an hour | days | runs | stated size (points) | found |", "|---|---|---|---|---|"]
    for rate, days in dict.fromkeys((row["rate"], row["days"]) for row in rows):
        chosen = [row for row in rows if (row["rate"], row["days"]) == (rate, days)]
        size, share = (float(np.mean([row[key] for row in chosen])) for key in ("size", "found"))
        lines.append(f"| {rate:.0f} | {days} | {len(chosen)} | {100 * size:.1f} | {share:.0%} |")
    return "\n".join(lines)


def _delay(cells: Cells, at: float) -> float | None:
    """Hours after the onset until the move would have been found, looking every so often; ``None``: not within ten days."""
    every = cells.width / 3600
    for after in (6, 12, 18, 24, 36, 48, 72, 96, 144, 240):
        buckets = int((at + after) // every)
        if buckets >= cells.buckets:
            return None
        if any(one.shift.direction == "worse" for one in shifts_of(_until(cells, buckets))):
            return float(after)
    return None


def _until(cells: Cells, buckets: int) -> Cells:
    kept = cells.bucket < buckets
    columns = {name: getattr(cells, name)[kept] for name in ("bucket", "segment", "version", "n", "total", "square")}
    return replace(cells, buckets=buckets, _memory={}, **columns)


def how_long() -> Row:
    """From cells to shifts: 40 signals, 60 segments, 90 days of hours, and the same with a hundred times the traffic."""
    row: Row = {}
    for name, rate in (("few", 600.0), ("many", 60_000.0)):
        setting = Setting(hours=2160, segments=60, width=12, rate=rate)
        signals = [stream(900 + i, KINDS[i % 2], setting, name=f"signal-{i:02}") for i in range(38)]
        signals += [stream(990 + i, "share", setting, (Planted(1500, -0.3),), name=f"moved-{i}") for i in range(2)]
        begun = time.perf_counter()
        found = shifts_of(*signals)
        row |= {f"{name}_seconds": time.perf_counter() - begun, f"{name}_found": len(found)}
        row[f"{name}_measurements"] = float(sum(cells.n.sum() for cells in signals))
    return row


def _all(jobs: list[tuple[Any, ...]], work: Any, workers: int) -> list[Row]:  # noqa: ANN401  one of the functions above
    if workers == 1:
        return [work(*job) for job in jobs]
    with ProcessPoolExecutor(workers) as pool:
        return list(pool.map(work, *zip(*jobs, strict=True)))


def _quiet_table(rows: list[Row]) -> str:
    lines = ["| stream | months | false shifts a month | for the worse | months with any |", "|---|---|---|---|---|"]
    for name in dict.fromkeys(row["setting"] for row in rows):
        chosen = [row for row in rows if row["setting"] == name]
        any_ = sum(row["false"] > 0 for row in chosen)
        false, worse = (sum(row[key] for row in chosen) / len(chosen) for key in ("false", "worse"))
        lines.append(f"| {name} | {len(chosen)} | {false:.2f} | {worse:.2f} | {any_} |")
    return "\n".join(lines)


def _planted_table(rows: list[Row]) -> str:
    lines = [
        (
            "| move | size (sd) | requests an hour | runs | found | median delay (h) | median onset error (h) "
            "| interval holds | its median width (h) |"
        ),
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for form, size, rate in dict.fromkeys((row["form"], row["size"], row["rate"]) for row in rows):
        chosen = [row for row in rows if (row["form"], row["size"], row["rate"]) == (form, size, rate)]
        seen = [row for row in chosen if row["found"]]
        delays = [row["delay"] if row["delay"] is not None else np.inf for row in chosen]
        delay = f"{np.median(delays):.0f}" if form == "step" and np.isfinite(np.median(delays)) else ""
        told = ["", "", ""]
        if seen:
            told[0] = f"{np.median([abs(row['error']) for row in seen]):.0f}"
            told[1] = f"{np.mean([row['held'] for row in seen]):.0%}"
            told[2] = f"{np.median([row['width'] for row in seen]):.0f}"
        lines.append(
            f"| {form} | {size} | {rate:.0f} | {len(chosen)} | {len(seen) / len(chosen):.0%} | {delay} | {' | '.join(told)} |"
        )
    seen = [row for row in rows if row["found"]]
    if seen:
        lines.append(
            f"\nOf {len(seen)} intervals {np.mean([row['held'] for row in seen]):.1%} hold the onset (stated: 90%)."
        )
    return "\n".join(lines)


def _chart(rows: list[Row]) -> dict[str, Any]:
    """Delay and onset error of steps against requests an hour, a line an effect size, as a Vega-Lite specification."""
    told = []
    for row in rows:
        if row["form"] == "step":
            late = row["delay"] if row["delay"] is not None else 240.0
            told.append(
                {"size": row["size"], "rate": row["rate"], "what": "delay until it is found (h)", "hours": late}
            )
            if row["found"]:
                away = abs(row["error"])
                told.append({"size": row["size"], "rate": row["rate"], "what": "onset error (h)", "hours": away})
    mark = {"type": "line", "point": True}
    colour = {"field": "size", "type": "nominal", "title": "size (sd of a request)"}
    encoding = {
        "x": {"field": "rate", "type": "quantitative", "scale": {"type": "log"}, "title": "requests an hour"},
        "y": {"field": "hours", "aggregate": "median", "type": "quantitative", "title": "median hours"},
        "color": colour,
        "strokeDash": colour,
    }
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "title": "Steps: how soon they are found, and how well they are dated",
        "data": {"values": told},
        "facet": {"column": {"field": "what", "type": "nominal", "title": None}},
        "spec": {"width": 300, "height": 220, "mark": mark, "encoding": encoding},
        "resolve": {"scale": {"y": "independent"}},
    }


def main() -> None:
    """Run one of the four and print its table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("quiet", "planted", "stated", "time"))
    parser.add_argument("--months", type=int, default=20)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--seed", type=int, default=5000)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", default="", help="settings or forms, separated by commas")
    parser.add_argument("--out", type=Path, default=None)
    parser.add_argument(
        "--plot", type=Path, default=None, help="an .svg of the delays and errors; needs the extra 'plots'"
    )
    asked = parser.parse_args()
    only = set(asked.only.split(",")) - {""}
    if asked.what == "time":
        rows = [how_long()]
        text = "\n".join(f"{key}: {value:,.2f}" for key, value in rows[0].items())
    elif asked.what == "quiet":
        names = [name for name in UNRULY if not only or name in only]
        jobs = [(asked.seed + month, name) for name in names for month in range(asked.months)]
        rows = _all(jobs, quiet, asked.jobs)
        text = _quiet_table(rows)
    elif asked.what == "stated":
        jobs = [
            (asked.seed + run, rate, days)
            for rate, days in ((12.0, 30), (60.0, 30), (60.0, 14), (300.0, 30))
            for run in range(asked.runs)
        ]
        rows = _all(jobs, stated, asked.jobs)
        text = _stated_table(rows)
    else:
        forms = [form for form in ("step", "ramp", "pulse", "local") if not only or form in only]
        cases = [(size, rate, form) for form, size, rate in product(forms, (0.1, 0.2, 0.4), (12.0, 60.0, 300.0))]
        jobs = [(asked.seed + run, *case) for case in cases for run in range(asked.runs)]
        rows = _all(jobs, planted, asked.jobs)
        text = _planted_table(rows)
        if asked.plot:
            import vl_convert  # noqa: PLC0415  an extra that only this asks for

            asked.plot.write_text(vl_convert.vegalite_to_svg(_chart(rows)), encoding="utf-8")
    if asked.out:
        asked.out.parent.mkdir(parents=True, exist_ok=True)
        asked.out.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
