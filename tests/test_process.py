"""A server never outlives the process that started it, and leaves no files."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from toriconfig._devserver.process import Keeper, ServerProcess

# Starts a server whose directory stands under argv[1], says its pid, and waits to be ended.
PROGRAM = """
import os, sys, threading
sys.path[:0] = {path!r}
from {module} import {name}
started = []
def start():
    context = {name}()
    started.append((context, context.__enter__()))
thread = threading.Thread(target=start)
thread.start(); thread.join()
print(started[0][1].pid, flush=True)
sys.stdin.read() if {waits} else None
"""


def gone(pid: int, within: float = 20.0) -> bool:
    end = time.monotonic() + within
    while time.monotonic() < end:
        if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.02)
    return False


def emptied(folder: Path, within: float = 20.0) -> bool:
    end = time.monotonic() + within
    while time.monotonic() < end and list(folder.iterdir()):
        time.sleep(0.02)
    return not list(folder.iterdir())


def owner(folder: Path, module: str, name: str, *, waits: bool = True) -> subprocess.Popen[str]:
    path = [entry for entry in sys.path if entry]
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM.format(path=path, module=module, name=name, waits=waits)],
        env={**os.environ, "TMPDIR": str(folder)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.fixture(name="folder")
def _folder() -> Iterator[Path]:
    """Not below pytest's own: that is private, and PostgreSQL started by root runs as another account."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


SERVERS = [("toriconfig.testing", "vault_server"), ("local_postgres", "postgres_server")]


@pytest.mark.parametrize(("module", "name"), SERVERS)
@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_server_and_its_files_are_removed_after_a_signal_to_its_owner(
    folder: Path, module: str, name: str, sent: signal.Signals
) -> None:
    with owner(folder, module, name) as process:
        assert process.stdout
        pid = int(process.stdout.readline())
        assert psutil.pid_exists(pid)
        assert list(folder.iterdir())
        process.send_signal(sent)
        process.wait(20)
    assert gone(pid)
    assert emptied(folder)


def test_a_server_ends_with_an_owner_that_did_not_stop_it(folder: Path) -> None:
    with owner(folder, "toriconfig.testing", "vault_server", waits=False) as process:
        assert process.stdout
        pid = int(process.stdout.readline())
        process.wait(20)
    assert gone(pid)
    assert emptied(folder)


@pytest.fixture(name="keeper")
def _keeper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Keeper:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return Keeper("keeper")


def test_a_stubborn_process_is_killed_when_its_time_is_over(keeper: Keeper) -> None:
    script = "trap '' TERM; echo ready; while :; do sleep 0.05; done"
    server = ServerProcess(["/bin/sh", "-c", script], keeper, {"PATH": os.environ["PATH"]})
    server.start()
    pid = server.pid
    while "ready" not in server.output():
        time.sleep(0.01)
    server.stop(timeout=0.2)
    assert not psutil.pid_exists(pid)
    assert not server.is_running
    keeper.close()


def test_stopping_and_closing_twice_is_harmless_and_the_directory_is_gone(keeper: Keeper) -> None:
    server = ServerProcess(["/bin/sleep", "60"], keeper, {})
    server.start()
    for _ in range(2):
        server.stop()
    for _ in range(2):
        keeper.close()
    assert not keeper.directory.exists()
    with pytest.raises(RuntimeError, match="not running"):
        _ = server.pid


def test_a_paused_process_can_be_stopped(keeper: Keeper) -> None:
    server = ServerProcess(["/bin/sleep", "60"], keeper, {})
    server.start()
    server.pause()
    assert psutil.Process(server.pid).status() == psutil.STATUS_STOPPED
    start = time.monotonic()
    server.stop(timeout=60)
    assert time.monotonic() - start < 20
    keeper.close()


def test_a_forked_child_that_leaves_the_block_does_not_stop_the_server(keeper: Keeper) -> None:
    server = ServerProcess(["/bin/sleep", "60"], keeper, {})
    server.start()
    child = os.fork()
    if child == 0:
        server.stop()
        keeper.close()
        os._exit(0)
    os.waitpid(child, 0)
    assert server.is_running
    assert keeper.directory.exists()
    server.stop()
    keeper.close()
