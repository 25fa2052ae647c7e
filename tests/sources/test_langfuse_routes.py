"""The quick way through SQL and the way row by row say the same of every row that both can read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest
from test_langfuse import fixture, line, spans

from blameline.records import Manifest
from blameline.sources.heads import File, look
from blameline.sources.langfuse import LangfuseExport
from blameline.store import Store

if TYPE_CHECKING:
    from pathlib import Path

NUMBER = re.compile(r"-?\d+(\.\d+)?(e[-+]?\d+)?")
ODD = [
    {"metadata": {"": "x", "a'b\"c": "y", "n": 1, "b": True, "z": None, "o": {"x": 1}}},
    {"metadata": {"attributes.gen_ai.usage.input_tokens": "40", "attributes.user.id": "u-17"}},
    {"metadata": {"attributes.gen_ai.request.model": "m-large"}, "provided_model_name": "m-large"},
    {"metadata": {"attributes.gen_ai.response.model": "m-9"}, "provided_model_name": "m-large"},
    {"metadata": {"gen_ai.request.model": "m-large", "finish_reason": "stop", "response_id": "r"}},
    {"metadata": {"requested_model": "m-large"}, "provided_model_name": "m-large"},
    {"metadata": {"attributes.traceloop.prompt.key": "p", "scope.name": "s", "attributes.llm.request.type": "chat"}},
    {"metadata": {"attributes.error.type": "E1"}, "level": "ERROR"},
    {"metadata": {"resourceAttributes.service.version": "9"}, "release": ""},
    {"metadata": None, "usage_details": None, "cost_details": None, "tags": None, "parent_observation_id": None},
    {"usage_details": {"input": "many", "output": None, "total": [1]}},
    {"usage_details": {"output": 0}, "output": ""},
    {"model_parameters": "temperature 0.2"},
    {"model_parameters": '{"model": "m-large-2026-02-11", "max_completion_tokens": 3}'},
    {"tags": "beta", "level": 7, "type": None, "name": {"a": 1}, "status_message": ["x"]},
    {"prompt_version": "seven", "completion_start_time": "yesterday", "end_time": "never"},
    {"end_time": "2026-03-05 09:12:00.000000", "completion_start_time": "2026-03-05 09:12:00.000000"},
    {"output": {"role": "assistant"}, "input": [{"role": "user"}]},
    {"type": "RETRIEVER", "output": "[1, 2]"},
    {"type": "RETRIEVER", "output": '{"documents":[{"metadata":{"source":"x"},"relevance_score":1},{"a":1}]}'},
    {"type": "RETRIEVER", "output": "plain"},
    {"type": "TOOL", "name": ""},
    {"type": "generation", "level": "error", "status_message": "a.b.XError: no", "output": "", "usage_details": {}},
    {"level": "ERROR", "output": "half an ans"},
    {"total_cost": 0, "cost_details": {}},
    {"total_cost": 0, "cost_details": {"total": 0}},
    {"total_cost": None, "cost_details": {"input": 1, "output": 2}},
]
ROW_BY_ROW = [
    {"metadata": "free text"},
    {"metadata": {"attributes": '{"gen_ai.request.model": "m-large"}'}},
    {"usage_details": [1, 2]},
    {"start_time": "soon"},
    {"trace_id": ""},
    {"a_new_column": 1},
]


def told(path: Path, *, lenient: bool) -> dict[str, dict]:
    """What one route makes of a file, but for the line, which only one of them knows."""
    file = File(path, path.name, look(path))
    with Store.open(path.with_suffix(f".{lenient}.duckdb")) as store:
        with store.transaction():
            for scan in LangfuseExport().read(file, Manifest(), lenient=lenient):
                columns = scan.columns
                if columns is not None:
                    columns = columns.append_column("file_id", pa.array([1] * len(columns), pa.int64()))
                    columns = columns.append_column("source", pa.array([file.source] * len(columns), pa.string()))
                store.scan(scan.model_copy(update={"columns": columns}), file_ids=[1])
        return {key: {**row, "line": None, "attributes": plain(row["attributes"])} for key, row in spans(store).items()}


def plain(attributes: dict[str, str]) -> dict[str, object]:
    """Numbers as numbers: one route keeps 0.0000775 as it was written."""
    return {key: float(value) if NUMBER.fullmatch(value) else value for key, value in attributes.items()}


@pytest.mark.parametrize("whole", [True, False])
def test_both_say_the_same(tmp_path, whole):
    path = tmp_path / "x.jsonl"
    path.write_text(
        fixture("observations_v2.jsonl").decode()
        if whole
        else "".join(line(id=f"odd-{number}", **changed) for number, changed in enumerate(ODD))
    )
    quick, row_by_row = told(path, lenient=False), told(path, lenient=True)
    assert quick.keys() == row_by_row.keys()
    for key, row in row_by_row.items():
        assert quick[key] == row


@pytest.mark.parametrize("name", ["observations_v2.jsonl", "observations_v2.jsonl.gz"])
def test_the_usual_file_takes_the_quick_way(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(fixture(name))
    (scan,) = LangfuseExport().read(File(path, name, look(path)), Manifest(), lenient=False)
    assert scan.name == "sources/langfuse_observations"


@pytest.mark.parametrize("changed", ROW_BY_ROW)
def test_what_it_cannot_read_is_read_row_by_row(take, store, changed):
    loaded = take({"x.jsonl": line(**changed) + line(id="other")})
    bad = "start_time" in changed or "trace_id" in changed
    assert loaded.spans == (1 if bad else 2)
    assert [problem.line for problem in loaded.problems] == ([1] if bad else [])
    found = spans(store)
    assert found["other"]["line"] == 2
    if "metadata" in changed:
        said = found["a000000000000003"]["attributes"]
        assert said.get("gen_ai.request.model", said.get("langfuse.metadata")) in {"m-large", "free text"}
