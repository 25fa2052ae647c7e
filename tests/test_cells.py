"""Cells: the arithmetic from rows to buckets against plain loops, and which attribute plays which part."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest

import blameline
from blameline.cells import Cells, clock, measured, read, volume
from blameline.cells.roles import Profile, assign, interesting, layer_of
from blameline.records import Manifest, Signal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from blameline import Case

START = datetime(2026, 3, 2, tzinfo=UTC)


def rows(n: int = 1500) -> list[dict[str, object]]:
    rng = np.random.default_rng(4)
    found = []
    for index in range(n):
        hour = float(rng.uniform(0, 96))
        row: dict[str, object] = {
            "trace_id": f"t{index:05d}",
            "at": (START + timedelta(hours=hour)).isoformat(),
            "tenant.id": str(rng.choice(["a", "b"])),
            "cloud.region": str(rng.choice(["eu", "us"])),
            "gen_ai.prompt.version": "v2" if hour > 48 else "v1",
        }
        if rng.random() < 0.8:
            row["answer_correct"] = int(rng.random() < 0.7)
        found.append(row)
    return found


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Case]:
    root = tmp_path_factory.mktemp("cells")
    (root / "case").mkdir()
    (root / "case" / "log.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows()))
    with blameline.open(root / "incident.duckdb") as found:
        found.load(root / "case")
        yield found


def signal(case: Case) -> Signal:
    window = clock(case.store)
    assert window is not None
    return next(one for one in measured(case.store, window) if one.name == "answer_correct")


def test_cells_hold_what_the_rows_hold(case: Case) -> None:
    window = clock(case.store)
    assert window is not None
    made = read(case.store, signal(case), window)
    wanted: dict[tuple[int, str, str, str], list[int]] = defaultdict(list)
    for row in rows():
        if "answer_correct" in row:
            bucket = int((datetime.fromisoformat(str(row["at"])) - window.since).total_seconds() // window.width)
            key = (bucket, str(row["tenant.id"]), str(row["cloud.region"]), str(row["gen_ai.prompt.version"]))
            wanted[key].append(int(str(row["answer_correct"])))
    got = {
        (
            int(b), made.segments[s]["tenant.id"], made.segments[s]["cloud.region"],
            made.versions[v]["prompt:gen_ai.prompt.version"],
        ): (n, total, square)
        for b, s, v, n, total, square in zip(
            made.bucket, made.segment, made.version, made.n, made.total, made.square, strict=True
        )
    }  # fmt: skip
    assert got == {key: (len(values), sum(values), sum(values)) for key, values in wanted.items()}


def test_volume_counts_every_request(case: Case) -> None:
    window = clock(case.store)
    assert window is not None
    assert volume(case.store, window).n.sum() == len(rows())


def test_the_clock_holds_the_data_in_whole_hours(case: Case) -> None:
    window = clock(case.store)
    assert window is not None
    assert (window.since.minute, window.since.second, window.since.microsecond) == (0, 0, 0)
    moments = [datetime.fromisoformat(str(row["at"])) for row in rows()]
    assert window.since <= min(moments)
    assert max(moments) < window.until
    assert window.traces == len(rows())
    assert window.traces / window.buckets >= 11


def test_an_empty_case_has_no_clock(tmp_path: Path) -> None:
    with blameline.open(tmp_path / "incident.duckdb") as empty:
        assert clock(empty.store) is None
        assert empty.blame().outcome == "no_shift"


def handmade() -> Cells:
    return Cells(
        signal=Signal(name="q", better="higher"),
        origin=START,
        width=7200,
        buckets=4,
        bucket=np.array([0, 0, 1, 3]),
        segment=np.array([0, 1, 1, 0]),
        version=np.array([0, 1, 2, 2]),
        n=np.array([10.0, 5.0, 5.0, 20.0]),
        total=np.array([9.0, 1.0, 2.0, 20.0]),
        square=np.array([9.0, 1.0, 2.0, 20.0]),
        segments=({"region": "eu"}, {"region": "us", "plan": "pro"}),
        versions=({"prompt:p": "v1"}, {}, {"prompt:p": "v1 + v2", "model:m": "x"}),
    )


def test_what_a_cell_carries() -> None:
    made = handmade()
    assert made.hours.tolist() == [1, 1, 3, 7]
    assert made.span_hours == 8
    assert made.carries("prompt:p", "v1").tolist() == [1, 0, 1, 1]
    assert made.carries("prompt:p", "v2").tolist() == [0, 0, 1, 1]
    assert made.carries("prompt:p", "v").tolist() == [0, 0, 0, 0]
    assert made.stamped("prompt:p").tolist() == [1, 0, 1, 1]
    assert made.inside({}).all()
    assert made.inside({"region": "us"}).tolist() == [False, True, True, False]
    assert made.inside({"region": "us", "plan": "free"}).tolist() == [False] * 4
    assert [(k, v, round(s, 3)) for k, v, s in made.values()] == [
        ("model:m", "x", 0.625), ("prompt:p", "v1", 0.875), ("prompt:p", "v2", 0.625),
    ]  # fmt: skip


def test_pooling_keeps_the_sums() -> None:
    made, pooled = handmade(), handmade().pooled()
    assert pooled.bucket.tolist() == [0, 1, 3]
    assert pooled.n.tolist() == [15, 5, 20]
    assert pooled.total.sum() == made.total.sum()
    assert pooled.square.sum() == made.square.sum()
    assert pooled.segments == ({},)


def test_moments_and_hours_are_inverse() -> None:
    made = handmade()
    assert made.moment(1.5) == START + timedelta(hours=1, minutes=30)
    assert made.hour_of(made.moment(3.25)) == 3.25


@pytest.mark.parametrize(
    ("attribute", "layer"),
    [
        ("app.prompt.hash", "prompt"), ("app.index.version", "retrieval"), ("app.route", "router"), ("tenant.id", None),
        ("app.tools.schema", "tools"), ("judge_version", "judge"), ("git_sha", None), ("release", "deploy"),
        ("prompt", None), ("app.embedding.model.name", "retrieval"), ("app.sampling", "sampling"),
    ],
)  # fmt: skip
def test_an_attribute_speaks_of_its_layer(attribute: str, layer: str | None) -> None:
    if attribute == "git_sha":
        layer = "deploy"
    assert layer_of(attribute) == layer


def test_the_manifest_goes_first_and_identities_are_no_versions() -> None:
    profiles = [
        Profile("app.index.version", 3, 1000, 1), Profile("tenant.id", 4, 1000, 0),
        Profile("gen_ai.prompt.version", 2, 1000, 1),
        Profile("cohort", 3, 1000, 0), Profile("build_id", 900, 1000, 800),
    ]  # fmt: skip
    manifest = Manifest(fields={"data": ("app.index.version",), "deploy": ("build_id",)}, segments=("cohort",))
    roles, crowded = assign(profiles, manifest, 1000)
    assert {(role.role, role.layer, role.attribute) for role in roles} == {
        ("layer", "prompt", "gen_ai.prompt.version"), ("layer", "data", "app.index.version"),
        ("segment", None, "cohort"),
    }  # fmt: skip
    assert crowded == ["build_id"]
    roles, _ = assign(profiles, Manifest(), 1000)
    assert ("segment", "tenant.id") in {(role.role, role.attribute) for role in roles}
    assert ("layer", "app.index.version") in {(role.role, role.attribute) for role in roles}


def test_only_speaking_names_are_looked_at() -> None:
    names = ["tenant.id", "user.id", "gen_ai.prompt.version", "input.text", "app.index.version", "odd"]
    assert interesting(names, Manifest()) == ["tenant.id", "gen_ai.prompt.version", "app.index.version"]
    assert interesting(["langfuse.created_at", "langsmith.run_type", "app.lang"], Manifest()) == ["app.lang"]
    assert interesting(["sampling.rate", "_sampling_priority_v1", "sampling.top_p"], Manifest()) == ["sampling.top_p"]
    assert "odd" in interesting(names, Manifest(segments=("odd",)))
