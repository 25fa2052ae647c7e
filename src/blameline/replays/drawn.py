"""Which requests are run again: spread over segments and days, chosen by a rule that knows their ids and nothing of their scores.

To choose the bad ones would show a recovery that is none: they would be better the next time by chance alone.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Row = Mapping[str, Any]


def draw(rows: Sequence[Row], n: int, *, seed: int) -> list[Row]:
    """``n`` of the requests (all if there are fewer), each segment and day with its share of them.

    Within a segment and day the order is that of a hash of seed and id; ``(place + 1/2) / size`` puts all of them in
    one row, whose beginning is drawn. So a shorter draw is the beginning of a longer one.
    """
    strata: dict[tuple[str, str], list[tuple[str, Row]]] = defaultdict(list)
    for row in rows:
        mark = hashlib.blake2b(f"{seed}:{row['trace_id']}".encode(), digest_size=16).hexdigest()
        segment = repr(sorted(dict(row["segment"]).items()))
        strata[segment, f"{row['start_at']:%Y-%m-%d}"].append((mark, row))
    placed = [
        ((place + 0.5) / len(inside), mark, row)
        for inside in strata.values()
        for place, (mark, row) in enumerate(sorted(inside, key=lambda one: one[0]))
    ]
    return [row for _, _, row in sorted(placed, key=lambda one: one[:2])[:n]]
