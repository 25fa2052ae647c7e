"""Score the lines of run.py and print the whole table, the worst classes first.

    python benchmarks/blame/score.py tune.jsonl [--baselines baselines.jsonl ...] [--misses]

Everything is worked out from the lines alone. Where a case has several lines the last one counts. Lines of more than one engine
are scored, and it is said that they are.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parent))

from paired import by_case, paired_rows
from table import bin_rows, chance_level, class_table, median, misses, percent, score, total_rows

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scoring import Said


def read(paths: Iterable[Path]) -> list[Said]:
    """The last line of every case."""
    held: dict[tuple[str, int], Said] = {}
    for path in paths:
        for text in path.read_text(encoding="utf-8").splitlines():
            if text.endswith("}"):
                line = json.loads(text)
                held[line["class"], line["seed"]] = line
    return [held[key] for key in sorted(held)]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("lines", nargs="+", type=Path, help="what run.py wrote")
    parser.add_argument("--baselines", nargs="+", type=Path, default=[], help="what peers.py wrote")
    parser.add_argument("--misses", action="store_true", help="one line on every case that went wrong")
    asked = parser.parse_args()
    lines = read(asked.lines)
    cases = [score(line) for line in lines]
    if not cases:
        parser.error("there is no line to score")
    engines = sorted({line["engine"] for line in lines})
    crashed = [line for line in lines if "found" not in line]
    print(class_table(cases))
    print()
    print("\n".join(total_rows(cases)))
    print()
    print("\n".join(bin_rows(cases)))
    print()
    told = [json.loads(text) for path in asked.baselines for text in path.read_text(encoding="utf-8").splitlines()]
    print("\n".join(paired_rows(cases, by_case(line for line in told if line["engine"] in engines))))
    classes, seconds = {line["class"] for line in lines}, median(line.get("seconds") for line in lines)
    print(
        f"\n{len(lines)} cases of {len(classes)} classes; {len(crashed)} crashed; blame takes {seconds:.1f} s (median);",
        end=" ",
    )
    print(
        f"a candidate drawn blindly is right in {percent(chance_level(cases), 1)}; engine {', '.join(engines)}", end=""
    )
    print(" (MIXED: not to be reported)" if len(engines) > 1 else "")
    if asked.misses:
        print()
        print("\n".join(misses(cases)))


if __name__ == "__main__":
    main()
