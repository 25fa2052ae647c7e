"""Prompt changes out of Langfuse: webhook events, audit-log rows and lists of prompts in, ``prompt_edit`` changes out.

A version is only text until a label points at it, so that ``at`` is when the label moved and never when the version
was made. The events of all files are read in order of time: what a label pointed at before is told where an earlier one
says it. Who did it is not kept.
"""

from __future__ import annotations

import difflib
import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError

from blameline.records import Change, Manifest, Moment, Piece, Problem, Record, Text
from blameline.sources.langfuse_fields import snake
from blameline.sources.lines import records
from blameline.sources.wording import fault

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from blameline.sources.heads import File, Head

_SIGNS: tuple[frozenset[str], ...] = (
    frozenset({"timestamp", "action", "apiVersion", "prompt.name", "prompt.version", "prompt.labels"}),
    frozenset({"client_payload.action", "client_payload.apiVersion", "client_payload.prompt.version"}),
    frozenset({"resourceType", "resourceId", "action", "createdAt", "before", "after"}),
    frozenset({"resource_type", "resource_id", "action", "created_at", "before", "after"}),
    frozenset({"name", "versions", "labels", "lastUpdatedAt", "lastConfig"}),
    frozenset({"name", "version", "labels", "prompt", "updatedAt"}),
)
"""Names that one kind of record always has."""
_CACHE = timedelta(minutes=1)
"""How long an application may go on with the old version: the SDK asks again after 60 seconds."""
_TOGETHER = timedelta(minutes=1)
"""A label that is taken off and put on elsewhere within this time has moved."""
_CUT = "[TRUNCATED: "
_MOMENT: TypeAdapter[datetime] = TypeAdapter(Moment)


class LangfusePrompts:
    """Reads when prompt labels moved."""

    name = "langfuse_prompts"

    def sniff(self, path: Path, head: Head) -> bool:  # noqa: ARG002  the protocol hands it in
        """True for prompt-version events, audit-log rows, and prompts that carry times."""
        names = frozenset(head.header) if head.shape == "csv" else head.paths
        inside = frozenset(name.removeprefix("data.") for name in names)
        return any(sign <= names or sign <= inside for sign in _SIGNS)

    def read(self, file: File, manifest: Manifest, *, lenient: bool) -> Iterator[Piece | Problem]:  # noqa: ARG002  the protocol hands it in
        """The events of the file; a bad record is a ``Problem`` with its line."""
        for part in records(file, "data"):
            if isinstance(part, Problem):
                yield part
                continue
            try:
                for event in _events(part.record):
                    yield Piece(text=event.model_dump_json(), line=part.line, source=file.source)
            except ValidationError as error:
                said = f"the prompt's time is not usable: {fault(error)}"
                yield Problem(source=file.source, line=part.line, message=said)
            except OverflowError:
                yield Problem(source=file.source, line=part.line, message="the prompt's time is out of range")
            except _Unusable as why:
                yield Problem(source=file.source, line=part.line, message=str(why))

    def put_together(self, pieces: Sequence[Piece]) -> Iterator[Change | Problem]:
        """One change for each event that moved something."""
        events = [(_Event.model_validate_json(piece.text), piece) for piece in pieces]
        events.sort(key=lambda told: (told[0].at, not told[0].labels, told[0].id))
        history = _History()
        moves = [(event, moved, piece) for event, piece in events for moved in [history.after(event)] if moved]
        gains = [(event, moved) for event, moved, _ in moves]
        for event, moved, piece in moves:
            if moved.lost and _moves_on(event, moved.lost, gains):
                continue
            try:
                yield Change.model_validate({**_record(event, moved), "source": piece.source})
            except ValidationError as error:
                said = f"the prompt event is not usable: {fault(error)}"
                yield Problem(source=piece.source, line=piece.line, message=said)


class _Unusable(Exception):
    """A record that says too little, in one sentence."""


class _Event(Record):
    """What one event says."""

    id: Text
    at: Moment
    recorded_at: Moment | None
    action: Text
    """created, updated, deleted; ``stands`` where only the present state is known."""
    name: Text
    version: Text
    labels: tuple[Text, ...]
    before: tuple[Text, ...] | None
    body: Text | None
    message: Text


@dataclass(frozen=True)
class _Moved:
    summary: str
    from_: str | None = None
    to: str | None = None
    lost: tuple[str, ...] = ()
    gained: tuple[str, ...] = ()
    diff: str | None = None


@dataclass
class _History:
    """Which version each label of each prompt points at, as far as the events tell."""

    labels: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    holders: dict[tuple[str, str], str] = field(default_factory=dict)
    bodies: dict[tuple[str, str], str] = field(default_factory=dict)

    def after(self, event: _Event) -> _Moved | None:
        """What an event moved; nothing where it only touched tags, or took off a label that has gone elsewhere already."""
        this = (event.name, event.version)
        known = event.before if event.before is not None else self.labels.get(this, ())
        gained = tuple(label for label in event.labels if label not in known)
        lost = tuple(
            label
            for label in known
            if label not in event.labels and self.holders.get((event.name, label), event.version) == event.version
        )
        before = next(
            (self.holders[event.name, label] for label in gained if (event.name, label) in self.holders), None
        )
        self.labels[this] = event.labels
        self.holders |= {(event.name, label): event.version for label in gained}
        if event.body is not None:
            self.bodies[this] = event.body
        told = tuple(label for label in gained if label != "latest") or gained
        reason = f": {event.message}" if event.message else ""
        if event.action == "deleted":
            return _Moved(f"version {event.version} deleted", from_=event.version)
        if event.action == "stands":
            where = f", labelled {_listed(event.labels)}" if event.labels else ""
            return _Moved(f"version {event.version}{where}, last updated{reason}", to=event.version)
        if told:
            where = f"version {event.version}"
            moved = f"{where} made, and {_labels(told)} moved to it" if event.action == "created" else ""
            return _Moved(
                (moved or f"{_labels(told)} moved to {where}") + reason,
                from_=before if before != event.version else None,
                to=event.version,
                gained=gained,
                diff=self._diff(event.name, before, event.version),
            )
        taken = tuple(label for label in lost if label != "latest")
        if taken:
            return _Moved(f"{_labels(taken)} taken off version {event.version}", from_=event.version, lost=taken)
        if event.action == "created":
            return _Moved(f"version {event.version} made, without a label{reason}", to=event.version)
        return None

    def _diff(self, name: str, before: str | None, after: str) -> str | None:
        old, new = self.bodies.get((name, before or "")), self.bodies.get((name, after))
        if old is None or new is None or before == after:
            return None
        lines = difflib.unified_diff(
            old.splitlines(), new.splitlines(), f"{name} version {before}", f"{name} version {after}", lineterm=""
        )
        return "\n".join(lines) or None


def _moves_on(event: _Event, lost: tuple[str, ...], told: list[tuple[_Event, _Moved]]) -> bool:
    """True when the labels turn up at another version at once: that event tells the move."""
    found = {
        label
        for other, moved in told
        if other.name == event.name and other.version != event.version
        for label in moved.gained
        if timedelta(0) <= other.at - event.at <= _TOGETHER
    }
    return found.issuperset(lost)


def _record(event: _Event, moved: _Moved) -> dict[str, Any]:
    found = {
        "id": f"langfuse-{event.id}",
        "at": event.at,
        "recorded_at": event.recorded_at,
        "uncertainty": _CACHE if moved.gained else None,
        "kind": "prompt_edit",
        "layer": "prompt",
        "component": event.name,
        "from": moved.from_,
        "to": moved.to,
        "summary": moved.summary,
        "diff": moved.diff,
    }
    return {key: value for key, value in found.items() if value is not None}


def _events(record: Mapping[str, Any]) -> list[_Event]:
    """The event that a record tells: one, or none where it is about something else."""
    inner = record.get("client_payload")
    record = inner if isinstance(inner, dict) else record
    if isinstance(record.get("prompt"), dict) and "action" in record:
        return _webhook(record)
    ready = snake(record)
    if "resource_type" in ready:
        return _audit(ready)
    if "last_updated_at" in ready or "updated_at" in ready:
        return _listing(ready)
    raise _Unusable("not a prompt event of Langfuse, or one without a time")


def _webhook(record: Mapping[str, Any]) -> list[_Event]:
    prompt = snake(record["prompt"])
    sent = _MOMENT.validate_python(record.get("timestamp") or prompt.get("updated_at"))
    action = str(record.get("action"))
    at = sent
    if action != "deleted" and prompt.get("updated_at"):
        at = min(sent, _MOMENT.validate_python(prompt["updated_at"]))
    name, version = _identity(prompt)
    identity = str(record.get("id") or f"{name}-{version}-{sent.isoformat()}")
    return [_event(identity, at, sent, action, (name, version), _texts(prompt.get("labels")), None, prompt)]


def _event(
    identity: str,
    at: datetime,
    recorded_at: datetime | None,
    action: str,
    this: tuple[str, str],
    labels: tuple[str, ...],
    before: tuple[str, ...] | None,
    prompt: Mapping[str, Any],
) -> _Event:
    body, message = _about(prompt)
    return _Event(
        id=identity,
        at=at,
        recorded_at=recorded_at,
        action=action,
        name=this[0],
        version=this[1],
        labels=labels,
        before=before,
        body=body,
        message=message,
    )


_ACTIONS = {"create": "created", "update": "updated", "setlabel": "updated", "delete": "deleted", "promote": "updated"}


def _audit(row: Mapping[str, Any]) -> list[_Event]:
    """A row of the audit log, whose ``before`` and ``after`` are JSON text of the prompt; other rows are passed over."""
    action = _ACTIONS.get(str(row.get("action")).lower())
    if row.get("resource_type") != "prompt" or action is None:
        return []
    before, after = _object(row.get("before")), _object(row.get("after"))
    prompt = after or before
    if not prompt:
        raise _Unusable("the audit-log row does not say which prompt it is about")
    at = _MOMENT.validate_python(row.get("created_at"))
    labels = _texts(prompt.get("labels")) if action != "deleted" else ()
    had = _texts(before.get("labels")) if before else None
    identity = str(row.get("id") or f"{row.get('resource_id')}-{at.isoformat()}")
    return [_event(identity, at, at, action, _identity(prompt), labels, had, prompt)]


def _listing(row: Mapping[str, Any]) -> list[_Event]:
    """The present state of a prompt; a version that no label points at serves nobody and is no change."""
    versions = [number for number in _texts(row.get("versions")) if number.isdigit()]
    labels = _texts(row.get("labels"))
    if not labels and not versions:
        return []
    at = _MOMENT.validate_python(row.get("last_updated_at") or row.get("updated_at"))
    name, version = _identity({"version": max(versions, key=int) if versions else None, **row})
    identity = f"{name}-{version}-{at.isoformat()}"
    return [_event(identity, at, None, "stands", (name, version), labels, None, row)]


def _identity(prompt: Mapping[str, Any]) -> tuple[str, str]:
    name, version = prompt.get("name"), prompt.get("version")
    if not isinstance(name, str) or not name or not isinstance(version, (int, str)) or isinstance(version, bool):
        raise _Unusable("the prompt has no name, or no version")
    return name, str(version)


def _about(prompt: Mapping[str, Any]) -> tuple[str | None, str]:
    """The prompt and its configuration as one text to compare, and the message that its author gave."""
    message = prompt.get("commit_message")
    said = " ".join(message.split()) if isinstance(message, str) else ""
    content = prompt.get("prompt")
    if content is None or (isinstance(content, str) and content.startswith(_CUT)):
        return None, said
    text = content if isinstance(content, str) else json.dumps(content, indent=1, ensure_ascii=False)
    config = prompt.get("config")
    settings = f"\nconfig: {json.dumps(config, indent=1, sort_keys=True, ensure_ascii=False)}" if config else ""
    return text + settings, said


def _object(value: object) -> dict[str, Any]:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return {}
    return snake(value) if isinstance(value, dict) else {}


def _texts(value: object) -> tuple[str, ...]:
    return tuple(str(one) for one in value if isinstance(one, (str, int))) if isinstance(value, (list, tuple)) else ()


def _listed(labels: tuple[str, ...]) -> str:
    return ", ".join(labels[:-1]) + (" and " if labels[:-1] else "") + labels[-1]


def _labels(labels: tuple[str, ...]) -> str:
    return f"label{'s' if len(labels) > 1 else ''} {_listed(labels)}"
