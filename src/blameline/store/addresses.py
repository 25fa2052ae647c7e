"""What an e-mail address is: a pattern for RE2, which cannot look ahead, so that what is none is left out letter by letter.

A name with its version (`support@v12.final`, `lib@latest.io`) and a file (`icon@2x.png`) are none. What could be both is one.
"""

from __future__ import annotations

import string

_FILE_ENDINGS = (
    "png", "jpg", "jpeg", "gif", "svg", "webp", "txt", "log", "json", "jsonl", "yaml", "yml", "toml", "xml", "html", "csv", "tsv",
    "pdf", "js", "ts", "css", "min", "tar", "gz", "whl",
)  # fmt: skip
"""Endings of files that are no domain."""
_VERSIONS = ("latest", "main")
"""What stands for a version after the name of a model, a prompt or a package."""
_COMMON = "com|org|net|edu|gov|info|biz|eu|de|fr|uk|ch|at|nl|be|it|es|se|dk|no|fi|pl|cz|ru|cn|jp|kr|in|br|au|ca|us|me"
"""Domains whose hosts may be called as a version is: `163.com`."""
_LETTERS = string.ascii_lowercase
LETTER = r"A-Za-z\x{c0}-\x{24f}\x{370}-\x{52f}"
"""Latin, Greek and Cyrillic: all letters there are would be a slow pattern."""
AT = r"(?:@|＠|﹫|%(?:25)?40|\\+(?:u00|x)40|&#(?:64|x40);|&commat;)"
DOT = r"(?:\.|%2[eE]|\\+u002[eE])"
"""As people write it to hide it, and as URLs and JSON do."""
_OTHER = r"\x{c0}-\x{ffff}"
"""What is not ASCII and may be in the name of a host."""
LABEL = f"[A-Za-z0-9{_OTHER}-]"


def _begins_otherwise(words: tuple[str, ...], first: str, later: str, said: str = "") -> str:
    """Beginnings that none of the words has: one of the ``first`` letters, then letters and what else may be ``later``."""
    following = sorted({word[len(said)] for word in words if word != said and word.startswith(said)})
    free = "".join(char for char in (_LETTERS if said else first) if char not in following)
    found = [f"[{free}{later if said else ''}]"] if free else []
    found += [char + _begins_otherwise(words, first, later, said + char) for char in following]
    return f"(?:{'|'.join(found)})"


def _broken_off(words: tuple[str, ...], least: int) -> str:
    """What is shorter than a word and begins like it."""
    return "|".join(sorted({word[:n] for word in words for n in range(least, len(word))} - set(words)))


_VERSION = rf"(?:[vV]?\d+(?:-{LABEL}*)?|\d+[xX]|{'|'.join(_VERSIONS)})"
_NO_VERSION = (
    rf"(?:(?:{_begins_otherwise(_VERSIONS, _LETTERS.replace('v', ''), f'A-Z0-9{_OTHER}-')}|[A-UW-Z{_OTHER}-]){LABEL}*"
    rf"|{_broken_off(_VERSIONS, 1)}|[vV](?:\d*[A-Za-z{_OTHER}]{LABEL}*|-{LABEL}*)?"
    rf"|\d+(?:[A-WYZa-wyz{_OTHER}]{LABEL}*|[xX]{LABEL}+))"
)
_RARE = "".join(char for char in _LETTERS if not any(word.startswith(char) for word in _FILE_ENDINGS))
_ENDING = (
    rf"(?:(?i:[{_RARE}][a-z]+|{_begins_otherwise(_FILE_ENDINGS, '', '')}[a-z]*|(?:{_broken_off(_FILE_ENDINGS, 2)})\b)"
    rf"|[\x{{c0}}-\x{{52f}}][{LETTER}]+)"
)
_HOST = (
    rf"(?:(?:{_NO_VERSION}{DOT}(?:{LABEL}+{DOT})*|{_VERSION}{DOT}(?:[0-9-]*[A-Za-z{_OTHER}-]{LABEL}*{DOT})+){_ENDING}"
    rf"|{_VERSION}{DOT}(?i:{_COMMON})\b)"
)
ADDRESSES = (
    rf"(?:(?:\\+[nrtbfv])?[{LETTER}0-9._%+-]{{2,}}|\b[ac-eg-mo-qsuw-zA-Z0-9]){AT}{_HOST}"
    rf"|\b[bfnrtv]{AT}(?:{LABEL}+{DOT})+(?:{_COMMON}|io|dev|ai)\b"  # not a decorator after `\n`
)
