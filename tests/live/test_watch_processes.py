"""`watch` in whole processes: signals, forked children, the end of the interpreter, and no secret in any output."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from toriconfig.testing import Canary

HEAD = """
import logging, os, signal, sys, threading, time
logging.basicConfig(level=logging.INFO, stream=sys.stdout, format="%(levelname)s %(message)s")
from pathlib import Path
from pydantic import BaseModel
from toriconfig import Secret, lazy, on_change, watch

class App(BaseModel):
    size: int = 1
    token: Secret[str] = Secret("none")

settings = lazy(App, config_name="app", secrets_dir="run", environ={})
heard = threading.Event()

def until(true):
    end = time.monotonic() + 50
    while not true():
        assert time.monotonic() < end, "it never was"
        time.sleep(0.01)
"""


def run(code: str, folder: Path) -> str:
    (folder / "run").mkdir(exist_ok=True)
    done = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", HEAD + code],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert (0, "") == (done.returncode, done.stderr), done.stdout + done.stderr
    return done.stdout


def test_a_signal_means_a_reload_and_a_refresh_and_the_former_handler_is_called_and_restored(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run/token").write_text("t1")
    code = """
former = []
signal.signal(signal.SIGHUP, mine := lambda *_: former.append(1))
asked = []
import toriconfig._live.refresh as refreshing
real = refreshing.refresh_below
refreshing.refresh_below = lambda *given: (asked.append(given[1]), real(*given))
with watch(settings, signum=signal.SIGHUP, interval=3600):
    os.kill(os.getpid(), signal.SIGHUP)
    until(lambda: asked)
    assert settings._state.reloads == 1, settings._state.reloads
assert signal.getsignal(signal.SIGHUP) is mine
os.kill(os.getpid(), signal.SIGHUP)
assert (former, asked) == ([1, 1], [""]), (former, asked)
"""
    assert "INFO App: read again (on request); changed keys: 0" in run(code, tmp_path)


def test_a_signal_handler_is_refused_on_another_thread(tmp_path: Path) -> None:
    code = """
def other():
    try:
        watch(settings, signum=signal.SIGHUP)
    except ValueError as error:
        print(error)
thread = threading.Thread(target=other)
thread.start()
thread.join()
"""
    assert "must be called on the main thread" in run(code, tmp_path)


def test_after_a_stop_on_another_thread_the_signal_has_its_former_effect(tmp_path: Path) -> None:
    code = """
watcher = watch(settings, signum=signal.SIGUSR1)
thread = threading.Thread(target=watcher.stop)
thread.start()
thread.join()
if not (pid := os.fork()):
    os.kill(os.getpid(), signal.SIGUSR1)
    time.sleep(50)
    os._exit(0)
assert os.WTERMSIG(os.waitpid(pid, 0)[1]) == signal.SIGUSR1
"""
    run(code, tmp_path)


def test_a_forked_child_follows_the_files_on_its_own_thread(tmp_path: Path) -> None:
    code = """
watch(settings, debounce=0.02, interval=3600)
until(lambda: settings._state.loaded)
if not (pid := os.fork()):
    until(lambda: settings.size == 2)
    os._exit(7)
Path("app.yaml").write_text("size: 2")
until(lambda: settings.size == 2)
assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7
"""
    run(code, tmp_path)


@pytest.mark.parametrize("end", ["", "sys.exit(0)", "Path('app.yaml').write_text('size: 2')"])
def test_a_program_ends_even_if_it_never_stopped_the_watch(tmp_path: Path, end: str) -> None:
    run(f"watch(settings, interval=3600)\n{end}", tmp_path)


def test_no_line_of_a_watch_shows_a_secret_in_any_failure(tmp_path: Path) -> None:
    canary = Canary()
    code = f"""
logging.getLogger().setLevel(logging.DEBUG)
on_change(settings, "", lambda change: print(repr(change), change))
with watch(settings, debounce=0.02, interval=3600, paths=["other"]) as watcher:
    until(lambda: watcher._seen is not None)
    for number, text in enumerate(["size: {canary.secret}", "token: [{canary.secret}]", "token: {{a: {canary.secret}"]):
        Path("app.yaml").write_text(text)
        until(lambda: settings._state.failed_reloads > number)
    Path("app.yaml").write_text("token: {canary.secret}")
    until(lambda: settings.token.get() == "{canary.secret}")
    Path("run/token").write_text("{canary.secret[::-1]}")
    until(lambda: settings.token.get() == "{canary.secret[::-1]}")
    print(watcher, vars(watcher))
"""
    out = run(code, tmp_path)
    assert 3 == out.count("WARNING App: not reloaded")
    canary.absent_from(out, out[::-1])


def test_importing_the_package_imports_nothing_of_the_watch(tmp_path: Path) -> None:
    code = """
settings.size
assert not {"watchfiles", "toriconfig._live.watcher", "toriconfig._live.inputs"} & set(sys.modules)
"""
    run(code, tmp_path)
