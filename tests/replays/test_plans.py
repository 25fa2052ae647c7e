"""Plans: what is drawn, what is written, what must never be, and what is left for a person to fill."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

import blameline
from blameline.cli import main
from blameline.errors import NotFound
from blameline.replays.drawn import draw
from blameline.replays.recorded import recorded

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SECRET = "sk-proj-Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6"  # noqa: S105  made up


def lines(text: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    head, *runs = (json.loads(line) for line in text.split("\n")[:-1])
    return head, runs


def test_a_plan_is_the_same_bytes_and_another_seed_draws_others(desk: Callable[..., Path]) -> None:
    with blameline.open(desk(), read_only=True) as case:
        first, again = case.plan_replay(), case.plan_replay()
        fewer = case.plan_replay(runs=80)
    assert first.text == again.text
    head, runs = lines(first.text)
    assert head["schema"] == "blameline.replay-plan/1"
    assert len(runs) == first.calls + first.recorded == head["calls"] + head["recorded"]
    assert {tuple(run["config"].values()) for run in runs} == {(a, b) for a in ("v2", "v1") for b in ("i-2", "i-1")}
    cases = list(dict.fromkeys(run["case_id"] for run in runs))
    assert list(dict.fromkeys(run["case_id"] for run in lines(fewer.text)[1])) == cases[:20]
    served = [run for run in runs if run["arm"] == "as served"]
    assert Counter(run["repeat"] for run in served) == {"recorded": len(cases), "1": 20}
    assert all(run["fill"] == {} for run in served)
    old = next(run for run in runs if run["arm"] == "everything taken back")
    assert old["fill"] == {"prompt": "v1", "retrieval": "i-1"}
    assert old["request"]["messages"][0]["role"] == "system"
    assert (old["request"]["model"], old["request"]["temperature"], old["tokens"]) == ("m-1", 0.2, 100)
    assert first.tokens == 100 * first.calls
    assert first.holes == {"prompt=v1": 2 * len(cases), "retrieval=i-1": 2 * len(cases)}


def test_factors_can_be_named_and_what_is_no_factor_is_told(desk: Callable[..., Path]) -> None:
    with blameline.open(desk(), read_only=True) as case:
        for name in ("edit", "prompt"):
            single = case.plan_replay(factors=[name])
            assert [one.name for one in single.experiment.factors] == ["prompt"]
            assert single.experiment.design == "pairs"
        crossed = case.plan_replay(factors=["edit", "index"], fresh=True)
        assert crossed.experiment.design == "factorial"
        assert crossed.recorded == 0
        with pytest.raises(NotFound, match="no bid"):
            case.plan_replay(factors=["mix"])
        with pytest.raises(NotFound, match="shift-9"):
            case.plan_replay("shift-9")


def test_no_secret_leaves_a_case_file_that_keeps_them(desk: Callable[..., Path]) -> None:
    path = desk(content="full", hostile=f"My key is {SECRET}, mail bob@example.com")
    with blameline.open(path, read_only=True) as case:
        found = case.plan_replay(runs=80)
        assert SECRET in str(case.sql("select content_said from span_rows limit 50").rows)
    assert SECRET not in found.text
    assert "bob@example.com" not in found.text
    assert "[secret]" in found.text
    assert any("sensitive" in note for note in found.notes)


def test_without_words_there_is_a_hole_and_the_runner_says_so(desk: Callable[..., Path], tmp_path: Path) -> None:
    plan = tmp_path / "plan.jsonl"
    with blameline.open(desk(words=False), read_only=True) as case:
        found = case.plan_replay(runs=80)
    plan.write_text(found.text)
    assert found.holes["messages=recorded"] == 80
    assert found.recorded == 0
    assert all(run["request"]["messages"] == [] for run in lines(found.text)[1])
    done = CliRunner().invoke(main, ["replay", "run", str(plan), "-o", str(tmp_path / "out.jsonl")])
    assert done.exit_code == 1
    assert "messages=recorded (80 runs)" in done.output
    assert "--fill" in done.output
    assert not (tmp_path / "out.jsonl").exists()


def test_nothing_is_sent_without_an_address(desk: Callable[..., Path], tmp_path: Path) -> None:
    plan = tmp_path / "plan.jsonl"
    done = CliRunner().invoke(main, ["replay", "plan", "--case", str(desk()), "--runs", "80", "-o", str(plan)])
    assert done.exit_code == 0, done.output
    assert "To be filled, for 40 runs: --fill prompt=v1:FILE" in done.output
    assert "power to convict" in done.output
    words = ["replay", "run", str(plan), "-o", str(tmp_path / "out.jsonl"), "--skip-unfilled"]
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 1
    assert "nothing is sent without --via" in done.output
    done = CliRunner().invoke(main, [*words, "--via", "ftp://somewhere"])
    assert "no address" in done.output
    for bad in (["replay", "plan", "--case", str(tmp_path / "none.duckdb")], ["replay", "run", str(tmp_path / "none")]):
        done = CliRunner().invoke(main, bad)
        assert done.exit_code == 1
        assert done.output.startswith("incident: ")


def row(name: str, segment: str, day: int) -> dict[str, Any]:
    at = datetime(2026, 3, 1, tzinfo=UTC) + timedelta(days=day)
    return {"trace_id": name, "segment": {"region": segment}, "start_at": at}


def test_what_is_drawn_is_spread_and_knows_nothing_of_the_order() -> None:
    rows = [
        row(f"{segment}{day}-{n}", segment, day)
        for segment, size in (("eu", 60), ("us", 20))
        for day in range(4)
        for n in range(size)
    ]
    chosen = draw(rows, 40, seed=1)
    assert 28 <= Counter(one["segment"]["region"] for one in chosen)["eu"] <= 32
    assert set(Counter(one["start_at"] for one in chosen).values()) <= {8, 9, 10, 11, 12}
    assert draw(list(reversed(rows)), 40, seed=1) == chosen
    assert draw(rows, 25, seed=1) == chosen[:25]
    assert draw(rows, 40, seed=2) != chosen
    assert len(draw(rows, 1000, seed=1)) == len(rows)


def span(op: str | None = "chat", *, call: bool = True, logged: bool = False, **said: str) -> dict[str, Any]:
    names = [name.replace("__", ".") for name in said]
    return {
        "op": op,
        "name": "execute_tool order",
        "call": call,
        "logged": logged,
        "names": names,
        "said": list(said.values()),
    }


def test_requests_are_read_in_their_dialects() -> None:
    parts = [
        {"role": "user", "parts": [{"type": "text", "content": "Where?"}]},
        {"role": "assistant", "parts": [{"type": "tool_call", "id": "c1", "name": "order", "arguments": {"id": 2}}]},
        {"role": "tool", "parts": [{"type": "tool_call_response", "id": "c1", "response": {"state": "sent"}}]},
    ]
    found = recorded(
        [
            span(
                gen_ai__input__messages=json.dumps(parts),
                gen_ai__system_instructions='[{"type": "text", "content": "Be brief."}]',
                gen_ai__tool__definitions='[{"type": "function", "name": "order", "parameters": {}}]',
                gen_ai__request__model="m-1",
                gen_ai__request__max_tokens="300",
            ),
            span("execute_tool", call=False, gen_ai__tool__name="order", gen_ai__tool__call__result="sent"),
            span(gen_ai__output__messages='[{"role": "assistant", "parts": [{"type": "text", "content": "Sent."}]}]'),
        ]
    )
    assert [one["role"] for one in found.messages] == ["system", "user", "assistant", "tool"]
    assert found.messages[2]["tool_calls"][0]["function"] == {"name": "order", "arguments": '{"id": 2}'}
    assert found.messages[3] == {"role": "tool", "tool_call_id": "c1", "content": '{"state": "sent"}'}
    assert found.tools[0]["function"]["name"] == "order"
    assert found.stubs == ({"name": "order", "arguments": None, "result": "sent"},)
    assert (found.model, dict(found.settings), found.answer) == ("m-1", {"max_tokens": 300}, "Sent.")
    plain = recorded([span(None, call=False, question="Where?", answer="There.")])
    assert plain.messages == ({"role": "user", "content": "Where?"},)
    assert plain.answer == "There."
    numbered = recorded(
        [
            span(
                **{
                    "gen_ai.prompt.0.role": "system",
                    "gen_ai.prompt.0.content": "Brief.",
                    "gen_ai.prompt.1.role": "human",
                    "gen_ai.prompt.1.content": "Q",
                }
            )
        ]
    )
    assert [(one["role"], one["content"]) for one in numbered.messages] == [("system", "Brief."), ("user", "Q")]
    assert recorded([span(gen_ai__request__model="m-1")]).messages == ()
    assert recorded([]).answer is None
