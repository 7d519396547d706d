"""Promises of every cached value: those of Vault's paths and those of a backend of one's own, on a clock of the test."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import pytest

from support.fake_vault import FakeVault, refused
from toriconfig._core.markers import Ref
from toriconfig._runtime.executor import Executor
from toriconfig._runtime.workers import Job, Workers
from toriconfig._secrets.backend_value import BackendValue
from toriconfig._secrets.cached_value import CachedValue
from toriconfig._secrets.outages import Outages
from toriconfig._secrets.provider import Reading
from toriconfig._vault.resolve import resolve
from toriconfig._vault.session import Session
from toriconfig.backends import Backend, Fetched
from toriconfig.errors import SecretError
from toriconfig.testing import FakeClock
from toriconfig.vault import Vault

INTERVAL, STALE = 60.0, 600.0


class ByHand(Workers):
    """Workers whose jobs wait until the test runs them."""

    def __init__(self) -> None:
        super().__init__(1, "by-hand")
        self.jobs: list[Job] = []

    def submit(self, priority: int, run: Callable[[], Any]) -> Job:
        self.jobs.append(Job(run))
        return self.jobs[-1]


class Source(Protocol):
    """A server with one value, and the cached value that reads it."""

    value: CachedValue
    workers: ByHand
    executor: Executor
    clock: FakeClock

    def put(self, text: str) -> None: ...
    def fail(self, fails: bool) -> None: ...


class OwnBackend(Backend):
    scheme = "own"
    refresh_interval = INTERVAL
    stale_for = STALE

    def __init__(self, clock: FakeClock) -> None:
        self.clock, self.text, self.fails = clock, "", False

    def fetch(self, path: str, timeout: float) -> Fetched:
        if self.fails:
            raise ConnectionRefusedError
        return Fetched({"k": self.text})


class FromBackend:
    def __init__(self, clock: FakeClock) -> None:
        self.clock, self.workers, self._backend = clock, ByHand(), OwnBackend(clock)
        self.executor = Executor(clock, self.workers)
        outages: Outages[BackendValue] = Outages("toriconfig.backends", lambda: "own")
        self.value: CachedValue = BackendValue(self._backend, self.executor, outages, "a", None)

    def put(self, text: str) -> None:
        self._backend.text = text

    def fail(self, fails: bool) -> None:
        self._backend.fails = fails


class FromVault:
    def __init__(self, clock: FakeClock) -> None:
        self.clock, self.workers, self._vault = clock, ByHand(), FakeVault(clock)
        environ = {"VAULT_ADDR": "http://127.0.0.1:1", "VAULT_TOKEN": "t"}
        resolved = resolve(Vault(clock=clock, refresh_interval=INTERVAL, stale_for=STALE), environ)
        assert resolved is not None
        transport: Any = lambda _: self._vault  # noqa: E731
        self._session = Session(resolved, environ, transport=transport, workers=self.workers)
        self.executor = self._session.executor
        self.value: CachedValue = self._session.provider(Ref("secret/a"))

    def put(self, text: str) -> None:
        self._vault.put("a", k=text)

    def fail(self, fails: bool) -> None:
        self._vault.fails = {"": refused} if fails else {}


@pytest.fixture(params=[FromBackend, FromVault], ids=["backend", "vault"])
def source(request: pytest.FixtureRequest, fake_clock: FakeClock) -> Source:
    made: Source = request.param(fake_clock)
    made.executor.rnd = lambda: 0.5
    made.put("one")
    return made


def work(source: Source) -> int:
    """Run the jobs that wait; how many requests for the value they were."""
    jobs, source.workers.jobs = source.workers.jobs, []
    for job in jobs:
        job.run()
    return len(jobs)


def read(source: Source) -> Any:
    """The value, as a handle reads it."""
    source.value.pending()
    work(source)
    return source.value.settle().value


def later(source: Source, seconds: float) -> None:
    """Let time pass, and the timers that are due start their requests."""
    source.clock.advance(seconds)
    source.executor.scheduler.tick()


def swaps_of(source: Source) -> list[tuple[Any, Any]]:
    """The values before and after each swap from now on."""
    seen: list[tuple[Any, Any]] = []
    source.value.subscribe(lambda old, new: seen.append((_text(old), _text(new))))
    return seen


def _text(reading: Reading | None) -> Any:
    return None if reading is None else reading.value["k"]


def test_readers_at_the_same_time_share_one_request(source: Source) -> None:
    assert source.value.pending() == source.value.pending()
    assert 1 == work(source)
    assert {"k": "one"} == source.value.settle().value


def test_calls_of_ask_at_the_same_time_share_one_request(source: Source) -> None:
    read(source)
    assert source.value.ask() == source.value.ask()
    assert 1 == work(source)


def test_an_earlier_poll_does_not_satisfy_a_request(source: Source) -> None:
    read(source)
    later(source, 20)
    work(source)  # Vault's token is looked up
    later(source, 11)
    assert 1 == len(source.workers.jobs)
    source.value.ask()
    assert 2 == len(source.workers.jobs)


def test_ask_sends_a_request_right_after_a_failed_one(source: Source) -> None:
    source.fail(True)
    source.value.pending()
    work(source)
    source.fail(False)
    assert not source.value.pending()
    source.value.ask()
    work(source)
    assert {"k": "one"} == source.value.settle().value


def test_after_a_failure_readers_get_the_error_without_a_request_for_a_moment(source: Source) -> None:
    source.fail(True)
    with pytest.raises(SecretError):
        read(source)
    with pytest.raises(SecretError):
        read(source)
    source.value.pending()
    assert 0 == work(source)
    later(source, 1)
    source.value.pending()
    assert 1 == work(source)


def test_a_value_that_was_refused_is_fetched_at_once_but_not_again_and_again(source: Source) -> None:
    read(source)
    later(source, 5)
    assert source.value.refresh()
    work(source)
    assert not source.value.refresh()
    later(source, 3)
    assert source.value.refresh()


def test_a_value_that_has_ended_is_followed_by_its_successor_in_one_swap(source: Source) -> None:
    read(source)
    seen = swaps_of(source)
    source.clock.advance(STALE + 100)
    source.put("two")
    source.value.pending()
    assert [] == seen
    work(source)
    assert [("one", "two")] == seen


def test_a_value_that_has_ended_is_dropped_when_its_successor_cannot_be_fetched(source: Source) -> None:
    read(source)
    seen = swaps_of(source)
    source.clock.advance(STALE + 100)
    source.fail(True)
    with pytest.raises(SecretError):
        read(source)
    assert [("one", None)] == seen
    assert "missing" == source.value.state


def test_a_usable_value_is_refreshed_in_the_background(source: Source) -> None:
    read(source)
    source.put("two")
    source.clock.advance(STALE - 100)
    assert not source.value.pending()
    assert {"k": "one"} == source.value.settle().value
    assert 1 == work(source)
    assert {"k": "two"} == source.value.settle().value


def test_a_new_plan_replaces_the_timer_before_it(source: Source) -> None:
    read(source)
    later(source, 10)
    source.value.refresh()
    work(source)
    later(source, 25)  # the first poll would have been due after 30 s
    assert 0 == work(source)
    later(source, 40)
    assert 1 == work(source)


def test_a_subscriber_that_raises_stops_no_other(source: Source, caplog: pytest.LogCaptureFixture) -> None:
    read(source)

    def fails(old: Reading | None, new: Reading | None) -> None:
        raise ZeroDivisionError

    source.value.subscribe(fails)
    seen = swaps_of(source)
    source.put("two")
    source.value.ask()
    work(source)
    assert [("one", "two")] == seen
    assert f"a callback for {source.value.reference} failed: ZeroDivisionError" in caplog.text


def test_age_counts_from_the_last_confirmation(source: Source) -> None:
    assert source.value.age is None
    read(source)
    source.clock.advance(12)
    assert 12 == pytest.approx(source.value.age)
    source.value.ask()
    work(source)
    assert 0 == source.value.age
