"""LangSmith runs, as the bulk export (Parquet) or the SDK writes them, in; one span a run out.

``session_id`` is the project; the conversation is in the metadata. A chain repeats the tokens and costs of what is below
it, so that only calls of models count. ``feedback_stats`` are averages and stay attributes: scores come from the
feedback itself (see ``langsmith_feedback``).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from blameline.records import Manifest, Problem, Scan
from blameline.sources.completions import answered, asked, faulty, flat, messages, opened, text_of, used
from blameline.sources.lines import records
from blameline.sources.litellm import seconds
from blameline.sources.parquet import column_names
from blameline.sources.rows import Rows

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from pathlib import Path

    from blameline.sources.heads import File, Head

Fields = dict[str, Any]

OPERATIONS = {
    "llm": "chat",
    "retriever": "retrieval",
    "tool": "execute_tool",
    "embedding": "embeddings",
    "chain": "workflow",
}
PROVIDERS = {"azure": "azure.ai.openai", "amazon_bedrock": "aws.bedrock", "google_vertexai": "gcp.vertex_ai",
             "google_genai": "gcp.gemini", "xai": "x_ai", "mistral": "mistral_ai", "mistralai": "mistral_ai"}  # fmt: skip
METADATA = {"session_id": "gen_ai.conversation.id", "thread_id": "gen_ai.conversation.id",
            "conversation_id": "gen_ai.conversation.id", "user_id": "user.id", "revision_id": "service.version",
            "lc_hub_repo": "gen_ai.prompt.name", "lc_hub_commit_hash": "gen_ai.prompt.version",
            "ls_temperature": "gen_ai.request.temperature", "ls_max_tokens": "gen_ai.request.max_tokens",
            "ls_stop": "gen_ai.request.stop_sequences", "environment": "deployment.environment.name"}  # fmt: skip
ROLES = {"human": "user", "ai": "assistant", "AIMessageChunk": "assistant"}
CONTENT = frozenset({"messages", "input", "prompt", "prompts"})
MODELS = frozenset({"llm", "embedding"})
"""Types of runs whose tokens and costs are their own."""
_OWN = frozenset({"id", "name", "run_type", "start_time", "end_time", "trace_id", "parent_run_id", "parent_run_ids", "inputs",
                  "outputs", "extra", "tags", "error", "status", "child_runs", "feedback_stats", "session_id"})  # fmt: skip
_PLACES = re.compile(r"Z([0-9a-fA-F]{8}-[0-9a-fA-F-]{27})(?=\.|$)")
_COUNTS = {"prompt_tokens": "input_tokens", "completion_tokens": "output_tokens", "total_tokens": "total_tokens"}
_DETAILS = {"cache_read": "cache_read.input_tokens", "cache_creation": "cache_write.input_tokens",
            "reasoning": "reasoning.output_tokens"}  # fmt: skip


class LangSmithRuns:
    """Reads runs, each with its children where they are inside."""

    name = "langsmith"

    def sniff(self, path: Path, head: Head) -> bool:
        """True for records with LangSmith's names of a run."""
        columns = column_names(path, head)
        if columns is not None:
            return _is_ours(columns)
        inner = frozenset(name.removeprefix("runs.") for name in head.paths if name.startswith("runs."))
        return _is_ours(head.paths) or _is_ours(inner) or any(_is_ours(record.keys()) for record in head.samples[:5])

    def read(self, file: File, manifest: Manifest, *, lenient: bool) -> Iterator[Scan | Problem]:  # noqa: ARG002  the protocol hands it in
        """One span a run; one word about averages of feedback, where there are any."""
        rows = Rows(file)
        averaged = 0
        for part in records(file, "runs"):
            if isinstance(part, Problem):
                yield part
                continue
            waiting: list[Mapping[str, Any]] = [part.record]
            while waiting:
                run = {key: value for key, value in waiting.pop().items() if value not in (None, "")}
                run |= {key: opened(run[key]) for key in run.keys() - {"name", "error"}}
                averaged += bool(run.get("feedback_stats"))
                _add(rows, run, part.line)
                children = run.get("child_runs")
                waiting += [one for one in children if isinstance(one, dict)] if isinstance(children, list) else []
            yield from rows.taken()
        yield from rows.taken(rest=True)
        if averaged:
            told = (
                f"{averaged} runs carry feedback_stats: these are averages and not read as scores; export the feedback itself"
                " beside the runs"
            )
            yield Problem(source=file.source, message=told)


def _is_ours(names: Collection[str]) -> bool:
    known = {"dotted_order", "session_id", "trace_id", "parent_run_id", "extra", "inputs", "outputs"}
    return {"run_type", "start_time", "id"} <= set(names) and len(known.intersection(names)) > 1


def _inside(said: object, *path: str | int) -> Any:  # noqa: ANN401  JSON of any shape
    """What lies at the end of a path of names and places; ``None`` where it leads nowhere."""
    for step in path:
        said = opened(said)
        if isinstance(said, dict) and isinstance(step, str):
            said = said.get(step)
        elif isinstance(said, list) and isinstance(step, int) and -len(said) <= step < len(said):
            said = said[step]
        else:
            return None
    return said


def _add(rows: Rows, run: Fields, line: int | None) -> None:
    kind = str(run.get("run_type", "")).lower()
    places = _PLACES.findall(str(run.get("dotted_order", "")))
    above = run["parent_run_ids"] if isinstance(run.get("parent_run_ids"), list) else []
    parent = run.get("parent_run_id") or (places[-2] if len(places) > 1 else above[-1] if above else None)
    trace = run.get("trace_id") or (places[0] if places else None if parent else run.get("id"))
    metadata = _inside(run, "extra", "metadata")
    said, operation = _said(run, kind, metadata if isinstance(metadata, dict) else {})
    fault = faulty(run["error"]) if isinstance(run.get("error"), (str, dict)) else {}
    fault["exception.message"] = run.get("error")
    rows.span(
        trace_id=trace,
        span_id=run.get("id"),
        parent_id=parent if parent != run.get("id") else None,
        name=run.get("name"),
        start=run.get("start_time"),
        end=run.get("end_time"),
        status="error" if run.get("error") else run.get("status"),
        attributes={"gen_ai.operation.name": operation, **said, **fault},
        line=line,
    )


def _said(run: Fields, kind: str, metadata: Fields) -> tuple[Fields, str | None]:
    """All that a run says, in GenAI names, and what it did."""
    extra = run["extra"] if isinstance(run.get("extra"), dict) else {}
    said: Fields = {}
    for name, ours in METADATA.items():
        said.setdefault(ours, text_of(metadata.get(name)))
        said[ours] = said[ours] or text_of(metadata.get(name))
    operation = OPERATIONS.get(kind, kind or None)
    if kind == "llm":
        said |= _model(run, extra, metadata)
        operation = "text_completion" if metadata.get("ls_model_type") == "llm" else operation
    elif kind == "tool":
        said |= {
            "gen_ai.tool.name": run.get("name"),
            "gen_ai.tool.call.id": _inside(run, "outputs", "output", "tool_call_id"),
        }
    elif kind == "retriever":
        found = _inside(run, "outputs", "documents")
        listed = [_document(one) for one in found if isinstance(one, dict)] if isinstance(found, list) else []
        said["gen_ai.retrieval.documents"] = listed if isinstance(found, list) else None
        said["gen_ai.retrieval.query.text"] = text_of(_inside(run, "inputs", "query"))
    for key, name in (("inputs", "input"), ("outputs", "output")):
        read = {f"gen_ai.{name}.messages", f"{name}.value"} & said.keys()
        failed = name == "output" and kind == "llm" and run.get("error")
        if run.get(key) and not read and not failed:  # an empty object is what hidden content leaves
            said[f"{name}.value"] = _plain(run[key])
    said["langsmith.project_id"] = said["langsmith.session_id"] = run.get("session_id")
    said["tag.tags"] = run.get("tags") or None
    said["langsmith.feedback_stats"] = run.get("feedback_stats") or None
    said |= flat("langsmith.metadata", {key: value for key, value in metadata.items() if key not in METADATA})
    conversation = {key: metadata.get(key) for key in ("session_id", "thread_id", "conversation_id")}
    if len({str(value) for value in conversation.values() if value}) > 1:
        said |= flat("langsmith.metadata", conversation)
    said |= flat("langsmith", {key: value for key, value in extra.items() if key != "metadata"})
    said |= flat("langsmith", _counted(run, said) if kind in MODELS else run, leave=_OWN)
    return said, operation


def _plain(content: object) -> object:
    """Content as text: the text itself where there is nothing else in the object."""
    only = next(iter(content.values())) if isinstance(content, dict) and len(content) == 1 else None
    only = only[0] if isinstance(only, list) and len(only) == 1 else only
    return only if isinstance(only, str) else content


def _counted(run: Fields, said: Fields) -> Fields:
    """Put the run's own tokens and costs under the names that count; what is left of the run comes back."""
    rest = dict(run)
    for name, ours in _COUNTS.items():
        if rest.get(name) is not None and not (run.get("error") and not rest[name]):  # a failed call was not counted
            said[f"gen_ai.usage.{ours}"] = rest.pop(name)
    for side in ("prompt_token_details", "completion_token_details"):
        details = rest.get(side)
        if isinstance(details, dict):
            said |= {
                f"gen_ai.usage.{ours}": details[name]
                for name, ours in _DETAILS.items()
                if details.get(name) is not None
            }
    said["gen_ai.usage.cost"] = rest.pop("total_cost", None)
    first, start = seconds(run.get("first_token_time")), seconds(run.get("start_time"))
    if first is not None and start is not None and first >= start:
        said["gen_ai.response.time_to_first_chunk"] = round(first - start, 6)
    return rest


def _document(found: Fields) -> Fields:
    document = found["kwargs"] if isinstance(found.get("kwargs"), dict) else found
    metadata = document["metadata"] if isinstance(document.get("metadata"), dict) else {}
    names = ("id", "doc_id", "document_id", "chunk_id", "_id", "source")
    own = document.get("id") or next((metadata[name] for name in names if metadata.get(name)), None)
    score = next((part[name] for part in (metadata, document) for name in ("score", "relevance_score", "_score")
                  if part.get(name) is not None), None)  # fmt: skip
    return {key: value for key, value in (("id", own), ("score", score)) if value is not None}


def _model(run: Fields, extra: Fields, metadata: Fields) -> Fields:
    """What a call of a model was asked and what it gave: the requested model apart from the served one."""
    given = extra["invocation_params"] if isinstance(extra.get("invocation_params"), dict) else {}
    inputs = run["inputs"] if isinstance(run.get("inputs"), dict) else {}
    outputs = run["outputs"] if isinstance(run.get("outputs"), dict) else {}
    said = asked(
        {key: value for key, value in inputs.items() if key not in CONTENT},
        prefix="langsmith.inputs",
    )
    said |= {
        key: value for key, value in asked(given, prefix="langsmith.invocation_params").items() if value is not None
    }
    model = given.get("model") or given.get("model_name") or metadata.get("ls_model_name") or inputs.get("model")
    provider = text_of(metadata.get("ls_provider"))
    said |= {"gen_ai.request.model": model, "gen_ai.provider.name": PROVIDERS.get(provider or "", provider)}
    asking = [_message(one) for one in _listed(inputs.get("messages"))]
    if asking:
        said["gen_ai.input.messages"] = messages(asking)
    if "choices" in outputs or outputs.get("type") == "message":
        counts = _tokens(_object(outputs.get("usage_metadata")))
        return {**counts, **said, **answered(outputs, "langsmith.response")}
    batch = outputs.get("generations")
    generations = [_object(one) for one in _listed(batch)] if isinstance(batch, list) else []
    spoken = [one["message"] for one in generations if isinstance(one.get("message"), dict)]
    if not spoken:
        alone = outputs.get("message") or _inside(outputs, "messages", -1) or outputs.get("output")
        spoken = [part for part in (alone, outputs) if isinstance(part, dict) and {"content", "kwargs"} & part.keys()][
            :1
        ]
    first = _object(_inside(spoken, 0, "kwargs")) or _object(_inside(spoken, 0))
    about = {**_object(outputs.get("llm_output")), **_object(_inside(generations, 0, "generation_info")),
             **_object(first.get("response_metadata"))}  # fmt: skip
    made = [one for one in messages([_message(one) for one in spoken]) if one["parts"]]
    if run.get("error"):  # a failed call leaves an empty message behind, which is no empty answer
        made = [one for one in made if any(part != {"type": "text", "content": ""} for part in one["parts"])]
    words = [one["text"] for one in generations if isinstance(one.get("text"), str)]
    if made or spoken:
        said["gen_ai.output.messages"] = made or None
    elif words and (any(words) or not run.get("error")):
        said["output.value"] = words[0] if len(words) == 1 else words
    counts = used(about.pop("token_usage", None) or about.pop("usage", None), "langsmith.response.usage")
    own = text_of(about.get("id")) or text_of(first.get("id"))
    reasons = [_inside(one, "generation_info", "finish_reason") for one in generations]
    reasons = [reason for reason in reasons if reason] or [about.get("finish_reason") or about.get("stop_reason")]
    said |= {
        "gen_ai.response.model": about.pop("model_name", None) or about.pop("model", None),
        "gen_ai.response.id": own if own and not own.startswith(("run-", "lc_")) else None,
        "openai.response.system_fingerprint": about.pop("system_fingerprint", None),
        "openai.response.service_tier": about.pop("service_tier", None),
        "gen_ai.response.finish_reasons": reasons if any(reasons) else None,
    }
    about = flat("langsmith.response", about, leave=("id", "finish_reason", "stop_reason"))
    return {**counts, **_tokens(_object(first.get("usage_metadata"))), **said, **about}


def _tokens(usage: Fields) -> Fields:
    said = used(
        {key: usage[key] for key in ("input_tokens", "output_tokens", "total_tokens") if key in usage},
        "langsmith.usage",
    )
    for side in ("input_token_details", "output_token_details"):
        details = _object(usage.get(side))
        said |= {
            f"gen_ai.usage.{ours}": details[name] for name, ours in _DETAILS.items() if details.get(name) is not None
        }
    return said


def _object(value: object) -> Fields:
    return value if isinstance(value, dict) else {}


def _listed(value: object) -> list[Any]:
    """Messages, out of the list of one batch that LangChain puts around them."""
    found = value if isinstance(value, list) else []
    return found[0] if len(found) == 1 and isinstance(found[0], list) else found


def _message(one: object) -> Fields:
    """A message of LangChain, plain or as a constructor, as a role and its content."""
    inner = one["kwargs"] if isinstance(one, dict) and isinstance(one.get("kwargs"), dict) else one
    if not isinstance(inner, dict):
        return {"role": "user", "content": inner if isinstance(inner, str) else None}
    kind = str(inner.get("role") or inner.get("type") or "user")
    calls = inner.get("tool_calls") or _inside(inner, "additional_kwargs", "tool_calls")
    refusal = inner.get("refusal") or _inside(inner, "additional_kwargs", "refusal")
    return {**inner, "role": ROLES.get(kind, kind), "type": None, "tool_calls": calls, "refusal": refusal}
