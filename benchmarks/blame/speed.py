"""How long blame takes: reading the cells, which grows with the traces, and all that comes after, which must not.

    python benchmarks/blame/speed.py --traces 100000,1000000,10000000 --segments 10,300 --rounds 3

Lays requests with 30 declared changes, half of them stamped on the requests, straight into the tables that a load derives
(made by SQL: millions of spans through files would take longer than all that is measured), then asks how the changelog and the
traces agree (``changes``: request by request, so that it grows with them), and for blame. What that spends in the store is
reading; the rest is after the cells. Ratios are those of processor seconds to the fewest traces of the same run; seconds are
information.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(threads, "1")

import duckdb

from blameline.case import open_case

SQL = Path(__file__).parent.parent / "sql"
START = datetime(2026, 3, 2, tzinfo=UTC)
STAMPED, BARE = 15, 15
GUILTY = 8
"""Which of the stamped changes made the answers worse."""
ATTRIBUTES = (
    "prompt:app.prompt.version", "model:gen_ai.response.model", "retrieval:app.index.version", "tools:gen_ai.agent.version",
    "deploy:service.version",
)  # fmt: skip
KINDS = ("prompt_edit", "model_swap", "index_refresh", "tool_schema", "deploy")
UNSTAMPED = (("sampling_change", "sampling"), ("context_change", "context"), ("guardrail_change", "guardrail"))
SIGNALS = (
    ("answer_correct", "judge-1", 1.0, 0.1), ("groundedness", "judge-1", 0.5, 0.08), ("format_valid", None, 0.3, 0.0),
    ("tone_ok", "judge-1", 0.3, 0.0),
)  # fmt: skip
"""Name, judge, share of the requests that it is measured on, how far the guilty change lowers it."""


def moments(count: int, days: int, after: float) -> list[datetime]:
    """Moments of changes, evenly over the days."""
    return [START + timedelta(days=days * (number + after) / count) for number in range(count)]


def build(path: Path, *, traces: int, segments: int, days: int, seed: int = 1) -> None:
    """A case file with so many requests."""
    stamped = moments(STAMPED, days, 0.6)
    with open_case(path) as case:
        for number, at in enumerate(stamped):
            place, turn = number % len(ATTRIBUTES), 1 + number // len(ATTRIBUTES)
            layer = ATTRIBUTES[place].split(":")[0]
            case.mark(
                f"change {number}", kind=KINDS[place], layer=layer, at=at, to=f"v{turn}", id_=f"stamped-{number:02d}"
            )
        for number, at in enumerate(moments(BARE, days, 0.3)):
            kind, layer = UNSTAMPED[number % len(UNSTAMPED)]
            scope = {"cloud.region": f"region-{number % 10}"} if number % 3 == 0 else None
            case.mark(f"bare change {number}", kind=kind, layer=layer, at=at, scope=scope, id_=f"bare-{number:02d}")
    plain = [at.replace(tzinfo=None) for at in stamped]
    with duckdb.connect(str(path)) as connection:
        lay(connection, "traces", seed=seed, traces=traces, segments=segments, days=days, moments=plain)
        lay(connection, "version_sets", attributes=list(ATTRIBUTES), moments=plain)
        lay(connection, "segment_sets")
        for name, judge, share, fall in SIGNALS:
            lay(connection, "measurements", signal=name, judge=judge, share=share, fall=fall, guilty=GUILTY)


def lay(connection: duckdb.DuckDBPyConnection, table: str, **parameters: object) -> None:
    """Fill one table."""
    connection.execute((SQL / f"blame_{table}.sql").read_text(encoding="utf-8"), parameters or None)


class Watch:
    """How long a function takes in all its calls, and which first arguments it was called with."""

    def __init__(self) -> None:
        self.seconds = self.processor = 0.0
        self.asked: Counter[str] = Counter()

    def over(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function under watch."""

        def watched(name: str, /, **parameters: object) -> object:
            begun, spent = time.perf_counter(), time.thread_time()
            try:
                return function(name, **parameters)
            finally:
                self.seconds += time.perf_counter() - begun
                self.processor += time.thread_time() - spent
                self.asked[name] += 1

        return watched


def measure(path: Path) -> dict[str, Any]:
    """The changes, then one blame: seconds of reading and of the rest, and the processor seconds of the rest."""
    with open_case(path, read_only=True) as case:
        watch = Watch()
        case.store.query = watch.over(case.store.query)  # type: ignore[method-assign]
        case.store.rows = watch.over(case.store.rows)  # type: ignore[method-assign]
        begun = time.perf_counter()
        case.changes()
        changes = time.perf_counter() - begun
        watch.seconds = watch.processor = 0.0
        begun, spent = time.perf_counter(), time.thread_time()
        found = case.blame(seed=0)
        whole, processor = time.perf_counter() - begun, time.thread_time() - spent
        top = found.ledger[0].candidate if found.ledger else None
        candidates = len({line.candidate for line in found.ledger})
    return {
        "changes_s": changes,
        "reading_s": watch.seconds, "after_s": whole - watch.seconds, "after_processor_s": processor - watch.processor,
        "queries": watch.asked.total(), "shifts": len(found.shifts), "candidates": candidates, "outcome": found.outcome,
        "top": top,
    }  # fmt: skip


def run(sizes: Sequence[int], segments: Sequence[int], *, days: int, rounds: int, folder: Path) -> list[dict[str, Any]]:
    """The middle of so many rounds for every size, the sizes one after the other in each round."""
    found = []
    for count in segments:
        paths = {size: folder / f"blame-{size}-{count}-{days}.duckdb" for size in sizes}
        for size, path in paths.items():
            if not path.exists():
                build(path, traces=size, segments=count, days=days)
        told = [{size: measure(path) for size, path in paths.items()} for _ in range(rounds)]
        for size in sizes:
            rows = [one[size] for one in told]
            middle = {
                key: round(statistics.median(row[key] for row in rows), 2) for key in rows[0] if key.endswith("_s")
            }
            found.append({"segments": count, "traces": size, "days": days, **rows[0], **middle})
        base = found[-len(sizes)]["after_processor_s"]
        for row in found[-len(sizes) :]:
            row["ratio"] = round(row["after_processor_s"] / base, 2)
    return found


def table(rows: Sequence[dict[str, Any]]) -> str:
    """The results as Markdown."""
    head = [
        "segments",
        "traces",
        "changes_s",
        "reading_s",
        "after_s",
        "after_processor_s",
        "ratio",
        "queries",
        "shifts",
        "candidates",
        "top",
    ]
    lines = [f"| {' | '.join(head).replace('_', ' ')} |", f"|{'---|' * len(head)}"]
    lines += [
        f"| {' | '.join(f'{row[key]:,}' if key == 'traces' else str(row[key]) for key in head)} |" for row in rows
    ]
    return "\n".join(lines)


def main() -> None:
    """Run the sizes that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--traces", default="100000,1000000,10000000", help="sizes, the first is the one of the ratios")
    parser.add_argument("--segments", default="10,300")
    parser.add_argument("--days", type=int, default=21)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="keep the case files here and use those that are there")
    parser.add_argument("--out", type=Path, help="append one line a size")
    asked = parser.parse_args()
    sizes, segments = ([int(part) for part in told.split(",")] for told in (asked.traces, asked.segments))
    with tempfile.TemporaryDirectory() as folder:
        rows = run(sizes, segments, days=asked.days, rounds=asked.rounds, folder=asked.folder or Path(folder))
    print(table(rows))
    if asked.out:
        with asked.out.open("a", encoding="utf-8") as out:
            out.writelines(json.dumps(row) + "\n" for row in rows)


if __name__ == "__main__":
    main()
