"""What other systems post: a file in; each record with the document around it, times as they write them, no people."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Any

from blameline.records import Problem, as_utc
from blameline.sources.lines import Found, records
from blameline.sources.rows import clean
from blameline.times import within

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from blameline.sources.heads import File

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_PEOPLE = frozenset(
    {"actor", "approver", "assignee", "author", "by", "committer", "creator", "email", "login", "mail", "member",
     "oncall", "owner", "person", "pusher", "responder", "reviewer", "sender", "user", "username"}
)  # fmt: skip
_ADDRESS = re.compile(r"[^\s@]+@[^\s@]+\.[a-zA-Z]{2,}")


def unfolded(file: File, *keys: str) -> Iterator[tuple[Found, Mapping[str, Any]] | Problem]:
    """Each record in the lists under ``keys`` with the document that they are in; a document without them is a record.

    The file is one document, a list of them, or one a line.
    """
    found = records(file)
    if file.head.shape == "json" and not file.head.text.lstrip().startswith("["):
        parts = list(found)
        documents = [part for part in parts if isinstance(part, Found)]
        if len(documents) == 1 and any(isinstance(documents[0].record.get(key), list) for key in keys):
            # read once more, for the line of each record
            yield from (
                part if isinstance(part, Problem) else (part, documents[0].record) for part in records(file, keys)
            )
            return
        found = iter(parts)
    for part in found:
        yield from [part] if isinstance(part, Problem) else _inner(part, file, keys)


def _inner(part: Found, file: File, keys: tuple[str, ...]) -> Iterator[tuple[Found, Mapping[str, Any]] | Problem]:
    lists = [part.record[key] for key in keys if isinstance(part.record.get(key), list)]
    if not lists:
        yield part, {}
    for one in (one for inner in lists for one in inner):
        if isinstance(one, dict):
            yield Found(part.line, one), part.record
        else:
            yield Problem(source=file.source, line=part.line, message="not a record: a JSON object is expected")


def moment(value: object) -> datetime | None:
    """A time in ISO 8601: ``Z`` or ``+0000``, any number of digits, no zone means UTC; ``None`` when it is none."""
    if not isinstance(value, str):
        return None
    try:
        return within(as_utc(datetime.fromisoformat(value.strip())))
    except (ValueError, OverflowError):
        return None


def inside(record: Mapping[str, Any], *path: str) -> Any:  # noqa: ANN401  JSON of any shape
    """What stands under a path of names; ``None`` where anything on the way is missing or no object."""
    value: Any = record
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def objects(value: object) -> list[dict[str, Any]]:
    """The objects of what should be a list of them."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def word(value: object) -> str | None:
    """A name, number or id as text; ``None`` when it is empty or anything else."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return None
    return clean(str(value)).strip() or None


def impersonal(labels: object) -> dict[str, str]:
    """The simple entries of an object without those that name a person or hold an e-mail address."""
    if not isinstance(labels, dict):
        return {}
    said = {clean(str(key)): word(value) for key, value in labels.items() if not _of_people(str(key))}
    return {key: value for key, value in said.items() if value is not None and not _ADDRESS.search(value)}


def _of_people(key: str) -> bool:
    return any(part.lower() in _PEOPLE for part in _WORDS.findall(key))
