"""A cluster of three that loses its leader, and all of its nodes, while a program reads and writes."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Self

import pytest

from support.fake_vault import secret
from support.raft import RaftCluster, raft_cluster
from toriconfig._vault import Session
from toriconfig._vault.engines.versions import Versions
from toriconfig.errors import VaultError

from .conftest import Connect

PATHS = [f"secret/app/{n}" for n in range(5)]
REFRESH = 0.5


@pytest.fixture(name="cluster", scope="module")
def _cluster() -> Iterator[RaftCluster]:
    with raft_cluster() as cluster:
        for path in PATHS:
            cluster.client.secrets.kv.v2.create_or_update_secret(path.removeprefix("secret/"), {"n": 0})
        yield cluster


class Traffic:
    """Threads that read every secret and write one, until they are stopped.

    Attributes:
        reads: number of answered reads.
        failed: exceptions of reads.
        states: the states in which answers were given.
        written: when each write was acknowledged, with its number.
    """

    def __init__(self, session: Session) -> None:
        self.session = session
        self.reads = 0
        self.failed: list[str] = []
        self.states: set[str] = set()
        self.written: list[tuple[float, int]] = []
        self.seen = 0
        self.handles = [secret(session, path) for path in PATHS]
        for held in self.handles:
            held.get()
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=work) for work in (self._read, self._read, self._write)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _read(self) -> None:
        while not self._stop.wait(0.01):
            for held in self.handles:
                try:
                    value = held.get()["n"]
                except Exception as error:  # noqa: BLE001  (every kind of failure counts)
                    self.failed.append(f"{type(error).__name__}: {error}")
                    continue
                self.reads += 1
                self.states.add(held.state)
                self.seen = max(self.seen, value)

    def _write(self) -> None:
        number = 0
        while not self._stop.wait(0.05):
            number += 1
            try:
                self.session.client.request("POST", "secret/data/app/0", {"data": {"n": number}})
            except VaultError:
                continue  # there is no leader: the write raises
            self.written.append((time.monotonic(), number))

    def written_since(self, begun: float) -> bool:
        return any(when > begun for when, _ in list(self.written))


def eventually(holds: Callable[[], bool], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while not holds() and time.monotonic() < end:
        time.sleep(0.02)
    return holds()


@pytest.mark.timeout(120)
def test_check_and_set_writes_through_a_standby_see_the_ones_before(cluster: RaftCluster, connect: Connect) -> None:
    """A standby compares with its own state, which is older than that of the leader."""
    standby = next(node for node in cluster.nodes if node is not cluster.leader())
    session = connect({**cluster.environ, "VAULT_ADDR": standby.address})
    assert eventually(lambda: session.client.request("GET", "secret/data/app/0", check=False).status == 200, 10)
    path = Versions(session.client, "secret/", "checked")
    assert list(range(1, 11)) == [path.write({"n": newest}, newest) for newest in range(10)]


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("kills", [1, pytest.param(10, marks=pytest.mark.soak)])
def test_no_read_fails_while_leaders_are_killed_and_writes_resume_with_the_cluster(
    cluster: RaftCluster, connect: Connect, kills: int
) -> None:
    pauses = []
    with Traffic(connect(cluster.environ, refresh_interval=REFRESH, timeout=3.0)) as traffic:
        assert eventually(lambda: bool(traffic.written), 10)
        for _ in range(kills):
            leader = cluster.leader()
            killed = time.monotonic()
            cluster.kill(leader)
            assert eventually(partial(traffic.written_since, killed + 0.2), 60), "writes did not resume"
            pauses.append(next(when for when, _ in traffic.written if when > killed + 0.2) - killed)
            cluster.start(leader)
            assert eventually(lambda: cluster.voters() == 3, 60)
            time.sleep(1)  # the node that came back catches up before the next one goes
        last = traffic.written[-1][1]
        assert eventually(lambda: traffic.seen >= last, 10)
    print(f"\n{kills} kills: {traffic.reads} reads, {len(traffic.written)} writes, paused {max(pauses):.1f} s at most")
    assert [] == traffic.failed
    assert traffic.states <= {"fresh", "stale"}
    assert traffic.reads > 100 * kills


@pytest.mark.timeout(600)
@pytest.mark.parametrize("seconds", [5, pytest.param(60, marks=pytest.mark.soak)])
def test_cached_secrets_are_served_with_one_warning_while_all_nodes_are_down_and_found_again(
    cluster: RaftCluster, connect: Connect, caplog: pytest.LogCaptureFixture, seconds: float
) -> None:
    session = connect(cluster.environ, refresh_interval=REFRESH, timeout=3.0)
    with caplog.at_level(logging.WARNING, "toriconfig.vault"), Traffic(session) as traffic:
        assert eventually(lambda: bool(traffic.written), 10)
        for node in cluster.nodes:
            cluster.kill(node)
        down = time.monotonic()
        time.sleep(seconds)
        during = traffic.reads
        assert {"stale"} == {held.state for held in traffic.handles}
        assert 1 == sum(record.levelno >= logging.WARNING for record in caplog.records), caplog.messages
        for node in cluster.nodes:
            node.process.start()
        for node in cluster.nodes:
            cluster.unseal(node)
        up = time.monotonic()
        assert eventually(lambda: traffic.written_since(up), 60)
        last = traffic.written[-1][1]
        assert eventually(lambda: {"fresh"} == {held.state for held in traffic.handles}, 15)
        assert eventually(lambda: traffic.seen >= last, 10)
        fresh = time.monotonic()
    print(f"\ndown {up - down:.0f} s: {during} reads by then, fresh {fresh - up:.1f} s after the last node")
    assert [] == traffic.failed
    assert 1 == len([record for record in caplog.records if record.levelno >= logging.WARNING])
