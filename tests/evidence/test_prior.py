"""What bids start with is written down, can be changed, and says at which value a verdict would be another one."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import ValidationError

import blameline
from blameline.evidence.odds import TEMPERATURE, Odds, posterior
from blameline.evidence.prior import Prior, prior_of
from blameline.evidence.rulings import Ruling, flip_prior
from blameline.records import PriorSetting
from blameline.records.brought import STANDING_PRIOR

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Tell = Any  # ``Told`` of conftest.py, which cannot be imported

pytestmark = pytest.mark.xdist_group("told stories")  # each is investigated once


def change(name: str, layer: str) -> Any:
    return SimpleNamespace(id=name, layer=layer, standing=False)


def test_the_prior_sums_to_one_or_less_and_layers_weigh() -> None:
    told = Prior().shared(
        [change(f"p{n}", "prompt") for n in range(8)] + [change(f"t{n}", "telemetry") for n in range(8)]
    )
    assert sum(told.values()) == pytest.approx(1.0)
    assert told["p0"] == pytest.approx(2 * told["t0"])
    assert Prior().shared([change("only", "prompt")])["only"] == 0.1  # a short changelog is not a complete one


def test_a_setting_goes_before_what_is_written_down() -> None:
    told = prior_of(PriorSetting(layers={"prompt": 2}, unknown=0.3, one=0.2))
    assert told.standing == {**STANDING_PRIOR, "unknown": 0.3}
    assert (told.layers["prompt"], told.layers["model"], told.one) == (2, 1.2, 0.2)
    assert prior_of(None) == Prior() == prior_of(PriorSetting())


def test_two_manifests_that_leave_the_changes_nothing_are_scaled_down() -> None:
    assert sum(prior_of(PriorSetting(unknown=0.9, chance=0.5)).standing.values()) == pytest.approx(0.98)


@pytest.mark.parametrize(
    "said", [{"unknown": 0}, {"unknown": 1}, {"layers": {"prompt": 0}}, {"layers": {"prompts": 1}}, {"nobody": 0.1}]
)
def test_what_is_no_prior_is_not_one(said: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        PriorSetting.model_validate(said)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("{unknown: 2}", "unknown"),
        ("{layers: {prompt: -1}}", "layers"),
        ("{unknown: 0.9}", "leaves too little"),
        ("[1, 2]", "prior"),
    ],
)
def test_a_wrong_prior_is_one_line_and_the_rest_is_used(tmp_path: Path, said: str, words: str) -> None:
    folder = tmp_path / "case"
    folder.mkdir()
    (folder / "incident.yaml").write_text(f"service: desk\nprior: {said}\n")
    with blameline.open(tmp_path / "incident.duckdb") as case:
        (problem,) = case.load(folder).problems
        assert words in problem.message
        assert "'prior' is not used" in problem.message
        assert "\n" not in problem.message
        assert case.store.manifest().prior == PriorSetting()
        assert case.store.manifest().service == "desk"


def test_a_manifest_moves_the_odds(
    investigate: Callable[..., Tell], files_of: Callable[[str], Any], story: Callable[[str], Tell]
) -> None:
    files = files_of("tied")
    files.manifest["prior"] = {"layers": {"prompt": 2, "retrieval": 1}, "one": 0.4}
    told, plain = investigate(files, "tied, prompts suspected"), story("tied")
    assert told.ledger["one"].prior == pytest.approx(2 * told.ledger["two"].prior, rel=1e-4)
    assert told.ledger["one"].probability > 1.8 * told.ledger["two"].probability
    assert plain.ledger["one"].probability == pytest.approx(plain.ledger["two"].probability, abs=0.01)
    assert told.found.outcome == "tied"  # a belief tells nobody apart
    page = told.case.report(as_="markdown")
    assert "as the manifest sets it" in page
    assert "`prior:` in `incident.yaml` changes it" in plain.case.report(as_="markdown")


def test_at_the_flip_prior_the_verdict_flips(investigate: Callable[..., Tell], story: Callable[[str], Tell]) -> None:
    line = story("rolled_back").ledger["guilty"]
    assert line.verdict == "supported"
    assert line.flip_prior is not None
    assert line.flip_prior < line.prior
    exact = posterior(story("rolled_back").hearing).odds["guilty"]  # the line's own odds are rounded
    assert flip_prior(ruling(story("rolled_back"), "guilty"), exact) == pytest.approx(line.flip_prior, rel=0.01)
    assert story("coincidence").ledger["beside"].flip_prior is None  # no prior makes a coincidence more than one


def ruling(told: Tell, name: str) -> Ruling:
    line = told.ledger[name]
    return Ruling(told.candidate(name), told.hearing.bids[name], line.evidence, line.tied_with, told.hearing.shift)


def odds(prior: float, involved: float) -> Odds:
    return Odds(SimpleNamespace(), prior, 0.0, {}, involved, involved)


def test_the_flip_prior_is_where_the_odds_cross(story: Callable[[str], Tell]) -> None:
    told = ruling(story("rolled_back"), "guilty")
    assert flip_prior(told, odds(0.1, 0.9)) == pytest.approx(0.1, rel=1e-3)
    weak = flip_prior(told, odds(0.1, 0.5))
    assert weak is not None
    odds_of_it = (
        9**TEMPERATURE / 9
    )  # from even odds to nine in ten: nine times the prior odds, if the odds were not tempered
    assert weak == pytest.approx(odds_of_it / (1 + odds_of_it), rel=1e-2)
