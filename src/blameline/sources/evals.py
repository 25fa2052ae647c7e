"""Native eval runs (contract, section 4): JSON lines, a JSON list, YAML or CSV in, one ``EvalRun`` a record out, run or not."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from blameline.records import EvalRun, Manifest, Problem
from blameline.sources.lines import records
from blameline.sources.wording import fault, unknown_key

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from blameline.sources.heads import File, Head

KEYS = frozenset(EvalRun.model_fields) - {"source"}


class NativeEvals:
    """Reads what each eval run covered and how it ended."""

    name = "evals"

    def sniff(self, path: Path, head: Head) -> bool:  # noqa: ARG002  the protocol hands it in
        """True for records of a run of a suite."""
        return (
            any({"run_id", "suite"} <= record.keys() for record in head.samples)
            or {
                "runs.run_id",
                "runs.suite",
            }
            <= head.paths
        )

    def read(self, file: File, manifest: Manifest, *, lenient: bool) -> Iterator[EvalRun | Problem]:  # noqa: ARG002  the protocol hands it in
        """One eval run a record; a bad record is a ``Problem`` with its line, and the rest is read."""
        told: set[str] = set()
        for part in records(file, "runs", unless=("run_id",)):
            if isinstance(part, Problem):
                yield part
                continue
            for key in sorted(map(str, part.record.keys() - KEYS - told))[:50]:
                told.add(key)
                yield Problem(
                    source=file.source, line=part.line, message=unknown_key(ascii(key)[1:61].rstrip("'"), KEYS)
                )
            record = {key: value for key, value in part.record.items() if key in KEYS and value is not None}
            try:
                run = EvalRun.model_validate({**record, **_unfolded(record), "source": file.source})
            except ValidationError as error:
                said = fault(error)
                yield Problem(source=file.source, line=part.line, message=f"the eval run is not usable: {said}")
                continue
            more = next((one for one in run.slices if one.passed is not None and one.passed > one.n), None)
            if more:
                said = f"'slices': {more.passed} passed of {more.n}"
                yield Problem(source=file.source, line=part.line, message=f"the eval run is not usable: {said}")
            else:
                yield run


def _unfolded(record: Mapping[str, Any]) -> dict[str, Any]:
    """What CSV writes as text, as JSON; and segments without what is empty, and with ``true`` as text."""
    ready: dict[str, Any] = {}
    for key in ("slices", "case_dates"):
        if isinstance(record.get(key), str):
            ready[key] = _from_text(record[key])
    slices = ready.get("slices", record.get("slices"))
    if isinstance(slices, list):
        ready["slices"] = [
            {**one, "segment": {key: _word(value) for key, value in one["segment"].items() if value is not None}}
            if isinstance(one, dict) and isinstance(one.get("segment"), dict)
            else one
            for one in slices
        ]
    return ready


def _from_text(said: str) -> object:
    try:
        return json.loads(said)
    except (ValueError, RecursionError):
        return said


def _word(value: object) -> object:
    return str(value).lower() if isinstance(value, bool) else value
