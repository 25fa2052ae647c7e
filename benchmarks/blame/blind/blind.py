"""Write blind benchmark cases: python blind.py --classes all --seeds 0:20 --out DIR."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from emit_files import write_small_files
from emit_traces import TraceWriter
from recipes import RECIPES
from simulate import Case, simulate
from surface import Surface, change_records, draw_surface
from truth import build_truth


def report_hour(case: Case) -> float | None:
    """When somebody complained: hours after the onset; sometimes for nothing."""
    rng, plan = case.rng, case.plan
    falls = [truth for truth in case.quality.faults if truth.fault.effect > 0]
    onset = falls[0].onset if falls else plan.onset
    if onset is None:
        return float(rng.uniform(0.4, 0.95) * case.cast.hours) if rng.random() < 0.5 else None
    late = float(np.exp(rng.uniform(np.log(2), np.log(90))))
    return min(onset + late, case.cast.hours - 0.5) if rng.random() < 0.75 else None


def prepare(class_name: str, seed: int) -> tuple[Case, Surface, float | None]:
    """Simulate and choose the surface."""
    case = simulate(class_name, seed)
    surface = draw_surface(case)
    return case, surface, report_hour(case)


def truth_only(class_name: str, seed: int) -> dict[str, Any]:
    """The truth without writing files (spans are not counted)."""
    case, surface, _ = prepare(class_name, seed)
    change_records(case, surface)
    return build_truth(case, surface, 0)


def write_case(class_name: str, seed: int, out: Path, compress: bool) -> dict[str, Any]:
    """Write OUT/<class>-<seed>/case/* and OUT/<class>-<seed>/truth.json."""
    case, surface, report = prepare(class_name, seed)
    home = out / f"{class_name}-{seed:03d}"
    if home.exists():
        shutil.rmtree(home)
    folder = home / "case"
    folder.mkdir(parents=True)
    write_small_files(case, surface, folder, report)
    writer = TraceWriter(case, surface)
    writer.write(folder, compress)
    truth = build_truth(case, surface, writer.span_count)
    (home / "truth.json").write_text(json.dumps(truth, indent=1) + "\n", encoding="utf-8")
    return truth


def parse_seeds(text: str) -> list[int]:
    """`0:20` (half open) or `1,4,9`."""
    if ":" in text:
        low, high = text.split(":")
        return list(range(int(low or 0), int(high)))
    return [int(part) for part in text.split(",")]


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--classes", default="all", help="all, or names with commas")
    parser.add_argument("--seeds", default="0:20", help="half open range a:b, or a list with commas")
    parser.add_argument("--out", type=Path, help="where to write; needed unless --table or --list")
    parser.add_argument("--plain", action="store_true", help="do not gzip traces and scores")
    parser.add_argument("--list", action="store_true", help="print the classes")
    parser.add_argument("--table", action="store_true", help="print identifiable shares without writing")
    options = parser.parse_args()
    names = list(RECIPES) if options.classes == "all" else options.classes.split(",")
    unknown = [name for name in names if name not in RECIPES]
    if unknown:
        print(f"unknown class: {', '.join(unknown)}", file=sys.stderr)
        return 2
    if options.list:
        print("\n".join(names))
        return 0
    seeds = parse_seeds(options.seeds)
    if options.table:
        print(f"{'class':24} outcome       n  identif.  timing-only  median z  median fall")
        for name in names:
            found = [truth_only(name, seed) for seed in seeds]
            print(
                f"{name:24} {found[0]['outcome']:12} {len(found):2}  {np.mean([t['identifiable'] for t in found]):6.2f}  "
                f"{np.mean([t['timing_only'] for t in found]):9.2f}  {np.median([t['oracle_z'] for t in found]):10.1f}  "
                f"{np.median([t['fall_of_overall_mean'] for t in found]):10.3f}"
            )
        return 0
    if options.out is None:
        print("--out is needed", file=sys.stderr)
        return 2
    begin = time.time()
    for name in names:
        for seed in seeds:
            write_case(name, seed, options.out, not options.plain)
        print(f"{name}: {len(seeds)} cases, {time.time() - begin:.0f} s", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
