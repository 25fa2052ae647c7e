"""What DuckDB says when something is wrong, in our words: its error in, a ``StoreError`` with what to do next out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import duckdb

from blameline.errors import StoreError

if TYPE_CHECKING:
    from pathlib import Path


def first_line(error: duckdb.Error) -> str:
    """The first line of what it says."""
    return str(error).strip().splitlines()[0]


def is_full(error: duckdb.Error) -> bool:
    """True when the case file cannot grow: no fault of what is being read."""
    return isinstance(error, duckdb.FatalException) or bool(
        re.search(r"No space left|File too large|quota exceeded|Read-only file system|Input/output error", str(error))
    )


def cannot_write(path: Path, error: duckdb.Error) -> StoreError:
    """Why a case file cannot be written."""
    why = re.search(r"No space left on device|File too large|[\w ]*quota exceeded|Read-only file system", str(error))
    said = why.group(0).strip() if why else first_line(error)
    return StoreError(f"{path} cannot be written: {said}", hint="make room, then load again: nothing is read twice")


def cannot_open(path: Path, error: duckdb.Error) -> StoreError:
    """Why a case file cannot be opened."""
    said = str(error)
    if "set lock" in said.lower():
        holder = re.search(r"PID (\d+)", said)
        who = f"process {holder.group(1)}" if holder else "another process"
        return StoreError(f"{path} is in use by {who}", hint="wait until it is done, or name another case file")
    if "different configuration" in said:
        return StoreError(f"{path} is already open in this process", hint="close the other store first")
    if "not a valid DuckDB" in said:
        return StoreError(f"{path} is not a case file", hint="name another file; this one is left as it is")
    if "newer version" in said or "newer" in said.lower():
        return StoreError(f"{path} was written by a newer DuckDB", hint="upgrade duckdb")
    return StoreError(f"{path} cannot be opened: {first_line(error)}", hint="name another file")
