"""Which scores are the feedback of users: biased, and never decisive alone.

The manifest goes first, then who gave them as their export says, then their name. Labels by experts and scores by judges are
graded truth, whatever they are called.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from blameline.records import SignalSetting
    from blameline.store import Store

_SPACE = r"[-_. ]?"
_WORDS = (
    r"thumbs?(?=up|down|[^a-z]|$)", r"(?:star_?)?ratings?", "stars", r"csat", r"nps", r"(?:dis)?satisf", "feedback", "surveys?",
    "click", "ctr", r"cop(?:y|ied|ies)", r"(?:dis)?like[sd]?", r"(?:up|down)?votes?", r"(?:up|down)voted", r"smileys?",
    r"(?:un)?happy(?=$)", rf"(?:user|emoji){_SPACE}reactions?",
    rf"(?:end{_SPACE})?(?:user|customer|visitor){_SPACE}(?:scores?|(?:un)?happy|happiness|approv(?:al|ed)|emojis?)",
    rf"(?:was|were|found|marked|voted|rated){_SPACE}(?:(?:this|that|it|answer|reply){_SPACE})?(?:un)?helpful",
    rf"helpful(?={_SPACE}(?:vote|click|button))", rf"accept(?:ed|ance)?{_SPACE}rate",
    rf"(?:suggestion|completion|edit|draft|reply|user){_SPACE}accept(?:ed|ance)",
)  # fmt: skip
_WHOLE = (
    "emojis?", "reactions?", rf"accept(?:ed|ance)?(?:{_SPACE}(?:suggestion|completion|edit|draft|reply|answer|by{_SPACE}user)s?)?"
)  # fmt: skip
FEEDBACK = re.compile(
    rf"(?:(?<![A-Za-z])|(?<=[a-z])(?=[A-Z]))(?i:{'|'.join(_WORDS)})(?=(?i:action|ied|through|up|down|s)|[^a-z]|$)"
    rf"|^(?i:{'|'.join(_WHOLE)})$"
)
"""Scores that users give by a click, by their name; a word within another (``likelihood``, ``copyright``) is none."""
BIAS = "from the few who click, and kind to confident and agreeable answers, right or wrong: never decisive alone"


def graded(store: Store, names: Iterable[str]) -> frozenset[str]:
    """Of the scores whose names speak of users' feedback, those that judges, code or reviewers gave."""
    spoken = sorted(name for name in names if FEEDBACK.search(name))
    return frozenset(row["name"] for row in store.rows("cells/graded", names=spoken)) if spoken else frozenset()


def is_feedback(name: str, setting: SignalSetting | None, graded: frozenset[str]) -> bool:
    """Whether a score is the feedback of users."""
    if setting is not None and setting.family is not None:
        return setting.family == "feedback"
    return name not in graded and bool(FEEDBACK.search(name))
