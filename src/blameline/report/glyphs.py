"""The signs that a terminal is drawn with: Unicode ones, and plain ASCII for terminals that have no others.

No sign means anything by its colour.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Glyphs:
    """One alphabet of the plot; each sign is one cell wide."""

    levels: tuple[str, str, str]
    """A mean in the lower, middle and upper third of its cell."""
    band: str
    """The 90% interval."""
    onset: str
    """The estimated onset, through the plot."""
    bars: str
    """Eight heights, the lowest first."""
    edge: str
    tick: str
    foot: str
    """The axis of time."""
    pin: str
    """A tick on it."""
    low: str
    high: str
    span: str
    """Both ends of a range, and what lies between them."""
    mark: str
    """Something without a letter."""
    more: str
    """Several things that do not fit."""
    states: tuple[tuple[str, str], ...]
    """How an eval run ended without a result."""
    cut: str
    """Stands for text that was left out."""


UNICODE = Glyphs(
    levels=("▁", "─", "▔"),
    band="░",
    onset="┊",
    bars="▁▂▃▄▅▆▇█",
    edge="│",
    tick="┤",
    foot="─",
    pin="┬",
    low="├",
    high="┤",
    span="─",
    mark="·",
    more="+",
    states=(("skipped", "×"), ("overridden", "!"), ("error", "?")),
    cut="…",
)
ASCII = Glyphs(
    levels=("_", "-", "~"),
    band=":",
    onset="'",
    bars="01234567",
    edge="|",
    tick="+",
    foot="-",
    pin="+",
    low="[",
    high="]",
    span="=",
    mark=".",
    more="+",
    states=(("skipped", "x"), ("overridden", "!"), ("error", "?")),
    cut="...",
)
