"""Hold what was loaded against the contracts: contracts in the store in; measurements under ``contract:<id>`` out.

A request that was not recorded well enough to say counts neither way: it is not measured. Where no contract is stated
nothing is asked but that.
"""

from __future__ import annotations

import json
from itertools import groupby
from typing import TYPE_CHECKING, Any

from blameline.records import Contract, Problem

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from blameline.store import Store

WORDY = frozenset({"no_fence", "keys", "sentences", "forbidden", "required"})
"""Kinds that look at the words of an answer; the others go by facts that are kept with ``--content none`` too."""
OF_CALLS = frozenset({"latency", "tool_errors"})
"""Kinds that ask nothing of an answer."""
_TYPES: Mapping[str, Sequence[str]] = {
    "any": (),
    "string": ("VARCHAR",),
    "number": ("BIGINT", "UBIGINT", "HUGEINT", "UHUGEINT", "DOUBLE"),
    "integer": ("BIGINT", "UBIGINT", "HUGEINT", "UHUGEINT"),
    "boolean": ("BOOLEAN",),
    "array": ("ARRAY",),
    "object": ("OBJECT",),
    "null": ("NULL",),
}
"""Types of JSON in DuckDB's words."""


def stated(store: Store) -> tuple[Contract, ...]:
    """The contracts that hold, by id; where files state one id differently the last file by name wins."""
    found: dict[str, Contract] = {}
    for row in store.rows("contracts/stated"):
        said = {**json.loads(row["record"]), **json.loads(row["rule"])}
        one = Contract.model_validate({**said, "source": row["source"], "line": row["line"]})
        found[one.id] = one
    return tuple(found.values())


def measure(store: Store) -> tuple[Problem, ...]:
    """Measure every contract anew, and say what is wrong with how they are stated; runs at the end of a load."""
    contracts = stated(store)
    if not contracts:
        return ()
    problems = _stated_otherwise(store)
    taken = store.run("contracts/clear", signals=[one.signal for one in contracts])
    if taken:
        said = f"{taken} scores have the name of a contract and are not used: a contract is measured, and not told"
        problems += (Problem(source="contracts", message=said),)
    lay(store, contracts)
    hold(store, contracts)
    store.run("contracts/measure")
    drop(store)
    return problems


def lay(store: Store, contracts: Sequence[Contract]) -> None:
    """Lay out the answers that contracts of these kinds are held against; ``drop`` is for the end."""
    store.run("contracts/keeping")
    if any(one.kind not in OF_CALLS for one in contracts):
        spans = sorted({one.span for one in contracts if one.span})
        store.run("contracts/answers", words=any(one.kind in WORDY for one in contracts), spans=spans)


def hold(store: Store, contracts: Sequence[Contract]) -> None:
    """Say of each request and contract whether it was kept, in the table ``keeping``."""
    for scope, group in groupby(sorted(contracts, key=_scope), key=_scope):
        store.run("contracts/in_scope", keys=[key for key, _ in scope], values=[value for _, value in scope])
        for one in group:
            store.run(_STATEMENTS[one.kind], signal=one.signal, span=one.span, **_bound(one))


def drop(store: Store) -> None:
    """Let go of what ``lay`` laid out."""
    for table in ("answers", "in_scope", "keeping"):
        store.run(f"contracts/drop_{table}")


_STATEMENTS: Mapping[str, str] = {
    "json": "contracts/json",
    "no_fence": "contracts/no_fence",
    "keys": "contracts/keys",
    "sentences": "contracts/sentences",
    "length": "contracts/length",
    "language": "contracts/language",
    "refusal": "contracts/refusal",
    "forbidden": "contracts/forbidden",
    "required": "contracts/required",
    "finish": "contracts/finish",
    "latency": "contracts/latency",
    "tool_errors": "contracts/tool_errors",
}


def _scope(contract: Contract) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(contract.scope.items()))


def _bound(one: Contract) -> dict[str, Any]:
    match one.kind:
        case "keys":
            return {
                "pointers": list(map(_pointer, one.keys)),
                "types": [list(_TYPES[kind]) for kind in one.keys.values()],
            }
        case "sentences" | "length":
            return {"least": one.min, "most": one.max}
        case "language":
            return {"languages": list(one.languages)}
        case "forbidden" | "required":
            return {"phrases": list(one.phrases), "pattern": one.pattern}
        case "latency":
            return {"most": one.max}
    return {}


def _pointer(key: str) -> str:
    """A key of the answer itself as a JSON Pointer (RFC 6901); one that begins with a slash is one already."""
    return key if key.startswith("/") else f"/{key.replace('~', '~0').replace('/', '~1')}"


def _stated_otherwise(store: Store) -> tuple[Problem, ...]:
    """What files state differently under one id."""
    problems = []
    for name, group in groupby(store.rows("contracts/stated"), key=lambda row: row["contract_id"]):
        rows = list(group)
        if len({(row["record"], row["rule"]) for row in rows}) > 1:
            last = rows[-1]["source"]
            said = f"the contract id '{name}' stands for different things; what {last} says counts"
            problems += [
                Problem(source=row["source"], line=row["line"], message=said) for row in rows if row["source"] != last
            ]
    return tuple(problems)
