"""A secret in a file that others rewrite: an agent, a CSI driver, External Secrets, a Kubernetes mount.

Kubernetes swaps a `..data` link, so what is compared is the file that the path leads to (device, inode), its
size and its time, never an event on its name.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Sequence
from typing import Any

from toriconfig._clock import SYSTEM, Clock
from toriconfig._origin import Origin
from toriconfig._supply import Flight, Reading, State, Swap
from toriconfig.errors import SecretError

MAX_BYTES = 1024 * 1024
CHECK_SECONDS = 1.0
"""How long a value is returned without looking at the file again."""

Identity = tuple[int, int, int, int]


class FileSupply:
    """A supply that reads a file again when it has become another one."""

    def __init__(self, file: str, origin: Origin, clock: Clock = SYSTEM) -> None:
        self.reading: Reading | None = None
        self.fresh_until = float("-inf")
        self.now: Callable[[], float] = clock.monotonic
        self.reference = ""
        self.origin = origin
        self.error: Exception | None = None
        self._file = file
        self._identity: Identity | None = None
        self._confirmed = 0.0
        self._listeners: tuple[Swap, ...] = ()

    def pending(self) -> Sequence[Flight]:
        return ()

    def settle(self) -> Reading:
        """The value; a file that has gone keeps the last one, and says so in `state` and `error`."""
        old = self.reading
        new, identity, error = self._look()
        self.error = error
        if error is None:
            self._confirmed = self.now()
            if new is not None:
                self.reading, self._identity = new, identity
        reading = self.reading
        if reading is None:
            assert error is not None
            raise error
        self.fresh_until = self.now() + CHECK_SECONDS
        if old is not None and reading is not old:
            for listener in self._listeners:
                listener(old, reading)
        return reading

    def _look(self) -> tuple[Reading | None, Identity | None, SecretError | None]:
        """A new reading when the file has become another one; None when it is the same."""
        try:
            descriptor = os.open(self._file, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0))
        except OSError as error:
            return None, None, self._error(f"the file cannot be read: {error.strerror}")
        try:
            found = os.fstat(descriptor)
            identity = (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)
            if identity == self._identity:
                return None, identity, None
            if not stat.S_ISREG(found.st_mode):
                return None, None, self._error("it is not a regular file")
            if found.st_size > MAX_BYTES:
                return None, None, self._error(f"the file is larger than {MAX_BYTES} bytes")
            content = b"".join(iter(lambda: os.read(descriptor, 65536), b""))
        except OSError as error:
            return None, None, self._error(f"the file cannot be read: {error.strerror}")
        finally:
            os.close(descriptor)
        return Reading(_text(content), self.origin), identity, None

    def _error(self, message: str) -> SecretError:
        return SecretError(f"{self._file}: {message}", help="put the secret there, readable for this process")

    @property
    def state(self) -> State:
        if self.reading is None:
            return "missing" if self.error is not None else "unread"
        return "stale" if self.error is not None else "fresh"

    @property
    def age(self) -> float | None:
        return None if self.reading is None else self.now() - self._confirmed

    def subscribe(self, swap: Swap) -> Callable[[], None]:
        self._listeners = (*self._listeners, swap)

        def cancel() -> None:
            self._listeners = tuple(listener for listener in self._listeners if listener is not swap)

        return cancel


def _text(content: bytes) -> Any:
    """The text without the one line end that editors add; bytes where it is not UTF-8."""
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return content
    return text[:-1].removesuffix("\r") if text.endswith("\n") else text
