"""The verbs that show when and where quality moved, as tables, plots and images."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from blameline.cli.group import case_option, json_option, read, seed_option
from blameline.cli.moved import tell_quiet, tell_shifts, zero_line
from blameline.cli.tables import Cell, as_one_value, can_write, encodable, minute, table
from blameline.cli.zone import Zone, zone

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from blameline.records import Record, TimelineRow, View

Verb = TypeVar("Verb", bound="Callable[..., object]")
IMAGES = (".svg", ".png")
NO_TERMINAL = 100
"""Columns of a plot where no terminal says how many there are."""
_BAND = re.compile("░+")


def _an_image(context: click.Context, parameter: click.Parameter, value: Path | None) -> Path | None:
    if value is not None and value.suffix.lower() not in IMAGES:
        raise click.BadParameter("an image's name ends in .svg or .png", ctx=context, param=parameter)
    return value


def looking(verb: Verb) -> Verb:
    """The options that both verbs have."""
    for option in (
        seed_option,
        json_option,
        click.option(
            "--plot/--no-plot", "plotted", default=None,
            help="Draw it; on a terminal that is the default. With --json: its data.",
        ),
        click.option("--tz", help="Times in this zone too (Europe/Berlin); on a terminal, the machine's own if absent."),
        click.option(
            "-o", "--out", type=click.Path(path_type=Path, dir_okay=False), callback=_an_image,
            help="Draw into a file instead, .svg or .png; needs the extra 'plots'.",
        ),
    ):  # fmt: skip
        verb = option(verb)
    return verb


@click.command()
@case_option
@click.option("--signal", help="Only this signal, moved or not.")
@click.option("--detector", default="steps", show_default=True, help="Who looks; `incident plugins` lists them.")
@looking
def shifts(
    case_path: Path,
    signal: str | None,
    detector: str,
    out: Path | None,
    tz: str | None,
    plotted: bool | None,
    as_json: bool,
    seed: int,
) -> None:
    """When, where and how far quality moved, and how sure that is.

    \b
    Example:
      incident shifts --case out/incident.duckdb
      incident shifts --signal answer_correct --tz Europe/Berlin --case out/incident.duckdb
      incident shifts -o shift.svg --case out/incident.duckdb
    """
    beside = _beside(tz)
    with read(case_path) as case:
        found = case.shifts(signal=signal, detector=detector, seed=seed)
        view = case.view(signal=signal, detector=detector, seed=seed)
    if out is not None:
        _draw(out, view)
    if as_json:
        _json("shifts", found, view, plotted)
    elif out is None:
        tell_shifts(found, view, beside)
        tell_quiet(view)
        if plotted or (plotted is None and sys.stdout.isatty()):
            click.echo()
        _plot(view, plotted, height=10)


@click.command()
@case_option
@looking
def timeline(case_path: Path, out: Path | None, tz: str | None, plotted: bool | None, as_json: bool, seed: int) -> None:
    """Changes, shifts, eval runs, reports and notes on one axis of time.

    \b
    Example:
      incident timeline --case out/incident.duckdb
      incident timeline -o timeline.png --case out/incident.duckdb
    """
    beside = _beside(tz)
    with read(case_path) as case:
        rows = case.timeline(seed=seed)
        view = case.view(seed=seed)
    if out is not None:
        _draw(out, view)
    if as_json:
        _json("rows", rows, view, plotted)
    elif out is None:
        if _plot(view.model_copy(update={"curves": view.curves[:1]}), plotted, height=6, keyed=False):
            click.echo()
        _tell_rows(rows, view, beside)


def _beside(tz: str | None) -> Zone | None:
    """The zone beside UTC. In a pipe only the one that was asked for: what a program reads must not hang on the machine."""
    return zone(tz) if tz is not None or sys.stdout.isatty() else None


def _json(name: str, found: Sequence[Record], view: View, plotted: bool | None) -> None:
    """The records; with ``--plot`` those and what is drawn."""
    if not plotted:
        as_one_value(found)
        return
    whole = {name: [one.model_dump(mode="json") for one in found], "view": view.model_dump(mode="json")}
    click.echo(json.dumps(whole, ensure_ascii=True, allow_nan=False))


def _draw(path: Path, view: View) -> None:
    from blameline.report.image import image  # noqa: PLC0415  only who asks for an image needs it

    drawn = image(view, "png" if path.suffix.lower() == ".png" else "svg")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(drawn)


def _plot(view: View, plotted: bool | None, *, height: int, keyed: bool = True) -> bool:
    """The plot on a terminal, or wherever it was asked for, in ASCII where nothing else can be shown; whether there was one."""
    if plotted is False or (plotted is None and not sys.stdout.isatty()):
        return False
    from blameline.report.glyphs import UNICODE  # noqa: PLC0415
    from blameline.report.terminal_plot import plot  # noqa: PLC0415

    signs = "".join((*UNICODE.levels, UNICODE.band, UNICODE.onset, UNICODE.bars, UNICODE.edge, UNICODE.low, "−×…"))
    ascii_only = os.environ.get("TERM") == "dumb" or not can_write(signs)
    width = shutil.get_terminal_size((NO_TERMINAL, 24)).columns
    lines = plot(view, width=width, ascii_only=ascii_only, height=height, keyed=keyed)
    for line in lines:
        click.echo(_dimmed(encodable(line)))
    return bool(lines)


def _dimmed(line: str) -> str:
    """Intervals stand back behind means, where a terminal can do that and nobody asked for no colour."""
    if not sys.stdout.isatty() or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return line
    return _BAND.sub(lambda band: click.style(band[0], dim=True), line)


def _tell_rows(rows: Sequence[TimelineRow], view: View, beside: Zone | None) -> None:
    """The rows as a table; on a terminal each has the sign that it has in the plot."""
    from blameline.report.wording import offset  # noqa: PLC0415

    heads: list[Cell] = ["UTC", "T+", "lane", "id", "what"]
    told: list[list[Cell]] = [
        [minute(row.at), offset(row.at, view.zero) if view.zero else "", row.lane, row.id, row.what] for row in rows
    ]
    if sys.stdout.isatty():
        signs = {(lane.kind, mark.id, mark.at): mark.key for lane in view.lanes for mark in lane.marks}
        heads = ["", ("UTC", beside.name) if beside else "UTC", *heads[1:]]
        for row, cells in zip(rows, told, strict=True):
            cells[0] = (minute(row.at), beside.minute(row.at)) if beside else minute(row.at)
            cells.insert(0, signs.get((row.lane, row.id, row.at), ""))
    elif beside:
        heads.insert(1, beside.name)
        for row, cells in zip(rows, told, strict=True):
            cells.insert(1, beside.minute(row.at))
    table(heads, told)
    if view.zero and sys.stdout.isatty():
        click.echo(encodable(zero_line(view, beside)))
