"""Each outcome gets an honest page, and hostile data does nothing on it."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from markdown_it import MarkdownIt

import blameline.report
from blameline.case.inquiry import Inquiry
from blameline.case.story import headline
from blameline.cli.moved import sentences
from blameline.errors import BlamelineError, UnknownPlugin
from blameline.records import (
    Interval,
    Loaded,
    Manifest,
    Onset,
    Problem,
    Runbook,
    Shift,
    Signal,
    SliceEffect,
    Snapshot,
    TimelineRow,
)
from blameline.records.scale import counted, logged
from blameline.report.markdown import Markdown

if TYPE_CHECKING:
    from pathlib import Path

OUTCOMES = ("attributed", "tied", "unattributed", "ruler", "mix", "artefact", "no_shift")
SECTIONS = (
    "Summary",
    "Impact",
    "Detection lag",
    "Version snapshot",
    "Timeline",
    "What the changelog says, and what the traces show",
    "Blame ledger",
    "Ruled out, and how",
    "Could not be tested",
    "The next test",
    "What the evals missed",
    "Data gaps",
    "Actions",
    "Open questions",
    "Notes",
    "Appendix: queries",
)
HOSTILE = (
    "|x|`y` <script>alert(1)</script> ![i](http://e.example/i.png) [l](javascript:z)\n\n# owned\n---\n```\n"
    "{{ 7*7 }} {% raw %} \x1b[2J\u202e@alice"
)
HTML = MarkdownIt("commonmark").enable("table")


def page(story: Any) -> str:
    return Markdown().render(story)


def body(text: str) -> str:
    return text.split("\n---\n", 1)[1]


def matter(text: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(text.split("---\n")[1])
    return loaded


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_every_outcome_has_every_section_in_order(story: Any, outcome: str) -> None:
    text = page(story(outcome))
    assert tuple(re.findall(r"^## (.*)$", body(text), re.MULTILINE)) == SECTIONS
    assert matter(text)["outcome"] == outcome
    assert matter(text)["status"] == "draft"
    assert "root cause" not in text.lower()
    assert "100%" not in text
    assert not re.search(r"(?<![\d.])0%", text)
    assert body(text).count("90%") == 1
    assert "None" not in text.replace("None.", "").replace("None of them", "").replace("None on record", "").replace(
        "None:", ""
    )
    assert not re.search(r"\n{3}|[^ \n] {2}[^ ]", body(text))
    assert page(story(outcome)) == text


@pytest.mark.parametrize(
    ("outcome", "sentences"),
    [
        (
            "attributed",
            [
                "Which variable moved: the application, layer `prompt`: `chg-003`.",
                "−13.2 points [−15.0, −11.4]",
                "`chg-003` holds 94% of the odds",
                "return `support/system-prompt` from `v12` to `v11`",
                "+Be brief.",
                "About 1,584 of 12,000 measured requests after the onset",
                "132 in every 1,000 [114, 150]",
                "16 h 58 min after the estimated onset",
                "between 16 h 25 min and 17 h 20 min",
                "Asked: Are requests with it worse than requests without it in the same hours?",
                "rolled back to v11",
            ],
        ),
        (
            "tied",
            [
                "by `chg-003` or `chg-005`",
                "Together they hold 94% of the odds",
                "Cannot be told from `chg-005`.",
                "take back one of them alone and watch",
            ],
        ),
        (
            "unattributed",
            [
                "What moved it is not known",
                "no candidate has earned it. Nothing is blamed by default.",
                "it is a lead and not a finding",
                "Something not on the list holds 61%",
                "Record the move of `gen_ai.response.model` to `m-2026-03` in the changelog",
            ],
        ),
        (
            "ruler",
            [
                "the ruler, not the application: `chg-009`",
                "Nothing here shows that an answer got worse",
                "Do not report it as harm to users",
                "Score one fixed set of answers",
                "a guard that stayed quiet was not wrong",
            ],
        ),
        (
            "mix",
            [
                "the traffic, not the application",
                "On like requests, nothing here shows",
                "Report `answer_correct` by segment",
            ],
        ),
        (
            "artefact",
            ["the records, not the application", "Repair the records first", "load it again and investigate again"],
        ),
        (
            "no_shift",
            [
                "none that can be told from chance",
                "This is no proof that nothing happened",
                "Empty. There is nothing to blame.",
                "Nothing in this data explains it.",
            ],
        ),
    ],
)
def test_key_sentences(story: Any, outcome: str, sentences: list[str]) -> None:
    text = page(story(outcome))
    for sentence in sentences:
        assert sentence in text


def test_no_application_is_taken_back_when_it_did_not_move(story: Any) -> None:
    for outcome in ("ruler", "mix", "artefact", "no_shift"):
        assert "Take back" not in page(story(outcome))


def test_front_matter(story: Any) -> None:
    told = matter(page(story("attributed")))
    assert [cause["id"] for cause in told["causes"]] == ["chg-003"]
    assert told["exonerated"] == ["chg-002"]
    assert told["detection_lag_minutes"] == {"estimate": 1018, "low": 985, "high": 1040}
    assert told["signals"][0]["delta"] == {"estimate": -0.132, "low": -0.15, "high": -0.114}
    assert told["onset"]["estimate"] == "2026-03-14T09:12:00Z"
    assert told["id"] == "support-assistant-2026-03-14"
    assert told["unknown"] == {"probability": 0.03, "share": 0.03}


def test_hostile_data_is_only_text(story: Any) -> None:
    made = story("attributed")
    found = made.found
    line = found.ledger[0].model_copy(
        update={"candidate": HOSTILE, "because": HOSTILE, "summary": HOSTILE, "next_test": HOSTILE}
    )
    line = line.model_copy(
        update={"evidence": (line.evidence[0].model_copy(update={"because": HOSTILE, "numbers": {HOSTILE: HOSTILE}}),)}
    )
    bad = made.model_copy(
        update={
            "title": HOSTILE,
            "found": found.model_copy(
                update={
                    "headline": HOSTILE,
                    "service": HOSTILE,
                    "ledger": (line, *found.ledger[1:]),
                    "shifts": (found.shifts[0].model_copy(update={"segment": {HOSTILE: HOSTILE}}),),
                    "guards": (found.guards[0].model_copy(update={"guard": HOSTILE, "because": HOSTILE}),),
                    "problems": (Problem(source=HOSTILE, message=HOSTILE),),
                }
            ),
            "timeline": tuple(row.model_copy(update={"id": HOSTILE, "what": HOSTILE}) for row in made.timeline),
            "snapshots": tuple(
                row.model_copy(update={"attribute": HOSTILE, "before": HOSTILE}) for row in made.snapshots
            ),
            "notes": tuple(note.model_copy(update={"body": {"text": HOSTILE}}) for note in made.notes),
            "changes": (made.changes[1].model_copy(update={"id": HOSTILE, "diff": HOSTILE, "component": HOSTILE}),),
        }
    )
    text = page(bad)
    assert matter(text)["title"].startswith("|x|")
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert (
        tuple(re.findall(r"^## (.*)$", re.sub(r"(?s)\n(`{3,})diff\n.*?\n\1", "", body(text)), re.MULTILINE)) == SECTIONS
    )
    tokens = [child.type for token in HTML.parse(body(text)) for child in (token, *(token.children or []))]
    assert not {"image", "html_inline", "html_block"} & set(tokens)
    html = HTML.render(body(text))
    assert re.findall(r'href="([^"]*)"', html) == []
    assert "{{ 7*7 }}" in text
    assert "<h1>owned" not in html
    widths = [row.count("|") - row.count("\\|") for row in body(text).splitlines() if row.startswith("| ")]
    assert set(widths) <= {4, 6, 7, 8}
    chart = re.search(r"```mermaid\n(.*?)```", text, re.DOTALL)
    assert chart
    for task in chart[1].splitlines()[4:]:
        assert re.fullmatch(r"    (section [\w ]+|\d+ [\w ./…-]+ :(crit, |milestone, )?[\d :,-]+m?)", task)


def test_no_report_and_early_reports(story: Any) -> None:
    onset = story("attributed").found.shifts[0].onset
    assert "No report on record." in page(story("attributed", manifest=Manifest()))
    assert "no report on record" in page(story("no_shift", manifest=Manifest()))
    inside = page(story("attributed", manifest=Manifest(reported_at=onset.estimate)))
    assert "inside the onset interval, so the lag is at most 22 min" in inside
    early = page(story("attributed", manifest=Manifest(reported_at=onset.low.replace(hour=6))))
    assert "before the estimated onset. The report may be about something else." in early


def test_a_shift_that_ended(story: Any) -> None:
    shift = story("attributed").found.shifts[0]
    ended = shift.model_copy(
        update={
            "ended": datetime(2026, 3, 15, 9, tzinfo=UTC),
            "ended_range": Onset(
                estimate="2026-03-15T09:00:00Z", low="2026-03-15T08:00:00Z", high="2026-03-15T09:30:00Z"
            ),
        }
    )
    text = page(story("attributed", found={"shifts": (ended,)}))
    assert "It came back at about 2026-03-15 09:00 UTC" in text
    assert "measured requests while it lasted" in text
    assert "Keep `chg-003` out, or repaired, until a replay passes." in text


def test_a_slide_is_told_to_its_end(story: Any) -> None:
    shift = story("attributed").found.shifts[0]
    begun = shift.onset.estimate
    estimate, low, high = (begun + timedelta(hours=hours) for hours in (48, 45, 52))
    end = Onset(estimate=estimate, low=low, high=high)
    slide = shift.model_copy(update={"gradual": True, "settled": end})
    text = page(story("attributed", found={"shifts": (slide,)}))
    assert "It began to slide at about 2026-03-14 09:12 UTC" in text
    assert "It was at its new level by about 2026-03-16 09:12 UTC [2026-03-16 06:12–13:12 UTC]." in text
    under_way = page(story("attributed", found={"shifts": (slide.model_copy(update={"settled": None}),)}))
    assert "Where the slide ends is not in the data." in under_way


def test_a_signal_that_is_no_rate(story: Any) -> None:
    shift = (
        story("attributed")
        .found.shifts[0]
        .model_copy(
            update={
                "signal": "latency",
                "before": 812.0,
                "after": 1204.0,
                "delta": Interval(estimate=392, low=350, high=431),
                "raw_delta": 0.0,
            }
        )
    )
    text = page(
        story(
            "attributed",
            found={"shifts": (shift,)},
            signals=(Signal(name="latency", better="lower", unit="ms", bounded=False),),
        )
    )
    assert "went from 812 ms to 1,204 ms" in text
    assert "+392 [350, 431] ms" in text


def test_a_signal_counted_in_logs_is_told_without_them(story: Any) -> None:
    told = {
        "signal": "input_tokens", "unit": "log of tokens, capped at 10,000,000", "before": 6.905, "after": 8.321,
        "delta": Interval(estimate=1.416, low=1.366, high=1.464), "raw_delta": 1.384,
    }  # fmt: skip
    shift = story("attributed").found.shifts[0].model_copy(update=told)
    text = page(story("attributed", found={"shifts": (shift,)}))
    assert "went from 997 tokens to 4,109 tokens" in text
    assert "×4.12 [×3.92, ×4.32] at an equal traffic mix" in text
    assert "it moved to ×3.99" in text
    assert "`input_tokens` is back near 997 tokens" in text
    assert "log of" not in text
    found = story("attributed").found
    told_in_one = headline(Inquiry(None, (shift,), found.ledger, "attributed", (), ("input_tokens",)))
    assert told_in_one.startswith("input_tokens in app.task=refund rose to 4.12 times what it was from about")
    assert sentences(shift)[0] == "its numbers are logs: from 997.2 to 4,109 tokens, ×4.12 [×3.92, ×4.32]"


@pytest.mark.parametrize(
    ("value", "unit", "wanted"),
    [
        (math.log(1500), "log of milliseconds, capped at an hour", (1500.0, "milliseconds")),
        (
            math.log(401),
            "log of 1 + millionths of a dollar, capped at 1,000 dollars",
            (400.0, "millionths of a dollar"),
        ),
        (math.log(3), "log of the number of steps, capped at 1,000", (3.0, "steps")),
        (0.5, "share of answers", (0.5, "share of answers")),
    ],
)
def test_what_was_counted(value: float, unit: str, wanted: tuple[float, str]) -> None:
    assert counted(value, unit) == wanted
    assert logged(unit) == unit.startswith("log")


def test_other_shifts_and_shifts_for_the_better(story: Any) -> None:
    shift = story("attributed").found.shifts[0]
    other = shift.model_copy(update={"id": "shift-2", "signal": "refusal"})
    better = shift.model_copy(
        update={"id": "shift-3", "signal": "groundedness", "direction": "better", "before": 0.7, "after": 0.8}
    )
    text = page(story("attributed", found={"shifts": (better, shift, other)}))
    assert "### Other shifts" in text
    assert "1 other shift for the worse too" in text
    assert "| `refusal` |" in text
    assert "Moved for the better, and blamed on nothing:\n\n- `groundedness`" in text


def test_slices(story: Any) -> None:
    shift = story("attributed").found.shifts[0]
    slices = tuple(
        SliceEffect(segment={"region": name}, delta=Interval(estimate=size, low=size - 0.01, high=size + 0.01), n=n)
        for name, size, n in (("eu", -0.01, 4000), ("us", -0.2, 5000))
    )
    text = page(story("attributed", found={"shifts": (shift.model_copy(update={"by_segment": slices}),)}))
    assert text.index("| `region` = `us` | −20.0 points [−21.0, −19.0] | 5,000 |") < text.index("| `region` = `eu` |")


def test_a_shift_that_may_not_be_the_application(story: Any) -> None:
    shift = story("unattributed").found.shifts[0].model_copy(update={"moved": "unknown"})
    assert "does not settle whether it was the application" in page(story("unattributed", found={"shifts": (shift,)}))


def test_a_ruler_without_a_change_behind_it(story: Any) -> None:
    lines = tuple(line for line in story("ruler").found.ledger if line.candidate == "ruler")
    text = page(story("ruler", found={"ledger": lines}))
    assert "Which variable moved: the ruler, not the application.\n" in text
    assert "Odds for the ruler: 9%. The judge changed." in text


def test_empty_everything(story: Any) -> None:
    for outcome in OUTCOMES:
        text = page(
            story(
                outcome,
                found={"ledger": (), "guards": (), "problems": ()},
                timeline=(),
                snapshots=(),
                notes=(),
                changes=(),
                loaded=Loaded(),
                manifest=Manifest(),
                unmeasured=(),
                traces=0,
                signals=(),
            )
        )
        assert "No gap is known." in text
        assert "Nothing is on record: no change, no eval run, no alert, no report." in text


def test_runbooks_are_named_by_id(story: Any) -> None:
    book = Runbook(
        id="prompt-edit",
        title="A prompt was edited",
        applies_when="x",
        last_reviewed="2026-11-24",
        text="",
        because="it leads",
    )
    assert "- `prompt-edit`: A prompt was edited. It leads." in page(story("attributed", runbooks=(book,)))


def test_a_long_timeline_keeps_the_changes(story: Any) -> None:
    made = story("attributed")
    rows = tuple(made.timeline[0].model_copy(update={"lane": "eval", "id": f"r-{n}"}) for n in range(200))
    text = page(made.model_copy(update={"timeline": (*rows, *made.timeline)}))
    assert "further from the onset left out" in text
    assert "`chg-003` prompt_edit" in text


def test_who_wrote_a_note_stays_in_the_case_file(story: Any) -> None:
    assert "support-ai" not in page(story("attributed"))


def test_a_users_folder_comes_first(story: Any, tmp_path: Path) -> None:
    (tmp_path / "postmortem").mkdir()
    (tmp_path / "postmortem" / "summary.md.j2").write_text(
        "## Our summary\n\n{{ found.headline }} {{ 'a|b' }} {{ 'a|b' | raw }} {{ none }}\n"
    )
    text = blameline.report.render(story("attributed"), "markdown", tmp_path)
    assert "## Our summary\n" in text
    assert "a\\|b a|b –" in text
    assert "## Impact" in text


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("{{ found.headlin }}", "headlin"),
        ("{{ no_such_name }}", "no_such_name"),
        ("{{ found.headline | nofilter }}", "nofilter"),
        ("{% if %}", "line 1"),
        ("{% include 'nowhere.j2' %}", "nowhere.j2"),
    ],
)
def test_a_wrong_template_is_told(story: Any, tmp_path: Path, template: str, words: str) -> None:
    (tmp_path / "postmortem.md.j2").write_text(template)
    with pytest.raises(BlamelineError, match=re.escape(words)) as told:
        blameline.report.render(story("attributed"), templates=tmp_path)
    assert "shipped postmortem.md.j2" in told.value.hint


def test_renderers_come_in_by_the_door(story: Any, tmp_path: Path) -> None:
    made = story("attributed")
    assert blameline.report.render(made) == page(made)
    assert blameline.report.render(made, "json").startswith('{\n  "schema": "blameline.investigation/1"')
    with pytest.raises(BlamelineError, match="uses no templates"):
        blameline.report.render(made, "json", tmp_path)
    with pytest.raises(UnknownPlugin, match="markdwn"):
        blameline.report.render(made, "markdwn")


def test_a_quiet_window_shows_its_versions_and_claims_no_gap(story: Any) -> None:
    rows = (Snapshot(layer="model", attribute="gen_ai.response.model", before="m-1 60%, m-2 40%", during="", after=""),)
    text = page(story("no_shift", snapshots=rows, unmeasured=()))
    assert "there is no before and after. Over the whole window:" in text
    assert "| model | `gen_ai.response.model` | m-1 60%, m-2 40% |" in text
    assert "No trace" not in text
    assert "- [ ] Look at what the report of 2026-03-15 02:10 UTC saw." in text


def test_attributes_that_tell_the_same_share_a_line(story: Any) -> None:
    row = Snapshot(layer="judge", attribute="judge", before="j-1", during="j-2", after="not over")
    text = page(story("attributed", snapshots=(row, row.model_copy(update={"attribute": "evaluator"}))))
    assert "| judge | `judge`, `evaluator` | j-1 | j-2 | not over |" in text


@pytest.mark.parametrize(
    ("outcome", "timeline", "words"),
    [
        ("ruler", None, "so no guard should have fired."),
        ("attributed", None, "1 eval run on record; none of them was held against this shift."),
        ("attributed", (), "No eval run or alert is on record"),
    ],
)
def test_no_guards(story: Any, outcome: str, timeline: Any, words: str) -> None:
    made = story(outcome, found={"guards": ()})
    assert words in page(made if timeline is None else made.model_copy(update={"timeline": timeline}))


def test_alerts_stand_beside_reports_and_never_crowd_out_a_change(story: Any) -> None:
    made = story("attributed")
    onset = made.found.shifts[0].onset.estimate
    what = "alertmanager alert: LLMGroundednessLow: pass rate < 0.9 | low (page), not known to be over"
    alerts = tuple(
        TimelineRow(at=onset + timedelta(minutes=n), lane="alert", id=f"fc60e0de53b4d9{n:02}", what=what)
        for n in range(99)
    )
    text = page(made.model_copy(update={"timeline": (*alerts, *made.timeline)}))
    row = next(line for line in text.splitlines() if "fc60e0de53b4d900" in line)
    said = "alertmanager alert: LLMGroundednessLow: pass rate \\< 0.9 \\| low (page), not known to be over"
    assert row.endswith(f"T+0h00m | alert | `fc60e0de53b4d900` {said} |")
    assert "`chg-003` prompt_edit" in text
    assert "further from the onset left out" in text
    assert text.count("section Reports and alerts") == 1
    assert "alertmanager alert LLMGroundednessLow pass rate" in text.partition("section Reports and alerts")[2]
    only = page(story("attributed", found={"guards": ()}).model_copy(update={"timeline": alerts[:1]}))
    assert "No eval run is on record; 1 alert in the timeline, and none was held against this shift." in only


def test_only_the_eval_runs_that_tell_something_are_shown(story: Any) -> None:
    made = story("attributed")
    onset = made.found.shifts[0].onset.estimate
    runs = tuple(
        TimelineRow(at=onset + timedelta(days=day, hours=2), lane="eval", id=f"n-{day + 5}", what=what)
        for day in range(-5, 5)
        for what in ["nightly: skipped (no runner)" if day == -4 else "nightly: 90 of 100 passed"]
    )
    text = page(made.model_copy(update={"timeline": runs}))
    assert re.findall(r"eval run \| `(n-\d)`", text) == ["n-1", "n-4", "n-5"]
    assert "7 eval runs left out; `incident timeline` shows all of them." in text
    quiet = page(story("no_shift", timeline=runs))
    assert re.findall(r"eval run \| (.*) \|", quiet) == ["`n-9` nightly, the last of 10 runs: 90 of 100 passed"]
    assert "section Eval runs" not in quiet


def test_a_tie_has_one_test(story: Any) -> None:
    first, second, *rest = story("tied").found.ledger
    text = page(story("tied", found={"ledger": (first, second.model_copy(update={"next_test": "swap it"}), *rest)}))
    assert f"- {first.next_test} (for `chg-003` and `chg-005`)" in text
    assert "Swap it" not in text
    assert "from ledger lines `chg-003`, `chg-005`" in text


def test_what_the_clock_alone_tells(story: Any) -> None:
    lines = story("unattributed").found.ledger
    assert "- Only the clock could speak on these, no other test gave an answer: `undeclared:" in page(
        story("unattributed")
    )
    without = tuple(line for line in lines if not line.candidate.startswith("undeclared:"))
    text = page(story("unattributed", found={"ledger": without}, unmeasured=()))
    assert "No bid was beyond testing." in text


def test_when_it_took_effect(story: Any) -> None:
    lines = story("attributed").found.ledger
    seen = lines[0].model_copy(update={"seen_at": lines[0].at + timedelta(minutes=16)})
    text = page(story("attributed", found={"ledger": (seen, *lines[1:])}))
    assert "Declared for 2026-03-14 09:12 UTC, first seen in the traces at 2026-03-14 09:28 UTC." in text
    assert "Took effect 2026-03-14 09:12 UTC." in page(story("attributed"))
    only = lines[0].model_copy(update={"at": None, "seen_at": lines[0].at})
    assert "First seen in the traces at 2026-03-14 09:12 UTC." in page(
        story("attributed", found={"ledger": (only, *lines[1:])})
    )


def test_an_undeclared_move_is_told_in_words(story: Any) -> None:
    _, silent, *_ = story("unattributed").found.ledger
    lines = (silent.model_copy(update={"verdict": "supported", "probability": 0.9}), *story("mix").found.ledger[1:])
    text = page(story("attributed", found={"ledger": lines}))
    summary = text.split("## Summary")[1].split("## Impact")[0]
    assert "undeclared:" not in summary
    assert "layer `model`, by a change that nobody declared." in summary
    assert "The undeclared move of `gen_ai.response.model` to `m-2026-03` holds 90% of the odds" in summary
    assert "Find what moved `gen_ai.response.model` to `m-2026-03`" in text


def test_traffic_may_work_against_a_move(story: Any) -> None:
    shift = story("attributed").found.shifts[0]

    def told(mix: float) -> str:
        return page(story("attributed", found={"shifts": (shift.model_copy(update={"mix_delta": mix}),)}))

    assert "of which the change of traffic explains −0.8 points." in told(-0.008)
    assert "although the change of traffic worked against it and offset it by 0.3 points." in told(0.003)
    assert "and the change of traffic has no part in that." in told(-0.0001)


def test_a_move_of_the_plain_mean_is_not_told_as_one_at_an_equal_mix(story: Any) -> None:
    def told(value: float) -> dict[str, float]:
        return {"estimate": value, "low": value - 0.01, "high": value + 0.01}

    parts = {"raw": told(-0.131), "mix": told(-0.216), "within": told(0.085), "interaction": told(0.0)}
    plain = story("mix").found.shifts[0].model_dump() | {
        "delta": told(-0.131), "plain": True, "mix": {**parts, "verdict": "offset"},
    }  # fmt: skip
    text = page(story("mix", found={"shifts": (Shift.model_validate(plain),)}))
    assert "−13.1 points [−14.1, −12.1], and +8.5 points [+7.5, +9.5] at an equal traffic mix." in text
    assert (
        "| change of the plain mean | change at an equal traffic mix | measured before / after |\n|---|---|---|---|---|---|---|\n|"
        in text
    )
    assert "| −13.1 points [−14.1, −12.1] | +8.5 points [+7.5, +9.5] |" in text
    assert "not the application, which got better on like requests" in text
    ledger = story("mix").found.ledger
    told_in_one = headline(Inquiry(None, (Shift.model_validate(plain),), ledger, "mix", (), ("answer_correct",)))
    assert "but the traffic did that and not the app" in told_in_one
    assert told_in_one.endswith("on like requests it got better by 8.5 points.")


def test_what_was_found_is_printed_once(story: Any) -> None:
    lines = story("attributed").found.ledger
    out = next(line for line in lines if line.candidate == "chg-002")
    again = out.model_copy(update={"because": "The old index fell by 13 points too; it came late"})
    text = page(story("attributed", found={"ledger": (*(line for line in lines if line != out), again)}))
    assert text.count("The old index fell by 13 points too") == 1


def test_key_numbers_are_words(story: Any) -> None:
    made = story("attributed")
    item = (
        made.found.ledger[0]
        .evidence[0]
        .model_copy(
            update={"numbers": {"days_seen": 4, "effect_of_full_dose": -0.1312, "low": -0.185, "high": -0.07, "z": 1.0}}
        )
    )
    line = made.found.ledger[0].model_copy(update={"evidence": (item,)})
    text = page(story("attributed", found={"ledger": (line, *made.found.ledger[1:])}))
    assert "| days seen 4; effect of full dose −0.131 [−0.185, −0.07]; z 1 |" in text


def test_the_split_and_the_slice_are_told_in_words(story: Any) -> None:
    def told(value: float) -> dict[str, float]:
        return {"estimate": value, "low": value - 0.01, "high": value + 0.01}

    parts = {"raw": told(-0.041), "mix": told(-0.036), "within": told(-0.005), "interaction": told(0.0)}
    place = {"verdict": "slice", "parts": ({"app.task": "re|fund"},), "share": told(0.9), "traffic": 0.2, "because": ""}
    shift = story("attributed").found.shifts[0].model_dump() | {
        "mix": {**parts, "verdict": "offset", "mostly": ("app.task",)},
        "slice": {**place, "looked_at": 12, "of": 59},
    }
    text = page(story("attributed", found={"shifts": (Shift.model_validate(shift),)}))
    assert (
        "moved by −4.1 points [−5.1, −3.1]: −3.6 points [−4.6, −2.6] from the traffic mix (mostly `app.task`), "
        "−0.5 points [−1.5, +0.5] within segments." in text
    )
    assert "The two worked against each other." in text
    assert "90% [89%, 91%] of the move on 20% of the traffic (12 of 59 slices looked at)." in text
    assert r"`app.task` = re\|fund" in text
    small = Shift.model_validate(shift | {"slice": {**place, "share": None, "looked_at": 12, "of": 59}})
    text = page(story("attributed", found={"shifts": (small,)}))
    assert ", 20% of the traffic; elsewhere nothing moved that can be told (12 of 59 slices looked at)." in text
