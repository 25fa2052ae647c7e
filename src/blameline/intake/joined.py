"""What several files tell together: the stored pieces in; the changes, runs and alerts that they come to stored anew."""

from __future__ import annotations

from collections import defaultdict
from itertools import groupby
from typing import TYPE_CHECKING, Any

from blameline.intake.fields import fields_of
from blameline.plugins import load, names
from blameline.records import Piece, Problem
from blameline.sources import GROUP

if TYPE_CHECKING:
    from collections.abc import Iterator

    from blameline.sources import Joining
    from blameline.store import Store


_FORGET = ("store/forget_joined_changes", "store/forget_joined_alerts", "store/forget_joined_eval_runs")


def put_together(store: Store) -> list[Problem]:
    """Let each source make of its pieces what they come to; what was made of them before makes room."""
    problems: list[Problem] = []
    for statement in _FORGET:
        store.run(statement)
    kept: dict[tuple[str, int], dict[str, list[Any]]] = {}
    for reader, rows in _by_reader(store):
        # a file is known by its number: two may have one name
        pieces = [Piece(text=row["piece"], line=row["line"], source=str(row["file_id"])) for row in rows]
        named = {str(row["file_id"]): row["source"] for row in rows}
        for item in reader.put_together(pieces):
            if isinstance(item, Problem):
                problems.append(item.model_copy(update={"source": named[item.source]}))
                continue
            statement, row = fields_of(item)
            columns = kept.setdefault((statement, int(item.source)), defaultdict(list))
            for key, value in row.items():
                columns[key].append(value)
    for (statement, file_id), columns in kept.items():
        store.keep(statement, file_id=file_id, **columns)
    return problems


def _by_reader(store: Store) -> Iterator[tuple[Joining, list[dict[str, Any]]]]:
    for name, rows in groupby(store.rows("store/pieces"), key=lambda row: str(row["format"])):
        if name in names(GROUP):  # a plug-in may have gone since
            yield load(GROUP, name), list(rows)
