"""Mechanism: did what its layer acts on move along with it, and does the loss go through that?"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from blameline.cells import TOUCHED, known
from blameline.evidence.chain import parameters
from blameline.evidence.enough import about, from_scratch
from blameline.evidence.exposure import CLEAR, ENOUGH, PLAIN
from blameline.evidence.mediators import FAMILY, SPECIFIC, TABLE
from blameline.evidence.questions import Answered, between, points, to_one
from blameline.records import RULER_LAYERS
from blameline.shifts.describe import Z90

if TYPE_CHECKING:
    from collections.abc import Mapping

    from blameline.candidates import Candidate
    from blameline.evidence.bypass import Bypass
    from blameline.evidence.chain import Output
    from blameline.evidence.hearing import Hearing
    from blameline.evidence.questions import Number, Rows
    from blameline.evidence.traffic_mix import Moves

HALF = 0.5
"""Share of the loss that must go through an output, by its estimate, before it speaks for who moved it."""
LIKELIER = 1.8
"""Log ratio from which the shift itself, in what the layer acts on, speaks for the layer."""
NEARLY_ALWAYS = 0.8
"""Chance of moving a family when guilty, from which an output that stayed put speaks against a layer."""


class Mechanism:
    """What the layer acts on, along the change's own exposure; and the requests that never touched the layer."""

    name = "mechanism"
    asks = "Did what its layer acts on get worse along with it, and is the loss there?"
    query = "evidence/stages"

    def concerns(self, candidate: Candidate) -> bool:
        """Changes of a layer that acts on answers."""
        return not candidate.standing and candidate.layer in {*TABLE, *TOUCHED} - RULER_LAYERS

    def parameters(self, hearing: Hearing, candidate: Candidate) -> Mapping[str, object]:
        """The chain of the requests in the shift's slice."""
        del candidate
        return parameters(hearing)

    def weigh(self, rows: Rows, hearing: Hearing, candidate: Candidate, *, seed: int) -> Answered:
        """``supports`` needs a loss that goes through what is the layer's own, and no mediator's move alone."""
        del seed
        bypass = hearing.mechanism.bypass(candidate)
        numbers: dict[str, Number] = {"log_ratio": hearing.mechanism.log_ratio(candidate)}
        reach = _reach(bypass, hearing, candidate, numbers) if bypass is not None else None
        if reach is not None and reach.verdict != "inconclusive":
            return reach
        if hearing.mechanism.own is not None and hearing.mechanism.own_ratio(candidate) >= LIKELIER:
            numbers |= {"signal": hearing.shift.signal, "own_log_ratio": hearing.mechanism.own_ratio(candidate)}
            likelier = to_one(hearing.mechanism.own_ratio(candidate))
            said = f"{hearing.shift.signal} is what {candidate.layer} acts on, {likelier} against a cause of no record"
            return Answered("supports", said, numbers)
        best = _loudest(hearing, candidate)
        if best is None:
            return reach or Answered("inconclusive", _lacking(candidate, hearing, numbers), numbers)
        family, name, moves = best
        told = {one.name: one for one in hearing.mechanism.chain(rows)}.get(name)
        own = _mediated(hearing, candidate, (family, name, moves), told, numbers)
        if own.verdict != "inconclusive" or reach is None:
            return own
        return Answered("inconclusive", f"{own.because}; {reach.because}", numbers)


def _loudest(hearing: Hearing, candidate: Candidate) -> tuple[str, str, Moves] | None:
    """The signal that is the layer's own and moved furthest for the worse: its family, its name, how it moved."""
    row, found = TABLE.get(candidate.layer or "", {}), []
    for family, names in sorted(hearing.mechanism.families.items()):
        guilty, innocent = row.get(family, (0.0, 1.0))
        for name in names if guilty >= SPECIFIC * innocent - 1e-9 else ():
            fit = hearing.mechanism.fit(name)
            moves = hearing.mechanism.moves(candidate, name)
            if fit.cells.signal.better is not None and np.isfinite(moves.error):
                found.append((_z(hearing, name, moves), family, name, moves))
    return max(found, key=lambda one: (one[0], one[2]))[1:] if found else None


def _z(hearing: Hearing, name: str, moves: Moves) -> float:
    """A move in standard errors, above 0 where it is for the worse."""
    side = -1 if hearing.mechanism.fit(name).cells.signal.better == "higher" else 1
    return side * moves.effect / moves.error if np.isfinite(moves.error) else 0.0


def _reach(bypass: Bypass, hearing: Hearing, candidate: Candidate, numbers: dict[str, Number]) -> Answered:
    """Requests that touched the layer against those that never did, before and after."""
    harm, target = hearing.harm, abs(hearing.shift.delta.estimate)
    difference, left = harm * bypass.difference, harm * bypass.bypassed
    numbers |= {
        "effect_where_touched": bypass.touched, "effect_where_not": bypass.bypassed, "difference": bypass.difference,
        "difference_low": bypass.difference - Z90 * bypass.error,
        "difference_high": bypass.difference + Z90 * bypass.error,
        "difference_z": difference / bypass.error,
        "n_touched": round(bypass.n_touched), "n_not_touched": round(bypass.n_bypassed),
    }  # fmt: skip
    told = (
        f"where {candidate.layer} was touched {points(bypass.touched, hearing)}, "
        f"where it was not {points(bypass.bypassed, hearing)}, "
        f"a difference of {between(bypass.difference, bypass.error, hearing)}"
    )
    if difference > PLAIN * bypass.error and left < ENOUGH * harm * bypass.touched and difference > HALF * target:
        return Answered("supports", f"only requests that touched it got worse: {told}", numbers)
    if (
        left > CLEAR * bypass.bypassed_error
        and left > ENOUGH * target
        and difference + Z90 * bypass.error < HALF * left
    ):
        return Answered("refutes", f"requests that never touched it fell as much: {told}", numbers)
    need = (2.49 * bypass.error / max(HALF * target, 1e-9)) ** 2 * min(bypass.n_touched, bypass.n_bypassed)
    more = f"; about {need:,.0f} requests of either kind would tell" if difference <= PLAIN * bypass.error else ""
    return Answered("inconclusive", f"requests that never touched it do not settle it: {told}{more}", numbers)


def _mediated(
    hearing: Hearing,
    candidate: Candidate,
    best: tuple[str, str, Moves],
    told: Output | None,
    numbers: dict[str, Number],
) -> Answered:
    """How the layer's own signal moved along the change, and what part of the loss goes through it."""
    family, name, moves = best
    z, target = _z(hearing, name, moves), abs(hearing.shift.delta.estimate)
    fit = hearing.mechanism.fit(name)
    side = -1 if fit.cells.signal.better == "higher" else 1
    numbers |= {
        "signal": name, "effect": moves.effect, "low": moves.effect - Z90 * moves.error, "high": moves.effect + Z90 * moves.error,
        "z": z, "family_log_ratio": hearing.mechanism.ratio(candidate, family),
    }  # fmt: skip
    size = f"{name} {_interval(moves, bounded=fit.cells.signal.bounded)} along it"
    carried = told.carried if told is not None else None
    if z > PLAIN:
        if carried is None:
            return Answered(
                "inconclusive",
                f"{size}, but too few requests are scored to say whether the loss goes through it",
                numbers,
            )
        share, reach = carried.share, carried.error / carried.fall if carried.fall > 0 else np.inf
        numbers |= {
            "share_through": share, "share_low": share - Z90 * reach, "share_high": share + Z90 * reach,
            "through_z": carried.through / carried.error if carried.error else 0.0,
            "n_scored": carried.n_before + carried.n_after,
        }  # fmt: skip
        low, high = max(share - Z90 * reach, -9), min(share + Z90 * reach, 9)
        through = f"{share:.0%} of the loss goes through it [{low:.0%}, {high:.0%}]".replace("-", "−")
        if carried.fall <= 0:
            return Answered("inconclusive", f"{size}, but the requests that tell it got no worse", numbers)
        if carried.through > PLAIN * carried.error and share > HALF and share - Z90 * reach > ENOUGH:
            return Answered("supports", f"{size}, and {through}", numbers)
        return Answered("inconclusive", f"{size}; that alone proves nothing, and {through}", numbers)
    bid = hearing.bids[candidate.id]
    need = (
        ENOUGH * max(abs(bid.effect), target)
        if fit.cells.signal.bounded and hearing.fit.cells.signal.bounded
        else fit.slab / 2
    )
    numbers["move_that_would_matter"] = need
    guilty, _ = TABLE[candidate.layer or ""][family]
    if guilty >= NEARLY_ALWAYS and _stayed(hearing, candidate, family, need):
        return Answered(
            "refutes", f"{size}: it stayed put, and a guilty change of this layer nearly always moves it", numbers
        )
    count = float(fit.cells.n.sum()) * (2.49 * moves.error / need) ** 2 if need else np.inf
    more = (
        f"; about {count:,.0f} requests that tell it would show a move that matters"
        if moves.error * 2.49 > need
        else ""
    )
    word = "it did not clearly get worse" if side * moves.effect > 0 else "it got no worse"
    return Answered("inconclusive", f"{size}: {word}{more}", numbers)


def _stayed(hearing: Hearing, candidate: Candidate, family: str, need: float) -> bool:
    """Whether every signal of a family was seen well enough to say that it moved by less than would matter."""
    for name in hearing.mechanism.families[family]:
        moves, fit = hearing.mechanism.moves(candidate, name), hearing.mechanism.fit(name)
        side = -1 if fit.cells.signal.better == "higher" else 1
        most = need if fit.cells.signal.bounded else fit.slab / 2
        if not np.isfinite(moves.error) or side * moves.effect + Z90 * moves.error >= most:
            return False
    return True


def _interval(moves: Moves, *, bounded: bool) -> str:
    low, high = moves.effect - Z90 * moves.error, moves.effect + Z90 * moves.error
    if bounded:
        told = f"{100 * moves.effect:+.1f} points [{100 * low:+.1f}, {100 * high:+.1f}]"
    else:
        told = f"{moves.effect:+.3g} [{low:+.3g}, {high:+.3g}]"
    return told.replace("-", "−")


def _lacking(candidate: Candidate, hearing: Hearing, numbers: dict[str, Number]) -> str:
    """What would have to be on record, and of how many requests."""
    row = TABLE.get(candidate.layer or "", {})
    wanted = [family for family, (guilty, innocent) in row.items() if guilty >= SPECIFIC * innocent - 1e-9]
    names = sorted(name for name, family in FAMILY.items() if family in wanted and known()[name].better is not None)
    if not names:
        return f"nothing that moves with {candidate.layer} moves with it alone: no signature can speak for it"
    numbers["enough"] = need = math.ceil(from_scratch(hearing))
    needs = "; ".join(dict.fromkeys(known()[name].needs for name in names))
    return f"what it acts on is not on record: {needs}; about {about(need)} requests that tell it would do"
