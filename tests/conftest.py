"""What all tests share: one small incident, dealt and investigated once a session, and only ever read."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from blameline.case import Case, open_case
from blameline.cli import main
from blameline.drill import deal
from blameline.store.beginning import create

ROOT = Path(__file__).parents[1]
for _threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(_threads, "1")  # for the workers: two of them with two threads each only wait for one another

NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write what is expected anew instead of comparing")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that one worker must run together come first, so that at the end no worker waits for them."""
    items.sort(key=lambda item: item.get_closest_marker("xdist_group") is None)


@dataclass(frozen=True)
class Made:
    """An incident and what was found in it."""

    folder: Path
    """The case folder that was handed in."""
    case: Path
    """The case file."""
    found: str
    """The contract's object, as ``incident blame --json`` prints it."""


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def now() -> datetime:
    return NOW


@pytest.fixture(scope="session")
def empty_case_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("empty") / "empty.duckdb"
    create(path)
    return path


@pytest.fixture(scope="module")
def quick_case_files(empty_case_file: Path) -> Iterator[None]:
    """New case files are copies of an empty one, for tests by the hundred that are not about making one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("blameline.store.create", lambda path: shutil.copyfile(empty_case_file, path))
        yield


@pytest.fixture(scope="session")
def dealt(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A case folder: a prompt edit that reached one region after the other, and innocent changes beside it."""
    folder = tmp_path_factory.mktemp("dealt") / "incident"
    deal("prompt", seed=7, days=8, traffic=15, rollout="staged_region", effect=-0.2).write(folder, compress="zst")
    return folder


@pytest.fixture(scope="session")
def made(dealt: Path, tmp_path_factory: pytest.TempPathFactory) -> Made:
    """The dealt incident, investigated."""
    path = tmp_path_factory.mktemp("made") / "incident.duckdb"
    with open_case(path) as case:
        case.investigate(dealt, now=NOW)
        found = case.report(as_="json")
    path.chmod(0o444)
    return Made(dealt, path, found)


@pytest.fixture
def case(made: Made) -> Iterator[Case]:
    """The case file of the dealt incident, to be read."""
    with open_case(made.case, read_only=True) as opened:
        yield opened


@pytest.fixture
def own_case(made: Made, tmp_path: Path) -> Path:
    """A copy of the case file, to be written to."""
    path = tmp_path / "own.duckdb"
    shutil.copy(made.case, path)
    path.chmod(0o644)
    return path


@pytest.fixture
def run() -> Callable[..., Result]:
    """Calls the command in this process; stdout, stderr and exit code come apart."""

    def call(*arguments: object) -> Result:
        result = CliRunner().invoke(main, [str(one) for one in arguments], prog_name="incident")
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return call


@pytest.fixture(scope="session")
def spawn() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Calls the command in a process of its own."""

    def call(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "blameline", *map(str, arguments)]
        env = {**os.environ, **environment}
        return subprocess.run(command, capture_output=True, text=True, env=env, check=False, stdin=subprocess.DEVNULL)

    return call
