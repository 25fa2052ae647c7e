from __future__ import annotations

import datetime as dt
import gzip
import json
import random
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

if TYPE_CHECKING:
    from collections.abc import Callable

    from blameline.store import Store

ROWS = [
    {"request_id": f"r{n}", "at": f"2026-03-01T00:00:{n:02d}Z", "model": "m1", "answer_correct": n % 2}
    for n in range(6)
]


def lines(rows: list[dict]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def scores(store: Store) -> list[tuple]:
    return list(store.sql("SELECT trace_id, name, value, evaluator FROM scores ORDER BY ALL").rows)


def csv_text(rows: list[dict]) -> str:
    return ",".join(rows[0]) + "\n" + "".join(",".join(str(value) for value in row.values()) + "\n" for row in rows)


CONTAINERS = {
    "a": lines(ROWS), "a.json": json.dumps(ROWS, indent=2), "a.csv": csv_text(ROWS),
    "a.gz": gzip.compress(lines(ROWS).encode()), "a.zst": zstandard.compress(csv_text(ROWS).encode()),
    "bom": b"\xef\xbb\xbf" + lines(ROWS).encode(), "bom.csv": b"\xef\xbb\xbf" + csv_text(ROWS).encode(),
    "crlf": lines(ROWS).replace("\n", "\r\n"),
}  # fmt: skip


@pytest.mark.parametrize("name", CONTAINERS)
def test_the_same_rows_in_any_container(store: Store, take, name: str) -> None:
    found = take({name: CONTAINERS[name]})
    assert (found.spans, found.scores, found.problems) == (6, 6, ())
    assert scores(store) == [(f"r{n}", "answer_correct", n % 2, None) for n in range(6)]
    first = store.sql("SELECT start_at, attributes FROM spans ORDER BY trace_id LIMIT 1").rows[0]
    assert first == (dt.datetime(2026, 3, 1), {"model": "m1", "gen_ai.request.model": "m1"})  # noqa: DTZ001  as stored


def test_parquet(store: Store, case, take) -> None:
    at = [dt.datetime(2026, 3, 1, tzinfo=dt.UTC), None]
    table = pa.table({"created_at": at, "id": ["a", "b"], "passed": [True, False], "ctx": [{"k": 1}, {"k": 2}]})
    pq.write_table(table, case / "a.parquet")
    found = take({})
    assert [(problem.line, problem.message) for problem in found.problems] == [
        (2, "the row has no time: 'created_at' is empty")
    ]
    assert scores(store) == [("a", "passed", 1.0, None)]
    assert store.sql("SELECT attributes['ctx.k'] FROM spans").rows == (("1",),)


@pytest.mark.parametrize(
    ("said", "nanoseconds"),
    [
        ("2026-03-01T00:00:00Z", 1772323200 * 10**9), ("2026-03-01 00:00:00.5", 1772323200500000000),
        ("2026-03-01T02:00:00+02:00", 1772323200 * 10**9), (1772323200, 1772323200 * 10**9),
        (1772323200.25, 1772323200250000000), (1772323200123, 1772323200123000000),
        (1772323200123456, 1772323200123456000), (1772323200123456789, 1772323200123456789), ("1772323200", 1772323200 * 10**9),
        ("2026-03-01T00:00:00.123456789Z", 1772323200123456789), ("2026-03-01 02:00:00.1234567+02:00", 1772323200123456700),
        ("2026-03-01T02:00:00.123456+02:00", 1772323200123456000), ("2026-03-01 00:00:00,123", 1772323200123000000),
        ("20260301T000000Z", 1772323200 * 10**9), ("20260301T010000.5+0100", 1772323200500000000),
        ("20260301T000000", 1772323200 * 10**9), ("Sun, 01 Mar 2026 01:00:00 +0100", 1772323200 * 10**9),
        ("Sun, 01 Mar 2026 00:00:00 GMT", 1772323200 * 10**9), ("1 Mar 2026 00:00:00 -0000", 1772323200 * 10**9),
    ],
)  # fmt: skip
def test_times_are_told_by_their_look_and_size(store: Store, take, said: object, nanoseconds: int) -> None:
    assert take({"a.jsonl": lines([{"timestamp": said, "id": "a", "x": 1}])}).problems == ()
    assert store.sql("SELECT start_ns FROM spans").rows == ((nanoseconds,),)


@pytest.mark.parametrize(
    "said",
    [
        "soon",
        42,
        "",
        None,
        "1999-01-01T00:00:00Z",
        True,
        "1,123",
        "20261301T000000Z",
        "20260301",
        "Sun, 01 Mar 1999 00:00:00 GMT",
    ],
)
def test_a_row_without_a_usable_time_is_told(take, said: object) -> None:
    found = take({"a.jsonl": lines([{"at": said, "id": "a"}, {"at": "2026-03-01T00:00:00Z", "id": "b"}])})
    assert found.spans == 1
    assert [problem.line for problem in found.problems] == [1]


def test_bad_lines_are_told_with_their_line_even_after_blank_ones(take) -> None:
    good = json.dumps(ROWS[0])
    found = take({"a.jsonl": f"{good}\n\n{{bad\n[1]\n\n{json.dumps(ROWS[1])}\n{good[:20]}"})
    assert found.spans == 2
    assert [problem.line for problem in found.problems] == [3, 4, 7]


def test_many_bad_rows_are_counted(take) -> None:
    found = take({"a.jsonl": lines([ROWS[0], *({"at": "never", "id": str(n)} for n in range(120))])})
    assert len(found.problems) == 51
    assert any(problem.message == "70 more rows cannot be used" for problem in found.problems)


def test_the_manifest_names_the_columns(store: Store, take) -> None:
    manifest = "columns: {at: wann, trace_id: wer, scores: [note], status: ende}\nfields: {judge: [richter]}\n"
    rows = [
        {"wann": "2026-03-01T00:00:00Z", "wer": "t1", "note": "0.5", "ende": "failed", "richter": "j1", "rating": 3}
    ]
    take({"incident.yaml": manifest, "a.jsonl": lines(rows)})
    assert scores(store) == [("t1", "note", 0.5, "j1")]
    assert store.sql("SELECT status, attributes['rating'] FROM spans").rows == (("error", "3"),)


@pytest.mark.parametrize(
    "said", [1772323200, "1772323200.5", 1772323200123, "20260301T000000Z", "Sun, 01 Mar 2026 00:00:00 GMT"]
)
@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_the_manifest_names_a_time_of_any_look(take, form: str, said: object) -> None:
    rows = [{"wann": said, "wer": "t1", "note": 1}]
    columns = "columns: {at: wann, trace_id: wer, scores: [note]}\n"
    text = lines(rows) if form == "jsonl" else csv_text(rows).replace("Sun, 01", '"Sun, 01').replace("GMT", 'GMT"')
    (problem,) = take({f"a.{form}": text}).problems
    assert problem.message == "no column holds a time: name it under 'columns: {at: wann}' in incident.yaml"
    found = take({"incident.yaml": columns})
    assert (found.spans, found.scores, found.problems) == (1, 1, ())


def test_numbers_that_are_no_times_make_no_table(take) -> None:
    (problem,) = take(
        {"a.jsonl": lines([{"size": 123456789, "share": 0.5, "n": 17, "no": "12345678901234567890"}])}
    ).problems
    assert problem.message == "not recognised: no source reads this (jsonl)"


def test_a_table_of_scores_beside_one_whose_time_the_manifest_names(store: Store, take) -> None:
    """The manifest speaks of the requests' table: one of scores needs no time."""
    requests = [{"wann": "2026-03-01T00:00:00Z", "trace_id": "t1"}]
    judged = [{"trace_id": "t1", "name": "helpful", "value": 0.5}]
    found = take({"incident.yaml": "columns: {at: wann}\n", "a.jsonl": lines(requests), "b.jsonl": lines(judged)})
    assert found.problems == ()
    assert (found.spans, scores(store)) == (1, [("t1", "helpful", 0.5, None)])


def test_the_judge_of_a_row_gave_neither_thumbs_nor_format_checks(store: Store, take) -> None:
    row = {
        "at": "2026-03-01T00:00:00Z",
        "id": "a",
        "answer_correct": 0.5,
        "format_valid": 1,
        "thumbs": 1,
        "courtesy": 0.7,
    }
    take({"a.jsonl": lines([{**row, "judge": "j1"}]), "incident.yaml": "controls: [format_valid, courtesy]\n"})
    assert {(name, judge) for _, name, _, judge in scores(store)} == {
        ("answer_correct", "j1"), ("courtesy", "j1"), ("format_valid", None), ("thumbs", None),
    }  # fmt: skip


@pytest.mark.parametrize("bad", ["abc", "NaN", "inf", '{"a": 1}', float("nan"), float("inf"), {"a": 1}])
@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_one_bad_value_costs_itself_and_not_the_column(store: Store, take, form: str, bad: object) -> None:
    rows = [{"at": "2026-03-01T00:00:00Z", "id": f"r{n}", "correct": n % 2} for n in range(10)]
    rows[4]["correct"] = bad  # type: ignore[assignment]
    found = take({f"a.{form}": lines(rows) if form == "jsonl" else csv_text(rows)})
    assert (found.spans, found.scores) == (10, 9)
    assert [problem.line for problem in found.problems] == [5 + (form == "csv")]


@pytest.mark.parametrize(
    ("values", "scored", "told"),
    [
        (["1e-3", "+1.", ".5", "2E+1"], 4, 0), (["1", "n/a", "0", "n/a", "1"], 0, 1), (["good answer"] * 9 + ["5"], 0, 0),
        (["", "", "1"], 1, 0), (["", "", ""], 0, 0),
    ],
)  # fmt: skip
def test_a_column_is_a_score_by_a_clear_majority_and_doubt_is_told(take, values: list, scored: int, told: int) -> None:
    rows = [{"at": "2026-03-01T00:00:00Z", "id": f"r{n}", "rating": value} for n, value in enumerate(values)]
    found = take({"a.jsonl": lines(rows)})
    assert found.scores == scored
    assert ["columns: {scores: [rating]}" in problem.message for problem in found.problems] == [True] * told
    if told:
        again = take({"incident.yaml": "columns: {scores: [rating]}\n"})
        assert (again.scores, {problem.line for problem in again.problems}) == (3, {2, 4})


def test_new_settings_read_the_file_again(store: Store, take) -> None:
    take({"a.jsonl": lines([{"at": "2026-03-01T00:00:00Z", "id": "t1", "mark": 0.5}])})
    assert scores(store) == []
    take({"incident.yaml": "signals: {mark: {better: higher}}\n"})
    assert scores(store) == [("t1", "mark", 0.5, None)]
    assert store.loaded().spans == 1


def test_nested_objects_have_dotted_names(store: Store, take) -> None:
    row = {
        "at": "2026-03-01T00:00:00Z",
        "id": "a",
        "scores": {"tone": 0.5},
        "attributes": {"llm.model_name": "m"},
        "meta": {"a": [1]},
    }
    take({"a.jsonl": lines([row])})
    assert scores(store) == [("a", "tone", 0.5, None)]
    ((attributes,),) = store.sql("SELECT attributes FROM spans").rows
    assert attributes["gen_ai.response.model"] == attributes["llm.model_name"] == "m"
    assert (attributes["meta"], attributes["meta.a"]) == ('{"a":[1]}', "[1]")


def test_rows_without_ids_get_stable_ones(take) -> None:
    row = {"at": "2026-03-01T00:00:00Z", "x": 1}
    assert take({"a.jsonl": lines([row, row])}).spans == 2


def test_score_rows(store: Store, take) -> None:
    rows = [{"trace_id": "t1", "name": "tone", "value": 0.5, "at": "2026-03-01T00:00:00Z", "judge": "j"},
            {"trace_id": "t1", "name": "tone", "value": None, "label": "pass"}, {"trace_id": "t2", "name": "tone", "value": "x"},
            {"trace_id": "t2", "value": 1}]  # fmt: skip
    found = take({"a.jsonl": lines(rows)})
    assert scores(store) == [("t1", "tone", 0.5, "j"), ("t1", "tone", 1.0, None)]
    assert [problem.line for problem in found.problems] == [3, 4]
    assert found.spans == 0


@pytest.mark.parametrize("beyond", [2**80, 1e24, "-1e13", 10**400])
def test_a_score_beyond_all_measure_is_told(store: Store, take, beyond: object) -> None:
    """One of them is all that a mean shows; a count of nanoseconds is not beyond."""
    rows = [{"at": "2026-03-01T00:00:00Z", "id": f"r{n}", "score": 5e11} for n in range(9)]
    judged = [{"trace_id": "t1", "name": "tone", "value": value} for value in (beyond, -1e12)]
    found = take({"a.jsonl": lines([*rows, {**rows[0], "score": beyond}]), "b.jsonl": lines(judged)})
    assert {(name, value) for _, name, value, _ in scores(store)} == {("score", 5e11), ("tone", -1e12)}
    assert [(problem.source, problem.line) for problem in found.problems] == [("a.jsonl", 10), ("b.jsonl", 1)]
    said = "is not a number" if beyond == 10**400 else "is beyond 1e12"
    assert all(said in problem.message for problem in found.problems)


def test_a_damaged_archive_gives_what_it_holds(take) -> None:
    seed = random.Random(5)  # noqa: S311  seeded, for tests
    packed = gzip.compress(lines([{**ROWS[0], "request_id": str(n), "x": seed.random()} for n in range(5000)]).encode())
    found = take({"a.jsonl.gz": packed[: len(packed) // 2]})
    assert 0 < found.spans < 5000
    assert any("damaged" in problem.message for problem in found.problems)


@pytest.mark.parametrize("packed", [bytes, gzip.compress], ids=["plain", "gzip"])
@pytest.mark.parametrize(
    ("bad", "kept", "said"),
    [
        (b"2026-03-01T00:00:00Z,b,caf\xe9", 1, "a text is not UTF-8; what is broken was replaced"),
        (b'2026-03-01T00:00:00Z,b,"cafe', 0, "a quote that opens in this row never closes: the row was not read"),
        (b"2026-03-01T00:00:00Z,b", 0, "fewer fields than the header names"),
    ],
)
def test_one_bad_row_of_a_csv_file(store: Store, take, packed: Callable, bad: bytes, kept: int, said: str) -> None:
    good = "".join(f'2026-03-01T00:00:00Z,{n},"a, ""b"",\n c é"\n' for n in range(2000)).encode()
    found = take(
        {"a.csv": packed(b"at,id,question\n" + good + bad + b"\n" + good.replace(b"Z,", b"Z,x") + b"never,c,\n")}
    )
    assert found.spans == 4000 + kept
    assert [(problem.line, problem.message) for problem in found.problems] == [
        (4002, said), (8003, "the row has no usable time: never"),
    ]  # fmt: skip
    (texts,) = zip(*store.sql("SELECT DISTINCT attributes['question'] FROM spans ORDER BY 1").rows, strict=True)
    assert texts == (('a, "b",\n c é',) + ("caf�",) * kept)


@pytest.mark.parametrize("before", [1, 3000])
def test_a_zero_byte_in_a_csv_file_costs_no_other_row(take, before: int) -> None:
    rows = [
        {"at": "2026-03-01T00:00:00Z", "id": f"r{n}", "question": "q" * 20, "correct": 1} for n in range(before + 2)
    ]
    rows[before]["question"] = "a\0b"
    found = take({"a.csv": csv_text(rows)})
    assert found.scores >= before + 1
    assert found.scores + len(found.problems) == before + 2


@pytest.mark.parametrize("raw", [b"at,id\n".decode().encode("utf-16"), b"a,b\0\n1,2\n", b"\0a,b\n1,2\n"])
def test_what_begins_with_zero_bytes_is_no_csv(take, raw: bytes) -> None:
    (problem,) = take({"a.csv": raw}).problems
    assert problem.message == "not recognised: no source reads this (binary)"


def test_a_csv_row_with_too_many_fields(take) -> None:
    found = take(
        {"a.csv": "at,id,x\n2026-03-01T00:00:00Z,a,1\n2026-03-01T00:00:00Z,b,1,2,3\n2026-03-01T00:00:00Z,c,1\n"}
    )
    assert found.spans >= 2
    assert found.problems


LONG = "word " * 40_000
"""Of a first row that is longer than what every file is recognised by."""


@pytest.mark.parametrize("packed", [bytes, gzip.compress, zstandard.compress], ids=["plain", "gzip", "zstd"])
@pytest.mark.parametrize("form", ["lines", "list", "pretty", "csv"])
def test_a_first_row_as_long_as_a_prompt_with_its_documents(take, form: str, packed: Callable) -> None:
    rows = [{**row, "prompt": LONG if n == 0 else "q", "correct": 1} for n, row in enumerate(ROWS)]
    text = {
        "lines": lines(rows),
        "list": json.dumps(rows),
        "pretty": json.dumps(rows, indent=1),
        "csv": csv_text(rows),
    }[form]
    found = take({"a": packed(text.encode())})
    assert (found.spans, found.scores, found.problems) == (6, 12, ())


def test_no_more_is_read_of_a_first_row_than_some_megabytes(take) -> None:
    found = take({"a.jsonl": lines([{**ROWS[0], "prompt": LONG * 50}])})
    assert found.spans == 0
    (problem,) = found.problems
    assert problem.message == "not recognised: no source reads this (jsonl), and its first record is longer than 4 MB"
