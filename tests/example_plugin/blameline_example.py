"""One plug-in at each seam, as small as it can be: a distribution of its own that blameline has never heard of.

Copy this folder to begin yours. Each class is registered in ``pyproject.toml`` under the group of its seam, and its
``name`` is the name that it is registered under.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from blameline.candidates import Candidate
from blameline.evidence.hearing import Hearing
from blameline.evidence.questions import Answered, Rows, points, window
from blameline.fit import Fit
from blameline.records import LAYER_OF_KIND, Change, Manifest, Problem, Story
from blameline.shifts import Move
from blameline.sources import File, Head

_LINE = re.compile(r"^(?P<at>\d{4}-\d\d-\d\dT\S+)\s+(?P<kind>\w+)\s+(?P<to>\S+)$")


class RunLog:
    """A source: a release log with one line a change, ``2026-03-14T09:12:00Z deploy 2026.3.0``."""

    name = "runlog"

    def sniff(self, path: Path, head: Head) -> bool:
        """By the first line, which must name a kind of change."""
        del path
        found = _LINE.match(head.text.partition("\n")[0].strip())
        return head.shape == "text" and found is not None and found["kind"] in LAYER_OF_KIND

    def read(self, file: File, manifest: Manifest, *, lenient: bool) -> Iterator[Change | Problem]:
        """One change a line; a line that cannot be read is a ``Problem``, and the rest is read."""
        del manifest, lenient
        for number, line in enumerate(file.path.read_text(encoding="utf-8").splitlines(), start=1):
            found = _LINE.match(line.strip())
            if found is None or found["kind"] not in LAYER_OF_KIND:
                yield Problem(source=file.source, line=number, message="not 'time kind version'")
                continue
            yield Change.model_validate(
                {
                    "id": f"{Path(file.source).stem}:{number}",
                    "at": found["at"],
                    "kind": found["kind"],
                    "layer": LAYER_OF_KIND[found["kind"]],
                    "to": found["to"],
                    "source": file.source,
                }
            )


class Halves:
    """A detector: does the second half of the window differ from the first?"""

    name = "halves"

    def find(self, fit: Fit, *, better: str, seed: int) -> list[Move]:
        """One move at the middle, if it stands three standard errors clear."""
        del seed
        middle = fit.cells.span_hours / 2
        column = (fit.cells.hours >= middle).astype(float)
        scores = fit.scores(column[:, None])
        if not scores.information[0]:
            return []
        effect, error = float(scores.estimate[0]), float(scores.error[0])
        if abs(effect) < 3 * error:
            return []
        return [
            Move(
                segment={},
                worse=(effect < 0) == (better == "higher"),
                evidence=0.5 * (effect / error) ** 2,
                moments=np.array([middle]),
                weights=np.array([1.0]),
                effect=effect,
                error=error,
                ends=np.array([]),
                end_weights=np.array([]),
                gradual=False,
                column=column,
            )
        ]


class PlainMean:
    """A check: did the plain mean fall when the change came? It can say yes, no, and that it cannot tell."""

    name = "plainmean"
    asks = "Was the plain mean of the three days after it worse than that of the three days before?"
    query = "evidence/around"
    """The rows that it looks at. The report names this query, its hash and what was bound to it."""

    def concerns(self, candidate: Candidate) -> bool:
        """Every change that has a time."""
        return candidate.starts is not None

    def parameters(self, hearing: Hearing, candidate: Candidate) -> Mapping[str, object]:
        """The signal and the window, and the moment of the change in UTC without a zone."""
        assert candidate.starts is not None
        return {**window(hearing), "starts": candidate.starts.replace(tzinfo=None)}

    def weigh(self, rows: Rows, hearing: Hearing, candidate: Candidate, *, seed: int) -> Answered:
        """Three standard errors of the difference decide; fewer than 30 requests on a side decide nothing."""
        del candidate, seed
        columns = (rows[key] for key in ("after", "n", "mean"))
        sides = {bool(after): (int(n), float(mean)) for after, n, mean in zip(*columns, strict=True)}
        (n_before, before), (n_after, after) = sides.get(False, (0, 0.0)), sides.get(True, (0, 0.0))
        numbers = {"n_before": n_before, "n_after": n_after, "before": before, "after": after}
        if min(n_before, n_after) < 30:
            return Answered("inconclusive", f"too few requests: {n_before} before, {n_after} after", numbers)
        change = after - before
        error = math.sqrt(hearing.fit.sigma2 * (1 / n_before + 1 / n_after))
        said = f"{points(change, hearing)} (standard error {100 * error:.1f} points)"
        if hearing.harm * change > 3 * error:
            return Answered("supports", f"it was worse: {said}", numbers)
        if hearing.harm * change < -3 * error:
            return Answered("refutes", f"it was better: {said}", numbers)
        return Answered("inconclusive", f"the two do not differ clearly: {said}", numbers)


class OneLine:
    """A renderer: the headline and nothing else."""

    name = "oneline"
    suffix = ".txt"

    def render(self, story: Story) -> str:
        """The headline, with a newline at the end."""
        return f"{story.found.outcome}: {story.found.headline}\n"
