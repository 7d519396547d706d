"""Reading Vault: client CPU for one uncached KV v2 read, and 50 cold paths behind a line of 20 ms."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import count

import hvac
import requests
import urllib3

from benchmarks.interleaved import Row, compare, table
from toriconfig import _vault
from toriconfig._vault import Session
from toriconfig._vault.adapter import hvac_client
from toriconfig.testing import VaultServer, vault_server
from toriconfig.vault import Vault

PATHS = 50
ROUND_TRIP = 0.02
_SECRET = {"username": "u" * 20, "password": "p" * 40, "host": "db.example", "port": "5432"}


def measure(rounds: int = 9, times: int = 300) -> list[Row]:
    """Rows of both tables: microseconds of CPU, then milliseconds of waiting."""
    secrets = {"secret/one": _SECRET} | {f"secret/cold/{n}": _SECRET for n in range(PATHS)}
    with vault_server(secrets) as server:
        try:
            return [*_cpu(server, rounds, times), *_cold(server, rounds)]
        finally:
            _vault.shutdown()


def _cpu(server: VaultServer, rounds: int, times: int) -> list[Row]:
    session = _session(server.address, 8)
    plain = hvac.Client(server.address, server.token)
    ours = hvac_client(session.client)
    pool = urllib3.PoolManager(64)
    headers = {"X-Vault-Token": server.token}
    url = f"{server.address}/v1/secret/data/one"
    trusting = requests.Session()
    cached = session.path("secret/one")

    def read_cell() -> object:
        cached._confirmed = None  # cold again
        for flight in cached.pending():
            flight.wait()
        return cached.settle()

    works: dict[str, Callable[[], object]] = {
        "hvac on requests": lambda: plain.secrets.kv.v2.read_secret_version("one", raise_on_deleted_version=True),
        "requests": lambda: trusting.get(url, headers=headers).json(),
        "urllib3 (floor of this road)": lambda: pool.request("GET", url, headers=headers).json(),
        "toriconfig, a cold cell, workers and all": read_cell,
        "toriconfig, session.request": lambda: session.client.request("GET", "secret/data/one"),
        "toriconfig, session.client(), hvac's API": lambda: ours.secrets.kv.v2.read_secret_version(
            "one", raise_on_deleted_version=True
        ),
    }
    return compare(
        {name: partial(_repeat, work) for name, work in works.items()},
        "hvac on requests",
        {"toriconfig, a cold cell, workers and all": 0.6, "toriconfig, session.request": 0.6},
        rounds,
        times,
        clock=time.process_time,
    )


def _cold(server: VaultServer, rounds: int) -> list[Row]:
    with _line(server.address) as address:

        def serial() -> None:
            client = hvac.Client(address, server.token)
            for n in range(PATHS):
                client.secrets.kv.v2.read_secret_version(f"cold/{n}", raise_on_deleted_version=True)

        def side_by_side(workers: int) -> None:
            session = _session(address, workers)
            cached_paths = [session.path(f"secret/cold/{n}") for n in range(PATHS)]
            flights = [flight for cached in cached_paths for flight in cached.pending()]
            for flight in flights:
                flight.wait()
            assert len(flights) == PATHS
            assert all(cached.state == "fresh" for cached in cached_paths)
            _vault.shutdown()

        works: dict[str, Callable[[], None]] = {
            f"{PATHS} paths at 20 ms, hvac one by one": serial,
            f"{PATHS} paths at 20 ms, 8 workers": lambda: side_by_side(8),
            f"{PATHS} paths at 20 ms, 16 workers": lambda: side_by_side(16),
        }
        first = next(iter(works))
        repeated = {name: partial(_repeat, work) for name, work in works.items()}
        # The goals are in seconds, and no wait here is shorter than the line, so the serial reads are the baseline.
        rows = compare(repeated, first, {}, min(rounds, 5), 1)
    base = rows[0]["median"]
    for row, seconds in zip(rows[1:], (0.2, 0.12), strict=True):
        row["goal"] = seconds / base
    return rows


@contextmanager
def _line(target: str) -> Iterator[str]:
    """A line of 20 ms before `target`, in a process of its own, so that its work is not counted as ours."""
    program = """if True:
        import sys
        from support.proxies import delay_proxy
        with delay_proxy(sys.argv[1], float(sys.argv[2])) as proxy:
            print(proxy.address, flush=True)
            sys.stdin.read()
    """
    command = [sys.executable, "-c", program, target, str(ROUND_TRIP)]
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environ) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.communicate()


_number = count()


def _session(address: str, workers: int) -> Session:
    """A session that shares nothing with earlier ones, because HOME differs."""
    environ = {"VAULT_TOKEN": "root", "HOME": f"/home/{next(_number)}"}
    session = _vault.connect(Vault(address, prefetch_workers=workers), environ)
    assert session is not None
    return session


def _repeat(work: Callable[[], object], times: int) -> None:
    for _ in range(times):
        work()


if __name__ == "__main__":
    print(table("Vault: CPU of one uncached read, then the wait for 50 cold paths", measure()))
