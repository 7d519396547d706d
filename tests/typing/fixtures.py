"""Fixtures of the plug-in, as a user's tests type them; read by mypy --strict and pyright, never run."""

from __future__ import annotations

from typing import assert_type

from pydantic import BaseModel

from toriconfig import lazy
from toriconfig.errors import VaultDenied
from toriconfig.testing import FakeBackend, FreshSettings, SettingsOverride


class App(BaseModel):
    port: int = 1


settings = lazy(App)


def test_types(settings_override: SettingsOverride, fresh_settings: FreshSettings, fake_backend: FakeBackend) -> None:
    assert_type(settings_override(settings, {"port": 2}), App)
    assert_type(settings_override(settings, port=2), App)
    assert_type(fake_backend.put("secret/app", {"token": "t"}), int)
    fake_backend.fail("secret/app", VaultDenied("no"))
    fresh_settings()
    settings_override(settings, 7)  # type: ignore[arg-type]
    fake_backend.put(7, {})  # type: ignore[arg-type]
