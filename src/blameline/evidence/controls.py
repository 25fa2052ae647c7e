"""Controls as a bridge: how far did signals move that only the ruler can move?

The weakest of the three kinds: a control has a scale of its own, so it says that the ruler moved and only roughly how far. It
is told beside the shift and never taken out of the scores.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from blameline.evidence.odds import kind_of
from blameline.evidence.questions import between
from blameline.records import Bridge, Interval
from blameline.shifts.describe import Z90

if TYPE_CHECKING:
    from blameline.evidence.hearing import Hearing


def of_controls(hearing: Hearing) -> Bridge | None:
    """The clearest move of a control that the same measuring scores; ``None`` where none moved for the worse with the shift."""
    ruler = next(one for one in hearing.candidates if one.id == "ruler")
    found: list[tuple[float, str, Bridge]] = []
    for name, fit in sorted(hearing.fits.items()):
        signal = fit.cells.signal
        if name == hearing.shift.signal or kind_of(signal, hearing) != "control" or not hearing.fit.cells.signal.judged:
            continue
        if signal.bounded != hearing.fit.cells.signal.bounded:
            continue  # another unit
        seen = hearing.elsewhere(ruler, name)
        side = -1 if signal.better == "higher" else 1
        if seen.log_factor <= 3 or side * seen.effect <= 0:
            continue
        late = fit.cells.hours > fit.cells.hour_of(hearing.shift.onset.estimate)
        size = between(seen.effect, seen.error, hearing)
        low, high = seen.effect - Z90 * seen.error, seen.effect + Z90 * seen.error
        bridge = Bridge(
            estimate=Interval(estimate=round(seen.effect, 6), low=round(low, 6), high=round(high, 6)),
            n=int(fit.cells.n[late].sum()),
            kind="controls",
            because=f"{name}, which no suspected change can touch, moved with it: {size}",
        )
        found.append((-seen.log_factor, name, bridge))
    return min(found, key=lambda one: one[:2])[2] if found else None
