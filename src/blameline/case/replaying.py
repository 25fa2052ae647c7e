"""Which experiment of a ledger is to be written out: that of the bid in the lead, or the one that tells most for its cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from blameline.errors import NotFound
from blameline.evidence.swapped import version_of
from blameline.replays.compose import Loss, composed
from blameline.replays.plan import plan
from blameline.replays.summary import summed_up

if TYPE_CHECKING:
    from collections.abc import Sequence

    from blameline.case.inquiry import Inquiry
    from blameline.records import Experiment, Factor, LedgerLine, Replayed, ReplayPlan, Shift
    from blameline.store import Store

PLAUSIBLE = 0.05


def planned(
    store: Store,
    inquiry: Inquiry,
    named: str | None,
    factors: Sequence[str],
    runs: int | None,
    *,
    fresh: bool,
    seed: int,
) -> ReplayPlan:
    """The plan of one shift; see ``Case.plan_replay``."""
    from blameline.cells import clock, every  # noqa: PLC0415  only where a plan is written

    shift = _shift(inquiry, named)
    lines = [line for line in inquiry.ledger if line.shift == shift.id]
    able = [line for line in lines if line.experiment is not None]
    if not able:
        raise NotFound(
            f"no replay would tell anything of {shift.id}", hint="`incident blame` names the next test of each bid"
        )
    chosen = _of(able, factors) if factors else [_chosen(lines, able)]
    experiment = _experiment(able, chosen, shift, runs, crossed=bool(factors))
    signal = next((one for one in every(store, clock(store)) if one.name == shift.signal), None)
    return plan(store, shift, experiment, signal, fresh=fresh, seed=seed)


def replayed(store: Store, inquiry: Inquiry, *, seed: int) -> tuple[Replayed, ...]:
    """What the replays of the main shift's signal came to; nothing where there are none."""
    shift = next((one for one in inquiry.shifts if one.direction == "worse"), None)
    if shift is None:
        return ()
    rows = store.query("evidence/replays", signal=shift.signal)
    if not len(rows["case_id"]):
        return ()
    versions = [one for candidate in inquiry.candidates if (one := version_of(candidate)) is not None]
    spread = 1.0 if set(map(float, rows["score"])) <= {0.0, 1.0} else float(np.std(rows["score"])) * 2**0.5
    return summed_up(rows, shift.signal, versions, spread=spread, bad_is_low=shift.delta.estimate < 0, seed=seed)


def _shift(inquiry: Inquiry, named: str | None) -> Shift:
    worse = [one for one in inquiry.shifts if one.direction == "worse"]
    if not worse:
        raise NotFound("nothing got worse, so there is nothing to replay")
    if named is None:
        return worse[0]
    found = next((one for one in worse if one.id == named), None)
    if found is None:
        raise NotFound(
            f"no shift for the worse is named '{named}'", hint=f"there are: {', '.join(one.id for one in worse)}"
        )
    return found


def _chosen(lines: Sequence[LedgerLine], able: Sequence[LedgerLine]) -> LedgerLine:
    """The bid in the lead where it is tied or has earned the blame, else the test that is worth most."""
    first = lines[0]
    if first in able and (first.tied_with or first.verdict in {"supported", "confirmed"}):
        return first
    plausible = [line for line in able if line.probability >= PLAUSIBLE or line.candidate == "unknown"] or list(able)
    return max(plausible, key=lambda line: (line.experiment.worth if line.experiment else 0.0, line.candidate))


def _of(able: Sequence[LedgerLine], factors: Sequence[str]) -> list[LedgerLine]:
    """The lines of the bids or layers that were asked for."""
    chosen: dict[str, LedgerLine] = {}
    for name in factors:
        found = [line for line in able if name == line.candidate] or [line for line in able if name == line.layer]
        if len(found) != 1:
            known = ", ".join(sorted(line.candidate for line in able if line.layer))
            said = f"'{name}' is no bid that a replay can swap" if not found else f"'{name}' stands for several bids"
            raise NotFound(said, hint=f"there are: {known}")
        chosen[found[0].candidate] = found[0]
    return list(chosen.values())


def _experiment(
    able: Sequence[LedgerLine], chosen: Sequence[LedgerLine], shift: Shift, runs: int | None, *, crossed: bool
) -> Experiment:
    """The line's own experiment, or a new one of the same shift with other factors or fewer runs."""
    first = chosen[0].experiment
    assert first is not None
    if not crossed and runs is None:
        return first
    factors = first.factors if not crossed else tuple(map(_own, chosen))
    names = {one.candidate for one in factors}
    others = first.others if not crossed else ()
    loss = Loss(
        signal=shift.signal,
        since=first.since,
        until=first.until,
        requests=first.requests,
        target=abs(shift.delta.estimate),
        pair=first.pair,
        tokens=None if first.tokens is None else first.tokens / max(first.runs, 1),
        segment=first.segment,
    )
    return composed(
        loss,
        factors,
        {line.candidate: line.probability for line in able if line.candidate in names},
        effect=first.effect if len(factors) == 1 else None,
        others=others,
        travel=first.design == "time travel" and not crossed,
        most_runs=runs,
    )


def _own(line: LedgerLine) -> Factor:
    """What a line's own bid swaps."""
    assert line.experiment is not None
    return next(one for one in line.experiment.factors if one.candidate == line.candidate)
