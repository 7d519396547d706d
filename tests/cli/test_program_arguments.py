"""A settings class that reads the command line of its program ignores the arguments of toriconfig's own command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.command import Toriconfig

APP = """
from pydantic_settings import BaseSettings, CliPositionalArg
from toriconfig import Settings
class App(Settings, env_prefix="APP_", cli_parse_args=True):
    name: str = "n"
class Positional(App):
    file: CliPositionalArg[str]
class Theirs(BaseSettings, env_prefix="APP_", cli_parse_args=True):
    name: str = "n"
"""


@pytest.fixture(autouse=True)
def _app(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(APP)


@pytest.mark.parametrize("name", ["App", "Theirs"])
@pytest.mark.parametrize("command", [["show", "name"], ["explain", "name", "-o", "text"], ["check"], ["doctor"]])
def test_the_arguments_of_a_command_are_not_those_of_the_settings(
    name: str, command: list[str], toriconfig: Toriconfig
) -> None:
    done = toriconfig(*command, "--settings", f"app:{name}")
    assert done.code == 0, done.err
    assert "usage:" not in done.err


def test_an_argument_that_the_program_must_be_given_is_a_missing_key(toriconfig: Toriconfig) -> None:
    done = toriconfig("check", "--settings", "app:Positional")
    assert (1, "") == (done.code, done.err)
    assert "required key `file` is not set" in done.out


def test_an_argument_of_the_program_may_come_from_a_variable(toriconfig: Toriconfig) -> None:
    assert toriconfig("show", "file", "--settings", "app:Positional", APP_FILE="a.txt").out == "file: a.txt\n"
