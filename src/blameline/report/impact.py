"""How many requests it touched, and how late somebody noticed.

Rates carry their interval and their denominator; the delay carries the doubt about the onset. What is no harm is not
told as harm.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from blameline.records.scale import factor, logged
from blameline.report import wording
from blameline.report.escape import Safe, codes, say, segment

if TYPE_CHECKING:
    from blameline.records import Location, MixSplit, Shift
    from blameline.report.page import Page


def impact(page: Page) -> tuple[Safe, ...]:
    """How many requests it touched, as a rate with its interval and its denominator."""
    shift = page.main
    if shift is None and page.story.found.cannot_tell:
        return (Safe("No impact is measured, and none is ruled out."),)
    if shift is None and page.story.found.dips:
        return (Safe("No lasting impact is measured."),)
    if shift is None:
        return (Safe("No impact is measured. Nothing got worse by more than chance explains."),)
    told: list[Safe] = []
    if shift.moved in {"ruler", "mix", "artefact"}:
        what = {"ruler": "the score", "mix": "the traffic", "artefact": "the records"}[shift.moved]
        told.append(
            Safe(
                f"This is a change of {what}. Do not report it as harm to users: no answer is known to have got worse."
            )
        )
    else:
        told.append(_harm(page, shift))
    if shift.raw_delta:
        told.append(_traffic(page, shift))
    if shift.slice is not None:
        told.append(_place(shift.slice))
    if page.story.traces:
        told.append(say("The window holds {traces} in all.", traces=wording.plural(page.story.traces, "request")))
        if page.app:
            told.append(Safe("A request without this score is not counted above, and is not known to be good."))
    return tuple(told)


def _traffic(page: Page, shift: Shift) -> Safe:
    """What the change of traffic has to do with the move of the plain mean."""
    if shift.mix is not None:
        return _split(shift.mix, rate=page.within_one, unit=wording.unit(shift, page.story.signals))
    if logged(shift.unit):
        return Safe(f"Before adjusting for traffic it moved to {factor(shift.raw_delta)}.")
    raw, mix = (_plain(value, rate=page.within_one) for value in (shift.raw_delta, abs(shift.mix_delta)))
    if mix == _plain(0.0, rate=page.within_one):
        rest = "and the change of traffic has no part in that"
    elif shift.raw_delta * shift.mix_delta > 0:
        rest = f"of which the change of traffic explains {_plain(shift.mix_delta, rate=page.within_one)}"
    else:
        rest = f"although the change of traffic worked against it and offset it by {mix}"
    return Safe(f"Before adjusting for traffic the mean moved by {raw}, {rest}.")


def _split(split: MixSplit, *, rate: bool, unit: str) -> Safe:
    """The move of the plain mean, taken apart into other traffic and other answers."""
    raw, mix, within = (wording.change(one, within_one=rate, unit=unit) for one in (split.raw, split.mix, split.within))
    mostly = say(" (mostly {names})", names=codes(split.mostly, "and")) if split.mostly else ""
    rest = {
        "offset": " The two worked against each other.",
        "unclear": " The data is too noisy to say which of the two it was.",
    }.get(split.verdict, "")
    return Safe(
        f"Before adjusting for traffic the mean moved by {raw}: {mix} from the traffic mix{mostly}, "
        f"{within} within segments.{rest}"
    )


def _place(found: Location) -> Safe:
    """Which slice of the traffic holds it, and how many were looked at to say so."""
    looked = f"{found.looked_at} of {wording.plural(found.of, 'slice')} looked at"
    if found.verdict == "slice":
        parts = Safe(" or ".join(segment(part) for part in found.parts))
        if found.share is None:
            part_of = wording.percent(found.traffic)
            return Safe(
                f"It sits in {parts}, {part_of} of the traffic; elsewhere nothing moved that can be told ({looked})."
            )
        held = Safe(wording.share(found.share))
        told = say(
            "It sits in {parts}: {held} of the move on {traffic} of the traffic",
            parts=parts, held=held, traffic=Safe(wording.percent(found.traffic)),
        )  # fmt: skip
        return Safe(f"{told} ({looked}).")
    if not found.of:
        return Safe("No segment attribute was recorded that cuts this traffic, so it cannot be said where it sits.")
    if found.verdict == "elsewhere":
        return Safe(f"It follows the requests that carry one new version; no segment fits it as well ({looked}).")
    if found.verdict == "everywhere" and found.share is None:
        return Safe(f"Every segment moved alike, as far as this data can tell ({looked}).")
    if found.verdict == "everywhere":
        return Safe(f"All traffic moved, some slices more than others ({looked}).")
    return Safe(f"Which slice it sits in is too noisy to say ({looked}).")


def _plain(value: float, *, rate: bool) -> str:
    return f"{wording.signed(value * 100, 1)} points" if rate else wording.number(value)


def _harm(page: Page, shift: Shift) -> Safe:
    if not page.within_one:
        return say("It touches the {n} measured after the onset.", n=wording.plural(shift.n_after, "request"))
    sign = -1 if shift.delta.estimate < 0 else 1
    low, high = sorted((max(sign * shift.delta.low, 0.0), max(sign * shift.delta.high, 0.0)))
    middle = abs(shift.delta.estimate)
    digits = 0 if middle * 1000 >= 10 else 1
    thousand, least, most = (wording.signed(value * 1000, digits) for value in (middle, low, high))
    per_thousand = f"{thousand} in every 1,000 [{least}, {most}]"
    if not shift.n_after:
        return Safe(
            f"About {per_thousand} requests are worse off. How many were measured after the onset is not on record."
        )
    n = shift.n_after
    when = "while it lasted" if shift.ended else "after the onset"
    return Safe(
        f"About {wording.count(middle * n)} of {wording.plural(n, 'measured request')} {when} came out worse "
        f"than the rate before would give [{wording.count(low * n)}, {wording.count(high * n)}]. "
        f"That is {per_thousand}."
    )


def detection(page: Page) -> tuple[Safe, ...]:
    """From onset to the first report, with the doubt about the onset carried through."""
    reported = page.story.manifest.reported_at
    if page.main is None:
        if reported is None and page.story.found.cannot_tell:
            return (Safe("Nothing could have been detected, and no report on record."),)
        if reported is None:
            return (Safe("Nothing to detect, and no report on record."),)
        return (
            say(
                "A report is on record at {at}. Nothing in this data explains it. "
                "Look at what that report saw before closing this.",
                at=wording.moment(reported),
            ),
        )
    if reported is None:
        return (Safe("No report on record. How long this ran before somebody noticed is not known."),)
    onset = page.main.onset
    told = say(
        "First report: {at}, {offset}.", at=wording.moment(reported), offset=wording.offset(reported, onset.estimate)
    )
    longest, shortest = reported - onset.low, reported - onset.high
    if reported < onset.low:
        early = wording.lag(onset.estimate - reported)
        return (Safe(f"{told} That is {early} before the estimated onset. The report may be about something else."),)
    if reported < onset.high:
        return (Safe(f"{told} It falls inside the onset interval, so the lag is at most {wording.lag(longest)}."),)
    late = wording.lag(reported - onset.estimate)
    doubt = ""
    if onset.low != onset.high:
        doubt = (
            f" The onset has an interval, so the lag lies between {wording.lag(shortest)} and {wording.lag(longest)}."
        )
    return (Safe(f"{told} That is {late} after the estimated onset.{doubt}"),)
