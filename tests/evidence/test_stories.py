"""Whole small incidents with a known truth: who is blamed, who is not, and what does not matter."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from copy import copy
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from blameline.assets import sql
from blameline.evidence.judgement import judge

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Tell = Any  # ``Told`` of conftest.py, which cannot be imported

pytestmark = pytest.mark.xdist_group("told stories")  # each is investigated once
START = datetime(2026, 3, 2, tzinfo=UTC)


def again(*values: Any) -> list[Any]:
    """The same question asked of more cases, each of which takes a second or two to investigate: `make test-long` asks it."""
    return [
        pytest.param(*(value if isinstance(value, tuple) else (value,)), marks=pytest.mark.long) for value in values
    ]


INNOCENT = {
    "staged": {"elsewhere", "later", "random", "dosed", "ruler", "mix", "artefact", "chance"},
    "rolled_back": {"revert", "stayed", "ruler", "mix", "artefact", "chance"},
    "outlived": {"taken-back", "revert", "ruler", "mix", "artefact", "chance"},
    "judged": {"app", "mix", "artefact", "chance"},
    "traffic": {"app", "ruler", "artefact", "chance"},
    "lost": {"app", "ruler", "mix", "chance"},
    "tied": {"ruler", "mix", "artefact", "chance"},
    "coincidence": {"beside", "ruler", "mix", "artefact", "chance"},
    "model coincidence": {"beside", "ruler", "mix", "artefact", "chance"},
    "model seen": {"ebbing", "ruler", "mix", "artefact", "chance"},
    "model unseen": {"guilty", "ebbing", "ruler", "mix", "artefact", "chance"},
    "continuous": {"elsewhere", "ruler", "mix", "artefact", "chance"},
    "bare": {"only", "before", "ruler", "mix", "artefact", "chance"},
    "sparse": {"edit", "ruler", "mix", "artefact", "chance"},
    "bystanders": {"deploy-0", "deploy-1", "deploy-2", "deploy-3", "ruler", "mix", "artefact", "chance"},
    "doubled": {"ruler", "mix", "artefact", "chance"},
}
"""By story: who must not be blamed. In some, nobody can be: the data holds no more than a coincidence in time."""
GUILTY = {
    "staged": "guilty",
    "rolled_back": "guilty",
    "model seen": "guilty",
    "continuous": "guilty",
    "bystanders": "guilty",
    "doubled": "guilty",
}
ONSET_DAY = {
    "staged": 6, "rolled_back": 5, "outlived": 5, "judged": 7, "traffic": 6, "lost": 7, "tied": 6, "coincidence": 6,
    "model coincidence": 6, "model seen": 6, "model unseen": 6, "continuous": 6, "bare": 2.5, "sparse": 6,
    "bystanders": 6,
    "doubled": 6,
}  # fmt: skip


@pytest.mark.parametrize("name", INNOCENT)
def test_nobody_innocent_is_blamed(story: Callable[[str], Tell], name: str) -> None:
    blamed = {line.candidate for line in story(name).ledger.values() if line.verdict in {"supported", "confirmed"}}
    assert not blamed & INNOCENT[name]


@pytest.mark.parametrize("name", GUILTY)
def test_the_guilty_one_is_blamed(story: Callable[[str], Tell], name: str) -> None:
    told = story(name)
    assert told.found.outcome == "attributed"
    assert told.main.moved == "app"
    line = told.ledger[GUILTY[name]]
    assert line.verdict == ("confirmed" if name == "staged" else "supported")
    assert line.probability > 0.9
    assert told.found.ledger[0] == line
    assert not line.tied_with
    assert line.effect is not None
    assert line.effect.low < line.effect.high < 0
    assert line.candidate in told.found.headline


@pytest.mark.parametrize("name", ONSET_DAY)
def test_the_onset_lies_where_it_was_planted(story: Callable[[str], Tell], name: str) -> None:
    told = story(name)
    assert told.main.signal == ("answer_quality" if name == "continuous" else "answer_correct")
    truth = START + timedelta(days=ONSET_DAY[name])
    slack = timedelta(hours=14)  # the intervals hold the truth nine times in ten; test_steps.py counts
    assert told.main.onset.low - slack <= truth <= told.main.onset.high + slack
    assert told.main.onset.low <= told.main.onset.estimate <= told.main.onset.high


@pytest.mark.parametrize("name", [*INNOCENT, "continuous x1000", "improved", "quiet"])
def test_every_ledger_keeps_the_contract(story: Callable[[str], Tell], name: str) -> None:
    found = story(name).found
    for shift in found.shifts:
        lines = [line for line in found.ledger if line.shift == shift.id]
        assert bool(lines) == (shift.direction == "worse")
        if not lines:
            continue
        assert sum(line.probability for line in lines) == pytest.approx(1, abs=1e-5 * len(lines))
        assert [line.probability for line in lines] == sorted((line.probability for line in lines), reverse=True)
        assert {"mix", "ruler", "artefact", "chance", "unknown"} <= {line.candidate for line in lines}
        for line in lines:
            assert line.because
            assert line.next_test
            assert 0 <= line.share.low <= line.share.estimate <= line.share.high <= 1
            for other in line.tied_with:
                assert line.candidate in next(one for one in lines if one.candidate == other).tied_with
            for one in line.evidence:
                assert one.because
                assert one.query.sha256 == hashlib.sha256(sql(one.query.name).encode()).hexdigest()


def test_a_rollback_ends_the_shift(story: Callable[[str], Tell]) -> None:
    ended = story("rolled_back").main.ended
    assert ended is not None
    assert abs((ended - story("rolled_back").main.onset.estimate) - timedelta(days=3.5)) < timedelta(hours=18)


def test_a_new_judge_is_the_ruler(story: Callable[[str], Tell]) -> None:
    told = story("judged")
    assert told.found.outcome == "ruler"
    assert told.main.moved == "ruler"
    assert told.found.ledger[0].candidate == "guilty"
    assert told.ledger["guilty"].probability > 0.9
    assert told.ledger["app"].probability < 0.1


def test_a_control_tells_the_judge_from_the_app(story: Callable[[str], Tell]) -> None:
    told = story("judged")
    assert told.answer("ruler", "app").verdict == "refutes"
    assert told.ledger["guilty"].verdict == "supported"
    assert not told.ledger["guilty"].tied_with
    assert told.main.bridge.kind == "controls"
    assert told.main.bridge.estimate.high < 0


@pytest.mark.parametrize("control", [True, False])
def test_without_a_stamp_of_any_judge_a_control_still_convicts_the_new_one(
    investigate: Callable[..., Tell], files_of: Callable[[str], Any], control: bool
) -> None:
    files = files_of("judged")
    (name,) = files.manifest["controls"]
    files.scores = {one: (values, None) for one, (values, _) in files.scores.items() if control or one != name}
    told = investigate(files, f"nobody says who judged, control {control}")
    assert (told.found.outcome == "ruler") == control
    assert told.answer("ruler", "guilty").verdict == ("supports" if control else "refutes")


def test_a_ruler_that_nothing_can_test_is_not_ruled_out(story: Callable[[str], Tell]) -> None:
    assert story("bare").ledger["ruler"].verdict == "untestable"
    assert story("bare").main.moved == "unknown"


def test_an_untouched_control_clears_the_ruler(story: Callable[[str], Tell]) -> None:
    for name in ("staged", "rolled_back", "model seen"):
        assert story(name).ledger["ruler"].verdict == "excluded"


@pytest.mark.parametrize(("seed", "day"), [(15, 6), (16, 7), (17, 5), *again((18, 6.5), (19, 7), (20, 8))])
def test_moved_traffic_is_mix_on_whatever_day(
    investigate: Callable[..., Tell], story: Callable[[str], Tell], build: Any, seed: int, day: float
) -> None:
    told = story("traffic") if seed == 15 else investigate(build.traffic(seed, day), f"traffic on day {day}")
    assert told.found.outcome == "mix"
    assert told.main.moved == "mix"
    assert abs(told.main.delta.estimate) < 0.05 or told.main.mix_delta < -0.1
    assert told.ledger["mix"].probability + told.ledger["guilty"].probability > 0.9


@pytest.mark.parametrize(("seed", "day"), [(0, 6), (2, 5), (5, 8), *again((1, 7), (3, 7), (4, 5))])
def test_a_plain_drop_is_found_on_whatever_day(
    investigate: Callable[..., Tell], build: Any, seed: int, day: float
) -> None:
    told = investigate(build.plain_drop(seed, day), f"drop on day {day}")
    assert told.found.outcome != "no_shift"
    assert told.main.delta.low < -0.2 * 0.7 < 0


def test_lost_records_are_an_artefact(story: Callable[[str], Tell]) -> None:
    told = story("lost")
    assert told.found.outcome == "artefact"
    assert told.main.moved == "artefact"
    assert told.ledger["guilty"].probability + told.ledger["artefact"].probability > 0.9


def test_two_in_the_same_minute_are_tied(story: Callable[[str], Tell]) -> None:
    told = story("tied")
    assert told.found.outcome == "tied"
    for one, other in (("one", "two"), ("two", "one")):
        assert told.ledger[one].verdict == "consistent"
        assert told.ledger[one].tied_with == (other,)
        assert 0.3 < told.ledger[one].probability < 0.7


@pytest.mark.parametrize("name", ["coincidence", "model coincidence", "bare", "outlived", "sparse"])
def test_a_coincidence_in_time_is_never_more(story: Callable[[str], Tell], name: str) -> None:
    told = story(name)
    assert told.found.outcome == "unattributed"
    changes = [line for line in told.ledger.values() if line.layer]
    assert {line.verdict for line in changes} <= {"consistent", "excluded", "untestable"}


def test_without_the_decisive_column_the_verdict_is_weaker(story: Callable[[str], Tell]) -> None:
    assert story("model seen").ledger["guilty"].verdict == "supported"
    assert story("model unseen").ledger["guilty"].verdict in {"consistent", "untestable"}
    assert story("model unseen").found.outcome == "unattributed"


def test_without_stamp_and_replay_the_verdict_is_weaker(
    investigate: Callable[..., Tell], files_of: Callable[[str], Any]
) -> None:
    files = files_of("continuous")
    del files.requests["gen_ai.prompt.version"]
    assert investigate(files, "no stamp").ledger["guilty"].verdict in {"consistent", "untestable", "excluded"}


def test_the_model_needs_positive_evidence(story: Callable[[str], Tell]) -> None:
    for name in INNOCENT:
        for line in story(name).ledger.values():
            if line.layer == "model" and line.verdict in {"supported", "confirmed"}:
                said = {one.check for one in line.evidence if one.verdict == "supports"}
                assert said & {"exposure", "dose", "reversal", "replay"}


@pytest.mark.parametrize("seed", [20, 21, 22, 23, *again(24, 25, 26, 27, 28, 29)])
def test_nothing_moved_is_no_shift(
    investigate: Callable[..., Tell], story: Callable[[str], Tell], build: Any, seed: int
) -> None:
    found = (story("quiet") if seed == 20 else investigate(build.quiet(seed), "quiet")).found
    assert found.outcome == "no_shift"
    assert not [shift for shift in found.shifts if shift.direction == "worse"]
    assert found.ledger == ()


def test_an_improvement_is_listed_and_never_blamed(story: Callable[[str], Tell]) -> None:
    found = story("improved").found
    assert [shift.direction for shift in found.shifts] == ["better"]
    assert found.shifts[0].delta.low > 0
    assert found.outcome == "no_shift"
    assert found.ledger == ()


@pytest.mark.parametrize(
    "name", ["continuous x1000", "continuous /100000", "continuous +500", *again("continuous /1000")]
)
def test_unit_and_origin_of_a_score_do_not_matter(story: Callable[[str], Tell], name: str) -> None:
    plain, other = story("continuous"), story(name)
    assert other.found.outcome == plain.found.outcome
    assert [shift.onset for shift in other.found.shifts] == [shift.onset for shift in plain.found.shifts]
    assert other.ledger.keys() == plain.ledger.keys()
    for candidate, line in plain.ledger.items():
        assert other.ledger[candidate].verdict == line.verdict, candidate
        assert other.ledger[candidate].probability == pytest.approx(line.probability, abs=1e-4)
        assert {one.check: one.verdict for one in other.ledger[candidate].evidence} == {
            one.check: one.verdict for one in line.evidence
        }


def test_counting_failures_is_counting_successes(
    story: Callable[[str], Tell], investigate: Callable[..., Tell], files_of: Callable[[str], Any]
) -> None:
    files = files_of("rolled_back")
    values, judge = files.scores.pop("answer_correct")
    files.scores["answer_incorrect"] = (1 - values, judge)
    files.manifest["signals"] = {"answer_incorrect": {"better": "lower"}}
    other, plain = investigate(files, "failures"), story("rolled_back")
    assert other.found.outcome == plain.found.outcome
    assert other.main.direction == "worse"
    assert other.main.delta.estimate == pytest.approx(-plain.main.delta.estimate, rel=1e-6)
    assert {name: line.verdict for name, line in other.ledger.items()} == {
        name: line.verdict for name, line in plain.ledger.items()
    }


def test_names_do_not_matter(
    story: Callable[[str], Tell], investigate: Callable[..., Tell], files_of: Callable[[str], Any]
) -> None:
    files = files_of("model seen")
    names = {"guilty": "aaa", "ebbing": "zzz"}
    files.changes = [{**change, "id": names[change["id"]]} for change in files.changes]
    tenants = files.requests["tenant.id"]
    files.requests["tenant.id"] = np.select([tenants == "acme", tenants == "bolt"], ["zulu", "yoke"], "xray")
    other, plain = investigate(files, "renamed"), story("model seen")
    for name, line in plain.ledger.items():
        assert other.ledger[names.get(name, name)].verdict == line.verdict
        assert other.ledger[names.get(name, name)].probability == pytest.approx(line.probability, abs=2e-3)


@pytest.mark.parametrize("name", ["staged", "judged", "tied", "outlived"])
def test_the_order_of_candidates_does_not_matter(story: Callable[[str], Tell], name: str) -> None:
    told = story(name)
    old = told.hearing
    other = copy(old)
    other.candidates = tuple(reversed(old.candidates))
    other.bids = dict(reversed(old.bids.items()))
    lines, outcome, _ = judge(other, told.case.store, seed=0)
    assert outcome == told.found.outcome
    assert {line.candidate: line.model_dump_json() for line in lines} == {
        name: line.model_dump_json() for name, line in told.ledger.items()
    }


def test_the_hash_seed_of_the_process_does_not_matter(
    story: Callable[[str], Tell], files_of: Callable[[str], Any], tmp_path: Path
) -> None:
    """Against what this process says, whose hash seed is another one."""
    folder = files_of("tied").write(tmp_path / "case")
    program = (
        "import sys, blameline; case = blameline.open(sys.argv[2]); case.load(sys.argv[1]); "
        "print(case.blame().model_dump_json())"
    )
    other = "2" if os.environ.get("PYTHONHASHSEED") == "1" else "1"
    done = subprocess.run(
        [sys.executable, "-c", program, str(folder), str(tmp_path / "incident.duckdb")],
        env={**os.environ, "PYTHONHASHSEED": other},
        capture_output=True,
        check=True,
        text=True,
        encoding="utf-8",
    )
    assert done.stdout.strip() == story("tied").found.model_dump_json()


def test_a_control_that_moved_along_bars_a_deploy_of_the_same_hour(
    investigate: Callable[..., Tell], build: Any
) -> None:
    """All scores fall by themselves at the hour of a deploy: nobody says who judged, and the control says that it was not the app."""
    w = build.world(48)
    after = w.day > 6
    w.change("app", 6, "deploy")
    w.share("answer_correct", w.base - 0.2 * after)
    w.control(None, 0.2 * after)
    told = investigate(w.files, "control and deploy")
    assert told.answer("ruler", "app").verdict == "refutes"
    assert told.main.moved in {"unknown", "ruler"}
    assert told.ledger["ruler"].probability > 0.1
