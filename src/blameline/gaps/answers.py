"""Answers that are not on record: never recorded, cut off, no longer recorded since some moment, or left out on purpose."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from blameline.gaps.series import step
from blameline.gaps.wording import Weighed, minute, moment, name, part, percent, weighed

if TYPE_CHECKING:
    from typing import Any

    from blameline.store import Store

_FEWEST = 20
_LEAST, _LEAST_CUT = 0.05, 0.002
_ON, _OFF = 0.25, 0.75
"""Shares without an answer, before and after, that make an instrumentation change."""


def answers(store: Store) -> list[Weighed]:
    """Gaps of the answers of generations."""
    found: list[Weighed] = []
    for row in store.rows("gaps/answers"):
        who = f"the service {name(row['service'])}" if row["service"] else f"{row['format']} files"
        if row["n"] >= _FEWEST and row["absent"] >= _LEAST * row["n"]:
            found.append(_moved(row, who) or _absent(row, who))
        if row["cut"] >= 5 and row["cut"] >= _LEAST_CUT * row["n"]:
            what = f"{part(row['cut'], row['n'], 'answers')} of {who} came here cut off in the middle of their JSON"
            why = "what these answers said at their end; their length and language stand for the part that is left"
            found.append(
                weighed(
                    "cut_content", row["cut"] / row["n"], what, why, source=row["format"], n=row["cut"], of=row["n"]
                )
            )
    return [*found, *_left_out(store)]


def _moved(row: dict[str, Any], who: str) -> Weighed | None:
    """The answers that went on or off record at one moment."""
    hours = np.asarray(row["hours"], dtype=np.int64)
    moved = step(np.asarray(row["counts"], dtype=float), np.asarray(row["absences"], dtype=float))
    if moved is None:
        return None
    at = moment(int(hours[moved.index]))
    shares = f"{percent(moved.before, 1)} had none before, {percent(moved.after, 1)} after"
    tail = f"{row['absent']:,} of {row['n']:,} answers are not there"
    why = "what the answers said on the other side: length, language, format and refusals can't be compared across this moment"
    if moved.before <= _ON and moved.after >= _OFF:
        what = f"Answers of {who} are no longer on record from {minute(at)} UTC on ({shares}), so recording changed; {tail}"
        return weighed("content", 2.2, what, why, source=row["format"], n=row["absent"], of=row["n"], since=at)
    if moved.before >= _OFF and moved.after <= _ON:
        what = f"Answers of {who} are on record only from {minute(at)} UTC on ({shares}), so recording changed; {tail}"
        return weighed("content", 1.8, what, why, source=row["format"], n=row["absent"], of=row["n"], until=at)
    return None


def _absent(row: dict[str, Any], who: str) -> Weighed:
    why = "what these answers said: their length, language, format, and whether they refused"
    if row["absent"] == row["n"]:
        what = f"No answer of {who} is on record ({row['n']:,} generations that did not fail)"
        return weighed("content", 0.8, what, why, source=row["format"], n=row["n"], of=row["n"])
    what = f"{part(row['absent'], row['n'], 'generations')} of {who} did not fail and have no answer on record"
    return weighed("content", row["absent"] / row["n"], what, why, source=row["format"], n=row["absent"], of=row["n"])


def _left_out(store: Store) -> list[Weighed]:
    """What ``--content none`` left out: a decision, and no fault of the export."""
    (row,) = store.rows("gaps/kept")
    if store.settings().get("content") != "none" or not row["n"]:
        return []
    what = (
        f"Questions and answers were left out on purpose (--content none); "
        f"{row['n']:,} of {row['whole']:,} generations had an answer when they were read"
    )
    why = (
        "what was asked and answered, word by word; length, language, format and refusals were read before and are kept"
    )
    return [weighed("left_out", 0.2, what, why, n=row["n"], of=row["whole"])]
