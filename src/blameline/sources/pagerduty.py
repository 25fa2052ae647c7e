"""PagerDuty's incidents and alerts: REST answers, log entries, webhooks and Events v2 in; one ``Alert`` each out.

Of one incident several files may hold the record, its log entries and copies: they are put together by its id. Names of
people (who was called, who answered) are never kept.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, ValidationError

from blameline.records import Alert, Manifest, Moment, Piece, Problem, Record, Segment, Text
from blameline.sources.events import nameless
from blameline.sources.postings import inside, moment, objects, unfolded, word
from blameline.sources.rows import cut
from blameline.sources.wording import fault

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from blameline.sources.heads import File, Head

LISTS = ("incidents", "alerts", "log_entries")
STEPS = {"trigger": "trigger", "acknowledge": "acknowledge", "acknowledged": "acknowledge", "resolve": "resolve",
         "resolved": "resolve", "triggered": "trigger", "reopened": "trigger"}  # fmt: skip
"""What entries, events and webhooks call the steps of an incident."""
_NUMBER = re.compile(r"^\[#\d+\] ")
_NEVER = datetime.min.replace(tzinfo=UTC)


class _Fields(Record):
    """Fields of an ``Alert``; those that are not set nobody told."""

    at: Moment | None = None
    title: str = ""
    severity: str | None = None
    acknowledged_at: Moment | None = None
    resolved_at: Moment | None = None
    service: str | None = None
    labels: Segment = Field(default_factory=dict)


class _Part(Record):
    """What one file says of one incident or alert."""

    number: Text
    kind: Literal["alert", "incident"]
    fields: _Fields
    """As the latest copy gives them."""
    edited: Moment | None = None
    steps: tuple[tuple[Moment, str], ...] = ()

    @property
    def place(self) -> tuple[datetime, float]:
        """What comes later says it better: of steps the first one, of copies the latest."""
        return self.edited or _NEVER, -min((at.timestamp() for at, _ in self.steps), default=0.0)


@dataclass
class _Case:
    """One incident or alert while its parts are found."""

    number: str
    line: int | None
    kind: Literal["alert", "incident"]
    record: dict[str, Any] = field(default_factory=dict)
    edited: datetime | None = None
    steps: set[tuple[datetime, str]] = field(default_factory=set)


class PagerDutyIncidents:
    """Reads when somebody was called, and when it was over."""

    name = "pagerduty"

    def sniff(self, path: Path, head: Head) -> bool:  # noqa: ARG002  the protocol hands it in
        """True for PagerDuty's own objects by their type and keys, and for events that are sent to it."""
        paths = head.paths
        return (
            any({key, "more", "offset"} <= paths for key in LISTS)
            or any(
                {f"{key}created_at", f"{key}urgency", f"{key}service"} <= paths
                for key in ("incidents.", "incident.", "")
            )
            or any({f"{key}alert_key", f"{key}created_at"} <= paths for key in ("alerts.", "alert.", ""))
            or {"log_entries.channel", "log_entries.created_at"} <= paths
            or any(str(record.get("type", "")).endswith("_log_entry") for record in head.samples)
            or {"event.event_type", "event.occurred_at", "event.data"} <= paths
            or {"routing_key", "event_action"} <= paths
        )

    def read(self, file: File, manifest: Manifest, *, lenient: bool) -> Iterator[Piece | Problem]:  # noqa: ARG002  the protocol hands it in
        """What the file says of each incident and alert; a bad part of it is a ``Problem``."""
        for part in unfolded(file, *LISTS):
            if isinstance(part, Problem):
                yield part
                continue
            found, _ = part
            cases: dict[tuple[str, str], _Case] = {}
            said = _piece(found.record, found.line, cases)
            if said is not None:
                yield Problem(source=file.source, line=found.line, message=said)
            for case in cases.values():
                fields, steps = _Fields.model_validate(case.record), tuple(sorted(case.steps))
                told = _Part(number=case.number, kind=case.kind, fields=fields, edited=case.edited, steps=steps)
                yield Piece(text=told.model_dump_json(exclude_unset=True), line=case.line, source=file.source)

    def put_together(self, pieces: Sequence[Piece]) -> Iterator[Alert | Problem]:
        """Each incident and alert once, of its latest copy and of all its steps."""
        cases: dict[tuple[str, str], list[tuple[_Part, Piece]]] = defaultdict(list)
        for piece in pieces:
            part = _Part.model_validate_json(piece.text)
            cases[part.kind, part.number].append((part, piece))
        for parts in cases.values():
            parts.sort(key=lambda told: told[0].place)
            last, piece = parts[-1]
            case = _Case(last.number, piece.line, last.kind)
            for part, _ in parts:
                case.record |= part.fields.model_dump(exclude_unset=True)
                case.steps.update(part.steps)
            yield from _told(case, piece.source)


def _piece(record: Mapping[str, Any], line: int | None, cases: dict[tuple[str, str], _Case]) -> str | None:
    """Put one piece where it belongs; what is wrong with it, if anything."""
    for key in ("incident", "alert", "log_entry"):
        if isinstance(record.get(key), dict) and "type" not in record and "id" not in record:
            return _piece(record[key], line, cases)
    kind = word(record.get("type")) or ""
    if isinstance(record.get("event"), dict):
        return _webhook(record["event"], line, cases)
    if "event_action" in record:
        return _sent(record, line, cases)
    if kind.endswith("_log_entry"):
        return _entry(record, kind.removesuffix("_log_entry"), line, cases)
    if kind == "alert" or "alert_key" in record:
        return _object(record, "alert", line, cases)
    if kind == "incident" or "urgency" in record:
        return _object(record, "incident", line, cases)
    return "neither an incident nor an alert nor a log entry of PagerDuty"


def _case(
    number: str, kind: Literal["alert", "incident"], line: int | None, cases: dict[tuple[str, str], _Case]
) -> _Case:
    return cases.setdefault((kind, number), _Case(number, line, kind))


def _object(
    record: Mapping[str, Any], kind: Literal["alert", "incident"], line: int | None, cases: dict[tuple[str, str], _Case]
) -> str | None:
    number, at = word(record.get("id")), moment(record.get("created_at"))
    if number is None or at is None:
        return f"the {kind} has no {'id' if number is None else 'time that can be read'}"
    case = _case(number, kind, line, cases)
    edited = moment(record.get("updated_at")) or moment(record.get("last_status_change_at")) or at
    if case.edited and edited < case.edited:
        return None
    case.edited = edited
    status, changed = record.get("status"), moment(record.get("last_status_change_at"))
    answered = [time for one in objects(record.get("acknowledgements")) if (time := moment(one.get("at")))]
    urgency, priority = word(record.get("urgency")), word(inside(record, "priority", "summary"))
    teams = [name for one in objects(record.get("teams")) if (name := word(one.get("summary")))]
    labels = {"urgency": urgency, "priority": priority, "team": ", ".join(teams) or None,
              "incident_number": word(record.get("incident_number")), "incident": word(inside(record, "incident", "id"))
              }  # fmt: skip
    case.record = {
        "at": at,
        "title": nameless(word(record.get("title")) or _NUMBER.sub("", word(record.get("summary")) or "")),
        "severity": word(record.get("severity")) or priority or urgency,
        "acknowledged_at": min(answered, default=changed if status == "acknowledged" else None),
        "resolved_at": moment(record.get("resolved_at")) or (changed if status == "resolved" else None),
        "service": word(inside(record, "service", "summary")) or word(inside(record, "service", "id")),
        "labels": {key: value for key, value in labels.items() if value is not None},
    }
    return None


def _entry(record: Mapping[str, Any], verb: str, line: int | None, cases: dict[tuple[str, str], _Case]) -> str | None:
    number, at = word(inside(record, "incident", "id")), moment(record.get("created_at"))
    if number is None or at is None:
        return f"the log entry has no {'incident' if number is None else 'time that can be read'}"
    if verb not in STEPS:
        return None  # notes, notifications, escalations: who was called is nobody's business
    case = _case(number, "incident", line, cases)
    case.steps.add((at, STEPS[verb]))
    agent = record.get("agent") if str(inside(record, "agent", "type")).startswith("service") else None
    service = word(inside(record, "service", "summary")) or word(inside({"agent": agent}, "agent", "summary"))
    title = nameless(_NUMBER.sub("", word(inside(record, "incident", "summary")) or ""))
    case.record = {**_known(title=title, service=service), **case.record}
    return None


def _webhook(event: Mapping[str, Any], line: int | None, cases: dict[tuple[str, str], _Case]) -> str | None:
    """A webhook of version 3: what happened, and the incident as it was then."""
    resource, _, verb = (word(event.get("event_type")) or "").partition(".")
    data = event.get("data")
    if resource != "incident" or not isinstance(data, dict) or data.get("type") != "incident":
        return None
    said = _object(data, "incident", line, cases)
    at = moment(event.get("occurred_at"))
    if said is None and at is not None and verb in STEPS:
        _case(str(word(data.get("id"))), "incident", line, cases).steps.add((at, STEPS[verb]))
    return said


def _sent(record: Mapping[str, Any], line: int | None, cases: dict[tuple[str, str], _Case]) -> str | None:
    """An event that was sent to Events v2; its routing key is a secret and is not kept."""
    verb, at = word(record.get("event_action")), moment(inside(record, "payload", "timestamp"))
    number = word(record.get("dedup_key")) or (
        f"{at.isoformat()} {word(inside(record, 'payload', 'summary'))}" if at else None
    )
    if verb not in STEPS:
        return f"unknown event_action {cut(str(record['event_action']), 40)!r}"
    if number is None or at is None:
        return f"the event that should {verb} {number or 'an alert'} has no time that can be read"
    case = _case(number, "alert", line, cases)
    case.steps.add((at, STEPS[verb]))
    payload = record["payload"]
    labels = {key: word(payload.get(key)) for key in ("source", "component", "group", "class")}
    service = labels["component"] or labels["group"] or labels["source"]
    told = _known(
        title=nameless(word(payload.get("summary")) or ""), severity=word(payload.get("severity")), service=service
    )
    case.record = {**told, "labels": _known(**labels), **case.record}
    return None


def _known(**fields: str | None) -> dict[str, Any]:
    return {key: value for key, value in fields.items() if value}


def _told(case: _Case, source: str) -> Iterator[Alert | Problem]:
    """The alert of one case; one that was raised again after its end is another."""
    spells = _spells(case.steps)
    if "at" in case.record:  # the record knows when it began; the steps add what it has forgotten
        spells = [_joined(case.record, spells)]
    elif case.steps and min(case.steps)[1] != "trigger":
        said = f"when the {case.kind} {cut(case.number, 60)} was raised is not on record: its first step is taken"
        yield Problem(source=source, line=case.line, message=said)
    for spell in spells:
        whole = {**case.record, **spell}
        if whole.get("resolved_at") and whole["resolved_at"] < whole["at"]:
            said = f"the {case.kind} {cut(case.number, 60)} was resolved before it was raised: its end is left out"
            yield Problem(source=source, line=case.line, message=said)
            whole["resolved_at"] = None
        try:
            yield Alert.model_validate(
                {**whole, "id": case.number, "kind": case.kind, "system": "pagerduty", "source": source}
            )
        except ValidationError as error:
            said = f"the {case.kind} is not usable: {fault(error)}"
            yield Problem(source=source, line=case.line, message=said)


def _spells(steps: set[tuple[datetime, str]]) -> list[dict[str, datetime]]:
    """Raised, answered, over: once for each time that it was raised."""
    spells: list[dict[str, datetime]] = []
    for at, verb in sorted(steps):
        if not spells or (verb == "trigger" and "resolved_at" in spells[-1]):
            spells.append({"at": at})
        if verb == "acknowledge":
            spells[-1].setdefault("acknowledged_at", at)
        elif verb == "resolve":
            spells[-1]["resolved_at"] = at
    return spells


def _joined(record: Mapping[str, Any], spells: list[dict[str, datetime]]) -> dict[str, Any]:
    answered = [spell["acknowledged_at"] for spell in spells if "acknowledged_at" in spell]
    first = [record["acknowledged_at"]] if record["acknowledged_at"] else []
    ended = spells[-1].get("resolved_at") if spells else None
    return {"acknowledged_at": min([*first, *answered], default=None), "resolved_at": record["resolved_at"] or ended}
