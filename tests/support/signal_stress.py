"""A program whose signal handler calls, every half millisecond, the function that its main thread is running.

Argument: seconds. VAULT_ADDR and VAULT_TOKEN name a server with `secret/k0` and `secret/k1`, each with the key `v`.
Prints how often the handler did something. A hang ends the program with a traceback.
"""

from __future__ import annotations

import faulthandler
import itertools
import logging
import os
import signal
import sys
import time
from collections.abc import Callable
from typing import Any

from pydantic import BaseModel

import toriconfig
from toriconfig import Secret, Vault
from toriconfig.pipeline import ProgressTracker, get_logger

PATIENCE = 30.0
"""Seconds after which the program counts as hanging."""

NESTED = 3
"""How often the handler may interrupt itself."""


class Schema(BaseModel):
    """Two secrets."""

    k0: Secret[str]
    k1: Secret[str]


class Silent(logging.Handler):
    """Formats, and so masks, each record."""

    def emit(self, record: logging.LogRecord) -> None:
        assert "value-0-0" not in self.format(record)


given: dict[str, Any] = {"environ": os.environ, "vault": Vault(refresh_interval=0.05)}
places = {"k0": "${vault:secret/k0#v}", "k1": "${vault:secret/k1#v}"}
settings = toriconfig.lazy(Schema, overrides=places, **given)
progress = ProgressTracker(None, min_change=0, on_report=lambda _: None)
log = get_logger("stress", propagate=True)
log.addHandler(Silent())

ACTS: list[Callable[[], object]] = [
    lambda: settings.k0.get(None),
    lambda: toriconfig.reload(settings),
    lambda: toriconfig.health(settings),
    lambda: toriconfig.shutdown(0.2),
    lambda: toriconfig.on_change(settings, "k1", print).cancel(),
    lambda: log.warning("value-0-0"),
    lambda: get_logger("stress"),
    progress.update_sync,
    lambda: toriconfig.load(Schema, overrides={**places, "k1": "literal-secret"}, **given).k0.get(None),
]
turns = itertools.count()
depth = handled = 0


def handle(*_: object) -> None:
    global depth, handled
    if depth >= NESTED:
        return
    depth += 1
    try:
        ACTS[next(turns) % len(ACTS)]()
        handled += 1
    finally:
        depth -= 1


def main() -> None:
    seconds = float(sys.argv[1])
    faulthandler.dump_traceback_later(seconds + PATIENCE, exit=True)
    for act in ACTS:  # what is imported at the first use is there
        act()
    signal.signal(signal.SIGALRM, handle)
    signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for act in ACTS:
            act()
    signal.setitimer(signal.ITIMER_REAL, 0)
    print(handled)


if __name__ == "__main__":
    main()
