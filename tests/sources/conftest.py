from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from blameline.intake import load
from blameline.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from blameline.records import Loaded

FIXTURES = Path(__file__).parent / "fixtures"


@pytest.fixture(autouse=True, scope="module")
def _quick(quick_case_files: None) -> None:
    """Of all tests here."""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "case.duckdb") as opened:
        yield opened


@pytest.fixture
def case(tmp_path: Path) -> Path:
    folder = tmp_path / "case"
    folder.mkdir()
    return folder


@pytest.fixture
def take(store: Store, case: Path) -> Callable[..., Loaded]:
    """Write files into a case folder and load it."""

    def write(files: dict[str, str | bytes]) -> Loaded:
        for name, content in files.items():
            path = case / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return load(store, [case])

    return write


def requests(name: str) -> list[dict]:
    """The requests of a fixture, read with nothing but json."""
    raw = (FIXTURES / name).read_bytes()
    text = (gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw).decode()
    return [json.loads(line) for line in text.splitlines() if line.strip()]


def attribute(value: dict) -> object:
    ((kind, inner),) = value.items()
    if kind == "arrayValue":
        return json.dumps([attribute(part) for part in inner["values"]], separators=(",", ":"))
    return {True: "true", False: "false"}.get(inner, inner) if isinstance(inner, bool) else str(inner)
