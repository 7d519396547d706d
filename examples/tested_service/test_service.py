"""Tests of the service, by the fixtures that come with toriconfig: no server, no file, no order among the tests.

$ python -m pytest examples/tested_service
"""

from __future__ import annotations

import pytest

from tested_service import service
from toriconfig import Secret
from toriconfig.errors import VaultDenied, VaultUnreachable
from toriconfig.testing import FakeBackend, FreshSettings, SettingsOverride


def test_it_greets(fake_backend: FakeBackend) -> None:
    fake_backend.put("secret/app", {"token": "12345"})
    assert service.greet("Ada") == "hello Ada (5)"


def test_another_test_loads_its_own_settings(fake_backend: FakeBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APP_GREETING", "good morning")
    fake_backend.put("secret/app", {"token": "123"})
    assert service.greet("Ada") == "good morning Ada (3)"


def test_a_value_is_overridden_until_the_test_ends(
    fresh_settings: FreshSettings, settings_override: SettingsOverride, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("APP_TOKEN", "from the environment")
    settings_override(service.settings, greeting="hi", token=Secret("t"))
    assert service.greet("Ada") == "hi Ada (1)"
    fresh_settings()


def test_a_rotation_is_noted(fake_backend: FakeBackend) -> None:
    fake_backend.put("secret/app", {"token": "1"})
    service.start()
    service.greet("Ada")
    fake_backend.put("secret/app", {"token": "22"})
    assert service.greet("Ada") == "hello Ada (2)"


def test_it_fails_clearly_without_the_right_to_read(fake_backend: FakeBackend) -> None:
    fake_backend.fail("secret/app", VaultDenied("no policy allows it"))
    with pytest.raises(VaultDenied, match="token: no policy allows it"):
        service.greet("Ada")


def test_it_goes_on_while_vault_does_not_answer(fake_backend: FakeBackend) -> None:
    fake_backend.put("secret/app", {"token": "1"})
    service.greet("Ada")
    fake_backend.fail("secret/app", VaultUnreachable("no answer"))
    assert service.greet("Ada") == "hello Ada (1)"
