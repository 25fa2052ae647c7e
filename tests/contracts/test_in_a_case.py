"""A planted break of one contract, found as a shift and by the check; innocent contracts beside it are cleared, and learned."""

from __future__ import annotations

import json
import random

import pytest
import yaml
from click.testing import CliRunner

from blameline.case import open_case
from blameline.cli import main
from blameline.errors import BlamelineError
from blameline.records import Manifest
from blameline.sources.contracts import ContractsFile
from blameline.sources.heads import File, look

pytestmark = pytest.mark.xdist_group("contracts in a case")
DAYS, BREAK = 9, 6
CONTRACTS = [
    {"id": "bare", "kind": "no_fence", "at_least": 0.97, "summary": "the shop parses it"},
    {"id": "parses", "kind": "json", "at_least": 0.95},
    {"id": "has-total", "kind": "keys", "keys": {"total": "number"}},
    {"id": "refused", "kind": "refusal", "at_most": 0.01},
    {"id": "tools", "kind": "tool_errors"},
]


def answer(draw: random.Random, *, late: bool) -> str:
    said = {"order_id": f"o{draw.randrange(999)}", "total": draw.randrange(99), "items": [1]}
    if draw.random() < 0.02:
        del said["total"]
    if draw.random() < 0.01:
        return "I can't help with that."
    return f"```json\n{json.dumps(said)}\n```" if draw.random() < (0.25 if late else 0.005) else json.dumps(said)


@pytest.fixture(scope="module")
def folder(tmp_path_factory, rows, written):
    """Four requests an hour; from the seventh day on a quarter of the answers comes in a code fence."""
    draw = random.Random(11)  # noqa: S311
    told = [
        rows(
            f"r{number}", answer(draw, late=number >= 96 * BREAK), minute=15 * number + draw.randrange(15),
            **{"tenant.id": draw.choice("ab"), "gen_ai.prompt.version": "v2" if number >= 96 * BREAK else "v1"},
        )
        for number in range(96 * DAYS)
    ]  # fmt: skip
    folder = written(tmp_path_factory.mktemp("contracts") / "case", told, CONTRACTS)
    (folder / "incident.yaml").write_text("signals: {'contract:bare': {better: lower}}\nservice: shop\n")
    score = {"name": "contract:bare", "value": 0.5, "timestamp": "2026-03-01T00:20:00Z"}
    (folder / "scores.jsonl").write_text("".join(json.dumps({"trace_id": f"r{at}", **score}) + "\n" for at in (1, 2)))
    return folder


@pytest.fixture(scope="module")
def path(folder):
    with open_case(folder.parent / "case.duckdb") as case:
        case.load(folder)
    return folder.parent / "case.duckdb"


@pytest.fixture(scope="module")
def found(path):
    with open_case(path, read_only=True) as case:
        yield case


def test_a_broken_contract_is_a_shift_and_no_other_is(found):
    shift, *others = [one for one in found.shifts() if one.direction == "worse"]
    assert {one.signal for one in others} <= {"json_fenced"}, "the fence is a signal by itself"
    assert (shift.signal, shift.title) == ("contract:bare", "no code fence round the answer: the shop parses it")
    assert shift.onset.low.day <= 7 <= shift.onset.high.day
    assert shift.delta.low <= -0.25 <= shift.delta.high
    blame = found.blame()
    assert blame.headline.startswith("contract:bare (no code fence round the answer: the shop parses it) fell by ")
    assert blame.ledger[0].candidate == "undeclared:prompt:gen_ai.prompt.version=v2"
    assert "`contract:bare` (no code fence round the answer: the shop parses it) went from" in found.report()


def test_the_check_says_which_is_broken_kept_not_told_apart_and_not_measured(found):
    states = {one.id: one for one in found.contracts()}  # since the onset that was found
    assert {name: one.verdict for name, one in states.items()} == {
        "bare": "broken", "parses": "kept", "has-total": "not distinguishable", "refused": "not distinguishable", "tools": "not measured",
    }  # fmt: skip
    bare, total = states["bare"], states["has-total"]
    assert bare.difference.high < -0.15
    assert bare.because.endswith("a fall")
    assert total.difference.low <= 0 <= total.difference.high
    assert (
        f"not distinguishable at n = {total.n}; a drop of {100 * total.detectable:.1f} points would have"
        in total.because
    )
    assert "99% must: too near to tell" in states["refused"].because
    assert (states["tools"].because, states["tools"].n) == ("no tool was called", 0)
    assert bare.n_before + bare.n < 96 * DAYS  # the range of the onset is on neither side


def test_before_the_break_nothing_is_broken(found):
    states = {one.id: one for one in found.contracts(since="2026-03-04", until="2026-03-07")}
    assert {one.verdict for one in states.values()} == {"kept", "not distinguishable", "not measured"}
    hour = {one.id: one for one in found.contracts(since="2026-03-05T00:00", until="2026-03-05T02:00")}
    assert hour["bare"].verdict == "not distinguishable"  # eight requests
    begun = {one.id: one for one in found.contracts(since="2026-03-01", until="2026-03-07")}
    assert (begun["parses"].verdict, begun["has-total"].verdict) == ("kept", "not distinguishable")
    assert begun["parses"].because.endswith("nothing came before to compare it with")


def test_neither_a_manifest_nor_a_score_says_anything_of_a_contract(found):
    (signal,) = [one for one in found.story().signals if one.name == "contract:bare"]
    assert (signal.better, signal.family, signal.unit, signal.bounded) == ("higher", "contract", "share", True)
    told = (
        "SELECT count(*), count(*) FILTER (WHERE value NOT IN (0, 1)) FROM measurements WHERE signal = 'contract:bare'"
    )
    assert found.sql(told).rows == ((96 * DAYS, 0),)
    said = "2 scores have the name of a contract and are not used: a contract is measured, and not told"
    assert said in {problem.message for problem in found.blame().problems}
    assert not any("contract:" in gap.what for gap in found.blame().gaps)


def test_a_quiet_part_is_learned_from_and_can_be_loaded(found, tmp_path):
    learned = found.learn_contracts(until="2026-03-07")
    by_id = {one.contract.id: one for one in learned.contracts}
    assert by_id.keys() == {"json", "no-fence", "refusal", "finish", "sure-keys", "length", "latency"}
    assert by_id["sure-keys"].contract.keys == {"items": "array", "order_id": "string"}  # total is missing in 2%
    assert 0.9 < by_id["no-fence"].contract.at_least <= by_id["no-fence"].rate
    assert 0 < by_id["refusal"].contract.at_most < 0.1
    assert f"# {100 * by_id['json'].rate:.2f}% of {96 * BREAK} requests on 6 days" in learned.text
    assert [one["id"] for one in yaml.safe_load(learned.text)["contracts"]] == [
        one.contract.id for one in learned.contracts
    ]
    (tmp_path / "learned.yaml").write_text(learned.text, encoding="utf-8")
    file = File(tmp_path / "learned.yaml", "learned.yaml", look(tmp_path / "learned.yaml"))
    again = list(ContractsFile().read(file, Manifest(), lenient=False))
    assert [one.model_copy(update={"source": "", "line": None}) for one in again] == [
        one.contract for one in learned.contracts
    ]
    of_one = found.learn_contracts(until="2026-03-07", segment={"tenant.id": "a"})
    assert {"no-fence-a", "json-a"} <= {one.contract.id for one in of_one.contracts}
    assert all(one.contract.scope == {"tenant.id": "a"} for one in of_one.contracts)


def test_too_little_to_learn_from_is_no_contract(found):
    with pytest.raises(BlamelineError, match="cannot tell what callers may rely on: there are 192 requests"):
        found.learn_contracts(since="2026-03-02", until="2026-03-04")
    with pytest.raises(BlamelineError, match="the period ends at"):
        found.learn_contracts(since="2026-03-04", until="2026-03-02")
    with pytest.raises(BlamelineError, match="holds nothing from"):
        found.contracts(since="2027-01-01", until="2027-02-01")
    with pytest.raises(BlamelineError, match="--from is no time"):
        found.contracts(since="last week")


def test_the_verbs_say_what_the_methods_return(path, tmp_path):
    def run(*words: str):
        return CliRunner().invoke(main, ["contract", *words, "--case", str(path)])

    asked = ("check", "--from", "2026-03-07")
    plain = run(*asked, "--exit-code")
    assert plain.exit_code == 3, plain.output
    assert "bare\tno code fence round the answer: the shop parses it\tall traffic\tbroken\t" in plain.stdout
    as_json = run(*asked, "--json")
    assert {one["id"] for one in json.loads(as_json.stdout)} == {one["id"] for one in CONTRACTS}
    assert as_json.exit_code == 0
    out = tmp_path / "contracts.yaml"
    learned = run("learn", "--to", "2026-03-07", "-o", str(out))
    assert learned.stdout == f"7 contracts from {96 * BREAK} requests are in {out}\n"
    twice = run("learn", "--segment", "a=1", "--segment", "a=2")
    assert twice.exit_code == 1
    assert "--segment names two values of 'a'" in twice.stderr
