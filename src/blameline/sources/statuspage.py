"""A provider's status page as changes: ``/api/v2/incidents.json`` or ``summary.json`` in, one ``Change`` an incident out.

Read are Atlassian Statuspage and pages that answer as it does (incident.io). An incident is a ``provider_update`` from
its start to its end, as the latest download of the page has it; the page's indicator and the present state of components
are no evidence that nothing is open. A maintenance that took place is read alike, one that is only planned is left out.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pydantic import ValidationError

from blameline.records import Change, Manifest, Moment, Piece, Problem, Record
from blameline.sources.postings import inside, moment, objects, unfolded, word
from blameline.sources.rows import cut
from blameline.sources.wording import fault

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from blameline.sources.heads import File, Head
    from blameline.sources.lines import Found

LISTS = ("incidents", "scheduled_maintenances")
LATE = timedelta(minutes=15)
"""How late a page tells of an incident, at the least."""
LATEST = timedelta(days=1)
"""What is posted later than this was written afterwards, from better sources than the page's own clock."""
MOST_BODY = 1_000
"""Characters of the last update that are kept."""
MOST_COMPONENTS = 6
_OVER = frozenset({"resolved", "completed", "postmortem"})
_BREAK = re.compile(r"<br ?/?>|</p>", re.IGNORECASE)
_TAG = re.compile(r"</?[a-z][^<>]{0,200}>", re.IGNORECASE)


class StatuspageIncidents:
    """Reads what a provider posted of its own incidents."""

    name = "statuspage"

    def sniff(self, path: Path, head: Head) -> bool:  # noqa: ARG002  the protocol hands it in
        """True for a page's own documents, quiet or not, and for a list of its incidents."""
        paths = head.paths
        if len({"page.id", "page.name", "page.url"} & paths) >= 2:
            return bool({*LISTS, "status.indicator", "components.status"} & paths)
        return any(f"{key}incident_updates.status" in paths for key in ("", "incidents.", "scheduled_maintenances."))

    def read(self, file: File, manifest: Manifest, *, lenient: bool) -> Iterator[Piece | Problem]:  # noqa: ARG002  the protocol hands it in
        """One piece an incident, by its latest copy in the file; a bad one is a ``Problem``."""
        latest: dict[str, tuple[Found, str | None]] = {}
        for part in unfolded(file, *LISTS):
            if isinstance(part, Problem):
                yield part
                continue
            found, around = part
            number = word(found.record.get("id"))
            if not around and "incident_updates" not in found.record and ("page" in found.record or number is None):
                if inside(found.record, "page") is None:
                    yield Problem(source=file.source, line=found.line, message="not an incident of a status page")
            elif number is None:
                yield Problem(source=file.source, line=found.line, message="the incident has no id")
            elif number not in latest or _later(_edited(found), _edited(latest[number][0])):
                latest[number] = found, _page(around)
        for number, (found, page) in latest.items():
            if word(found.record.get("status")) != "scheduled":
                yield from _pieces(_change(number, found, page, file), found, file)

    def put_together(self, pieces: Sequence[Piece]) -> Iterator[Change]:
        """One change an incident: what the latest of its copies says."""
        latest: dict[str, tuple[_Copy, Piece]] = {}
        for piece in pieces:
            copy = _Copy.model_validate_json(piece.text)
            known = latest.get(copy.change.id)
            if known is None or _later(copy.edited, known[0].edited):
                latest[copy.change.id] = copy, piece
        for copy, piece in latest.values():
            yield copy.change.model_copy(update={"source": piece.source})


class _Copy(Record):
    """An incident as one download of the page has it."""

    edited: Moment | None
    change: Change


def _pieces(told: Iterator[Change | Problem], found: Found, file: File) -> Iterator[Piece | Problem]:
    for one in told:
        if isinstance(one, Problem):
            yield one
        else:
            copy = _Copy(edited=_edited(found), change=one)
            yield Piece(text=copy.model_dump_json(), line=found.line, source=file.source)


def _edited(found: Found) -> datetime | None:
    return moment(found.record.get("updated_at"))


def _later(one: datetime | None, other: datetime | None) -> bool:
    """Whether a copy comes after another one, or as late; one without a time comes first."""
    return other is None or (one is not None and one >= other)


def _page(around: Mapping[str, Any]) -> str | None:
    """Whose page it is."""
    name, url = word(inside(around, "page", "name")), word(inside(around, "page", "url"))
    if name or not url:
        return name
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None


def _change(number: str, found: Found, page: str | None, file: File) -> Iterator[Change | Problem]:
    record = found.record
    updates = sorted(objects(record.get("incident_updates")), key=_shown)
    created = moment(record.get("created_at"))
    planned = moment(record.get("scheduled_for"))
    earliest = min((time for time in (created, *map(_told, updates)) if time is not None), default=None)
    at = planned or moment(record.get("started_at")) or earliest
    if at is None:
        said = f"the incident {number} has no time that can be read"
        yield Problem(source=file.source, line=found.line, message=said)
        return
    ended = _ended(record, updates)
    if ended is not None and ended <= at:
        said = f"the incident {number} ended before it began: its end is left out"
        yield Problem(source=file.source, line=found.line, message=said)
        ended = None
    told = [word(record.get("impact")), word(record.get("status"))]
    state = ", ".join(one for one in told if one)
    slack = LATE if created is None or planned else min(max(_whole_seconds(created - at), LATE), LATEST)
    try:
        yield Change(
            id=f"statuspage-{number}",
            at=at,
            recorded_at=created,
            uncertainty=slack,
            kind="provider_update",
            layer="model",
            component=_component(page, record, updates),
            rollout=({"at": at, "percent": 100}, {"at": ended, "percent": 0}) if ended else (),
            summary=f"{word(record.get('name')) or 'an incident without a name'}{f' ({state})' if state else ''}",
            diff=_body(updates),
            source=file.source,
        )
    except ValidationError as error:
        yield Problem(source=file.source, line=found.line, message=f"the incident is not usable: {fault(error)}")


def _whole_seconds(distance: timedelta) -> timedelta:
    """A record that is written down keeps no more, and has to be the same when it is read again."""
    return timedelta(seconds=round(abs(distance).total_seconds()))


def _told(update: Mapping[str, Any]) -> datetime | None:
    return moment(update.get("display_at")) or moment(update.get("created_at"))


def _shown(update: Mapping[str, Any]) -> datetime:
    return _told(update) or datetime.min.replace(tzinfo=UTC)


def _ended(record: Mapping[str, Any], updates: list[dict[str, Any]]) -> datetime | None:
    """When it was over; some pages say so only by an update of that status."""
    said = moment(record.get("resolved_at"))
    if said is not None or word(record.get("status")) not in _OVER:
        return said
    over: datetime | None = None
    for update in updates:  # one that was opened again ended when it was over for the last time
        ends = word(update.get("status")) in _OVER
        over = (over or _told(update)) if ends else None
    return over or moment(record.get("updated_at"))


def _component(page: str | None, record: Mapping[str, Any], updates: list[dict[str, Any]]) -> str | None:
    parts = objects(record.get("components"))
    parts = parts or [part for update in updates for part in objects(update.get("affected_components"))]
    names = list(dict.fromkeys(name for part in parts if (name := word(part.get("name")))))
    more = f" and {len(names) - MOST_COMPONENTS} more" if len(names) > MOST_COMPONENTS else ""
    shown = ", ".join(names[:MOST_COMPONENTS]) + more
    return ": ".join(part for part in (page, shown) if part) or None


def _body(updates: list[dict[str, Any]]) -> str | None:
    """What the last update said, in short."""
    said = [(word(update.get("status")), word(update.get("body"))) for update in updates]
    status, body = next((pair for pair in reversed(said) if pair[1]), (None, None))
    if body is None:
        return None
    text = _TAG.sub("", _BREAK.sub("\n", body)).strip()
    shown = f"{cut(text, MOST_BODY)}\n… (cut)" if len(text) > MOST_BODY else text
    return f"{status}: {shown}" if status else shown
