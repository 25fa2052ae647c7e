"""What all verbs share: their options, the case file that they open, and how an error or Ctrl-C ends them."""

from __future__ import annotations

import errno
import os
import sys
from contextlib import contextmanager, suppress
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from blameline.cli.found import problem_line
from blameline.cli.interrupt import Interruptions
from blameline.cli.tables import one_line
from blameline.errors import BlamelineError, NotFound

if TYPE_CHECKING:
    from collections.abc import Iterator

    from blameline.case import Case


class ExitCode(IntEnum):
    """What the process ends with."""

    DONE = 0
    ERROR = 1
    """An error, told in one line on stderr."""
    USAGE = 2
    WORSE = 3
    """A shift for the worse was found, and ``--exit-code`` was asked for."""
    INTERRUPTED = 130
    """Ctrl-C: 128 and the number of the signal, as shells count."""


def _give_up_stdout() -> None:
    """What could not be written is still in the buffer: Python would fail on it again at its end, with a status of its own."""
    with suppress(OSError), Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), sys.stdout.fileno())


class Incident(click.Group):
    """The group that turns our errors, and Ctrl-C, into one line and an exit status."""

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401  click's own signature
        """Run a verb; a ``BlamelineError`` is told in one line, and so is a fault of the machine."""
        with Interruptions() as ctx.obj:
            try:
                return super().invoke(ctx)
            except BlamelineError as error:
                click.echo(f"incident: {one_line(str(error))}", err=True)
                ctx.exit(error.exit_code)
            except BaseException as error:  # DuckDB makes a RuntimeError of Ctrl-C, others make other things of it
                if ctx.obj.happened:
                    click.echo("incident: interrupted: what was finished is kept; run the same command again", err=True)
                    ctx.exit(ExitCode.INTERRUPTED)
                if isinstance(error, OSError) and error.errno not in {None, errno.EPIPE}:  # click ends a pipe quietly
                    said = f"{error.filename or 'the answer cannot be written'}: {error.strerror}"
                    click.echo(f"incident: {one_line(said)}", err=True)
                    if error.filename is None:
                        _give_up_stdout()
                    ctx.exit(ExitCode.ERROR)
                raise

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Verbs in the order in which an incident needs them."""
        del ctx
        return list(self.commands)


case_option = click.option(
    "--case", "case_path", type=click.Path(path_type=Path, dir_okay=False), default=Path("incident.duckdb"), show_default=True,
    help="The case file.",
)  # fmt: skip
seed_option = click.option("--seed", type=int, default=0, show_default=True, help="Seed of whatever is drawn.")
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON and nothing else.")


@contextmanager
def opened(path: Path) -> Iterator[Case]:
    """The case file, to be written, a new one where there is none; Ctrl-C stops what it does."""
    from blameline.case import open_case  # noqa: PLC0415

    watch = click.get_current_context().find_object(Interruptions)
    with open_case(path) as case:
        if watch is not None:
            watch.stop = getattr(case.store, "interrupt", None)
        try:
            yield case
        finally:
            if watch is not None:
                watch.stop = None


@contextmanager
def read(path: Path) -> Iterator[Case]:
    """The case file, to be read; a load that did not end is told, because what it did not bring looks like nothing.

    So is, at the end, a record that cannot be read back.
    """
    from blameline.case import open_case  # noqa: PLC0415

    with open_case(path, read_only=True) as case:
        if "loading" in case.store.settings():
            click.echo(
                "incident: the last load into this case file did not end; run it again for the whole answer", err=True
            )
        yield case
        for problem in case.store.unreadable:
            click.echo(f"problem: {problem_line(problem)}", err=True)


def must_exist(path: Path) -> None:
    """Raises ``NotFound`` where there is no case file."""
    if not path.exists():
        raise NotFound(f"no case file at {one_line(str(path))}", hint="load or investigate a case folder first")


def write(path: Path, text: str) -> None:
    """A text file, and the folder that it is to be in."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")


def pairs_of(parts: tuple[str, ...], option: str, hint: str) -> dict[str, str]:
    """``KEY=VALUE`` as it was given to an option, several times perhaps.

    Raises ``BadParameter`` for what is no pair, and ``BlamelineError`` for two values of one key.
    """
    pairs: dict[str, str] = {}
    for part in parts:
        key, equals, value = part.partition("=")
        if not key or not equals:
            raise click.BadParameter(f"'{part}' is not KEY=VALUE", param_hint=option)
        if pairs.setdefault(key, value) != value:
            said = f"{option} names two values of '{key}', '{pairs[key]}' and '{value}', and {_HOLDS[option]} has one"
            raise BlamelineError(said, hint=hint)
    return pairs


_HOLDS = {"--scope": "a change", "--segment": "a contract"}
