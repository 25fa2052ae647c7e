"""OTLP/JSON attributes, ids and files."""

from __future__ import annotations

import gzip
import json
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import io
    from pathlib import Path

    import numpy as np


@lru_cache(maxsize=20_000)
def text(key: str, value: str) -> str:
    """A string attribute."""
    return f'{{"key":{json.dumps(key)},"value":{{"stringValue":{json.dumps(value)}}}}}'


def whole(key: str, value: int) -> str:
    """An integer attribute."""
    return '{"key":"%s","value":{"intValue":"%d"}}' % (key, value)


def real(key: str, value: float) -> str:
    """A float attribute."""
    return f'{{"key":"{key}","value":{{"doubleValue":{round(float(value), 4)!r}}}}}'


def hex_ids(rng: np.random.Generator, count: int, width: int) -> list[str]:
    """Random ids of `width` bytes."""
    block = rng.bytes(count * width).hex()
    return [block[index * 2 * width : (index + 1) * 2 * width] for index in range(count)]


def store(path: Path, target: io.StringIO, compress: bool) -> None:
    """Write a text, gzipped without a time stamp so that bytes repeat."""
    data = target.getvalue().encode()
    path.write_bytes(gzip.compress(data, 3, mtime=0) if compress else data)
