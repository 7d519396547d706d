"""A secrets backend of our own that fails: errors with the path and a remedy, kept values, one warning."""

from __future__ import annotations

import logging
import pickle
from typing import Any

import pytest

import toriconfig
from support.memory_backend import Memory, app, lazy_app, until
from toriconfig import health
from toriconfig.backends import Fetched
from toriconfig.errors import SecretDenied, SecretError, SecretNotFound, SecretUnreachable
from toriconfig.testing import Canary, FakeClock


def test_a_backend_that_hangs_ends_at_the_deadline(memory: Memory) -> None:
    hanging = Memory(memory.values)
    hanging.timeout = 0.05
    hanging.go.clear()
    with pytest.raises(SecretUnreachable, match=r"token: memory did not return db within 0\.05 s .*timeout"):
        app(hanging).token.get()
    hanging.go.set()


def test_a_fetch_in_the_background_that_hangs_is_given_up_at_the_deadline(memory: Memory, canary: Canary) -> None:
    settings = lazy_app(memory)
    settings.token.get()
    memory.go.clear()
    assert isinstance(memory.clock, FakeClock)
    memory.clock.advance(61)
    until(lambda: memory.fetches == ["db", "db"])
    memory.clock.advance(5)
    state = health(settings).secrets["token"]
    assert state.state == "stale"
    assert state.error.startswith("memory did not return db within 5 s (look whether memory can be reached")
    assert canary.secret == settings.token.get()


@pytest.mark.parametrize(
    ("error", "kind", "message"),
    [
        (KeyError("x"), SecretNotFound, r"memory does not hold db \(store it there"),
        (FileNotFoundError(), SecretNotFound, "memory does not hold db"),
        (PermissionError(), SecretDenied, r"memory refuses db \(allow this program to read it"),
        (ConnectionRefusedError(), SecretUnreachable, "memory cannot be reached for db: ConnectionRefusedError"),
        (TimeoutError(), SecretUnreachable, "memory cannot be reached for db"),
        (
            ZeroDivisionError(),
            SecretError,
            r"the backend of memory failed on db: ZeroDivisionError at memory_backend\.py",
        ),
        (SecretError("sealed", help="unseal it"), SecretError, r"token: sealed \(unseal it\)"),
    ],
)
def test_an_exception_becomes_a_secret_error_with_the_path_and_a_remedy(
    error: Exception, kind: type[SecretError], message: str, memory: Memory
) -> None:
    memory.wrong = error
    with pytest.raises(kind, match=message) as caught:
        app(memory).token.get()
    assert (caught.value.path, caught.value.reference, caught.value.__cause__) == ("token", "memory:db", None)


def test_the_text_of_an_exception_is_not_shown(
    memory: Memory, canary: Canary, caplog: pytest.LogCaptureFixture
) -> None:
    memory.wrong = RuntimeError(f"bad answer: {canary.secret}")
    with pytest.raises(SecretError) as caught:
        app(memory).token.get()
    canary.absent_from(caught.value, pickle.dumps(caught.value), caplog.text)


def test_a_key_that_is_not_there_is_named(memory: Memory) -> None:
    with pytest.raises(SecretNotFound, match=r"memory has db but no key `pasword` in it \(store the key"):
        app(memory, token="${memory:db#pasword}").token.get()


def test_an_invalid_result_of_fetch_is_an_error(memory: Memory) -> None:
    memory.fetch = lambda path, timeout: "bare"  # type: ignore[assignment, return-value, method-assign]
    with pytest.raises(SecretError, match="the backend of memory failed on db: TypeError"):
        app(memory).token.get()


@pytest.mark.parametrize("given", [{"ttl": -1}, {"ttl": "1"}, {"ttl": float("nan")}, {"version": 2.5}])
def test_an_invalid_end_or_version_is_refused(given: Any) -> None:
    with pytest.raises(ValueError, match=r"Fetched\.(ttl|version) is a"):
        Fetched("value", **given)


def test_a_value_is_kept_while_the_backend_fails_with_one_warning(
    memory: Memory, canary: Canary, caplog: pytest.LogCaptureFixture
) -> None:
    settings = lazy_app(memory, url="${memory:whole}")
    toriconfig.prefetch(settings)
    for _ in range(2):
        memory.done.get(timeout=30)
    memory.wrong = ConnectionError("down")
    with caplog.at_level(logging.INFO, "toriconfig"):
        for _ in range(3):
            with pytest.raises(ExceptionGroup):
                toriconfig.refresh(settings)
        assert settings.token.get() == canary.secret
        state = health(settings)
        assert (state.ok, state.secrets["token"].state) == (False, "stale")
        assert "memory cannot be reached for db" in state.secrets["token"].error
        warnings = [one.getMessage() for one in caplog.records if one.levelno == logging.WARNING]
        assert len(warnings) == 1
        assert "what was fetched before is used for up to 3600 s" in warnings[0]
        memory.wrong = None
        assert toriconfig.refresh(settings) == []
    assert [one.getMessage() for one in caplog.records if "again" in one.getMessage()] == ["memory answers again"]
    assert health(settings).ok


def test_a_value_that_is_kept_for_too_long_is_dropped(memory: Memory) -> None:
    settings = app(memory)
    settings.token.get()
    memory.wrong = ConnectionError()
    assert isinstance(memory.clock, FakeClock)
    memory.clock.advance(3601)
    with pytest.raises(SecretUnreachable):
        settings.token.get()


def test_a_value_that_is_gone_three_times_in_a_row_is_dropped(memory: Memory) -> None:
    settings = lazy_app(memory)
    settings.token.get()
    memory.wrong = KeyError()
    for expected in ("stale", "stale", "missing"):
        with pytest.raises(ExceptionGroup):
            toriconfig.refresh(settings)
        assert health(settings).secrets["token"].state == expected


def test_a_failing_backend_is_not_called_by_every_reader(memory: Memory) -> None:
    settings = app(memory)
    memory.wrong = ConnectionError()
    for _ in range(20):
        assert settings.token.get(None) is None
    assert memory.fetches == ["db"]
