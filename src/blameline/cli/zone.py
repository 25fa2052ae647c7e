"""The reader's own time beside UTC: the zone that was asked for, or the machine's, with its changes of summer time."""

from __future__ import annotations

import difflib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, available_timezones

from blameline.cli.tables import one_line
from blameline.errors import NotFound

if TYPE_CHECKING:
    from datetime import datetime, tzinfo

_UTC = frozenset(
    {"UTC", "Etc/UTC", "Etc/UCT", "Etc/Universal", "Etc/Zulu", "UCT", "Universal", "Zulu", "GMT", "Etc/GMT"}
)
_LOCALTIME = Path("/etc/localtime")


@dataclass(frozen=True)
class Zone:
    """A zone that is not UTC."""

    name: str
    rules: tzinfo | None
    """``None`` for the machine's own, where it has no name that is known."""

    def minute(self, moment: datetime) -> str:
        """A moment to the minute, with what the zone is called then: an hour that comes twice is told apart."""
        return f"{moment.astimezone(self.rules):%Y-%m-%d %H:%M %Z}"


def zone(asked: str | None) -> Zone | None:
    """The zone that was asked for, or the machine's; ``None`` where that is UTC. Raises ``NotFound`` for an unknown one."""
    if asked is not None:
        rules = _known(asked)
        if rules is None:
            near = difflib.get_close_matches(asked, available_timezones(), n=1)
            hint = f"did you mean '{near[0]}'?" if near else "write it as Europe/Berlin"
            raise NotFound(f"no time zone named '{one_line(asked)}'", hint=hint)
        return None if asked in _UTC else Zone(asked, rules)
    name = os.environ.get("TZ", "").lstrip(":") or _linked()
    rules = _known(name)
    if rules is not None:
        return None if name in _UTC else Zone(name, rules)
    return _own()


def _known(name: str) -> ZoneInfo | None:
    """The zone of that name; ``KeyError`` and others are what zoneinfo says of a name that is none."""
    if not name or len(name) > 64:
        return None
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None


def _linked() -> str:
    """The name of the machine's zone, where a link tells it."""
    try:
        return _LOCALTIME.resolve().as_posix().partition("zoneinfo/")[2]
    except OSError:
        return ""


def _own() -> Zone | None:
    """The machine's zone by its rules alone; ``None`` where it is UTC in winter and in summer."""
    import time  # noqa: PLC0415  only its zone, never the clock

    return None if time.timezone == 0 and not time.daylight else Zone("local time", None)
