"""Mechanism: what moved between a change and the quality, and whose layer moves such things. One bounded ratio for the odds.

A mediator is what a layer acts on first: tools that fail, searches that come back empty, answers that are refused, cut, longer.
Signals that measure one fact are one family, whose Bayes factor is the mean over them. For each family, with ``BF`` from the
same model along the variant that won on the outcome::

    LR = (g BF + (1 - g) M) / (i BF + (1 - i) M),    M = 1 + sum_j i_j BF_j,    between (1 - g)/(1 - i) and g/i

``g`` is the chance that the family moves when a change of this layer is guilty, ``i`` that it moves with an innocent one: an
innocent edit that shortens answers cannot convict itself. ``M`` is what all other changes, innocent, make of the same move.
``unknown`` has a row of its own: a step with every candidate's column in the mean.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from blameline.candidates import variants
from blameline.evidence.bypass import Bypass, bypass
from blameline.evidence.chain import Output, outputs
from blameline.evidence.traffic_mix import Moves
from blameline.records import RULER_LAYERS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from blameline.candidates import Candidate
    from blameline.evidence.hearing import Hearing
    from blameline.evidence.questions import Rows
    from blameline.fit import Fit

Floats = NDArray[np.float64]
FAMILY: Mapping[str, str] = {
    "json_invalid": "format", "json_fenced": "format", "json_keys_missing": "format",
    "output_length": "length", "output_tokens": "length",
    "answer_refused": "refusal", "answer_truncated": "truncation",
    "retrieval_empty": "retrieval", "document_score": "retrieval",
    "tool_failed": "tool", "request_failed": "failure", "latency": "latency",
    "language_switched": "language", "language_unusual": "language",
}  # fmt: skip
"""Family of each known signal that is a mediator; whatever users do in answer to what they got is none."""
CONTRACTS: Mapping[str, str] = {
    "json": "format", "no_fence": "format", "keys": "format", "required": "format", "forbidden": "format",
    "sentences": "length", "length": "length", "language": "language", "refusal": "refusal", "finish": "truncation",
    "latency": "latency", "tool_errors": "tool",
}  # fmt: skip
"""Family of a contract, by what it asks."""
READ: tuple[str, ...] = ("document_score", "output_length", "latency")
"""Mediators that are context alone, and are read for the mechanism; ``output_tokens`` where no length is on record."""
Chance = tuple[float, float]
TABLE: Mapping[str, Mapping[str, Chance]] = {
    "prompt": {
        "format": (0.45, 0.2), "length": (0.6, 0.4), "refusal": (0.3, 0.1), "truncation": (0.15, 0.06), "language": (0.15, 0.03),
        "tool": (0.05, 0.04), "latency": (0.2, 0.2),
    },
    "model": {
        "format": (0.3, 0.15), "length": (0.75, 0.5), "refusal": (0.35, 0.15), "truncation": (0.15, 0.1),
        "language": (0.1, 0.04), "tool": (0.1, 0.05), "latency": (0.7, 0.6), "failure": (0.12, 0.06),
    },
    "sampling": {
        "format": (0.3, 0.1), "length": (0.5, 0.35), "truncation": (0.4, 0.1), "language": (0.08, 0.03), "latency": (0.2, 0.2),
    },
    "context": {
        "length": (0.2, 0.15), "truncation": (0.3, 0.08), "refusal": (0.1, 0.05), "latency": (0.2, 0.2), "failure": (0.15, 0.05),
    },
    "retrieval": {"retrieval": (0.8, 0.2), "refusal": (0.1, 0.05), "length": (0.1, 0.1), "latency": (0.15, 0.15)},
    "tools": {
        "tool": (0.8, 0.12), "format": (0.05, 0.03), "refusal": (0.05, 0.03), "length": (0.1, 0.1), "latency": (0.2, 0.2),
        "failure": (0.15, 0.05),
    },
    "guardrail": {
        "refusal": (0.75, 0.15), "truncation": (0.08, 0.05), "length": (0.15, 0.1), "latency": (0.15, 0.15),
        "failure": (0.1, 0.05),
    },
    "router": {
        "format": (0.1, 0.05), "length": (0.5, 0.4), "refusal": (0.1, 0.05), "latency": (0.6, 0.5), "failure": (0.1, 0.05),
    },
    "deploy": {
        "format": (0.1, 0.05), "length": (0.2, 0.15), "refusal": (0.08, 0.05), "retrieval": (0.08, 0.05), "tool": (0.08, 0.05),
        "latency": (0.3, 0.3), "failure": (0.25, 0.08),
    },
    "data": {"retrieval": (0.3, 0.12), "tool": (0.15, 0.08), "latency": (0.1, 0.1), "failure": (0.1, 0.05)},
    "unknown": {
        "format": (0.1, 0.03), "length": (0.15, 0.05), "refusal": (0.1, 0.03), "truncation": (0.06, 0.03),
        "retrieval": (0.1, 0.03), "tool": (0.1, 0.03), "latency": (0.15, 0.05), "failure": (0.1, 0.04), "language": (0.05, 0.03),
    },
}  # fmt: skip
"""Chance that a family moves when a change of a layer is guilty, and when it is innocent; whatever is not told says nothing.

Start values from the project's design notes, shrunk towards each other where nobody has counted; ``benchmarks/drill.py`` on
seeds below 1000 is what they are checked with.
"""
MEASURING: Mapping[str, Chance] = dict.fromkeys(
    ("format", "refusal", "truncation", "retrieval", "tool", "failure", "language"), (0.02, 0.1)
)
"""The same of what moves the measuring alone: none of these is a score."""
RECORDS: Mapping[str, Chance] = dict.fromkeys(MEASURING, (0.2, 0.1))
"""The same of what loses records."""
UNTOLD: Chance = (0.03, 0.03)
"""Where the table has no entry."""
SPECIFIC = 3.0
"""Ratio from which a family is a layer's own: it can speak for a change beyond the clock."""
OWN = 2.1
"""What a shift of a mediator itself adds at most for the layer that moves it, and takes from the others."""
MOST = 3.0
"""The whole ratio adds no more than this to the log odds, and takes no more."""
OWN_REACH, OTHER_REACH = 0.8, 0.06
"""Chance that a change of a layer acts only where that is touched; and one of any other."""


@dataclass(frozen=True)
class Mediators:
    """The models of all mediators, whether or not they could be a shift, and where requests touched which component."""

    fits: Mapping[str, Fit] = field(default_factory=dict)
    family: Mapping[str, str] = field(default_factory=dict)
    """Signal -> its family."""
    touched: Mapping[str, Fit] = field(default_factory=dict)
    """Signal -> the model of its cells parted by what they touched; only where a bid has such a component."""


class Mechanism:
    """One hearing's mediators: how far each moved along each bid, and what that is worth."""

    def __init__(self, hearing: Hearing, mediators: Mediators) -> None:
        self._hearing = hearing
        self._mediators = mediators
        self._factors: dict[tuple[str, str], Moves] = {}
        self._chain: list[Output] | None = None

    def chain(self, rows: Rows) -> list[Output]:
        """The outputs of the chain, worked out once a shift: ``evidence/stages`` brings the same rows for every candidate."""
        if self._chain is None:
            self._chain = outputs(rows, self._hearing.harm)
        return self._chain

    @property
    def own(self) -> str | None:
        """The family that the shift itself is of, if it is a mediator."""
        return self._mediators.family.get(self._hearing.shift.signal)

    def own_ratio(self, candidate: Candidate) -> float:
        """Where the shift is itself a mediator: log of how much likelier it is a layer's than nobody's; bounded, else 0."""
        if self.own is None or self._hearing.fit.cells.signal.control or candidate.id in {"chance", "mix"}:
            return 0.0
        guilty, _ = chances(candidate).get(self.own, UNTOLD)
        nobody, _ = TABLE["unknown"][self.own]
        return float(np.clip(math.log(guilty / nobody), -OWN, OWN))

    @cached_property
    def families(self) -> dict[str, tuple[str, ...]]:
        """Family -> its signals; without the family that the shift itself is of, which the fit has heard already."""
        own = self.own
        found: dict[str, tuple[str, ...]] = {}
        for name in sorted(self._mediators.fits):
            family = self._mediators.family[name]
            if family != own and not self._mediators.fits[name].cells.signal.control:
                found[family] = (*found.get(family, ()), name)
        return found

    def has(self, signal: str) -> bool:
        """Whether a signal is heard here, and must not be heard again."""
        return self._mediators.family.get(signal) is not None and signal in self._mediators.fits

    def fit(self, signal: str) -> Fit:
        """The model of a mediator."""
        return self._mediators.fits[signal]

    def moves(self, candidate: Candidate, signal: str) -> Moves:
        """How a mediator moved along a bid's best variant, for the worse where it has a direction.

        ``unknown`` is asked with all changes in the mean.
        """
        key = (candidate.id, signal)
        if key not in self._factors:
            fit = self._mediators.fits[signal]
            other = self._without(signal) if candidate.id == "unknown" else fit
            scores = other.scores(self._column(candidate, fit)[:, None])
            factor = float(scores.log_factor(fit.slab, sign=harmful(fit))[0])
            self._factors[key] = Moves(factor, float(scores.estimate[0]), float(scores.error[0]))
        return self._factors[key]

    def _column(self, candidate: Candidate, fit: Fit) -> Floats:
        hearing = self._hearing
        if candidate.standing:
            begin, end = hearing.begun()
            inside = fit.cells.inside(dict(hearing.shift.segment))
            return np.asarray(inside & (fit.cells.hours > begin) & (fit.cells.hours <= end), dtype=np.float64)
        bid = hearing.bids[candidate.id]
        options = variants(candidate, fit.cells, hearing.places, bid.variants.crossed)
        label = bid.variants.labels[bid.best]
        return options.columns[:, options.labels.index(label) if label in options.labels else 0]

    def _without(self, signal: str) -> Fit:
        """The model of a mediator with the columns of all changes in its mean."""
        fit = self._mediators.fits[signal]
        told = [self._column(bid.candidate, fit) for bid in self._hearing.bids.values()]
        return fit.given(np.column_stack(told)) if told else fit

    def factor(self, candidate: Candidate, family: str) -> float:
        """Log Bayes factor that a bid moved a family: the mean over its signals, for one of them is enough."""
        told = [self.moves(candidate, name).log_factor for name in self.families[family]]
        return float(logsumexp(told) - math.log(len(told)))

    def _others(self, candidate: Candidate, family: str) -> float:
        """Log of what everybody else, innocent, makes of a family's move: 0 where nobody did, more where one of them may have."""
        told = [0.0]
        for bid in self._hearing.bids.values():
            if bid.candidate.id != candidate.id:
                _, innocent = chances(bid.candidate).get(family, UNTOLD)
                told.append(math.log(innocent) + self.factor(bid.candidate, family))
        return float(logsumexp(told))

    def ratio(self, candidate: Candidate, family: str) -> float:
        """Log likelihood ratio of one family for one bid."""
        chance = chances(candidate).get(family)
        if chance is None:
            return 0.0
        (guilty, innocent), factor, other = chance, self.factor(candidate, family), self._others(candidate, family)
        up = np.logaddexp(math.log(guilty) + factor, math.log1p(-guilty) + other)
        down = np.logaddexp(math.log(innocent) + factor, math.log1p(-innocent) + other)
        return float(up - down)

    def log_ratio(self, candidate: Candidate) -> float:
        """What the mechanism adds to the log odds of a bid; bounded, 0 where nothing is told."""
        if candidate.id in {"chance", "mix"}:
            return 0.0
        told = sum(self.ratio(candidate, family) for family in self.families)
        told += self._reached(candidate) + self.own_ratio(candidate)
        return float(np.clip(told, -MOST, MOST))

    def _reached(self, candidate: Candidate) -> float:
        """What the requests that never touched the layer say, where the bid's own column does not tell them apart."""
        bypass = self.bypass(candidate)
        if bypass is None or not bypass.told:
            return 0.0
        up = np.logaddexp(math.log(OWN_REACH) + bypass.log_factor, math.log1p(-OWN_REACH))
        down = np.logaddexp(math.log(OTHER_REACH) + bypass.log_factor, math.log1p(-OTHER_REACH))
        return float(up - down)

    def bypass(self, candidate: Candidate) -> Bypass | None:
        """The signal where the bid's layer was touched and where it was not; ``None`` where only one of them is on record."""
        fit = self._mediators.touched.get(self._hearing.shift.signal)
        if fit is None or candidate.standing or candidate.layer is None:
            return None
        inside = fit.cells.inside(dict(self._hearing.shift.segment))  # a task that calls tools more often is no proof
        return bypass(fit, self._column(candidate, fit) * inside, candidate.layer, harm=self._hearing.harm)


def harmful(fit: Fit) -> int:
    """The side on which a signal is worse: -1, +1, or 0 where it has no better side."""
    better = fit.cells.signal.better
    return 0 if better is None or fit.cells.signal.family == "time" else -1 if better == "higher" else 1


def chances(candidate: Candidate) -> Mapping[str, Chance]:
    """The row of a bid: of its layer, of ``unknown``, of the measuring or of the records."""
    if candidate.id == "artefact" or candidate.layer == "telemetry":
        return RECORDS
    if candidate.id == "ruler" or candidate.layer in RULER_LAYERS:
        return MEASURING
    return TABLE.get("unknown" if candidate.id == "unknown" else candidate.layer or "", {})
