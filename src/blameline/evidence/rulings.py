"""A candidate's verdict as a function of its odds, all answers as they are; and the prior at which it would be another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from blameline.evidence.odds import TEMPERATURE
from blameline.evidence.verdicts import EXCLUDED, SUPPORTED, UNLIKELY, verdict

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from blameline.candidates import Candidate
    from blameline.evidence.hearing import Bid
    from blameline.evidence.odds import Odds
    from blameline.records import Evidence, Shift, Standing

STEPS = (EXCLUDED, UNLIKELY, 0.5, SUPPORTED)
"""Odds at which some verdict turns."""
CLOSE = 1e-9


@dataclass(frozen=True)
class Ruling:
    """All that decides a verdict but the odds."""

    candidate: Candidate
    bid: Bid | None
    evidence: Sequence[Evidence]
    tied: tuple[str, ...]
    shift: Shift
    excused: Collection[str] = ()
    """Refuters that do not count against it."""

    def word(self, involved: float) -> Standing:
        """The verdict at these odds of having had a part in the shift."""
        return verdict(self.candidate, self.bid, involved, self.evidence, self.tied, self.shift, self.excused)


def flip_prior(ruling: Ruling, own: Odds) -> float | None:
    """The prior nearest to the one in use at which the verdict would be another one, the others keeping theirs to one another.

    Odds scale with prior odds to the power of 1 / T: what has the odds ``p`` at the prior ``q`` has ``p'`` at ``q' / (1 - q') =
    q / (1 - q) * [p' / (1 - p') * (1 - p) / p]^T``. Of a verdict that speaks for a bid it lies below the prior in use, of any
    other above; ``None`` where no prior changes the word.
    """
    p, prior = min(max(own.involved, 1e-12), 1 - 1e-12), own.prior
    if not 0 < prior < 1:
        return None
    word = ruling.word(own.involved)
    down = word in {"supported", "confirmed"}
    wanted = (
        [step - CLOSE for step in reversed(STEPS) if step <= p]
        if down
        else [step + CLOSE for step in STEPS if step > p]
    )
    for level in wanted:
        if ruling.word(level) != word:
            ratio = prior / (1 - prior) * (level / (1 - level) * (1 - p) / p) ** TEMPERATURE
            return float(f"{ratio / (1 + ratio):.3g}")
    return None
