"""Handles: secrets in files of their own, one file or several, and several in one file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from support.loading import loaded
from toriconfig import Secret, SecretError
from toriconfig._secrets.file import FileProvider
from toriconfig.testing import reset_warnings


@pytest.fixture(autouse=True)
def _here(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    reset_warnings()


class Account(BaseModel):
    username: str
    password: str


class Schema(BaseModel):
    key: Secret[str] | None = None
    account: Secret[Account] | None = None


def value(secret: Secret[Any] | None) -> Any:
    assert secret is not None
    return secret.get()


def test_a_secret_of_a_directory_is_the_content_of_its_file_at_the_read() -> None:
    Path("run").mkdir()
    Path("run/key").write_text("one\n")
    model = loaded(Schema, secrets_dir="run", env_prefix="T_")
    Path("run/key").write_text("two\n")
    assert "two" == value(model.key)
    assert model.key is not None
    assert "run/key" == str(model.key.origin)


@pytest.mark.parametrize(
    "files",
    [
        {"account": '{"username": "bob", "password": "p"}'},
        {"account__username": "bob\n", "account__password": "p\n"},
        {"account": '{"username": "bob", "password": "hidden"}', "account__password": "p"},
    ],
)
def test_a_secret_of_a_model_comes_from_one_file_or_from_one_a_key(files: dict[str, str]) -> None:
    Path("run").mkdir()
    for name, text in files.items():
        Path("run", name).write_text(text)
    model = loaded(Schema, secrets_dir="run", env_nested_delimiter="__")
    assert Account(username="bob", password="p") == value(model.account)


def test_files_of_a_model_secret_are_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("toriconfig._secrets.file.CHECK_SECONDS", 0.0)
    Path("run").mkdir()
    Path("run/account__username").write_text("bob")
    Path("run/account__password").write_text("one")
    account = loaded(Schema, secrets_dir="run", env_nested_delimiter="__").account
    assert "one" == value(account).password
    Path("run/account__password").write_text("the second")
    assert "the second" == value(account).password


def test_files_that_are_replaced_at_once_are_read_at_one_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    for version in ("one", "two"):
        Path("run", version).mkdir(parents=True)
        for key in ("username", "password"):
            Path("run", version, f"account__{key}").write_text(f"{key} {version}")
    Path("run/..data").symlink_to("one")
    for key in ("username", "password"):
        Path(f"run/account__{key}").symlink_to(f"..data/account__{key}")
    account = loaded(Schema, secrets_dir="run", env_nested_delimiter="__").account
    look = FileProvider.look

    def replaced_after_the_first_look(provider: FileProvider) -> SecretError | None:
        error = look(provider)
        Path("run/..new").symlink_to("two")
        Path("run/..new").rename("run/..data")
        return error

    monkeypatch.setattr(FileProvider, "look", replaced_after_the_first_look)
    assert Account(username="username two", password="password two") == value(account)


@pytest.mark.parametrize(
    ("by_name", "several"), [('{"one": "1x", "two": "2x"}', '["1x", "2x"]'), ("one=1x,two=2x", "1x,2x")]
)
def test_several_secrets_in_one_file_are_each_its_part_of_it(by_name: str, several: str) -> None:
    class Grouped(BaseModel):
        by_name: dict[str, Secret[str]]
        several: list[Secret[str]]

    Path("run").mkdir()
    Path("run/by_name").write_text(by_name)
    Path("run/several").write_text(several)
    model = loaded(Grouped, secrets_dir="run")
    assert {"one": "1x", "two": "2x"} == {name: secret.get() for name, secret in model.by_name.items()}
    assert ["1x", "2x"] == [secret.get() for secret in model.several]
