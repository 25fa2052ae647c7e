"""What an e-mail address is: a pattern for RE2, which cannot look ahead, so that what is none is left out letter by letter.

A name with its version (`support@v12.final`, `lib@latest.io`) and a file (`icon@2x.png`) are none. What could be both is one.
"""

from __future__ import annotations

import string

_FILE_ENDINGS = (
    "png", "jpg", "jpeg", "gif", "svg", "webp", "bmp", "ico", "txt", "log", "json", "jsonl", "ndjson", "yaml", "yml", "toml",
    "xml", "html", "htm", "csv", "tsv", "parquet", "pdf", "docx", "xlsx", "js", "ts", "jsx", "tsx", "mjs", "cjs", "css", "min",
    "tar", "gz", "tgz", "whl", "onnx", "gguf", "safetensors",
)  # fmt: skip
"""Endings of files that are no domain."""
_VERSIONS = ("latest", "main", "master", "stable")
"""What stands for a version after the name of a model, a prompt or a package."""
_COMMON = "com|org|net|edu|gov|info|biz|eu|de|fr|uk|ch|at|nl|be|it|es|se|dk|no|fi|pl|cz|ru|cn|jp|kr|in|br|au|ca|us|me"
"""Domains whose hosts may be called as a version is: `163.com`."""
_ASCII = string.ascii_lowercase
_FOREIGN = r"\x{c0}-\x{17e}\x{180}-\x{24f}\x{370}-\x{52f}"
"""Latin, Greek and Cyrillic: all letters there are would be a slow pattern. Without the long s, which RE2 takes for an s."""


def _none_of(words: tuple[str, ...], first: str, later: str, end: str = "", also: str = "", said: str = "") -> str:
    """Any word but these, of such characters, after what was ``said`` of it; ``end`` tells its end, if that needs telling."""
    following = sorted({word[len(said)] for word in words if word != said and word.startswith(said)})
    free = "".join(char for char in (later if said else first) if char not in following)
    found = [f"[{also}{free}][{also}{later}]{'*' if said or not end else '+'}"]
    found += [char + _none_of(words, first, later, end, also, said + char) for char in following]
    if said and said not in words and (len(said) > 1 or not end):
        found.append(end)
    return f"(?:{'|'.join(found)})"


LETTER = "A-Za-z" + _FOREIGN
AT = r"(?:@|＠|﹫|%(?:25)?40|\\u0040|&#64;)"
"""As people write it to hide it."""
_IN_LABEL = f"[{LETTER}0-9-]"
_VERSION = rf"(?:v?\d+(?:-{_IN_LABEL}*)?|\d+x|{'|'.join(_VERSIONS)})"
_NO_VERSION = (
    rf"(?:{_none_of(_VERSIONS, _ASCII.replace('v', '') + '-', _ASCII + '0123456789-', also=_FOREIGN)}"
    rf"|v(?:\d*[{LETTER}]{_IN_LABEL}*|-{_IN_LABEL}*)?|\d+(?:[{_FOREIGN}a-wyz]{_IN_LABEL}*|x{_IN_LABEL}+))"
)
_ENDING = "(?:" + _none_of(_FILE_ENDINGS, _ASCII, _ASCII, r"\b") + rf"|[{_FOREIGN}][{LETTER}]+)"
_HOST = (
    rf"(?i:(?:{_NO_VERSION}\.(?:{_IN_LABEL}+\.)*|{_VERSION}\.(?:[0-9-]*[{LETTER}-]{_IN_LABEL}*\.)+){_ENDING}"
    rf"|{_VERSION}\.(?:{_COMMON})\b)"
)
ADDRESSES = (
    rf"(?:(?:\\+[nrtbfv])?[{LETTER}0-9._%+-]{{2,}}|\b[ac-eg-mo-qsuw-zA-Z0-9]){AT}{_HOST}"
    rf"|\b[bfnrtv]{AT}(?:{_IN_LABEL}+\.)+(?:{_COMMON}|io|dev|ai)\b"  # not a decorator after `\n`
)
