"""The time of a change that no trace shows, where the other records of its changelog say that all times in it are off."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from blameline.candidates.claims import slack
from blameline.candidates.states import skew_hints

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from blameline.candidates.bids import Candidate
    from blameline.cells import Clock
    from blameline.records import SourceSkew
    from blameline.store import Store


def corrected(store: Store, window: Clock, candidates: Sequence[Candidate]) -> tuple[Candidate, ...]:
    """The same, what no trace shows with the skew of its file; every record of ``store`` is among them, and none is merged yet.

    The requests are asked only where a file has both: a change to be corrected, and one that the traces show at another time.
    """
    hidden = {_source(one) for one in candidates if one.declared and one.key is None} - {""}
    told = [one for one in candidates if one.declared and one.by_name and _source(one) in hidden]
    if not any(one.at and one.seen_at and abs(one.seen_at - one.at) > slack(one) for one in told):
        return tuple(candidates)
    off = {one.source: one for one in skew_hints(store, window, candidates)}
    return tuple(_with(one, off) for one in candidates)


def _with(one: Candidate, off: Mapping[str, SourceSkew]) -> Candidate:
    skew = off.get(_source(one))
    return replace(one, skew=skew) if skew is not None and one.declared and one.key is None else one


def _source(one: Candidate) -> str:
    return one.change.source if one.change is not None else ""
