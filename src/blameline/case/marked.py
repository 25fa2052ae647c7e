"""A change that somebody marks by hand: their words in, one ``Change`` out, kept in the store like those of a file.

A mark is its own file: a later load does not touch it, and the same words make the same one.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from blameline import times
from blameline.errors import BlamelineError, NotFound
from blameline.intake.bytes_on_disk import identity
from blameline.intake.fields import fields_of
from blameline.records import LAYER_OF_KIND, Change, as_utc
from blameline.sources.wording import fault, nearest

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from blameline.store import Store

SOURCE = "marked by hand"
_LAYERS = tuple(dict.fromkeys(LAYER_OF_KIND.values()))


def marked(said: Mapping[str, Any], *, now: datetime) -> Change:
    """The change that somebody means; its id is derived from what was said where none is given.

    Raises ``NotFound`` for a kind or a layer that nobody knows, and ``BlamelineError`` for anything else that cannot be used.
    """
    kind = str(said["kind"]).strip()
    if kind not in LAYER_OF_KIND:
        raise _unknown("kind of change", kind, LAYER_OF_KIND)
    record = {key: value for key, value in said.items() if value not in (None, "", {})}
    layer = str(record.setdefault("layer", LAYER_OF_KIND[kind]))
    if layer not in _LAYERS:
        raise _unknown("layer", layer, _LAYERS)
    record |= {"kind": kind, "at": now if record.get("at") == "now" else record.get("at")}
    if times.day_alone(record["at"]):
        record.setdefault("uncertainty", times.DAY)
    try:
        change = Change.model_validate({"id": "", **record, "source": SOURCE})
    except ValidationError as error:
        raise BlamelineError(
            f"the change is not usable: {fault(error)}", hint="times are ISO 8601, or 'now'"
        ) from error
    named = change.id or f"chg-{_digest(change)[:8]}"
    return change.model_copy(update={"id": named, "recorded_at": as_utc(now)})


def keep(store: Store, change: Change) -> Change:
    """Keep a mark, unless it is there already and no later one stands in its place; the change as it is kept."""
    said = change.model_copy(update={"recorded_at": None})  # when it was said is no part of what was said
    digest = _digest(said)
    file_id = identity("mark", digest)
    store.protect(store.manifest())
    known = any(row["file_id"] == file_id for row in store.rows("store/files"))
    if not any(row["file_id"] == file_id for row in store.rows("store/changes")):
        with store.transaction():
            if known:  # said again after it was corrected: what was said last counts
                store.run("store/forget_changes", file_id=file_id)
            else:
                _note(store, file_id, digest)
            statement, row = fields_of(change)
            store.keep(statement, file_id=file_id, **{key: [value] for key, value in row.items()})
    return next((kept for kept in store.changes() if kept.id == change.id), change)


def _note(store: Store, file_id: int, digest: str) -> None:
    told = {"sources": [SOURCE], "formats": ["mark"], "hashes": [digest], "sizes": [0], "rows": [1], "read_with": [""]}
    store.run("store/add_files", file_ids=[file_id], **told)


def _digest(change: Change) -> str:
    content = change.model_dump(mode="json", by_alias=True, exclude_none=True)
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def _unknown(what: str, said: str, known: Collection[str]) -> NotFound:
    near = nearest(said, known)
    return NotFound(f"unknown {what} '{said}'{near}", hint="" if near else f"known are: {', '.join(known)}")
