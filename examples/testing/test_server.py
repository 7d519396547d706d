# test_server.py
import pytest
from app import App

from toriconfig import Vault, load
from toriconfig.errors import VaultDenied, VaultUnreachable
from toriconfig.testing import FakeClock, VaultServer


def test_the_policy_of_the_program_is_enough(vault_server: VaultServer) -> None:
    vault_server.put("secret/app", {"api_key": "12345"})
    policy = vault_server.policy("app", {"secret/data/app": ["read"]})
    environ = {**vault_server.environ, "VAULT_TOKEN": vault_server.new_token(policy)}
    assert load(App, config_name="app", environ=environ).api_key.get() == "12345"
    environ["VAULT_TOKEN"] = vault_server.new_token()
    with pytest.raises(VaultDenied):
        load(App, config_name="app", environ=environ).api_key.get()


def test_a_secret_is_used_for_an_hour_without_vault(vault_server: VaultServer, fake_clock: FakeClock) -> None:
    vault_server.put("secret/app", {"api_key": "12345"})
    vault = Vault(stale_for=3600, timeout=1, clock=fake_clock)
    settings = load(App, config_name="app", vault=vault, environ=vault_server.environ)
    assert settings.api_key.get() == "12345"
    assert vault_server.requests("secret/app", "read") == 1
    vault_server.stop()
    fake_clock.advance(3000)
    assert settings.api_key.get() == "12345"
    fake_clock.advance(3000)
    with pytest.raises(VaultUnreachable):
        settings.api_key.get()
