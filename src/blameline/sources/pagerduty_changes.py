"""PagerDuty's change events: REST lists, related ones too, and what was sent to Events v2 in; one ``Change`` each out.

An event of its own has an id; one that was sent has none, and gets one from its content (never from its routing key,
which is a secret and is not kept).
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from blameline.records import LAYER_OF_KIND, Change, Manifest, Problem
from blameline.sources.events import nameless
from blameline.sources.postings import impersonal, inside, moment, objects, unfolded, word
from blameline.sources.wording import fault

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from blameline.sources.heads import File, Head

_DEPLOY = re.compile(r"deploy|\brollout|\brolled out|\breleased?\b", re.IGNORECASE)
_VERSION = ("version", "release", "revision", "tag", "image_tag", "sha", "commit", "commit_sha", "git_sha")
"""Details that say what was brought in, the best first."""


class PagerDutyChanges:
    """Reads what PagerDuty was told had been changed."""

    name = "pagerduty_changes"

    def sniff(self, path: Path, head: Head) -> bool:  # noqa: ARG002  the protocol hands it in
        """True for change events as PagerDuty lists them, or as they are sent."""
        paths = head.paths
        return (
            {"change_events", "more"} <= paths
            or {"change_events.timestamp", "change_events.summary"} <= paths
            or {"change_event.timestamp", "change_event.summary"} <= paths
            or any(record.get("type") == "change_event" and "timestamp" in record for record in head.samples)
            or ({"payload.summary", "payload.timestamp", "routing_key"} <= paths and _sent(paths))
        )

    def read(self, file: File, manifest: Manifest, *, lenient: bool) -> Iterator[Change | Problem]:  # noqa: ARG002  the protocol hands it in
        """One change an event; a bad one is a ``Problem``."""
        for part in unfolded(file, "change_events"):
            if isinstance(part, Problem):
                yield part
                continue
            found, _ = part
            whole = inside(found.record, "change_event")
            yield _change(whole if isinstance(whole, dict) else found.record, found.line, file.source)


def _sent(names: frozenset[str]) -> bool:
    """An alert that is sent has an action and a severity, a change has neither."""
    return not {"event_action", "payload.severity"} & names


def _change(record: Mapping[str, Any], line: int | None, source: str) -> Change | Problem:
    if record.get("event_action"):
        return Problem(source=source, line=line, message="an alert among changes: it is not read here")
    event = record.get("payload") if isinstance(record.get("payload"), dict) else record
    at = moment(inside({"event": event}, "event", "timestamp"))
    if at is None:
        return Problem(source=source, line=line, message="the change event has no time that can be read")
    assert isinstance(event, dict)
    summary = word(event.get("summary"))
    details = impersonal(event.get("custom_details"))
    links = [text for link in objects(record.get("links")) for key in ("href", "text") if (text := word(link.get(key)))]
    said = " ".join([summary or "", *details, *details.values(), *links])
    kind = "deploy" if _DEPLOY.search(said) else "infra_change"
    services = [word(one.get("summary")) or word(one.get("id")) for one in objects(record.get("services"))]
    named = [name for name in dict.fromkeys(services) if name]
    number = word(record.get("id"))
    content = json.dumps([at.isoformat(), summary, word(event.get("source")), details], ensure_ascii=False)
    derived = hashlib.sha256(content.encode("utf-8", "replace")).hexdigest()[:12]
    try:
        return Change(
            id=f"pagerduty-{number or derived}",
            at=at,
            kind=kind,
            layer=LAYER_OF_KIND[kind],
            component=", ".join(named) or word(event.get("source")),
            to=next((details[key] for key in _VERSION if key in details), None),
            summary=summary and nameless(summary),
            diff="\n".join(f"{key}: {value}" for key, value in details.items()) or None,
            source=source,
        )
    except ValidationError as error:
        return Problem(source=source, line=line, message=f"the change event is not usable: {fault(error)}")
