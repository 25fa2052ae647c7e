"""The reader that most sources share: every container gives the same records, with the line that each begins on."""

from __future__ import annotations

import csv
import gzip
import json
import tracemalloc
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from blameline.records import Problem
from blameline.sources.heads import File, look
from blameline.sources.lines import Found, records


def read(
    path: Path, raw: str | bytes | None = None, **asked: Any
) -> tuple[list[tuple[int | None, dict]], list[Problem]]:
    if raw is not None:
        path.write_bytes(raw if isinstance(raw, bytes) else raw.encode())
    found = list(records(File(path, path.name, look(path)), **asked))
    kept = [(part.line, part.record) for part in found if isinstance(part, Found)]
    return kept, [part for part in found if isinstance(part, Problem)]


TWO = [{"a": 1}, {"a": 2}]


@pytest.mark.parametrize("key", ["data", "changes", "runs"])
@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("around", [{}, {"next": None, "meta": {"data": [3]}}])
def test_a_page_is_opened_whatever_its_layout(tmp_path: Path, key: str, indent: int | None, around: dict) -> None:
    for document in ({**around, key: TWO}, {key: TWO, **around}):
        text = json.dumps(document, indent=indent)
        kept, told = read(tmp_path / "a", text, key=("other", key))
        assert ([record for _, record in kept], told) == (TWO, [])
        wanted = [text[: text.index(f'"a": {n}')].count("\n") + (0 if indent else 1) for n in (1, 2)]
        assert [line for line, _ in kept] == wanted


def test_pages_one_a_line_and_one_after_another(tmp_path: Path) -> None:
    pages = [{"data": TWO}, {"data": []}, {"data": [{"a": 3}]}]
    for text in ("\n".join(map(json.dumps, pages)), "\n".join(json.dumps(page, indent=2) for page in pages)):
        kept, told = read(tmp_path / "a", text, key="data")
        assert ([record for _, record in kept], told) == ([*TWO, {"a": 3}], [])


def test_the_list_is_the_one_at_the_root(tmp_path: Path) -> None:
    document = {"about": {"data": [{"a": 9}]}, "words": '"data": [', "data": TWO}
    assert [record for _, record in read(tmp_path / "a", json.dumps(document, indent=1), key="data")[0]] == TWO
    whole = {"data": {"x": [1]}, "b": 1}
    assert read(tmp_path / "b", json.dumps(whole, indent=1), key="data")[0] == [(1, whole)]


def test_an_object_with_a_telling_name_is_a_record(tmp_path: Path) -> None:
    answer = {"object": "list", "data": [{"embedding": [1]}], "usage": {}}
    for indent in (None, 1):
        kept, _ = read(tmp_path / "a", json.dumps(answer, indent=indent), key="data", unless=("usage",))
        assert kept == [(1, answer)]


@pytest.mark.parametrize("raw", ["[]", "[ ]\n", '{"data": []}', '{\n "data": [\n ]\n}', "a,b\n", "data: []\n"])
def test_nothing_in_it_is_no_fault(tmp_path: Path, raw: str) -> None:
    assert read(tmp_path / "a", raw, key="data") == ([], [])


@pytest.mark.parametrize("form", ["list", "page", "line", "csv"])
def test_memory_does_not_grow_with_the_file(tmp_path: Path, form: str) -> None:
    row = {"a": "x" * 1000, "b": 1}
    count = 30_000
    path = tmp_path / "a"
    with path.open("w") as out:
        if form == "csv":
            out.write("a,b\n")
            out.writelines(f"{row['a']},1\n" for _ in range(count))
        else:
            end = "" if form == "line" else "\n"
            out.write("[" if form == "list" else f'{{"total": {count},{end} "data": [{end}')
            out.writelines(f"{',' if n else ''}{json.dumps(row)}{end}" for n in range(count))
            out.write("]" if form == "list" else "]}")
    file = File(path, "a", look(path))
    tracemalloc.start()
    assert sum(isinstance(part, Found) for part in records(file, "data")) == count
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8_000_000 < path.stat().st_size / 3  # about 4 MB, for a file of 10 MB as of 90


def test_csv_lines_and_long_fields(tmp_path: Path) -> None:
    before = csv.field_size_limit()
    long = "x" * 300_000
    text = f'a,b\n1,"two\nlines\n"\n\n2,{long}\n3\n4,5,6\n7,8\n'
    kept, told = read(tmp_path / "a", text)
    assert [line for line, _ in kept] == [2, 6, 9]
    assert kept[1][1]["b"] == long
    assert [(problem.line, problem.message.split()[0]) for problem in told] == [(7, "fewer"), (8, "more")]
    assert csv.field_size_limit() == before


def test_a_quote_that_never_closes_costs_its_own_row(tmp_path: Path) -> None:
    """However far away the next quote is, and though what it takes in may look like a row by chance."""
    good = [f"{n},x,y\n" for n in range(5000)]
    ends = {"nothing": "", "quoted": '8,"x, z",y\n', "empty": '8,"",y\n', "last": '8,x,"y"\n', "another": '8,"x,y\n'}
    for end in ends.values():
        kept, told = read(tmp_path / "a", "a,b,c\n" + "".join(good[:9]) + '7,"x,y\n' + "".join(good) + end)
        assert len(kept) == 5009 + bool(end and end != ends["another"])
        said = "a quote that opens in this row never closes: the row was not read"
        assert (told[0].line, told[0].message) == (11, said)
        assert len(told) == 1 + (end == ends["another"])


def test_a_quote_that_never_closes_says_what_it_took(tmp_path: Path) -> None:
    kept, told = read(tmp_path / "a", 'a,b\n1,x\n2,"so\nI said\nto him\n')
    assert kept == [(2, {"a": "1", "b": "x"})]
    said = "a quote that opens in this row never closes: 2 lines behind it were not read"
    assert [(problem.line, problem.message) for problem in told] == [(3, said)]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ('"two\nlines, and a ""word"""', 'two\nlines, and a "word"'), ('5" pipe', '5" pipe'), ('"a"b', "ab"),
        ('"one\nI said "hi" to him"', 'one\nI said hi" to him"'), ('""', None),
    ],
)  # fmt: skip
def test_quotes_that_do_close(tmp_path: Path, field: str, value: str | None) -> None:
    kept, told = read(tmp_path / "a", f"a,b,c\n1,2,{field}\n3,4,5\n")
    assert told == []
    first = {"a": "1", "b": "2"} | ({"c": value} if value else {})
    assert [record for _, record in kept] == [first, {"a": "3", "b": "4", "c": "5"}]


def test_csv_names_that_are_empty_or_come_twice(tmp_path: Path) -> None:
    assert read(tmp_path / "a", ",a,a\n0,1,2\n") == ([(2, {"_1": "0", "a": "1", "a_3": "2"})], [])


def test_csv_whose_lines_end_as_on_an_old_machine(tmp_path: Path) -> None:
    assert [record for _, record in read(tmp_path / "a", "a,b\r1,2\r3,4\r")[0]] == [
        {"a": "1", "b": "2"},
        {"a": "3", "b": "4"},
    ]


BAD = "\n".join(
    ['[{"a": 1},', '{"a": nope},', '{"a": [1, {"b": }', "]},", '7, {"a": 2},', '{"a": "' + "\\" + 'x"}, {"a": 3}]']
)


def test_a_broken_record_in_a_list_costs_itself_alone(tmp_path: Path) -> None:
    kept, told = read(tmp_path / "a", BAD)
    assert kept == [(1, {"a": 1}), (5, {"a": 2}), (6, {"a": 3})]
    assert [problem.line for problem in told] == [2, 3, 5, 6]


@pytest.mark.parametrize(
    ("raw", "count", "said"),
    [
        (b'[{"a": 1}, {"a": ' + b"[" * 100_000 + b"]" * 100_000 + b'}, {"a": 2}]', 2, "nested too deeply"),
        (b'{"a": 1}\n{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b'}\n{"a": 2}\n', 2, "nested too deeply"),
        (b'{"a": 1}\n{"a": "\xff"}\n{"a": 2}\n', 3, "not UTF-8"),
        (b'[\n{"a": 1},\n{"a": "\xff"},\n{"a": 2}]', 3, "not UTF-8"),
        (b"a,b\n1,2\n\xff,3\n", 2, "not UTF-8"),
        (b'{"a": 1}\n\0\0\0\n{"a": 2}\n\0\0', 2, "nothing but zeros"),
        (b'[{"a": 1}, {"a": 2}', 2, "ends early"),
        (b'[{"a": 1}, {"a": 2', 1, "ends early"),
        (b'{"a": 1}\n{"a": 2', 1, "cut short"),
        (b'{"a": 1}\r{"a": 2}\r', 0, "carriage returns alone"),
        (b'{"a": 1}\r\n{"a": 2}{}\r\n', 1, "Extra data"),
        (b'{\n "a": 1\n}\n{\n "a": 2,\n{\n "a": 3\n}\n', 2, "not complete"),
        (b"- a: 1\n- " + b"[" * 5000 + b"\n", 0, "nest"),
    ],
)
def test_damage_is_told(tmp_path: Path, raw: bytes, count: int, said: str) -> None:
    kept, told = read(tmp_path / "a", raw)
    assert len(kept) == count
    assert len(told) == 1
    assert said in told[0].message


def test_what_no_utf8_holds_has_its_line(tmp_path: Path) -> None:
    raw = b'[\n{"a": 1},\n{"b": 1,\n "a": "\xff"},\n{"a": "\xef\xbf\xbd"}]'
    _, told = read(tmp_path / "a", raw)
    assert [problem.line for problem in told] == [4]


def test_odd_values_are_handed_on(tmp_path: Path) -> None:
    kept, told = read(tmp_path / "a", '{"a": NaN, "b": "\\ud800", "c": 1, "c": 2}\n{"a": -Infinity}')
    assert told == []
    assert (kept[0][1]["b"], kept[0][1]["c"]) == ("\ud800", 2)


def test_a_damaged_archive_gives_what_comes_before(tmp_path: Path) -> None:
    rows = [{"a": n, "b": f"{n * 7919 % 1013:x}" * 9} for n in range(3000)]
    packed = gzip.compress(json.dumps(rows).encode())
    kept, told = read(tmp_path / "a.gz", packed[: len(packed) // 2])
    assert [record for _, record in kept] == rows[: len(kept)]
    assert 100 < len(kept) < 3000
    assert [problem.message.split(":")[0] for problem in told] == ["the file is damaged from here on"]


def test_parquet_times_of_any_kind(tmp_path: Path) -> None:
    odd = 1_772_323_200_123_456_789
    columns = {
        "ns": pa.array([odd, None], pa.timestamp("ns")),
        "zone": pa.array([odd, odd], pa.timestamp("ns", "Europe/Berlin")),
        "far": pa.array([10**18, 0], pa.timestamp("us")),
        "inside": pa.array([[{"at": odd}], []], pa.list_(pa.struct([("at", pa.timestamp("ns"))]))),
        "took": pa.array([1_500_000_001, 0], pa.duration("ns")),
        "raw": pa.array([b"ab", b"\xff"]),
    }
    pq.write_table(pa.table(columns), tmp_path / "a.parquet")
    kept, told = read(tmp_path / "a.parquet")
    assert told == []
    assert kept[0][1]["ns"] == "2026-03-01 00:00:00.123456789"
    assert kept[0][1]["zone"] == "2026-03-01 00:00:00.123456789Z"
    assert kept[0][1]["inside"] == [{"at": "2026-03-01 00:00:00.123456789"}]
    assert (kept[0][1]["took"], kept[1][1]["raw"]) == (1.5, "ff")
    assert "ns" not in kept[1][1]


def test_a_damaged_parquet_file_is_one_problem(tmp_path: Path) -> None:
    assert len(read(tmp_path / "a.parquet", b"PAR1" + b"x" * 100)[1]) == 1
