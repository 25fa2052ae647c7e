"""Exactly once: however the same files are handed in, the store holds the same, bit for bit."""

from __future__ import annotations

import gzip
import json
import os
import random
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from blameline.intake import load
from blameline.store import Store
from test_intake import content as tables

FIXTURES = Path(__file__).parent / "sources" / "fixtures"
REAL = (
    "current.otlp.jsonl", "current.otlp.jsonl.gz", "current.otlp.json_native.zst", "current.otlp.proto_framed.pb",
    "current.otlp.duplicated_batch.jsonl", "current.otlp.truncated_tail.jsonl", "evaluation_result.logs.otlp.jsonl",
    "langfuse/observations.jsonl", "langfuse/scores.jsonl", "pagerduty/events_v2.jsonl", "pagerduty/webhooks_v3.jsonl",
    "alertmanager/webhook_v4.json", "promptfoo/v3.json", "promptfoo/v3.jsonl", "deepeval/test_run_20261124_141744.json",
)  # fmt: skip
PLAIN = """service: shop
columns: {trace_id: ticket, scores: [fine]}
redact: {patterns: ["CUST-[0-9]+", "("]}
"""

pytestmark = pytest.mark.xdist_group("order of files")


def content(store: Store) -> dict[str, list[str]]:
    """Every table, number of the file and of the line included, and what the store makes of them."""
    told: tuple[Any, ...] = (store.changes(), store.eval_runs(), store.alerts(), store.problems(), store.loaded())
    return {**tables(store), "told": [repr(part) for part in told]}


def lines(*records: object) -> str:
    return "".join(json.dumps(record) + "\n" for record in records)


def fuller_and_poorer() -> dict[str, str]:
    """The same spans three times: as they were, without half of what they say, and with another answer under their ids."""
    requests = [json.loads(line) for line in (FIXTURES / "current.otlp.jsonl").read_text().splitlines()]
    found = {}
    for name in ("poorer", "other"):
        copies = json.loads(json.dumps(requests))
        for request in copies:
            for resource in request["resourceSpans"]:
                for scope in resource["scopeSpans"]:
                    for span in scope["spans"]:
                        if name == "poorer":
                            span["attributes"] = span["attributes"][::2]
                            span["endTimeUnixNano"] = "0"
                        else:
                            span["name"] = f"{span['name']} again"
        found[f"{name}.otlp.jsonl"] = lines(*copies)
    return found


def made() -> dict[str, str | bytes]:
    """Files by hand: tables that a manifest explains, scores that join by each kind of id, and records that contradict each other."""
    spans = [
        span
        for line in (FIXTURES / "current.otlp.jsonl").read_text().splitlines()
        for resource in json.loads(line)["resourceSpans"]
        for scope in resource["scopeSpans"]
        for span in scope["spans"]
    ]
    answers = [
        attribute["value"]["stringValue"]
        for span in spans
        for attribute in span["attributes"]
        if attribute["key"] == "gen_ai.response.id"
    ]
    assert answers
    rows = [
        {
            "ticket": f"t{n}",
            "created_at": f"2026-03-01T00:00:{n:02d}Z",
            "fine": n % 2,
            "ready": n % 3 == 0,
            "asked": f"CUST-{n}",
        }
        for n in range(20)
    ]
    change = {"id": "c-1", "at": "2026-03-15T00:00:00Z", "kind": "deploy"}
    replays = [
        {"case_id": f"k{n}", "signal": "ok", "score": n % 2, "config": {"prompt": "v1"}, "run": n} for n in range(8)
    ]
    by_span = lines(*({"span_id": span["spanId"], "name": "ok", "value": n % 2} for n, span in enumerate(spans)), {"span_id": "f" * 16, "name": "ok", "value": 1})  # fmt: skip
    by_trace = lines(*({"trace_id": span["traceId"], "name": "seen", "value": 0.5, "note": f"CUST-{n}"} for n, span in enumerate(spans)))  # fmt: skip
    by_answer = lines(*({"response_id": one, "name": "right", "value": 1} for one in answers), {"response_id": "gone", "name": "right", "value": 0})  # fmt: skip
    return {
        **fuller_and_poorer(),
        "incident.yaml": PLAIN,
        "more/incident.yaml": "signals: {ready: {better: higher}}\n",
        "rows.jsonl": lines(*rows) + "{bad CUST-7\n",
        "more/rows.jsonl": lines(*rows[10:]) + "{bad CUST-7\n",
        "z-copy.jsonl": lines(*rows) + "{bad CUST-7\n",
        "a-copy.jsonl": lines(*rows) + "{bad CUST-7\n",
        "rows.jsonl.gz": gzip.compress(lines(*rows).encode(), mtime=0),
        "rows.csv": "ticket,created_at,fine\n" + "".join(f"t{n},2026-03-01T00:00:{n:02d}Z,{n % 2}\n" for n in range(20)) + "t1,never,0\n",
        "by_span.jsonl": by_span,
        "by_trace.jsonl": by_trace,
        "more/by_trace.jsonl": by_trace.replace('"note"', '"more": "1", "note"'),
        "by_answer.jsonl": by_answer,
        "changes.jsonl": lines(change, {**change, "kind": "prompt", "to": "v2"}, {"kind": "deploy"}),
        "more/changes.jsonl": lines({**change, "recorded_at": "2026-03-15T01:00:00Z", "to": "v3"}),
        "other/changes.jsonl": lines({**change, "to": "v4"}),
        "replays.jsonl": lines(*replays),
        "more/replays.jsonl": lines(*replays[4:], {**replays[4], "score": 0.5}),
        "odd.py": "print(1)\n",
        "copy-of-odd.py": "print(1)\n",
        "README.md": "# words\n",
        "empty.jsonl": "",
        "broken.parquet": b"PAR1 and no more",
        "nothing.json": "[]",
    }  # fmt: skip


class Whole:
    """What the store holds after all files were loaded at once."""

    def __init__(self, held: dict[str, list[str]]) -> None:
        self.held = held

    def __repr__(self) -> str:  # hypothesis would print all of it
        return "whole"

    def same(self, found: dict[str, list[str]]) -> None:
        """Fail with the rows that differ."""
        more = {name: sorted(set(found[name]) - set(rows)) for name, rows in self.held.items()}
        less = {name: sorted(set(rows) - set(found[name])) for name, rows in self.held.items()}
        assert not any(more.values()), more
        assert not any(less.values()), less
        assert found == self.held


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pool")
    for name in REAL:
        found = FIXTURES / name
        for path in sorted(found.iterdir()) if found.is_dir() else [found]:
            if path.name != "PROVENANCE.txt":
                target = folder / path.relative_to(FIXTURES)
                target.parent.mkdir(exist_ok=True)
                shutil.copy2(path, target)
    for name, text in made().items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    shutil.copy2(folder / "langfuse" / "scores.jsonl", folder / "again.jsonl")
    for n, name in enumerate(("promptfoo/v3.jsonl", "deepeval/test_run_20261124_141744.json")):
        later = shutil.copy(folder / name, folder / f"later-{n}.json")
        os.utime(later, (1_790_000_000 + n, 1_790_000_000 + n))
    return folder


@pytest.fixture(scope="module")
def whole(pool: Path, tmp_path_factory: pytest.TempPathFactory) -> Whole:
    with Store.open(tmp_path_factory.mktemp("whole") / "case.duckdb") as store:
        load(store, [pool])
        return Whole(content(store))


def handed_in(pool: Path, place: Path, parts: list[list[str]]) -> dict[str, list[str]]:
    """What a store holds after some loads, each of a folder with some of the files; every third begins in a new process's way."""
    store = Store.open(place / "case.duckdb")
    for n, part in enumerate(parts):
        for name in part:
            target = place / f"part-{n}" / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(pool / name, target)
        if n % 3 == 2:
            store.close()
            store = Store.open(place / "case.duckdb")
        load(store, [place / f"part-{n}"])
    with store:
        return content(store)


def names(pool: Path) -> list[str]:
    return sorted(path.relative_to(pool).as_posix() for path in pool.rglob("*") if path.is_file())


@pytest.mark.long
@settings(
    max_examples=3,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(seed=st.integers(0, 2**32))
def test_neither_order_nor_repetition_matters(pool: Path, whole: Whole, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311  seeded, for tests
    order = names(pool)
    chance.shuffle(order)
    cuts = sorted(chance.sample(range(1, len(order)), chance.randint(1, 4)))
    parts = [order[start:end] for start, end in zip([0, *cuts], [*cuts, len(order)], strict=True)]
    parts = [sorted({*part, *chance.sample(order, chance.randint(0, 4))}) for part in parts]
    with TemporaryDirectory() as place:
        found = handed_in(pool, Path(place), parts)
    whole.same(found)


@pytest.mark.long
def test_one_file_at_a_time_backwards(pool: Path, whole: Whole, tmp_path: Path) -> None:
    found = handed_in(pool, tmp_path, [[name] for name in reversed(names(pool))])
    whole.same(found)
