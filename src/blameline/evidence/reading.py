"""One reading of a signal, from which the rows of every candidate's questions are worked out.

A check names the query that brings its rows; run by hand it brings the same rows. Run for each check and candidate it would go
through all requests dozens of times: so the signal is read once, in pieces of time that no question cuts (hours, cut at the
moments that are asked about), and any other query is run once for all who ask the same.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from blameline.cells import JOIN
from blameline.cells.grid import sums
from blameline.evidence.questions import window

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from blameline.evidence.hearing import Hearing
    from blameline.evidence.questions import Archive
    from blameline.records import Query

    Columns = dict[str, NDArray[Any]]


class Reading:
    """The archive of one hearing: it answers as the store does, and goes through the requests once."""

    def __init__(self, archive: Archive, hearing: Hearing) -> None:
        self._archive = archive
        self._window = window(hearing)
        self._moments = sorted(
            {one.starts.replace(tzinfo=None) for one in hearing.candidates if one.starts is not None}
        )
        self._known: dict[str, Columns] = {}

    def provenance(self, name: str, /, **parameters: object) -> Query:
        """The query's name, hash and parameters."""
        return self._archive.provenance(name, **parameters)

    def query(self, name: str, /, **parameters: object) -> Columns:
        """Columns of a named query: worked out where the reading holds them, else asked for once."""
        asked = f"{name} {sorted(parameters.items())}"
        if asked not in self._known:
            work_out = {
                "evidence/contrast": self._contrast,
                "evidence/by_day": self._by_day,
                "evidence/segments": self._segments,
            }.get(name)
            mine = work_out and self._window.items() <= parameters.items() and parameters["starts"] in self._moments
            self._known[asked] = work_out(parameters) if work_out and mine else self._archive.query(name, **parameters)
        return self._known[asked]

    @cached_property
    def _pieces(self) -> Columns:
        return self._archive.query("evidence/pieces", **self._window, moments=self._moments)

    @cached_property
    def _sets(self) -> tuple[list[dict[str, str]], ...]:
        """By number: layer versions, segments, and what each judge stands for, none first."""
        asked = {"version_sets": "versions", "segment_sets": "segment", "rulers": "versions"}
        versions, segments, rulers = (
            [dict(one) for one in self._archive.query(f"cells/{name}")[column]] for name, column in asked.items()
        )
        return versions, segments, [{}, *rulers]

    def _exposed(self, asked: Mapping[str, Any]) -> NDArray[np.bool_]:
        """Which pieces carry the version that is asked about; without one, which lie in its scope."""
        versions, segments, rulers = self._sets
        key, value = asked["key"], asked["value"]
        if key is None:
            scope = dict(zip(asked["scope_keys"], asked["scope_values"], strict=True))
            return np.array([scope.items() <= one.items() for one in segments], dtype=bool)[self._pieces["segment_id"]]
        by_set, by_ruler = (
            np.array([value in one.get(key, "").split(JOIN) for one in sets], dtype=bool) for sets in (versions, rulers)
        )
        told = np.array([key in one for one in rulers], dtype=bool)
        ruler = self._pieces["ruler"]
        return np.where(told[ruler], by_ruler[ruler], by_set[self._pieces["version_id"]])

    def _contrast(self, asked: Mapping[str, Any]) -> Columns:
        """With and without the change, before and after it first appeared."""
        after = self._pieces["begun"] >= np.datetime64(asked["starts"])
        n, mean = self._means(2 * self._exposed(asked) + after, 4)
        there = n > 0
        sides = {"exposed": np.array([False, False, True, True]), "after": np.array([False, True, False, True])}
        return {name: column[there] for name, column in (sides | {"n": n, "mean": mean}).items()}

    def _by_day(self, asked: Mapping[str, Any]) -> Columns:
        """Day by day the exposed share and the mean."""
        exposed = self._exposed(asked)
        if asked["key"] is None:
            exposed &= self._pieces["begun"] >= np.datetime64(asked["starts"])
        day, number = np.unique(self._pieces["begun"].astype("datetime64[D]"), return_inverse=True)
        n, mean = self._means(number, len(day))
        return {"day": day, "exposed": sums(number, self._pieces["n"] * exposed, len(day)) / n, "n": n, "mean": mean}

    def _segments(self, asked: Mapping[str, Any]) -> Columns:
        """Segment by segment the exposed share and the mean, before and after the change first appeared."""
        after = self._pieces["begun"] >= np.datetime64(asked["starts"])
        exposed = self._exposed(asked) & (after if asked["key"] is None else True)
        segments = self._sets[1]
        number = 2 * self._pieces["segment_id"] + after
        n, mean = self._means(number, 2 * len(segments))
        at = np.flatnonzero(n)
        share = sums(number, self._pieces["n"] * exposed, 2 * len(segments))[at] / n[at]
        which = np.array([segments[one] for one in at // 2], dtype=object)
        return {"segment": which, "after": at % 2 == 1, "exposed": share, "n": n[at], "mean": mean[at]}

    def _means(self, number: NDArray[np.int64], count: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Requests and mean of the pieces that share a number."""
        n = sums(number, self._pieces["n"], count)
        return n, np.divide(sums(number, self._pieces["total"], count), n, out=np.zeros(count), where=n > 0)
