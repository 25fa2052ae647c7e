"""One name for each thing: ``aliases.csv`` in, as the bound parameter that every trace query takes.

The canonical name is added beside the original where it is absent; nothing that a trace carries is ever renamed or
dropped.
"""

from __future__ import annotations

import csv
import json
import re
from functools import cache
from importlib.resources import files
from typing import Literal

EVALUATOR = (
    "gen_ai.evaluation.evaluator.version",
    "evaluator.version",
    "gen_ai.evaluation.evaluator.id",
    "gen_ai.evaluation.evaluator.name",
    "evaluator.id",
    "evaluator.name",
)
"""Attributes that say who judged, the most telling first."""

_NUMBERED = (
    "gen_ai.prompt.0.content", "gen_ai.prompt.0.role", "gen_ai.completion.0.content", "gen_ai.completion.0.role",
    "llm.input_messages.0.message.role", "llm.output_messages.0.message.role", "llm.input_messages.0.message.content",
    "llm.output_messages.0.message.content", "llm.prompts", "llm.prompts.0.prompt.text", "llm.completions",
    "llm.prompt_template.template", "llm.tools.0.tool.json_schema", "retrieval.documents.0.document.content",
    "reranker.input_documents.0.document.content", "embedding.embeddings.0.embedding.text", "openinference.span.kind",
    "traceloop.span.kind", "langsmith.run_type", "gen_ai.prompt", "gen_ai.completion", "traceloop.entity.input",
    "traceloop.entity.output", "ai.prompt", "ai.prompt.messages", "ai.prompt.tools", "ai.response.text", "ai.response.object",
    "ai.response.toolCalls", "ai.toolCall.args", "ai.toolCall.result", "langfuse.observation.input",
    "langfuse.observation.output", "langfuse.trace.input", "langfuse.trace.output", "langfuse.tool_calls",
    "langfuse.experiment_item_expected_output", "mlflow.spanInputs", "mlflow.spanOutputs", "mlflow.request_preview",
    "mlflow.response_preview", "db.statement", "db.query.text", "user_input", "reference", "expected_output",
    "retrieved_contexts", "gen_ai.evaluation.explanation", "langsmith.inputs", "langsmith.outputs", "embedding.text",
    "llm.prompt_template.variables", "llm.function_call", "tool.parameters", "reranker.query",
    "traceloop.prompt.template", "ai.response.reasoning", "ai.response.files", "ai.value", "ai.values", "ai.schema",
    "mlflow.chat.messages", "mlflow.chat.tools", "mlflow.traceInputs", "mlflow.traceOutputs", "text", "contexts",
    "documents", "ground_truth", "actual_output", "comment", "rationale", "explanation", "feedback_text",
    "langfuse.observation.level",
)  # fmt: skip
"""Names of content in other dialects (of those that number their messages, a name that the first message has), and of a
level that stands for a status."""


def older(where: Literal["otlp", "table"]) -> dict[str, str]:
    """What a statement that adds canonical names binds: ``aliases``, and ``older``, a pattern of names that need a closer look.

    It is put to all names of a row at once, a line each.
    """
    found = aliases(where)
    names = [
        *map(re.escape, dict.fromkeys([*json.loads(found), *_NUMBERED])),
        r"gen_ai\.prompt\.variable\.\S+",
        r"\S+\.tool_calls\.\S+",
        r"\S*documents\.\d+\.document\.\w+",
    ]
    return {"aliases": found, "older": rf"(?:^|\s)(?:{'|'.join(names)})(?:$|\s)"}


@cache
def aliases(where: Literal["otlp", "table"]) -> str:
    """JSON: alias → list of ``{r: rank, c: canonical, p: JSON path or null, f: of failed calls}``, for one kind of trace.

    A path may also be ``+word``: the sum of the numbers whose keys contain the word. What holds for failed calls alone has
    ``f`` true, what holds for all others false, and what holds for every call null.
    """
    text = files("blameline.sources").joinpath("aliases.csv").read_text(encoding="utf-8")
    found: dict[str, list[dict[str, str | int | bool | None]]] = {}
    for row in csv.DictReader(text.splitlines()):
        if row["where"] in {"any", where}:
            entry: dict[str, str | int | bool | None] = {
                "r": int(row["rank"]),
                "c": row["canonical"],
                "p": row["path"] or None,
                "f": row["when"] == "failed" if row["when"] else None,
            }
            found.setdefault(row["alias"], []).append(entry)
    return json.dumps(found, sort_keys=True)
