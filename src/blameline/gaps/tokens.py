"""Tokens that began to mean something else with a version of the instrumentation, while the answers stayed as long as they were.

One library counts cached tokens into the input, the next one apart; one adds what was thought to the output, the next one does
not. The tokens of a request then step with the version, and nothing was said differently.
"""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Any

from blameline.gaps.wording import Weighed, minute, name, weighed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from blameline.store import Store

_VERSIONS = ("sdk.version", "distro.version", "scope.version", "instrumentation.version", "library.version")
_FEWEST = 100
"""Answered generations under each of the two versions."""
_BY = 0.1
"""Log of the ratio from which tokens stepped; answers whose length moved by half as much moved themselves."""
_SURE = 5.0
"""Standard errors that the step must be clear of nothing, and of the step of the answers' length."""


def tokens(store: Store, carried: Mapping[str, int]) -> list[Weighed]:
    """A gap for each kind of token that stepped with a version: the largest step of each."""
    names = [one for one in carried if one.lower().endswith(_VERSIONS)]
    rows = store.rows("gaps/token_versions", names=names) if names else []
    found: dict[str, tuple[float, Weighed]] = {}
    for _, versions in itertools.groupby(rows, key=lambda row: row["attribute"]):
        for before, after in itertools.pairwise(versions):
            for kind in ("input", "output"):
                size = _stepped(before, after, kind)
                if size is not None and (kind not in found or abs(size) > found[kind][0]):
                    found[kind] = (abs(size), _told(before, after, kind, size))
    return [told for _, told in found.values()]


def _stepped(before: Mapping[str, Any], after: Mapping[str, Any], kind: str) -> float | None:
    """Log of the ratio of tokens, where it stepped with the version and the length of the answers did not."""
    if min(before["n"], after["n"]) < _FEWEST or before["last_seen"] > after["last_seen"]:
        return None

    def step(what: str) -> tuple[float, float]:
        size = float(after[f"{what}_mean"] - before[f"{what}_mean"])
        return size, math.sqrt(sum(max(one[f"{what}_spread"], 1e-4) / one["n"] for one in (before, after)))

    (size, error), (other, slack) = step(kind), step("chars")
    clear = abs(size) > _BY and abs(size) > _SURE * error
    apart = abs(size - other) > _SURE * math.hypot(error, slack) and abs(other) < 0.5 * abs(size)
    return size if clear and apart else None


def _told(before: Mapping[str, Any], after: Mapping[str, Any], kind: str, size: float) -> Weighed:
    what = (
        f"{kind.capitalize()} tokens of a call went {'up' if size > 0 else 'down'} by {abs(math.expm1(size)):.0%} with "
        f"{after['attribute']} {name(after['value'])} (before {name(before['value'])}, from {minute(after['first_seen'])} UTC), "
        "while the answers stayed as long as they were"
    )
    why = (
        "whether tokens and cost moved there: the instrumentation may count cached or reasoning tokens otherwise, and the two "
        "sides are no one series"
    )
    return weighed("tokens", 1.1, what, why, n=after["n"], since=after["first_seen"])
