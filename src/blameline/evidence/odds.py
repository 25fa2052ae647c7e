"""From one shift's evidence to probabilities that sum to 1, standing bidders included.

::

    log p(H) = [ log prior(H) + log BF(H) + sum_m log LR_m(H) ] / T + offset(H)        then normalised

``BF`` is the fit's; the other signals, the traffic and the records enter as bounded likelihood ratios ``(g BF + 1 - g) /
(i BF + 1 - i)``, where ``g`` is the chance that such a series moves when ``H`` is guilty and ``i`` that it moves by itself.
Two causes at once are hypotheses of their own (``pairs``), with the prior of ``prior``.

Dependence between checks is allowed for in three places: what they ask of the signal is one likelihood, so that timing,
exposure, dose and reversal never count as four facts; what other series say is bounded, so that several which move for one reason
cannot outweigh the signal; and a pair has the mean of its members' ratios, so that no series is counted for both. ``T`` is 0.83:
the likelihoods are cautious (noise that drifts, shapes at any time), and two generators of incidents whose authors did not know
each other's both found the odds too timid at 1. The offsets are those of the project's design notes. Both are checked with
``benchmarks/calibrate.py`` on the drill's calibration seeds and with ``benchmarks/blame`` on its half for tuning, and on nothing
that is reported.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import logsumexp

from blameline.evidence.bridge import LEAST, log_ratio
from blameline.evidence.hearing import Hearing, is_ruler
from blameline.evidence.kept import WITH_A_CHANGE
from blameline.evidence.silent import raised
from blameline.evidence.slow import fading

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from blameline.candidates import Candidate
    from blameline.evidence.pairs import How, Pair
    from blameline.records import Signal

TEMPERATURE = 0.83
OFFSET: Mapping[str, float] = {
    "chance": 0.75,
    "mix": 2.0,
    "unknown": -0.75,
    "ruler": -0.75,
    "artefact": 1.0,
    "pair": -3.25,
}
"""Added to the log odds after ``T``, by bidder; ``pair``: of two causes at once."""
FOR_EACH = frozenset({"replay", "bridge"})
"""Ratios that speak of one member of a pair alone, so that both members' count; of the others a pair has the mean."""
MOVES: Mapping[str, Mapping[str, float]] = {
    "control": {"app": 0.0005, "ruler": 0.85, "records": 0.3, "by itself": 0.05},
    "judged": {"app": 0.45, "ruler": 0.85, "records": 0.5, "by itself": 0.1},
    "unstamped": {"app": 0.3, "ruler": 0.4, "records": 0.35, "by itself": 0.1},
    "plain": {"app": 0.15, "ruler": 0.01, "records": 0.2, "by itself": 0.1},
    "feedback": {"app": 0.6, "ruler": 0.02, "records": 0.4, "by itself": 0.15},
}
"""Chance that a signal of this kind moves along, by what is guilty; a control is by definition what the app cannot touch."""
COUNTS: Mapping[str, float] = {"records": 0.95, "undeclared": 0.998, "by itself": WITH_A_CHANGE}
"""Chance that the number of records steps with a change of the telemetry that moved the signal, and with one that did not.

A new version of an instrumentation comes with most deploys: where no record was lost it is no rival of the deploy.
"""
CHOSEN: Mapping[str, float] = {"eval": 0.6, "ruler": 0.2, "records": 0.02, "by itself": 0.002}
"""Chance that harder requests are scored since the onset, by what is guilty; a fall of the app does not change who is scored."""
SAME_CAUSE = 0.8
"""Chance that two signals which move together have one cause."""


@dataclass(frozen=True)
class Odds:
    """One candidate's way from prior to posterior; all logs natural."""

    candidate: Candidate
    prior: float
    log_factor: float
    ratios: Mapping[str, float]
    """Log likelihood ratios of the other signals, the traffic and the records, by name."""
    probability: float = 0.0
    """What sums to 1 over all candidates: a pair's is split between its members."""
    involved: float = 0.0
    """That it had a part in the shift, alone or as one of two."""
    partners: tuple[tuple[str, How, float], ...] = ()
    """Who may have acted with it, how, and how probably, the likeliest first."""

    @property
    def evidence(self) -> float:
        """Log likelihood of all the evidence, against nothing having moved."""
        return self.log_factor + sum(self.ratios.values())


@dataclass(frozen=True)
class Posterior:
    """The odds of every candidate, and of every hypothesis behind them."""

    odds: Mapping[str, Odds]
    pairs: tuple[tuple[Pair, float], ...]
    """Two at once, with their probability."""
    alone: Mapping[str, float]
    """Candidate → probability that it made the shift by itself."""


def weigh_all(hearing: Hearing) -> dict[str, Odds]:
    """The odds of every candidate, in the order in which they were listed."""
    return dict(posterior(hearing).odds)


def posterior(hearing: Hearing, replayed: Mapping[str, float] | None = None) -> Posterior:
    """Every hypothesis of one shift, weighed; ``replayed``: by candidate, what replays say (``swapped.log_ratios``)."""
    priors = hearing.prior.shared(hearing.candidates)
    others = [
        signal
        for name, signal in _signals(hearing)
        if name != hearing.shift.signal and (signal.control or not hearing.mechanism.has(name))
    ]
    entries = []
    for candidate in hearing.candidates:
        factor = _factor(hearing, candidate)
        ratios = {signal.name: _along(hearing, candidate, signal) for signal in others}
        ratios["mechanism"] = hearing.mechanism.log_ratio(candidate)
        ratios["records"] = _records(hearing, candidate)
        ratios["bridge"] = _bridge(hearing, candidate)
        ratios["selection"] = _selection(hearing, candidate)
        ratios["replay"] = (replayed or {}).get(candidate.id, 0.0)
        if candidate.id == "unknown":
            ratios |= _unrecorded(hearing, ratios["mechanism"])
        entries.append(Odds(candidate, priors[candidate.id], factor, ratios))
    return normalised(entries, hearing.pairs, hearing.prior.pair)


def _unrecorded(hearing: Hearing, mechanism: float) -> dict[str, float]:
    """What behaviour and documents that no change moved say of ``unknown``, less what the mechanism has said already."""
    said = max(mechanism, 0.0)
    signature, documents = raised(hearing), fading(hearing)
    left = max(said - signature, 0.0)
    return {"signature": max(signature - said, 0.0), "documents": max(documents - left, 0.0)}


def normalised(entries: Sequence[Odds], pairs: Sequence[Pair], for_two: float) -> Posterior:
    """Probabilities that sum to 1 over all that may have made the shift, alone or two at once.

    The mass of a pair goes to its guilty members in equal parts; ``involved`` counts it whole for each of them.
    """
    known = {one.candidate.id: one for one in entries}
    pairs = [pair for pair in pairs if all(name in known for name in pair.members)]
    logs = [
        (math.log(one.prior) + one.evidence) / TEMPERATURE + OFFSET.get(one.candidate.id, 0.0)
        if one.prior > 0
        else -math.inf
        for one in entries
    ]
    changes = sum(one.prior for one in entries if not one.candidate.standing)
    for pair in pairs:
        one, other = (known[name] for name in pair.members)
        prior = for_two * 2 * one.prior * other.prior / changes if changes else 0.0
        told = pair.log_factor + _ratios_of_two(one, other)
        logs.append((math.log(prior) + told) / TEMPERATURE + OFFSET["pair"] if prior > 0 else -math.inf)
    shares = np.exp(np.array(logs) - logsumexp(logs))
    alone = {one.candidate.id: float(p) for one, p in zip(entries, shares[: len(entries)], strict=True)}
    weighed = tuple((pair, float(p)) for pair, p in zip(pairs, shares[len(entries) :], strict=True))
    odds = {}
    for name, one in known.items():
        mine = [(pair, p) for pair, p in weighed if name in pair.guilty]
        partners = [(pair.members[pair.members[0] == name], pair.how, p) for pair, p in weighed if name in pair.members]
        odds[name] = replace(
            one,
            probability=alone[name] + sum(p / len(pair.guilty) for pair, p in mine),
            involved=min(alone[name] + sum(p for _, p in mine), 1.0),
            partners=tuple(sorted(partners, key=lambda told: (-told[2], told[0], told[1]))),
        )
    return Posterior(odds, weighed, alone)


def _ratios_of_two(one: Odds, other: Odds) -> float:
    """What the other signals and the records say of two at once: no more than they say of one, but for what is said of each."""
    names = sorted({*one.ratios, *other.ratios})
    told = [(name, one.ratios.get(name, 0.0), other.ratios.get(name, 0.0)) for name in names]
    return sum(a + b if name in FOR_EACH else (a + b) / 2 for name, a, b in told)


def _signals(hearing: Hearing) -> list[tuple[str, Signal]]:
    return [(name, fit.cells.signal) for name, fit in sorted(hearing.fits.items())]


def _factor(hearing: Hearing, candidate: Candidate) -> float:
    """Log Bayes factor of one hypothesis against nothing having moved within segments; ``chance`` may have noise that drifts."""
    if candidate.id == "chance":
        return _chance(hearing)
    if candidate.id == "mix":
        return _mix(hearing)
    if candidate.id == "unknown":
        return hearing.free_factor()
    if candidate.id == "ruler":
        return hearing.free_factor("step", "pulse", "ramp")
    if candidate.id == "artefact":
        if hearing.kept.sampled is not None:
            return hearing.free_factor() + _sampled(hearing)
        return max(hearing.kept.lost_records(), _copied(hearing))
    factor = hearing.bids[candidate.id].log_factor
    if candidate.layer == "traffic":
        return max(factor, _mix(hearing) + _when(hearing, candidate))
    return factor


def _chance(hearing: Hearing) -> float:
    """What noise that drifts brings to the bid that nothing moved, against the noise of the fit."""
    move = hearing.move
    if move.doubt is not None:
        return move.doubt
    if move.pointed:
        return max(0.0, hearing.free_factor(plain=True) - max(one.paid[1] for one in hearing.kept.losses))
    if not move.toll:
        return 0.0
    return max(0.0, hearing.free_factor(plain=True) - move.evidence + move.toll)


def _sampled(hearing: Hearing) -> float:
    """What the shares that the rows say they are have to say of a bid that the sampling made the move; bounded."""
    return float(np.clip(hearing.kept.sampled.log_factor, -8.0, 8.0)) if hearing.kept.sampled is not None else 0.0


def _copied(hearing: Hearing) -> float:
    """The bid of requests told twice: bounded; such copies hardly come by themselves, and the mix wants them too."""
    gain, share = hearing.kept.copied
    if share <= 0.5 or gain <= 0 or hearing.within >= 3.0:
        return -4.0
    return min(gain, 8.0) + math.log(0.9 / 0.001)


def _mix(hearing: Hearing) -> float:
    """The traffic's bid: bounded, unless no segment moved by itself and the mix explains most of the plain move."""
    gain = hearing.traffic_mix.factor
    shift = hearing.shift
    share = shift.mix_delta / shift.raw_delta if shift.raw_delta else 0.0
    if hearing.traffic_mix.leads and hearing.within < 3.0:
        return min(gain, 8.0)
    doubtful = share <= 0.5 or hearing.traffic_mix.answers_moved
    return gain - float(np.logaddexp(math.log(0.03) + gain, math.log(0.97))) - (2.0 if doubtful else 0.0)


def _when(hearing: Hearing, candidate: Candidate) -> float:
    """How well a declared traffic shift's own time fits the onset: log density against uniform, within ±4."""
    if candidate.starts is None:
        return -4.0
    cells = hearing.fit.cells
    at = cells.hour_of(candidate.starts)
    near = np.abs(hearing.move.moments - at) <= 12
    inside = float(hearing.move.weights[near].sum())
    share = max(float(near.mean()), 1e-3)
    return float(np.clip(math.log(max(inside, 1e-6) / share), -4, 4))


def _along(hearing: Hearing, candidate: Candidate, signal: Signal) -> float:
    """What another signal says of a candidate: bounded when it stayed, shared when it moved at the same time."""
    if candidate.id in {"chance", "mix"}:
        return 0.0
    kind = kind_of(signal, hearing)
    who = _who(candidate)
    if signal.name in hearing.together and kind != "control":
        return _shared(hearing, candidate, signal, 0.02 if MOVES[kind][who] < 0.05 else SAME_CAUSE)
    return bounded(hearing.elsewhere(candidate, signal.name).log_factor, MOVES[kind][who], MOVES[kind]["by itself"])


def _who(candidate: Candidate) -> str:
    if candidate.id == "artefact" or candidate.layer == "telemetry":
        return "records"
    return "ruler" if is_ruler(candidate) else "app"


def _shared(hearing: Hearing, candidate: Candidate, signal: Signal, same: float) -> float:
    """Log of ``q BF(H) + (1 - q) mean BF``, against the mean: who moved this signal most likely moved that one too."""
    mine = hearing.moved_by(candidate, signal.name)
    everyone = [
        hearing.moved_by(other, signal.name) for other in hearing.candidates if other.id not in {"chance", "mix"}
    ]
    typical = float(logsumexp(everyone) - math.log(len(everyone)))
    return float(np.logaddexp(math.log(same) + mine, math.log(1 - same) + typical)) - typical


def kind_of(signal: Signal, hearing: Hearing) -> str:
    """How a signal bears on the shift's own: a control, by a judge too, by none, by who knows whom, or by users."""
    if signal.control:
        return "control" if signal.judged == hearing.fit.cells.signal.judged else "plain"
    if signal.family == "feedback":
        return "feedback"
    if signal.judged:
        return "judged"
    return "unstamped" if signal.family == "quality" and not hearing.judges_told else "plain"


def _records(hearing: Hearing, candidate: Candidate) -> float:
    """Whether the number of requests, or the share of them that was scored, fell with a change of the telemetry.

    Half of the weight is on a loss along its record, and half on one that went where the counts fell (``Kept.lost_with``).
    """
    if candidate.layer != "telemetry":
        return 0.0
    if hearing.kept.sampled is not None:
        return _sampled(hearing)
    told = [fall.log_factor if fall.able else -4.0 for fall in hearing.kept.falls(candidate).values()]
    guilty = COUNTS["records"] if candidate.declared else COUNTS["undeclared"]
    along = bounded(max(told), guilty, COUNTS["by itself"])
    where = hearing.kept.lost_with(candidate) - hearing.bids[candidate.id].log_factor
    return float(np.logaddexp(along, where)) - math.log(2)


def _bridge(hearing: Hearing, candidate: Candidate) -> float:
    """What answers scored on both sides of the onset say of a bid that only the measuring moved."""
    if not is_ruler(candidate) or candidate.layer == "telemetry":
        return 0.0
    if hearing.shift.linked and hearing.span is not None and not hearing.span.few:
        return math.log(LEAST)  # what the ruler did was taken out of the scores
    return log_ratio(hearing.span, hearing.shift)


def _selection(hearing: Hearing, candidate: Candidate) -> float:
    """What the choice of the scored requests says of a bid; nothing of the app's, which has no part in that choice."""
    who = "eval" if candidate.layer == "eval" else _who(candidate)
    found = hearing.selection
    if found is None or who == "app" or candidate.layer == "judge" or found.raw * hearing.harm <= 0:
        return 0.0
    return bounded(found.log_factor, CHOSEN[who], CHOSEN["by itself"])


def bounded(log_factor: float, guilty: float, by_itself: float) -> float:
    """Log of ``(g BF + 1 - g) / (i BF + 1 - i)``: at most ``g / i``, at least ``(1 - g) / (1 - i)``."""
    up = np.logaddexp(math.log(guilty) + log_factor, math.log(1 - guilty))
    down = np.logaddexp(math.log(by_itself) + log_factor, math.log(1 - by_itself))
    return float(up - down)
