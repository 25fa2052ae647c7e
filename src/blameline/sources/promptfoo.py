"""promptfoo's results: its JSON (with ``results``, or only a ``table``) or JSON lines in, one ``EvalRun`` a column out.

A column is one prompt with one provider, as in promptfoo's own table. Its suite is the description; where a file has
several columns, the suite also names what tells them apart, so that only like is compared with like over time. JSON lines
hold neither an id nor a time: the id is then made from the results, whatever their order, and the time is the file's own and
told as such. Where the JSON of the same results is there too, it counts and the lines do not.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from blameline.records import EvalRun, Manifest, Problem
from blameline.sources.cases import Cases, content, mapping, own_time, run_of, text, time_around
from blameline.sources.documents import walk
from blameline.sources.lines import records
from blameline.sources.rows import cut
from blameline.sources.wording import fault

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from blameline.sources.heads import File, Head

_INTO = frozenset({"results", "results.results", "results.prompts", "results.table", "results.table.head", "results.table.body",
                   "table", "table.head", "table.body"})  # fmt: skip
_OF_A_RESULT = {"promptIdx", "testIdx", "testCase", "success"}
_BY_A_MODEL = re.compile(
    r"^(not-)?(llm-rubric|model-graded-\w+|g-eval|factuality|answer-relevance|context-\w+|select-best|agent-rubric"
    r"|conversation-relevance|trajectory:\w+|search-rubric|video-rubric)$"
)
_JUDGE_FAILED = re.compile(
    r"^(Could not (extract JSON|perform remote grading)|Error parsing output|\S+ produced malformed response"
    r"|Factuality checker output did not match|Invalid (category value|select-best verdict)|API (response )?error"
    r"|LLM-proposed evaluation|LLM does not propose any evaluation step|Embedding not found|Unknown error fetching)"
)
_ERROR, _JUDGE = "an error of the provider or the harness", "the judge failed"
_A_FILE = re.compile(r"\.(txt|json|jsonl|ya?ml|md|j2|csv|[cm]?[jt]s|py)$")
"""A label that promptfoo made of a file's name says nothing of its version."""
_UNIQUE = re.compile(r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
_DATED = re.compile(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d")


@dataclass
class _Column:
    """One prompt with one provider."""

    cases: Cases
    provider: str = ""
    label: str = ""
    judges: dict[str, None] = field(default_factory=dict)
    cached: int = 0
    marks: int = 0

    def mark(self, record: dict[str, Any]) -> None:
        """Let a result count for the id of the whole, whatever the order: by its own id where it has one of no other's."""
        own = text(record.get("id"))
        digest = hashlib.sha256(own.lower().encode() if _UNIQUE.fullmatch(own) else content(record)).digest()
        self.marks = (self.marks + int.from_bytes(digest[:8])) % (1 << 64)


class PromptfooResults:
    """Reads what promptfoo evaluated, one run for each prompt with each provider."""

    name = "promptfoo"

    def sniff(self, path: Path, head: Head) -> bool:  # noqa: ARG002  the protocol hands it in
        """True for an evaluation of promptfoo's, by the names that only its results have."""
        if head.shape not in {"json", "jsonl"}:
            return False
        names = head.paths
        inner = {"results.version", "results.timestamp", "results.stats", "results.table", "results.prompts"}
        bare = {"results.promptIdx", "results.gradingResult", "table.head", "results.namedScores"}
        return (
            ("evalId" in names and bool(names & inner))
            or names >= _OF_A_RESULT
            or {"results.version", "results.timestamp", "results.results"} <= names
            or len(names & bare) > 1
        )

    def around(self, file: File) -> tuple[str, ...]:
        """The time, where the start of the file holds none."""
        return time_around(file, "results.timestamp", "metadata.evaluationCreatedAt")

    def read(self, file: File, manifest: Manifest, *, lenient: bool) -> Iterator[EvalRun | Problem]:  # noqa: ARG002  the protocol hands it in
        """One run a column; a result that cannot be used is a ``Problem``, and the rest counts."""
        found = _Evaluation(manifest)
        if file.head.paths >= _OF_A_RESULT:
            for row in records(file, key="results"):
                if isinstance(row, Problem):
                    yield row
                elif said := found.result(row.record):
                    yield Problem(source=file.source, line=row.line, message=said)
        else:
            for part in walk(file, _INTO):
                if isinstance(part, Problem):
                    yield part
                elif said := found.part(part.path, part.value):
                    yield Problem(source=file.source, line=part.line, message=said)
        yield from found.runs(file)


class _Evaluation:
    """What one file says, column by column."""

    def __init__(self, manifest: Manifest) -> None:
        self.manifest = manifest
        self.said: dict[str, Any] = {}
        self.prompts: list[dict[str, Any]] = []
        self.columns: dict[tuple[object, str], _Column] = {}
        self.rows: dict[tuple[object, str], _Column] = {}
        self.variables: list[Any] = []

    def part(self, path: str, value: Any) -> str:  # noqa: ANN401  JSON of any shape
        """Take in one value of the document; what is wrong with it, or nothing."""
        path = path.removeprefix("results.") if path.startswith("results.table.") else path
        if path in {"results", "results.results"}:
            return self.result(value) if isinstance(value, dict) else "not a result: an object is expected"
        if path in {"results.prompts", "table.head.prompts"}:
            listed = value if isinstance(value, list) else [value]
            self.prompts += [mapping(prompt) for prompt in listed] if len(self.prompts) < 1000 else []
        elif path == "table.head.vars":
            self.variables = value if isinstance(value, list) else []
        elif path == "table.body":
            return self._row(mapping(value))
        elif path in {"evalId", "results.timestamp", "metadata", "config"}:
            self.said[path] = value
        return ""

    def result(self, record: dict[str, Any]) -> str:
        """Count one result; what is wrong with it, or nothing."""
        passed = record.get("success", record.get("pass"))
        if not isinstance(passed, bool):
            return f"the result is not usable: 'success' is neither true nor false (found {cut(str(passed), 60)!r})"
        given = record.get("provider")
        provider = text(given) or text(mapping(given).get("id"))
        index = record.get("promptIdx")
        prompt = mapping(record.get("prompt"))
        place = index if type(index) is int and index >= 0 else text(prompt.get("label")) or text(prompt.get("raw"))
        column = self.columns.get((place, provider))
        if column is None:
            if len(self.columns) >= 1000:
                return "the result is not counted: there are more than 1000 columns"
            column = self.columns[place, provider] = _Column(Cases(self.manifest), provider)
        column.label = column.label or text(prompt.get("label"))
        column.mark(record)
        test = mapping(record.get("testCase"))
        about = {**mapping(record.get("vars")), **mapping(test.get("metadata"))}
        self._count(column, record, test, about, passed=passed)
        return ""

    def _row(self, row: dict[str, Any]) -> str:
        """Count one row of a table, which has an output for each column."""
        outputs, test = row.get("outputs"), mapping(row.get("test"))
        if not isinstance(outputs, list):
            return "the row of the table is not usable: it has no list of outputs"
        values = row.get("vars")
        named = dict(zip(map(str, self.variables), values if isinstance(values, list) else [], strict=False))
        about = {**named, **mapping(test.get("vars")), **mapping(test.get("metadata"))}
        bad = 0
        for place, output in enumerate(outputs[:1000]):
            record = mapping(output)
            provider = text(record.get("provider"))
            column = self.rows.setdefault((place, provider), _Column(Cases(self.manifest), provider))
            column.mark(record)
            if isinstance(record.get("pass"), bool):
                self._count(column, record, test, about, passed=record["pass"])
            else:
                bad += 1
        return f"{bad} outputs of the row say neither that they passed nor that they failed" if bad else ""

    def _count(
        self, column: _Column, record: dict[str, Any], test: dict[str, Any], about: dict[str, Any], *, passed: bool
    ) -> None:
        grading = mapping(record.get("gradingResult"))
        column.cached += mapping(record.get("response")).get("cached") is True
        for judge in _judges(test, grading):
            column.judges[judge] = None
        failure = record.get("failureReason")
        if failure == 2 or (failure is None and not passed and not grading):  # before 0.97
            column.cases.fault(_ERROR)
        elif not passed and _judge_failed(grading):
            column.cases.fault(_JUDGE)
        else:
            column.cases.add(about, passed=passed)

    def runs(self, file: File) -> Iterator[EvalRun | Problem]:
        """The run of each column, and what the file says it holds and does not."""
        columns = {key: one for key, one in (self.columns or self.rows).items() if one.cases.n or one.cases.faults}
        if not columns:
            yield Problem(source=file.source, message="promptfoo's file holds no result that can be used")
            return
        config = mapping(self.said.get("config"))
        told = text(self.said.get("evalId"))
        note = ""
        when: dict[str, Any] = {"at": self._time(told)}
        if not when["at"]:
            when, note, problem = own_time(file)
            yield problem
        suite = text(config.get("description")) or "promptfoo"
        apart = _apart([(key[1], _label(self._prompt(*key), column.label)) for key, column in columns.items()])
        places = [place for place, _ in columns]
        several, given = len(columns) > 1, len({*places}) == len(places) and all(type(place) is int for place in places)
        for number, ((place, provider), column) in enumerate(columns.items()):
            prompt = self._prompt(place, provider)
            label = _label(prompt, column.label)
            digest = cut(text(prompt.get("id")), 12)
            version = digest or label if _A_FILE.search(label) else label or digest
            made = f"promptfoo-{column.marks:016x}"
            own = told or made
            notes = [note] if note else []
            notes += [f"{column.cached} answers came from promptfoo's cache"] if column.cached else []
            missing = _missing(prompt, column.cases)
            if missing:
                notes.append(missing)
                yield Problem(source=file.source, message=f"{suite}, {provider or 'no provider named'}: {missing}")
            try:
                yield run_of(
                    column.cases,
                    notes=notes,
                    run_id=f"{own}#{place if given else number}" if told and several else own,
                    same=made if told else None,
                    suite=suite + apart[number],
                    **when,
                    judge=_named(column.judges),
                    prompt_version=version or None,
                    source=file.source,
                )
            except ValidationError as error:
                yield Problem(source=file.source, message=f"the eval run is not usable: {fault(error)}")

    def _time(self, told: str) -> object:
        """When it ran, by the results, by the file's own record of it, or by the date inside the id."""
        inside = _DATED.search(told)
        created = mapping(self.said.get("metadata")).get("evaluationCreatedAt")
        return self.said.get("results.timestamp") or created or (inside.group() if inside else None)

    def _prompt(self, place: object, provider: str) -> dict[str, Any]:
        """What the file says of a column; the places are off where somebody took columns out."""
        if isinstance(place, int) and place < len(self.prompts):
            here = self.prompts[place]
            if not provider or here.get("provider") in (provider, None):
                return here
        same = [one for one in self.prompts if one.get("provider") == provider]
        if isinstance(place, str):
            same = [one for one in same if one.get("label") == place]
        return same[0] if len(same) == 1 else {}


def _named(judges: dict[str, None]) -> str | None:
    """The judges of a column; promptfoo picks one by the keys it finds where nobody names one."""
    return ", ".join(sorted(name or "promptfoo's default grader" for name in judges)) or None


def _judges(test: dict[str, Any], grading: dict[str, Any]) -> Iterator[str]:
    """The model that graded, or nothing where an assertion by a model names none."""
    tests = test.get("assert")
    parts = grading.get("componentResults")
    stated = [mapping(mapping(part).get("assertion")) for part in parts] if isinstance(parts, list) else []
    stated += [mapping(one) for one in tests] if isinstance(tests, list) else []
    for one in [*stated, *(mapping(part) for top in stated for part in _list(top.get("assert")))]:
        if _BY_A_MODEL.match(text(one.get("type"))):
            given = one.get("provider") or mapping(test.get("options")).get("provider")
            yield text(given) or text(mapping(given).get("id"))


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _judge_failed(grading: dict[str, Any]) -> bool:
    """True when every assertion that failed did so because its judge gave no verdict."""
    parts = [mapping(part) for part in _list(grading.get("componentResults"))]
    failed = [part for part in parts if part.get("pass") is False] or [grading]
    return all(
        mapping(part.get("metadata")).get("graderError") is True or bool(_JUDGE_FAILED.match(text(part.get("reason"))))
        for part in failed
    )


def _apart(columns: list[tuple[str, str]]) -> list[str]:
    """What tells the columns of a file apart, to be put behind the suite's name; nothing for a single one."""
    telling = [place for place in (0, 1) if len({column[place] for column in columns}) > 1]
    endings = [", ".join(column[place] for place in telling if column[place]) for column in columns]
    if len(set(endings)) < len(columns):
        endings = [f"{ending}, prompt {number}".lstrip(", ") for number, ending in enumerate(endings, 1)]
    return [f" [{ending}]" for ending in endings] if len(columns) > 1 else [""]


def _label(prompt: dict[str, Any], label: str) -> str:
    """A prompt's own label where somebody gave it one."""
    raw, full = text(prompt.get("raw")), text(prompt.get("label")) or label
    short = full.removesuffix(raw).rstrip(": ") if raw else full
    short = short.partition(": ")[0]
    own = short != raw and len(short) <= 64 and "\n" not in short and "{{" not in short
    return short if own else ""


def _missing(prompt: dict[str, Any], cases: Cases) -> str:
    """What promptfoo counted and the file does not hold, in words."""
    metrics = mapping(prompt.get("metrics"))
    counts = [metrics.get(f"test{what}Count") for what in ("Pass", "Fail", "Error")]
    said = sum(count for count in counts if isinstance(count, int) and not isinstance(count, bool))
    held = cases.n + cases.faults.total()
    return f"promptfoo counted {said} results and the file holds {held}" if said > held else ""
