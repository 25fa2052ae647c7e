"""Versions that were in use all along and whose share of the traffic rose for good, with no version new beside them.

A flag that goes from a tenth of the requests to half of them brings no new value. Night and day, and a weekend, move shares by
themselves: so three whole days on each side must stand apart, each day before below each day after.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from blameline.candidates.arrivals import FIRST_DAY, rise

if TYPE_CHECKING:
    from blameline.candidates.arrivals import Rise
    from blameline.candidates.stamps import Flags, Stamp

FIRM = 0.2
"""How far a share must have risen."""
FEWEST_DAYS = 3
"""On each side: more than a weekend."""
FEWEST_A_DAY = 20


def risen_for_good(stamp: Stamp, carries: Flags) -> Rise | None:
    """Where the share rose, and every day since was above every day before; ``None`` where it did not."""
    found = rise(stamp.began, carries)
    if found is None or found.after - found.before < FIRM:
        return None
    day = (stamp.began - found.at) // FIRST_DAY
    shares = {
        int(one): float(carries[day == one].mean()) for one in np.unique(day) if (day == one).sum() >= FEWEST_A_DAY
    }
    before = [share for one, share in shares.items() if one < 0]
    after = [share for one, share in shares.items() if one >= 0]
    if min(len(before), len(after)) < FEWEST_DAYS or max(before) >= min(after):
        return None
    return found
