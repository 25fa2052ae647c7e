"""The layers that a drill can break, the kinds of change of each, and the attributes that carry their versions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

LAYERS: tuple[str, ...] = (
    "prompt", "model", "sampling", "retrieval", "context", "tools", "router", "guardrail", "deploy", "data", "judge",
    "telemetry", "traffic", "null",
)  # fmt: skip
"""What can be dealt; ``null`` is an incident in which nothing went wrong."""

APP_LAYERS: frozenset[str] = frozenset(LAYERS[:10])
"""Layers whose faults lower the true quality of answers."""

DECOY_LAYERS: tuple[str, ...] = (*LAYERS[:11], "telemetry", "eval")
"""Layers of which innocent changes are made."""

KINDS: Mapping[str, tuple[str, ...]] = {
    "prompt": ("prompt_edit",),
    "model": ("model_swap", "provider_update"),
    "sampling": ("sampling_change",),
    "retrieval": ("index_refresh", "embedder_change"),
    "context": ("context_change",),
    "tools": ("tool_schema",),
    "router": ("router_config",),
    "guardrail": ("guardrail_change",),
    "deploy": ("deploy",),
    "data": ("upstream_data",),
    "judge": ("judge_change",),
    "eval": ("eval_suite_change",),
    "telemetry": ("sampling_policy",),
    "traffic": ("traffic_shift",),
}

JUDGE_VERSION = "gen_ai.evaluation.evaluator.version"
RESPONSE_MODEL = "gen_ai.response.model"
REQUEST_MODEL = "gen_ai.request.model"
FINGERPRINT = "openai.response.system_fingerprint"

ATTRIBUTES: Mapping[str, tuple[str, ...]] = {
    "prompt": ("gen_ai.prompt.version",),
    "model": (REQUEST_MODEL, RESPONSE_MODEL, FINGERPRINT),
    "sampling": ("gen_ai.request.temperature",),
    "retrieval": ("gen_ai.data_source.id",),
    "context": ("app.context.builder",),
    "tools": ("app.tools.schema",),
    "router": ("app.router.config",),
    "guardrail": ("app.guardrail.version",),
    "deploy": ("service.version",),
    "judge": (JUDGE_VERSION,),
}
"""Layer → the attributes that carry its version; layers that are absent leave no stamp."""

CUSTOM_FIELDS: Mapping[str, tuple[str, ...]] = {
    "sampling": ("gen_ai.request.temperature",),
    "context": ("app.context.builder",),
    "tools": ("app.tools.schema",),
    "router": ("app.router.config", "app.route"),
    "guardrail": ("app.guardrail.version",),
    "deploy": ("service.version",),
    "judge": (JUDGE_VERSION,),
}
"""What ``incident.yaml`` lists under ``fields``."""

TEAMS: Mapping[str, str] = {
    "prompt": "support-ai",
    "model": "ml-platform",
    "sampling": "support-ai",
    "retrieval": "search",
    "context": "support-ai",
    "tools": "integrations",
    "router": "ml-platform",
    "guardrail": "trust",
    "deploy": "platform",
    "data": "partners",
    "judge": "quality",
    "eval": "quality",
    "telemetry": "observability",
    "traffic": "growth",
}
"""Who makes the changes of a layer."""

QUIET: Mapping[str, str] = {
    "prompt": "tidy the wording of the support prompt",
    "model": "follow the provider to the current snapshot",
    "sampling": "align the temperature with the other assistants",
    "retrieval": "rebuild the help-centre index",
    "context": "pack the conversation history a little tighter",
    "tools": "rename two arguments of lookup_order",
    "router": "tune the thresholds of the router",
    "guardrail": "update the policy word list",
    "deploy": "routine release",
    "data": "the partner's feed moves to its new export",
    "judge": "move the judge to the current rubric",
    "eval": "add cases to the nightly suite",
    "telemetry": "adjust what the collector keeps",
    "traffic": "campaign for the help centre",
}
"""How a change sounds when nobody expects anything of it."""

LOUD: Mapping[str, str] = {
    "prompt": "MAJOR: rewrite of the support prompt, all sections",
    "model": "URGENT: switch models ahead of the provider's deadline",
    "sampling": "raise creativity for a friendlier tone",
    "retrieval": "full re-index with the new chunking, first time in production",
    "context": "new context builder replaces the old one",
    "tools": "breaking change of the tool schemas",
    "router": "send more traffic to the cheap model",
    "guardrail": "emergency tightening of the guardrail",
    "deploy": "large release: 214 commits, includes the queue rewrite",
    "data": "upstream outage drill: feed served from the fallback",
    "judge": "new judge model, not yet calibrated",
    "eval": "replace half of the nightly suite",
    "telemetry": "emergency cut of trace volume",
    "traffic": "launch of the spring campaign",
}
"""How a change sounds when everybody would suspect it; innocent ones sound so more often than guilty ones."""

_FAMILIES: tuple[tuple[str, str, str, str, str], ...] = (
    ("gpt-5-mini", "gpt-5-mini-2025-08-07", "gpt-5-mini-2026-02-20", "gpt-5.1", "gpt-5.1-2025-11-13"),
    (
        "claude-sonnet-4",
        "claude-sonnet-4-20250514",
        "claude-sonnet-4-20260218",
        "claude-haiku-4",
        "claude-haiku-4-20251001",
    ),
    ("gemini-flash", "gemini-flash-002", "gemini-flash-003", "gemini-flash-lite", "gemini-flash-lite-001"),
)
_TEMPERATURES: tuple[tuple[float, float], ...] = ((0.2, 0.7), (0.0, 0.5), (0.3, 1.0), (0.2, 0.6))

Version = str | float
Move = tuple[Version, Version]


@dataclass(frozen=True)
class Versions:
    """The version that each attribute carries before a change and the one that it would carry after it."""

    moves: Mapping[str, Move]
    swap: Mapping[str, Move]
    """The same for a change of the requested model, which the other kinds of model change leave alone."""

    def of(self, layer: str, kind: str) -> dict[str, Move]:
        """Attributes that a change of this layer and kind moves, the one that the changelog names first."""
        if kind == "model_swap":
            return dict(self.swap)
        attributes = (RESPONSE_MODEL, FINGERPRINT) if layer == "model" else ATTRIBUTES.get(layer, ())
        return {attribute: self.moves[attribute] for attribute in attributes}


def draw_versions(generator: np.random.Generator) -> Versions:
    """Plausible names for the old and the new version of everything."""
    alias, old, new, other, other_dated = _FAMILIES[int(generator.integers(len(_FAMILIES)))]
    number = [int(value) for value in generator.integers(3, 40, size=6)]
    prints = [f"fp_{value:010x}" for value in generator.integers(0, 2**40, size=3)]
    hashes = [f"{value:07x}" for value in generator.integers(0, 2**28, size=2)]
    cool, warm = _TEMPERATURES[int(generator.integers(len(_TEMPERATURES)))]
    moves: dict[str, Move] = {
        "gen_ai.prompt.version": (f"v{number[0]}", f"v{number[0] + 1}"),
        REQUEST_MODEL: (alias, alias),
        RESPONSE_MODEL: (old, new),
        FINGERPRINT: (prints[0], prints[1]),
        "gen_ai.request.temperature": (cool, warm),
        "gen_ai.data_source.id": (f"kb-{number[1]}", f"kb-{number[1] + 1}"),
        "app.context.builder": (f"context-{number[2]}", f"context-{number[2] + 1}"),
        "app.tools.schema": (f"tools-{hashes[0]}", f"tools-{hashes[1]}"),
        "app.router.config": (f"router-{number[3]}", f"router-{number[3] + 1}"),
        "app.guardrail.version": (f"guard-2.{number[4]}", f"guard-2.{number[4] + 1}"),
        "service.version": (f"2026.2.{number[5]}", "2026.3.0"),
        JUDGE_VERSION: ("judge-mini@2026-01-10", "judge-mini@2026-03-02"),
    }
    swap: dict[str, Move] = {
        REQUEST_MODEL: (alias, other),
        RESPONSE_MODEL: (old, other_dated),
        FINGERPRINT: (prints[0], prints[2]),
    }
    return Versions(moves=moves, swap=swap)
