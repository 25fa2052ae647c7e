"""When, where and how far a signal moved.

In come the cells of one signal; out come ``Move``s, each with the posterior of its onset. Nothing here knows of any change:
a shift is found before anybody is suspected (what changes on record point at is ``evidence.pointed``).
"""

from __future__ import annotations

from blameline.shifts.describe import describe
from blameline.shifts.moves import Detector, Move, find

__all__ = ["Detector", "Move", "describe", "find"]
