"""Reads ``runbooks/*.md`` and finds those that fit an investigation.

A runbook is a page for people: Markdown under a front matter that says for which layers and outcomes it is. What fits
is decided by the ledger alone, and each fit says why.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import yaml
from pydantic import ValidationError

from blameline.assets import assets
from blameline.errors import BlamelineError, NotFound
from blameline.records import Runbook

if TYPE_CHECKING:
    from blameline.records import Investigation, LedgerLine

HEADINGS = ("Goal", "First five minutes", "Do and check", "Roll back", "Afterwards")
"""Every runbook has these, in this order."""

LAYERS_OF_BIDDER = {"mix": ("traffic",), "ruler": ("judge", "eval"), "artefact": ("telemetry",)}
"""The layers that a standing bidder speaks for."""

WORTH_A_LOOK = 0.05
"""A candidate with less than this needs no runbook at night."""


@cache
def runbooks() -> tuple[Runbook, ...]:
    """The shipped runbooks, by id."""
    pages = [page for page in assets("runbooks").iterdir() if page.name.endswith(".md")]
    return tuple(
        sorted((parse(page.read_text(encoding="utf-8"), page.name) for page in pages), key=lambda book: book.id)
    )


def runbook(name: str) -> Runbook:
    """The runbook of that id."""
    for book in runbooks():
        if book.id == name:
            return book
    raise NotFound(f"no runbook named '{name}'", hint=f"there are: {', '.join(book.id for book in runbooks())}")


def parse(text: str, source: str) -> Runbook:
    """One page, its front matter read and its headings checked."""
    _, _, rest = text.partition("---\n")
    matter, end, body = rest.partition("\n---\n")
    if not text.startswith("---\n") or not end:
        raise BlamelineError(
            f"{source} has no front matter", hint="begin it with id, title, layers and outcomes between --- lines"
        )
    headings = tuple(line[3:].strip() for line in body.splitlines() if line.startswith("## "))
    if headings != HEADINGS:
        raise BlamelineError(
            f"{source} has the headings {', '.join(headings) or 'none'}", hint=f"wanted: {', '.join(HEADINGS)}"
        )
    try:
        return Runbook.model_validate({**(yaml.safe_load(matter) or {}), "text": body.strip() + "\n"})
    except (yaml.YAMLError, ValidationError, TypeError) as error:
        raise BlamelineError(f"{source} has a front matter that cannot be read: {error}") from error


def fitting(found: Investigation) -> tuple[Runbook, ...]:
    """The runbooks that fit, the one for the most probable candidate first; none when nothing got worse."""
    main = next((shift.id for shift in found.shifts if shift.direction == "worse"), None)
    best: dict[str, tuple[float, str]] = {}
    for line in found.ledger:
        if line.shift != main or line.verdict == "excluded" or line.probability < WORTH_A_LOOK:
            continue
        for book in runbooks():
            if found.outcome in book.outcomes and set(_layers(line)) & set(book.layers):
                best[book.id] = max(best.get(book.id, (0.0, "")), (line.probability, _because(line)))
    if found.outcome == "unattributed":
        for book in runbooks():
            if "model" in book.layers and "unattributed" in book.outcomes:
                best.setdefault(
                    book.id,
                    (0.0, "nothing on the list has earned it, and a provider may change a model without a word"),
                )
    ranked = sorted(best.items(), key=lambda item: (-item[1][0], item[0]))
    return tuple(runbook(name).model_copy(update={"because": because}) for name, (_, because) in ranked)


def _layers(line: LedgerLine) -> tuple[str, ...]:
    return (line.layer,) if line.layer else LAYERS_OF_BIDDER.get(line.candidate, ())


def _because(line: LedgerLine) -> str:
    layer = f" (layer {line.layer})" if line.layer else ""
    return f"{line.candidate}{layer} holds {_odds(line.probability)} of the odds, {line.verdict}"


def _odds(probability: float) -> str:
    """As the report writes them: never 0% and never 100%."""
    if probability < 0.01:
        return "<1%"
    return ">99%" if probability > 0.99 else f"{probability:.0%}"
