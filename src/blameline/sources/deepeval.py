"""DeepEval's test runs: a ``TestRun`` as JSON, or ``.latest_test_run.json`` around one, in; one ``EvalRun`` out.

A test run holds neither an id nor a time. The id is made from its cases, so that a copy of it is the same run; the time is
that in the file's name (``test_run_20260310_060000.json``) or the file's own, and a ``Problem`` says so.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from blameline.records import EvalRun, Manifest, Problem
from blameline.sources.cases import Cases, content, mapping, own_time, run_of, text, time_around
from blameline.sources.documents import walk
from blameline.sources.rows import cut
from blameline.sources.wording import fault

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from blameline.sources.heads import File, Head

_LISTS = ("testCases", "conversationalTestCases")
_JUDGE, _NO_VERDICT = "a judge failed", "no metric gave a verdict"


class DeepEvalRuns:
    """Reads what one test run of DeepEval covered."""

    name = "deepeval"

    def sniff(self, path: Path, head: Head) -> bool:  # noqa: ARG002  the protocol hands it in
        """True for a test run, by the names of its cases and their metrics."""
        if head.shape not in {"json", "jsonl"}:
            return False
        return any(
            {f"{above}{cases}", f"{above}{cases}.name"} <= head.paths
            and (above == "testRunData." or f"{above}{cases}.metricsData" in head.paths)
            for above in ("", "testRunData.")
            for cases in _LISTS
        )

    def around(self, file: File) -> tuple[str, ...]:
        """No test run holds its time."""
        return time_around(file)

    def read(self, file: File, manifest: Manifest, *, lenient: bool) -> Iterator[EvalRun | Problem]:  # noqa: ARG002  the protocol hands it in
        """One run; a case that cannot be used is a ``Problem``, and the rest counts."""
        run = _Run(Cases(manifest))
        for part in walk(file, {"testRunData", *_LISTS, *(f"testRunData.{name}" for name in _LISTS)}):
            if isinstance(part, Problem):
                run.cut = True
                yield part
            elif said := run.part(part.path.removeprefix("testRunData."), part.value):
                yield Problem(source=file.source, line=part.line, message=said)
        yield from run.told(file)


class _Run:
    """What one file says."""

    def __init__(self, cases: Cases) -> None:
        self.cases = cases
        self.said: dict[str, Any] = {}
        self.judges: dict[str, None] = {}
        self.digest = hashlib.sha256()
        self.cut = False

    def part(self, path: str, value: Any) -> str:  # noqa: ANN401  JSON of any shape
        """Take in one value of the document; what is wrong with it, or nothing."""
        if path not in _LISTS:
            self.said[path] = value
            return ""
        if not isinstance(value, dict):
            return "not a test case: an object is expected"
        self.digest.update(content(value))
        given = value.get("metricsData")
        metrics = [mapping(one) for one in given] if isinstance(given, list) else []
        for metric in metrics:
            if text(metric.get("evaluationModel")) and len(self.judges) < 20:
                self.judges[text(metric.get("evaluationModel"))] = None
        about = {
            **mapping(value.get("additionalMetadata")),
            **mapping(value.get("metadata")),
            "tags": value.get("tags"),
        }
        steady = [metric for metric in metrics if metric.get("flaky") is not True]
        failed = [metric for metric in steady if metric.get("success") is False]
        success = value.get("success")
        if success is False and failed and all(text(metric.get("error")) for metric in failed):
            self.cases.fault(_JUDGE)
        elif isinstance(success, bool):
            self.cases.add(about, passed=success)
        elif success is None:
            self.cases.fault(_NO_VERDICT)
        else:
            return f"the test case is not usable: 'success' is neither true nor false (found {cut(str(success), 60)!r})"
        return ""

    def told(self, file: File) -> Iterator[EvalRun | Problem]:
        """The run, with what has to be said of its time."""
        if not self.cases.n and not self.cases.faults:
            yield Problem(source=file.source, message="the test run holds no test case that can be used")
            return
        when, note, problem = own_time(file)
        yield problem
        suite = next(
            (name for key in ("identifier", "datasetAlias", "testFile") if (name := text(self.said.get(key)))),
            "deepeval",
        )
        try:
            yield run_of(
                self.cases,
                notes=[note, *self._setting()],
                why="the file is cut" if self.cut else "",
                status="error" if self.cut else "completed",
                run_id=f"deepeval-{self.digest.hexdigest()[:16]}",
                suite=suite,
                **when,
                judge=", ".join(sorted(self.judges)) or None,
                prompt_version=self._prompts() or None,
                source=file.source,
            )
        except ValidationError as error:
            yield Problem(source=file.source, message=f"the eval run is not usable: {fault(error)}")

    def _prompts(self) -> str:
        """The version of the prompt; with several of them each with its name."""
        given = self.said.get("prompts")
        found = {
            text(prompt.get("alias")): text(prompt.get("version")) or cut(text(prompt.get("hash")), 12)
            for prompt in map(mapping, given[:20] if isinstance(given, list) else [])
        }
        known = {alias: version for alias, version in found.items() if version}
        if len(known) == 1:
            return next(iter(known.values()))
        return ", ".join(f"{alias}@{version}" for alias, version in known.items())

    def _setting(self) -> list[str]:
        """What was evaluated, in words: there is no field for it."""
        model = mapping(self.said.get("hyperparameters")).get("model")
        said = {
            "model": model,
            "dataset": self.said.get("datasetAlias"),
            "dataset version": self.said.get("datasetVersion"),
        }
        words = ", ".join(
            f"{name} {value}" for name, value in said.items() if isinstance(value, (str, int)) and value != ""
        )
        return [words] if words else []
