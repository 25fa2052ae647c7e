"""What replays came to: scored runs in, an effect of each factor on each request out.

Requests that were run under the same arms are one table, requests by arms; a request that lost an arm to a budget is one of
another table, and counts for what it still compares. Answers that were on record (run ``recorded``) stand for the arm that was
served only while runs of that very arm, made again, score alike: else it is the endpoint or the scorer that moved.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from blameline.replays.shares import Bools, Floats, effects, ends, mean_and_error, nearest_swaps, swap_at

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from numpy.typing import NDArray

    Rows = Mapping[str, NDArray[Any]]

RECORDED = "recorded"
"""The run of an answer that was on record and was not asked for again."""
FEWEST_AGAIN = 10
"""Answers on record that were asked for again, from which the two are compared."""
Config = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Version:
    """How one bid shows in the configurations of replays."""

    names: tuple[str, ...]
    """Keys under which it may stand, the most exact first."""
    new: tuple[str, ...]
    """How its version may be called."""
    old: tuple[str, ...] = ()
    """The same of the version before; empty: any other will do."""


@dataclass(frozen=True)
class Table:
    """Requests that were run under the same arms."""

    arms: tuple[Config, ...]
    scores: Floats
    """Requests x arms: the mean over runs."""

    def swapping(self, version: Version) -> tuple[str, Table] | None:
        """The key that swaps a bid, and the arms that have its old or its new version there."""
        configs = [dict(arm) for arm in self.arms]
        for name in version.names:
            values = {one[name] for one in configs if name in one}
            new = [value for value in version.new if value in values]
            old = [value for value in version.old or sorted(values) if value in values and value not in version.new]
            if not new or not old or (not version.old and len(old) > 1):
                continue
            kept = [n for n, one in enumerate(configs) if one.get(name) in {new[0], old[0]}]
            return name, Table(tuple(self.arms[n] for n in kept), self.scores[:, kept])
        return None


@dataclass(frozen=True)
class Swapped:
    """One bid's effect, request by request: new minus old."""

    each: Floats
    """By Shapley's rule where all combinations were run, else over all pairs of arms that differ in it alone."""
    alone: Floats
    """With all others new, where that was run."""
    added: Floats
    """With all others old."""
    together: Floats
    """The same where it was never taken back by itself: with as few others as there are."""


@dataclass(frozen=True)
class Results:
    """The replays of one signal."""

    tables: tuple[Table, ...]
    again: Floats
    """Fresh minus recorded score, by request that has both under one configuration."""
    reproduced: bool
    """Whether answers that were asked for again scored as those on record; ``True`` where too few were."""

    def swapped(self, version: Version, known: Sequence[Version]) -> Swapped:
        """What replays say of one bid; ``known`` are all bids that they may swap, to tell new from old."""
        each: list[Floats] = []
        alone: list[Floats] = []
        added: list[Floats] = []
        together: list[Floats] = []
        for table in self.tables:
            found = table.swapping(version)
            if found is None:
                continue
            name, table = found  # noqa: PLW2901  the part of it that swaps this bid
            factors, arms = coded(table, [version, *(one for one in known if one != version)])
            at = factors.index(name)
            weights = effects(arms)[:, at]
            newest, oldest = ends(arms)
            if weights.any():
                each.append(table.scores @ weights)
            else:
                together.append(table.scores @ nearest_swaps(arms, at))
            for end, kept in ((newest, alone), (oldest, added)):
                pair = swap_at(arms, at, end)
                if pair is not None:
                    kept.append(table.scores @ pair)
        return Swapped(*(np.concatenate(part) if part else np.zeros(0) for part in (each, alone, added, together)))

    def everything(self, versions: Collection[Version]) -> tuple[Floats, int]:
        """All new minus everything taken back, by request, and how many of these bids that covers."""
        found: list[Floats] = []
        covered = 0
        for table in self.tables:
            inside = [one for one in versions if table.swapping(one)]
            _, arms = coded(table, list(versions))
            newest, oldest = ends(arms)
            if inside and newest is not None and oldest is not None and len(inside) >= covered:
                found = [*(found if len(inside) == covered else []), table.scores[:, newest] - table.scores[:, oldest]]
                covered = len(inside)
        return (np.concatenate(found) if found else np.zeros(0)), covered


def read(rows: Rows, spread: float) -> Results:
    """Results from columns ``case_id``, ``run``, ``config`` (dicts) and ``score``; ``spread`` is that of a difference."""
    fresh: dict[tuple[str, Config], list[float]] = defaultdict(list)
    recorded: dict[tuple[str, Config], list[float]] = defaultdict(list)
    for case, run, config, score in zip(rows["case_id"], rows["run"], rows["config"], rows["score"], strict=True):
        place = (str(case), tuple(sorted((str(key), str(value)) for key, value in dict(config).items())))
        (recorded if str(run) == RECORDED else fresh)[place].append(float(score))
    both = sorted(fresh.keys() & recorded.keys())
    again = np.array([np.mean(fresh[place]) - np.mean(recorded[place]) for place in both], dtype=float)
    reproduced = True
    if len(again) >= FEWEST_AGAIN:
        mean, error = mean_and_error(again, spread)
        reproduced = abs(mean) <= 2 * error
    by_case: dict[str, dict[Config, float]] = defaultdict(dict)
    for source in (recorded if reproduced else {}, fresh):
        for (case, config), scores in source.items():
            by_case[case][config] = float(np.mean(scores))
    grouped: dict[tuple[Config, ...], list[list[float]]] = defaultdict(list)
    for case in sorted(by_case):
        arms = tuple(sorted(by_case[case]))
        if len(arms) > 1:
            grouped[arms].append([by_case[case][arm] for arm in arms])
    tables = tuple(Table(arms, np.array(scores, dtype=float)) for arms, scores in sorted(grouped.items()))
    return Results(tables, again, reproduced)


def coded(table: Table, versions: Sequence[Version]) -> tuple[list[str], Bools]:
    """The keys that vary among a table's arms, and by arm and key whether it is new.

    A key of more than two values counts as new where it has the newest; one that no bid explains as in the first arm.
    """
    configs = [dict(arm) for arm in table.arms]
    names = sorted({name for one in configs for name in one})
    varying = [name for name in names if len({one.get(name) for one in configs}) > 1]
    newest = {}
    for name in varying:
        there = {one.get(name) for one in configs}
        told = [value for one in versions if name in one.names for value in one.new if value in there]
        newest[name] = told[0] if told else configs[0].get(name)
    return varying, np.array([[one.get(name) == newest[name] for name in varying] for one in configs], dtype=bool)
