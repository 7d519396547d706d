"""`toriconfig init --from`: defaults of sections that hold a secret, or need one that is not copied."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.command import Toriconfig
from support.written_project import failures
from toriconfig.testing import Canary

HEAD = """import os
from functools import partial
from typing import Annotated, ClassVar, Generic, TypeVar

from pydantic import BaseModel, Field, SecretStr

from pydantic_settings import BaseSettings, SettingsConfigDict


class Account(BaseModel):
    name: str = "app"
    password: SecretStr{default}


{before}class Config(BaseSettings):
    model_config = SettingsConfigDict(env_nested_delimiter="__")

    {field}
"""
REQUIRED = ""
WITH_DEFAULT = ' = SecretStr("{c}")'
OPTIONAL = " | None = None"
HELD = {
    "a section with the default of its secret": (WITH_DEFAULT, "", "account: Account = Account()"),
    "a factory": (WITH_DEFAULT, "", "account: Account = Field(default_factory=Account)"),
    "an argument": (REQUIRED, "", 'account: Account = Account(password=SecretStr("{c}"))'),
    "an argument of plain text": (OPTIONAL, "", 'account: Account = Account(password="{c}", name="x")'),
    "a lambda": (REQUIRED, "", 'account: Account = Field(default_factory=lambda: Account(password="{c}"))'),
    "a mapping": (OPTIONAL, "", 'account: Account = Account(**{{"password": "{c}"}})'),
    "a validated mapping": (OPTIONAL, "", 'account: Account = Account.model_validate({{"password": "{c}"}})'),
    "a constant": (REQUIRED, 'FIRST = Account(password="{c}")\n\n\n', "account: Account = FIRST"),
    "a function": (
        REQUIRED,
        'def first() -> Account:\n    return Account(password="{c}")\n\n\n',
        "account: Account = Field(default_factory=first)",
    ),
    "a constant of a secret": (REQUIRED, 'KEY = "{c}"\n\n\n', "account: SecretStr = SecretStr(KEY)"),
    "a section around it": (
        WITH_DEFAULT,
        "class Outer(BaseModel):\n    account: Account = Account()\n\n\n",
        "account: Outer = Outer()",
    ),
    "a derived section": (WITH_DEFAULT, "class Main(Account):\n    size: int = 1\n\n\n", "account: Main = Main()"),
    "a mapping for a section": (OPTIONAL, "", 'account: Account = {{"password": "{c}"}}'),
    "a mapping in a field": (REQUIRED, "", 'account: Account | None = Field({{"password": "{c}"}}, description="A.")'),
    "a part of a call": (WITH_DEFAULT, "", 'account: Account = Field(default_factory=partial(Account, name="x"))'),
    "a part of a call with it": (
        OPTIONAL,
        "",
        'account: Account = Field(default_factory=partial(Account, password="{c}"))',
    ),
    "an annotation": (REQUIRED, "", 'account: Annotated[Account, Field(default=Account(password=SecretStr("{c}")))]'),
    "a factory in an annotation": (WITH_DEFAULT, "", "account: Annotated[Account, Field(default_factory=Account)]"),
    "the annotation of a secret": (REQUIRED, "", 'account: Annotated[SecretStr, Field(default=SecretStr("{c}"))]'),
    "a generic section": (
        REQUIRED,
        'T = TypeVar("T")\n\n\nclass Box(BaseModel, Generic[T]):\n    key: SecretStr = SecretStr("{c}")\n    of: T | None = None\n\n\n',
        "account: Box[int] = Box[int]()",
    ),
    "a constant of the class": (
        WITH_DEFAULT,
        "",
        "FIRST: ClassVar[Account] = Account()\n    account: Account = FIRST",
    ),
    "a list": (WITH_DEFAULT, "", 'account: list[Account] = [Account(name="x")]'),
}


@pytest.mark.parametrize("form", HELD)
def test_a_default_that_holds_a_secret_is_not_copied(form: str, toriconfig: Toriconfig, tmp_path: Path) -> None:
    canary = Canary()
    default, before, field = (text.format(c=canary.secret) for text in HELD[form])
    (tmp_path / "conf.py").write_text(HEAD.format(default=default, before=before, field=field))
    result = toriconfig("init", "--from", "conf:Config")
    assert 0 == result.code, result.err
    assert "`account`" in result.err.partition("not carried over:\n")[2]
    (tmp_path / "conf.py").unlink()
    written = [file.read_text() for file in tmp_path.rglob("*") if file.is_file() and file.suffix != ".pyc"]
    canary.absent_from(*result[1:], *written)
    environ = {"ACCOUNT": "[]"} if form == "a list" else {}
    checked = toriconfig("check", **environ)
    assert 0 == checked.code, checked


IN_CODE = {
    "a validator": (
        "account: Account | None = None\n\n    @field_validator('account')\n    @classmethod\n"
        "    def fill(cls, value: Account | None) -> Account:\n        return value or Account(password='{c}')"
    ),
    "a property": ("size: int = 1\n\n    @property\n    def key(self) -> SecretStr:\n        return SecretStr('{c}')"),
    "a dataclass": "login: Login = Login()",
    "a dataclass with an argument": "login: Login = Login(key=SecretStr('{c}'))",
    "a lambda of another field": "size: int = Field(default_factory=lambda: len(SecretStr('{c}').get_secret_value()))",
}


@pytest.mark.parametrize("form", IN_CODE)
def test_a_secret_in_code_is_emptied_and_listed(form: str, toriconfig: Toriconfig, tmp_path: Path) -> None:
    canary = Canary()
    before = f"@dataclass\nclass Login:\n    key: SecretStr = SecretStr('{canary.secret}')\n\n\n"
    text = HEAD.replace("import os\n", "import os\nfrom dataclasses import dataclass\n")
    text = text.replace("SecretStr\n", "SecretBytes, SecretStr, field_validator\n", 1)
    field = IN_CODE[form].format(c=canary.secret)
    (tmp_path / "conf.py").write_text(text.format(default=OPTIONAL, before=before, field=field))
    result = toriconfig("init", "--from", "conf:Config")
    assert 0 == result.code, result.err
    told = result.err.partition("not carried over:\n")[2]
    assert "a secret in the code of `" in told or "the default of `" in told
    (tmp_path / "conf.py").unlink()
    written = [file.read_text() for file in tmp_path.rglob("*") if file.is_file() and file.suffix != ".pyc"]
    canary.absent_from(*result[1:], *written)


PLACE = 'FIRST = {"size": 3}\n\n\nclass Place(BaseModel):\n    size: int\n\n\n'
PLAIN = {
    "a mapping of a constant": "place: Place = Place(**FIRST)",
    "a mapping in place": 'place: Place = Place(**{"size": 3})',
    "a mapping and an argument": 'place: Place = Place(size=3, **os.environ.get("NONE", {}))',
    "a factory": "place: Place = Field(default_factory=lambda: Place(**FIRST))",
    "a part of a call": "place: Place = Field(default_factory=partial(Place, **FIRST))",
    "an annotation": "place: Annotated[Place, Field(default=Place(**FIRST))]",
}


@pytest.mark.parametrize("form", PLAIN)
def test_a_section_without_secrets_keeps_a_default_made_from_a_mapping(
    form: str, toriconfig: Toriconfig, tmp_path: Path
) -> None:
    field = f"{PLAIN[form]}\n    places: list[Place] = [Place(**FIRST)]"
    (tmp_path / "conf.py").write_text(HEAD.format(default=OPTIONAL, before=PLACE, field=field))
    result = toriconfig("init", "--from", "conf:Config")
    assert (0, False) == (result.code, "not carried over" in result.err), result.err
    (tmp_path / "conf.py").unlink()
    assert 0 == toriconfig("check").code
    shown = toriconfig("show", "place.size")
    assert (0, True) == (shown.code, "3" in shown.out), shown


STAYING = {
    "without a secret": (OPTIONAL, 'account: Account = Account(name="x")'),
    "a section without values": (OPTIONAL, "account: Account = Field(default_factory=Account)"),
    "the environment": (REQUIRED, 'account: str = os.environ.get("ACCOUNT", "x")'),
    "no section": (WITH_DEFAULT, "account: list[Account] = Field(default_factory=list)"),
}


@pytest.mark.parametrize("form", STAYING)
def test_any_other_default_stays(form: str, toriconfig: Toriconfig, tmp_path: Path) -> None:
    default, field = STAYING[form]
    (tmp_path / "conf.py").write_text(HEAD.format(default=default, before="", field=field))
    result = toriconfig("init", "--from", "conf:Config")
    assert 0 == result.code, result.err
    assert field in (tmp_path / "settings.py").read_text()
    assert "`account`" not in result.err


def test_every_tool_accepts_a_project_whose_defaults_were_removed(toriconfig: Toriconfig, tmp_path: Path) -> None:
    default, before, field = HELD["a constant"]
    before += "class Outer(BaseModel):\n    first: Account = FIRST\n    size: int = 1\n\n\n"
    field += "\n    outer: Outer = Outer()\n    hosts: list[str] = []"
    (tmp_path / "conf.py").write_text(HEAD.format(default=default, before=before.format(c="x"), field=field))
    assert 0 == toriconfig("init", "--from", "conf:Config").code
    text = (tmp_path / "settings.py").read_text()
    assert "    account: Account\n    outer: Outer\n" in text
    assert "FIRST" not in text
    (tmp_path / "conf.py").unlink()
    assert {} == failures(tmp_path)
