"""Immediate fetch of the secrets of settings, even if the values in memory are fresh."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from operator import eq

from toriconfig._core import path as paths
from toriconfig._core.path import Path, show
from toriconfig._live.change import Change, change_of_secret
from toriconfig._load.lookup import names_of
from toriconfig._load.snapshot import Loaded
from toriconfig._secrets.derived import Derived
from toriconfig._secrets.fallback import Fallback
from toriconfig._secrets.prefetch import failure_of
from toriconfig._secrets.provider import Flight, Provider, Reading
from toriconfig._secrets.secret import Secret, provider_of
from toriconfig.errors import MissingCredentialError, SecretError, SecretNotFound


def refresh_below(loaded: Loaded, path: str) -> list[Change]:
    """Fetch each secret at or below `path` now. Wait for the results, and return the changes.

    Args:
        loaded: the settings.
        path: dotted path of a key or section; "" for everything.

    Raises:
        ExceptionGroup: one `SecretError` for each secret that could not be fetched.
        KeyError: the schema does not have the key.
    """
    asking = _Asking(loaded, path)
    for flight in asking.flights:
        flight.wait()
    return asking.finish()


async def arefresh_below(loaded: Loaded, path: str) -> list[Change]:
    """Fetch each secret at or below `path` now, without blocking the event loop. See `refresh_below`."""
    asking = _Asking(loaded, path)
    try:
        for flight in asking.flights:
            await flight.await_end()
    except BaseException:
        asking.stop()
        raise
    return asking.finish()


class _Watched:
    """Changes of one secret's value during a refresh (a call that fetches secrets immediately)."""

    def __init__(self, path: Path, secret: Secret[object]) -> None:
        self.path = path
        self.secret = secret
        self.provider = provider_of(secret)
        self._absent = self.provider.state == "missing"
        self._swaps: list[tuple[Reading | None, Reading | None]] = []
        swaps = self._swaps  # not `self`: the provider holds it

        def swapped(old: Reading | None, new: Reading | None) -> None:
            if old is not new:
                swaps.append((old, new))

        self.stop = self.provider.subscribe(swapped)

    def change(self) -> Change | None:
        if not self._swaps:
            return None
        return change_of_secret(self.path, self._swaps[0][0], self._swaps[-1][1], was_absent=self._absent)

    def failure(self) -> SecretError | None:
        """Return the error of the last request, even if an earlier value is still in use; None after a success."""
        failure, error = failure_of(self.secret), _error_of(self.provider)
        if failure is not None:
            return failure
        return error.at(show(self.path)) if isinstance(error, SecretError) else None


class _Asking:
    """One call of `refresh`: the secrets, and the requests for them."""

    def __init__(self, loaded: Loaded, path: str) -> None:
        shape = loaded.snapshot.shape
        section = names_of(paths.parse(path), shape) if path else ()
        found = [(names_of(keys, shape), secret) for keys, secret in loaded.snapshot.secrets.items()]
        self._watched = [_Watched(names, secret) for names, secret in found if all(map(eq, names, section))]
        sources = {id(one): one for watched in self._watched for one in sources_of(watched.provider)}
        self.flights: Sequence[Flight] = [flight for source in sources.values() for flight in source.ask()]

    def finish(self) -> list[Change]:
        failures = [failure for one in self._watched if (failure := one.failure()) is not None]
        self.stop()
        changes = [change for one in self._watched if (change := one.change()) is not None]
        if failures:
            group = ExceptionGroup(f"{len(failures)} of {len(self._watched)} secrets could not be refreshed", failures)
            if changes:
                group.add_note(f"changed nevertheless: {', '.join(change.path for change in changes)}")
            raise group
        return changes

    def stop(self) -> None:
        for one in self._watched:
            one.stop()


def sources_of(provider: Provider) -> Iterator[Provider]:
    """Yield the leaves of the tree that `provider` and its inputs form. A provider without inputs is a leaf."""
    if isinstance(provider, (Derived, Fallback)):
        for one in provider.inputs:
            yield from sources_of(one)
    else:
        yield provider


def _error_of(provider: Provider) -> Exception | None:
    """Return the error of the last request of a provider, or None.

    If a backend has no value, and a provider of a lower layer is used instead, return the error of the lower provider.
    """
    if isinstance(provider, Fallback):
        first, second = provider.inputs
        error = _error_of(first)
        stands_in = isinstance(error, (SecretNotFound, MissingCredentialError)) and first.reading is None
        return _error_of(second) if stands_in else error
    if isinstance(provider, Derived):
        return next((error for one in provider.inputs if (error := _error_of(one)) is not None), None)
    return provider.error
