"""OpenLineage run events: what Airflow, Spark or dbt say of each run in, one ``Change`` a dataset that was written anew out.

A vector index or its embeddings are an ``index_refresh``, a set of documents a ``corpus_change``, all else
``upstream_data``: by the names and facets of the dataset first, then by the job's. The number of rows is told, and
that it fell since the run before. A run that failed is a change too: what should have been refreshed was not. The events
of a run may lie in several files, and so may its runs: they are put together when all are there.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from blameline.records import Change, Manifest, Moment, Piece, Problem, Record
from blameline.sources.events import made, mapping, moment, nameless, quoted
from blameline.sources.postings import unfolded, word
from blameline.sources.rows import cut

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from blameline.sources.heads import File, Head
    from blameline.sources.lines import Found

_ENDS = frozenset({"COMPLETE", "FAIL", "ABORT"})
_INDEX = frozenset(
    {"index", "indexes", "indices", "vector", "vectors", "vectorstore", "vectordb", "embedding", "embeddings", "embed",
     "faiss", "pinecone", "qdrant", "weaviate", "milvus", "chroma", "chromadb", "pgvector", "lancedb", "vespa", "hnsw",
     "ann", "opensearch", "elasticsearch", "reindex"}
)  # fmt: skip
_CORPUS = frozenset(
    {"corpus", "corpora", "document", "documents", "docs", "chunk", "chunks", "knowledge", "kb", "article", "articles",
     "passage", "passages", "faq", "faqs", "wiki", "helpcenter"}
)  # fmt: skip
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_COUNTS = (("rowCount", "rows"), ("fileCount", "files"), ("size", "bytes"))


@dataclass
class _Output:
    """What the events of a run say of one dataset that it wrote."""

    namespace: str
    name: str
    version: str | None = None
    counts: dict[str, float] = field(default_factory=dict)
    turned: str | None = None
    words: list[str] = field(default_factory=list)


class _Event(Record):
    """What one event of a run says."""

    run: str
    at: Moment
    kind: str
    job: str
    namespace: str
    fault: str
    outputs: tuple[_Output, ...]


@dataclass
class _Run:
    """What the events of one run say, in whatever order."""

    id: str
    piece: Piece
    job: str = ""
    namespace: str = ""
    began: datetime | None = None
    ended: datetime | None = None
    how: str = ""
    fault: str = ""
    outputs: dict[tuple[str, str], _Output] = field(default_factory=dict)


class OpenLineageRuns:
    """Reads which datasets were written anew, when, and whether they shrank."""

    name = "openlineage"

    def sniff(self, path: Path, head: Head) -> bool:  # noqa: ARG002  the protocol hands it in
        """True for events of runs, and for those of jobs and datasets that come among them."""
        return any(
            {before + name for name in names} <= head.paths
            for before in ("", "events.")
            for names in (
                ("eventTime", "eventType", "job.namespace"),
                ("eventTime", "eventType", "run.runId"),
                ("eventTime", "producer", "schemaURL"),
            )
        )

    def read(self, file: File, manifest: Manifest, *, lenient: bool) -> Iterator[Piece | Problem]:  # noqa: ARG002  the protocol hands it in
        """The events of the file, each what it says of its run."""
        for found in unfolded(file, "events"):
            if isinstance(found, Problem):
                yield found
                continue
            event = _event(found[0], file)
            if isinstance(event, _Event):
                yield Piece(text=event.model_dump_json(), line=found[0].line, source=file.source)
            elif event is not None:
                yield event

    def put_together(self, pieces: Sequence[Piece]) -> Iterator[Change | Problem]:
        """One change a dataset that a run wrote, in the order of time; one a run that failed."""
        runs: dict[str, _Run] = {}
        told = [(_Event.model_validate_json(piece.text), piece) for piece in pieces]
        for event, piece in sorted(told, key=lambda pair: pair[0].at):
            _add(event, runs.setdefault(event.run, _Run(event.run, piece)), piece)
        last: dict[tuple[str, str], _Output] = {}
        ended = [(run.ended, run.id, run) for run in runs.values() if run.ended]
        for _, _, run in sorted(ended, key=lambda one: one[:2]):
            if run.how != "COMPLETE":
                yield _made(run, **_failed(run))
                continue
            for key, output in run.outputs.items():
                yield _made(run, **_written(run, output, last.get(key)))
                last[key] = output


def _event(part: Found, file: File) -> _Event | Problem | None:
    """What one event says; nothing where it tells of no run."""
    event = part.record
    if "run" not in event and ("dataset" in event or "job" in event) and "eventTime" in event:
        return None  # a job or a dataset was described: nothing ran
    number, job = mapping(event.get("run")).get("runId"), mapping(event.get("job"))
    at, kind = moment(event.get("eventTime")), (word(event.get("eventType")) or "").upper()
    if not isinstance(number, str) or not number or at is None:
        lacks = "run id" if at else f"time that can be read: {quoted(event.get('eventTime'))}"
        return Problem(source=file.source, line=part.line, message=f"the event has no {lacks}")
    failure = mapping(mapping(mapping(event.get("run")).get("facets")).get("errorMessage")).get("message")
    outputs = event.get("outputs")
    found = (_output(output) for output in (outputs if isinstance(outputs, list) else ()))
    named = tuple(one for one in found if one is not None)
    return _Event(
        run=number,
        at=at,
        kind=kind,
        job=word(job.get("name")) or "",
        namespace=word(job.get("namespace")) or "",
        fault=nameless(word(failure) or ""),
        outputs=named,
    )


def _output(output: object) -> _Output | None:
    dataset = mapping(output)
    name, namespace = word(dataset.get("name")), word(dataset.get("namespace")) or ""
    if not name:
        return None
    one = _Output(namespace, name)
    facets = mapping(dataset.get("facets"))
    one.version = word(mapping(facets.get("version")).get("datasetVersion"))
    one.turned = word(mapping(facets.get("lifecycleStateChange")).get("lifecycleStateChange"))
    counted = mapping(mapping(dataset.get("outputFacets")).get("outputStatistics"))
    for key, _ in _COUNTS:
        value = counted.get(key)
        if isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value):
            one.counts[key] = value
    layer = mapping(facets.get("storage")).get("storageLayer")
    typed = mapping(facets.get("datasetType"))
    said = (layer, typed.get("datasetType"), typed.get("subType"))
    one.words = sorted({told for text in said for told in _words(word(text) or "")})
    return one


def _add(event: _Event, run: _Run, piece: Piece) -> None:
    """What an event says of its run and of what that wrote adds up; events come in the order of time."""
    run.job, run.namespace = event.job or run.job, event.namespace or run.namespace
    if event.kind == "START":
        run.began = run.began or event.at
    if event.kind in _ENDS:
        run.ended, run.how, run.fault, run.piece = event.at, event.kind, event.fault, piece
    for output in event.outputs:
        one = run.outputs.setdefault((output.namespace, output.name), _Output(output.namespace, output.name))
        one.version, one.turned = output.version or one.version, output.turned or one.turned
        one.counts |= output.counts
        one.words = sorted({*one.words, *output.words})


def _written(run: _Run, output: _Output, before: _Output | None) -> dict[str, object]:
    kind = _kind({*output.words} | _words(f"{output.namespace} {output.name}"), _words(run.job))
    key, unit = next((pair for pair in _COUNTS if pair[0] in output.counts), ("", ""))
    size = f": {_number(output.counts[key])} {unit}" if key else ""
    fell = ""
    for key, unit in _COUNTS[:2]:
        now, then = output.counts.get(key), before.counts.get(key) if before else None
        if not fell and now is not None and then is not None and now < then:
            fell = f"; {unit} fell from {_number(then)} to {_number(now)}"
    turned = f", {output.turned.lower()}" if output.turned else ""
    return {
        "id": f"openlineage-{run.id}:{output.namespace}/{output.name}",
        "kind": kind,
        "component": output.name,
        "from": before.version if before else None,
        "to": output.version,
        "summary": f"{run.job} wrote {output.name}{turned}{size}{fell}",
    }


def _failed(run: _Run) -> dict[str, object]:
    why = cut(run.fault.strip().partition("\n")[0], 200)
    names = [output.name for output in run.outputs.values()]
    how = "failed" if run.how == "FAIL" else "was aborted"
    left = f"; not refreshed: {', '.join(names[:5])}" if names else ""
    return {
        "id": f"openlineage-{run.id}:{run.how.lower()}",
        "kind": "upstream_data",
        "component": names[0] if len(names) == 1 else run.job or None,
        "summary": nameless(f"{run.job} {how}{f': {why}' if why else ''}{left}"),
    }


def _made(run: _Run, **said: object) -> Change | Problem:
    """A change at the end of a run; it took effect somewhere in it."""
    took = (run.ended - run.began).total_seconds() if run.ended and run.began else 0
    uncertain = timedelta(seconds=math.ceil(took)) if took > 0 else None
    return made(run.piece, run.piece.line, {**said, "at": run.ended, "uncertainty": uncertain})


def _kind(*said: set[str]) -> str:
    """The kind that the first telling set of words names."""
    for words in said:
        if words & _INDEX:
            return "index_refresh"
        if words & _CORPUS:
            return "corpus_change"
    return "upstream_data"


def _words(text: str) -> set[str]:
    return {word.lower() for word in _WORD.findall(text)}


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else str(value)
