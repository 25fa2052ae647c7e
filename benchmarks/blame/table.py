"""The figures of the scenario benchmark: a row a class with the worst first, the bars, and how far the odds can be believed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scoring import (
    CONVICTED,
    answered,
    by_chance,
    claim,
    claims,
    convictions,
    effect_held,
    falsely_blamed,
    guards_told,
    onset_error,
    onset_held,
    outcome_fair,
    outcome_right,
    right_first,
    undecidable,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from scoring import Answered, Said

DRAWS = 2000
BINS = 10


@dataclass(frozen=True)
class Scored:
    """One case with everything that is counted of it; lists have an entry a charge."""

    line: Said
    charges: tuple[Answered, ...]
    first: tuple[bool, ...]
    outcome: bool
    fair: bool
    blamed: tuple[str, ...]
    held: tuple[tuple[Said, bool], ...]

    @property
    def class_name(self) -> str:
        """Its class."""
        return str(self.line["class"])

    @property
    def undecidable(self) -> bool:
        """Whether nobody may be convicted in it but the truth."""
        return undecidable(self.line["truth"])


def score(line: Said) -> Scored:
    """All that is counted of one case."""
    told = tuple(answered(line))
    return Scored(
        line,
        told,
        tuple(right_first(one, line) for one in told),
        outcome_right(line),
        outcome_fair(line),
        tuple(falsely_blamed(line)),
        tuple(convictions(line)),
    )


def mean(values: Iterable[float]) -> float:
    """The mean; NaN of nothing."""
    kept = list(values)
    return sum(kept) / len(kept) if kept else math.nan


def median(values: Iterable[float | None]) -> float:
    """The median of what is there; NaN of nothing."""
    kept = [value for value in values if value is not None]
    return float(np.median(kept)) if kept else math.nan


def percent(value: float, digits: int = 0) -> str:
    """A share in percent, nothing for NaN."""
    return "" if math.isnan(value) else f"{value:.{digits}%}"


def number(value: float) -> str:
    """A number with one digit, nothing for NaN."""
    return "" if math.isnan(value) else f"{value:.1f}"


def wilson(right: int, n: int, z: float = 1.96) -> tuple[float, float]:
    """The 95% interval of a share (Wilson 1927); from 0 to 1 of nothing."""
    if not n:
        return 0.0, 1.0
    share, spread = right / n, z * z / n
    middle = (share + spread / 2) / (1 + spread)
    half = z * math.sqrt(share * (1 - share) / n + spread / (4 * n)) / (1 + spread)
    return max(middle - half, 0.0), min(middle + half, 1.0)


def by_classes(
    cases: Sequence[Scored], figure: Callable[[Sequence[Scored]], float], seed: int = 0
) -> tuple[float, float]:
    """The 90% interval of a figure when whole classes are drawn with replacement: cases of one class go wrong together."""
    rng = np.random.default_rng(seed)
    groups: dict[str, list[Scored]] = {}
    for case in cases:
        groups.setdefault(case.class_name, []).append(case)
    names = sorted(groups)
    drawn = []
    for _ in range(DRAWS):
        picked = rng.integers(len(names), size=len(names))
        drawn.append(figure([case for number in picked for case in groups[names[number]]]))
    low, high = np.nanpercentile(drawn, [5, 95]) if not all(math.isnan(one) for one in drawn) else (math.nan, math.nan)
    return float(low), float(high)


def firsts(cases: Iterable[Scored], *, identifiable: bool = False) -> list[bool]:
    """Right first, a charge an entry; of the identifiable charges alone if that is asked."""
    return [
        right
        for case in cases
        for one, right in zip(case.charges, case.first, strict=True)
        if one.charge.identifiable or not identifiable
    ]


def honest(case: Scored) -> bool:
    """Right first, or where the case is not identifiable an acceptable outcome and no innocent convicted."""
    return all(case.first) or (not case.line["truth"]["identifiable"] and case.outcome and not case.blamed)


def odds(case: Scored) -> list[float]:
    """The odds of the right cause in the ledger of each charge's shift, 0 where there is no shift; nothing of a null case."""
    if case.line["truth"]["outcome"] == "no_shift":
        return []
    return [
        sum(line["probability"] for line in one.lines if line["candidate"] in one.charge.right) for one in case.charges
    ]


def convicted_right(case: Scored) -> list[bool]:
    """Whether a right candidate of each charge is convicted; nothing of a null case."""
    if case.line["truth"]["outcome"] == "no_shift":
        return []
    return [
        any(line["verdict"] in CONVICTED and line["candidate"] in one.charge.right for line in one.lines)
        for one in case.charges
    ]


CLASS_HEAD = (
    "| class | cases | identifiable | right first | of the identifiable | right or honest | outcome right | or fair "
    "| innocent convicted | truth convicted | mean odds of the truth | onset off (h, median) |"
)


def class_row(name: str, cases: Sequence[Scored]) -> str:
    """One row of the table."""
    cells = [
        name,
        str(len(cases)),
        str(sum(case.line["truth"]["identifiable"] for case in cases)),
        percent(mean(firsts(cases))),
        percent(mean(firsts(cases, identifiable=True))),
        percent(mean(honest(case) for case in cases)),
        percent(mean(case.outcome for case in cases)),
        percent(mean(case.fair for case in cases)),
        str(sum(bool(case.blamed) for case in cases)),
        percent(mean(right for case in cases for right in convicted_right(case))),
        "" if math.isnan(p := mean(p for case in cases for p in odds(case))) else f"{p:.2f}",
        number(median(onset_error(one) for case in cases for one in case.charges)),
    ]
    return "| " + " | ".join(cells) + " |"


def class_table(cases: Sequence[Scored]) -> str:
    """A row a class; the worst first, by the lower of right first (of the identifiable) and outcome right."""
    groups: dict[str, list[Scored]] = {}
    for case in cases:
        groups.setdefault(case.class_name, []).append(case)

    def bad(name: str) -> tuple[float, float, float, str]:
        first, outcome = mean(firsts(groups[name], identifiable=True)), mean(case.outcome for case in groups[name])
        first = 1.0 if math.isnan(first) else first
        return min(first, outcome), first + outcome, mean(firsts(groups[name])), name

    rows = [class_row(name, groups[name]) for name in sorted(groups, key=bad)]
    return "\n".join([CLASS_HEAD, "|" + "---|" * (CLASS_HEAD.count("|") - 1), *rows, class_row("**all**", cases)])


def calibration_error(told: Sequence[tuple[float, bool]]) -> float:
    """Expected calibration error: ten bins of equal width, the gap of mean odds and share of right ones, weighted by size."""
    if not told:
        return math.nan
    return sum(abs(p - right) * n for _, n, p, right in bins(told)) / len(told)


def bins(told: Sequence[tuple[float, bool]]) -> list[tuple[int, int, float, float]]:
    """The bins that hold something: number, size, mean odds, share of right ones."""
    held: dict[int, list[tuple[float, bool]]] = {}
    for p, right in told:
        held.setdefault(min(int(p * BINS), BINS - 1), []).append((p, right))
    return [
        (place, len(ones), mean(p for p, _ in ones), mean(right for _, right in ones))
        for place, ones in sorted(held.items())
    ]


def tops(cases: Iterable[Scored]) -> list[tuple[float, bool]]:
    """What the first lines claim."""
    return [told for case in cases for one in case.charges if (told := claim(one)) is not None]


def every(cases: Iterable[Scored]) -> list[tuple[float, bool]]:
    """What all lines claim."""
    return [told for case in cases for one in case.charges for told in claims(one)]


def effects(cases: Iterable[Scored], *, convicted: bool = False) -> list[bool]:
    """Whether the effect intervals hold the true effect; of convicted lines alone if that is asked."""
    told = [effect_held(one, case.line["truth"]["signal"]) for case in cases for one in case.charges]
    return [held for held, guilty in (one for one in told if one is not None) if guilty or not convicted]


def convictions_right(cases: Iterable[Scored], *, changes: bool = False) -> list[bool]:
    """Every conviction, whether it is right; of changes alone if that is asked."""
    standing = {"mix", "ruler", "artefact", "chance", "unknown"}
    return [right for case in cases for one, right in case.held if not changes or one["candidate"] not in standing]


def recalled(cases: Iterable[Scored]) -> list[bool]:
    """Whether the true cause is convicted, where that can be asked: identifiable, not by timing alone, not null."""
    return [
        right
        for case in cases
        if case.line["truth"]["identifiable"] and not case.line["truth"]["timing_only"]
        for right in convicted_right(case)
    ]


def onsets(cases: Iterable[Scored]) -> list[bool]:
    """Whether the onset ranges hold the true onset."""
    told = [onset_held(one) for case in cases for one in case.charges]
    return [held for held in told if held is not None]


FIGURES: tuple[tuple[str, str, Callable[[Sequence[Scored]], list[bool]], float, float], ...] = (
    ("right cause first", ">= 92%", firsts, 0.92, 1.0),
    ("right cause first, identifiable", ">= 97%", lambda cases: firsts(cases, identifiable=True), 0.97, 1.0),
    ("right first, or honest where not identifiable", "", lambda cases: [honest(case) for case in cases], 0.0, 1.0),
    ("outcome right", ">= 95%", lambda cases: [case.outcome for case in cases], 0.95, 1.0),
    ("outcome right, or unattributed where timing alone speaks", "", lambda cases: [c.fair for c in cases], 0.0, 1.0),
    (
        "false blame, of undecidable cases",
        "<= 1%",
        lambda cases: [bool(c.blamed) for c in cases if c.undecidable],
        0,
        0.01,
    ),
    (
        "innocent convicted, of decidable cases",
        "",
        lambda cases: [bool(c.blamed) for c in cases if not c.undecidable],
        0,
        1.0,
    ),
    ("precision of supported", ">= 98%", convictions_right, 0.98, 1.0),
    ("precision of supported, changes alone", "", lambda cases: convictions_right(cases, changes=True), 0.0, 1.0),
    ("true cause supported, identifiable, timing and more", "", recalled, 0.0, 1.0),
    ("90% effect intervals hold the effect", "87-93%", effects, 0.87, 0.93),
    ("the same, of supported lines", "", lambda cases: effects(cases, convicted=True), 0.0, 1.0),
    ("90% onset ranges hold the onset", "", onsets, 0.0, 1.0),
    ("guard's fault told", "", lambda cases: [told for case in cases for told in guards_told(case.line)], 0.0, 1.0),
)
"""Name, bar as told, what is counted, and the bar from and to; 0 to 1 is no bar."""


def total_rows(cases: Sequence[Scored]) -> list[str]:
    """The figures over all cases beside their bars."""
    rows = [
        "| figure | bar | of | measured | 95% (Wilson) | 90% (classes drawn) | met |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, told, counted, low, high in FIGURES:
        values = counted(cases)
        value = mean(values)
        edges = " to ".join(percent(edge, 1) for edge in wilson(sum(values), len(values))) if values else ""
        drawn = by_classes(cases, lambda some, counted=counted: mean(counted(some)))  # type: ignore[misc]
        around = " to ".join(percent(edge, 1) for edge in drawn) if values else ""
        met = "" if not told else "not measured" if math.isnan(value) else "yes" if low <= value <= high else "no"
        rows.append(f"| {name} | {told} | {len(values)} | {percent(value, 1)} | {edges} | {around} | {met} |")
    for name, told, picked in (("first lines", "<= 0.05", tops), ("all lines", "", every)):
        claimed = picked(cases)
        error = calibration_error(claimed)
        drawn = by_classes(cases, lambda some, picked=picked: calibration_error(picked(some)))  # type: ignore[misc]
        met = "" if not told else "not measured" if math.isnan(error) else "yes" if error <= 0.05 else "no"
        rows.append(
            f"| calibration error, {name} | {told} | {len(claimed)} | {error:.3f} | | {drawn[0]:.3f} to {drawn[1]:.3f} | {met} |"
        )
    return rows


def bin_rows(cases: Sequence[Scored]) -> list[str]:
    """The calibration of the first lines and of all lines, a row a bin."""
    rows = [
        "| odds | first lines | mean odds | right | all lines | mean odds | right |",
        "|---|---|---|---|---|---|---|",
    ]
    first, all_ = ({place: rest for place, *rest in bins(picked(cases))} for picked in (tops, every))
    for place in range(BINS):
        cells = [f"{place / BINS:.1f} to {(place + 1) / BINS:.1f}"]
        for told in (first.get(place), all_.get(place)):
            cells += ["", "", ""] if told is None else [str(told[0]), f"{told[1]:.2f}", percent(told[2])]
        rows.append("| " + " | ".join(cells) + " |")
    return rows


def chance_level(cases: Iterable[Scored]) -> float:
    """How often a candidate drawn blindly from the ledger would be right, over all that have a ledger."""
    return mean(share for case in cases for one in case.charges if (share := by_chance(one)) is not None)


def misses(cases: Iterable[Scored]) -> list[str]:
    """One line a case that went wrong: not right first where it is identifiable, a wrong outcome, or an innocent convicted."""
    told = []
    for case in sorted(cases, key=lambda case: (case.class_name, case.line["seed"])):
        line, truth = case.line, case.line["truth"]
        wrong: list[str] = []
        if "crash" in line:
            wrong.append(f"crash: {line['crash']}")
        wrong += [
            f"first is {_first(one)}"
            for one, right in zip(case.charges, case.first, strict=True)
            if one.charge.identifiable and not right and "found" in line
        ]
        if not case.outcome and "found" in line:
            wrong.append(f"outcome {line['found']['outcome']}" + (" (fair)" if case.fair else ""))
        wrong += [f"convicts {name}" for name in case.blamed]
        if wrong:
            kind = "identifiable" if truth["identifiable"] else "not identifiable"
            kind += ", timing only" if truth["timing_only"] else ""
            where = f"{case.class_name}-{line['seed']:03d}"
            told.append(f"{where}: {'; '.join(wrong)}. Truth: {truth['outcome']} {', '.join(truth['guilty'])} ({kind})")
    return told


def _first(one: Answered) -> str:
    if not one.lines:
        return "nothing (no shift)"
    top: dict[str, Any] = one.lines[0]
    tied = f", tied with {', '.join(top['tied_with'])}" if top["tied_with"] else ""
    return f"{top['candidate']} {top['probability']:.2f} {top['verdict']}{tied} on {one.shift['signal'] if one.shift else ''}"
