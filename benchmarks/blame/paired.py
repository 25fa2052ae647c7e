"""The baselines beside ours, case by case: the same charges, the same right answers, a paired comparison."""

from __future__ import annotations

import math
from datetime import datetime
from typing import TYPE_CHECKING

from baselines import BASELINES, missing
from scoring import STANDING, assigned, is_null
from table import by_classes, mean, percent

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from scoring import Said
    from table import Scored

BAR = 0.15


def by_case(lines: Iterable[Said]) -> dict[tuple[str, str, int], Said]:
    """The last line of each baseline, class and seed."""
    return {(line["baseline"], line["class"], line["seed"]): line for line in lines}


def named(case: Scored, told: Said) -> list[str | None]:
    """What a baseline names for each charge, assigned as our own shifts are; nothing where it raised."""
    answers = told.get("answers", [])
    charges = [one.charge for one in case.charges]
    if len(charges) > 1:
        answers = [one for one in answers if one["signal"] == case.line["truth"]["signal"]] or answers
    places = assigned([datetime.fromisoformat(one["onset"]) for one in answers], charges)
    return [None if place is None else answers[place]["candidate"] for place in places]


def right(case: Scored, told: Said) -> list[bool]:
    """Whether each charge is answered rightly: in its favour either of a tie is right, and in a null case naming nothing is."""
    names = named(case, told)
    if is_null(case.line["truth"]):
        return [name is None and "answers" in told for name in names]
    return [name in one.charge.right for name, one in zip(names, case.charges, strict=True)]


def mcnemar(ours: int, theirs: int) -> float:
    """The exact two-sided p of so many pairs in which one side alone was right (McNemar 1947, binomial)."""
    n, least = ours + theirs, min(ours, theirs)
    return min(1.0, 2 * sum(math.comb(n, k) for k in range(least + 1)) / 2**n)


def _row(name: str, cases: Sequence[Scored], told: Mapping[tuple[str, str, int], Said]) -> tuple[float, str]:
    """One baseline's share of right charges and its row."""

    def line(case: Scored) -> Said:
        return told[name, case.class_name, case.line["seed"]]

    asked = [case for case in cases if (name, case.class_name, case.line["seed"]) in told]
    if not asked:
        why = "no line of it was given" + (f", and {missing(name)} is not installed here" if missing(name) else "")
        return math.nan, f"| {name} | 0 | not run: {why} |" + " |" * 7

    def ahead(some: Sequence[Scored]) -> float:
        return mean(a - b for case in some for a, b in zip(case.first, right(case, line(case)), strict=True))

    pairs = [
        (a, b, one.charge.identifiable)
        for case in asked
        for one, a, b in zip(case.charges, case.first, right(case, line(case)), strict=True)
    ]
    only_ours, only_it = sum(a and not b for a, b, _ in pairs), sum(b and not a for a, b, _ in pairs)
    low, high = by_classes(asked, ahead)
    blamed = [
        any(
            name is not None and name not in one.charge.right | STANDING
            for name, one in zip(named(case, line(case)), case.charges, strict=True)
        )
        for case in asked
        if case.undecidable
    ]
    failed = sum("answers" not in line(case) for case in asked)
    share = mean(b for _, b, _ in pairs)
    cells = [
        name,
        str(len(asked)) + (f" ({failed} failed)" if failed else ""),
        percent(share, 1),
        percent(mean(b for _, b, can in pairs if can), 1),
        percent(mean(blamed), 1),
        f"{100 * (mean(a for a, _, _ in pairs) - share):+.1f}",
        f"{100 * low:+.1f} to {100 * high:+.1f}",
        str(only_ours),
        str(only_it),
        f"{mcnemar(only_ours, only_it):.2g}",
    ]
    return mean(a for a, _, _ in pairs) - share, "| " + " | ".join(cells) + " |"


def paired_rows(cases: Sequence[Scored], told: Mapping[tuple[str, str, int], Said]) -> list[str]:
    """A row a baseline, and whether ours is 15 points ahead of the best; a baseline that was not run has a row that says so."""
    rows = [_row(name, cases, told) for name in BASELINES]
    ahead = [gap for gap, _ in rows if not math.isnan(gap)]
    head = [
        (
            "| baseline | cases | right | of the identifiable | names an innocent where undecidable | ours ahead (points) "
            "| 90% (classes drawn) | only ours right | only it right | McNemar p |"
        ),
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    if not ahead:
        return [*head, *(row for _, row in rows), "", "No baseline was run."]
    missed = len(rows) - len(ahead)
    met = "yes" if min(ahead) >= BAR and not missed else "no" if min(ahead) < BAR else "of those that were run"
    lead = f"Ahead of the best baseline: {100 * min(ahead):+.1f} points (bar: 15 points; met: {met}; {missed} not run)."
    return [*head, *(row for _, row in rows), "", lead]
