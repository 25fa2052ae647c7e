"""Deals the sample incidents again: ``python sample_incidents/build.py [NAME …]``.

Each recipe names a layer and a seed of the drill (``blameline.drill``), what it fixes, and what a hand then wrote into
the changelog. The same recipe gives the same rows; ``tests/test_samples.py`` holds the folders to it. The stories in
the README files are written by hand and are not touched.
"""
# ruff: noqa: INP001  a folder of samples is no package

from __future__ import annotations

import hashlib
import re
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pyarrow as pa

from blameline.drill import Incident, deal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

HERE = Path(__file__).parent
DAYS = 14

INVENTED = {
    "gpt-5-mini-2025-08-07": "harbor-mini-2025-11-04",
    "gpt-5-mini-2026-02-20": "harbor-mini-2026-02-20",
    "gpt-5.1-2025-11-13": "harbor-lite-2025-12-01",
    "gpt-5-mini": "harbor-mini",
    "gpt-5.1": "harbor-lite",
    "gemini-flash-002": "harbor-mini-2025-11-04",
    "gemini-flash-003": "harbor-mini-2026-02-20",
    "gemini-flash-lite-001": "harbor-lite-2025-12-01",
    "gemini-flash-lite": "harbor-lite",
    "gemini-flash": "harbor-mini",
    "claude-sonnet-4-20250514": "harbor-mini-2025-11-04",
    "claude-sonnet-4-20260218": "harbor-mini-2026-02-20",
    "claude-haiku-4-20251001": "harbor-lite-2025-12-01",
    "claude-sonnet-4": "harbor-mini",
    "claude-haiku-4": "harbor-lite",
}
"""The drill borrows the names of real models; no sample blames one."""


@dataclass(frozen=True)
class Recipe:
    """How one sample is made."""

    layer: str
    seed: int
    fixed: Mapping[str, Any]
    """What ``deal`` is told."""
    form: Literal["otlp", "parquet", "jsonl"] = "otlp"
    compress: Literal["gz", "zst"] | None = "zst"
    names: Mapping[str, str] = field(default_factory=dict)
    """The drill's name of a version or a change → the sample's."""
    heads: Mapping[str, str] = field(default_factory=dict)
    """The drill's name of a column → the sample's."""
    changelog: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Id of a change → what a hand wrote into its record; ``None`` takes a key away."""
    manifest: Mapping[str, Any] = field(default_factory=dict)
    """What a hand wrote into ``incident.yaml``."""
    moved_out: tuple[str, ...] = ()
    """Ids of changes that are told by one of the ``files`` and not by ``changes.yaml``."""
    files: Mapping[str, Callable[[], str]] = field(default_factory=dict)
    """Further files of the folder."""


_TERSE = """\
--- a/prompts/support-answer.md
+++ b/prompts/support-answer.md
@@ -14,10 +14,5 @@
 ## Refunds and billing

-Before you state an amount or a date, read it off the order or the invoice that
-the tools returned, and say which one it was. If the two disagree, say so and
-offer a hand-over; do not pick one.
-
-Example: "Order 4417 shows a refund of 18.90 on 2 March; it can take five
-working days to arrive."
+Give the amount and the date in one short sentence.

 ## Tone
"""

_NEW_PROMPT = hashlib.sha1(b"blameline sample: same-minute-pair, new prompt", usedforsecurity=False).hexdigest()
_OLD_PROMPT = hashlib.sha1(b"blameline sample: same-minute-pair, old prompt", usedforsecurity=False).hexdigest()


def _git_log() -> str:
    """What ``git log --date=iso-strict --format=fuller -p -- prompts/`` printed on the day after."""
    return f"""\
commit {_NEW_PROMPT}
Author:     support-ai <support-ai@example.invalid>
AuthorDate: 2026-03-10T15:02:11Z
Commit:     support-ai <support-ai@example.invalid>
CommitDate: 2026-03-11T16:17:00Z

    answer in at most three sentences

    Ships with the friendlier temperature, one flag for both.

diff --git a/prompts/support-answer.md b/prompts/support-answer.md
index 5f1c2aa..b09d3e1 100644
--- a/prompts/support-answer.md
+++ b/prompts/support-answer.md
@@ -3,6 +3,6 @@
 You answer customers of a web shop.

-Answer in as many sentences as the question needs, and name every condition
-that applies to the customer's own order.
+Answer in at most three sentences. Leave conditions out unless the customer
+asks for them.

 ## Refunds and billing

commit {_OLD_PROMPT}
Author:     support-ai <support-ai@example.invalid>
AuthorDate: 2026-02-11T09:40:52Z
Commit:     support-ai <support-ai@example.invalid>
CommitDate: 2026-02-12T08:05:00Z

    name the order that an answer is about

diff --git a/prompts/support-answer.md b/prompts/support-answer.md
index 19e07bc..5f1c2aa 100644
--- a/prompts/support-answer.md
+++ b/prompts/support-answer.md
@@ -8,3 +8,4 @@
 ## Refunds and billing

 Read amounts and dates off what the tools returned.
+Name the order that you talk about.
"""


_HOME_GROWN = {
    "at": "logged",
    "trace_id": "request",
    "conversation.id": "talk",
    "service.name": "app",
    "tenant.id": "tenant",
    "cloud.region": "region",
    "app.task": "task",
    "app.route": "route",
    "latency_ms": "took_ms",
    "gen_ai.prompt.name": "prompt",
    "gen_ai.prompt.version": "prompt_sha",
    "gen_ai.request.model": "model",
    "gen_ai.response.model": "model_served",
    "openai.response.system_fingerprint": "model_print",
    "gen_ai.request.temperature": "temperature",
    "gen_ai.data_source.id": "index",
    "gen_ai.retrieval.documents": "documents",
    "gen_ai.response.finish_reasons": "finish",
    "gen_ai.usage.input_tokens": "tokens_in",
    "gen_ai.usage.output_tokens": "tokens_out",
    "gen_ai.evaluation.evaluator.version": "judge",
    "service.version": "release",
    "app.tools.schema": "tools",
    "app.tool.failed": "tool_failed",
    "app.context.builder": "context",
    "app.router.config": "router",
    "app.guardrail.version": "guardrail",
}
"""A table that nobody designed: our column → theirs."""

RECIPES: Mapping[str, Recipe] = {
    "staged-prompt-edit": Recipe(
        layer="prompt",
        seed=18110,
        fixed={"traffic": 18, "rollout": "staged_region", "effect": 0.13, "decoys": 4, "judge_rate": 0.9, "tie": False},
        changelog={
            "chg-003": {
                "recorded_at": "2026-03-09T12:35:00Z",
                "summary": "LARGE RELEASE: 214 commits, queue rewrite, new HTTP client; rollback plan attached",
            },
            "chg-004": {
                "recorded_at": "2026-03-09T16:10:00Z",
                "component": "support/system-prompt",
                "summary": "shorten the refund and billing wording",
                "diff": _TERSE,
            },
        },
    ),
    "embedder-rebuild": Recipe(
        layer="retrieval",
        seed=88,
        compress="gz",
        fixed={"traffic": 16, "rollout": "staged_tenant", "effect": 0.15, "decoys": 4, "judge_rate": 1.0, "tie": False},
        changelog={
            "chg-003": {
                "component": "help-centre/index",
                "recorded_at": "2026-03-11T10:20:00Z",
                "summary": "rebuild the help-centre index with the 384-dimension embedder, tenant by tenant",
            },
            "chg-002": {"summary": "URGENT: move to the lite model before the price change"},
            "chg-006": {"summary": "the lite model goes back out, just in case"},
        },
    ),
    "silent-provider-alias": Recipe(
        layer="model",
        seed=3071,
        fixed={
            "traffic": 18,
            "rollout": "sticky_percent",
            "effect": 0.14,
            "decoys": 4,
            "judge_rate": 0.9,
            "tie": False,
            "declared": False,
        },
        changelog={"chg-002": {"summary": "MAJOR: rewrite of the support prompt, all sections; canary first"}},
    ),
    "judge-upgrade": Recipe(
        layer="judge",
        seed=1046,
        fixed={
            "traffic": 16,
            "rollout": "overlap",
            "effect": 0.13,
            "decoys": 3,
            "judge_rate": 1.0,
            "tie": False,
            "declared": True,
        },
        changelog={
            "chg-004": {
                "component": "evals/judge",
                "summary": "move the judge to the current rubric; both judges score for a day",
            },
            "chg-002": {"summary": "follow the provider to the February snapshot"},
        },
    ),
    "quiet-fortnight": Recipe(
        layer="null",
        seed=880,
        fixed={"traffic": 18, "decoys": 5, "judge_rate": 0.9},
        manifest={"reported_at": "2026-03-08T22:40:00Z"},
    ),
    "same-minute-pair": Recipe(
        layer="prompt",
        seed=1626,
        form="jsonl",
        compress="gz",
        fixed={"traffic": 18, "rollout": "staged_tenant", "effect": 0.14, "decoys": 3, "judge_rate": 1.0, "tie": True},
        heads=_HOME_GROWN,
        names={"v12": _OLD_PROMPT[:10], "v13": _NEW_PROMPT[:10], "chg-002": f"git-{_NEW_PROMPT[:10]}"},
        changelog={
            "chg-003": {
                "component": "support/sampling",
                "recorded_at": "2026-03-11T16:31:00Z",
                "summary": "friendlier tone: temperature up, same flag as the new prompt",
            },
        },
        manifest={
            "fields": {
                "prompt": ["prompt_sha"],
                "model": ["model", "model_served", "model_print"],
                "sampling": ["temperature"],
                "retrieval": ["index"],
                "context": ["context"],
                "tools": ["tools"],
                "router": ["router", "route"],
                "guardrail": ["guardrail"],
                "judge": ["judge"],
                "deploy": ["release"],
            },
            "columns": {
                "at": "logged",
                "trace_id": "request",
                "duration_ms": "took_ms",
                "scores": ["answer_correct", "groundedness", "courtesy", "format_valid", "thumbs"],
            },
        },
        moved_out=(f"git-{_NEW_PROMPT[:10]}",),
        files={"prompts.gitlog.txt": _git_log},
    ),
}


class _Renamer:
    """Gives things other names, longest first, wherever they are whole words."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self.names = names
        words = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
        self.pattern = re.compile(rf"(?<![\w.-])(?:{words})(?![\w.-])")

    def text(self, value: str) -> str:
        return self.pattern.sub(lambda found: self.names[found.group()], value)

    def within(self, value: Any) -> Any:  # noqa: ANN401  plain JSON
        """All keys and values of plain JSON."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {self.text(key): self.within(part) for key, part in value.items()}
        return [self.within(part) for part in value] if isinstance(value, list) else value

    def values(self, table: pa.Table) -> pa.Table:
        """The values of columns that hold few."""
        columns = {}
        for name, column in zip(table.column_names, table.columns, strict=True):
            kept = column
            few = column.unique() if pa.types.is_string(column.type) else pa.array([])
            if 0 < len(few) < 100:
                coded = column.combine_chunks().dictionary_encode()
                known = pa.array([self.text(value) for value in coded.dictionary.to_pylist()])
                kept = pa.DictionaryArray.from_arrays(coded.indices, known).cast(pa.string())
            columns[name] = kept
        return pa.table(columns)


_ORDER = (
    "id", "at", "recorded_at", "uncertainty", "kind", "layer", "component", "from", "to", "scope", "rollout", "reverts",
    "team", "summary", "diff",
)  # fmt: skip


def _by_hand(record: dict[str, Any], hand: Mapping[str, Any]) -> dict[str, Any]:
    """A changelog entry with what a hand wrote into it, in the contract's order of keys."""
    merged = {key: value for key, value in {**record, **hand}.items() if value is not None}
    return {key: merged[key] for key in _ORDER if key in merged}


def dealt(recipe: Recipe) -> Incident:
    """The incident of a recipe, with its invented names and the edits of the hand."""
    incident = deal(recipe.layer, seed=recipe.seed, days=DAYS, **recipe.fixed)
    segments = {name: recipe.heads.get(name, name) for name in incident.manifest["segments"]}
    renamer = _Renamer({**INVENTED, **recipe.names, **segments})
    table = renamer.values(incident.table)
    changes = [_by_hand(record, recipe.changelog.get(record["id"], {})) for record in renamer.within(incident.changes)]
    return replace(
        incident,
        table=table.rename_columns([recipe.heads.get(name, name) for name in table.column_names]),
        manifest=renamer.within(incident.manifest) | dict(recipe.manifest),
        changes=[record for record in changes if record["id"] not in recipe.moved_out],
        evals=renamer.within(incident.evals),
        truth=renamer.within(incident.truth),
    )


def build(name: str, folder: Path) -> None:
    """Write all of one sample but its README."""
    recipe = RECIPES[name]
    dealt(recipe).write(folder, form=recipe.form, compress=recipe.compress)
    for file, text in recipe.files.items():
        (folder / file).write_bytes(text().encode())


def main(names: list[str]) -> None:
    """Write the named samples, or all of them, beside this file."""
    for name in names or RECIPES:
        build(name, HERE / name)


if __name__ == "__main__":
    main(sys.argv[1:])
