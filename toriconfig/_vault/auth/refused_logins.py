"""Memory of refused logins, shared by a process and the children that it forks.

Vault and OpenBao lock an account after a few refused logins (user lockout: five within 15 minutes by default), for every
program that uses the account. A login that was refused is therefore not sent again with the same credentials.

The memory is a small shared mapping, created before the first fork. Each credential has one slot, which is found by a
keyed digest of the login request. The credential cannot be computed from the digest. There is no lock: a process claims
a slot by writing its process id there, and checks after a moment that its id is still there.
"""

from __future__ import annotations

import mmap
import os
from collections.abc import Callable
from functools import cache
from hashlib import blake2b
from struct import Struct
from typing import Any

HOLD = 900.0
"""Seconds for which a refused login is not repeated: Vault's default for counting failures and for a lockout."""

TRIAL = 30.0
"""Seconds after which a login that another process started counts as abandoned."""

SETTLE = 0.003
"""Seconds after which a claim is read back. The later of two simultaneous claims wins."""

_SLOTS = 256
_RECORD = Struct("=16sbid")
"""Digest, state, process id, seconds of the clock at the last change."""

_FREE, _TRYING, _GOOD, _REFUSED = range(4)


class RefusedLogins:
    """Login requests that were refused recently. Times are monotonic seconds of one clock."""

    def __init__(self) -> None:
        self._map = mmap.mmap(-1, _SLOTS * _RECORD.size)
        self._key = os.urandom(32)

    def fingerprint(self, *parts: Any) -> bytes:
        """Return the digest of a login request: its address, path and content."""
        return blake2b(repr(parts).encode("utf-8", "surrogatepass"), key=self._key, digest_size=16).digest()

    def seconds_blocked(self, fingerprint: bytes, now: float) -> float:
        """Seconds for which this login must not be repeated; 0: the login may be sent."""
        state, _, at = self._read(fingerprint)
        return max(0.0, at + HOLD - now) if state == _REFUSED else 0.0

    def claim(self, fingerprint: bytes, now: float, pause: Callable[[float], object]) -> bool:
        """Claim the right to send this login. One process at a time has the right; after a first success all have it.

        Args:
            fingerprint: digest of the login request.
            now: monotonic seconds.
            pause: waits for the given seconds, before the claim is read back.

        Returns:
            True if this process may send the login; False while another process sends it.
        """
        state, pid, at = self._read(fingerprint)
        if state == _GOOD:
            return True
        mine = os.getpid()
        if state == _TRYING and pid != mine and now < at + TRIAL and _alive(pid):
            return False
        self._write(fingerprint, _TRYING, now)
        pause(SETTLE)
        return self._read(fingerprint)[:2] == (_TRYING, mine)

    def record(self, fingerprint: bytes, now: float, accepted: bool | None) -> None:
        """Record the outcome of the login. `accepted` is None if Vault neither accepted nor refused the credentials."""
        if accepted is None and self._read(fingerprint)[0] != _TRYING:
            return
        self._write(fingerprint, _FREE if accepted is None else _GOOD if accepted else _REFUSED, now)

    def _read(self, fingerprint: bytes) -> tuple[int, int, float]:
        digest, state, pid, at = _RECORD.unpack_from(self._map, _offset(fingerprint))
        return (state, pid, at) if digest == fingerprint else (_FREE, 0, 0.0)

    def _write(self, fingerprint: bytes, state: int, now: float) -> None:
        _RECORD.pack_into(self._map, _offset(fingerprint), fingerprint, state, os.getpid(), now)


@cache
def of_process() -> RefusedLogins:
    """Return the memory of this process. It is created before the first session, so forked children share it."""
    return RefusedLogins()


def _offset(fingerprint: bytes) -> int:
    return int.from_bytes(fingerprint[:4], "big") % _SLOTS * _RECORD.size


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
