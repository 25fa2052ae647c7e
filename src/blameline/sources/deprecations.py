"""Lists of models that go away: LiteLLM's ``model_prices_and_context_window.json`` or a plain list in, a ``Change`` each out.

A plain list is JSON, YAML or CSV with a model, a date and perhaps a replacement a row, as providers print them. Only a
model with a date is a change. Where a row gives both the announcement and the end, the end is when it takes effect.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from blameline.records import Change, Manifest, Problem
from blameline.sources.line_by_line import lines
from blameline.sources.lines import records
from blameline.sources.postings import moment, objects, word
from blameline.sources.rows import cut
from blameline.sources.wording import fault

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from blameline.sources.heads import File, Head

LISTS = ("deprecations", "deprecated_models", "retirements", "models", "data")
MODEL = ("model", "model_id", "model_name", "api_model_name", "deprecated_model", "model_system", "model_snapshot",
         "retired_model")  # fmt: skip
END = ("shutdown_date", "shutdown", "shutdown_on", "retirement_date", "retirement", "tentative_retirement_date",
       "retires_on", "retired_on", "retires_at", "sunset_date", "sunset", "end_of_life", "eol_date",
       "discontinuation_date")  # fmt: skip
ANNOUNCED = ("deprecation_date", "deprecated_on", "deprecated_at", "deprecation", "deprecated", "announced_on",
             "announced", "announcement_date")  # fmt: skip
REPLACEMENT = ("replacement", "recommended_replacement", "replaced_by", "replacement_model", "successor", "substitute",
               "substitute_model", "suggested_replacement")  # fmt: skip
PROVIDER = ("provider", "litellm_provider", "vendor")
_SURE = frozenset(name for name in (*END, *ANNOUNCED) if name.endswith(("_date", "_on", "_at", "of_life")))
"""Names that are a sign by themselves; under the others there has to be a date."""
_LITELLM = re.compile(r'\s*\{\s*"[^"]*"\s*:\s*\{')
_OPEN = re.compile(r"(n/?a|none|null|tb[ad]|active|unknown|true|false|yes|no|[-–—]*|not .*)", re.IGNORECASE)
"""What is written where there is no date, as ``Not sooner than …``."""
_SPELT = ("%B %d, %Y", "%b %d, %Y", "%d %B %Y", "%d %b %Y", "%Y/%m/%d")
_DAY = timedelta(days=1)


class ModelDeprecations:
    """Reads when models are shut down."""

    name = "deprecations"

    def sniff(self, path: Path, head: Head) -> bool:  # noqa: ARG002  the protocol hands it in
        """True for LiteLLM's table of models, and for rows with a model and a date of its end."""
        if head.shape in {"json", "jsonl"} and _LITELLM.match(head.text):
            named = [
                path.removesuffix(".litellm_provider") for path in head.paths if path.endswith(".litellm_provider")
            ]
            return len(named) >= 2 or any(f"{name}.deprecation_date" in head.paths for name in named)
        return any(_is_notice(row) for sample in head.samples[:20] for row in _rows(sample)[:20])

    def read(self, file: File, manifest: Manifest, *, lenient: bool) -> Iterator[Change | Problem]:  # noqa: ARG002  the protocol hands it in
        """One change a model with a date; a date that cannot be read is a ``Problem``."""
        for part in records(file, key=_list(file.head)):
            if isinstance(part, Problem):
                yield part
            elif _is_table(part.record):
                yield from _table(part.record, file)
            else:
                for row in _rows(part.record):
                    yield from _notice(row, part.line, file.source)


@lru_cache(maxsize=4096)
def _key(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", name.strip().lower()).strip("_")


def _rows(record: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The rows of a document that holds a list, or the row that it is."""
    inner = next((record[key] for key in LISTS if isinstance(record.get(key), list)), None)
    return [record] if inner is None else list(objects(inner))


def _is_notice(row: Mapping[str, Any]) -> bool:
    named = {_key(str(key)): value for key, value in row.items()}
    if not {*MODEL} & named.keys() or {"at", "trace_id", "span_id"} & named.keys():
        return False
    return any(key in _SURE or _date(word(named[key]) or "")[0] for key in (*END, *ANNOUNCED) if key in named)


def _list(head: Head) -> str:
    names = head.paths or {str(key) for sample in head.samples for key in sample}
    return next((key for key in LISTS if key in names), "")


def _is_table(record: Mapping[str, Any]) -> bool:
    """LiteLLM's form: model → what is known of it."""
    return any(isinstance(value, dict) and "litellm_provider" in value for value in record.values())


def _table(table: Mapping[str, Any], file: File) -> Iterator[Change | Problem]:
    faulty: dict[str, str] = {}
    for model, known in table.items():
        if not isinstance(known, dict) or known.get("deprecation_date") is None or model == "sample_spec":
            continue
        row = {"model": model, "shutdown_date": known["deprecation_date"], "provider": known.get("litellm_provider")}
        for one in _notice(row, None, file.source):
            if isinstance(one, Problem):
                faulty[model] = one.message
            else:
                yield one
    where = _places(file, faulty) if faulty else {}
    for model, said in faulty.items():
        yield Problem(source=file.source, line=where.get(model), message=said)


def _places(file: File, models: Iterable[str]) -> dict[str, int]:
    """The lines on which models have their entries."""
    sought = {f'"{model}"'.encode("utf-8", "replace"): model for model in models}
    found: dict[str, int] = {}
    for part in lines(file):
        if not isinstance(part, Problem):
            start = part[1].strip().partition(b'":')[0] + b'"'
            if start in sought:
                found.setdefault(sought[start], part[0])
    return found


def _notice(row: Mapping[str, Any], line: int | None, source: str) -> Iterator[Change | Problem]:
    named = {_key(str(key)): value for key, value in row.items()}
    model = _first(named, MODEL)
    end, announced = _first(named, END), _first(named, ANNOUNCED)
    said = end if end and not _OPEN.fullmatch(end) else announced
    if said is None or _OPEN.fullmatch(said):
        return
    if model is None:
        yield Problem(source=source, line=line, message=f"the row of {cut(said, 40)} names no model")
        return
    at, uncertainty = _date(said)
    if at is None:
        yield Problem(
            source=source, line=line, message=f"the date of {cut(model, 80)} cannot be read: {cut(said, 40)!r}"
        )
        return
    provider, replacement = _first(named, PROVIDER), _first(named, REPLACEMENT)
    whole = model if provider is None or model.startswith(f"{provider}/") else f"{provider}/{model}"
    to = replacement if replacement and not _OPEN.fullmatch(replacement) else None
    try:
        yield Change(
            id=f"deprecation-{whole}",
            at=at,
            recorded_at=_date(announced)[0] if announced and said is end else None,
            uncertainty=uncertainty,
            kind="deprecation_notice",
            layer="model",
            component=whole,
            from_=model,
            to=to,
            summary=f"{whole} is {'shut down' if said is end else 'deprecated'}{f'; use {to}' if to else ''}",
            source=source,
        )
    except ValidationError as error:
        yield Problem(source=source, line=line, message=f"the notice is not usable: {fault(error)}")


def _first(named: Mapping[str, Any], keys: Iterable[str]) -> str | None:
    return next((said for key in keys if (said := word(named.get(key)))), None)


def _date(said: str) -> tuple[datetime | None, timedelta | None]:
    """When, and how far off that may be: a date alone is the whole day, from its start in UTC."""
    at = moment(said)
    if at is not None:
        return at, _DAY if re.fullmatch(r"[\d-]+", said) else None
    for form in _SPELT:
        try:
            return datetime.strptime(said, form).replace(tzinfo=UTC), _DAY
        except ValueError:
            continue
    return None, None
