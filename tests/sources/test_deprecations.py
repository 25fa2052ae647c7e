"""Lists of models that go away: only what has a date is a change, and a date alone is a whole day."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from blameline.intake import load
from blameline.sources.deprecations import ModelDeprecations
from blameline.sources.heads import look

if TYPE_CHECKING:
    from blameline.records import Change
    from blameline.store import Store

LISTS = Path(__file__).parent / "fixtures" / "deprecations"
PRICES = (LISTS / "litellm_model_prices.json").read_text()


def notice(store: Store, model: str) -> Change:
    return next(one for one in store.changes() if one.id == f"deprecation-{model}")


def test_litellm_counts(store: Store, take) -> None:
    table = json.loads(PRICES)
    dated = {name: one["deprecation_date"] for name, one in table.items() if "deprecation_date" in one}
    del dated["sample_spec"]
    assert len(dated) == 16 < len(table)
    found = take({"model_prices_and_context_window.json": PRICES})
    assert found.problems == ()
    assert [(file.format, file.rows) for file in found.files] == [("deprecations", len(dated))]
    days = {one.from_: one.at.isoformat()[:10] for one in store.changes()}
    assert days == dated


def test_litellm_meaning(store: Store, take) -> None:
    take({"prices.json": PRICES})
    one = notice(store, "openai/gpt-4o-2024-05-13")
    assert (one.at, one.uncertainty) == (datetime(2026, 10, 23, tzinfo=UTC), timedelta(days=1))
    assert (one.kind, one.layer, one.component) == ("deprecation_notice", "model", "openai/gpt-4o-2024-05-13")
    assert (one.from_, one.to) == ("gpt-4o-2024-05-13", None)
    assert one.summary == "openai/gpt-4o-2024-05-13 is shut down"
    assert notice(store, "azure/gpt-4o").component == "azure/gpt-4o", "a provider that is there is not put there twice"


def test_a_bad_date_is_told_with_the_line_of_its_model(store: Store, take) -> None:
    text = PRICES.replace('"deprecation_date": "2026-10-14"', '"deprecation_date": "autumn"')
    line = next(
        n for n, row in enumerate(text.splitlines(), 1) if row.strip().startswith('"anthropic.claude-sonnet-4-')
    )
    found = take({"prices.json": text})
    (problem,) = found.problems
    assert (problem.line, "'autumn'" in problem.message) == (line, True)
    assert len(store.changes()) == 15


def test_a_table_as_a_provider_prints_it(store: Store, take) -> None:
    found = take({"shutdowns.csv": (LISTS / "shutdowns.csv").read_text()})
    assert [(one.from_, one.at.isoformat()[:10], one.to) for one in store.changes()] == [
        ("example-3.5-instruct", "2026-09-28", "example-5-mini"),
        ("example-4-turbo", "2026-10-23", "example-5"),
    ]
    assert {one.uncertainty for one in store.changes()} == {timedelta(days=1)}
    assert [(problem.line, problem.message) for problem in found.problems] == [
        (5, "the date of example-3 cannot be read: '31/12/2026'"),
        (6, "the row of 2027-01-20 names no model"),
    ]


def test_the_end_is_when_it_takes_effect_and_the_announcement_when_it_was_written(store: Store, take) -> None:
    assert take({"retirements.yaml": (LISTS / "retirements.yaml").read_text()}).problems == ()
    (one,) = store.changes()  # the other one is to live on, not sooner than …
    assert (one.at, one.recorded_at) == (datetime(2026, 6, 15, tzinfo=UTC), datetime(2026, 4, 14, tzinfo=UTC))
    assert (one.component, one.to) == ("sample/sample-sonnet-4-20250514", "sample-sonnet-4-6")
    assert one.summary == "sample/sample-sonnet-4-20250514 is shut down; use sample-sonnet-4-6"


@pytest.mark.parametrize("form", ["mapping", "list", "lines", "one line"])
def test_any_form_of_the_same_list(store: Store, take, form: str) -> None:
    document = json.loads((LISTS / "notices.json").read_text())
    rows = document["deprecations"]
    written = {
        "mapping": json.dumps(document, indent=1),
        "list": json.dumps(rows, indent=1),
        "lines": "".join(json.dumps(row) + "\n" for row in rows),
        "one line": json.dumps(document),
    }
    assert take({"list": written[form]}).problems == ()
    first, second = store.changes()
    assert (first.id, first.at, first.uncertainty) == ("deprecation-sample/haiku-2", datetime(2025, 7, 21, tzinfo=UTC),
                                                       timedelta(days=1))  # fmt: skip
    assert (second.at, second.uncertainty) == (datetime(2026, 11, 5, 17, tzinfo=UTC), None)


def test_hostile_rows_are_told_and_the_rest_loads(store: Store, take) -> None:
    rows = [
        {"model": "a", "shutdown_date": "0001-01-01"},
        {"model": ["x"], "shutdown_date": "2026-01-01"},
        {"model": "b", "shutdown_date": {"y": 2026}},
        {"model": "c", "shutdown_date": "9999-99-99"},
        {"model": "d", "shutdown_date": "2026-01-01", "replacement": [1]},
        {"model": "e", "deprecated": True},
    ]
    found = take({"rows.jsonl": "".join(json.dumps(row) + "\n" for row in rows) + "[1]\n{cut"})
    assert [one.from_ for one in store.changes()] == ["d"]
    assert [problem.line for problem in found.problems] == [1, 2, 4, 7, 8]


@pytest.mark.parametrize(
    "text",
    ['{"model_list": [{"model_name": "m", "model_info": {"litellm_provider": "x", "mode": "chat"}}]}',
     '{"object": "list", "data": [{"id": "gpt", "object": "model", "created": 1}]}',
     "model,deprecated,score\nm,true,0.4\n", "model,shutdown,latency_ms\nm,0,12\n",
     '{"trace_id": "t", "model": "m", "deprecation_date": "2026-01-01"}\n'],
    ids=["proxy config", "list of models", "a flag", "a count", "a span"],
)  # fmt: skip
def test_look_alikes_are_left_alone(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x"
    path.write_text(text)
    assert not ModelDeprecations().sniff(path, look(path))


def test_loading_twice_changes_nothing(store: Store, take, case: Path) -> None:
    take({"prices.json": PRICES, "more.json": (LISTS / "notices.json").read_text()})
    before = store.changes()
    assert load(store, [case]).changes == 0
    assert take({"zz-again.json": PRICES + "\n"}).problems == ()
    assert store.changes() == before
