"""The rules by which odds and answers become a verdict and an outcome; nobody is convicted for being first in a list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blameline.shifts.describe import Z90

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from blameline.candidates import Candidate
    from blameline.evidence.hearing import Bid
    from blameline.records import Answer, Evidence, LedgerLine, Moved, Outcome, Shift, Standing

SUPPORTED = 0.9
EXCLUDED = 0.02
UNLIKELY = 0.1
"""Odds below which a bid is excluded that the very same answers speak against."""
COVERS = 0.25
"""Share of the slice's shift that the effect must at least reach."""
BEYOND_TIMING = (
    "exposure", "scope", "paired", "dose", "reversal", "replay", "mechanism", "bridge", "ruler", "mix", "records",
    "selection",
)  # fmt: skip
"""Checks that can speak for a candidate without the clock.

``placebo`` only says that the clock is not lying, and ``controls`` that nothing moved which the candidate cannot touch.
"""
REFUTERS = (
    "replay", "bridge", "timing", "exposure", "scope", "paired", "reversal", "mechanism", "ruler", "controls", "records", "mix",
    "rival", "dose", "stage", "placebo",
)  # fmt: skip


BARS = {"replay", "exposure", "scope", "paired", "reversal", "timing", "bridge", "ruler", "controls", "records"}
"""Refuters that no odds outweigh."""


def answers(evidence: Sequence[Evidence]) -> Mapping[str, Answer]:
    """Check name → its answer."""
    return {one.check: one.verdict for one in evidence}


def verdict(
    candidate: Candidate,
    bid: Bid | None,
    probability: float,
    evidence: Sequence[Evidence],
    tied: Sequence[str],
    shift: Shift,
    excused: Collection[str] = (),
) -> Standing:
    """The contract's word for one candidate.

    ``supported`` needs odds of 9 in 10, an effect that matters, no tie, no refuter, and a check beyond timing that speaks for it
    (for the model layer as well: it never wins because nothing else did). ``confirmed`` needs a replay on top. ``excluded`` needs
    odds below 1 in 50, a check that refutes, and the power to see an effect; 1 in 10 where the very same answers, scored on both
    sides of the onset, refute it, and 1 in 2 where a replay does. ``untestable``: the data could not have moved it. The odds are
    those of having had a part in the shift, alone or as one of two; ``excused`` are refuters that do not count.
    """
    told = answers(evidence)
    for_it = [name for name in BEYOND_TIMING if told.get(name) == "supports"]
    against = [name for name in REFUTERS if told.get(name) == "refutes" and name not in excused]
    if candidate.standing:
        return _standing(candidate, probability, for_it, against)
    target = abs(shift.delta.estimate)
    assert bid is not None
    matters = abs(bid.effect) >= COVERS * target and abs(bid.effect) > Z90 * bid.error
    if (
        probability >= SUPPORTED
        and matters
        and not tied
        and for_it
        and not set(against) & BARS
        and not (set(against) & {"mechanism", "stage"} and not set(for_it) & {"exposure", "replay"})
    ):
        return "confirmed" if "replay" in for_it else "supported"
    if ("replay" in against and probability < 0.5) or ("bridge" in against and probability < UNLIKELY):
        return "excluded"
    blind = not bid.error < 1e300 or bid.error > target
    if blind and "timing" not in against:
        return "untestable"
    if probability < EXCLUDED and "timing" in against:
        return "excluded"
    if any(
        told.get(name) == "supports"
        for name in ("replay", "exposure", "scope", "paired", "dose", "reversal", "mechanism", "rival")
    ):
        return "consistent"
    if probability < EXCLUDED and against and bid.error * 2.49 <= max(target, abs(bid.effect)):
        return "excluded"
    return "consistent"


def _standing(candidate: Candidate, probability: float, for_it: Sequence[str], against: Sequence[str]) -> Standing:
    if candidate.id in {"mix", "ruler", "artefact"}:
        if probability >= SUPPORTED and for_it and not against:
            return "supported"
        if probability < EXCLUDED and against:
            return "excluded"
        return "consistent" if for_it or probability >= EXCLUDED else "untestable"
    return "excluded" if probability < EXCLUDED else "consistent"


def outcome(lines: Sequence[LedgerLine], tied: Mapping[str, Sequence[str]]) -> tuple[Outcome, Moved]:
    """What the ledger of one shift for the worse amounts to, and what moved."""
    odds = {line.candidate: line.probability for line in lines}
    whose = {line.candidate: _whose(line) for line in lines}
    if odds.get("chance", 0.0) > 0.5:
        return "no_shift", "unknown"
    first = max(lines, key=lambda line: line.probability).candidate
    group = [first, *tied.get(first, ())]
    if len({whose[name] for name in group}) > 1 and sum(odds[name] for name in group) >= SUPPORTED:
        return "tied", "unknown"
    kinds: tuple[Outcome, ...] = ("ruler", "mix", "artefact")
    classes = {kind: sum(odds[name] for name in odds if whose[name] == kind) for kind in kinds}
    for kind, weight in classes.items():
        if weight >= SUPPORTED and kind != "mix" and not _shown(lines, kind):
            return "unattributed", "unknown"  # nothing but the clock speaks for it: it may hide a fall of the app
        if weight >= SUPPORTED:
            return kind, kind  # type: ignore[return-value]  # these three are words of both kinds
    app = 1.0 - sum(classes.values()) - odds.get("chance", 0.0)
    open_ruler = any(line.candidate == "ruler" and line.verdict == "untestable" for line in lines)
    moved: Moved = "app" if app >= SUPPORTED and not open_ruler and not _measured(lines) else "unknown"
    if any(line.verdict in {"supported", "confirmed"} for line in lines):
        return "attributed", "app"
    involved = {line.candidate: max(line.involved, line.probability) for line in lines}
    for name, others in tied.items():
        if involved[name] + sum(involved[other] for other in others) >= SUPPORTED:
            return "tied", moved
    return "unattributed", moved


WHOSE: Mapping[str, str] = {"judge": "ruler", "eval": "ruler", "traffic": "mix", "telemetry": "artefact"}
"""By layer of a change: the outcome that it would be; every other layer is the app's."""


def _whose(line: LedgerLine) -> str:
    return WHOSE.get(line.layer or "", line.candidate if line.candidate in WHOSE.values() else "app")


def _shown(lines: Sequence[LedgerLine], kind: str) -> bool:
    """Whether something other than the clock speaks for one of the bids of a kind."""
    accused = [line for line in lines if _whose(line) == kind]
    return any(answers(line.evidence).get(check) == "supports" for line in accused for check in BEYOND_TIMING)


def _measured(lines: Sequence[LedgerLine]) -> bool:
    """Whether the likeliest bid is refuted by scores that only the measuring can move."""
    return bool(lines) and answers(lines[0].evidence).get("ruler") == "refutes"


CLICKS = (
    "only users' clicks got worse, which are sparse and kind to confident answers: they convict nobody by themselves"
)


def capped(lines: Sequence[LedgerLine], word: Outcome) -> tuple[list[LedgerLine], Outcome]:
    """The same where nothing but biased feedback got worse: no verdict above ``consistent``, and nobody named."""
    return without_blame(lines, CLICKS), "unattributed" if word in {"attributed", "tied"} else word


def without_blame(lines: Sequence[LedgerLine], why: str) -> list[LedgerLine]:
    """The lines with no verdict above ``consistent``, and the reason on those that had one."""
    return [
        line.model_copy(update={"verdict": "consistent", "because": f"{line.because}; {why}"})
        if line.verdict in {"supported", "confirmed"}
        else line
        for line in lines
    ]
