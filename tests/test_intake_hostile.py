"""Files made to do harm, or broken in every way, beside a good one: the good one loads entirely, and nothing hangs or swells."""

from __future__ import annotations

import gzip
import io
import json
import os
import resource
import socket
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from blameline.case import open_case

GOOD = 30
MOST_MEMORY = 1500 << 20
_CHILD = """
import json, resource, sys
from blameline.case import open_case
with open_case(sys.argv[2]) as case:
    loaded = case.load(sys.argv[1])
    case.blame()
    told = [(one.source, one.message) for one in case.store.problems()] + [(one.source, one.reason) for one in loaded.skipped]
    good = case.sql("SELECT count(*) FROM spans WHERE name = 'good'").rows[0][0]
peak = int(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1]) << 10
print(json.dumps({"good": good, "told": told, "files": [one.source for one in loaded.files], "peak": peak}))
"""


def request(n: int, *, name: str = "good", start: object = None, parent: str = "", value: object = None) -> str:
    begun = 1_772_323_200_000_000_000 + n * 10**9
    span = {
        "traceId": f"{n + 1:032x}", "spanId": f"{n + 1:016x}", "parentSpanId": parent, "name": name, "kind": 3,
        "startTimeUnixNano": str(begun) if start is None else start, "endTimeUnixNano": str(begun + 10**6),
        "attributes": [{"key": "gen_ai.operation.name", "value": {"stringValue": "chat"}}, *([value] if value else [])],
    }  # fmt: skip
    return (
        json.dumps(
            {"resourceSpans": [{"resource": {"attributes": []}, "scopeSpans": [{"scope": {}, "spans": [span]}]}]}
        )
        + "\n"
    )


def bad(n: int = 1000, **told: object) -> str:
    return request(n, name="bad", **told)  # type: ignore[arg-type]


def row(**told: object) -> str:
    return json.dumps({"id": "x", "at": "2026-03-01T00:00:00Z", **told}) + "\n"


def times() -> str:
    at = 1_772_323_200
    return "".join(row(id=f"t{n}", at=at * 1000**power) for n, power in enumerate((0, 1, 2, 3)))


def cycle() -> str:
    spans = [
        {"traceId": "c" * 32, "spanId": f"{n:016x}", "parentSpanId": f"{n % 5 + 1:016x}", "name": "bad", "startTimeUnixNano": "1772323200000000000"}
        for n in range(1, 6)
    ]  # fmt: skip
    return json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]}) + "\n"


def zipped() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("header.json", b"0" * (200 << 20))
    return out.getvalue()


MANY = b"[" * 10_000
WRITTEN: dict[str, Callable[[], str | bytes]] = {
    "a line cut short": lambda: request(900, name="bad") + bad()[:-30],
    "a frame cut short": lambda: zstandard.compress((bad() * 50).encode())[:-7],
    "gzip cut short": lambda: gzip.compress((bad() * 50).encode())[:-9],
    "no UTF-8": lambda: bad().encode().replace(b"bad", b"b\xff\xfed"),
    "zeros": lambda: bad().encode() + b"\0" * 5000,
    "a zero in a name": lambda: bad().replace('"bad"', '"b\\u0000d"'),
    "a line of 50 MB": lambda: bad(value={"key": "long", "value": {"stringValue": "x" * (50 << 20)}}),
    "a row of 50 MB": lambda: row(text="x" * (50 << 20)),
    "nested 10 000 deep": lambda: b'{"resourceSpans":' + MANY + b"]" * 10_000 + b"}\n",
    "a list nested 10 000 deep": lambda: b'[{"id":' + MANY + b"]" * 10_000 + b"}]\n",
    "a row nested 10 000 deep": lambda: b'{"id":"x","at":"2026-03-01T00:00:00Z","a":' + MANY + b"]" * 10_000 + b"}\n",
    "only brackets": lambda: MANY,
    "not a number": lambda: bad(value={"key": "gen_ai.usage.cost", "value": {"doubleValue": "NaN"}}) + bad().replace('"kind": 3', '"kind": NaN'),
    "infinity in a table": lambda: '{"id":"i","at":"2026-03-01T00:00:00Z","score":Infinity,"cost":-Infinity}\n' + row(score=1e308),
    "two to the eightieth": lambda: bad(start=2**80) + bad(1001, start=str(2**80)) + row(),
    "numbers too large in a table": lambda: row(score=2**80, at=2**80) + row(duration_ms=2**80),
    "year 1 and year 9999": lambda: row(id="a", at="0001-01-01T00:00:00Z") + row(id="b", at="9999-12-31T23:59:59Z"),
    "four units of time": times,
    "parents in a circle": cycle,
    "a span that is its own parent": lambda: bad(parent=f"{1001:016x}"),
    "gzip that explodes": lambda: gzip.compress(b'{"resourceSpans":[{"a":"' + b"0" * (300 << 20)),
    "zstd that explodes": lambda: zstandard.compress(b'{"resourceSpans":[{"a":"' + b"0" * (300 << 20)),
    "zip that explodes": zipped,
    "YAML that explodes": lambda: "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(f"{b}: &{b} [{','.join(['*' + a] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)) + "changes: *i\n",
    "YAML that makes objects": lambda: "changes:\n- {at: 2026-03-15, kind: deploy, to: !!python/object/apply:os.system [touch pwned]}\n",
    "YAML nested deep": lambda: "changes: " + "[" * 5000 + "]" * 5000,
    "a list of bare words": lambda: '[1, null, "a", [], {}]',
    "half a Parquet file": lambda: b"PAR1" + os.urandom(3000) + b"PAR1",
    "a case file that is none": lambda: b"\0" * 8 + b"DUCK" + os.urandom(5000),
    "random bytes": lambda: os.urandom(100_000),
}  # fmt: skip
SUFFIX = {
    "YAML that explodes": ".yaml",
    "YAML that makes objects": ".yaml",
    "YAML nested deep": ".yaml",
    "zip that explodes": ".eval",
}
SAID = {
    "a line cut short": "cut short", "gzip that explodes": "expands", "YAML that makes objects": "not allowed",
    "gzip cut short": "damaged", "year 1 and year 9999": "no usable time", "random bytes": "not recognised",
}  # fmt: skip


def loaded(folder: Path, case: Path, *, seconds: float = 60) -> dict:
    done = subprocess.run(
        [sys.executable, "-c", _CHILD, folder, case], capture_output=True, text=True, check=False, timeout=seconds,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "case"
    place.mkdir()
    (place / "good.otlp.jsonl").write_text("".join(request(n) for n in range(GOOD)))
    return place


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> dict:
    """All written files at once, beside the good one."""
    place = tmp_path_factory.mktemp("broken")
    (place / "case").mkdir()
    (place / "case" / "good.otlp.jsonl").write_text("".join(request(n) for n in range(GOOD)))
    for name, made in WRITTEN.items():
        text = made()
        path = place / "case" / f"{name}{SUFFIX.get(name, '')}"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return loaded(place / "case", place / "case.duckdb", seconds=300)


@pytest.mark.xdist_group("broken files")
def test_the_good_file_loads_entirely_beside_all_of_them(broken: dict) -> None:
    assert broken["good"] == GOOD
    assert broken["peak"] < MOST_MEMORY


@pytest.mark.xdist_group("broken files")
@pytest.mark.parametrize("name", WRITTEN)
def test_each_is_read_or_told(broken: dict, name: str) -> None:
    source = f"{name}{SUFFIX.get(name, '')}"
    said = [message for one, message in broken["told"] if one == source]
    assert said or source in broken["files"]
    assert SAID.get(name, "") in "".join(said)
    assert not Path("pwned").exists()


ODD_NAMES = (
    "a[1].jsonl", "*.jsonl", "q?.jsonl", "{a,b}.jsonl", "it's \"quoted\".jsonl", "two\nlines.jsonl", "\x1b[31mred.jsonl", "-rf.jsonl", "--case.jsonl",
    "back\\slash.jsonl", "dollar$HOME;.jsonl", "%s%n.jsonl", "spaces  .jsonl", "s3:,x.jsonl", "ü\u202eevil.jsonl",
)  # fmt: skip


def test_names_are_only_names(folder: Path, tmp_path: Path) -> None:
    (folder / "b[2]").mkdir()
    for n, name in enumerate(ODD_NAMES):
        for place, first in ((folder, 1000), (folder / "b[2]", 2000)):
            (place / name).write_text(request(first + n, name=f"odd {first + n}"))
    (folder / os.fsdecode(b"no\xff\xfetext.jsonl")).write_text(request(3000, name="odd 3000"))
    (folder / os.fsdecode(b"tab\xff*.jsonl")).write_text(
        "".join(row(id=f"o{n}", name=f"odd {4000 + n}") for n in range(3))
    )
    found = loaded(folder, tmp_path / "odd.duckdb")
    assert (found["good"], found["told"]) == (GOOD, [])
    with open_case(tmp_path / "odd.duckdb", read_only=True) as case:
        assert case.sql("SELECT count(*), count(DISTINCT name) FROM spans WHERE starts_with(name, 'odd')").rows[0] == (
            34,
            34,
        )
        assert {r[0] for r in case.sql("SELECT source FROM files").rows} >= {
            *ODD_NAMES,
            "b[2]/*.jsonl",
            "no\\xff\\xfetext.jsonl",
        }


def test_what_is_no_file_is_passed_over(folder: Path, tmp_path: Path) -> None:
    os.mkfifo(folder / "pipe.jsonl")
    held = socket.socket(socket.AF_UNIX)
    here = Path.cwd()
    os.chdir(folder)  # the name of a socket may not be long
    try:
        held.bind("socket.jsonl")
    finally:
        os.chdir(here)
    (folder / "device.jsonl").symlink_to("/dev/zero")
    (folder / "outside.jsonl").symlink_to("/etc/passwd")
    (folder / "nowhere.jsonl").symlink_to(folder / "gone")
    (folder / "a.jsonl").symlink_to(folder / "b.jsonl")
    (folder / "b.jsonl").symlink_to(folder / "a.jsonl")
    (folder / "up").symlink_to(folder.parent)
    (folder / "round").symlink_to(folder)
    (folder / "again.jsonl").symlink_to(folder / "good.otlp.jsonl")
    deep = folder
    for _ in range(300):
        deep = deep / "d"
        deep.mkdir()
    (deep / "deep.jsonl").write_text(request(5000, name="deep"))
    found = loaded(folder, tmp_path / "links.duckdb")
    held.close()
    assert (found["good"], len(found["files"])) == (GOOD, 2)
    out, nowhere, strange = (
        "a link that leads out of what was handed in",
        "a link that leads nowhere",
        "no file: a pipe, a socket or a device",
    )
    assert {(source, why) for source, why in found["told"]} == {
        ("a.jsonl", nowhere), ("b.jsonl", nowhere), ("nowhere.jsonl", nowhere), ("device.jsonl", out), ("outside.jsonl", out), ("up", out),
        ("pipe.jsonl", strange), ("socket.jsonl", strange), ("good.otlp.jsonl", "the same bytes as again.jsonl"),
    }  # fmt: skip


def test_a_pipe_handed_in_by_itself_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert loaded(tmp_path / "pipe", tmp_path / "p.duckdb")["told"] == [
        ["pipe", "no file: a pipe, a socket or a device"]
    ]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(folder: Path, tmp_path: Path) -> None:
    (folder / "secret.jsonl").write_text(request(1))
    (folder / "secret.jsonl").chmod(0)
    found = loaded(folder, tmp_path / "c.duckdb")
    assert (found["good"], found["told"]) == (GOOD, [["secret.jsonl", "cannot be read: Permission denied"]])


@pytest.mark.parametrize("mode", [0, 0o444, 0o111])
def test_a_folder_that_may_not_be_read(folder: Path, tmp_path: Path, mode: int) -> None:
    closed = folder / "closed"
    closed.mkdir()
    (folder / "link").symlink_to(closed / "nowhere" / "x.jsonl")
    closed.chmod(mode)
    if os.access(closed, os.R_OK | os.X_OK):
        pytest.skip("who runs this may read everything")
    try:
        found = loaded(folder, tmp_path / "c.duckdb")
    finally:
        closed.chmod(0o755)
    link = ["link", "a link that leads nowhere"]
    assert (found["good"], sorted(found["told"])) == (GOOD, [["closed", "cannot be read: Permission denied"], link])


@pytest.mark.parametrize("text", ["[]", "[ ]\n", "id,at,score\n", "name;kind;at"])
def test_an_export_without_rows_is_no_fault(folder: Path, tmp_path: Path, text: str) -> None:
    (folder / "nothing").write_text(text)
    with open_case(tmp_path / "c.duckdb") as case:
        found = case.load(folder)
        assert [one.reason for one in found.skipped] == ["an export without rows"]
        assert case.store.problems() == ()


def test_a_folder_of_ten_thousand_entries(folder: Path, tmp_path: Path) -> None:
    for n in range(10_000):
        (folder / f"note-{n}.md").touch() if n % 2 else (folder / f"note-{n}.md").write_text(f"# {n}\n")
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    found = loaded(folder, tmp_path / "many.duckdb")
    assert (found["good"], len(found["told"])) == (GOOD, 10_000)
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before < 30
