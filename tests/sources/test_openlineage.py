from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from blameline.intake import load
from blameline.records import Manifest
from blameline.sources import Found, discover
from blameline.sources.heads import File, look
from blameline.sources.openlineage import OpenLineageRuns

if TYPE_CHECKING:
    from collections.abc import Iterable

    from blameline.records import Change
    from blameline.store import Store

HERE = Path(__file__).parent / "fixtures" / "openlineage"
RUNS = (HERE / "runs.ndjson").read_text(encoding="utf-8")
GIVEN = [json.loads(line) for line in RUNS.splitlines()]


@pytest.fixture
def found(store: Store, take) -> list[Change]:
    assert take({"runs.ndjson": RUNS}).problems == ()
    return list(store.changes())


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC)


def named(found: list[Change], component: str) -> list[Change]:
    return [change for change in found if change.component == component]


def test_the_fixture_is_known() -> None:
    assert [part.reader.name for part in discover([HERE]) if isinstance(part, Found)] == ["openlineage"]


def test_one_change_for_each_output_of_a_run_that_ended(found: list[Change]) -> None:
    written: set[tuple[str, str]] = set()
    for event in GIVEN:
        if event.get("eventType") == "COMPLETE":
            written |= {(event["run"]["runId"], output["name"]) for output in event["outputs"]}
    failed = {event["run"]["runId"] for event in GIVEN if event.get("eventType") in {"FAIL", "ABORT"}}
    assert len(found) == len(written) + len(failed)


def test_an_index_that_was_built_anew(found: list[Change]) -> None:
    first, second, _ = named(found, "support-kb")
    assert (first.kind, first.layer, first.to, first.at) == ("index_refresh", "retrieval", "idx-7", at(10, 2, 40))
    assert first.uncertainty == timedelta(minutes=40)
    assert (second.from_, second.to) == ("idx-7", "idx-8")
    assert second.at == datetime(2026, 3, 14, 2, 31, 0, 500_000, tzinfo=UTC)
    assert second.uncertainty == timedelta(minutes=31, seconds=1)
    assert second.summary == "kb.build_index wrote support-kb, overwrite: 9000 rows; rows fell from 12000 to 9000"


def test_a_set_of_documents_that_shrank(found: list[Change]) -> None:
    first, second = named(found, "help/articles")
    assert (first.kind, first.uncertainty) == ("corpus_change", None)
    assert second.summary == "crawl wrote help/articles: 31 files; files fell from 40 to 31"


def test_other_data_and_a_type_that_says_more_than_the_name(found: list[Change]) -> None:
    assert {change.kind for name in ("sales.orders", "sales.order_lines") for change in named(found, name)} == {
        "upstream_data"
    }
    assert [change.kind for change in named(found, "public.items")] == ["index_refresh"]


def test_a_refresh_that_failed_is_told(found: list[Change]) -> None:
    failed, aborted = named(found, "support-kb")[2], named(found, "kb.embed_documents")[0]
    assert (failed.kind, failed.at, failed.to) == ("upstream_data", at(15, 2, 5), None)
    assert failed.summary == (
        "kb.build_index failed: QdrantException: out of memory (ask …); not refreshed: support-kb"
    )
    assert (aborted.kind, aborted.summary) == ("upstream_data", "kb.embed_documents was aborted")


def test_the_order_of_the_events_does_not_matter(store: Store, case: Path, found: list[Change]) -> None:
    (case / "zz-turned.ndjson").write_text("".join(line + "\n" for line in reversed(RUNS.splitlines() * 2)))
    (case / "zz-list.json").write_text(json.dumps({"events": GIVEN, "totalCount": len(GIVEN)}, indent=1))
    again = load(store, [case])
    assert again.problems == ()
    assert {file.format for file in again.files} == {"openlineage"}
    assert list(store.changes()) == found
    assert "mona" not in str(found)


def test_outputs_may_be_told_at_the_start_only(store: Store, take) -> None:
    start = {**GIVEN[1], "eventType": "start", "eventTime": "2026-03-10T02:00:00Z"}
    take({"a.jsonl": json.dumps(start) + "\n" + json.dumps({**GIVEN[1], "outputs": []}) + "\n"})
    (change,) = store.changes()
    assert (change.to, change.uncertainty) == ("idx-7", timedelta(minutes=40))


def test_bad_events_are_told_and_the_rest_is_read(store: Store, take) -> None:
    good = GIVEN[1]
    rows = [
        good,
        {**good, "eventTime": "0001-01-01T00:00:00+05:00"},
        {**good, "run": {}},
        {"eventTime": "x", "run": []},
    ]
    found = take({"a.jsonl": "\n".join(map(json.dumps, rows)) + '\n{"cut'})
    assert [problem.line for problem in found.problems] == [2, 3, 4, 5]
    assert len(store.changes()) == 1


def survives(folder: Path, rows: Iterable[dict]) -> None:
    """Read rows that may hold anything; whatever comes out can be written down."""
    path = folder / "a.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    for part in OpenLineageRuns().read(File(path, path.name, look(path)), Manifest(), lenient=False):
        part.model_dump_json().encode()


@pytest.mark.parametrize("odd", [None, [], {}, "", "\ud800", -1, 2**80, True, [[[]]], {"a": {"b": []}}, float("nan")])
def test_hostile_values_never_raise(tmp_path: Path, odd: object) -> None:
    rows = []
    for count, event in enumerate(GIVEN):
        rows += [{**event, key: odd} for key in event]
        for output in event.get("outputs", []):
            for part in ("facets", "outputFacets"):
                for key in output[part]:
                    broken = {
                        **output,
                        part: {**output[part], key: odd, "outputStatistics": {"rowCount": odd, "size": 1e308}},
                    }
                    rows.append({**event, "run": {"runId": f"{count}{part}{key}"}, "outputs": [odd, broken]})
    survives(tmp_path, [*GIVEN, *rows])


@pytest.mark.parametrize(
    "record",
    [
        {"eventTime": "2026-03-10T02:40:00Z", "eventType": "deploy", "service": "x"},
        {"eventTime": "2026-03-10T02:40:00Z", "producer": "me", "name": "x"},
    ],
)
def test_a_look_alike_is_left_alone(tmp_path: Path, record: dict) -> None:
    (tmp_path / "a.jsonl").write_text(json.dumps(record) + "\n")
    assert not [part for part in discover([tmp_path]) if isinstance(part, Found) and part.reader.name == "openlineage"]
