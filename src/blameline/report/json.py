"""The contract's object as JSON: the investigation itself, for machines.

Fields stand in the order of the contract; free maps (numbers, parameters, segments) are sorted by key. The same story
gives the same bytes.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from numbers import Integral
from operator import itemgetter
from typing import TYPE_CHECKING

from blameline.records import stamp
from blameline.times import iso_duration

if TYPE_CHECKING:
    from blameline.records import Story

DIGITS = 8
"""Significant digits of a float: the last bits differ between machines, and probabilities must still sum to 1."""
_FREE = frozenset({"numbers", "parameters", "segment"})
_UNSEEN = re.compile("[\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\U000e0000-\U000e007f]")


class Json:
    """Renders the contract's object."""

    name = "json"
    suffix = ".json"

    def render(self, story: Story) -> str:
        """The investigation as JSON, indented, with a newline at the end."""
        found = story.found.model_dump(mode="python", by_alias=True)
        text = json.dumps(plain(found), indent=2, ensure_ascii=False, allow_nan=False)
        return _UNSEEN.sub(_spelled, text) + "\n"


def plain(value: object, *, free: bool = False) -> object:
    """The value in JSON's own types; ``free`` sorts keys that come from data."""
    match value:
        case None | bool() | int():
            return value
        case Integral():
            return int(value)
        case float():
            return float(f"{value:.{DIGITS}g}") + 0.0 if math.isfinite(value) else None
        case datetime():
            return stamp(value)
        case timedelta():
            return iso_duration(value)
        case date():
            return value.isoformat()
        case Mapping():
            pairs = [(str(key), plain(item, free=free or key in _FREE)) for key, item in value.items()]
            return dict(sorted(pairs, key=itemgetter(0)) if free else pairs)
        case list() | tuple():
            return [plain(item, free=free) for item in value]
        case set() | frozenset():
            return sorted(str(item) for item in value)
        case _:
            return str(value).encode("utf-8", "replace").decode("utf-8")


def _spelled(found: re.Match[str]) -> str:
    """A character that is not seen, or that a terminal obeys, by its number: the same JSON string."""
    return json.dumps(found.group())[1:-1]
