"""A stored credential that the database refuses without a rotation: a rollback restores one, or shows the remedy."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from support.postgres_line import postgres_line
from support.rotate_command import rotate
from support.rotating import Account, Left, left_at
from toriconfig import VaultNotFound
from toriconfig.rotation import DatabaseUnreachable, Rotation, RotationError, RotationRefused, Work
from toriconfig.rotation.kinds import DatabaseUser


def broken_by_hand(account: Account, **values: Any) -> None:
    """Store another value, as after a typing error."""
    account.vault.put(account.path, {**account.vault.get(account.path), **(values or {"password": "mistyped"})})


def changed_in_the_database(account: Account, password: str = "") -> None:
    name = account.stored()[0]
    with psycopg.connect(account.postgres.conninfo(), autocommit=True) as connection:
        connection.execute(f"ALTER ROLE {name} PASSWORD '{password or secrets.token_hex(8)}'".encode())


def rotated(account: Account, *, single: bool) -> None:
    account.rotation(single=single).run()


def taken_back(account: Account, *, single: bool) -> None:
    account.rotation(single=single).run()
    account.rotation(single=single).rollback()


def undone(account: Account, *, single: bool) -> None:
    with pytest.raises(RotationError):
        account.rotation(single=single, verify=lambda _: False).run()


@pytest.mark.parametrize("before", [rotated, taken_back, undone])
@pytest.mark.parametrize("single", [False, True])
@pytest.mark.parametrize("wrong", [{"password": "mistyped"}, {"username": "nobody"}, {"password": None}])
def test_a_rollback_brings_back_the_newest_version_that_is_accepted(
    account: Account, before: Callable[..., None], single: bool, wrong: dict[str, Any]
) -> None:
    before(account, single=single)
    good = account.stored()
    for _ in range(2):
        broken_by_hand(account, **wrong)
    outcome = account.rotation(single=single).rollback()
    assert "rotated" == outcome.result
    assert good == account.stored()
    assert account.logs_in()
    assert account.postgres.port == account.vault.get(account.path)["port"]
    assert "nothing" == account.rotation(single=single).rollback().result


class Doubtful(DatabaseUser):
    """A kind that cannot check one of the passwords."""

    def works(self, work: Work, values: dict[str, Any]) -> bool:
        if values["password"] == "unchecked":
            raise RotationError("the login could not be tried")
        return super().works(work, values)


def test_a_version_that_cannot_be_checked_is_not_restored(account: Account) -> None:
    rotated(account, single=False)
    good = account.stored()
    for password in ("unchecked", "mistyped"):
        broken_by_hand(account, password=password)
    kind = Doubtful(account.conninfo, "secret/admin")
    Rotation(account.path, kind, environ=account.vault.environ).rollback()
    assert good == account.stored()


def test_a_secret_that_was_never_rotated_is_restored_too(account: Account) -> None:
    broken_by_hand(account)
    for act in (account.rotation().run, account.rotation().plan):
        with pytest.raises(RotationRefused, match="does not log in") as caught:
            act()
        assert f"`toriconfig rotate {account.path} --rollback` restores the accepted version" in caught.value.help
    arguments = [account.path, "--kind", "database-user", "--conninfo", account.conninfo, "--admin", "secret/admin"]
    code, out, _ = rotate(account.vault.environ, *arguments, "--rollback")
    assert (0, f"restored the value of version 1 at {account.path}, as version 3\n") == (code, out)
    assert (account.name, account.first) == account.stored()
    changed_in_the_database(account)
    code, _, err = rotate(account.vault.environ, account.path, "--rollback")
    assert (1, True) == (code, f"`toriconfig rotate {account.path} --rollback --to 3`" in err)


def test_the_first_version_is_made_valid_again_by_its_number(account: Account) -> None:
    changed_in_the_database(account)
    with pytest.raises(RotationRefused, match="readers are refused now") as caught:
        account.rotation().rollback()
    assert "--rollback --to 1`" in caught.value.help
    assert "rotated" == account.rotation().rollback(to=1).result
    assert account.logs_in(account.name, account.first)


def test_a_key_that_was_removed_by_hand_is_restored(account: Account) -> None:
    rotated(account, single=True)
    good = account.stored()
    account.vault.put(account.path, {"username": good[0], "port": 1})
    account.rotation(single=True).rollback()
    assert good == account.stored()


@pytest.mark.parametrize("single", [False, True])
def test_without_an_accepted_version_it_shows_the_command_to_run(account: Account, single: bool) -> None:
    taken_back(account, single=single)
    changed_in_the_database(account)
    if not single:  # the version in between is of the other user
        other = f"{account.name}_clone"
        with psycopg.connect(account.postgres.conninfo(), autocommit=True) as connection:
            connection.execute(f"ALTER ROLE {other} PASSWORD NULL".encode())
    with pytest.raises(
        RotationRefused, match="readers are refused now: version 3 of .* is not accepted, nor is"
    ) as caught:
        account.rotation(single=single).rollback()
    assert f"`toriconfig rotate {account.path} --rollback --to 3`" in caught.value.help
    assert not account.logs_in()
    outcome = account.rotation(single=single).rollback(to=3)
    assert ("rotated", 3) == (outcome.result, outcome.restored)
    assert account.logs_in()


@pytest.mark.parametrize("act", ["resume", "rollback"])
@pytest.mark.parametrize("step", ["apply", "verify", "promote", "grace"])
def test_the_stored_value_is_made_valid_again_after_a_killed_attempt(account: Account, step: str, act: str) -> None:
    taken_back(account, single=True)
    stored = account.stored()
    changed_in_the_database(account)
    try:
        account.rotation(single=True, grace=0.0, on_event=left_at(step)).rollback(to=3)
    except Left:
        getattr(account.rotation(single=True, grace=0.0), act)()
    assert stored == account.stored()
    assert account.logs_in()
    assert not account.rotation(single=True).status().open


def test_a_stored_value_that_is_accepted_is_still_nothing_to_do(account: Account) -> None:
    taken_back(account, single=False)
    assert "nothing" == account.rotation().rollback().result
    with pytest.raises(RotationRefused, match="already holds that value"):
        account.rotation().rollback(to=3)


def test_if_the_database_does_not_answer_the_working_version_is_unknown(account: Account) -> None:
    taken_back(account, single=False)
    with postgres_line(account.postgres.host, account.postgres.port) as line:
        line.fate = lambda sent: "cut"
        kind = DatabaseUser(f"host=127.0.0.1 port={line.port} dbname=postgres", "secret/admin")
        with pytest.raises(DatabaseUnreachable):
            Rotation(account.path, kind, environ=account.vault.environ, timeout=1.0).rollback()


@pytest.mark.parametrize("before", [rotated, taken_back, undone, lambda account, single: None])
def test_a_deleted_stored_version_is_reported_with_the_command_to_run(
    account: Account, before: Callable[..., None]
) -> None:
    before(account, single=True)
    number = account.rotation().status().stored
    account.vault.client.secrets.kv.v2.delete_latest_version_of_secret(account.path.removeprefix("secret/"))
    with pytest.raises(VaultNotFound, match="is deleted") as caught:
        account.rotation(single=True).rollback()
    assert f"`vault kv undelete -versions={number} {account.path}`" in caught.value.help


def test_a_rollback_of_a_path_that_holds_nothing_is_an_error(account: Account) -> None:
    with pytest.raises(VaultNotFound, match="holds nothing"):
        Rotation(f"{account.path}x", account.kind(), environ=account.vault.environ).rollback()


@pytest.mark.parametrize("act", ["run", "plan"])
def test_an_administrator_that_is_refused_is_named_by_its_reference(account: Account, act: str) -> None:
    account.vault.put("secret/other-admin", {"username": account.postgres.user, "password": "wrong"})
    kind = DatabaseUser(account.conninfo, "secret/other-admin")
    with pytest.raises(RotationError, match="password authentication failed") as caught:
        getattr(Rotation(account.path, kind, environ=account.vault.environ), act)()
    assert "the administrator at secret/other-admin" in caught.value.help
    assert account.logs_in(account.name, account.first)


def test_the_status_names_the_rollback_where_readers_are_refused(account: Account) -> None:
    taken_back(account, single=True)
    broken_by_hand(account)
    status = account.rotation(single=True).status()
    assert (True, (f"toriconfig rotate {account.path} --rollback",)) == (status.locked_out, status.commands)


def test_another_kind_than_the_recorded_one_is_refused(account: Account) -> None:
    taken_back(account, single=True)
    broken_by_hand(account)
    code, _, err = rotate(account.vault.environ, account.path, "--rollback", "--kind", "generated")
    assert (1, True) == (code, "is of kind database-user, not generated" in err)


def test_the_command_reports_the_restored_version(account: Account) -> None:
    taken_back(account, single=True)
    broken_by_hand(account)
    code, out, _ = rotate(account.vault.environ, account.path, "--rollback")
    assert (0, f"restored the value of version 3 at {account.path}, as version 5\n") == (code, out)
    changed_in_the_database(account)
    code, _, err = rotate(account.vault.environ, account.path, "--rollback")
    assert (1, True) == (code, f"`toriconfig rotate {account.path} --rollback --to 5`" in err)
    code, out, _ = rotate(account.vault.environ, account.path, "--rollback", "--to", "5")
    assert (0, f"the stored value of {account.path}, version 5, is accepted again\n") == (code, out)
    assert account.logs_in()
