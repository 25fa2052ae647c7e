"""What a load brought in, in words: what came per file and format, in all, what is missing, and what is wrong with it."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import click

from blameline.cli.found import problem_line
from blameline.cli.tables import minute, one_line, table

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from blameline.records import Gap, Loaded, LoadedFile, SkippedFile

_MOST = 20
"""Files and problems that are listed; the others are counted."""
_FEW = 3
"""Files passed over for the same reason that are named one by one."""
_SKIPPED = "incident sql 'select source, reason from files'"
_THE_REST = "incident sql 'select * from problems'"


def tell_loaded(loaded: Loaded, case_path: Path) -> None:
    """The answer on stdout; what was passed over and what is wrong on stderr."""
    _files(loaded.files)
    click.echo(
        f"{loaded.spans} spans, {loaded.scores} scores, {loaded.changes} changes, {loaded.eval_runs} eval runs, "
        f"{loaded.replays} replays, {loaded.alerts} alerts; {loaded.duplicates} duplicates left out"
    )
    _gaps(loaded.gaps)
    _skipped(loaded.skipped, case_path)
    for problem in loaded.problems[:_MOST]:
        click.echo(f"problem: {problem_line(problem)}", err=True)
    if len(loaded.problems) > _MOST:
        rest = f"{len(loaded.problems) - _MOST} more: {_THE_REST} --case {case_path}"
        click.echo(one_line(rest), err=True)


def _files(files: Sequence[LoadedFile]) -> None:
    if len(files) > _MOST:
        by_format: dict[str, list[int]] = defaultdict(list)
        for file in files:
            by_format[file.format].append(file.rows)
        rows = [(name, f"{len(counts)}", f"{sum(counts)}") for name, counts in sorted(by_format.items())]
        table(("read as", "files", "rows"), rows)
        click.echo()
    table(("file", "read as", "rows"), [(file.source, file.format, f"{file.rows}") for file in files[:_MOST]])
    if len(files) > _MOST:
        rest = files[_MOST:]
        click.echo(f"and {len(rest)} more files with {sum(file.rows for file in rest)} rows")


def _gaps(gaps: Sequence[Gap]) -> None:
    if not gaps:
        return
    click.echo("\nGaps: what the case file does not hold, and what nobody can answer because of it")
    table(
        ("gap", "where", "what", "closes"),
        [(gap.kind, _where(gap), gap.what, gap.unanswerable) for gap in gaps],
    )


def _where(gap: Gap) -> str:
    when = f"{minute(gap.since)} to {minute(gap.until)}" if gap.since and gap.until else ""
    return ", ".join(part for part in (gap.source or "", when) if part) or "all files"


def _skipped(skipped: Sequence[SkippedFile], case_path: Path) -> None:
    by_reason: dict[str, list[str]] = defaultdict(list)
    for one in skipped:
        by_reason[one.reason].append(one.source)
    shown = 0
    for reason, sources in by_reason.items():
        if len(sources) <= _FEW:
            said = [f"skipped {source}: {reason}" for source in sources]
        else:
            said = [f"skipped {len(sources)} files ({sources[0]} … {sources[-1]}): {reason}"]
        for line in said[: _MOST - shown]:
            click.echo(one_line(line), err=True)
        shown += len(said)
    if shown > _MOST:
        click.echo(one_line(f"{shown - _MOST} more: {_SKIPPED} --case {case_path}"), err=True)
