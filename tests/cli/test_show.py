"""`toriconfig show`: effective values, with secrets as references; the output reads back to the same settings."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from support.command import Result, Toriconfig
from toriconfig.testing import Canary

APP = """
from typing import Annotated
from pydantic import BaseModel, Field, SecretStr
from toriconfig import Merge, Ref, Secret, SettingsConfigDict
class Inner(BaseModel):
    size: int = 1
    token: Secret[str]
class Account(BaseModel):
    username: str
    password: str
class App(BaseModel):
    model_config = SettingsConfigDict(config_name="app", env_prefix="APP_", env_nested_delimiter="__",
                                      vault_path="secret/app")
    name: str = "x"
    inner: Inner = Field(default_factory=Inner)
    literal: Secret[str]
    pinned: Annotated[Secret[str], Ref("secret/other?version=3#key")]
    text: Secret[str]
    account: Annotated[Secret[Account], Ref("database/creds/app")]
    password: str = "hunter2-hunter2"
    old: SecretStr = SecretStr("hunter2-hunter2")
    url: str = "https://u:hunter2-hunter2@host/"
    words: Annotated[list[str], Merge("append")] = ["a"]
"""
FILE = """
name: "no"
inner: {size: 2}
literal: s3cr3t-literal
text: "postgresql://${vault:a/b#u}:${vault:a/b#p}@db"
words: [b, "${name}"]
"""


@pytest.fixture(name="shown")
def _shown(toriconfig: Toriconfig, tmp_path: Path) -> Toriconfig:
    (tmp_path / "app.py").write_text(APP)
    (tmp_path / "app.yaml").write_text(FILE)

    def call(*arguments: str, **environ: str) -> Result:
        return toriconfig("show", "--settings", "app:App", *arguments, **environ)

    return call


def test_yaml_shows_values_as_they_are_and_secrets_as_their_reference(shown: Toriconfig) -> None:
    result = shown()
    assert result.code == 0
    assert result.out == (
        'name: "no"\n'
        "inner:\n  size: 2\n"
        '  token: "${vault:secret/app#inner.token}"\n'
        'literal: "${vault:secret/app#literal}"\n'
        'pinned: "${vault:secret/other?version=3#key}"\n'
        "# text: **********  # vault a/b#u, a/b#p\n"
        'account: "${vault:database/creds/app}"\n'
        "# password: **********  # default App.password\n"
        "# old: **********  # default App.old\n"
        "# url: **********  # default App.url\n"
        "words: [b, \"no\"]  # behind the default ['a']\n"
    )


def test_the_output_reads_back_to_the_same_settings_in_every_form(shown: Toriconfig, tmp_path: Path) -> None:
    def but_for_text(form: str, *more: str) -> tuple[str, list[str]]:
        # A value composed of several references cannot be shown, so its line is a comment.
        out = shown("-f", form, *more).out
        return out, [line for line in out.splitlines() if "text" not in line.lower()]

    for form, name in (("yaml", "app.yaml"), ("json", "app.json")):
        text, lines = but_for_text(form)
        (tmp_path / "app.yaml").unlink(missing_ok=True)
        (tmp_path / name).write_text(text)
        assert but_for_text(form)[1] == lines
    text, lines = but_for_text("env")
    (tmp_path / "app.json").unlink()
    (tmp_path / ".env").write_text(text)
    assert but_for_text("env", "--env-file", ".env")[1] == lines


def test_other_parsers_read_the_same_values(shown: Toriconfig) -> None:
    data = yaml.safe_load(shown().out)
    assert data["name"] == "no"
    assert data["inner"] == {"size": 2, "token": "${vault:secret/app#inner.token}"}


def test_an_item_of_a_list_that_is_shown_as_a_whole_is_refused(shown: Toriconfig) -> None:
    result = shown("words[0]")
    assert (2, "") == (result.code, result.out)
    assert "`words[0]` is a part of `words`" in result.err


def test_json_omits_values_that_it_cannot_show_and_reports_them(shown: Toriconfig) -> None:
    result = shown("--format", "json")
    data = json.loads(result.out)
    assert data["literal"] == "${vault:secret/app#literal}"
    assert {"text", "password", "old", "url"}.isdisjoint(data)
    assert "omitted, because they are or hold a secret without a reference: text, password, old, url" in result.err


def test_each_value_is_shown_with_its_origin(shown: Toriconfig) -> None:
    lines = shown("--origins", APP_INNER__SIZE="3").out.splitlines()
    assert 'name: "no"  # app.yaml:2:7' in lines
    assert "  size: 3  # APP_INNER__SIZE" in lines
    data = json.loads(shown("--origins", "-f", "json", APP_INNER__SIZE="3").out)
    assert data["inner"]["size"] == {"value": 3, "origin": "APP_INNER__SIZE"}


def test_a_value_above_vault_has_no_reference_to_show(shown: Toriconfig, tmp_path: Path) -> None:
    text = APP.replace('env_prefix="APP_"', 'env_prefix="APP_", layers=("code", "env", "vault", "files", "defaults")')
    (tmp_path / "app.py").write_text(text)
    assert "# literal: **********  # APP_LITERAL\n" in shown(APP_LITERAL="s3cr3t").out


def test_a_part_can_be_shown_alone(shown: Toriconfig) -> None:
    assert shown("inner.size").out == "inner:\n  size: 2\n"
    missing = shown("inner.szie")
    assert missing.code == 2
    assert "did you mean `inner.size`?" in missing.err


def test_a_section_of_nothing_but_secrets_does_not_become_null(toriconfig: Toriconfig, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(
        "from pydantic import BaseModel\nfrom toriconfig import SettingsConfigDict\n"
        "class Deep(BaseModel):\n    password: str = 'hunter2'\n"
        "class App(BaseModel):\n    model_config = SettingsConfigDict(config_name='app')\n    deep: Deep = Deep()\n"
    )
    result = toriconfig("show", "--settings", "app:App")
    assert result.out == "# deep:\n  # password: **********  # default App.deep.password\n"
    (tmp_path / "app.yaml").write_text(result.out)
    assert toriconfig("check", "--settings", "app:App", "--strict").code == 0


def test_no_form_shows_a_secret(toriconfig: Toriconfig, tmp_path: Path) -> None:
    canary = Canary()
    (tmp_path / "app.py").write_text(APP.replace("hunter2-hunter2", canary.secret))
    (tmp_path / "app.yaml").write_text(FILE.replace("s3cr3t-literal", canary.secret))
    environ = {"APP_TEXT": canary.secret, "APP_INNER__TOKEN": canary.secret}
    for form in ("yaml", "json", "env"):
        for more in ([], ["--origins"]):
            result = toriconfig("show", "--settings", "app:App", "-f", form, *more, **environ)
            assert result.code == 0
            canary.absent_from(*result[1:])


def test_settings_with_errors_are_reported_instead_of_shown(shown: Toriconfig, tmp_path: Path) -> None:
    (tmp_path / "app.yaml").write_text("name: [1]\n")
    result = shown("-o", "concise")
    assert result.code == 1
    assert result.out.startswith("app.yaml:1:7: error[TC102]")
