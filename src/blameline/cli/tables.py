"""Answers on paper: rows as an aligned table or tabs, records as JSON, and the words for times, places and odds."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from datetime import datetime

    from pydantic import BaseModel


def one_line(text: str) -> str:
    """Text without line breaks or characters that a terminal would obey."""
    return "".join(char if char.isprintable() else " " for char in text)


def as_one_value(value: BaseModel | Sequence[BaseModel]) -> None:
    """A record, or a list of them, as JSON and nothing else."""
    plain = (
        [one.model_dump(mode="json") for one in value] if isinstance(value, Sequence) else value.model_dump(mode="json")
    )
    click.echo(json.dumps(plain, ensure_ascii=True, allow_nan=False))


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Aligned columns on a terminal, tabs in a pipe; no cell can break its line or obey a terminal."""
    clean = [[one_line(cell) for cell in row] for row in rows]
    if not sys.stdout.isatty():
        for row in [list(heads), *clean]:
            click.echo("\t".join(cell.replace("\t", " ") for cell in row))
        return
    from rich import box  # noqa: PLC0415
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    shown = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for head in heads:
        shown.add_column(head, overflow="fold")
    for row in clean:
        shown.add_row(*[Text(cell) for cell in row])
    Console().print(shown)


def where(segment: Mapping[str, str]) -> str:
    """The segment in words."""
    return one_line(", ".join(f"{key}={value}" for key, value in sorted(segment.items()))) or "all traffic"


def minute(moment: datetime) -> str:
    """A moment to the minute; the head of its column says that it is UTC."""
    return f"{moment:%Y-%m-%d %H:%M}"


def odds(probability: float) -> str:
    """A probability as a whole percentage."""
    if probability < 0.01:
        return "<1%"
    return ">99%" if probability > 0.99 else f"{probability:.0%}"
