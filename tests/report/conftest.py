"""Hand-made stories, one for each outcome."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from blameline.records import (
    Change,
    Entry,
    Evidence,
    Guard,
    Interval,
    Investigation,
    LedgerLine,
    Loaded,
    LoadedFile,
    Manifest,
    Onset,
    Problem,
    Query,
    Shift,
    Signal,
    SkippedFile,
    Snapshot,
    Story,
    TimelineRow,
    Window,
)

ONSET = datetime(2026, 3, 14, 9, 12, tzinfo=UTC)
TEST = "Replay 100 cases of 14 March with prompt v11 and all else as it was; expect answer_correct near 0.91."


def at(**later: float) -> datetime:
    return ONSET + timedelta(**later)


def evidence(check: str, verdict: str, because: str, **numbers: float) -> Evidence:
    asks = {
        "timing": "Did it take effect before the quality moved?",
        "exposure": "Are requests with it worse than requests without it in the same hours?",
        "ruler": "Do answers scored by both judges get the same score?",
    }.get(check, "Does it fit?")
    sha = {"timing": "1f", "exposure": "2e"}.get(check, "3d") * 32
    query = Query(name=f"evidence/{check}", sha256=sha, parameters={"since": at(days=-7), "signal": "answer_correct"})
    return Evidence(check=check, asks=asks, verdict=verdict, because=because, numbers=numbers, query=query)


def line(candidate: str, probability: float, verdict: str = "excluded", **more: Any) -> LedgerLine:
    told: dict[str, Any] = {
        "shift": "shift-1",
        "kind": candidate if "-" not in candidate and ":" not in candidate else "prompt_edit",
        "layer": None if "-" not in candidate and ":" not in candidate else "prompt",
        "declared": candidate.startswith("chg"),
        "prior": 0.2,
        "share": Interval(estimate=probability, low=max(probability - 0.1, 0), high=min(probability + 0.06, 1)),
        "because": "The move is there without it",
        "next_test": "",
    }
    return LedgerLine(candidate=candidate, probability=probability, verdict=verdict, **{**told, **more})


def shift(moved: str = "app", **more: Any) -> Shift:
    told: dict[str, Any] = {
        "id": "shift-1",
        "signal": "answer_correct",
        "segment": {"app.task": "refund"},
        "direction": "worse",
        "onset": Onset(estimate=ONSET, low=at(minutes=-22), high=at(minutes=33)),
        "before": 0.91,
        "after": 0.778,
        "delta": Interval(estimate=-0.132, low=-0.15, high=-0.114),
        "raw_delta": -0.14,
        "mix_delta": -0.008,
        "n_before": 30120,
        "n_after": 12000,
    }
    return Shift(moved=moved, **{**told, **more})


BLAMED = line(
    "chg-003",
    0.94,
    "supported",
    prior=0.22,
    because="Requests with prompt v12 are worse than requests with v11 in the same hours",
    next_test=TEST,
    summary="shorten refund policy wording",
    at=ONSET,
    evidence=(
        evidence("timing", "supports", "It took effect 0 min before the estimated onset", minutes_before=0.0),
        evidence(
            "exposure",
            "supports",
            "v12 scores 0.777, v11 scores 0.909",
            with_it=0.777,
            without_it=0.909,
            n_with=5210,
            n_without=4988,
        ),
    ),
)
CLEARED = line(
    "chg-002",
    0.004,
    kind="index_refresh",
    layer="retrieval",
    because="Requests on the old index moved as well",
    evidence=(evidence("exposure", "refutes", "The old index fell by 13 points too", gap=0.001),),
)
UNSEEN = line(
    "chg-004",
    0.012,
    "untestable",
    kind="provider_update",
    layer="model",
    because="No trace carries gen_ai.response.model",
    next_test="Stamp gen_ai.response.model and replay 100 cases against the earlier snapshot.",
)
STANDING = (
    line("unknown", 0.03, "consistent", because="What no candidate explains"),
    line("mix", 0.006),
    line("ruler", 0.004),
    line("artefact", 0.003),
    line("chance", 0.001),
)
UNDECLARED = line(
    "undeclared:model:gen_ai.response.model=m-2026-03",
    0.31,
    "consistent",
    kind="provider_update",
    layer="model",
    declared=False,
    because="It was first seen two hours before the onset",
    next_test="Replay 100 cases against m-2026-02.",
    at=at(hours=-2),
    evidence=(evidence("timing", "supports", "It was first seen 2 h before the onset", minutes_before=120.0),),
)
GUARDS = (
    Guard(
        guard="nightly-smoke", finding="caught", because="It fell below its gate at 06:00 on 15 March", shift="shift-1"
    ),
    Guard(guard="refunds-regression", finding="stale", because="Its newest case is from January", shift="shift-1"),
)
MIXED = {
    "segment": {},
    "delta": Interval(estimate=-0.003, low=-0.012, high=0.006),
    "raw_delta": -0.132,
    "mix_delta": -0.129,
}
LEDGERS: dict[str, tuple[LedgerLine, ...]] = {
    "attributed": (BLAMED, *STANDING[:1], UNSEEN, CLEARED, *STANDING[1:]),
    "tied": (
        line(
            "chg-003",
            0.5,
            "consistent",
            tied_with=("chg-005",),
            next_test=TEST,
            because="Both took effect in one deploy",
        ),
        line(
            "chg-005",
            0.44,
            "consistent",
            tied_with=("chg-003",),
            next_test=TEST,
            because="Both took effect in one deploy",
        ),
        *STANDING,
    ),
    "unattributed": (
        line(
            "unknown",
            0.61,
            "consistent",
            because="No candidate fits the traffic that fell",
            next_test="Compare fingerprints.",
        ),
        UNDECLARED,
        *STANDING[1:],
    ),
    "ruler": (
        line(
            "chg-009",
            0.88,
            "supported",
            kind="judge_change",
            layer="judge",
            because="Answers scored by both judges differ",
            evidence=(evidence("ruler", "supports", "The new judge gives 12 points less to the same answers", n=412),),
        ),
        line("ruler", 0.09, "consistent", because="The judge changed"),
        *STANDING[:2],
    ),
    "mix": (line("mix", 0.96, "supported", because="Refunds went from 12% to 41% of traffic"), *STANDING[:1], CLEARED),
    "artefact": (
        line("artefact", 0.97, "supported", because="Scores of failed requests stop on 14 March"),
        *STANDING[:1],
    ),
    "no_shift": (),
}
HEADLINES = {
    "attributed": "Refund answers got worse on 14 March; chg-003 (prompt_edit) is blamed, 94%",
    "tied": "Refund answers got worse on 14 March; chg-003 and chg-005 cannot be told apart",
    "unattributed": "Refund answers got worse on 14 March, and no candidate has earned the blame",
    "ruler": "The judge moved on 14 March; the application did not",
    "mix": "More refund requests came in; answers to like requests did not get worse",
    "artefact": "The records changed on 14 March; the application did not",
    "no_shift": "Nothing got worse by more than chance explains",
}


def made(outcome: str, **more: Any) -> Story:
    """A story of that outcome; ``found`` and ``story`` fields can be replaced."""
    moved = outcome if outcome in {"ruler", "mix", "artefact"} else "app"
    none = outcome == "no_shift"
    found: dict[str, Any] = {
        "outcome": outcome,
        "headline": HEADLINES[outcome],
        "service": "support-assistant",
        "window": Window(from_=at(days=-13), to=at(days=7)),
        "seed": 7,
        "version": "0.1.0",
        "shifts": () if none else (shift(moved, **(MIXED if outcome == "mix" else {})),),
        "ledger": LEDGERS[outcome],
        "guards": () if none else GUARDS,
        "problems": (Problem(source="traces/a.jsonl", line=812, message="not JSON"),),
    }
    changes = (
        Change(id="chg-002", at=at(days=-2), kind="index_refresh", layer="retrieval", component="policies"),
        Change(
            id="chg-003",
            at=ONSET,
            kind="prompt_edit",
            layer="prompt",
            component="support/system-prompt",
            from_="v11",
            to="v12",
            summary="shorten refund policy wording",
            diff="-Quote the policy in full.\n+Be brief.\n",
        ),
    )
    story: dict[str, Any] = {
        "title": "Refund answers of support-assistant",
        "found": Investigation(**{**found, **more.pop("found", {})}),
        "manifest": Manifest(service="support-assistant", reported_at=ONSET + timedelta(hours=16, minutes=58)),
        "loaded": Loaded(
            files=(LoadedFile(source="traces/a.jsonl", format="otlp", sha256="ab" * 32, rows=90210),),
            spans=84200,
            scores=42120,
            changes=2,
            eval_runs=21,
            duplicates=12,
            skipped=(SkippedFile(source="notes.txt", reason="no source knows this kind of file"),),
        ),
        "timeline": (
            TimelineRow(at=at(days=-2), lane="change", id="chg-002", what="index_refresh policies: nightly refresh"),
            TimelineRow(
                at=ONSET, lane="change", id="chg-003", what="prompt_edit v11 → v12: shorten refund policy wording"
            ),
            *(
                ()
                if none
                else (
                    TimelineRow(
                        at=ONSET,
                        lane="shift",
                        id="shift-1",
                        what="answer_correct falls where app.task is refund",
                        low=at(minutes=-22),
                        high=at(minutes=33),
                    ),
                )
            ),
            TimelineRow(at=at(hours=-3), lane="eval", id="r-101", what="refunds-regression passed 37 of 40"),
            TimelineRow(at=at(hours=16, minutes=58), lane="report", id="", what="first human report"),
        ),
        "snapshots": (
            Snapshot(
                layer="prompt",
                attribute="gen_ai.prompt.version",
                before="v11 (99%)",
                during="v12 (51%), v11 (49%)",
                after="",
            ),
        ),
        "notes": (
            Entry(
                id="b2:aa",
                parent=None,
                at=at(hours=18),
                by="support-ai",
                kind="note",
                body={"text": "rolled back to v11"},
            ),
        ),
        "traces": 61044,
        "unmeasured": ("context",),
        "signals": (Signal(name="answer_correct", better="higher", judged=True),),
        "changes": changes,
    }
    return Story(**{**story, **more})


@pytest.fixture
def story() -> Any:
    return made
