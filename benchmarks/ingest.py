"""How quick is ``incident load``, as a ratio to a named route in the same run, and how much memory does it take?

    python benchmarks/ingest.py --spans 1000000 --rounds 3 --out benchmarks/results/ingest.jsonl
    python benchmarks/ingest.py --scale 100000,1000000,10000000

Every route is a child process; rounds are interleaved, and the table shows the median of each route and its ratio to the route
it is compared with. Memory is the peak of the child's resident set.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import ingest_data as data

ROUTES = Path(__file__).with_name("ingest_routes.py")


def run(route: str, paths: list[Path], folder: Path) -> dict[str, float]:
    """One route once: seconds on the clock, seconds of processor time, peak resident memory in MB, rows, MB on disk."""
    scratch = Path(tempfile.mkdtemp(dir=folder))
    began = time.perf_counter()
    # modules are compiled once, as those of an installed package are
    around = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    child = subprocess.Popen(
        [sys.executable, str(ROUTES), route, str(scratch), *map(str, paths)],
        stdout=subprocess.PIPE,
        text=True,
        env=around,
    )
    out = child.stdout.read() if child.stdout else ""
    _, status, used = os.wait4(child.pid, 0)
    took = time.perf_counter() - began
    kept = sum(path.stat().st_size for path in scratch.rglob("*") if path.is_file())
    shutil.rmtree(scratch)
    if status:
        raise SystemExit(f"{route} failed")
    cpu = used.ru_utime + used.ru_stime
    rows = json.loads(out)["rows"]
    return {"seconds": took, "cpu": cpu, "rows": rows, "kept_mb": kept / 1e6, "peak_mb": used.ru_maxrss / 1024}


def compare(cases: dict[str, tuple[str, list[Path], str | None]], folder: Path, rounds: int) -> list[dict[str, object]]:
    """Interleaved rounds of several cases: name → route, files, the name of what it is compared with."""
    runs: dict[str, list[dict[str, float]]] = {name: [] for name in cases}
    for _ in range(rounds):
        for name, (route, paths, _) in cases.items():
            runs[name].append(run(route, paths, folder))
    middle = {name: statistics.median(one["seconds"] for one in found) for name, found in runs.items()}
    table = []
    for name, (_, _, base) in cases.items():
        row: dict[str, object] = {
            "case": name,
            "rows": int(runs[name][0]["rows"]),
            "seconds": round(middle[name], 2),
            "cpu": round(statistics.median(one["cpu"] for one in runs[name]), 2),
            "rows_a_second": round(runs[name][0]["rows"] / middle[name]),
            "kept_mb": round(runs[name][0]["kept_mb"]),
            "peak_mb": round(max(one["peak_mb"] for one in runs[name])),
        }
        if base in middle:
            row |= {"against": base, "ratio": round(middle[name] / middle[base], 2)}
        table.append(row)
        show(row)
    return table


def show(row: dict[str, object]) -> None:
    """One line of the table."""
    ratio = f"{row['ratio']:.2f} x {row['against']}" if "ratio" in row else ""
    print(
        f"| {row['case']} | {row['rows']:,} | {row['seconds']} | {row['cpu']} | {row['rows_a_second']:,} | {row['peak_mb']:,} "
        f"| {row['kept_mb']:,} | {ratio} |",
        flush=True,
    )


def main() -> None:
    """Write the data, run what was asked for, print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--spans", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default="", help="Only cases whose name holds this.")
    parser.add_argument("--scale", help="Sizes in spans, with commas: time and memory of each, and the exponent.")
    parser.add_argument("--folder", type=Path, help="Where to write the data; a passing folder if absent.")
    parser.add_argument("--out", type=Path, help="One line of JSON a case.")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=asked.folder) as name:
        folder = Path(name)
        found = data.rows(data.BLOCK)
        block = data.otlp_block(found)
        print("| case | spans | seconds | processor s | spans/s | peak MB | kept MB | ratio |")
        print("|---|---|---|---|---|---|---|---|")
        if asked.scale:
            table = scale([int(size) for size in asked.scale.split(",")], block, folder)
        else:
            table = compare(cases(asked.spans, found, block, folder, asked.only), folder, asked.rounds)
    if asked.out:
        with asked.out.open("a", encoding="utf-8") as out:
            out.writelines(json.dumps(row) + "\n" for row in table)


def cases(
    spans: int, found: list[data.Row], block: bytes, folder: Path, only: str
) -> dict[str, tuple[str, list[Path], str | None]]:
    """What is compared with what."""
    blocks = max(spans // data.BLOCK, 1)
    plain = folder / "spans.jsonl"
    data.write(plain, block, blocks)
    every: dict[str, tuple[str, list[Path], str | None]] = {
        "SQL to Parquet and known columns": ("parquet", [plain], None),
        "load OTLP/JSON": ("load", [plain], "SQL to Parquet and known columns"),
    }
    if not only or "gz" in only or "zst" in only:
        packed, squeezed = data.compress(plain)
        every["load OTLP/JSON gz"] = ("load", [packed], "load OTLP/JSON")
        every["load OTLP/JSON zst"] = ("load", [squeezed], "load OTLP/JSON")
    if not only or "protobuf" in only:
        framed = folder / "spans.pb"
        data.write_protobuf(framed, data.protobuf_block(block), blocks)
        every["load OTLP protobuf"] = ("load", [framed], "load OTLP/JSON")
    if not only or "Langfuse" in only:
        lines = folder / "langfuse.jsonl"
        data.write(lines, data.langfuse_block(found), blocks)
        every["bare read and insert of Langfuse lines"] = ("bare-langfuse", [lines], None)
        every["hash, bare read, search for secrets and insert of Langfuse lines"] = (
            "searched-langfuse",
            [lines],
            "bare read and insert of Langfuse lines",
        )
        every["load Langfuse lines"] = ("load", [lines], "bare read and insert of Langfuse lines")
    if not only or "files" in only:
        whole = folder / "whole.jsonl"
        data.write(whole, block, 5)
        data.split(block, folder / "small", 2000)
        every["load 100,000 spans in one file"] = ("load", [whole], None)
        every["load the same in 2,000 files"] = ("load", [folder / "small"], "load 100,000 spans in one file")
    if not only or "notebook" in only:
        every["pandas notebook"] = ("pandas", [plain], "load OTLP/JSON")
    keep = {base for name, (_, _, base) in every.items() if only in name and base}
    return {name: case for name, case in every.items() if only in name or name in keep}


def scale(sizes: list[int], block: bytes, folder: Path) -> list[dict[str, object]]:
    """Time and memory at several sizes, one after the other, and the exponent of the time between the ends."""
    table: list[dict[str, object]] = []
    for size in sizes:
        path = folder / f"{size}.jsonl"
        data.write(path, block, size // data.BLOCK)
        found = run("load", [path], folder)
        path.unlink()
        row: dict[str, object] = {
            "case": f"load {size:,}", "rows": int(found["rows"]), "seconds": round(found["seconds"], 2),
            "cpu": round(found["cpu"], 2), "rows_a_second": round(found["rows"] / found["seconds"]),
            "peak_mb": round(found["peak_mb"]), "kept_mb": round(found["kept_mb"]),
        }  # fmt: skip
        table.append(row)
        show(row)
    first, last = table[0], table[-1]
    grown = math.log(float(str(last["seconds"])) / float(str(first["seconds"])))
    print(f"\nTime grows with the number of spans to the power {grown / math.log(sizes[-1] / sizes[0]):.2f}.")
    return table


if __name__ == "__main__":
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    main()
