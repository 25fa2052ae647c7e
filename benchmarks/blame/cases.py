"""The cases of the benchmark: which half each belongs to, and how each is dealt and loaded once and kept.

``DIR/<class>-<seed>/`` holds ``case/`` and ``truth.json`` as ``blind/blind.py`` wrote them, ``case.duckdb`` with the case loaded,
and ``loaded.json`` that says which code loaded it. All of it is written beside and renamed, so that what is there is whole.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import blameline
from blameline.case import open_case

HERE = Path(__file__).resolve().parent
BLIND = HERE / "blind" / "blind.py"
ENGINE = Path(blameline.__file__).resolve().parent
FIRST_HELD_SEED = 10

Half = Literal["tune", "held"]


def half_of(class_name: str, seed: int) -> Half | None:
    """The half that a case belongs to; ``None`` for the two quarters that neither tunes nor reports.

    Classes by the parity of the SHA-256 of their name (even: tune), seeds below 10 for tuning and from 10 on for reporting. A
    case is of a half only where both agree, so that neither a class nor a seed that was looked at is ever reported.
    """
    even = int(hashlib.sha256(class_name.encode()).hexdigest(), 16) % 2 == 0
    if even and seed < FIRST_HELD_SEED:
        return "tune"
    return "held" if not even and seed >= FIRST_HELD_SEED else None


@dataclass(frozen=True, order=True)
class Dealt:
    """One case of the benchmark by name; ordered by seed first, so that a run that is cut short has seen every class."""

    seed: int
    class_name: str

    @property
    def folder(self) -> str:
        """Its folder's name, as ``blind.py`` writes it."""
        return f"{self.class_name}-{self.seed:03d}"


def class_names() -> list[str]:
    """The classes that ``blind.py`` deals, in its order."""
    told = subprocess.run([sys.executable, str(BLIND), "--list"], check=True, capture_output=True, text=True)
    return told.stdout.split()


def chosen(names: list[str], seeds: list[int], half: Half | Literal["all"]) -> list[Dealt]:
    """The cases of a half among classes and seeds, in the order in which they are run."""
    return sorted(Dealt(seed, name) for name in names for seed in seeds if half in {"all", half_of(name, seed)})


def engine() -> str:
    """The first 12 hex digits of the SHA-256 of all code and SQL of the package: what a line was made with."""
    digest = hashlib.sha256()
    for path in sorted(path for path in ENGINE.rglob("*") if path.suffix in {".py", ".sql", ".csv"}):
        digest.update(path.relative_to(ENGINE).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:12]


def deal(one: Dealt, cases: Path) -> Path:
    """The case's folder, written if it is not there. Raises ``CalledProcessError`` when the generator fails."""
    home = cases / one.folder
    if not (home / "truth.json").exists():
        aside = cases / f".{one.folder}.part"
        shutil.rmtree(aside, ignore_errors=True)
        asked = ["--classes", one.class_name, "--seeds", str(one.seed), "--out", str(aside)]
        subprocess.run([sys.executable, str(BLIND), *asked], check=True, capture_output=True)
        shutil.rmtree(home, ignore_errors=True)
        (aside / one.folder).rename(home)
        aside.rmdir()
    return home


def load(home: Path, code: str, *, again: bool = False) -> dict[str, Any]:
    """Load a dealt case into ``case.duckdb`` if it is not there, or ``again``; what ``loaded.json`` says of the load."""
    store, note = home / "case.duckdb", home / "loaded.json"
    if again or not note.exists() or not store.exists():
        aside = home / "case.duckdb.part"
        aside.unlink(missing_ok=True)
        begun = time.perf_counter()
        with open_case(aside) as case:
            case.load(home / "case")
        said = {"engine": code, "seconds": round(time.perf_counter() - begun, 2)}
        aside.replace(store)
        note.write_text(json.dumps(said) + "\n", encoding="utf-8")
    told: dict[str, Any] = json.loads(note.read_text(encoding="utf-8"))
    return told


def truth_of(home: Path) -> dict[str, Any]:
    """The truth beside a dealt case."""
    told: dict[str, Any] = json.loads((home / "truth.json").read_text(encoding="utf-8"))
    return told
