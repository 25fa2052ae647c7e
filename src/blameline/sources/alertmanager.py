"""Alertmanager's notifications: webhook documents (version 4, or Grafana's) in, one ``Alert`` a fingerprint and start out.

A notification is sent again as long as its alerts fire: the same alert comes many times, and once more when it is over.
The list that the API gives (``amtool alert -o json``) is read too.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from blameline.records import Alert, Manifest, Problem
from blameline.sources.events import nameless
from blameline.sources.postings import impersonal, inside, moment, unfolded, word
from blameline.sources.rows import cut
from blameline.sources.wording import fault

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime
    from pathlib import Path

    from blameline.sources.heads import File, Head

SERVICE = ("service", "service_name", "app", "job")
"""Labels that say what it is about, the best first."""


class AlertmanagerWebhook:
    """Reads what Alertmanager sent, or would send."""

    name = "alertmanager"

    def sniff(self, path: Path, head: Head) -> bool:  # noqa: ARG002  the protocol hands it in
        """True for a notification, for many, and for a bare list of alerts."""
        paths = head.paths
        return (
            {"alerts", "groupKey", "receiver"} <= paths
            or {"alerts.startsAt", "alerts.labels"} <= paths
            or {"startsAt", "labels", "fingerprint"} <= paths
        )

    def read(self, file: File, manifest: Manifest, *, lenient: bool) -> Iterator[Alert | Problem]:  # noqa: ARG002  the protocol hands it in
        """Each alert once; a bad alert is a ``Problem``, and so is a group whose notifications were cut short."""
        alerts: dict[tuple[str, datetime], Alert] = {}
        missed: dict[str, tuple[int, int | None]] = {}
        for part in unfolded(file, "alerts"):
            if isinstance(part, Problem):
                yield part
                continue
            found, around = part
            group, missing = cut(word(around.get("groupKey")) or "a group", 200), around.get("truncatedAlerts")
            if isinstance(missing, int) and missing > missed.get(group, (0, None))[0]:
                missed[group] = missing, found.line
            for one in _alert(found.record, found.line, file.source):
                if isinstance(one, Problem):
                    yield one
                elif (key := (one.id, one.at)) not in alerts or _fuller(one, alerts[key]):
                    alerts[key] = one
        for group, (missing, line) in missed.items():
            said = f"the list is incomplete: {missing} alerts were cut from the notification for {group}"
            yield Problem(source=file.source, line=line, message=said)
        yield from alerts.values()


def _fuller(one: Alert, other: Alert) -> bool:
    """Whether a later copy says more: how long the alert lasted."""
    return one.resolved_at is not None and (other.resolved_at is None or one.resolved_at > other.resolved_at)


def _alert(record: Mapping[str, Any], line: int | None, source: str) -> Iterator[Alert | Problem]:
    labels = impersonal(record.get("labels"))
    number = word(record.get("fingerprint")) or (_fingerprint(labels) if labels else None)
    name = labels.get("alertname") or number or "an alert without a name"
    at = _start(record)
    if number is None or at is None:
        missing = "labels" if number is None else "start that can be read"
        yield Problem(source=source, line=line, message=f"the alert has no {missing}")
        return
    told = (word(inside(record, "annotations", key)) for key in ("summary", "message", "description"))
    summary = next((text for text in told if text), None)
    over = record.get("status") == "resolved"  # what the API lists is not over: its end is when it would time out
    ended = moment(record.get("endsAt")) if over else None
    if over and (ended is None or ended < at):
        said = f"the alert {name} is resolved, but its end cannot be used: {cut(str(record.get('endsAt')), 40)!r}"
        yield Problem(source=source, line=line, message=said)
        ended = None
    try:
        yield Alert(
            id=number,
            at=at,
            system="alertmanager",
            title=nameless(f"{name}: {summary}" if summary else name),
            severity=labels.get("severity"),
            resolved_at=ended,
            service=next((labels[key] for key in SERVICE if key in labels), None),
            labels=labels,
            source=source,
        )
    except ValidationError as error:
        yield Problem(source=source, line=line, message=f"the alert is not usable: {fault(error)}")


def _start(record: Mapping[str, Any]) -> datetime | None:
    """To the millisecond, because the API gives no more of it and a notification gives nine digits."""
    at = moment(record.get("startsAt"))
    return at and at.replace(microsecond=at.microsecond // 1000 * 1000)


def _fingerprint(labels: Mapping[str, str]) -> str:
    """Releases before 0.20 sent none: the labels are what an alert is known by."""
    content = json.dumps(labels, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(content.encode("utf-8", "replace")).hexdigest()[:16]
