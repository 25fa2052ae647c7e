"""From factors to an experiment: what is to be swapped and what is known of the loss in; arms, numbers, powers and costs out.

A test is worth the entropy of the odds that it splits, times its power, by its cost. Beside the arms that split the factors
there may be one in which every other plausible change is taken back as well: if the loss stays there, no change made it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from blameline.records.experiments import Arm, Design, Experiment, Factor
from blameline.replays.design import design_of, rows, spread_of
from blameline.replays.sizes import FEWEST, clears, convicts, to_clear, to_convict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

OLD, NEW = "the version before", "the new one"
"""What stands for a version that no record names."""
CONTROL = "everything taken back"


@dataclass(frozen=True)
class Loss:
    """What is known of the shift and of the requests in it."""

    signal: str
    since: datetime
    until: datetime
    requests: int
    target: float
    """Size of the shift, without its sign."""
    pair: float
    """Standard deviation of the difference of two runs of one request."""
    tokens: float | None
    """Of one request."""
    segment: Mapping[str, str] = field(default_factory=dict)


def composed(
    loss: Loss,
    factors: Sequence[Factor],
    odds: Mapping[str, float],
    *,
    effect: float | None = None,
    others: Sequence[Factor] = (),
    travel: bool = False,
    most_runs: int | None = None,
) -> Experiment:
    """The experiment that swaps ``factors``: all together with ``travel``, else by the design for so many.

    ``odds`` are those of the bids; ``effect`` the loss that a single factor should make; ``others`` are taken back with the
    factors in an arm of its own.
    """
    design: Design = "time travel" if travel else design_of(len(factors))
    if {one.layer for one in factors} == {"judge"}:
        design = "rescoring"
    ends = (True,) * len(factors), (False,) * len(factors)
    arms = [_arm(factors, others, row, back=False) for row in (ends if travel else rows(len(factors)))]
    if others and not travel:
        arms.append(_arm(factors, others, ends[1], back=True))
    single = len(factors) == 1 or travel
    effect = loss.target if effect is None else effect
    spread = loss.pair * (1.0 if single else spread_of(len(factors)))
    wanted = to_convict(effect, spread) if single else to_clear(loss.target, spread)
    cases = min(wanted, max(loss.requests, min(FEWEST, wanted)))
    if most_runs is not None:
        cases = max(min(max(loss.requests, 1), most_runs // len(arms)), 1)
    runs = cases * len(arms)
    power, bits = convicts(cases, effect, spread), _bits([odds[one.candidate] for one in factors], whole=travel)
    tokens = None if loss.tokens is None or design == "rescoring" else round(runs * loss.tokens)
    return Experiment(
        asks=_asks(factors, design),
        signal=loss.signal,
        design=design,
        factors=tuple(factors),
        others=tuple(others),
        arms=tuple(arms),
        segment=dict(loss.segment),
        since=loss.since,
        until=loss.until,
        requests=loss.requests,
        cases=cases,
        runs=runs,
        effect=_short(effect),
        pair=_short(loss.pair),
        power=_short(power),
        clears=_short(clears(cases, loss.target, spread)),
        tokens=tokens,
        bits=_short(bits),
        worth=_short(bits * power / (tokens / 1e6 if tokens else runs / 1e3)),
        means=_means(factors, design, control=bool(others)),
    )


def _arm(factors: Sequence[Factor], others: Sequence[Factor], row: Sequence[bool], *, back: bool) -> Arm:
    new = [*row, *([not back] * len(others))]
    config = {
        one.name: (one.new or NEW) if is_new else (one.old or OLD)
        for one, is_new in zip((*factors, *others), new, strict=True)
    }
    if all(new):
        return Arm(name="as served", config=config)
    if not any(new) and len(new) > 1:
        return Arm(name=CONTROL, config=config)
    taken = [one.name for one, is_new in zip(factors, row, strict=True) if not is_new]
    return Arm(name=f"{' and '.join(taken)} taken back", config=config)


def _bits(each: Sequence[float], *, whole: bool) -> float:
    """Entropy of which of them it is, or none; with ``whole`` of whether it is any."""
    parts = [sum(each)] if whole else list(each)
    rest = max(1.0 - sum(parts), 0.0)
    return float(-sum(p * math.log2(p) for p in (*parts, rest) if p > 0))


def _asks(factors: Sequence[Factor], design: Design) -> str:
    if design == "time travel":
        return "With everything that is on record taken back, is the quality back?"
    if design == "rescoring":
        return "Do the same answers score differently with the old and the new judge?"
    if len(factors) == 1:
        return f"With the old {factors[0].name} and all else as it was, is the quality back?"
    return f"Which of {' and '.join(one.name for one in factors)} made the loss, or do they make it together?"


def _means(factors: Sequence[Factor], design: Design, *, control: bool) -> tuple[str, ...]:
    beyond = ("good only with everything taken back: another change did it; swap those",) * control
    nothing = ("still bad with everything taken back: no change on record did it; look at inputs, data and providers",)
    if design == "time travel":
        return ("good again: the cause is among what was taken back; swap those one at a time", *nothing)
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
            *beyond,
            *(nothing * control),
        )
    return (
        *(f"good only with the old {one.name}: {one.candidate} did it, and the others did not" for one in factors),
        "good with the old version of any of them: they do it together",
        *beyond,
        *nothing,
    )


def _short(value: float) -> float:
    return float(f"{value:.4g}")
