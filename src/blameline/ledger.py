"""The blame ledger: an append-only chain of entries, each linked to the one before it by its hash.

What we believe comes in as claims, verdicts and notes; entries come out. Nothing is edited: a later entry on the same matter
replaces an earlier one only in the fold. The canonical form below is part of the contract with old case files: changing it
changes every hash, and then the prefix has to change as well.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, Literal

from blameline.errors import StoreError
from blameline.records import Entry, Investigation, stamp

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from blameline.store import Store

PREFIX = "b2:"
Kind = Literal["claim", "evidence", "verdict", "note", "action", "retraction"]


def canonical_json(value: object) -> str:
    """One text for one value: keys sorted, no spaces, characters beyond ASCII kept as they are, no NaN."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def identity(parent: str | None, at: datetime, by: str, kind: str, body: Mapping[str, Any]) -> str:
    """The id of an entry: ``b2:`` and the 32-byte BLAKE2b (RFC 7693) of its canonical JSON, in hex."""
    text = canonical_json({"parent": parent, "at": stamp(at), "by": by, "kind": kind, "body": body})
    return PREFIX + hashlib.blake2b(text.encode(), digest_size=32).hexdigest()


def entries(store: Store) -> tuple[Entry, ...]:
    """The whole chain, oldest first."""
    return tuple(
        Entry(
            id=row["id"],
            parent=row["parent"],
            at=row["written_at"],
            by=row["by_whom"],
            kind=row["kind"],
            body=json.loads(row["body"]),
        )
        for row in store.rows("ledger/entries")
    )


def append(store: Store, kind: Kind, body: Mapping[str, Any], *, at: datetime, by: str) -> Entry:
    """Add one entry at the end of the chain."""
    chain = entries(store)
    parent = chain[-1].id if chain else None
    at = at.replace(microsecond=at.microsecond // 1000 * 1000)
    entry = Entry(id=identity(parent, at, by, kind, body), parent=parent, at=at, by=by, kind=kind, body=body)
    store.run(
        "ledger/append",
        position=len(chain),
        id=entry.id,
        parent=parent,
        written_at=entry.at.replace(tzinfo=None),
        by_whom=by,
        kind=kind,
        body=canonical_json(body),
    )
    return entry


def record(store: Store, found: Investigation, *, at: datetime) -> int:
    """Write down what an investigation found; the number of new entries, none when nothing changed since the last time."""
    said = {(entry.kind, entry.body.get("shift"), entry.body.get("candidate")): entry.body for entry in entries(store)}
    fresh = 0
    for line in found.ledger:
        body = {
            "shift": line.shift,
            "candidate": line.candidate,
            "probability": line.probability,
            "verdict": line.verdict,
            "because": line.because,
            "evidence": [
                {"check": one.check, "verdict": one.verdict, "query": one.query.name, "sha256": one.query.sha256}
                for one in line.evidence
            ],
        }
        if said.get(("verdict", line.shift, line.candidate)) != body:
            append(store, "verdict", body, at=at, by="blameline")
            fresh += 1
    return fresh


def _derived(parent: str | None, entry: Entry) -> str | None:
    """The id that an entry's own words give; ``None`` where they hold a number that was never written, being none of JSON's."""
    try:
        return identity(parent, entry.at, entry.by, entry.kind, entry.body)
    except ValueError:
        return None


def verify(chain: Iterable[Entry]) -> int:
    """Re-derive every id; the number of entries. Raises ``StoreError`` that names the first entry that disagrees."""
    parent: str | None = None
    count = 0
    for count, entry in enumerate(chain, start=1):
        if entry.parent != parent or _derived(parent, entry) != entry.id:
            raise StoreError(
                f"ledger entry {count} ({entry.id[:15]}…) does not match what was written", hint="the chain was edited"
            )
        parent = entry.id
    return count
