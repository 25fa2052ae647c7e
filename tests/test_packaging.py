"""What people install: built, installed into a clean environment outside the checkout, and used.

Slow (it fetches every dependency), so only ``make wheel`` and ``.ci/run`` ask for it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "blameline"
SAMPLE = "sample_incidents/staged-prompt-edit"

pytestmark = [pytest.mark.wheel, pytest.mark.xdist_group("wheel")]


def call(*command: object, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    env = {key: value for key, value in os.environ.items() if key not in {"PYTHONPATH", "VIRTUAL_ENV"}} | environment
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=env,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The sdist, and the wheel that is built from it."""
    folder = tmp_path_factory.mktemp("dist")
    call(sys.executable, "-m", "build", "--outdir", folder, ROOT, cwd=folder)
    return folder


@pytest.fixture(scope="module")
def wheel(built):
    (found,) = built.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def place(wheel, tmp_path_factory):
    """A clean environment with the wheel and the example plug-in in it; the folder of its commands."""
    folder = tmp_path_factory.mktemp("clean") / "env"
    venv.create(folder, with_pip=True)
    commands = folder / ("Scripts" if os.name == "nt" else "bin")
    call(
        commands / "python",
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        wheel,
        ROOT / "tests" / "example_plugin",
        cwd=folder,
    )
    return commands


def test_the_wheel_has_all_that_is_read_at_run_time(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    wanted = {
        f"blameline/{path.relative_to(PACKAGE).as_posix()}"
        for path in PACKAGE.rglob("*")
        if path.suffix in {".py", ".sql", ".csv", ".typed"}
    }
    for kind in ("templates", "runbooks", SAMPLE):
        wanted |= {
            f"blameline/shipped/{path.relative_to(ROOT).as_posix()}"
            for path in (ROOT / kind).rglob("*")
            if path.is_file() and path.name != ".gitkeep"
        }
    assert "blameline/py.typed" in wanted
    assert not wanted - names


def test_the_wheel_has_nothing_else(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0].split("-")[0] for name in names} == {"blameline"}
    assert {name.split("/")[3] for name in names if name.startswith("blameline/shipped/sample_incidents/")} == {
        "staged-prompt-edit"
    }
    assert not [name for name in names if "__pycache__" in name or name.endswith((".pyc", ".duckdb"))]
    assert wheel.stat().st_size < 5_000_000


def test_the_source_archive_can_be_tested(built):
    (found,) = built.glob("*.tar.gz")
    with tarfile.open(found) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    for path in (
        "Makefile",
        ".ci/run",
        "README.md",
        "CHANGELOG.md",
        "LICENSE",
        "tests/conftest.py",
        "schemas/generate.py",
        f"{SAMPLE}/truth.json",
    ):
        assert path in names
    assert not [name for name in names if name.startswith((".venv", ".git/", "out/"))]


def test_demo_works_outside_the_checkout(place, tmp_path):
    done = call(place / "incident", "demo", "-o", "out", cwd=tmp_path)
    assert "Outcome: attributed" in done.stdout
    found = json.loads((tmp_path / "out" / "incident.json").read_text(encoding="utf-8"))
    assert found["ledger"][0]["candidate"] in json.loads((ROOT / SAMPLE / "truth.json").read_text())["guilty"]
    report = call(place / "incident", "report", "--case", "out/incident.duckdb", cwd=tmp_path).stdout
    assert report == (tmp_path / "out" / "postmortem.md").read_text(encoding="utf-8")
    assert report.startswith("---\n")


def test_it_imports_from_where_it_was_installed_and_is_typed(place, tmp_path):
    code = "import blameline, importlib.resources as r; print(r.files('blameline') / 'py.typed', blameline.__version__)"
    said = call(place / "python", "-I", "-W", "error", "-c", code, cwd=tmp_path).stdout.split()
    assert Path(said[0]).is_file()
    assert place.parent in Path(said[0]).parents


def test_the_example_plug_in_is_found_in_its_own_distribution(place, tmp_path):
    rows = json.loads(call(place / "incident", "plugins", "--json", cwd=tmp_path).stdout)
    assert {row["group"] for row in rows if row["package"] == "blameline-example"} == {
        "sources",
        "detectors",
        "checks",
        "renderers",
    }


def test_help_needs_no_development_package(place, tmp_path):
    assert call(place / "incident", "--help", cwd=tmp_path).stdout.startswith("Usage: incident")
    listed = call(place / "python", "-m", "pip", "list", "--format=json", cwd=tmp_path).stdout
    assert not {"pytest", "pandas", "hypothesis", "ruff"} & {row["name"].lower() for row in json.loads(listed)}
