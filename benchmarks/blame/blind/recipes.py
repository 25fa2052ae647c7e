"""The list of classes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import recipes_app as app
import recipes_hidden as hidden
import recipes_mixed as mixed
import recipes_ruler as ruler

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from plan import Plan
    from world import Cast


@dataclass
class Recipe:
    """How to plan a class; cast fixes some draws."""

    build: Callable[[np.random.Generator, Cast], Plan]
    cast: dict[str, Any] = field(default_factory=dict)


RECIPES: dict[str, Recipe] = {
    **{
        f"layer_{key}": Recipe(app.layer(key))
        for key in (
            "prompt",
            "model",
            "index",
            "embedder",
            "corpus",
            "context",
            "tools",
            "router",
            "sampling",
            "guardrail",
            "deploy",
            "flag",
            "infra",
            "data",
        )
    },
    "layer_judge": Recipe(ruler.scorer_declared),
    "layer_eval": Recipe(ruler.eval_selection),
    "layer_telemetry": Recipe(ruler.telemetry_cut),
    "layer_traffic": Recipe(ruler.mix_shift(True), {"spans_cap": 28_000}),
    "rollout_regions": Recipe(app.rollout("staged"), {"regions": 4}),
    "rollout_sticky": Recipe(app.rollout("sticky")),
    "rollout_ramp": Recipe(app.rollout("ramp")),
    "regional_only": Recipe(app.rollout("region"), {"regions": 3}),
    "tenant_only": Recipe(app.rollout("tenant")),
    "decoy_close": Recipe(app.decoy_close),
    "decoy_storm": Recipe(app.decoy_storm),
    "same_minute_pair": Recipe(app.same_minute),
    "provider_visible": Recipe(hidden.provider_visible),
    "provider_invisible": Recipe(hidden.provider_invisible),
    "fallback_windows": Recipe(hidden.fallback),
    "sticky_misroute": Recipe(hidden.misroute, {"layout": "flat"}),
    "mix_shift": Recipe(ruler.mix_shift(False), {"spans_cap": 28_000}),
    "simpson_fall": Recipe(ruler.simpson_fall, {"spans_cap": 28_000}),
    "simpson_flat": Recipe(mixed.simpson_flat),
    "judge_declared": Recipe(ruler.judge_declared),
    "judge_silent_drift": Recipe(ruler.judge_silent),
    "telemetry_loss": Recipe(ruler.loss),
    "telemetry_duplicates": Recipe(ruler.duplicates, {"spans_cap": 30_000}),
    "sampling_policy": Recipe(ruler.sampling_policy),
    "eval_retired": Recipe(hidden.eval_retired),
    "delayed_effect": Recipe(app.delayed),
    "overlap_two": Recipe(app.overlap_two),
    "rollback": Recipe(app.rollback),
    "improvement": Recipe(app.improvement),
    "null_rhythm": Recipe(hidden.no_incident("rhythm")),
    "null_shocks": Recipe(hidden.no_incident("shocks")),
    "null_quiet": Recipe(hidden.no_incident("ordinary")),
    "clock_skew": Recipe(hidden.clock_skew),
    "recorded_late": Recipe(hidden.recorded_late),
    "undeclared_prompt": Recipe(hidden.undeclared_prompt),
    "tiny_n": Recipe(hidden.tiny, {"rate": 20, "days": 21}),
    "missing_fields": Recipe(hidden.missing_fields),
    "index_ageing": Recipe(hidden.ageing),
    "growing_conversations": Recipe(ruler.growing),
    "thumbs_only": Recipe(hidden.thumbs_only, {"layout": "flat"}),
    "amplifier_pair": Recipe(mixed.amplifier),
    "masked_improvement": Recipe(mixed.masked),
    "all_at_once_deploy": Recipe(hidden.all_at_once),
    "proxy_up": Recipe(mixed.proxy_up),
}
