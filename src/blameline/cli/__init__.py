"""The command ``incident``: parse, call the method of the same name, print.

stdout is the answer, stderr is talk. Exit status: 0 done, 1 an error told in one line, 2 wrong usage, 3 with ``--exit-code``
when something got worse (the outcome is not ``no_shift``), 130 interrupted. Nothing heavy is imported before a verb needs it.
"""

from __future__ import annotations

import click

from blameline.cli.ask import blame, note, plugins, report, signals, sql
from blameline.cli.bring import demo, investigate, load, mark
from blameline.cli.changes import changes
from blameline.cli.contract import contract
from blameline.cli.group import ExitCode, Incident
from blameline.cli.look import shifts, timeline
from blameline.cli.replay import replay

__all__ = ["ExitCode", "main"]


@click.group(cls=Incident, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="blameline", prog_name="incident")
def main() -> None:
    """Who is to blame for the bad answers: a change, a guard that did not fire, or nothing.

    \b
    Begin with a folder of exported traces and a changelog:
      incident investigate sample_incidents/staged-prompt-edit -o out/
      incident blame --case out/incident.duckdb
    """


for _verb in (
    investigate, load, mark, signals, shifts, timeline, changes, blame, replay, contract, report, note, sql, demo, plugins,
):  # fmt: skip
    main.add_command(_verb)
