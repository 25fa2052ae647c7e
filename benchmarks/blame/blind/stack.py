"""The stack's layers: which change kinds they know, which attributes stamp their version, and what a change carries."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

#: layer key -> (contract layer, kinds, stamp attribute choices, span that carries it)
#: "embedder" and "corpus" are kinds of the contract's retrieval layer, "flag" of its deploy layer.
LAYERS: dict[str, tuple[str, list[str], list[str], str]] = {
    "prompt": ("prompt", ["prompt_edit"], ["gen_ai.prompt.version", "app.prompt.hash"], "chat"),
    "model": ("model", ["model_swap", "provider_update"], ["gen_ai.response.model"], "chat"),
    "sampling": ("sampling", ["sampling_change"], ["gen_ai.request.temperature"], "chat"),
    "index": ("retrieval", ["index_refresh"], ["gen_ai.data_source.id", "app.index.version"], "retrieval"),
    "embedder": ("retrieval", ["embedder_change"], ["app.embedding.model"], "retrieval"),
    "corpus": ("retrieval", ["corpus_change"], ["app.corpus.snapshot"], "retrieval"),
    "context": ("context", ["context_change"], ["app.context.policy"], "chat"),
    "tools": ("tools", ["tool_schema"], ["app.tools.schema"], "chat"),
    "router": ("router", ["router_config"], ["app.route", "app.router.config"], "chat"),
    "guardrail": ("guardrail", ["guardrail_change"], ["app.guardrail.version"], "root"),
    "deploy": ("deploy", ["deploy"], ["service.version"], "resource"),
    "flag": ("deploy", ["flag_change"], ["feature_flag.result.variant"], "root"),
    "infra": ("deploy", ["infra_change"], [], "none"),
    "data": ("data", ["upstream_data"], ["app.data.snapshot"], "retrieval"),
    "judge": ("judge", ["judge_change", "rubric_change"], ["gen_ai.evaluation.evaluator.version"], "score"),
    "scorer": ("judge", ["scorer_change"], ["gen_ai.evaluation.evaluator.version"], "score"),
    "eval": ("eval", ["eval_suite_change"], [], "none"),
    "telemetry": ("telemetry", ["instrumentation_change", "sampling_policy"], [], "none"),
    "traffic": ("traffic", ["traffic_shift"], [], "none"),
}

APP_LAYERS = [
    "prompt",
    "model",
    "sampling",
    "index",
    "embedder",
    "corpus",
    "context",
    "tools",
    "router",
    "guardrail",
    "deploy",
    "flag",
    "infra",
    "data",
]
RULER_LAYERS = ["judge", "scorer", "eval", "telemetry"]

COMPONENTS: dict[str, list[str]] = {
    "prompt": ["support/system-prompt", "answer-template", "planner-prompt", "tone-guide", "citation-instructions"],
    "model": ["chat-completion", "answer-model", "provider-endpoint"],
    "sampling": ["answer-params", "decoder"],
    "index": ["kb-index", "help-centre-index", "product-docs"],
    "embedder": ["query-encoder", "kb-encoder"],
    "corpus": ["help-articles", "policy-pages"],
    "context": ["history-window", "context-packer"],
    "tools": ["order-lookup", "calendar-tool", "search-tool"],
    "router": ["intent-router", "model-router"],
    "guardrail": ["pii-filter", "topic-filter", "jailbreak-filter"],
    "deploy": ["assistant-api", "gateway", "worker"],
    "flag": ["new-planner", "answer-cache", "short-answers"],
    "infra": ["autoscaler", "redis", "node-pool"],
    "data": ["price-feed", "crm-export", "inventory-feed"],
    "judge": ["quality-judge"],
    "scorer": ["match-scorer"],
    "eval": ["online-eval", "regression-suite"],
    "telemetry": ["otel-collector", "sdk"],
    "traffic": ["campaign", "onboarding"],
}

SUMMARIES: dict[str, list[str]] = {
    "prompt": [
        "shorten policy wording",
        "ask for citations",
        "new greeting",
        "tighten tone rules",
        "add a language hint",
    ],
    "model": ["move to the newer snapshot", "provider alias re-pointed", "cheaper model for most traffic"],
    "sampling": ["lower temperature", "raise temperature a little", "align defaults"],
    "index": ["nightly rebuild", "chunk size 800 to 400", "new analyser"],
    "embedder": ["encoder upgrade"],
    "corpus": ["retire old articles", "import the partner wiki"],
    "context": ["trim history", "pack more passages"],
    "tools": ["rename an argument", "tool returns pages", "new enum value"],
    "router": ["send short questions to the small model"],
    "guardrail": ["stricter topic list", "new PII patterns"],
    "deploy": ["weekly release", "dependency bumps", "bug fixes"],
    "flag": ["turn on for a cohort", "enable"],
    "infra": ["scale limits", "node image"],
    "data": ["feed schema v3", "full reload"],
    "judge": ["judge model update", "rubric wording"],
    "scorer": ["stricter match"],
    "eval": ["new sampling of scored traffic"],
    "telemetry": ["collector upgrade", "tail sampling"],
    "traffic": ["launch of a new customer", "campaign"],
}

MODELS = ["gpt-4.1", "claude-sonnet-4-6", "gpt-5-mini", "mistral-large-3", "gemini-2.5-flash"]


@dataclass
class Change:
    """One change: what really happened (hours since start) and what the changelog says about it."""

    id: str
    key: str  # a key of LAYERS
    at: float  # true time of effect, hours since start
    kind: str = ""
    component: str = ""
    summary: str = ""
    before: str = ""
    after: str = ""
    scope: dict[str, str] = field(default_factory=dict)
    stages: list[tuple[float, float]] = field(default_factory=list)  # (hour, percent); empty: all at once
    region_stages: dict[str, float] = field(default_factory=dict)  # region -> hour
    unit: str = "user"  # what the percent is drawn over: user, conversation, request
    unit_salt: int = 0
    end: float | None = None
    declared: bool = True
    declared_at: float | None = None  # what the changelog says, if it is wrong
    recorded_lag: float | None = None
    uncertainty: str | None = None
    reverts: str | None = None
    guilty: bool = False
    sides: dict[str, float] = field(default_factory=dict)
    windows: list[tuple[float, float]] = field(default_factory=list)  # intermittent: active only in these
    declare_percent: bool = True

    @property
    def layer(self) -> str:
        """The contract's layer name."""
        return LAYERS[self.key][0]

    @property
    def everywhere_at_once(self) -> bool:
        """True if nothing but time separates exposed and unexposed requests."""
        return not (self.scope or self.stages or self.region_stages or self.windows)


def new_change(rng: np.random.Generator, ident: str, key: str, at: float, **more: object) -> Change:
    """A change of a layer with a drawn kind, component, summary and benign side effects."""
    kinds = LAYERS[key][1]
    change = Change(
        id=ident,
        key=key,
        at=at,
        kind=str(rng.choice(kinds)),
        component=str(rng.choice(COMPONENTS[key])),
        summary=str(rng.choice(SUMMARIES[key])),
        unit_salt=int(rng.integers(1 << 30)),
    )
    for name, value in more.items():
        setattr(change, name, value)
    if not change.sides:
        change.sides = draw_sides(rng, key)
    return change


def draw_sides(rng: np.random.Generator, key: str) -> dict[str, float]:
    """Side effects on what a stack records; log factors for sizes, plain differences for rates and scores."""

    def some(scale: float) -> float:
        return float(rng.normal(0, scale))

    table: dict[str, dict[str, float]] = {
        "prompt": {"out_tokens": some(0.2), "in_tokens": some(0.1), "latency": some(0.08), "refusal": abs(some(0.006))},
        "model": {"out_tokens": some(0.25), "latency": some(0.25), "refusal": some(0.006)},
        "sampling": {"out_tokens": some(0.06)},
        "index": {"top_score": some(0.03), "in_tokens": some(0.08), "latency": some(0.04)},
        "embedder": {"top_score": some(0.06)},
        "corpus": {"top_score": some(0.02), "in_tokens": some(0.05)},
        "context": {"in_tokens": some(0.35), "latency": some(0.1)},
        "tools": {"tool_error": abs(some(0.01)), "latency": some(0.05)},
        "router": {"latency": some(0.25), "out_tokens": some(0.1)},
        "guardrail": {"refusal": abs(some(0.012)), "latency": some(0.04)},
        "deploy": {"latency": some(0.12)},
        "flag": {"latency": some(0.08), "out_tokens": some(0.08)},
        "infra": {"latency": some(0.15)},
        "data": {"top_score": some(0.02)},
    }
    return {name: value for name, value in table.get(key, {}).items() if rng.random() < 0.75}


def value_for(rng: np.random.Generator, attribute: str, step: int, base: int) -> str:
    """A version string as that attribute would carry it; step counts the changes of the attribute so far."""
    if attribute == "gen_ai.prompt.version":
        return str(base + step)
    if attribute == "app.prompt.hash":
        return f"{int(rng.integers(1 << 32)):08x}"
    if attribute == "gen_ai.request.temperature":
        return ["0.2", "0.7", "0.3", "1.0", "0.5", "0.1", "0.9", "0.4"][(base + step) % 8]
    if attribute == "gen_ai.data_source.id":
        return f"kb-{base + step:03d}"
    if attribute == "service.version":
        return f"2.{base}.{step}"
    if attribute == "app.route":
        return ["default", "small-first", "tiered", "default-b", "long-first", "mixed", "cost", "cascade"][step % 8]
    if attribute == "feature_flag.result.variant":
        return ["off", "on", "on-v2", "on-v3", "on-v4", "on-v5", "on-v6", "on-v7"][step % 8]
    if attribute == "app.embedding.model":
        return f"text-encoder-{1 + (base + step) % 9}"
    if attribute == "gen_ai.evaluation.evaluator.version":
        return f"judge-2026-{1 + (base + step) % 12:02d}"
    stem = attribute.split(".")[-2][:3]
    return f"{stem}-{base + step}"
