"""Who is scored: an eval that picks hard requests is no fall of the app, and a fall of the app does not change who is scored."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from blameline.candidates import Candidate
from blameline.evidence.chosen import Chosen
from blameline.evidence.selection import Selection

if TYPE_CHECKING:
    from collections.abc import Callable

Tell = Any

pytestmark = pytest.mark.xdist_group("told stories")  # each is investigated once


def test_an_eval_that_picks_hard_requests_is_the_ruler_and_not_the_edit_beside_it(story: Callable[[str], Tell]) -> None:
    told = story("choosy")
    assert told.found.outcome == "ruler", [
        (one.candidate, one.probability, one.verdict, one.log_evidence) for one in told.found.ledger[:5]
    ]
    assert told.ledger["edit"].verdict not in {"supported", "confirmed"}
    assert told.ledger["suite"].probability > told.ledger["edit"].probability
    assert told.ledger["suite"].log_evidence["selection"] > 3
    assert "selection" not in told.ledger["edit"].log_evidence
    found = told.hearing.selection
    assert 0.4 < found.share < 1.1
    assert abs(found.requests) < 0.02


def test_a_fall_of_the_app_is_not_blamed_on_who_is_scored(story: Callable[[str], Tell]) -> None:
    told = story("sampled")
    assert told.found.outcome != "ruler"
    assert told.ledger["suite"].log_evidence["selection"] < 0
    assert abs(told.hearing.selection.part) < 4 * told.hearing.selection.error
    assert told.hearing.selection.share < 0.2


def test_more_requests_of_a_weak_tenant_are_the_traffic_and_no_choice(story: Callable[[str], Tell]) -> None:
    told = story("sampled, grown")
    assert told.hearing.selection.requests < -0.05
    assert abs(told.hearing.selection.share) < 0.2
    assert told.found.outcome != "ruler"


def test_where_every_request_is_scored_nobody_chooses(story: Callable[[str], Tell]) -> None:
    assert story("staged").hearing.selection is None


@pytest.mark.parametrize("scale", [1.0, 100.0])
def test_a_part_is_likelier_chosen_the_surer_it_is_and_none_speaks_against_it(scale: float) -> None:
    def told(part: float, error: float, requests: float = 0.0) -> float:
        return Selection(scale * part, scale * error, -0.1 * scale, scale * requests, 0.5, 1000).log_factor

    assert told(-0.05, 0.005) > 8
    assert told(-0.05, 0.005) > told(-0.05, 0.03) > -1
    assert told(0.0, 0.005) < -1
    assert told(-0.05, 0.005, requests=-0.08) < 3
    assert abs(told(0.0, 0.5)) < 1
    assert told(0.05, 0.005) < 0
    assert told(-0.05, 0.005) == pytest.approx(told(-0.05 * 1.0, 0.005))


@pytest.mark.parametrize(
    ("part", "error", "requests", "layer", "verdict"),
    [
        (-0.05, 0.005, 0.0, "eval", "supports"),
        (-0.05, 0.005, 0.0, "telemetry", "supports"),
        (-0.05, 0.03, 0.0, "eval", "inconclusive"),  # too few scores
        (-0.05, 0.005, -0.06, "eval", "inconclusive"),  # the requests themselves moved
        (0.0, 0.002, 0.0, "eval", "refutes"),
        (0.0, 0.002, 0.0, "telemetry", "inconclusive"),  # a lost request is neither scored nor counted
        (0.05, 0.005, 0.0, "eval", "refutes"),
    ],
)
def test_an_answer_needs_a_clear_choice_and_traffic_that_stayed(
    part: float, error: float, requests: float, layer: str, verdict: str
) -> None:
    cells = SimpleNamespace(signal=SimpleNamespace(bounded=True, unit="share"))
    hearing: Any = SimpleNamespace(
        selection=Selection(part, error, -0.1, requests, 0.5, 1000),
        harm=-1,
        fit=SimpleNamespace(cells=cells, sigma2=0.2),
        shift=SimpleNamespace(delta=SimpleNamespace(estimate=-0.1)),
    )
    candidate = Candidate(id="c", kind="other", layer=layer, declared=True, at=None)  # type: ignore[arg-type]
    found = Chosen().weigh({}, hearing, candidate, seed=0)
    assert found.verdict == verdict, found.because
    assert found.numbers["low"] < found.numbers["high"]  # type: ignore[operator]
    if error == 0.03:
        assert found.numbers["enough"] > 1000  # type: ignore[operator]
        assert "would tell" in found.because
