"""Concurrent fetch of all declared secrets, with one request per path."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from toriconfig._core.path import Path
from toriconfig._secrets.provider import Flight
from toriconfig._secrets.secret import Secret, provider_of, settled
from toriconfig.errors import SecretError
from toriconfig.pipeline._drawn import drawn


def prefetch_all(secrets: Mapping[Path, Secret[Any]], *, bar: bool = False) -> None:
    """Fetch all secrets concurrently, and return when all requests have ended.

    Args:
        secrets: the secrets, by the paths of their keys.
        bar: True: draw a progress bar if standard error is a terminal and tqdm is installed.

    Raises:
        ExceptionGroup: one `SecretError` for each unavailable secret, with its path.
    """
    _raise(failures_of(secrets, bar=bar), len(secrets))


async def aprefetch_all(secrets: Mapping[Path, Secret[Any]], *, bar: bool = False) -> None:
    """Fetch all secrets like `prefetch_all`, without blocking the event loop."""
    flights = _start_all(secrets)
    with drawn(len(flights), "secrets", wanted=bar) as ended:
        for flight in flights:
            await flight.await_end()
            ended()
    _raise(_failures(secrets), len(secrets))


def failures_of(secrets: Mapping[Path, Secret[Any]], *, bar: bool = False) -> list[SecretError]:
    """Fetch all secrets concurrently; return one error per unavailable secret. `bar`: as for `prefetch_all`."""
    flights = _start_all(secrets)
    with drawn(len(flights), "secrets", wanted=bar) as ended:
        for flight in flights:
            flight.wait()
            ended()
    return _failures(secrets)


def _failures(secrets: Mapping[Path, Secret[Any]]) -> list[SecretError]:
    return [failure for secret in secrets.values() if (failure := failure_of(secret)) is not None]


def _start_all(secrets: Mapping[Path, Secret[Any]]) -> Sequence[Flight]:
    flights = [flight for secret in secrets.values() for flight in provider_of(secret).pending()]
    return list({id(flight): flight for flight in flights}.values())


def _raise(failures: Sequence[SecretError], count: int) -> None:
    if failures:
        raise ExceptionGroup(f"{len(failures)} of {count} secrets cannot be had", failures)


def failure_of(secret: Secret[Any]) -> SecretError | None:
    """Return the error of an unavailable secret; None if the secret is available. Does no I/O."""
    try:
        settled(secret)
    except SecretError as error:
        return error.with_traceback(None)
    return None
