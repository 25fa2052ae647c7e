"""What tools say of a change: parts of a JSON event in, a time, a text without people, and a ``Change`` out."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from blameline.records import LAYER_OF_KIND, Change, Piece, Problem
from blameline.sources import postings
from blameline.sources.rows import clean, cut
from blameline.sources.wording import fault

if TYPE_CHECKING:
    from collections.abc import Mapping

    from blameline.sources.heads import File

_COUNT = re.compile(r"\d{9,19}(?:\.\d+)?")
_MAIL = re.compile(r"<?[\w.+-]+@[\w-]+(?:\.[\w-]+)+>?")
_MENTION = re.compile(r"(?<![\w/.@:])@[A-Za-z0-9][\w-]*(?![\w/@-])")


def mapping(value: object) -> Mapping[str, Any]:
    """The value where it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def moment(value: object) -> datetime | None:
    """A time in ISO 8601, or a count since 1970 in s, ms, µs or ns, told apart by its size; ``None`` when it is none."""
    said = str(value).strip() if isinstance(value, (str, int, float)) and not isinstance(value, bool) else ""
    if not _COUNT.fullmatch(said):
        return postings.moment(value)
    seconds = float(said)
    for _ in range(3):
        seconds = seconds / 1000 if seconds > 2e10 else seconds
    found = datetime.fromtimestamp(seconds, tz=UTC) if seconds <= 2e10 else None
    return found if found and found.year <= 2200 else None


def nameless(text: str) -> str:
    """The text without e-mail addresses and without the people that it mentions by ``@``."""
    return _MENTION.sub("@…", _MAIL.sub("…", clean(text)))


def quoted(value: object) -> str:
    """A value for a sentence about a fault: short, and never more than one line."""
    if isinstance(value, (dict, list)):
        return "an object" if isinstance(value, dict) else "a list"
    return cut(repr(value), 60)


def made(file: File | Piece, line: int | None, said: Mapping[str, object]) -> Change | Problem:
    """A change of what is said, its layer by its kind; or in one sentence what is wrong with it."""
    whole = {key: clean(value) if isinstance(value, str) else value for key, value in said.items()}
    try:
        return Change.model_validate({**whole, "layer": LAYER_OF_KIND[str(said["kind"])], "source": file.source})
    except ValidationError as error:
        return Problem(source=file.source, line=line, message=f"the change is not usable: {fault(error)}")
