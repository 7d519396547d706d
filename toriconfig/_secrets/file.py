"""Secret in a file that other programs rewrite, such as a file of a Kubernetes mount.

A change is detected by device, inode, size and time of the file. Events on the file name are not enough, because
Kubernetes replaces a symbolic link, `..data`, and not the file.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

from toriconfig._core.clock import SYSTEM, Clock
from toriconfig._core.interpolation_syntax import is_unresolved
from toriconfig._core.origin import Origin
from toriconfig._core.regular_file import Identity, RegularFile, Unread, open_regular
from toriconfig._secrets.counts import Counts
from toriconfig._secrets.provider import Flight, Reading, State, Subscribers, Swap
from toriconfig._secrets.registration import Former
from toriconfig.errors import SecretError
from toriconfig.pipeline._memory_lock import MemoryLock

if TYPE_CHECKING:
    from logging import Logger

    from toriconfig._core.tree import Node

MAX_BYTES = 1024 * 1024
CHECK_SECONDS = 1.0
"""Seconds for which a value is returned without checking the file again."""

_TRIES = 3

_transition = MemoryLock()
"""Guards the memory of all files. One lock for all, so that a forked child has one lock to replace."""


def _open_again() -> None:
    global _transition
    _transition = MemoryLock()


os.register_at_fork(after_in_child=_open_again)


class FileProvider:
    """A provider that reads its file again after the file was replaced or rewritten.

    Args:
        file: path of the file.
        origin: origin of the value, for messages.
        clock: source of the monotonic seconds.
    """

    def __init__(self, file: str, origin: Origin, clock: Clock = SYSTEM) -> None:
        self.reading: Reading | None = None
        self.fresh_until = float("-inf")
        self.now: Callable[[], float] = clock.monotonic
        self.reference = ""
        self.origin = origin
        self.error: SecretError | None = None
        self.file = file
        self._identity: Identity | None = None
        self._confirmed = 0.0
        self.counts = Counts()
        self._listeners = Subscribers()
        self._former = Former()

    def pending(self) -> Sequence[Flight]:
        return ()

    def refresh(self) -> Sequence[Flight]:
        self.fresh_until = float("-inf")
        return ()

    ask = refresh

    def settle(self) -> Reading:
        """Return the value. The file is read first if it has changed.

        If the file cannot be read, set `error`, and return the last value.

        Raises:
            SecretError: the file cannot be read, and there is no last value.
        """
        error = self.look()
        if self.reading is None:
            assert error is not None
            raise error
        return self.reading

    def look(self) -> SecretError | None:
        """Check the file, and read it if it has changed. Return the error if the file cannot be read, else None."""
        before, old = self._identity, self.reading
        new, identity, failure = self._read(before)
        with _transition:
            # another thread may have read the file first; its result stays until the next check
            mine = self._identity is before
            if mine and new is not None:
                self.reading, self._identity = new, identity
                self.counts.reads += 1
                self.counts.rotations += old is not None and old.value != new.value
            self.counts.failures += failure is not None
            begins = mine and failure is not None and self.error is None and self.reading is not None
            if mine or failure is None:
                self.error = failure
            now = self.now()
            if failure is None:
                self._confirmed = now
            self.fresh_until = now + CHECK_SECONDS
        if begins and failure is not None:
            _logger().warning("%s; the last value is kept", failure.message)
        if mine and new is not None and old is not None:
            for listener in self._listeners:
                try:
                    listener(old, new)
                except Exception as error:  # noqa: BLE001  (a subscriber that raises stops no other)
                    _logger().error("a callback for %s failed: %s", self.file, type(error).__name__)
            self._former.add(old, new, 0.0)
        return failure

    def _read(self, known: Identity | None) -> tuple[Reading | None, Identity | None, SecretError | None]:
        """Read the file, unless its identity equals `known`. Return `(reading, identity, None)`.

        Return `(None, identity, None)` if the identity equals `known`, and `(None, None, error)` if the file cannot be
        read.
        """
        opened = open_regular(self.file, MAX_BYTES)
        if isinstance(opened, Unread):
            return None, None, self._unread(opened)
        with opened:
            try:
                return self._content(opened, known)
            except OSError as error:
                return None, None, self._unread(Unread.of(error))

    def _content(
        self, file: RegularFile, known: Identity | None
    ) -> tuple[Reading | None, Identity | None, SecretError | None]:
        for _ in range(_TRIES):
            identity = file.identity()
            if identity == known:
                return None, identity, None
            content = file.read()
            if isinstance(content, Unread):
                return None, None, self._unread(content)
            if file.identity() != identity:
                continue  # it was written to during the read
            if not content and self.reading is not None and self.reading.value:
                return None, None, self._error("the file is empty, possibly because it is being written")
            text = _text(content)
            if isinstance(text, str) and is_unresolved(text):
                return (
                    None,
                    None,
                    self._error("it contains a reference, and references in files of secrets are not resolved"),
                )
            return Reading(text, self.origin), identity, None
        return None, None, self._error("the file changes during each read")

    def _unread(self, why: Unread) -> SecretError:
        return self._error(f"the file cannot be read: {why.reason}")

    def _error(self, message: str) -> SecretError:
        return SecretError(f"{self.file}: {message}", help="put the secret there, readable for this process")

    @property
    def state(self) -> State:
        if self.reading is None:
            return "missing" if self.error is not None else "unread"
        return "stale" if self.error is not None else "fresh"

    @property
    def age(self) -> float | None:
        return None if self.reading is None else self.now() - self._confirmed

    def subscribe(self, swap: Swap) -> Callable[[], None]:
        return self._listeners.add(swap)


_shared: WeakValueDictionary[tuple[str, str], FileProvider] = WeakValueDictionary()


def file_provider(file: str, origin: Origin) -> FileProvider:
    """Return the provider of a file. Calls with the same file and origin share one provider, with its subscribers.

    Args:
        file: path of the file.
        origin: origin shown in messages.
    """
    key = (os.path.abspath(file), str(origin))
    provider = _shared.get(key)
    if provider is None:
        provider = _shared[key] = FileProvider(file, origin)
    return provider


def is_file(node: Node) -> bool:
    """True if the value of this node is the whole content of one file in a directory of secrets."""
    return node.layer.kind == "secrets_dir" and isinstance(node.at, str) and node.key_at is None


def _logger() -> Logger:
    from toriconfig.pipeline._library_logger import library_logger

    return library_logger("toriconfig")


def _text(content: bytes) -> Any:
    """Return the content as text without the final line end. Return bytes if the content is not UTF-8."""
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return content
    return text[:-1].removesuffix("\r") if text.endswith("\n") else text
