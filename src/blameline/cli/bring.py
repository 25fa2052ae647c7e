"""The verbs that bring something in: files and folders, one change by hand, or the sample that is shipped."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from blameline.cli.found import tell
from blameline.cli.group import ExitCode, case_option, json_option, must_exist, opened, pairs_of, seed_option, write
from blameline.cli.loaded import tell_loaded
from blameline.cli.tables import as_one_value, minute, one_line
from blameline.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Iterator

    from blameline.intake import Content, Progress

paths_argument = click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
content_option = click.option(
    "--content",
    type=click.Choice(["none", "redacted", "full"]),
    help="What is kept of questions and answers: none (only length, language and form), redacted (the words, without secrets, "
    "addresses and card numbers; the default), full (all as it is). One for the whole case file.",
)


@click.command()
@paths_argument
@click.option(
    "-o", "--out", type=click.Path(path_type=Path, file_okay=False), help="Folder for the case file and the report."
)
@click.option(
    "--template", type=click.Path(path_type=Path, file_okay=False, exists=True), help="Your own templates, by name."
)
@content_option
@json_option
@seed_option
@click.option(
    "--exit-code", is_flag=True, help="End with status 3 when the outcome is not no_shift: something got worse."
)
def investigate(
    paths: tuple[Path, ...],
    out: Path | None,
    template: Path | None,
    content: Content | None,
    as_json: bool,
    seed: int,
    exit_code: bool,
) -> None:
    """Load everything, find out, and write the post-mortem.

    \b
    Example:
      incident investigate traces/ changes.yaml -o out/
    """
    import tempfile  # noqa: PLC0415

    with tempfile.TemporaryDirectory(prefix="incident-") as scratch:
        folder = out or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        with opened(folder / "incident.duckdb") as case:
            with _watched() as progress:
                found = case.investigate(*paths, seed=seed, content=content, progress=progress)
            if out is not None:
                write(folder / "incident.json", case.report(as_="json", seed=seed))
                write(folder / "postmortem.md", case.report(seed=seed, templates=template))
            if as_json:
                click.echo(case.report(as_="json", seed=seed), nl=False)
            else:
                tell(found)
                if out is not None:
                    click.echo(
                        f"\nThe post-mortem is {folder / 'postmortem.md'}; the case file is {folder / 'incident.duckdb'}."
                    )
                else:
                    click.echo(
                        "\nNothing was kept. With -o FOLDER the case file and the post-mortem are written there."
                    )
    if exit_code and found.outcome != "no_shift":
        sys.exit(ExitCode.WORSE)


@click.command()
@paths_argument
@case_option
@content_option
@json_option
def load(paths: tuple[Path, ...], case_path: Path, content: Content | None, as_json: bool) -> None:
    """Bring files and folders into a case file; loading twice changes nothing.

    \b
    Example:
      incident load exports/ --case out/incident.duckdb
    """
    with opened(case_path) as case:
        with _watched() as progress:
            loaded = case.load(*paths, content=content, progress=progress)
        if as_json:
            as_one_value(loaded)
            return
        tell_loaded(loaded, case_path)


@click.command()
@click.argument("text")
@case_option
@click.option("--kind", required=True, help="What kind of change: prompt_edit, deploy, model_swap, index_refresh …")
@click.option("--at", required=True, help="When it took effect: ISO 8601, UTC where it has no zone, or 'now'.")
@click.option("--layer", help="The layer that it touched; follows from the kind.")
@click.option("--component", help="What was changed: a prompt, a service, an index.")
@click.option("--from", "from_", help="The version before.")
@click.option("--to", help="The version after.")
@click.option("--scope", "scope", multiple=True, metavar="KEY=VALUE", help="Where it applied; everywhere if absent.")
@click.option("--uncertainty", help="How far off the time may be: 30m, 2h, 1d.")
@click.option("--id", "id_", help="Its id; derived from what is said if absent.")
@click.option("--team", help="The team that made it.")
@json_option
def mark(
    text: str,
    case_path: Path,
    kind: str,
    at: str,
    layer: str | None,
    component: str | None,
    from_: str | None,
    to: str | None,
    scope: tuple[str, ...],
    uncertainty: str | None,
    id_: str | None,
    team: str | None,
    as_json: bool,
) -> None:
    """Write one change into the case file by hand; marking it twice changes nothing.

    \b
    Example:
      incident mark "system prompt shortened" --kind prompt_edit --at 2026-03-14T09:12Z --uncertainty 30m
    """
    pairs = pairs_of(scope, "--scope", "mark a change for each value")
    must_exist(case_path)
    with opened(case_path) as case:
        change = case.mark(
            text, kind=kind, at=at, layer=layer, component=component, from_=from_, to=to, scope=pairs,
            uncertainty=uncertainty, id_=id_, team=team,
        )  # fmt: skip
    if as_json:
        as_one_value(change)
        return
    click.echo(one_line(f"marked as {change.id}: {change.kind} at {minute(change.at)} UTC, layer {change.layer}"))


@click.command()
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("out"),
    show_default=True,
    help="Folder for the result.",
)
@click.pass_context
def demo(ctx: click.Context, out: Path) -> None:
    """Investigate the sample incident that is shipped with the tool.

    \b
    Example:
      incident demo -o out/
    """
    from importlib.resources import as_file  # noqa: PLC0415

    from blameline.assets import assets  # noqa: PLC0415

    with as_file(assets("sample_incidents").joinpath(SHIPPED_SAMPLE)) as sample:
        if not sample.is_dir():
            raise NotFound("the sample incident is not installed", hint="install blameline from a wheel or a checkout")
        ctx.invoke(
            investigate, paths=(sample,), out=out, template=None, content=None, as_json=False, seed=0, exit_code=False
        )


SHIPPED_SAMPLE = "staged-prompt-edit"


@contextmanager
def _watched() -> Iterator[Progress | None]:
    """What a load tells its progress to: a bar on a terminal, nothing in a pipe."""
    if not sys.stderr.isatty():
        yield None
        return
    from blameline.cli.progress import Bar  # noqa: PLC0415  rich is for terminals

    with Bar() as bar:
        yield bar.step
