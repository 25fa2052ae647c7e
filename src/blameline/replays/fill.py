"""What fills the holes of a plan: ``name=version:SOURCE`` in, finished requests out.

A source is a text file (the old prompt, which takes the place of the system message), a JSON file (a list of tools, or an
object of parameters), JSON lines with ``case_id`` and ``messages`` (each request as the old index, context or router made it), or
the address of an endpoint that serves that version.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from blameline.errors import BlamelineError, NotFound

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True)
class Fill:
    """One source, opened."""

    text: str | None = None
    tools: Sequence[Any] | None = None
    settings: Mapping[str, Any] | None = None
    messages: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    """By trace id."""
    url: str | None = None


def opened(given: Sequence[str]) -> dict[str, Fill]:
    """Each source by ``name=version``.

    Raises ``BlamelineError`` for what is not written so, and ``NotFound`` for a file that is not there.
    """
    found = {}
    for one in given:
        hole, colon, source = one.partition(":")
        name, equals, version = hole.partition("=")
        if not colon or not equals or not name or not version or not source:
            raise BlamelineError(f"'{one}' is not NAME=VERSION:SOURCE", hint="for example prompt=v35:prompts/v35.txt")
        found[hole] = _source(source)
    return found


def _source(source: str) -> Fill:
    if source.startswith(("http://", "https://")):
        return Fill(url=source)
    path = Path(source)
    if not path.is_file():
        raise NotFound(f"there is no file {source}", hint="a fill is a file, or the address of an endpoint")
    text = path.read_text(encoding="utf-8")
    try:
        whole = json.loads(text)
    except ValueError:
        whole = None
    if isinstance(whole, list):
        return Fill(tools=whole)
    if isinstance(whole, dict) and "case_id" not in whole:
        return Fill(settings=whole)
    cases = _cases(text)
    return Fill(text=text) if cases is None else Fill(messages=cases)


def _cases(text: str) -> dict[str, Sequence[Any]] | None:
    """Messages by request, where each line is JSON that has them; ``None`` for any other text."""
    found = {}
    for line in text.splitlines():
        if not line.strip():
            continue
        try:
            one = json.loads(line)
        except ValueError:
            return None
        if not isinstance(one, dict) or "case_id" not in one or not isinstance(one.get("messages"), list):
            return None
        found[str(one["case_id"])] = one["messages"]
    return found or None


def filled(run: Mapping[str, Any], fills: Mapping[str, Fill]) -> tuple[dict[str, Any], str | None] | None:
    """The request of a run with its holes filled, and another address where a fill is one; ``None`` where one stays open."""
    request, url = dict(run["request"] or {}), None
    wanted = [fills.get(f"{name}={version}") for name, version in sorted(run["fill"].items())]
    for fill in sorted(
        wanted, key=lambda one: one is None or not one.messages
    ):  # whole messages first, then parts of them
        if fill is None:
            return None
        if fill.url is not None:
            url = fill.url
        elif fill.messages:
            if run["case_id"] not in fill.messages:
                return None
            request["messages"] = list(fill.messages[run["case_id"]])
        elif fill.tools is not None:
            request["tools"] = list(fill.tools)
        elif fill.settings is not None:
            request |= fill.settings
        else:
            request["messages"] = _with_system(request.get("messages") or [], fill.text or "")
    return (request, url) if request.get("messages") else None


def _with_system(messages: Sequence[Mapping[str, Any]], text: str) -> list[Mapping[str, Any]]:
    """The same talk under another system message."""
    rest = [one for one in messages if one.get("role") not in {"system", "developer"}]
    return [{"role": "system", "content": text}, *rest]
