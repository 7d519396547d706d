"""A load makes other threads wait, so nothing that it does may wait for one of them."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel, model_validator

from toriconfig import SettingsConfigDict, lazy, reload
from toriconfig.testing import reset_warnings

loading, handling = threading.Event(), threading.Event()


class Slow(BaseModel):
    """Settings whose load is under way while another thread logs; it warns of an unknown name."""

    model_config = SettingsConfigDict(env_prefix="SLOW_", unknown_keys="warn")
    level: int = 1

    @model_validator(mode="after")
    def _await_the_handler(self) -> Slow:
        loading.set()
        assert handling.wait(10)
        return self


class Reading(logging.Handler):
    """A handler that reads the settings under its own lock, as handlers do everything."""

    def emit(self, record: logging.LogRecord) -> None:
        handling.set()
        assert settings.level == 1


settings: Slow


@pytest.fixture(name="handler")
def _handler() -> Iterator[Reading]:
    loading.clear()
    handling.clear()
    reset_warnings()
    handler = Reading()
    for name in ("toriconfig", "application"):
        logging.getLogger(name).addHandler(handler)
    yield handler
    for name in ("toriconfig", "application"):
        logging.getLogger(name).removeHandler(handler)


def test_a_warning_of_a_load_does_not_block_a_handler_that_reads_the_settings(handler: Reading) -> None:
    global settings
    settings = lazy(Slow, environ={"SLOW_LEVLE": "2"})

    def log() -> None:
        assert loading.wait(10)
        logging.getLogger("application").warning("something happens while the settings load")

    threads = [threading.Thread(target=lambda: settings.level, daemon=True), threading.Thread(target=log, daemon=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert [False, False] == [thread.is_alive() for thread in threads]
    assert reload(settings) == []


def test_a_child_can_import_a_module_that_another_thread_was_importing(tmp_path: Path) -> None:
    (tmp_path / "gate.py").write_text("import threading\ninside, go = threading.Event(), threading.Event()\n")
    (tmp_path / "slow.py").write_text("import gate\ngate.inside.set()\nassert gate.go.wait(20)\nvalue = 1\n")
    code = """
import os, signal, sys, threading
from toriconfig import load
from pydantic import BaseModel
load(type("Empty", (BaseModel,), {}))
import gate
thread = threading.Thread(target=lambda: __import__("slow"))
thread.start()
gate.inside.wait()
pid = os.fork()
if not pid:
    signal.alarm(10)
    gate.go = threading.Event()
    gate.go.set()
    import slow
    os._exit(slow.value)
_, status = os.waitpid(pid, 0)
gate.go.set()
thread.join()
import slow
print(os.waitstatus_to_exitcode(status), slow.value)
"""
    done = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", code],
        env={**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{Path(__file__).parents[2]}"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("1 1\n", "")


def test_a_handler_created_under_the_lock_of_logging_may_request_a_logger() -> None:
    code = """
import logging.config, threading
from toriconfig.pipeline import get_logger
adding, made = threading.Event(), threading.Event()
class Slow(logging.Logger):
    def addHandler(self, handler):
        adding.set()
        made.wait(10)
        super().addHandler(handler)
def handler():
    made.set()
    get_logger("app.handler")
    return logging.NullHandler()
logging.setLoggerClass(Slow)
asking = threading.Thread(target=get_logger, args=("app.slow",))
asking.start()
adding.wait(10)
logging.setLoggerClass(logging.Logger)
logging.config.dictConfig({"version": 1, "handlers": {"own": {"()": handler}}, "root": {"handlers": ["own"]}})
asking.join()
print("done")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=20, check=False)
    assert (done.stdout, done.stderr) == ("done\n", "")
