"""Ask the baselines about the cases that run.py blamed: one JSON line a case and baseline.

    python benchmarks/blame/peers.py --lines tune.jsonl --cases DIR --out baselines.jsonl
    python benchmarks/blame/score.py tune.jsonl --baselines baselines.jsonl

Otava and DoWhy need the dependency group ``benchmarks``; where one is not there it is said, and the table says ``not run``. A
baseline that raises on a case has a line that says so, and has named nothing.
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
from typing import Any

for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(threads, "1")
sys.path.insert(0, str(Path(__file__).resolve().parent))

from baselines import BASELINES, missing
from baselines.ground import Ground
from cases import Dealt
from score import read

from blameline.case import open_case


def ask(name: str, line: dict[str, Any], cases: Path) -> dict[str, Any]:
    """What one baseline says of one case."""
    home = cases / Dealt(line["seed"], line["class"]).folder
    begun = time.perf_counter()
    with open_case(home / "case.duckdb", read_only=True) as case:
        told = BASELINES[name](Ground(case, line["found"]))
    answers = [{"onset": one.onset.isoformat(), "signal": one.signal, "candidate": one.candidate} for one in told]
    return {**key(name, line), "answers": answers, "seconds": round(time.perf_counter() - begun, 2)}


def key(name: str, line: dict[str, Any]) -> dict[str, Any]:
    """What tells one line of a baseline from another."""
    return {"baseline": name, "class": line["class"], "seed": line["seed"], "engine": line["engine"]}


def main() -> None:
    """Ask what was not asked before."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--lines", type=Path, nargs="+", required=True, help="what run.py wrote: our shifts are the gate"
    )
    parser.add_argument("--cases", type=Path, required=True, help="where run.py keeps the cases")
    parser.add_argument("--out", type=Path, required=True, help="JSON lines, added to")
    parser.add_argument("--only", action="append", choices=BASELINES, help="only these baselines")
    parser.add_argument("--processes", type=int, default=1)
    asked = parser.parse_args()
    names = asked.only or list(BASELINES)
    for name in [name for name in names if missing(name)]:
        print(
            f"not run: {name} ({missing(name)} is not installed: pip install -e . --group benchmarks)", file=sys.stderr
        )
    names = [name for name in names if not missing(name)]
    before = (
        [json.loads(text) for text in asked.out.read_text(encoding="utf-8").splitlines()] if asked.out.exists() else []
    )
    done = {(one["baseline"], one["class"], one["seed"], one["engine"]) for one in before if "answers" in one}
    lines = [line for line in read(asked.lines) if "found" in line]
    todo = [(name, line) for line in lines for name in names if tuple(key(name, line).values()) not in done]
    fresh = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(asked.processes, mp_context=fresh) as pool, asked.out.open("a", encoding="utf-8") as out:
        waiting = {pool.submit(ask, name, line, asked.cases): (name, line) for name, line in todo}
        for number, answer in enumerate(as_completed(waiting), start=1):
            name, line = waiting[answer]
            fault = answer.exception()
            told = (
                answer.result() if fault is None else {**key(name, line), "crash": f"{type(fault).__name__}: {fault}"}
            )
            out.write(json.dumps(told) + "\n")
            out.flush()
            print(
                f"{number}/{len(todo)} {name}: {line['class']}-{line['seed']:03d} {told.get('crash', '')}",
                file=sys.stderr,
            )


if __name__ == "__main__":
    main()
