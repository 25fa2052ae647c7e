"""Fit the temperature and the offsets of the odds on calibration seeds, and print them beside those in use.

    python benchmarks/calibrate.py --seeds 1:17

The seeds must be other ones than those that ``drill.py`` reports (1000 and up). The loss is ``-log`` of the probability that the
ledger of the main shift gives to the guilty, with a small ridge towards the values in use.
"""

from __future__ import annotations

import argparse
import math
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
from scipy.optimize import minimize

from blameline.case import open_case
from blameline.drill import LAYERS, deal
from blameline.evidence.odds import OFFSET, TEMPERATURE

BIDDERS = tuple(OFFSET)
Lines = list[tuple[str, float, bool]]
"""Of one ledger: bidder or ``change``, log prior plus log evidence, whether it is guilty."""


def ledger(layer: str, seed: int, traffic: float) -> Lines:
    """The main shift's bids of one case; empty where nothing was found."""
    with tempfile.TemporaryDirectory() as folder:
        incident = deal(layer, seed=seed, traffic=traffic)
        incident.write(Path(folder) / "case", form="parquet")
        with open_case(Path(folder) / "incident.duckdb") as case:
            case.load(Path(folder) / "case")
            found = case.blame()
    main = next((shift.id for shift in found.shifts if shift.direction == "worse"), None)
    truth = incident.truth
    right = set(truth["guilty"]) | set(truth.get("also_right", ())) | set(truth["tied_with"])
    right |= {"chance"} if layer == "null" else set()
    return [
        (
            line.candidate if line.candidate in BIDDERS else "change",
            math.log(line.prior) + sum(line.log_evidence.values()),
            line.candidate in right,
        )
        for line in found.ledger
        if line.shift == main and line.prior > 0
    ]


def loss(values: np.ndarray, ledgers: list[Lines]) -> float:
    """Mean ``-log p(guilty)``, plus the ridge."""
    temperature, offsets = math.exp(values[0]), dict(zip(BIDDERS, values[1:], strict=True))
    total = 0.0
    for lines in ledgers:
        logs = np.array([log / temperature + offsets.get(name, 0.0) for name, log, _ in lines])
        logs -= np.logaddexp.reduce(logs)
        guilty = [log for log, (*_, right) in zip(logs, lines, strict=True) if right]
        total -= float(np.logaddexp.reduce(guilty)) if guilty else 0.0
    start = np.array([math.log(TEMPERATURE), *OFFSET.values()])
    return total / max(len(ledgers), 1) + 0.01 * float(((values - start) ** 2).sum())


def main() -> None:
    """Deal, investigate, fit, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", default="1:11", help="first:last, the last not included; below 1000")
    parser.add_argument("--traffic", type=float, default=45.0)
    parser.add_argument("--jobs", type=int, default=2)
    asked = parser.parse_args()
    first, last = (int(part) for part in asked.seeds.split(":"))
    if last > 1000:
        parser.error("seeds from 1000 on are kept for the report")
    jobs = [(layer, seed, asked.traffic) for seed in range(first, last) for layer in LAYERS]
    with ProcessPoolExecutor(asked.jobs) as pool:
        ledgers = [lines for lines in pool.map(ledger, *zip(*jobs, strict=True)) if lines]
    start = np.array([math.log(TEMPERATURE), *OFFSET.values()])
    best = minimize(loss, start, args=(ledgers,), method="Nelder-Mead", options={"maxiter": 4000})
    print(
        f"{len(ledgers)} ledgers from {len(jobs)} cases; loss {loss(start, ledgers):.4f} in use, {best.fun:.4f} fitted"
    )
    print("| value | in use | fitted |\n|---|---|---|")
    print(f"| temperature | {TEMPERATURE:.2f} | {math.exp(best.x[0]):.2f} |")
    for name, value in zip(BIDDERS, best.x[1:], strict=True):
        print(f"| {name} | {OFFSET[name]:+.2f} | {value:+.2f} |")


if __name__ == "__main__":
    main()
