"""Declared against observed, for the page: the dark changes in sentences, and how many of the others agree."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, get_args

from blameline.records import DARK, Agreement
from blameline.report import wording
from blameline.report.escape import Safe, code, say
from blameline.report.sentences import sentence

if TYPE_CHECKING:
    from collections.abc import Mapping

    from blameline.records import ChangeState
    from blameline.report.page import Page

MOST = 20
"""Dark changes that are told one by one."""
STATES: Mapping[str, str] = {
    "undeclared": "Declared nowhere",
    "wrong time": "At another time than declared",
    "late": "Written down after it had acted",
    "declared without effect": "Declared, and without effect on the stamp that it names",
    "cannot tell": "Cannot be told",
    "not visible": "Not visible in the traces",
    "declared": "Declared as it came",
}
"""Each state at the beginning of a sentence."""
_COUNTED: Mapping[str, str] = {"late": "written down late", "declared": "declared as it came"}
WIDEST = 60


def state_counts(counts: Mapping[str, int]) -> str:
    """How many changes are in each state, in one sentence, the darkest first."""
    told = [f"{counts[state]} {_COUNTED.get(state, state)}" for state in get_args(Agreement) if counts.get(state)]
    whole = sum(counts.values())
    return f"{wording.plural(whole, 'change')}: {', '.join(told)}."


def counted(page: Page) -> Safe:
    """The same for the page."""
    return Safe(state_counts(Counter(one.state for one in page.story.found.changes)))


def dark(page: Page) -> tuple[ChangeState, ...]:
    """What somebody who trusts the changelog does not know, the darkest first, and what was rolled out otherwise."""
    return tuple(
        one for one in page.story.found.changes if one.state in DARK or one.rollout_differs or one.scope_differs
    )


def doubtful(page: Page) -> tuple[ChangeState, ...]:
    """What this data cannot tell."""
    return tuple(one for one in page.story.found.changes if one.state == "cannot tell")


def unseen(page: Page) -> tuple[ChangeState, ...]:
    """What is declared and leaves no mark in the traces, and attributes that are no version."""
    return tuple(one for one in page.story.found.changes if one.state == "not visible")


def told(one: ChangeState) -> Safe:
    """One change in words: its state, what it is, and why."""
    return say("{state}: {what}", state=Safe(STATES[one.state]), what=stateless(one))


def stateless(one: ChangeState) -> Safe:
    """One change in words where all beside it are in the same state."""
    what = say("{id} ({kind})", id=_short(one.id), kind=one.kind) if one.declared and one.id else _moved(one)
    return say("{what}. {because}", what=what, because=sentence(one.because))


def _moved(one: ChangeState) -> Safe:
    if one.attribute is None:
        return say("the layer {layer}", layer=code(one.layer))
    if one.to is None:
        return _short(one.attribute)
    return say("{attribute} = {to}", attribute=_short(one.attribute), to=_short(one.to))


def _short(text: str) -> Safe:
    return code(text if len(text) <= WIDEST else f"{text[: WIDEST - 1]}…")
