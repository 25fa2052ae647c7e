"""Data becomes text: whatever a file said appears in the post-mortem as plain text, and does nothing there.

Change summaries, ids, attribute values, notes and diffs were written by others, and are taken as hostile: they may
hold links, images, HTML, table pipes, headings, terminal sequences or characters that turn the reading order around.
``clean`` removes what no reader can see; ``inline`` adds the backslashes that GitHub's Markdown needs; ``Safe`` marks
text that has been through here, or that is ours. Nothing in this module looks at what the words mean.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

ESCAPE_SIGN: Final = "␛"
WORD_JOINER: Final = "\u2060"
"""Put after an ``@``: it is not seen, and keeps GitHub from calling somebody or linking an address."""

_JOINERS: Final = frozenset("\u200c\u200d")  # Persian and emoji need them, and they reorder nothing
_ALWAYS: Final = frozenset("\\`*[]<>|~$")
_FIRST: Final = frozenset("#-+=:")  # these mean something at the start of a line only
_NUMBERED: Final = re.compile(r"\d{1,9}(?=[.)](?: |$))")
_RUN: Final = re.compile("`+")
_LABEL: Final = re.compile(r"[^\w ./-]+")


class Safe(str):
    """Markdown that may go out as it is."""

    __slots__ = ()


def _seen(character: str) -> str:
    """What stands for one character: itself, a space, a visible sign, or nothing."""
    category = unicodedata.category(character)
    if category in {"Zs", "Zl", "Zp"} or character in "\t\n\v\f\r\x1c\x1d\x1e\x1f\x85":
        return " "
    if category == "Cc":
        point = ord(character)
        return ESCAPE_SIGN if point >= 0x80 else chr(0x2421 if point == 0x7F else 0x2400 + point)
    if category == "Cs":
        return "\ufffd"
    if category == "Cf" and character not in _JOINERS:
        return ""  # bidi overrides, zero-width marks, tags: hidden text has no place in a record
    return character


def clean(text: object) -> str:
    """The text on one line, with control characters made visible and hidden ones gone; no Markdown yet."""
    return " ".join("".join(map(_seen, str(text))).split())


def inline(text: object) -> Safe:
    """The text so that Markdown shows it letter by letter, in a paragraph, a heading, a list or a table cell."""
    if isinstance(text, Safe):
        return text
    line = clean(text)
    return Safe("".join(_escaped(line, place) for place in range(len(line))))


def _escaped(line: str, place: int) -> str:
    character = line[place]
    before = line[place - 1 : place]
    after = line[place + 1 : place + 2]
    if character in _ALWAYS:
        return "\\" + character
    if character == "_":  # inside a word it is only a letter: answer_correct
        return "_" if before.isalnum() and after.isalnum() else "\\_"
    if character == "&":
        return "\\&" if after == "#" or after.isalnum() else "&"
    if character == "@":
        return "@" + WORD_JOINER
    if character == "#" and not after:
        return "\\#"  # a heading's closing sequence
    if place == 0 and character in _FIRST:
        return "\\" + character
    if character in ".)" and (number := _NUMBERED.match(line)) and number.end() == place:
        return "\\" + character  # the start of a numbered list
    if character in ":." and _links(line, place):
        return "\\" + character  # GitHub makes links of bare addresses
    return character


def _links(line: str, place: int) -> bool:
    if line[place] == ":":
        return line.startswith("://", place)
    return line[max(place - 3, 0) : place].lower() == "www"


def code(text: object) -> Safe:
    """An identifier as a code span; where a backtick or a pipe would break one, as plain text."""
    if isinstance(text, Safe):
        return text
    line = clean(text)
    return Safe(f"`{line}`") if line and not set(line) & {"`", "|"} else inline(line)


def codes(texts: Iterable[object], last: str = ",") -> Safe:
    """Several identifiers, with commas between, or with ``last`` before the last one."""
    spans = [code(text) for text in texts]
    if last == "," or len(spans) < 2:
        return Safe(", ".join(spans))
    return Safe(f"{', '.join(spans[:-1])} {last} {spans[-1]}")


def fence(text: str, *, info: str = "", lines: int = 40) -> Safe:
    """Text of many lines as a code block that nothing inside can end; cut after ``lines``."""
    rows = [_row(row) for row in text.splitlines()]
    kept = rows[:lines]
    if len(rows) > lines:
        kept.append(f"… {len(rows) - lines} more lines")
    longest = max((len(run) for row in kept for run in _RUN.findall(row)), default=0)
    mark = "`" * max(3, longest + 1)
    return Safe("\n".join([mark + info, *kept, mark]))


def _row(row: str) -> str:
    """One line of a block, its indentation kept; an empty one keeps a space, so that it survives."""
    return "".join(map(_seen, row.expandtabs(4))).rstrip() or " "


def label(text: object, *, width: int = 48) -> str:
    """A Mermaid label: letters, digits, spaces and ``. / - _``, so that no sign of Mermaid's grammar is left."""
    words = " ".join(_LABEL.sub(" ", clean(text)).replace("--", "-").split())
    return words if len(words) <= width else words[: width - 1].rstrip() + "…"


def segment(where: Mapping[str, str]) -> Safe:
    """A slice of traffic in words."""
    if not where:
        return Safe("all traffic")
    return Safe(", ".join(f"{code(name)} = {code(value)}" for name, value in sorted(where.items())))


def say(sentence: str, **words: object) -> Safe:
    """A sentence of ours with words of theirs in its ``{places}``, each escaped."""
    return Safe(sentence.format(**{name: inline(word) for name, word in words.items()}))
