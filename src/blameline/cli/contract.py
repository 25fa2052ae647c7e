"""The verbs of behavioural contracts: learn them from a quiet period, and check how they fare."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from blameline.cli.group import ExitCode, case_option, json_option, pairs_of, read, seed_option, write
from blameline.cli.tables import as_one_value, minute, one_line, table, where

from_option = click.option(
    "--from", "since", metavar="TIME", help="Start of the period: ISO 8601, UTC where it has no zone."
)
to_option = click.option("--to", "until", metavar="TIME", help="Its end; as far as the data goes if absent.")


@click.group()
def contract() -> None:
    """What callers rely on: learn it from a quiet period, and check how it fares.

    \b
    Example:
      incident contract learn --case out/incident.duckdb -o contracts.yaml
      incident load contracts.yaml --case out/incident.duckdb
      incident contract check --case out/incident.duckdb
    """


@contract.command()
@case_option
@from_option
@to_option
@click.option("--segment", multiple=True, metavar="KEY=VALUE", help="Only these requests; all if absent.")
@click.option("-o", "--out", type=click.Path(path_type=Path, dir_okay=False), help="File to write; stdout if absent.")
@json_option
@seed_option
def learn(
    case_path: Path,
    since: str | None,
    until: str | None,
    segment: tuple[str, ...],
    out: Path | None,
    as_json: bool,
    seed: int,
) -> None:
    """Propose contracts that a quiet period would have kept, each with what was seen.

    Without --to, the period ends where anything got worse.

    \b
    Example:
      incident contract learn --to 2026-03-09 --segment app.task=refund -o contracts.yaml
    """
    pairs = pairs_of(segment, "--segment", "learn from each value by itself")
    with read(case_path) as case:
        found = case.learn_contracts(since=since, until=until, segment=pairs, seed=seed)
    if out is not None:
        write(out, found.text)
    if as_json:
        as_one_value(found)
    elif out is None:
        click.echo(found.text, nl=False)
    else:
        click.echo(one_line(f"{len(found.contracts)} contracts from {found.requests} requests are in {out}"))


@contract.command()
@case_option
@from_option
@to_option
@json_option
@seed_option
@click.option("--exit-code", is_flag=True, help="End with status 3 when a contract is broken.")
def check(case_path: Path, since: str | None, until: str | None, as_json: bool, seed: int, exit_code: bool) -> None:
    """How every contract fares in a period, against all that came before it.

    Without --from, the period is that since the main shift began; where nothing got worse, the second half of the data.

    \b
    Example:
      incident contract check --from 2026-03-14T09:00Z --case out/incident.duckdb
    """
    with read(case_path) as case:
        found = case.contracts(since=since, until=until, seed=seed)
    if as_json:
        as_one_value(found)
    elif not found:
        click.echo("No contract is stated: load a contracts.yaml, or let `incident contract learn` write one.")
    else:
        one = found[0]
        click.echo(
            f"From {minute(one.since)} to {minute(one.until)} UTC, against all before {minute(one.compared_until)}."
        )
        table(
            ("contract", "asks", "where", "verdict", "because"),
            [(one.id, one.asks, where(one.scope), one.verdict, one.because) for one in found],
        )
    if exit_code and any(one.verdict == "broken" for one in found):
        sys.exit(ExitCode.WORSE)
