"""The exports of toriconfig.pipeline, and the cost of its import."""

from __future__ import annotations

import subprocess
import sys
from types import ModuleType

import pytest

import toriconfig.pipeline


def _imported_by(code: str) -> set[str]:
    program = f"import sys\nbefore = set(sys.modules)\n{code}\nprint(*(set(sys.modules) - before))"
    command = [sys.executable, "-S", "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    return set(done.stdout.split())


def test_every_name_in_all_exists_is_documented_and_is_no_module() -> None:
    for name in toriconfig.pipeline.__all__:
        thing = getattr(toriconfig.pipeline, name)
        assert thing.__doc__
        assert not isinstance(thing, ModuleType)
        assert name in dir(toriconfig.pipeline)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="nonsense"):
        toriconfig.pipeline.nonsense  # noqa: B018 - the reading is the test


def test_importing_the_package_imports_nothing_else() -> None:
    loaded = _imported_by("import toriconfig.pipeline")
    assert not loaded & {"typing", "threading", "functools", "logging", "dataclasses", "asyncio", "re"}


@pytest.mark.parametrize(
    ("name", "without"),
    [
        ("ProgressTracker", {"asyncio", "logging", "tqdm"}),
        ("track", {"asyncio", "logging", "tqdm"}),
        ("get_logger", {"asyncio", "json", "ahocorasick_rs"}),
        ("run_sync", {"json", "ahocorasick_rs"}),
    ],
)
def test_each_name_imports_only_its_needs_and_starts_no_thread(name: str, without: set[str]) -> None:
    loaded = _imported_by(
        f"from toriconfig.pipeline import {name}\nimport _thread\nassert _thread._count() == 0, 'a thread was started'"
    )
    assert not loaded & without


def test_the_helpers_import_nothing_of_settings() -> None:
    loaded = _imported_by("from toriconfig.pipeline import *")
    ours = {name for name in loaded if name.startswith("toriconfig")}
    assert ours - {"toriconfig", "toriconfig._core", "toriconfig._core.clean_call", "toriconfig._core.printable"} == {
        name for name in ours if name.startswith("toriconfig.pipeline")
    }
