"""The signals that are read from spans: one file each under ``sql/signals``, whose header says all that is known of it.

Each file lays a view ``signal`` (one row a trace, its value or NULL), which every statement about any signal then reads. What
its header says is said nowhere else: direction, unit, family, part (``signal`` may be a shift; ``context`` is told beside
one), the columns that it reads, what must be on record for it, and how it is biased.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Literal, cast, get_args

from blameline.assets import sql
from blameline.records import Better, Family, Signal, SignalSetting

if TYPE_CHECKING:
    from collections.abc import Mapping

    from blameline.records import Manifest
    from blameline.store import Store

NAMES = (
    "request_failed", "answer_truncated", "answer_refused", "answer_repeated", "answer_cited", "answer_hedged", "output_length",
    "language_switched", "language_unusual", "json_invalid", "json_fenced", "json_keys_missing",
    "retrieval_empty", "retrieval_short", "document_score", "retrieval_overlap",
    "tool_failed", "asked_again", "regenerated", "human_escalated", "conversation_abandoned",
    "conversation_unanswered", "edit_distance", "steps",
    "input_tokens", "output_tokens", "request_cost", "task_cost", "router_escalated", "retries",
    "latency", "time_to_first_token",
)  # fmt: skip
"""Every file under ``sql/signals``, in the order in which they are told."""
Part = Literal["signal", "context"]


@dataclass(frozen=True)
class Known:
    """What the header of one file says."""

    name: str
    what: str
    """One sentence: what is measured."""
    better: Better | None
    unit: str
    family: Family
    part: Part
    """``context``: told beside a shift, and never one, unless the manifest lists it."""
    reads: tuple[str, ...]
    """``<table>.<column>``: it is measured where each of them holds something."""
    needs: str
    """What must be on record for it."""
    bias: str

    @property
    def bounded(self) -> bool:
        """Whether its values are 0 or 1, or between."""
        return self.unit.startswith("share")

    def signal(self, manifest: Manifest) -> Signal:
        """As the manifest has it: what that lists keeps its direction there."""
        setting = manifest.signals.get(self.name, SignalSetting())
        return Signal(
            name=self.name,
            better=setting.better or self.better,
            unit=self.unit,
            family=setting.family or self.family,
            control=self.name in manifest.controls,
            bounded=self.bounded,
            bias=self.bias,
            context=not self.full(manifest),
        )

    def full(self, manifest: Manifest) -> bool:
        """Whether it can be a shift or a control of its own."""
        return self.part == "signal" or self.name in manifest.signals or self.name in manifest.controls


@cache
def known() -> Mapping[str, Known]:
    """By name: what the header of each file says.

    Raises ``ValueError`` for a header that leaves something out.
    """
    return {name: header(name, sql(f"signals/{name}")) for name in NAMES}


def header(name: str, text: str) -> Known:
    """The comment on top of a file: a sentence, and then a line ``-- key: value`` for each thing to know."""
    lines = [line.removeprefix("-- ") for line in text.splitlines() if line.startswith("-- ")]
    said = {key: value.strip() for key, colon, value in (line.partition(":") for line in lines[1:]) if colon}
    missing = {"direction", "unit", "family", "part", "reads", "needs", "bias"} - {key for key in said if said[key]}
    odd = [
        key
        for key, words in (
            ("direction", ("higher", "lower", "none")),
            ("family", get_args(Family)),
            ("part", get_args(Part)),
        )
        if key in said and said[key] not in words
    ]
    if missing or odd:
        raise ValueError(f"the header of signals/{name}.sql does not say {', '.join(sorted({*missing, *odd}))}")
    return Known(
        name=name,
        what=lines[0],
        better=cast("Better", said["direction"]) if said["direction"] != "none" else None,
        unit=said["unit"],
        family=cast("Family", said["family"]),
        part=cast("Part", said["part"]),
        reads=tuple(part.strip() for part in said["reads"].split(",")),
        needs=said["needs"],
        bias=said["bias"],
    )


def lay(store: Store, name: str) -> None:
    """Lay the view ``signal``: from here on statements read this signal."""
    store.run(f"signals/{name}")


def held(store: Store) -> frozenset[str]:
    """``<table>.<column>`` of everything that the facts hold at least once."""
    (told,) = store.rows("cells/held")
    return frozenset(f"{table}.{name}" for table, columns in told.items() for name, n in columns.items() if n)


def measurable(store: Store) -> tuple[Known, ...]:
    """The signals whose needs this data meets."""
    there = held(store)
    return tuple(one for one in known().values() if there.issuperset(one.reads))
