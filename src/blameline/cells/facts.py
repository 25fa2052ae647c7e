"""What each request tells, and the signals that are read from it: the last step of ``derive``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from blameline.cells.known import lay, measurable
from blameline.cells.roles import telling

if TYPE_CHECKING:
    from collections.abc import Sequence

    from blameline.store import Store

FACTS = ("facts_of_documents", "facts_of_words", "facts_of_objects", "facts_of_talks", "usual")
"""What only some data tells, each from what is before it."""
MOST_READ = 50_000
"""Requests whose words are read; of more it is those of every so-manieth conversation."""


CASES = re.compile(
    r"(?:.*[._])?(?:eval|evaluation|test|dataset|golden)[._]?(?:case|item|example|question)[._]?(?:id|name)",
    re.IGNORECASE,
)
"""Attributes that name the case of a suite which a request is."""
FEWEST = 20
"""Requests below which words, documents and conversations are not read: so few tell nothing of a share."""


def find_facts(store: Store, names: Sequence[str]) -> None:
    """What each trace tells, in one pass; documents, words and conversations only where there are any."""
    telling_names = telling(names)
    store.run("derive/clear_facts")
    store.run("derive/facts", **telling_names)
    for table in FACTS:
        store.run(f"derive/clear_{table}")
    store.run("derive/clear_questions")
    cases = sorted(name for name in names if CASES.fullmatch(name))
    (there,) = store.rows("derive/held")
    told = there["documents"] or there["words"] or telling_names["talk"] or cases
    if there["traces"] < FEWEST or not told:
        store.run("derive/usual")
        return
    store.run("derive/drop_words")
    one_in = max(-(-there["traces"] // MOST_READ), 1)
    if there["words"]:
        store.run("derive/words", one_in=one_in)
    else:
        store.run("derive/no_words")
    store.run("derive/questions", cases=cases)
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


def measure(store: Store) -> None:
    """The signals that can be a shift, where the data holds what they need."""
    manifest = store.manifest()
    for signal in measurable(store):
        if signal.full(manifest):
            lay(store, signal.name)
            store.run("derive/signal", name=signal.name)
