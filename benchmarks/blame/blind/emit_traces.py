"""Writes spans and scores of one case."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
from otlp import real, store, text
from span_builder import SpanBuilder

if TYPE_CHECKING:
    from pathlib import Path

    from simulate import ScoreSet

CHUNK = 200


class TraceWriter(SpanBuilder):
    """Writes one case's spans and scores."""

    def score_attributes(self, scores: ScoreSet, index: int) -> list[str]:
        """Attributes of an evaluation result."""
        value = float(scores.values[index])
        found = [text("gen_ai.evaluation.name", scores.name), real("gen_ai.evaluation.score.value", value)]
        if self.surface.labels and scores.source != "human" and value in (0.0, 1.0):
            found.append(text("gen_ai.evaluation.score.label", "pass" if value else "fail"))
        if scores.versions is not None:
            found.append(text("gen_ai.evaluation.evaluator.version", str(scores.versions[index])))
        return found

    def score_lines(self, scores: ScoreSet) -> list[tuple[float, str]]:
        """Log records of a score set, or span events kept for later."""
        out = []
        as_event = self.surface.score_form == "span_event" and not any(
            scores.hours - self.case.traffic.time[scores.rows] > 72
        )
        for index, row in enumerate(scores.rows):
            row, hour = int(row), float(scores.hours[index])
            attributes = self.score_attributes(scores, index)
            if as_event:
                self.events.setdefault(row, []).append(
                    '{"timeUnixNano":"%d","name":"gen_ai.evaluation.result","attributes":[%s]}'
                    % (self.nanos(hour), ",".join(attributes))
                )
                continue
            for copy in range(1 + int(self.case.repeats[row])):
                span = self.again[row] if copy and self.case.repeat_form == "new_ids" else self.chat[row]
                extra = attributes
                if self.surface.score_form == "log_response":
                    extra = [*attributes, text("gen_ai.response.id", f"r-{self.trace[row][:14]}")]
                    where = ""
                else:
                    where = f'"traceId":"{self.trace[row]}","spanId":"{span}",'
                out.append(
                    (
                        hour,
                        '{"timeUnixNano":"%d","severityNumber":9,"eventName":"gen_ai.evaluation.result",%s"attributes":[%s]}'
                        % (self.nanos(hour), where, ",".join(extra)),
                    )
                )
        return out

    def write(self, folder: Path, compress: bool) -> None:
        """Write traces (and scores) into the folder."""
        lines: list[tuple[float, str]] = []
        for scores in self.case.scores:
            lines += self.score_lines(scores)
        lines.sort(key=lambda pair: pair[0])
        suffix = ".jsonl.gz" if compress else ".jsonl"
        target = io.StringIO()
        self._write_spans(target)
        if self.surface.one_file:
            self._write_logs(target, lines)
        store(folder / f"traces{suffix}", target, compress)
        if lines and not self.surface.one_file:
            target = io.StringIO()
            self._write_logs(target, lines)
            store(folder / f"scores{suffix}", target, compress)

    def _write_spans(self, target: io.StringIO) -> None:
        """Spans in order of time, a request a batch, grouped by resource."""
        rows = np.flatnonzero(self.case.kept)
        for low in range(0, len(rows), CHUNK):
            groups: dict[str, list[str]] = {}
            for row in rows[low : low + CHUNK]:
                row = int(row)
                bucket = groups.setdefault(self.resource(row), [])
                bucket += self.spans(row)
                for _ in range(int(self.case.repeats[row])):
                    bucket += self.spans(row, again=self.case.repeat_form == "new_ids")
            target.write(
                '{{"resourceSpans":[{}]}}\n'.format(
                    ",".join(
                        '{{"resource":{{"attributes":[{}]}},"scopeSpans":[{{"scope":{{"name":"app"}},"spans":[{}]}}]}}'.format(
                            resource, ",".join(spans)
                        )
                        for resource, spans in groups.items()
                    )
                )
            )

    def _write_logs(self, target: io.StringIO, lines: list[tuple[float, str]]) -> None:
        """Evaluation results as log batches."""
        resource = text("service.name", self.service)
        for low in range(0, len(lines), CHUNK):
            records = ",".join(line for _, line in lines[low : low + CHUNK])
            target.write(
                f'{{"resourceLogs":[{{"resource":{{"attributes":[{resource}]}},"scopeLogs":[{{"scope":{{"name":"evals"}},"logRecords":[{records}]}}]}}]}}\n'
            )
