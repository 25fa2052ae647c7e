"""Every registered check is alive: it can say yes, no, and that it cannot tell.

A plug-in of ``blameline.checks`` without an entry in ``CONTRACT`` fails here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from blameline import plugins
from blameline.assets import sql
from blameline.evidence import judgement
from blameline.evidence.questions import Answered

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from blameline.candidates import Candidate
    from blameline.evidence.hearing import Hearing
    from blameline.records import Evidence

CHECKS = plugins.names("blameline.checks")
Tell = Any  # ``Told`` of conftest.py, which cannot be imported

pytestmark = pytest.mark.xdist_group("told stories")  # each is investigated once
SHUFFLED = (
    pytest.mark.long
)  # of these stories the same bytes are asked for in another order of rows too, which says more


@dataclass(frozen=True)
class Contract:
    """Where a check must say what: pairs of a story and a candidate in it.

    ``controls`` is asked what a candidate cannot touch: its "cause" is that this was measured and stayed, which convicts nobody.
    """

    causes: tuple[tuple[str, str], ...]
    innocents: tuple[tuple[str, str], ...]
    """Refuted."""
    bystanders: tuple[tuple[str, str], ...]
    """Innocent too, but not so that this check must see it: never supported."""
    too_little: tuple[tuple[str, str], ...]
    needless: tuple[tuple[str, str], ...] = ()
    """Where there is nothing to tell, and no amount of data would make it so."""


CONTRACT: Mapping[str, Contract] = {
    "timing": Contract(
        causes=(
            ("rolled_back", "guilty"), ("judged", "guilty"), ("tied", "one"), ("tied", "two"), ("model seen", "guilty"),
            ("continuous", "guilty"), ("bystanders", "guilty"), ("coincidence", "beside"),
        ),
        innocents=(("staged", "later"), ("staged", "random"), ("bystanders", "deploy-0"), ("bystanders", "deploy-2")),
        bystanders=(("rolled_back", "revert"), ("lost", "app")),
        too_little=(("opening", "before"), ("vague", "sometime")),
    ),
    "exposure": Contract(
        causes=(("staged", "guilty"), ("model seen", "guilty"), ("continuous", "guilty")),
        innocents=(("staged", "elsewhere"), ("staged", "dosed"), ("continuous", "elsewhere")),
        bystanders=(("judged", "app"), ("rolled_back", "stayed"), ("traffic", "app"), ("model seen", "ebbing")),
        too_little=(("bare", "only"), ("coincidence", "beside"), ("sparse", "edit")),
    ),
    "scope": Contract(
        causes=(("scoped", "guilty"),),
        innocents=(("scoped", "elsewhere"), ("everywhere", "confined")),
        bystanders=(("staged", "elsewhere"), ("continuous", "elsewhere"), ("sticky", "edit")),
        too_little=(("scoped", "nowhere"), ("bare", "only"), ("rolled_back", "guilty"), ("sticky", "edit")),
    ),
    "paired": Contract(
        causes=(("asked again", "guilty"),),
        innocents=(("asked again", "other"),),
        bystanders=(("staged", "elsewhere"), ("tied", "one")),
        too_little=(("asked again", "everybody"), ("asked in no words", "guilty"), ("staged", "guilty"), ("asked seldom", "guilty")),
    ),
    "controls": Contract(
        causes=(("staged", "guilty"), ("staged", "later"), ("bypassed", "guilty")),
        innocents=(("judged", "app"),),
        bystanders=(("judged", "app"),),
        too_little=(("bare", "only"), ("sparse", "edit"), ("control seldom scored", "edit")),
    ),
    "dose": Contract(
        causes=(("staged", "guilty"),),
        innocents=(("model seen", "ebbing"),),
        bystanders=(("staged", "dosed"), ("staged", "elsewhere"), ("continuous", "elsewhere"), ("staged", "later")),
        too_little=(("bare", "only"), ("sparse", "edit"), ("tied", "one"), ("coincidence", "beside")),
    ),
    "reversal": Contract(
        causes=(("rolled_back", "guilty"),),
        innocents=(("outlived", "taken-back"),),
        bystanders=(("rolled_back", "stayed"), ("rolled_back", "revert"), ("outlived", "guilty")),
        too_little=(("bare", "only"), ("staged", "guilty"), ("sparse", "edit")),
    ),
    "placebo": Contract(
        causes=(("staged", "guilty"), ("rolled_back", "guilty"), ("model seen", "guilty")),
        innocents=(("continuous", "elsewhere"), ("traffic", "app")),
        bystanders=(
            ("staged", "random"), ("staged", "later"), ("staged", "dosed"), ("lost", "app"), ("bystanders", "deploy-0"),
            ("bystanders", "deploy-1"), ("bystanders", "deploy-2"), ("bystanders", "deploy-3"),
        ),
        too_little=(("sparse", "edit"),),
    ),
    "mix": Contract(
        causes=(("traffic", "mix"), ("traffic", "guilty")),
        innocents=(("staged", "mix"), ("rolled_back", "mix"), ("model seen", "mix")),
        bystanders=(("judged", "mix"), ("lost", "mix")),
        too_little=(("bare", "mix"),),
    ),
    "bridge": Contract(
        causes=(("rescored", "judge"), ("anchors", "ruler")),
        innocents=(("innocent judge", "judge"), ("anchors stayed", "ruler")),
        bystanders=(("ruler and app", "judge"),),
        too_little=(("few pairs", "judge"), ("few pairs", "ruler"), ("bare", "ruler")),
    ),
    "ruler": Contract(
        causes=(("judged", "guilty"), ("judged", "ruler")),
        innocents=(("judged", "app"), ("staged", "ruler"), ("rolled_back", "ruler")),
        bystanders=(("staged", "guilty"), ("staged", "later"), ("bystanders", "ruler")),
        too_little=(("bare", "ruler"), ("bare", "only")),
    ),
    "records": Contract(
        causes=(("lost", "artefact"), ("lost", "guilty")),
        innocents=(("staged", "artefact"), ("rolled_back", "artefact"), ("tied", "artefact")),
        bystanders=(("doubled", "artefact"), ("judged", "artefact")),
        too_little=(("sparse", "artefact"),),
    ),
    "selection": Contract(
        causes=(("choosy", "suite"), ("choosy", "ruler"), ("choosy", "artefact")),
        innocents=(("sampled", "suite"), ("sampled", "ruler")),
        bystanders=(("sampled, grown", "suite"), ("staged", "ruler"), ("judged", "ruler"), ("traffic", "artefact"), ("lost", "guilty")),
        too_little=(("bare", "ruler"), ("sparse", "artefact")),
    ),
    "rival": Contract(
        causes=(("both", "second"),),
        innocents=(("staged", "elsewhere"), ("staged", "random"), ("continuous", "elsewhere")),
        bystanders=(("staged", "later"), ("staged", "dosed"), ("outlived", "taken-back"), ("rolled_back", "stayed")),
        too_little=(("tied", "one"), ("bare", "before")),
        needless=(("bare", "only"), ("tied", "two"), ("coincidence", "beside")),
    ),
    "mechanism": Contract(
        causes=(("tools fail", "guilty"), ("nothing found", "guilty")),
        innocents=(("all fall", "guilty"),),
        bystanders=(
            ("tools fail", "edit"), ("nothing found", "edit"), ("all fall", "edit"), ("beside", "guilty"), ("beside", "edit"),
            ("staged", "elsewhere"),
        ),
        too_little=(("bare", "only"), ("sparse", "edit"), ("tied", "two")),
        needless=(("model coincidence", "beside"),),
    ),
    "stage": Contract(
        causes=(("tools fail", "guilty"), ("nothing found", "guilty")),
        innocents=(("nothing found", "edit"),),
        bystanders=(("tools fail", "edit"), ("all fall", "guilty"), ("all fall", "edit"), ("beside", "guilty"), ("beside", "edit")),
        too_little=(("bare", "only"), ("sparse", "edit"), ("tied", "two"), ("all fall", "guilty")),
    ),
    "replay": Contract(
        causes=(("staged", "guilty"),),
        innocents=(("staged", "later"),),
        bystanders=(("staged", "random"),),
        too_little=(("staged", "elsewhere"), ("staged", "random"), ("bare", "only")),
    ),
    "signature": Contract(
        causes=(("unrecorded", "unknown"),),
        innocents=(("unrecorded, alike", "unknown"),),
        bystanders=(("recorded edit", "unknown"),),
        too_little=(("bare", "unknown"), ("sparse", "unknown")),
    ),
}  # fmt: skip


def asked(check: Any, told: Tell, candidate: str) -> Evidence:
    """The answer, which must be the same when the question is put again."""
    first, again = (told.ask(check, candidate, seed=7) for _ in range(2))
    assert first.model_dump_json() == again.model_dump_json(), f"{check.name} changed its mind about {candidate}"
    return first


def says_yes(check: Any, told: Tell, candidate: str) -> None:
    found = asked(check, told, candidate)
    assert found.verdict == "supports", f"{check.name} of {told.name}/{candidate}: {found.verdict}: {found.because}"


def says_no(check: Any, told: Tell, candidate: str) -> None:
    found = asked(check, told, candidate)
    assert found.verdict == "refutes", f"{check.name} of {told.name}/{candidate}: {found.verdict}: {found.because}"


def never_says_yes(check: Any, told: Tell, candidate: str) -> None:
    found = asked(check, told, candidate)
    assert found.verdict != "supports", f"{check.name} of {told.name}/{candidate}: {found.verdict}: {found.because}"


def cannot_tell(check: Any, told: Tell, candidate: str) -> None:
    found = asked(check, told, candidate)
    assert found.verdict == "inconclusive", f"{check.name} of {told.name}/{candidate}: {found.verdict}: {found.because}"
    assert len(found.because.split()) >= 3, (
        f"{check.name} of {told.name}/{candidate} gives no reason: {found.because!r}"
    )


def says_how_sure(found: Evidence) -> None:
    """An answer has an interval, the low end first."""
    pairs = [(name, name[:-3] + "high") for name in found.numbers if name == "low" or name.endswith("_low")]
    pairs = [pair for pair in pairs if found.numbers[pair[0]] is not None]
    assert pairs, f"{found.check} answers without an interval: {found.because}"
    for low, high in pairs:
        assert found.numbers[low] <= found.numbers[high], f"{found.check}: {low} above {high}"


def says_how_much(found: Evidence) -> None:
    """What cannot be told says how much would be enough, in words and as a number."""
    assert "would" in found.because, f"{found.check} does not say what would be enough: {found.because}"
    assert found.numbers.get("enough", 0) > 0, f"{found.check} gives no number that would be enough: {found.numbers}"


def prove_alive(check: Any, contract: Contract, story: Callable[[str], Tell]) -> None:
    """All of it for one check; what a broken check must not survive."""
    for name, candidate in contract.causes:
        says_yes(check, story(name), candidate)
    for name, candidate in contract.innocents:
        says_no(check, story(name), candidate)
    for name, candidate in contract.bystanders:
        never_says_yes(check, story(name), candidate)
    for name, candidate in (*contract.too_little, *contract.needless):
        cannot_tell(check, story(name), candidate)


def cases(part: str) -> list[Any]:
    return [
        pytest.param(check, name, candidate, id=f"{check}-{name}-{candidate}")
        for check, contract in CONTRACT.items()
        for name, candidate in getattr(contract, part)
    ]


def test_every_registered_check_has_a_contract() -> None:
    assert set(CHECKS) == set(CONTRACT)
    for name, contract in CONTRACT.items():
        assert contract.causes, name
        assert contract.innocents, name
        assert contract.too_little, name


@pytest.mark.parametrize("name", CHECKS)
def test_a_check_says_what_it_asks_and_names_its_query(name: str) -> None:
    check = plugins.load("blameline.checks", name)
    assert check.name == name
    assert check.asks.endswith("?")
    assert check.query.startswith("evidence/")
    assert sql(check.query).startswith("-- ")


@pytest.mark.parametrize(("check", "name", "candidate"), cases("causes"))
def test_a_planted_cause_is_supported(story: Callable[[str], Tell], check: str, name: str, candidate: str) -> None:
    says_yes(plugins.load("blameline.checks", check), story(name), candidate)
    says_how_sure(story(name).ask(plugins.load("blameline.checks", check), candidate))


@pytest.mark.parametrize(("check", "name", "candidate"), cases("innocents"))
def test_a_planted_innocent_is_refuted(story: Callable[[str], Tell], check: str, name: str, candidate: str) -> None:
    says_no(plugins.load("blameline.checks", check), story(name), candidate)
    says_how_sure(story(name).ask(plugins.load("blameline.checks", check), candidate))


@pytest.mark.parametrize(("check", "name", "candidate"), cases("bystanders"))
def test_a_planted_innocent_is_never_supported(
    story: Callable[[str], Tell], check: str, name: str, candidate: str
) -> None:
    never_says_yes(plugins.load("blameline.checks", check), story(name), candidate)


@pytest.mark.parametrize(("check", "name", "candidate"), cases("too_little"))
def test_too_little_data_is_no_verdict(story: Callable[[str], Tell], check: str, name: str, candidate: str) -> None:
    cannot_tell(plugins.load("blameline.checks", check), story(name), candidate)
    says_how_much(story(name).ask(plugins.load("blameline.checks", check), candidate))


@pytest.mark.parametrize(("check", "name", "candidate"), cases("needless"))
def test_where_there_is_nothing_to_tell_nothing_is_told(
    story: Callable[[str], Tell], check: str, name: str, candidate: str
) -> None:
    cannot_tell(plugins.load("blameline.checks", check), story(name), candidate)


@pytest.mark.parametrize("name", ["staged", "judged", "traffic", "lost", "rolled_back"])
def test_the_ledger_holds_what_the_checks_say(story: Callable[[str], Tell], name: str) -> None:
    told = story(name)
    for line in told.ledger.values():
        wanted = {
            check.name
            for check in plugins.load_all("blameline.checks")
            if check.concerns(told.candidate(line.candidate))
        }
        assert {one.check for one in line.evidence} == wanted
        for one in line.evidence:
            assert one == told.ask(plugins.load("blameline.checks", one.check), line.candidate)
            assert one.query.name == plugins.load("blameline.checks", one.check).query


@pytest.mark.parametrize(
    "name", ["staged", "judged", "traffic", "lost", "rolled_back", "continuous", "asked again", "sticky"]
)
def test_order_of_rows_files_and_records_does_not_matter(
    story: Callable[[str], Tell], investigate: Callable[..., Tell], files_of: Callable[[str], Any], name: str
) -> None:
    other = investigate(files_of(name), name, shuffle=5)
    assert other.found.model_dump_json() == story(name).found.model_dump_json()


@pytest.mark.parametrize(
    "name", ["staged", *(pytest.param(one, marks=SHUFFLED) for one in ("judged", "traffic", "lost", "asked again"))]
)
def test_the_same_seed_gives_the_same_bytes(
    story: Callable[[str], Tell], investigate: Callable[..., Tell], files_of: Callable[[str], Any], name: str
) -> None:
    again = investigate(files_of(name), name)
    assert again.found.model_dump_json() == story(name).found.model_dump_json()


# Broken checks: what is above must notice each of them.


class Broken:
    """A check that asks and answers nothing of its own."""

    asks = "Is it broken?"
    query = "evidence/signals"
    answer: ClassVar[Answered | None] = None

    def __init__(self, name: str = "broken") -> None:
        self.name = name

    def concerns(self, candidate: Candidate) -> bool:  # noqa: ARG002  the protocol hands it in
        return True

    def parameters(self, hearing: Hearing, candidate: Candidate) -> Mapping[str, object]:
        return plugins.load("blameline.checks", "ruler").parameters(hearing, candidate)

    def weigh(self, rows: Any, hearing: Hearing, candidate: Candidate, *, seed: int) -> Any:  # noqa: ARG002  the protocol
        return self.answer


class SaysYes(Broken):
    answer = Answered("supports", "it is always the one")


class SaysNo(Broken):
    answer = Answered("refutes", "it is never the one")


class Shrugs(Broken):
    answer = Answered("inconclusive", "it cannot be told, ever")


class GivesNoReason(Broken):
    answer = Answered("inconclusive", "")


class Wavers(Broken):
    def weigh(self, rows: Any, hearing: Hearing, candidate: Candidate, *, seed: int) -> Any:  # noqa: ARG002  the protocol
        self.turns = getattr(self, "turns", 0) + 1
        return Answered("supports", f"asked {self.turns} times")


class Crashed(Exception):
    """What only our broken check raises."""


class Raises(Broken):
    def weigh(self, rows: Any, hearing: Hearing, candidate: Candidate, *, seed: int) -> Any:  # noqa: ARG002  the protocol
        raise Crashed


class AsksBadly(Broken):
    query = "evidence/no_such_query"


@pytest.mark.parametrize("name", CHECKS)
@pytest.mark.parametrize("broken", [SaysYes, SaysNo, Shrugs, Wavers])
def test_a_broken_check_does_not_survive_its_contract(
    story: Callable[[str], Tell], name: str, broken: type[Broken]
) -> None:
    with pytest.raises(AssertionError):
        prove_alive(broken(name), CONTRACT[name], story)


def test_each_part_of_the_contract_notices(story: Callable[[str], Tell]) -> None:
    told = story("staged")
    for part, broken in (
        (says_yes, SaysNo), (says_yes, Shrugs), (says_no, SaysYes), (says_no, Shrugs), (never_says_yes, SaysYes),
        (cannot_tell, SaysYes), (cannot_tell, SaysNo), (cannot_tell, GivesNoReason), (says_yes, Wavers),
    ):  # fmt: skip
        with pytest.raises(AssertionError):
            part(broken(), told, "guilty")


@pytest.mark.parametrize("name", CHECKS)
def test_a_crash_and_silence_never_become_a_verdict(story: Callable[[str], Tell], name: str) -> None:
    with pytest.raises(Crashed):
        prove_alive(Raises(name), CONTRACT[name], story)
    with pytest.raises((AttributeError, TypeError)):
        prove_alive(Broken(name), CONTRACT[name], story)


@pytest.mark.parametrize(
    ("broken", "raised"), [(Raises, Crashed), (Broken, (AttributeError, TypeError)), (AsksBadly, Exception)]
)
def test_a_broken_plug_in_stops_the_investigation(
    story: Callable[[str], Tell], monkeypatch: pytest.MonkeyPatch, broken: type[Broken], raised: Any
) -> None:
    told = story("tied")
    assert told.found.ledger
    real = plugins.load_all
    monkeypatch.setattr(
        judgement.plugins,
        "load_all",
        lambda group: (*real(group), broken()) if group == "blameline.checks" else real(group),
    )
    with pytest.raises(raised):
        judgement.judge(told.hearing, told.case.store, seed=0)


@pytest.mark.parametrize("answer", ["yes", "SUPPORTS", "", None])
def test_a_verdict_must_be_one_of_the_three(story: Callable[[str], Tell], answer: Any) -> None:
    check = Broken()
    check.answer = Answered(answer, "not a word of the contract")  # type: ignore[misc]
    with pytest.raises(ValueError, match="verdict"):
        story("tied").ask(check, "one")
