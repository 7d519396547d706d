"""Fixtures for pytest; a `conftest.py` asks for them: `pytest_plugins = ["toriconfig.testing.plugin"]`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from toriconfig import testing


@pytest.fixture(name="vault_server")
def _vault_server() -> Iterator[testing.VaultServer]:
    """A fresh, empty server for this test."""
    with testing.vault_server() as server:
        yield server


@pytest.fixture(scope="session", name="shared_vault_server")
def _shared_vault_server() -> Iterator[testing.VaultServer]:
    """One server for all tests of the run; each test uses paths of its own."""
    with testing.vault_server() as server:
        yield server


@pytest.fixture(name="fake_clock")
def _fake_clock() -> testing.FakeClock:
    """A clock that stands still until the test advances it."""
    return testing.FakeClock()


@pytest.fixture(name="fresh_warnings")
def _fresh_warnings() -> Iterator[None]:
    """Warnings given once a process are given again in this test, and in the next."""
    testing.reset_warnings()
    yield
    testing.reset_warnings()
