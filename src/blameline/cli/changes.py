"""The verb that holds the changelog against the traces: every change with how the two agree, the dark ones first."""

from __future__ import annotations

import sys
from collections import Counter
from typing import TYPE_CHECKING

import click

from blameline.cli.group import case_option, json_option, read
from blameline.cli.tables import Cell, as_one_value, encodable, minute, one_line, table
from blameline.cli.zone import Zone, zone

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    from blameline.records import ChangeState


@click.command()
@case_option
@click.option("--tz", help="Times in this zone too (Europe/Berlin); on a terminal, the machine's own if absent.")
@json_option
def changes(case_path: Path, tz: str | None, as_json: bool) -> None:
    """What the changelog says against what the traces show, the dark changes first.

    \b
    Example:
      incident changes --case out/incident.duckdb
    """
    beside = zone(tz) if tz is not None or sys.stdout.isatty() else None
    with read(case_path) as case:
        found = case.changes()
    if as_json:
        as_one_value(found)
    elif not found:
        click.echo("Nothing is declared, and no version changed in the traces.")
    else:
        _tell(found, beside)


def _tell(found: Sequence[ChangeState], beside: Zone | None) -> None:
    from blameline.report.declared import state_counts  # noqa: PLC0415

    stacked = sys.stdout.isatty()
    heads: list[Cell] = ["state", "change", "layer", "what"]
    for what in ("declared", "observed"):
        heads += _head(f"{what} (UTC)", beside, what, stacked=stacked)
    table(
        [*heads, "because"],
        [
            [
                one.state,
                one.id if one.declared and one.id else "",
                one.layer,
                _step(one),
                *_times(one.at, beside, stacked=stacked),
                *_times(one.observed_at, beside, stacked=stacked),
                one.because,
            ]
            for one in found
        ],
    )
    click.echo(encodable(one_line(state_counts(Counter(one.state for one in found)))))


def _head(utc: str, beside: Zone | None, what: str, *, stacked: bool) -> list[Cell]:
    if beside is None:
        return [utc]
    own = f"{what} ({beside.name})"
    return [(utc, own)] if stacked else [utc, own]


def _times(moment: datetime | None, beside: Zone | None, *, stacked: bool) -> list[Cell]:
    utc = minute(moment) if moment else ""
    if beside is None:
        return [utc]
    own = beside.minute(moment) if moment else ""
    return [(utc, own)] if stacked else [utc, own]


def _step(one: ChangeState) -> str:
    """What moved, from what to what."""
    step = " → ".join(value for value in (one.from_, one.to) if value)
    return f"{one.attribute}: {step}" if one.attribute and step else step or one.attribute or one.kind
