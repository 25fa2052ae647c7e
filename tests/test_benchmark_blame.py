"""The scenario benchmark: what it counts as right, on lines written by hand; nothing is dealt here."""

from __future__ import annotations

import math
import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks" / "blame"))

import numpy as np
from baselines import BASELINES
from baselines.baro import robust_score
from baselines.correlation import weighted
from cases import Dealt, chosen, half_of
from paired import by_case, mcnemar, paired_rows, right
from scoring import answered, claim, claims, effect_held, guards_told, onset_error, outcome_fair, right_first
from table import calibration_error, class_table, firsts, misses, score, total_rows, wilson

AT = "2026-03-10T12:00:00Z"


def fault(
    ids: list[str], *, onset: str = AT, effect: float = 0.1, identifiable: bool = True, **more: Any
) -> dict[str, Any]:
    told = {"ids": ids, "onset": onset, "effect_on_exposed": effect, "fall_of_overall_mean": effect / 2, "slice": {}}
    return {**told, "rivals": [], "gradual": False, "identifiable": identifiable, **more}


def truth(outcome: str = "attributed", guilty: tuple[str, ...] = ("chg-1",), **more: Any) -> dict[str, Any]:
    told: dict[str, Any] = {
        "class": "prompt",
        "outcome": outcome,
        "also_acceptable_outcomes": [],
        "guilty": list(guilty),
        "acceptable_groups": [list(guilty)],
        "signal": "correct",
        "onset": None if outcome == "no_shift" else AT,
        "identifiable": True,
        "timing_only": False,
        "faults": [fault(list(guilty))] if outcome == "attributed" else [],
    }
    return {**told, **more}


def entry(
    candidate: str,
    p: float,
    verdict: str = "consistent",
    *,
    tied: tuple[str, ...] = (),
    shift: str = "shift-1",
    effect: tuple[float, float] | None = None,
) -> dict[str, Any]:
    interval = None if effect is None else {"estimate": sum(effect) / 2, "low": effect[0], "high": effect[1]}
    return {
        "candidate": candidate,
        "probability": p,
        "verdict": verdict,
        "tied_with": list(tied),
        "shift": shift,
        "effect": interval,
    }


def shift(number: int = 1, *, onset: str = AT, signal: str = "correct") -> dict[str, Any]:
    when = {"estimate": onset, "low": onset, "high": onset}
    return {"id": f"shift-{number}", "signal": signal, "direction": "worse", "segment": {}, "onset": when}


def line(
    told: dict[str, Any],
    outcome: str,
    ledger: list[dict[str, Any]],
    shifts: list[dict[str, Any]] | None = None,
    seed: int = 0,
) -> dict[str, Any]:
    shifts = shifts if shifts is not None else [shift()] if ledger else []
    found = {"outcome": outcome, "shifts": shifts, "ledger": ledger}
    return {"class": told["class"], "seed": seed, "engine": "e", "truth": told, "found": found, "seconds": 1.0}


def first(told: dict[str, Any]) -> list[bool]:
    return list(score(told).first)


UNDECIDABLE = {"identifiable": False, "also_acceptable_outcomes": ["unattributed", "tied", "no_shift"]}
NULL = truth("no_shift", ("chance",), **{"class": "null_quiet"})
MIX = truth("mix", ("mix",), **{"class": "mix_shift"})
TIE = truth(
    "tied",
    ("chg-1",),
    **{
        "class": "tied_pair",
        "acceptable_groups": [["chg-1", "chg-2"]],
        "faults": [fault(["chg-1"])],
        "identifiable": False,
        "also_acceptable_outcomes": ["unattributed", "no_shift"],
    },
)


def test_no_case_is_of_both_halves_and_no_class_or_seed_is_shared() -> None:
    names = [f"class_{number}" for number in range(40)]
    tune, held = (chosen(names, list(range(30)), half) for half in ("tune", "held"))
    assert tune
    assert held
    assert not {one.class_name for one in tune} & {one.class_name for one in held}
    assert not {one.seed for one in tune} & {one.seed for one in held}
    assert half_of("layer_prompt", 9) == "tune"
    assert half_of("layer_prompt", 10) is None
    assert half_of("layer_model", 9) is None
    assert half_of("layer_model", 10) == "held"
    assert Dealt(0, "b") < Dealt(1, "a"), "a run that is cut short has seen every class"
    assert len(chosen(names, [3, 12], "all")) == 80


def test_a_perfect_method_scores_all_there_is() -> None:
    lines = [
        line(truth(), "attributed", [entry("chg-1", 0.99, "supported", effect=(-0.12, -0.08)), entry("unknown", 0.01)]),
        line(NULL, "no_shift", []),
        line(MIX, "mix", [entry("mix", 0.99, "supported"), entry("chg-9", 0.01)]),
        line(TIE, "tied", [entry("chg-2", 0.5, tied=("chg-1",)), entry("chg-1", 0.5, tied=("chg-2",))]),
        line(truth(**UNDECIDABLE, **{"class": "unseen"}), "attributed", [entry("chg-1", 0.99, "supported")]),
    ]
    cases = [score(one) for one in lines]
    assert all(firsts(cases))
    assert all(case.outcome for case in cases)
    assert not any(case.blamed for case in cases)
    assert all(good for case in cases for _, good in case.held)
    assert misses(cases) == []
    told = "\n".join(total_rows(cases))
    assert "| right cause first | >= 92% | 5 | 100.0% |" in told
    assert "| false blame, of undecidable cases | <= 1% | 4 | 0.0% |" in told
    assert "| 90% effect intervals hold the effect | 87-93% | 1 | 100.0% |" in told


def test_one_that_always_convicts_is_caught_on_nulls_and_mixes() -> None:
    lines = [line(one, "attributed", [entry("chg-7", 0.99, "supported")]) for one in (NULL, MIX, truth())]
    cases = [score(one) for one in lines]
    assert firsts(cases) == [False, False, False]
    assert [case.outcome for case in cases] == [False, False, True], "the outcome is a word, and no name"
    assert [case.blamed for case in cases] == [("chg-7",)] * 3
    assert "| false blame, of undecidable cases | <= 1% | 2 | 100.0% |" in "\n".join(total_rows(cases))
    assert [claim(one) for case in cases for one in case.charges] == [(0.99, False)] * 3, "its odds are held against it"
    assert calibration_error([(0.99, False)] * 3) == pytest.approx(0.99)


def test_the_worst_class_comes_first() -> None:
    good = line(truth(**{"class": "model"}), "attributed", [entry("chg-1", 0.9, "supported")])
    bad = line(NULL, "attributed", [entry("chg-7", 0.9, "supported")])
    rows = class_table([score(good), score(bad)]).splitlines()
    assert rows[2].startswith("| null_quiet | 1 | 1 | 0% |")
    assert rows[-1].startswith("| **all** | 2 |")
    assert [one.partition(":")[0] for one in misses([score(good), score(bad)])] == ["null_quiet-000"]


@pytest.mark.parametrize(
    ("told", "ledger", "expected"),
    [
        (TIE, [entry("chg-1", 0.6), entry("chg-2", 0.4)], False),
        (TIE, [entry("chg-1", 0.6, tied=("chg-2",)), entry("chg-2", 0.4, tied=("chg-1",))], True),
        (TIE, [entry("chg-1", 0.6, tied=("chg-3",))], False),
        (truth(), [entry("chg-1", 0.5, tied=("chg-2",)), entry("chg-2", 0.5)], False),
        (
            truth(faults=[fault(["chg-1"], rivals=["chg-2"])]),
            [entry("chg-2-1", 0.5, tied=("chg-1",)), entry("chg-1", 0.5)],
            True,
        ),
        (truth(**UNDECIDABLE), [entry("chg-1", 0.5, tied=("chg-5",))], True),
        (truth(**UNDECIDABLE), [entry("chg-5", 0.5, tied=("chg-1",))], False),
    ],
    ids=[
        "said of one",
        "said of both",
        "with an innocent",
        "where there is none",
        "with a rival",
        "as it may be",
        "led by another",
    ],
)
def test_a_tie_is_right_only_where_it_is_a_tie(
    told: dict[str, Any], ledger: list[dict[str, Any]], expected: bool
) -> None:
    assert first(line(told, "tied", ledger)) == [expected]


def test_one_of_a_true_tie_is_no_conviction_to_be_proud_of() -> None:
    alone = score(line(TIE, "attributed", [entry("chg-1", 0.95, "supported")]))
    assert alone.blamed == ("chg-1",)
    assert not alone.outcome


def test_an_abstention_is_right_where_nothing_can_be_told_and_wrong_elsewhere() -> None:
    open_ = score(line(truth(**UNDECIDABLE), "unattributed", [entry("unknown", 0.5), entry("chg-1", 0.4)]))
    assert open_.outcome
    assert open_.first == (False,), "the first line still counts"
    assert not open_.blamed
    clear = score(line(truth(), "unattributed", [entry("unknown", 0.5), entry("chg-1", 0.4)]))
    assert not clear.outcome
    assert not clear.fair
    silent = score(line(truth(), "no_shift", []))
    assert (silent.outcome, silent.first) == (False, (False,))


def test_timing_alone_may_leave_it_open_but_has_to_lead() -> None:
    told = truth(timing_only=True)
    assert outcome_fair(line(told, "unattributed", [entry("chg-1", 0.9)]))
    assert not outcome_fair(line(told, "unattributed", [entry("chg-2", 0.9)]))
    assert not outcome_fair(line(told, "no_shift", []))


def test_a_standing_bidder_is_right_for_its_own_outcome_alone() -> None:
    ruler = truth("ruler", ("chg-4",), also_acceptable_outcomes=["artefact"])
    assert first(line(ruler, "ruler", [entry("ruler", 0.9)])) == [True]
    assert first(line(ruler, "artefact", [entry("artefact", 0.9)])) == [True]
    assert first(line(ruler, "ruler", [entry("chg-4", 0.9)])) == [True]
    assert first(line(ruler, "mix", [entry("mix", 0.9)])) == [False]
    assert first(line(truth(), "unattributed", [entry("unknown", 0.9)])) == [False]


def test_two_faults_are_scored_by_fault() -> None:
    late = "2026-03-14T12:00:00Z"
    told = truth(
        guilty=("chg-1", "chg-2"),
        **{"class": "overlap_two", "faults": [fault(["chg-1"]), fault(["chg-2"], onset=late, identifiable=False)]},
    )
    shifts = [shift(1, onset="2026-03-14T10:00:00Z"), shift(2, onset="2026-03-10T13:00:00Z"), shift(3, signal="other")]
    both = line(
        told,
        "attributed",
        [entry("chg-2", 0.9), entry("chg-1", 0.9, shift="shift-2"), entry("x", 1.0, shift="shift-3")],
        shifts,
    )
    assert first(both) == [True, True]
    assert [onset_error(one) for one in answered(both)] == [1.0, 2.0]
    crossed = line(told, "attributed", [entry("chg-1", 0.9, "supported"), entry("chg-2", 0.9, shift="shift-2")], shifts)
    assert first(crossed) == [False, False], "each names the other's cause"
    assert score(crossed).blamed == ("chg-1",)
    one = line(told, "attributed", [entry("chg-1", 0.9)], [shift(1, onset="2026-03-10T13:00:00Z")])
    assert first(one) == [True, False], "a fault that nobody found is not answered"
    assert firsts([score(one)], identifiable=True) == [True]


def test_the_effect_is_compared_with_its_sign() -> None:
    def held(low: float, high: float, **more: Any) -> tuple[bool, bool] | None:
        told = truth(faults=[fault(["chg-1"], **more)])
        case = line(told, "attributed", [entry("chg-1", 0.9, "supported", effect=(low, high))])
        return effect_held(answered(case)[0], "correct")

    assert held(-0.12, -0.08) == (True, True)
    assert held(0.08, 0.12) == (False, True), "a fall is below 0"
    assert held(-0.12, -0.11) == (False, True)
    assert held(-0.12, -0.08, slice={"app.task": "refund"}) is None, "a part of the exposed is another question"


def test_stages_of_one_change_share_their_odds() -> None:
    staged = line(
        truth(guilty=("chg-1-1", "chg-1-2")),
        "attributed",
        [entry("chg-1-1", 0.6), entry("chg-1-2", 0.3), entry("unknown", 0.1)],
    )
    assert claims(answered(staged)[0]) == [(pytest.approx(0.9), True), (0.1, False)]
    assert right_first(answered(staged)[0], staged)


def test_a_crash_is_wrong_everywhere() -> None:
    crashed = {key: value for key, value in line(NULL, "no_shift", []).items() if key != "found"} | {
        "crash": "ValueError: x"
    }
    case = score(crashed)
    assert (case.first, case.outcome, case.blamed) == ((False,), False, ())
    assert misses([case]) == ["null_quiet-000: crash: ValueError: x. Truth: no_shift chance (identifiable)"]
    assert "| **all** | 1 |" in class_table([case])


def test_a_guard_is_told_with_its_own_fault() -> None:
    told = truth(guards=[{"guard": "refunds", "finding": "not_run"}])
    case = line(told, "attributed", [entry("chg-1", 0.9)])
    assert guards_told(case) == [False]
    case["found"]["guards"] = [{"guard": "refunds", "finding": "stale"}, {"guard": "refunds", "finding": "not_run"}]
    assert guards_told(case) == [True]
    assert guards_told(line(truth(), "attributed", [])) == []


def test_intervals_of_a_share() -> None:
    low, high = wilson(0, 100)
    assert low == 0.0
    assert high == pytest.approx(0.037, abs=0.001)
    assert wilson(0, 0) == (0.0, 1.0)
    assert math.isnan(calibration_error([]))


def told_by(name: str, case: dict[str, Any], candidate: str | None, *, silent: bool = False) -> dict[str, Any]:
    answers = [] if silent else [{"onset": AT, "signal": "correct", "candidate": candidate}]
    return {"baseline": name, "class": case["class"], "seed": case["seed"], "engine": "e", "answers": answers}


def test_baselines_are_compared_pair_by_pair_and_one_that_was_not_run_is_named() -> None:
    ours = [line(truth(), "attributed", [entry("chg-1", 0.9, "supported")], seed=seed) for seed in range(6)]
    ours.append(line(NULL, "no_shift", []))
    told = [told_by("nearest change", case, "chg-2") for case in ours[:6]]
    told.append(told_by("nearest change", ours[6], None, silent=True))
    rows = paired_rows([score(one) for one in ours], by_case(told))
    row = next(row for row in rows if row.startswith("| nearest change"))
    assert "| 7 | 14.3% | 14.3% |" in row
    assert "| +85.7 |" in row
    assert "| 6 | 0 | 0.031 |" in row
    others = [row for row in rows if "not run" in row and row.startswith("|")]
    assert len(others) == len(BASELINES) - 1
    assert rows[-1].endswith(f"met: of those that were run; {len(BASELINES) - 1} not run).")


def test_a_baseline_has_either_of_a_tie_and_loses_what_it_failed_at() -> None:
    tie = line(TIE, "tied", [entry("chg-2", 0.5, tied=("chg-1",))])
    assert right(score(tie), told_by("the model", tie, "chg-2")) == [True]
    assert right(score(tie), {"baseline": "the model", "crash": "ValueError"}) == [False]
    quiet = line(NULL, "no_shift", [])
    assert right(score(quiet), {"baseline": "the model", "crash": "ValueError"}) == [False]
    assert mcnemar(6, 0) == pytest.approx(2 / 64)
    assert mcnemar(0, 0) == 1.0


def test_scores_of_the_baselines() -> None:
    before = np.array([1.0, 2.0, 3.0, 4.0, 5.0])
    assert robust_score(before, np.array([3.0, 9.0])) == pytest.approx(3.0)
    assert robust_score(np.ones(5), np.array([1.0, 2.0])) == 1.0
    ones = np.ones(4)
    assert weighted(np.array([0.0, 0.0, 1.0, 1.0]), np.array([0.0, 0.0, 2.0, 2.0]), ones) == pytest.approx(1.0)
    assert weighted(ones, before[:4], ones) == 0.0
