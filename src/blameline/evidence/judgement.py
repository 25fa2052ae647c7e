"""From a hearing to ledger lines: every check asked, every bid weighed, the next test named."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from blameline import plugins
from blameline.evidence.experiment import experiment, loss
from blameline.evidence.next_test import next_test
from blameline.evidence.odds import Odds, Posterior, posterior
from blameline.evidence.questions import Archive, weigh
from blameline.evidence.reading import Reading
from blameline.evidence.reasons import because
from blameline.evidence.relisted import Ledger
from blameline.evidence.rulings import Ruling, flip_prior
from blameline.evidence.sensitivity import sensitivity
from blameline.evidence.shares import shares_of
from blameline.evidence.swapped import log_ratios
from blameline.evidence.ties import tie_groups
from blameline.evidence.verdicts import outcome
from blameline.records import Evidence, Interval, LedgerLine, Moved, Outcome, Partner
from blameline.shifts.describe import Z90

if TYPE_CHECKING:
    from blameline.evidence.hearing import Bid, Hearing

LEADS = 0.5
"""Probability from which two are heard each beside the other."""
TOLD = 0.001
"""Probability from which a pair is told."""


def judge(hearing: Hearing, archive: Archive, *, seed: int) -> tuple[list[LedgerLine], Outcome, Moved]:
    """The ledger of one shift, the most probable bid first, with its outcome and what moved.

    Each of two that made the shift between them is asked with the other accounted for.
    """
    weighed = posterior(hearing, log_ratios(hearing, archive))
    odds = weighed.odds
    tied = tie_groups(hearing, odds)
    checks = plugins.load_all("blameline.checks")
    reading = Reading(archive, hearing)
    shares = shares_of(hearing, weighed, seed=seed)
    asked = _asked(hearing, weighed)
    known = loss(hearing, archive)
    lines, rulings = [], {}
    for candidate in hearing.candidates:
        view, other, excused = asked.get(candidate.id, (hearing, None, frozenset[str]()))
        evidence = tuple(
            _beside(weigh(check, reading, view, candidate, seed=seed), other)
            for check in checks
            if check.concerns(candidate)
        )
        ruling = Ruling(
            candidate, view.bids.get(candidate.id), evidence, tied.get(candidate.id, ()), hearing.shift, excused
        )
        rulings[candidate.id] = ruling
        own = odds[candidate.id]
        word = ruling.word(own.involved)
        planned = experiment(hearing, candidate, ruling.tied, odds, known)
        lines.append(
            LedgerLine(
                candidate=candidate.id,
                shift=hearing.shift.id,
                kind=candidate.kind,
                layer=candidate.layer,
                declared=candidate.declared,
                probability=_digits(own.probability),
                prior=_digits(own.prior),
                log_evidence=_parts(own),
                share=shares[candidate.id],
                verdict=word,
                tied_with=ruling.tied,
                because=because(candidate, ruling.bid, evidence, view, ruling.tied, odds),
                evidence=evidence,
                next_test=next_test(hearing, candidate, word, ruling.tied, planned),
                experiment=planned,
                at=candidate.at,
                seen_at=candidate.seen_at if candidate.key else None,
                summary=candidate.summary,
                effect=_effect(ruling.bid),
                involved=_digits(own.involved),
                partners=tuple(
                    Partner(candidate=name, how=how, probability=_digits(p))
                    for name, how, p in own.partners
                    if p >= TOLD
                ),
                flip_prior=flip_prior(ruling, own),
            )
        )
    lines.sort(key=lambda line: (-line.probability, line.candidate))
    rest = round(1.0 - sum(line.probability for line in lines), 6)  # what rounding to six digits left over
    lines[0] = lines[0].model_copy(update={"probability": _digits(lines[0].probability + rest)})
    lines.sort(key=lambda line: (-line.probability, line.candidate))
    amounts_to, moved = outcome(lines, tied)
    if amounts_to != "no_shift":
        earned = [line.candidate for line in lines if line.verdict in {"supported", "confirmed"}]
        subject = earned[0] if earned else lines[0].candidate
        ledger = Ledger(hearing, weighed, rulings, tied, {line.candidate: line for line in lines}, subject)
        told = sensitivity(ledger)
        lines = [line.model_copy(update={"sensitivity": told}) if line.candidate == subject else line for line in lines]
    return lines, amounts_to, moved


def _asked(hearing: Hearing, weighed: Posterior) -> dict[str, tuple[Hearing, str | None, frozenset[str]]]:
    """By each of two that made the shift together: the hearing beside the other, who that is, and the refuter it is excused."""
    pair, p = max(weighed.pairs, key=lambda told: told[1], default=(None, 0.0))
    if pair is None or p <= LEADS:
        return {}
    found = {}
    starts = {one.id: one.starts for one in hearing.candidates}
    for name in pair.members:
        if name not in hearing.bids:
            continue
        (other,) = (one for one in pair.members if one != name)
        others = [at for at, owners in enumerate(pair.owners) if name not in owners]
        view = hearing.beside(pair.columns[:, others]) if others else hearing
        mine, theirs = starts[name], starts[other]
        first = pair.how == "together" and mine is not None and theirs is not None and mine <= theirs
        found[name] = (view, other if others else None, frozenset({"timing"} if first else ()))
    return found


def _beside(evidence: Evidence, other: str | None) -> Evidence:
    if other is None:
        return evidence
    words = "something unrecorded" if other == "unknown" else other
    return evidence.model_copy(update={"because": f"beside {words}: {evidence.because}"})


def _digits(value: float) -> float:
    return round(value, 6) + 0.0


def _parts(odds: Odds) -> dict[str, float]:
    """What the odds are made of, the parts that say nothing left out."""
    told = {"fit": odds.log_factor, **odds.ratios}
    return {name: round(value, 3) + 0.0 for name, value in told.items() if name == "fit" or abs(value) >= 0.0005}


def _effect(bid: Bid | None) -> Interval | None:
    if bid is None or not math.isfinite(bid.error):
        return None
    return Interval(
        estimate=_digits(bid.effect),
        low=_digits(bid.effect - Z90 * bid.error),
        high=_digits(bid.effect + Z90 * bid.error),
    )
