"""`toriconfig show -f env`: each value under the nearest variable that can hold it, and none that reads back wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.command import Toriconfig, in_a_process

APP = """
from typing import Any
from pydantic import BaseModel, ConfigDict, Field
from toriconfig import Secret, SettingsConfigDict
class Host(BaseModel):
    model_config = ConfigDict(extra="allow")
    port: int = 1
    token: Secret[str] | None = None
class App(BaseModel):
    model_config = SettingsConfigDict(config_name="app", env_prefix="APP_", env_nested_delimiter="__")
    deep: dict[str, dict[str, int]] = {}
    hosts: dict[str, Host] = {}
    one: Host | None = Host()
    open: Any = 1
    name: str = "x"
    key: Secret[str] | None = None
    spaced: int = Field(3, validation_alias="spa ced")
"""


@pytest.fixture(autouse=True)
def _app(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(APP)


def shown(toriconfig: Toriconfig, said: str, key: str, tmp_path: Path) -> str:
    (tmp_path / "app.yaml").write_text(said)
    return toriconfig("show", key, "-f", "env", "--settings", "app:App").out.rstrip("\n")


@pytest.mark.parametrize(
    ("said", "key", "line"),
    [
        ("deep: {x: {y: 1}, z: {}}", "deep", """APP_DEEP='{"x": {"y": 1}, "z": {}}'"""),
        ("one: null", "one", "APP_ONE=null"),
        ("one: {more: 2}", "one.more", """APP_ONE='{"more": 2}'"""),
    ],
)
def test_a_value_without_its_own_variable_is_set_by_the_nearest_parent(
    said: str, key: str, line: str, toriconfig: Toriconfig, tmp_path: Path
) -> None:
    assert shown(toriconfig, said, key, tmp_path) == line
    by_file = toriconfig("show", "--settings", "app:App")
    (tmp_path / "app.yaml").unlink()
    (tmp_path / ".env").write_text(line)
    by_variable = toriconfig("show", "--settings", "app:App", "--env-file", ".env")
    assert by_file == by_variable


@pytest.mark.parametrize(
    ("said", "key", "line"),
    [
        (
            "hosts: {a: {token: '${vault:s/x#k}'}}",
            "hosts.a.token",
            """# APP_HOSTS: '{"a": {"token": "${vault:s/x#k}"}}'""",
        ),
        ("hosts: {a: {token: s3cr3t}}", "hosts", "# APP_HOSTS: **********"),
        ("open: {a: 1}", "open", "# APP_OPEN: no variable can hold it"),
        ("open: null", "open", "# APP_OPEN: no variable can hold it"),
        ("key: null", "key", "# APP_KEY: no variable can hold it"),
        ("", '"spa ced"', "# spa ced: no variable can set it"),
    ],
)
def test_a_value_that_would_read_back_differently_is_a_comment(
    said: str, key: str, line: str, toriconfig: Toriconfig, tmp_path: Path
) -> None:
    assert shown(toriconfig, said, key, tmp_path) == line


def test_in_ascii_output_json_is_escaped_and_text_is_a_comment(tmp_path: Path) -> None:
    (tmp_path / "app.yaml").write_text("deep: {é: {漢: 1}}\nname: é\n", encoding="utf-8")
    shown = in_a_process(
        "show", "-f", "env", "--settings", "app:App", cwd=tmp_path, environ={"PYTHONIOENCODING": "ascii"}
    )
    assert "# APP_NAME: no variable can hold it in ASCII\n" in shown.out
    (tmp_path / "app.yaml").unlink()
    (tmp_path / ".env").write_text(shown.out, encoding="ascii")
    again = in_a_process("show", "deep", "--settings", "app:App", "--env-file", ".env", cwd=tmp_path)
    assert again.out == 'deep:\n  "é":\n    "漢": 1\n'
