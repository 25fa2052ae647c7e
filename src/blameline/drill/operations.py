"""What the requests cost and how they went: tokens, latency, finish reasons, tool errors and retrieval scores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from blameline.drill.streams import stream

if TYPE_CHECKING:
    from blameline.drill.clock import Flags, Floats, Integers
    from blameline.drill.plan import Alteration
    from blameline.drill.quality import Quality
    from blameline.drill.requests import Requests


@dataclass(frozen=True, eq=False)
class Operations:
    """Columns of equal length."""

    input_tokens: Integers
    output_tokens: Integers
    latency: Integers
    """Milliseconds."""
    refused: Flags
    cut: Flags
    """Stopped at the length limit."""
    tool_failed: Flags
    first_document: Floats
    second_document: Floats


def operate(
    layer: str,
    seed: int,
    requests: Requests,
    quality: Quality,
    exposures: tuple[tuple[Alteration, Flags], ...],
) -> Operations:
    """Draw them; every alteration comes with the requests that it touched."""
    generator = stream(layer, seed, "operations")
    count = len(requests)
    length, wait, relevance = np.ones(count), np.ones(count), np.zeros(count)
    tool_fault, refusing = np.zeros(count, dtype=np.bool_), np.zeros(count, dtype=np.bool_)
    for alteration, exposed in exposures:
        length *= np.where(exposed, alteration.length, 1.0)
        wait *= np.where(exposed, alteration.latency, 1.0)
        if alteration.layer == "retrieval":
            harmless = generator.uniform(-0.08, 0.08) * (generator.random() < 0.4)
            relevance -= exposed * (0.7 * alteration.effect if alteration.guilty else harmless)
        if alteration.guilty and alteration.layer == "tools":
            tool_fault |= exposed
        if alteration.guilty and alteration.layer == "guardrail":
            refusing |= exposed
    output = np.maximum(1, np.exp(generator.normal(5.0, 0.45, count)) * length)
    context = 380 + 900 * requests.retrieves + 260 * requests.calls_tool
    entry = context * np.exp(generator.normal(0, 0.18, count) + 0.05 * requests.difficulty)
    per_token = np.where(quality.small, 6.0, 11.0)
    idle = 180 + 90 * requests.retrieves + 240 * requests.calls_tool
    latency = (idle + per_token * output) * wait * np.exp(generator.normal(0, 0.22, count))
    first = np.clip(generator.beta(9, 2.5, count) + relevance, 0.01, 0.99)
    return Operations(
        input_tokens=np.rint(entry).astype(np.int64),
        output_tokens=np.rint(output).astype(np.int64),
        latency=np.rint(latency).astype(np.int64) + 20,
        refused=(generator.random(count) < 0.015) | (refusing & quality.spoiled),
        cut=generator.random(count) < 0.01,
        tool_failed=requests.calls_tool
        & ((generator.random(count) < 0.03) | (tool_fault & quality.spoiled & (generator.random(count) < 0.8))),
        first_document=np.round(first, 3),
        second_document=np.round(first * generator.uniform(0.5, 0.95, count), 3),
    )
