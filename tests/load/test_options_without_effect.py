"""A warning for an option that changes the reading of an input, if no option names such an input."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from support.loading import attempt
from toriconfig import Settings, SettingsConfigDict, load
from toriconfig.testing import reset_warnings


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    reset_warnings()


class App(BaseModel):
    n: int = 0


def warned(**options: Any) -> list[str]:
    return [one.message for one in attempt(App, **options).problems if one.code == "TC504"]


@pytest.mark.parametrize(
    ("options", "needed"),
    [
        ({"pyproject_toml_table_header": ("tool", "app")}, "config_files"),
        ({"toml_table_header": ("app",)}, "config_name"),
        ({"config_dir": "conf"}, "config_name"),
        ({"extension_keys": True}, "config_name"),
        ({"env_nested_delimiter": "__"}, "env_prefix"),
        ({"case_sensitive": True}, "env_prefix"),
        ({"env_ignore_empty": True}, "env_prefix"),
        ({"file_suffix": "_FILE", "secrets_dir": "."}, "env_prefix"),
        ({"env_file_encoding": "latin-1", "env_prefix": ""}, "env_file"),
        ({"secrets_prefix": "app_", "env_prefix": ""}, "secrets_dir"),
    ],
    ids=str,
)
def test_an_option_without_its_input_causes_a_warning_with_its_name(options: dict[str, Any], needed: str) -> None:
    name = next(iter(options))
    assert [f"`{name}` has no effect without `{needed}`"] == warned(**options)


@pytest.mark.parametrize(
    "options",
    [
        {"env_nested_delimiter": "__", "env_prefix": ""},
        {"env_nested_delimiter": "__", "secrets_dir": "."},
        {"case_sensitive": True, "env_file": ".env"},
        {"secrets_dir_missing": "ok", "secrets_dir": None},
        {"env_file_encoding": "utf-8", "env_file": None},
        {"config_dir": ".", "config_name": "app"},
        {"config_dir": ".", "yaml_file": "app.yaml"},
        {"toml_table_header": ("app",), "config_name": "app"},
        {"env_ignore_empty": False},
    ],
    ids=str,
)
def test_an_option_with_its_input_causes_no_warning(options: dict[str, Any]) -> None:
    assert not warned(**options)


def test_a_header_for_pyproject_causes_a_warning_if_another_file_is_read() -> None:
    Path("app.toml").write_text("n = 1\n")
    header = {"pyproject_toml_table_header": ("tool", "app")}
    assert warned(config_files=["app.toml"], **header)
    Path("pyproject.toml").write_text("[tool.app]\nn = 1\n")
    assert not warned(config_files=["app.toml", "pyproject.toml"], **header)


def test_files_that_a_variable_names_are_an_input() -> None:
    Path("app.yaml").write_text("x-a: 1\n")
    assert not warned(extension_keys=True, env_prefix="A_", environ={"A_CONFIG_FILE": "app.yaml"})


def test_a_settings_class_reads_by_the_rules_of_pydantic_settings() -> None:
    class Own(Settings):
        model_config = SettingsConfigDict(env_file_encoding="utf-8", pyproject_toml_table_header=("tool", "app"))
        n: int = 0

    assert not [one for one in attempt(Own).problems if one.code == "TC504"]


def test_two_options_of_one_class_are_both_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "toriconfig"):
        load(App, environ={}, case_sensitive=True, config_dir="conf")
    assert ["case_sensitive", "config_dir"] == sorted(
        name for text in caplog.messages for name in ("config_dir", "case_sensitive") if f"`{name}` has no" in text
    )
