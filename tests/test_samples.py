"""The sample incidents are what their recipes deal, small enough to ship, and told about."""

import gzip
import importlib.util
import json
import sys
from pathlib import Path

import pytest
import yaml
import zstandard

from blameline.records import Change, EvalRun, Manifest

SAMPLES = Path(__file__).parents[1] / "sample_incidents"
_spec = importlib.util.spec_from_file_location("sample_recipes", SAMPLES / "build.py")
recipes = importlib.util.module_from_spec(_spec)
sys.modules[_spec.name] = recipes  # dataclasses look their module up
_spec.loader.exec_module(recipes)

OUTCOMES = {
    "staged-prompt-edit": "attributed",
    "embedder-rebuild": "attributed",
    "silent-provider-alias": "attributed",
    "judge-upgrade": "ruler",
    "quiet-fortnight": "no_shift",
    "same-minute-pair": "tied",
}
REAL_NAMES = (b"gpt-", b"claude", b"gemini", b"llama", b"mistral")
everyone = pytest.mark.parametrize("name", sorted(OUTCOMES))


def contents(path: Path) -> bytes:
    """What a file says: compressors may differ from version to version, rows may not."""
    raw = path.read_bytes()
    if path.suffix == ".gz":
        return gzip.decompress(raw)
    return zstandard.ZstdDecompressor().decompressobj().decompress(raw) if path.suffix == ".zst" else raw


def size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def test_every_folder_has_a_recipe_and_every_recipe_a_folder():
    folders = {path.name for path in SAMPLES.iterdir() if path.is_dir() and not path.name.startswith(("_", "."))}
    assert folders == set(recipes.RECIPES) == set(OUTCOMES)


@everyone
def test_the_recipe_deals_the_same_rows_again(name, tmp_path):
    recipes.build(name, tmp_path)
    dealt = {path.name for path in tmp_path.iterdir()}
    assert dealt | {"README.md", "expected"} == {path.name for path in (SAMPLES / name).iterdir()}
    for file in sorted(dealt):
        assert contents(tmp_path / file) == contents(SAMPLES / name / file), file


def test_the_samples_are_small():
    assert all(size(SAMPLES / name) < 1_500_000 for name in OUTCOMES)
    assert size(SAMPLES / "staged-prompt-edit") < 1_200_000
    assert sum(size(SAMPLES / name) for name in OUTCOMES) < 7_000_000


@everyone
def test_what_the_folder_holds_is_what_the_contract_reads(name):
    folder = SAMPLES / name
    Manifest.model_validate(yaml.safe_load((folder / "incident.yaml").read_text()))
    ids = {Change.model_validate(change).id for change in yaml.safe_load((folder / "changes.yaml").read_text())}
    for line in (folder / "evals.jsonl").read_text().splitlines():
        EvalRun.model_validate_json(line)
    truth = json.loads((folder / "truth.json").read_text())
    assert truth["outcome"] == OUTCOMES[name]
    assert truth["identifiable"] == (OUTCOMES[name] != "tied")
    elsewhere = "".join(path.read_text() for path in folder.glob("*.gitlog.txt"))
    for key in truth["guilty"] + truth["tied_with"]:
        assert key in ids or key.startswith("undeclared:") or key.removeprefix("git-") in elsewhere


@everyone
def test_no_real_model_is_blamed(name):
    for path in filter(Path.is_file, (SAMPLES / name).iterdir()):
        text = contents(path).lower()
        assert not [real for real in REAL_NAMES if real in text], path.name


@everyone
def test_each_story_is_told_in_a_page(name):
    story = (SAMPLES / name / "README.md").read_text()
    assert 30 <= len(story.splitlines()) <= 62
    assert "Synthetic." in story
    assert "## The blame auction" in story
    assert "## What an honest tool says" in story
