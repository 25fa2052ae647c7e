"""Attributes that speak of a layer and have too many values to be a version: said once each, never a row a value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blameline.candidates.told import count, short
from blameline.cells.read import naive
from blameline.cells.roles import MOST_VALUES, STANDARD, interesting, layer_of
from blameline.records import ChangeState

if TYPE_CHECKING:
    from blameline.cells import Clock
    from blameline.records import Layer, Manifest
    from blameline.store import Store

EVERY = 0.5
"""Values per request from which on it is said to change with every request."""


def crowded(store: Store, window: Clock) -> tuple[ChangeState, ...]:
    """One state for each such attribute, by name."""
    manifest = store.manifest()
    taken = {row["attribute"] for row in store.rows("cells/roles")}
    layers = _layers(manifest)
    there = interesting([row["attribute"] for row in store.rows("candidates/names")], manifest)
    asked = {name: layer for name in there if name not in taken and (layer := layers.get(name) or layer_of(name))}
    if not asked:
        return ()
    bounds = {"since": naive(window.since), "until": naive(window.until)}
    rows = store.rows("candidates/crowded", names=sorted(asked), **bounds)
    return tuple(
        _state(row["attribute"], asked[row["attribute"]], row["distinct_values"], row["requests"])
        for row in rows
        if row["distinct_values"] > min(MOST_VALUES, max(3, row["requests"] // 20))
    )


def _layers(manifest: Manifest) -> dict[str, Layer]:
    found: dict[str, Layer] = {name: layer for layer, name in reversed(STANDARD)}
    return found | {name: layer for layer, names in manifest.fields.items() for name in names}


def _state(attribute: str, layer: Layer, values: int, requests: int) -> ChangeState:
    how = (
        "changes with every request and is no version"
        if values >= EVERY * requests
        else "has too many values to be a version"
    )
    words = f"{short(attribute)} {how} ({count(values, 'value')} on {count(requests)})"
    words += f", so a change of the layer {layer} cannot show in it"
    return ChangeState(
        id=None,
        layer=layer,
        kind=f"undeclared_{layer}",
        state="not visible",
        declared=False,
        attribute=attribute,
        of=requests,
        because=words,
    )
