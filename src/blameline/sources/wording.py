"""Words about faults: a validation error or an unknown key in, one sentence out."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from pydantic import ValidationError  # noqa: TC002  used at run time too

from blameline.sources.rows import cut

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable


def fault(error: ValidationError) -> str:
    """The first thing that is wrong with a record, in one sentence."""
    first = error.errors(include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"]) or "record"
    if first["type"] == "missing":
        return f"'{where}' is missing"
    said = first["msg"].removeprefix("Value error, ")
    return f"'{where}': {said[:1].lower()}{said[1:]} (found {cut(str(first['input']), 60)!r})"


def nearest(word: str, known: Iterable[str]) -> str:
    """The nearest known word as a question, or nothing."""
    near = get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"; did you mean '{near[0]}'?" if near else ""


def unknown_key(key: str, known: Collection[str]) -> str:
    """What to say about a key that is not used."""
    return f"unknown key '{key}' is not used{nearest(key, known)}"
