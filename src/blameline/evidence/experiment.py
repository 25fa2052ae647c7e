"""The experiment that would move a bid: a hearing and its odds in, arms, numbers, powers and costs out.

A test is worth the entropy of the odds that it splits, times its power, by its cost. Candidates that are tied have one
experiment together: every combination of their old and new versions on the same requests.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from blameline.evidence.swapped import UNSWAPPED
from blameline.records.experiments import Arm, Experiment, Factor
from blameline.replays.design import design_of, rows, spread_of
from blameline.replays.sizes import ENOUGH, FEWEST, clears, convicts, to_clear, to_convict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from blameline.candidates import Candidate
    from blameline.evidence.hearing import Hearing
    from blameline.evidence.odds import Odds
    from blameline.evidence.questions import Archive

OLD, NEW = "the version before", "the new one"
"""What stands for a version that no record names."""
SPREAD = 0.65
"""A paired difference of generations, as a share of the spread of single requests (.26 for .4; design notes)."""
RESCORED = 0.3
"""The same where one answer is scored twice (.12 for .4)."""
LEFT_OUT = 0.005
"""Odds below which a change is left alone when everything else is taken back."""


@dataclass(frozen=True)
class Usage:
    """What requests are there to be run again, and what one of them took."""

    since: datetime
    until: datetime
    requests: int
    tokens: float | None


def usage(hearing: Hearing, archive: Archive) -> Usage:
    """The requests of the shift's slice between its onset and its end."""
    shift, cells = hearing.shift, hearing.fit.cells
    since = shift.onset.high
    until = max(shift.ended or cells.moment(cells.span_hours), since)
    found = archive.query(
        "evidence/usage",
        signal=shift.signal,
        since=since.replace(tzinfo=None),
        until=until.replace(tzinfo=None),
        keys=sorted(shift.segment),
        values=[str(shift.segment[key]) for key in sorted(shift.segment)],
    )
    tokens = float(found["tokens"][0]) if found["tokens"][0] is not None else math.nan
    return Usage(since, until, int(found["requests"][0]), tokens if math.isfinite(tokens) else None)


def experiment(
    hearing: Hearing, candidate: Candidate, tied: Sequence[str], odds: Mapping[str, Odds], use: Usage
) -> Experiment | None:
    """The replay that would settle a bid, or split its tie; ``None`` where no replay can."""
    if candidate.id == "unknown":
        members = [one for one in hearing.candidates if _swappable(one) and odds[one.id].probability >= LEFT_OUT]
        return _planned(hearing, members, odds, use, travel=True) if members else None
    if not _swappable(candidate):
        return None
    members = [one for one in hearing.candidates if one.id in {candidate.id, *tied} and _swappable(one)]
    return _planned(hearing, members, odds, use)


def _swappable(candidate: Candidate) -> bool:
    return not candidate.standing and candidate.layer is not None and candidate.layer not in UNSWAPPED


def _planned(
    hearing: Hearing, members: Sequence[Candidate], odds: Mapping[str, Odds], use: Usage, *, travel: bool = False
) -> Experiment:
    factors = _factors(members)
    design = (
        "time travel"
        if travel
        else "rescoring"
        if {one.layer for one in factors} == {"judge"}
        else design_of(len(factors))
    )
    combinations = ((True,) * len(factors), (False,) * len(factors)) if travel else rows(len(factors))
    arms = tuple(_arm(factors, row) for row in combinations)
    target = abs(hearing.shift.delta.estimate)
    effect = _effect(hearing, members, target) if len(members) == 1 else target
    pair = (RESCORED if design == "rescoring" else SPREAD) * math.sqrt(hearing.fit.sigma2)
    spread = pair * (1.0 if travel else spread_of(len(factors)))
    wanted = to_convict(effect, spread) if len(factors) == 1 or travel else to_clear(target, spread)
    cases = max(min(wanted, use.requests), min(FEWEST, wanted))
    runs = cases * len(arms)
    power, bits = convicts(cases, effect, spread), _bits([odds[one.id].probability for one in members], whole=travel)
    tokens = None if use.tokens is None or design == "rescoring" else round(runs * use.tokens)
    cost = tokens / 1e6 if tokens else runs / 1e3
    return Experiment(
        asks=_asks(factors, design),
        signal=hearing.shift.signal,
        design=design,
        factors=factors,
        arms=arms,
        segment=dict(hearing.shift.segment),
        since=use.since,
        until=use.until,
        requests=use.requests,
        cases=cases,
        runs=runs,
        effect=_short(effect),
        spread=_short(spread),
        power=_short(power),
        clears=_short(clears(cases, target, spread)),
        tokens=tokens,
        bits=_short(bits),
        worth=_short(bits * power / cost),
        means=_means(factors, design),
    )


def _factors(members: Sequence[Candidate]) -> tuple[Factor, ...]:
    """One a bid, each under the plainest key that is its own."""
    layers = [one.layer for one in members]
    keys = [one.key for one in members]
    found = []
    for one in members:
        assert one.layer is not None
        name: str = one.layer if layers.count(one.layer) == 1 else one.key or one.id
        name = one.id if name == one.key and keys.count(one.key) > 1 else name
        change = one.change
        old = (change.from_ if change else None) or one.previous
        new = one.value or (change.to if change else None)
        found.append(Factor(name=name, layer=one.layer, candidate=one.id, old=old, new=new))
    return tuple(found)


def _arm(factors: Sequence[Factor], row: Sequence[bool]) -> Arm:
    config = {one.name: (one.new or NEW) if new else (one.old or OLD) for one, new in zip(factors, row, strict=True)}
    if all(row):
        name = "as served"
    elif not any(row):
        name = "everything taken back" if len(factors) > 1 else f"{factors[0].name} taken back"
    else:
        back = [one.name for one, new in zip(factors, row, strict=True) if not new]
        name = f"{' and '.join(back)} taken back"
    return Arm(name=name, config=config)


def _effect(hearing: Hearing, members: Sequence[Candidate], target: float) -> float:
    """The loss that one change should make: the fit's, and not below a quarter of the shift."""
    bid = hearing.bids[members[0].id]
    return max(abs(bid.effect) if math.isfinite(bid.error) else target, ENOUGH * target, 1e-6)


def _bits(each: Sequence[float], *, whole: bool) -> float:
    """Entropy of which of them it is, or none; with ``whole`` of whether it is any."""
    parts = [sum(each)] if whole else list(each)
    rest = max(1.0 - sum(parts), 0.0)
    return float(-sum(p * math.log2(p) for p in (*parts, rest) if p > 0))


def _asks(factors: Sequence[Factor], design: str) -> str:
    names = " and ".join(one.name for one in factors)
    if design == "time travel":
        return "With everything that is on record taken back, is the quality back?"
    if design == "rescoring":
        return "Do the same answers score differently with the old and the new judge?"
    if len(factors) == 1:
        return f"With the old {names} and all else as it was, is the quality back?"
    return f"Which of {names} made the loss, or do they make it together?"


def _means(factors: Sequence[Factor], design: str) -> tuple[str, ...]:
    if design == "time travel":
        return (
            "good again: the cause is among what was taken back; swap those one at a time",
            "still bad: no change on record did it; look at inputs, data and what the provider serves",
        )
    if design == "rescoring":
        return (
            "scored differently: the judge moved the scores, by as much as that",
            "scored alike: the judge did not move them",
        )
    if len(factors) == 1:
        (one,) = factors
        return (
            f"good again: {one.candidate} did it, and is confirmed",
            f"still bad: {one.candidate} did not do it, and is excluded",
            "neither is clear: the answer names the number of requests that would be enough",
        )
    return (
        *(f"good only with the old {one.name}: {one.candidate} did it; the others are excluded" for one in factors),
        "good with the old version of any of them: they do it together",
        "still bad with everything taken back: none of them did it",
    )


def _short(value: float) -> float:
    return float(f"{value:.4g}")
