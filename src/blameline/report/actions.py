"""Proposed actions: each hangs on a ledger line, a guard or a gap, and says how to see that it worked.

They are proposals: nobody is named, and owner and date stay empty for people to fill in.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from blameline.report import wording
from blameline.report.escape import Safe, code, codes, say, segment
from blameline.report.sentences import level, named, sentence, undeclared

if TYPE_CHECKING:
    from collections.abc import Iterator

    from blameline.records import Guard, LedgerLine, Shift
    from blameline.report.page import Page

ATTRIBUTES = {
    "prompt": "gen_ai.prompt.version",
    "model": "gen_ai.response.model",
    "sampling": "gen_ai.request.temperature",
    "retrieval": "gen_ai.data_source.id",
    "deploy": "service.version",
    "judge": "gen_ai.evaluation.evaluator.version",
}
"""The standard attribute that carries a layer's version; the others need one of your own."""


@dataclass(frozen=True)
class Action:
    """One thing to do."""

    do: Safe
    check: Safe
    """How to see that it worked."""
    tied_to: Safe
    """The ledger line, guard or gap that it comes from."""


def actions(page: Page) -> tuple[Action, ...]:
    """What the findings suggest, in the order to do it."""
    return (*_contain(page), *_learn(page), *_record(page), *_guard(page), *_watch(page))


def _goal(page: Page, shift: Shift) -> Safe:
    before = level(page, shift, shift.before)
    return say("{signal} is back near {before} on the same traffic", signal=code(shift.signal), before=before)


def _line(line: LedgerLine) -> Safe:
    if undeclared(line.candidate):
        return Safe("the undeclared move in the ledger")
    return say("ledger line {id}", id=code(line.candidate))


def _lines(lines: tuple[LedgerLine, ...]) -> Safe:
    if len(lines) == 1:
        return _line(lines[0])
    return say("ledger lines {ids}", ids=codes(line.candidate for line in lines))


def _contain(page: Page) -> Iterator[Action]:
    shift = page.main
    outcome = page.story.found.outcome
    if shift is None:
        return
    if outcome == "tied":
        ids = codes([named(line.candidate) for line in page.suspects], last="and")
        yield Action(
            say(
                "If users are being harmed now, take back {ids}, all of them; "
                "if not, take back one of them alone and watch.",
                ids=ids,
            ),
            _goal(page, shift),
            _lines(page.suspects),
        )
    if outcome == "attributed":
        for line in page.suspects:
            yield Action(_take_back(page, line, shift), _goal(page, shift), _line(line))


def _take_back(page: Page, line: LedgerLine, shift: Shift) -> Safe:
    change = page.change(line.candidate)
    if shift.ended is not None:
        return say("Keep {id} out, or repaired, until a replay passes.", id=named(line.candidate))
    if not line.declared:
        return _trace_back(line)
    if change is not None and change.from_ and change.to:
        return say(
            "Take back {id}: return {what} from {to} to {old}.",
            id=code(change.id),
            what=code(change.component or change.layer),
            to=code(change.to),
            old=code(change.from_),
        )
    return say("Take back {id}.", id=code(line.candidate))


def _trace_back(line: LedgerLine) -> Safe:
    move = undeclared(line.candidate)
    if move is not None and line.kind == "staleness":
        words = "Renew {attribute}, which stayed at {value}, and find what stopped renewing it."
        return say(words, attribute=code(move[0]), value=code(move[1]))
    if move is None:
        return say(
            "Find what brought in {id}, and put the earlier version back where you can.", id=code(line.candidate)
        )
    return say(
        "Find what moved {attribute} to {value}, and put the earlier version back where you can.",
        attribute=code(move[0]),
        value=code(move[1]),
    )


def _learn(page: Page) -> Iterator[Action]:
    for test in page.next_tests:
        if any(line.verdict != "confirmed" for line in test.lines):
            check = Safe("the answer is written here, whichever way it falls")
            yield Action(sentence(test.text), check, _lines(test.lines))
    shift = page.main
    reported = page.story.manifest.reported_at
    if shift is None:
        if reported is not None:
            yield Action(
                say("Look at what the report of {at} saw.", at=wording.moment(reported)),
                Safe("what explains it is written here"),
                Safe("the report"),
            )
        return
    signal = code(shift.signal)
    match page.story.found.outcome:
        case "ruler":
            yield Action(
                say(
                    "Score one fixed set of answers with the old and the new ruler, "
                    "and restate {signal} by the difference.",
                    signal=signal,
                ),
                Safe("the restated series has no step at the onset"),
                say("shift {id}", id=code(shift.id)),
            )
        case "mix":
            yield Action(
                say("Report {signal} by segment, and alert on those rather than on the total.", signal=signal),
                Safe("the same change of traffic raises no alert"),
                say("shift {id}", id=code(shift.id)),
            )
        case "artefact":
            yield Action(
                Safe("Repair the export, load it again and investigate again."),
                Safe("the shift is gone, or is found again on whole records"),
                say("shift {id}", id=code(shift.id)),
            )
        case _:
            return


def _record(page: Page) -> Iterator[Action]:
    for line in page.leading:
        move = undeclared(line.candidate)
        if not line.declared and move is not None and line.kind != "staleness":
            yield Action(
                say(
                    "Record the move of {attribute} to {value} in the changelog, "
                    "and have whatever makes that change write a record of it.",
                    attribute=code(move[0]),
                    value=code(move[1]),
                ),
                Safe("the next such change has a record before it takes effect"),
                _line(line),
            )
    for layer in page.story.unmeasured:
        attribute = ATTRIBUTES.get(layer)
        which = (
            say("as {name}", name=code(attribute))
            if attribute
            else Safe("in an attribute named under `fields:` in `incident.yaml`")
        )
        yield Action(
            say("Stamp the version of {layer} on every trace, {which}.", layer=code(layer), which=which),
            Safe("the version snapshot above shows it"),
            say("data gap {layer}", layer=code(layer)),
        )


def _guard(page: Page) -> Iterator[Action]:
    for guard in page.guards if page.app else ():
        if guard.finding != "caught":
            yield Action(
                _mend(page, guard),
                say("{name} fails on the bad version and passes on the good one", name=code(guard.guard)),
                say("guard {name}", name=code(guard.guard)),
            )


def _mend(page: Page, guard: Guard) -> Safe:
    shift = next((shift for shift in page.worse if shift.id == guard.shift), page.main)
    where = segment(shift.segment) if shift else Safe("this traffic")
    words = {
        "no_case": "Add cases from {where} to {name}.",
        "stale": "Renew the cases of {name} from recent traffic.",
        "underpowered": "Give {name} enough cases for a drop of this size ({where}).",
        "blind_judge": "Calibrate the judge of {name} on the answers of this incident, checked by hand.",
        "not_run": "Make {name} run for every change, and show when it did not.",
        "not_gating": "Let {name} block a release.",
        "overridden": "Ask for a written reason when {name} is overridden, and show it beside the change.",
    }
    return say(words[guard.finding], name=code(guard.guard), where=where)


def _watch(page: Page) -> Iterator[Action]:
    shift = page.main
    if shift is None or not page.app or any(guard.finding == "caught" for guard in page.guards):
        return
    yield Action(
        say(
            "Alert on {signal} ({where}) against its own past. An idea: not tried on past data.",
            signal=code(shift.signal),
            where=segment(shift.segment),
        ),
        Safe("replaying this incident raises the alert"),
        say("shift {id}", id=code(shift.id)),
    )
