"""The four seams: ours and everyone else's come in by the same door."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from blameline import plugins
from blameline.case import open_case
from blameline.errors import UnknownPlugin
from blameline.sources import discover

EXAMPLE = Path(__file__).parent / "example_plugin"
ROOT = Path(__file__).parents[1]


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """The example, as an installer leaves it: a module and its metadata (``test_packaging.py`` really installs it)."""
    project = tomllib.loads((EXAMPLE / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    site = tmp_path / "site"
    metadata = site / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    )
    lines = [
        f"[{group}]\n{name} = {value}"
        for group, points in project["entry-points"].items()
        for name, value in points.items()
    ]
    (metadata / "entry_points.txt").write_text("\n".join(lines) + "\n")
    (site / "blameline_example.py").write_text((EXAMPLE / "blameline_example.py").read_text(encoding="utf-8"))
    monkeypatch.syspath_prepend(str(site))
    plugins.installed.cache_clear()
    plugins.load.cache_clear()
    yield project
    sys.modules.pop("blameline_example", None)
    plugins.installed.cache_clear()
    plugins.load.cache_clear()


def test_our_own_walk_in_by_the_same_door():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert set(project["entry-points"]) == set(plugins.GROUPS)
    for group, points in project["entry-points"].items():
        ours = {
            point.name: point.value
            for point in plugins.installed(group)
            if point.dist and point.dist.name == "blameline"
        }
        assert ours == points, "install again: pip install -e ."


def test_names_import_nothing(installed):
    assert "plainmean" in plugins.names("blameline.checks")
    assert "blameline_example" not in sys.modules


def test_an_unknown_name_is_told_with_the_nearest():
    with pytest.raises(UnknownPlugin, match=r"no check named 'placbo' \(did you mean 'placebo'\? installed: .*timing"):
        plugins.load("blameline.checks", "placbo")
    with pytest.raises(UnknownPlugin, match=r"no renderer named 'zzz' \(installed: "):
        plugins.load("blameline.renderers", "zzz")


def test_the_example_is_there_at_every_seam(installed):
    for group, points in installed["entry-points"].items():
        for name in points:
            assert plugins.load(group, name).name == name
            assert plugins.load(group, name) in plugins.load_all(group)
    assert set(installed["entry-points"]) == set(plugins.GROUPS)


def test_the_command_names_its_package(installed, run):
    assert "checks\tplainmean\tblameline-example\tblameline_example:PlainMean" in run("plugins").stdout


def test_its_source_reads_what_is_its_own(installed, tmp_path):
    log = tmp_path / "in" / "releases.log"
    log.parent.mkdir()
    log.write_text("2026-03-14T09:12:00Z deploy 2026.3.0\nnonsense\n2026-03-15T09:12:00Z prompt_edit v12\n")
    assert [found.reader.name for found in discover([log])] == ["runlog"]
    with open_case(tmp_path / "case.duckdb") as case:
        loaded = case.load(log.parent)
        assert loaded.changes == 2
        assert [(problem.line, problem.message) for problem in loaded.problems] == [(2, "not 'time kind version'")]
        assert [change.to for change in case.store.changes()] == ["2026.3.0", "v12"]


def test_its_check_is_put_to_every_candidate_and_its_answer_is_printed(installed, made):
    with open_case(made.case, read_only=True) as case:
        found = case.blame()
        answers = {line.candidate: one for line in found.ledger for one in line.evidence if one.check == "plainmean"}
        guilty = found.ledger[0].candidate
        assert answers[guilty].verdict == "supports"
        assert answers[guilty].query.name == "evidence/around"
        page = case.report()
    assert answers[guilty].asks in page


@pytest.mark.parametrize(
    ("n", "before", "after", "verdict"),
    [
        (500, 0.9, 0.7, "supports"),
        (500, 0.7, 0.9, "refutes"),
        (500, 0.9, 0.89, "inconclusive"),
        (20, 0.9, 0.1, "inconclusive"),
    ],
)
def test_its_check_is_alive(installed, n, before, after, verdict):
    """It can say yes, no and that it cannot tell."""
    check = plugins.load("blameline.checks", "plainmean")
    rows = {"after": np.array([False, True]), "n": np.array([n, n]), "mean": np.array([before, after])}
    hearing = SimpleNamespace(
        fit=SimpleNamespace(sigma2=0.2, cells=SimpleNamespace(signal=SimpleNamespace(bounded=True))), harm=-1
    )
    assert check.weigh(rows, hearing, None, seed=0).verdict == verdict


def test_its_renderer_can_be_asked_for(installed, made, run):
    result = run("report", "--as", "oneline", "--case", made.case)
    assert result.stdout.startswith("attributed: answer_correct fell")
    assert run("report", "--as", "oneline", "--template", EXAMPLE, "--case", made.case).exit_code == 1


def test_its_detector_finds_a_move(installed, made):
    from blameline.case.inquiry import fit_signals  # noqa: PLC0415
    from blameline.cells import clock  # noqa: PLC0415
    from blameline.shifts import find  # noqa: PLC0415

    with open_case(made.case, read_only=True) as case:
        fit = fit_signals(case.store, clock(case.store))["answer_correct"]
        moves = find(fit, better="higher", seed=0, detector="halves")
    assert [move.worse for move in moves] == [True]


def test_without_it_nothing_of_it_is_left():
    assert "plainmean" not in plugins.names("blameline.checks")
