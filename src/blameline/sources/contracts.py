"""Behavioural contracts (``contracts.yaml``): what callers rely on, in YAML or JSON; one ``Contract`` each out.

Under ``contracts:`` or as a plain list. A contract that cannot be used is told with its line, and the others are read. A
regular expression is tried here, by the engine that will run it (RE2: its time grows with the text, and with nothing else).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import ValidationError

from blameline.records import Contract, ContractKind, Manifest, Problem
from blameline.sources.lines import known_records
from blameline.sources.wording import fault, nearest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from blameline.sources.heads import File, Head
    from blameline.sources.lines import Found

KINDS = get_args(ContractKind)
KEYS = frozenset(Contract.model_fields) - {"source", "line"}
MOST = 200
"""Contracts of one file; each is a question to every answer."""


class ContractsFile:
    """Reads what callers rely on."""

    name = "contracts"

    def sniff(self, path: Path, head: Head) -> bool:  # noqa: ARG002  the protocol hands it in
        """True for a list of records that say the kind of a contract, by itself or under ``contracts``."""
        if head.shape not in {"yaml", "json", "jsonl"}:
            return False
        return any(
            _is_one(record) or any(map(_is_one, _list(record.get("contracts")))) or _only_begun(record)
            for record in head.samples
        )

    def read(self, file: File, manifest: Manifest, *, lenient: bool) -> Iterator[Contract | Problem]:  # noqa: ARG002  the protocol hands it in
        """One contract a record; a bad one is a ``Problem`` with its line."""
        known: set[str] = set()
        for part in known_records(file, "contracts", KEYS):
            if isinstance(part, Problem):
                yield part
                continue
            found = _contract(part, file)
            if isinstance(found, Contract) and found.id in known:
                said = f"the contract id '{found.id}' is there already: give this one another"
                found = Problem(source=file.source, line=part.line, message=said)
            if isinstance(found, Contract) and len(known) == MOST:
                said = f"not used, as all that follow: a file states at most {MOST} contracts"
                yield Problem(source=file.source, line=part.line, message=said)
                return
            if isinstance(found, Contract):
                known.add(found.id)
            yield found


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _is_one(record: object) -> bool:
    return (
        isinstance(record, dict)
        and str(record.get("kind")) in KINDS
        and not record.keys() & {"at", "trace_id", "traceId"}
    )


def _only_begun(record: object) -> bool:
    """A YAML file that cannot be parsed, or that is longer than what was looked at: its names are all that is known."""
    return isinstance(record, dict) and "contracts" in record and "kind" in record and record["kind"] is None


def _contract(part: Found, file: File) -> Contract | Problem:
    record = {key: value for key, value in part.record.items() if key in KEYS and value not in (None, "")}
    kind = str(record.get("kind", "")).strip()
    said = ""
    if "id" not in record:
        said = "the contract has no 'id'"
    elif kind not in KINDS:
        near = nearest(kind, KINDS) or f"; known are {', '.join(KINDS)}"
        said = f"unknown kind of contract '{kind}'{near}" if kind else "the contract has no 'kind'"
    else:
        try:
            found = Contract.model_validate({**record, "kind": kind, "source": file.source, "line": part.line})
            said = _fault(found.pattern) if found.pattern else ""
        except ValidationError as error:
            said = f"the contract '{record['id']}' is not usable: {fault(error)}"
        else:
            if not said:
                return found
            said = (
                f"the contract '{found.id}' is not usable: its pattern is no regular expression that RE2 reads: {said}"
            )
    return Problem(source=file.source, line=part.line, message=said)


def _fault(pattern: str) -> str:
    """What is wrong with a regular expression; nothing where RE2 reads it."""
    try:
        pc.match_substring_regex(pa.array([""]), pattern)
    except pa.ArrowInvalid as error:
        return str(error).partition(": ")[2] or str(error)
    return ""
