"""Each sample incident, from its files to its post-mortem: the truth beside it holds, and nothing is told otherwise."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from blameline.case import open_case

SAMPLES = Path(__file__).parents[2] / "sample_incidents"
FOLDERS = sorted(path.parent for path in SAMPLES.glob("*/truth.json"))


@cache
def investigated(folder: Path) -> tuple[Path, dict, dict[str, str]]:
    """A sample's folder, its truth, and what an investigation writes; once a process, whatever order the tests come in."""
    with TemporaryDirectory() as scratch, open_case(Path(scratch) / "incident.duckdb") as case:
        case.investigate(folder, seed=0, now=datetime(2026, 3, 20, 12, tzinfo=UTC))
        written = {"incident.json": case.report(as_="json"), "postmortem.md": case.report()}
    return folder, json.loads((folder / "truth.json").read_text(encoding="utf-8")), written


@pytest.fixture(
    params=[pytest.param(folder, id=folder.name, marks=pytest.mark.xdist_group(folder.name)) for folder in FOLDERS]
)
def story(request):
    return investigated(request.param)


def test_there_are_stories():
    assert FOLDERS


def test_it_is_told_as_before(story, pytestconfig):
    folder, _, written = story
    for name, text in written.items():
        path = folder / "expected" / name
        if pytestconfig.getoption("--update-golden"):
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
        assert path.is_file(), f"run `make golden`, and read {path} before you keep it"
        wanted = path.read_text(encoding="utf-8")
        if name.endswith(".json"):  # another processor may differ in a last digit
            assert json.loads(text) == rounded(json.loads(wanted))
        else:
            assert text == wanted


def rounded(value):
    """The same value with its numbers as tolerant ones."""
    if isinstance(value, dict):
        return {key: rounded(one) for key, one in value.items()}
    if isinstance(value, list):
        return [rounded(one) for one in value]
    return pytest.approx(value, rel=1e-4, abs=1e-6) if isinstance(value, float) else value


def test_the_outcome_is_the_truth(story):
    _, truth, written = story
    found = json.loads(written["incident.json"])
    assert found["outcome"] == truth["outcome"], found["headline"]


def test_the_guilty_come_first(story):
    _, truth, written = story
    found = json.loads(written["incident.json"])
    worse = [shift for shift in found["shifts"] if shift["direction"] == "worse"]
    if not truth["guilty"]:
        assert not worse, found["headline"]
        return
    right = {*truth["guilty"], *truth.get("also_right", ())}
    first = [line for line in found["ledger"] if line["shift"] == worse[0]["id"]]
    assert first[0]["candidate"] in right | set(truth["tied_with"]), found["headline"]
    if truth["tied_with"]:
        group = {first[0]["candidate"], *first[0]["tied_with"]}
        assert group & right
        assert set(truth["tied_with"]) <= group


def test_no_innocent_is_convicted(story):
    _, truth, written = story
    found = json.loads(written["incident.json"])
    right = {*truth["guilty"], *truth.get("also_right", ())}
    convicted = {line["candidate"] for line in found["ledger"] if line["verdict"] in {"supported", "confirmed"}}
    assert convicted <= right


def test_the_onset_is_where_it_was_planted(story):
    _, truth, written = story
    found = json.loads(written["incident.json"])
    worse = [shift for shift in found["shifts"] if shift["direction"] == "worse"]
    if not truth.get("onset") or not worse:
        return
    planted = datetime.fromisoformat(truth["onset"])
    nearest = min(
        abs((datetime.fromisoformat(shift["onset"]["estimate"]) - planted).total_seconds()) for shift in worse
    )
    assert nearest < 36 * 3600, "a day and a half: a staged rollout begins before anybody can see it"


def test_the_words_agree_with_the_numbers(story):
    _, _, written = story
    found = json.loads(written["incident.json"])
    page = written["postmortem.md"]
    assert page.startswith("---\n")
    for shift in found["shifts"]:
        assert shift["signal"] in page
    for line in found["ledger"]:
        if line["verdict"] in {"supported", "confirmed"}:
            assert line["candidate"] in page
