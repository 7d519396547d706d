"""A database engine of Vault's in memory: leased accounts that end when their lease, or a revocation, ends them."""

from __future__ import annotations

from typing import Any

from support.fake_vault import FakeVault
from toriconfig.testing import FakeClock


class Engine:
    """Leased accounts of an hour, on tokens of an hour, on one fake clock."""

    def __init__(self, vault: FakeVault, clock: FakeClock) -> None:
        self.vault, self.clock = vault, clock
        self.ends: dict[str, float] = {}
        vault.put("a", k="v")
        vault.answers["auth/userpass/login/u"] = self._login
        vault.answers["auth/token/renew-self"] = self._login
        vault.answers["database/creds/app"] = self._issue
        vault.answers["sys/leases/renew"] = self._renew
        vault.answers["sys/leases/revoke"] = lambda method, body: vault.answer(status=204)

    def _login(self, method: str, body: Any) -> Any:
        return self.vault.answer(auth={"client_token": "t", "lease_duration": 3600, "renewable": True})

    def _issue(self, method: str, body: Any) -> Any:
        number = len(self.ends)
        self.ends[f"u{number}"] = self.clock.monotonic() + 3600
        lease = f"database/creds/app/{number}"
        data = {"username": f"u{number}", "password": "p"}
        return self.vault.answer(lease_id=lease, lease_duration=3600, renewable=True, data=data)

    def _renew(self, method: str, body: Any) -> Any:
        number = body["lease_id"].rpartition("/")[2]
        if self.clock.monotonic() >= self.ends[f"u{number}"]:
            return self.vault.answer(status=400, errors=["lease not found"])
        self.ends[f"u{number}"] = self.clock.monotonic() + 3600
        return self.vault.answer(lease_id=body["lease_id"], lease_duration=3600, renewable=True)

    def works(self, user: str) -> bool:
        return self.clock.monotonic() < self.ends[user]
