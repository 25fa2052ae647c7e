from __future__ import annotations

import io
import json
import struct
import zipfile
from collections import Counter
from typing import TYPE_CHECKING

import pytest
import zstandard

from blameline.sources import Found, Problem, discover
from conftest import FIXTURES

if TYPE_CHECKING:
    from pathlib import Path

    from blameline.store import Store

FOLDER = FIXTURES / "inspect"


def members(name: str) -> dict[str, bytes]:
    """What an archive of the fixtures holds, unpacked with zstandard by the archive's directory."""
    raw = (FOLDER / name).read_bytes()
    found = {}
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        for one in archive.infolist():
            assert one.compress_type == 93
            named, extra = struct.unpack("<HH", raw[one.header_offset + 26 : one.header_offset + 30])
            start = one.header_offset + 30 + named + extra
            with zstandard.ZstdDecompressor().stream_reader(raw[start : start + one.compress_size]) as frame:
                found[one.filename] = frame.read()
    return found


def deflated(files: dict[str, bytes]) -> bytes:
    """The archive as Inspect packed it before 2026."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return packed.getvalue()


def header(**more: object) -> dict:
    told = {"eval_id": "e1", "task": "refunds", "created": "2026-03-10T06:00:00Z", "run_id": "r", "model": "m"}
    return {"version": 2, "status": "success", "eval": told, **more}


def samples(scores: list[object], **more: object) -> list[dict]:
    return [{"id": n, "epoch": 1, "scores": {"s": {"value": value}}, **more} for n, value in enumerate(scores)]


@pytest.mark.parametrize("packed", ["zstd", "deflate"])
def test_an_archive(store: Store, take, packed: str) -> None:
    files = members("refunds.eval")
    take({"a.eval": (FOLDER / "refunds.eval").read_bytes() if packed == "zstd" else deflated(files)})
    (run,) = store.eval_runs()
    wanted: dict[tuple[str, str], Counter] = {}
    for one in json.loads(files["summaries.json"]):
        verdict = one["scores"]["match"]["value"] if one["scores"] else "E"
        wanted.setdefault((one["metadata"]["region"], one["metadata"]["task"]), Counter())[verdict] += 1
    assert sum(many["E"] for many in wanted.values()) == 1
    assert {(one.segment["region"], one.segment["task"]): (one.n, one.passed) for one in run.slices} == {
        segment: (many["C"] + many["I"], many["C"]) for segment, many in wanted.items()
    }
    told = json.loads(files["header.json"])
    assert (run.run_id, run.suite, run.status) == (told["eval"]["eval_id"], "refunds", "completed")
    assert run.at.isoformat() == told["stats"]["started_at"]
    assert run.reason == (
        "1 case left out: the sample ended in an error; task version 3, dataset refunds-v2, model mockllm/model"
    )
    assert run.judge is None


def test_a_scorer_is_a_run_and_a_judge_that_fails_is_no_failure(store: Store, take) -> None:
    take({"a.eval": (FOLDER / "graded.eval").read_bytes()})
    summaries = json.loads(members("graded.eval")["summaries.json"])
    verdicts = Counter(str(one["scores"]["model_graded_qa"]["value"]) for one in summaries)
    runs = {run.suite: run for run in store.eval_runs()}
    graded, length = runs["graded [model_graded_qa]"], runs["graded [length]"]
    assert verdicts["nan"] == 1
    assert sum(one.n for one in graded.slices) == len(summaries) - 1
    assert sum(one.passed for one in graded.slices) == verdicts["C"]
    assert graded.judge == "mockllm/judge"
    assert "1 case left out: the judge gave no verdict" in graded.reason
    assert {one.passed for one in length.slices} == {None}
    assert sum(one.n for one in length.slices) == len(summaries)


def test_epochs_count_once(store: Store, take) -> None:
    take({"a.json": (FOLDER / "epochs.json").read_bytes()})
    log = json.loads((FOLDER / "epochs.json").read_text())
    reduced = [one["value"] for one in log["reductions"][0]["samples"]]
    (run,) = store.eval_runs()
    assert len(log["samples"]) == 3 * len(reduced) == 15
    assert (sum(one.n for one in run.slices), sum(one.passed for one in run.slices)) == (5, reduced.count("C"))
    assert reduced.count("C") == 3


def test_a_run_that_was_killed(store: Store, take) -> None:
    found = take({"a.eval": (FOLDER / "killed.eval").read_bytes()})
    files = members("killed.eval")
    kept = [one for name in files if name.startswith("_journal/summ") for one in json.loads(files[name])]
    (run,) = store.eval_runs()
    assert (run.status, run.suite, run.run_id) == (
        "error",
        "refunds",
        json.loads(files["_journal/start.json"])["eval"]["eval_id"],
    )
    assert run.reason.startswith("the run did not finish; task version 3")
    assert sum(one.n for one in run.slices) == len(kept) == 8
    assert not found.problems


def test_a_run_that_ended_in_an_error(store: Store, take) -> None:
    take({"a.eval": (FOLDER / "ended_in_error.eval").read_bytes()})
    (run,) = store.eval_runs()
    assert run.status == "error"
    assert run.reason.startswith("the run ended in an error: RuntimeError('the tool server is gone'); 2 cases left out")


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"status": "cancelled"}, "the run was cancelled"),
        ({"status": "started"}, "the run did not finish"),
        ({"invalidated": True}, "the log was marked as invalid"),
        ({"status": None}, "the log does not say that the run succeeded"),
    ],
)
def test_what_is_no_completed_run(store: Store, take, more: dict, why: str) -> None:
    take({"a.json": json.dumps({**header(), **more, "samples": samples(["C", "I"])})})
    (run,) = store.eval_runs()
    assert (run.status, run.reason.partition(";")[0]) == ("error", why)


@pytest.mark.parametrize(
    ("values", "n", "passed"),
    [
        (["C", "I", "P", "N"], 4, 1),
        ([1, 0, True, False, 1.0], 5, 3),
        (["yes", "no", "C"], 3, 2),
        ([0.7, 0.2], 2, None),
        (["C", float("nan")], 1, 1),
        (["C", 2**80], 2, None),
        ([[1], None, "text"], 3, None),
        (["\ud800", "C"], 2, None),
    ],
)
def test_verdicts(store: Store, take, values: list, n: int, passed: int | None) -> None:
    told = header()
    told["eval"]["model"] = told["eval"]["task"] = "m\ud800"
    take({"a.json": json.dumps({**told, "samples": samples(values)})})
    (run,) = store.eval_runs()
    assert [(one.n, one.passed) for one in run.slices] == [(n, passed)]


def test_a_score_of_many_parts_is_a_run_for_each(store: Store, take) -> None:
    take({"a.json": json.dumps({**header(), "samples": samples([{"right": 1, "kind": 0}, {"right": 1, "kind": 1}])})})
    assert {run.suite: run.slices[0].passed for run in store.eval_runs()} == {
        "refunds [s.right]": 2, "refunds [s.kind]": 1,
    }  # fmt: skip


def test_a_header_alone_counts_by_its_accuracy(store: Store, take) -> None:
    scores = [{"name": "match", "scorer": "match", "scored_samples": 40, "metrics": {"accuracy": {"value": 0.925}}}]
    take({"a.eval": deflated({"header.json": json.dumps(header(results={"scores": scores})).encode()})})
    (run,) = store.eval_runs()
    assert [(one.n, one.passed) for one in run.slices] == [(40, 37)]
    assert run.reason.startswith("model m; counted from the accuracy in the header")


def test_samples_without_summaries(store: Store, take) -> None:
    files = members("graded.eval")
    kept = {name: data for name, data in files.items() if name.startswith("samples/") or name == "header.json"}
    take({"whole.eval": (FOLDER / "graded.eval").read_bytes()})
    before = store.eval_runs()
    found = take({"x/kept.eval": deflated(kept)})
    assert found.eval_runs == 0
    assert not found.problems  # the same runs, so nothing differs
    assert [run.source for run in before] == ["whole.eval"] * 2


def test_damaged_archives(store: Store, take) -> None:
    whole = (FOLDER / "killed.eval").read_bytes()
    flipped = bytearray((FOLDER / "refunds.eval").read_bytes())
    with zipfile.ZipFile(io.BytesIO(flipped)) as archive:
        at = archive.getinfo("summaries.json").header_offset + 200
    flipped[at] ^= 0xFF
    found = take({"cut.eval": whole[: len(whole) // 2], "flipped.eval": bytes(flipped)})
    told = {problem.source: problem.message for problem in found.problems}
    assert told["cut.eval"].startswith("the archive is damaged")
    assert told["flipped.eval"].startswith("summaries.json in the archive cannot be read")
    assert [run.reason.partition(";")[0] for run in store.eval_runs() if run.source == "cut.eval"] == [
        "the run did not finish"
    ]


def test_an_archive_that_explodes_or_leads_out(store: Store, take, case: Path) -> None:
    bomb = deflated(
        {"header.json": b" " * (1 << 27), "summaries.json": b"[]", "../../evil.json": b"{}", "/etc/x": b"{}"}
    )
    found = take({"bomb.eval": bomb, "deep.eval": deflated({"header.json": b"[" * 100_000})})
    assert len(bomb) < 200_000
    assert any("larger than 64 MB" in problem.message for problem in found.problems)
    assert not store.eval_runs()
    assert not list(case.parent.parent.glob("**/evil.json"))
    many = deflated(
        {"header.json": json.dumps(header(samples=[])).encode(), **{f"samples/{n}.json": b"" for n in range(5000)}}
    )
    assert take({"many.eval": many}).eval_runs == 1


def test_an_archive_of_many_bombs_is_given_up(store: Store, take, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("blameline.sources.inspect._ALTOGETHER", 3 << 20)
    parts = {f"_journal/summaries/{n}.json": b"[" + b" " * (1 << 20) + b"]" for n in range(1, 9)}
    found = take({"a.eval": deflated({"_journal/start.json": json.dumps(header()).encode(), **parts})})
    assert [problem.message.partition(" in ")[0] for problem in found.problems] == ["_journal/summaries/4.json"]
    assert [run.status for run in store.eval_runs()] == ["error"]


def test_wrong_types_are_told(store: Store, take) -> None:
    bad = [
        {**header(), "eval": {"task": "t", "model": 1, "run_id": 1}},
        {**header(), "eval": {**header()["eval"], "created": "0001-01-01T00:00:00+14:00"}},
        {**header(), "eval": {**header()["eval"], "task": None}},
    ]
    odd = {
        **header(),
        "samples": [1, {"id": [], "scores": [], "metadata": 3}, *samples([1])],
        "reductions": [1, {"samples": [2]}],
        "results": [],
        "error": 3,
        "stats": [],
    }
    found = take({**{f"{n}.json": json.dumps(one, indent=1) for n, one in enumerate(bad)}, "odd.json": json.dumps(odd)})
    assert {problem.source for problem in found.problems} == {"0.json", "1.json", "2.json"}
    assert [(run.source, run.slices[0].n) for run in store.eval_runs()] == [("odd.json", 1)]


def test_loading_twice_changes_nothing(store: Store, take) -> None:
    files = {name: (FOLDER / name).read_bytes() for name in ("graded.eval", "killed.eval", "epochs.json")}
    first = take(files)
    before = store.eval_runs()
    assert (first.eval_runs, take({}).eval_runs) == (4, 0)
    assert store.eval_runs() == before


def test_innocent_lookalikes(case: Path) -> None:
    (case / "a.zip").write_bytes(deflated({"word/document.xml": b"<x/>", "header.json.txt": b"{}"}))
    (case / "b.json").write_text(json.dumps({"status": "success", "eval": {"task": "x"}}))
    found = list(discover([case]))
    assert [part.reader.name for part in found if isinstance(part, Found) and part.reader.name == "inspect"] == []
    assert any(isinstance(part, Problem) and part.source == "a.zip" for part in found)
