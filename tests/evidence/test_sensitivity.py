"""How much it takes to overturn a verdict: checked against doing it."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from blameline.cells import Cells
from blameline.evidence.hearing import Hearing
from blameline.evidence.judgement import judge
from blameline.evidence.odds import posterior
from blameline.evidence.relisted import Ledger
from blameline.evidence.removals import Sums
from blameline.evidence.rulings import Ruling
from blameline.fit import Fit, LeftOut

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from blameline.records import Sensitivity

Tell = Any  # ``Told`` of conftest.py, which cannot be imported

pytestmark = pytest.mark.xdist_group("told stories")  # each is investigated once


def firm(told: Tell) -> tuple[str, Sensitivity]:
    """Who leads the main ledger, and how firmly."""
    ((name, found),) = [(line.candidate, line.sensitivity) for line in told.ledger.values() if line.sensitivity]
    return name, found


def test_a_planted_cause_stands_whatever_else_is_left_out(story: Callable[[str], Tell]) -> None:
    name, found = firm(story("staged"))
    assert name == "guilty"
    assert {(one.kind, one.what) for one in found.changes} == {("check", "replay")}  # only an experiment confirms
    assert found.tried > 20
    assert found.without.outcome == "unattributed"
    assert "nobody else would earn it" in found.because


def test_the_one_thing_that_a_verdict_rests_on_is_named(story: Callable[[str], Tell]) -> None:
    assert ("check", "reversal") in {(one.kind, one.what) for one in firm(story("rolled_back"))[1].changes}
    judged = {(one.kind, one.what) for one in firm(story("judged"))[1].changes}
    assert {("signal", "format_valid"), ("check", "ruler")} <= judged
    tied = [one for one in firm(story("tied"))[1].changes if one.kind == "change"]
    assert [one.outcome for one in tied] == ["unattributed"]


def test_an_unrecorded_cause_would_have_to_be_nearly_the_same(story: Callable[[str], Tell]) -> None:
    told = story("staged")
    hidden = firm(told)[1].hidden
    effect = told.ledger["guilty"].effect
    assert hidden.overlap > 0.9
    assert hidden.hours is not None
    assert hidden.hours < 24
    assert effect.estimate < hidden.effect < 0  # an effect that is a little less than the candidate's own
    assert 0 < hidden.robustness < 1
    told = firm(story("bystanders"))[1]
    assert "To overturn this, something unrecorded would have to act on" in told.because


def test_weaker_evidence_needs_a_weaker_hidden_cause(
    story: Callable[[str], Tell], files_of: Callable[[str], Any], investigate: Any
) -> None:
    files = files_of("bystanders")
    files.keep(np.arange(len(files.requests["trace_id"])) % 2 == 0)
    half, whole = firm(investigate(files, "half of bystanders"))[1].hidden, firm(story("bystanders"))[1].hidden
    assert half is None or half.overlap < whole.overlap


def test_too_little_data_claims_no_firmness(story: Callable[[str], Tell]) -> None:
    for name in ("bare", "sparse", "coincidence"):
        found = firm(story(name))[1]
        assert found.hidden is None
        assert "To overturn" not in found.because


def test_what_a_cell_brings_is_what_the_algebra_says(story: Callable[[str], Tell]) -> None:
    """Against the model written out in full, with the rows of the cells struck off."""
    from blameline.fit.design import design  # noqa: PLC0415  only here
    from blameline.fit.noise import prior  # noqa: PLC0415  only here

    hearing = story("outlived").hearing
    fit, cells = hearing.fit, hearing.fit.cells
    columns = np.column_stack([bid.column for bid in hearing.bids.values()])
    atoms, own, random = fit._atoms.toarray(), design(cells).own.toarray(), fit._random
    precision, _ = prior(fit.noise, cells.buckets, random)
    whole = np.diag(1 / fit.weight) + atoms[:, :random] @ np.linalg.inv(precision) @ atoms[:, :random].T
    whole += fit.noise.own**2 * own @ own.T
    asked = LeftOut(fit, columns)
    for dropped in (cells.hours // 24 == 5, cells.inside({"cloud.region": "eu"}), cells.inside({"tenant.id": "acme"})):
        kept = ~dropped
        inverse = np.linalg.inv(whole[np.ix_(kept, kept)])
        fixed = fit.fixed[kept]
        fixed = fixed[:, np.abs(fixed).sum(axis=0) > 0]
        taken = inverse @ fixed
        through = inverse - taken @ np.linalg.pinv(fixed.T @ taken, rcond=1e-10) @ taken.T
        inner, scores = asked.without(dropped)
        np.testing.assert_allclose(inner, columns[kept].T @ through @ columns[kept], rtol=1e-4, atol=1e-4 * inner.max())
        np.testing.assert_allclose(scores.pull, columns[kept].T @ through @ fit.mean[kept], rtol=1e-4, atol=1e-3)


def without(cells: Cells, dropped: NDArray[np.bool_]) -> Cells:
    kept = ~dropped
    arrays = {name: getattr(cells, name)[kept] for name in ("bucket", "segment", "version", "n", "total", "square")}
    rest = {name: getattr(cells, name) for name in ("signal", "origin", "width", "buckets", "segments", "versions")}
    return Cells(**arrays, **rest)


def ledger(told: Tell) -> Ledger:
    """The ledger of the main shift as the sensitivity is asked of it."""
    hearing, lines = told.hearing, told.ledger
    rulings = {
        one.id: Ruling(one, hearing.bids.get(one.id), lines[one.id].evidence, lines[one.id].tied_with, hearing.shift)
        for one in hearing.candidates
    }
    tied = {name: line.tied_with for name, line in lines.items() if line.tied_with}
    return Ledger(hearing, posterior(hearing), rulings, tied, lines, firm(told)[0])


@pytest.mark.parametrize(
    ("name", "day"), [("bystanders", 3), ("bystanders", 6), ("bystanders", 8), ("staged", 6), ("staged", 8)]
)
def test_a_day_left_out_is_a_day_less(story: Callable[[str], Tell], name: str, day: int) -> None:
    """Against the fit of the other days, all variants and all moves."""
    told = story(name)
    hearing, mine = told.hearing, ledger(told)
    cells = hearing.fit.cells
    dropped = cells.hours // 24 == day
    rest = Fit(without(cells, dropped), sigma2=hearing.fit.sigma2).under(hearing.fit.noise.at)
    other = copy(hearing)
    other.__dict__.pop("shapes", None)
    other.fit, other.fits = rest, {**hearing.fits, hearing.shift.signal: rest}
    bid = other.bid_of(told.candidate("guilty"))
    entries = {one.candidate.id: one.log_factor for one in mine.entries}
    sums = Sums(mine)
    after = sums.sums.without(dropped)
    assert entries["guilty"] + sums.gain(after, "guilty") == pytest.approx(bid.log_factor, abs=0.2)
    assert entries["unknown"] + sums.gain(after) == pytest.approx(other.free_factor(), abs=1.2)
    assert sums.without("day", "", dropped).first == "guilty"


@pytest.mark.parametrize(
    ("name", "left"), [("tied", "one"), ("outlived", "revert"), ("staged", "elsewhere"), ("two faults", "later")]
)
def test_a_record_left_out_is_a_record_less(story: Callable[[str], Tell], name: str, left: str) -> None:
    """Against the whole judgement without the candidate."""
    told = story(name)
    other = copy(told.hearing)
    for cached in ("strongest", "pairs"):
        other.__dict__.pop(cached, None)
    other.candidates = tuple(one for one in other.candidates if one.id != left)
    other.bids = {key: bid for key, bid in other.bids.items() if key != left}
    other.heard_elsewhere = {}
    lines, outcome, _ = judge(other, told.case.store, seed=0)
    mine = ledger(told)
    rest = [one for one in mine.entries if one.candidate.id != left]
    found = mine.again("change", left, entries=rest)
    subject = next(line for line in lines if line.candidate == mine.subject)
    assert found.outcome == outcome
    assert found.verdict == subject.verdict
    assert found.probability == pytest.approx(subject.involved, abs=0.05)


def test_it_is_told_where_it_can_be_read(story: Callable[[str], Tell]) -> None:
    told = story("rolled_back")
    page = told.case.report(as_="markdown")
    assert "How firm is this?" in page
    assert "Unexplained:" in page
    assert "Before any evidence" in page
    assert isinstance(told.hearing, Hearing)
