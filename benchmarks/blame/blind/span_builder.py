"""Spans of one case as OTLP/JSON text."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from otlp import hex_ids, real, text, whole
from stack import LAYERS
from surface import Surface, fingerprint

if TYPE_CHECKING:
    from simulate import Case


class SpanBuilder:
    """Builds one case's spans as OTLP/JSON text."""

    def __init__(self, case: Case, surface: Surface) -> None:
        """Draw the ids."""
        self.case, self.surface, self.span_count = case, surface, 0
        size = case.traffic.size
        rng = case.rng
        self.trace = hex_ids(rng, size, 16)
        self.chat = hex_ids(rng, size, 8)
        self.root = hex_ids(rng, size, 8) if case.cast.layout != "flat" else self.chat
        self.other = hex_ids(rng, size, 8)
        self.again = hex_ids(rng, size, 8)
        self.base_ns = int(case.cast.start.timestamp()) * 10**9
        alias = case.first.get("model", "gpt-4.1-2026").rsplit("-2026", 1)[0]
        self.alias = alias
        self.provider = next(
            (
                name
                for stem, name in (("claude", "anthropic"), ("mistral", "mistral_ai"), ("gemini", "gcp.gemini"))
                if alias.startswith(stem)
            ),
            "openai",
        )
        self.service = "support-assistant"
        self.events: dict[int, list[str]] = {}

    def nanos(self, hour: float) -> int:
        """Hours since start as epoch nanoseconds on whole milliseconds."""
        return self.base_ns + int(hour * 3_600_000) * 1_000_000

    def stamps_of(self, row: int, place: str) -> list[str]:
        """Version attributes that a span of this place carries."""
        case, flat = self.case, self.case.cast.layout
        if case.stamp_missing[row]:
            return []
        found = []
        for key, attribute in case.stamps.items():
            home = LAYERS[key][3]
            if home == "retrieval" and flat != "full":
                home = "chat"
            if home == "root" and flat == "flat":
                home = "chat"
            if home != place or key == "model":
                continue
            value = str(case.stamp_rows[key][row])
            if attribute == "gen_ai.request.temperature":
                found.append(real(attribute, float(value)))
            else:
                found.append(text(attribute, value))
                if key == "flag":
                    found.append(text("feature_flag.key", self.surface.flag_key))
        return found

    def model_attributes(self, row: int) -> list[str]:
        """Asked-for and served model, fingerprint."""
        case, surface = self.case, self.surface
        asked, served = self.alias, None
        if "model" in case.stamps and not case.stamp_missing[row]:
            value = str(case.stamp_rows["model"][row])
            change = next(
                (change for change in case.plan.changes if change.key == "model" and change.after == value), None
            )
            swap = change is not None and change.kind == "model_swap"
            if change is not None and (change.declared or not swap):
                asked = value.rsplit("-2026", 1)[0]
            served = value if swap or surface.identity in ("model", "both") else asked
            found = [text("gen_ai.response.model", served)]
            if surface.identity in ("fingerprint", "both"):
                key = "openai.response.system_fingerprint"
                found.append(
                    text(
                        key if surface.dialect == "current" else "gen_ai.openai.response.system_fingerprint",
                        fingerprint(value),
                    )
                )
        else:
            found = [text("gen_ai.response.model", asked)] if row % 2 else []
        return [text("gen_ai.request.model", asked), *found]

    def segment_attributes(self, row: int) -> list[str]:
        """Tenant, region, task, user, conversation."""
        case, traffic = self.case, self.case.traffic
        found = [
            text("tenant.id", case.cast.tenants[traffic.tenant[row]]),
            text("app.task", case.cast.tasks[traffic.task[row]]),
            text(self.surface.user_key, f"u-{traffic.user[row]}"),
            text(self.surface.conversation_key, f"c-{traffic.conversation[row]}"),
        ]
        if self.surface.region_on == "root":
            found.append(text("cloud.region", case.cast.regions[traffic.region[row]]))
        return found

    def span(
        self,
        row: int,
        ident: str,
        parent: str,
        name: str,
        kind: int,
        begin: float,
        end: float,
        attributes: list[str],
        error: bool = False,
        events: list[str] | None = None,
    ) -> str:
        """One OTLP span."""
        self.span_count += 1
        return (
            '{"traceId":"%s","spanId":"%s"%s,"name":"%s","kind":%d,"startTimeUnixNano":"%d","endTimeUnixNano":"%d",'
            '"attributes":[%s]%s,"status":%s}'
        ) % (
            self.trace[row],
            ident,
            f',"parentSpanId":"{parent}"' if parent else "",
            name,
            kind,
            self.nanos(begin),
            self.nanos(end),
            ",".join(attributes),
            ',"events":[{}]'.format(",".join(events)) if events else "",
            '{"code":2}' if error else "{}",
        )

    def spans(self, row: int, again: bool = False) -> list[str]:
        """All spans of one request."""
        case, layout, mediators = self.case, self.case.cast.layout, self.case.mediators
        old = self.surface.dialect == "old"
        begin = float(case.traffic.time[row])
        length = float(mediators["latency"][row]) / 3600
        chat = self.again[row] if again else self.chat[row]
        out = []
        finish = "stop"
        draw = (int(self.trace[row][:6], 16) % 10_000) / 10_000
        if mediators.get("cut") is not None and mediators["cut"][row]:
            finish = "stop"
        elif draw < mediators["refusal"][row]:
            finish = "content_filter"
        elif mediators["out_tokens"][row] > 1500:
            finish = "length"
        attributes = [
            text("gen_ai.operation.name", "chat"),
            text("gen_ai.system" if old else "gen_ai.provider.name", self.provider),
            *self.model_attributes(row),
            text("gen_ai.response.id", f"r-{self.trace[row][:14]}"),
            whole("gen_ai.usage.prompt_tokens" if old else "gen_ai.usage.input_tokens", mediators["in_tokens"][row]),
            whole(
                "gen_ai.usage.completion_tokens" if old else "gen_ai.usage.output_tokens", mediators["out_tokens"][row]
            ),
            f'{{"key":"gen_ai.response.finish_reasons","value":{{"arrayValue":{{"values":[{{"stringValue":"{finish}"}}]}}}}}}',
            *self.stamps_of(row, "chat"),
        ]
        if layout != "full":
            attributes.append(real("app.retrieval.top_score", mediators["top_score"][row]))
            if mediators["uses_tool"][row]:
                attributes.append(whole("app.tool.errors", mediators["tool_error"][row]))
        if layout == "flat":
            attributes += self.segment_attributes(row)
        parent = "" if layout == "flat" else self.root[row]
        if not case.root_only[row]:
            out.append(
                self.span(
                    row,
                    chat,
                    parent,
                    f"chat {self.alias}",
                    3,
                    begin + length * 0.2,
                    begin + length,
                    attributes,
                    events=self.events.get(row),
                )
            )
        if layout == "flat":
            return out
        if layout == "full" and not case.root_only[row] and not again:
            top = float(mediators["top_score"][row])
            salt = int(self.trace[row][6:12], 16)
            documents = json.dumps(
                [
                    {"id": f"doc_{(salt >> (3 * rank)) % 400}", "score": round(top * (1 - 0.08 * rank), 3)}
                    for rank in range(3)
                ]
            )
            out.append(
                self.span(
                    row,
                    self.other[row],
                    parent,
                    "retrieval kb",
                    3,
                    begin,
                    begin + length * 0.15,
                    [
                        text("gen_ai.operation.name", "retrieval"),
                        whole("gen_ai.retrieval.top_k", 3),
                        f'{{"key":"gen_ai.retrieval.documents","value":{{"stringValue":{json.dumps(documents)}}}}}',
                        *self.stamps_of(row, "retrieval"),
                    ],
                )
            )
            if mediators["uses_tool"][row]:
                bad = bool(mediators["tool_error"][row])
                out.append(
                    self.span(
                        row,
                        self.again[row][::-1],
                        parent,
                        "execute_tool lookup",
                        1,
                        begin + length * 0.15,
                        begin + length * 0.2,
                        [text("gen_ai.operation.name", "execute_tool"), text("gen_ai.tool.name", "lookup")]
                        + ([text("error.type", "tool_error")] if bad else []),
                        error=bad,
                    )
                )
        if not again:
            out.append(
                self.span(
                    row,
                    self.root[row],
                    "",
                    "invoke_agent support",
                    2,
                    begin,
                    begin + length * 1.02,
                    [
                        text("gen_ai.operation.name", "invoke_agent"),
                        *self.segment_attributes(row),
                        *self.stamps_of(row, "root"),
                    ],
                )
            )
        return out

    def resource(self, row: int) -> str:
        """The resource attributes of a request."""
        case = self.case
        found = [text("service.name", self.service), text("deployment.environment.name", "production")]
        if "deploy" in case.stamps and not case.stamp_missing[row]:
            found.append(text("service.version", str(case.stamp_rows["deploy"][row])))
        if self.surface.region_on == "resource":
            found.append(text("cloud.region", case.cast.regions[case.traffic.region[row]]))
        return ",".join(found)
