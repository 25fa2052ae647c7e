"""What was found, in words: the outcome, each shift with its bids, and the guards."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from blameline.cli.tables import minute, odds, one_line, table, where

if TYPE_CHECKING:
    from collections.abc import Sequence

    from blameline.records import Investigation, LedgerLine, Problem, Replayed


def tell(found: Investigation, shift: str | None = None, *, firmness: bool = False) -> None:
    """The outcome and the ledger in words; with ``firmness`` also what would overturn them."""
    click.echo(one_line(found.headline))
    click.echo(
        f"Outcome: {found.outcome}{' (nothing could be looked at, so nothing is cleared)' * bool(found.cannot_tell)}"
    )
    for one in found.shifts:
        if shift not in {None, one.id}:
            continue
        onset = f"{minute(one.onset.estimate)} UTC [{minute(one.onset.low)} to {minute(one.onset.high)}]"
        onset += f", gradually until {minute(one.settled.estimate)}" if one.settled else ""
        ended = f", over by {minute(one.ended)}" if one.ended else ""
        signal = one_line(f"{one.signal} ({one.title})" if one.title else one.signal)
        click.echo(
            f"\n{one.id}: {signal} {where(one.segment)} got {one.direction}: {one.before:.3f} to {one.after:.3f} "
            f"({one.delta.estimate:+.3f} [{one.delta.low:+.3f}, {one.delta.high:+.3f}]), onset {onset}{ended}"
        )
        lines = [line for line in found.ledger if line.shift == one.id]
        if not lines:
            continue
        _bids(lines, firmness=firmness)
        if shift is not None:
            _answers(found, one.id)
    for ran in found.replays:
        _experiment(ran)
    _beside(found)


def _beside(found: Investigation) -> None:
    """What was found beside the shifts, what the guards did, and how much of the data is faulty."""
    for unrecorded in found.signatures:
        click.echo(
            f"A change nobody recorded, about {minute(unrecorded.onset.estimate)} UTC: {one_line(unrecorded.because)}"
        )
    for apart in found.disagreements:
        click.echo(f"Disagreement: {one_line(apart.because)}")
    for beside in (one for one in found.context if one.moved):
        click.echo(f"Also moved: {beside.signal} ({one_line(beside.because)})")
    for guard in found.guards:
        click.echo(f"Guard {one_line(guard.guard)}: {guard.finding} ({one_line(guard.because)})")
    if found.problems:
        click.echo(
            f"{len(found.problems)} problems in the data; the first: {problem_line(found.problems[0])}", err=True
        )


def _experiment(told: Replayed) -> None:
    """How often each arm behaved badly, and what each factor made of the difference."""
    click.echo(f"\nReplays of {one_line(told.signal)}: {told.cases} requests under {len(told.rates)} configurations")
    table(
        ("configuration", "bad" if told.rates[0].k is not None else "mean", "90% interval"),
        [
            (
                ", ".join(f"{key}={value}" for key, value in sorted(rate.arm.items())),
                f"{rate.rate.estimate:.3f}" if rate.k is None else f"{rate.k} of {rate.n}",
                f"{rate.rate.low:.3f} to {rate.rate.high:.3f}",
            )
            for rate in told.rates
        ],
    )
    for part in told.portions:
        share = (
            f", {part.share.estimate:.0%} [{part.share.low:.0%}, {part.share.high:.0%}] of the whole"
            if part.share
            else ""
        )
        click.echo(
            one_line(
                f"- {part.factor}, {part.old} to {part.new}: {part.effect.estimate:+.3f} "
                f"[{part.effect.low:+.3f}, {part.effect.high:+.3f}]{share}"
            )
        )
    for both in told.interactions:
        click.echo(
            one_line(
                f"- {' and '.join(both.factors)} together beyond their sum: {both.effect.estimate:+.3f} "
                f"[{both.effect.low:+.3f}, {both.effect.high:+.3f}]"
            )
        )


def _bids(lines: Sequence[LedgerLine], *, firmness: bool) -> None:
    table(
        ("odds", "prior", "verdict", "candidate", "kind", "because"),
        [
            (odds(line.probability), odds(line.prior), line.verdict, line.candidate, line.kind, line.because)
            for line in lines
        ],
    )
    for line in lines:
        for part in line.parts:
            click.echo(f"Part of {line.candidate}: {one_line(part.because)}")
    click.echo(f"Next test: {one_line(lines[0].next_test)}")
    for line in lines if firmness else ():
        if line.sensitivity is not None:
            click.echo(f"How firm {one_line(line.candidate)} is: {one_line(line.sensitivity.because)}")


def _answers(found: Investigation, shift: str) -> None:
    for line in found.ledger:
        if line.shift == shift and line.evidence and line.probability >= 0.001:
            click.echo(f"\n{one_line(line.candidate)} ({odds(line.probability)}, {line.verdict})")
            table(("check", "answer", "because"), [(one.check, one.verdict, one.because) for one in line.evidence])


def problem_line(problem: Problem) -> str:
    """A fault with the place that it is at."""
    at = f"{problem.source}:{problem.line}" if problem.line else problem.source
    return one_line(f"{at}: {problem.message}")
