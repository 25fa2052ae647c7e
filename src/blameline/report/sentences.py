"""The sentences of the page: what moved, how much, how late it was noticed, and what is honest to say about it.

Short sentences, each from the records alone. An outcome that blames nothing gets words of its own, never a weaker
form of blame.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from blameline.records.scale import counted, factors, logged
from blameline.report import wording
from blameline.report.escape import Safe, code, codes, inline, say, segment
from blameline.report.page import BIDDERS, Page

if TYPE_CHECKING:
    from collections.abc import Iterable

    from blameline.records import Evidence, Interval, LedgerLine, Shift, SignatureSignal, SliceEffect

VERDICTS = {
    "confirmed": "an experiment took it back and the quality returned",
    "supported": "more than timing speaks for it, and no experiment has taken it back yet",
    "consistent": "nothing but timing speaks for it, so it is a lead and not a finding",
    "excluded": "the evidence speaks against it",
    "untestable": "this data cannot test it",
}
FINDINGS = {
    "caught": "caught it",
    "no_case": "has no case for it",
    "stale": "has cases that are out of date",
    "underpowered": "has too few cases to see a drop of this size",
    "blind_judge": "has a judge that cannot see this fault",
    "not_run": "did not run",
    "not_gating": "cannot stop a release",
    "overridden": "was overridden",
}
ANSWERS = {"supports": "speaks for it", "refutes": "speaks against it", "inconclusive": "cannot tell"}


_UNDECLARED = re.compile(r"undeclared:[a-z]+:([^\s=,;]+)=([^\s,;]*[^\s,;.:])")


def undeclared(name: str) -> tuple[str, str] | None:
    """The attribute and the value of a candidate that the traces show and nobody declared."""
    if not name.startswith("undeclared:"):
        return None
    attribute, _, value = name.partition(":")[2].partition(":")[2].partition("=")
    return attribute, value


def named(name: str, article: str = "the") -> Safe:
    """A bidder inside a sentence, an undeclared one by what moved."""
    move = undeclared(name)
    if move is None:
        return bidder(name)
    words = "{article} undeclared move of {attribute} to {value}"
    return say(words, article=Safe(article), attribute=code(move[0]), value=code(move[1]))


def candidate(line: LedgerLine) -> Safe:
    """A bidder by its name."""
    if line.candidate in BIDDERS:
        return say("{words} ({id})", words=Safe(BIDDERS[line.candidate]), id=code(line.candidate))
    return code(line.candidate)


def bidder(name: str) -> Safe:
    """A bidder inside a sentence."""
    return Safe(BIDDERS[name]) if name in BIDDERS else code(name)


def sentence(text: str, *, capital: bool = True) -> Safe:
    """Somebody's sentence, with one full stop at its end, and a capital where it begins with a plain word."""
    text = _UNDECLARED.sub(r"the undeclared move of \1 to \2", wording.zeros(text.strip()))
    if capital and text.partition(" ")[0].rstrip(":,").isalpha():
        text = text[:1].upper() + text[1:]
    line = inline(text)
    return Safe(line if not line or line[-1] in ".!?…" else line + ".")


def first(text: Safe) -> Safe:
    """The same words at the beginning of a sentence."""
    return Safe(text[:1].upper() + text[1:])


def _all(lines: Iterable[LedgerLine], last: str = ",") -> Safe:
    """Several bidders inside a sentence."""
    return codes([named(line.candidate) for line in lines], last=last)


def moved(page: Page) -> Safe:
    """Which variable moved."""
    suspects = _all(page.suspects)
    match page.story.found.outcome:
        case "attributed":
            layers = dict.fromkeys(str(line.layer or "unknown") for line in page.suspects)
            silent = bool(page.suspects) and all(undeclared(line.candidate) for line in page.suspects)
            who = Safe(", by a change that nobody declared") if silent else say(": {ids}", ids=suspects)
            return say("the application, layer {layers}{who}", layers=codes(layers), who=who)
        case "tied" | "unattributed" if page.main is not None and page.main.moved == "unknown":
            return Safe("not known. This data does not settle whether it was the application at all")
        case "tied":
            return say("the application; by {ids}", ids=_all(page.suspects, last="or"))
        case "unattributed":
            return Safe("the application. What moved it is not known")
        case "ruler" | "mix" | "artefact" as outcome:
            what = {"ruler": "ruler", "mix": "traffic", "artefact": "records"}[outcome]
            by = say(": {ids}", ids=suspects) if suspects else Safe("")
            better = Safe(", which got better on like requests" if page.main is not None and offset(page.main) else "")
            return say("the {what}, not the application{better}{by}", what=what, better=better, by=by)
        case _ if page.story.found.cannot_tell:
            return Safe("not known. Nothing could be looked at, so nothing is cleared")
        case _:
            return Safe("none that can be told from chance")


def offset(shift: Shift) -> bool:
    """Whether answers to like requests came out better while the mean fell."""
    return shift.plain and shift.mix is not None and shift.mix.verdict == "offset"


def titled(shift: Shift) -> Safe:
    """The signal's name, and what it counts where that says more."""
    return say("{name} ({title})", name=code(shift.signal), title=shift.title) if shift.title else code(shift.signal)


def movement(page: Page, shift: Shift) -> Safe:
    """One shift in numbers: from, to, by how much, since when."""
    text = say(
        "{signal} went from {before} to {after} ({where}): {change}{alike}. ",
        signal=titled(shift),
        before=level(page, shift, shift.before),
        after=level(page, shift, shift.after),
        where=segment(shift.segment),
        change=change(page, shift),
        alike=say(", and {alike} at an equal traffic mix", alike=alike(page, shift))
        if shift.plain
        else Safe(" at an equal traffic mix"),
    )
    how = "It began to slide" if shift.gradual else "It moved"
    onset = say(
        "{how} at about {at} [{between}].",
        how=how,
        at=wording.moment(shift.onset.estimate),
        between=wording.between(shift.onset),
    )
    return Safe(" ".join(part for part in (f"{text}{onset}", _settled(shift), back(shift)) if part))


def _settled(shift: Shift) -> Safe:
    """When a slide was over and the new level reached."""
    if not shift.gradual:
        return Safe("")
    if shift.settled is None:
        return Safe("Where the slide ends is not in the data.")
    return say(
        "It was at its new level by about {at} [{between}].",
        at=wording.moment(shift.settled.estimate),
        between=wording.between(shift.settled),
    )


def back(shift: Shift) -> Safe:
    """Whether the quality came back."""
    if shift.ended is None or shift.ended_range is None:
        return Safe("It had not come back when the data ends.")
    return say(
        "It came back at about {at} [{between}].",
        at=wording.moment(shift.ended),
        between=wording.between(shift.ended_range),
    )


def measuring(page: Page, shift: Shift) -> Safe:
    """What the ruler did by itself in a shift, where answers that did not change tell; not where the outcome says so already."""
    bridge = shift.bridge
    if bridge is None or (page.story.found.outcome == "ruler" and shift is page.main):
        return Safe("")
    told = sentence(bridge.because)
    if bridge.hides and shift.linked:
        return say("The scores hide it, in part or in whole. {told} The size given here is without that.", told=told)
    if bridge.hides:
        return say("The ruler moved the other way, so the fall may be larger than the scores show. {told}", told=told)
    if shift.linked:
        return say("The ruler moved too. {told} The odds are for what is left without it.", told=told)
    return told


def summary(page: Page) -> Safe:
    """The one paragraph."""
    if page.main is None:
        return _quiet(page)
    opening = Safe(f"{movement(page, page.main)} {measuring(page, page.main)}".strip())
    match page.story.found.outcome:
        case "attributed":
            rest = _blamed(page)
        case "tied":
            rest = _tied(page)
        case "ruler":
            by = _odds(page, "ruler")
            rest = Safe(f"The way of scoring moved. Nothing here shows that an answer got worse. {by}")
        case "mix":
            rest = Safe(
                "Other requests came in than before. On like requests, nothing here shows that an answer got worse. "
                + _odds(page, "mix")
            )
        case "artefact":
            rest = Safe(
                "Records were lost, doubled or sampled in another way. Nothing here shows that an answer got worse. "
                "Repair the records first; then investigate again. " + _odds(page, "artefact")
            )
        case _:
            rest = _unearned(page)
    return Safe(f"{opening} {rest}".strip())


def _quiet(page: Page) -> Safe:
    blind = "; a layer whose version no trace carries can change unseen" if page.story.unmeasured else ""
    return say(
        "Looked at: {traces}. "
        "This is no proof that nothing happened: a drop too small for this data does not show{blind}.",
        traces=wording.plural(page.story.traces, "request"),
        blind=Safe(blind),
    )


def _blamed(page: Page) -> Safe:
    parts = [
        say(
            "{id} {holds}{explains}. {because} Verdict: {verdict} ({meaning}).",
            id=first(named(line.candidate)),
            holds=_holds(line),
            explains=say(" and explains {share} of the move", share=Safe(wording.share(line.share)))
            if page.explained
            else Safe(""),
            because=sentence(line.because),
            verdict=line.verdict,
            meaning=Safe(VERDICTS[line.verdict]),
        )
        for line in page.suspects
    ]
    return Safe(" ".join(parts))


def _holds(line: LedgerLine) -> Safe:
    """How likely it is, alone or as one of two."""
    if any(partner.probability > 0.5 and partner.how != "masked" for partner in line.partners):
        return say("had a part in it with odds of {odds}", odds=Safe(wording.percent(line.involved)))
    return say("holds {odds} of the odds", odds=Safe(wording.percent(line.probability)))


def priors(page: Page) -> Safe:
    """What the bids of the main shift started with, and who says so."""
    standing = [line for line in page.lines if line.candidate in BIDDERS]
    changes = [line.prior for line in page.lines if line.candidate not in BIDDERS]
    told = [
        f"{line.candidate} {wording.percent(line.prior)}" for line in sorted(standing, key=lambda one: one.candidate)
    ]
    if changes:
        low, high = wording.percent(min(changes)), wording.percent(max(changes))
        told.append(f"each change {low}" if low == high else f"a change {low} to {high}, by its layer")
    given = page.story.manifest.prior != type(page.story.manifest.prior)()
    whose = Safe("as the manifest sets it" if given else "as blameline has it; `prior:` in `incident.yaml` changes it")
    return say("Before any evidence ({whose}): {told}.", whose=whose, told=Safe(", ".join(told)))


def _tied(page: Page) -> Safe:
    return say(
        "This data cannot tell {ids} apart. Together they hold {odds} of the odds. "
        "None of them is picked here: the next test is what separates them.",
        ids=_all(page.suspects, last="and"),
        odds=Safe(wording.percent(sum(line.probability for line in page.suspects))),
    )


def _unearned(page: Page) -> Safe:
    text = "The move is larger than chance explains, and no candidate has earned it. Nothing is blamed by default."
    nearest = next((line for line in page.lines if line.candidate not in BIDDERS and line.verdict != "excluded"), None)
    if nearest is not None:
        text += say(
            " The nearest is {id} with {odds} of the odds: {meaning}.",
            id=named(nearest.candidate),
            odds=Safe(wording.percent(nearest.probability)),
            meaning=Safe(VERDICTS[nearest.verdict]),
        )
    if page.unknown is not None:
        text += f" Something not on the list holds {wording.percent(page.unknown.probability)}."
    return Safe(text)


def _odds(page: Page, name: str) -> Safe:
    """What the evidence says of the changes behind a standing bidder, or of the bidder itself."""
    lines = page.suspects or tuple(line for line in page.lines if line.candidate == name)
    told = [
        say(
            "Odds for {who}: {odds}. {because}",
            who=named(line.candidate),
            odds=Safe(wording.percent(line.probability)),
            because=sentence(line.because),
        )
        for line in lines
    ]
    return Safe(" ".join(told))


def level(page: Page, shift: Shift, value: float) -> Safe:
    """A mean of a shift's signal, with its unit."""
    unit = wording.unit(shift, page.story.signals)
    _, own = counted(value, unit)
    return Safe(f"{wording.level(value, within_one=page.is_rate(shift), unit=unit)} {inline(own)}".strip())


def change(page: Page, shift: Shift) -> Safe:
    """How much a shift's signal moved, with its unit."""
    return _sized(page, shift, shift.delta)


def alike(page: Page, shift: Shift) -> Safe:
    """How much the signal moved at an equal traffic mix, where the shift is one of the plain mean."""
    if shift.mix is None:
        return Safe("by an unknown size")
    return _sized(page, shift, shift.mix.within)


def _sized(page: Page, shift: Shift, moved: Interval) -> Safe:
    """A change with its unit; a factor has none."""
    unit = wording.unit(shift, page.story.signals)
    own = "" if logged(unit) else inline(unit)
    return Safe(f"{wording.change(moved, within_one=page.is_rate(shift), unit=unit)} {own}".strip())


def slice_change(page: Page, one: SliceEffect) -> Safe:
    """How much the main shift's signal moved in one slice."""
    unit = wording.unit(page.main, page.story.signals) if page.main else ""
    return Safe(wording.change(one.delta, within_one=page.within_one, unit=unit))


def stepped(one: SignatureSignal) -> Safe:
    """How far a signal of behaviour stepped: as a factor where it is counted in logs, in points where it is a share."""
    ends = (one.delta.estimate, one.delta.low, one.delta.high)
    if logged(one.unit):
        return Safe(factors(one.delta))
    if one.unit.startswith("share"):
        return Safe("{:+.1f} points [{:+.1f}, {:+.1f}]".format(*(100 * end for end in ends)).replace("-", "−"))
    return Safe("{:+.3g} [{:+.3g}, {:+.3g}]".format(*ends).replace("-", "−"))


def numbers(item: Evidence) -> Safe:
    """The key numbers of a piece of evidence: the first four in its check's order, an interval with its estimate."""
    told: list[str] = []
    rest = dict(item.numbers)
    whole = all(isinstance(rest.get(end), int | float) for end in ("low", "high"))
    ends = f"[{wording.brief(rest.pop('low'))}, {wording.brief(rest.pop('high'))}]" if whole else ""
    estimate = next((name for name in rest if name.startswith("effect")), None)
    for name, value in list(rest.items())[:4]:
        text = f"{inline(name.replace('_', ' '))} {sentence(wording.brief(value), capital=False).removesuffix('.')}"
        told.append(f"{text} {ends}" if ends and name == estimate else text)
    return Safe("; ".join(told) or "–")


def effect_at(line: LedgerLine) -> Safe:
    """When a bid took effect: by its own record, by the traces, or by both where they differ."""
    at = wording.moment(line.at) if line.at else ""
    seen = wording.moment(line.seen_at) if line.seen_at else ""
    if not line.declared:
        return Safe(f"First seen in the traces at {seen or at}." if seen or at else "")
    if at and seen and at != seen:
        return Safe(f"Declared for {at}, first seen in the traces at {seen}.")
    if at:
        return Safe(f"Took effect {at}.")
    return Safe(f"First seen in the traces at {seen}." if seen else "")


def ruled_out(line: LedgerLine) -> Safe:
    """Why a bid is out: its own sentence, and the questions that decided it."""
    text = say(
        "**{id}** ({odds}). {because}",
        id=candidate(line),
        odds=Safe(wording.percent(line.probability)),
        because=sentence(line.because),
    )
    own = line.because.lower()
    told = [
        say(
            " Asked: {asks}{because} ({query})",
            asks=inline(item.asks),
            because=Safe("")
            if item.because.lower().rstrip(".") in own
            else say(" Found: {it}", it=sentence(item.because)),
            query=code(item.query.name),
        )
        for item in line.evidence
        if item.verdict == "refutes"
    ]
    return Safe(text + "".join(told))
