"""Servers that the tests share."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import hypothesis
import pytest

from local_postgres import Postgres, postgres_server
from toriconfig.pipeline import _redact

# The default run is the same each time, on a slow machine too; `./tests/run fuzz` looks further, at random.
hypothesis.settings.register_profile(
    "default",
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],  # it measures the machine
)
hypothesis.settings.register_profile("fuzz", deadline=None, max_examples=5000)
hypothesis.settings.load_profile("default")


def restore_inherited_signals() -> None:
    """Undo what a background shell or `nohup` ignored: children inherit an ignored signal, never a handled one."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGQUIT, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, lambda *_: None)  # the run itself still survives the end of the terminal


restore_inherited_signals()

pytest_plugins = ["toriconfig.testing.plugin"]


@pytest.fixture(scope="session", name="shared_postgres")
def _shared_postgres() -> Iterator[Postgres]:
    """One PostgreSQL for all tests of a worker; each test makes tables and roles of its own."""
    with postgres_server() as postgres:
        yield postgres


@pytest.fixture(autouse=True)
def _no_registered_secret() -> None:
    """A test begins without the secrets of others: a value such as `plain` would be masked in every message."""
    _redact._redactor.clear()
