"""Writes the JSON Schemas beside this file from the records: ``python schemas/generate.py`` (or ``make schema``).

``investigation.schema.json`` is what comes out; more fields may come, so it allows them. The others are what goes in,
for an editor that checks as you type: only what the contract requires is required, and an unknown key is an error.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from blameline import records
from blameline.records.words import as_text

HERE = Path(__file__).parent
DIALECT = "https://json-schema.org/draft/2020-12/schema"
PROMISED: Mapping[str, tuple[str, ...]] = {
    "Investigation": ("schema", "outcome", "headline", "shifts", "ledger", "guards", "problems"),
    "Shift": ("id", "signal", "segment", "direction", "moved", "onset", "ended", "before", "after", "delta"),
    "LedgerLine": (
        "candidate", "shift", "kind", "layer", "declared", "probability", "share", "verdict", "tied_with", "because",
        "evidence", "next_test",
    ),
    "Evidence": ("check", "asks", "verdict", "because", "numbers", "query"),
    "Query": ("name", "sha256", "parameters"),
    "Problem": ("source", "line", "message"),
}  # fmt: skip
"""Fields of the contract that are always there, though the record itself has a default for some."""
INPUTS: Mapping[str, tuple[type[BaseModel], str]] = {
    "manifest": (records.Manifest, "`incident.yaml`: settings of one case, every key optional."),
    "change": (records.Change, "One record of `changes.yaml`, `.jsonl` or `.csv`: one change."),
    "eval_run": (
        records.EvalRun,
        "One line of `evals.jsonl`: a run of an eval suite, or the record that it did not run.",
    ),
    "contract": (records.Contract, "One entry of `contracts.yaml`: one thing that callers rely on."),
    "replay": (records.Replay, "One line of `replays.jsonl`: one case that was run again."),
}


class Lenient(GenerateJsonSchema):
    """A text may be written as a number: ``from: 12``."""

    def function_before_schema(self, schema: core_schema.BeforeValidatorFunctionSchema) -> JsonSchemaValue:
        """Texts are the one place where a number stands for its digits."""
        if schema["function"]["function"] is as_text:  # the rule and its schema belong together
            return {"type": ["string", "number"]}
        return super().function_before_schema(schema)


def schemas() -> dict[str, dict[str, Any]]:
    """File name → schema."""
    found = {"investigation": _outcome(), **{name: _input(name, *entry) for name, entry in INPUTS.items()}}
    return {f"{name}.schema.json": schema for name, schema in found.items()}


def text(schema: Mapping[str, Any]) -> str:
    """A schema as it is checked in."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _outcome() -> dict[str, Any]:
    schema = records.Investigation.model_json_schema()
    for name, part in {**schema["$defs"], "Investigation": schema}.items():
        part.pop("additionalProperties", None)
        if name in PROMISED:
            part["required"] = list(PROMISED[name])
    return _headed("investigation", schema)


def _input(name: str, record: type[BaseModel], description: str) -> dict[str, Any]:
    schema = record.model_json_schema(schema_generator=Lenient)
    schema["description"] = description
    for place in ("source", "line"):  # where we found it, and nothing that anybody writes
        schema["properties"].pop(place, None)
    if record is records.Change:
        schema["required"] = ["at", "kind"]  # an id is given and the layer follows from the kind
        schema["properties"]["kind"]["enum"] = list(records.LAYER_OF_KIND)
    if record is records.Contract:  # one of several may be written without a list, and keys without their types
        said = schema["properties"]
        said["keys"] = {"anyOf": [said["keys"], {"type": "array", "items": {"type": "string"}}]}
        for one in ("languages", "phrases"):
            said[one] = {"anyOf": [said[one], {"type": "string"}]}
    return _headed(name, schema)


def _headed(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"$schema": DIALECT, "$id": f"blameline/{name}.schema.json", **schema}


if __name__ == "__main__":
    for name, schema in schemas().items():
        (HERE / name).write_text(text(schema), encoding="utf-8", newline="\n")
        sys.stdout.write(f"schemas/{name}\n")
