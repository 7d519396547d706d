"""Memory of refused logins, shared by a process and the children that it forks.

Vault and OpenBao lock an account after a few refused logins (by default five within 15 minutes). A refused login is
therefore not sent again with the same credentials.

The memory is an `mmap` of slots, created before the first fork. A slot holds a keyed digest of one login request. The
credentials cannot be computed from the digest.

Until Vault has accepted the credentials, only one process at a time sends the login. Before sending, the process
writes its process id into the slot. The memory is locked only during this write. On a system without locks, the
process reads the slot again after `SETTLE` seconds, because another process may have overwritten the process id.
"""

from __future__ import annotations

import mmap
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from hashlib import blake2b
from struct import Struct
from typing import Any

HOLD = 900.0
"""Seconds for which a refused login is not repeated: Vault's default for counting failures and for a lockout."""

TRIAL = 30.0
"""Seconds after which a login that another process started counts as abandoned."""

SETTLE = 0.003
"""Seconds after which a claim that was written without a lock is read back. The later of two such claims wins."""

_NEVER = float("inf")

_SLOTS = 256
_RECORD = Struct("=16sbid")
"""Digest, state, process id, seconds of the clock at the last change."""

_FREE, _TRYING, _GOOD, _REFUSED = range(4)


class RefusedLogins:
    """Memory of the login requests that were refused recently. All times are monotonic seconds."""

    def __init__(self) -> None:
        self._file = _memory_file()
        self._map = mmap.mmap(self._file, _SLOTS * _RECORD.size)
        self._identity = _identity(self._file)
        self._claiming: dict[int, object] = {}
        self._key = os.urandom(32)

    def fingerprint(self, *parts: Any) -> bytes:
        """Return the digest of `parts`: the address, the path and the content of a login request."""
        return blake2b(repr(parts).encode("utf-8", "surrogatepass"), key=self._key, digest_size=16).digest()

    def seconds_blocked(self, fingerprint: bytes, now: float) -> float:
        """Number of seconds for which this login must not be sent; 0: the login may be sent."""
        state, _, at = self._read(fingerprint)
        return max(0.0, at + HOLD - now) if state == _REFUSED else 0.0

    def claim(self, fingerprint: bytes, now: float, pause: Callable[[float], object]) -> bool:
        """Claim the right to send this login. Before the first success, one process at a time may send the login.

        Args:
            fingerprint: digest of the login request.
            now: monotonic seconds.
            pause: function that waits for a number of seconds. Called only if locking is impossible, as on Windows.

        Returns:
            True if this process may send the login. False if the login was refused recently, or if another process
            is sending the login. Also False while another thread or process runs `claim`, even for a different
            login.
        """
        with self._locked() as locked:
            if locked is None:
                return False
            state, pid, at = self._read(fingerprint)
            if state == _GOOD:
                return True
            mine = os.getpid()
            if state == _TRYING and pid != mine and now < at + TRIAL and _alive(pid):
                return False
            if state == _REFUSED and now < at + HOLD:
                return False
            self._write(fingerprint, _TRYING, now)
        if not locked:
            pause(SETTLE)
        return self._read(fingerprint)[:2] == (_TRYING, mine)

    def record(self, fingerprint: bytes, now: float, accepted: bool | None) -> None:
        """Record the outcome of the login.

        `accepted` is None if Vault neither accepted nor refused the credentials. An earlier outcome then stays.
        """
        if accepted is None and self._read(fingerprint)[0] != _TRYING:
            return
        self._write(fingerprint, _FREE if accepted is None else _GOOD if accepted else _REFUSED, now)

    @contextmanager
    def _locked(self) -> Iterator[bool | None]:
        """Lock the record of refused logins without waiting, and yield True.

        If another thread or process has the lock, yield None. If locking is impossible (as on Windows), yield False.

        The lock of the kernel excludes other processes. The dictionary `_claiming` excludes other threads. Each key is
        a process id, so that an entry of the parent does not block a forked child.
        """
        process, mine = os.getpid(), object()
        try:
            if self._claiming.setdefault(process, mine) is not mine:
                yield None
                return
            locked = self._lock()
            try:
                yield locked
            finally:
                if locked:
                    self._unlock()
        finally:
            if self._claiming.get(process) is mine:
                del self._claiming[process]

    def _lock(self) -> bool | None:
        if sys.platform == "win32" or self._identity is None or _identity(self._file) != self._identity:
            return False
        import fcntl

        try:
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):
            return None
        except OSError:
            return False
        return True

    def _unlock(self) -> None:
        if sys.platform != "win32":
            import fcntl

            fcntl.lockf(self._file, fcntl.LOCK_UN)

    def _read(self, fingerprint: bytes) -> tuple[int, int, float]:
        for digest, state, pid, at in _RECORD.iter_unpack(self._map):
            if digest == fingerprint:
                return state, pid, at
        return _FREE, 0, 0.0

    def _write(self, fingerprint: bytes, state: int, now: float) -> None:
        slot = self._slot(fingerprint, now)
        _RECORD.pack_into(self._map, slot * _RECORD.size, fingerprint, state, os.getpid(), now)

    def _slot(self, fingerprint: bytes, now: float) -> int:
        """Return the number of the slot of this login. A new login gets the slot with the lowest `_need`."""
        slots = list(enumerate(_RECORD.iter_unpack(self._map)))
        for slot, (digest, *_) in slots:
            if digest == fingerprint:
                return slot
        # If all slots are in use, the oldest accepted login is overwritten first, and a recent refusal last.
        return min(slots, key=lambda one: _need(one[1][1], one[1][3], now))[0]


@cache
def of_process() -> RefusedLogins:
    """Return the memory that this process shares with its forked children. The first call creates the memory."""
    return RefusedLogins()


def _memory_file() -> int:
    """Return the descriptor of a new file without a name, of the size of all slots; -1 if this fails."""
    with suppress(OSError, AttributeError):
        file = os.memfd_create("toriconfig")
        os.ftruncate(file, _SLOTS * _RECORD.size)
        return file
    with suppress(OSError), tempfile.TemporaryFile() as unnamed:
        os.ftruncate(unnamed.fileno(), _SLOTS * _RECORD.size)
        return os.dup(unnamed.fileno())
    return -1


def _identity(file: int) -> tuple[int, int] | None:
    """Return device and inode of an open file; None if the descriptor is closed."""
    with suppress(OSError):
        status = os.fstat(file)
        return status.st_dev, status.st_ino
    return None


def _need(state: int, at: float, now: float) -> tuple[bool, bool, float]:
    """Return a sort key for a slot: unused and outdated slots first, then accepted logins, then the others.

    Within each group, the oldest slot comes first.
    """
    lasts = {_GOOD: _NEVER, _TRYING: TRIAL, _REFUSED: HOLD}.get(state, 0.0)
    return now < at + lasts, state != _GOOD, at


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
