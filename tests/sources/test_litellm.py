from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING

import pytest

from blameline.plugins import load as plugin
from blameline.plugins import names
from blameline.sources.heads import look
from conftest import FIXTURES, requests

if TYPE_CHECKING:
    from blameline.store import Store

LOGS = requests("litellm/spend_logs.jsonl")
PAYLOADS = requests("litellm/payloads.jsonl")
FILES = ["spend_logs.jsonl", "spend_logs.csv", "spend_logs.parquet", "payloads.jsonl"]
BY = {row["request_id"]: row for row in LOGS}


def taken(*files: str) -> dict[str, bytes]:
    return {name: (FIXTURES / "litellm" / name).read_bytes() for name in files}


def spans(store: Store) -> dict[str, dict]:
    found = store.sql("SELECT * EXCLUDE (file_id, line) FROM spans ORDER BY start_at")
    return {row[1]: dict(zip(found.columns, row, strict=True)) for row in found.rows}


def grouped(store: Store) -> list[list[str]]:
    groups: dict[str, list[str]] = {}
    for key, row in spans(store).items():
        groups.setdefault(row["trace_id"], []).append(key)
    return sorted(groups.values())


def row(name: str, at: float, *, failed: bool = False, session: str = "s", took: float = 1, **more: object) -> dict:
    return {
        "request_id": name, "call_type": "acompletion", "startTime": 1774000000.0 + at, "endTime": 1774000000.0 + at + took,
        "model": "openai/m", "model_group": "alias", "spend": 0.1, "session_id": session, "request_tags": "[]",
        "status": "failure" if failed else "success", "metadata": "{}", **more,
    }  # fmt: skip


def lines(*rows: dict) -> str:
    return "\n".join(map(json.dumps, rows))


@pytest.mark.parametrize("name", FILES)
def test_every_call_is_a_span(store: Store, take, name: str) -> None:
    found = take(taken(name))
    text = (FIXTURES / "litellm" / name).read_bytes()
    expected = {"csv": lambda: sum(1 for _ in csv.DictReader(text.decode().splitlines())), "parquet": lambda: 13}
    count = expected.get(name.rsplit(".", 1)[1], lambda: len(text.splitlines()))()
    assert [(file.format, file.rows) for file in found.files] == [("litellm", count)]
    assert found.problems == ()
    assert len(spans(store)) == count


def test_retries_and_fallbacks_are_one_request(store: Store, take) -> None:
    take(taken("spend_logs.jsonl"))
    rows = spans(store)
    groups = {tuple(group) for group in grouped(store)}
    many = [group for group in groups if len(group) > 1]
    aliases = {json.loads(BY[group[0]]["metadata"])["original_model_group"]: group for group in many}
    assert {alias: [BY[key]["status"] for key in group] for alias, group in aliases.items()} == {
        "flaky": ["failure", "success"],
        "busy": ["failure", "failure", "success"],
        "slow": ["failure", "failure", "success"],
    }
    assert len(groups) == len(LOGS) - 5
    sessions = {rows[key]["attributes"]["session.id"] for group in (aliases["flaky"], aliases["busy"]) for key in group}
    assert sessions == {"chat-1"}
    for alias, group in aliases.items():
        assert {rows[key]["attributes"]["gen_ai.request.model"] for key in group} == {alias}
    costs = [float(rows[key]["attributes"]["gen_ai.usage.cost"]) for key in BY]
    assert costs == [float(BY[key]["spend"]) for key in BY]


def test_payloads_group_the_same_way(store: Store, take) -> None:
    take(taken("payloads.jsonl"))
    rows = spans(store)
    slow = [one for one in PAYLOADS if one["trace_id"] == PAYLOADS[1]["trace_id"]]
    assert {rows[one["id"]]["trace_id"] for one in slow} == {slow[0]["id"]}
    assert rows[slow[2]["id"]]["attributes"]["gen_ai.request.model"] == "slow"
    assert rows[slow[2]["id"]]["attributes"]["litellm.model_group"] == "support"
    apart = [one for one in PAYLOADS if one["session_id"] == "chat-2"]
    assert {rows[one["id"]]["trace_id"] for one in apart} == {one["trace_id"] for one in apart}
    assert len({one["trace_id"] for one in apart}) == 2
    served = rows[PAYLOADS[0]["id"]]["attributes"]
    assert (served["gen_ai.request.model"], served["gen_ai.response.model"]) == ("support", "gpt-4o-mini-2024-07-18")
    assert served["openai.response.system_fingerprint"] == "fp_44709d6fcb"
    assert json.loads(served["gen_ai.input.messages"])[0]["parts"][0]["content"] == "Answer politely."


@pytest.mark.parametrize(
    ("rows", "groups"),
    [
        ([row("b", 3), row("a", 0, failed=True)], [["a", "b"]]),
        ([row("a", 0), row("b", 3)], [["a"], ["b"]]),
        ([row("a", 0, failed=True), row("b", 3), row("c", 5)], [["a", "b"], ["c"]]),
        ([row("a", 0, failed=True), row("b", 122)], [["a"], ["b"]]),
        ([row("a", 0, failed=True), row("b", 120)], [["a", "b"]]),
        ([row("a", 0, failed=True), row("b", 3, session="t")], [["a"], ["b"]]),
        ([row("a", 0, failed=True, took=10), row("b", 2), row("c", 11)], [["a", "c"], ["b"]]),
        ([row("a", 0, failed=True), row("b", 2, metadata='{"attempted_retries": 0, "attempted_fallbacks": 0}')], [["a"], ["b"]]),
        ([row("a", 0, failed=True, session=""), row("b", 2, session="")], [["a"], ["b"]]),
    ],
    ids=["any order", "good", "then good", "too late", "just in time", "other session", "side by side", "first try", "no key"],
)  # fmt: skip
def test_what_belongs_together(store: Store, take, rows: list[dict], groups: list[list[str]]) -> None:
    take({"a.jsonl": lines(*rows)})
    assert grouped(store) == groups


@pytest.mark.parametrize(("group", "asked"), [("", "openai/m"), ("alias", "alias")])
def test_a_call_that_failed_names_the_model_that_it_asked_for(store: Store, take, group: str, asked: str) -> None:
    take({"a.jsonl": lines(row("a", 0, failed=True, model_group=group))})
    said = spans(store)["a"]["attributes"]
    assert (said.get("gen_ai.request.model"), said.get("gen_ai.response.model")) == (asked, None)


def test_a_timeout_has_no_end(store: Store, take) -> None:
    take(taken("spend_logs.jsonl"))
    slow = [row for row in LOGS if '"Timeout"' in row["metadata"]]
    assert len(slow) == 2
    for one in slow:
        found = spans(store)[one["request_id"]]
        assert (found["duration_ms"], found["status"], found["attributes"]["error.type"]) == (None, "error", "timeout")
        assert found["attributes"]["litellm.endTime"] == one["endTime"]
        assert (
            not {"gen_ai.response.model", "gen_ai.response.id", "gen_ai.usage.input_tokens"}
            & found["attributes"].keys()
        )
    bad = next(row for row in LOGS if row["model_group"] == "bad")
    found = spans(store)[bad["request_id"]]
    assert found["duration_ms"] > 0
    assert found["attributes"]["error.type"] == json.loads(bad["metadata"])["error_information"]["error_class"]


def test_fields_of_a_row(store: Store, take) -> None:
    take(taken("spend_logs.jsonl"))
    first, stored = BY["chatcmpl-blm0001"], next(row for row in LOGS if row["response"] != "{}")
    said = spans(store)[first["request_id"]]["attributes"]
    assert (said["gen_ai.request.model"], said["gen_ai.response.model"]) == (first["model_group"], first["model"])
    assert (said["tenant.id"], said["user.id"]) == (first["team_id"], first["end_user"])
    assert json.loads(said["tag.tags"]) == json.loads(first["request_tags"])
    assert said["gen_ai.usage.input_tokens"] == str(first["prompt_tokens"])
    assert said["gen_ai.response.id"] == first["request_id"]
    assert "litellm.cache_hit" not in said
    assert not {"gen_ai.input.messages", "gen_ai.output.messages", "input.value", "output.value"} & said.keys()
    said = spans(store)[stored["request_id"]]["attributes"]
    assert said["gen_ai.response.model"] == json.loads(stored["response"])["model"]
    assert "REDACTED" in stored["response"]
    assert "openai.response.system_fingerprint" not in said
    assert spans(store)[first["request_id"]]["start_at"].isoformat(" ") == first["startTime"]


def test_words_that_stand_for_values(store: Store, take) -> None:
    said = {"role": "user", "content": "redacted-by-litellm"}
    hit = row(
        "resp-1_cache_hit1774000000.5", 0, cache_hit="True", messages=[said], response='{"text": "redacted-by-litellm"}'
    )
    kept = row(
        "b", 9, session="t", proxy_server_request=json.dumps({"messages": [{"role": "user", "content": ""}], "seed": 3})
    )
    take({"a.jsonl": lines({**hit, "user": "None"}, kept, row("c", 99, session="u", response="", spend="NaN"))})
    rows = spans(store)
    one = rows[hit["request_id"]]["attributes"]
    assert (one["litellm.cache_hit"], one["gen_ai.response.id"]) == ("true", "resp-1")
    assert not {"litellm.user", "gen_ai.input.messages"} & one.keys()
    assert json.loads(rows["b"]["attributes"]["gen_ai.input.messages"])[0]["parts"] == [{"type": "text", "content": ""}]
    assert rows["b"]["attributes"]["litellm.proxy_server_request.seed"] == "3"
    assert "gen_ai.usage.cost" not in rows["c"]["attributes"]


def test_prompts_and_documents(store: Store, take) -> None:
    data = [{"file_id": "f1", "score": 0.9, "content": []}]
    stores = [{"vector_store_id": "v1", "query": "q", "vector_store_search_response": {"data": data}}]
    about = {"prompt_management_metadata": {"prompt_id": "support"}, "vector_store_request_metadata": stores}
    take({"a.json": json.dumps({"data": [row("a", 0, metadata=about)], "total": 1})})
    said = spans(store)["a"]["attributes"]
    assert (said["gen_ai.prompt.name"], said["gen_ai.data_source.id"]) == ("support", "v1")
    assert json.loads(said["gen_ai.retrieval.documents"]) == [{"id": "f1", "score": 0.9}]


def test_bad_rows_are_told_with_their_line(store: Store, take) -> None:
    bad = [
        {**row("x", 0), "startTime": "soon"},
        {**row("", 0), "litellm_call_id": None},
        row("y", 0, metadata="{cut", status=7),
    ]
    found = take({"a.jsonl": lines(row("a", 0), *bad) + '\n{"cut'})
    assert [problem.line for problem in found.problems] == [2, 3, 5]
    assert spans(store).keys() == {"a", "y"}
    assert spans(store)["y"]["attributes"]["litellm.metadata"] == "{cut"


def test_loading_again_changes_nothing(store: Store, take) -> None:
    take(taken("spend_logs.jsonl"))
    first = grouped(store)
    again = take({"other.jsonl": lines(*reversed(LOGS))} | taken("spend_logs.parquet"))
    assert (again.spans, again.duplicates) == (0, 2 * len(LOGS))
    assert grouped(store) == first


@pytest.mark.parametrize("name", FILES)
def test_one_source_reads_it(name: str) -> None:
    head = look(FIXTURES / "litellm" / name)
    found = [
        one
        for one in names("blameline.sources")
        if plugin("blameline.sources", one).sniff(FIXTURES / "litellm" / name, head)
    ]
    assert [one for one in found if one != "table"] == ["litellm"]


def test_a_telephone_log_is_none(tmp_path) -> None:
    path = tmp_path / "calls.jsonl"
    path.write_text(
        json.dumps({"call_type": "inbound", "startTime": "2026-01-01T00:00:00", "spend": 1, "session_id": "s"})
    )
    assert not plugin("blameline.sources", "litellm").sniff(path, look(path))
