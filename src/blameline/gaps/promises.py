"""What should be there and is not: rows that an export says it wrote, and versions that no request carries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blameline.gaps.wording import Weighed, count, listed, name, names, part, weighed

if TYPE_CHECKING:
    from blameline.gaps.series import Traffic
    from blameline.store import Store

LAYERS = ("prompt", "model", "retrieval", "router", "tools", "sampling", "judge", "deploy", "context", "guardrail")
"""Layers whose version a request can carry."""
_ON_EACH = {"prompt": "prompt", "model": "model", "deploy": "release"}
"""Layers whose version every request could carry, and what a version of it is of."""
_FEWEST_REQUESTS, _NEARLY_ALL = 50, 0.9
_ONE_BY_ONE = 2
_WHY = "what was in there; fewer rows in its days are the export's doing and not the traffic's"


def undelivered(store: Store) -> list[Weighed]:
    """Files that an export lists and that did not come, or came with fewer rows."""
    rows = store.rows("gaps/expected")
    lost = [row for row in rows if row["came"] is None and row["rows"]]  # a promise of nothing is kept
    found: list[Weighed] = []
    if len(lost) > _ONE_BY_ONE:
        n = sum(row["rows"] for row in lost)
        what = (
            f"{len(lost)} of {count(len(rows), 'file')} that the export says it wrote were not loaded, "
            f"{count(n, 'row')} in all: {names([row['key'] for row in lost])}"
        )
        found.append(weighed("undelivered", 2.8, what, _WHY, n=n, of=sum(row["rows"] for row in rows)))
        lost = []
    for row in lost:
        what = f"{name(row['key'])} was not loaded; by {row['told_by']} it has {count(row['rows'], 'row')}"
        found.append(weighed("undelivered", 2.7, what, _WHY, source=row["key"], n=row["rows"], of=row["rows"]))
    for row in rows:
        missing = row["rows"] - (row["came"] if row["came"] is not None else row["rows"])
        if missing > 0:
            what = (
                f"{name(row['key'])} brought {part(row['came'], row['rows'], 'rows')} that it has by {row['told_by']}"
            )
            weight = 1 + 1.7 * missing / row["rows"]
            found.append(weighed("undelivered", weight, what, _WHY, source=row["key"], n=missing, of=row["rows"]))
    return found


def unversioned(store: Store, traffic: Traffic) -> list[Weighed]:
    """Layers without any attribute, and the layers of every request that only a part of them carries."""
    if traffic.whole < _FEWEST_REQUESTS:
        return []
    carried = {row["layer"]: row["n"] for row in store.rows("gaps/versions")}
    (judges,) = store.rows("gaps/judges")
    if judges["judged"] or not judges["n"]:
        carried.setdefault("judge", judges["judged"])
    found: list[Weighed] = []
    none = [layer for layer in LAYERS if layer not in carried]
    if none:
        what = f"No request carries a version of {listed(none)} ({len(none)} of {len(LAYERS)} layers)"
        each = "it" if len(none) == 1 else "any of them"
        why = f"whether {each} changed without a record; a change on record can be tested by its time alone"
        weight = 0.9 if {"prompt", "model"} & set(none) else 0.35
        found.append(weighed("unversioned", weight, what, why, n=len(none), of=len(LAYERS)))
    for layer, noun in _ON_EACH.items():
        n = carried.get(layer, traffic.whole)
        if n < _NEARLY_ALL * traffic.whole:
            what = f"{part(n, traffic.whole, 'requests')} carry a version of the {noun}"
            why = f"which {noun} answered the others: a change of it is tested on these alone"
            weight = 0.7 * (1 - n / traffic.whole)
            found.append(weighed("unversioned", weight, what, why, n=max(traffic.whole - n, 0), of=traffic.whole))
    return found
