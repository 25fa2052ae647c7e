"""Rows of a Parquet file: a path in; each row as plain values, times as ISO 8601 text, with its number, out."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from blameline.sources.heads import Head

_ROWS_AT_ONCE = 2_000
_UNUSABLE = (pa.ArrowException, ValueError, OverflowError)


@dataclass(frozen=True)
class Row:
    """One row without its nulls; ``fault`` says why there is none."""

    number: int
    values: dict[str, Any] = field(default_factory=dict)
    fault: str = ""


def column_names(path: Path, head: Head) -> frozenset[str] | None:
    """The columns of a Parquet or CSV file, none for one that is damaged; ``None`` for a file of another shape."""
    if head.shape == "csv":
        return frozenset(head.header)
    if head.shape != "parquet":
        return None
    try:
        return frozenset(pq.read_schema(path).names)
    except (pa.ArrowException, OSError, ValueError):
        return frozenset()


def rows(path: Path) -> Iterator[Row]:
    """Every row as far as the file can be read; a row that holds what is no value is told, and the next one is read."""
    number = 0
    try:
        with pq.ParquetFile(path) as table:
            for batch in table.iter_batches(_ROWS_AT_ONCE):
                for row in _rows(batch, number):
                    number = row.number
                    yield row
    except (OSError, *_UNUSABLE) as error:
        yield Row(number + 1, fault=f"the file is damaged from here on: {_first_line(error)}")


def _rows(batch: pa.RecordBatch, before: int) -> Iterator[Row]:
    try:
        found = _readable(batch).to_pylist()
    except _UNUSABLE as error:
        if batch.num_rows == 1:
            yield Row(before + 1, fault=f"the row cannot be read: {_first_line(error)}")
        else:
            for place in range(batch.num_rows):
                yield from _rows(batch.slice(place, 1), before + place)
        return
    for number, row in enumerate(found, before + 1):
        yield Row(number, {key: plain(value) for key, value in row.items() if value is not None})


def _readable(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The same with its times as text: Python holds neither nanoseconds nor all the years that a file may."""
    names = batch.schema.names
    columns = []
    for column in batch.columns:
        in_utc = _mapped(column.type, _in_utc)
        as_text = _mapped(column.type, _as_text)
        columns.append(column if as_text == column.type else column.cast(in_utc).cast(as_text, safe=False))
    return pa.RecordBatch.from_arrays(columns, names=names)


def _in_utc(kind: pa.DataType) -> pa.DataType:
    """The same moments, whose text then needs no list of time zones."""
    return pa.timestamp(kind.unit, "UTC") if pa.types.is_timestamp(kind) and kind.tz else kind


def _as_text(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind) or pa.types.is_time(kind):
        return pa.string()
    return pa.duration("us") if pa.types.is_duration(kind) else kind


def _mapped(kind: pa.DataType, one: Any) -> pa.DataType:  # noqa: ANN401  a function from type to type
    """A type with the types inside it exchanged."""
    if pa.types.is_struct(kind):
        return pa.struct([part.with_type(_mapped(part.type, one)) for part in kind])
    if pa.types.is_map(kind):
        return pa.map_(_mapped(kind.key_type, one), _mapped(kind.item_type, one))
    if pa.types.is_large_list(kind):
        return pa.large_list(kind.value_field.with_type(_mapped(kind.value_type, one)))
    if pa.types.is_fixed_size_list(kind):
        return pa.list_(kind.value_field.with_type(_mapped(kind.value_type, one)), kind.list_size)
    if pa.types.is_list(kind):
        return pa.list_(kind.value_field.with_type(_mapped(kind.value_type, one)))
    return one(kind)


def plain(value: Any) -> Any:  # noqa: ANN401  whatever a column holds
    """A value as JSON knows it; the pairs of a map stay pairs."""
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items() if part is not None}
    if isinstance(value, list):
        return [tuple(map(plain, part)) if isinstance(part, tuple) else plain(part) for part in value]
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            return value.hex()
    return value


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
