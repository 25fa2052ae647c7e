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


MOST_LETTERS = 400


def one_line(text: str) -> str:
    """Text without line breaks or characters that a terminal would obey."""
    return "".join(char if char.isprintable() else " " for char in text)


def as_one_value(value: BaseModel | Sequence[BaseModel]) -> None:
    """A record, or a list of them, as JSON and nothing else."""
    plain = (
        [one.model_dump(mode="json") for one in value] if isinstance(value, Sequence) else value.model_dump(mode="json")
    )
    click.echo(json.dumps(plain, ensure_ascii=True, allow_nan=False))


Cell = str | tuple[str, ...]
"""What a table holds: a text, or several that stand below one another on a terminal and beside one another in a pipe."""


def table(heads: Sequence[Cell], rows: Sequence[Sequence[Cell]]) -> None:
    """Aligned columns on a terminal, tabs in a pipe; no cell can break its line or obey a terminal."""
    if not sys.stdout.isatty():
        for row in [heads, *rows]:
            texts = [" ".join(map(one_line, _parts(cell))).replace("\t", " ") for cell in row]
            click.echo(encodable("\t".join(texts)))
        return
    from rich import box  # noqa: PLC0415
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    shown = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for head in heads:
        shown.add_column(Text(_stacked(head)), overflow="fold")
    for row in rows:
        shown.add_row(*[Text(_stacked(cell)) for cell in row])
    Console().print(shown)


def encodable(text: str) -> str:
    """The text in signs that stdout can write; a terminal or a pipe that has no others gets ``?`` for the rest."""
    encoding = sys.stdout.encoding or "utf-8"
    for sign, instead in (("−", "-"), ("…", "...")):  # ours, and worth more than a question mark
        if sign in text and not can_write(sign):
            text = text.replace(sign, instead)
    return text.encode(encoding, "replace").decode(encoding)


def can_write(text: str) -> bool:
    """Whether stdout can write these signs."""
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _parts(cell: Cell) -> tuple[str, ...]:
    return (cell,) if isinstance(cell, str) else cell


def _stacked(cell: Cell) -> str:
    """What a terminal shows of a cell: a name of ten thousand letters would push all else off the screen."""
    lines = [one_line(part) for part in _parts(cell)]
    return "\n".join(encodable(line if len(line) <= MOST_LETTERS else f"{line[: MOST_LETTERS - 1]}…") for line in lines)


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
