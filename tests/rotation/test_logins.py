"""Logins that prove the password of a database user."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from support.rotating import Account
from toriconfig._devserver import wait_for
from toriconfig.rotation import Rotation, RotationError, RotationRefused, kinds


@pytest.fixture
def trusted(account: Account) -> Iterator[Account]:
    """An account that the server accepts with any password."""
    rules = Path(account.postgres._data, "pg_hba.conf")
    before = rules.read_text()

    def use(text: str) -> None:
        rules.write_text(text)
        with psycopg.connect(account.postgres.conninfo(), autocommit=True) as connection:
            connection.execute("SELECT pg_reload_conf()")

    def any_password() -> bool:
        return account.logs_in(account.name, "any")

    use(f"host all {account.name} 127.0.0.1/32 trust\n{before}")
    wait_for(any_password, timeout=10.0, what="the rules were not read")
    yield account
    use(before)
    wait_for(lambda: not any_password(), timeout=10.0, what="the rules were not read again")


@pytest.mark.parametrize("single", [False, True], ids=["alternating", "single"])
def test_a_server_that_requires_no_password_is_refused(trusted: Account, single: bool) -> None:
    with pytest.raises(RotationRefused, match=f"does not ask {trusted.name} for a password, so"):
        trusted.rotation(single=single).run()
    assert (trusted.name, trusted.first) == trusted.stored()


def test_an_administrator_that_rotates_itself_is_not_locked_out(account: Account) -> None:
    with psycopg.connect(account.postgres.conninfo(), autocommit=True) as connection:
        connection.execute(f"ALTER ROLE {account.name} SUPERUSER".encode())
    kind = kinds.DatabaseUser(account.conninfo, account.path, single=True)
    with pytest.raises(RotationError, match="the former value is valid"):
        Rotation(account.path, kind, environ=account.vault.environ, verify=lambda _: False).run()
    assert (account.name, account.first) == account.stored()
    assert account.logs_in()


def test_an_administrator_that_was_just_rotated_can_log_in(account: Account) -> None:
    with psycopg.connect(account.postgres.conninfo(), autocommit=True) as connection:
        connection.execute(f"ALTER ROLE {account.name} SUPERUSER".encode())
    user = Account(account.vault, account.postgres)
    kind = kinds.DatabaseUser(account.conninfo, account.path, single=True)
    for path in (user.path, account.path, user.path):
        assert "rotated" == Rotation(path, kind, environ=account.vault.environ).run().result
    assert user.logs_in()
