"""The requests that stand behind a state of a change: how many, how often, until when, and from where."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blameline.candidates.rollouts import confined

if TYPE_CHECKING:
    from blameline.candidates.stamp import Flags, Stamp
    from blameline.records import ChangeState


def with_counts(state: ChangeState, stamp: Stamp, carries: Flags, observed: int | None) -> ChangeState:
    """The state with the requests that stand behind it."""
    since = stamp.began >= (observed if observed is not None else 0)
    n, of = int((carries & since).sum()), int(since.sum())
    middle = observed if observed is not None else (stamp.count(state.at) if state.at is not None else 0)
    day = 86_400_000_000
    low, high = max(middle - day, 0), min(middle + day, stamp.count(stamp.until))
    around = int(((stamp.began >= low) & (stamp.began <= high)).sum())
    seen = stamp.began[carries]
    return state.model_copy(
        update={
            "requests": n,
            "of": of,
            "share": n / of if of else None,
            "requests_a_day": round(around / ((high - low) / day), 1) if high > low else None,
            "last_seen": stamp.moment(int(seen[-1])) if len(seen) else None,
            "seen_in": confined(stamp, carries & since),
        }
    )
