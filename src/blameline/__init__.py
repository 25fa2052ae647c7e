"""blameline: the blame timeline for AI incidents.

>>> import blameline
>>> case = blameline.open("out/incident.duckdb")  # doctest: +SKIP
>>> found = case.blame()  # doctest: +SKIP

The names below are resolved on first use, so that ``import blameline`` loads neither DuckDB nor numpy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from blameline.case import Case
    from blameline.case import open_case as open  # noqa: A004  the name that a notebook wants
    from blameline.errors import BadManifest, BlamelineError, NotFound, StoreError, UnknownPlugin
    from blameline.records import Change, EvalRun, Investigation, LedgerLine, Loaded, Problem, Shift

__all__ = [
    "BadManifest",
    "BlamelineError",
    "Case",
    "Change",
    "EvalRun",
    "Investigation",
    "LedgerLine",
    "Loaded",
    "NotFound",
    "Problem",
    "Shift",
    "StoreError",
    "UnknownPlugin",
    "open",
]

_HOMES = {
    "Case": "case",
    "open": "case",
    **dict.fromkeys(("BadManifest", "BlamelineError", "NotFound", "StoreError", "UnknownPlugin"), "errors"),
    **dict.fromkeys(("Change", "EvalRun", "Investigation", "LedgerLine", "Loaded", "Problem", "Shift"), "records"),
}


def __getattr__(name: str) -> object:
    from importlib import import_module  # noqa: PLC0415  the door stays light

    if name == "__version__":
        from importlib.metadata import version  # noqa: PLC0415

        return version("blameline")
    if name in _HOMES:
        module = import_module(f"blameline.{_HOMES[name]}")
        return getattr(module, "open_case" if name == "open" else name)
    raise AttributeError(f"module 'blameline' has no attribute '{name}'")


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
