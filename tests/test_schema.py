"""The schemas are what the records say, and the records are what the contract says.

The contract below is a copy of its text: when the two differ, the code is wrong.
"""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path
from typing import get_args

import pytest
import yaml
from jsonschema import Draft202012Validator, FormatChecker

from blameline import records
from blameline.records import Change, EvalRun, Manifest, Replay
from blameline.sources.changes import KEYS as CHANGE_KEYS

ROOT = Path(__file__).parents[1]
SCHEMAS = ROOT / "schemas"
SAMPLES = sorted(path.parent for path in (ROOT / "sample_incidents").glob("*/truth.json"))

VALUES = """
| field | values |
|---|---|
| `outcome` | `no_shift` nothing worse than chance · `attributed` · `tied` several candidates that this data cannot tell apart · `unattributed` a real shift, and no candidate has earned it · `ruler` the score moved, not the app · `mix` the traffic moved, not the app · `artefact` the records moved (loss, duplicates, sampling), not the app |
| `shifts[].direction` | `worse`, `better`, by the signal's own direction. An improvement is listed and never blamed |
| `shifts[].moved` | `app`, `ruler`, `mix`, `artefact`, `unknown` |
| `ledger[].verdict` | `confirmed` (an experiment reverted it and the quality came back) · `supported` · `consistent` (nothing but timing speaks for it) · `excluded` · `untestable` (names the missing data) |
| `evidence[].verdict` | `supports`, `refutes`, `inconclusive` |
| `guards[].finding` | `caught`, `no_case`, `stale`, `underpowered`, `blind_judge`, `not_run`, `not_gating`, `overridden` |
"""
KINDS = """
| layer | kinds |
|---|---|
| `prompt` | `prompt_edit` |
| `model` | `provider_update`, `model_swap`, `deprecation_notice` |
| `sampling` | `sampling_change` |
| `retrieval` | `index_refresh`, `embedder_change`, `corpus_change` |
| `context` | `context_change` |
| `tools` | `tool_schema` |
| `router` | `router_config` |
| `guardrail` | `guardrail_change` |
| `deploy` | `deploy`, `flag_change`, `infra_change` |
| `data` | `upstream_data` |
| `judge` | `judge_change`, `rubric_change`, `scorer_change` |
| `eval` | `eval_suite_change` |
| `telemetry` | `sampling_policy`, `instrumentation_change` |
| `traffic` | `traffic_shift` |
"""
EXAMPLE = """
{
  "schema": "blameline.investigation/1",
  "outcome": "attributed",
  "headline": "one sentence",
  "shifts": [{"id": "shift-1", "signal": "answer_correct", "segment": {}, "direction": "worse", "moved": "app",
              "onset": {"estimate": "…Z", "low": "…Z", "high": "…Z"}, "ended": null,
              "before": 0.91, "after": 0.78, "delta": {"estimate": -0.13, "low": -0.15, "high": -0.11}}],
  "ledger": [{"candidate": "chg-003", "shift": "shift-1", "kind": "prompt_edit", "layer": "prompt", "declared": true,
              "probability": 0.94, "share": {"estimate": 0.97, "low": 0.8, "high": 1.0}, "verdict": "supported",
              "tied_with": [], "because": "one sentence",
              "evidence": [{"check": "exposure", "asks": "…?", "verdict": "supports", "because": "…",
                            "numbers": {}, "query": {"name": "…", "sha256": "…", "parameters": {}}}],
              "next_test": "one sentence, with the exact replay that would settle it"}],
  "guards": [{"guard": "refunds-regression", "finding": "no_case", "because": "…"}],
  "problems": [{"source": "traces/a.jsonl", "line": 812, "message": "…"}]
}
"""
MANIFEST = """
service: support-assistant
paradigm: chatbot            # chatbot | copilot | agent
window: {from: 2026-03-01T00:00:00Z, to: 2026-03-21T00:00:00Z}
reported_at: 2026-03-15T02:10:00Z        # first human report
signals:                     # which way is better; a signal not listed keeps its known or discovered direction
  answer_correct: {better: higher}
  refusal: {better: lower}
controls: [format_valid]     # signals that the suspected changes cannot touch
fields:                      # which attributes carry each layer's version, beside the standard ones
  prompt: [app.prompt.hash]
  model: []
  retrieval: [app.index.version]
  router: [app.route]
  tools: [app.tools.schema]
  sampling: [gen_ai.request.temperature]
  judge: [gen_ai.evaluation.evaluator.version]
  deploy: [service.version]
segments: [tenant.id, cloud.region, app.task]
"""
CHANGE = """
- id: chg-003                        # given one if absent
  at: 2026-03-14T09:12:00Z           # when it took effect
  recorded_at: 2026-03-14T09:40:00Z  # when it was written down
  uncertainty: PT30M                 # how far off `at` may be
  kind: prompt_edit
  layer: prompt                      # follows from kind if absent
  component: support/system-prompt
  from: v11
  to: v12
  scope: {cloud.region: eu-west-1}   # where it applied; absent: everywhere
  rollout: [{at: 2026-03-14T09:12:00Z, percent: 10}, {at: 2026-03-15T09:00:00Z, percent: 100}]
  reverts: chg-001
  team: support-ai
  summary: shorten refund policy wording
  diff: |
    …
"""
EVAL_RUN = """
{"run_id": "r-101", "suite": "refunds-regression", "at": "2026-03-10T06:00:00Z", "judge": "gpt-5-mini@2026-02-01",
 "gating": true, "status": "completed", "prompt_version": "v11",
 "slices": [{"segment": {"app.task": "refund"}, "n": 40, "passed": 37}], "case_dates": ["2025-11-02", "2026-01-20"]}
"""
REPLAY = """
{"case_id": "t-77", "signal": "answer_correct", "score": 0, "config": {"prompt": "v12", "model": "m-2026-02", "retrieval": "idx-8"}, "run": 1}
"""
ENUMS = {
    "`outcome`": records.Outcome,
    "`shifts[].direction`": records.Direction,
    "`shifts[].moved`": records.Moved,
    "`ledger[].verdict`": records.Standing,
    "`evidence[].verdict`": records.Answer,
    "`guards[].finding`": records.Finding,
}


def generator():
    spec = importlib.util.spec_from_file_location("generate", SCHEMAS / "generate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def validator(name: str) -> Draft202012Validator:
    schema = json.loads((SCHEMAS / f"{name}.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema, format_checker=FormatChecker())


def plain(value):
    """What YAML read, as JSON has it: times are text."""
    return json.loads(json.dumps(value, default=lambda moment: moment.isoformat()))


def cells(table: str) -> list[list[str]]:
    return [[part.strip() for part in line.strip("|").split("|")] for line in table.strip().splitlines()[2:]]


def test_what_is_checked_in_is_what_the_records_say():
    made = generator()
    fresh = {name: made.text(schema) for name, schema in made.schemas().items()}
    there = {path.name: path.read_text(encoding="utf-8") for path in SCHEMAS.glob("*.json")}
    assert there == fresh, "run `make schema`"


@pytest.mark.parametrize(("field", "said"), cells(VALUES), ids=lambda text: text[:20])
def test_values_are_the_contract_s(field, said):
    ours = get_args(ENUMS[field])
    listed = [word for word in re.findall(r"`(\w+)`", said) if word != "no"]
    assert list(ours) == listed
    assert field in ENUMS


def test_kinds_and_layers_are_the_contract_s():
    told = {kind: layer.strip("`") for layer, kinds in cells(KINDS) for kind in re.findall(r"`(\w+)`", kinds)}
    assert dict(records.LAYER_OF_KIND) == told
    assert list(get_args(records.Layer)) == [layer.strip("`") for layer, _ in cells(KINDS)]
    assert {"judge", "eval", "telemetry"} == records.RULER_LAYERS


def test_the_contract_s_example_is_valid():
    text = EXAMPLE.replace('"…Z"', '"2026-03-14T09:12:00Z"').replace(
        '"numbers": {}', '"numbers": {"n": 12, "delta": -0.13}'
    )
    example = json.loads(text)
    assert not list(validator("investigation").iter_errors(example))
    assert records.Investigation.model_validate(example).ledger[0].candidate == "chg-003"


@pytest.mark.parametrize(
    "path",
    [
        (),
        ("shifts", 0),
        ("shifts", 0, "onset"),
        ("shifts", 0, "delta"),
        ("ledger", 0),
        ("ledger", 0, "evidence", 0),
        ("ledger", 0, "evidence", 0, "query"),
        ("guards", 0),
        ("problems", 0),
    ],
    ids=str,
)
def test_a_field_that_the_contract_has_cannot_be_missing(path):
    def at(value):
        for step in path:
            value = value[step]
        return value

    for name in at(json.loads(EXAMPLE)):
        example = json.loads(EXAMPLE)
        del at(example)[name]
        assert list(validator("investigation").iter_errors(example)), name


def test_fields_may_be_added_to_what_comes_out():
    example = {**json.loads(EXAMPLE), "one_more": 1}
    assert not list(validator("investigation").iter_errors(example))


@pytest.mark.parametrize(
    ("name", "text", "record", "keys"),
    [
        ("manifest", MANIFEST, Manifest, set(Manifest.model_fields) - {"columns", "redact", "prior"}),
        ("change", CHANGE, Change, CHANGE_KEYS),
        ("eval_run", EVAL_RUN, EvalRun, set(EvalRun.model_fields) - {"source", "reason"}),
        ("replay", REPLAY, Replay, set(Replay.model_fields) - {"source"}),
    ],
)
def test_what_goes_in_is_the_contract_s(name, text, record, keys):
    loaded = yaml.safe_load(text)
    value = loaded[0] if isinstance(loaded, list) else loaded
    assert set(value) == keys
    assert not list(validator(name).iter_errors(plain(value)))
    assert record.model_validate(value)
    assert list(validator(name).iter_errors({**plain(value), "no_such_key": 1}))


def test_only_at_and_kind_are_required_of_a_change():
    check = validator("change")
    assert not list(check.iter_errors({"at": "2026-03-14T09:12:00Z", "kind": "deploy", "to": 12}))
    assert list(check.iter_errors({"kind": "deploy"}))
    assert list(check.iter_errors({"at": "2026-03-14T09:12:00Z"}))
    assert list(check.iter_errors({"at": "2026-03-14T09:12:00Z", "kind": "deployment"}))


@pytest.mark.parametrize("folder", SAMPLES, ids=lambda path: path.name)
def test_the_samples_are_valid(folder):
    for path, name in ((folder / "incident.yaml", "manifest"), (folder / "changes.yaml", "change")):
        if path.exists():
            loaded = plain(yaml.safe_load(path.read_text(encoding="utf-8")))
            for value in loaded if isinstance(loaded, list) else [loaded]:
                assert not [error.message for error in validator(name).iter_errors(value)]
    if (folder / "evals.jsonl").exists():
        for line in (folder / "evals.jsonl").read_text(encoding="utf-8").splitlines():
            assert not [error.message for error in validator("eval_run").iter_errors(json.loads(line))]


def test_what_comes_out_is_valid_and_its_times_are_utc(made):
    found = json.loads(made.found)
    assert not [error.message for error in validator("investigation").iter_errors(found)]
    times = re.findall(r'"(\d{4}-\d\d-\d\dT[^"]*)"', made.found)
    assert times
    assert all(one.endswith("Z") for one in times)


@pytest.mark.parametrize(
    "path", sorted(ROOT.glob("sample_incidents/*/expected/*.json")), ids=lambda path: path.parts[-3]
)
def test_what_is_expected_of_the_samples_is_valid(path):
    found = json.loads(path.read_text(encoding="utf-8"))
    assert not [error.message for error in validator("investigation").iter_errors(found)]
