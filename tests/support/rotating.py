"""A database user whose name and password are stored in Vault, to be rotated."""

from __future__ import annotations

import os
import secrets
import signal
import sys
import traceback
from collections.abc import Callable, Mapping
from typing import Any

import psycopg

from local_postgres import Postgres
from toriconfig.rotation import Event, Rotation
from toriconfig.rotation.kinds import DatabaseUser
from toriconfig.testing import VaultServer


class Account:
    """A user in PostgreSQL, stored at `path`; the superuser at `secret/admin`."""

    def __init__(self, vault: VaultServer, postgres: Postgres) -> None:
        self.vault, self.postgres = vault, postgres
        self.name = f"app_{secrets.token_hex(4)}"
        self.path = f"secret/{self.name}"
        self.first = secrets.token_urlsafe(16)
        with psycopg.connect(postgres.conninfo(), autocommit=True) as connection:
            connection.execute(f"CREATE ROLE {self.name} LOGIN PASSWORD '{self.first}'".encode())
        vault.put(self.path, {"username": self.name, "password": self.first, "port": postgres.port})
        vault.put("secret/admin", {"username": postgres.user, "password": postgres.password})
        self.conninfo = f"host={postgres.host} port={postgres.port} dbname={postgres.database} connect_timeout=20"

    def kind(self, *, single: bool = False) -> DatabaseUser:
        return DatabaseUser(self.conninfo, "secret/admin", single=single)

    def rotation(self, *, single: bool = False, environ: Mapping[str, str] | None = None, **options: Any) -> Rotation:
        """A rotation of the account; without a minimum age, since no program reads it, unless it is named."""
        given = {"min_age": 0.0, "timeout": 20.0, **options}
        return Rotation(self.path, self.kind(single=single), environ=environ or self.vault.environ, **given)

    def stored(self) -> tuple[str, str]:
        found = self.vault.get(self.path)
        return found["username"], found["password"]

    def logs_in(self, username: str | None = None, password: str | None = None) -> bool:
        """True if the stored credential, or the given one, is accepted."""
        if username is None or password is None:
            username, password = self.stored()
        try:
            psycopg.connect(self.conninfo, user=username, password=password).close()
        except psycopg.OperationalError as error:
            if "password authentication failed" not in str(error):
                raise
            return False
        return True


def at(step: str, state: str, act: Callable[[], object]) -> Callable[[Event], None]:
    """Run an action once, when a rotator reaches that point."""
    done: list[object] = []

    def on_event(event: Event) -> None:
        if (event.step, event.state) == (step, state) and not done:
            done.append(event)
            act()

    return on_event


class Left(BaseException):
    """Ends a rotation at its current step, as a kill would."""


def left_at(step: str) -> Callable[[Event], None]:
    """Leave a rotation half-way, when that step has started."""

    def leave() -> None:
        raise Left

    return at(step, "started", leave)


def killed_after(acts: int, make: Callable[[], Rotation]) -> bool:
    """Rotate in a child that is killed after so many writes to Vault and changes in the database.

    Returns:
        True if it was killed; False if it had ended before.
    """
    pid = os.fork()
    if pid == 0:
        try:
            rotation = make()
            _count(acts, rotation)
            rotation.run()
            os._exit(0)
        except BaseException:  # noqa: BLE001  (nothing of the child may reach the parent's pytest)
            traceback.print_exc(file=sys.__stderr__)
            os._exit(1)
    _, status = os.waitpid(pid, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WIFSIGNALED(status)


def _count(acts: int, rotation: Rotation) -> None:
    from toriconfig.rotation.kinds import _mysql_accounts, _postgres, _redis

    left = [acts]

    def done() -> None:
        left[0] -= 1
        if not left[0]:
            os.kill(os.getpid(), signal.SIGKILL)

    request, set_password = rotation.session.client.request, _postgres.set_password
    forget_password, change = _postgres.forget_password, _postgres.Server.change
    changed: list[str] = []

    def counted(method: str, path: str, *arguments: Any, **options: Any) -> Any:
        answer = request(method, path, *arguments, **options)
        if method in ("POST", "PUT", "PATCH") and not path.startswith("sys/"):
            done()
        return answer

    def marked(work: Any) -> Any:
        def with_mark(*arguments: Any) -> None:
            work(*arguments)
            changed.append("")

        return with_mark

    def counted_change(self: Any, *arguments: Any, rehearse: bool = False) -> None:
        change(self, *arguments, rehearse=rehearse)
        if rehearse:
            changed.clear()
        if changed:
            changed.clear()
            done()

    run, rules = _mysql_accounts.Accounts.run, _redis.Accounts._run

    def counted_run(self: Any, statement: str, *values: str) -> Any:
        rows = run(self, statement, *values)
        if not statement.startswith(("SELECT", "SHOW")):
            done()
        return rows

    def counted_rules(self: Any, user: str, *given: str) -> None:
        rules(self, user, *given)
        if not self._rehearse:
            done()

    _mysql_accounts.Accounts.run = counted_run  # type: ignore[method-assign]
    _redis.Accounts._run = counted_rules  # type: ignore[method-assign]
    rotation.session.client.request = counted  # type: ignore[method-assign]
    _postgres.set_password = marked(set_password)
    _postgres.forget_password = marked(forget_password)
    _postgres.Server.change = counted_change  # type: ignore[method-assign,assignment]


def own_session(vault: VaultServer, number: int) -> dict[str, str]:
    """An environment that gives each rotator its own session."""
    return {**vault.environ, "HOME": f"/nonexistent/{number}"}
