"""A program that does all at once, under the instruments of `lock_watch`; prints what it saw as JSON.

Arguments: seconds, a folder, and "rules" (every rule is watched) or "finalizers" (finalizers of the program itself read
secrets and log, which is theirs to do: only hangs count).

VAULT_ADDR and VAULT_TOKEN name a server with `secret/k0` ... `secret/k8`, each with the key `v`.
"""

from __future__ import annotations

import asyncio
import faulthandler
import gc
import json
import logging
import os
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from support import lock_watch

lock_watch.install()  # before the package is imported

from pydantic import create_model  # noqa: E402

import toriconfig  # noqa: E402
from toriconfig import Secret, Vault  # noqa: E402
from toriconfig._vault import connect  # noqa: E402
from toriconfig.pipeline import ProgressTracker, get_logger, run_sync  # noqa: E402
from toriconfig.pipeline._redact import register  # noqa: E402

KEYS = 9
PATIENCE = 20.0
"""Seconds for one child, or for one thread at the end."""

seconds, folder, mode = float(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
stop = threading.Event()
faulthandler.enable()  # a child that hangs is aborted, and tells where it was
hung: list[str] = []
wrong: list[str] = []
done: dict[str, int] = {}

warnings.filterwarnings("ignore", ".*use of fork.*", DeprecationWarning)
logging.getLogger("toriconfig").addHandler(lock_watch.CheckingHandler())
(folder / "token").write_text("file-0")

fields: dict[str, Any] = {f"k{i}": (Secret[str], ...) for i in range(KEYS)}
Schema: Any = create_model(
    "Schema", **fields, url=(Secret[str], ...), token=(Secret[str], ...), spare=(Secret[str], ...)
)
VALUES = {f"k{i}": f"${{vault:secret/k{i}#v}}" for i in range(KEYS)} | {
    "url": "pg://${vault:secret/k0#v}:${vault:secret/k1#v}@db",
    "token": f"${{file:{folder}/token}}",
    "spare": "${vault:secret/none#v}",
}
VAULT = Vault(refresh_interval=0.2, stale_for=60.0)


def options() -> dict[str, Any]:
    environ = {**os.environ, "T_SPARE": "spare"}
    return {"overrides": VALUES, "environ": environ, "vault": VAULT, "env_prefix": "T_"}


settings = toriconfig.lazy(Schema, **options())


class Finalizer:
    """An object of the program that reads a secret and logs when it is collected."""

    def __del__(self) -> None:
        if mode == "finalizers":
            settings.k3.get(None)
            logging.getLogger("toriconfig.app").warning("collected")


class Cycle:
    """Garbage that only a collection finds."""

    def __init__(self, *held: Any) -> None:
        self.held = (*held, self, Finalizer())


def changed(_: object) -> None:
    lock_watch.check("callback")


async def changed_soon(_: object) -> None:
    lock_watch.check("callback")


def tracked() -> Iterator[None]:
    with ProgressTracker(3, on_report=lambda _: None) as progress:
        progress.update_sync()
        yield


def overridden() -> Iterator[None]:
    with toriconfig.override(settings, k0="overridden"):
        yield


def leave_behind() -> None:
    """Settings, coroutines and generators that are never closed."""
    given = options()
    given["overrides"] = {**VALUES, "k8": f"${{vault:secret/cold{time.monotonic_ns()}#v}}"}
    once = toriconfig.load(Schema, **given)
    once.url.get()
    loop = asyncio.new_event_loop()
    waiting = once.k8.aget()
    loop.call_soon(waiting.send, None)
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()
    generators = [tracked(), overridden()]
    for generator in generators:
        next(generator)
    Cycle(once, waiting, *generators)


def read_all() -> None:
    for i in range(KEYS):
        value = getattr(settings, f"k{i}").get()
        if not value.startswith(f"value-{i}-") and value != "overridden":
            wrong.append(f"k{i}")
    if not settings.url.get().startswith("pg://value-0-") or settings.spare.get() != "spare":
        wrong.append("url or spare")
    settings.token.get()


def reload() -> None:
    toriconfig.reload(settings)
    toriconfig.health(settings)


def subscribe() -> None:
    handle = toriconfig.on_change(settings, "token", changed)
    (folder / "new").write_text(f"file-{time.monotonic()}")
    (folder / "new").rename(folder / "token")
    handle.cancel()


def rotate() -> None:
    session = connect(VAULT, os.environ)
    assert session is not None
    session.client.request("POST", "secret/data/k1", {"data": {"v": f"value-1-{time.monotonic()}"}})


def bridge() -> None:
    with ProgressTracker(2, on_report=lambda _: lock_watch.check("report")) as progress:
        progress.update_sync()

    async def read() -> None:
        await asyncio.gather(*(getattr(settings, f"k{i}").aget() for i in range(KEYS)))

    run_sync(read(), timeout=PATIENCE)
    get_logger(f"toriconfig.stress{time.monotonic_ns() % 5}").propagate = False
    register(f"secret-{time.monotonic_ns()}")


def fork() -> None:
    pid = os.fork()
    if not pid:
        _child()
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            if status:
                wrong.append(f"child ended with {status}")
            return
        time.sleep(0.005)
    hung.append("child")
    os.kill(pid, signal.SIGABRT)
    os.waitpid(pid, 0)


def _child() -> None:
    code = 3
    try:
        wrong.clear()
        lock_watch.broken.clear()
        read_all()
        toriconfig.reload(settings)
        if mode == "rules":
            for rule in lock_watch.broken:
                print("in a child:", rule, file=sys.stderr, flush=True)
        code = 1 if wrong else 2 if lock_watch.broken and mode == "rules" else 0 if lock_watch.seen["hook"] else 4
    finally:
        os._exit(code)


def again(work: Callable[[], None]) -> None:
    while not stop.is_set():
        try:
            work()
        except Exception as error:  # noqa: BLE001 - reported to the test
            wrong.append(f"{work.__name__}: {type(error).__name__}: {error}")
            return
        done[work.__name__] = done.get(work.__name__, 0) + 1


def main() -> None:
    toriconfig.on_change(settings, "", changed)
    toriconfig.on_change(settings, "k1", changed_soon)
    read_all()
    leave_behind()
    gc.collect()
    gc.freeze()  # what is there is no garbage: each collection from here on is quick
    works = (read_all, reload, subscribe, rotate, bridge, leave_behind)
    threads = [threading.Thread(target=again, args=(work,), name=work.__name__, daemon=True) for work in works]
    for thread in threads:
        thread.start()
    end = time.monotonic() + seconds
    while time.monotonic() < end and not hung:
        fork()
        done["fork"] = done.get("fork", 0) + 1
    stop.set()
    for thread in threads:
        thread.join(PATIENCE)
        if thread.is_alive():
            hung.append(thread.name)
    toriconfig.shutdown()
    broken = dict(lock_watch.broken) if mode == "rules" else {}
    print(
        json.dumps({"hung": hung, "wrong": wrong[:9], "broken": broken, "seen": lock_watch.seen, "done": done}),
        flush=True,
    )
    if hung:
        faulthandler.dump_traceback(all_threads=True)
    os._exit(0)


if __name__ == "__main__":
    main()
