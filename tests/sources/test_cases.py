from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from blameline.records import Manifest, Problem
from blameline.sources.cases import Cases
from blameline.sources.documents import walk
from blameline.sources.heads import File, look

if TYPE_CHECKING:
    from pathlib import Path


def counted(about: list[dict], *segments: str) -> tuple[dict, list[str]]:
    cases = Cases(Manifest(segments=segments))
    for one in about:
        cases.add(one, passed=True)
    return {tuple(sorted(dict(s.segment).items())): s.n for s in cases.slices()}, cases.left_out()


def test_only_what_looks_like_a_segment_parts_the_cases() -> None:
    about = [
        {"task": "a", "tone": "x", "app": {"region": n % 2}, "topic": f"question {n}", "intent": "y" * 65}
        for n in range(40)
    ]
    assert counted(about) == ({(("app.region", "0"), ("task", "a")): 20, (("app.region", "1"), ("task", "a")): 20}, [])


def test_the_manifest_goes_first_by_full_name_or_last_part() -> None:
    about = [{"task": "a", "tone": f"{n % 3}", "x.user.tier": "gold"} for n in range(6)]
    assert counted(about, "app.tone", "tier")[0] == {
        (("app.tone", f"{n}"), ("tier", "gold")): 2 for n in range(3)
    }  # fmt: skip
    assert counted(about, "nowhere")[0] == {(("task", "a"), ("x.user.tier", "gold")): 6}


def test_too_many_segments_are_left_out_and_told() -> None:
    assert counted([{"tenant": n, "task": n % 2} for n in range(2000)], "tenant", "task") == (
        {(("task", "0"),): 1000, (("task", "1"),): 1000}, ["not split by tenant: it has too many values"],
    )  # fmt: skip
    many = [{"tenant": n % 400, "task": n % 7} for n in range(2800)]
    assert counted(many, "tenant", "task") == (
        {(("task", f"{n}"),): 400 for n in range(7)}, ["not split by tenant: it has too many values"],
    )  # fmt: skip


DOCUMENT = {
    "a": 1.5e3, "b": {"c": [{"d": 'ä\n"x'}, 2, None], "e": {"f": [1]}}, "g": "z" * 70_000, "h": [True, "\u2028"], "i": -17,
}  # fmt: skip


@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("pad", range(0, 40, 3))
def test_values_are_whole_wherever_the_pieces_end(tmp_path: Path, indent: int | None, pad: int) -> None:
    text = json.dumps({"pad": "p" * (65_530 - 40 + pad), **DOCUMENT}, indent=indent, ensure_ascii=False)
    (tmp_path / "a.json").write_text(text)
    found = list(walk(File(tmp_path / "a.json", "a.json", look(tmp_path / "a.json")), {"b", "b.c", "h"}))
    assert [(part.path, part.value) for part in found][1:] == [
        ("a", 1500.0), ("b.c", {"d": 'ä\n"x'}), ("b.c", 2), ("b.c", None), ("b.e", {"f": [1]}), ("g", "z" * 70_000),
        ("h", True), ("h", "\u2028"), ("i", -17),
    ]  # fmt: skip
    if indent:
        assert found[-1].line == text[: text.index('"i"')].count("\n") + 1


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b'{"a": 1', "the file ends early"),
        (b'{"a": [1, 2', "the file ends early"),
        (b'{"a": nope}' + b" " * 100, "Expecting value"),
        (b'{"a": 1 "b": 2}', "where , is expected"),
        (b"{7: 1}", "a name in quotes is expected"),
        (b'{"a": 1} {"a": 2}', "more behind the end"),
        (b'{"a": ' + b"[" * 200_000, "nested too deeply"),
        (b'{"a": ' + b"7" * 5000 + b"}", "digit"),
        (b'"text"', "is expected"),
        (b'{"a": "\xff\xfe"}', "not UTF-8"),
    ],
)
def test_damage_ends_the_walk_with_a_problem(tmp_path: Path, raw: bytes, said: str) -> None:
    (tmp_path / "a.json").write_bytes(raw)
    found = list(walk(File(tmp_path / "a.json", "a.json", look(tmp_path / "a.json")), {"a"}))
    (problem,) = [part for part in found if isinstance(part, Problem)]
    assert said in problem.message
