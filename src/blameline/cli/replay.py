"""The verbs of replays: write the experiment that would settle the blame, and run it against an endpoint."""

from __future__ import annotations

import os
import sys
from collections import defaultdict
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from blameline.cli.group import case_option, json_option, read, seed_option, write
from blameline.cli.tables import as_one_value, one_line, table
from blameline.errors import BlamelineError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from blameline.records import ReplayPlan
    from blameline.replays.fill import Fill
    from blameline.replays.journal import Journal
    from blameline.replays.runner import Course, Plan

KEY = "OPENAI_API_KEY"
SPARE = 1.2
"""The budget where none is given, as a multiple of what the plan expects."""


@click.group()
def replay() -> None:
    """Settle the blame by an experiment: the same requests again, with and without a change.

    \b
    Example:
      incident replay plan --case out/incident.duckdb -o plan.jsonl
      incident replay run plan.jsonl --via http://localhost:8000/v1 --score regex:OK -o replays.jsonl
      incident load replays.jsonl --case out/incident.duckdb
    """


@replay.command()
@click.argument("shift", required=False)
@case_option
@click.option("-o", "--out", type=click.Path(path_type=Path, dir_okay=False), help="File to write; stdout if absent.")
@click.option("--factors", metavar="A,B", help="Bids or layers to swap; the bid in the lead and its ties if absent.")
@click.option("--runs", type=click.IntRange(min=2), metavar="N", help="At most so many runs; for 80% power if absent.")
@click.option("--fresh", is_flag=True, help="Call what was served again, though its answers are on record.")
@json_option
@seed_option
def plan(
    shift: str | None,
    case_path: Path,
    out: Path | None,
    factors: str | None,
    runs: int | None,
    fresh: bool,
    as_json: bool,
    seed: int,
) -> None:
    """Write the experiment as JSON lines, one a run; nothing is sent anywhere.

    \b
    Example:
      incident replay plan shift-1 --factors chg-003,chg-005 -o plan.jsonl
    """
    wanted = tuple(part.strip() for part in (factors or "").split(",") if part.strip())
    with read(case_path) as case:
        found = case.plan_replay(shift, factors=wanted, runs=runs, fresh=fresh, seed=seed)
    if out is not None:
        write(out, found.text)
    if as_json:
        as_one_value(found)
    elif out is None:
        click.echo(found.text, nl=False)
    else:
        _tell_plan(found, out)


def _tell_plan(found: ReplayPlan, out: Path) -> None:
    planned = found.experiment
    click.echo(one_line(planned.asks))
    tokens = "tokens are not on record" if found.tokens is None else f"about {found.tokens:,} tokens"
    click.echo(
        f"{found.cases} requests in {len(planned.arms)} arms: {found.calls} calls ({tokens}), {found.recorded} answers "
        f"on record; {planned.power:.0%} power to convict, {planned.clears:.0%} to clear"
    )
    table(
        ("arm", "configuration", "tokens"),
        [
            (
                arm.name,
                ", ".join(f"{key}={value}" for key, value in arm.config.items()),
                _tokens(found.by_arm[arm.name]),
            )
            for arm in planned.arms
        ],
    )
    for mean in planned.means:
        click.echo(f"- {one_line(mean)}")
    for hole, runs in found.holes.items():
        click.echo(f"To be filled, for {runs} runs: --fill {one_line(hole)}:FILE")
    for note in found.notes:
        click.echo(f"Note: {one_line(note)}")
    click.echo(one_line(f"The plan is {out}"))


def _tokens(value: int | None) -> str:
    return "not told" if value is None else f"{value:,}"


@replay.command()
@click.argument("plan_path", metavar="PLAN", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--via", metavar="URL", help="The endpoint: its base address, as http://localhost:8000/v1.")
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("replays.jsonl"),
    show_default=True,
    help="The results; what is there already is not run again.",
)
@click.option(
    "--budget-tokens",
    type=click.IntRange(min=1),
    metavar="N",
    help="Stop before a call that might pass it; a fifth over the plan if absent.",
)
@click.option("--model", help="The endpoint's name for the model, where the model is not what is swapped.")
@click.option(
    "--fill",
    "fills",
    multiple=True,
    metavar="NAME=VERSION:SOURCE",
    help="What the traces do not hold: a file, or an endpoint's address.",
)
@click.option("--skip-unfilled", is_flag=True, help="Leave out the runs that nothing fills.")
@click.option(
    "--score",
    "score",
    metavar="HOW",
    help="contains:TEXT, regex:PATTERN or expected:FILE; contracts need none.",
)
@click.option("--score-command", metavar="CMD", help='A program that reads a run as JSON and prints {"score": 0.5}.')
@click.option(
    "--timeout", type=click.FloatRange(min=0.1), default=120.0, show_default=True, help="Seconds for one call."
)
@json_option
def run(
    plan_path: Path,
    via: str | None,
    out: Path,
    budget_tokens: int | None,
    model: str | None,
    fills: tuple[str, ...],
    skip_unfilled: bool,
    score: str | None,
    score_command: str | None,
    timeout: float,
    as_json: bool,
) -> None:
    """Run a plan against an endpoint that speaks OpenAI's chat protocol.

    The key is taken from OPENAI_API_KEY and written nowhere. What is stopped goes on with the same command.

    \b
    Example:
      incident replay run plan.jsonl --via http://localhost:8000/v1 --fill prompt=v35:prompts/v35.txt --score-command ./judge
    """
    from blameline.replays import fill, runner, scoring  # noqa: PLC0415  only where something is run
    from blameline.replays.calls import Endpoint  # noqa: PLC0415
    from blameline.replays.journal import Journal  # noqa: PLC0415

    scorer = scoring.scorer(score, score_command)
    planned, filled = runner.read(plan_path), fill.opened(fills)
    lacking = runner.unfilled(planned, filled)
    if lacking and not skip_unfilled:
        names = ", ".join(f"{name} ({runs} runs)" for name, runs in sorted(lacking.items()))
        raise BlamelineError(
            f"the traces do not hold {names}", hint="give each with --fill NAME=VERSION:FILE, or say --skip-unfilled"
        )
    with Journal(out, planned.digest) as journal:
        left = runner.calls_left(planned, journal, filled)
        budget = _budget(budget_tokens, planned)
        endpoint = None
        if left:
            if via is None:
                raise BlamelineError(f"{len(left)} runs are to be called, and nothing is sent without --via URL")
            endpoint = Endpoint(via, key=os.environ.get(KEY), timeout=timeout)
            _announce(via, left, budget, journal, filled)
        try:
            worker = runner.Runner(planned, journal, endpoint, fills=filled, scorer=scorer, model=model, budget=budget)
            with _watched(len(planned.runs)) as step:
                course = worker.execute(step)
        finally:
            if endpoint is not None:
                endpoint.close()
        _tell_course(course, planned, journal, as_json=as_json)
    if course.stopped:
        raise BlamelineError(
            f"stopped after {course.done} of {course.whole} runs: {course.stopped}",
            hint="what was run is kept; the same command goes on, with a larger --budget-tokens where that was the reason",
        )


def _budget(given: int | None, planned: Plan) -> int:
    expected = planned.head.get("tokens")
    if given is not None:
        return given
    if expected is None:
        raise BlamelineError("the plan does not tell what it costs", hint="say the most with --budget-tokens")
    return int(SPARE * expected)


def _announce(
    via: str, left: Sequence[Mapping[str, Any]], budget: int, journal: Journal, fills: Mapping[str, Fill]
) -> None:
    """What will be sent where, before it is."""
    tokens = [run["tokens"] for run in left if isinstance(run["tokens"], int)]
    expected = (
        f"about {sum(tokens):,} tokens"
        if len(tokens) == len(left)
        else "a number of tokens that the plan does not tell"
    )
    where = sorted({via, *(one.url for one in fills.values() if one.url)})
    cases = len({run["case_id"] for run in left})
    click.echo(
        one_line(
            f"incident: {len(left)} calls with the words of {cases} requests go to {', '.join(where)}: {expected}, "
            f"{journal.spent:,} spent so far, stopping before {budget:,}"
        ),
        err=True,
    )


@contextmanager
def _watched(whole: int) -> Iterator[Callable[[Course], None] | None]:
    """A bar on a terminal; nothing elsewhere."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415

    columns = (TextColumn("{task.description}"), BarColumn(bar_width=24), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("runs", total=whole)
        yield lambda course: bar.update(task, completed=course.done, description=f"{course.spent:,} tokens")


def _tell_course(course: Course, planned: Plan, journal: Journal, *, as_json: bool) -> None:
    arms: dict[str, list[float]] = defaultdict(list)
    for one in planned.runs:
        line = journal.lines.get(one["run_id"])
        if line is not None and line["score"] is not None:
            arms[one["arm"]].append(float(line["score"]))
    means = {arm: sum(scores) / len(scores) for arm, scores in arms.items()}
    if as_json:
        import json  # noqa: PLC0415

        told = {
            "runs": course.whole, "done": course.done, "scored": course.scored, "failed": course.failed, "calls": course.calls,
            "tokens": course.spent, "unfilled": dict(course.unfilled), "means": means, "stopped": course.stopped,
        }  # fmt: skip
        click.echo(json.dumps(told, ensure_ascii=True))
        return
    click.echo(
        f"{course.done} of {course.whole} runs are done, {course.scored} of them scored; {course.calls} calls now, "
        f"{course.spent:,} tokens in all, {course.failed} failed"
    )
    table(("arm", "scored", "mean"), [(arm, f"{len(arms[arm])}", f"{means[arm]:.3f}") for arm in arms])
    if course.unscored:
        click.echo(
            f"{course.unscored} answers have no score: run the same command with --score or --score-command, "
            "or score them yourself"
        )
    if course.scored:
        click.echo(one_line(f"Load them: incident load {journal.path}"))
