"""Small incidents whose truth is known, written as plain files by a generator of our own.

It shares nothing with ``blameline.drill``: what the engine is tuned on must not be all that it is tested on.
Every story is a few thousand requests over 12 days, with effects of 0.2, so that a sound engine cannot miss them.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from threadpoolctl import threadpool_limits

import blameline
from blameline.case import hearings
from blameline.evidence.questions import weigh

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from blameline import Case, Investigation, LedgerLine
    from blameline.candidates import Candidate
    from blameline.evidence.hearing import Hearing
    from blameline.evidence.questions import Check
    from blameline.records import Evidence, Shift

START = datetime(2026, 3, 2, tzinfo=UTC)
DAYS = 12
SEGMENTS = ["tenant.id", "cloud.region"]


def when(day: float) -> str:
    """A day of the window as the changelog writes it."""
    return (START + timedelta(days=day)).isoformat().replace("+00:00", "Z")


@dataclass
class Files:
    """One case folder in the making: columns of requests, long scores, and records."""

    requests: dict[str, np.ndarray]
    scores: dict[str, tuple[np.ndarray, np.ndarray | None]] = field(default_factory=dict)
    """Signal -> (value a request, nan where none; judge a request)."""
    changes: list[dict[str, Any]] = field(default_factory=list)
    manifest: dict[str, Any] = field(default_factory=dict)
    replays: list[dict[str, Any]] = field(default_factory=list)
    spans: list[dict[str, Any]] = field(default_factory=list)
    """Spans below the requests, one row each."""

    def keep(self, chosen: np.ndarray) -> None:
        """Lose the other requests and their scores."""
        self.requests = {name: values[chosen] for name, values in self.requests.items()}
        self.scores = {
            name: (values[chosen], None if judge is None else judge[chosen])
            for name, (values, judge) in self.scores.items()
        }

    def write(self, folder: Path, *, shuffle: int | None = None) -> Path:
        """As Parquet, YAML and JSON lines; with ``shuffle`` in another order and in more files."""
        folder.mkdir()
        rng = np.random.default_rng(shuffle)
        n = len(self.requests["trace_id"])
        order = np.arange(n) if shuffle is None else rng.permutation(n)
        traces = pa.table({name: pa.array(values[order].tolist()) for name, values in self.requests.items()})
        parts: dict[str, list[Any]] = {"trace_id": [], "name": [], "value": [], "judge": []}
        for name, (values, judge) in self.scores.items():
            rows = np.flatnonzero(np.isfinite(values))
            parts["trace_id"] += self.requests["trace_id"][rows].tolist()
            parts["name"] += [name] * len(rows)
            parts["value"] += values[rows].tolist()
            parts["judge"] += [None] * len(rows) if judge is None else judge[rows].tolist()
        scores = pa.table({**parts, "judge": pa.array(parts["judge"], pa.string())})
        changes, replays = list(self.changes), list(self.replays)
        if shuffle is None:
            pq.write_table(traces, folder / "requests.parquet")
            pq.write_table(scores, folder / "scores.parquet")
        else:
            scores = scores.take(pa.array(rng.permutation(scores.num_rows)))
            cut, half = n // 3, scores.num_rows // 2
            pq.write_table(traces.slice(cut), folder / "a.parquet")
            pq.write_table(traces.slice(0, cut), folder / "z.parquet")
            pq.write_table(scores.slice(half), folder / "b.parquet")
            pq.write_table(scores.slice(0, half), folder / "y.parquet")
            changes.reverse()
            replays = [replays[index] for index in rng.permutation(len(replays))]
        if self.spans:
            rows = [
                self.spans[index]
                for index in (range(len(self.spans)) if shuffle is None else rng.permutation(len(self.spans)))
            ]
            (folder / "spans.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        if changes:
            (folder / "changes.yaml").write_text(yaml.safe_dump(changes))
        (folder / "incident.yaml").write_text(
            yaml.safe_dump({"service": "desk", "segments": SEGMENTS, **self.manifest})
        )
        if replays:
            (folder / "replays.jsonl").write_text("".join(json.dumps(one) + "\n" for one in replays))
        return folder


class World:
    """Requests of one desk: three tenants in two regions, evenly over the days."""

    def __init__(
        self, seed: int, *, days: float = DAYS, per_day: int = 280, tenants: Sequence[float] = (0.5, 0.3, 0.2)
    ) -> None:
        self.rng = np.random.default_rng(seed)
        n = round(days * per_day)
        self.day = np.sort(self.rng.uniform(0, days, n))
        self.tenant = self.rng.choice(["acme", "bolt", "crux"], n, p=tenants)
        self.region = np.where(self.rng.random(n) < 0.5, "eu", "us")
        self.base = np.select([self.tenant == "acme", self.tenant == "bolt"], [0.9, 0.85], 0.8)
        moments = [(START + timedelta(days=float(day))).isoformat() for day in self.day]
        self.files = Files(
            {
                "trace_id": np.array([f"{seed:04x}{index:08x}" for index in range(n)]),
                "at": np.array(moments),
                "tenant.id": self.tenant,
                "cloud.region": self.region,
            }
        )

    def stamp(self, attribute: str, old: str, new: str, has: np.ndarray) -> None:
        """Every request says which version it had."""
        self.files.requests[attribute] = np.where(has, new, old)

    def change(self, id: str, day: float, kind: str, **more: Any) -> None:  # noqa: A002  the contract's word
        """One record of the changelog."""
        self.files.changes.append({"id": id, "at": when(day), "kind": kind, **more})

    def share(self, name: str, chance: np.ndarray, judge: np.ndarray | None = None) -> None:
        """A signal of ones and zeros."""
        values = (self.rng.random(len(self.day)) < np.clip(chance, 0.02, 0.98)).astype(float)
        self.files.scores[name] = (values, judge)

    def span(self, what: str, chosen: np.ndarray, minute: float, **more: Any) -> None:
        """A span below some requests, so many minutes after they began; ``more`` are its columns, one entry a request."""
        for n in np.flatnonzero(chosen):
            trace = str(self.files.requests["trace_id"][n])
            at = (START + timedelta(days=float(self.day[n]), minutes=minute)).isoformat()
            own = {
                "span_id": f"{what[:3]}{n:06d}",
                "parent_id": f"root{n:06d}",
                "at": at,
                "duration_ms": 20,
                "status": "ok",
            }
            row = {"trace_id": trace} | own
            self.files.spans.append(row | {"gen_ai.operation.name": what} | {k: v[n] for k, v in more.items()})

    def behave(
        self, *, longer: np.ndarray | float = 0.0, slower: np.ndarray | float = 0.0, asked: np.ndarray | float = 0.0
    ) -> None:
        """Tokens in and out, and milliseconds: logs that grow by so much, answers with questions and waits with answers."""
        n = len(self.day)
        into = self.rng.normal(6.0, 0.4, n) + asked
        out = 5.0 + 0.5 * (into - 6.0) + self.rng.normal(0, 0.4, n) + longer
        wait = 3.0 + 0.8 * out + self.rng.normal(0, 0.3, n) + slower
        self.files.requests |= {
            "gen_ai.usage.input_tokens": np.rint(np.exp(into)).astype(int),
            "gen_ai.usage.output_tokens": np.rint(np.exp(out)).astype(int),
            "latency_ms": np.rint(np.exp(wait)).astype(int),
        }

    def judge(self, name: str = "j-1") -> np.ndarray:
        """The same judge for all."""
        return np.full(len(self.day), name)

    def control(self, judge: np.ndarray | None, loss: np.ndarray | float = 0.0) -> None:
        """A control, scored by the same judge."""
        self.share("format_valid", 0.93 - loss * np.ones(len(self.day)), judge)
        self.files.manifest["controls"] = ["format_valid"]


def replays(layer: str, old: str, new: str, *, n: int, loss: float, seed: int) -> list[dict[str, Any]]:
    """``n`` cases run with both versions of one layer, all else equal; exactly ``loss`` of them worse."""
    rng = np.random.default_rng(seed)
    rest = {"model": "m-1", "prompt": "v1", "retrieval": "i-1", "tools": "t-1"}
    rows = []
    for version, chance in ((old, 0.9), (new, 0.9 - loss)):
        good = rng.permutation(n) < round(chance * n)
        rows += [
            {
                "case_id": f"{layer}-{index}",
                "signal": "answer_correct",
                "score": int(good[index]),
                "config": {**rest, layer: version},
                "run": 1,
            }
            for index in range(n)
        ]
    return rows


def staged(seed: int = 11) -> Files:
    """Guilty: a prompt edit, in the EU from day 6 and in the US from day 8.

    Innocent: ``elsewhere``, in the US only, at the very onset; ``later`` and ``random``, everywhere on other days;
    ``dosed``, on a growing share of all requests, both steps before the onset.
    """
    w = World(seed)
    has = ((w.region == "eu") & (w.day > 6)) | (w.day > 8)
    w.stamp("gen_ai.prompt.version", "v1", "v2", has)
    w.change("guilty", 6, "prompt_edit", **{"from": "v1", "to": "v2"})
    w.stamp("app.tools.schema", "t-1", "t-2", (w.region == "us") & (w.day > 6))
    w.change("elsewhere", 6, "tool_schema", **{"from": "t-1", "to": "t-2", "scope": {"cloud.region": "us"}})
    w.stamp("app.index.version", "i-1", "i-2", w.day > 9.5)
    w.change("later", 9.5, "index_refresh", **{"from": "i-1", "to": "i-2"})
    w.stamp("service.version", "1.0", "1.1", w.day > 2.5)
    w.change("random", 2.5, "deploy", **{"from": "1.0", "to": "1.1"})
    flag = (w.rng.random(len(w.day)) < np.where(w.day > 4, 0.9, 0.3)) & (w.day > 2)
    w.stamp("gen_ai.request.temperature", "0.2", "0.7", flag)
    w.change("dosed", 2, "sampling_change", **{"from": "0.2", "to": "0.7"})
    w.files.replays = [
        *replays("prompt", "v1", "v2", n=120, loss=0.25, seed=seed),
        *replays("retrieval", "i-1", "i-2", n=400, loss=0.0, seed=seed + 1),
        *replays("tools", "t-1", "t-2", n=6, loss=0.0, seed=seed + 2),
    ]
    w.share("answer_correct", w.base - 0.2 * has, w.judge())
    w.control(w.judge())
    return w.files


def rolled_back(seed: int = 12) -> Files:
    """Guilty: a prompt edit everywhere from day 5 until a declared revert on day 8.5. A sampling change stays."""
    w = World(seed)
    has = (w.day > 5) & (w.day <= 8.5)
    w.stamp("gen_ai.prompt.version", "v1", "v2", has)
    w.stamp("gen_ai.request.temperature", "0.2", "0.7", w.day > 5.25)
    w.change("guilty", 5, "prompt_edit", **{"from": "v1", "to": "v2"})
    w.change("revert", 8.5, "prompt_edit", **{"from": "v2", "to": "v1", "reverts": "guilty"})
    w.change("stayed", 5.25, "sampling_change", **{"from": "0.2", "to": "0.7"})
    w.share("answer_correct", w.base - 0.2 * has, w.judge())
    w.control(w.judge())
    return w.files


def outlived(seed: int = 13) -> Files:
    """Guilty: an index refresh that stays from day 5 on. Innocent: a prompt edit then, taken back on day 7.5."""
    w = World(seed)
    bad = w.day > 5
    has = (w.day > 5.1) & (w.day <= 7.5)
    w.stamp("app.index.version", "i-1", "i-2", bad)
    w.stamp("gen_ai.prompt.version", "v1", "v2", has)
    w.change("guilty", 5, "index_refresh", **{"from": "i-1", "to": "i-2"})
    w.change("taken-back", 5.1, "prompt_edit", **{"from": "v1", "to": "v2"})
    w.change("revert", 7.5, "prompt_edit", **{"from": "v2", "to": "v1", "reverts": "taken-back"})
    w.share("answer_correct", w.base - 0.2 * bad, w.judge())
    w.control(w.judge())
    return w.files


def judged(seed: int = 14) -> Files:
    """Guilty: a new judge from day 7, harder on all that it scores. Innocent: a prompt edit at that very moment."""
    w = World(seed)
    new = w.day > 7
    judge = np.where(new, "j-2", "j-1")
    w.stamp("gen_ai.prompt.version", "v1", "v2", new)
    w.change("guilty", 7, "judge_change", **{"from": "j-1", "to": "j-2"})
    w.change("app", 7, "prompt_edit", **{"from": "v1", "to": "v2"})
    w.share("answer_correct", w.base - 0.2 * new, judge)
    w.control(judge, 0.2 * new)
    w.share("task_resolved", w.base)
    return w.files


def traffic(seed: int = 15, day: float = 6, per_day: int = 280) -> Files:
    """Guilty: the weak tenant's share of the traffic goes from a tenth to more than half on one day."""
    w = World(seed, per_day=per_day)
    late = w.day > day
    w.tenant = np.where(
        w.rng.random(len(w.day)) < np.where(late, 0.6, 0.1), "crux", w.rng.choice(["acme", "bolt"], len(w.day))
    )
    w.files.requests["tenant.id"] = w.tenant
    w.base = np.where(w.tenant == "crux", 0.45, 0.9)
    w.stamp("gen_ai.prompt.version", "v1", "v2", late)
    w.change("guilty", day, "traffic_shift")
    w.change("app", day, "prompt_edit", **{"from": "v1", "to": "v2"})
    w.share("answer_correct", w.base, w.judge())
    return w.files


def lost(seed: int = 16) -> Files:
    """Guilty: a sampling policy that from day 7 drops two thirds of the good answers and keeps the bad ones."""
    w = World(seed, per_day=500)
    w.stamp("gen_ai.prompt.version", "v1", "v2", w.day > 9)
    w.change("guilty", 7, "sampling_policy")
    w.change("app", 9, "prompt_edit", **{"from": "v1", "to": "v2"})
    w.share("answer_correct", w.base, w.judge())
    good = w.files.scores["answer_correct"][0] == 1
    w.files.keep(~((w.day > 7) & good & (w.rng.random(len(w.day)) < 0.67)))
    return w.files


def tied(seed: int = 17) -> Files:
    """A prompt edit and an index refresh in the same minute, everywhere: nothing tells them apart."""
    w = World(seed)
    has = w.day > 6
    w.stamp("gen_ai.prompt.version", "v1", "v2", has)
    w.stamp("app.index.version", "i-1", "i-2", has)
    w.change("one", 6, "prompt_edit", **{"from": "v1", "to": "v2"})
    w.change("two", 6, "index_refresh", **{"from": "i-1", "to": "i-2"})
    w.share("answer_correct", w.base - 0.2 * has, w.judge())
    w.control(w.judge())
    return w.files


def coincidence(seed: int = 18, kind: str = "corpus_change") -> Files:
    """A change on record at the very onset that no trace carries and that reached everybody."""
    w = World(seed)
    w.change("beside", 6, kind)
    w.share("answer_correct", w.base - 0.2 * (w.day > 6), w.judge())
    w.control(w.judge())
    return w.files


def served_model(seed: int = 19, *, seen: bool = True) -> Files:
    """Guilty: the provider serves another model in the EU from day 6; with ``seen`` the traces say so.

    Innocent: a route that had nine tenths of the traffic while all was well, and a fifth when it was not.
    """
    w = World(seed)
    has = (w.region == "eu") & (w.day > 6)
    w.files.requests["gen_ai.request.model"] = np.full(len(w.day), "m")
    if seen:
        w.stamp("gen_ai.response.model", "m-2026-01", "m-2026-02", has)
    w.change("guilty", 6, "provider_update", **{"from": "m-2026-01", "to": "m-2026-02"})
    route = w.rng.random(len(w.day)) < np.select([w.day > 6.5, w.day > 3], [0.2, 0.9], 0.0)
    w.stamp("app.route", "r-1", "r-2", route)
    w.change("ebbing", 3, "router_config", **{"from": "r-1", "to": "r-2"})
    w.share("answer_correct", w.base - 0.2 * has, w.judge())
    w.control(w.judge())
    return w.files


def quiet(seed: int = 20) -> Files:
    """Nothing moves, though two changes were made."""
    w = World(seed)
    w.stamp("gen_ai.prompt.version", "v1", "v2", w.day > 6)
    w.change("edit", 6, "prompt_edit", **{"from": "v1", "to": "v2"})
    w.change("beside", 8, "corpus_change")
    w.share("answer_correct", w.base, w.judge())
    w.control(w.judge())
    return w.files


def improved(seed: int = 21) -> Files:
    """A prompt edit, first in the EU, makes answers better."""
    w = World(seed)
    has = ((w.region == "eu") & (w.day > 6)) | (w.day > 8)
    w.stamp("gen_ai.prompt.version", "v1", "v2", has)
    w.change("edit", 6, "prompt_edit", **{"from": "v1", "to": "v2"})
    w.share("answer_correct", w.base - 0.25 + 0.2 * has, w.judge())
    w.control(w.judge())
    return w.files


def continuous(seed: int = 22, *, scale: float = 1.0, offset: float = 0.0) -> Files:
    """A score around 70 with a spread of 12 falls by 6 in the EU from day 6, in a unit of choice."""
    w = World(seed)
    has = (w.region == "eu") & (w.day > 6)
    w.stamp("gen_ai.prompt.version", "v1", "v2", has)
    w.stamp("app.index.version", "i-1", "i-2", (w.region == "us") & (w.day > 6))
    w.change("guilty", 6, "prompt_edit", **{"from": "v1", "to": "v2"})
    w.change("elsewhere", 6, "index_refresh", **{"from": "i-1", "to": "i-2"})
    value = np.round(w.rng.normal(60 + 10 * w.base - 6 * has, 12), 2)
    w.files.scores["answer_quality"] = (value * scale + offset, None)
    w.files.manifest["signals"] = {"answer_quality": {"better": "higher"}}
    return w.files


def bare(seed: int = 23) -> Files:
    """Too little to tell: no segment, control or replay, an early onset, and a change that reached all at once."""
    w = World(seed, days=10)
    del w.files.requests["tenant.id"], w.files.requests["cloud.region"]
    w.files.manifest["segments"] = []
    has = w.day > 2.5
    w.stamp("gen_ai.prompt.version", "v1", "v2", has)
    w.change("only", 2.5, "prompt_edit", **{"from": "v1", "to": "v2"})
    w.change("before", -3, "corpus_change")
    w.share("answer_correct", 0.85 - 0.2 * has, w.judge())
    return w.files


def sparse(seed: int = 24) -> Files:
    """Too few requests to see whether records were lost: thirty a day, and days that differ by more than any loss."""
    w = World(seed, per_day=90)
    busy = w.rng.choice([0.15, 0.3, 0.6, 1.0], DAYS + 1)
    has = w.day > 6
    w.stamp("gen_ai.prompt.version", "v1", "v2", has)
    w.change("edit", 6, "prompt_edit", **{"from": "v1", "to": "v2"})
    w.share("answer_correct", 0.95 - 0.55 * has, w.judge())
    w.files.keep(w.rng.random(len(w.day)) < busy[w.day.astype(int)])
    return w.files


def bystanders(seed: int = 26) -> Files:
    """Guilty: a prompt edit in the EU from day 6. Innocent: deploys on four other dates, and nobody's fault either."""
    w = World(seed)
    has = (w.region == "eu") & (w.day > 6)
    w.stamp("gen_ai.prompt.version", "v1", "v2", has)
    w.change("guilty", 6, "prompt_edit", **{"from": "v1", "to": "v2"})
    for number, day in enumerate((2.2, 3.7, 8.3, 10.1)):
        w.change(f"deploy-{number}", day, "deploy")
    w.share("answer_correct", w.base - 0.2 * has, w.judge())
    w.control(w.judge())
    return w.files


def doubled(seed: int = 27) -> Files:
    """Guilty: a prompt edit in the EU from day 6. At that moment half as many requests again begin to be recorded."""
    w = World(seed)
    late = w.day > 6
    has = (w.region == "eu") & late
    w.stamp("gen_ai.prompt.version", "v1", "v2", has)
    w.change("guilty", 6, "prompt_edit", **{"from": "v1", "to": "v2"})
    w.share("answer_correct", w.base - 0.2 * has, w.judge())
    w.files.keep(late | (w.rng.random(len(w.day)) < 0.5))
    return w.files


def both(seed: int = 28) -> Files:
    """Two guilty at once: a prompt edit in the EU from day 6, and a tool schema in the US from day 6.5."""
    w = World(seed)
    first, second = (w.region == "eu") & (w.day > 6), (w.region == "us") & (w.day > 6.5)
    w.stamp("gen_ai.prompt.version", "v1", "v2", first)
    w.stamp("app.tools.schema", "t-1", "t-2", second)
    w.change("first", 6, "prompt_edit", **{"from": "v1", "to": "v2"})
    w.change("second", 6.5, "tool_schema", **{"from": "t-1", "to": "t-2"})
    w.share("answer_correct", w.base - 0.3 * first - 0.25 * second, w.judge())
    w.control(w.judge())
    return w.files


def two_faults(
    seed: int = 40, *, apart: float = 24.0, how: str = "random", losses: tuple[float, float] = (0.25, 0.25)
) -> Files:
    """Two guilty, ``apart`` hours from one another: on halves of the traffic that overlap by chance, or each in a region of its own."""
    w = World(seed)
    day, other = 5.0, 5.0 + apart / 24
    if how == "random":
        first, second = (w.rng.random(len(w.day)) < 0.5, w.rng.random(len(w.day)) < 0.5)
    else:
        first, second = w.region == "eu", w.region == "us"
    first, second = first & (w.day > day), second & (w.day > other)
    w.stamp("gen_ai.prompt.version", "v1", "v2", first)
    w.stamp("app.tools.schema", "t-1", "t-2", second)
    w.stamp("app.index.version", "i-1", "i-2", w.day > 9.5)
    w.change("first", day, "prompt_edit", **{"from": "v1", "to": "v2"})
    w.change("second", other, "tool_schema", **{"from": "t-1", "to": "t-2"})
    w.change("later", 9.5, "index_refresh", **{"from": "i-1", "to": "i-2"})
    w.share("answer_correct", w.base - losses[0] * first - losses[1] * second, w.judge())
    w.control(w.judge())
    return w.files


def amplified(seed: int = 41, loss: float = 0.3) -> Files:
    """Guilty between them: a prompt edit on half of the traffic from day 3, harmless until a tool schema meets it on day 6."""
    w = World(seed)
    base, amplifier = (w.rng.random(len(w.day)) < 0.5) & (w.day > 3), (w.rng.random(len(w.day)) < 0.6) & (w.day > 6)
    w.stamp("gen_ai.prompt.version", "v1", "v2", base)
    w.stamp("app.tools.schema", "t-1", "t-2", amplifier)
    w.change("base", 3, "prompt_edit", **{"from": "v1", "to": "v2"})
    w.change("amplifier", 6, "tool_schema", **{"from": "t-1", "to": "t-2"})
    w.share("answer_correct", w.base - loss * (base & amplifier), w.judge())
    w.control(w.judge())
    return w.files


def masked(seed: int = 42, good: float = 0.2) -> Files:
    """Guilty: a prompt edit on most of the traffic from day 6; a tool schema that makes the US better hides a part of it."""
    w = World(seed)
    harm, better = (w.rng.random(len(w.day)) < 0.6) & (w.day > 6), (w.region == "us") & (w.day > 6)
    w.stamp("gen_ai.prompt.version", "v1", "v2", harm)
    w.stamp("app.tools.schema", "t-1", "t-2", better)
    w.change("harm", 6, "prompt_edit", **{"from": "v1", "to": "v2"})
    w.change("good", 6, "tool_schema", **{"from": "t-1", "to": "t-2"})
    w.share("answer_correct", w.base - 0.2 - 0.35 * harm + good * better, w.judge())
    w.control(w.judge())
    return w.files


def opening(seed: int = 29) -> Files:
    """Too early to say: a fall on the second of six days, and a change from before the first."""
    w = World(seed, days=6)
    w.change("before", -3, "corpus_change")
    w.share("answer_correct", w.base - 0.4 * (w.day > 1), w.judge())
    return w.files


def vague(seed: int = 30) -> Files:
    """A change on record at about the onset, give or take six of the twelve days."""
    w = World(seed)
    w.change("sometime", 6, "corpus_change", uncertainty="P6D")
    w.share("answer_correct", w.base - 0.2 * (w.day > 6), w.judge())
    return w.files


def chained(seed: int, broken: str, *, where: str = "", harmless: bool = False) -> Files:
    """A chain of search, call of a model and tool; everywhere from day 6 one stage puts out worse, and answers are bad for it.

    ``broken`` is ``tools`` or ``retrieval``. Guilty is a change of it, innocent an edit of the prompt in the same minute; with
    ``where = "everywhere"`` no stage puts out worse, and all answers are bad alike; with ``harmless`` the stage puts out worse
    and answers get shorter, and they are bad for another reason.
    """
    w = World(seed)
    n, late = len(w.day), w.day > 6
    searches, calls = w.rng.random(n) < 0.6, w.rng.random(n) < 0.45
    often = np.where(late & (where != "everywhere"), 0.4, 0.03)
    empty = searches & (w.rng.random(n) < (often if broken == "retrieval" else 0.03))
    failed = calls & (w.rng.random(n) < (often if broken == "tools" else 0.03))
    found = np.where(empty, "[]", '[{"id":"d1","score":0.8},{"id":"d2","score":0.6}]')
    w.span("retrieval", searches, 0.01, **{"gen_ai.retrieval.documents": found})
    length = np.round(150 * np.exp(w.rng.normal(0, 0.4, n)) * np.where(late & harmless, 0.6, 1.0)).astype(int)
    chat = {"gen_ai.response.finish_reasons": np.full(n, "stop"), "gen_ai.usage.output_tokens": length.astype(str)}
    w.span("chat", np.ones(n, dtype=bool), 0.02, **chat)
    w.span("execute_tool", calls, 0.03, status=np.where(failed, "error", "ok"))
    kind, attribute = {
        "tools": ("tool_schema", "app.tools.schema"), "retrieval": ("index_refresh", "app.index.version"),
    }[broken]  # fmt: skip
    w.stamp(attribute, "a-1", "a-2", late)
    w.stamp("gen_ai.prompt.version", "v1", "v2", late)
    w.change("guilty", 6, kind, **{"from": "a-1", "to": "a-2"})
    w.change("edit", 6, "prompt_edit", **{"from": "v1", "to": "v2"})
    bad = np.zeros(n) if harmless else 0.65 * (failed | empty)
    w.share("answer_correct", w.base - bad - 0.2 * (late & (harmless or where == "everywhere")), w.judge())
    w.control(w.judge())
    return w.files


def plain_drop(seed: int, day: float) -> Files:
    """Everything falls by 0.2 on one day: no segments, no versions, one change on record."""
    w = World(seed)
    del w.files.requests["tenant.id"], w.files.requests["cloud.region"]
    w.files.manifest["segments"] = []
    w.change("beside", day, "corpus_change")
    w.share("answer_correct", 0.85 - 0.2 * (w.day > day), w.judge())
    return w.files


def asked_again(seed: int = 31, *, words: bool = True, seldom: bool = False) -> Files:
    """Forty questions that come again and again. Guilty: a prompt edit on half of all requests from day 6 on.

    Innocent: a route that the other half takes from that moment on, and a deploy that reached everybody then.
    """
    w = World(seed)
    late, half = w.day > 6, w.rng.random(len(w.day)) < 0.5
    question = w.rng.integers(0, 40, len(w.day))
    w.base = np.clip(w.base - 0.2 + w.rng.uniform(-0.15, 0.15, 40)[question], 0, 1)
    w.files.requests["question"] = np.array([f"Where is my order number {number}?" for number in question])
    w.files.requests["answer"] = np.array([f"It is on its way, said {n} times." for n in range(len(w.day))])
    if seldom:  # each question its own, but for six of them
        others = np.array([f"What is it about {n}?" for n in range(len(w.day))])
        w.files.requests["question"] = np.where(question < 6, w.files.requests["question"], others)
    if not words:
        del w.files.requests["question"]
    w.stamp("gen_ai.prompt.version", "v1", "v2", late & half)
    w.stamp("app.route", "r-1", "r-2", late & ~half)
    w.change("guilty", 6, "prompt_edit", **{"from": "v1", "to": "v2"})
    w.change("other", 6, "router_config", **{"from": "r-1", "to": "r-2"})
    w.change("everybody", 6, "corpus_change")
    w.share("answer_correct", w.base - 0.25 * (late & half), w.judge())
    w.control(w.judge())
    return w.files


def scoped(seed: int = 32) -> Files:
    """Guilty: a corpus change in the EU from day 6 on that no trace carries. Innocent: one in the US at that moment."""
    w = World(seed)
    w.change("guilty", 6, "corpus_change", scope={"cloud.region": "eu"})
    w.change("elsewhere", 6, "corpus_change", scope={"cloud.region": "us"})
    w.change("nowhere", 6, "corpus_change", scope={"cloud.region": "ap"})
    w.share("answer_correct", w.base - 0.2 * ((w.region == "eu") & (w.day > 6)), w.judge())
    w.control(w.judge())
    return w.files


def everywhere(seed: int = 33) -> Files:
    """Everything falls on day 6, and a change on record then that reached the EU alone."""
    w = World(seed)
    w.change("confined", 6, "corpus_change", scope={"cloud.region": "eu"})
    w.share("answer_correct", w.base - 0.2 * (w.day > 6), w.judge())
    w.control(w.judge())
    return w.files


def bypassed(seed: int = 34) -> Files:
    """Guilty: an index refresh from day 6 on. Half of the requests look nothing up, and stay as good; no control is on record."""
    w = World(seed)
    looks, late = w.rng.random(len(w.day)) < 0.5, w.day > 6
    w.files.requests["app.index.version"] = np.where(looks, np.where(late, "i-2", "i-1"), None)
    w.change("guilty", 6, "index_refresh", **{"from": "i-1", "to": "i-2"})
    w.share("answer_correct", w.base - 0.25 * (looks & late), w.judge())
    return w.files


def few_controls(seed: int = 37) -> Files:
    """A prompt edit that reached everybody, a fall of 0.12, and a control that one request in forty was scored on."""
    w = World(seed)
    has = w.day > 6
    w.stamp("gen_ai.prompt.version", "v1", "v2", has)
    w.change("edit", 6, "prompt_edit", **{"from": "v1", "to": "v2"})
    w.share("answer_correct", w.base - 0.12 * has, w.judge())
    w.control(w.judge())
    w.share("format_valid", np.full(len(w.day), 0.6), w.judge())
    values, judge = w.files.scores["format_valid"]
    w.files.scores["format_valid"] = (np.where(w.rng.random(len(w.day)) < 1 / 40, values, np.nan), judge)
    return w.files


def cached(seed: int = 35, *, hours: float = 16.0) -> Files:
    """Guilty: a prompt edit from day 5 on that acts only when a cache has run out."""
    w = World(seed, per_day=500)
    w.stamp("gen_ai.prompt.version", "v1", "v2", w.day > 5)
    w.change("guilty", 5, "prompt_edit", **{"from": "v1", "to": "v2"})
    w.share("answer_correct", w.base - 0.3 * (w.day > 5 + hours / 24), w.judge())
    w.control(w.judge())
    return w.files


def sticky(seed: int = 36, *, spread: float = 0.25, effect: float = 0.0) -> Files:
    """Thirty users, good and bad ones. A prompt edit reaches a third of them from day 6 on; from then on all fare worse."""
    w = World(seed, per_day=300)
    user = w.rng.integers(0, 30, len(w.day))
    good, chosen = w.rng.normal(0, spread, 30), w.rng.permutation(30) < 10
    good[chosen] -= good[chosen].mean() + 0.1
    w.files.requests["user.id"] = np.array([f"u{number}" for number in user])
    has = (w.day > 6) & chosen[user]
    w.stamp("gen_ai.prompt.version", "v1", "v2", has)
    w.change("edit", 6, "prompt_edit", **{"from": "v1", "to": "v2"})
    w.change("beside", 6, "corpus_change")
    w.share("answer_correct", w.base - 0.15 + good[user] - 0.15 * (w.day > 6) + effect * has, w.judge())
    w.control(w.judge())
    return w.files


DESK_DAYS = 9


@dataclass
class Desk:
    """A few requests of one desk and what judges said of them, as JSON lines."""

    seed: int
    per_day: int = 70
    changes: list[dict[str, Any]] = field(default_factory=list)
    scores: list[dict[str, Any]] = field(default_factory=list)
    controls: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.rng = np.random.default_rng(self.seed)
        n = DESK_DAYS * self.per_day
        self.day = np.sort(self.rng.uniform(0, DESK_DAYS, n))
        self.region = np.where(self.rng.random(n) < 0.5, "eu", "us")
        self.prompt = np.full(n, "v1")
        self.good = self.rng.normal(0.8, 0.06, n)
        """What each answer is worth."""
        self.words: dict[int, str] = {}
        """Requests whose words are known: an anchor's question and answer."""

    def change(self, id: str, day: float, kind: str, **more: Any) -> None:  # noqa: A002  the contract's word
        self.changes.append({"id": id, "at": self.when(day), "kind": kind, **more})

    @staticmethod
    def when(day: float) -> str:
        return (START + timedelta(days=float(day))).isoformat()

    def score(
        self,
        chosen: np.ndarray,
        judge: np.ndarray | str,
        moved: np.ndarray | float = 0.0,
        *,
        at: np.ndarray | None = None,
        **more: Any,
    ) -> None:
        """Score answers: their worth, the judge's noise, and what the judge adds."""
        judges, adds = np.broadcast_to(judge, self.day.shape), np.broadcast_to(moved, self.day.shape)
        for n in np.flatnonzero(chosen):
            value = self.good[n] + adds[n] + self.rng.normal(0, 0.05)
            when = self.day[n] + 0.01 if at is None else at[n]
            row = {
                "trace_id": f"t{n:05d}",
                "name": "answer_quality",
                "value": round(float(np.clip(value, 0, 1)), 3),
                "at": self.when(when),
            }
            self.scores.append(
                row
                | ({"judge": str(judges[n])} if judges[n] else {})
                | {k: str(np.broadcast_to(v, self.day.shape)[n]) for k, v in more.items()}
            )

    def anchors(self, items: int, every: float = 1.0) -> np.ndarray:
        """Some requests become frozen ones: the same question and answer, once in so many days."""
        free = np.arange(len(self.day))
        chosen = np.zeros(len(self.day), dtype=bool)
        for number in range(items):
            worth = self.rng.normal(0.8, 0.06)
            for day in np.arange(0.3 + 0.01 * number, DESK_DAYS, every):
                n = free[np.argmin(np.where(chosen, np.inf, np.abs(self.day - day)))]
                chosen[n], self.good[n], self.words[int(n)] = True, worth, f"{number}"
        return chosen

    def write(self, folder: Path, *, shuffle: int | None = None) -> Path:
        del shuffle
        folder.mkdir()
        rows = []
        for n, day in enumerate(self.day):
            row = {
                "trace_id": f"t{n:05d}",
                "at": self.when(day),
                "cloud.region": str(self.region[n]),
                "gen_ai.prompt.version": str(self.prompt[n]),
            }
            if self.words:
                word = self.words.get(n, f"its own {n}")
                row |= {"question": f"Where is  order {word}?", "answer": f"Order {word} is on its way."}
            rows.append(row)
        (folder / "requests.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        (folder / "scores.jsonl").write_text("".join(json.dumps(row) + "\n" for row in self.scores))
        if self.changes:
            (folder / "changes.yaml").write_text(yaml.safe_dump(self.changes))
        said = {"service": "desk", "segments": ["cloud.region"], "signals": {"answer_quality": {"better": "higher"}}}
        (folder / "incident.yaml").write_text(
            yaml.safe_dump(said | ({"controls": self.controls} if self.controls else {}))
        )
        return folder


def new_judge(
    seed: int,
    *,
    ruler: float,
    app: float,
    pairs: int,
    day: float = 6.0,
    app_day: float | None = None,
    region: str | None = None,
) -> Desk:
    """A new judge from one day on that scores ``ruler`` more, and answers worth ``app`` more with a new prompt."""
    desk = Desk(seed)
    late = desk.day > day
    edited = desk.day > (day if app_day is None else app_day)
    if region:
        edited &= desk.region == region
    desk.prompt = np.where(edited, "v2", "v1")
    desk.good = desk.good + app * edited
    desk.change("edit", day if app_day is None else app_day, "prompt_edit", **{"from": "v1", "to": "v2"})
    desk.change("judge", day, "judge_change", **{"from": "j-1", "to": "j-2"})
    desk.score(np.ones(len(late), dtype=bool), np.where(late, "j-2", "j-1"), ruler * late)
    again = np.zeros(len(late), dtype=bool)
    again[desk.rng.choice(np.flatnonzero(~late), pairs, replace=False)] = True
    desk.score(again, "j-2", ruler, at=np.full(len(late), day + 1))
    return desk


def silent(seed: int, *, ruler: float, app: float, anchors: int = 0, again: int = 0, day: float = 6.0) -> Desk:
    """One judge all along that drifts, or answers that got worse; and what could tell the two apart."""
    desk = Desk(seed)
    frozen = desk.anchors(anchors, 1.5)
    late = desk.day > day
    desk.good = desk.good + app * (late & ~frozen)
    desk.change("elsewhere", day, "corpus_change")
    desk.score(np.ones(len(late), dtype=bool), "j-1", ruler * late)
    old = np.zeros(len(late), dtype=bool)
    old[desk.rng.choice(np.flatnonzero(~late), again, replace=False)] = True
    desk.score(old, "j-1", ruler, at=np.full(len(late), day + 2))
    return desk


def rubric(seed: int) -> Desk:
    """The same judge all along, with a harder rubric from one day on that nobody declared, and some old answers scored with it."""
    desk = Desk(seed)
    late = desk.day > 5
    everything = np.ones(len(late), dtype=bool)
    desk.score(everything, "j-1", -0.1 * late, rubric=np.where(late, "r2", "r1"))
    again = np.zeros(len(late), dtype=bool)
    again[desk.rng.choice(np.flatnonzero(~late), 30, replace=False)] = True
    desk.score(again, "j-1", -0.1, at=np.full(len(late), 8.0), rubric="r2")
    return desk


def unrecorded(
    seed: int = 71, *, moved: float = 0.25, more: float = 0.0, edit: bool = False, per_day: int = 280
) -> Files:
    """Quality falls on day 6 and no identity moves then; ``moved`` is how much longer and quicker answers get with it.

    ``more`` is how much longer questions get; with ``edit`` a prompt edit is stamped and on record at that moment.
    """
    w = World(seed, per_day=per_day)
    late = w.day > 6
    w.stamp("service.version", "1.0", "1.1", w.day > 2.5)
    w.change("early", 2.5, "deploy", **{"from": "1.0", "to": "1.1"})
    if edit:
        w.stamp("gen_ai.prompt.version", "v1", "v2", late)
        w.change("edit", 6, "prompt_edit", **{"from": "v1", "to": "v2"})
    w.behave(longer=moved * late, slower=-moved * late, asked=more * late)
    w.share("answer_correct", w.base - 0.2 * late, w.judge())
    w.control(w.judge())
    return w.files


def aged(seed: int = 81, *, kept_up: bool = False) -> Files:
    """An index renewed every day, declared, until day 4: from then on answers over documents get worse by the day.

    With ``kept_up`` the index is renewed to the end, and all answers get worse, over documents or not. A prompt edit falls on day 6.
    """
    w = World(seed, per_day=500)
    reaches = w.rng.random(len(w.day)) < 0.6
    number = np.floor(w.day if kept_up else np.minimum(w.day, 4.5)).astype(int)
    last = int(number.max())
    w.files.requests["app.index.version"] = np.where(reaches, np.array([f"i-{k}" for k in range(last + 1)])[number], "")
    for k in range(1, last + 1):
        w.change(f"r-{k}", k, "index_refresh", **{"from": f"i-{k - 1}", "to": f"i-{k}"})
    w.stamp("gen_ai.prompt.version", "v1", "v2", w.day > 6)
    w.change("edit", 6, "prompt_edit", **{"from": "v1", "to": "v2"})
    w.share("answer_correct", w.base - 0.06 * np.maximum(w.day - 5, 0) * (reaches | kept_up), w.judge())
    w.control(w.judge())
    return w.files


def choosy(seed: int = 91, *, hard: float = 1.0, loss: float = 0.0, share: float = 0.3, growth: float = 0.0) -> Files:
    """Guilty: an eval that from day 6 on scores hard requests first (``hard``), or the prompt edit of that hour (``loss``).

    Three requests in ten are scored. Hard are the weak tenant's and those of users for whom answers come out badly; with
    ``growth`` that tenant sends more requests from then on.
    """
    w = World(seed, per_day=700)
    late = w.day > 6
    w.tenant = np.where(late & (w.rng.random(len(w.day)) < growth), "crux", w.tenant)
    user = w.rng.integers(0, 300, len(w.day))
    w.files.requests |= {"tenant.id": w.tenant, "user.id": np.array([f"u{number}" for number in user])}
    liked = np.random.default_rng(seed).normal(0, 0.25, 300)[user]
    w.base = np.clip(np.select([w.tenant == "acme", w.tenant == "bolt"], [0.85, 0.7], 0.4) + liked, 0.03, 0.97)
    w.stamp("gen_ai.prompt.version", "v1", "v2", late)
    w.change("suite", 6, "eval_suite_change")
    w.change("edit", 6.02, "prompt_edit", **{"from": "v1", "to": "v2"})
    w.share("answer_correct", w.base - loss * late, w.judge())
    odds = np.where(late, np.exp(-5 * hard * (w.base - w.base.mean())), 1.0)
    values, judge = w.files.scores["answer_correct"]
    w.files.scores["answer_correct"] = (
        np.where(w.rng.random(len(odds)) < share * odds / (1 - share + share * odds), values, np.nan),
        judge,
    )
    return w.files


STORIES: dict[str, Callable[[], Files | Desk]] = {
    "staged": staged,
    "rolled_back": rolled_back,
    "outlived": outlived,
    "judged": judged,
    "traffic": traffic,
    "lost": lost,
    "tied": tied,
    "coincidence": coincidence,
    "model coincidence": lambda: coincidence(25, "provider_update"),
    "model seen": served_model,
    "model unseen": lambda: served_model(seen=False),
    "quiet": quiet,
    "improved": improved,
    "continuous": continuous,
    "continuous x1000": lambda: continuous(scale=1000.0),
    "continuous /1000": lambda: continuous(scale=0.001),
    "continuous /100000": lambda: continuous(scale=0.00001),
    "continuous +500": lambda: continuous(offset=500.0),
    "bare": bare,
    "sparse": sparse,
    "bystanders": bystanders,
    "doubled": doubled,
    "both": both,
    "two faults": two_faults,
    "two regions": lambda: two_faults(apart=48, how="regions"),
    "amplified": amplified,
    "masked": masked,
    "asked again": asked_again,
    "asked seldom": lambda: asked_again(seldom=True),
    "control seldom scored": few_controls,
    "asked in no words": lambda: asked_again(words=False),
    "scoped": scoped,
    "everywhere": everywhere,
    "bypassed": bypassed,
    "cached": cached,
    "sticky": sticky,
    "opening": opening,
    "vague": vague,
    "tools fail": lambda: chained(41, "tools"),
    "nothing found": lambda: chained(42, "retrieval"),
    "all fall": lambda: chained(43, "tools", where="everywhere"),
    "beside": lambda: chained(44, "retrieval", harmless=True),
    "cleared judge": lambda: new_judge(9, ruler=0, app=-0.15, pairs=60),
    "rescored": lambda: new_judge(1, ruler=-0.1, app=0, pairs=40),
    "anchors": lambda: silent(1, ruler=-0.1, app=0, anchors=20),
    "anchors stayed": lambda: silent(3, ruler=0, app=-0.15, anchors=20),
    "few pairs": lambda: new_judge(1, ruler=-0.1, app=0, pairs=4),
    "innocent judge": lambda: new_judge(1, ruler=0, app=-0.2, pairs=250, region="eu"),
    "hidden fall": lambda: new_judge(1, ruler=0.1, app=-0.1, pairs=40, region="eu"),
    "ruler and app": lambda: new_judge(1, ruler=-0.1, app=-0.1, pairs=40, region="eu"),
    "ruler, then app": lambda: new_judge(1, ruler=-0.1, app=-0.1, pairs=40, day=2.5, app_day=6.5, region="eu"),
    "rubric": lambda: rubric(1),
    "choosy": choosy,
    "sampled": lambda: choosy(92, hard=0.0, loss=0.2),
    "sampled, grown": lambda: choosy(93, hard=0.0, growth=0.4),
    "aged": aged,
    "kept up": lambda: aged(kept_up=True),
    "unrecorded": unrecorded,
    "unrecorded, alike": lambda: unrecorded(moved=0.0),
    "recorded edit": lambda: unrecorded(edit=True),
}


@dataclass
class Told:
    """One story, investigated, with the hearings that the ledger was written from."""

    name: str
    case: Case
    seed: int = 0

    @cached_property
    def hearings(self) -> dict[str, Hearing]:
        """Shift id -> hearing."""
        return self._asked[1]

    @cached_property
    def found(self) -> Investigation:
        """The contract's object."""
        return self._asked[0]

    @cached_property
    def _asked(self) -> tuple[Investigation, dict[str, Hearing]]:
        heard: dict[str, Hearing] = {}
        real = hearings.judge

        def listening(hearing: Hearing, *args: Any, **named: Any) -> Any:
            heard[hearing.shift.id] = hearing
            return real(hearing, *args, **named)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(hearings, "judge", listening)
            return self.case.blame(seed=self.seed), heard

    @property
    def main(self) -> Shift:
        """The first shift for the worse."""
        worse = [shift for shift in self.found.shifts if shift.direction == "worse"]
        assert worse, f"{self.name}: no shift for the worse was found"
        return worse[0]

    @property
    def hearing(self) -> Hearing:
        """The hearing of the main shift."""
        return self.hearings[self.main.id]

    @property
    def ledger(self) -> dict[str, LedgerLine]:
        """The ledger of the main shift by candidate."""
        return {line.candidate: line for line in self.found.ledger if line.shift == self.main.id}

    def candidate(self, name: str) -> Candidate:
        """One bidder."""
        return next(one for one in self.hearing.candidates if one.id == name)

    def answer(self, check: str, candidate: str) -> Evidence:
        """What a check said of a candidate in the ledger."""
        found = {one.check: one for one in self.ledger[candidate].evidence}
        assert check in found, f"{self.name}: {check} was not asked of {candidate}"
        return found[check]

    def ask(self, check: Check, candidate: str, *, seed: int = 0) -> Evidence:
        """Put a check's question again, to a check that need not be registered."""
        return weigh(check, self.case.store, self.hearing, self.candidate(candidate), seed=seed)


@pytest.fixture(scope="session")
def investigate(tmp_path_factory: pytest.TempPathFactory, empty_case_file: Path) -> Iterator[Callable[..., Told]]:
    """Write files, load them into a new case file (a copy of an empty one), and investigate."""
    opened: list[Case] = []

    def run(files: Files | Desk, name: str = "", *, shuffle: int | None = None, seed: int = 0) -> Told:
        root = tmp_path_factory.mktemp("case")
        shutil.copyfile(empty_case_file, root / "incident.duckdb")
        case = blameline.open(root / "incident.duckdb")
        opened.append(case)
        loaded = case.load(files.write(root / "case", shuffle=shuffle))
        assert not loaded.problems, loaded.problems
        return Told(name, case, seed)

    yield run
    for case in opened:
        case.close()


@pytest.fixture(scope="session")
def story(investigate: Callable[..., Told]) -> Callable[[str], Told]:
    """One of ``STORIES``, investigated once a session."""
    known: dict[str, Told] = {}

    def tell(name: str) -> Told:
        if name not in known:
            known[name] = investigate(STORIES[name](), name)
        return known[name]

    return tell


@pytest.fixture(scope="session")
def files_of() -> Callable[[str], Files | Desk]:
    """The files of one of ``STORIES``, to be changed before they are investigated."""
    return lambda name: STORIES[name]()


@pytest.fixture(scope="session")
def build() -> SimpleNamespace:
    """Stories that can be had with other numbers."""
    return SimpleNamespace(traffic=traffic, quiet=quiet, plain_drop=plain_drop, world=World, unrecorded=unrecorded)


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> Iterator[None]:
    """As ``Case`` does it: on small matrices more threads cost time and change the last bits."""
    with threadpool_limits(limits=1):
        yield
