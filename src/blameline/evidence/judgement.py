"""From a hearing to ledger lines: every check asked, every bid weighed, the next test named."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from scipy.special import ndtr, ndtri

from blameline import plugins
from blameline.evidence.experiment import experiment, loss
from blameline.evidence.next_test import next_test
from blameline.evidence.odds import Odds, weigh_all
from blameline.evidence.questions import Archive, points, to_one, weigh
from blameline.evidence.swapped import log_ratios
from blameline.evidence.ties import tie_groups
from blameline.evidence.verdicts import outcome, verdict
from blameline.records import Evidence, Interval, LedgerLine, Moved, Outcome
from blameline.shifts.describe import Z90

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from blameline.candidates import Candidate
    from blameline.evidence.bridge import Span
    from blameline.evidence.hearing import Bid, Hearing
    from blameline.records import Shift


def judge(hearing: Hearing, archive: Archive, *, seed: int) -> tuple[list[LedgerLine], Outcome, Moved]:
    """The ledger of one shift, the most probable bid first, with its outcome and what moved."""
    odds = weigh_all(hearing, log_ratios(hearing, archive))
    tied = tie_groups(hearing, odds)
    checks = plugins.load_all("blameline.checks")
    shares = _shares(hearing, odds)
    known = loss(hearing, archive)
    lines = []
    for candidate in hearing.candidates:
        evidence = tuple(
            weigh(check, archive, hearing, candidate, seed=seed) for check in checks if check.concerns(candidate)
        )
        bid = hearing.bids.get(candidate.id)
        others = tied.get(candidate.id, ())
        probability = odds[candidate.id].probability
        word = verdict(candidate, bid, probability, evidence, others, hearing.shift)
        planned = experiment(hearing, candidate, others, odds, known)
        lines.append(
            LedgerLine(
                candidate=candidate.id,
                shift=hearing.shift.id,
                kind=candidate.kind,
                layer=candidate.layer,
                declared=candidate.declared,
                probability=_digits(probability),
                prior=_digits(odds[candidate.id].prior),
                log_evidence=_parts(odds[candidate.id]),
                share=shares[candidate.id],
                verdict=word,
                tied_with=others,
                because=_because(candidate, bid, evidence, hearing, others, odds),
                evidence=evidence,
                next_test=next_test(candidate, word, others, planned),
                experiment=planned,
                at=candidate.at,
                seen_at=candidate.seen_at if candidate.key else None,
                summary=candidate.summary,
                effect=_effect(bid),
            )
        )
    lines.sort(key=lambda line: (-line.probability, line.candidate))
    rest = round(1.0 - sum(line.probability for line in lines), 6)  # what rounding to six digits left over
    lines[0] = lines[0].model_copy(update={"probability": _digits(lines[0].probability + rest)})
    lines.sort(key=lambda line: (-line.probability, line.candidate))
    return lines, *outcome(lines, tied)


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
    told = []
    for line in lines:
        if line.candidate == taker:
            low, middle, high = (min(max(value, 0.0), 1.0) for value in (own - spread, own, own + spread))
            share = Interval(estimate=_digits(middle), low=_digits(low), high=_digits(high))
            word = "consistent" if middle > 0 and line.verdict in {"excluded", "untestable"} else line.verdict
            told.append(line.model_copy(update={"share": share, "verdict": word}))
        else:
            left = 1.0 - min(max(own, 0.0), 1.0)
            share = Interval(**{end: _digits(left * value) for end, value in line.share.model_dump().items()})
            told.append(line.model_copy(update={"share": share}))
    return told


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


def _shares(hearing: Hearing, odds: Mapping[str, Odds]) -> dict[str, Interval]:
    """Share of the plain shift that each bid accounts for: effect times the rise of its exposure, times its odds.

    The interval is the middle 90% of the mixture "nothing, or its own normal"; the rest belongs to ``unknown``.
    """
    shift, cells = hearing.shift, hearing.fit.cells
    begin = cells.hour_of(shift.onset.estimate)
    end = cells.hour_of(shift.ended) if shift.ended else math.inf
    inside = cells.inside(dict(shift.segment))
    early = inside & (cells.hours <= begin)
    late = inside & (cells.hours > begin) & (cells.hours <= end)
    whole = shift.raw_delta if shift.raw_delta * hearing.harm > 0 else shift.delta.estimate
    found: dict[str, Interval] = {}
    for candidate in hearing.candidates:
        p = odds[candidate.id].probability
        if candidate.id == "mix":
            share = min(max(shift.mix_delta / whole, 0.0), 1.0) if whole else 0.0
            found["mix"] = _mixture(p, share, 0.05)
        elif candidate.id in {"ruler", "artefact"}:
            found[candidate.id] = _mixture(
                p, 1.0, abs(shift.delta.high - shift.delta.low) / 3.29 / max(abs(whole), 1e-9)
            )
        elif not candidate.standing:
            bid = hearing.bids[candidate.id]
            rise = 0.0
            if early.any() and late.any():
                rise = float(
                    (cells.n[late] @ bid.column[late]) / cells.n[late].sum()
                    - (cells.n[early] @ bid.column[early]) / cells.n[early].sum()
                )
            if not whole or not math.isfinite(bid.error):
                found[candidate.id] = Interval(estimate=0.0, low=0.0, high=1.0 if p > 0.05 else 0.0)
            else:
                found[candidate.id] = _mixture(p, bid.effect * rise / whole, bid.error * abs(rise / whole))
    found["chance"] = Interval(estimate=0.0, low=0.0, high=0.0)
    rest = max(0.0, 1.0 - sum(one.estimate for one in found.values()))
    spread = max((one.high - one.low for one in found.values()), default=1.0)
    found["unknown"] = Interval(
        estimate=_digits(rest), low=_digits(max(0.0, rest - spread)), high=_digits(min(1.0, rest + spread))
    )
    return found


def _mixture(p: float, mean: float, error: float) -> Interval:
    """Mean and 90% interval of ``(1-p) at 0 + p N(mean, error)``, kept between 0 and 1."""

    def quantile(level: float) -> float:
        below = p * float(ndtr(-mean / max(error, 1e-9)))
        if level < below:
            return 0.0
        if level <= below + (1 - p):
            return 0.0
        return float(mean + max(error, 1e-9) * ndtri(min(max((level - (1 - p)) / p, 1e-6), 1 - 1e-6)))

    estimate, low, high = (min(max(value, 0.0), 1.0) for value in (p * mean, quantile(0.05), quantile(0.95)))
    return Interval(estimate=_digits(estimate), low=_digits(min(low, estimate)), high=_digits(max(high, estimate)))


def _because(
    candidate: Candidate,
    bid: Bid | None,
    evidence: Sequence[Evidence],
    hearing: Hearing,
    tied: Sequence[str],
    odds: Mapping[str, Odds],
) -> str:
    """The sentence of the line: what decided it."""
    told = {one.check: one for one in evidence}
    if candidate.id == "chance":
        return f"the data speak for a move, {to_one(hearing.move.evidence - hearing.move.toll)}"
    if candidate.id == "unknown":
        best = max((o.log_factor for name, o in odds.items() if name in hearing.bids), default=0.0)
        gain = hearing.free_factor() - best
        if gain > 0:
            return "a move at a free time fits the data better than any recorded or visible change"
        return f"the best recorded change fits better than a move at a free time, {to_one(-gain)}"
    if tied and "replay" in told and told["replay"].verdict == "supports":
        return f"run again, it and {', '.join(tied)} make the loss together; {told['replay'].because}"
    if tied:
        return f"its exposure is the same as that of {', '.join(tied)}: this data cannot tell them apart"
    order = (
        "replay",
        "bridge",
        "exposure",
        "reversal",
        "ruler",
        "mix",
        "records",
        "rival",
        "dose",
        "timing",
        "placebo",
    )
    loud = [told[name] for name in order if name in told and told[name].verdict == "supports"]
    against = [told[name] for name in order if name in told and told[name].verdict == "refutes"]
    leading = odds[candidate.id].probability >= 0.5
    chosen = (loud + against) if leading else (against or loud)
    top = max(odds.values(), key=lambda one: one.probability)
    if not against and odds[candidate.id].probability < 0.02 and not candidate.standing:
        behind = math.log(top.probability / max(odds[candidate.id].probability, 1e-12))
        return f"it explains the move less well than {top.candidate.id}, {to_one(behind)}"
    if chosen:
        return "; ".join(one.because for one in chosen[:2])
    quiet = [told[name].because for name in order if name in told]
    if bid is not None and math.isfinite(bid.error):
        return (
            f"effect on exposed traffic {points(bid.effect, hearing)}; {quiet[0] if quiet else 'no check could tell'}"
        )
    return quiet[0] if quiet else "no check could tell"
