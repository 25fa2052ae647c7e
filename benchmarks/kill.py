"""How often a load that is killed with SIGKILL at a random moment loses or doubles something: never, or this says when.

    python benchmarks/kill.py --kills 300

A child process loads a folder of several formats and is killed after a random time. Then the case file has to open, to say
whether the load had ended, and, loaded again, to hold what an undisturbed load leaves. One kill in four hits a second load
that follows upon a killed one, and one in four the making of the case file itself.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from blameline.case import open_case
from blameline.store import Store

_CHILD = """
import sys
import blameline.case, blameline.plugins
for name in blameline.plugins.names("blameline.sources"):
    blameline.plugins.load("blameline.sources", name)
for line in sys.stdin:
    folder, path = line.rstrip().split("\\t")
    print("go", flush=True)
    with blameline.case.open_case(path) as case:
        case.load(folder)
    print("done", flush=True)
"""
KINDS = ("first load", "second load", "early")
_DERIVED = ("traces", "measurements", "version_sets", "segment_sets", "roles")
_LOADED = (
    "span_rows",
    "scores",
    "changes",
    "eval_runs",
    "replays",
    "alerts",
    "problems",
    "manifests",
    "files",
    "settings",
)


def folder_of_files(place: Path, *, spans: int = 60) -> Path:
    """A case of several formats, some of them overlapping, so that the end of the load has work to do."""
    folder = place / "exports"
    folder.mkdir(parents=True)
    (folder / "incident.yaml").write_text("service: shop\ncolumns: {scores: [fine]}\n")
    for part in range(4):
        requests = [_request(n) for n in range(part * spans, (part + 1) * spans + spans // 4)]
        (folder / f"part-{part}.otlp.jsonl").write_text("".join(json.dumps(one) + "\n" for one in requests))
    rows = [{"id": f"r{n}", "at": f"2026-03-01T00:{n // 60:02d}:{n % 60:02d}Z", "fine": n % 2} for n in range(spans)]
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows) + "{bad\n")
    scores = [{"span_id": f"{n + 1:016x}", "name": "right", "value": n % 2} for n in range(spans)]
    (folder / "scores.jsonl").write_text("".join(json.dumps(score) + "\n" for score in scores))
    change = {"id": "c-1", "at": "2026-03-01T00:30:00Z", "kind": "deploy"}
    (folder / "changes.jsonl").write_text(json.dumps(change) + "\n" + json.dumps({**change, "to": "v2"}) + "\n")
    (folder / "odd.py").write_text("print(1)\n")
    return folder


def _request(n: int) -> dict[str, object]:
    start = 1_772_323_200_000_000_000 + n * 1_000_000_000
    said = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "m-1", "gen_ai.prompt.version": f"v{1 + n // 150}"}
    span = {
        "traceId": f"{n + 1:032x}",
        "spanId": f"{n + 1:016x}",
        "name": "chat m-1",
        "kind": 3,
        "startTimeUnixNano": str(start),
        "endTimeUnixNano": str(start + 5_000_000),
        "attributes": [{"key": key, "value": {"stringValue": value}} for key, value in said.items()],
    }
    scope = {"scope": {"name": "s"}, "spans": [span]}
    return {"resourceSpans": [{"resource": {"attributes": []}, "scopeSpans": [scope]}]}


def held(path: Path) -> dict[str, list[str]]:
    """All rows of the case file, in an order of their own."""
    with Store.open(path) as store:
        return {name: sorted(map(str, store.sql(f"FROM {name}").rows)) for name in (*_LOADED, *_DERIVED)}


class Child:
    """A process that has imported everything and loads when it is told to."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _CHILD],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        )

    def load(self, folder: Path, path: Path, *, kill_after: float | None) -> bool:
        """Load, and be killed after so many seconds; True when the load was over before."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{folder}\t{path}\n")
        self._process.stdin.flush()
        assert self._process.stdout.readline() == "go\n"
        if kill_after is None:
            assert self._process.stdout.readline() == "done\n"
            return True
        time.sleep(kill_after)
        self._process.send_signal(signal.SIGKILL)
        return self._process.communicate()[0] == "done\n"

    def end(self) -> None:
        """No more loads."""
        self._process.kill()
        self._process.communicate()


class Kills:
    """Kills loads of one folder, and compares what they leave with what an undisturbed one left."""

    def __init__(self, place: Path, *, seed: int) -> None:
        self._place = place
        self._chance = random.Random(seed)  # noqa: S311  seeded
        self.folder = folder_of_files(place)
        self._waiting = [Child(), Child()]
        """The next ones are ready while one is at work."""
        quiet = Child()
        quiet.load(self.folder, place / "warm.duckdb", kill_after=None)
        started = time.monotonic()
        quiet.load(self.folder, place / "quiet.duckdb", kill_after=None)
        self.seconds = time.monotonic() - started
        self.wanted = held(place / "quiet.duckdb")
        self._quiet = quiet

    def end(self) -> None:
        """No more kills."""
        for child in (*self._waiting, self._quiet):
            child.end()

    def once(self, kind: str) -> str:
        """Kill one load, or two in a row, and load again; what was found in between. Raises where anything is lost."""
        path = self._place / "killed.duckdb"
        for old in self._place.glob("killed.duckdb*"):
            old.unlink()
        longest = 0.08 if kind == "early" else 1.05 * self.seconds
        for _ in range(2 if kind == "second load" else 1):
            self._kill(path, self._chance.uniform(0, longest))
        left = self._left(path)
        self._quiet.load(self.folder, path, kill_after=None)
        found = held(path)
        for name, rows in self.wanted.items():
            assert found[name] == rows, f"{name} differs after a kill ({kind}, {left})"
        for old in self._place.glob(".killed.duckdb-*"):  # a case file that was being made
            shutil.rmtree(old)
        return left

    def _kill(self, path: Path, after: float) -> None:
        child = self._waiting.pop(0)
        self._waiting.append(Child())
        child.load(self.folder, path, kill_after=after)

    def _left(self, path: Path) -> str:
        if not path.exists():
            return "no case file yet"
        with open_case(path, read_only=True) as case:
            rows = case.sql("SELECT (SELECT count(*) FROM span_rows) + (SELECT count(*) FROM files)").rows[0][0]
            settings = case.store.settings()
        if "loading" in settings:
            return "begun, some rows" if rows else "begun, no rows"
        if not rows:
            return "not begun"
        found = held(path)
        assert all(found[name] == rows for name, rows in self.wanted.items()), "it says that it has ended, and has not"
        return "ended"


def main() -> None:
    """Kill as often as told, and print what the kills found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    wanted = parser.parse_args()
    told: Counter[tuple[str, str]] = Counter()
    started = time.monotonic()
    with TemporaryDirectory(prefix="kill-") as place:
        kills = Kills(Path(place), seed=wanted.seed)
        try:
            for n in range(wanted.kills):
                kind = KINDS[(0, 1, 2, 0)[n % 4]]
                told[kind, kills.once(kind)] += 1
        finally:
            kills.end()
    print(
        f"{wanted.kills} rounds in {time.monotonic() - started:.0f} s; an undisturbed load takes {kills.seconds:.2f} s"
    )
    print(f"{'killed in':<14}{'what the kill left':<20}{'rounds':>7}  {'the same after loading again':>28}")
    for (kind, left), n in sorted(told.items()):
        print(f"{kind:<14}{left:<20}{n:>7}  {n:>28}")


if __name__ == "__main__":
    main()
