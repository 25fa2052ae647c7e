"""Where the shipped text is: beside the package in a wheel, at the repository root in a checkout."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable


def assets(kind: str) -> Traversable:
    """The folder ``kind`` (``templates``, ``runbooks``, ``sample_incidents``) of shipped text."""
    packaged = files("blameline") / "shipped" / kind
    return packaged if packaged.is_dir() else Path(__file__).parents[2] / kind


@cache  # a load runs a hundred statements, and reading a text takes a fifth of running one
def sql(name: str) -> str:
    """The text of ``sql/<name>.sql``; the name is ours and never comes from data."""
    return files("blameline").joinpath("sql", f"{name}.sql").read_text(encoding="utf-8")
