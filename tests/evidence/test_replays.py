"""What replays do to the odds: ties that they split, what they share out, and what they leave open."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.xdist_group("told stories")
CHANCES: dict[str, Callable[[bool, bool], float]] = {
    "one": lambda new, _: 0.9 - 0.22 * new,
    "together": lambda new, fresh: 0.9 - 0.22 * (new and fresh),
    "either": lambda new, fresh: 0.9 - 0.22 * (new or fresh),
    "neither": lambda *_: 0.68,
}


def crossed(chance: Callable[[bool, bool], float], n: int, seed: int = 3, **more: str) -> list[dict[str, Any]]:
    """Both versions of both changes on the same requests; seven runs in ten share the luck of their request."""
    rng = np.random.default_rng(seed)
    rows = []
    for case in range(n):
        shared = rng.random()
        for prompt, index in itertools.product(("v1", "v2"), ("i-1", "i-2")):
            luck = shared if rng.random() < 0.7 else rng.random()
            score = int(luck < chance(prompt == "v2", index == "i-2"))
            config = {"prompt": prompt, "retrieval": index, **more}
            rows.append({"case_id": f"t{case}", "signal": "answer_correct", "run": 1, "score": score, "config": config})
    return rows


@pytest.fixture
def told(files_of: Callable[[str], Any], investigate: Callable[..., Any]) -> Callable[..., Any]:
    """The story of a tie with some replays beside it."""

    def tell(rows: list[dict[str, Any]], *, shuffle: int | None = None) -> Any:
        files = files_of("tied")
        files.replays = rows
        return investigate(files, "tied", shuffle=shuffle)

    return tell


def test_the_guilty_one_of_a_tie_is_confirmed_and_the_other_excluded(told: Callable[..., Any]) -> None:
    rows = crossed(CHANCES["one"], 500)
    found = told(rows)
    assert found.found.outcome == "attributed"
    assert found.ledger["one"].verdict == "confirmed"
    assert found.ledger["two"].verdict == "excluded"
    assert found.ledger["one"].log_evidence["replay"] > 5
    assert found.ledger["two"].log_evidence["replay"] < -2
    assert found.answer("replay", "unknown").verdict == "refutes"
    numbers = found.answer("replay", "one").numbers
    assert numbers["bad_with"] > numbers["bad_without"]
    assert numbers["runs_with"] == 1000
    assert "of 1000 runs with it" in found.ledger["one"].because
    other = told(rows, shuffle=4)
    assert other.found.model_dump_json() == found.found.model_dump_json()


def test_too_few_name_the_number_that_would_be_enough(told: Callable[..., Any]) -> None:
    found = told(crossed(CHANCES["one"], 40))
    said = found.answer("replay", "two")
    assert said.verdict == "inconclusive"
    assert said.numbers["enough"] > 40
    assert f"{said.numbers['enough']} would be enough" in said.because
    assert found.ledger["two"].verdict != "excluded"


@pytest.mark.parametrize("name", ["together", "either"])
def test_two_that_interact_are_not_torn_apart(told: Callable[..., Any], name: str) -> None:
    found = told(crossed(CHANCES[name], 600))
    assert found.found.outcome == "tied"
    for candidate in ("one", "two"):
        assert found.answer("replay", candidate).verdict == "supports"
        assert found.ledger[candidate].verdict == "consistent"


def test_what_stays_bad_with_everything_taken_back_clears_both(told: Callable[..., Any]) -> None:
    found = told(crossed(CHANCES["neither"], 700))
    assert found.found.outcome == "unattributed"
    assert found.answer("replay", "unknown").verdict == "supports"
    for candidate in ("one", "two"):
        assert found.answer("replay", candidate).verdict == "refutes"
        assert found.ledger[candidate].log_evidence["replay"] < -3


def test_answers_on_record_that_cannot_be_brought_about_again_compare_with_nothing(told: Callable[..., Any]) -> None:
    """The endpoint is another one: whatever it is asked, it answers better than what was served."""
    rows = crossed(lambda *_: 0.95, 300)
    for row in rows:
        if row["config"] == {"prompt": "v2", "retrieval": "i-2"}:
            row |= {"run": "recorded", "score": int(int(row["case_id"][1:]) % 10 < 6)}
    again = [{**row, "run": "1", "score": 1} for row in rows if row["run"] == "recorded"][:40]
    naive, guarded = told(rows), told([*rows, *again])
    assert naive.answer("replay", "one").verdict == "supports"  # as anybody would think who did not call them again
    for candidate in ("one", "two"):
        assert guarded.answer("replay", candidate).verdict != "supports"


def test_a_tie_names_one_experiment_for_all_its_members(story: Callable[[str], Any]) -> None:
    found = story("tied")
    one, two = (found.ledger[name] for name in ("one", "two"))
    assert one.next_test == two.next_test
    planned = one.experiment
    assert planned.design == "factorial"
    assert [arm.config for arm in planned.arms] == [
        {"prompt": a, "retrieval": b} for a in ("v2", "v1") for b in ("i-2", "i-1")
    ]
    assert planned.clears >= 0.8
    assert planned.runs == 4 * planned.cases
    assert f"{planned.runs:,} runs" in one.next_test
    assert any("together" in mean for mean in planned.means)


def test_every_change_has_an_experiment_or_a_reason(story: Callable[[str], Any]) -> None:
    for name in ("staged", "judged", "traffic", "lost", "coincidence"):
        for line in story(name).ledger.values():
            if line.experiment is not None:
                assert line.experiment.power > 0
                assert line.experiment.means
            elif line.layer is not None:
                assert line.layer in {"traffic", "telemetry", "eval"}
            assert line.next_test
    assert story("judged").ledger["guilty"].experiment.design == "rescoring"
