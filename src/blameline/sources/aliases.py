"""One name for each thing: ``aliases.csv`` in, as the bound parameter that every trace query takes.

The canonical name is added beside the original where it is absent; nothing that a trace carries is ever renamed or
dropped.
"""

from __future__ import annotations

import csv
import json
from functools import cache
from importlib.resources import files
from typing import Literal

EVALUATOR = (
    "gen_ai.evaluation.evaluator.version",
    "evaluator.version",
    "gen_ai.evaluation.evaluator.id",
    "gen_ai.evaluation.evaluator.name",
    "evaluator.id",
    "evaluator.name",
)
"""Attributes that say who judged, the most telling first."""


@cache
def aliases(where: Literal["otlp", "table"]) -> str:
    """JSON: alias → list of ``{r: rank, c: canonical, p: JSON path or null}``, for one kind of trace."""
    text = files("blameline.sources").joinpath("aliases.csv").read_text(encoding="utf-8")
    found: dict[str, list[dict[str, str | int | None]]] = {}
    for row in csv.DictReader(text.splitlines()):
        if row["where"] in {"any", where}:
            entry: dict[str, str | int | None] = {
                "r": int(row["rank"]),
                "c": row["canonical"],
                "p": row["path"] or None,
            }
            found.setdefault(row["alias"], []).append(entry)
    return json.dumps(found, sort_keys=True)
