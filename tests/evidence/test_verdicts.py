"""What a ledger amounts to, on ledgers made by hand: nothing but a clock rules the app out, and no tie is broken by a word."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from blameline.evidence.verdicts import outcome


def line(candidate: str, layer: str | None, probability: float, *, verdict: str = "consistent", **told: str) -> Any:
    evidence = tuple(SimpleNamespace(check=check, verdict=answer) for check, answer in told.items())
    return SimpleNamespace(
        candidate=candidate,
        layer=layer,
        probability=probability,
        involved=probability,
        verdict=verdict,
        evidence=evidence,
    )


SAMPLER = line("sampler", "telemetry", 0.85, records="supports")
REST = line("unknown", None, 0.05)


def test_a_sampler_that_is_tied_with_an_edit_does_not_rule_the_app_out() -> None:
    artefact = line("artefact", None, 0.06, records="supports")
    edit = line("edit", "prompt", 0.07)
    lines = [SAMPLER, edit, artefact]
    assert outcome(lines, {}) == ("artefact", "artefact")
    assert outcome(lines, {"sampler": ("edit",), "edit": ("sampler",)}) == ("tied", "unknown")


@pytest.mark.parametrize(("candidate", "layer"), [("artefact", None), ("sampler", "telemetry"), ("ruler", None)])
@pytest.mark.parametrize("shown", [True, False])
def test_odds_that_nothing_but_the_clock_speaks_for_rule_no_app_out(
    candidate: str, layer: str | None, shown: bool
) -> None:
    kind = "ruler" if candidate == "ruler" else "artefact"
    check = "ruler" if candidate == "ruler" else "records"
    first = line(candidate, layer, 0.95, timing="supports", **{check: "supports" if shown else "refutes"})
    assert outcome([first, REST], {}) == ((kind, kind) if shown else ("unattributed", "unknown"))


@pytest.mark.parametrize(("said", "moved"), [("refutes", "unknown"), ("inconclusive", "app")])
def test_an_app_that_a_control_speaks_against_is_not_said_to_have_moved(said: str, moved: str) -> None:
    deploy = line("deploy", "deploy", 0.95, timing="supports", ruler=said)
    assert outcome([deploy, line("ruler", None, 0.05)], {}) == ("unattributed", moved)


def test_a_tie_within_the_app_is_the_apps() -> None:
    lines = [line("edit", "prompt", 0.5), line("index", "retrieval", 0.45), REST]
    assert outcome(lines, {"edit": ("index",), "index": ("edit",)}) == ("tied", "app")
