"""One thing left out at a time, and the ledger without it: a record, version, signal, kind of evidence, check, segment or day.

Nothing is read again. What a day or a segment brings is taken from the sums of the fit (``fit.left_out``), for the best variants
of each bid and for the moves that carry the bid of ``unknown``; the others are taken to gain and lose as these do, and noise that
passes for a move to shrink with the move. Answers stay as they are, but for those that rest on the signal that is left out, and
for the comparison of the exposed with the unexposed, which is made again.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from blameline.evidence.exposure import CLEAR, ENOUGH, contrast
from blameline.evidence.pairs import log_factors
from blameline.fit import LeftOut, Scores

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from blameline.evidence.pairs import Pair
    from blameline.evidence.relisted import Kind, Ledger
    from blameline.evidence.rulings import Ruling
    from blameline.records import Evidence, Removal

Floats = NDArray[np.float64]
VARIANTS, LEADING = 6, 4
"""Of the best changes so many variants each are asked, of the others the best one."""
MOVES = 16
"""So many of the moves that ``unknown`` may have made carry its bid: the likeliest."""
MOST_DAYS, MOST_PLACES = 14, 10
"""The days nearest to the onset, and the largest segments, are left out."""
SOURCES = frozenset({"records", "bridge", "replay", "mechanism", "signature", "documents", "selection"})
"""Ratios that are no signal's."""


def removals(ledger: Ledger) -> Iterator[Removal]:
    """The ledger with everything left out in turn, the candidate's own record too."""
    yield from _records(ledger)
    yield from _ratios(ledger)
    yield from _checks(ledger)
    yield from _cells(ledger)


def _records(ledger: Ledger) -> Iterator[Removal]:
    candidates = [one.candidate for one in ledger.entries]
    for left in candidates:
        if left.standing:
            continue
        rest = [one for one in candidates if one is not left]
        prior = ledger.hearing.prior.shared(rest)
        entries = [replace(one, prior=prior[one.candidate.id]) for one in ledger.entries if one.candidate is not left]
        yield ledger.again("change" if left.declared else "version", left.id, entries=entries)


def _ratios(ledger: Ledger) -> Iterator[Removal]:
    names = sorted({name for one in ledger.entries for name, value in one.ratios.items() if abs(value) > 1e-3})
    for name in names:
        entries = [replace(one, ratios={k: v for k, v in one.ratios.items() if k != name}) for one in ledger.entries]
        resting = {
            key: _without(ruling, [one.check for one in ruling.evidence if name not in SOURCES and name in one.because])
            for key, ruling in ledger.rulings.items()
        }
        yield ledger.again("evidence" if name in SOURCES else "signal", name, entries=entries, rulings=resting)


def _checks(ledger: Ledger) -> Iterator[Removal]:
    names = sorted({one.check for ruling in ledger.rulings.values() for one in ruling.evidence})
    for name in names:
        rulings = {key: _without(ruling, [name]) for key, ruling in ledger.rulings.items()}
        yield ledger.again("check", name, rulings=rulings)


def _without(ruling: Ruling, checks: Collection[str]) -> Ruling:
    kept: tuple[Evidence, ...] = tuple(one for one in ruling.evidence if one.check not in checks)
    return replace(ruling, evidence=kept)


def _cells(ledger: Ledger) -> Iterator[Removal]:
    """Without one day, and without one segment after the other; a segment that is the shift's own is not left out."""
    hearing, sums = ledger.hearing, Sums(ledger)
    cells = hearing.fit.cells
    day = (cells.hours // 24).astype(np.int64)
    begun = hearing.begun()[0] // 24
    near = sorted(np.unique(day), key=lambda number: (abs(number - begun), number))[:MOST_DAYS]
    for number in sorted(near):
        words = f"{cells.moment(24.0 * float(number)):%Y-%m-%d %H:%M}"
        yield sums.without("day", words, day == number)
    for place in hearing.places[:MOST_PLACES]:
        if place.items() <= dict(hearing.shift.segment).items():
            continue
        words = ", ".join(f"{key}={value}" for key, value in sorted(place.items()))
        yield sums.without("segment", words, cells.inside(place))


class Sums:
    """What the fit knows of the columns that the ledger rests on."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger, hearing = ledger, ledger.hearing
        self.fit = hearing.fit
        columns: list[Floats] = []
        self.at: dict[str, NDArray[np.int64]] = {}
        self.of_variants: dict[str, Floats] = {}
        width = 0
        leading = sorted(hearing.bids.values(), key=lambda bid: (-bid.log_factor, bid.candidate.id))
        for rank, bid in enumerate(leading):
            kept = np.argsort(-bid.logs, kind="stable")[: VARIANTS if rank < LEADING else 1]
            columns.append(bid.variants.columns[:, kept])
            self.of_variants[bid.candidate.id] = bid.variants.log_weight[kept]
            self.at[bid.candidate.id] = np.arange(width, width + len(kept))
            width += len(kept)
        self.of_pairs = []
        for pair in ledger.pairs:
            columns.append(pair.columns)
            self.of_pairs.append(np.arange(width, width + pair.columns.shape[1]))
            width += pair.columns.shape[1]
        family, logs = hearing.shapes
        self.likeliest = np.argsort(-logs, kind="stable")[:MOVES]
        self.weights = family.log_weight[self.likeliest]
        cells = self.fit.cells
        columns += [
            (family.profiles[cells.bucket, at] * cells.inside(dict(family.place[at])))[:, None] for at in self.likeliest
        ]
        self.moves = slice(width, width + len(self.likeliest))
        width = self.moves.stop
        self.contrast = None
        subject = ledger.rulings[ledger.subject]
        spoke = any(one.check == "exposure" and one.verdict == "supports" for one in subject.evidence)
        if spoke and ledger.subject in hearing.bids:
            columns.append(contrast(hearing, subject.candidate, hearing.shift.signal).column[:, None])
            self.contrast = width
        self.sums = LeftOut(self.fit, np.column_stack(columns))
        whole = np.diag(self.sums.inner)
        self.before = (self.sums.inner, Scores(np.maximum(whole, 0.0), self.sums.pull))
        if self.contrast is not None and not self._stands(self.before[1]):
            self.contrast = None  # it speaks by another comparison, beside the other cause or of another signal

    def without(self, kind: Kind, what: str, dropped: NDArray[np.bool_]) -> Removal:
        """The ledger without these cells."""
        after, ledger = self.sums.without(dropped), self.ledger
        gains, free = {name: self.gain(after, name) for name in self.at}, self.gain(after)
        entries = []
        for one in ledger.entries:
            name = one.candidate.id
            if name == "chance":
                kept = min(max(self._free(after) / whole, 0.0), 1.0) if (whole := self._free(self.before)) > 0 else 1.0
                entries.append(replace(one, log_factor=one.log_factor * kept))
            else:
                gain = gains.get(name, free if name in {"unknown", "ruler", "artefact"} else 0.0)
                entries.append(replace(one, log_factor=one.log_factor + gain))
        pairs = [
            replace(pair, log_factor=pair.log_factor + self._two(after, at, pair) - self._two(self.before, at, pair))
            for pair, at in zip(ledger.pairs, self.of_pairs, strict=True)
        ]
        rulings = {name: self._ruled(ruling, after[1]) for name, ruling in ledger.rulings.items()}
        if self.contrast is not None and not self._stands(after[1]):
            rulings[ledger.subject] = _without(rulings[ledger.subject], ["exposure"])
        return ledger.again(kind, what, entries=entries, pairs=pairs, rulings=rulings)

    def gain(self, after: tuple[Floats, Scores], name: str = "unknown") -> float:
        """What the log Bayes factor of a change, or of a move of unknown origin, gains by what is left out."""
        if name in self.at:
            return self._any(after, name) - self._any(self.before, name)
        return self._free(after) - self._free(self.before)

    def _one(self, told: tuple[Floats, Scores], at: int) -> float:
        scores = Scores(told[1].information[[at]], told[1].pull[[at]])
        return float(scores.log_factor(self.fit.slab, sign=self.ledger.hearing.harm)[0])

    def _any(self, told: tuple[Floats, Scores], name: str) -> float:
        """Log Bayes factor of a change, over those of its variants that are looked at."""
        at = self.at[name]
        scores = Scores(told[1].information[at], told[1].pull[at])
        logs = self.of_variants[name] + scores.log_factor(self.fit.slab, sign=self.ledger.hearing.harm)
        return float(logsumexp(logs))

    def _free(self, told: tuple[Floats, Scores]) -> float:
        scores = Scores(told[1].information[self.moves], told[1].pull[self.moves])
        logs = self.weights + scores.log_factor(self.fit.slab, sign=self.ledger.hearing.harm)
        return float(logsumexp(logs)) if len(logs) else 0.0

    def _two(self, told: tuple[Floats, Scores], at: NDArray[np.int64], pair: Pair) -> float:
        if len(at) == 1:
            return self._one(told, int(at[0]))
        inner, scores = told
        one, other = (Scores(scores.information[[k]], scores.pull[[k]]) for k in at)
        signs = self.ledger.hearing.harm, self.ledger.hearing.harm * (-1 if pair.how == "masked" else 1)
        factor = float(log_factors(one, other, inner[np.ix_(at[:1], at[1:])], self.fit.slab, signs)[0, 0])
        return factor if np.isfinite(factor) else max(self._one(told, int(k)) for k in at) - 3.0

    def _ruled(self, ruling: Ruling, scores: Scores) -> Ruling:
        """The same answers with the effect that is left."""
        name, bid = ruling.candidate.id, ruling.bid
        if bid is None or name not in self.at:
            return ruling
        at, old = int(self.at[name][0]), self.before[1]
        if not scores.information[at] or not old.information[at]:
            return replace(ruling, bid=replace(bid, error=np.inf))
        moved = float(scores.estimate[at] - old.estimate[at])
        wider = float(scores.error[at] / old.error[at])
        return replace(ruling, bid=replace(bid, effect=bid.effect + moved, error=bid.error * wider))

    def _stands(self, scores: Scores) -> bool:
        """Whether the exposed still fare worse than the unexposed."""
        assert self.contrast is not None
        harm = self.ledger.hearing.harm * float(scores.estimate[self.contrast])
        error = float(scores.error[self.contrast])
        return harm > CLEAR * error and harm > ENOUGH * abs(self.ledger.hearing.shift.delta.estimate)
