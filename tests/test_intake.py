from __future__ import annotations

import json
import random
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from blameline.intake import Step, load
from blameline.sources import unpacked
from blameline.sources.table import Table
from blameline.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator

FIXTURES = Path(__file__).parent / "sources" / "fixtures"
TABLES = (
    "span_rows",
    "scores",
    "changes",
    "eval_runs",
    "replays",
    "alerts",
    "expectations",
    "problems",
    "manifests",
    "files",
    "settings",
)


def content(store: Store) -> dict[str, list[str]]:
    """Everything that was loaded, number of the file included: whatever the order, it is to be the same."""
    return {name: sorted(map(str, store.sql(f"SELECT * FROM {name}").rows)) for name in TABLES}  # noqa: S608  names are ours


@pytest.fixture
def case(tmp_path: Path) -> Path:
    folder = tmp_path / "case"
    folder.mkdir()
    for name in ("current.otlp.jsonl", "v1_36.otlp.jsonl", "current.otlp.jsonl.gz", "evaluation_result.logs.otlp.jsonl",
                 "current.otlp.truncated_tail.jsonl"):  # fmt: skip
        shutil.copy(FIXTURES / name, folder / name)
    rows = [{"id": f"r{n}", "at": f"2026-03-01T00:00:{n:02d}Z", "correct": n % 2} for n in range(20)]
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows) + "{bad\n")
    (folder / "more.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows[10:]))
    (folder / "changes.yaml").write_text("- {at: 2026-03-15, kind: deploy}\n- {kind: deploy}\n")
    (folder / "incident.yaml").write_text("service: s\n")
    return folder


def test_loading_twice_changes_nothing(tmp_path: Path, case: Path) -> None:
    with Store.open(tmp_path / "a.duckdb") as store:
        first = load(store, [case])
        before = content(store)
        second = load(store, [case])
        assert content(store) == before
        assert (first.spans, first.duplicates) == (12 + 20, 8 + 4 + 10 + 10)
        assert (second.spans, second.scores, second.changes, second.files, second.duplicates) == (0, 0, 0, (), 0)
        assert store.loaded().spans == first.spans


@pytest.mark.long
def test_the_order_of_files_does_not_matter(tmp_path: Path, case: Path) -> None:
    files = sorted(case.iterdir())
    found = []
    for n in range(3):
        random.Random(n).shuffle(files)  # noqa: S311  seeded, for tests
        with Store.open(tmp_path / f"{n}.duckdb") as store:
            for file in files:
                load(store, [file])
            found.append({key: value for key, value in content(store).items() if key not in {"spans", "scores"}})
            found[-1]["ids"] = list(store.sql("SELECT trace_id, span_id, attributes FROM spans ORDER BY ALL").rows)
            found[-1]["values"] = list(store.sql("SELECT score_key, value FROM scores ORDER BY ALL").rows)
    assert found[0] == found[1] == found[2]


def test_a_load_that_is_cut_off_can_be_repeated(tmp_path: Path, case: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, Store.open(tmp_path / "a.duckdb") as store:
        patch.setattr(Table, "read", stop)
        with pytest.raises(KeyboardInterrupt):
            load(store, [case])
    with Store.open(tmp_path / "a.duckdb") as store, Store.open(tmp_path / "b.duckdb") as other:
        load(store, [case])
        load(other, [case])
        assert content(store) == content(other)


def test_the_same_bytes_under_two_names_are_read_once(tmp_path: Path, case: Path) -> None:
    shutil.copy(case / "rows.jsonl", case / "rows-again.jsonl")
    with Store.open(tmp_path / "a.duckdb") as store:
        found = load(store, [case])
        assert [part.reason for part in found.skipped] == ["the same bytes as rows-again.jsonl"]


def test_how_far_a_file_is_read_is_told_while_its_rows_are_handed_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = (FIXTURES / "current.otlp.proto_framed.pb").read_bytes()
    (tmp_path / "a.pb").write_bytes(whole * (8_000_000 // len(whole)))
    steps: list[Step] = []
    told: list[float] = []
    scan = Store.scan

    def watched(store: Store, *args: object, **more: object) -> int:
        told.append(steps[-1].fraction())
        return scan(store, *args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(Store, "scan", watched)
    monkeypatch.setattr("blameline.sources.otlp_columns._MANY", 3000)
    monkeypatch.setattr("blameline.intake.visit._BATCH", 3000)
    with Store.open(tmp_path / "a.duckdb") as store:
        load(store, [tmp_path / "a.pb"], progress=steps.append)
    assert len(told) > 3
    assert told[:-1] == sorted(set(told[:-1]))
    assert 0 < told[0] < 0.5 < told[-2] <= 1


def followed(monkeypatch: pytest.MonkeyPatch, steps: list[Step], name: str) -> list[float]:
    """What the bar shows whenever this part of ``unpacked`` hands out a piece."""
    told: list[float] = []
    whole = getattr(unpacked, name)

    def watched(*given: object) -> Iterator[bytes]:
        for piece in whole(*given):
            told.append(steps[-1].fraction() if steps else 0)
            yield piece

    monkeypatch.setattr(unpacked, name, watched)
    return told


def test_a_file_that_is_looked_through_first_is_not_yet_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copy(FIXTURES / "current.otlp.jsonl.gz", tmp_path)
    steps: list[Step] = []
    told = followed(monkeypatch, steps, "_guarded")
    with Store.open(tmp_path / "a.duckdb") as store:
        load(store, [tmp_path / "current.otlp.jsonl.gz"], progress=steps.append)
    assert told
    assert set(told) == {0}


def test_how_far_records_are_read_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    change = '{"id": "c%d", "at": "2026-03-15T00:00:00Z", "kind": "deploy"}\n'
    (tmp_path / "changes.jsonl").write_text("".join(change % n for n in range(100)))
    monkeypatch.setattr(unpacked, "_PLAIN_PIECE", 1000)
    steps: list[Step] = []
    told = followed(monkeypatch, steps, "_pieces")
    with Store.open(tmp_path / "a.duckdb") as store:
        assert load(store, [tmp_path / "changes.jsonl"], progress=steps.append).changes == 100
    assert 0 < told[0] < 0.5 < told[-1] <= 1
    assert told == sorted(set(told))


def test_progress_is_told(tmp_path: Path, case: Path) -> None:
    told: list[Step] = []
    with Store.open(tmp_path / "a.duckdb") as store:
        load(store, [case], progress=told.append)
    first, *_, last = told
    assert (first.source, first.done, first.rows) == ("incident.yaml", 0, 0)
    assert last.done == last.whole == sum(path.stat().st_size for path in case.iterdir())
    assert last.rows == 20 + 10 + 12 + 12 + 12 + 4 + 1 + 1 + 14  # rows, spans before duplicates go, a score, a change


def test_what_is_too_much_for_all_threads_is_read_by_one(tmp_path: Path) -> None:
    words = "The quick brown fox says hello to everyone. " * 4500
    said = json.dumps([{"role": "assistant", "parts": [{"type": "text", "content": words}]}])
    chat = {"gen_ai.operation.name": "chat", "gen_ai.output.messages": said}
    attributes = [{"key": key, "value": {"stringValue": said}} for key, said in chat.items()]
    with (tmp_path / "a.jsonl").open("w") as out:
        for number in range(1, 601):
            ids = {"traceId": f"{number:032x}", "spanId": f"{number:016x}", "startTimeUnixNano": "1772323200000000000"}
            span = {**ids, "attributes": attributes}
            out.write(json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}) + "\n")
    with Store.open(tmp_path / "case.duckdb") as store:
        threads = store.sql("SELECT current_setting('threads')").rows
        found = load(store, [tmp_path / "a.jsonl"])
        assert (found.spans, found.problems) == (600, ())
        assert store.sql("SELECT current_setting('threads')").rows == threads
