"""A reload sends no request to Vault, and reports the secrets that come from another place now."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import BaseModel

from toriconfig import Ref, Secret, SettingsConfigDict, Vault, lazy, reload
from toriconfig.testing import VaultServer

Write = Callable[[str], object]


class Account(BaseModel):
    username: str
    password: str


class Schema(BaseModel):
    model_config = SettingsConfigDict(config_name="app", env_prefix="RELOAD_", vault_path="secret/${profile}")

    key: Secret[str]
    account: Secret[Account]
    own: Secret[str]


BEFORE = """
key: ${vault:secret/one#key}
account: ${vault:database/creds/app}
"""


@pytest.fixture(name="write")
def _write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    monkeypatch.chdir(tmp_path)
    write = (tmp_path / "app.yaml").write_text
    write(BEFORE)
    for profile in "ab":
        (tmp_path / f"app.{profile}.yaml").write_text("{}")
    return write


@pytest.fixture(name="environ")
def _environ() -> dict[str, str]:
    return {"VAULT_ADDR": "http://127.0.0.1:1", "VAULT_TOKEN": "t", "RELOAD_PROFILE": "a"}


@pytest.mark.parametrize(
    ("old", "new", "changed"),
    [
        ("one#key", "two#key", ["key"]),
        ("one#key", "one#other", ["key"]),
        ("one#key", "one?version=3#key", ["key"]),
        ("${vault:secret/one#key}", "x-${vault:secret/one#key}", ["key"]),
        ("${vault:secret/one#key}", "text", ["key"]),
        ("creds/app", "creds/other", ["account"]),
        ("${vault:database/creds/app}", "{username: u, password: '${vault:secret/one#p}'}", ["account"]),
        ("creds/app}", "creds/app}\nown: ${vault:secret/three#own}", ["own"]),
        ("creds/app}", "creds/app}\n# nothing else", []),
    ],
)
def test_a_secret_of_another_place_is_among_the_changes(
    write: Write, environ: dict[str, str], old: str, new: str, changed: list[str]
) -> None:
    settings: Any = lazy(Schema, environ=environ)
    assert settings.key.state == "unread"
    write(BEFORE.replace(old, new))
    assert [(change.path, change.kind) for change in reload(settings)] == [(path, "changed") for path in changed]


@pytest.mark.parametrize(
    ("variable", "value", "changed"),
    [
        ("VAULT_ADDR", "http://127.0.0.1:2", ["key", "account", "own"]),
        ("VAULT_NAMESPACE", "team", ["key", "account", "own"]),
        ("RELOAD_PROFILE", "b", ["own"]),
        ("VAULT_TOKEN", "another", []),
        ("RELOAD_VAULT__TIMEOUT", "9", []),
    ],
)
@pytest.mark.usefixtures("write")
def test_another_vault_is_another_place_and_another_login_is_not(
    environ: dict[str, str], variable: str, value: str, changed: list[str]
) -> None:
    settings: Any = lazy(Schema, environ=environ)
    assert settings.key.state == "unread"
    environ[variable] = value
    assert [change.path for change in reload(settings)] == changed


def test_a_change_of_a_lower_layer_that_replaces_vault_is_reported(
    shared_vault_server: VaultServer,
) -> None:
    class Absent(BaseModel):
        model_config = SettingsConfigDict(env_prefix="RELOAD_")

        key: Annotated[Secret[str], Ref("secret/absent#key")]
        held: Annotated[Secret[str], Ref("secret/held#key")]

    shared_vault_server.put("secret/held", {"key": "h"})
    environ = {**shared_vault_server.environ, "RELOAD_KEY": "one", "RELOAD_HELD": "one"}
    settings = lazy(Absent, environ=environ)
    assert (settings.key.get(), settings.held.get()) == ("one", "h")
    environ.update(RELOAD_KEY="two", RELOAD_HELD="two")
    assert [change.path for change in reload(settings)] == ["key"]
    assert settings.key.get() == "two"
    del environ["RELOAD_KEY"]
    assert [change.path for change in reload(settings)] == ["key"]


def test_a_reload_sends_no_request_to_vault(shared_vault_server: VaultServer) -> None:
    class Held(BaseModel):
        key: Annotated[Secret[str], Ref("secret/held-on#key")]

    shared_vault_server.put("secret/held-on", {"key": "one"})
    settings = lazy(Held, environ=shared_vault_server.environ, vault=Vault(refresh_interval=900.0))
    assert settings.key.get() == "one"
    shared_vault_server.put("secret/held-on", {"key": "two"})
    asked = shared_vault_server.requests("secret/data/held-on", "read")
    assert reload(settings) == []
    assert settings.key.get() == "one"
    assert shared_vault_server.requests("secret/data/held-on", "read") == asked
