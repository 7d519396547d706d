"""`toriconfig policy`: a token with exactly what it prints reads every declared secret, and nothing else."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from local_postgres import Postgres, database_role
from support.command import Toriconfig
from toriconfig import Secret, load
from toriconfig._inspect.policy import policy_of, versioned
from toriconfig.errors import VaultDenied
from toriconfig.testing import VaultServer
from toriconfig.vault import Token, Vault

APP = """
from typing import Annotated
from pydantic import BaseModel
from toriconfig import Ref, Secret, SettingsConfigDict
class Account(BaseModel):
    username: str
    password: str
class App(BaseModel):
    model_config = SettingsConfigDict(config_name="app", vault_path="secret/policy/own")
    own: Secret[str]
    newer: Annotated[Secret[str], Ref("deep/mount/policy/two#key")]
    older: Annotated[Secret[str], Ref("older/one#key")]
    account: Annotated[Secret[Account], Ref("{creds}")]
    dsn: Secret[str]
    pair: Secret[Account]
"""
FILE = """
dsn: "postgresql://${vault:secret/policy/dsn#user}@db/${vault:secret/policy/dsn#name}"
pair: {username: "${vault:secret/policy/pair#u}", password: "${vault:secret/policy/other#p}"}
"""


def test_a_token_with_the_printed_policy_reads_every_secret_and_nothing_else(
    shared_vault_server: VaultServer, shared_postgres: Postgres, toriconfig: Toriconfig, tmp_path: Path
) -> None:
    server = shared_vault_server
    creds = database_role(server, shared_postgres, "policed")
    server.mount_kv("deep/mount")
    server.mount_kv("older", version=1)
    held = {
        "secret/policy/own": {"own": "1"},
        "deep/mount/policy/two": {"key": "2"},
        "older/one": {"key": "3"},
        "secret/policy/dsn": {"user": "u", "name": "n"},
        "secret/policy/pair": {"u": "4"},
        "secret/policy/other": {"p": "5"},
    }
    foreign = {"secret/policy/ownx": {"k": "x"}, "older/two": {"k": "x"}, "deep/mount/policy": {"k": "x"}}
    for path, data in {**held, **foreign}.items():
        server.put(path, data)
    (tmp_path / "app.py").write_text(APP.replace("{creds}", creds))
    (tmp_path / "app.yaml").write_text(FILE)
    printed = toriconfig("policy", "--settings", "app:App", "--online", **server.environ)
    assert printed.code == 0
    token = server.new_token(server.policy("printed", printed.out), no_default_policy=True)

    from app import App  # type: ignore[import-not-found]

    vault = Vault(server.address, auth=Token(token))
    settings = load(App, vault=vault, environ={}, config_dir=os.fspath(tmp_path))
    assert [settings.own.get(), settings.newer.get(), settings.older.get()] == ["1", "2", "3"]
    assert settings.account.get().username.startswith("v-")
    assert settings.dsn.get() == "postgresql://u@db/n"
    assert (settings.pair.get().username, settings.pair.get().password) == ("4", "5")
    denied = {
        **dict.fromkeys(foreign),
        "sys/policies/acl": None,
        "auth/token/lookup-self": None,
        "database/roles": None,
    }
    for path in denied:
        reference = f"{path}#k" if path in foreign else path
        other = load(_reader(reference), vault=vault, environ={})
        with pytest.raises(VaultDenied):
            other.secret.get()


def _reader(reference: str) -> Any:
    from typing import Annotated

    from pydantic import BaseModel, create_model

    from toriconfig import Ref

    return create_model("Reader", __base__=BaseModel, secret=(Annotated[Secret[str], Ref(reference)], ...))


def test_offline_kv_v2_is_assumed(toriconfig: Toriconfig) -> None:
    result = toriconfig("policy")
    assert result.code == 0
    assert result.out == (
        'path "database/creds/tori" {\n  capabilities = ["read"]\n}\n\n'
        'path "secret/data/tori" {\n  capabilities = ["read"]\n}\n'
    )


def test_the_eager_layer_is_among_the_read_layers(toriconfig: Toriconfig, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(
        "from pydantic import BaseModel\nfrom toriconfig import SettingsConfigDict\nclass App(BaseModel):\n"
        "    model_config = SettingsConfigDict(vault_path='secret/eager', vault_layer='eager')\n    size: int = 1\n"
    )
    assert 'path "secret/data/eager"' in toriconfig("policy", "--settings", "app:App").out


def test_without_secrets_there_is_no_policy(toriconfig: Toriconfig, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("from pydantic import BaseModel\nclass App(BaseModel):\n    size: int = 1\n")
    assert toriconfig("policy", "--settings", "app:App") == (0, "", "App reads nothing from Vault\n")


def test_an_unreachable_or_unnamed_vault_is_reported(toriconfig: Toriconfig) -> None:
    assert toriconfig("policy", "--online").code == 2
    away = toriconfig("policy", "--online", VAULT_ADDR="http://127.0.0.1:1", VAULT_TOKEN="x")
    assert away.code == 3
    assert away.out == ""
    assert "127.0.0.1:1" in away.err


def test_settings_with_errors_have_no_policy_since_places_may_be_missing(
    toriconfig: Toriconfig, tmp_path: Path
) -> None:
    (tmp_path / "tori.yaml").write_text("api_key: ${vault:../x#k}\n")
    result = toriconfig("policy")
    assert result.code == 1
    assert "error[TC404]" in result.out


def test_a_rule_that_allows_too_much_has_a_comment() -> None:
    assert policy_of(["secret/a*#k"], versioned).startswith("# In a policy `*` at the end and `+`")
    assert policy_of(["secret/+/b#k"], versioned).startswith("# In a policy")
    assert policy_of(['secret/a"b#k'], versioned).startswith('path "secret/data/a\\"b" {')


def test_issuing_a_certificate_needs_update() -> None:
    assert (
        'path "pki/issue/app" {\n  capabilities = ["update"]\n}\n\npath "secret/data/x" {\n  capabilities = ["read"]\n}\n'
        == policy_of(["secret/x#k", "pki/issue/app?common_name=a.internal"], versioned)
    )
