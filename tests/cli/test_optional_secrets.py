"""An optional secret with a place in Vault is shown, explained, checked and compared like a required one."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import BaseModel

from support.command import Toriconfig
from toriconfig import Secret, load

APP = """
from typing import Annotated
from pydantic import BaseModel, model_validator
from toriconfig import Ref, Secret, SettingsConfigDict
class App(BaseModel):
    model_config = SettingsConfigDict(config_name="app", env_prefix="APP_")
    named: Secret[str] | None = None
    own: Annotated[Secret[str] | None, Ref("secret/own#k")] = None
    none: Secret[str] | None = None
    @model_validator(mode="after")
    def _one(self):
        if self.named is None:
            raise ValueError("named is needed")
        return self
"""


@pytest.fixture(autouse=True)
def _app(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(APP)
    (tmp_path / "app.yaml").write_text("named: ${vault:secret/two#k}\n")
    (tmp_path / "app.other.yaml").write_text("named: ${vault:secret/three#k}\n")


WITH_AND_WITHOUT_VAULT = pytest.mark.parametrize("environ", [{}, {"VAULT_ADDR": "http://127.0.0.1:1"}])


@WITH_AND_WITHOUT_VAULT
def test_an_optional_secret_is_shown_as_its_reference(environ: dict[str, str], toriconfig: Toriconfig) -> None:
    result = toriconfig("show", "--settings", "app:App", **environ)
    assert result.out == 'named: "${vault:secret/two#k}"\nown: "${vault:secret/own#k}"\nnone: null\n'


@WITH_AND_WITHOUT_VAULT
def test_an_optional_secret_is_explained_as_unread(environ: dict[str, str], toriconfig: Toriconfig) -> None:
    result = toriconfig("explain", "named", "--settings", "app:App", **environ)
    assert "vault:    secret/two#k" in result.out
    assert "not read yet" in result.out


def test_a_check_reports_that_it_was_not_checked(toriconfig: Toriconfig) -> None:
    result = toriconfig("check", "--settings", "app:App", "-o", "concise")
    assert result.code == 0
    (line,) = (line for line in result.out.splitlines() if "not checked" in line)
    assert {"named", "own"} == set(line.split("`")[1::2])


def test_two_profiles_differ_in_its_reference(toriconfig: Toriconfig) -> None:
    result = toriconfig("diff", "default", "other", "--settings", "app:App")
    assert [line.partition("  #")[0] for line in result.out.splitlines()[2:]] == [
        '- named: "${vault:secret/two#k}"',
        '+ named: "${vault:secret/three#k}"',
    ]


class Small(BaseModel):
    named: Secret[str] | None = None


def test_an_offline_program_still_gets_none() -> None:
    assert load(Small, overrides={"named": "${vault:secret/two#k}"}, offline=True).named is None
