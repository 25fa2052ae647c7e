"""The command ``incident``: parse, call the method of the same name, print.

stdout is the answer, stderr is talk. Exit status: 0 done, 1 an error told in one line, 2 wrong usage, 3 with ``--exit-code``
when a shift for the worse was found. Nothing heavy is imported before a verb needs it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from blameline.errors import BlamelineError, NotFound

if TYPE_CHECKING:
    from pydantic import BaseModel

    from blameline.case import Case
    from blameline.records import Investigation, Loaded


class ExitCode(IntEnum):
    """What the process ends with."""

    DONE = 0
    ERROR = 1
    """An error, told in one line on stderr."""
    USAGE = 2
    WORSE = 3
    """A shift for the worse was found, and ``--exit-code`` was asked for."""


class Incident(click.Group):
    """The group that turns our errors into one line and an exit status."""

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401  click's own signature
        """Run a verb; a ``BlamelineError`` is told in one line."""
        try:
            return super().invoke(ctx)
        except BlamelineError as error:
            click.echo(f"incident: {one_line(str(error))}", err=True)
            ctx.exit(error.exit_code)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Verbs in the order in which an incident needs them."""
        del ctx
        return list(self.commands)


def one_line(text: str) -> str:
    """Text without line breaks or characters that a terminal would obey."""
    return "".join(char if char.isprintable() else " " for char in text)


@click.group(cls=Incident, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="blameline", prog_name="incident")
def main() -> None:
    """Who is to blame for the bad answers: a change, a guard that did not fire, or nothing.

    \b
    Begin with a folder of exported traces and a changelog:
      incident investigate sample_incidents/staged-prompt-edit -o out/
      incident blame --case out/incident.duckdb
    """


case_option = click.option(
    "--case", "case_path", type=click.Path(path_type=Path, dir_okay=False), default=Path("incident.duckdb"), show_default=True,
    help="The case file.",
)  # fmt: skip
seed_option = click.option("--seed", type=int, default=0, show_default=True, help="Seed of whatever is drawn.")
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON and nothing else.")
paths_argument = click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))


@main.command()
@paths_argument
@click.option(
    "-o", "--out", type=click.Path(path_type=Path, file_okay=False), help="Folder for the case file and the report."
)
@click.option(
    "--template", type=click.Path(path_type=Path, file_okay=False, exists=True), help="Your own templates, by name."
)
@json_option
@seed_option
@click.option("--exit-code", is_flag=True, help="End with status 3 when a shift for the worse was found.")
def investigate(
    paths: tuple[Path, ...], out: Path | None, template: Path | None, as_json: bool, seed: int, exit_code: bool
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
        with _open(folder / "incident.duckdb") as case:
            found = case.investigate(*paths, seed=seed, progress=_progress())
            if out is not None:
                _write(folder / "incident.json", case.report(as_="json", seed=seed))
                _write(folder / "postmortem.md", case.report(seed=seed, templates=template))
            if as_json:
                click.echo(case.report(as_="json", seed=seed), nl=False)
            else:
                _tell(found)
                if out is not None:
                    click.echo(
                        f"\nThe post-mortem is {folder / 'postmortem.md'}; the case file is {folder / 'incident.duckdb'}."
                    )
                else:
                    click.echo(
                        "\nNothing was kept. With -o FOLDER the case file and the post-mortem are written there."
                    )
    if exit_code and any(shift.direction == "worse" for shift in found.shifts):
        sys.exit(ExitCode.WORSE)


@main.command()
@paths_argument
@case_option
@json_option
def load(paths: tuple[Path, ...], case_path: Path, as_json: bool) -> None:
    """Bring files and folders into a case file; loading twice changes nothing.

    \b
    Example:
      incident load exports/ --case out/incident.duckdb
    """
    with _open(case_path) as case:
        loaded = case.load(*paths, progress=_progress())
        if as_json:
            _json(loaded)
            return
        _loaded(loaded)


@main.command()
@case_option
@click.option("--signal", help="Only this signal.")
@json_option
@seed_option
def shifts(case_path: Path, signal: str | None, as_json: bool, seed: int) -> None:
    """When, where and how far quality moved, and how sure that is.

    \b
    Example:
      incident shifts --case out/incident.duckdb
    """
    with _read(case_path) as case:
        found = case.shifts(signal=signal, seed=seed)
    if as_json:
        _json(found)
        return
    if not found:
        click.echo("No signal moved by more than chance would move it.")
        return
    _table(
        (
            "shift",
            "signal",
            "where",
            "direction",
            "moved",
            "onset (UTC)",
            "90% range",
            "before",
            "after",
            "change",
            "90% range",
        ),
        [
            (
                one.id,
                one.signal,
                _where(one.segment),
                one.direction,
                one.moved,
                _minute(one.onset.estimate),
                f"{_minute(one.onset.low)} to {_minute(one.onset.high)}",
                f"{one.before:.3f}",
                f"{one.after:.3f}",
                f"{one.delta.estimate:+.3f}",
                f"{one.delta.low:+.3f} to {one.delta.high:+.3f}",
            )
            for one in found
        ],
    )
    for one in found:
        if one.by_segment:
            click.echo(f"\n{one.id} by segment:")
            _table(
                ("segment", "change", "90% range", "n after"),
                [
                    (
                        _where(part.segment),
                        f"{part.delta.estimate:+.3f}",
                        f"{part.delta.low:+.3f} to {part.delta.high:+.3f}",
                        f"{part.n}",
                    )
                    for part in one.by_segment
                ],
            )


@main.command()
@case_option
@json_option
@seed_option
def timeline(case_path: Path, as_json: bool, seed: int) -> None:
    """Changes, shifts, eval runs, reports and notes in one aligned view.

    \b
    Example:
      incident timeline --case out/incident.duckdb
    """
    with _read(case_path) as case:
        rows = case.timeline(seed=seed)
    if as_json:
        _json(rows)
        return
    _table(("UTC", "lane", "id", "what"), [(_minute(row.at), row.lane, row.id, row.what) for row in rows])


@main.command()
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
    with _read(case_path) as case:
        found = case.blame(seed=seed)
        text = case.report(as_="json", seed=seed) if as_json else ""
    if shift is not None and shift not in {one.id for one in found.shifts}:
        known = ", ".join(one.id for one in found.shifts) or "none"
        raise NotFound(f"no shift named '{one_line(shift)}'", hint=f"there are: {known}")
    if as_json:
        click.echo(text, nl=False)
        return
    _tell(found, shift)


@main.command()
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
    with _read(case_path) as case:
        text = case.report(as_=as_, templates=template, seed=seed)
    if out is None:
        click.echo(text, nl=False)
    else:
        _write(out, text)


@main.command()
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
    _must_exist(case_path)
    with _open(case_path) as case:
        entry = case.note(text, by=by, on=on)
    if as_json:
        _json(entry)
        return
    click.echo(f"noted as {entry.id[:15]}…")


@main.command()
@click.argument("query")
@case_option
@json_option
def sql(query: str, case_path: Path, as_json: bool) -> None:
    """The rows that a query of your own answers; it can change nothing.

    \b
    Example:
      incident sql "select layer, kind, took_effect from changes" --case out/incident.duckdb
    """
    with _read(case_path) as case:
        result = case.sql(query)
    if as_json:
        click.echo(
            json.dumps(
                [dict(zip(result.columns, row, strict=True)) for row in result.rows], default=str, ensure_ascii=True
            )
        )
        return
    _table(result.columns, [tuple("" if value is None else str(value) for value in row) for row in result.rows])


@main.command()
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
        ctx.invoke(investigate, paths=(sample,), out=out, template=None, as_json=False, seed=0, exit_code=False)


SHIPPED_SAMPLE = "staged-prompt-edit"


@main.command()
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
    _table(("group", "name", "package", "object"), rows)


def _open(path: Path) -> Case:
    from blameline.case import open_case  # noqa: PLC0415

    return open_case(path)


def _read(path: Path) -> Case:
    from blameline.case import open_case  # noqa: PLC0415

    return open_case(path, read_only=True)


def _must_exist(path: Path) -> None:
    if not path.exists():
        raise NotFound(f"no case file at {one_line(str(path))}", hint="load or investigate a case folder first")


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")


def _progress() -> Callable[[str], None] | None:
    if not sys.stderr.isatty():
        return None
    return lambda source: click.echo(f"\r\x1b[Kreading {one_line(source)[:100]}", nl=False, err=True)


def _json(value: BaseModel | Sequence[BaseModel]) -> None:
    plain = (
        [one.model_dump(mode="json") for one in value] if isinstance(value, Sequence) else value.model_dump(mode="json")
    )
    click.echo(json.dumps(plain, ensure_ascii=True, allow_nan=False))


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
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


def _tell(found: Investigation, shift: str | None = None) -> None:
    """The outcome and the ledger in words."""
    click.echo(one_line(found.headline))
    click.echo(f"Outcome: {found.outcome}")
    for one in found.shifts:
        if shift not in {None, one.id}:
            continue
        onset = f"{_minute(one.onset.estimate)} UTC [{_minute(one.onset.low)} to {_minute(one.onset.high)}]"
        ended = f", over by {_minute(one.ended)}" if one.ended else ""
        click.echo(
            f"\n{one.id}: {one_line(one.signal)} {_where(one.segment)} got {one.direction}: {one.before:.3f} to {one.after:.3f} "
            f"({one.delta.estimate:+.3f} [{one.delta.low:+.3f}, {one.delta.high:+.3f}]), onset {onset}{ended}"
        )
        lines = [line for line in found.ledger if line.shift == one.id]
        if not lines:
            continue
        _table(
            ("odds", "verdict", "candidate", "kind", "because"),
            [(_odds(line.probability), line.verdict, line.candidate, line.kind, line.because) for line in lines],
        )
        click.echo(f"Next test: {one_line(lines[0].next_test)}")
        if shift is not None:
            _answers(found, one.id)
    for guard in found.guards:
        click.echo(f"Guard {one_line(guard.guard)}: {guard.finding} ({one_line(guard.because)})")
    if found.problems:
        click.echo(
            f"{len(found.problems)} problems in the data; the first: {one_line(_problem(found.problems[0]))}", err=True
        )


def _answers(found: Investigation, shift: str) -> None:
    for line in found.ledger:
        if line.shift == shift and line.evidence and line.probability >= 0.001:
            click.echo(f"\n{one_line(line.candidate)} ({_odds(line.probability)}, {line.verdict})")
            _table(("check", "answer", "because"), [(one.check, one.verdict, one.because) for one in line.evidence])


def _loaded(loaded: Loaded) -> None:
    _table(("file", "read as", "rows"), [(one.source, one.format, f"{one.rows}") for one in loaded.files])
    click.echo(
        f"{loaded.spans} spans, {loaded.scores} scores, {loaded.changes} changes, {loaded.eval_runs} eval runs, "
        f"{loaded.replays} replays; {loaded.duplicates} duplicates left out"
    )
    for one in loaded.skipped:
        click.echo(f"skipped {one_line(one.source)}: {one_line(one.reason)}", err=True)
    for problem in loaded.problems:
        click.echo(f"problem: {one_line(_problem(problem))}", err=True)


def _problem(problem: Any) -> str:  # noqa: ANN401
    at = f"{problem.source}:{problem.line}" if problem.line else problem.source
    return f"{at}: {problem.message}"


def _where(segment: Any) -> str:  # noqa: ANN401
    return one_line(", ".join(f"{key}={value}" for key, value in sorted(segment.items()))) or "all traffic"


def _minute(moment: Any) -> str:  # noqa: ANN401
    return f"{moment:%Y-%m-%d %H:%M}"


def _odds(probability: float) -> str:
    if probability < 0.01:
        return "<1%"
    return ">99%" if probability > 0.99 else f"{probability:.0%}"
