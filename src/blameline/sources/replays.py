"""Native replay results (contract, section 5): JSON lines in, one ``Replay`` a re-executed case out."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from pydantic import ValidationError

from blameline.records import Manifest, Problem, Replay
from blameline.sources.lines import records
from blameline.sources.wording import fault

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from blameline.sources.heads import File, Head

KEYS = frozenset(Replay.model_fields) - {"source"}


class NativeReplays:
    """Reads cases that were run again under a named configuration."""

    name = "replays"

    def sniff(self, path: Path, head: Head) -> bool:  # noqa: ARG002  the protocol hands it in
        """True for records of a case, its configuration and its score."""
        return any({"case_id", "config", "score"} <= record.keys() for record in head.samples)

    def read(self, file: File, manifest: Manifest, *, lenient: bool) -> Iterator[Replay | Problem]:  # noqa: ARG002  the protocol hands it in
        """One replay a record; a bad record is a ``Problem`` with its line, and the rest is read.

        What the runner could not bring to an end, or has no score yet, is told as one ``Problem`` and says nothing.
        """
        waiting: dict[str, bool] = {}
        for part in records(file, key="replays"):
            if isinstance(part, Problem):
                yield part
                continue
            if part.record.get("run_id") is not None:
                name = str(part.record["run_id"])
                waiting[name] = waiting.get(name, True) and part.record.get("score") is None
                if part.record.get("score") is None:
                    continue
            record = {key: value for key, value in part.record.items() if key in KEYS and value is not None}
            try:
                replay = Replay.model_validate({**record, "source": file.source})
            except ValidationError as error:
                yield Problem(source=file.source, line=part.line, message=f"the replay is not usable: {fault(error)}")
                continue
            if math.isfinite(replay.score):
                yield replay
            else:
                yield Problem(source=file.source, line=part.line, message="the replay's score is not a number")
        if unscored := sum(waiting.values()):
            said = f"{unscored} of {len(waiting)} runs failed or have no score yet, and are not used"
            yield Problem(source=file.source, message=said)
