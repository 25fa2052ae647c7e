"""``python -m blameline.drill LAYER --seed N -o FOLDER``: deal one incident into a folder."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from blameline.drill.catalogue import LAYERS
from blameline.drill.incident import deal
from blameline.drill.rollout import ROLLOUTS
from blameline.errors import BlamelineError


def main(arguments: list[str] | None = None) -> int:
    """Deal and write; the exit status is 1 when something is told on stderr."""
    parser = argparse.ArgumentParser(prog="python -m blameline.drill", description="Deal one incident into a folder.")
    parser.add_argument("layer", choices=LAYERS)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--form", choices=("otlp", "parquet", "jsonl"), default="otlp")
    parser.add_argument("--compress", choices=("gz", "zst"))
    parser.add_argument("--days", type=int, default=21)
    parser.add_argument("--rollout", choices=ROLLOUTS)
    parser.add_argument("--effect", type=float)
    parser.add_argument("--traffic", type=float, help="mean requests an hour")
    parser.add_argument("--decoys", type=int)
    parser.add_argument("-o", "--output", type=Path, required=True)
    given = parser.parse_args(arguments)
    try:
        incident = deal(
            given.layer,
            seed=given.seed,
            days=given.days,
            rollout=given.rollout,
            effect=given.effect,
            traffic=given.traffic,
            decoys=given.decoys,
        )
        written = incident.write(given.output, form=given.form, compress=given.compress)
    except BlamelineError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    sys.stdout.write(f"{written}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
