"""Tokens that began to mean something else with a version of the instrumentation, while the answers stayed as they were.

One library counts cached tokens into the input, the next one apart; one adds what was thought to the output, the next one does
not. The tokens of a request then step with the version, and nothing was said differently: the answers are as long as they were
or, where no words are kept, input tokens step alike in every segment while output tokens and the time of a call stay level.
"""

from __future__ import annotations

import itertools
import math
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from blameline.gaps.wording import Weighed, minute, name, weighed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from blameline.store import Store

    Row = Mapping[str, Any]

_VERSIONS = ("sdk.version", "distro.version", "scope.version", "instrumentation.version", "library.version")
_FEWEST = 100
"""Answered generations under each of the two versions."""
_FEWEST_OF_A_SEGMENT = 20
_BY = 0.1
"""Log of the ratio from which tokens stepped; answers whose length moved by half as much moved themselves."""
_SURE = 5.0
"""Standard errors that the step must be clear of nothing, and of the step of the answers' length."""
_BY_UNSEEN, _LEVEL = 0.25, 0.15
"""The same where no words are kept, and the part of it by which output tokens and times may differ."""
_SAME_HOUR = timedelta(hours=1)


def tokens(store: Store, carried: Mapping[str, int]) -> list[Weighed]:
    """A gap for each kind of token that stepped with a version: the largest step of each."""
    names = [one for one in carried if one.lower().endswith(_VERSIONS)]
    rows = store.rows("gaps/token_versions", names=names) if names else []
    found: dict[str, tuple[float, Weighed]] = {}
    for attribute, versions in itertools.groupby(
        (row for row in rows if row["segment_id"] is None), key=lambda row: row["attribute"]
    ):
        for before, after in itertools.pairwise(versions):
            own = [row for row in rows if row["attribute"] == attribute]
            for kind in ("input", "output"):
                size, level = _stepped(before, after, kind), "the answers stayed as long as they were"
                if size is None and kind == "input":
                    size, level = (
                        _unseen(store, before, after, own),
                        "output tokens and the time of a call stayed level",
                    )
                if size is not None and (kind not in found or abs(size) > found[kind][0]):
                    found[kind] = (abs(size), _told(before, after, kind, size, level))
    return [told for _, told in found.values()]


def _step(before: Row, after: Row, what: str) -> tuple[float, float]:
    """The log of a ratio, and its standard error."""
    size = float(after[f"{what}_mean"] - before[f"{what}_mean"])
    return size, math.sqrt(sum(max(one[f"{what}_spread"], 1e-4) / one[f"{what}_n"] for one in (before, after)))


def _enough(before: Row, after: Row, *kinds: str, fewest: int = _FEWEST) -> bool:
    return all(one[f"{what}_n"] >= fewest for one in (before, after) for what in kinds)


def _stepped(before: Row, after: Row, kind: str) -> float | None:
    """Log of the ratio of tokens, where it stepped with the version and the length of the answers did not."""
    if not _enough(before, after, kind, "chars") or before["last_seen"] > after["last_seen"]:
        return None
    (size, error), (other, slack) = _step(before, after, kind), _step(before, after, "chars")
    clear = abs(size) > _BY and abs(size) > _SURE * error
    apart = abs(size - other) > _SURE * math.hypot(error, slack) and abs(other) < 0.5 * abs(size)
    return size if clear and apart else None


def _unseen(store: Store, before: Row, after: Row, rows: Sequence[Row]) -> float | None:
    """The same of input tokens where no words are kept, and nothing that answers changed in the hour of the version."""
    if not _enough(before, after, "input", "output", "time") or before["last_seen"] > after["last_seen"]:
        return None
    if _enough(before, after, "chars", fewest=1):
        return None
    size, error = _step(before, after, "input")
    level = max(abs(_step(before, after, what)[0]) for what in ("output", "time")) <= _LEVEL * abs(size)
    if abs(size) < max(_BY_UNSEEN, _SURE * error) or not level or not _alike(size, before, after, rows):
        return None
    seen = store.rows("gaps/answering_versions")
    first = {row["attribute"]: row["first_seen"] for row in reversed(seen)}
    changed = any(
        row["first_seen"] > first[row["attribute"]] and abs(row["first_seen"] - after["first_seen"]) <= _SAME_HOUR
        for row in seen
    )
    return None if changed else size


def _alike(size: float, before: Row, after: Row, rows: Sequence[Row]) -> bool:
    """Whether each segment that has enough of both versions moved at least half as far, the same way."""
    of = {(row["value"], row["segment_id"]): row for row in rows if row["segment_id"] is not None}
    pairs = [
        (of.get((before["value"], segment)), of.get((after["value"], segment))) for segment in {key[1] for key in of}
    ]
    return all(
        _step(was, now, "input")[0] / size > 0.5
        for was, now in pairs
        if was is not None and now is not None and _enough(was, now, "input", fewest=_FEWEST_OF_A_SEGMENT)
    )


def _told(before: Row, after: Row, kind: str, size: float, level: str) -> Weighed:
    what = (
        f"{kind.capitalize()} tokens of a call went {'up' if size > 0 else 'down'} by {abs(math.expm1(size)):.0%} with "
        f"{after['attribute']} {name(after['value'])} (before {name(before['value'])}, from {minute(after['first_seen'])} UTC), "
        f"while {level}"
    )
    why = (
        "whether tokens and cost moved there: the instrumentation may count cached or reasoning tokens otherwise, and the two "
        "sides are no one series"
    )
    return weighed("tokens", 1.1, what, why, n=after["n"], since=after["first_seen"])
