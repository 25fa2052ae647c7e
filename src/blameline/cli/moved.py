"""Shifts in tables and sentences, and what was looked at and did not move."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from blameline.cli.tables import Cell, encodable, minute, one_line, table, where

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from blameline.cli.zone import Zone
    from blameline.records import Onset, Quiet, Shift, View


def tell_shifts(found: Sequence[Shift], view: View, beside: Zone | None) -> None:
    """The shifts as a table, what is to be said of each, and each by segment."""
    if not found:
        looked_at = any(one.looked_at for one in view.quiet)
        click.echo(
            "No signal moved by more than chance would move it."
            if looked_at
            else "No signal was measured often enough to say whether quality moved."
        )
        return
    heads, rows = _narrow(found, view, beside) if sys.stdout.isatty() else _wide(found, view, beside)
    table(heads, rows)
    if view.zero:
        click.echo(encodable(zero_line(view, beside)))
    for one in found:
        for sentence in sentences(one):
            click.echo(encodable(f"{one.id}: {one_line(sentence)}"))
    for one in found:
        if one.by_segment:
            click.echo(f"\n{one.id} by segment:")
            table(
                ("segment", "change", "90% range", "n after"),
                [
                    (
                        where(part.segment),
                        f"{part.delta.estimate:+.3f}",
                        f"{part.delta.low:+.3f} to {part.delta.high:+.3f}",
                        f"{part.n}",
                    )
                    for part in one.by_segment
                ],
            )


def sentences(shift: Shift) -> list[str]:
    """What the table has no column for, a sentence each."""
    from blameline.records.scale import counted, factors, logged  # noqa: PLC0415

    told = []
    if logged(shift.unit):
        (before, unit), (after, _) = (counted(value, shift.unit) for value in (shift.before, shift.after))
        told.append(f"its numbers are logs: from {before:,g} to {after:,g} {unit}, {factors(shift.delta)}")
    if shift.ended_range:
        told.append(f"over by {minute(shift.ended_range.estimate)} UTC, 90% range {_range(shift.ended_range)}")
    if shift.gradual and shift.settled is not None:
        all_there = f"{minute(shift.settled.estimate)} UTC, 90% range of its end {_range(shift.settled)}"
        told.append(f"it came gradually, from {minute(shift.onset.estimate)} to {all_there}")
    elif shift.gradual:
        told.append(
            f"it came gradually, from {minute(shift.onset.estimate)} UTC on, and where it ends is not in the data"
        )
    if shift.mix is not None:
        told.append(shift.mix.sentence)
    elif shift.raw_delta or shift.mix_delta:
        told.append(
            f"the plain mean moved by {shift.raw_delta:+.3f}; other traffic alone would have moved it by {shift.mix_delta:+.3f}"
        )
    told += [one.because for one in (shift.slice, shift.bridge) if one is not None]
    return told


def zero_line(view: View, beside: Zone | None) -> str:
    """What T+ is counted from."""
    assert view.zero is not None, "without a shift for the worse there is no T0"
    own = f" ({beside.minute(view.zero)})" if beside else ""
    return f"T+ counts from T0, the onset of {view.zero_of}: {minute(view.zero)} UTC{own}"


def tell_quiet(view: View) -> None:
    """What was too short, what was looked at and stayed, with what would have been seen, and what was not looked at."""
    for one in view.signatures:
        when = f"{minute(one.onset.estimate)} UTC [{_range(one.onset)}]"
        click.echo(encodable(f"A change nobody recorded, about {when}: {one_line(one.because)}"))
    for dip in view.dips:
        click.echo(encodable(f"Too short to be a shift: {one_line(dip.because)}"))
    looked_at = [one for one in view.quiet if one.looked_at]
    if looked_at:
        click.echo("\nLooked at, and not moved by more than chance would move it:")
        table(
            ("signal", "n", "the smallest lasting fall that would have been found"),
            [(one.signal, f"{one.n}", _smallest(one)) for one in looked_at],
        )
    rest = [one for one in view.quiet if not one.looked_at]
    if rest:
        click.echo("\nNot looked at, so nothing is known of a move:")
        table(("signal", "n", "why"), [(one.signal, f"{one.n}", one.because) for one in rest])


def _smallest(quiet: Quiet) -> str:
    return f"none: {quiet.because}" if quiet.smallest is None else f"{quiet.smallest:.3f}"


def _wide(found: Sequence[Shift], view: View, beside: Zone | None) -> tuple[list[Cell], list[list[Cell]]]:
    """One value a column, for programs."""
    heads: list[Cell] = [
        "shift",
        "signal",
        "where",
        "direction",
        "moved",
        "onset (UTC)",
        "90% range",
        "before",
        "after",
    ]
    heads += ["change", "90% range", "T+"]
    rows: list[list[Cell]] = [
        [
            one.id,
            one.signal,
            where(one.segment),
            one.direction,
            one.moved,
            minute(one.onset.estimate),
            f"{minute(one.onset.low)} to {minute(one.onset.high)}",
            f"{one.before:.3f}",
            f"{one.after:.3f}",
            f"{one.delta.estimate:+.3f}",
            f"{one.delta.low:+.3f} to {one.delta.high:+.3f}",
            _offset(one.onset.estimate, view),
        ]
        for one in found
    ]
    if beside:
        heads.append(f"onset ({beside.name})")
        for one, cells in zip(found, rows, strict=True):
            cells.append(beside.minute(one.onset.estimate))
    return heads, rows


def _narrow(found: Sequence[Shift], view: View, beside: Zone | None) -> tuple[list[Cell], list[list[Cell]]]:
    """What a terminal of 80 columns has room for."""
    when = ("onset (UTC)", "90% range", *([beside.name] if beside else []), "T+")
    rows: list[list[Cell]] = [
        [
            one.id,
            (one.signal, where(one.segment), one.direction + ("" if one.moved == "app" else f", moved: {one.moved}")),
            (
                minute(one.onset.estimate),
                _range(one.onset),
                *([beside.minute(one.onset.estimate)] if beside else []),
                _offset(one.onset.estimate, view),
            ),
            (
                f"{one.before:.3f} to {one.after:.3f}",
                f"{one.delta.estimate:+.3f}",
                f"{one.delta.low:+.3f} to {one.delta.high:+.3f}",
            ),
        ]
        for one in found
    ]
    return ["shift", ("what moved", "where"), when, ("level", "change", "90% range")], rows


def _range(onset: Onset) -> str:
    """From when to when, with the day once where both ends share it."""
    if onset.low.date() == onset.high.date() == onset.estimate.date():
        return f"{onset.low:%H:%M} to {onset.high:%H:%M}"
    return f"{minute(onset.low)} to {minute(onset.high)}"


def _offset(moment: datetime, view: View) -> str:
    from blameline.report.wording import offset  # noqa: PLC0415

    return offset(moment, view.zero) if view.zero else ""
