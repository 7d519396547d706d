"""A lease that ends while the real Vault is down: its account still works, is used, and is followed when Vault is back."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Annotated, Any, cast

import pytest
from pydantic import BaseModel

from local_postgres import Postgres, database_role
from support.chaos import logs_in
from support.durable import DurableServer, durable_server
from toriconfig import Ref, Secret, Vault, VaultError, health, load, shutdown
from toriconfig.testing import VaultServer


class Schema(BaseModel):
    account: Annotated[Secret[dict[str, Any]], Ref("database/creds/outlasting")]


@pytest.fixture(name="server")
def _server(shared_postgres: Postgres) -> Iterator[DurableServer]:
    with durable_server() as server:
        database_role(cast("VaultServer", server), shared_postgres, "outlasting", ttl="3s", max_ttl="1h")
        yield server
        shutdown()  # else the lease of this test ends, and warns, in the middle of the next


def eventually(holds: Callable[[], bool], seconds: float = 20.0) -> bool:
    end = time.monotonic() + seconds
    while not holds() and time.monotonic() < end:
        time.sleep(0.05)
    return holds()


@pytest.mark.parametrize(("fall", "rise"), [("kill", "start"), ("seal", "unseal"), ("pause", "resume")])
def test_the_account_is_used_beyond_its_lease_and_replaced_when_vault_is_back(
    server: DurableServer,
    shared_postgres: Postgres,
    caplog: pytest.LogCaptureFixture,
    fall: str,
    rise: str,
) -> None:
    settings = load(
        Schema, environ=server.environ, vault=Vault(timeout=1.0, refresh_interval=1.0, overlap=0.5, stale_for=60.0)
    )
    first = settings.account.get()
    getattr(server, fall)()
    time.sleep(5.0)  # the lease of PostgreSQL's account is over for three seconds: Vault would have revoked it
    used = settings.account.get()
    assert logs_in(shared_postgres, used)
    told = health(settings)
    assert (told.ok, told.secrets["account"].state, bool(told.secrets["account"].error)) == (False, "stale", True)
    ends = told.secrets["account"].expires_at
    assert ends is not None
    assert ends < time.time()
    lines = [one.getMessage() for one in caplog.records if one.name == "toriconfig.vault"]
    assert ["the credentials in memory end" in line for line in lines] == [True], lines
    getattr(server, rise)()
    assert eventually(lambda: settings.account.state == "fresh")
    assert settings.account.get()["username"] != first["username"]
    assert logs_in(shared_postgres, settings.account.get())
    assert health(settings).ok


def test_no_account_is_returned_after_stale_for(server: DurableServer) -> None:
    settings = load(
        Schema, environ=server.environ, vault=Vault(timeout=1.0, refresh_interval=1.0, overlap=0.5, stale_for=1.0)
    )
    settings.account.get()
    server.kill()
    assert eventually(lambda: settings.account.get(None) is None)
    with pytest.raises(VaultError):
        settings.account.get()
