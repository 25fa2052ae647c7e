"""A load that is killed at any moment leaves a store that opens, says so, and is made whole by loading again."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import time
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest

from blameline.errors import StoreError
from blameline.store import Store

SECONDS = 4


def benchmark() -> Any:
    spec = spec_from_file_location("kill", Path(__file__).parents[1] / "benchmarks" / "kill.py")
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    sys.modules["kill"] = module
    spec.loader.exec_module(module)
    return module


def test_a_few_kills(tmp_path: Path) -> None:
    kill = benchmark()
    kills = kill.Kills(tmp_path, seed=3)
    left = []
    started = time.monotonic()
    try:
        while len(left) < 3 or (len(left) < 9 and time.monotonic() - started < SECONDS):
            left.append(kills.once(kill.KINDS[len(left) % 3]))
    finally:
        kills.end()
    assert {"begun, some rows", "begun, no rows"} & set(left)


def child(code: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)]
    env = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=env, timeout=120)


def test_a_full_disk_is_told_in_one_line(tmp_path: Path) -> None:
    kill = benchmark()
    folder = kill.folder_of_files(tmp_path, spans=1500)
    done = child(
        """
        import resource, sys
        resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, resource.RLIM_INFINITY))
        from blameline.cli import main
        main(["load", sys.argv[1], "--case", sys.argv[2]])
        """,
        folder,
        tmp_path / "full.duckdb",
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("incident: ")]
    assert "cannot be written: File too large" in line


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    with pytest.raises(StoreError, match="cannot be written: Permission denied"):
        Store.open(tmp_path / "case.duckdb")


def test_nothing_is_left_beside_a_new_case_file(tmp_path: Path) -> None:
    (tmp_path / "case.duckdb.wal").write_bytes(b"of a case file that is gone")
    with Store.open(tmp_path / "case.duckdb") as store:
        assert store.settings() == {}
    assert [path.name for path in tmp_path.iterdir()] == ["case.duckdb"]


def test_a_second_process_is_told_in_one_line_and_readers_may_share(tmp_path: Path) -> None:
    path = tmp_path / "case.duckdb"
    code = """
    import sys
    from blameline.cli import main
    main(["sql", "SELECT 41 + 1", "--case", sys.argv[1]])
    """
    with Store.open(path):
        done = child(code, path)
        assert (done.returncode, done.stdout) == (1, "")
        (line,) = done.stderr.splitlines()
        assert f"is in use by process {os.getpid()}" in line
    with Store.open(path, read_only=True) as store:
        done = child(code, path)
        assert done.returncode == 0, done.stderr
        assert "42" in done.stdout
        assert store.settings() == {}
