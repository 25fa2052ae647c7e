"""The chain of entries: it verifies, any edited byte is found, and telling the same again adds nothing."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta, timezone

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blameline import ledger
from blameline.case import open_case
from blameline.errors import StoreError
from blameline.records import Entry
from blameline.store import Store

AT = datetime(2026, 3, 20, 12, tzinfo=UTC)
BODY = {"text": "rolled back prompt v12", "on": "chg-003"}

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path / "case.duckdb") as opened:
        yield opened


def chained(store, count=4):
    for number in range(count):
        ledger.append(store, "note", {**BODY, "number": number}, at=AT + timedelta(minutes=number), by="support-ai")
    return ledger.entries(store)


def test_a_chain_verifies_and_links_each_entry_to_the_one_before(store):
    chain = chained(store)
    assert ledger.verify(chain) == 4
    assert chain[0].parent is None
    assert [one.parent for one in chain[1:]] == [one.id for one in chain[:-1]]
    assert all(one.id.startswith("b2:") and len(one.id) == 3 + 64 for one in chain)
    assert ledger.verify(()) == 0


def test_the_canonical_form_is_a_contract():
    """Changing it changes every hash in every old case file."""
    assert ledger.canonical_json({"b": [1, 2.5, None, True], "a": "ä\n"}) == '{"a":"ä\\n","b":[1,2.5,null,true]}'
    other_way_round = dict(reversed(BODY.items()))
    assert ledger.identity(None, AT, "me", "note", BODY) == ledger.identity(None, AT, "me", "note", other_way_round)
    with pytest.raises(ValueError, match="Out of range"):
        ledger.canonical_json(float("nan"))


def test_an_id_is_blake2b_of_parent_time_author_kind_and_body():
    text = (
        '{"at":"2026-03-20T12:00:00Z","body":{"on":"chg-003","text":"rolled back prompt v12"},'
        '"by":"support-ai","kind":"note","parent":null}'
    )
    assert (
        ledger.identity(None, AT, "support-ai", "note", BODY)
        == "b2:" + hashlib.blake2b(text.encode(), digest_size=32).hexdigest()
    )
    other = AT.astimezone(timezone(timedelta(hours=5, minutes=30)))
    assert ledger.identity(None, other, "support-ai", "note", BODY) == ledger.identity(
        None, AT, "support-ai", "note", BODY
    )


@pytest.mark.parametrize(
    "edited",
    [
        {"at": AT + timedelta(milliseconds=1)},
        {"by": "support-a1"},
        {"kind": "action"},
        {"body": {**BODY, "number": 1, "text": "rolled back prompt v13"}},
        {"body": {**BODY, "number": True}},
        {"parent": None},
        {"id": "b2:" + "0" * 64},
    ],
    ids=lambda edited: next(iter(edited)),
)
def test_an_edited_entry_is_named(store, edited):
    chain = list(chained(store))
    chain[1] = chain[1].model_copy(update=edited)
    with pytest.raises(StoreError, match=r"ledger entry 2 \(b2:.*the chain was edited"):
        ledger.verify(chain)


def test_a_removed_doubled_or_exchanged_entry_is_found(store):
    a, b, c, d = chained(store)
    for broken in ((a, c, d), (b, c, d), (a, b, b, c, d), (a, c, b, d)):
        with pytest.raises(StoreError):
            ledger.verify(broken)
    assert ledger.verify((a, b, c)) == 3, "a chain cut at its end is whole: whoever holds the last id can tell"


@given(body=st.dictionaries(st.text(), json_values, max_size=4), data=st.data())
@settings(max_examples=60, deadline=None)
def test_any_edited_byte_of_an_entry_is_found(body, data):
    entry = Entry(id=ledger.identity(None, AT, "me", "note", body), parent=None, at=AT, by="me", kind="note", body=body)
    assert ledger.verify([entry]) == 1
    text = ledger.canonical_json(body)
    place = data.draw(st.integers(0, len(text) - 1))
    letter = data.draw(st.characters(codec="utf-8"))
    try:
        edited = json.loads(text[:place] + letter + text[place + 1 :])
    except ValueError:
        return
    if not isinstance(edited, dict) or repr(edited) == repr(json.loads(text)):
        return
    with pytest.raises(StoreError):
        ledger.verify([entry.model_copy(update={"body": edited})])


def test_a_number_beyond_those_of_json_is_an_edit_that_is_found():
    body = {"effect": -2e-309}
    entry = Entry(id=ledger.identity(None, AT, "me", "note", body), parent=None, at=AT, by="me", kind="note", body=body)
    with pytest.raises(StoreError, match="does not match"):
        ledger.verify([entry.model_copy(update={"body": {"effect": float("-inf")}})])


@given(body=st.dictionaries(st.text(), json_values, max_size=4))
@settings(max_examples=40, deadline=None)
def test_an_entry_outlives_the_database_as_json(body):
    entry = Entry(id=ledger.identity(None, AT, "me", "note", body), parent=None, at=AT, by="me", kind="note", body=body)
    again = Entry.model_validate_json(entry.model_dump_json())
    assert again == entry
    assert ledger.verify([again]) == 1


def test_what_an_investigation_found_is_written_once(made, own_case, now):
    with open_case(own_case) as case:
        before = ledger.entries(case.store)
        assert ledger.verify(before) == len(before) == len(case.blame().ledger)
        case.investigate(made.folder, now=now + timedelta(days=1))
        assert ledger.entries(case.store) == before
        assert ledger.record(case.store, case.blame(), at=now) == 0


def test_a_changed_verdict_is_a_new_entry_and_the_old_one_stays(own_case, now):
    with open_case(own_case) as case:
        before = ledger.entries(case.store)
        found = case.blame()
        changed = found.ledger[0].model_copy(update={"verdict": "consistent"})
        later = found.model_copy(update={"ledger": (changed, *found.ledger[1:])})
        assert ledger.record(case.store, later, at=now) == 1
        after = ledger.entries(case.store)
        assert after[:-1] == before
        assert after[-1].body["verdict"] == "consistent"
        assert ledger.verify(after) == len(before) + 1


def test_a_byte_edited_in_the_case_file_is_found(own_case):
    """Past the program: with DuckDB alone, as somebody who wants to rewrite history would."""
    with duckdb.connect(str(own_case)) as connection:
        connection.execute("update entries set body = replace(body, 'supported', 'excluded') where position = 0")
    with open_case(own_case, read_only=True) as case, pytest.raises(StoreError, match="ledger entry 1"):
        ledger.verify(ledger.entries(case.store))


def test_times_are_kept_to_the_millisecond(store):
    entry = ledger.append(store, "note", BODY, at=AT.replace(microsecond=123_456), by="me")
    assert entry.at.microsecond == 123_000
    assert ledger.entries(store) == (entry,)
