"""Shares of what is left of a shift, brought back to the whole: the ruler's own part goes to the ruler's bid."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blameline.evidence.shares import completed, interval
from blameline.shifts.describe import Z90

if TYPE_CHECKING:
    from collections.abc import Sequence

    from blameline.evidence.bridge import Span
    from blameline.records import LedgerLine, Shift


def divided(lines: Sequence[LedgerLine], shift: Shift, span: Span | None) -> list[LedgerLine]:
    """The ledger of what is left of a shift, its shares brought back to the whole: the ruler's part goes to the ruler's bid.

    ``shift`` is the whole. The odds stay those of the rest: who made the part that the ruler did not.
    """
    if span is None or not shift.delta.estimate:
        return list(lines)
    own = span.part / shift.delta.estimate if not shift.bridge or not shift.bridge.hides else 0.0
    spread = Z90 * span.part_error / abs(shift.delta.estimate)
    ruler = [line for line in lines if line.layer in {"judge", "eval"} and line.at is not None]
    near = min(
        ruler,
        key=lambda line: (abs((line.at or shift.onset.estimate) - shift.onset.estimate), line.candidate),
        default=None,
    )
    taker = near.candidate if near is not None and span.by_judge else "ruler"
    low, middle, high = (min(max(value, 0.0), 1.0) for value in (own - spread, own, own + spread))
    shares = {}
    for line in lines:
        ends = {end: (1.0 - middle) * value for end, value in line.share.model_dump().items()}
        more = (low, middle, high) if line.candidate == taker else (0.0, 0.0, 0.0)
        ends = {end: min(ends[end] + add, 1.0) for end, add in zip(("low", "estimate", "high"), more, strict=True)}
        shares[line.candidate] = interval(ends["estimate"], ends["low"], ends["high"])
    shares = completed(shares)
    earned = {taker} if middle > 0 else set()
    return [
        line.model_copy(
            update={
                "share": shares[line.candidate],
                "verdict": "consistent"
                if line.candidate in earned and line.verdict in {"excluded", "untestable"}
                else line.verdict,
            }
        )
        for line in lines
    ]
