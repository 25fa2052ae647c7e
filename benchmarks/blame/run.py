"""Deal the scenario cases, blame each, and write down what was said: one JSON line a case.

    python benchmarks/blame/run.py --half tune --seeds 0:4 --cases DIR --out tune.jsonl
    python benchmarks/blame/score.py tune.jsonl

A case is dealt and loaded once and kept under ``--cases``; after that only ``blame`` is run. A run that was cut short goes on
where it stopped: a case is done when ``--out`` has a line of it by the same code. A case that raises is a line too, and counts
as wrong.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import TYPE_CHECKING, Any

for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(threads, "1")
sys.path.insert(0, str(Path(__file__).resolve().parent))

from cases import Dealt, chosen, class_names, deal, engine, load, truth_of

from blameline.case import open_case

if TYPE_CHECKING:
    from blameline.records import Investigation

OF_SHIFT = (
    "id", "signal", "segment", "direction", "moved", "onset", "ended", "ended_range", "before", "after", "delta", "plain",
    "gradual", "linked",
)  # fmt: skip
OF_LINE = (
    "candidate", "shift", "kind", "layer", "declared", "probability", "prior", "share", "verdict", "tied_with", "because", "at",
    "log_evidence", "effect",
)  # fmt: skip


def said(found: Investigation) -> dict[str, Any]:
    """What of an investigation is needed to score it, or to see why it went wrong."""
    told = found.model_dump(mode="json")
    ledger = [
        {key: line[key] for key in OF_LINE} | {"checks": {one["check"]: one["verdict"] for one in line["evidence"]}}
        for line in told["ledger"]
    ]
    return {
        "outcome": told["outcome"],
        "headline": told["headline"],
        "cannot_tell": told["cannot_tell"],
        "shifts": [{key: shift[key] for key in OF_SHIFT} for shift in told["shifts"]],
        "ledger": ledger,
        "guards": [{"guard": guard["guard"], "finding": guard["finding"]} for guard in told["guards"]],
    }


def examine(one: Dealt, cases: Path, code: str, *, again: bool) -> dict[str, Any]:
    """One case, from its name to its line."""
    home = deal(one, cases)
    loaded = load(home, code, again=again)
    begun = time.perf_counter()
    with open_case(home / "case.duckdb", read_only=True) as case:
        found = case.blame(seed=0)
    seconds = time.perf_counter() - begun
    return {
        "class": one.class_name,
        "seed": one.seed,
        "engine": code,
        "loaded": loaded,
        "seconds": round(seconds, 2),
        "truth": truth_of(home),
        "found": said(found),
    }


def seeds_of(text: str) -> list[int]:
    """``0:20`` without its end, or ``1,4,9``."""
    if ":" in text:
        first, last = text.split(":")
        return list(range(int(first), int(last)))
    return [int(part) for part in text.split(",")]


def done(out: Path, code: str) -> set[Dealt]:
    """The cases that ``out`` holds an answer to by the same code; a line of a crash is none."""
    if not out.exists():
        return set()
    lines = [json.loads(text) for text in out.read_text(encoding="utf-8").splitlines() if text.endswith("}")]
    return {Dealt(line["seed"], line["class"]) for line in lines if line["engine"] == code and "found" in line}


def main() -> None:
    """Run the cases that are not done."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--half", choices=("tune", "held", "all"), default="tune", help="see cases.half_of")
    parser.add_argument(
        "--seeds", default="0:30", help="first:last without the last, or a list; the half takes its own of them"
    )
    parser.add_argument("--classes", default="all", help="all, or names with commas; the half takes its own of them")
    parser.add_argument("--cases", type=Path, required=True, help="where dealt and loaded cases are kept")
    parser.add_argument("--out", type=Path, required=True, help="JSON lines, added to")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument(
        "--reload", action="store_true", help="load the cases again, where what a load writes has changed"
    )
    asked = parser.parse_args()
    code = engine()
    names = class_names() if asked.classes == "all" else asked.classes.split(",")
    every = chosen(names, seeds_of(asked.seeds), asked.half)
    before = done(asked.out, code)
    todo = [one for one in every if one not in before]
    print(f"{len(every)} cases, {len(every) - len(todo)} done before; engine {code}", file=sys.stderr)
    asked.cases.mkdir(parents=True, exist_ok=True)
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    fresh = multiprocessing.get_context("spawn")
    with (
        ProcessPoolExecutor(asked.processes, mp_context=fresh) as pool,
        asked.out.open("a", encoding="utf-8") as out,
    ):
        waiting = {pool.submit(examine, one, asked.cases, code, again=asked.reload): one for one in todo}
        for number, answer in enumerate(as_completed(waiting), start=1):
            one, fault = waiting[answer], answer.exception()
            if fault is not None:
                home = deal(one, asked.cases)
                line = {"class": one.class_name, "seed": one.seed, "engine": code, "truth": truth_of(home)}
                line["crash"] = f"{type(fault).__name__}: {fault}"
            else:
                line = answer.result()
            out.write(json.dumps(line) + "\n")
            out.flush()
            print(f"{number}/{len(todo)} {one.folder} {line.get('crash', '')}", file=sys.stderr)


if __name__ == "__main__":
    main()
