"""Each example in a docstring runs by itself, and has the result that it shows."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path

import pytest

import toriconfig

PACKAGE = Path(toriconfig.__file__).parent
MODULES = [
    ".".join(file.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")
    for file in sorted(PACKAGE.rglob("*.py"))
    if "    >>> " in file.read_text("utf-8")
]


@pytest.mark.parametrize("module", MODULES)
def test_examples_in_docstrings_have_the_results_that_they_show(
    module: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert 0 == doctest.testmod(importlib.import_module(module)).failed


def test_the_examples_of_loading_are_among_those_that_run() -> None:
    assert {"toriconfig._api", "toriconfig.testing._fake_backend"} <= set(MODULES)
