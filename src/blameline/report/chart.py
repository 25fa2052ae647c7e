"""The aligned timeline: rows for a table, and the same rows as a Mermaid chart.

Eval runs that passed as they do every night would bury the few rows that matter: of those only the ones next to the
onset stay, and without an onset each suite has one line in the table and none in the chart.

The table stands by itself; the chart is for readers whose viewer draws it. Labels of the chart carry no sign of
Mermaid's grammar and begin with the row's number, so that no word of theirs can be a keyword of it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from blameline.records import Onset
from blameline.report import wording
from blameline.report.escape import Safe, code, inline, label
from blameline.report.sentences import undeclared

if TYPE_CHECKING:
    from datetime import datetime

    from blameline.records import TimelineRow
    from blameline.report.page import Page

ROWS = 80
DRAWN = 30
_LANES = {
    "undeclared": "change, undeclared",
    "signature": "not recorded",
    "eval": "eval run",
    "report": "report",
    "shift": "quality",
}
_SECTIONS = {
    "change": "Changes",
    "undeclared": "Changes nobody declared",
    "signature": "Changes nobody recorded",
    "shift": "Quality",
    "eval": "Eval runs",
    "alert": "Reports and alerts",
    "report": "Reports and alerts",
    "note": "Notes",
}


_QUIET = re.compile(r": (?:\d+ of \d+ passed|completed)$")
"""How the timeline words a run that came to its end."""


@dataclass(frozen=True)
class Line:
    """One row of the table."""

    number: int
    row: TimelineRow
    offset: str
    """Time counted from the onset."""
    lane: str
    what: Safe


def timeline(page: Page) -> tuple[Line, ...]:
    """The rows in order of time; far eval runs are the first to go when there are too many."""
    zero = page.zero
    return tuple(
        Line(
            number=number,
            row=row,
            offset=wording.offset(row.at, zero) if zero else "–",
            lane=_LANES.get(row.lane, row.lane),
            what=_what(row),
        )
        for number, row in enumerate(_nearest(page, telling(page), ROWS), start=1)
    )


def telling(page: Page) -> tuple[TimelineRow, ...]:
    """The rows without the eval runs that have nothing to tell."""
    runs = [row for row in page.story.timeline if row.lane == "eval"]
    suites: dict[str, list[TimelineRow]] = {}
    for row in sorted(runs, key=lambda row: (row.at, row.id)):
        suites.setdefault(row.what.partition(": ")[0], []).append(row)
    zero = page.zero
    kept: list[TimelineRow] = []
    for suite, rows in suites.items():
        if zero is None:
            last = rows[-1]
            told = f"{suite}, the last of {len(rows)} runs: {last.what.partition(': ')[2]}"
            kept.append(last.model_copy(update={"what": told}) if len(rows) > 1 else last)
            continue
        quiet = [row for row in rows if _QUIET.search(row.what)]
        kept += [row for row in rows if not _QUIET.search(row.what)]
        kept += [row for row in quiet if row.at < zero][-1:]
        kept += [row for row in quiet if row.at >= zero][:1]
    return tuple(row for row in page.story.timeline if row.lane != "eval") + tuple(kept)


def _nearest(page: Page, rows: tuple[TimelineRow, ...], most: int) -> list[TimelineRow]:
    """The rows that matter most, in order of time."""
    zero = page.zero

    def weight(row: TimelineRow) -> tuple[bool, float]:
        return row.lane in {"eval", "alert", "note"}, abs((row.at - zero).total_seconds()) if zero else 0.0

    kept = sorted(rows, key=weight)[:most]
    return sorted(kept, key=lambda row: (row.at, list(_SECTIONS).index(row.lane), row.id))


def _what(row: TimelineRow) -> Safe:
    text = f"{code(row.id)} {inline(row.what)}" if row.id and row.lane != "undeclared" else inline(row.what)
    if row.low and row.high and row.low != row.high:
        text += f" [{wording.between(Onset(estimate=row.at, low=row.low, high=row.high))}]"
    return Safe(text)


def mermaid(page: Page, lines: tuple[Line, ...]) -> Safe:
    """The rows as a gantt chart in a code block."""
    chosen = {id(row) for row in _nearest(page, tuple(line.row for line in lines), DRAWN)}
    drawn = [line for line in lines if id(line.row) in chosen and (page.main or line.row.lane != "eval")]
    text = [
        "```mermaid",
        "gantt",
        "    title Changes and quality, UTC",
        "    dateFormat YYYY-MM-DD HH:mm",
        "    axisFormat %m-%d %H:%M",
    ]
    for section in dict.fromkeys(_SECTIONS.values()):
        rows = [line for line in drawn if _SECTIONS[line.row.lane] == section]
        if rows:
            text.append(f"    section {section}")
            text.extend(_task(line) for line in rows)
    return Safe("\n".join([*text, "```"]))


def _task(line: Line) -> str:
    row = line.row
    called = (
        "" if row.lane == "alert" else label(" ".join(undeclared(row.id) or [row.id]))
    )  # an alert's id says nothing
    name = f"    {line.number} {called or label(row.what) or row.lane}"
    if row.low and row.high and row.high - row.low >= timedelta(minutes=1):
        return f"{name} :{'crit, ' if row.lane == 'shift' else ''}{_at(row.low)}, {_at(row.high)}"
    return f"{name} :milestone, {_at(row.at)}, 0m"


def _at(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"
