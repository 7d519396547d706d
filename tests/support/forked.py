"""Code of the child processes of tests: module-level names, as pickles and preloads need them."""

from __future__ import annotations

import os
import queue
import sys
from collections.abc import Callable, Iterable
from typing import Annotated, Any

from pydantic import BaseModel

from toriconfig import Ref, Secret, lazy, on_change


class Schema(BaseModel):
    """Eight secrets, each at its own path."""

    s0: Annotated[Secret[str], Ref("secret/s0#value")]
    s1: Annotated[Secret[str], Ref("secret/s1#value")]
    s2: Annotated[Secret[str], Ref("secret/s2#value")]
    s3: Annotated[Secret[str], Ref("secret/s3#value")]
    s4: Annotated[Secret[str], Ref("secret/s4#value")]
    s5: Annotated[Secret[str], Ref("secret/s5#value")]
    s6: Annotated[Secret[str], Ref("secret/s6#value")]
    s7: Annotated[Secret[str], Ref("secret/s7#value")]


NAMES = tuple(Schema.model_fields)


def read(settings: Any, name: str, start: Any) -> list[str]:
    """Wait for all processes, then read one secret three times; on a new thread, so that a hang is reported."""
    start.wait(30)
    return [getattr(settings, name).get() for _ in range(3)]


def tell(settings: Any, name: str, start: Any, results: Any) -> None:
    """Put the value that was read, or the error, into a queue."""
    try:
        results.put((name, read(settings, name, start), os.getpid()))
    except BaseException as error:
        results.put((name, repr(error), os.getpid()))
        raise


def hear(settings: Any, name: str, results: Any) -> None:
    """Read one secret once; then put into a queue that it was read, and the kind of the first reported change."""
    told: queue.Queue[str] = queue.Queue()
    on_change(settings, name, lambda change: told.put(change.kind))
    getattr(settings, name).get()
    results.put("read")
    try:
        results.put(told.get(timeout=10))
    except queue.Empty:
        results.put("nothing")


def task(settings: Any, name: str) -> str:
    """Repeated task of a pool's worker, each time with settings that were pickled again."""
    value: str = getattr(settings, name).get()
    return value


if "gunicorn" in sys.modules:
    # preloaded: read in the parent, before it forks its workers
    settings = lazy(Schema)
    settings.s0.get()


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answers `/s3` with that secret and the worker's process."""
    name = environ["PATH_INFO"].strip("/")
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"{getattr(settings, name).get()} {os.getpid()} {os.getppid()}".encode()]
