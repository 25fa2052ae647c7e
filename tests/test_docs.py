"""The README is run: its console and Python blocks in order, in one folder, with what it says they print.

``…`` in an expected output stands for anything, also for lines.
"""

from __future__ import annotations

import ast
import doctest
import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import get_args

import jsonschema
import pytest
import yaml
from markdown_it import MarkdownIt

from blameline import errors, plugins, records
from blameline.cells.facts import MOST_READ
from blameline.cells.known import known
from blameline.cells.roles import STANDARD
from blameline.cli import main
from blameline.sources.table import USUAL

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
FENCES = [(token.info.strip(), token.content) for token in MarkdownIt().parse(README) if token.type == "fence"]
SHAPES = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def commands(block: str) -> list[tuple[str, str]]:
    """Each command of a console block, and what it is said to print."""
    parts = re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]
    return [(command, output) for command, _, output in (part.partition("\n") for part in parts)]


def table(head: str) -> list[str]:
    """The first column of the table whose heading row begins like this, without its backquotes."""
    rows = README.partition(f"| {head} |")[2].partition("\n\n")[0].splitlines()[2:]
    return [row.split("|")[1].strip().strip("`") for row in rows]


@pytest.mark.xdist_group("readme")
def test_the_readme_runs(tmp_path):
    (tmp_path / "sample_incidents").symlink_to(ROOT / "sample_incidents")
    there = tmp_path / "bin"
    there.mkdir()
    (there / "incident").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m blameline "$@"\n')
    (there / "incident").chmod(0o755)
    env = {**os.environ, "PATH": f"{there}{os.pathsep}{os.environ['PATH']}"}
    ran = 0
    for kind, block in FENCES:
        if kind == "console":
            assert commands(block)
            for command, wanted in commands(block):
                done = subprocess.run(  # noqa: S602  what a reader would type
                    command,
                    shell=True,
                    cwd=tmp_path,
                    env=env,
                    capture_output=True,
                    text=True,
                    check=False,
                    stdin=subprocess.DEVNULL,
                )
                assert done.returncode == 0, f"{command}\n{done.stderr}"
                same = doctest.OutputChecker().check_output(wanted.replace("…", "..."), done.stdout, SHAPES)
                assert same or not wanted.strip(), f"$ {command}\n{done.stdout}\nbut the README says\n{wanted}"
                ran += 1
        elif kind == "python":
            done = subprocess.run(
                [sys.executable, "-W", "error", "-"],
                input=block,
                cwd=tmp_path,
                env=env,
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, f"{block}\n{done.stderr}"
            ran += 1
    assert ran >= 12
    assert (tmp_path / "postmortem.md").read_text(encoding="utf-8").startswith("---\n")


def test_every_block_is_of_a_kind_that_somebody_checks():
    assert {kind for kind, _ in FENCES} <= {"console", "python", "yaml", "toml", "sh", "text"}


def test_yaml_and_toml_blocks_are_what_they_say():
    schema = json.loads((ROOT / "schemas" / "manifest.schema.json").read_text(encoding="utf-8"))
    contract = json.loads((ROOT / "schemas" / "contract.schema.json").read_text(encoding="utf-8"))
    for kind, block in FENCES:
        if kind == "yaml":
            value = json.loads(json.dumps(yaml.safe_load(block), default=lambda moment: moment.isoformat()))
            if "contracts" in value:
                for one in value["contracts"]:
                    jsonschema.validate(one, contract)
                    assert records.Contract.model_validate(one)
                continue
            jsonschema.validate(value, schema)
            assert set(value["columns"]) == {*USUAL, "scores"}
        if kind == "toml":
            assert tomllib.loads(block)


@pytest.mark.parametrize(
    "target", [line.split()[1] for kind, block in FENCES if kind == "sh" for line in block.splitlines()]
)
def test_make_has_the_targets_that_are_named(target):
    assert re.search(rf"^{target}:.*##", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)


def test_every_other_target_that_is_named_is_there():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"`make ([a-z-]+)`", README):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


METHODS = {"contract": "learn_contracts", "replay": "plan_replay"}
"""Verbs that have verbs of their own, and so no method under their name."""


@pytest.mark.parametrize("verb", sorted(main.commands))
def test_every_verb_is_shown_in_the_shell_and_in_python(verb):
    shell = "".join(block for kind, block in FENCES if kind == "console")
    python = "".join(block for kind, block in FENCES if kind == "python")
    assert f"$ incident {verb}" in shell
    assert verb in {"demo", "plugins"} or f"case.{METHODS.get(verb, verb)}(" in python


@pytest.mark.parametrize("group", plugins.GROUPS)
def test_every_plug_in_is_named(group):
    assert f"`{group}`" in README
    for point in plugins.installed(group):
        if point.dist and point.dist.name == "blameline":
            assert f"`{point.name}`" in README, point.name


def test_checks_are_told_by_the_questions_that_they_ask():
    for check in plugins.load_all("blameline.checks"):
        assert f"| `{check.name}` | {check.asks} |" in README
    assert sorted(table("check")) == sorted(plugins.names("blameline.checks"))


@pytest.mark.parametrize(
    ("head", "values"),
    [
        ("outcome", records.Outcome),
        ("verdict", records.Standing),
        ("guard", records.Finding),
        ("kind", records.ContractKind),
        ("contract", records.Keeping),
    ],
)
def test_every_word_of_the_contract_is_explained(head, values):
    assert sorted(table(head)) == sorted(get_args(values))


def test_sources_are_in_the_table():
    assert sorted(table("read as")) == sorted(plugins.names("blameline.sources"))


def test_known_attributes_are_listed():
    for layer, attribute in STANDARD:
        row = next(line for line in README.splitlines() if line.startswith(f"| {layer} |"))
        assert f"`{attribute}`" in row


def test_every_signal_stands_in_its_family() -> None:
    for name, one in known().items():
        row = next(line for line in README.splitlines() if line.startswith(f"| {one.family} |") and f"`{name}`" in line)
        assert f"`{name}`" in row.split("|")[2 if one.part == "signal" else 3], name


def test_every_error_table_template_and_runbook_is_named():
    for name, value in vars(errors).items():
        if isinstance(value, type) and issubclass(value, Exception):
            assert f"`{name}`" in README
    schema = (ROOT / "src" / "blameline" / "sql" / "schema.sql").read_text(encoding="utf-8")
    for name in re.findall(r"CREATE TABLE IF NOT EXISTS (\w+)", schema):
        assert f"`{name}`" in README.partition("The case file's tables")[2], name
    for path in (ROOT / "runbooks").glob("*.md"):
        assert f"`{path.stem}`" in README, path.stem


@pytest.mark.parametrize("page", ["README.md", "CHANGELOG.md"])
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)]+)\)", (ROOT / page).read_text(encoding="utf-8")):
        assert target.startswith("https://") or (ROOT / target.partition("#")[0]).exists(), target


def test_the_changelog_begins_with_this_version():
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    first = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert first is not None
    assert first.group(1) == version


def test_the_limits_are_the_code_s():
    """Figures that the README states, against the constants that make them true."""
    from blameline import coverage  # noqa: PLC0415
    from blameline.case import finding  # noqa: PLC0415
    from blameline.evidence import verdicts  # noqa: PLC0415

    assert (verdicts.SUPPORTED, verdicts.EXCLUDED) == (0.9, 0.02)
    assert "9 in 10" in README
    assert "1 in 50" in README
    assert finding.FEWEST == 100
    assert "Under 100 measurements" in README
    assert f"{MOST_READ:,} requests" in README
    assert coverage.STALE.days == 180
    assert "half a year" in README


@pytest.mark.parametrize("path", sorted((ROOT / "runbooks").glob("*.md")), ids=lambda path: path.stem)
def test_runbook_blocks_are_understood(path):
    """Commands of a runbook name verbs and options that exist; its Python can be read."""
    for token in MarkdownIt().parse(path.read_text(encoding="utf-8")):
        if token.type != "fence":
            continue
        if token.info.strip() == "python":
            ast.parse(token.content)
        for line in whole(token.content):
            verb, *rest = shlex.split(line.removeprefix("$ "), comments=True)[1:]
            assert main.commands[verb].make_context(verb, rest, resilient_parsing=True)


def whole(block: str) -> list[str]:
    """The calls of ``incident`` in a block, those that go over several lines put together."""
    found: list[str] = []
    open_call = ""
    for line in block.splitlines():
        open_call = f"{open_call}\n{line}" if open_call else line
        quoted = len(re.findall(r'(?<!\\)"', open_call)) % 2 or open_call.endswith("\\")
        if quoted and open_call.removeprefix("$ ").startswith("incident "):
            continue
        if open_call.removeprefix("$ ").startswith("incident "):
            found.append(open_call)
        open_call = ""
    return found
