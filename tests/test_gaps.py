"""The gap report: each planted gap is found with its numbers, and each innocent look-alike leaves it silent."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

import blameline
from blameline import gaps
from blameline.gaps import MOST, MOST_OF_A_KIND
from blameline.gaps.falls import Release, fall
from blameline.gaps.hours import silences
from blameline.gaps.sampling import rate
from blameline.gaps.series import step
from blameline.gaps.wording import percent, span, weighed
from blameline.records import Gap
from blameline.store import Store

pytestmark = pytest.mark.usefixtures("quick_case_files")


MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
HOUR = 491_000 - 491_000 % 168 + 96  # an hour since 1970 at which a Monday begins
Spans = list[dict[str, Any]]


def one(trace: str, number: int, parent: int | None, at: datetime, op: str, **more: Any) -> dict[str, Any]:
    """One span; ``more`` replaces its service, its length in ms (``None``: no end), its status, or adds attributes."""
    return {
        "trace": trace,
        "id": number,
        "parent": parent,
        "at": at,
        "op": op,
        "ms": 40,
        "service": "app",
        "status": 1,
        **more,
    }


def world(days: int = 6, an_hour: int = 3, **more: Any) -> Spans:
    """Requests of an agent with a retrieval and an answer below it, evenly spread; nothing is missing."""
    found: Spans = []
    for number in range(days * 24 * an_hour):
        trace = hashlib.md5(str(number).encode()).hexdigest()  # noqa: S324  an id, no secret
        at = MONDAY + timedelta(hours=number // an_hour, minutes=60 / an_hour * (number % an_hour))
        found += [
            one(trace, 1, None, at, "invoke_agent", ms=900, **more),
            one(trace, 2, 1, at + timedelta(milliseconds=20), "retrieval", service="search", **more),
            one(
                trace,
                3,
                1,
                at + timedelta(milliseconds=200),
                "chat",
                **{"gen_ai.output.messages": "Yes, that works."},
                **more,
            ),
        ]
    return found


FIELDS = {"trace", "id", "parent", "at", "op", "ms", "service", "status", "dropped"}


def otlp(spans: Iterable[dict[str, Any]]) -> str:
    lines = []
    for each in spans:
        own = {key: value for key, value in each.items() if key not in FIELDS} | {"gen_ai.operation.name": each["op"]}
        begin = int(each["at"].timestamp() * 1000) * 1_000_000
        told = {
            "traceId": each["trace"],
            "spanId": f"{each['trace'][:12]}{each['id']:04x}",
            "parentSpanId": "" if each["parent"] is None else f"{each['trace'][:12]}{each['parent']:04x}",
            "name": each["op"],
            "startTimeUnixNano": str(begin),
            "endTimeUnixNano": "0" if each["ms"] is None else str(begin + each["ms"] * 1_000_000),
            "status": {"code": each["status"]},
            "droppedAttributesCount": each.get("dropped", 0),
            "attributes": [
                {"key": key, "value": {"stringValue": value}} for key, value in own.items() if value is not None
            ],
        }
        service = [{"key": "service.name", "value": {"stringValue": each["service"]}}]
        lines.append(
            {
                "resourceSpans": [
                    {"resource": {"attributes": service}, "scopeSpans": [{"scope": {"name": "x"}, "spans": [told]}]}
                ]
            }
        )
    return "".join(json.dumps(line) + "\n" for line in lines)


Found = Callable[..., tuple[Gap, ...]]


@pytest.fixture
def found(tmp_path) -> Found:
    """Load files into a case file and give its gaps."""

    def load(files: dict[str, str], order: Sequence[str] = (), content: str | None = None) -> tuple[Gap, ...]:
        folder = tmp_path / "case"
        for name, text in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)
        with blameline.open(tmp_path / f"{'-'.join(order) or 'incident'}.duckdb") as case:
            if content:
                with case.store.transaction():
                    case.store.begin(content)
            loaded = case.load(*([folder / name for name in order] or [folder]))
            assert case.blame().gaps == loaded.gaps == gaps.stored(case.store)
        return loaded.gaps

    return load


def of(kind: str, told: Iterable[Gap]) -> list[Gap]:
    return [gap for gap in told if gap.kind == kind]


def scores(spans: Spans, name: str, chosen: Callable[[dict[str, Any]], bool], trace: Callable[[str], str] = str) -> str:
    """Scores of requests, as feedback that names its trace."""
    return "".join(
        json.dumps({"trace_id": trace(each["trace"]), "at": each["at"].isoformat(), "name": name, "value": 1}) + "\n"
        for each in spans
        if each["parent"] is None and chosen(each)
    )


# nothing is missing


QUIET = {"sampling", "unversioned"}
"""What holds of this world: nobody says how it was sampled, and nobody stamps a version."""


def test_a_whole_export_has_no_gap(found):
    told = found({"a.jsonl": otlp(world())})
    assert {gap.kind for gap in told} == QUIET
    (version,) = of("unversioned", told)
    assert "prompt, model, retrieval" in version.what
    assert "1,296 spans" in of("sampling", told)[0].what


def test_a_lone_short_trace_and_an_empty_case_have_none(found):
    assert found({"a.jsonl": otlp(world(1, 1)[:3])}) == ()
    assert found({"none.txt": "hello"}) == ()


def test_a_handful_of_rows_says_nothing(found):
    few = world(1, 1)[:27]
    few = [
        {
            **each,
            "parent": 9 if number % 9 == 4 else each["parent"],
            "dropped": number % 9 == 1,
            "ms": None if number % 9 == 7 else 40,
        }
        for number, each in enumerate(few)
    ]
    assert found({"a.jsonl": otlp(few)}) == ()


# hours


def rhythm(*weeks: Callable[[int, int], float], seed: int = 5) -> np.ndarray[Any, Any]:
    """Requests an hour, by day of the week and hour of the day, one function a week."""
    draw = np.random.default_rng(seed)
    return np.array(
        [draw.poisson(week(day, hour)) for week in weeks for day in range(7) for hour in range(24)], dtype=float
    )


def office(day: int, hour: int) -> float:
    return 40.0 if day < 5 and 8 <= hour < 18 else 0.0


def flat(rate: float) -> Callable[[int, int], float]:
    return lambda *_: rate


def night(_day: int, hour: int) -> float:
    return 30.0 if 7 <= hour < 23 else 1.2


@pytest.mark.parametrize(
    "counts",
    [
        rhythm(office, office),
        rhythm(office),
        rhythm(office)[:120],
        rhythm(night),
        rhythm(night, night, night),
        rhythm(flat(0.7)),
        rhythm(lambda _, hour: 2.5 if hour % 6 == 0 else 0.0),
        rhythm(lambda day, _: 25.0 * (day == 0), lambda day, _: 25.0 * (day == 0)),
        rhythm(office, office)[9:14],
        np.array([3.0]),
        np.concatenate([rhythm(flat(0.1)), rhythm(flat(60.0))]),
        np.concatenate([[1.0], np.zeros(5000), rhythm(night)]),
    ],
    ids=["two weeks of office hours", "one week", "monday to friday", "quiet nights", "three weeks of them", "sparse",
         "every six hours", "once a week", "half a day", "one hour", "a slow start", "a stray row long before"],
)  # fmt: skip
def test_a_rhythm_is_no_gap(counts):
    assert silences(counts, HOUR, 1.0) == []


@pytest.mark.parametrize("weeks", [1, 2, 3])
@pytest.mark.parametrize(("begin", "length"), [(34, 3), (30, 12), (57, 2), (100, 6)])
def test_an_outage_is_a_gap(weeks, begin, length):
    counts = rhythm(*([flat(20.0)] * weeks))
    counts[begin : begin + length] = 0
    (silence,) = silences(counts, HOUR, 1.0)
    assert (silence.since, silence.until, silence.missing) == (begin, begin + length, length)
    assert silence.expected == pytest.approx(20 * length, rel=0.2)


def test_only_the_hours_that_usually_have_rows_are_missing():
    counts = rhythm(office, office)
    counts[14:33] = 0  # from Monday 14:00 to Tuesday 9:00, closed from 18:00 to 8:00
    (silence,) = silences(counts, HOUR, 1.0)
    assert (silence.since, silence.until, silence.missing) == (14, 33, 5)


def test_an_hour_in_a_single_day_is_held_against_the_hours_around():
    counts = rhythm(flat(20.0))[:20]
    counts[9:11] = 0
    (silence,) = silences(counts, HOUR, 1.0)
    assert (silence.since, silence.until) == (9, 11)


def test_rows_that_come_in_bunches_must_be_missed_in_bunches():
    counts = rhythm(flat(20.0))
    counts[34] = 0
    assert silences(counts, HOUR, 1.0)
    assert not silences(counts, HOUR, 4.0)


def test_weeks_without_anything_between_two_exports_are_told():
    counts = np.concatenate([rhythm(night), np.zeros(1000), rhythm(night)])
    (silence,) = silences(counts, HOUR, 1.0)
    assert silence.missing >= 1000
    assert silence.expected == 0


def test_an_outage_is_told_with_its_hours(found):
    spans = [each for each in world(an_hour=5) if not 50 <= (each["at"] - MONDAY) / timedelta(hours=1) < 54]
    told = found({"a.jsonl": otlp(spans)})
    (gap,) = of("hours", told)
    assert told[0] == gap
    assert (
        gap.what == "No request began from 2026-03-04 02:00 to 06:00 UTC (4 hours), where 20 requests would be usual."
    )
    assert (gap.n, gap.of, gap.since, gap.until) == (4, 144, MONDAY + timedelta(hours=50), MONDAY + timedelta(hours=54))
    assert gap.unanswerable.startswith("It cannot be told whether quality moved in these hours")


def test_a_silent_service_is_told_by_itself(found):
    spans = [
        each
        for each in world(an_hour=9)
        if each["service"] != "search" or not 50 <= (each["at"] - MONDAY) / timedelta(hours=1) < 56
    ]
    (gap,) = of("hours", found({"a.jsonl": otlp(spans)}))
    assert "the service 'search'" in gap.what
    assert "54 would be usual, while others came in" in gap.what


# links between spans


def test_parents_that_are_not_there(found):
    spans = world()
    for each in spans[1::12]:
        each["parent"] = 77
    (gap,) = of("parents", found({"a.jsonl": otlp(spans)}))
    assert gap.what == "108 of 864 child spans (12%) in otlp files have a parent that is not there."
    assert (gap.n, gap.of, gap.source) == (108, 864, "otlp")


def test_requests_without_a_root(found):
    spans = [each for number, each in enumerate(world()) if number % 12 != 0]
    told = found({"a.jsonl": otlp(spans)})
    (gap,) = of("roots", told)
    assert "108 of 432 requests (25%) have no root span" in gap.what
    assert not of("parents", told)


def test_a_caller_that_is_traced_elsewhere_is_one_gap_and_no_orphans(found):
    spans = [each if each["parent"] else {**each, "parent": 99} for each in world()]
    told = found({"a.jsonl": otlp(spans)})
    assert "begins below a caller that was not exported" in of("roots", told)[0].what
    assert not of("parents", told)


def test_clocks_that_disagree(found):
    spans = [
        {**each, "at": each["at"] - timedelta(seconds=3)} if each["service"] == "search" and number % 2 else each
        for number, each in enumerate(world())
    ]
    (gap,) = of("clock", found({"a.jsonl": otlp(spans)}))
    assert gap.what == (
        "216 of 432 child spans (50%) called by 'app' in 'search' begin before their parent, typically by 2.98 s."
    )


def test_a_millisecond_of_rounding_is_no_disagreement(found):
    spans = [{**each, "at": each["at"] - timedelta(milliseconds=21)} if each["id"] == 2 else each for each in world()]
    assert not of("clock", found({"a.jsonl": otlp(spans)}))


def test_spans_that_end_before_they_begin(found):
    spans = [{**each, "ms": -500} if number % 30 == 0 else each for number, each in enumerate(world())]
    (gap,) = of("clock", found({"a.jsonl": otlp(spans)}))
    assert "44 of 1,296 spans (3%) in otlp files end before they begin, typically by 500 ms" in gap.what


def test_ends_that_nobody_told(found):
    spans = [{**each, "ms": None} if number % 30 == 0 else each for number, each in enumerate(world())]
    (gap,) = of("unknown_ends", found({"a.jsonl": otlp(spans)}))
    assert (gap.n, gap.of) == (44, 1296)
    assert "slowest requests are missing from every latency" in gap.unanswerable


def endless(chosen: Callable[[int], bool]) -> Spans:
    """Requests of which some, by their number, have no end at all."""
    return [{**each, "ms": None, "status": 0} if chosen(number // 3) else each for number, each in enumerate(world())]


def test_the_share_of_unknown_ends_that_stepped(found):
    (gap,) = of("unknown_ends", found({"a.jsonl": otlp(endless(lambda number: number >= 240 and number % 10 < 3))}))
    assert gap.since == MONDAY + timedelta(hours=80)
    assert "the share of requests with such a span stepped at 2026-03-05 08:00 UTC from 0% to 31%" in gap.what
    assert "whether these requests failed" in gap.unanswerable


@pytest.mark.parametrize("chosen", [lambda number: number % 10 < 3, lambda number: number >= 426])
def test_a_steady_share_of_unknown_ends_and_a_handful_at_the_end_are_no_step(found, chosen):
    (gap,) = of("unknown_ends", found({"a.jsonl": otlp(endless(chosen))}))
    assert gap.since is None
    assert "stepped" not in gap.what


def test_few_of_all_spans_are_many_of_the_calls(found):
    spans = [{**each, "ms": None} if number % 108 == 2 else each for number, each in enumerate(world())]
    (gap,) = of("unknown_ends", found({"a.jsonl": otlp(spans)}))
    assert (gap.n, gap.of) == (12, 432)
    assert "12 of 432 calls of a model" in gap.what


def test_few_of_all_spans_without_an_end_are_no_gap(found):
    spans = [{**each, "ms": None} if number % 108 == 1 else each for number, each in enumerate(world())]
    assert of("unknown_ends", found({"a.jsonl": otlp(spans)})) == []


def test_what_the_instrumentation_dropped(found):
    spans = [{**each, "dropped": 3} if number % 9 == 0 else each for number, each in enumerate(world())]
    (gap,) = of("dropped", found({"a.jsonl": otlp(spans)}))
    assert "144 of 1,296 spans (11%) in otlp files lost 432 attributes to a limit" in gap.what


def test_generations_told_twice(found):
    spans = world()
    spans += [
        {**each, "id": 4, "parent": 3, "at": each["at"] + timedelta(milliseconds=1)}
        for each in spans
        if each["id"] == 3
    ]
    (gap,) = of("doubled", found({"a.jsonl": otlp(spans)}))
    assert (gap.n, gap.of) == (432, 864)
    assert "counted once" in gap.unanswerable


# answers


def silent_answers(spans: Spans, chosen: Callable[[dict[str, Any]], bool]) -> Spans:
    return [
        {**each, "gen_ai.output.messages": None} if each["op"] == "chat" and chosen(each) else each for each in spans
    ]


def test_answers_that_are_no_longer_recorded(found):
    at = MONDAY + timedelta(hours=70)
    (gap,) = of("content", found({"a.jsonl": otlp(silent_answers(world(), lambda each: each["at"] >= at))}))
    assert gap.since == at
    assert "no longer on record from 2026-03-04 22:00 UTC on (0% had none before, 100% after)" in gap.what
    assert (gap.n, gap.of) == (222, 432)


def test_answers_that_are_recorded_since_some_moment(found):
    at = MONDAY + timedelta(hours=70)
    (gap,) = of("content", found({"a.jsonl": otlp(silent_answers(world(), lambda each: each["at"] < at))}))
    assert gap.until == at
    assert gap.since is None


def test_answers_that_were_never_recorded_or_only_now_and_then(found):
    (gap,) = of("content", found({"a.jsonl": otlp(silent_answers(world(), lambda _: True))}))
    assert "No answer of the service 'app' is on record (432 generations that did not fail)" in gap.what


def logged(spans: list[dict]) -> str:
    """An answer of each chat as a log record."""
    records = [
        {
            "traceId": each["trace"], "spanId": f"{each['trace'][:12]}{each['id']:04x}", "eventName": "gen_ai.choice", "timeUnixNano": "1772323300000000000",
            "body": {"stringValue": '{"finish_reason": "stop", "message": {"content": "Yes."}}'},
        }
        for each in spans
        if each["op"] == "chat"
    ]  # fmt: skip
    return json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": records}]}]})


def test_answers_in_log_records_are_on_record(found):
    spans = silent_answers(world(), lambda _: True)
    assert not of("content", found({"a.jsonl": otlp(spans), "logs.jsonl": logged(spans)}))


def test_answers_of_which_the_log_records_miss_some(found):
    spans = silent_answers(world(), lambda _: True)
    (gap,) = of("content", found({"a.jsonl": otlp(spans), "logs.jsonl": logged(spans[: len(spans) // 2])}))
    assert "216 of 432 answers are not there" in gap.what


def test_a_third_of_the_answers(found):
    (gap,) = of("content", found({"a.jsonl": otlp(silent_answers(world(), lambda each: each["at"].minute == 0))}))
    assert "144 of 432 generations (33%)" in gap.what
    assert gap.since is None


def test_failed_calls_have_no_answer_and_that_is_no_gap(found):
    spans = silent_answers(world(), lambda each: each["at"].minute == 0)
    spans = [
        {**each, "status": 2} if each["op"] == "chat" and each["gen_ai.output.messages"] is None else each
        for each in spans
    ]
    assert not of("content", found({"a.jsonl": otlp(spans)}))


def test_answers_that_were_cut_off(found):
    cut = '[{"role": "assistant", "content": "' + "long " * 300
    spans = [
        {**each, "gen_ai.output.messages": cut} if each["op"] == "chat" and each["at"].minute == 0 else each
        for each in world()
    ]
    (gap,) = of("cut_content", found({"a.jsonl": otlp(spans)}))
    assert "144 of 432 answers (33%) of the service 'app' came here cut off" in gap.what


def test_what_was_left_out_on_purpose_is_said_to_be(found):
    told = found({"a.jsonl": otlp(world())}, content="none")
    (gap,) = of("left_out", told)
    assert "left out on purpose (--content none); 432 of 432 generations had an answer" in gap.what
    assert not of("content", told)


# sampling


@pytest.mark.parametrize(
    ("attribute", "value", "share"),
    [
        ("sampling.probability", "0.1", 0.1), ("SampleRate", "20", 0.05), ("sample_rate", "0.25", 0.25),
        ("sampler.param", "0.5", 0.5),
        ("_dd.rule_psr", "1", 1.0), ("tracestate", "th:c", 0.25), ("tracestate", "th:8", 0.5), ("tracestate", "p:3", 0.125),
        ("tracestate", "th:0", 1.0), ("sampling.percentage", "10", 0.1), ("sampling.probability", "maybe", None),
        ("sampling.probability", "7", None), ("SampleRate", "0", None), ("sampling.probability", "nan", None),
        ("tracestate", "p:63", None),
    ],
)  # fmt: skip
def test_what_a_sampling_attribute_means(attribute, value, share):
    assert rate(attribute, value) == (None if share is None else pytest.approx(share))


@pytest.mark.parametrize(
    ("attribute", "value", "share"),
    [
        ("sampling.probability", "0.1", "10%"),
        ("SampleRate", "8", "12.5%"),
        ("tracestate", "vendor=1,ot=rv:00aa;th:c", "25%"),
    ],
)
def test_a_sample_by_design_says_what_it_stands_for_and_is_no_other_gap(found, attribute, value, share):
    told = found({"a.jsonl": otlp(world(**{attribute: value}))})
    assert {gap.kind for gap in told} == QUIET
    (gap,) = of("sampling", told)
    assert (
        f"1,296 of 1,296 spans (100%) say so in '{attribute}', and stand for about {share} of the traffic" in gap.what
    )


def test_all_of_the_traffic_is_no_sample(found):
    assert not of("sampling", found({"a.jsonl": otlp(world(**{"sampling.probability": "1.0"}))}))


def test_a_rate_that_changed_is_told_with_its_moment(found):
    at = MONDAY + timedelta(hours=70)
    spans = [{**each, "sampling.probability": "0.5" if each["at"] < at else "0.1"} for each in world()]
    (gap,) = of("sampling", found({"a.jsonl": otlp(spans)}))
    assert "the share went from 50% to 10% at 2026-03-04 22:00 UTC" in gap.what
    assert gap.since == at


def test_a_rate_that_differs_from_request_to_request(found):
    spans = [{**each, "SampleRate": "1" if each["at"].minute == 0 else "10"} for each in world()]
    (gap,) = of("sampling", found({"a.jsonl": otlp(spans)}))
    assert "between 10% and 100%" in gap.what
    assert "every share is off as well" in gap.unanswerable


def test_trace_ids_that_show_a_sampler(found):
    spans = world()
    for each in spans:
        each["trace"] = each["trace"][:16] + f"{int(each['trace'][16:], 16) // 5:016x}"
    (gap,) = of("sampling", found({"a.jsonl": otlp(spans)}))
    assert "all trace ids (432 looked at) lie in the lowest 20% of their range" in gap.what


@pytest.mark.parametrize("shape", ["{0:08x}", "{0:07x}0000000a"], ids=["a counter", "a time"])
def test_ids_that_are_no_lottery_show_nothing(found, shape):
    spans = world()
    for number, each in enumerate(spans):
        each["trace"] = each["trace"][:16] + shape.format(number // 3 + 7).rjust(16, "0")[:16]
    (gap,) = of("sampling", found({"a.jsonl": otlp(spans)}))
    assert "trace ids" not in gap.what


def test_a_sampler_that_does_not_say_its_rate(found):
    (gap,) = of("sampling", found({"a.jsonl": otlp(world(_sampling_priority_v1="1"))}))
    assert "nothing says what share it kept" in gap.what


# scores


def test_scores_that_join_nothing(found):
    spans = world()
    text = scores(spans, "helpful", lambda _: True, lambda trace: trace if trace < "c" else trace[::-1])
    lost = sum(each["trace"] >= "c" for each in spans if each["parent"] is None)
    told = found({"a.jsonl": otlp(spans), "scores.jsonl": text})
    (gap,) = of("unjoined_scores", told)
    assert gap.what.startswith(
        f"{lost} of 432 scores ({percent(lost, 432)}) 'helpful' in scores.jsonl belong to no request"
    )
    assert (gap.n, gap.of, gap.source) == (lost, 432, "scores.jsonl")


def test_scores_for_a_part_of_the_requests(found):
    spans = world()
    text = scores(spans, "helpful", lambda each: each["at"].minute == 0)
    (gap,) = of("partial_scores", found({"a.jsonl": otlp(spans), "scores.jsonl": text}))
    assert gap.what == "'helpful' is there for 144 of 432 requests (33%)."
    assert gap.since is None


def test_many_signals_on_a_part_are_one_line(found):
    spans = world()
    text = "".join(scores(spans, f"s{part}", lambda each, part=part: each["at"].hour % part == 0) for part in (2, 3, 4))
    (gap,) = of("partial_scores", found({"a.jsonl": otlp(spans), "scores.jsonl": text}))
    assert gap.what == "Of 432 requests only a part is scored: 's4' (108, 25%), 's3' (144, 33%), 's2' (216, 50%)."


def test_scoring_that_stopped(found):
    spans = world()
    at = MONDAY + timedelta(hours=70)
    text = scores(spans, "helpful", lambda each: each["at"] < at)
    (gap,) = of("partial_scores", found({"a.jsonl": otlp(spans), "scores.jsonl": text}))
    assert gap.since == at
    assert "there for 0% of the requests, before for 100%; 222 of 432 have none" in gap.what


STEP = MONDAY + timedelta(hours=70)


def failing(ended: str) -> Spans:
    """Three requests in ten fail, are refused or are cut off, all along."""
    how = {"failed": {"status": 2}, "refused": {"finish": "content_filter"}, "cut": {"finish": "length"}}[ended]
    spans = [
        {**each, **how} if number // 3 % 10 < 3 and number % 3 == 2 else each for number, each in enumerate(world())
    ]
    return [{"gen_ai.response.finish_reasons": each.pop("finish", None), **each, "status": each["status"] if each["parent"] else 0} for each in spans]  # fmt: skip


def graded(spans: Spans, chosen: Callable[[bool, datetime], bool]) -> str:
    """Scores, 0 for the bad requests and 1 for the others, of those that are chosen by being bad and by their time."""
    told = ((number // 3 % 10 < 3, each) for number, each in enumerate(spans) if each["parent"] is None)
    return "".join(
        json.dumps({"trace_id": each["trace"], "at": each["at"].isoformat(), "name": "correct", "value": int(not bad)}) + "\n"
        for bad, each in told
        if chosen(bad, each["at"])
    )  # fmt: skip


@pytest.mark.parametrize(
    ("ended", "words"), [("failed", "failed"), ("refused", "were refused"), ("cut", "were cut off")]
)
def test_requests_that_failed_and_are_no_longer_scored(found, ended, words):
    spans = failing(ended)
    told = found({"a.jsonl": otlp(spans), "s.jsonl": graded(spans, lambda bad, at: at < STEP or not bad)})
    (gap,) = [one for one in of("partial_scores", told) if one.since]
    assert gap.since is not None
    assert abs(gap.since - STEP) <= timedelta(hours=3)
    assert (
        f"'correct' is there for 0% of the requests that {words}, before for 100% (of the others for 100%, before for 100%)"
        in gap.what
    )
    assert "its mean after that is 1, and would be about 0.694 were these scored as often as before" in gap.what
    assert "whether 'correct' moved there" in gap.unanswerable


@pytest.mark.parametrize(
    "chosen",
    [
        lambda _bad, _at: True,
        lambda bad, _at: not bad,
        lambda _bad, at: at < STEP or at.hour % 2 == 0,
        lambda bad, at: at < MONDAY + timedelta(hours=136) or not bad,
    ],
    ids=["all are scored", "failures never were", "half of all are scored since", "too few since"],
)
def test_scores_that_do_not_pick_failures_are_not_one_sided(found, chosen):
    spans = failing("failed")
    told = of("partial_scores", found({"a.jsonl": otlp(spans), "s.jsonl": graded(spans, chosen)}))
    assert not [gap for gap in told if "requests that failed" in gap.what]


# promises, versions, releases


def manifest(**rows: int) -> str:
    files = [{"key": f"exports/p/{name}.jsonl", "rowCount": n} for name, n in rows.items()]
    return json.dumps({"projectId": "p", "exportSource": "x", "window": {}, "tables": {}, "files": files})


def test_rows_that_an_export_promised(found):
    told = found({"p/a.jsonl": otlp(world()), "manifest.json": manifest(a=1296, b=500)})
    (gap,) = of("undelivered", told)
    assert told[0] == gap
    assert gap.what == "'exports/p/b.jsonl' was not loaded; by manifest.json it has 500 rows."


def test_fewer_rows_than_promised_and_more_files_than_came(found):
    told = of("undelivered", found({"p/a.jsonl": otlp(world()), "manifest.json": manifest(a=2592, b=1, c=2, d=3)}))
    assert told[0].what.startswith("3 of 4 files that the export says it wrote were not loaded, 6 rows in all")
    assert told[1].what == "'exports/p/a.jsonl' brought 1,296 of 2,592 rows (50%) that it has by manifest.json."


def test_versions_on_a_part_of_the_requests(found):
    spans = [
        {**each, "gen_ai.prompt.version": "v1" if each["at"].minute == 0 else None, "gen_ai.request.model": "m"}
        for each in world()
    ]
    told = of("unversioned", found({"a.jsonl": otlp(spans)}))
    assert [gap.n for gap in told] == [288, 7]
    assert told[0].what == "144 of 432 requests (33%) carry a version of the prompt."
    assert "prompt" not in told[1].what


LEAVES = {"search": lambda each: each["service"] == "search", "all": lambda _: True}


def released(which: str, keep: int, at: datetime = MONDAY + timedelta(hours=70)) -> Spans:
    """A release at which some spans are no longer there but for one in ``keep``."""
    spans = [{**each, "service.version": "1.0" if each["at"] < at else "1.1"} for each in world(an_hour=6)]
    return [
        each for number, each in enumerate(spans) if each["at"] < at or not LEAVES[which](each) or number % keep == 0
    ]


def test_a_source_that_fell_at_a_release(found):
    spans = released("search", 10)
    (gap,) = of("fallen", found({"a.jsonl": otlp(spans)}))
    assert "Spans of the service 'search' fell from 6.0 to " in gap.what
    assert "an hour at service.version '1.1' (2026-03-04 22:00 UTC) and stayed there" in gap.what
    assert gap.since == MONDAY + timedelta(hours=70)


def test_a_fall_without_a_release_or_of_all_traffic_is_none(found):
    spans = [{**each, "service.version": None} for each in released("search", 10)]
    assert not of("fallen", found({"a.jsonl": otlp(spans)}))


def test_traffic_that_falls_everywhere_is_no_fall(found):
    at = MONDAY + timedelta(hours=70)
    spans = [each for each in released("all", 1) if each["at"] < at or each["at"].minute < 20]
    assert not of("fallen", found({"a.jsonl": otlp(spans)}))


HOURS = np.arange(240)
DAILY = 50 + 40 * np.sin(HOURS * 2 * np.pi / 24)


@pytest.mark.parametrize(
    ("counts", "fell"),
    [
        (np.where(HOURS < 120, DAILY, DAILY * 0.1), True),
        (np.where(HOURS < 120, DAILY, DAILY * 0.6), False),
        (np.where((HOURS < 120) | (HOURS > 150), DAILY, 0.0), False),
        (DAILY, False),
        (np.where(HOURS < 120, 0.1, 0.0), False),
        (np.where(HOURS < 120, 0.0, DAILY), False),
    ],
    ids=["lost", "a third less", "came back", "the night after", "too little", "new"],
)
def test_what_a_fall_is(counts, fell):
    release = Release("x", 120, 121, MONDAY)
    assert (fall(counts, DAILY * 3, release) is not None) == fell


def test_a_fall_that_the_others_share_is_none():
    counts = np.where(HOURS < 120, DAILY, DAILY * 0.1)
    assert fall(counts, counts * 3, Release("x", 120, 121, MONDAY)) is None
    assert fall(counts, np.zeros(240), Release("x", 120, 121, MONDAY)) is None


def test_where_a_share_moved():
    n = np.full(50, 10.0)
    moved = step(n, np.where(np.arange(50) < 30, 1.0, 9.0))
    assert moved is not None
    assert (moved.index, moved.before, moved.after) == (30, pytest.approx(0.1), pytest.approx(0.9))
    assert step(np.ones(20), np.ones(20)) is None


# the list


def test_the_order_of_files_does_not_matter(found):
    spans = silent_answers(released("search", 10), lambda each: each["at"].minute == 0)
    for each in spans[1::12]:
        each["parent"] = 77
    random.Random(3).shuffle(spans)  # noqa: S311  an order, not a secret
    files = {f"{part}.jsonl": otlp(spans[part::4]) for part in range(4)}
    first = found(files, order=["0.jsonl", "1.jsonl", "2.jsonl", "3.jsonl"])
    second = found(files, order=["2.jsonl", "3.jsonl", "1.jsonl", "0.jsonl"])
    assert first == second
    assert len(first) >= 5


def test_the_list_is_short_and_says_what_it_leaves_out():
    kinds = ("hours", "parents", "roots", "dropped", "content", "clock", "fallen")
    told = [weighed(kind, number / 10, f"{kind} {number}", "how", n=number) for kind in kinds for number in range(20)]
    ranked = gaps._ranked(told)
    assert len(ranked) == MOST
    assert ranked[-1].kind == "more"
    assert ranked[-1].n == len(told) - MOST + 1
    assert ranked[0].what == "clock 19."
    assert all(sum(gap.kind == kind for gap in ranked) <= MOST_OF_A_KIND for kind in kinds)
    assert gaps._ranked(random.Random(1).sample(told, len(told))) == ranked  # noqa: S311  an order, not a secret


def test_a_load_that_did_not_finish_is_told(tmp_path):
    with blameline.open(tmp_path / "incident.duckdb") as case:
        with case.store.transaction():
            case.store.begin(None)
        assert case.blame().problems[0].message == "the last load did not finish: run it again"
        (tmp_path / "a.jsonl").write_text(otlp(world(1)))
        case.load(tmp_path / "a.jsonl")
        assert all("did not finish" not in problem.message for problem in case.blame().problems)


def test_gaps_enter_the_report(tmp_path):
    spans = [{**each, "service": f"a|b [x](http://y) {number % 2}"} for number, each in enumerate(world())]
    for each in spans[1::12]:
        each["parent"] = 77
    (tmp_path / "a.jsonl").write_text(otlp(spans))
    with blameline.open(tmp_path / "incident.duckdb") as case:
        case.load(tmp_path / "a.jsonl")
        text = case.report()
        section = text.split("## Data gaps")[1].split("\n## ")[0]
        assert "**108 of 864 child spans (12%) in otlp files have a parent that is not there." in section
        assert "](http" not in section
        assert json.loads(case.report(as_="json"))["gaps"][0]["kind"]


def test_reading_needs_no_write(tmp_path):
    (tmp_path / "a.jsonl").write_text(otlp(world(1)))
    with blameline.open(tmp_path / "incident.duckdb") as case:
        case.load(tmp_path / "a.jsonl")
        told = case.blame().gaps
    with Store.open(tmp_path / "incident.duckdb", read_only=True) as store:
        assert gaps.stored(store) == told


@pytest.mark.parametrize(
    ("n", "whole", "said"),
    [(0, 9, "0%"), (9, 9, "100%"), (1, 999, "under 1%"), (998, 999, "over 99%"), (1, 3, "33%"), (1, 0, "0%")],
)
def test_shares_in_words(n, whole, said):
    assert percent(n, whole) == said


@pytest.mark.parametrize(
    ("ms", "said"), [(12.34, "12.3 ms"), (2980, "2.98 s"), (-7_200_000, "2 h"), (90_000_000_0, "10.4 days")]
)
def test_lengths_of_time_in_words(ms, said):
    assert span(ms) == said
