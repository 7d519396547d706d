"""Neither the former nor the new secret shows in an error, its frames, the log, an event or a printed line."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest

from support.rotating import Account
from toriconfig.errors import SecretError
from toriconfig.rotation import Command, Event, Rotation, kinds
from toriconfig.rotation.kinds import _account
from toriconfig.testing import Canary, VaultServer


class Planted:
    """An account whose stored password is one canary, and whose next one is another."""

    def __init__(self, account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
        self.account, self.former, self.new = account, Canary(), Canary()
        with psycopg.connect(account.postgres.conninfo(), autocommit=True) as connection:
            connection.execute(f"ALTER ROLE {account.name} PASSWORD '{self.former.secret}'".encode())
        account.vault.put(account.path, {"username": account.name, "password": self.former.secret})
        monkeypatch.setattr(_account, "random_text", lambda: self.new.secret)

    @contextmanager
    def watch(self) -> Iterator[None]:
        with self.former.watch(), self.new.watch():
            yield

    def absent_from(self, *things: object) -> None:
        self.former.absent_from(*things)
        self.new.absent_from(*things)


def at(step: str, act: Callable[[], object]) -> Callable[[Event], None]:
    def on_event(event: Event) -> None:
        if (event.step, event.state) == (step, "started"):
            act()

    return on_event


def lost(account: Account) -> Rotation:
    return account.rotation(single=True, on_event=at("promote", account.rotation(single=True).resume))


def written_over(account: Account) -> Rotation:
    def write() -> None:
        account.vault.put(account.path, {"username": "by", "password": "hand"})

    return account.rotation(single=True, on_event=at("promote", write))


def nobody(account: Account) -> Rotation:
    kind = kinds.DatabaseUser(account.conninfo, account.path)
    return Rotation(account.path, kind, environ=account.vault.environ)


def unreachable(account: Account) -> Rotation:
    kind = kinds.DatabaseUser("host=127.0.0.1 port=1 dbname=x", "secret/admin")
    return Rotation(account.path, kind, environ=account.vault.environ)


def destroyed(account: Account) -> Rotation:
    def destroy() -> None:
        account.vault.client.secrets.kv.v2.destroy_secret_versions(account.name, [2])

    return account.rotation(on_event=at("apply", destroy))


def unverified(account: Account) -> Rotation:
    return account.rotation(verify=Command(["sh", "-c", "cat; cat >&2; exit 1"]))


FAILING = [lost, written_over, nobody, unreachable, destroyed, unverified]


@pytest.mark.parametrize("make", FAILING)
def test_a_failed_rotation_shows_no_secret(
    account: Account, monkeypatch: pytest.MonkeyPatch, make: Callable[[Account], Rotation]
) -> None:
    planted = Planted(account, monkeypatch)
    rotation = make(account)
    with planted.watch(), pytest.raises(SecretError) as caught:
        rotation.run()
    planted.absent_from(caught.value, rotation, rotation.kind)


def test_a_successful_rotation_shows_no_secret(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    planted = Planted(account, monkeypatch)
    events: list[Event] = []
    rotation = account.rotation(on_event=events.append, grace=0.0)
    with planted.watch():
        plan, outcome = rotation.plan(), rotation.run()
        status, back = rotation.status(), account.rotation().rollback()
    planted.absent_from(plan, outcome, status, back, *events)
    assert planted.former.secret == account.stored()[1]
    assert account.logs_in()


def test_an_interrupted_rotation_shows_no_secret(vault: VaultServer) -> None:
    class Interrupted(kinds.Given):
        def apply(self, work: Any, pending: Any, current: Any) -> None:
            raise KeyboardInterrupt

    vault.put("secret/interrupted", {"token": "old"})
    canary = Canary()
    rotation = Rotation("secret/interrupted#token", Interrupted(canary.secret), environ=vault.environ)
    with pytest.raises(KeyboardInterrupt) as caught:
        rotation.run()
    canary.absent_from(caught.value)
    rotation.rollback()
