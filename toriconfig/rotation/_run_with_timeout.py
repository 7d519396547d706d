"""Calls of other code with a deadline. The call runs on a thread, which is abandoned after the deadline."""

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
    """Error for a call that did not end in time. The call is still running."""


def run_with_timeout(seconds: float, work: Callable[[], object], what: str) -> SecretError | None:
    """Call `work` on a new thread, and wait at most `seconds` for its end.

    Args:
        seconds: time limit; infinity: none.
        work: the function to call.
        what: name of the function in messages.

    Returns:
        None: `work` succeeded. `Unfinished`: `work` is still running. SecretError: the error of `work`. Any other
        exception becomes a RotationError with its type and line, but without its text, which may contain a secret.
    """
    outcome: list[SecretError | None] = []

    def run() -> None:
        try:
            outcome.append(attempt(work, what))
        except BaseException as error:  # noqa: BLE001  (of a thread, Python would print it with the secret in its text)
            outcome.append(raised(what, error))
        finally:
            ended.release()

    ended = allocate_lock()
    ended.acquire()
    start(run, "toriconfig-rotation")
    ended.acquire(True, min(seconds, TIMEOUT_MAX))
    return outcome[0] if outcome else Unfinished(f"{what} did not end within {seconds:g} s")


def attempt(work: Callable[[], object], what: str) -> SecretError | None:
    """Call `work`, and return the SecretError that it raised; None if it succeeded.

    Any other exception becomes a RotationError with its type and line, but without its text, which may contain a
    secret. `what` is the name of `work` in the message.
    """
    try:
        work()
    except SecretError as error:
        return bare(error)
    except Exception as error:  # noqa: BLE001  (user code; its text, frames and causes may hold the secret)
        return raised(what, error)
    return None


def raised(what: str, error: BaseException) -> RotationError:
    """Return a RotationError with the failed function `what`, and the type and line of `error`, but not the text."""
    from toriconfig._core.raise_place import raise_place

    place = raise_place(error)
    return RotationError(f"{what} raised {type(error).__name__}{f' at {place}' if place else ''}")


def answered(work: Callable[[], T], what: str) -> T:
    """Return the result of `work`, a function that is named `what` in messages.

    Raises:
        SecretError: the SecretError of `work`. Any other exception becomes a RotationError without its text.
    """
    given: list[T] = []
    error = attempt(lambda: given.append(work()), what)
    if error is not None:
        raise error
    return given[0]


def bare(error: E) -> E:
    """Return the error without its frames and causes, which may contain a secret."""
    error.__cause__ = error.__context__ = None
    return error.with_traceback(None)
