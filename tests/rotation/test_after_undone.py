"""After a rotation that failed and was undone, the last completed one counts: its kind, its options, its commands."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from support.rotate_command import rotate
from support.rotating import Account, Left, left_at
from toriconfig.rotation import Rotation, RotationError, RotationRefused, kinds
from toriconfig.testing import VaultServer

BY = kinds.ByCommand([sys.executable, "-c", "input"])


def rotation(vault: VaultServer, reference: str, kind: Any = None, **options: Any) -> Rotation:
    return Rotation(reference, kind, environ=vault.environ, **options)


def undone(vault: VaultServer, reference: str, kind: Any = BY) -> None:
    with pytest.raises(RotationError, match="the former value is valid"):
        rotation(vault, reference, kind, verify=lambda _: False).run()


def test_the_implied_kind_may_rotate_again(vault: VaultServer) -> None:
    vault.put("secret/implied", {"token": "old"})
    assert 0 == rotate(vault.environ, "secret/implied#token")[0]
    for _ in range(2):
        undone(vault, "secret/implied#token")
    code, out, err = rotate(vault.environ, "secret/implied#token")
    assert (0, True) == (code, "(generated, version 2 to 3)" in out), err


@pytest.mark.parametrize("key", ["token", "other"])
def test_the_implied_kind_is_still_refused_after_another_kind(vault: VaultServer, key: str) -> None:
    name = f"refused-{key}"
    vault.put(f"secret/{name}", {"token": "old", "other": "old"})
    rotation(vault, f"secret/{name}#token", BY).run()
    undone(vault, f"secret/{name}#{key}", kinds.Generated())
    with pytest.raises(RotationRefused, match="was last rotated by kind command"):
        rotation(vault, f"secret/{name}#token").run()


def test_the_only_rotation_was_undone_and_is_named_so(vault: VaultServer) -> None:
    vault.put("secret/only", {"token": "old"})
    undone(vault, "secret/only#token")
    with pytest.raises(
        RotationRefused, match="the last rotation of secret/only#token, which was undone, was by kind command"
    ):
        rotation(vault, "secret/only#token").run()


@pytest.mark.parametrize("step", ["apply", "verify", "promote"])
def test_a_rotation_that_was_killed_and_then_undone_does_not_count(vault: VaultServer, step: str) -> None:
    reference = f"secret/killed-{step}#token"
    vault.put(f"secret/killed-{step}", {"token": "old"})
    rotation(vault, reference).run()
    with pytest.raises(Left):
        rotation(vault, reference, BY, on_event=left_at(step)).run()
    assert "undone" == rotation(vault, reference, BY).rollback().result
    assert "rotated" == rotation(vault, reference).run().result


def test_the_options_of_the_completed_rotation_are_kept(account: Account) -> None:
    account.rotation(single=True).run()
    before = account.stored()
    undone(account.vault, f"{account.path}#password", kinds.Generated())
    assert "rotated" == rotation(account.vault, account.path, kinds.DatabaseUser, min_age=0.0).run().result
    assert account.stored() != before
    assert account.logs_in()


def test_a_version_is_restored_by_the_completed_kind(account: Account) -> None:
    account.rotation(single=True).run()
    undone(account.vault, f"{account.path}#password", kinds.Generated())
    assert rotation(account.vault, account.path).status().locked_out is False
    assert "rotated" == rotation(account.vault, account.path).rollback(to=1).result
    assert (account.name, account.first) == account.stored()
    assert account.logs_in()


def test_a_rollback_that_failed_does_not_count(account: Account) -> None:
    account.rotation(single=True).run()
    with pytest.raises(RotationError, match="the value that was to be rolled back is valid"):
        account.rotation(single=True, verify=lambda _: False).rollback()
    undone(account.vault, f"{account.path}#password", kinds.Generated())
    assert "rotated" == rotation(account.vault, account.path, min_age=0.0).run().result
    assert account.logs_in()


def test_a_record_holds_one_completed_rotation_without_values(vault: VaultServer) -> None:
    vault.put("secret/nested", {"token": "old"})
    for _ in range(3):
        rotation(vault, "secret/nested#token").run()
        undone(vault, "secret/nested#token")
    last = vault.get("secret/nested.rotation")["last"]
    assert ("generated", "done", {}, {}) == (last["kind"], last["step"], last["last"], last["undoes"])
    assert not {"pending", "former"} & set(last)


def test_a_record_of_an_earlier_release_counts_as_before(vault: VaultServer) -> None:
    vault.put("secret/earlier", {"token": "old"})
    rotation(vault, "secret/earlier#token").run()
    undone(vault, "secret/earlier#token")
    record = vault.get("secret/earlier.rotation")
    number = vault.client.secrets.kv.v2.read_secret_metadata("earlier.rotation")["data"]["current_version"]
    earlier = {name: value for name, value in record.items() if name != "last"}
    vault.put("secret/earlier.rotation", earlier, cas=number)
    with pytest.raises(RotationRefused, match="by kind command"):
        rotation(vault, "secret/earlier#token").run()
    assert "rotated" == rotation(vault, "secret/earlier#token", kinds.Generated()).run().result
