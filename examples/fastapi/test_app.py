# test_app.py
from collections.abc import Iterator

import pytest
from app import app
from fastapi.testclient import TestClient

from toriconfig.testing import VaultServer, vault_server


@pytest.fixture
def vault(monkeypatch: pytest.MonkeyPatch) -> Iterator[VaultServer]:
    with vault_server() as server:
        server.put("secret/app", {"api_key": "first"})
        for name, value in server.environ.items():
            monkeypatch.setenv(name, value)
        yield server


def test_settings_follow_the_request_and_the_secret_follows_vault(vault: VaultServer) -> None:
    with TestClient(app) as client:
        assert client.get("/search").json() == {"index": "main", "page_size": 25, "key": "**********"}
        assert client.get("/search", headers={"X-Tenant": "acme"}).json()["index"] == "acme"
        assert client.get("/health").json() == {"ok": True}
        vault.put("secret/app", {"api_key": "second"})
        assert client.post("/refresh").json() == ["api_key"]
