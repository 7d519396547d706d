"""A class may be annotated with one that is defined after it, and its variables are read with that class."""

from __future__ import annotations

import sys
import types
from typing import Any

import pytest

from toriconfig import load
from toriconfig.cli._env_example import env_example

TEXT = """
from typing import Optional
from pydantic import BaseModel
from toriconfig import Settings

class App(BaseModel):
    model_config = {"env_prefix": "A_", "env_nested_delimiter": "__"}
    pool: "Optional[Pool]" = None
    hosts: "list[Host]" = []

class Own(Settings):
    model_config = {"env_prefix": "A_", "env_nested_delimiter": "__"}
    pool: "Optional[Pool]" = None

class Pool(BaseModel):
    host: "Optional[Host]" = None
    size: int = 0

class Host(BaseModel):
    port: int = 0
"""


@pytest.fixture(name="defined")
def _defined(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    module = types.ModuleType("forward_app")
    monkeypatch.setitem(sys.modules, "forward_app", module)
    exec(TEXT, module.__dict__)
    return module.__dict__


def test_the_first_load_reads_variables_below_it(defined: dict[str, Any]) -> None:
    environ = {"A_POOL__SIZE": "1", "A_POOL__HOST__PORT": "2", "A_HOSTS__0__PORT": "3"}
    model = load(defined["App"], environ=environ)
    assert (1, 2, [3]) == (model.pool.size, model.pool.host.port, [host.port for host in model.hosts])


def test_json_in_a_variable_is_read_by_it(defined: dict[str, Any]) -> None:
    assert 2 == load(defined["App"], environ={"A_POOL__HOST": '{"port": 2}'}).pool.host.port


def test_a_settings_class_reads_variables_below_it(defined: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_POOL__HOST__PORT", "2")
    assert 2 == load(defined["Own"]).pool.host.port


def test_the_example_of_variables_names_those_below_it(defined: dict[str, Any]) -> None:
    assert "#A_POOL__HOST__PORT=" in env_example(defined["App"])
