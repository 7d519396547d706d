"""The class, files and profiles that `check` uses, and its message if there are no files."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from support.command import Toriconfig

HOOKS: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parents[2] / ".pre-commit-hooks.yaml").read_text())
APP = """
from pydantic import BaseModel
from toriconfig import SettingsConfigDict
class App(BaseModel):
    model_config = SettingsConfigDict(config_name="config/app", env_prefix="APP_")
    size: int = 1
    name: str
"""


@pytest.fixture(name="unnamed")
def _unnamed(toriconfig: Toriconfig, tmp_path: Path) -> Toriconfig:
    """The command without a named settings class."""
    (tmp_path / "pyproject.toml").unlink()
    return toriconfig


@pytest.fixture(name="app")
def _app(toriconfig: Toriconfig, tmp_path: Path) -> Toriconfig:
    """The command with the settings class App."""
    (tmp_path / "app_of_test.py").write_text(APP)
    (tmp_path / "pyproject.toml").write_text('[tool.toriconfig]\nsettings = "app_of_test:App"\n')
    (tmp_path / "config").mkdir()
    return toriconfig


@pytest.mark.parametrize("arguments", [(), ("app.yaml",), (".",), ("-",), ("--fix",), ("--all-profiles",)], ids=str)
def test_without_a_class_and_without_tori_yaml_nothing_is_judged(
    unnamed: Toriconfig, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    (tmp_path / "app.yaml").write_text("{}")
    result = unnamed("check", *arguments)
    assert (2, "") == (result.code, result.out)
    assert "no settings class is named" in result.err
    assert "--settings module:Class" in result.err
    assert "[tool.toriconfig]" in result.err


@pytest.mark.parametrize("name", ["tori.yaml", "tori.prod.yml", "tori.local.json"])
def test_tori_yaml_is_judged_without_a_class(unnamed: Toriconfig, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text('{"chunking": {"size": 500}}')
    assert [0, 0] == [unnamed("check").code, unnamed("check", name).code]
    (tmp_path / name).write_text('{"chunking": {"size": "many"}}')
    assert 1 == unnamed("check", name).code


def test_the_folder_that_is_named_counts(unnamed: Toriconfig, tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config/tori.yaml").write_text("{}")
    assert [2, 0] == [unnamed("check").code, unnamed("check", "--config-dir", "config").code]


@pytest.mark.parametrize(
    "hook", [hook for hook in HOOKS if hook.get("pass_filenames", True)], ids=lambda hook: hook["id"]
)
def test_a_hook_without_files_checks_only_the_files_of_the_class(
    app: Toriconfig, tmp_path: Path, hook: dict[str, Any]
) -> None:
    others = [
        ".github/workflows/ci.yml",
        ".pre-commit-config.yaml",
        "docker-compose.yml",
        "package.json",
        "config/other.yaml",
        "schemas/app.schema.json",
    ]
    for name in (*others, "config/app.yaml", "config/app.prod.yaml"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("{}" if name.startswith("config/app") else '{"on": [1]}')
    given = [
        name for name in (*others, "config/app.yaml", "config/app.prod.yaml") if not re.search(hook["exclude"], name)
    ]
    assert not {*others[:2]} & {*given}
    entry = hook["entry"].split()[1:]
    assert (0, "") == app(*entry, *given)[:2]
    (tmp_path / "config/app.prod.yaml").write_text("size: many")
    assert 1 == app(*entry, *given).code


def test_a_class_that_names_no_file_excludes_none(app: Toriconfig, tmp_path: Path) -> None:
    (tmp_path / "app_of_test.py").write_text(APP.replace('config_name="config/app", ', ""))
    (tmp_path / "any.yaml").write_text("size: many")
    assert 1 == app("check", "--only-named", "any.yaml").code


def test_every_profile_is_judged_as_a_whole(app: Toriconfig, tmp_path: Path) -> None:
    (tmp_path / "config/app.yaml").write_text("size: 2\n")
    (tmp_path / "config/app.prod.yaml").write_text("name: prod\n")
    (tmp_path / "config/app.local.yaml").write_text("{}\n")
    assert (0, "") == app("check", "--all-profiles")[:2]
    (tmp_path / "config/app.dev.yaml").write_text("size: 3\n")
    result = app("check", "--all-profiles", "-o", "concise")
    assert 1 == result.code
    assert [True] == ["required key `name` is missing" in line or "`name`" in line for line in result.out.splitlines()]
    assert "(profile dev)" in result.out
    (tmp_path / "config/app.yaml").write_text("size: many\n")
    result = app("check", "--all-profiles", "-o", "concise")
    assert 1 == sum("config/app.yaml:1:7" in line for line in result.out.splitlines()), (
        "what is wrong in all is told once"
    )
    (tmp_path / "config/app.local.yaml").write_text("nmae: x\n")
    assert "nmae" in app("check", "--all-profiles").out
    assert "nmae" not in app("check", "--all-profiles", "--no-local").out


def test_all_profiles_and_one_profile_exclude_each_other(app: Toriconfig) -> None:
    assert [2, 2] == [
        app("check", "--all-profiles", "--profile", "prod").code,
        app("check", "--all-profiles", "config/app.yaml").code,
    ]


def test_a_check_without_any_file_names_the_searched_paths(app: Toriconfig, tmp_path: Path) -> None:
    result = app("check", APP_NAME="n")
    assert (0, "") == result[:2]
    assert f"hint: no settings file was found; looked for {tmp_path / 'config/app'} (.yaml" in result.err
    (tmp_path / "config/app.yaml").write_text("name: n\n")
    assert "hint" not in app("check").err


@pytest.mark.parametrize("command", ["check", "show", "explain size", "policy"])
def test_a_profile_that_does_not_exist_is_an_error_of_every_command(
    app: Toriconfig, tmp_path: Path, command: str
) -> None:
    (tmp_path / "config/app.yaml").write_text("name: n\n")
    result = app(*command.split(), "--profile", "prdo")
    assert result.code in (1, 2)
    assert "the profile `prdo` has no file" in result.out + result.err


def test_local_files_can_be_left_out_of_every_command(app: Toriconfig, tmp_path: Path) -> None:
    (tmp_path / "config/app.yaml").write_text("name: base\n")
    (tmp_path / "config/app.local.yaml").write_text("name: local\n")
    assert ["name: local", "name: base"] == [
        next(line for line in app("show", *more).out.splitlines() if line.startswith("name"))
        for more in ((), ("--no-local",))
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[tool.toriconfig]\nsetting = "app_of_test:App"\n', "has `setting`; did you mean `settings`?"),
        ('[tool.toriconfig]\nSettings = "app_of_test:App"\n', "has `Settings`; did you mean `settings`?"),
        ('[tool.toriconfg]\nsettings = "app_of_test:App"\n', "[tool.toriconfg]; did you mean [tool.toriconfig]?"),
        ('[tool]\ntoriconfig = "app_of_test:App"\n', "[tool.toriconfig] must be a table"),
    ],
)
def test_a_misspelt_name_of_the_class_in_pyproject_is_refused(
    unnamed: Toriconfig, tmp_path: Path, text: str, says: str
) -> None:
    (tmp_path / "tori.yaml").write_text("{}\n")
    (tmp_path / "pyproject.toml").write_text(text)
    result = unnamed("check")
    assert (2, True) == (result.code, says in result.err), result


def test_tables_of_other_tools_are_ignored(unnamed: Toriconfig, tmp_path: Path) -> None:
    (tmp_path / "tori.yaml").write_text("{}\n")
    (tmp_path / "pyproject.toml").write_text('[tool.config]\nsettings = 1\n[tool.monoconfig]\nsettings = "x"\n')
    assert "did you mean" not in unnamed("check").err


def test_a_pyproject_with_a_byte_order_mark_names_the_class(app: Toriconfig, tmp_path: Path) -> None:
    file = tmp_path / "pyproject.toml"
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes().replace(b"\n", b"\r\n"))
    assert "cannot be read" not in app("check").err
