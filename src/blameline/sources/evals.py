"""Native eval runs (contract, section 4): JSON lines in, one ``EvalRun`` a record out, run or not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import ValidationError

from blameline.records import EvalRun, Manifest, Problem
from blameline.sources.lines import records
from blameline.sources.wording import fault, unknown_key

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from blameline.sources.heads import File, Head

KEYS = frozenset(EvalRun.model_fields) - {"source"}


class NativeEvals:
    """Reads what each eval run covered and how it ended."""

    name = "evals"

    def sniff(self, path: Path, head: Head) -> bool:  # noqa: ARG002  the protocol hands it in
        """True for records of a run of a suite."""
        return any({"run_id", "suite"} <= record.keys() for record in head.samples)

    def read(self, file: File, manifest: Manifest, *, lenient: bool) -> Iterator[EvalRun | Problem]:  # noqa: ARG002  the protocol hands it in
        """One eval run a record; a bad record is a ``Problem`` with its line, and the rest is read."""
        told: set[str] = set()
        for part in records(file, key="runs"):
            if isinstance(part, Problem):
                yield part
                continue
            for key in sorted(part.record.keys() - KEYS - told):
                told.add(key)
                yield Problem(source=file.source, line=part.line, message=unknown_key(key, KEYS))
            record = {key: value for key, value in part.record.items() if key in KEYS and value is not None}
            try:
                yield EvalRun.model_validate({**record, "source": file.source})
            except ValidationError as error:
                yield Problem(source=file.source, line=part.line, message=f"the eval run is not usable: {fault(error)}")
