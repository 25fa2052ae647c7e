"""LangSmith's feedback, one record each, in; scores on runs and traces out.

An average in ``feedback_stats`` of a run is never read; this is. Who gave it is kept as a kind and a judge, not as a person.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from blameline.records import Manifest, Problem, Scan
from blameline.sources.completions import flat, number, opened, text_of
from blameline.sources.lines import records
from blameline.sources.parquet import column_names
from blameline.sources.rows import Rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from blameline.sources.heads import File, Head

JUDGES = ("evaluator_name", "evaluator_id", "evaluator", "rule_id", "model", "name")
"""Names under which a source of feedback says which judge it is; its own run is another one each time."""
VERSIONS = ("evaluator_version", "version", "rule_version")
PEOPLE = ("user_name", "user_id", "ls_user_id")
_OWN = frozenset({"run_id", "trace_id", "key", "score", "value", "created_at", "feedback_source"})


class LangSmithFeedback:
    """Reads what people, judges and programs said of runs."""

    name = "langsmith_feedback"

    def sniff(self, path: Path, head: Head) -> bool:
        """True for records with LangSmith's names of a piece of feedback."""
        columns = column_names(path, head)
        if columns is not None:
            return _is_ours(columns)
        return _is_ours(head.paths) or any(_is_ours(frozenset(record)) for record in head.samples[:5])

    def read(self, file: File, manifest: Manifest, *, lenient: bool) -> Iterator[Scan | Problem]:  # noqa: ARG002  the protocol hands it in
        """One score a record; what is a comment or a correction alone is counted and told."""
        rows = Rows(file)
        silent = 0
        for part in records(file, "feedback"):
            if isinstance(part, Problem):
                yield part
                continue
            silent += not _add(rows, {key: opened(value) for key, value in part.record.items()}, part.line)
            yield from rows.taken()
        yield from rows.taken(rest=True)
        if silent:
            told = f"{silent} pieces of feedback have neither a score nor a value, only words: they are not scores"
            yield Problem(source=file.source, message=told)


def _is_ours(names: frozenset[str]) -> bool:
    own = {"run_id", "key"} <= names and "run_type" not in names
    return own and ("feedback_source" in names or {"score", "modified_at", "created_at"} <= names)


def _add(rows: Rows, said: Mapping[str, Any], line: int | None) -> bool:
    score, value = said.get("score"), said.get("value")
    if score in (None, "") and value in (None, "", {}, []):
        return False
    source = said["feedback_source"] if isinstance(said.get("feedback_source"), dict) else {}
    about = source["metadata"] if isinstance(source.get("metadata"), dict) else {}
    judge = next((text_of(about[name]) for name in JUDGES if about.get(name)), None)
    version = next((text_of(about[name]) for name in VERSIONS if about.get(name)), None)
    kind = text_of(source.get("type"))
    worth = value if score in (None, "") and (isinstance(value, bool) or number(value) is not None) else score
    rows.score(
        name=said.get("key"),
        value=worth,
        label=value if isinstance(value, str) and number(value) is None else None,
        trace_id=said.get("trace_id"),
        span_id=said.get("run_id"),
        evaluator=f"{judge}@{version}" if judge and version else judge or kind,
        at=said.get("created_at") or said.get("modified_at"),
        attributes={
            "langsmith.feedback_source.type": kind,
            "langsmith.value": None if isinstance(value, str) else value,
            "gen_ai.evaluation.explanation": said.get("comment"),
            **flat("langsmith.feedback_source", source, leave=("type", "metadata", *PEOPLE)),
            **flat("langsmith.feedback_source.metadata", about, leave=PEOPLE),
            **flat("langsmith", {key: part for key, part in said.items() if key not in _OWN | {"comment"}}),
        },
        line=line,
    )
    return True
