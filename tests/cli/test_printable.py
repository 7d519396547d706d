"""Printed text of any origin steers no terminal, forges no line and gives no command to a CI system."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import pytest

import toriconfig as package
from support.command import Toriconfig
from toriconfig import ConfigError, Origin, Problem, SecretError, VaultDenied
from toriconfig._core.printable import clean, clean_json, clean_lines
from toriconfig._secrets.file import FileProvider
from toriconfig._vault.http.response import Answer

EVIL = "a\n::error::b\r\x1b[31mc\u202ed\x9be##[error]f\udcffg\u2028h\x07##vso[task.x]##teamcity[x]"
"""Everything at once, also as the name of a file."""
NAMES = {
    "everything": EVIL + ".yaml",
    "a workflow command": "::error::x.yaml",
    "an old workflow command": "##[error]x.yaml",
    "a command of Azure": "##vso[task.setvariable variable=PATH]x.yaml",
    "a command of TeamCity": "###teamcity[x].yaml",
    "a second line": "x\n::error file=y::z\n.yaml",
    "percent escapes": "%0A::error::x%0D.yaml",
    "properties": "x,line=1::y:.yaml",
    "a title for the terminal": "\x1b]0;x\x07.yaml",
    "right to left": "\u202elmay.evil\u2066.yaml",
}
FORMATS = ["text", "concise", "json", "github", "sarif"]
CONTENT = (
    'unknown: 1\n"a\\n::error::b\\e[31m": 1\n"\\u202e##[error]": 1\n"##vso[x]": 1\nchunking: {size: "\\n::error::x\\e[2J"}\n'
    "generic_terms: [a\n"
)


def assert_harmless(text: str) -> None:
    for line in text.split("\n"):
        assert line.replace("\t", "") == clean(line.replace("\t", "")), line
        assert not line.lstrip().startswith("::"), line
        assert not re.search(r"##\w*\[", line), line


def without_styles(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("named", NAMES)
def test_a_name_of_a_file_and_its_keys_do_no_harm_in_any_format(
    named: str, form: str, toriconfig: Toriconfig, tmp_path: Path
) -> None:
    (tmp_path / NAMES[named]).write_text(CONTENT)
    result = toriconfig("check", NAMES[named], "--settings", "toriconfig.schema:ToriSettings", "-o", form)
    assert result.code == 1
    if form == "github":
        lines = result.out.splitlines()
        assert all(re.match(r"::(error|warning|notice) (file=[^,:\n]*,)?[^:\n]*::", line) for line in lines), lines
        for line in lines:
            assert_harmless(line.removeprefix("::").replace("\udcff", "?"))
    else:
        assert_harmless(result.out)
        if form in ("json", "sarif"):
            json.loads(result.out)
    assert_harmless(result.err)


@pytest.mark.parametrize("named", NAMES)
def test_colours_are_the_only_escapes(named: str, toriconfig: Toriconfig, tmp_path: Path) -> None:
    (tmp_path / NAMES[named]).write_text(CONTENT.replace("[a", "[a]"))
    result = toriconfig("check", NAMES[named], "--settings", "toriconfig.schema:ToriSettings", "--color", "always")
    assert_harmless(without_styles(result.out))
    assert "\x1b[31mc" not in result.out


COMMANDS = [
    ("check", EVIL),
    ("check", "--settings", EVIL),
    ("check", f"--{EVIL}"),
    ("check", "-", "--stdin-filename", EVIL),
    ("check", "--profile", EVIL),
    ("check", "--config-dir", EVIL),
    ("check", "--fix", EVIL),
    ("explain", EVIL),
    ("show", EVIL),
    ("show", "--format", EVIL),
    ("show", "--env-file", EVIL),
    ("diff", EVIL, EVIL),
    ("diff", f"{EVIL}.yaml", f"{EVIL}.yaml"),
    ("schema", "--output", f"{EVIL}/x", "--check"),
    ("schema", "--output", f"/proc/{EVIL}/x"),
    ("doctor", "--profile", EVIL),
    ("policy", EVIL),
    ("rotate", f"secret/{EVIL}#k"),
    ("rotate", "secret/x#k", "--kind", EVIL),
    ("vault", "get", f"secret/{EVIL}#k"),
    ("vault", "put", f"secret/{EVIL}#k", "--stdin"),
    ("vault", "dev", "--seed", EVIL, "--", "true"),
    ("vault", "dev", "--", EVIL),
    ("completion", EVIL),
    ("init", "--name", EVIL),
    ("init", "--module", EVIL),
    (EVIL,),
]


@pytest.mark.parametrize("arguments", COMMANDS, ids=lambda arguments: " ".join(arguments).replace(EVIL, "EVIL"))
def test_no_argument_of_a_command_does_harm(arguments: tuple[str, ...], toriconfig: Toriconfig) -> None:
    named = () if "--settings" in arguments else ("--settings", "toriconfig.schema:ToriSettings")
    takes = arguments[0] in ("check", "explain", "show", "diff", "schema", "doctor", "policy")
    result = toriconfig(*arguments, *(named if takes else ()), VAULT_ADDR="http://127.0.0.1:9", VAULT_TOKEN="t")
    assert_harmless(result.out)
    assert_harmless(result.err)


def test_error_messages_contain_no_control_characters() -> None:
    secret = SecretError(EVIL, path=EVIL, help=EVIL)
    problem = Problem("TC101", EVIL, Origin("files", EVIL, 1, 1), EVIL, EVIL, EVIL, EVIL, excerpts=((EVIL, 1, EVIL),))
    for told in (secret, secret.at(EVIL), VaultDenied(EVIL), problem, ConfigError([problem], schema=EVIL)):
        assert_harmless(str(told))


def test_answers_of_vault_contain_no_control_characters_in_errors_and_logs() -> None:
    answer = Answer(403, {"errors": [EVIL], "warnings": [EVIL], "request_id": EVIL}, {}, "http://v")
    assert_harmless(answer.text)
    assert_harmless(answer.request_id)


def test_a_message_that_is_logged_is_harmless(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    provider = FileProvider(str(tmp_path / EVIL), Origin("files", "x"))
    (tmp_path / EVIL).write_text("one")
    provider.settle()
    (tmp_path / EVIL).unlink()
    provider.refresh()
    with caplog.at_level("WARNING", "toriconfig"):
        provider.settle()
    (record,) = caplog.records
    assert_harmless(record.getMessage())


def test_wrapped_text_does_not_begin_a_line_with_a_command() -> None:
    for width in range(200):
        assert_harmless(str(ConfigError([Problem("TC101", help=f"{'x' * width} ::error::b", message="m", label="l")])))


def test_only_one_module_of_the_command_line_writes() -> None:
    folder = Path(package.__file__).parent / "cli"
    writers = {"_say.py"}
    for file in folder.rglob("*.py"):
        if file.name in writers or "formats" in file.parts:
            continue
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call):
                called = ast.unparse(node.func)
                assert called not in ("print", "click.echo", "click.secho", "click.pager"), (file, called)
                assert not called.endswith(("stdout.write", "stderr.write")), (file, called)


@pytest.mark.parametrize("text", [EVIL, "x", "", "\n", "\U000e0041", "##[", "###vso[x] ##teamcity[", "a\tb"])
def test_json_means_the_same_when_it_is_clean(text: str) -> None:
    for ascii_alone in (True, False):
        written = clean_json(json.dumps({text: [text]}, ensure_ascii=ascii_alone))
        assert {text: [text]} == json.loads(written)
        assert_harmless(written)


@pytest.mark.parametrize("text", ["é", "plain text: 1", "\u200d", "a # [b]", "## a [b]", "##a", "a::b", "日本"])
def test_harmless_text_is_not_changed(text: str) -> None:
    assert text == clean(text) == clean_lines(text)
