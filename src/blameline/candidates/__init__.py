"""Everything that could explain a shift.

Declared changes, versions seen in the traces that nobody declared, and the standing bidders. In come the changelog and what
the traces carry; out come ``Candidate``s and, for the cells of any signal, the columns that
each of them predicts. Nothing here weighs: a candidate that looks absurd is listed all the same.
"""

from __future__ import annotations

from blameline.candidates.bids import STANDING, Candidate, Seen, list_candidates, summary_of
from blameline.candidates.corrected import corrected
from blameline.candidates.exposure import Variants, confined, variants
from blameline.candidates.staged import bidders
from blameline.candidates.stamps import versions_seen
from blameline.candidates.states import change_states, source_skews, without_traces

__all__ = [
    "STANDING",
    "Candidate",
    "Seen",
    "Variants",
    "bidders",
    "change_states",
    "confined",
    "corrected",
    "list_candidates",
    "source_skews",
    "summary_of",
    "variants",
    "versions_seen",
    "without_traces",
]
