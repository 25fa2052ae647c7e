"""Rebuild what is derived from spans and scores; the same rows in give the same rows out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blameline import contracts
from blameline.cells.facts import FEWEST, find_facts, measure
from blameline.cells.roles import MOST_VALUES, Profile, assign, interesting
from blameline.cells.rulers import find_rulers
from blameline.records import Problem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from blameline.store import Store

DERIVED = ("retried", "version_sets", "segment_sets", "traces")
_MOST_ROUNDS = 20
"""Enough for a million spans, each within the other."""


def derive(store: Store) -> tuple[Problem, ...]:
    """Fill the derived tables from what is loaded; attributes that were asked for and cannot serve are told."""
    with store.transaction():
        store.run("derive/clear_roles")
        names = [row["attribute"] for row in store.rows("derive/attribute_names")]
        crowded = _find_roles(store, names)
        _find_outer_generations(store)
        for table in DERIVED:
            store.run(f"derive/clear_{table}")
            store.run(f"derive/{table}")
        _measure_scores(store)
        find_facts(store, names)
        measure(store)
        for table in ("marks", "outlines", "sets"):
            store.run(f"derive/drop_{table}")
        said = f"has more than {MOST_VALUES} values and cannot serve as a version or segment"
        problems = tuple(Problem(source="traces", message=f"attribute '{name}' {said}") for name in crowded)
        problems += contracts.measure(store)
        for problem in problems:
            store.run("store/add_problem", **problem.model_dump(), file_id=None)
    return problems


def _measure_scores(store: Store) -> None:
    """The scores by request and ruler, and those of answers that were scored more than once."""
    found = find_rulers(store)
    names = list(found.names)
    for table in ("measurements", "rulers", "rescored"):
        store.run(f"derive/clear_{table}")
    store.run("derive/rulers", names=names, keys=list(found.keys))
    store.run("derive/measurements", names=names)
    (there,) = store.rows("derive/repeated")
    if there["repeated"]:
        store.run("derive/rescored", names=names)
        store.run("derive/drop_later")
    if there["traces"] >= FEWEST:
        store.run("derive/frozen", names=names)


def _find_roles(store: Store, names: list[str]) -> list[str]:
    """Say which attribute carries what, and lay out the traces by it; names that were asked for and have too many values."""
    bounds = store.rows("derive/span_bounds")[0]
    manifest = store.manifest()
    wanted = interesting(names, manifest)
    _lay_out(store, wanted)
    crowded: list[str] = []
    if bounds["first_at"] is not None:
        late = bounds["first_at"] + 0.1 * (bounds["last_at"] - bounds["first_at"])
        profiles = [
            Profile(row["attribute"], row["distinct_values"], row["traces"], row["late_values"])
            for row in store.rows("derive/attribute_values", names=wanted, late=late.replace(tzinfo=None))
        ]
        roles, crowded = assign(profiles, manifest, bounds["traces"])
        for role in roles:
            store.run("derive/add_role", role=role.role, layer=role.layer, attribute=role.attribute, rank=role.rank)
        useful = {role.attribute for role in roles}
        if any(profile.values > 1 and profile.attribute not in useful for profile in profiles):
            wanted = sorted(useful)
            _lay_out(store, wanted)
    store.run("derive/drop_sets")
    store.run("derive/sets", names=wanted)
    return crowded


def _lay_out(store: Store, names: Sequence[str]) -> None:
    """The traces by the values that their spans have of these attributes."""
    store.run("derive/drop_marks")
    store.run("derive/marks", names=names)
    store.run("derive/drop_outlines")
    store.run("derive/outlines")


def _find_outer_generations(store: Store) -> None:
    """Climb from every generation to the next one above it; every round doubles the reach, and a ring of parents has no end."""
    store.run("derive/drop_links")
    store.run("derive/links")
    for _ in range(_MOST_ROUNDS):
        store.run("derive/climb")
        if not store.rows("derive/climbed")[0]["moved"]:
            break
    for table in ("outer_generations", "told_above", "told_in_logs"):
        store.run(f"derive/clear_{table}")
        store.run(f"derive/{table}")
    store.run("derive/drop_links")
