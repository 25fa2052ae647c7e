"""The verbs that ask a case file for its verdicts, or add a note to it."""

from __future__ import annotations

import json
from pathlib import Path

import click

from blameline.cli.found import tell
from blameline.cli.group import case_option, json_option, must_exist, opened, read, seed_option, write
from blameline.cli.tables import as_one_value, one_line, table
from blameline.errors import NotFound


@click.command()
@case_option
@json_option
def signals(case_path: Path, as_json: bool) -> None:
    """What can be measured and what is: direction, unit, bias, the mean now, or what is missing.

    \b
    Example:
      incident signals --case out/incident.duckdb
    """
    with read(case_path) as case:
        found = case.signals()
    if as_json:
        as_one_value(found)
        return
    table(
        ("signal", "family", "better", "part", "n", "mean", "now", "unit", "bias, or why it is not measured"),
        [
            (
                one.name,
                one.family,
                one.better or "neither",
                "control" if one.control else "context" if one.context else "signal",
                f"{one.n}" if one.measured else "not measured",
                "" if one.mean is None else f"{one.mean:.4g}",
                "" if one.now is None else f"{one.now:.4g}",
                one.unit,
                one.bias if one.measured else one.why,
            )
            for one in found
        ],
    )


@click.command()
@click.argument("shift", required=False)
@case_option
@json_option
@seed_option
def blame(shift: str | None, case_path: Path, as_json: bool, seed: int) -> None:
    """Every bid with its odds, its verdict, the questions put to it and their answers.

    \b
    Example:
      incident blame shift-1 --case out/incident.duckdb
    """
    with read(case_path) as case:
        found = case.blame(seed=seed)
        text = case.report(as_="json", seed=seed) if as_json else ""
    if shift is not None and shift not in {one.id for one in found.shifts}:
        known = ", ".join(one.id for one in found.shifts) or "none"
        raise NotFound(f"no shift named '{one_line(shift)}'", hint=f"there are: {known}")
    if as_json:
        click.echo(text, nl=False)
        return
    tell(found, shift, firmness=True)


@click.command()
@case_option
@click.option("--as", "as_", default="markdown", show_default=True, help="The renderer; `incident plugins` lists them.")
@click.option(
    "--template", type=click.Path(path_type=Path, file_okay=False, exists=True), help="Your own templates, by name."
)
@click.option("-o", "--out", type=click.Path(path_type=Path, dir_okay=False), help="File to write; stdout if absent.")
@seed_option
def report(case_path: Path, as_: str, template: Path | None, out: Path | None, seed: int) -> None:
    """The post-mortem.

    \b
    Example:
      incident report --case out/incident.duckdb -o postmortem.md
    """
    with read(case_path) as case:
        text = case.report(as_=as_, templates=template, seed=seed)
    if out is None:
        click.echo(text, nl=False)
    else:
        write(out, text)


@click.command()
@click.argument("text")
@case_option
@click.option("--by", default="", help="The team that says so.")
@click.option("--on", help="The candidate or shift that it is about.")
@json_option
def note(text: str, case_path: Path, by: str, on: str | None, as_json: bool) -> None:
    """Add a note to the ledger.

    \b
    Example:
      incident note "rolled back prompt v12" --on chg-003 --by support-ai --case out/incident.duckdb
    """
    must_exist(case_path)
    with opened(case_path) as case:
        entry = case.note(text, by=by, on=on)
    if as_json:
        as_one_value(entry)
        return
    click.echo(f"noted as {entry.id[:15]}…")


@click.command()
@click.argument("query")
@case_option
@json_option
def sql(query: str, case_path: Path, as_json: bool) -> None:
    """The rows that a query of your own answers; it can change nothing.

    \b
    Example:
      incident sql "select layer, kind, took_effect from changes" --case out/incident.duckdb
    """
    with read(case_path) as case:
        result = case.sql(query)
    if as_json:
        click.echo(
            json.dumps(
                [dict(zip(result.columns, row, strict=True)) for row in result.rows], default=str, ensure_ascii=True
            )
        )
        return
    table(result.columns, [tuple("" if value is None else str(value) for value in row) for row in result.rows])


@click.command()
@json_option
def plugins(as_json: bool) -> None:
    """What is installed at the four seams, and from which package."""
    from blameline.plugins import GROUPS, installed  # noqa: PLC0415

    rows = [
        (group.removeprefix("blameline."), point.name, point.dist.name if point.dist else "", point.value)
        for group in GROUPS
        for point in installed(group)
    ]
    if as_json:
        click.echo(json.dumps([dict(zip(("group", "name", "package", "object"), row, strict=True)) for row in rows]))
        return
    table(("group", "name", "package", "object"), rows)
