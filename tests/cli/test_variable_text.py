"""Values as variables: a shell that sources them gets exactly the value and runs nothing; `.env` parsers agree."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from dotenv import dotenv_values
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.command import Toriconfig
from toriconfig._core.printable import clean_lines
from toriconfig.cli._variable_text import env_text, is_env_name, is_shell_name, shell_assignment

SHELLS = [shell for shell in ("bash", "dash", "ksh", "zsh", "busybox") if shutil.which(shell)]
HOSTILE = [
    "it's $(touch X)", "`touch X`", "$HOME", "${HOME}", "${X:-$(touch X)}", "$((1+1))", "a'b\"c", "''", "'", '"', "\\", "a\\", "\\'",
    "'; touch X; '", '"; touch X; "', "a\nb", "a\n", "\n\n", "\n", "a\r\nb", "\r", "!!", "!touch", "a!b'", "#", " # x", "a #b", "~", "*",
    "a b", " a ", "\t", "\x1b[31mred\x1b[0m", "\x1b]0;title\x07", "\x7f", "\x9b31m", "\u202eevil", "\u2066x\u2069", "\u2028", "\ufeff",
    "é", "\U0001f600", "\U000e0041", "%s%n%", "%", "a%b\n", "-n", "-e", "-n\n", "-v X\n", "--\r", "-", "\\n", "\\x41\\101", "::error::x", "a\n::error::x", "##[error]x", "###vso[task.x]y", "\\##teamcity[x]",
    "\udcff", "a\udc80'\n", "=", "a=b", "export A=1", "&", "|", ";", "<", ">(touch X)", "$'a'", '$"a"', "", "null", "NULL", "X", "aX\n",
]  # fmt: skip


def sourced(shell: str, script: str, folder: Path, names: list[str]) -> dict[str, str]:
    """The variables that a child sees after the shell sourced the script; nothing may have been written."""
    folder /= "inner"
    folder.mkdir(exist_ok=True)
    (folder / "script").write_bytes(script.encode("utf-8", "surrogateescape"))
    command = [shell, "sh"] if shell == "busybox" else [shell]
    done = subprocess.run(
        [*command, "-c", ". ./script && env -0"],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": "/nonexistent"},
        capture_output=True,
        timeout=30,
        check=False,
    )
    assert (0, b"") == (done.returncode, done.stderr)
    assert {"script"} == {entry.name for entry in folder.iterdir()}
    told = dict(line.partition("=")[::2] for line in os.fsdecode(done.stdout).split("\0") if line)
    return {name: told[name] for name in names}


@pytest.mark.parametrize("ascii_alone", [False, True])
@pytest.mark.parametrize("shell", SHELLS)
def test_a_shell_gets_exactly_the_value_and_runs_nothing(shell: str, ascii_alone: bool, tmp_path: Path) -> None:
    lines = {f"V{at}": shell_assignment(f"V{at}", text, ascii=ascii_alone) for at, text in enumerate(HOSTILE)}
    said = {name: line for name, line in lines.items() if line is not None}
    found = sourced(shell, "".join(f"{line}\n" for line in said.values()), tmp_path, list(said))
    assert {name: HOSTILE[int(name[1:])] for name in said} == found
    assert {"null"} == {text for at, text in enumerate(HOSTILE) if lines[f"V{at}"] is None}


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.lists(st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=20), max_size=20)
)
def test_a_shell_gets_any_value(tmp_path: Path, values: list[str]) -> None:
    lines = {f"V{at}": shell_assignment(f"V{at}", text) for at, text in enumerate(values)}
    said = {name: line for name, line in lines.items() if line is not None}
    found = sourced("dash", "".join(f"{line}\n" for line in said.values()), tmp_path, list(said))
    assert {name: values[int(name[1:])] for name in said} == found


@pytest.mark.parametrize("text", HOSTILE)
def test_a_line_for_a_shell_is_one_line_that_may_be_printed(text: str) -> None:
    line = shell_assignment("V", text)
    if line is not None:
        assert clean_lines(line) == line and "\n" not in line


@pytest.mark.parametrize("text", ["=ls", ":=ls", "a:=ls"])
def test_text_that_zsh_expands_to_a_command_path_is_quoted(text: str) -> None:
    assert f"export V='{text}'" == shell_assignment("V", text)
    assert f"'{text}'" == env_text(text)


@pytest.mark.parametrize("text", ["a\0b", "\ud800"])
def test_a_value_that_no_variable_can_hold_is_not_written_for_a_shell(text: str) -> None:
    assert shell_assignment("V", text) is None


@pytest.mark.parametrize("shell", SHELLS)
def test_env_file_values_are_the_same_for_python_dotenv_and_a_shell(shell: str, tmp_path: Path) -> None:
    texts = {f"V{at}": env_text(text) for at, text in enumerate(HOSTILE)}
    said = {name: text for name, text in texts.items() if text is not None}
    file = "".join(f"{name}={text}\n" for name, text in said.items())
    wanted = {name: HOSTILE[int(name[1:])] for name in said}
    assert wanted == dotenv_values(stream=io.StringIO(file))
    assert wanted == sourced(shell, f"set -a\n{file}", tmp_path, list(said))
    assert len(said) > 25


@pytest.mark.parametrize(
    "text",
    [
        "a\0b",
        "\x1b[31m",
        "a\r",
        "\u202e",
        "\udcff",
        "\\",
        "it's $HOME",
        "'`x`",
        "${HOME}",
        "a\n::error::x",
        "##[error]x",
        "##vso[task.x]y",
    ],
)
def test_ambiguous_or_unprintable_values_are_not_written(text: str) -> None:
    said = env_text(text)
    if text != "\\":
        assert said is None
    else:
        assert '"\\\\"' == said


@pytest.mark.parametrize(
    "name", ["a b", "a=b", "a'b", "a$b", "a;b", "a\nb", "a\x1b", "a`b", "a&b", "a>b", "a(b", "a\\b", ""]
)
def test_text_with_more_than_a_name_is_not_a_name(name: str) -> None:
    assert not is_env_name(name)
    assert not is_shell_name(name)


@pytest.mark.parametrize("name", ["1a", "a.b", "a-b", "é", "a\u202e", "A\n"])
def test_a_name_for_a_shell_must_be_an_identifier(name: str) -> None:
    assert not is_shell_name(name)


APP = """
from pydantic import BaseModel, Field
from toriconfig import Secret, SettingsConfigDict
class App(BaseModel):
    model_config = SettingsConfigDict(config_name="app", env_prefix="APP_", env_nested_delimiter="__")
    motto: str = ""
    words: list[str] = []
    free: dict[str, int] = {}
    odd: str = Field("", validation_alias="o$(touch X)")
    key: Secret[str] | None = None
"""
HOSTILE_YAML = """
motto: "it's $(touch X) `touch X`\\n::error::x\\e[31m\\u202e"
words: ["$(touch X)", "'"]
free: {"$(touch X)": 1, "a\\n::error::b": 2}
o$(touch X): "$(touch X)"
key: ${vault:secret/a#b}
"""


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("style", ["shell", "env"])
@pytest.mark.parametrize("origins", [(), ("--origins",)])
def test_the_output_of_show_can_be_sourced_and_runs_nothing(
    origins: tuple[str, ...], style: str, shell: str, toriconfig: Toriconfig, tmp_path: Path
) -> None:
    (tmp_path / "app.py").write_text(APP)
    (tmp_path / "app.yaml").write_text(HOSTILE_YAML)
    shown = toriconfig("show", "--format", style, "--settings", "app:App", *origins)
    assert (0, "") == (shown.code, shown.err)
    assert clean_lines(shown.out) == shown.out
    names = ["APP_MOTTO", "APP_WORDS"] if style == "shell" else ["APP_WORDS"] * ("APP_WORDS=" in shown.out)
    found = sourced(shell, f"set -a\n{shown.out}", tmp_path, names)
    if style == "shell":
        assert "it's $(touch X) `touch X`\n::error::x\x1b[31m\u202e" == found["APP_MOTTO"]
        assert '["$(touch X)", "\'"]' == found["APP_WORDS"]


def test_a_key_that_is_no_name_of_a_shell_is_a_comment(toriconfig: Toriconfig, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(APP)
    (tmp_path / "app.yaml").write_text(HOSTILE_YAML)
    lines = toriconfig("show", "--format", "shell", "--settings", "app:App").out.splitlines()
    assert "# o$(touch X): no variable can set it" in lines
    assert "# APP_KEY: '${vault:secret/a#b}'" in lines


def test_the_shell_format_reads_back_to_the_same_settings(toriconfig: Toriconfig, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(APP)
    (tmp_path / "app.yaml").write_text('motto: "a\\nb\'$x"\nwords: [a, "b c"]\nfree: {x: 1}\n')
    before = toriconfig("show", "--settings", "app:App", "-f", "json").out
    script = toriconfig("show", "--settings", "app:App", "-f", "shell").out
    (tmp_path / "app.yaml").unlink()
    environ = sourced("dash", script, tmp_path, ["APP_MOTTO", "APP_WORDS", "APP_FREE"])
    assert before == toriconfig("show", "--settings", "app:App", "-f", "json", **environ).out
