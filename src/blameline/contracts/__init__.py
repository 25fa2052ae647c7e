"""Behavioural contracts: what callers rely on, measured on every request, checked against a period, learned from a quiet one.

Contracts in the store come in; measurements under ``contract:<id>``, states and proposals go out. Each contract is a signal
like any other, so that a break of it is found and blamed as any other shift is.
"""

from __future__ import annotations

from blameline.contracts.measure import measure, stated
from blameline.contracts.wording import asks

__all__ = ["asks", "measure", "stated"]
