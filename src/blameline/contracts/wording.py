"""What a contract asks, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from blameline.records import Contract, ContractKind

_MOST = 4
"""Keys, phrases or languages that are named; the others are counted."""


def asks(contract: Contract) -> str:
    """What it asks of a request, and why where somebody said so."""
    return ": ".join(part for part in (_SAID[contract.kind](contract), contract.summary) if part)


def where(contract: Contract) -> str:
    """The requests that it is about, as far as not all are meant."""
    scope = ", ".join(f"{key}={value}" for key, value in sorted(contract.scope.items()))
    return " of ".join(part for part in (f"the call '{contract.span}'" if contract.span else "", scope) if part)


def _some(words: Sequence[str]) -> str:
    left = len(words) - _MOST
    return ", ".join(words[:_MOST]) + (f" and {left} more" if left > 0 else "")


def _range(what: str) -> Callable[[Contract], str]:
    def said(contract: Contract) -> str:
        low, high = contract.min, contract.max
        if low is not None and high is not None:
            return f"{low:g} to {high:g} {what}" if low != high else f"{low:g} {what}"
        return f"at most {high:g} {what}" if high is not None else f"at least {low or 0:g} {what}"

    return said


def _words(contract: Contract) -> str:
    told = [f"'{phrase}'" for phrase in contract.phrases]
    return _some([*told, *([f"/{contract.pattern}/"] if contract.pattern else [])])


_SAID: Mapping[ContractKind, Callable[[Contract], str]] = {
    "json": lambda _: "the answer is JSON",
    "no_fence": lambda _: "no code fence round the answer",
    "keys": lambda one: f"the answer has the keys {_some(list(one.keys))}",
    "sentences": _range("sentences"),
    "length": _range("characters"),
    "language": lambda one: f"the answer is in {' or '.join(one.languages)}",
    "refusal": lambda _: "the request is not refused",
    "forbidden": lambda one: f"the answer does not say {_words(one)}",
    "required": lambda one: f"the answer says {_words(one)}",
    "finish": lambda _: "the answer is not cut by the token limit",
    "latency": lambda one: f"done within {one.max:g} ms",
    "tool_errors": lambda _: "no tool fails",
}
