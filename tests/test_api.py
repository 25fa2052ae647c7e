"""What is public is exported, documented and typed; nothing else is."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import subprocess
import sys

import pytest
from pydantic import BaseModel

import blameline
from blameline import errors, plugins, records

MODULES = sorted(
    name for _, name, _ in pkgutil.walk_packages(blameline.__path__, "blameline.") if not name.endswith("__main__")
)


def test_all_is_what_is_there():
    assert blameline.__all__ == sorted(blameline.__all__)
    assert set(blameline._HOMES) == set(blameline.__all__)
    assert set(dir(blameline)) == {*blameline.__all__, "__version__"}
    for name in blameline.__all__:
        assert getattr(blameline, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        blameline.nonsense  # noqa: B018


def test_the_version_is_the_distribution_s():
    from importlib.metadata import version  # noqa: PLC0415

    assert blameline.__version__ == version("blameline")


def test_every_error_is_exported_and_has_one_base():
    found = {name for name, value in vars(errors).items() if inspect.isclass(value) and issubclass(value, Exception)}
    assert found <= set(blameline.__all__)
    assert all(issubclass(getattr(blameline, name), blameline.BlamelineError) for name in found)
    assert str(errors.NotFound("no file", hint="look again")) == "no file (look again)"


def test_importing_the_package_loads_nothing_heavy():
    code = (
        "import sys, blameline\ndir(blameline)\nblameline.BlamelineError\n"
        "heavy = {'duckdb', 'numpy', 'pandas', 'pydantic', 'click'} & set(sys.modules)\n"
        "sys.exit(f'loaded {sorted(heavy)}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("module", MODULES)
def test_every_module_says_what_it_is_for(module):
    loaded = importlib.import_module(module)
    assert loaded.__doc__
    assert len(loaded.__doc__.split()) >= 4, "a sentence, not a label"


def _public(module):
    """Public classes and functions of a module, and the methods of the classes."""
    for name, value in vars(module).items():
        if name.startswith("_") or getattr(value, "__module__", None) != module.__name__:
            continue
        if inspect.isclass(value) or inspect.isfunction(value):
            yield name, value
        if inspect.isclass(value):
            for attribute, member in vars(value).items():
                function = member.fget if isinstance(member, property) else getattr(member, "func", member)
                function = getattr(function, "__func__", function)
                if inspect.isfunction(function) and not attribute.startswith("_"):
                    yield f"{name}.{attribute}", function


@pytest.mark.parametrize("module", MODULES)
def test_everything_public_has_a_docstring(module):
    assert not [name for name, value in _public(importlib.import_module(module)) if not value.__doc__]


@pytest.mark.parametrize("module", MODULES)
def test_everything_public_says_what_it_returns(module):
    untyped = [
        name
        for name, value in _public(importlib.import_module(module))
        if inspect.isfunction(value) and "return" not in value.__annotations__
    ]
    assert not untyped


def test_every_record_is_frozen_and_refuses_strangers():
    for name, value in vars(records).items():
        if inspect.isclass(value) and issubclass(value, BaseModel) and value.__module__ == records.__name__:
            assert value.model_config["frozen"], name
            assert value.model_config["extra"] == "forbid", name


@pytest.mark.parametrize("group", plugins.GROUPS)
def test_every_plug_in_can_be_made_and_is_called_what_it_is_registered_as(group):
    assert plugins.names(group)
    for name, made in zip(plugins.names(group), plugins.load_all(group), strict=True):
        assert made.name == name
        assert type(made).__doc__
