"""What one answer is worth, beside the truth of its case: all from one JSON line of ``run.py``, nothing is looked up.

A case has one **charge**, or one for each fault where it has two faults apart in time (``overlap_two``). A charge is answered by
a shift for the worse: the main one, which is the first; where there are two charges, each by the shift whose onset is nearest, no
shift by two. A null case has one too, and ``chance`` is guilty. A case that crashed answers nothing and is wrong everywhere,
except that it blamed nobody.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from itertools import permutations
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

STANDING = frozenset({"mix", "ruler", "artefact", "chance", "unknown"})
NOT_THE_APP = frozenset({"mix", "ruler", "artefact"})
CONVICTED = frozenset({"supported", "confirmed"})
BY_FAULT = frozenset({"overlap_two"})
"""Classes with two faults of different changes, to be told apart; elsewhere naming any id of a group is right."""

Said = dict[str, Any]


@dataclass(frozen=True)
class Charge:
    """What one shift is to be blamed on."""

    right: frozenset[str]
    """Ids that are right: those of the truth's groups, and the standing bidder that means the true or an acceptable outcome."""
    identifiable: bool
    rivals: frozenset[str]
    """Innocent changes that the oracle could not part from the guilty one; a tie with these is a tie."""
    onset: datetime | None
    """``None`` where there is no one moment, as in a slow drift."""
    effect: float | None
    """Expected change of the signal on the exposed requests, below 0 for a fall; ``None`` where it is not to be compared."""
    slice_: Mapping[str, str] = field(default_factory=dict)
    """The exposed requests that the fault touches, where it does not touch all of them."""


@dataclass(frozen=True)
class Answered:
    """A charge and the shift and ledger lines that answer it; no shift and no lines where nothing does."""

    charge: Charge
    shift: Said | None = None
    lines: tuple[Said, ...] = ()


def moment(text: str | None) -> datetime | None:
    """A time as the lines hold it."""
    return None if text is None else datetime.fromisoformat(text)


def is_null(truth: Said) -> bool:
    """Whether nothing got worse: quiet cases, and those that only got better."""
    return bool(truth["outcome"] == "no_shift")


def charges(truth: Said) -> list[Charge]:
    """What there is to be answered in a case."""
    if is_null(truth):
        return [Charge(frozenset({"chance"}), truth["identifiable"], frozenset(), None, None)]
    words = {truth["outcome"], *truth["also_acceptable_outcomes"]} & NOT_THE_APP
    own = {name for group in truth["acceptable_groups"] for name in group} | set(truth["guilty"])
    app = truth["outcome"] == "attributed"
    faults = truth["faults"]
    if truth["class"] in BY_FAULT:
        return [
            Charge(
                frozenset(fault["ids"]),
                fault["identifiable"],
                frozenset(fault["rivals"]),
                moment(fault["onset"]),
                -fault["effect_on_exposed"],
                fault["slice"],
            )
            for fault in faults
        ]
    main = max(faults, key=lambda fault: fault["fall_of_overall_mean"], default=None)
    drift = truth["outcome"] == "unattributed" and main is not None and main["gradual"]
    return [
        Charge(
            frozenset(own | words),
            truth["identifiable"],
            frozenset(name for fault in faults for name in fault["rivals"]),
            None if drift else moment(truth["onset"]),
            -main["effect_on_exposed"] if main is not None and app and main["ids"] else None,
            main["slice"] if main is not None else {},
        )
    ]


def assigned(onsets: Sequence[datetime], asked: Sequence[Charge]) -> list[int | None]:
    """For each charge the number of the shift that answers it: the first, or with two charges those nearest in time."""
    if len(asked) < 2 or not onsets:
        return [0 if onsets else None for _ in asked]
    places: list[int | None] = [*range(len(onsets)), *([None] * len(asked))]

    def apart(order: tuple[int | None, ...]) -> tuple[int, float]:
        missing = sum(place is None for place in order)
        pairs = [
            (onsets[p], c.onset) for p, c in zip(order, asked, strict=True) if p is not None and c.onset is not None
        ]
        return missing, sum(abs((one - other).total_seconds()) for one, other in pairs)

    return list(min(permutations(places, len(asked)), key=apart))


def answered(line: Said) -> list[Answered]:
    """The charges of a case with what answers them."""
    asked = charges(line["truth"])
    found = line.get("found", {"shifts": [], "ledger": []})
    worse = [shift for shift in found["shifts"] if shift["direction"] == "worse"]
    if len(asked) > 1:
        worse = [shift for shift in worse if shift["signal"] == line["truth"]["signal"]] or worse
    places = assigned([datetime.fromisoformat(shift["onset"]["estimate"]) for shift in worse], asked)
    told = []
    for charge, place in zip(asked, places, strict=True):
        shift = None if place is None else worse[place]
        lines = tuple(one for one in found["ledger"] if shift is not None and one["shift"] == shift["id"])
        told.append(Answered(charge, shift, lines))
    return told


def _innocent_twin(name: str, rivals: frozenset[str]) -> bool:
    """Whether a candidate is a rival, or one of the records that a rival's stages were written as (``chg-7-1``)."""
    return name in rivals or name.rpartition("-")[0] in rivals


def right_first(one: Answered, line: Said) -> bool:
    """Whether the first line of the ledger names the right cause; in a null case, whether no shift for the worse was told.

    Without a said tie: the line's candidate is right, and the truth is no tie, for one of two that no data can part is a guess.
    With one (``tied_with``): at least one of the tied is right, and all others are right too or rivals that the oracle could not
    part from it; or the case is not identifiable so that a tie is acceptable, and the first line itself is right.
    """
    truth = line["truth"]
    if is_null(truth):
        return "found" in line and line["found"]["outcome"] == "no_shift"
    if not one.lines:
        return False
    top, right = one.lines[0], one.charge.right
    tied = {top["candidate"], *top["tied_with"]}
    if len(tied) == 1:
        return top["candidate"] in right and truth["outcome"] != "tied"
    if tied & right and all(name in right or _innocent_twin(name, one.charge.rivals) for name in tied):
        return True
    return "tied" in truth["also_acceptable_outcomes"] and top["candidate"] in right


def claim(one: Answered) -> tuple[float, bool] | None:
    """What the first line claims, with those it is said to be tied with: the odds of them together, and whether one is right."""
    if not one.lines:
        return None
    top = one.lines[0]
    tied = {top["candidate"], *top["tied_with"]}
    odds = sum(line["probability"] for line in one.lines if line["candidate"] in tied)
    return min(odds, 1.0), bool(tied & one.charge.right)


def claims(one: Answered) -> list[tuple[float, bool]]:
    """What every line claims; those that are right are one claim, since stages of one change share its odds."""
    if not one.lines:
        return []
    right = sum(line["probability"] for line in one.lines if line["candidate"] in one.charge.right)
    others = [(line["probability"], False) for line in one.lines if line["candidate"] not in one.charge.right]
    return [(min(right, 1.0), True), *others]


def outcome_right(line: Said) -> bool:
    """Whether the outcome is the true one, or one of those that the truth calls acceptable (abstentions, where undecidable)."""
    truth = line["truth"]
    return "found" in line and line["found"]["outcome"] in {truth["outcome"], *truth["also_acceptable_outcomes"]}


def outcome_fair(line: Said) -> bool:
    """The same, and ``unattributed`` is right where nothing but timing can show the guilty change and it leads the ledger.

    ``timing_only`` is the oracle's word for that; the contract keeps ``supported`` from a bid that nothing but timing speaks for.
    """
    if outcome_right(line):
        return True
    truth = line["truth"]
    if "found" not in line or not truth["timing_only"] or line["found"]["outcome"] != "unattributed":
        return False
    return all(right_first(one, line) for one in answered(line))


def undecidable(truth: Said) -> bool:
    """Whether no change of the app may be convicted: null, mix, ruler, artefact, unknown or tied causes, or not identifiable."""
    return truth["outcome"] != "attributed" or not truth["identifiable"]


def convictions(line: Said) -> list[tuple[Said, bool]]:
    """Every line held to be ``supported`` or ``confirmed``, standing bidders too, and whether it is right.

    Right: the candidate is right for the charge that its shift answers; for any charge of the case where its shift answers none.
    One of two that no data can part is wrong unless the line says whom it is tied with.
    """
    if "found" not in line:
        return []
    truth, told = line["truth"], answered(line)
    anyone = frozenset(name for one in told for name in one.charge.right)
    of_shift = {one.shift["id"]: one.charge.right for one in told if one.shift is not None}
    held = [one for one in line["found"]["ledger"] if one["verdict"] in CONVICTED]

    def right(one: Said) -> bool:
        group = of_shift.get(one["shift"], anyone)
        alone = truth["outcome"] == "tied" and not set(one["tied_with"]) & group
        return one["candidate"] in group and not alone

    return [(one, right(one)) for one in held]


def falsely_blamed(line: Said) -> list[str]:
    """Changes that are convicted and not right, in any shift; the bar counts them in ``undecidable`` cases."""
    return [one["candidate"] for one, right in convictions(line) if not right and one["candidate"] not in STANDING]


def onset_error(one: Answered) -> float | None:
    """Hours between the found onset and the true one, without sign."""
    if one.shift is None or one.charge.onset is None:
        return None
    found = datetime.fromisoformat(one.shift["onset"]["estimate"])
    return abs((found - one.charge.onset).total_seconds()) / 3600


def onset_held(one: Answered) -> bool | None:
    """Whether the 90% range of the onset holds the true one."""
    if one.shift is None or one.charge.onset is None:
        return None
    low, high = (datetime.fromisoformat(one.shift["onset"][edge]) for edge in ("low", "high"))
    return low <= one.charge.onset <= high


def effect_held(one: Answered, signal: str) -> tuple[bool, bool] | None:
    """Whether the 90% interval of the guilty line's effect holds the true effect, and whether that line was convicted.

    ``effect`` of a line is the change of the signal on exposed traffic, the truth's the expected fall of the mean over the
    requests that the fault touched, so that one is compared with minus the other. Asked of the first line that is right, in a
    shift of the truth's own signal, where an app fault with an id is guilty and touches all exposed requests of the shift's
    segment.
    """
    if one.shift is None or one.charge.effect is None or one.shift["signal"] != signal:
        return None
    if one.charge.slice_ and set(one.charge.slice_.items()) - set(one.shift["segment"].items()):
        return None
    guilty = next((line for line in one.lines if line["candidate"] in one.charge.right), None)
    if guilty is None or guilty["effect"] is None:
        return None
    low, high = guilty["effect"]["low"], guilty["effect"]["high"]
    return low <= one.charge.effect <= high, guilty["verdict"] in CONVICTED


def guards_told(line: Said) -> list[bool]:
    """For each guard that the truth has a word on, whether the answer says the same of it."""
    told = {(one["guard"], one["finding"]) for one in line.get("found", {}).get("guards", [])}
    return [(one["guard"], one["finding"]) in told for one in line["truth"].get("guards", [])]


def by_chance(one: Answered) -> float | None:
    """How often a candidate drawn from the ledger blindly would be right."""
    if not one.lines:
        return None
    return sum(line["candidate"] in one.charge.right for line in one.lines) / len(one.lines)
