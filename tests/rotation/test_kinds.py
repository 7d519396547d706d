"""Each kind, against its engine or database."""

from __future__ import annotations

import re
import string
import time
from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from local_postgres import Postgres
from support.rotating import Account
from toriconfig.errors import VaultNotFound
from toriconfig.rotation import Event, Rotation, RotationError, RotationRefused, kinds
from toriconfig.testing import VaultServer


def test_a_generated_value_has_the_length_and_alphabet_that_are_asked_for(vault: VaultServer) -> None:
    vault.put("secret/made", {"token": "old", "other": "stays"})
    rotation = Rotation("secret/made#token", kinds.Generated(64, string.hexdigits.lower()), environ=vault.environ)
    values = set()
    for _ in range(3):
        rotation.run()
        values.add(vault.get("secret/made")["token"])
    assert 3 == len(values)
    assert all(re.fullmatch("[0-9a-f]{64}", value) for value in values)
    assert "stays" == vault.get("secret/made")["other"]


@pytest.mark.parametrize("algorithm", ["ed25519", "ec-p256", "rsa-3072"])
def test_a_key_pair_is_two_halves_that_belong_together(vault: VaultServer, algorithm: str) -> None:
    from cryptography.hazmat.primitives import serialization as forms

    vault.put("secret/pair", {"private_key": "old", "public_key": "old", "issuer": "stays"})
    Rotation("secret/pair", kinds.KeyPair(algorithm), environ=vault.environ).run()
    made = vault.get("secret/pair")
    private = forms.load_pem_private_key(made["private_key"].encode(), None)
    public = private.public_key().public_bytes(forms.Encoding.PEM, forms.PublicFormat.SubjectPublicKeyInfo)
    assert public.decode() == made["public_key"]
    assert "stays" == made["issuer"]
    with pytest.raises(RotationRefused, match="both halves of a pair are rotated together"):
        Rotation("secret/pair#private_key", kinds.KeyPair(algorithm), environ=vault.environ).run()


def of_openssl(key: Any, forms: Any) -> tuple[bytes, bytes]:
    private = key.private_bytes(forms.Encoding.PEM, forms.PrivateFormat.PKCS8, forms.NoEncryption())
    public = key.public_key().public_bytes(forms.Encoding.PEM, forms.PublicFormat.SubjectPublicKeyInfo)
    return private.strip(), public.strip()


def of_openssh(key: Any, forms: Any) -> tuple[bytes, bytes]:
    private = key.private_bytes(forms.Encoding.PEM, forms.PrivateFormat.OpenSSH, forms.NoEncryption())
    return private, key.public_key().public_bytes(forms.Encoding.OpenSSH, forms.PublicFormat.OpenSSH)


def of_nobody(key: Any, forms: Any) -> tuple[bytes, bytes]:
    return b"a form that", b"only its readers know"


@pytest.mark.parametrize("form", [of_openssl, of_openssh, of_nobody])
def test_a_key_pair_of_another_form_can_be_brought_back(vault: VaultServer, form: Callable[..., Any]) -> None:
    from cryptography.hazmat.primitives import serialization as forms
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    private, public = form(Ed25519PrivateKey.generate(), forms)
    pair = {"private_key": private.decode(), "public_key": public.decode()}
    vault.put("secret/formed", pair)
    rotation = Rotation("secret/formed", kinds.KeyPair(), environ=vault.environ)
    rotation.run()
    assert "rotated" == rotation.rollback().result
    assert pair == vault.get("secret/formed")


def test_halves_of_two_pairs_are_not_brought_back(vault: VaultServer) -> None:
    from cryptography.hazmat.primitives import serialization as forms
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    (private, _), (_, public) = (of_openssh(Ed25519PrivateKey.generate(), forms) for _ in range(2))
    vault.put("secret/halves", {"private_key": private.decode(), "public_key": public.decode()})
    rotation = Rotation("secret/halves", kinds.KeyPair(), environ=vault.environ)
    rotation.run()
    with pytest.raises(RotationError, match="do not belong together"):
        rotation.rollback()


def test_the_former_login_stays_until_the_next_rotation_or_ends_after_the_grace(account: Account) -> None:
    account.rotation().run()
    assert account.logs_in(account.name, account.first)
    clone = account.stored()
    account.rotation(grace=0.2).run()
    assert not account.logs_in(*clone)
    assert not account.logs_in(account.name, account.first)
    assert account.logs_in()


def test_after_the_grace_the_former_version_is_destroyed(vault: VaultServer) -> None:
    vault.put("secret/graceful", {"token": "old"})
    events: list[Event] = []
    rotation = Rotation(
        "secret/graceful#token", kinds.Generated(), environ=vault.environ, grace=0.3, on_event=events.append
    )
    began = time.monotonic()
    rotation.run()
    assert time.monotonic() - began >= 0.3
    assert [] != [event for event in events if (event.step, event.state) == ("grace", "done")]
    metadata = vault.client.secrets.kv.v2.read_secret_metadata("graceful")["data"]["versions"]
    assert [True, False] == [metadata[number]["destroyed"] for number in ("1", "2")]
    with pytest.raises(RotationRefused, match="version 1 of secret/graceful, the one before, is destroyed"):
        rotation.rollback()


def test_a_single_user_changes_its_own_password_without_an_administrator(account: Account) -> None:
    kind = kinds.DatabaseUser(account.conninfo, single=True)
    account.rotation().run()  # to the second user, who acts as the first
    for _ in range(2):
        before = account.stored()
        Rotation(account.path, kind, environ=account.vault.environ).run()
        assert account.logs_in()
        assert not account.logs_in(*before)
        assert f"{account.name}_clone" == account.stored()[0]


def test_no_password_reaches_the_log_of_the_database(account: Account) -> None:
    with psycopg.connect(account.postgres.conninfo(), autocommit=True) as connection:
        connection.execute("ALTER ROLE postgres SET log_statement = 'all'")
        account.rotation().run()
        account.rotation(single=True).run()
        connection.execute("ALTER ROLE postgres RESET log_statement")
    log = account.postgres.output()
    assert f'ALTER ROLE "{account.name}_clone" PASSWORD \'SCRAM-SHA-256$' in log
    assert account.stored()[1] not in log


def engine(vault: VaultServer, postgres: Postgres, **users: str) -> None:
    """Mount `database/`, connected as a superuser of its own."""
    with psycopg.connect(postgres.conninfo(), autocommit=True) as connection:
        for user, password in users.items():
            connection.execute(f"CREATE ROLE {user} SUPERUSER LOGIN PASSWORD '{password}'".encode())
    if "database/" not in vault.client.sys.list_mounted_secrets_engines()["data"]:
        vault.client.sys.enable_secrets_engine("database")
    for user, password in users.items():
        vault.client.secrets.database.configure(
            user,
            plugin_name="postgresql-database-plugin",
            allowed_roles=["*"],
            connection_url=f"postgresql://{{{{username}}}}:{{{{password}}}}@{postgres.host}:{postgres.port}/"
            f"{postgres.database}?sslmode=disable&connect_timeout=5",
            username=user,
            password=password,
            password_authentication="scram-sha-256",
        )


def test_a_static_role_is_rotated_by_vault(account: Account, vault: VaultServer, shared_postgres: Postgres) -> None:
    engine(vault, shared_postgres, statics="a-first-password")
    vault.client.secrets.database.create_static_role(
        account.name, "statics", account.name, [], rotation_period="86400s"
    )
    path, seen = f"database/static-creds/{account.name}", []
    before = vault.client.read(path)["data"]["password"]

    def verify(value: dict[str, Any]) -> bool:
        seen.append(value["password"])
        return account.logs_in(value["username"], value["password"])

    rotation = Rotation(path, kinds.StaticRole(), environ=vault.environ, verify=verify, max_age=3600)
    assert "rotated" == rotation.run().result
    assert [vault.client.read(path)["data"]["password"]] == seen
    assert before != seen[0]
    assert 0 <= (rotation.age() or -1) < 60
    with pytest.raises(RotationRefused, match="and Vault keeps no former state"):
        rotation.rollback()
    with pytest.raises(RotationError, match="it was rotated, but does not verify: the verifier rejected the value"):
        Rotation(path, kinds.StaticRole(), environ=vault.environ, verify=lambda _: False).run()


def test_the_root_account_gets_a_password_that_only_vault_holds(vault: VaultServer, shared_postgres: Postgres) -> None:
    engine(vault, shared_postgres, rootless="the-first-password")
    rotation = Rotation("database/config/rootless", kinds.DatabaseRoot(), environ=vault.environ)
    assert ("have Vault set a new password for rootless, which only Vault will know",) == rotation.plan().actions
    rotation.run()
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(shared_postgres.conninfo("rootless", "the-first-password"))


def test_vault_must_be_able_to_connect_with_the_new_root_password(
    vault: VaultServer, shared_postgres: Postgres
) -> None:
    engine(vault, shared_postgres, rootgone="the-first-password")

    def meddle(event: Event) -> None:
        if (event.step, event.state) == ("apply", "done"):
            with psycopg.connect(shared_postgres.conninfo(), autocommit=True) as connection:
                connection.execute("ALTER ROLE rootgone PASSWORD 'changed behind the back of Vault'")

    rotation = Rotation("database/config/rootgone", kinds.DatabaseRoot(), environ=vault.environ, on_event=meddle)
    with pytest.raises(RotationError, match="it was rotated, but does not verify"):
        rotation.run()


def test_a_transit_key_gets_a_version_and_old_texts_stay_readable(vault: VaultServer) -> None:
    transit = vault.client.secrets.transit
    vault.client.sys.enable_secrets_engine("transit")
    transit.create_key("app")
    text = transit.encrypt_data("app", "aGVsbG8=")["data"]["ciphertext"]
    rotation = Rotation("transit/keys/app", kinds.TransitKey(), environ=vault.environ)
    rotation.run()
    assert 2 == transit.read_key("app")["data"]["latest_version"]
    assert "aGVsbG8=" == transit.decrypt_data("app", text)["data"]["plaintext"]
    assert 0 <= (rotation.age() or -1) < 60
    with pytest.raises(VaultNotFound):
        Rotation("transit/keys/unknown", kinds.TransitKey(), environ=vault.environ).run()


def test_one_kind_may_rotate_several_keys_at_once(vault: VaultServer) -> None:
    transit, kind = vault.client.secrets.transit, kinds.TransitKey()
    for name in ("many", "few"):
        transit.create_key(name)
    for _ in range(3):
        transit.rotate_key("many")

    def another_plans(event: Event) -> None:
        if (event.step, event.state) == ("apply", "started"):
            Rotation("transit/keys/many", kind, environ=vault.environ).plan()

    Rotation("transit/keys/few", kind, environ=vault.environ, on_event=another_plans).run()
    assert 2 == transit.read_key("few")["data"]["latest_version"]


def test_a_token_without_the_engine_s_capability_is_refused_before(vault: VaultServer) -> None:
    token = vault.new_token(vault.policy("reads-keys", {"transit/keys/app": ["read"]}))
    rotation = Rotation("transit/keys/app", kinds.TransitKey(), environ={**vault.environ, "VAULT_TOKEN": token})
    with pytest.raises(RotationRefused, match=r"\(403\): update on transit/keys/app/rotate"):
        rotation.run()
    for kind in (kinds.StaticRole(), kinds.DatabaseRoot(), kinds.TransitKey()):
        with pytest.raises(RotationRefused, match="secret/app is not a `MOUNT/"):
            Rotation("secret/app", kind, environ=vault.environ).run()


def test_the_form_of_a_reference_implies_the_kind_of_rotation() -> None:
    forms = {
        ("secret/app", "token"): "generated",
        ("database/static-creds/app", None): "static-role",
        ("database/config/pg", None): "database-root",
        ("transit/keys/app", None): "transit-key",
        ("secret/db", None): "",
        ("keys/app", None): "",
    }
    assert forms == {form: kinds.guess(*form) for form in forms}
    assert {name: name for name in kinds.KINDS} == {name: kind.name for name, kind in kinds.KINDS.items()}
