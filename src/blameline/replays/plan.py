"""An experiment written out as JSON lines, one a run, for any runner: the case file and an experiment in, a plan out.

The first line is the experiment itself; every other one is a run of one request under one arm. What the records do not hold,
such as the text of the old prompt, is a hole that the runner must fill. What was really served is not called again: its answer
stands in the plan, but for the first requests, which show whether replays bring about what was served.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

from blameline.contracts import stated
from blameline.errors import NotFound
from blameline.records.experiments import Experiment, ReplayPlan
from blameline.replays.drawn import draw
from blameline.replays.recorded import PARAMETERS, Recorded, recorded
from blameline.replays.results import RECORDED
from blameline.store.leaving import cleansed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from blameline.records import Arm, Factor, Shift, Signal
    from blameline.store import Store

SCHEMA = "blameline.replay-plan/1"
AGAIN = 20
"""Requests whose served arm is called again as well, to see that replays bring about what was served."""
MODELS = frozenset({"model:gen_ai.request.model", "model:gen_ai.response.model"})
"""Attributes whose value an endpoint takes as the name of a model."""
MESSAGES = "messages"
LETTERS_A_TOKEN = 4
_MARKS = ("[secret]", "[card]", "[e-mail", "[redacted]")


def plan(
    store: Store, shift: Shift, experiment: Experiment, signal: Signal | None, *, fresh: bool = False, seed: int = 0
) -> ReplayPlan:
    """Draw the requests and write a line for each of their runs; with ``fresh`` also what was served is called again.

    Raises ``NotFound`` where no request carried all the versions that are to be swapped.
    """
    rows = _affected(store, experiment)
    if not rows:
        raise NotFound(
            "no scored request of the shift carries all the versions that are to be swapped",
            hint="name other factors, or load traces that carry them",
        )
    chosen = draw(rows, experiment.cases, seed=seed)
    known = _known(store, [row["trace_id"] for row in chosen])
    typical = _mean([row["input_tokens"] + row["output_tokens"] for row in rows if _counted(row)])
    runs, notes = _runs(store, experiment, chosen, known, typical, fresh=fresh)
    by_arm: dict[str, int | None] = {}
    for arm in experiment.arms:
        told = [run["tokens"] for run in runs if run["arm"] == arm.name and run["recorded"] is None]
        by_arm[arm.name] = None if None in told else sum(told)
    holes = Counter(f"{name}={version}" for run in runs for name, version in run["fill"].items())
    calls = sum(run["recorded"] is None for run in runs)
    totals = [value for value in by_arm.values() if value is not None]
    written = ReplayPlan(
        shift=shift.id,
        experiment=experiment,
        cases=len(chosen),
        calls=calls,
        recorded=len(runs) - calls,
        tokens=sum(totals) if len(totals) == len(by_arm) else None,
        by_arm=by_arm,
        holes=dict(sorted(holes.items())),
        notes=tuple(notes),
        text="",
    )
    head = {"schema": SCHEMA, "record": "plan", **_measure(store, shift, signal), "seed": seed}
    head |= written.model_dump(mode="json", exclude={"text"})
    clean, _ = cleansed(store, [head])
    lines = [json.dumps(one, ensure_ascii=False) for one in (*clean, *runs)]
    return written.model_copy(update={"text": "".join(f"{line}\n" for line in lines)})


def _affected(store: Store, experiment: Experiment) -> list[dict[str, Any]]:
    swapped = [] if experiment.design == "rescoring" else [*experiment.factors, *experiment.others]
    carried = [one for one in swapped if one.key and one.new]
    return store.rows(
        "replays/affected",
        signal=experiment.signal,
        since=experiment.since.replace(tzinfo=None),
        until=experiment.until.replace(tzinfo=None),
        keys=sorted(experiment.segment),
        values=[str(experiment.segment[key]) for key in sorted(experiment.segment)],
        version_keys=[one.key for one in carried],
        versions=[one.new for one in carried],
    )


def _known(store: Store, trace_ids: Sequence[str]) -> dict[str, Recorded]:
    by_trace: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in store.rows("replays/spans", trace_ids=list(trace_ids)):
        by_trace[row["trace_id"]].append(row)
    return {name: recorded(by_trace[name]) for name in trace_ids}


def _runs(
    store: Store,
    experiment: Experiment,
    chosen: Sequence[Mapping[str, Any]],
    known: Mapping[str, Recorded],
    typical: float | None,
    *,
    fresh: bool,
) -> tuple[list[dict[str, Any]], list[str]]:
    served = experiment.arms[0]
    scoring = experiment.design == "rescoring"
    runs: list[dict[str, Any]] = []
    for place, row in enumerate(chosen):
        one = known[row["trace_id"]]
        for arm in experiment.arms:
            run = _run(experiment, arm, row, one, typical)
            told = one.answer is not None and (scoring or arm is served)
            if told and not (fresh and not scoring):
                runs.append({**run, "repeat": RECORDED, "recorded": {"answer": one.answer, "score": row["value"]}})
            if not told or (not scoring and (fresh or place < AGAIN)):
                runs.append({**run, "repeat": "1", "recorded": None})
    clean, redacted = cleansed(store, runs)
    for number, (run, before) in enumerate(zip(clean, runs, strict=True), start=1):
        run["run_id"] = f"r-{number:06d}"
        if run["case_id"] != before["case_id"]:  # an address as an id: it need only join runs of one request
            run["case_id"] = f"id-{hashlib.blake2b(before['case_id'].encode(), digest_size=8).hexdigest()}"
        if scoring:
            run["fill"], run["request"] = {}, None
    return clean, _notes(known, clean, redacted, scoring=scoring)


def _run(
    experiment: Experiment, arm: Arm, row: Mapping[str, Any], one: Recorded, typical: float | None
) -> dict[str, Any]:
    """One run; a key of ``fill`` is what the records do not hold for this arm."""
    request: dict[str, Any] = {"model": one.model, "messages": list(one.messages), **one.settings}
    if one.tools:
        request["tools"] = list(one.tools)
    fill = {} if one.messages else {MESSAGES: "recorded"}
    for factor in (*experiment.factors, *experiment.others):
        version = arm.config[factor.name]
        if version == experiment.arms[0].config[factor.name] or factor.layer == "judge":
            continue
        setting = _setting(factor, version)
        if setting is None:
            fill[factor.name] = version
        else:
            request |= setting
    return {
        "record": "run",
        "run_id": "",
        "case_id": row["trace_id"],
        "signal": experiment.signal,
        "arm": arm.name,
        "config": dict(arm.config),
        "repeat": "",
        "request": request,
        "stubs": list(one.stubs),
        "fill": fill,
        "recorded": None,
        "tokens": _tokens(row, one, typical),
    }


def _setting(factor: Factor, version: str) -> dict[str, Any] | None:
    """The old version as a parameter of the request, where it is one."""
    if factor.old is None:
        return None
    if factor.layer == "model" and (factor.key is None or factor.key in MODELS):
        return {"model": version}
    name = PARAMETERS.get((factor.key or "").removeprefix("sampling:"))
    if factor.layer == "sampling" and name is not None:
        try:
            return {name: float(version)}
        except ValueError:
            return None
    return None


def _tokens(row: Mapping[str, Any], one: Recorded, typical: float | None) -> int | None:
    """What the request took, else what such requests take, else a guess by its letters."""
    if _counted(row):
        return int(row["input_tokens"] + row["output_tokens"])
    if typical is not None:
        return round(typical)
    letters = sum(len(str(message.get("content") or "")) for message in one.messages) + len(one.answer or "")
    return round(letters / LETTERS_A_TOKEN) if letters else None


def _counted(row: Mapping[str, Any]) -> bool:
    return row["input_tokens"] is not None and row["output_tokens"] is not None


def _mean(values: Sequence[int]) -> float | None:
    return sum(values) / len(values) if values else None


def _measure(store: Store, shift: Shift, signal: Signal | None) -> dict[str, Any]:
    """What a scorer must know: the signal, which way is better, and the contract that it holds answers to, if it is one."""
    rule = next((one for one in stated(store) if one.signal == shift.signal), None)
    return {
        "signal": shift.signal,
        "better": signal.better if signal else None,
        "unit": signal.unit if signal else shift.unit,
        "contract": rule.model_dump(mode="json", exclude={"source", "line"}, exclude_defaults=True) if rule else None,
    }


def _notes(
    known: Mapping[str, Recorded], runs: Sequence[Mapping[str, Any]], redacted: int, *, scoring: bool
) -> list[str]:
    """What a person must know before running it."""
    notes = []
    silent = sum(not one.messages for one in known.values())
    if silent and not scoring:
        notes.append(
            f"{silent} of {len(known)} requests have no words on record: their messages are a hole to be filled by trace id"
        )
    if unanswered := sum(one.answer is None for one in known.values()):
        notes.append(
            f"{unanswered} of {len(known)} requests have no answer on record, so what was served is called again"
        )
    changed = {run["case_id"] for run in runs if any(mark in json.dumps(run, ensure_ascii=False) for mark in _MARKS)}
    if changed:
        notes.append(
            f"{len(changed)} of {len(known)} requests had something sensitive taken out: they may be answered otherwise"
        )
    if redacted:
        notes.append(f"{redacted} texts were redacted while this was written; the case file still holds them")
    if any(run["stubs"] for run in runs):
        notes.append("tools are not called: what they said is handed back by name and arguments")
    return notes
