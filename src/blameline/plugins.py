"""Entry points: the one door by which sources, detectors, checks and renderers come in, ours and everyone else's.

``names`` imports nothing, so that ``incident --help`` stays quick; ``load`` imports one; ``load_all`` imports a group.
"""

from __future__ import annotations

from difflib import get_close_matches
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from blameline.errors import UnknownPlugin

GROUPS = ("blameline.sources", "blameline.detectors", "blameline.checks", "blameline.renderers")
"""The four seams."""


@cache
def installed(group: str) -> tuple[EntryPoint, ...]:
    """Every plug-in of a group, by name, without importing any; looked for once: each look reads every package's metadata."""
    return tuple(sorted(entry_points(group=group), key=lambda point: point.name))


def names(group: str) -> tuple[str, ...]:
    """The names of a group's plug-ins, without importing any."""
    return tuple(point.name for point in installed(group))


@cache
def load(group: str, name: str) -> Any:  # noqa: ANN401  the group decides the protocol
    """One plug-in, made.

    Raises ``UnknownPlugin`` with the nearest and the installed names.
    """
    for point in installed(group):
        if point.name == name:
            return point.load()()
    near = get_close_matches(name, names(group), n=1)
    guess = f"did you mean '{near[0]}'? " if near else ""
    raise UnknownPlugin(
        f"no {group.removeprefix('blameline.').removesuffix('s')} named '{name}'",
        hint=f"{guess}installed: {', '.join(names(group)) or 'none'}",
    )


def load_all(group: str) -> tuple[Any, ...]:
    """Every plug-in of a group, made, in the order of their names."""
    return tuple(load(group, name) for name in names(group))
