"""The chain of one request, stage by stage: which outputs got worse since the onset, and how much of the loss goes through each.

In come the rows of ``evidence/stages``, out comes an ``Output`` for each thing that a stage puts out. How much goes through it
is what its levels changed, each level's answers being as good as they are since the onset (Oaxaca 1973): an output that moved, on
requests that did no worse for it, carries nothing, and neither does one whose good levels fell as much.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from blameline.cells.grid import sums
from blameline.shifts.beside import Step, step

if TYPE_CHECKING:
    from collections.abc import Mapping

    from blameline.evidence.hearing import Hearing
    from blameline.evidence.questions import Rows

STAGE: Mapping[str, str] = {
    "format": "generation", "length": "generation", "refusal": "generation", "truncation": "generation",
    "language": "generation", "retrieval": "retrieval", "tool": "tools",
}  # fmt: skip
"""Family of a mediator -> the stage that puts it out; the others are of the whole request."""
FEWEST = 30
"""Scored requests on either side below which nothing is said of what carried the loss."""


@dataclass(frozen=True)
class Carried:
    """How much of the signal's fall on these requests goes through one output; all in the signal's unit, a loss above 0."""

    fall: float
    """On the requests that tell the output."""
    through: float
    error: float
    """Standard error of ``through``."""
    n_before: int
    n_after: int

    @property
    def share(self) -> float:
        """The part of the fall."""
        return self.through / self.fall if self.fall > 0 else 0.0


@dataclass(frozen=True)
class Output:
    """One thing that a stage puts out; more is worse."""

    name: str
    stage: str
    place: float
    """Where in a request the stage stands, in microseconds; ``inf`` where no span says so."""
    first: float
    """Where it begins."""
    step: Step | None
    """Its change since the onset; ``None`` where too little tells it."""
    spread: float
    """Standard deviation between requests."""
    share: float
    """Share of the requests after the onset that tell it, of those of the output that most tell."""
    carried: Carried | None
    binary: bool
    """It is a share of requests."""

    @property
    def z(self) -> float:
        """Its change in standard errors; above 0 it got worse."""
        return self.step.delta / self.step.error if self.step is not None and self.step.error > 0 else 0.0


def parameters(hearing: Hearing) -> dict[str, object]:
    """What to bind to ``evidence/stages``, which is asked once a shift: the same for every candidate."""
    shift, cells, mechanism = hearing.shift, hearing.fit.cells, hearing.mechanism
    heard = {name: (family, mechanism.fit(name).cells.signal) for family in mechanism.families
             for name in mechanism.families[family]}  # fmt: skip
    listed = {
        name: (STAGE.get(family, "request"), _side(signal.better))
        for name, (family, signal) in heard.items()
        if signal.better is not None and not signal.context
    }
    scored = {
        name: ("", _side(fit.cells.signal.better))
        for name, fit in hearing.fits.items()
        if name not in listed and fit.cells.signal.family == "quality" and not fit.cells.signal.control
    }
    outputs = sorted({**listed, **scored}.items())
    end = shift.ended or cells.moment(cells.span_hours)
    return {
        "signal": shift.signal,
        "since": cells.moment(0).replace(tzinfo=None),
        "until": end.replace(tzinfo=None),
        "onset": shift.onset.estimate.replace(tzinfo=None),
        "keys": sorted(shift.segment),
        "values": [str(shift.segment[key]) for key in sorted(shift.segment)],
        "outputs": [name for name, _ in outputs],
        "stages": [stage for _, (stage, _) in outputs],
        "sides": [side for _, (_, side) in outputs],
    }


def _side(better: str | None) -> int:
    return -1 if better == "higher" else 1


def outputs(rows: Rows, harm: int) -> list[Output]:
    """Every output of the chain, in the order in which a request comes by; ``harm`` is the side on which the signal is worse."""
    names, stages = np.asarray(rows["output"], dtype=object), np.asarray(rows["stage"], dtype=object)
    late, n = np.asarray(rows["day"]) >= 0, np.asarray(rows["n"], dtype=float)
    pairs = sorted({(str(stage), str(name)) for stage, name in zip(stages, names, strict=True)})
    found, most = [], 1.0
    for stage, name in pairs:
        most = max(most, float(n[(stages == stage) & (names == name) & late].sum()))
    for stage, name in pairs:
        own = (stages == stage) & (names == name)
        part = {key: np.asarray(values)[own] for key, values in rows.items()}
        count, total, square = (part[key].astype(float) for key in ("n", "total", "square"))
        whole = float(count.sum())
        mean = float(total.sum()) / whole
        place, first = (float(part[key][0]) if part[key][0] is not None else np.inf for key in ("place", "first"))
        days, segments = part["day"].astype(np.int64), part["segment_id"].astype(np.int64)
        keys, number = np.unique(np.column_stack([days, segments]), axis=0, return_inverse=True)
        number = number.ravel()
        moved = step(keys[:, 0], keys[:, 1], sums(number, count), sums(number, total))
        found.append(
            Output(
                name, stage, place if np.isfinite(place) else np.inf, first if np.isfinite(first) else np.inf, moved,
                float(np.sqrt(max(float(square.sum()) / whole - mean**2, 0.0))), float(count[days >= 0].sum()) / most,
                carried(part, harm), bool(np.allclose(square, np.abs(total), atol=1e-5)),
            )
        )  # fmt: skip
    return sorted(found, key=lambda one: (one.place, one.stage, one.name))


def carried(part: Rows, harm: int) -> Carried | None:
    """How much of the fall goes through the levels of one output; ``None`` where too little is scored."""
    late = np.asarray(part["day"]) >= 0
    _, level = np.unique(np.asarray(part["level"]), return_inverse=True)
    size = int(level.max(initial=-1)) + 1
    scored, score, square = (np.asarray(part[key], dtype=float) for key in ("scored", "score", "score_square"))
    n = np.array([sums(level[side], scored[side], size) for side in (~late, late)])
    total = np.array([sums(level[side], score[side], size) for side in (~late, late)])
    if not size or min(n.sum(axis=1)) < FEWEST:
        return None
    share = n / n.sum(axis=1, keepdims=True)
    both = n.sum(axis=0)
    pooled = np.divide(total.sum(axis=0), both, out=np.zeros(size), where=both > 0)
    mean = np.divide(total, n, out=np.tile(pooled, (2, 1)), where=n > 0)
    grand = float(total.sum() / both.sum())
    spread = max(float(square.sum() / both.sum()) - grand**2, 0.0)
    moved = share[1] - share[0]
    centre = mean[1] - float(mean[1] @ share.mean(axis=0))
    by_share = sum(float(row @ centre**2) / float(count.sum()) for row, count in zip(share, n, strict=True))
    by_mean = float(moved**2 @ (spread / np.maximum(n[1], 1.0)))
    fall = harm * float(mean[1] @ share[1] - mean[0] @ share[0])
    through = harm * float(moved @ mean[1])
    counts = n.sum(axis=1)
    return Carried(fall, through, float(np.sqrt(by_share + by_mean)), int(counts[0]), int(counts[1]))
