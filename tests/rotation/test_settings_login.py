"""`rotate --login`: the rotator logs in as the settings describe it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from support.rotate_command import rotate
from toriconfig.testing import Canary, VaultServer

APP = """
from typing import Annotated
from pydantic import BaseModel
from toriconfig import Ref, Secret, SettingsConfigDict

class App(BaseModel):
    model_config = SettingsConfigDict(env_prefix="APP_", env_nested_delimiter="__")
    token: Annotated[Secret[str], Ref("secret/login/app#token", max_age=0.0)]
"""
SETTINGS = ("--settings", "app:App")


@pytest.fixture(name="folder")
def _folder(tmp_path: Path) -> Path:
    (tmp_path / "app.py").write_text(APP)
    return tmp_path


@pytest.fixture(name="canary")
def _canary(vault: VaultServer) -> Canary:
    canary = Canary()
    vault.put("secret/login/app", {"token": canary.secret})
    return canary


@pytest.fixture(name="environ")
def _environ(vault: VaultServer, canary: Canary) -> dict[str, str]:
    vault.policy(
        "rotator",
        {
            "secret/data/login/*": ["create", "read", "update"],
            "secret/metadata/login/*": ["create", "read", "update", "patch"],
            "sys/internal/ui/mounts/*": ["read"],
        },
    )
    role = vault.approle("rotator", "rotator")
    return {
        "VAULT_ADDR": vault.address,
        "VAULT_TOKEN_PATH": "/nonexistent",
        "APP_VAULT__AUTH__METHOD": "approle",
        "APP_VAULT__AUTH__ROLE_ID": role.role_id,
        "APP_VAULT__AUTH__SECRET_ID": role.secret_id,
    }


@pytest.mark.parametrize("reference", [["secret/login/app#token"], ["--due"]], ids=["named", "due"])
def test_a_rotation_uses_the_login_of_the_settings(
    reference: list[str], vault: VaultServer, environ: dict[str, str], folder: Path, canary: Canary
) -> None:
    code, out, err = rotate(environ, *reference, "--login", *SETTINGS, cwd=folder)
    assert (0, True) == (code, "rotated" in out), err
    assert canary.secret != vault.get("secret/login/app")["token"]
    canary.absent_from(out, err)


def test_the_table_and_the_key_of_a_webhook_use_the_login_too(
    vault: VaultServer, environ: dict[str, str], folder: Path
) -> None:
    vault.put("secret/login/hook", {"key": "a-key-of-at-least-16-bytes"})
    code, out, err = rotate(environ, "--status", "--login", *SETTINGS, cwd=folder)
    assert (0, True) == (code, "secret/login/app#token" in out), err
    hook = ("--webhook", "http://127.0.0.1:9/", "--webhook-key", "vault:secret/login/hook#key", "--hook-timeout", "1")
    code, out, err = rotate(environ, "secret/login/app#token", "--login", *hook, *SETTINGS, cwd=folder)
    assert (0, True) == (code, "rotated" in out), err


def test_without_the_option_the_login_of_the_settings_is_not_used(
    vault: VaultServer, environ: dict[str, str], folder: Path, canary: Canary
) -> None:
    code, _, err = rotate({**environ, "HOME": str(folder)}, "secret/login/app#token", *SETTINGS, cwd=folder)
    assert 0 != code
    assert "token" in err
    assert canary.secret == vault.get("secret/login/app")["token"]


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"VAULT_ADDR": ""}, "--login: the settings name no address of Vault: set VAULT_ADDR"),
        ({"APP_VAULT__AUTH__METHOD": "aprole"}, "--login: .*aprole"),
        ({"APP_VAULT__AUTH__SECRET_ID": "canary-wrong"}, "was refused with 400"),
    ],
    ids=["no address", "no such method", "refused"],
)
def test_a_login_that_fails_states_why(
    changed: dict[str, str], why: str, environ: dict[str, str], folder: Path, vault: VaultServer, canary: Canary
) -> None:
    code, out, err = rotate({**environ, **changed}, "secret/login/app#token", "--login", *SETTINGS, cwd=folder)
    assert code in (1, 2)
    assert re.search(why, " ".join((out + err).split()))
    assert "canary-wrong" not in out + err
    assert canary.secret == vault.get("secret/login/app")["token"]


@pytest.mark.parametrize(
    ("file", "text", "why"),
    [
        ("app.yaml", "vault: {auth: {method: approle\n", r"--login: app\.yaml:\d+:\d+: .*closed"),
        ("app.yaml", "a: 1\na: 2\n", r"--login: app\.yaml:2:1: "),
        ("app.json", "[]", r"--login: app\.json"),
        ("app.yaml", "profile", "--login: .*production"),
    ],
    ids=["syntax", "a key twice", "no mapping", "no such profile"],
)
def test_a_file_that_may_describe_the_login_and_cannot_be_read_stops_the_rotation(
    file: str, text: str, why: str, environ: dict[str, str], folder: Path, vault: VaultServer, canary: Canary
) -> None:
    token = {name: value for name, value in environ.items() if "APP_" not in name} | {"VAULT_TOKEN": vault.token}
    (folder / "app.py").write_text(APP.replace("env_prefix", 'config_name="app", env_prefix'))
    (folder / file).write_text("" if text == "profile" else text)
    profile = ("--profile", "production") if text == "profile" else ()
    code, _, err = rotate(token, "secret/login/app#token", "--login", *SETTINGS, *profile, cwd=folder)
    assert (2, True) == (code, bool(re.search(why, " ".join(err.split())))), err
    assert canary.secret == vault.get("secret/login/app")["token"]
