"""The bytes of a file: one look gives their hash and what is among them; small files that are read as one stay apart."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import pytest

from blameline.intake import load
from blameline.intake.bytes_on_disk import digest
from blameline.store import Store

if TYPE_CHECKING:
    from pathlib import Path

PIECE = 1 << 22
NEEDLE = b".evaluation."


@pytest.mark.parametrize("place", [0, 5, PIECE - len(NEEDLE), PIECE - 6, PIECE, 2 * PIECE - len(NEEDLE) + 1, 3 * PIECE])
@pytest.mark.parametrize("size", [PIECE, 2 * PIECE + 1])
def test_a_needle_is_found_wherever_it_lies(tmp_path: Path, place: int, size: int) -> None:
    whole = b"x" * size
    if place + len(NEEDLE) <= size:
        whole = whole[:place] + NEEDLE + whole[place + len(NEEDLE) :]
    (tmp_path / "a").write_bytes(whole)
    found = digest(tmp_path / "a", (NEEDLE, b"not there"))
    assert found.sha256 == hashlib.sha256(whole).hexdigest()
    assert found.size == size
    assert (NEEDLE in found.holds) == (NEEDLE in whole)
    assert b"not there" not in found.holds


@pytest.mark.parametrize("second", [PIECE - 20, PIECE - 4, PIECE + 1])
def test_every_needle_is_found_whichever_comes_first(tmp_path: Path, second: int) -> None:
    """Also where one is the beginning of another, and where only a part of one is there."""
    whole = bytearray(b"." * (PIECE + 100))
    whole[second : second + 12] = b".annotation."
    whole[PIECE - 40 : PIECE - 28] = NEEDLE
    whole[-7:] = b".evalua"
    (tmp_path / "a").write_bytes(whole)
    wanted = (b".annotation.", NEEDLE, b".evaluation", b".evaluation.result")
    assert digest(tmp_path / "a", wanted).holds == set(wanted[:3])
    assert digest(tmp_path / "a").holds == set()


def line(span: int, before: str = "") -> str:
    one = {
        "traceId": f"{span:032x}",
        "spanId": f"{span:016x}",
        "name": "chat",
        "startTimeUnixNano": "1773000000000000000",
    }
    request = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [one]}]}]})
    return request.replace("{", "{" + before, 1)


def test_rows_of_files_that_are_read_as_one_know_their_file(tmp_path: Path) -> None:
    """Also where a file says that it is another one, ends without a line feed, or has blank lines."""
    exports = tmp_path / "in"
    exports.mkdir()
    texts = {
        "a.jsonl": line(1),
        "b.jsonl": "\n" + line(2, '"blameline_file":1,') + "\r\n\n",
        "c.jsonl": f"{line(3)}\n  {line(4)}",
    }
    for name, text in texts.items():
        (exports / name).write_text(text)
    with Store.open(tmp_path / "a.duckdb") as store:
        assert load(store, [exports]).spans == 4
        asked = "SELECT f.source, list(right(s.span_id, 1) ORDER BY s.span_id) FROM span_rows s JOIN files f USING (file_id) GROUP BY ALL ORDER BY 1"
        assert store.sql(asked).rows == (("a.jsonl", ["1"]), ("b.jsonl", ["2"]), ("c.jsonl", ["3", "4"]))


def test_one_bad_file_costs_only_its_own_rows(tmp_path: Path) -> None:
    exports = tmp_path / "in"
    exports.mkdir()
    for number in range(1, 8):
        (exports / f"{number}.jsonl").write_text(line(number) + "\n")
    (exports / "4.jsonl").write_text(line(4) + "\n" + line(9)[:60])
    with Store.open(tmp_path / "a.duckdb") as store:
        found = load(store, [exports])
        assert found.spans == 7
        assert [(one.source, one.line) for one in found.problems if one.source != "traces"] == [("4.jsonl", 2)]
