"""A reference that cannot be rotated is named, and nothing is changed."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import suppress

import pytest

from support.rotating import Account, Left, left_at
from toriconfig import Ref
from toriconfig.errors import SecretError, VaultNotFound
from toriconfig.rotation import Rotation, RotationError, RotationRefused, kinds
from toriconfig.testing import VaultServer


def deleted(vault: VaultServer) -> None:
    vault.put("secret/deleted", {"token": "old"})
    vault.delete("secret/deleted")


def destroyed(vault: VaultServer) -> None:
    vault.put("secret/destroyed", {"token": "old"})
    vault.client.secrets.kv.v2.destroy_secret_versions("destroyed", [1])


def version_one(vault: VaultServer) -> None:
    vault.mount_kv("one", version=1)
    vault.put("one/app", {"token": "old"})


def occupied(vault: VaultServer) -> None:
    vault.put("secret/occupied", {"token": "old"})
    vault.put("secret/occupied.rotation", {"notes": "of somebody"})


def rotated(vault: VaultServer) -> None:
    vault.put("secret/rotated", {"token": "old"})
    Rotation("secret/rotated#token", kinds.Generated(), environ=vault.environ).run()


def nothing(vault: VaultServer) -> None:
    vault.put("secret/bad", {"token": "old"})


CASES: dict[str, tuple[Callable[[VaultServer], None], str]] = {
    "secret/unknown#token": (nothing, "Vault holds nothing at secret/unknown"),
    "secret/bad#tokne": (nothing, "secret/bad has no key tokne"),
    "secret/deleted#token": (deleted, "the newest version of secret/deleted, 1, is deleted"),
    "secret/destroyed#token": (destroyed, "the newest version of secret/destroyed, 1, is destroyed"),
    "nowhere/app#token": (nothing, "Vault reports to this token no secrets engine at nowhere/app"),
    "one/app#token": (version_one, "version 1, which has no check-and-set"),
    "secret/bad": (nothing, "secret/bad names no key"),
    "secret/occupied#token": (occupied, "does not hold the record of a rotation"),
    "secret/rotated.rotation#id": (rotated, "secret/rotated.rotation is the record of a rotation"),
    "database/static-creds/x#token": (
        nothing,
        "Vault reports to this token no secrets engine at database/static-creds/x",
    ),
}


@pytest.mark.parametrize("reference", CASES)
def test_a_reference_that_cannot_be_rotated_is_named_and_nothing_changes(vault: VaultServer, reference: str) -> None:
    prepare, message = CASES[reference]
    prepare(vault)
    vault.forget_requests()
    rotation = Rotation(reference, kinds.Generated(), environ=vault.environ)
    for act in (rotation.run, rotation.plan):
        with pytest.raises(SecretError, match=message):
            act()
    assert 0 == writes(vault)


def writes(vault: VaultServer) -> int:
    return sum(
        entry["request"]["operation"] in ("create", "update", "patch", "delete")
        and not entry["request"]["path"].startswith("sys/")
        for entry in vault.audit()
    )


NEEDS = {
    "secret/data/denied": ["read", "update"],
    "secret/metadata/denied": ["patch"],
    "secret/data/denied.rotation": ["create", "read", "update"],
    "secret/metadata/denied.rotation": ["create", "update"],
}


@pytest.mark.parametrize("path", NEEDS)
def test_a_capability_that_is_missing_is_named_before_anything_changes(vault: VaultServer, path: str) -> None:
    vault.put("secret/denied", {"token": "old"})
    rules = {**NEEDS, path: ["list"]}
    token = vault.new_token(vault.policy(f"all-but-{path.replace('/', '-')}", rules))
    vault.forget_requests()
    rotation = Rotation("secret/denied#token", kinds.Generated(), environ={**vault.environ, "VAULT_TOKEN": token})
    for act in (rotation.run, rotation.plan):
        with pytest.raises(RotationRefused, match=rf"\(403\): .* on {path}; nothing was changed") as caught:
            act()
        assert f'path "{path}"' in caught.value.help
    assert 0 == writes(vault)


NEEDS_BACK = {
    "apply": {"secret/data/denied.rotation": ["read", "update"]},
    "verify": {"secret/data/denied.rotation": ["read", "update"]},
    "promote": {"secret/data/denied.rotation": ["read", "update"], "secret/data/denied": ["read", "update"]},
    "close": {"secret/data/denied.rotation": ["read", "update"], "secret/data/denied": ["read", "update"]},
}
NEEDS_ON = {
    "apply": {"secret/data/denied.rotation": ["read", "update"], "secret/data/denied": ["read", "update"]},
    "verify": {"secret/data/denied.rotation": ["read", "update"], "secret/data/denied": ["read", "update"]},
    "promote": {"secret/data/denied.rotation": ["read", "update"], "secret/data/denied": ["read", "update"]},
    "grace": {
        "secret/data/denied.rotation": ["read", "update"],
        "secret/destroy/denied": ["update"],
        "secret/data/denied": ["read"],
    },
}


def leave(vault: VaultServer, step: str) -> None:
    """Leave a rotation of `secret/denied` half-way at that step, or close it."""
    vault.put("secret/denied", {"token": "old"})
    kind, on_event = kinds.Generated(), left_at(step) if step != "close" else None
    grace = 0.0 if step == "grace" else None
    with suppress(Left):
        Rotation("secret/denied#token", kind, environ=vault.environ, on_event=on_event, grace=grace).run()


def with_rules(vault: VaultServer, name: str, rules: dict[str, list[str]]) -> Rotation:
    token = vault.new_token(vault.policy(name, rules))
    return Rotation("secret/denied#token", environ={**vault.environ, "VAULT_TOKEN": token})


@pytest.mark.parametrize("step", NEEDS_BACK)
def test_a_rollback_needs_no_more_than_it_uses(vault: VaultServer, step: str) -> None:
    for path in NEEDS_BACK[step]:
        leave(vault, step)
        before = vault.get("secret/denied.rotation")
        weak = with_rules(vault, f"not-back-{step}", {**NEEDS_BACK[step], path: ["read"]})
        with pytest.raises(RotationRefused, match=rf"\(403\): .* on {path}; nothing was changed"):
            weak.rollback()
        assert before == vault.get("secret/denied.rotation")
        assert "nothing" != with_rules(vault, f"back-{step}", NEEDS_BACK[step]).rollback().result
        assert "old" == vault.get("secret/denied")["token"]


@pytest.mark.parametrize("step", NEEDS_ON)
def test_a_resume_needs_no_more_than_it_uses(vault: VaultServer, step: str) -> None:
    for path in NEEDS_ON[step]:
        leave(vault, step)
        weak = with_rules(vault, f"not-on-{step}", {**NEEDS_ON[step], path: NEEDS_ON[step][path][:-1] or ["list"]})
        with pytest.raises(RotationRefused, match=rf"\(403\): .* on {path}; nothing was changed"):
            weak.resume()
        assert "rotated" == with_rules(vault, f"on-{step}", NEEDS_ON[step]).resume().result
        assert "old" != vault.get("secret/denied")["token"]


def test_a_rollback_does_not_require_a_token_that_may_read_its_capabilities(vault: VaultServer) -> None:
    leave(vault, "verify")
    token = vault.new_token(vault.policy("plain", NEEDS_BACK["verify"]), no_default_policy=True)
    rotation = Rotation("secret/denied#token", environ={**vault.environ, "VAULT_TOKEN": token})
    assert "undone" == rotation.rollback().result


def test_the_required_capabilities_suffice(vault: VaultServer) -> None:
    vault.put("secret/denied", {"token": "old"})
    token = vault.new_token(vault.policy("enough", NEEDS))
    rotation = Rotation("secret/denied#token", kinds.Generated(), environ={**vault.environ, "VAULT_TOKEN": token})
    assert "rotated" == rotation.run().result
    assert "rotated" == rotation.rollback().result
    assert rotation.status().rotated_at is not None


def test_a_mount_that_requires_check_and_set_is_rotated_like_any(vault: VaultServer) -> None:
    vault.mount_kv("strict")
    vault.client.secrets.kv.v2.configure(cas_required=True, mount_point="strict")
    vault.put("strict/app", {"token": "old", "other": "stays"}, cas=0)
    rotation = Rotation("strict/app#token", kinds.Generated(), environ=vault.environ)
    assert (1, 2) == (rotation.run().former, rotation.status().version)
    assert "stays" == vault.get("strict/app")["other"]
    assert "old" != vault.get("strict/app")["token"]


def test_a_credential_of_another_database_is_refused(account: Account) -> None:
    account.vault.put(account.path, {"username": account.name, "password": "of another database"})
    for single in (False, True):
        with pytest.raises(RotationRefused, match="the stored credential does not log in to PostgreSQL at"):
            account.rotation(single=single).run()
    account.vault.put(account.path, {"username": account.name, "password": account.first, "host": "db.example"})
    with pytest.raises(RotationRefused, match="is for the host db.example, but the conninfo is for 127.0.0.1"):
        account.rotation().run()
    assert account.logs_in(account.name, account.first)
    assert "" == account.rotation().status().step


def test_a_missing_or_unprivileged_administrator_is_named(account: Account) -> None:
    missing = Rotation(
        account.path, kinds.DatabaseUser(account.conninfo, "secret/nobody"), environ=account.vault.environ
    )
    with pytest.raises(VaultNotFound, match="secret/nobody"):
        missing.run()
    weak = Rotation(account.path, kinds.DatabaseUser(account.conninfo, account.path), environ=account.vault.environ)
    for act in (weak.plan, weak.run):
        with pytest.raises(RotationRefused, match="permission denied to create role .*; nothing was changed") as caught:
            act()
        assert "CREATEROLE" in caught.value.help
    assert "" == weak.status().step
    assert account.logs_in()
    assert not weak.status().open


def test_an_invalid_conninfo_is_refused_without_being_shown(account: Account) -> None:
    kind = kinds.DatabaseUser("host=127.0.0.1 dbname=x c4n4ry", "secret/admin")
    rotation = Rotation(account.path, kind, environ=account.vault.environ)
    for act in (rotation.plan, rotation.run):
        with pytest.raises(RotationRefused, match="the conninfo cannot be read") as caught:
            act()
        assert "c4n4ry" not in str(caught.value)


class Broken(kinds.Generated):
    """A kind that raises, with a value in its text, wherever nothing is changed yet."""

    def __init__(self, method: str, *, stored: bool) -> None:
        super().__init__()
        self.stored = stored

        def raises(*_: object) -> None:
            raise LookupError("c4n4ry")

        setattr(self, method, raises)


@pytest.mark.parametrize("stored", [True, False])
@pytest.mark.parametrize("method", ["needs", "plan"])
def test_an_exception_of_a_kind_before_the_start_is_reported_by_type_and_place_only(
    vault: VaultServer, method: str, stored: bool
) -> None:
    vault.put("secret/bad", {"token": "old"})
    rotation = Rotation("secret/bad#token", Broken(method, stored=stored), environ=vault.environ)
    for act in (rotation.plan, rotation.run):
        with pytest.raises(RotationError, match=rf"generated: {method} raised LookupError at test_bad_input\.py:\d+$"):
            act()


def test_a_database_that_does_not_answer_is_named(account: Account) -> None:
    nowhere = kinds.DatabaseUser("host=127.0.0.1 port=1 dbname=x", "secret/admin")
    with pytest.raises(SecretError, match="PostgreSQL at 127.0.0.1:1 does not answer"):
        Rotation(account.path, nowhere, environ=account.vault.environ).run()
    assert "" == account.rotation().status().step


def test_a_database_that_hangs_is_given_up_at_the_deadline(account: Account) -> None:
    account.postgres.pause()
    try:
        with pytest.raises(SecretError, match="logging in to PostgreSQL at .* did not end within 0.5 s"):
            account.rotation(timeout=0.5).run()
    finally:
        account.postgres.resume()
    assert "" == account.rotation().status().step
    assert account.logs_in()


ODD = (-1.0, math.inf, math.nan, 1e300)


def timed(**seconds: float) -> Rotation:
    return Rotation("secret/x#k", kinds.Generated(), **seconds)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: kinds.Generated(4), "4 characters out of 62 can be guessed"),
        (lambda: kinds.Generated(40, "aaaa"), "at least two different"),
        (lambda: kinds.KeyPair("dsa"), "one of ed25519, ec-p256, rsa-3072, not dsa"),
        (lambda: kinds.DatabaseUser("host=x"), "need an administrator"),
        (lambda: kinds.DatabaseUser("host=x password=y", "secret/admin"), "not hold credentials"),
        (lambda: kinds.DatabaseUser("host=x password\t= y", "secret/admin"), "not hold credentials"),
        (lambda: kinds.DatabaseUser("postgresql://u:p@h/d", "secret/admin"), "not hold credentials"),
        *((lambda grace=grace: timed(grace=grace), "grace must be a number of seconds from 0") for grace in ODD),
        *((lambda wait=wait: timed(timeout=wait), "numbers of seconds above 0") for wait in (0.0, -1.0, math.nan)),
        (lambda: timed(verify_timeout=0.0), "numbers of seconds above 0"),
        (lambda: Rotation("secret/x?version=2#k", kinds.Generated()), "pinned to a version"),
        (lambda: Rotation("pki/issue/x?common_name=a#k", kinds.Generated()), "issued automatically"),
        (lambda: Rotation("secret/../x#k", kinds.Generated()), "`..` segment"),
        (lambda: Rotation(Ref("prod/x#k", scheme="aws"), kinds.Generated()), "aws:prod/x#k is not a secret of Vault"),
    ],
)
def test_invalid_arguments_are_refused_by_the_constructor(make: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


def test_the_message_without_vault_names_the_missing_configuration() -> None:
    with pytest.raises(RotationRefused, match="Vault is not configured"):
        Rotation("secret/x#k", kinds.Generated(), environ={})


def test_a_token_that_is_not_accepted_is_reported_as_such(vault: VaultServer) -> None:
    vault.put("secret/refused", {"token": "old"})
    environ = {**vault.environ, "VAULT_TOKEN": "hvs.none"}
    with pytest.raises(RotationRefused, match="Vault does not accept the token") as caught:
        Rotation("secret/refused#token", kinds.Generated(), environ=environ).run()
    assert "log in again" in caught.value.help
