"""Inspect's logs: an ``.eval`` archive or a ``.json`` log in, one ``EvalRun`` a scorer out.

Of an archive only the header, the summaries of the samples and the reduced scores are read, never the transcripts. A log
that was never finished has no more than a journal; it is a run with status ``error``. A sample that was run more than
once counts once, by the score that Inspect reduced its epochs to; it passed when that is above a half.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from blameline.records import EvalRun, Manifest, Problem, Slice
from blameline.sources.cases import Cases, mapping, run_of, short, text
from blameline.sources.documents import walk
from blameline.sources.rows import cut
from blameline.sources.wording import fault
from blameline.sources.zipped import BROKEN, LARGEST, ZIP, Archive, first_member, names, said

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from blameline.sources.heads import File, Head

_START = "_journal/start.json"
_JOURNAL = re.compile(r"_journal/summaries/(\d{1,9})\.json")
_SAMPLE = re.compile(r"samples/[^/]+\.json")
_TRANSCRIPTS = 20_000
_ALTOGETHER = 1 << 31
"""Bytes of an archive, unpacked, that are read at most."""
_VERDICTS = {"c": 1.0, "i": 0.0, "p": 0.5, "n": 0.0, "yes": 1.0, "no": 0.0, "true": 1.0, "false": 0.0}
_NO_MODEL = frozenset({"match", "includes", "pattern", "answer", "exact", "f1", "choice", "math"})
_ERROR, _NO_VERDICT, _UNSCORED = (
    "the sample ended in an error",
    "the judge gave no verdict",
    "the sample was not scored",
)


@dataclass
class _Sample:
    """One sample of the data set, over all of its epochs."""

    about: dict[str, Any]
    errors: int = 0
    values: dict[str, list[float | None]] = field(default_factory=dict)


@dataclass
class _Log:
    """What is known of one log."""

    said: dict[str, Any] = field(default_factory=dict)
    samples: dict[str, _Sample] = field(default_factory=dict)
    reduced: dict[tuple[str, str], float | None] = field(default_factory=dict)
    finished: bool = True

    def sample(self, record: object) -> None:
        """Take in one sample, or its summary."""
        given = mapping(record)
        about = {**short(mapping(given.get("metadata")))}
        one = self.samples.setdefault(str(given.get("id")), _Sample(about))
        one.errors += bool(given.get("error"))
        for scorer, score in mapping(given.get("scores")).items():
            for name, value in _parts(str(scorer), mapping(score).get("value")):
                one.values.setdefault(name, []).append(_number(value))

    def reduction(self, record: object) -> None:
        """Take in the reduced scores of one scorer; of several reducers the first counts, as in Inspect's own headline."""
        given = mapping(record)
        listed = given.get("samples")
        for score in listed if isinstance(listed, list) else []:
            for name, value in _parts(text(given.get("scorer")), mapping(score).get("value")):
                self.reduced.setdefault((name, str(mapping(score).get("sample_id"))), _number(value))


class InspectLogs:
    """Reads what Inspect evaluated, one run for each scorer of a log."""

    name = "inspect"

    def sniff(self, path: Path, head: Head) -> bool:
        """True for an archive with Inspect's members, and for a JSON log that says the same."""
        if head.data[:4] == ZIP:
            return head.data[30:].startswith(_START.encode()) or "header.json" in names(path)
        paths = head.paths
        return {"eval.task", "eval.model"} <= paths and bool(paths & {"eval.run_id", "eval.task_id"})

    def read(self, file: File, manifest: Manifest, *, lenient: bool) -> Iterator[EvalRun | Problem]:  # noqa: ARG002  the protocol hands it in
        """One run a scorer; samples that ended in an error are left out and told."""
        log = _Log()
        yield from _archive(file, log) if file.head.data[:4] == ZIP else _document(file, log)
        if mapping(log.said.get("eval")):
            yield from _runs(file, log, manifest)
        else:
            yield Problem(source=file.source, message="the log is not usable: it does not say what was evaluated")


def _document(file: File, log: _Log) -> Iterator[Problem]:
    for part in walk(file, {"samples", "reductions"}):
        if isinstance(part, Problem):
            log.finished = False
            yield part
        elif part.path == "samples":
            log.sample(part.value)
        elif part.path == "reductions":
            log.reduction(part.value)
        else:
            log.said[part.path] = part.value


def _archive(file: File, log: _Log) -> Iterator[Problem]:
    try:
        with Archive(file.path) as archive:
            yield from _members(file, archive, log)
    except BROKEN as error:
        log.finished = False
        yield Problem(source=file.source, message=f"the archive is damaged: {said(error)}")
        if not log.said:
            log.said = first_member(file.head.data)


def _members(file: File, archive: Archive, log: _Log) -> Iterator[Problem]:
    there = archive.NameToInfo
    journal = sorted((int(found.group(1)), name) for name in there if (found := _JOURNAL.fullmatch(name)))
    log.finished = "header.json" in there
    whole = "summaries.json" in there and there["summaries.json"].file_size <= LARGEST
    summaries = ["summaries.json"] if whole else [name for _, name in journal]
    if not summaries:  # as some tools write it; the transcripts have to be read for their scores
        summaries = sorted(name for name in there if _SAMPLE.fullmatch(name))
        if len(summaries) > _TRANSCRIPTS:
            yield Problem(source=file.source, message=f"only {_TRANSCRIPTS} of {len(summaries)} samples are read")
    wanted = ["header.json" if log.finished else _START, *summaries[:_TRANSCRIPTS]]
    read = 0
    for name in [*wanted, *(["reductions.json"] if "reductions.json" in there else [])]:
        if read > _ALTOGETHER:
            yield Problem(
                source=file.source, message=f"{name} in the archive and what follows is not read: it is too much"
            )
            log.finished = False
            return
        try:
            data = archive.member(name)
            read += len(data)
            value = json.loads(data)
        except (*BROKEN, RecursionError) as error:
            yield Problem(source=file.source, message=f"{name} in the archive cannot be read: {said(error)}")
            continue
        if name in {"header.json", _START}:
            log.said = mapping(value)
        else:
            for record in value if isinstance(value, list) else [value]:
                (log.reduction if name == "reductions.json" else log.sample)(record)


def _runs(file: File, log: _Log, manifest: Manifest) -> Iterator[EvalRun | Problem]:
    told = mapping(log.said.get("eval"))
    results = mapping(log.said.get("results"))
    scorers = _scorers(log, results)
    why = _why_not(log)
    metadata, arguments = mapping(told.get("metadata")), mapping(told.get("task_args"))
    own = text(told.get("eval_id")) or "/".join(filter(None, (text(told.get("run_id")), text(told.get("task_id")))))
    task = text(told.get("task"))
    version = metadata.get("prompt_version", arguments.get("prompt_version"))
    for scorer in scorers or [""]:
        cases = _cases(log, scorer, manifest)
        several = len(scorers) > 1
        notes = [_setting(told)] if _setting(told) else []
        counted = _by_accuracy(results, scorer) if not log.samples else None
        notes += ["counted from the accuracy in the header: the log holds no samples"] if counted else []
        try:
            yield run_of(
                cases,
                why=why,
                notes=notes,
                slices=counted,
                run_id=f"{own}#{scorer}" if several else own or None,
                suite=f"{task} [{scorer}]" if several else task or None,
                at=mapping(log.said.get("stats")).get("started_at") or told.get("created"),
                status="error" if why else "completed",
                judge=_judge(told, scorer),
                prompt_version=version if isinstance(version, (str, int, float)) else None,
                source=file.source,
            )
        except ValidationError as error:
            yield Problem(source=file.source, message=f"the eval run is not usable: {fault(error)}")


def _scorers(log: _Log, results: dict[str, Any]) -> list[str]:
    """The scorers whose verdicts are there, in the log's own order."""
    found = {name: None for one in log.samples.values() for name in one.values}
    if not found:
        listed = results.get("scores")
        found = {text(mapping(one).get("name")): None for one in (listed if isinstance(listed, list) else [])}
    return [name for name in found if name][:50]


def _cases(log: _Log, scorer: str, manifest: Manifest) -> Cases:
    """The samples as one scorer saw them."""
    cases = Cases(manifest)
    seen = {value for one in log.samples.values() for value in one.values.get(scorer, ())}
    verdicts = all(value is not None and (math.isnan(value) or value in {0.0, 0.5, 1.0}) for value in seen)
    for name, one in log.samples.items():
        values = one.values.get(scorer, [])
        usable = [value for value in values if value is not None and not math.isnan(value)]
        if not values:
            cases.fault(_ERROR if one.errors else _UNSCORED)
        elif verdicts and not usable:
            cases.fault(_NO_VERDICT)
        elif not verdicts:
            cases.add(one.about, passed=None)
        else:
            score = log.reduced.get((scorer, name)) if len(values) > 1 else None
            known = score is not None and not math.isnan(score)
            cases.add(one.about, passed=(score if known and score is not None else sum(usable) / len(usable)) > 0.5)
    return cases


def _by_accuracy(results: dict[str, Any], scorer: str) -> tuple[Slice, ...] | None:
    """One slice for all, from the header alone."""
    listed = results.get("scores")
    for one in listed if isinstance(listed, list) else []:
        given = mapping(one)
        accuracy = mapping(mapping(given.get("metrics")).get("accuracy")).get("value")
        n = given.get("scored_samples", results.get("completed_samples"))
        if text(given.get("name")) == scorer and type(n) is int and 0 < n < 1 << 53:
            share = accuracy if isinstance(accuracy, (int, float)) and 0 <= accuracy <= 1 else None
            return (Slice(n=n, passed=None if share is None else round(share * n)),)
    return None


def _why_not(log: _Log) -> str:
    """Why the run is no completed one; nothing when it is."""
    status = log.said.get("status")
    if not log.finished or status == "started":
        return "the run did not finish"
    if status == "cancelled":
        return "the run was cancelled"
    if status == "error":
        message = text(mapping(log.said.get("error")).get("message")).partition("\n")[0]
        return f"the run ended in an error{f': {cut(message, 200)}' if message else ''}"
    if log.said.get("invalidated") is True:
        return "the log was marked as invalid"
    return "" if status == "success" else "the log does not say that the run succeeded"


def _setting(told: dict[str, Any]) -> str:
    """What was evaluated, in words: there is no field for it."""
    said = {
        "task version": told.get("task_version"),
        "dataset": mapping(told.get("dataset")).get("name"),
        "model": told.get("model"),
        "commit": mapping(told.get("revision")).get("commit"),
    }
    return ", ".join(f"{name} {value}" for name, value in said.items() if isinstance(value, (str, int)) and value != "")


def _judge(told: dict[str, Any], scorer: str) -> str | None:
    """The model that graded: the role, the scorer's own option, or by Inspect's default the model itself."""
    name = scorer.partition(".")[0].rpartition("/")[2]
    listed = told.get("scorers")
    options = next(
        (
            mapping(mapping(one).get("options"))
            for one in (listed if isinstance(listed, list) else [])
            if text(mapping(one).get("name")).rpartition("/")[2] == name
        ),
        {},
    )
    grader = text(mapping(mapping(told.get("model_roles")).get("grader")).get("model"))
    if name in _NO_MODEL:
        return None
    by_default = text(told.get("model")) if name.startswith("model_graded") else ""
    return text(options.get("model")) or grader or by_default or None


def _parts(scorer: str, value: object) -> Iterator[tuple[str, object]]:
    """A score, or each named part of one."""
    if isinstance(value, dict):
        yield from ((f"{scorer}.{key}", part) for key, part in list(value.items())[:50])
    else:
        yield scorer, value


def _number(value: object) -> float | None:
    """A score as Inspect counts it; ``None`` where it is text or a list."""
    if isinstance(value, str):
        return _VERDICTS.get(value.strip().lower())
    if isinstance(value, int):
        return float(value) if abs(value) < 1 << 53 else math.inf
    return value if isinstance(value, float) else None
