"""Columns on their way in: a table that a statement reads by a name, and that another takes the place of.

A table that is registered inside a transaction is held until its end, so that a large file would be in memory as a whole.
Here one object is registered, and what it hands out changes (Arrow PyCapsule interface).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

_NAMED = re.compile(r"\bincoming_\w+")


class Incoming:
    """What the statements read under the names ``incoming_…``."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Nothing is there yet."""
        self._connection = connection
        self._places: dict[str, _Place] = {}

    def lay(self, text: str, columns: pa.Table | None) -> None:
        """Put columns where the statement looks for them."""
        found = _NAMED.search(text)
        if found is None or columns is None:
            return
        name = found.group()
        if name not in self._places:
            self._places[name] = _Place(columns)
            self._connection.register(name, self._places[name])
        self._places[name].columns = columns

    def clear(self) -> None:
        """Let go of what was laid."""
        for place in self._places.values():
            place.columns = place.columns.slice(0, 0)

    def forget(self) -> None:
        """A transaction was rolled back, and with it the names that were laid in it."""
        self._places.clear()


class _Place:
    def __init__(self, columns: pa.Table) -> None:
        self.columns = columns

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self.columns.__arrow_c_stream__(requested_schema)

    def __arrow_c_schema__(self) -> object:
        return self.columns.schema.__arrow_c_schema__()
