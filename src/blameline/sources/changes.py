"""The native changelog (contract, section 3): YAML, JSON lines, a JSON list or CSV in, one ``Change`` a record out.

Only ``at`` and ``kind`` are required. The layer follows from the kind, and an id is derived from the content where
none is given, so that the same record has the same id in every load.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from blameline import times
from blameline.records import LAYER_OF_KIND, Change, Manifest, Problem
from blameline.sources.lines import Found, known_records
from blameline.sources.wording import fault, nearest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from blameline.sources.heads import File, Head

KEYS = frozenset(
    {"id", "at", "recorded_at", "uncertainty", "kind", "layer", "component", "from", "to", "scope", "rollout",
     "reverts", "team", "summary", "diff"}
)  # fmt: skip
_TRACE_KEYS = frozenset({"trace_id", "traceId", "span_id", "spanId", "resourceSpans", "run_id", "case_id"})


class NativeChanges:
    """Reads changes that somebody wrote down in our own form."""

    name = "changes"

    def sniff(self, path: Path, head: Head) -> bool:  # noqa: ARG002  the protocol hands it in
        """True for records that have ``at`` and ``kind`` and are no spans."""
        return any(
            ({"kind", "at"} <= record.keys() and not _TRACE_KEYS & record.keys())
            or (isinstance(record.get("kind"), str) and record["kind"] in LAYER_OF_KIND)
            for record in head.samples
        )

    def read(self, file: File, manifest: Manifest, *, lenient: bool) -> Iterator[Change | Problem]:  # noqa: ARG002  the protocol hands it in
        """One change a record; a bad record is a ``Problem`` with its line, and the rest is read."""
        for part in known_records(file, "changes", KEYS):
            if isinstance(part, Problem):
                yield part
                continue
            yield _change(part, file)


def _change(part: Found, file: File) -> Change | Problem:
    record = {key: value for key, value in part.record.items() if key in KEYS and value not in (None, "")}
    for key in ("at", "kind"):
        if key not in record:
            return Problem(source=file.source, line=part.line, message=f"the change has no '{key}'")
    kind = str(record["kind"]).strip()
    if kind not in LAYER_OF_KIND:
        said = f"unknown kind of change '{kind}'{nearest(kind, LAYER_OF_KIND)}"
        return Problem(source=file.source, line=part.line, message=said)
    try:
        ready = {**record, "kind": kind, "layer": record.get("layer", LAYER_OF_KIND[kind]), **_unfolded(record)}
        ready["id"] = str(record["id"]).strip() if "id" in record else _derived_id(record)
        if times.day_alone(record["at"]) and not ready.get("rollout"):
            ready.setdefault("uncertainty", times.DAY)
        return Change.model_validate({**ready, "source": file.source})
    except ValidationError as error:
        return Problem(source=file.source, line=part.line, message=f"the change is not usable: {fault(error)}")


def _unfolded(record: Mapping[str, Any]) -> dict[str, Any]:
    """What CSV writes as text: scope and rollout as JSON, or as ``a=b;c=d``."""
    ready: dict[str, Any] = {}
    for key in ("scope", "rollout"):
        if isinstance(record.get(key), str):
            ready[key] = _from_text(record[key])
    return ready


def _from_text(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        pairs = [part.split("=", 1) for part in re.split(r"[;,]", text) if part.strip()]
        if not all(len(pair) == 2 for pair in pairs):
            return text
        found: dict[str, list[str]] = {}
        for key, value in pairs:
            found.setdefault(key.strip(), []).append(value.strip())
        return {key: values if len(set(values)) > 1 else values[0] for key, values in found.items()}


def _derived_id(record: Mapping[str, Any]) -> str:
    content = json.dumps(record, sort_keys=True, default=str, ensure_ascii=False)
    return f"chg-{hashlib.sha256(content.encode()).hexdigest()[:8]}"
