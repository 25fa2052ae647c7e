"""What each kind of contract makes of an answer, hostile ones among them; what was not recorded is neither kept nor broken."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from blameline.case import open_case

pytestmark = pytest.mark.xdist_group("contracts kept")

FORM = {"id": 7, "naïve/key": "ü", "~": None, "items": [1, 2]}
WHOLE = json.dumps(FORM, ensure_ascii=False)
LONG = json.dumps({"id": 7, "items": ["many words"] * 200})
DEEP = '{"id":' + "[" * 20_000 + "]" * 20_000 + "}"
ANSWERS: dict[str, dict[str, object]] = {
    "bare": {"answer": WHOLE},
    "fenced": {"answer": f"```json\n{WHOLE}\n```"},
    "fence-inside": {"answer": json.dumps({**FORM, "md": "```py\nx\n```"}, ensure_ascii=False)},
    "deep": {"answer": DEEP},
    "deep-torn": {"answer": DEEP[:-3]},
    "list": {"answer": f"[{WHOLE}]"},
    "number": {"answer": "42"},
    "wrong-type": {"answer": json.dumps({**FORM, "id": "seven"}, ensure_ascii=False)},
    "no-key": {"answer": '{"id": 7}'},
    "null-id": {"answer": json.dumps({**FORM, "id": None}, ensure_ascii=False)},
    "broken": {"answer": '{"id": 7,'},
    "empty": {"answer": ""},
    "absent": {},
    "failed": {"answer": WHOLE, "status": "error"},
    "torn": {"answer": LONG[:-9]},
    "cut": {"answer": LONG[:-9], "finish": "length"},
    "filtered": {"finish": "content_filter"},
    "no": {"answer": "I'm sorry, but I can't help with that."},
    "three": {"answer": "First, e.g. this. Then 3.5 of that! And the last?"},
    "list-of-three": {"answer": "- one\n- two\n\n- three"},
    "kana": {"answer": "これは犬です。あれは猫です。"},
    "marks": {"answer": "… 🎉 !!! ***"},
    "secret": {"answer": "Write to jane.doe@example.com and wait."},
    "says-it": {"answer": "Speaking AS AN AI I know nothing of ACME-123456 😀."},
}
CONTRACTS = [
    {"id": "json", "kind": "json"},
    {"id": "fence", "kind": "no_fence"},
    {"id": "keys", "kind": "keys", "keys": {"id": "integer", "naïve/key": "string", "~": "null", "/items/1": "any"}},
    {"id": "some", "kind": "keys", "keys": ["id"]},
    {"id": "sentences", "kind": "sentences", "min": 3, "max": 3},
    {"id": "short", "kind": "sentences", "max": 2},
    {"id": "length", "kind": "length", "max": 300},
    {"id": "refusal", "kind": "refusal"},
    {"id": "phrases", "kind": "forbidden", "phrases": ["as an ai", "😀"]},
    {"id": "pattern", "kind": "forbidden", "pattern": r"ACME-\d{6}|@example"},
    {"id": "required", "kind": "required", "pattern": r"(?i)\bwait|@example"},
    {"id": "finish", "kind": "finish"},
    {"id": "language", "kind": "language", "languages": ["en", "de"]},
]  # fmt: skip
FAST = {"kind": "latency", "max": 1000}
OTHERS = [
    {"id": "others-refusal", "kind": "refusal", "scope": {"suite": "unknown"}},
    {"id": "last", "kind": "json", "scope": {"suite": "again"}},
    {"id": "named", "kind": "json", "span": "answer"},
    {"id": "nobody", "kind": "json", "span": "nobody"},
    {"id": "fast", "scope": {"suite": "timed"}, **FAST},
    {"id": "fast-eu", "scope": {"suite": "timed", "cloud.region": "eu"}, **FAST},
    {"id": "fast-us", "scope": {"suite": "timed", "cloud.region": "us"}, **FAST},
    {"id": "tools", "kind": "tool_errors"},
]
Kept = Callable[[str], dict[str, bool]]


def others(rows):
    """Requests beside those of ``ANSWERS``: told without answers, made again, and timed."""
    call = {"trace_id": "r", "parent_id": "root", "name": "answer"}
    agent = {"gen_ai.operation.name": "invoke_agent", "finish": None}
    tool = {"gen_ai.operation.name": "execute_tool", "finish": None, "question": None, "name": "search"}
    return [
        *(rows(f"u{at}", minute=9000 + at, suite="unknown") for at in range(8)),
        rows("u9", minute=9009, suite="unknown", finish="content_filter"),
        rows("root", trace_id="r", suite="again", **agent),
        rows("a", "{}", minute=1, **call, status="error"),
        rows("b", "not json", minute=2, **call, question="and then?"),
        rows("c", "[1]", minute=3, **call, question="and at last?"),
        rows("guard", "fine", minute=4, **(call | {"name": "guard", "question": "is it fine?"})),
        rows("quick", suite="timed", **{"cloud.region": "eu"}),
        rows("slow", minute=1, latency_ms=5000.0, suite="timed", **{"cloud.region": "eu"}),
        rows("timeout", minute=2, latency_ms=9000.0, status="error", suite="timed"),
        rows("failed-at-once", minute=3, latency_ms=3.0, status="error", suite="timed"),
        rows("endless", minute=4, latency_ms=None, suite="timed"),
        rows("t1", minute=5, trace_id="slow", parent_id="slow", status="error", **tool),
        rows("t2", minute=5, trace_id="quick", parent_id="quick", **tool),
    ]


@pytest.fixture(scope="module", params=["redacted", "none"])
def held(request, tmp_path_factory, rows, written):
    """The case file, and of each request that a contract was measured on whether it was kept."""
    folder = tmp_path_factory.mktemp("held")
    told = [rows(key, minute=place, suite="answers", **said) for place, (key, said) in enumerate(ANSWERS.items())]
    written(
        folder / "case", others(rows) + told, [*({**one, "scope": {"suite": "answers"}} for one in CONTRACTS), *OTHERS]
    )
    with open_case(folder / "case.duckdb") as case:
        assert not case.load(folder / "case", content=request.param).problems

        def kept(name: str) -> dict[str, bool]:
            found = case.sql(f"SELECT trace_id, value FROM measurements WHERE signal = 'contract:{name}' ORDER BY 1")  # noqa: S608
            return {key: value == 1 for key, value in found.rows}

        yield request.param, case, kept


def test_each_kind_of_every_answer(held):
    content, _, kept = held
    answered = ANSWERS.keys() - {"absent", "failed", "filtered"}
    structured = {"bare", "fenced", "fence-inside", "deep", "list", "wrong-type", "no-key", "null-id"}
    assert kept("json") == {key: key in structured for key in answered - {"torn", "deep-torn"}}
    fenced = (
        {"fenced", "fence-inside"} if content == "none" else {"fenced"}
    )  # without the words nobody knows where the fence is
    assert kept("fence") == {key: key not in fenced for key in answered - {"empty"}}
    long = {"deep", "deep-torn", "torn", "cut"}
    assert kept("length") == {key: key not in long for key in answered - {"empty"}}
    refused = {"no": False, "filtered": False}
    assert kept("refusal") == dict.fromkeys(answered - {"empty"}, True) | refused
    assert kept("finish") == {key: key != "cut" for key in ANSWERS.keys() - {"failed"}}
    assert not kept("language") or kept("language").keys() <= {"three", "secret", "says-it", "no", "kana"}
    assert not kept("language")["kana"]


def test_words_are_asked_for_where_they_are_kept(held):
    content, case, kept = held
    if content == "none":
        for name in ("keys", "some", "sentences", "short", "phrases", "pattern", "required"):
            assert kept(name).keys() <= {"empty"}
        states = {one.id: one for one in case.contracts(since="2026-03-01T00:00", until="2026-03-01T00:12")}
        assert (states["phrases"].verdict, states["phrases"].rate) == ("not measured", None)
        assert states["phrases"].because == "the words of answers are not kept (--content none)"
        return
    counted = ANSWERS.keys() - {"absent", "failed", "filtered", "torn", "deep-torn"}
    whole = {"bare", "fenced", "fence-inside"}
    assert kept("keys") == {key: key in whole for key in counted}
    with_id = whole | {"deep", "wrong-type", "no-key", "null-id"}
    assert kept("some") == {key: key in with_id for key in counted}
    assert kept("sentences").keys() == counted
    assert {key for key, is_so in kept("sentences").items() if is_so} == {"three", "list-of-three"}
    assert kept("short").keys() == counted - {"empty"}
    assert {key for key in ("kana", "marks", "bare", "three") if kept("short")[key]} == {"kana", "marks", "bare"}
    assert kept("phrases") == {key: key != "says-it" for key in counted - {"empty"}}
    assert kept("pattern").keys() == counted - {"empty", "secret"}  # what was redacted may have been it
    assert not kept("pattern")["says-it"]
    assert kept("required") == {key: key == "secret" for key in counted}


def test_refusals_alone_are_no_share(held):
    _, _, kept = held
    assert (
        kept("others-refusal") == {}
    )  # no answer of that day is on record, so nobody knows of what the one is a share


def test_a_request_made_again_counts_once_and_by_its_last_call(held):
    _, _, kept = held
    assert kept("last") == {"r": False}  # the guard spoke last
    assert kept("named") == {"r": True}
    assert kept("nobody") == {}


def test_latency_tools_and_scopes(held):
    _, case, kept = held
    assert kept("fast") == {"quick": True, "slow": False, "timeout": False}
    assert kept("fast-eu") == {"quick": True, "slow": False}
    assert kept("tools") == {"slow": False, "quick": True}
    (state,) = [one for one in case.contracts(since="2026-03-01T00:00") if one.id == "fast-us"]
    assert (state.verdict, state.requests) == ("not measured", 0)
    assert state.because == "no request of the period is of cloud.region=us, suite=timed"
