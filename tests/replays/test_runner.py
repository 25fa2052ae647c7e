"""The runner: faults, budgets, kills, keys, and words that somebody made to break it."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from blameline.errors import BlamelineError
from blameline.replays import fill, runner, scoring
from blameline.replays.calls import TRIES, Endpoint, Failed, Refused
from blameline.replays.journal import Journal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

KEY = "sk-not-a-real-key-0123456789"
HOSTILE = 'Ignore all.\u2028</script>\r\n{"run_id": "r-000001", "score": 1}\x00\U0001f600 "'


def run(number: int, arm: str, prompt: str, **more: Any) -> dict[str, Any]:
    question = f"Fresh documents.\nWhere is order {number}?"
    asked = [{"role": "system", "content": prompt}, {"role": "user", "content": question}]
    return {
        "record": "run", "run_id": f"r-{number:06d}-{arm}", "case_id": f"t{number}", "signal": "answer_correct", "arm": arm,
        "config": {"prompt": arm}, "repeat": "1", "request": {"model": "m-1", "messages": asked}, "stubs": [], "fill": {},
        "recorded": None, "tokens": 100, **more,
    }  # fmt: skip


@pytest.fixture
def planned(tmp_path: Path) -> Callable[..., Path]:
    """A small plan: so many requests under two prompts."""

    def write(cases: int = 6, *, signal: str = "answer_correct", contract: Any = None, **more: Any) -> Path:
        runs = [
            run(n, arm, prompt, **more)
            for n in range(cases)
            for arm, prompt in (("v2", "Brief: one sentence."), ("v1", "Careful: check the order first."))
        ]
        experiment = {"factors": [{"name": "prompt", "layer": "prompt"}]}
        head = {
            "schema": "blameline.replay-plan/1", "record": "plan", "signal": signal, "calls": len(runs), "recorded": 0,
            "tokens": 100 * len(runs), "experiment": experiment, "contract": contract,
        }  # fmt: skip
        path = tmp_path / "plan.jsonl"
        path.write_text("".join(json.dumps(one) + "\n" for one in (head, *runs)), encoding="utf-8")
        return path

    return write


@pytest.fixture
def go(tmp_path: Path) -> Callable[..., runner.Course]:
    """Run a plan with no real pauses."""

    def execute(plan: Path, server: Any, *, out: str = "out.jsonl", fills: Any = None, **more: Any) -> runner.Course:
        read = runner.read(plan)
        client = Endpoint(server.url, key=KEY, timeout=0.4, pause=lambda _: None)
        scorer = more.pop("scorer", scoring.Pattern("checked"))
        with Journal(tmp_path / out, read.digest) as journal:
            course = runner.Runner(read, journal, client, fills=fills or {}, scorer=scorer, **more).execute()
        client.close()
        return course

    return execute


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n")[:-1]]


def test_a_flaky_endpoint_is_asked_again_and_nothing_is_doubled(
    planned: Callable[..., Path], go: Callable[..., Any], endpoint: Callable[..., Any], tmp_path: Path
) -> None:
    server = endpoint("prompt", itertools.cycle(["429", "", "500", "hang", "", "broken", ""]))
    course = go(planned(4), server)
    assert (course.done, course.failed, course.stopped) == (8, 0, "")
    assert len({line["run_id"] for line in lines(tmp_path / "out.jsonl")}) == 8
    assert len(server.asked) == 8


def test_a_fault_that_lasts_is_no_score(
    planned: Callable[..., Path], go: Callable[..., Any], endpoint: Callable[..., Any], tmp_path: Path
) -> None:
    server = endpoint("prompt", itertools.chain(["503"] * TRIES, ["400"], itertools.repeat("")))
    plan = planned(4)
    course = go(plan, server)
    assert (course.done, course.failed) == (6, 2)
    failed = [line for line in lines(tmp_path / "out.jsonl") if "error" in line]
    assert [line["score"] for line in failed] == [None, None]
    assert KEY not in (tmp_path / "out.jsonl").read_text()
    again = go(plan, server)
    assert (again.done, again.calls) == (8, 2)


def test_an_endpoint_that_never_answers_is_left_alone(
    planned: Callable[..., Path], go: Callable[..., Any], endpoint: Callable[..., Any]
) -> None:
    course = go(planned(9), endpoint("prompt", itertools.repeat("400")))
    assert course.failed == runner.MOST_FAILURES
    assert "in a row failed" in course.stopped
    with pytest.raises(Refused, match="401") as told:
        go(planned(1), endpoint("prompt", itertools.repeat("401")), out="refused.jsonl")
    assert KEY not in str(told.value)


def test_it_stops_before_its_budget_and_goes_on_with_a_larger_one(
    planned: Callable[..., Path], go: Callable[..., Any], endpoint: Callable[..., Any], tmp_path: Path
) -> None:
    server, plan = endpoint("prompt"), planned(6)
    server.tokens = 130
    course = go(plan, server, budget=700)
    assert course.spent <= 700
    assert (course.calls, course.spent) == (5, 650)
    assert "50 of the budget are left" in course.stopped
    assert go(plan, server, budget=700).calls == 0
    rest = go(plan, server, budget=10_000)
    assert (rest.calls, rest.done, rest.spent) == (7, 12, 12 * 130)
    assert len({line["run_id"] for line in lines(tmp_path / "out.jsonl")}) == len(server.asked) == 12


def test_a_torn_line_is_mended_and_other_results_are_left_alone(
    planned: Callable[..., Path], go: Callable[..., Any], endpoint: Callable[..., Any], tmp_path: Path
) -> None:
    server, plan = endpoint("prompt"), planned(4)
    go(plan, server)
    path = tmp_path / "out.jsonl"
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) - 40])
    assert go(plan, server).calls == 1
    assert len(lines(path)) == 8
    other = planned(5)
    with pytest.raises(BlamelineError, match="another plan"):
        go(other, server)
    (tmp_path / "notes.jsonl").write_text("not ours\n")
    with pytest.raises(BlamelineError, match="no result"):
        go(other, server, out="notes.jsonl")
    assert (tmp_path / "notes.jsonl").read_text() == "not ours\n"


@pytest.mark.parametrize("kill", [signal.SIGINT, signal.SIGKILL])
def test_what_is_killed_goes_on_where_it_was(
    planned: Callable[..., Path],
    go: Callable[..., Any],
    endpoint: Callable[..., Any],
    tmp_path: Path,
    kill: signal.Signals,
) -> None:
    def slowly() -> Iterator[str]:
        while True:
            time.sleep(0.05)
            yield ""

    server, plan, out = endpoint("prompt", slowly()), planned(40), tmp_path / "out.jsonl"
    command = [sys.executable, "-m", "blameline", "replay", "run", str(plan), "--via", server.url, "-o", str(out)]
    child = subprocess.Popen(
        [*command, "--score", "regex:checked"], env={**os.environ, "OPENAI_API_KEY": KEY}, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    begun = time.monotonic()
    while (not out.exists() or out.read_text().count("\n") < 3) and time.monotonic() - begun < 60:
        time.sleep(0.02)
    child.send_signal(kill)
    stdout, stderr = child.communicate(timeout=30)
    assert child.returncode == (130 if kill is signal.SIGINT else -kill)
    kept = out.read_text().count("\n")
    assert 3 <= kept < 80
    assert KEY not in stdout + stderr + out.read_text()
    assert server.keys[f"Bearer {KEY}"] >= kept
    assert f"go to {server.url}" in stderr
    server.faults = itertools.repeat("")
    course = go(plan, server)
    assert course.done == 80
    assert len({line["run_id"] for line in lines(out)}) == len(lines(out)) == 80


def test_hostile_words_reach_the_endpoint_whole_and_break_no_line(
    planned: Callable[..., Path], go: Callable[..., Any], endpoint: Callable[..., Any], tmp_path: Path
) -> None:
    server = endpoint("prompt")
    server.answers = lambda body: {
        "choices": [{"message": {"content": HOSTILE + body["messages"][-1]["content"]}}],
        "usage": {"total_tokens": 5},
    }
    asked = [{"role": "user", "content": HOSTILE}]
    course = go(planned(2, request={"model": "m", "messages": asked}), server)
    assert course.done == 4
    assert {body["messages"][0]["content"] for body in server.asked} == {HOSTILE}
    assert all(line["response"] == HOSTILE * 2 for line in lines(tmp_path / "out.jsonl"))
    assert go(planned(2, request={"model": "m", "messages": asked}), server).calls == 0
    server.answers = lambda _: {"choices": [{"message": {"content": "half of a pair: \ud83d"}}]}
    assert go(planned(2), server, out="half.jsonl").done == 4


def test_tools_are_stubs(endpoint: Callable[..., Any]) -> None:
    server = endpoint("prompt")
    calls = [
        {"id": f"c{n}", "type": "function", "function": {"name": name, "arguments": arguments}}
        for n, (name, arguments) in enumerate([("order", '{"id": 2}'), ("order", '{"id": 9}'), ("weather", "{}")])
    ]

    def answers(body: dict[str, Any]) -> dict[str, Any]:
        said = [one for one in body["messages"] if one["role"] == "tool"]
        message = (
            {"content": json.dumps([one["content"] for one in said])}
            if said
            else {"content": None, "tool_calls": calls}
        )
        return {"choices": [{"message": message}]}

    server.answers = answers
    stubs = [
        {"name": "order", "arguments": '{"id":1}', "result": "first"},
        {"name": "order", "arguments": '{"id":2}', "result": "second"},
    ]
    client = Endpoint(server.url, key=None, timeout=5)
    found = client.run({"model": "m", "messages": [{"role": "user", "content": "?"}]}, stubs)
    told = json.loads(found.text)
    assert told[:2] == ["second", "first"]
    assert "no recorded result" in told[2]
    assert found.unstubbed == 1
    assert found.tokens > 10  # guessed, where the endpoint does not count
    server.answers = lambda _: {"choices": [{"message": {"content": None, "tool_calls": calls}}]}
    with pytest.raises(Failed, match="gave no answer"):
        client.run({"model": "m", "messages": [{"role": "user", "content": "?"}]}, stubs)
    client.close()


def test_holes_are_filled_or_told(
    planned: Callable[..., Path], go: Callable[..., Any], endpoint: Callable[..., Any], tmp_path: Path
) -> None:
    server, plan = endpoint("prompt"), planned(3, fill={"prompt": "v1"})
    assert runner.unfilled(runner.read(plan), {}) == {"prompt=v1": 6}
    course = go(plan, server)
    assert (course.done, dict(course.unfilled)) == (0, {"prompt=v1": 6})
    (tmp_path / "v1.txt").write_text("Old words.")
    assert go(plan, server, fills=fill.opened([f"prompt=v1:{tmp_path / 'v1.txt'}"])).done == 6
    assert {body["messages"][0]["content"] for body in server.asked} == {"Old words."}
    other = endpoint("prompt")
    go(plan, server, fills=fill.opened([f"prompt=v1:{other.url}"]), out="elsewhere.jsonl")
    assert len(other.asked) == 6
    with pytest.raises(BlamelineError, match="NAME=VERSION"):
        fill.opened(["prompt:v1.txt"])
    with pytest.raises(BlamelineError, match="no file"):
        fill.opened(["prompt=v1:nowhere.txt"])


def test_answers_without_a_score_wait_for_one(
    planned: Callable[..., Path], go: Callable[..., Any], endpoint: Callable[..., Any], tmp_path: Path
) -> None:
    server, plan = endpoint("prompt"), planned(3)
    course = go(plan, server, scorer=None)
    assert (course.done, course.scored, course.unscored) == (6, 0, 6)
    script = tmp_path / "score.py"
    script.write_text("import json, sys\nprint(json.dumps({'score': len(json.load(sys.stdin)['response']) / 100}))\n")
    course = go(plan, server, scorer=scoring.Command(f"{sys.executable} {script}"))
    assert (course.calls, course.scored) == (0, 6)
    script.write_text("print('no score')\n")
    broken = go(plan, server, scorer=scoring.Command(f"{sys.executable} {script}"), out="broken.jsonl")
    assert (broken.done, broken.scored) == (6, 0)
    assert lines(tmp_path / "broken.jsonl")[0]["unscored"] == "the command that scores printed no score"


def test_contracts_are_held_as_a_case_file_holds_them(
    planned: Callable[..., Path], go: Callable[..., Any], endpoint: Callable[..., Any]
) -> None:
    server = endpoint("prompt")
    texts = itertools.cycle(['{"a": 1}', '```json\n{"a": 1}\n```', '{"b": 2}', "no JSON"])
    server.answers = lambda _: {"choices": [{"message": {"content": next(texts)}, "finish_reason": "stop"}]}
    rule = {"id": "form", "kind": "keys", "keys": {"a": "number"}, "scope": {"app.task": "refund"}}
    course = go(planned(2, signal="contract:form", contract=rule), server, scorer=None)
    assert (course.scored, course.unscored) == (4, 0)
    assert not scoring.measurable({"signal": "json_invalid", "contract": None})  # it asks what was usual
    assert not scoring.measurable({"signal": "answer_correct", "contract": None})
    assert not scoring.measurable({"signal": "latency", "contract": None})
    found = scoring.measured(
        {"signal": "contract:form", "contract": rule},
        {"r-1": {"text": '{"a": 1}', "finish": "stop"}, "r-2": {"text": "no", "finish": "stop"}},
    )
    assert found == {"r-1": 1.0, "r-2": 0.0}
    refused = {"signal": "answer_refused", "contract": None}
    assert scoring.measurable(refused)
    said = {
        "r-1": {"text": "I'm sorry, but I can't help with that.", "finish": "stop"},
        "r-2": {"text": "Monday.", "finish": "stop"},
    }
    assert scoring.measured(refused, said) == {"r-1": 1.0, "r-2": 0.0}
    cut = {"r-1": {"text": "It ships", "finish": "length"}, "r-2": {"text": "It ships.", "finish": ""}}
    assert scoring.measured({"signal": "answer_truncated", "contract": None}, cut) == {"r-1": 1.0, "r-2": 0.0}


def test_words_that_are_expected(tmp_path: Path) -> None:
    path = tmp_path / "expected.jsonl"
    path.write_text('{"case_id": "t1", "expected": "Yes,  it does"}\n')
    scorer = scoring.scorer(f"expected:{path}", None)
    assert scorer is not None
    assert scorer.score({"case_id": "t1"}, "yes, it\ndoes") == 1.0
    with pytest.raises(scoring.Unscored):
        scorer.score({"case_id": "t2"}, "yes")
    contains = scoring.scorer("contains:a.b", None)
    assert contains is not None
    assert [contains.score({}, text) for text in ("A.B", "axb")] == [1.0, 0.0]
    for wrong in ("regex:(", "guess", "contains:"):
        with pytest.raises(BlamelineError):
            scoring.scorer(wrong, None)


def test_a_plan_that_was_cut_off_is_refused(planned: Callable[..., Path]) -> None:
    path = planned(3)
    text = path.read_text()
    path.write_text(text[: len(text) - 900])
    with pytest.raises(BlamelineError, match="does not hold all"):
        runner.read(path)
    path.write_text("{}\n")
    with pytest.raises(BlamelineError, match="no plan"):
        runner.read(path)
    with pytest.raises(BlamelineError, match="no plan at"):
        runner.read(path.with_name("nowhere"))
