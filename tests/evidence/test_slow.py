"""Slow causes: what grows old, and what grows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

Tell = Any  # ``Told`` of conftest.py, which cannot be imported
AGED = "undeclared:retrieval:app.index.version=i-4"

pytestmark = pytest.mark.xdist_group("told stories")


def test_an_index_that_was_not_renewed_is_found_though_nothing_stepped(story: Callable[[str], Tell]) -> None:
    told = story("aged")
    line = told.ledger[AGED]
    assert line.kind == "staleness"
    assert line.probability > 0.9
    assert told.answer("exposure", AGED).verdict == "supports"
    assert line.verdict == "supported"
    assert told.found.outcome == "attributed"
    assert told.ledger["edit"].probability < 0.02
    assert "renew app.index.version" in line.next_test


def test_an_index_that_was_renewed_is_cleared(story: Callable[[str], Tell]) -> None:
    told = story("kept up")
    assert not any(line.kind == "staleness" for line in told.ledger.values())
    assert not any(line.verdict == "supported" for line in told.ledger.values())
