"""Which words of a score are a version of the ruler: judge, rubric, scorer, data set, and what is sampled to be judged.

The names and values that scores carry come in; those come out that changed within one signal and speak of the measuring.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from blameline.store import Store

JUDGE = "judge:gen_ai.evaluation.evaluator.version"
"""The key under which a score's evaluator stands among the layer versions."""
MEASURES = re.compile(
    r"judge|evaluator|grader|rater|rubric|scorer|metric|criteri|(^|[._])evals?([._]|$)|evaluation[._]?(rule|prompt|model|code)|score[._]config|"
    r"data_?set|test_?set|golden|suite",
    re.IGNORECASE,
)
"""Words of the measuring."""
OF_CASES = re.compile(r"data_?set|test_?set|golden|suite", re.IGNORECASE)
"""Words of what is measured on: layer ``eval``."""
SAYS_WHICH = re.compile(
    r"version|hash|sha|rev|digest|tag|snapshot|release|build|model|prompt|template|config|rubric|criteri|sampl|policy|rule|temperature|name$|id$",
    re.IGNORECASE,
)
NEVER = re.compile(
    r"(trace|span|run|job|batch|session|request|response|execution|observation|user|item|case|queue|call|task)[._]?(id|name|key)s?$|"
    r"(explanation|reason|rationale|comment|text|content|message|input|output|value|label|score|time|date|at|cost|token|latency|duration)s?$",
    re.IGNORECASE,
)
MOST_VALUES = 20
"""More values than this within one signal are no versions."""


@dataclass(frozen=True)
class Rulers:
    """Attributes of scores, and the keys under which they stand among the layer versions; both in one order."""

    names: tuple[str, ...]
    keys: tuple[str, ...]


def find_rulers(store: Store) -> Rulers:
    """The attributes of scores that tell of the ruler and changed, and those that the manifest lists under ``judge``."""
    listed = set(store.manifest().fields.get("judge", ()))
    names = [row["attribute"] for row in store.rows("derive/ruler_names")]
    wanted = [name for name in names if name in listed or speaks_of_the_ruler(name)]
    if not wanted:
        return Rulers((), ())
    return chosen([dict(row) for row in store.rows("derive/ruler_values", names=wanted)])


def chosen(profiles: Sequence[dict[str, object]]) -> Rulers:
    """Those that changed and are no identity: of rows with ``attribute``, ``most`` values in a signal, ``n`` and ``its_own``."""
    names, keys = [], []
    for row in profiles:
        most, n, name = int(str(row["most"])), int(str(row["n"])), str(row["attribute"])
        if not row["its_own"] or most < 2 or most > min(MOST_VALUES, max(3, n // 20)):
            continue
        key = f"{'eval' if OF_CASES.search(name) else 'judge'}:{name}"
        key = "judge:evaluator.version" if key == JUDGE else key
        if key not in keys:
            names.append(name)
            keys.append(key)
    return Rulers(tuple(names), tuple(keys))


def speaks_of_the_ruler(name: str) -> bool:
    """Whether an attribute's own name says that it is a version of what measures."""
    return bool(MEASURES.search(name) and SAYS_WHICH.search(name)) and not NEVER.search(name)
