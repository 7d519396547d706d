"""Requests to Vault that are repeated until their outcome is known, or a time limit is reached."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import NamedTuple, TypeVar

from toriconfig._core.clock import SYSTEM
from toriconfig.errors import SecretError, VaultError, VaultSealed, VaultUnreachable
from toriconfig.rotation._errors import DatabaseUnreachable

T = TypeVar("T")

PASSING: tuple[type[SecretError], ...] = (VaultSealed, VaultUnreachable, DatabaseUnreachable)
"""Errors that may be temporary."""

_FIRST, _LONGEST = 0.05, 1.0


class Unwritten(NamedTuple):
    """A check-and-set write that failed, or whose outcome is unknown.

    Attributes:
        known: True: the value was certainly not written. False: the write may have succeeded, or may still succeed.
    """

    error: VaultError
    known: bool


class Patience:
    """Time limit for repetitions, `seconds` after the creation of the object."""

    def __init__(self, seconds: float) -> None:
        self._end = SYSTEM.monotonic() + seconds
        self._pause = _FIRST

    def wait(self) -> bool:
        """Wait before the next try. Return True if there is time for the try, else False."""
        left = self._end - SYSTEM.monotonic()
        if left <= 0:
            return False
        threading.Event().wait(min(self._pause, left))
        self._pause = min(self._pause * 2, _LONGEST)
        return True


def persist(work: Callable[[], T], seconds: float) -> T:
    """Return the result of `work`. Repeat the call for `seconds` while Vault or the database does not answer.

    Raises:
        SecretError: the last error of `work`.
    """
    patience = Patience(seconds)
    while True:
        try:
            return work()
        except PASSING:
            if not patience.wait():
                raise


def settle(write: Callable[[], int | None], landed: Callable[[], int | None], seconds: float) -> int | Unwritten | None:
    """Repeat a check-and-set write until its outcome is known.

    Args:
        write: function that tries the write once. It returns the new version number; None: another writer was faster.
        landed: function that returns the newest version number if this write created that version, else None.
        seconds: time limit.

    Returns:
        The new version number. None: another writer was faster. `Unwritten`: the write failed, or its outcome is
        unknown.
    """
    patience, doubtful = Patience(seconds), False
    while True:
        try:
            version = write()
        except (VaultSealed, VaultUnreachable) as error:
            doubtful = True
            if patience.wait():
                continue
            return _read_back(landed, error)
        except VaultError as error:
            return _read_back(landed, error) if doubtful else Unwritten(error, known=True)
        if version is not None or not doubtful:
            return version
        # Another write came first: an earlier attempt of this process, or another rotator.
        found = _read_back(landed, VaultUnreachable("Vault did not answer"))
        return None if isinstance(found, Unwritten) and found.known else found


def _read_back(landed: Callable[[], int | None], error: VaultError) -> int | Unwritten:
    try:
        version = landed()
    except VaultError:
        return Unwritten(error, known=False)
    return Unwritten(error, known=True) if version is None else version
