"""The annotated public series of the Turing change point data set: which there are, of what kind, and where they are read from.

``series`` reads the copy beside this file, which holds only what may be passed on (tcpd/PROVENANCE.md), and adds what a folder
given by ``--tcpd PATH`` has beside it. ``python benchmarks/detection/tcpd_data.py PATH`` made that copy from a clone.
"""

from __future__ import annotations

import gzip
import json
import random
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

SHIPPED = Path(__file__).parent / "tcpd" / "series.json.gz"

FAMILIES = {
    "economy": (
        "bank bitcoin brent_spot businv construction debt_ireland gdp_argentina gdp_croatia gdp_iran gdp_japan ratner_stock "
        "shanghai_license unemployment_nl usd_isk"
    ),
    "society": (
        "centralia children_per_woman homeruns iceland_tourism jfk_passengers lga_passengers measles rail_lines robocalls "
        "seatbelts uk_coal_employ us_population"
    ),
    "nature": "co2_canada global_co2 nile ozone scanline_126007 scanline_42049 well_log",
    "quality control": ("quality_control_1 quality_control_2 quality_control_3 quality_control_4 quality_control_5"),
}
"""By kind of data, fixed before any result was looked at: money; people and what they do; physical measurements; made series."""
MULTIVARIATE = "apple bee_waggle_6 occupancy run_log"
"""Left out: the seam hands a detector one signal at a time, and so do PELT, BinSeg and Otava as they are run here."""
OPEN = (
    "bank brent_spot businv children_per_woman co2_canada construction debt_ireland gdp_argentina gdp_croatia gdp_iran gdp_japan "
    "jfk_passengers lga_passengers ozone quality_control_1 quality_control_2 quality_control_3 quality_control_4 "
    "quality_control_5 rail_lines shanghai_license uk_coal_employ unemployment_nl us_population usd_isk well_log"
)
"""What may be passed on, by tcpd/PROVENANCE.md."""
LENGTHS = {
    "bitcoin": 774,
    "centralia": 15,
    "global_co2": 104,
    "homeruns": 118,
    "iceland_tourism": 199,
    "measles": 991,
    "nile": 100,
    "ratner_stock": 600,
    "robocalls": 52,
    "scanline_126007": 481,
    "scanline_42049": 481,
    "seatbelts": 192,
}
"""Observations of the univariate series that are not passed on here, for checks against published scores."""


@dataclass(frozen=True)
class Series:
    """One annotated series."""

    name: str
    family: str
    values: np.ndarray
    """Floats; NaN where a value is missing."""
    annotations: dict[str, list[int]]
    """By annotator: the indices that he or she marked, from 0."""
    tuning: bool
    """In the half that settings were chosen on."""


def names() -> list[str]:
    """The univariate series of the data set, 38 of 42."""
    return sorted(name for members in FAMILIES.values() for name in members.split())


def tuning_half() -> set[str]:
    """The random half that settings were chosen on; drawn once, before anything was run, over all names of the data set."""
    return set(random.Random(4).sample(names(), 19))  # noqa: S311  not a secret


def series(folder: Path | None = None) -> list[Series]:
    """Every univariate series at hand, by name; ``folder`` is a clone of the data set, as far as it was collected."""
    held = json.loads(gzip.decompress(SHIPPED.read_bytes()))
    values: dict[str, list[float | None]] = dict(held["series"])
    for path in sorted(folder.glob("datasets/*/*.json")) if folder else []:
        values |= _read(path)
    kinds = {name: family for family, members in FAMILIES.items() for name in members.split()}
    half = tuning_half()
    return [
        Series(name, kinds[name], np.array(values[name], dtype=float), held["annotations"][name], name in half)
        for name in names()
        if name in values
    ]


def annotations() -> dict[str, dict[str, list[int]]]:
    """All marks of all annotators, of all 42 series: series -> annotator -> indices."""
    marks: dict[str, dict[str, list[int]]] = json.loads(gzip.decompress(SHIPPED.read_bytes()))["annotations"]
    return marks


def _read(path: Path) -> dict[str, list[float | None]]:
    """A univariate series as the data set writes it, or nothing."""
    found: dict[str, Any] = json.loads(path.read_bytes())
    if found.get("n_dim") != 1 or found.get("name") not in names():
        return {}
    return {found["name"]: found["series"][0]["raw"]}


def ship(folder: Path) -> None:
    """Write the copy beside this file anew from a clone of the data set."""
    held: dict[str, list[float | None]] = {}
    for name in OPEN.split():
        held |= _read(folder / "datasets" / name / f"{name}.json")
    whole = {"series": held, "annotations": json.loads((folder / "annotations.json").read_bytes())}
    SHIPPED.parent.mkdir(exist_ok=True)
    SHIPPED.write_bytes(gzip.compress(json.dumps(whole, separators=(",", ":"), sort_keys=True).encode(), 9, mtime=0))


if __name__ == "__main__":
    ship(Path(sys.argv[1]))
