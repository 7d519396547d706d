"""The status of a rotation: about this secret and no other, for as long as the record can be read."""

from __future__ import annotations

import psycopg
import pytest

from local_postgres import Postgres
from support.rotating import Account, Left, left_at
from toriconfig.errors import VaultNotFound
from toriconfig.rotation import Rotation, kinds
from toriconfig.testing import VaultServer


def rotation(vault: VaultServer, key: str, *, leave_at: str = "") -> Rotation:
    on_event = left_at(leave_at) if leave_at else None
    return Rotation(f"secret/pay#{key}", kinds.Generated(), environ=vault.environ, on_event=on_event)


def test_a_key_that_was_never_rotated_is_not_reported_the_record_of_another(vault: VaultServer) -> None:
    vault.put("secret/pay", {"pin": "old", "other": "old"})
    rotation(vault, "pin").run()
    status = rotation(vault, "other").status()
    assert ("secret/pay#other", "", False) == (status.reference, status.step, status.open)
    assert "done" == rotation(vault, "pin").status().step


def test_another_key_that_is_half_way_is_reported_by_its_name(vault: VaultServer) -> None:
    vault.put("secret/pay", {"pin": "old", "other": "old"})
    with pytest.raises(Left):
        rotation(vault, "pin", leave_at="verify").run()
    status = rotation(vault, "other").status()
    assert ("secret/pay#pin", "applied", True) == (status.reference, status.step, status.open)
    rotation(vault, "pin").rollback()


def test_the_record_of_a_secret_that_was_deleted_is_reported(vault: VaultServer) -> None:
    vault.put("secret/pay", {"pin": "old"})
    rotation(vault, "pin").run()
    vault.delete("secret/pay")
    status = rotation(vault, "pin").status()
    assert ("done", None) == (status.step, status.rotated_at)
    with pytest.raises(VaultNotFound, match="the newest version of secret/pay, .*, is deleted"):
        rotation(vault, "other").status()


@pytest.mark.parametrize("single", [True, False])
def test_a_password_changed_by_hand_is_reported_with_the_remedy(
    account: Account, shared_postgres: Postgres, single: bool
) -> None:
    account.rotation(single=single).run()
    username, _ = account.stored()
    with psycopg.connect(shared_postgres.conninfo(), autocommit=True) as connection:
        connection.execute(f"ALTER ROLE {username} PASSWORD 'changed-by-hand'".encode())
    status = account.rotation(single=single).status()
    assert not account.logs_in()
    assert status.locked_out
    assert "store the accepted value, or make the stored value accepted again" in status.works
