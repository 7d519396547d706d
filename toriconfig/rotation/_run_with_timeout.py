"""Foreign work with a deadline: it is done by a thread that nobody waits for any longer."""

from __future__ import annotations

from _thread import TIMEOUT_MAX, allocate_lock
from collections.abc import Callable
from typing import TypeVar

from toriconfig.errors import SecretError
from toriconfig.pipeline._threads import start
from toriconfig.rotation._errors import RotationError

T = TypeVar("T")
E = TypeVar("E", bound=BaseException)


class Unfinished(RotationError):
    """Work did not end in time, and goes on by itself."""


def run_with_timeout(seconds: float, work: Callable[[], object], what: str) -> SecretError | None:
    """Do `work`; None when it was done.

    What it raises is returned: an error of ours as it is, of any other only its type, since its text may hold what it
    worked with. An abandoned thread is a daemon and ends with the process.

    Args:
        seconds: how long it may take; infinity: for ever.
        work: what is to be done.
        what: it is called so in messages.
    """
    outcome: list[SecretError | None] = []

    def run() -> None:
        try:
            outcome.append(attempt(work, what))
        except BaseException as error:  # noqa: BLE001  (of a thread, Python would print it with the secret in its text)
            outcome.append(RotationError(f"{what} raised {type(error).__name__}"))
        finally:
            ended.release()

    ended = allocate_lock()
    ended.acquire()
    start(run, "toriconfig-rotation")
    ended.acquire(True, min(seconds, TIMEOUT_MAX))
    return outcome[0] if outcome else Unfinished(f"{what} did not end within {seconds:g} s")


def attempt(work: Callable[[], object], what: str) -> SecretError | None:
    """As `run_with_timeout`, here and now."""
    try:
        work()
    except SecretError as error:
        return bare(error)
    except Exception as error:  # noqa: BLE001  (anybody's code; its text, frames and causes may hold the secret)
        return RotationError(f"{what} raised {type(error).__name__}")
    return None


def answered(work: Callable[[], T], what: str) -> T:
    """Return the result of `work`.

    Raises:
        SecretError: what it raised, as `attempt` tells it.
    """
    given: list[T] = []
    error = attempt(lambda: given.append(work()), what)
    if error is not None:
        raise error
    return given[0]


def bare(error: E) -> E:
    """The error without the frames and causes that it came through, which may hold a secret."""
    error.__cause__ = error.__context__ = None
    return error.with_traceback(None)
