"""Contracts as people write them: found by what is in the file, told where they are wrong, replaced when the file is edited."""

from __future__ import annotations

import json

import jsonschema
import pytest
import yaml

from blameline.contracts import asks, measure, stated
from blameline.intake import load
from blameline.records import Contract, Manifest, Problem
from blameline.sources.contracts import MOST, ContractsFile
from blameline.sources.heads import File, look
from blameline.store import Store

GOOD = {"id": "short", "kind": "sentences", "min": 1, "max": 3, "at_least": 0.95, "scope": {"tenant.id": "a"}}


@pytest.fixture
def read(tmp_path):
    def of(text: str, name: str = "anything.txt") -> list[Contract | Problem]:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        head = look(path)
        assert ContractsFile().sniff(path, head)
        return list(ContractsFile().read(File(path, name, head), Manifest(), lenient=False))

    return of


@pytest.mark.parametrize(
    "text",
    [
        yaml.safe_dump({"contracts": [GOOD]}),
        yaml.safe_dump([GOOD]),
        json.dumps({"contracts": [GOOD]}, indent=1),
        json.dumps([GOOD]),
        json.dumps(GOOD) + "\n" + json.dumps({**GOOD, "id": "b"}) + "\n",
    ],
)
def test_it_is_found_by_what_is_in_it(read, text):
    first = read(text)[0]
    assert isinstance(first, Contract)
    assert (first.id, first.max, first.floor, first.scope) == ("short", 3, 0.95, {"tenant.id": "a"})
    assert asks(first) == "1 to 3 sentences"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"kind": "jsn"}, "unknown kind of contract 'jsn'; did you mean 'json'?"),
        ({"kind": "json"}, "a contract of kind 'json' says nothing of 'max'"),
        ({"kind": "keys", "min": None, "max": None}, "a contract of kind 'keys' says keys"),
        ({"id": "two words"}, "'id'"),
        ({"id": None}, "the contract has no 'id'"),
        ({"min": 4}, "'min' is 4 and 'max' is 3"),
        ({"at_least": 98}, "'at_least'"),
        ({"at_most": 0.1}, "say the same thing from two sides"),
        ({"kind": "forbidden", "min": None, "max": None, "pattern": "(?=x)"}, "no regular expression that RE2 reads"),
        ({"kind": "forbidden", "min": None, "max": None, "pattern": "(a{1000}){1000}"}, "no regular expression that RE2 reads"),
        ({"kind": "forbidden", "min": None, "max": None, "pattern": "a" * 1001}, "'pattern'"),
        ({"kind": "language", "min": None, "max": None, "languages": "English"}, "'languages.0'"),
        ({"kind": "keys", "min": None, "max": None, "keys": {"a": "text"}}, "'keys.a'"),
        ({"scope": {"tenant.id": ["a", "b"]}}, "'scope.tenant.id'"),
        ({"max": "nan", "min": None}, "'max'"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_line_and_the_rest_is_read(read, more, said):
    bad = {key: value for key, value in {**GOOD, "id": "bad", **more}.items() if value is not None}
    problem, good = read(f"# ours\n- {json.dumps(bad)}\n- {json.dumps(GOOD)}\n")
    assert isinstance(problem, Problem)
    assert problem.line == 2
    assert said in problem.message
    assert isinstance(good, Contract)


def test_one_id_and_unknown_keys_and_too_many(read):
    again, other, twice = read(f"- {json.dumps({**GOOD, 'mx': 3})}\n- {json.dumps(GOOD)}\n")
    assert "unknown key 'mx' is not used; did you mean 'max'?" in again.message
    assert isinstance(other, Contract)
    assert (twice.line, twice.message) == (2, "the contract id 'short' is there already: give this one another")
    many = read("".join(f"- {json.dumps({**GOOD, 'id': f'c{at}'})}\n" for at in range(MOST + 5)))
    assert len(many) == MOST + 1
    assert "at most 200 contracts" in many[-1].message


@pytest.mark.parametrize(
    "text", ["- {at: 2026-03-01, kind: json}\n", '{"contracts": ["a"]}\n', "contracts: 3\n", '{"kind": "json", "trace_id": "x"}\n']
)  # fmt: skip
def test_other_files_are_left_alone(tmp_path, text):
    path = tmp_path / "contracts.yaml"
    path.write_text(text)
    assert not ContractsFile().sniff(path, look(path))


def test_the_schema_takes_what_the_record_takes(root):
    schema = json.loads((root / "schemas" / "contract.schema.json").read_text(encoding="utf-8"))
    for one in (
        GOOD,
        {"id": "k", "kind": "keys", "keys": ["a", "b"]},
        {"id": "k", "kind": "keys", "keys": {"a": "string"}},
        {"id": "l", "kind": "language", "languages": "en"},
    ):
        jsonschema.validate(one, schema)
        assert Contract.model_validate(one)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**GOOD, "line": 3}, schema)


def test_edited_edited_back_and_stated_in_two_files(tmp_path):
    ours, theirs = tmp_path / "contracts.yaml", tmp_path / "more.yaml"
    ours.write_text(yaml.safe_dump([GOOD]))
    with Store.open(tmp_path / "case.duckdb") as store:
        load(store, [ours])
        assert [one.max for one in stated(store)] == [3]
        ours.write_text(yaml.safe_dump([{**GOOD, "max": 5}]))
        theirs.write_text(yaml.safe_dump([{**GOOD, "id": "theirs", "summary": "as jane@example.com asked"}, GOOD]))
        load(store, [ours, theirs])
        assert [(one.id, one.max, one.source) for one in stated(store)] == [
            ("short", 3, "more.yaml"),
            ("theirs", 3, "more.yaml"),
        ]
        assert "jane" not in str(stated(store)[1].summary)
        (problem,) = measure(store)
        assert (problem.source, problem.line) == ("contracts.yaml", 1)
        assert problem.message == "the contract id 'short' stands for different things; what more.yaml says counts"
        ours.write_text(yaml.safe_dump([GOOD]))  # edited back
        load(store, [ours])
        assert store.sql("SELECT count(*) FROM contracts").rows == ((3,),)
        assert not measure(store)
