"""lm-evaluation-harness: a ``results_*.json`` in, one ``EvalRun`` a task out; ``samples_*.jsonl`` beside it give the segments.

A task counts its cases as passed by its first metric that is a share of right answers; perplexities, BLEU and the like have
no passes. A group only repeats its tasks and is left out.
"""

from __future__ import annotations

import hashlib
import math
import re
from glob import escape
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from blameline.records import EvalRun, Manifest, Problem, Slice
from blameline.sources.cases import Cases, content, mapping, own_time, run_of, text, time_around
from blameline.sources.heads import File, look
from blameline.sources.lines import records
from blameline.sources.rows import cut
from blameline.sources.wording import fault

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from blameline.sources.heads import Head

_SHARES = (
    "acc", "exact_match", "em", "acc_norm", "pass@1", "pass_at_1", "mc1", "accuracy", "inst_level_strict_acc",
    "prompt_level_strict_acc", "quasi_exact_match", "contains", "extractive_match",
)  # fmt: skip
"""Metrics that are the share of cases answered right, the plainest first."""
_RESULTS = re.compile(r"results_(.+?)\.json(?:\.gz|\.zst)?")
_MEASURED = re.compile(r"results\..+\.[\w@.-]+,[\w.-]+")
"""``results.<task>.<metric>,<filter>``: what no other export has."""
_A_SAMPLE = {"doc_id", "doc", "target", "arguments", "resps", "filtered_resps"}


class LMEvalResults:
    """Reads what the harness measured, one run for each task."""

    name = "lm_eval"

    def sniff(self, path: Path, head: Head) -> bool:  # noqa: ARG002  the protocol hands it in
        """True for aggregated results, and for the samples that belong to them."""
        if head.shape not in {"json", "jsonl"}:
            return False
        names = head.paths
        measured = any(_MEASURED.fullmatch(name) for name in names)
        return (measured and any(name.endswith(".alias") for name in names)) or names >= _A_SAMPLE

    def around(self, file: File) -> tuple[str, ...]:
        """The samples beside results, whether results are beside samples, and the time where the start holds none."""
        if file.head.paths >= _A_SAMPLE:
            return ("with results",) if _has_results(file) else ()
        moment = _RESULTS.fullmatch(file.path.name)
        beside = sorted(file.path.parent.glob(f"samples_*_{escape(moment.group(1))}.jsonl")) if moment else []
        found = [part for path in beside if _is_there(path) for part in (path.name, _digest(path))]
        return (*found, *time_around(file, "date"))

    def read(self, file: File, manifest: Manifest, *, lenient: bool) -> Iterator[EvalRun | Problem]:  # noqa: ARG002  the protocol hands it in
        """One run a task; a file of samples brings nothing by itself: it is read with its results."""
        if file.head.paths >= _A_SAMPLE:
            if not _has_results(file):
                said = "samples of lm-eval without their results_*.json beside them: neither task nor time is known"
                yield Problem(source=file.source, message=said)
            return
        for part in records(file):
            if isinstance(part, Problem):
                yield part
            else:
                yield from _runs(file, part.record, manifest)


def _has_results(file: File) -> bool:
    return any(_RESULTS.fullmatch(one.name) for one in file.path.parent.glob("results_*.json*"))


def _is_there(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _runs(file: File, whole: dict[str, Any], manifest: Manifest) -> Iterator[EvalRun | Problem]:
    groups = mapping(whole.get("group_subtasks"))
    tasks = {name: one for name, one in mapping(whole.get("results")).items() if not groups.get(name)}
    if not tasks:
        yield Problem(source=file.source, message="the results name no task")
    late: list[str] = []
    when: dict[str, Any] = {"at": whole.get("date")}
    if when["at"] is None:
        when, note, problem = own_time(file)
        late = [note]
        yield problem
    for task, given in tasks.items():
        if not isinstance(given, dict):
            yield Problem(
                source=file.source, message=f"the task {cut(task, 60)!r} is not usable: an object is expected"
            )
            continue
        metric, share = _share(given)
        n = _n(mapping(mapping(whole.get("n-samples")).get(task)), given)
        cases = Cases(manifest)
        yield from _samples(file, task, metric, cases)
        notes = [*late, _setting(whole, task, metric, given)]
        slices = cases.slices()
        if not slices:
            slices = () if n is None else (Slice(n=n, passed=None if share is None else round(share * n)),)
        elif n is not None and cases.n + cases.faults.total() != n:
            notes.append(f"the results count {n} cases and the samples beside them {cases.n + cases.faults.total()}")
        try:
            yield run_of(
                cases,
                why="" if n else "the results do not say how many cases there were",
                notes=notes,
                slices=slices,
                run_id=_run_id(whole, task),
                suite=task,
                **when,
                source=file.source,
            )
        except ValidationError as error:
            said = f"the eval run of {cut(task, 60)!r} is not usable: {fault(error)}"
            yield Problem(source=file.source, message=said)


def _run_id(whole: dict[str, Any], task: str) -> str:
    """The harness gives none: model, moment and task name a run; where no moment is told, all that is."""
    moment = whole.get("date")
    told = hashlib.sha256(content(whole)).hexdigest()[:16] if moment is None else moment
    return f"lm-eval/{text(whole.get('model_name')) or 'model'}/{told}/{task}"


def _share(given: dict[str, Any]) -> tuple[str, float | None]:
    """The metric that counts right answers (``acc,none``) and its value; an empty name when there is none."""
    for wanted in _SHARES:
        for key, value in given.items():
            if key.partition(",")[0] == wanted and isinstance(value, (int, float)) and not isinstance(value, bool):
                if math.isfinite(value) and 0 <= value <= 1:
                    return key, float(value)
                return key, None
    return "", None


def _n(counts: dict[str, Any], given: dict[str, Any]) -> int | None:
    """How many cases were run, under a limit too."""
    told = (counts.get("effective"), counts.get("original"), given.get("sample_len"))
    return next((n for n in told if type(n) is int and 0 <= n < 1 << 53), None)


def _samples(file: File, task: str, metric: str, cases: Cases) -> Iterator[Problem]:
    """Count the samples of a task, where they were kept beside the results."""
    moment = _RESULTS.fullmatch(file.path.name)
    if not moment or not re.fullmatch(r"[\w.@+ -]{1,200}", task):
        return
    path = file.path.with_name(f"samples_{task}_{moment.group(1)}.jsonl")
    if not metric or not _is_there(path):
        return
    name, _, wanted = metric.partition(",")
    beside = File(path, f"{file.source.rpartition('/')[0]}/{path.name}".lstrip("/"), look(path))
    for part in records(beside):
        if isinstance(part, Problem):
            yield part
            continue
        record = part.record
        if record.get("filter", wanted) != wanted:
            continue
        value = record.get(name)
        if isinstance(value, (int, float)) and value in {0, 1}:
            cases.add(mapping(record.get("doc")), passed=bool(value))
        elif isinstance(value, (int, float)) and math.isfinite(value):
            cases.add(mapping(record.get("doc")), passed=None)
        else:
            cases.fault(f"no {name} for the sample")


def _setting(whole: dict[str, Any], task: str, metric: str, given: dict[str, Any]) -> str:
    """What was measured, in words: there is no field for it."""
    config = mapping(whole.get("config"))
    digest = text(mapping(whole.get("task_hashes")).get(task))
    others = sorted({key.partition(",")[0] for key in given if "," in key and "_stderr" not in key})
    said = {
        "passed by": metric.partition(",")[0] or f"nothing: {cut(', '.join(others), 100)} count no passes",
        "task version": mapping(whole.get("versions")).get(task),
        "task hash": cut(digest, 12),
        "model": whole.get("model_name") or config.get("model"),
        "commit": whole.get("git_hash"),
        "system instruction": cut(text(whole.get("system_instruction_sha")), 12),
        "chat template": cut(text(whole.get("chat_template_sha")), 12),
    }
    return ", ".join(
        f"{name} {value}" for name, value in said.items() if isinstance(value, (str, int, float)) and value != ""
    )
