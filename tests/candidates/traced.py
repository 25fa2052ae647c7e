"""A case file made of requests that a test writes down: the few statements that the states of changes ask, answered from a list."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from blameline.candidates import change_states, list_candidates, versions_seen
from blameline.cells import Clock
from blameline.records import LAYER_OF_KIND, Change, ChangeState, Manifest

START = datetime(2026, 3, 2, tzinfo=UTC)
DAYS = 12
CLOCK = Clock(START, START + timedelta(days=DAYS), 3600, 5000)
PROMPT = "prompt:gen_ai.prompt.version"
INDEX = "retrieval:app.index.version"
JUDGE = "judge:gen_ai.evaluation.evaluator.version"


def day(number: float) -> datetime:
    return START + timedelta(days=number)


@dataclass(frozen=True)
class Request:
    """One request: when (days), what it carries, where it comes from, and the judge of each of its scores."""

    at: float
    versions: dict[str, str]
    segment: dict[str, str] = field(default_factory=dict)
    judges: dict[str, str] = field(default_factory=dict)


class Traced:
    """Answers what ``change_states`` asks of a store."""

    def __init__(self, requests: Sequence[Request], crowded: dict[str, tuple[int, int]] | None = None) -> None:
        self.requests = sorted(requests, key=lambda one: one.at)
        self.crowded = crowded or {}
        self.versions = sorted({tuple(sorted(one.versions.items())) for one in self.requests})
        self.segments = sorted({tuple(sorted(one.segment.items())) for one in self.requests})
        self.judges = sorted({judge for one in self.requests for judge in one.judges.values()})

    def manifest(self) -> Manifest:
        return Manifest()

    def rows(self, name: str, **asked: Any) -> list[dict[str, Any]]:
        match name:
            case "candidates/first_seen":
                return self._first_seen()
            case "cells/version_sets":
                return [{"versions": dict(one)} for one in self.versions]
            case "cells/segment_sets":
                return [{"segment": dict(one)} for one in self.segments]
            case "cells/rulers":
                return [{"judge": judge, "versions": {JUDGE: judge}} for judge in self.judges]
            case "candidates/judged":
                return [{"signal": name} for name in sorted({name for one in self.requests for name in one.judges})]
            case "cells/roles":
                return [{"attribute": key.partition(":")[2]} for one in self.versions for key, _ in one]
            case "candidates/names":
                return [{"attribute": name} for name in self.crowded]
            case "candidates/crowded":
                return [
                    {"attribute": name, "distinct_values": values, "requests": n}
                    for name, (values, n) in self.crowded.items()
                    if name in asked["names"]
                ]
        raise AssertionError(name)

    def query(self, name: str, **asked: Any) -> dict[str, np.ndarray[Any, Any]]:
        rows = []
        for one in self.requests:
            began, place = round(one.at * 86400e6), self.segments.index(tuple(sorted(one.segment.items())))
            if name == "candidates/requests":
                rows.append((began, self.versions.index(tuple(sorted(one.versions.items()))), place))
            elif asked["signal"] in one.judges:
                rows.append((began, self.judges.index(one.judges[asked["signal"]]), place))
        columns = np.array(rows, dtype=np.int64).reshape(len(rows), 3).T
        return dict(zip(("began", "version_id", "segment_id"), columns, strict=True))

    def _first_seen(self) -> list[dict[str, Any]]:
        times: dict[tuple[str, str], list[float]] = defaultdict(list)
        for one in self.requests:
            for key, value in one.versions.items():
                times[(key, value)].append(one.at)
            for judge in one.judges.values():
                times[(JUDGE, judge)].append(one.at)
        found = [
            {"key": key, "value": value, "first_seen": day(min(at)), "last_seen": day(max(at)), "n": len(at)}
            for (key, value), at in times.items()
        ]
        return sorted(found, key=lambda row: (row["key"], row["first_seen"], row["value"]))


def change(name: str, at: float, kind: str = "prompt_edit", **more: Any) -> Change:
    said = {"id": name, "at": day(at), "kind": kind, "layer": LAYER_OF_KIND[kind], "source": "changes.yaml", **more}
    return Change.model_validate(said)


def steady(
    versions: Any, *, every: float = 0.02, until: float = DAYS, since: float = 0.001, **more: Any
) -> list[Request]:
    """A request each ``every`` days; ``versions`` are a mapping, or say it of a time."""
    times = np.arange(since, until, every).tolist()
    return [Request(at, versions(at) if callable(versions) else dict(versions), **more) for at in times]


def switched(at: float, old: str = "v1", new: str = "v2", key: str = PROMPT) -> Any:
    """One version until a time, and another since."""
    return lambda moment: {key: new if moment >= at else old}


def states(changes: Sequence[Change], store: Traced) -> tuple[ChangeState, ...]:
    candidates = list_candidates(changes, versions_seen(store, CLOCK), CLOCK)  # type: ignore[arg-type]
    return change_states(store, CLOCK, candidates)  # type: ignore[arg-type]


def only(changes: Sequence[Change], requests: Sequence[Request], **more: Any) -> ChangeState:
    (found,) = states(changes, Traced(requests, **more))
    return found
