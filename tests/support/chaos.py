"""Readers that try each credential on the real thing, and faults that come in any order."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import psycopg
from hvac.exceptions import InternalServerError

from local_postgres import Postgres
from support.durable import DurableServer
from toriconfig import Secret
from toriconfig.errors import SecretError
from toriconfig.integrations._refused_login import login_refused, newer_account

SETTLE = 10.0
"""Seconds for which Vault must have answered before a reader has no excuse any more."""

RECHECK = 1.5
"""Seconds until a doubtful outcome is looked at again: Vault revokes a moment after it says so."""


def logs_in(postgres: Postgres, account: dict[str, str]) -> bool:
    """True if PostgreSQL accepts the account; any other failure is raised."""
    try:
        psycopg.connect(postgres.conninfo(account["username"], account["password"])).close()
    except psycopg.OperationalError as error:
        if not login_refused(error, account["username"]):
            raise
        return False
    return True


class Reader(threading.Thread):
    """Reads one secret again and again, and uses what it gets.

    Attributes:
        counts: of outcomes: used, refreshed (refused, and the newer one worked), refused, raised.
        violations: what must not happen, a line each.
    """

    def __init__(
        self, name: str, secret: Secret[Any], works: Callable[[Any], bool], server: DurableServer, stop: threading.Event
    ) -> None:
        super().__init__(name=name, daemon=True)
        self.counts = Counter[str]()
        self.violations: list[str] = []
        self._secret, self._works, self._server, self._stop_event = secret, works, server, stop
        self._last: Any = None
        self._dead_since: float | None = None

    def run(self) -> None:
        began = time.monotonic()
        while not self._stop_event.wait(0.1):
            try:
                self._read()
            except Exception as error:  # noqa: BLE001  (no other code would report it)
                self._violation(f"unforeseen after {time.monotonic() - began:.0f} s: {type(error).__name__}: {error}")

    def _read(self) -> None:
        try:
            value = self._secret.get()
        except SecretError as error:
            self._raised(error)
            return
        if self._works(value):
            self.counts["used"] += 1
            self._last, self._dead_since = value, None
            return
        self._refused(value)

    def _raised(self, error: SecretError) -> None:
        self.counts["raised"] += 1
        last = self._last
        if last is None or not self._works(last):
            return
        time.sleep(RECHECK)
        if self._works(last) and self._secret.get(None) is None:
            self._violation(f"a read failed though its credential works: {error}")

    def _refused(self, value: Any) -> None:
        newer = None
        if isinstance(value, dict) and "username" in value:
            newer = newer_account(self._secret, value["username"], value["password"])
        if newer is not None and self._works(newer.of):
            self.counts["refreshed"] += 1
            self._last, self._dead_since = newer.of, None
            return
        self.counts["refused"] += 1
        now = time.monotonic()
        self._dead_since = self._dead_since or now
        if now - max(self._dead_since, self._server.up_since) > SETTLE:
            self._violation(f"a dead credential was handed out for {now - self._dead_since:.1f} s")

    def _violation(self, what: str) -> None:
        self.violations.append(f"{self.name}: {what}")


class Chaos:
    """Faults, one after the other, each undone before the next.

    Args:
        server: that suffers them.
        seed: of what comes when; the same seed, the same order.
        roles: whose leases are revoked by hand.
        static: names of static roles that are rotated by hand.
        step_clock: moves the wall clock of this process by so many seconds.
    """

    def __init__(
        self,
        server: DurableServer,
        seed: int,
        roles: list[str],
        static: list[str],
        step_clock: Callable[[float], None],
    ) -> None:
        self.counts = Counter[str]()
        self._server, self._roles, self._static, self._step = server, roles, static, step_clock
        self._random = random.Random(seed)
        self._faults = [
            *(self.kill, self.seal, self.pause, self.revoke_leases),
            *(self.revoke_tokens, self.rotate_static, self.step_clock),
        ]

    def run(self, seconds: float) -> None:
        """Cause faults for that long: each kind in turn, in a new order each round."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for fault in self._random.sample(self._faults, len(self._faults)):
                fault()
                self.counts[fault.__name__] += 1
                time.sleep(self._random.uniform(0.2, 3.0))
                if time.monotonic() >= end:
                    return

    def _down(self) -> None:
        time.sleep(self._random.choice([0.5, 2.0, 5.0, 9.0]))

    def kill(self) -> None:
        """The process is killed, and restarts with its data."""
        self._server.kill()
        self._down()
        self._server.start()

    def seal(self) -> None:
        """The server is sealed."""
        self._server.seal()
        self._down()
        self._server.unseal()

    def pause(self) -> None:
        """The server hangs."""
        self._server.pause()
        self._down()
        self._server.resume()

    def revoke_leases(self) -> None:
        """All leases of a role are revoked."""
        self._server.client.sys.revoke_prefix(f"database/creds/{self._random.choice(self._roles)}")

    def revoke_tokens(self) -> None:
        """All tokens of logins are revoked, and their leases with them."""
        self._server.client.sys.revoke_prefix("auth/approle/login")

    def rotate_static(self) -> None:
        """A static role is rotated; OpenBao refuses that while it rotates the role by itself."""
        try:
            self._server.client.write_data(f"database/rotate-role/{self._random.choice(self._static)}", data={})
        except InternalServerError as error:
            if "duplicate item" not in str(error):
                raise
            self.counts["rotate_static met the rotation of OpenBao itself"] += 1

    def step_clock(self) -> None:
        """The wall clock is set."""
        self._step(self._random.choice([3600.0, -3600.0, 86_400.0, -86_400.0]))
