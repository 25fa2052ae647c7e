"""A manifest as it may be kept: without what it closes itself, too, in anything but what is to be redacted."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from blameline.records import Manifest
    from blameline.store import Store


def kept(item: Manifest, known: Manifest, store: Store) -> str:
    """Its JSON, each text of it redacted by itself; the patterns and names under ``redact`` are needed as they are."""
    redact = known.redact.model_copy(
        update={
            "patterns": (*known.redact.patterns, *item.redact.patterns),
            "names": (*known.redact.names, *item.redact.names),
        }
    )
    store.protect(item.model_copy(update={"redact": redact}))
    record = item.model_dump(mode="json", by_alias=True, exclude_unset=True)
    as_given = {"redact": record.pop("redact")} if "redact" in record else {}
    said = sorted(set(_texts(record)))
    clean = dict(zip(said, store.redacted(said), strict=True))
    return json.dumps(
        {clean[key]: _replaced(part, clean) for key, part in record.items()} | as_given, ensure_ascii=False
    )


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, part in value.items():
            yield key
            yield from _texts(part)
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part)


def _replaced(value: object, clean: dict[str, str]) -> object:
    if isinstance(value, dict):
        return {clean[key]: _replaced(part, clean) for key, part in value.items()}
    if isinstance(value, list):
        return [_replaced(part, clean) for part in value]
    return clean[value] if isinstance(value, str) else value
