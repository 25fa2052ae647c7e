"""Contracts that a quiet period would have kept: a period comes in, proposals and the ``contracts.yaml`` that says them go out.

A behaviour is proposed only where it was nearly constant. Its floor is what 95 of 100 days like those would hold: the 5%
quantile of a beta-binomial day, whose spread between days is that of the period's own days (method of moments, Kleinman,
JASA 68, 1973), and whose mean is known as well as that many requests tell it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from math import ceil, floor, log10
from statistics import median
from textwrap import indent
from typing import TYPE_CHECKING, Any

import numpy as np
import yaml
from scipy.special import betaln, gammaln

from blameline.contracts.check import naive
from blameline.contracts.measure import drop, hold, lay
from blameline.errors import BlamelineError
from blameline.records import Contract, ContractKind, LearnedContracts, ProposedContract

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from blameline.store import Store

FEWEST, FEWEST_DAYS = 200, 3
"""Requests, and days with some, below which nothing can be told."""
CONSTANT = 0.98
"""A form that so large a share of answers has is one that callers can rely on."""
SURE = 0.995
"""The same for each of several keys, which are to be there together."""
SELDOM = 0.9
"""The same for what now and then happens to any service: refusals, cuts, slow requests, tools that fail."""
_OFTEN_ENOUGH: Mapping[ContractKind, float] = dict.fromkeys(("refusal", "finish", "latency", "tool_errors"), SELDOM)
_AS_FAILURES = frozenset({"refusal", "tool_errors"})
"""Kinds whose limit people say as the share that may happen."""
_LOW = 0.05
"""One day in twenty may hold less than a floor."""


def learn(store: Store, since: datetime, until: datetime, segment: Mapping[str, str]) -> LearnedContracts:
    """What callers could rely on from ``since`` to ``until``, in one segment or everywhere.

    Raises ``BlamelineError`` where the period is too short or holds too little to tell, and where nothing was constant.
    """
    bounds = {"since": naive(since), "until": naive(until)}
    store.lay_words()
    try:
        plain = [_contract(kind, segment) for kind in ("json", "no_fence", "refusal", "finish", "tool_errors")]
        lay(store, plain)
        hold(store, plain)  # leaves the requests of the segment laid out
        profile = store.rows("contracts/profile", **bounds)[0]
        found = [*plain, *_shapes(store, profile, segment, bounds)]
        hold(store, found[len(plain) :])
        days: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for row in store.rows("contracts/by_day", **bounds):
            days[row["signal"]].append((row["n"], row["k"]))
    finally:
        drop(store)
    about = f"{profile['requests']} requests from {since:%Y-%m-%d %H:%M} to {until:%Y-%m-%d %H:%M} UTC"
    enough = {one.signal for one in found if _enough(days[one.signal])}
    if not enough:
        raise BlamelineError(
            f"cannot tell what callers may rely on: there are {about}",
            hint=f"{FEWEST} measured requests on {FEWEST_DAYS} days are needed; give a longer period with --from and --to",
        )
    proposals = [_proposed(one, days[one.signal]) for one in reversed(found) if one.signal in enough]
    kept = tuple(
        reversed({one.contract.kind: one for one in proposals if one is not None}.values())
    )  # the first of a kind
    if not kept:
        raise BlamelineError(
            f"nothing that can be measured was constant in {about}", hint="try one segment, or write contracts"
        )
    return LearnedContracts(
        since=since, until=until, requests=profile["requests"], contracts=kept, text=_text(kept, about)
    )


def floor_of(days: Sequence[tuple[int, int]]) -> float:
    """The share that 95 of 100 days like these would hold; of each (requests, those that kept it) are given."""
    n, k = sum(day[0] for day in days), sum(day[1] for day in days)
    share = (k + 0.5) / (n + 1)
    spread = sum((kept - share * many) ** 2 for many, kept in days) * len(days) / (len(days) - 1)
    design = max(spread / (n * share * (1 - share)), 1.0)
    typical = median(day[0] for day in days)
    alike = (design - 1) / max(sum(day[0] ** 2 for day in days) / n - 1, 1.0)  # correlation of two requests of one day
    unsure = min(alike + design / n, 0.99)
    mass = 1 / unsure - 1
    return quantile(_LOW, round(typical), mass * share, mass * (1 - share))


def quantile(level: float, of: int, kept: float, broken: float) -> float:
    """The share that a beta-binomial day of so many requests stays at or below with this chance."""
    k = np.arange(of + 1)
    ways = gammaln(of + 1) - gammaln(k + 1) - gammaln(of - k + 1)
    chances = np.exp(ways + betaln(k + kept, of - k + broken) - betaln(kept, broken))
    return int(np.searchsorted(np.cumsum(chances), level)) / of


def _enough(days: Sequence[tuple[int, int]]) -> bool:
    return sum(n for n, _ in days) >= FEWEST and sum(1 for n, _ in days if n >= FEWEST // 20) >= FEWEST_DAYS


def _contract(kind: ContractKind, segment: Mapping[str, str], **said: object) -> Contract:
    words = "-".join([kind, *(segment[key] for key in sorted(segment))])
    name = re.sub(r"[^A-Za-z0-9.]+", "-", words).strip("-.")[:64]
    scope = {"scope": dict(segment)} if segment else {}
    return Contract.model_validate({"id": name, "kind": kind, **scope, **said})


def _shapes(
    store: Store, profile: Mapping[str, Any], segment: Mapping[str, str], bounds: Mapping[str, Any]
) -> list[Contract]:
    """Contracts whose limits are those of the period: keys, sentences, characters, language, time."""
    found = []
    structured = (profile["json"] or 0.0) >= CONSTANT
    for share in (
        (CONSTANT, SURE) if structured else ()
    ):  # the second where the keys of the first are not there together
        keys = {_key(row["key"]): row["type"] for row in store.rows("contracts/keys_found", share=share, **bounds)}
        if keys:
            one = _contract("keys", segment, keys=keys)
            found.append(one if share == CONSTANT else one.model_copy(update={"id": f"sure-{one.id}"[:64]}))
    if profile["sentences"] and not structured:
        low, middle, high = profile["sentences"]
        if high <= max(2 * middle, 4):
            found.append(_contract("sentences", segment, min=floor(low), max=ceil(high)))
    if profile["characters"]:
        _, middle, high = profile["characters"]
        if middle > 0 and high <= 3 * middle:
            found.append(_contract("length", segment, max=_upwards(high)))
    if profile["language"]:
        found.append(_contract("language", segment, languages=[profile["language"]]))
    if profile["took"]:
        found.append(_contract("latency", segment, max=_upwards(profile["took"])))
    return found


def _key(name: str) -> str:
    """A key as a contract names it: one that begins with a slash would be a pointer."""
    return f"/{name.replace('~', '~0').replace('/', '~1')}" if name.startswith("/") else name


def _upwards(value: float) -> float:
    """The next number of two digits: 1234 → 1300."""
    step = 10.0 ** (floor(log10(value)) - 1) if value > 0 else 1.0
    return round(ceil(value / step) * step, 9)


def _proposed(one: Contract, days: Sequence[tuple[int, int]]) -> ProposedContract | None:
    n, k = sum(day[0] for day in days), sum(day[1] for day in days)
    if k / n < _OFTEN_ENOUGH.get(one.kind, CONSTANT):
        return None
    least = floor(1000 * floor_of(days) + 1e-9) / 1000
    limit = {"at_most": round(1 - least, 3)} if one.kind in _AS_FAILURES else {"at_least": least}
    settled = Contract.model_validate({**one.model_dump(exclude_unset=True), **limit})
    return ProposedContract(contract=settled, n=n, days=len(days), rate=k / n)


def _text(proposals: Sequence[ProposedContract], about: str) -> str:
    """The file: what was seen stands above each contract."""
    parts = [
        f"# Learned from {about}.",
        "# A limit is what 95 of 100 such days would hold; set it to what callers need.",
        "contracts:",
    ]
    for one in proposals:
        plain = {
            key: int(value) if isinstance(value, float) and value.is_integer() else value
            for key, value in one.contract.model_dump(mode="json", exclude_unset=True).items()
        }
        entry = yaml.safe_dump([plain], sort_keys=False, allow_unicode=True, width=120)
        parts += [f"  # {100 * one.rate:.2f}% of {one.n} requests on {one.days} days", indent(entry.rstrip("\n"), "  ")]
    return "\n".join(parts) + "\n"
