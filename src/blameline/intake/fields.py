"""Records as the store keeps them: a record in, the statement that keeps it and what to bind to it out."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from blameline.records import Alert, Change, Contract, EvalRun, Piece, Replay

_WORDS = {"summary", "scope", "span"}
"""Fields of a contract that may hold what is not to be kept; what an answer is held to stays as it is."""


def fields_of(item: Change | EvalRun | Replay | Alert | Piece | Contract) -> tuple[str, dict[str, Any]]:
    """The statement under ``sql/`` and one value for each of its lists; the file is known by its number."""
    match item:
        case Change():
            told = None if item.recorded_at is None else naive(item.recorded_at)
            slack = item.uncertainty.total_seconds() if item.uncertainty else 0.0
            named = {"change_id": item.id, "kind": item.kind, "layer": item.layer}
            times = {"took_effect": naive(item.at), "recorded": told, "slack": slack}
            return "store/add_change", {**named, **times, "record": _record(item)}
        case EvalRun():
            bound = {"run_id": item.run_id, "suite": item.suite, "ran_at": naive(item.at)}
            return "store/add_eval_run", {**bound, "record": _record(item)}
        case Alert():
            bound = {"alert_id": item.id, "system": item.system, "raised_at": naive(item.at)}
            return "store/add_alert", {**bound, "record": _record(item)}
        case Piece():
            return "store/add_piece", {"piece": item.text, "line": item.line}
        case Contract():
            record = item.model_dump_json(include=_WORDS, exclude_unset=True)
            rule = item.model_dump_json(exclude={*_WORDS, "source", "line"}, exclude_unset=True)
            return "store/add_contract", {"contract_id": item.id, "record": record, "rule": rule, "line": item.line}
        case Replay():
            bound = {"case_id": item.case_id, "signal": item.signal, "run": item.run, "score": item.score}
            return "store/add_replay", {**bound, "config": json.dumps(dict(item.config), ensure_ascii=False)}


def _record(item: Change | EvalRun | Alert) -> str:
    return item.model_dump_json(by_alias=True, exclude={"source"})


def naive(moment: datetime) -> datetime:
    """A moment in UTC, without saying so."""
    return moment.astimezone(UTC).replace(tzinfo=None)
