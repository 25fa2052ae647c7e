"""Rebuild what is derived from spans and scores; the same rows in give the same rows out."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from blameline.cells.roles import MOST_VALUES, Profile, assign, interesting
from blameline.records import Problem

if TYPE_CHECKING:
    from blameline.store import Store

DERIVED = ("retried", "version_sets", "segment_sets", "traces", "measurements")
SIGNALS = ("request_failed", "answer_truncated")
"""Signals read from the spans themselves: one file each under ``sql/signals``."""
_MOST_ROUNDS = 20
"""Enough for a million spans, each within the other."""


def derive(store: Store) -> tuple[Problem, ...]:
    """Fill the derived tables from what is loaded; attributes that were asked for and cannot serve are told."""
    problems: list[Problem] = []
    with store.transaction():
        bounds = store.rows("derive/span_bounds")[0]
        store.run("derive/clear_roles")
        if bounds["first_at"] is not None:
            manifest = store.manifest()
            names = [row["attribute"] for row in store.rows("derive/attribute_names")]
            wanted = interesting(names, manifest)
            late = bounds["first_at"] + timedelta(
                seconds=0.1 * (bounds["last_at"] - bounds["first_at"]).total_seconds()
            )
            profiles = [
                Profile(row["attribute"], row["distinct_values"], row["traces"], row["late_values"])
                for row in store.rows("derive/attribute_values", names=wanted, late=late.replace(tzinfo=None))
            ]
            roles, crowded = assign(profiles, manifest, bounds["traces"])
            for role in roles:
                store.run("derive/add_role", role=role.role, layer=role.layer, attribute=role.attribute, rank=role.rank)
            problems += [
                Problem(
                    source="traces",
                    message=f"attribute '{name}' has more than {MOST_VALUES} values and cannot serve as a version or segment",
                )
                for name in crowded
            ]
        for table in ("marks", "outlines", "sets"):
            store.run(f"derive/drop_{table}")
            store.run(f"derive/{table}")
        _find_outer_generations(store)
        for table in DERIVED:
            store.run(f"derive/clear_{table}")
            store.run(f"derive/{table}")
        for signal in SIGNALS:
            store.run(f"signals/{signal}")
        for table in ("marks", "outlines", "sets"):
            store.run(f"derive/drop_{table}")
        for problem in problems:
            store.run("store/add_problem", **problem.model_dump(), file_id=None)
    return tuple(problems)


def _find_outer_generations(store: Store) -> None:
    """Climb from every generation to the next one above it; every round doubles the reach, and a ring of parents has no end."""
    store.run("derive/drop_links")
    store.run("derive/links")
    for _ in range(_MOST_ROUNDS):
        store.run("derive/climb")
        if not store.rows("derive/climbed")[0]["moved"]:
            break
    store.run("derive/clear_outer_generations")
    store.run("derive/outer_generations")
    store.run("derive/drop_links")
