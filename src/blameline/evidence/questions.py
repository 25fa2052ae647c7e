"""The seam of the room: what a check is, and how its answer becomes evidence that names its own query."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from blameline.records import Answer, Evidence, Query
from blameline.records.scale import counted, factor, logged
from blameline.shifts.describe import Z90

if TYPE_CHECKING:
    from blameline.candidates import Candidate
    from blameline.evidence.hearing import Hearing

Rows = Mapping[str, NDArray[Any]]
Number = float | int | str | bool | None


@dataclass(frozen=True)
class Answered:
    """A check's answer to its question about one candidate."""

    verdict: Answer
    because: str
    """One sentence, with the numbers that decided."""
    numbers: Mapping[str, Number] = field(default_factory=dict)


class Check(Protocol):
    """Puts one question to a candidate; it must be able to answer yes, no, and that it cannot tell."""

    name: str
    asks: str
    """The question in one plain sentence; printed in the report."""
    query: str
    """The file under ``sql/`` that brings the rows a person can look at."""

    def concerns(self, candidate: Candidate) -> bool:
        """Whether the question makes sense for this candidate at all."""
        ...

    def parameters(self, hearing: Hearing, candidate: Candidate) -> Mapping[str, object]:
        """What to bind to the query."""
        ...

    def weigh(self, rows: Rows, hearing: Hearing, candidate: Candidate, *, seed: int) -> Answered:
        """The answer. Too little data is ``inconclusive`` with the reason, never a verdict."""
        ...


class OfChanges:
    """What those checks share that are put to every change and look at who was exposed to it."""

    def concerns(self, candidate: Candidate) -> bool:
        """Every change."""
        return not candidate.standing

    def parameters(self, hearing: Hearing, candidate: Candidate) -> Mapping[str, object]:
        """The window, and how to tell the exposed."""
        return {**window(hearing), **exposure(candidate)}


class Archive(Protocol):
    """What evidence needs of the store: rows, and where they came from."""

    def query(self, name: str, /, **parameters: object) -> dict[str, NDArray[Any]]:
        """Columns of a named query."""
        ...

    def provenance(self, name: str, /, **parameters: object) -> Query:
        """The query's name, hash and parameters."""
        ...


class Asked(Mapping[str, NDArray[Any]]):
    """The columns of a query, which is run when somebody looks at them: many checks answer from the fit alone."""

    def __init__(self, archive: Archive, name: str, parameters: Mapping[str, object]) -> None:
        self._archive, self._name, self._parameters = archive, name, parameters

    @cached_property
    def _columns(self) -> dict[str, NDArray[Any]]:
        return self._archive.query(self._name, **self._parameters)

    def __getitem__(self, column: str) -> NDArray[Any]:
        """One column."""
        return self._columns[column]

    def __iter__(self) -> Iterator[str]:
        """The names of the columns."""
        return iter(self._columns)

    def __len__(self) -> int:
        """How many columns there are."""
        return len(self._columns)


def weigh(check: Check, archive: Archive, hearing: Hearing, candidate: Candidate, *, seed: int) -> Evidence:
    """Put a check's question, with its query at hand, and keep the answer with its provenance. Catches nothing."""
    parameters = dict(check.parameters(hearing, candidate))
    asked = f"{check.query} {sorted(parameters.items())}"  # some checks ask the same for every candidate
    rows = hearing.asked.setdefault(asked, Asked(archive, check.query, parameters))
    answered = check.weigh(rows, hearing, candidate, seed=seed)
    return Evidence(
        check=check.name,
        asks=check.asks,
        verdict=answered.verdict,
        because=answered.because,
        numbers={key: tidy(value) for key, value in answered.numbers.items()},
        query=archive.provenance(check.query, **parameters),
    )


def tidy(value: Number) -> Number:
    """A number as it is kept: plain Python, six significant digits, and ``None`` for what is not a number."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return float(f"{value:.6g}") if np.isfinite(value) else None
    return value


def window(hearing: Hearing) -> dict[str, object]:
    """The bounds that every query of the room takes: signal, since, until (UTC, without a zone)."""
    cells = hearing.fit.cells
    return {
        "signal": cells.signal.name,
        "since": cells.moment(0).replace(tzinfo=None),
        "until": cells.moment(cells.span_hours).replace(tzinfo=None),
    }


def onset(hearing: Hearing) -> dict[str, object]:
    """The onset of the shift, as the queries take it."""
    return {"onset": hearing.shift.onset.estimate.replace(tzinfo=None)}


def exposure(candidate: Candidate) -> dict[str, object]:
    """How the queries tell exposed requests: by the stamp, else by scope and time."""
    scope = candidate.scope
    return {
        "key": candidate.key,
        "value": candidate.value,
        "starts": candidate.starts.replace(tzinfo=None) if candidate.starts else None,
        "scope_keys": sorted(scope),
        "scope_values": [scope[key] for key in sorted(scope)],
    }


def points(value: float, hearing: Hearing) -> str:
    """A change of the signal in words: percentage points for shares, the plain unit otherwise."""
    if hearing.fit.cells.signal.bounded:
        return f"{round(100 * value, 1) + 0.0:+.1f} points".replace("-", "−")
    if logged(hearing.fit.cells.signal.unit):
        return factor(value)
    return f"{value + 0.0:+.3g}".replace("-", "−")


def between(estimate: float, error: float, hearing: Hearing) -> str:
    """An effect with its 90% interval in words, the unit told once."""
    low, high = estimate - Z90 * error, estimate + Z90 * error
    if hearing.fit.cells.signal.bounded:
        told = f"{100 * estimate:+.1f} points [{100 * low:+.1f}, {100 * high:+.1f}]"
    elif logged(hearing.fit.cells.signal.unit):
        return f"{factor(estimate)} [{factor(low)}, {factor(high)}]"
    else:
        told = f"{estimate:+.3g} [{low:+.3g}, {high:+.3g}]"
    return told.replace("-", "−")


def to_one(log_ratio: float) -> str:
    """A log ratio as odds in words: ``8,000 to 1``."""
    if log_ratio > 13.8:
        return "more than a million to 1"
    ratio = math.exp(max(log_ratio, 0.0))
    return f"{ratio:.1f} to 1" if ratio < 10 else f"{float(f'{ratio:.2g}'):,.0f} to 1"


def level(value: float, hearing: Hearing) -> str:
    """A level of the signal in words."""
    signal = hearing.fit.cells.signal
    own, unit = counted(value, signal.unit)
    if signal.bounded:
        return f"{100 * value:.1f}%"
    return f"{own:,.3g} {unit}" if logged(signal.unit) else f"{value:.3g}"
