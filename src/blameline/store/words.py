"""What people typed into records, word for word as it may be kept: their columns in, the same columns out.

A pattern that runs over a record's JSON as one text takes quotes and names with it, and nobody can read what is left. So each
text is redacted by itself, and what no person types (times, kinds, counts) is left alone: a record stays one.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

_FACTS = frozenset(
    [
        "at",
        "recorded_at",
        "uncertainty",
        "kind",
        "layer",
        "rollout",
        "system",
        "acknowledged_at",
        "resolved_at",
        "gating",
        "status",
        "n",
        "passed",
    ]
)
"""Fields of records that hold no words."""
_NAMED = frozenset({"id", "number", "reverts", "run", "run_id", "subject"})
"""Fields that name a record, here and wherever it is spoken of."""
_TEXTS = ("record", "piece")
"""Columns that hold JSON."""
_COPIES = {"change_id": "id", "alert_id": "id", "run_id": "run_id", "suite": "suite"}
"""Columns that repeat a field of the record."""
Word = Callable[[str, str, bool], str]
Ask = Callable[..., list[dict[str, Any]]]


def kept(columns: Mapping[str, list[Any]], ask: Ask) -> dict[str, list[Any]]:
    """The columns of some records without anything sensitive; only records that may hold some are taken apart."""
    text = next(name for name in _TEXTS if name in columns)
    found = [row["place"] for row in ask("store/sensitive_records", records=columns[text])]
    clean = {name: list(values) for name, values in columns.items()}
    names: list[str] = []
    said: list[str] = []
    ids: list[bool] = []

    def note(name: str, text: str, is_id: bool) -> str:
        names.append(name)
        said.append(text)
        ids.append(is_id)
        return text

    read = {place: json.loads(clean[text][place]) for place in found}
    for record in read.values():
        _each(record, note)
    if not said:
        return clean
    (row,) = ask("store/kept_words", names=names, said=said, ids=ids)
    words = iter(row["words"])
    for place, record in read.items():
        whole = _each(record, lambda *_: str(next(words)))
        clean[text][place] = json.dumps(whole, ensure_ascii=False, separators=(",", ":"))
        for column in _COPIES.keys() & clean.keys():
            clean[column][place] = whole[_COPIES[column]]
    return clean


def _each(record: Mapping[str, Any], word: Word) -> dict[str, Any]:
    """A record with another word for each of its words, always in the same order."""
    return {field: value if field in _FACTS else _field(field, value, word) for field, value in record.items()}


def _field(field: str, value: object, word: Word) -> object:
    if isinstance(value, str):
        return word("", value, field in _NAMED)
    return _inner("", value, word)


def _inner(name: str, value: object, word: Word) -> object:
    """What stands under a name that a person may have given, however deep."""
    match value:
        case str():
            return word(name, value, name in _NAMED)
        case dict():
            return {word("", key, False): _inner(key, said, word) for key, said in value.items()}
        case list():
            return [_inner(name, part, word) for part in value]
    return value
