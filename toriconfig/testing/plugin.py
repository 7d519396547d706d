"""Fixtures for pytest, enabled by `pytest_plugins = ["toriconfig.testing.plugin"]` in a `conftest.py`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from toriconfig import testing


@pytest.fixture(name="vault_server")
def _vault_server() -> Iterator[testing.VaultServer]:
    """A new, empty server for each test."""
    with testing.vault_server() as server:
        yield server


@pytest.fixture(scope="session", name="shared_vault_server")
def _shared_vault_server() -> Iterator[testing.VaultServer]:
    """One server for all tests of the session; each test uses its own paths."""
    with testing.vault_server() as server:
        yield server


@pytest.fixture(name="fake_clock")
def _fake_clock() -> testing.FakeClock:
    """A clock that advances only when the test advances it."""
    return testing.FakeClock()


@pytest.fixture(name="fresh_warnings")
def _fresh_warnings() -> Iterator[None]:
    """Reset the record of warnings that are given once per process, before and after the test."""
    testing.reset_warnings()
    yield
    testing.reset_warnings()
