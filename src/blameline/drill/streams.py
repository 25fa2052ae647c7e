"""Where chance comes from: one independent stream a purpose, all grown from the seed that was handed in.

Because each purpose has its own stream, an override of one thing (a rollout, an effect) leaves all other draws alone.
"""

from __future__ import annotations

from typing import TypeVar
from zlib import crc32

import numpy as np

from blameline.drill.catalogue import LAYERS


def stream(layer: str, seed: int, purpose: str) -> np.random.Generator:
    """The stream of one purpose within one incident."""
    return np.random.default_rng([seed, LAYERS.index(layer), crc32(purpose.encode())])


T = TypeVar("T")


def pick(generator: np.random.Generator, options: tuple[T, ...], weights: tuple[float, ...] | None = None) -> T:
    """One of the options, by weight where weights are given."""
    if weights is None:
        return options[int(generator.integers(len(options)))]
    shares = np.asarray(weights, dtype=np.float64)
    return options[int(generator.choice(len(options), p=shares / shares.sum()))]
