"""A source that is read ahead gives the same items, and is never asked too early."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from blameline.intake.ahead import ahead
from blameline.records import Problem, Scan

if TYPE_CHECKING:
    from collections.abc import Iterator

BATCH = Scan(name="a", columns=pa.table({"n": [1]}))
FILE = Scan(name="b", parameters={"path": "x"})


def test_the_items_are_the_same_and_in_order() -> None:
    items = [BATCH, Problem(source="a", message="b"), FILE, BATCH]
    assert list(ahead(iter(items))) == items
    assert list(ahead(iter(()))) == []


def test_a_failure_is_raised_where_the_items_are_taken() -> None:
    def failing() -> Iterator[Scan]:
        yield from [BATCH] * 4
        raise OSError("gone")

    found = ahead(failing())
    assert [next(found) for _ in range(4)] == [BATCH] * 4
    with pytest.raises(OSError, match="gone"):
        next(found)


def test_a_file_is_there_until_it_has_been_dealt_with() -> None:
    gone: list[str] = []

    def passing() -> Iterator[Scan]:
        for name in "ab":
            yield Scan(name=name, parameters={"path": name})
            gone.append(name)

    for scan in ahead(passing()):
        assert scan.parameters["path"] not in gone
    assert gone == ["a", "b"]


def test_leaving_early_ends_the_thread() -> None:
    asked: list[int] = []

    def endless() -> Iterator[Scan]:
        while True:
            asked.append(1)
            yield BATCH

    found = ahead(endless())
    next(found)
    found.close()
    seen = len(asked)
    assert seen <= 4
    assert len(asked) == seen
