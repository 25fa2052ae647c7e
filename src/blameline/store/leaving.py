"""What leaves the case file for somewhere else: texts in, the same without anything sensitive in them out.

A case file that was made with ``--content full`` holds secrets; what is written for an endpoint must not, whatever it holds.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import duckdb

from blameline.store.beginning import MACROS
from blameline.store.protection import protection

if TYPE_CHECKING:
    from collections.abc import Sequence

    from blameline.store import Store


def cleansed(store: Store, values: Sequence[Any]) -> tuple[list[Any], int]:
    """JSON of any shape with every text in it redacted, the manifest's own patterns included; and how many texts had to be.

    The session redacts from then on, in a case file that keeps everything too, until the next load says otherwise.
    """
    texts: list[str] = []
    for value in values:
        _each(value, texts)
    if not texts:
        return list(values), 0
    redact = store.manifest().redact
    patterns = tuple(one for one in redact.patterns if _is_pattern(store, one))
    store.lay_words(MACROS)
    store.run("store/protect", **asdict(protection("redacted", patterns, redact.names)))
    (row,) = store.rows("store/redacted_words", said=texts)
    clean = dict(zip(texts, row["said"], strict=True))
    return [_with(value, clean) for value in values], sum(1 for before, after in clean.items() if before != after)


def _is_pattern(store: Store, pattern: str) -> bool:
    """Whether DuckDB reads it; what is wrong with one was told when it was loaded."""
    try:
        store.rows("store/is_pattern", pattern=pattern)
    except duckdb.Error:
        return False
    return True


def _each(value: object, texts: list[str]) -> None:
    if isinstance(value, str):
        texts.append(value)
    elif isinstance(value, dict):
        for key, part in value.items():
            texts.append(str(key))
            _each(part, texts)
    elif isinstance(value, (list, tuple)):
        for part in value:
            _each(part, texts)


def _with(value: Any, clean: dict[str, str]) -> Any:  # noqa: ANN401  JSON of any shape
    if isinstance(value, str):
        return clean[value]
    if isinstance(value, dict):
        return {clean[str(key)]: _with(part, clean) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_with(part, clean) for part in value]
    return value
