"""Conversion of exceptions of `Backend.fetch` to `SecretError`. Only a `SecretError` keeps its message."""

from __future__ import annotations

import os

from toriconfig.errors import SecretDenied, SecretError, SecretNotFound, SecretUnreachable


def error_of(scheme: str, path: str, error: BaseException) -> SecretError:
    """Return the `SecretError` for an exception of `fetch`. The result has no `__cause__`.

    If `error` is a `SecretError`, return a copy. If its `reference` is empty, the copy gets `scheme:path`.
    """
    reference = f"{scheme}:{path}"
    if isinstance(error, SecretError):
        found = error.at("")
        found.reference = found.reference or reference
        return found
    if isinstance(error, (LookupError, FileNotFoundError)):
        message, help = f"{scheme} does not hold {path}", "store it there, or correct the reference"
        return SecretNotFound(message, reference=reference, help=help)
    if isinstance(error, PermissionError):
        message, help = f"{scheme} refuses {path}", "allow this program to read it"
        return SecretDenied(message, reference=reference, help=help)
    if isinstance(error, OSError):
        why = os.strerror(error.errno) if error.errno else type(error).__name__
        message, help = (
            f"{scheme} cannot be reached for {path}: {why}",
            f"look whether {scheme} can be reached from here",
        )
        return SecretUnreachable(message, reference=reference, help=help)
    message, help = f"the backend of {scheme} failed on {path}: {_what(error)}", "correct its `fetch`"
    return SecretError(message, reference=reference, help=help)


def timed_out(scheme: str, path: str, seconds: float) -> SecretUnreachable:
    """Return the error of a fetch that did not end by its deadline."""
    message = f"{scheme} did not return {path} within {seconds:g} s"
    help = f"look whether {scheme} can be reached from here, or give its backend a longer `timeout`"
    return SecretUnreachable(message, reference=f"{scheme}:{path}", help=help)


def _what(error: BaseException) -> str:
    """Return the type of an exception and the line that raised it, such as "KeyError at app.py:7".

    Without a traceback, return the type alone. The message is omitted, because it may contain a secret.
    """
    trace, where = error.__traceback__, ""
    while trace is not None:
        where = f" at {os.path.basename(trace.tb_frame.f_code.co_filename)}:{trace.tb_lineno}"
        trace = trace.tb_next
    return f"{type(error).__name__}{where}"
