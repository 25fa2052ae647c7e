"""Signals: what their headers say, what is read from spans with a known truth, and what clicks may not decide."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import yaml

import blameline
from blameline.assets import sql
from blameline.cells import clock, known, measured
from blameline.cells.feedback import FEEDBACK
from blameline.cells.known import NAMES, header
from blameline.cells.roles import telling
from blameline.evidence.verdicts import capped
from blameline.records import Interval, LedgerLine, Signal
from blameline.shifts.beside import moved, step

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from blameline import Case, Investigation

START = datetime(2026, 3, 2, tzinfo=UTC)
N = 240
"""Requests of the case with words; the second half is bad."""
QUESTIONS = (
    "where is the parcel that I ordered and is it on its way to me",
    "how do I return the shoes and who is to pay for the postage of it",
    "can you tell me the name of the shop and the hours that it is open",
)


def told(role: str, text: str) -> str:
    return json.dumps([{"role": role, "parts": [{"type": "text", "content": text}]}])


def span(trace: int, key: int, op: str, at: datetime, *, failed: bool = False, **said: Any) -> dict[str, Any]:
    begin = int(at.timestamp() * 1e9) + key * 10_000_000
    kinds = {str: "stringValue", float: "doubleValue", bool: "boolValue", int: "intValue"}
    attributes = {"gen_ai.operation.name": op, **{name.replace("__", "."): value for name, value in said.items()}}
    return {
        "traceId": f"{trace + 1:032x}", "spanId": f"{trace + 1:012x}{key:04x}", "name": op,
        **({"parentSpanId": f"{trace + 1:012x}0001"} if key > 1 else {}),
        "startTimeUnixNano": str(begin), "endTimeUnixNano": str(begin + 900_000_000),
        "attributes": [
            {"key": name, "value": {kinds[type(value)]: str(value) if type(value) is int else value}}
            for name, value in attributes.items()
        ],
        "status": {"code": 2} if failed else {},
    }  # fmt: skip


def answer(i: int, *, bad: bool) -> str:
    plain = {
        "answer": f"it is in the policy{'' if bad and i % 10 == 6 else ' [1]'} and you can read it",
        "source": "help",
    }
    if bad and i % 10 == 1:
        return "```json\n" + json.dumps(plain) + "\n```"
    if bad and i % 10 == 2:
        return json.dumps({"answer": plain["answer"]})  # lacks a key
    if bad and i % 10 == 3:
        return "it goes on and on and it says the same of the parcel. " * 8
    if bad and i % 10 == 4:
        return json.dumps({**plain, "answer": "der Weg ist nicht frei und die Post ist zu"})
    return json.dumps(plain)


def request(i: int) -> list[dict[str, Any]]:
    """The spans of one request: five hours a conversation of three, twenty minutes apart."""
    at, bad = START + timedelta(hours=5 * (i // 3), minutes=20 * (i % 3)), i >= N / 2
    again = bad and i % 3 == 1  # the second question of a conversation is the first one once more
    found = [] if bad and i % 5 == 0 else [{"id": f"d{k}", "score": 0.5 if bad else 0.8} for k in range(4)]
    question = QUESTIONS[0 if again else i % 3]
    said: dict[str, Any] = {"app__escalated": True} if bad and i % 4 == 0 else {}
    last = i % 3 == 2
    return [
        span(i, 1, "invoke_agent", at, tenant__id=f"t{i % 2}", gen_ai__conversation__id=f"c{i // 3}", **said),
        span(i, 2, "retrieval", at, gen_ai__retrieval__documents=json.dumps(found)),
        span(i, 3, "execute_tool", at, failed=bad and i % 6 == 0),
        span(
            i, 4, "chat", at, gen_ai__input__messages=told("user", question), gen_ai__output__messages=told("assistant", answer(i, bad=bad)),
            gen_ai__usage__output_tokens=400 if bad else 100, gen_ai__usage__cost=0.01, gen_ai__request__model="m",
            gen_ai__response__finish_reasons="content_filter" if bad and last and i % 2 else "stop",
        ),
    ]  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("signals") / "case"
    path.mkdir()
    spans = [one for i in range(N) for one in request(i)]
    (path / "t.jsonl").write_text(json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]}) + "\n")
    return path


def signals(folder: Path, path: Path, **how: Any) -> dict[str, Signal]:
    with blameline.open(path) as case:
        assert not case.load(folder, **how).problems
        return {one.name: one for one in case.signals()}


@pytest.fixture(scope="module")
def found(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Signal]:
    return signals(folder, tmp_path_factory.mktemp("full") / "a.duckdb")


def test_every_file_has_a_header_and_a_place() -> None:
    files = {path.stem for path in (Path(blameline.__file__).parent / "sql" / "signals").glob("*.sql")}
    assert files == set(NAMES) == set(known())
    for one in known().values():
        assert one.what.endswith(".")
        assert (one.part == "context") or one.better, "what has no direction cannot be a shift"
        if one.unit.startswith("log"):
            assert "capped" in one.unit


@pytest.mark.parametrize("line", ["direction", "unit", "family", "part", "reads", "needs", "bias"])
def test_a_header_that_leaves_something_out_is_an_error(line: str) -> None:
    text = sql("signals/latency")
    assert header("latency", text).better == "lower"
    without = "\n".join(one for one in text.splitlines() if not one.startswith(f"-- {line}:"))
    with pytest.raises(ValueError, match=line):
        header("latency", without)


BAD = range(N // 2, N)
CHATS = [i for i in BAD if i % 3 == 2 and i % 2]
PLANTED = {  # what was planted, of how many
    "answer_refused": (len(CHATS), N),
    "json_invalid": (sum(i % 10 == 3 for i in BAD if i not in CHATS), N - len(CHATS)),
    "json_fenced": (sum(i % 10 == 1 for i in BAD if i not in CHATS), None),
    "json_keys_missing": (sum(i % 10 == 2 for i in BAD), None),
    "answer_repeated": (sum(i % 10 == 3 for i in BAD), None),
    "language_switched": (sum(i % 10 == 4 for i in BAD), None),
    "language_unusual": (sum(i % 10 == 4 for i in BAD), None),
    "retrieval_empty": (sum(i % 5 == 0 for i in BAD), N),
    "retrieval_short": (sum(i % 5 == 0 for i in BAD), N),
    "tool_failed": (sum(i % 6 == 0 for i in BAD), N),
    "human_escalated": (sum(i % 4 == 0 for i in BAD), N),
    "asked_again": (sum(i % 3 == 0 for i in BAD), N),
    "conversation_unanswered": (len([i for i in CHATS if i < N - 1]), None),
    "request_failed": (0, N),
    "answer_truncated": (0, N),
    "answer_hedged": (0, N),
    "answer_cited": (
        sum(not (i in BAD and (i % 5 == 0 or i % 10 in {3, 4, 6})) for i in range(N)),
        sum(not (i in BAD and i % 5 == 0) for i in range(N)),
    ),
    "retries": (0, N),
    "router_escalated": (0, N),
}


@pytest.mark.parametrize("name", PLANTED)
def test_what_was_planted_is_counted_and_nothing_else(found: dict[str, Signal], name: str) -> None:
    events, whole = PLANTED[name]
    one = found[name]
    assert one.measured
    assert one.mean is not None
    assert round(one.mean * one.n, 6) == events
    if whole is not None:
        # the end of the last conversation is not known yet
        assert one.n in {whole, whole - 1}


def test_amounts_are_logs_and_capped(found: dict[str, Signal]) -> None:
    tokens = found["output_tokens"]
    assert tokens.mean == pytest.approx((np.log(101) + np.log(401)) / 2)
    assert tokens.now == pytest.approx(np.log(401))
    assert found["document_score"].mean == pytest.approx(0.8 * 0.5 + 0.5 * 0.5, abs=0.02)
    assert found["steps"].mean == pytest.approx(np.log(4))
    assert found["request_cost"].mean == pytest.approx(np.log(1 + 1e4))
    assert found["retrieval_overlap"].mean == 1.0  # the same documents whenever some were found


def test_without_words_signals_of_words_are_not_measured_and_never_fine(
    folder: Path, found: dict[str, Signal], tmp_path: Path
) -> None:
    none = signals(folder, tmp_path / "none.duckdb", content="none")
    lost = {
        "answer_repeated", "answer_cited", "answer_hedged", "language_switched", "json_keys_missing", "asked_again",
        "retrieval_overlap",
    }  # fmt: skip
    assert {name for name in found if found[name].measured and not none[name].measured} == lost
    for name in lost | {"regenerated", "edit_distance", "time_to_first_token"}:
        one = none[name]
        assert not one.measured
        assert (one.mean, one.now, one.n) == (None, None, 0)
        assert "needs" in one.why
    assert none["language_switched"].why.endswith("; no words are kept here")
    assert {none[name].mean for name in ("answer_refused", "json_invalid")} == {
        found[name].mean for name in ("answer_refused", "json_invalid")
    }


def talk(question: Callable[[int], str], answer: str) -> str:
    """Twelve conversations of four questions each, as one line."""
    spans = [
        span(
            i, 1, "chat", START + timedelta(hours=i // 4, minutes=5 * (i % 4)), gen_ai__conversation__id=f"c{i // 4}",
            gen_ai__input__messages=told("user", question(i)), gen_ai__output__messages=told("assistant", answer),
        )
        for i in range(48)
    ]  # fmt: skip
    return json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]}) + "\n"


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ("it is in the policy and you can read it", "words are kept, but the language of no question can be told"),
        ("ok", "words are kept, but the language of no answer can be told and the language of no question can be told"),
    ],
)
def test_a_language_that_cannot_be_told_is_not_words_that_are_missing(tmp_path: Path, answer: str, why: str) -> None:
    (tmp_path / "t.jsonl").write_text(talk(lambda i: f"Return item {i}?", answer))
    found = signals(tmp_path / "t.jsonl", tmp_path / "a.duckdb")
    assert not found["language_switched"].measured
    assert found["language_switched"].why.endswith(f"; {why}")
    assert found["json_keys_missing"].why.endswith("; words are kept, but no answer is a JSON object")


@pytest.mark.parametrize(
    ("question", "again"),
    [
        (lambda i: f"How do I return item {i}?", 0.0),
        (lambda _: "How do I return item 7?", 0.75),
        (lambda i: "How do I return item 7?" if i % 2 else "How do I now return item 7?", 0.75),
        (lambda i: "How do I return item 7 that I bought?" if i % 2 else "How do I return item that I bought?", 0.75),
    ],
    ids=["another item", "word by word", "a word more", "the number left out"],
)
def test_numbers_tell_questions_apart(tmp_path: Path, question: Callable[[int], str], again: float) -> None:
    (tmp_path / "t.jsonl").write_text(talk(question, "ok"))
    mean = signals(tmp_path / "t.jsonl", tmp_path / "a.duckdb")["asked_again"].mean
    assert mean == pytest.approx(again, abs=0.02)


def test_an_unknown_end_and_odd_numbers_are_no_success_and_no_crash(tmp_path: Path) -> None:
    odd: list[dict[str, Any]] = [
        {"gen_ai.usage.cost": "NaN", "gen_ai.usage.output_tokens": 2**62},
        {"gen_ai.usage.cost": "inf", "gen_ai.usage.output_tokens": 2**62, "app.edit_distance": "nan"},
        {"gen_ai.retrieval.documents": '[3, null, {}, {"score": "NaN"}]', "app.edit_distance": "1e300"},
        {"gen_ai.retrieval.documents": '{"a": [', "input": '[1, {"role": "user"}, {"role": [2]}]'},
    ]  # fmt: skip
    rows = [
        {"trace_id": f"t{i}", "at": (START + timedelta(hours=i)).isoformat(), "gen_ai.operation.name": "chat", **odd[i % 4]}
        for i in range(8)
    ]  # fmt: skip
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    with blameline.open(tmp_path / "odd.duckdb") as case:
        case.load(tmp_path / "c")
        by_name = {one.name: one for one in case.signals()}
        assert case.sql("SELECT count(*) FROM facts WHERE answered AND trace_id IN ('t2', 't3')").rows == ((0,),)
    assert not by_name["request_cost"].measured
    assert not by_name["output_tokens"].measured
    assert not by_name["edit_distance"].measured
    assert not by_name["task_cost"].measured


def test_attributes_that_tell_a_fact() -> None:
    names = ["session.id", "gen_ai.conversation.id", "app.is_regenerated", "app.router.escalated", "app.handoff"]
    assert telling(names) == {
        "talk": "gen_ai.conversation.id",
        "first_token": None,
        "regenerated": "app.is_regenerated",
        "escalated": "app.handoff",
        "abandoned": None,
        "edited": None,
    }
    assert set(telling(["tenant.id"]).values()) == {None}


# what moves beside a shift


def days(rng: np.random.Generator, *, gain: float, before: int = 9, after: int = 5, n: int = 80) -> Any:
    """Two segments of unlike level, the heavier one growing; a shock a day that all requests of it share."""
    day = np.repeat(np.arange(-before, after), 2)
    segment = np.tile([0, 1], before + after)
    counts = np.where(segment == 0, n, np.where(day < 0, n / 4, n * 2)).astype(float)
    shock = rng.normal(0, 0.1, before + after)[day + before]
    mean = np.where(segment == 0, 1.0, 3.0) + gain * (day >= 0) + shock + rng.normal(0, 1, len(day)) / np.sqrt(counts)
    return day, segment, counts, counts * mean


def test_a_step_is_found_and_a_change_of_traffic_is_none() -> None:
    rng = np.random.default_rng(1)
    gains, quiet = [], []
    for _ in range(300):
        gained, still = step(*days(rng, gain=0.5)), step(*days(rng, gain=0.0))
        assert gained is not None
        assert still is not None
        gains.append((gained.interval.low <= 0.5 <= gained.interval.high, gained.chance < 0.01))
        quiet.append(still.chance < 0.05)
    assert 0.84 <= np.mean([one[0] for one in gains]) <= 0.96
    assert np.mean([one[1] for one in gains]) > 0.9
    assert np.mean(quiet) <= 0.08


def test_too_little_is_not_told() -> None:
    rng = np.random.default_rng(2)
    assert step(*days(rng, gain=5.0, after=1)) is None
    assert step(*days(rng, gain=5.0, n=4)) is None
    apart = np.array([-2, -1, 0, 1]), np.array([0, 0, 1, 1]), np.full(4, 99.0), np.arange(4.0)
    assert step(*apart) is None  # no segment was there on both sides
    sure, still = step(*days(rng, gain=5.0)), step(*days(rng, gain=0.0))
    assert moved([None, sure, still, None]) == [None, True, False, None]


# clicks


def rows(kinds: dict[str, Callable[[np.ndarray], np.ndarray]], n: int = 1600) -> list[dict[str, Any]]:
    """Eight days; each signal is a share that depends on whether the new prompt served."""
    rng = np.random.default_rng(5)
    hour = np.sort(rng.uniform(0, 192, n))
    region = rng.choice(["eu", "us"], n)
    new = ((region == "eu") & (hour > 96)) | (hour > 132)
    values = {name: (rng.random(n) < chance(new)).astype(int) for name, chance in kinds.items()}
    wait = np.exp(rng.normal(6, 0.3, n) + 0.7 * (hour > 96))
    return [
        {
            "trace_id": f"t{i:05d}", "at": (START + timedelta(hours=float(hour[i]))).isoformat(), "cloud.region": str(region[i]),
            "gen_ai.prompt.version": "v2" if new[i] else "v1", "duration_ms": float(wait[i]),
            **{name: int(column[i]) for name, column in values.items()},
        }
        for i in range(n)
    ]  # fmt: skip


def investigated(path: Path, kinds: dict[str, Callable[[np.ndarray], np.ndarray]]) -> tuple[Investigation, str]:
    folder = path / "case"
    folder.mkdir()
    (folder / "log.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows(kinds)))
    (folder / "incident.yaml").write_text(
        yaml.safe_dump({"segments": ["cloud.region"], "columns": {"scores": [*kinds]}})
    )
    (folder / "changes.yaml").write_text(
        yaml.safe_dump(
            [{"id": "edit", "at": (START + timedelta(hours=96)).isoformat(), "kind": "prompt_edit", "to": "v2"}]
        )
    )
    with blameline.open(path / "a.duckdb") as case:
        found = case.investigate(folder)
        return found, case.report()


def falls(new: np.ndarray) -> np.ndarray:
    return 0.9 - 0.35 * new


def rises(new: np.ndarray) -> np.ndarray:
    return 0.5 + 0.35 * new


def test_thumbs_alone_convict_nobody(tmp_path: Path) -> None:
    found, _ = investigated(tmp_path, {"thumbs_up": falls})
    assert [(one.signal, one.direction) for one in found.shifts] == [("thumbs_up", "worse")]
    assert found.outcome == "unattributed"
    top = found.ledger[0]
    assert (top.candidate, top.verdict) == ("edit", "consistent")
    assert top.probability > 0.9
    assert "convict nobody" in top.because
    assert not {line.verdict for line in found.ledger} & {"supported", "confirmed"}
    assert not found.disagreements
    latency = next(one for one in found.context if one.signal == "latency")  # it moved at the onset, and accuses nobody
    assert latency.moved
    assert latency.delta is not None
    assert 0.6 < latency.delta.low < latency.delta.estimate < latency.delta.high < 0.8


def test_graded_truth_convicts_and_thumbs_that_disagree_are_told(tmp_path: Path) -> None:
    found, page = investigated(tmp_path, {"answer_correct": falls, "thumbs_up": rises})
    assert found.outcome == "attributed"
    assert found.ledger[0].verdict == "supported"
    (apart,) = found.disagreements
    assert (apart.feedback, apart.graded) == ("thumbs_up", "answer_correct")
    assert apart.feedback_delta.low > 0 > apart.graded_delta.high
    assert "thumbs_up got better" in apart.because
    assert "answer_correct got worse" in apart.because
    assert "Clicks against graded truth" in page
    assert "| from (UTC) | `thumbs_up` | n | `answer_correct` | n |" in page


@pytest.mark.parametrize(
    ("name", "clicks"),
    [
        ("thumbs", True), ("thumbs_up", True), ("user.thumbsUp", True), ("userRating", True), ("rating", True), ("csat", True),
        ("user_satisfaction", True), ("click_through_rate", True), ("clickthrough", True), ("ctr", True), ("liked", True), ("dislikes", True),
        ("copied", True), ("user_feedback", True), ("upvotes", True), ("dissatisfied", True), ("star_rating", True),
        ("likelihood", False), ("copyright_ok", False), ("operating_ok", False), ("electrode", False), ("answer_correct", False),
        ("generating", False), ("unlikely_claims", False), ("structure", False),
        ("user_happy", True), ("unhappy", True), ("upvoted", True), ("accepted_suggestion", True), ("suggestion_accepted", True), ("accepted", True),
        ("user-score", True), ("userScore", True), ("end_user_score", True), ("customer_score", True), ("smiley", True), ("emoji", True),
        ("emoji_reaction", True), ("reaction", True), ("was_this_helpful", True), ("marked_helpful", True), ("nps", True), ("exit_survey", True),
        ("helpful", False), ("helpfulness", False), ("user_intent_match", False), ("acceptance_of_policy", False), ("policy_accepted", False),
        ("no_emoji", False), ("adverse_reaction", False), ("user_request_met", False), ("acceptable", False), ("user_scoring_rule", False),
    ],
)  # fmt: skip
def test_clicks_are_known_by_their_name(name: str, clicks: bool) -> None:
    assert bool(FEEDBACK.search(name)) is clicks


GIVERS: dict[str, dict[str, Any]] = {
    "by a judge of Langfuse": {"langfuse.score.source": "EVAL"}, "in a queue of Langfuse": {"langfuse.score.source": "ANNOTATION"},
    "by a judge of Phoenix": {"annotator_kind": "LLM"}, "by code": {"annotator_kind": "CODE"}, "in Phoenix": {"annotator_kind": "HUMAN", "source": "APP"},
    "by a judge of MLflow": {"source_type": "LLM_JUDGE"}, "in LangSmith": {"langsmith.feedback_source.type": "app"},
}  # fmt: skip
CLICKS: dict[str, dict[str, Any]] = {
    "nobody says by whom": {}, "through the API of Langfuse": {"langfuse.score.source": "API"}, "by people, to Phoenix": {"annotator_kind": "HUMAN", "source": "API"},
    "by people, to MLflow": {"source_type": "HUMAN"}, "through the API of LangSmith": {"langsmith.feedback_source.type": "api"},
}  # fmt: skip


@pytest.fixture
def family(tmp_path: Path) -> Callable[..., tuple[str, str]]:
    """The family and the bias of one score, by its name, who gave it, and what the manifest says of it."""

    def of(name: str, given: dict[str, Any], **setting: str) -> tuple[str, str]:
        folder = tmp_path / "case"
        folder.mkdir()
        rows = [
            {"trace_id": f"t{i}", "at": (START + timedelta(hours=i)).isoformat(), "name": name, "value": i % 2, **given}
            for i in range(24)
        ]
        requests = [
            {"trace_id": f"t{i}", "at": (START + timedelta(hours=i)).isoformat(), "latency_ms": 5} for i in range(24)
        ]
        (folder / "scores.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        (folder / "log.jsonl").write_text("".join(json.dumps(row) + "\n" for row in requests))
        if setting:
            (folder / "incident.yaml").write_text(yaml.safe_dump({"signals": {name: setting}}))
        with blameline.open(tmp_path / "a.duckdb") as case:
            case.load(folder)
            (listed,) = [one for one in case.signals() if one.name == name]
            window = clock(case.store)
            assert window is not None
            assert [one.family for one in measured(case.store, window) if one.name == name] == [listed.family]
        return listed.family, listed.bias

    return of


@pytest.mark.parametrize("given", CLICKS.values(), ids=CLICKS)
def test_a_rating_by_users_is_feedback(family: Callable[..., tuple[str, str]], given: dict[str, Any]) -> None:
    assert family("user_rating", given)[0] == "feedback"


@pytest.mark.parametrize("given", GIVERS.values(), ids=GIVERS)
def test_a_rating_by_judges_code_or_reviewers_is_graded_truth(
    family: Callable[..., tuple[str, str]], given: dict[str, Any]
) -> None:
    assert family("user_rating", given) == ("quality", "")


@pytest.mark.parametrize(("name", "says"), [("vibes", "feedback"), ("user_rating", "quality")])
def test_the_manifest_goes_before_the_name(family: Callable[..., tuple[str, str]], name: str, says: str) -> None:
    told, bias = family(name, {}, family=says)
    assert told == says
    assert bool(bias) is (says == "feedback")


def test_the_manifest_goes_before_who_gave_it(family: Callable[..., tuple[str, str]]) -> None:
    assert family("user_rating", GIVERS["in LangSmith"], family="feedback")[0] == "feedback"


def bid(verdict: str) -> LedgerLine:
    nothing = Interval(estimate=0, low=0, high=0)
    return LedgerLine.model_validate(
        {
            "candidate": "a", "shift": "shift-1", "kind": "deploy", "layer": "deploy", "declared": True, "probability": 1,
            "share": nothing, "verdict": verdict, "because": "x", "next_test": "",
        }
    )  # fmt: skip


@pytest.mark.parametrize(
    ("before", "after"),
    [("attributed", "unattributed"), ("tied", "unattributed"), ("ruler", "ruler"), ("mix", "mix"), ("artefact", "artefact")],
)  # fmt: skip
def test_a_cap_lets_the_cleared_stay_cleared(before: Any, after: str) -> None:
    words = ["confirmed", "supported", "consistent", "excluded", "untestable"]
    lines, outcome = capped([bid(word) for word in words], before)
    assert outcome == after
    assert [line.verdict for line in lines] == ["consistent", "consistent", "consistent", "excluded", "untestable"]


# which of them can be a shift


@pytest.fixture
def listed(tmp_path: Path) -> Iterator[Callable[[dict[str, Any]], Case]]:
    opened = []

    def load(settings: dict[str, Any]) -> Case:
        folder = tmp_path / "case"
        folder.mkdir()
        (folder / "log.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows({"latency_ok": falls}, 60)))
        (folder / "incident.yaml").write_text(yaml.safe_dump(settings))
        case = blameline.open(tmp_path / "a.duckdb")
        opened.append(case)
        case.load(folder)
        return case

    yield load
    for case in opened:
        case.close()


@pytest.mark.parametrize(
    ("settings", "full", "better"),
    [
        ({}, False, "lower"),
        ({"signals": {"latency": {"better": "higher"}}}, True, "higher"),
        ({"signals": {"latency": {}}}, True, "lower"),
        ({"controls": ["latency"]}, True, "lower"),
    ],
)
def test_context_is_a_signal_only_where_the_manifest_lists_it(
    listed: Callable[[dict[str, Any]], Case], settings: dict[str, Any], full: bool, better: str
) -> None:
    case = listed(settings)
    window = clock(case.store)
    assert window is not None
    assert ("latency" in {one.name for one in measured(case.store, window)}) is full
    latency = next(one for one in case.signals() if one.name == "latency")
    assert (latency.context, latency.better, latency.family) == (not full, better, "time")


def test_the_command_tells_the_same(made: Any, run: Callable[..., Any]) -> None:
    plain = run("signals", "--case", made.case)
    heads, *lines = [line.split("\t") for line in plain.stdout.splitlines()]
    assert heads[:4] == ["signal", "family", "better", "part"]
    by_name = {line[0]: line for line in lines}
    assert set(NAMES) < set(by_name)
    assert by_name["edit_distance"][4:7] == ["not measured", "", ""]
    assert "never decisive alone" in by_name["thumbs"][8]
    records = json.loads(run("signals", "--json", "--case", made.case).stdout)
    assert [one["name"] for one in records] == [line[0] for line in lines]
    assert not [one for one in records if not one["measured"] and (one["mean"] is not None or not one["why"])]
