"""pydantic-settings is imported only by programs that use `Settings`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

READ_A_MODEL = """
import sys
from pydantic import BaseModel
from toriconfig import SettingsConfigDict, Secret, lazy, load
class Model(BaseModel):
    model_config = SettingsConfigDict(env_prefix="APP_", config_name="app")
    port: int = 1
    token: Secret[str] | None = None
assert load(Model, environ={"APP_PORT": "2"}).port == 2
assert lazy(Model).port == 1
"""


def run(code: str, folder: Path) -> str:
    """Output of a new process."""
    setup = f"import sys; sys.path.insert(0, {str(ROOT)!r})\n"
    done = subprocess.run(
        [sys.executable, "-c", setup + code], cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_reading_a_model_does_not_import_pydantic_settings(tmp_path: Path) -> None:
    told = run(
        READ_A_MODEL + "print([m for m in ('pydantic_settings', 'asyncio', 'hvac') if m in sys.modules])", tmp_path
    )
    assert told == "[]"


@pytest.mark.parametrize("first", ["Settings", "settings"])
def test_settings_and_the_class_can_be_imported_in_either_order(first: str, tmp_path: Path) -> None:
    second = "settings" if first == "Settings" else "Settings"
    code = f"from toriconfig import {first}\nfrom toriconfig import {second}\nimport toriconfig\n"
    code += "print(settings.chunking.size, Settings.__name__, toriconfig.settings is settings)"
    assert run(code, tmp_path) == "800 Settings True"


def test_a_successful_load_imports_nothing_that_only_errors_need(tmp_path: Path) -> None:
    (tmp_path / "app.yaml").write_text("port: 3\n")
    code = """
from toriconfig import Settings, SettingsConfigDict
class S(Settings):
    model_config = SettingsConfigDict(config_name="app", env_prefix="APP_")
    port: int = 1
assert S().port == 3
print([m for m in ('_render', '_masking.frames', '_masking.excerpts', '_pydantic_settings.errors', '_vault') if f'toriconfig.{m}' in sys.modules])
"""
    assert run("import sys\n" + code, tmp_path) == "[]"
