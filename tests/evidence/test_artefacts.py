"""Records that are no requests: copies of one slice move the plain mean, and more traffic of that slice is no artefact."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from blameline.candidates import Candidate
from blameline.cells import Cells, Clock, copies, settled
from blameline.evidence.kept import Fall, Sampled
from blameline.evidence.records import Records
from blameline.records import Signal

if TYPE_CHECKING:
    from collections.abc import Callable

Tell = Any
GROWN = 7.0
START = datetime(2026, 3, 2, tzinfo=UTC)


def leaning(build: Any, *, copied: bool) -> Any:
    """From day 7 on the requests of the worst tenant come two and a half times as often: as copies, or as requests."""
    w = build.world(41, per_day=340)
    n = len(w.day)
    w.base = np.where(w.tenant == "crux", 0.5, 0.95)
    w.files.requests["gen_ai.conversation.id"] = np.array([f"c{index // 2}" for index in range(n)])
    w.files.requests["gen_ai.usage.output_tokens"] = w.rng.integers(20, 400, n)
    w.share("answer_correct", w.base)
    again = np.flatnonzero((w.tenant == "crux") & (w.day > GROWN))
    again = np.concatenate([again, again[::2]])
    requests = {name: np.concatenate([values, values[again]]) for name, values in w.files.requests.items()}
    requests["trace_id"][n:] = [f"twice{index:06x}" for index in range(len(again))]
    if not copied:
        requests["gen_ai.conversation.id"][n:] = [f"new{index}" for index in range(len(again))]
    values, _ = w.files.scores["answer_correct"]
    w.files.scores["answer_correct"] = (np.concatenate([values, values[again]]), None)
    w.files.requests = requests
    return w.files


def test_copies_of_one_slice_are_found_and_told(investigate: Callable[..., Tell], build: Any) -> None:
    told = investigate(leaning(build, copied=True), "copied")
    assert told.found.outcome == "artefact"
    assert told.ledger["artefact"].probability > 0.9
    gap = next(gap for gap in told.found.gaps if gap.kind == "doubled")
    assert "told twice" in gap.what
    assert gap.n is not None
    assert gap.n > 200


def test_more_requests_of_one_slice_are_no_artefact(investigate: Callable[..., Tell], build: Any) -> None:
    told = investigate(leaning(build, copied=False), "grown")
    assert told.found.outcome != "artefact"
    assert not [gap for gap in told.found.gaps if "told twice" in gap.what]


def released(build: Any, *, guilty: str) -> Any:
    """On day 7 a release brings a new version of the SDK; answers get worse, or two thirds of the good ones are lost."""
    w = build.world(43, per_day=300)
    after = w.day > GROWN
    w.stamp("telemetry.sdk.version", "1.39", "1.40", after)
    if guilty == "deploy":
        w.stamp("service.version", "7", "8", after & (w.tenant != "acme"))
        w.stamp("telemetry.sdk.version", "1.39", "1.40", after & (w.tenant != "acme"))
    w.share("answer_correct", w.base - 0.2 * after * (w.tenant != "acme") * (guilty == "deploy"))
    if guilty == "telemetry":
        good = w.files.scores["answer_correct"][0] == 1
        w.files.keep(~(after & good & (w.rng.random(len(w.day)) < 0.67)))
    return w.files


def test_a_version_of_the_instrumentation_that_lost_records_bids(investigate: Callable[..., Tell], build: Any) -> None:
    told = investigate(released(build, guilty="telemetry"), "released")
    assert told.found.outcome == "artefact"
    seen = told.ledger["undeclared:telemetry:telemetry.sdk.version=1.40"]
    assert seen.probability + told.ledger["artefact"].probability > 0.9
    assert seen.probability > 0.3


def test_a_version_of_the_instrumentation_is_no_rival_of_its_deploy(
    investigate: Callable[..., Tell], build: Any
) -> None:
    told = investigate(released(build, guilty="deploy"), "deployed")
    assert told.found.outcome == "attributed"
    assert told.ledger["undeclared:deploy:service.version=8"].probability > 0.85
    assert told.ledger["undeclared:telemetry:telemetry.sdk.version=1.40"].probability < 0.05


def test_a_dozen_copies_are_no_finding() -> None:
    class Few:
        @staticmethod
        def query(name: str, /, **_: object) -> dict[str, np.ndarray]:
            assert name == "cells/copies"
            return {
                "signal": np.array([None, "s"]),
                "bucket": np.array([3, 3]),
                "n": np.array([12, 12]),
                "total": np.array([0.0, 6.0]),
            }

    assert copies(Few(), Clock(START, START + timedelta(days=2), 3600, 900)) == {}  # type: ignore[arg-type]


@pytest.mark.parametrize(("late", "lag", "held"), [(0.3, 10.0, True), (1.0, 10.0, False), (0.3, 0.5, False)])
def test_hours_whose_scores_are_still_coming_in(late: float, lag: float, held: bool) -> None:
    """Planted, innocent (scored as often as ever), and nothing known (scores that came at once)."""
    hours = np.arange(240)
    n = np.full(240, 40.0)

    def cells(scored: np.ndarray) -> Cells:
        zero = np.zeros(240, dtype=np.int64)
        signal = Signal(name="s", better="higher", unit="share", family="quality", bounded=True)
        return Cells(signal, START, 3600, 240, hours, zero, zero, scored, scored, scored, ({},), ({},))

    scored = np.where(hours >= 230, 20.0 * late, 20.0)
    begin = settled(cells(scored), cells(n), lag)
    assert np.isfinite(begin) == held
    if held:
        assert begin == 230.0


def staged_loss(build: Any, *, selective: bool) -> Any:
    """Tenant after tenant loses the scores of half of its answers, of the good ones or of any; a prompt is edited on the way."""
    w = build.world(53, per_day=420)
    w.stamp("gen_ai.prompt.version", "7", "8", w.day > GROWN + 0.5)
    w.share("answer_correct", w.base)
    begins = np.select([w.tenant == "acme", w.tenant == "bolt"], [GROWN, GROWN + 1], GROWN + 2)
    values, _ = w.files.scores["answer_correct"]
    chosen = (w.day > begins) & ((values == 1) | (not selective)) & (w.rng.random(len(values)) < 0.6)
    w.files.scores["answer_correct"] = (np.where(chosen, np.nan, values), None)
    return w.files


def test_a_loss_in_stages_is_an_artefact(investigate: Callable[..., Tell], build: Any) -> None:
    told = investigate(staged_loss(build, selective=True), "lost in stages")
    assert told.found.outcome == "artefact"
    assert told.ledger["artefact"].verdict == "supported"


def test_a_loss_in_stages_that_spares_no_answer_moves_nothing(investigate: Callable[..., Tell], build: Any) -> None:
    assert investigate(staged_loss(build, selective=False), "lost alike").found.outcome == "no_shift"


def sampled(build: Any, *, guilty: str, told: bool = True, everywhere: bool = False) -> Any:
    """On day 7 a prompt is edited and a sampler comes: it keeps failures and a third of the rest, or half of everything."""
    w = build.world(47, per_day=600)
    after = w.day > GROWN
    edited = after & (everywhere | (w.tenant != "acme"))
    w.stamp("gen_ai.prompt.version", "7", "8", edited)
    w.share("answer_correct", w.base - 0.2 * edited * (guilty == "prompt"))
    good = w.files.scores["answer_correct"][0] == 1
    kept = np.where(after, np.where(good, 0.34, 1.0) if guilty == "sampling" else 0.5, 1.0)
    if told:
        w.files.requests["sampling.probability"] = kept.astype(str)
    w.files.keep(w.rng.random(len(w.day)) < kept)
    return w.files


def by_weight(told: Tell) -> str | None:
    """What the check of the records says of ``artefact`` where it went by weight."""
    (said,) = [one for one in told.ledger["artefact"].evidence if one.check == "records"]
    return said.verdict if "effect_by_weight" in said.numbers else None


def test_a_sampler_that_keeps_failures_is_found_by_the_shares_that_it_states(
    investigate: Callable[..., Tell], build: Any
) -> None:
    told = investigate(sampled(build, guilty="sampling"), "sampled")
    assert told.found.outcome == "artefact"
    assert by_weight(told) == "supports"
    (said,) = [one for one in told.ledger["artefact"].evidence if one.check == "records"]
    assert abs(said.numbers["effect_by_weight"]) < 0.03
    assert told.ledger["undeclared:prompt:gen_ai.prompt.version=8"].probability < 0.05


def test_a_sampler_that_keeps_all_alike_is_cleared_by_them(investigate: Callable[..., Tell], build: Any) -> None:
    told = investigate(sampled(build, guilty="prompt"), "cleared")
    assert told.found.outcome == "attributed"
    assert by_weight(told) == "refutes"
    assert told.ledger["undeclared:prompt:gen_ai.prompt.version=8"].probability > 0.9


def test_without_the_shares_the_sampler_would_be_a_suspect(investigate: Callable[..., Tell], build: Any) -> None:
    odds = [
        investigate(sampled(build, guilty="prompt", told=told, everywhere=True), f"told {told}").ledger["artefact"]
        for told in (True, False)
    ]
    assert odds[0].verdict == "excluded"
    assert odds[0].probability < 0.01
    assert odds[1].probability > 0.2


def test_where_no_share_is_stated_nothing_goes_by_weight(investigate: Callable[..., Tell], build: Any) -> None:
    assert by_weight(investigate(sampled(build, guilty="sampling", told=False), "untold")) is None


@pytest.mark.parametrize(("factor", "said"), [(8.0, "supports"), (-8.0, "refutes"), (1.0, "inconclusive")])
def test_shares_that_say_too_little_cannot_tell(factor: float, said: str) -> None:
    fall = Fall(0.0, 0.1, 0.1, {}, 0.1, able=True, clear=False)
    kept = SimpleNamespace(falls=lambda _: {"requests": fall}, sampled=Sampled(factor, -0.1, 0.1))
    signal = SimpleNamespace(bounded=True)
    shift = SimpleNamespace(delta=SimpleNamespace(estimate=-0.2))
    cells = SimpleNamespace(signal=signal, n=np.ones(900))
    hearing: Any = SimpleNamespace(kept=kept, fit=SimpleNamespace(cells=cells), shift=shift)
    artefact = Candidate(id="artefact", kind="artefact", layer=None, declared=False, at=None)
    assert Records().weigh({"day": np.arange(3)}, hearing, artefact, seed=0).verdict == said


def halved(build: Any, *, sampler: bool) -> Any:
    """Worse answers with a new prompt from day 7 on, when also half of the users leave, or half of the requests are sampled out."""
    w = build.world(47, per_day=500)
    after = w.day > GROWN
    w.stamp("gen_ai.prompt.version", "v1", "v2", after)
    w.change("edit", GROWN, "prompt_edit", **{"from": "v1", "to": "v2"})
    if sampler:
        w.change("sampler", GROWN, "sampling_policy", summary="half of all")
    w.share("answer_correct", w.base - 0.1 * after)
    w.files.keep(~after | (w.rng.random(len(w.day)) < 0.5))
    return w.files


def test_half_of_the_users_leaving_is_no_proof_that_records_were_lost(
    investigate: Callable[..., Tell], build: Any
) -> None:
    told = investigate(halved(build, sampler=False), "users left")
    assert told.found.outcome == "unattributed"
    assert told.main.moved == "unknown"
    assert told.ledger["edit"].probability > 0.1


def test_a_sampler_and_an_edit_of_one_hour_are_tied(investigate: Callable[..., Tell], build: Any) -> None:
    told = investigate(halved(build, sampler=True), "sampler beside an edit")
    assert told.found.outcome == "tied"
    assert told.main.moved == "unknown"
    assert told.ledger["sampler"].tied_with == ("edit",)
