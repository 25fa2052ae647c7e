"""A rollout that was written down stage by stage is one suspect, and two changes of one component are two."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import SimpleNamespace

DAYS = {"acme": 5.0, "bolt": 6.0, "crux": 7.0}


def written(build: SimpleNamespace, *, bad: tuple[str, ...], apart: bool = False, per_day: int = 280) -> Any:
    """A router's setting that no trace carries, for one tenant after the other; ``apart``: each its own setting."""
    w = build.world(91, per_day=per_day, tenants=(0.4, 0.3, 0.3))
    begun = np.select([w.tenant == name for name in DAYS], list(DAYS.values()))
    for number, (tenant, day) in enumerate(DAYS.items()):
        more = {"component": "intent-router", "scope": {"tenant.id": tenant}}
        to = f"list-{number}" if apart else "small-first"
        w.change(f"router-{number}", day, "router_config", **{"from": "default", "to": to, **more})
    w.stamp("service.version", "1.0", "1.1", w.day > 6.4)
    w.change("deploy", 6.4, "deploy", **{"from": "1.0", "to": "1.1"})
    hurt = np.isin(w.tenant, bad) & (w.day > begun)
    w.share("answer_correct", w.base - 0.25 * hurt, w.judge())
    w.control(w.judge())
    return w.files


def test_a_rollout_in_three_records_is_convicted_as_one(
    investigate: Callable[..., Any], build: SimpleNamespace
) -> None:
    told = investigate(written(build, bad=("acme", "bolt", "crux")))
    assert told.found.outcome == "attributed"
    line = told.found.ledger[0]
    assert (line.candidate, line.verdict) == ("router-0", "supported")
    assert line.probability > 0.9
    assert "router-1, router-2" in line.summary
    assert not {"router-1", "router-2"} & set(told.ledger)
    assert told.ledger["deploy"].probability < 0.05


def test_two_changes_of_one_component_are_judged_each_by_itself(
    investigate: Callable[..., Any], build: SimpleNamespace
) -> None:
    told = investigate(written(build, bad=("bolt",), apart=True))
    assert set(told.ledger) >= {"router-0", "router-1", "router-2"}
    assert told.found.ledger[0].candidate == "router-1"
    blamed = {line.candidate for line in told.found.ledger if line.verdict in {"supported", "confirmed"}}
    assert blamed <= {"router-1"}


@pytest.mark.parametrize("per_day", [12])
def test_few_requests_convict_no_rollout(investigate: Callable[..., Any], build: SimpleNamespace, per_day: int) -> None:
    told = investigate(written(build, bad=("acme", "bolt", "crux"), per_day=per_day))
    assert not any(line.verdict in {"supported", "confirmed"} for line in told.found.ledger)
