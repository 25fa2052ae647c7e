"""Deal seeded incidents of every fault layer, investigate each from its files, and compare with the truth beside them.

    python benchmarks/drill.py --seeds 1000:1040 --out benchmarks/results/drill.jsonl

One line a case goes to ``--out``; the table goes to stdout. Seeds from 1000 on are never used to tune anything.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from itertools import starmap
from pathlib import Path

for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(threads, "1")

from blameline.case import open_case
from blameline.drill import LAYERS, deal
from blameline.drill.catalogue import APP_LAYERS

NOT_THE_APP = {"ruler", "mix", "artefact"}


def investigate(layer: str, seed: int, form: str, traffic: float | None) -> dict[str, object]:
    """One case, from files to verdict."""
    with tempfile.TemporaryDirectory() as folder:
        case_folder = Path(folder) / "case"
        incident = deal(layer, seed=seed, traffic=traffic)
        incident.write(case_folder, form=form)
        truth = incident.truth
        begun = time.perf_counter()
        with open_case(Path(folder) / "incident.duckdb") as case:
            case.load(case_folder)
            loaded = time.perf_counter()
            found = case.blame(seed=0)
        done = time.perf_counter()
    main = next((shift for shift in found.shifts if shift.direction == "worse"), None)
    lines = [line for line in found.ledger if main and line.shift == main.id]
    right = set(truth["guilty"]) | set(truth.get("also_right", ())) | set(truth["tied_with"])
    rank = next((place for place, line in enumerate(lines, 1) if line.candidate in right), None)
    top = lines[0] if lines else None
    innocent = [line for line in lines if line.verdict in {"supported", "confirmed"} and line.candidate not in right]
    return {
        "layer": layer,
        "seed": seed,
        "identifiable": truth["identifiable"],
        "traceable": truth.get("traceable"),
        "rollout": truth["rollout"],
        "declared": truth["declared"],
        "truth": truth["outcome"],
        "outcome": found.outcome,
        "guilty": sorted(truth["guilty"]),
        "top": top.candidate if top else None,
        "p": top.probability if top else None,
        "verdict": next((line.verdict for line in lines if line.candidate in right), None),
        "p_right": sum(line.probability for line in lines if line.candidate in right),
        "rank": rank,
        "signal": main.signal if main else None,
        "standard_errors": truth.get("standard_errors"),
        "moved": [shift.moved for shift in found.shifts if shift.direction == "worse"],
        "convicted_innocent": [line.candidate for line in innocent],
        "seconds_load": round(loaded - begun, 2),
        "seconds_blame": round(done - loaded, 2),
    }


def table(rows: list[dict[str, object]]) -> str:
    """The figures by layer, worst first, then pooled."""
    lines = [
        (
            "| layer | cases | identifiable | right cause first | of the identifiable | outcome right | of the identifiable "
            "| supported | innocent convicted | app ruled out |"
        ),
        "|---|---|---|---|---|---|---|---|---|---|",
    ]

    def line(name: str, chosen: list[dict[str, object]]) -> tuple[float, str]:
        can = [row for row in chosen if row["identifiable"]]
        if name == "null":
            wrong = sum(bool(row["convicted_innocent"]) for row in chosen)
            quiet = sum(row["outcome"] == "no_shift" for row in chosen) / len(chosen)
            return (
                2.0,
                f"| null | {len(chosen)} | | | | {quiet:.0%} `no_shift` | | | {wrong} | |",
            )
        first = sum(row["rank"] == 1 for row in chosen) / len(chosen)
        told = sum(row["rank"] == 1 for row in can) / len(can) if can else float("nan")
        outcome = sum(row["outcome"] == row["truth"] for row in chosen) / len(chosen)
        of_them = sum(row["outcome"] == row["truth"] for row in can) / len(can) if can else float("nan")
        app = [row for row in chosen if row["layer"] in APP_LAYERS]
        out = sum(row["moved"][0] in NOT_THE_APP or row["outcome"] in NOT_THE_APP for row in app if row["moved"])
        held = sum(row["verdict"] in {"supported", "confirmed"} for row in chosen) / len(chosen)
        wrong = sum(bool(row["convicted_innocent"]) for row in chosen)
        return (
            told,
            (
                f"| {name} | {len(chosen)} | {len(can)} | {first:.0%} | {told:.0%} | {outcome:.0%} | {of_them:.0%} "
                f"| {held:.0%} | {wrong} | {out if app else ''} |"
            ),
        )

    by_layer = [line(layer, chosen) for layer in LAYERS if (chosen := [row for row in rows if row["layer"] == layer])]
    lines += [text for _, text in sorted(by_layer, key=lambda entry: entry[0])]
    faults = [row for row in rows if row["layer"] != "null"]
    if faults:
        lines.append(line("**all faults**", faults)[1])
    return "\n".join(lines)


def main() -> None:
    """Run the seeds and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", default="1000:1040", help="first:last, the last not included")
    parser.add_argument("--layers", default=",".join(LAYERS))
    parser.add_argument("--form", choices=("parquet", "otlp"), default="parquet")
    parser.add_argument("--traffic", type=float, default=None, help="requests an hour; drawn per case if absent")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--out", type=Path, default=None)
    asked = parser.parse_args()
    first, last = (int(part) for part in asked.seeds.split(":"))
    jobs = [
        (layer, seed, asked.form, asked.traffic) for seed in range(first, last) for layer in asked.layers.split(",")
    ]
    if asked.jobs > 1:
        with ProcessPoolExecutor(asked.jobs) as pool:
            rows = list(pool.map(investigate, *zip(*jobs, strict=True)))
    else:
        rows = list(starmap(investigate, jobs))
    if asked.out:
        asked.out.parent.mkdir(parents=True, exist_ok=True)
        asked.out.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    print(table(rows))
    print(
        f"\n{len(rows)} cases; medians: load {sorted(r['seconds_load'] for r in rows)[len(rows) // 2]} s, "
        f"blame {sorted(r['seconds_blame'] for r in rows)[len(rows) // 2]} s"
    )


if __name__ == "__main__":
    main()
