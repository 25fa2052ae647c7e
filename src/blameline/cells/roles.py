"""Which attribute carries what: a layer's version, or the segment of a request.

The manifest says so, or the standard names do, or the data shows it: an attribute with few values whose name speaks of a
layer (``app.index.version``) or of a kind of customer, place or task (``tenant.id``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from blameline.records import Layer, Manifest

STANDARD: tuple[tuple[Layer, str], ...] = (
    ("prompt", "gen_ai.prompt.version"),
    ("prompt", "gen_ai.prompt.name"),
    ("model", "gen_ai.response.model"),
    ("model", "openai.response.system_fingerprint"),
    ("model", "gen_ai.request.model"),
    ("model", "openai.response.service_tier"),
    ("sampling", "gen_ai.request.temperature"),
    ("sampling", "gen_ai.request.top_p"),
    ("sampling", "gen_ai.request.max_tokens"),
    ("sampling", "gen_ai.request.reasoning.level"),
    ("retrieval", "gen_ai.data_source.id"),
    ("retrieval", "gen_ai.retrieval.top_k"),
    ("deploy", "service.version"),
    ("deploy", "feature_flag.result.variant"),
    ("tools", "gen_ai.agent.version"),
    ("telemetry", "otel.scope.version"),
    ("telemetry", "telemetry.sdk.version"),
    ("telemetry", "telemetry.distro.version"),
)
"""Attributes that are known without a manifest, the most trusted of each layer first."""

LAYER_WORDS: tuple[tuple[Layer, str], ...] = (
    ("judge", r"judge|evaluator|rubric|scorer"),
    ("guardrail", r"guard|moderation|safety|policy"),
    ("retrieval", r"index|embed|retriev|corpus|vector|collection|knowledge|chunk|rerank"),
    ("prompt", r"prompt|template|instruction"),
    ("router", r"rout"),
    ("tools", r"tools?(?![a-z])|mcp|function_schema"),
    ("sampling", r"temperature|top_p|sampling|reasoning_effort"),
    ("context", r"context|memory|window|history|compaction"),
    ("model", r"model|fingerprint|checkpoint|snapshot|deployment_id"),
    ("deploy", r"release|build|revision|git_sha|commit|app_version|code_version|flag|variant"),
)
VERSION_WORDS = re.compile(
    r"version|hash|sha|rev|id$|name$|schema|variant|index|snapshot|build|release|digest|tag|route", re.IGNORECASE
)
SEGMENT_WORDS = re.compile(
    r"tenant|region|locale|country|lang(?!fuse|smith|chain|graph|flow)|task|intent|categor|plan|tier|channel|platform|customer|org|team|topic|surface|"
    r"feature|product|market|segment|cohort|use_case|device|environment",
    re.IGNORECASE,
)
FLAG = re.compile(r"feature_flag\..+\.variant")
"""One of several flags: which layer it is of does not hang on what it is called."""
NEVER = re.compile(
    r"^(telemetry\.|process\.|host\.|os\.|thread\.|code\.|server\.|url\.|http\.|net\.|k8s\.|container\.|exception\.|"
    r"service\.instance|session|user|enduser|gen_ai\.(conversation|response\.id|usage|input|output|tool\.(call|name|type|description)|evaluation|"
    r"retrieval\.(query|documents)|prompt\.variable|system_instructions|operation|response\.(finish|time)))|"
    r"sampl(ing|er|e)[._]?(probability|ratio|rate|percentage|priority(_v1)?|decision)$|"
    r"(message|content|text|query|timestamp|time|date|trace_id|span_id|request_id|latency|token|cost|score)(s)?$",
    re.IGNORECASE,
)
MOST_VALUES = 64
"""An attribute with more values than this is an identity and not a version or a segment."""
MOST_SEGMENTS = 5


TELLING: Mapping[str, tuple[str, ...]] = {
    "talk": (
        r"gen_ai\.conversation\.id", r"conversation[._]?id", r"thread[._]?id", r"chat[._]?id", r"session\.id",
        r".*[._](conversation|thread)[._]?id", r"session[._]?id",
    ),
    "first_token": (
        r"gen_ai\.response\.time_to_first_chunk", r"gen_ai\.(client|server|response)\.(operation\.)?time_to_first_(token|chunk)",
    ),
    "regenerated": (r"(.*[._])?(is_?)?regenerat(e|ed|ion)", r"(.*[._])?regenerat(e|ion)_?count"),
    "escalated": (
        r"(?!.*(rout|model))(.*[._])?(is_?|human_?)?(escalat(e|ed|ion)|hand(ed)?_?(off|over)|human_?takeover)",
    ),
    "abandoned": (r"(.*[._])?(is_?)?abandon(ed|ment)?",),
    "edited": (r"(.*[._])?edit_?distance",),
}  # fmt: skip
"""Attributes that tell a fact of a request, as patterns of the whole name, the most trusted first."""


def telling(names: Sequence[str]) -> dict[str, str | None]:
    """The attribute that tells each such fact here; ``None`` where none does."""
    return {
        fact: next(
            (name for pattern in patterns for name in sorted(names) if re.fullmatch(pattern, name, re.IGNORECASE)), None
        )
        for fact, patterns in TELLING.items()
    }


@dataclass(frozen=True)
class Profile:
    """What the data shows of one attribute."""

    attribute: str
    values: int
    traces: int
    late: int
    """Values that were first seen after the first tenth of the window."""


@dataclass(frozen=True)
class Role:
    """One attribute and what it carries."""

    role: str
    layer: Layer | None
    attribute: str
    rank: int


def interesting(names: list[str], manifest: Manifest) -> list[str]:
    """The attribute names that could carry a version or a segment."""
    named = {name for listed in manifest.fields.values() for name in listed} | set(manifest.segments)
    known = {name for _, name in STANDARD}
    return [
        name
        for name in names
        if name in named or name in known or (not NEVER.search(name) and (layer_of(name) or SEGMENT_WORDS.search(name)))
    ]


def layer_of(attribute: str) -> Layer | None:
    """The layer that an attribute's own name speaks of, if it also speaks of a version."""
    last = attribute.lower()
    if FLAG.fullmatch(last):
        return "deploy"
    for layer, words in LAYER_WORDS:
        if re.search(words, last) and (VERSION_WORDS.search(last) or layer in {"sampling", "router"}):
            return layer
    return None


def assign(  # noqa: C901  three sources of roles, one after the other
    profiles: list[Profile], manifest: Manifest, traces: int
) -> tuple[list[Role], list[str]]:
    """Roles of the attributes, and the names that were asked for and are no version because they have too many values."""
    have = {profile.attribute: profile for profile in profiles}
    roles: list[Role] = []
    crowded: list[str] = []
    taken: set[str] = set()

    def usable(name: str) -> bool:
        profile = have[name]
        fits = profile.values <= min(MOST_VALUES, max(3, traces // 5))
        if not fits:
            crowded.append(name)
        return fits

    asked: list[tuple[Layer, str]] = [*STANDARD]
    asked += [(layer, name) for layer, names in manifest.fields.items() for name in names]
    for layer, name in asked:
        if name in have and name not in taken and name not in manifest.segments and usable(name):
            roles.append(Role("layer", layer, name, sum(role.layer == layer for role in roles)))
            taken.add(name)
    for name in manifest.segments:
        if name in have and name not in taken and usable(name):
            roles.append(Role("segment", None, name, len(taken)))
            taken.add(name)
    for name, profile in sorted(have.items()):
        if name in taken or NEVER.search(name) or profile.values > MOST_VALUES:
            continue
        spoken = layer_of(name)
        if spoken and profile.values <= max(3, traces // 20):
            roles.append(Role("layer", spoken, name, 100 + sum(role.layer == spoken for role in roles)))
            taken.add(name)
    if not manifest.segments:
        found = [
            profile
            for name, profile in sorted(have.items())
            if name not in taken
            and not NEVER.search(name)
            and SEGMENT_WORDS.search(name)
            and 2 <= profile.values <= 40
            and profile.traces >= 0.5 * traces
        ]
        found.sort(key=lambda profile: (profile.values, profile.attribute))
        roles += [Role("segment", None, profile.attribute, rank) for rank, profile in enumerate(found[:MOST_SEGMENTS])]
    return roles, sorted(set(crowded))
