"""Which slices are fitted: all single values, the pairs that could still change the answer, and unions of the best."""

from __future__ import annotations

from functools import cached_property
from itertools import combinations

import numpy as np
from scipy.special import logsumexp

from blameline.shifts.slice_sums import SLABS, Part, Sums

WEIGHT = {"everywhere": 0.4, "slice": 0.35, "more": 0.25}
"""Prior weight of the kinds of answer."""
PAIRS = 0.35
"""Of the weight of slices, what goes to pairs of values."""
REACH = 4.0
"""Nats below the best answer at which a pair can no longer matter."""
MOST_PARTS = 4
MOST = 0.9
"""Share of the traffic up to which a value says where something is."""
WIDE = 0.6
"""Share of the traffic beyond which a union of several parts says nothing any more."""


class Search(Sums):
    """The slices of one move."""

    @cached_property
    def values(self) -> list[tuple[str, str]]:
        """Every value of every attribute that cuts the traffic, in a fixed order."""
        found = sorted({pair for one in self.segments for pair in one.items()})
        cells = self.fit.cells
        whole = float(cells.n.sum())
        return [pair for pair in found if float(cells.n[cells.inside(dict([pair]))].sum()) <= MOST * whole]

    @cached_property
    def pairs(self) -> int:
        """How many pairs of values of two attributes there are in the traffic."""
        cutting = set(self.values)
        return len({two for one in self.segments for two in combinations(sorted(cutting & set(one.items())), 2)})

    def singles(self) -> list[Part]:
        """Every single value, fitted."""
        inside = np.column_stack([self.inside({key: value}) for key, value in self.values])
        worth = self.worth(inside)
        price = np.log(WEIGHT["slice"] * (1 - PAIRS) / len(self.values))
        return [
            Part({key: value}, inside[:, index], float(worth[index]), float(price))
            for index, (key, value) in enumerate(self.values)
        ]

    def paired(self, singles: list[Part], everywhere: float) -> list[Part]:
        """The pairs that could still change the answer, the most promising first."""
        price = float(np.log(WEIGHT["slice"] * PAIRS / max(self.pairs, 1)))
        best = max(everywhere, *(one.worth + one.log_weight for one in singles))
        bounds = [self.bound(one.inside) for one in singles]
        tried = []
        for (i, one), (j, other) in combinations(enumerate(singles), 2):
            if set(one.segment) & set(other.segment):
                continue
            bound = min(bounds[i], bounds[j])
            if bound + price < best - REACH:
                continue
            inside = one.inside & other.inside
            if inside.any() and not np.array_equal(inside, one.inside) and not np.array_equal(inside, other.inside):
                tried.append((bound, {**one.segment, **other.segment}, inside))
        if not tried:
            return []
        worth = self.worth(np.column_stack([inside for _, _, inside in tried]))
        return [
            Part(segment, inside, float(value), price) for (_, segment, inside), value in zip(tried, worth, strict=True)
        ]

    def union(self, parts: list[Part]) -> tuple[list[Part], Part | None]:
        """The best slice, and what joins it for more than its price; with their union where anything does."""
        ranked = sorted(
            parts, key=lambda one: (-(one.worth + one.log_weight), len(one.segment), sorted(one.segment.items()))
        )
        best = ranked[0]
        near = [
            one
            for one in ranked
            if one.worth + one.log_weight > best.worth + best.log_weight - 1 and len(one.segment) < len(best.segment)
        ]
        chosen = [near[0] if near else best]
        value, union = chosen[0].worth + chosen[0].log_weight, None
        while len(chosen) < MOST_PARTS:
            held = np.any([one.inside for one in chosen], axis=0)
            rest = [one for one in ranked[:60] if (one.inside & ~held).any() and one.worth > 0]
            rest = [one for one in rest if self.traffic[held | one.inside].sum() < WIDE * self.traffic.sum()]
            if not rest:
                break
            worth = self.worth(np.column_stack([held | one.inside for one in rest]))
            price = sum(one.log_weight for one in chosen) + float(np.log(len(chosen) + 1))
            gains = [float(now) + price + fresh.log_weight for now, fresh in zip(worth, rest, strict=True)]
            top = int(np.argmax(gains))
            if gains[top] <= value:
                break
            value = gains[top]
            union = Part({}, held | rest[top].inside, float(worth[top]), price + rest[top].log_weight)
            chosen.append(rest[top])
        return chosen, union

    def more(self, parts: list[Part]) -> float:
        """Log weight of "all moved, and one slice otherwise than the rest", over all slices that were fitted."""
        inside = np.column_stack([one.inside for one in parts]).astype(float)
        inner, pull = self.seen.inner, self.seen.pull
        v_in, s_in = np.einsum("gk,gk->k", inside, inner @ inside), inside.T @ pull
        v_all, s_all, cross = float(inner.sum()), float(pull.sum()), inside.T @ inner.sum(axis=1)
        v_out, s_out, v_both = v_all - 2 * cross + v_in, s_all - s_in, cross - v_in
        logs = []
        for scale in SLABS:
            slab2 = (scale * self.fit.slab) ** 2
            a, d, b = 1 + slab2 * v_in, 1 + slab2 * v_out, slab2 * v_both
            size = np.maximum(a * d - b**2, 1.0)
            form = (d * s_in**2 - 2 * b * s_in * s_out + a * s_out**2) * slab2 / size
            logs.append(-0.5 * np.log(size) + 0.5 * form)
        worth = logsumexp(np.array(logs), axis=0) - np.log(len(SLABS))
        weight = np.array([one.log_weight for one in parts]) - np.log(WEIGHT["slice"]) + np.log(WEIGHT["more"])
        return float(logsumexp(worth + weight))
