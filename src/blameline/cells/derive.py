"""Rebuild what is derived from spans and scores; the same rows in give the same rows out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blameline.cells.known import lay, measurable
from blameline.cells.roles import MOST_VALUES, Profile, assign, interesting, telling
from blameline.records import Problem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from blameline.store import Store

DERIVED = ("retried", "version_sets", "segment_sets", "traces", "measurements")
FACTS = ("facts_of_documents", "facts_of_words", "facts_of_objects", "facts_of_talks", "usual")
"""What only some data tells, each from what is before it."""
MOST_READ = 50_000
"""Requests whose words are read; of more it is those of every so-manieth conversation."""
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
        _find_facts(store, names)
        _measure(store)
        for table in ("marks", "outlines", "sets"):
            store.run(f"derive/drop_{table}")
        said = f"has more than {MOST_VALUES} values and cannot serve as a version or segment"
        problems = tuple(Problem(source="traces", message=f"attribute '{name}' {said}") for name in crowded)
        for problem in problems:
            store.run("store/add_problem", **problem.model_dump(), file_id=None)
    return problems


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


def _find_facts(store: Store, names: Sequence[str]) -> None:
    """What each trace tells, in one pass; documents, words and conversations only where there are any."""
    telling_names = telling(names)
    store.run("derive/clear_facts")
    store.run("derive/facts", **telling_names)
    for table in FACTS:
        store.run(f"derive/clear_{table}")
    (there,) = store.rows("derive/held")
    if not (there["documents"] or there["words"] or telling_names["talk"]):
        store.run("derive/usual")
        return
    store.run("derive/drop_words")
    one_in = max(-(-there["traces"] // MOST_READ), 1)
    if there["words"]:
        store.run("derive/words", one_in=one_in)
    else:
        store.run("derive/no_words")
    if there["documents"]:
        store.run("derive/facts_of_documents")
    if there["words"]:
        store.run("derive/facts_of_words")
    if there["objects"]:
        store.run("derive/facts_of_objects", one_in=one_in)
    if telling_names["talk"]:
        store.run("derive/facts_of_talks")
    store.run("derive/usual")
    store.run("derive/drop_words")


def _measure(store: Store) -> None:
    """The signals that can be a shift, where the data holds what they need."""
    manifest = store.manifest()
    for signal in measurable(store):
        if signal.full(manifest):
            lay(store, signal.name)
            store.run("derive/signal", name=signal.name)
