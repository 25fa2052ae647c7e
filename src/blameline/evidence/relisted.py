"""A ledger, and the same one written again from other odds or other answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from blameline.evidence.odds import Odds, Posterior, normalised
from blameline.evidence.verdicts import outcome
from blameline.records import Removal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from blameline.evidence.hearing import Hearing
    from blameline.evidence.pairs import Pair
    from blameline.evidence.rulings import Ruling
    from blameline.records import LedgerLine

Kind = Literal["change", "version", "signal", "evidence", "check", "segment", "day"]


@dataclass(frozen=True)
class Ledger:
    """All that a ledger was written from."""

    hearing: Hearing
    weighed: Posterior
    rulings: Mapping[str, Ruling]
    tied: Mapping[str, Sequence[str]]
    lines: Mapping[str, LedgerLine]
    subject: str

    @property
    def entries(self) -> list[Odds]:
        """The odds of every candidate."""
        return list(self.weighed.odds.values())

    @property
    def pairs(self) -> list[Pair]:
        """Every two."""
        return [pair for pair, _ in self.weighed.pairs]

    def again(
        self,
        kind: Kind,
        what: str,
        *,
        entries: Sequence[Odds] | None = None,
        pairs: Sequence[Pair] | None = None,
        rulings: Mapping[str, Ruling] | None = None,
    ) -> Removal:
        """The ledger with other odds or other answers."""
        entries, rulings = self.entries if entries is None else entries, self.rulings if rulings is None else rulings
        posterior = normalised(entries, self.pairs if pairs is None else pairs, self.hearing.prior.pair)
        kept = {one.candidate.id for one in entries}
        lines = [
            self.lines[name].model_copy(
                update={
                    "probability": min(own.probability, 1.0),
                    "involved": own.involved,
                    "verdict": rulings[name].word(own.involved),
                    "evidence": tuple(rulings[name].evidence),
                }
            )
            for name, own in posterior.odds.items()
        ]
        lines.sort(key=lambda line: (-line.probability, line.candidate))
        tied = {
            name: tuple(other for other in others if other in kept)
            for name, others in self.tied.items()
            if name in kept
        }
        word, moved = outcome(lines, {name: others for name, others in tied.items() if others})
        own = next((line for line in lines if line.candidate == self.subject), None)
        return Removal(
            kind=kind,
            what=what,
            first=lines[0].candidate,
            probability=round(own.involved if own else 0.0, 6),
            verdict=own.verdict if own else None,
            outcome=word,
            moved=moved,
        )
