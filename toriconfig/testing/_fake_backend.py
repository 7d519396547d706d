"""Secrets in memory, used instead of Vault and other backends, without server, network or thread."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from toriconfig._core.clean_call import clean_init, expect
from toriconfig._core.markers import Ref, split_key
from toriconfig._core.origin import Origin, OriginKind
from toriconfig._secrets.counts import Counts
from toriconfig._secrets.provider import NEVER, Flight, Reading, State, Subscribers, Swap, no_time
from toriconfig.errors import SecretError, SecretNotFound, VaultNotFound


@clean_init
class FakeBackend:
    """Secrets in memory. In a block of `installed`, loads use them instead of Vault and every other backend.

    `put` changes a secret at once: readers get the new value, and callbacks of `on_change` run.

    Args:
        secrets: dict from references to values, as for `put`; None: none.

    >>> from pydantic import create_model
    >>> from toriconfig import Secret, load
    >>> App = create_model("App", token=(Secret[str], ...))
    >>> with FakeBackend({"secret/app": {"token": "t"}}).installed() as backend:
    ...     app = load(App, overrides={"token": "${vault:secret/app#token}"})
    ...     backend.put("secret/app", {"token": "t2"})
    ...     app.token.get()
    2
    't2'
    """

    def __init__(self, secrets: Mapping[str, Any] | None = None) -> None:
        expect(secrets, (Mapping, type(None)), "FakeBackend() needs a mapping of references to values")
        self._lock = threading.RLock()
        self._versions: dict[str, list[Any]] = {}
        self._errors: dict[str, SecretError] = {}
        self._paths: dict[tuple[str, int | None], _FakePath] = {}
        for reference, value in (secrets or {}).items():
            self.put(reference, value)

    def put(self, reference: str, value: Any) -> int:
        """Write a new version of a secret.

        Args:
            reference: the reference without key and parameters: `secret/app` for Vault, `aws:prod/db` for another
                backend.
            value: a mapping of keys to values; for a backend other than Vault also text, bytes or a number.

        Returns:
            The number of the version, from 1.
        """
        expect(reference, str, "put() needs a reference as text")
        with self._lock:
            versions = self._versions.setdefault(reference, [])
            versions.append(dict(value) if isinstance(value, Mapping) else value)
            self._errors.pop(reference, None)
            number = len(versions)
        self._look(reference)
        return number

    def delete(self, reference: str) -> None:
        """Delete a secret with all its versions. Readers get `SecretNotFound`, or the value of a lower layer.

        Args:
            reference: as for `put`.
        """
        with self._lock:
            self._versions.pop(reference, None)
        self._look(reference)

    def fail(self, reference: str, error: SecretError | None) -> None:
        """Make each request for a secret fail with an error.

        A value that was read before stays in use, in the state "stale". If `error` is a `SecretNotFound`, the value is
        dropped.

        Args:
            reference: as for `put`.
            error: an error such as `VaultDenied("no policy allows it")` or `VaultUnreachable("no answer")`. None:
                remove the error, as `put` does.
        """
        expect(error, (SecretError, type(None)), "fail() needs a SecretError or None")
        with self._lock:
            self._errors.pop(reference, None)
            if error is not None:
                self._errors[reference] = error
        self._look(reference)

    def reads(self, reference: str) -> int:
        """Return the number of reads of the secret that returned a value.

        Args:
            reference: as for `put`.
        """
        with self._lock:
            return sum(path.counts.reads for (name, _), path in self._paths.items() if name == reference)

    @contextmanager
    def installed(self) -> Iterator[FakeBackend]:
        """Use this backend in each load inside the block. Loads with `offline=True` use no backend at all.

        Settings from earlier loads keep their backends. To load lazy settings again, call `toriconfig.testing.unload`.
        """
        from toriconfig._load import connection

        before, connection.stand_in = connection.stand_in, self
        try:
            yield self
        finally:
            connection.stand_in = before

    def provider(self, ref: Ref) -> _FakePath:
        """Return the fake provider of a path in Vault. The library calls this method during a load.

        Args:
            ref: the reference.
        """
        return self._path(ref.path, ref.version, "vault", ref.path)

    def provider_of(self, scheme: str, reference: str) -> _FakePath:
        """Return the fake provider for a backend other than Vault. The library calls this method during a load.

        Args:
            scheme: scheme of the backend, such as `aws`.
            reference: the reference without the scheme.
        """
        name = f"{scheme}:{split_key(reference)[0]}"
        return self._path(name, None, "backend", name)

    def _path(self, name: str, version: int | None, layer: OriginKind, reference: str) -> _FakePath:
        with self._lock:
            return self._paths.setdefault((name, version), _FakePath(self, name, version, layer, reference))

    def _look(self, name: str) -> None:
        with self._lock:
            paths = [path for (known, _), path in self._paths.items() if known == name]
        for path in paths:
            if path.reading is not None or path.error is not None:
                path.look()

    def current(self, name: str, version: int | None) -> tuple[Any, int, SecretError | None]:
        """Return `(value, version, error)` of a path; either `value` or `error` is None. Providers call this method.

        Args:
            name: the reference, as for `put`.
            version: number of a version; None: the newest.
        """
        with self._lock:
            versions, error = self._versions.get(name, []), self._errors.get(name)
            number = len(versions) if version is None else version
            if error is None and not 0 < number <= len(versions):
                kind = SecretNotFound if ":" in name else VaultNotFound
                remedy = f'write it first: fake_backend.put("{name}", {{...}})'
                error = kind("the fake backend does not hold the path", reference=name, help=remedy)
            return (versions[number - 1] if error is None else None), number, error

    def __repr__(self) -> str:
        return f"FakeBackend({', '.join(self._versions)})"


class _FakePath:
    """Provider of one path of a `FakeBackend`."""

    def __init__(self, backend: FakeBackend, name: str, version: int | None, layer: OriginKind, reference: str) -> None:
        self.reading: Reading | None = None
        self.fresh_until = -NEVER
        self.now: Callable[[], float] = no_time
        self.reference = reference
        self.store = id(backend)
        self.counts = Counts()
        self.error: SecretError | None = None
        self._backend = backend
        self._name = name
        self._version = version
        self._unread = Origin(layer, reference, version=version)
        self._lock = threading.RLock()
        self._value: Any = None
        self._subscribers = Subscribers()

    def look(self) -> None:
        """Read the path, and call the subscribers if its value has changed."""
        with self._lock:
            old = self.reading
            value, version, error = self._backend.current(self._name, self._version)
            self.error = error
            if error is None:
                self.counts.reads += 1
                if old is None or old.version != version or self._value is not value:
                    layer = self._unread.layer
                    self._value = value
                    self.reading = Reading(value, Origin(layer, self.reference, version=version), version)
                    self.counts.rotations += old is not None
            else:
                self.counts.failures += 1
                if isinstance(error, SecretNotFound):
                    self.reading = None
            new = self.reading
        if new is not old:
            for swap in self._subscribers:
                swap(old, new)

    def pending(self) -> Sequence[Flight]:
        self.look()
        return ()

    refresh = ask = pending

    def settle(self) -> Reading:
        if self.reading is None and self.error is None:
            self.look()
        reading, error = self.reading, self.error
        if reading is None:
            raise (error or SecretNotFound("nothing was read", reference=self.reference)).at("")
        return reading

    @property
    def state(self) -> State:
        if self.reading is None:
            return "unread" if self.error is None else "missing"
        return "fresh" if self.error is None else "stale"

    @property
    def age(self) -> float | None:
        return None if self.reading is None else 0.0

    @property
    def origin(self) -> Origin:
        return self._unread if self.reading is None else self.reading.origin

    def subscribe(self, swap: Swap) -> Callable[[], None]:
        return self._subscribers.add(swap)
