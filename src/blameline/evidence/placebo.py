"""Placebo: on other dates, how often does the same pattern look this guilty?

The dates cover the window but for a day around its own: a pattern that merely overlaps with the loss looks as guilty on the
dates nearer to the onset. They are put to the same data under the same noise, so that noise which drifts makes the placebo
look guilty as often as it makes the candidate (a randomisation test: Fisher 1935; Abadie, Diamond and Hainmueller 2010). Beside
the dates stand the other changes of the case, whose patterns are real ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from blameline.evidence.enough import about, from_scratch
from blameline.evidence.questions import Answered, Rows, window

if TYPE_CHECKING:
    from collections.abc import Mapping

    from blameline.candidates import Candidate
    from blameline.evidence.hearing import Hearing

Floats = NDArray[np.float64]
DATES = 50
FEWEST = 20
"""Placebo dates below which a rank says nothing."""


class Placebo:
    """The candidate's exposure pattern moved to other dates, and its rank among them."""

    name = "placebo"
    asks = "Moved to other dates, does the same pattern look as guilty?"
    query = "evidence/days"

    def concerns(self, candidate: Candidate) -> bool:
        """Every change."""
        return not candidate.standing

    def parameters(self, hearing: Hearing, candidate: Candidate) -> Mapping[str, object]:
        """The signal by day."""
        del candidate
        return window(hearing)

    def weigh(self, rows: Rows, hearing: Hearing, candidate: Candidate, *, seed: int) -> Answered:
        """The dates are spaced evenly, so nothing is drawn; ``seed`` is not used."""
        del seed
        cells = hearing.fit.cells
        column = hearing.put(candidate)
        if not column.any():  # it was elsewhere, and what it did there is asked as it is
            column = hearing.bids[candidate.id].variants.columns[:, 0]
        used = np.flatnonzero(hearing.pattern(column).max(axis=1, initial=0) > 0.02)
        numbers: dict[str, float | int | str | bool | None] = {"days": len(rows["day"])}
        if not used.size:
            words = f"it never shows in this signal's traffic; about {about(from_scratch(hearing))} requests would tell"
            return Answered("inconclusive", words, numbers | {"enough": from_scratch(hearing)})
        day = 86_400 / cells.width
        starts = np.unique(np.linspace(day, cells.buckets - day, DATES).astype(int))
        apart = np.abs(starts - used[0]) >= day
        if apart.sum() < FEWEST:
            need = FEWEST + 4
            told = f"only {apart.sum()} dates are left to compare with; {FEWEST} are needed, which {need} buckets would hold"
            return Answered("inconclusive", told, numbers | {"placebo_dates": int(apart.sum()), "enough": need})
        dates = self._moved(hearing, column, int(used[0]), starts)
        own = float(hearing.fit.scores(column[:, None]).log_factor(hearing.fit.slab, sign=hearing.harm)[0])
        quiet = dates[apart]
        as_guilty = int((quiet >= own).sum())
        here = _here(hearing, candidate, own, int((dates >= own).sum()), len(starts))
        numbers |= {
            "placebo_dates": len(quiet),
            "as_guilty": as_guilty,
            "log_factor": own,
            "best_placebo": float(quiet.max()),
            "low": float(np.quantile(quiet, 0.05)),
            "high": float(np.quantile(quiet, 0.95)),
            "other_changes": here.others,
            "other_changes_as_guilty": here.others_as_guilty,
            "one_in": here.one_in,
            "one_in_at_most": here.most,
        }
        if own < 0:
            return Answered("refutes", "its pattern over time and traffic does not fit the loss at all", numbers)
        words = (
            f"the same pattern looks as guilty on {as_guilty or 'none'} of {len(quiet)} other dates; {here.sentence}"
        )
        if as_guilty == 0 and own > 1.1:
            return Answered("supports", words, numbers)
        if as_guilty / len(quiet) >= 0.1:
            return Answered("refutes", f"{words}: it does not stand out from the ordinary", numbers)
        need = 2 * len(quiet)
        more = f"a window twice as long, with {about(need)} such dates, would tell"
        return Answered("inconclusive", f"{words}; {more}", numbers | {"enough": need})

    @staticmethod
    def _moved(hearing: Hearing, column: Floats, begun: int, starts: NDArray[np.int64]) -> Floats:
        """Log Bayes factors of the pattern where it begins in other buckets."""
        cells, pattern = hearing.fit.cells, hearing.pattern(column)
        shifted = np.zeros((len(cells.n), len(starts)))
        for index, start in enumerate(starts):
            source = np.minimum(cells.bucket - start + begun, pattern.shape[0] - 1)
            real = cells.bucket >= start
            shifted[real, index] = pattern[source[real], cells.segment[real]]
        return hearing.fit.scores(shifted).log_factor(hearing.fit.slab, sign=hearing.harm)


@dataclass(frozen=True)
class _Here:
    """How often an innocent change looks this guilty in this case."""

    one_in: int
    most: int
    """The most that so many dates and changes can show."""
    dates: int
    others: int
    others_as_guilty: int

    @property
    def sentence(self) -> str:
        """In words, with what the number rests on."""
        rest = f"{self.others} other change{'s' if self.others != 1 else ''}" if self.others else "no other change"
        counted = f"{self.dates} dates and {rest}"
        if self.one_in >= self.most:
            return f"an innocent change looks this guilty at most 1 time in {self.most} here ({counted} tell no more)"
        does = "does" if self.others_as_guilty == 1 else "do"
        told = f", {self.others_as_guilty or 'none'} of which {does}" if self.others else ""
        return f"an innocent change looks this guilty 1 time in {self.one_in} here ({counted}{told})"


def _here(hearing: Hearing, candidate: Candidate, own: float, dates_as_guilty: int, dates: int) -> _Here:
    """The rank among all dates, those near its own as well, and among the other changes of the case.

    An innocent change may fall on any date, so dates next to the onset count; that neighbouring dates look alike, as noise that
    drifts makes them, takes nothing from the rank. With ``k`` of ``n`` as guilty it is ``(k + 1) / (n + 1)``, never less.
    """
    columns = [hearing.put(bid.candidate) for name, bid in sorted(hearing.bids.items()) if name != candidate.id]
    columns = [column for column in columns if column.any()]
    as_guilty = 0
    if columns:
        logs = hearing.fit.scores(np.column_stack(columns)).log_factor(hearing.fit.slab, sign=hearing.harm)
        as_guilty = int((logs >= own).sum())
    most = dates + len(columns) + 1
    return _Here(most // (dates_as_guilty + as_guilty + 1), most, dates, len(columns), as_guilty)
