"""Workers of gunicorn and multiprocessing resolve their own secrets, on their own connections."""

from __future__ import annotations

import http.client
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from support import forked
from toriconfig import lazy
from toriconfig._devserver import free_ports
from toriconfig.testing import VaultServer, vault_server
from toriconfig.vault import AppRole, Vault

# From 3.12 on Python warns of forking with threads, which is what these tests are about.
pytestmark = pytest.mark.filterwarnings("ignore:.*use of fork:DeprecationWarning")

TESTS = Path(__file__).parents[1]


@pytest.fixture(name="server", scope="module")
def _server() -> Iterator[VaultServer]:
    with vault_server({f"secret/{name}": {"value": f"value of {name}"} for name in forked.NAMES}) as server:
        yield server


@pytest.fixture(autouse=True)
def _environ(server: VaultServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in server.environ.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(TESTS), str(TESTS.parent)]))


@pytest.mark.parametrize(("method", "count"), [("fork", 8), ("forkserver", 3), ("spawn", 3)])
def test_settings_given_to_a_worker_are_pickled_as_their_recipe_and_each_worker_loads_its_own(
    server: VaultServer, method: str, count: int
) -> None:
    settings = lazy(forked.Schema)
    assert "value of s0" == settings.s0.get()
    context: Any = multiprocessing.get_context(method)
    names, results, start = forked.NAMES[:count], context.Queue(), context.Barrier(count)
    workers = [context.Process(target=forked.tell, args=(settings, name, start, results)) for name in names]
    for worker in workers:
        worker.start()
    read = sorted(results.get(timeout=60) for _ in workers)
    for worker in workers:
        worker.join(30)
    assert [(name, [f"value of {name}"] * 3) for name in names] == [one[:2] for one in read]
    assert count == len({pid for *_, pid in read} - {os.getpid()})
    assert [0] * count == [worker.exitcode for worker in workers]


@pytest.mark.parametrize("method", ["fork", "forkserver", "spawn"])
def test_an_idle_worker_notices_a_rotation(server: VaultServer, method: str) -> None:
    server.put("secret/s0", {"value": "value of s0, once"})
    settings = lazy(forked.Schema, vault=Vault(refresh_interval=0.2))
    context: Any = multiprocessing.get_context(method)
    results = context.Queue()
    worker = context.Process(target=forked.hear, args=(settings, "s0", results))
    worker.start()
    assert "read" == results.get(timeout=60)
    server.put("secret/s0", {"value": "value of s0"})
    assert "rotated" == results.get(timeout=60)
    worker.join(30)


def test_the_tasks_of_one_worker_share_its_login_and_its_values(server: VaultServer, tmp_path: Path) -> None:
    role = server.approle("worker", server.policy("worker", {"secret/data/*": ["read"]}))
    (tmp_path / "secret_id").write_text(role.secret_id)
    auth = AppRole(role.role_id, secret_id_file=str(tmp_path / "secret_id"))
    settings = lazy(forked.Schema, vault=Vault(auth=auth))
    server.forget_requests()
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        read = {pool.submit(forked.task, settings, "s1").result() for _ in range(25)}
    assert {"value of s1"} == read
    assert 1 == server.requests("auth/approle/login")
    assert 1 == server.requests("secret/s1", operation="read")


@pytest.mark.parametrize("method", ["fork", "forkserver"])
@pytest.mark.parametrize("parent_logs_in", [True, False])
def test_a_worker_revokes_its_token_at_its_end(
    server: VaultServer, tmp_path: Path, method: str, parent_logs_in: bool
) -> None:
    role = server.approle("worker", server.policy("worker", {"secret/data/*": ["read"]}))
    (tmp_path / "secret_id").write_text(role.secret_id)
    auth = AppRole(role.role_id, secret_id_file=str(tmp_path / "secret_id"))
    settings = lazy(forked.Schema, vault=Vault(auth=auth))
    if parent_logs_in:
        settings.s0.get()
    server.forget_requests()
    context: Any = multiprocessing.get_context(method)
    start = context.Barrier(1)
    worker = context.Process(target=forked.read, args=(settings, "s1", start))
    worker.start()
    worker.join(30)
    assert 0 == worker.exitcode
    assert 1 == server.requests("auth/approle/login")
    assert 1 == server.requests("auth/token/revoke-self")


def test_workers_of_gunicorn_with_a_preloaded_application_never_get_each_others_answers(tmp_path: Path) -> None:
    port = free_ports()
    command = [sys.executable, "-m", "gunicorn", "--preload", "--workers=4", "--worker-class=gthread", "--threads=2"]
    command += [f"--bind=127.0.0.1:{port}", "--no-control-socket", "support.forked:application"]
    with (tmp_path / "log").open("wb") as log:
        server = subprocess.Popen(command, cwd=TESTS, stdout=log, stderr=log)
    try:
        _wait_for(port, tmp_path / "log")
        answers = defaultdict(set)
        with ThreadPoolExecutor(8) as pool:
            names = list(forked.NAMES) * 25
            for _ in range(50):  # until the system has given requests to a second worker, which it may do late
                for name, (text, pid) in zip(names, pool.map(lambda name: _get(port, name), names), strict=True):
                    assert f"value of {name}" == text
                    answers[pid].add(name)
                if len(answers) >= 2:
                    break
        assert len(answers) >= 2, "several workers answered"
        assert str(server.pid) not in answers
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(30)
    log_text = (tmp_path / "log").read_text()
    assert "Traceback" not in log_text
    assert "value of" not in log_text


def _get(port: int, name: str) -> tuple[str, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", f"/{name}")
    text, pid, _ = connection.getresponse().read().decode().rsplit(" ", 2)
    connection.close()
    return text, pid


def _wait_for(port: int, log: Path) -> None:
    end = time.monotonic() + 30
    while time.monotonic() < end:
        try:
            _get(port, "s0")
        except (OSError, ValueError):
            time.sleep(0.1)
        else:
            return
    raise AssertionError(log.read_text())


BILLIARD = """
import billiard, billiard.pool
from support.forked import Schema
from toriconfig import Vault, lazy
from toriconfig.vault import AppRole

settings = lazy(Schema, vault=Vault(auth=AppRole({role!r}, secret_id={secret!r})))


def read(name):
    return getattr(settings, name).get()


if __name__ == "__main__":
    if {kind!r} == "pool":
        pool = billiard.pool.Pool(1)
        assert ["value of s1"] == pool.map(read, ["s1"])
        pool.close()
        pool.join()
    else:
        child = billiard.Process(target=read, args=("s1",))
        child.start()
        child.join(30)
        assert 0 == child.exitcode
"""
GEVENT = """
from gevent import monkey

monkey.patch_all()
import os
from support.forked import Schema
from toriconfig import Vault, lazy
from toriconfig.vault import AppRole

settings = lazy(Schema, vault=Vault(auth=AppRole({role!r}, secret_id={secret!r})))
pid = os.fork()
if pid == 0:
    assert "value of s1" == settings.s1.get()
    raise SystemExit(0)
assert 0 == os.waitpid(pid, 0)[1]
"""


@pytest.mark.parametrize("kind", ["process", "pool", "gevent"])
def test_a_child_of_billiard_or_gevent_revokes_its_token(server: VaultServer, kind: str) -> None:
    role = server.approle(f"child-{kind}", server.policy("worker", {"secret/data/*": ["read"]}))
    code = (GEVENT if kind == "gevent" else BILLIARD).format(role=role.role_id, secret=role.secret_id, kind=kind)
    environ = {**os.environ, "VAULT_ADDR": server.address, "PYTHONPATH": f"{TESTS}{os.pathsep}{TESTS.parent}"}
    server.forget_requests()
    done = subprocess.run(
        [sys.executable, "-c", code], env=environ, capture_output=True, text=True, timeout=60, check=False
    )
    assert (0, "") == (done.returncode, done.stderr)
    assert 1 == server.requests("auth/approle/login")
    assert 1 == server.requests("auth/token/revoke-self")
