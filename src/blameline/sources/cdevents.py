"""CDEvents of any version: bare or inside CloudEvents, one or many; a ``Change``, ``Alert`` or ``EvalRun`` out where it is one.

Services that were deployed, upgraded, rolled back or removed and environments that were modified are changes;
incidents are alerts, a resolved one ends the one that was raised, a finished test
suite is an eval run. The events of one thing may lie in several files. Merges, artifacts, builds and task runs change
nothing that users see, and are passed over.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import unquote

from pydantic import ValidationError

from blameline.records import Alert, Change, EvalRun, Manifest, Moment, Piece, Problem, Record
from blameline.sources.events import made, mapping, moment, nameless, quoted
from blameline.sources.postings import unfolded, word
from blameline.sources.rows import cut
from blameline.sources.wording import fault

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from blameline.sources.heads import File, Head

_TYPE = re.compile(r"^dev\.cdeventsx?\.([\w-]+)\.(\w+)(?:\.v?\d.*)?$")
_WORDS = {
    "service.deployed": "deployed",
    "service.upgraded": "upgraded",
    "service.rolledback": "rolled back",
    "service.removed": "removed",
    "environment.modified": "modified",
    "environment.deleted": "deleted",
    "reconciliation.finished": "reconciled",
}
_STATUS: Mapping[str, Literal["completed", "skipped", "error"]] = {
    "success": "completed",
    "pass": "completed",
    "failure": "completed",
    "fail": "completed",
    "cancel": "skipped",
    "error": "error",
}
_PURL = re.compile(r"^pkg:[^@?#]+(?:@([^?#]+))?(?:\?([^#]+))?")


class _Event(Record):
    """What every CDEvent has."""

    what: str
    """``subject.predicate``, without the version."""
    id: str
    at: Moment
    subject: str
    content: Mapping[str, Any]
    custom: Mapping[str, Any]


_INCIDENT = frozenset({"incident.detected", "incident.reported", "incident.resolved"})
_TELLING = frozenset({*_WORDS, *_INCIDENT, "testsuiterun.finished"})
_CONTENT = ("artifactId", "changed", "description", "desiredState", "environment", "name", "outcome", "reason", "service",
            "status", "target", "testSuite")  # fmt: skip
"""What is kept of an event's content."""


@dataclass
class _Incident:
    """What is said of one incident, in whatever order."""

    raised: list[tuple[_Event, Piece]] = field(default_factory=list)
    resolved: list[tuple[_Event, Piece]] = field(default_factory=list)


class CDEvents:
    """Reads what a delivery pipeline says was deployed, what broke, and which suites ran."""

    name = "cdevents"

    def sniff(self, path: Path, head: Head) -> bool:  # noqa: ARG002  the protocol hands it in
        """True for events whose type is ``dev.cdevents.…``."""
        paths = head.paths
        known = any(before + "context.type" in paths for before in ("", "data.", "body.", "events.")) or (
            paths >= {"specversion", "type", "source", "id"} or "headers.ce-type" in paths
        )
        return known and "dev.cdevents" in head.text

    def read(
        self,
        file: File,
        manifest: Manifest,  # noqa: ARG002  the protocol hands it in
        *,
        lenient: bool,  # noqa: ARG002  the protocol hands it in
    ) -> Iterator[Piece | Problem]:
        """The events of a file that tell of a change, an incident or a run."""
        for found in unfolded(file, "events"):
            if isinstance(found, Problem):
                yield found
                continue
            event = _event(found[0].record, found[0].line, file)
            if isinstance(event, Problem):
                yield event
            elif event is not None and event.what in _TELLING:
                yield Piece(text=event.model_dump_json(), line=found[0].line, source=file.source)

    def put_together(self, pieces: Sequence[Piece]) -> Iterator[Change | Alert | EvalRun | Problem]:
        """What the events amount to: changes that act, incidents with their end, runs of suites."""
        changes: list[tuple[_Event, Change]] = []
        incidents: dict[str, _Incident] = {}
        for piece in pieces:
            event = _Event.model_validate_json(piece.text)
            if event.what in _WORDS:
                change = _change(event, piece)
                if isinstance(change, Change):
                    changes.append((event, change))
                elif change:
                    yield change
            elif event.what in _INCIDENT:
                one = incidents.setdefault(event.subject, _Incident())
                (one.resolved if event.what == "incident.resolved" else one.raised).append((event, piece))
            else:
                yield from _run(event, piece)
        yield from _in_order(changes)
        for number, one in incidents.items():
            yield from _alert(number, one)


def _event(record: Mapping[str, Any], line: int | None, file: File) -> _Event | Problem | None:
    """The event inside a record; ``None`` when it is of another family."""
    whole: Mapping[str, Any] = record
    for key in ("data", "body"):
        if "context" not in whole and key in whole:
            whole = {**mapping(_parsed(whole[key])), "outside": whole}
    context, subject = mapping(whole.get("context")), mapping(whole.get("subject"))
    outside = mapping(whole.get("outside"))
    headers = {str(key).lower(): value for key, value in mapping(outside.get("headers")).items()}
    kind = word(context.get("type")) or word(outside.get("type")) or word(headers.get("ce-type")) or ""
    found = _TYPE.match(kind)
    if found is None:
        if kind.startswith("dev.cdevents") or "type" not in {*context, *outside, *record}:
            return Problem(source=file.source, line=line, message=f"not a CDEvent: the type is {quoted(kind)}")
        return None
    what = f"{found.group(1)}.{found.group(2)}".lower()
    said = context.get("timestamp") or outside.get("time") or headers.get("ce-time")
    at = moment(said)
    number = word(context.get("id")) or word(outside.get("id")) or word(headers.get("ce-id"))
    name = word(subject.get("id"))
    if at is None or not number or not name:
        lacks = "id" if at else f"time that can be read: {quoted(said)}"
        lacks = lacks if not (at and number) else "subject with an id"
        return Problem(source=file.source, line=line, message=f"the event {what} has no {lacks}")
    content, custom = _kept(mapping(subject.get("content")), _CONTENT), mapping(whole.get("customData"))
    kept = _kept(custom, ("severity", "priority"))
    return _Event(what=what, id=number, at=at, subject=name, content=content, custom=kept)


def _kept(said: Mapping[str, Any], keys: Sequence[str]) -> dict[str, Any]:
    """Some of what is said, without people; of things that have a name or an id only those."""
    found: dict[str, Any] = {}
    for key in keys:
        value = said.get(key)
        if isinstance(value, dict):
            found[key] = _kept(value, ("id", "name"))
        elif value is not None and not isinstance(value, list):
            found[key] = nameless(value) if isinstance(value, str) else value
    return found


def _change(event: _Event, piece: Piece) -> Change | Problem | None:
    content, subject = event.content, event.what.partition(".")[0]
    place = mapping(content.get("environment"))
    environment = word(place.get("name")) or word(place.get("id"))
    name, to, more = event.subject, _version(content.get("artifactId")), ""
    if subject == "environment":
        environment = word(content.get("name")) or event.subject
    if subject == "reconciliation":
        if content.get("outcome", "success") != "success" or content.get("changed") is False:
            return None
        name = word(mapping(content.get("target")).get("id")) or name
        to = word(mapping(content.get("desiredState")).get("id"))
    if event.what == "service.removed":
        to, more = None, " (it no longer runs)"
    kind = "infra_change" if subject == "environment" else "deploy"
    said = {
        "id": f"cdevents-{event.what}-{event.id}",
        "at": event.at,
        "kind": kind,
        "component": name,
        "to": to,
        "scope": {"deployment.environment.name": environment} if environment else {},
        "summary": f"{subject if subject != 'reconciliation' else 'target'} {name} {_WORDS[event.what]}{more}",
    }
    return made(piece, piece.line, said)


def _in_order(changes: list[tuple[_Event, Change]]) -> Iterator[Change]:
    """The changes by time; a roll-back takes back the last deploy of its service that still stands."""
    standing: dict[tuple[str, str], list[str]] = {}
    for event, change in sorted(changes, key=lambda pair: (pair[1].at, pair[1].id)):
        place = standing.setdefault((event.subject, str(change.scope)), [])
        if event.what in {"service.deployed", "service.upgraded"}:
            if change.id not in place:
                place.append(change.id)
        elif event.what == "service.rolledback" and place:
            yield change.model_copy(update={"reverts": place.pop()})
            continue
        yield change


def _alert(number: str, one: _Incident) -> Iterator[Alert | Problem]:
    raised = sorted(one.raised or one.resolved, key=lambda told: (told[0].at, told[0].what, told[0].id))
    first, piece = raised[0]
    if not one.raised:
        lacks = f"when the incident {cut(number, 60)} was raised is not on record: its end is taken"
        yield Problem(source=piece.source, line=piece.line, message=lacks)
    ends = [event.at for event, _ in one.resolved]
    content = first.content
    severities = [word(event.custom.get(key)) for key in ("severity", "priority") for event, _ in raised]
    environment = mapping(content.get("environment"))
    labels = {
        "deployment.environment.name": word(environment.get("name")) or word(environment.get("id")),
        "artifact": word(content.get("artifactId")),
    }
    said = {
        "id": number,
        "at": first.at,
        "system": "cdevents",
        "kind": "incident",
        "title": nameless(word(content.get("description")) or ""),
        "severity": next((said for said in severities if said), None),
        "resolved_at": max(ends) if ends and max(ends) >= raised[-1][0].at else None,
        "service": word(mapping(content.get("service")).get("id")),
        "labels": {key: value for key, value in labels.items() if value},
        "source": piece.source,
    }
    try:
        yield Alert.model_validate(said)
    except ValidationError as error:
        yield Problem(source=piece.source, line=piece.line, message=f"the incident is not usable: {fault(error)}")


def _run(event: _Event, piece: Piece) -> Iterator[EvalRun | Problem]:
    """An eval run where suite and outcome are said; how many cases it had no CDEvent says."""
    suite = mapping(event.content.get("testSuite"))
    name = word(suite.get("name")) or word(suite.get("id"))
    outcome = word(event.content.get("outcome")) or word(event.content.get("status"))
    status = _STATUS.get((outcome or "").lower())
    if name is None or status is None:
        return
    reason = word(event.content.get("reason"))
    good = status == "completed" and outcome in {"success", "pass"}
    told = None if good else nameless(f"{outcome}: {reason}" if reason else str(outcome))
    said = {"run_id": event.subject, "suite": name, "at": event.at, "status": status, "reason": told}
    try:
        yield EvalRun.model_validate({**said, "source": piece.source})
    except ValidationError as error:
        yield Problem(source=piece.source, line=piece.line, message=f"the eval run is not usable: {fault(error)}")


def _version(artifact: object) -> str | None:
    """The version in a package URL: the tag where it has one, else what stands behind the ``@``."""
    said = word(artifact)
    found = _PURL.match(said) if said else None
    if found is None:
        return said
    tag = re.search(r"(?:^|&)tag=([^&]+)", found.group(2) or "")
    version = tag.group(1) if tag else found.group(1)
    return unquote(version) if version else said


def _parsed(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return None
