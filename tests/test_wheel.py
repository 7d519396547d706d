"""The wheel of users, as it is built from the checkout."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from support.installed import CORE

HOUSE = Path(__file__).parent.parent


@pytest.fixture(scope="module", name="wheel")
def _wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(HOUSE)]
    subprocess.run(command, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    return wheel


def test_the_wheel_holds_the_package_its_types_and_its_schemas_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {"toriconfig/__init__.py", "toriconfig/py.typed", "toriconfig/schemas/README.md"} <= set(names)
    rooms = {name for name in names if name.startswith("toriconfig/") and name.endswith(".py")}
    assert rooms == {str(file.relative_to(HOUSE)) for file in HOUSE.glob("toriconfig/**/*.py")}
    schemas = {name.removeprefix("toriconfig/") for name in names if name.startswith("toriconfig/schemas/")}
    assert schemas == {str(file.relative_to(HOUSE)) for file in HOUSE.glob("schemas/*")}
    assert {name.split("/")[0].partition("-")[0] for name in names} == {"toriconfig"}


def test_the_package_imports_from_the_wheel_alone(wheel: Path) -> None:
    program = "import toriconfig, toriconfig.testing; print(toriconfig.__file__)"
    command = [sys.executable, "-P", "-c", program]
    shown = subprocess.run(command, env={"PYTHONPATH": str(wheel)}, check=True, capture_output=True, text=True).stdout
    assert shown.startswith(str(wheel))


def test_the_wheel_requires_the_core_dependencies_and_the_rest_in_extras(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith("METADATA")]
        metadata = archive.read(name).decode()
    found = [Requirement(line) for line in re.findall(r"^Requires-Dist: (.*)$", metadata, re.MULTILINE)]
    assert CORE == {
        canonicalize_name(one.name) for one in found if one.marker is None or "extra" not in str(one.marker)
    }


def test_the_command_is_named_toriconfig_and_pytest_finds_the_plug_in(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith("entry_points.txt")]
        points = archive.read(name).decode()
    assert "toriconfig = toriconfig.cli:main" in points
    assert "[pytest11]\ntoriconfig.testing.plugin = toriconfig.testing.plugin" in points
