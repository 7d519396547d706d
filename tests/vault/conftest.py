from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from itertools import count
from typing import Any

import pytest

from support.fake_vault import FakeVault
from toriconfig import _vault
from toriconfig._runtime import warn_once
from toriconfig._vault import Session
from toriconfig.testing import FakeClock
from toriconfig.vault import Vault

Connect = Callable[..., Session]
_numbers = count()


@pytest.fixture(autouse=True)
def _no_warning_given() -> None:
    """A test begins without the warnings of others: each is given once per process."""
    warn_once.reset()


@pytest.fixture
def connect() -> Iterator[Connect]:
    """A session of this test alone: `connect(server.environ, timeout=1.0)`; shut down at the end.

    Sessions of earlier tests are ended first: a poll of theirs that fails would warn in this test.
    """
    _vault.shutdown()

    def make(environ: Mapping[str, str], **options: Any) -> Session:
        session = _vault.connect(Vault(**options), {**environ, "HOME": f"/nonexistent/{next(_numbers)}"})
        assert session is not None
        return session

    yield make
    _vault.shutdown()


@pytest.fixture
def fake_vault(fake_clock: FakeClock) -> FakeVault:
    return FakeVault(fake_clock)


@pytest.fixture
def workers() -> Callable[[], int]:
    """Number of worker threads that were started since the test began."""
    before = set(threading.enumerate())
    return lambda: sum(one.name == "toriconfig-vault" for one in threading.enumerate() if one not in before)
